// SPDX-License-Identifier: GPL-2.0-or-later
/* Worlds: pools, page runs, look-ups, clones, kernel profiles, and what validation finds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/picture.h"
#include "base/check.h"
#include "model/pool.h"
#include "model/world.h"

static struct vma_kernel kernel(const char *release)
{
	struct vma_kernel k;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	return k;
}

static struct picture drawn(const char *text)
{
	struct picture p = { .what = text };
	struct vma_kernel k = kernel("6.18");

	picture_begin(&p, &k, text);
	return p;
}

/* ---------------------------------------------------------------- pools */

static void a_pool_keeps_addresses_and_reuses_ids(void **state)
{
	struct pool p, copy;
	u64 *rec[3000];
	u32 id;

	(void)state;
	pool_init(&p, sizeof(u64));
	for (u32 i = 0; i < ARRAY_SIZE(rec); i++) {
		rec[i] = pool_get(&p, &id);
		assert_non_null(rec[i]);
		assert_int_equal(id, i + 1);
		assert_int_equal(*rec[i], 0);
		*rec[i] = i;
	}
	for (u32 i = 0; i < ARRAY_SIZE(rec); i++)
		assert_ptr_equal(pool_at(&p, i + 1), rec[i]);
	assert_int_equal(pool_copy(&copy, &p), 0);
	pool_put(&p, 7);
	assert_int_equal(p.live, ARRAY_SIZE(rec) - 1);
	pool_get(&p, &id);
	assert_int_equal(id, 7);
	assert_int_equal(*(u64 *)pool_at(&p, 7), 0);
	assert_int_equal(*(u64 *)pool_at(&copy, 7), 6);
	pool_fini(&p);
	pool_fini(&copy);
}

/* ---------------------------------------------------------------- pages */

static void runs_join_and_are_cut(void **state)
{
	struct picture p = drawn("a{64}");
	struct vma_page_run run;
	u64 at = picture_addr(0);

	(void)state;
	vma_pages_set(p.mm, picture_addr(2), picture_addr(4), VMA_PAGE_ANON);
	vma_pages_set(p.mm, picture_addr(4), picture_addr(6), VMA_PAGE_ANON);
	assert_true(vma_pages_run(p.mm, at, &run));
	assert_int_equal(run.start, picture_addr(2));
	assert_int_equal(run.end, picture_addr(6));
	assert_int_equal(p.mm->rss_anon, 4);
	vma_pages_set(p.mm, picture_addr(3), picture_addr(4), VMA_PAGE_SWAP);
	assert_int_equal(p.mm->rss_anon, 3);
	assert_int_equal(p.mm->swap, 1);
	assert_int_equal(vma_pages_state(p.mm, picture_addr(3)), VMA_PAGE_SWAP);
	assert_int_equal(vma_pages_state(p.mm, picture_addr(5)), VMA_PAGE_ANON);
	vma_pages_set(p.mm, picture_addr(0), picture_addr(64), VMA_PAGE_NONE);
	assert_false(vma_pages_run(p.mm, at, &run));
	assert_int_equal(p.mm->rss_anon + p.mm->swap, 0);
	picture_end(&p);
}

static void random_runs_agree_with_one_state_a_page(void **state)
{
	struct picture p = drawn("a{200}");
	u32 page[200] = { 0 }, seed = 1;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		u32 start, end, what;

		seed = seed * 1664525 + 1013904223;
		start = (seed >> 8) % 200;
		end = start + 1 + (seed >> 16) % (200 - start);
		what = (seed >> 27) % VMA_PAGE_NR;
		vma_pages_set(p.mm, picture_addr(start), picture_addr(end), what);
		for (u32 n = start; n < end; n++)
			page[n] = what;
		for (u32 n = 0; n < 200; n++)
			if (vma_pages_state(p.mm, picture_addr(n)) != page[n])
				fail_msg("step %d page %u", i, n);
	}
	assert_int_equal(vma_validate(p.w, NULL), 0);
	picture_end(&p);
}

/* ---------------------------------------------------------------- look-ups */

/* The examples of section 12: [2,4) and [6,8). */
static void look_ups_keep_the_kernels_contracts(void **state)
{
	struct picture p = drawn("..aa..rr");
	struct vma *a = picture_vma(&p, 2), *r = picture_vma(&p, 6), *prev;

	(void)state;
	assert_ptr_equal(vma_find(p.mm, 0), a);
	assert_ptr_equal(vma_find(p.mm, picture_addr(4) - 1), a);
	assert_ptr_equal(vma_find(p.mm, picture_addr(4)), r);
	assert_null(vma_find(p.mm, picture_addr(8)));
	assert_null(vma_find_prev(p.mm, picture_addr(8), &prev));
	assert_ptr_equal(prev, r);
	assert_ptr_equal(vma_find_prev(p.mm, picture_addr(5), &prev), r);
	assert_ptr_equal(prev, a);
	assert_ptr_equal(vma_find_prev(p.mm, picture_addr(2), &prev), a);
	assert_null(prev);
	assert_null(vma_find_intersection(p.mm, picture_addr(4), picture_addr(6)));
	assert_ptr_equal(vma_find_intersection(p.mm, picture_addr(3), picture_addr(7)), a);
	assert_null(vma_find_intersection(p.mm, 0, picture_addr(2)));
	assert_null(vma_lookup(p.mm, picture_addr(5)));
	assert_ptr_equal(vma_lookup(p.mm, picture_addr(7)), r);
	assert_ptr_equal(vma_find_exact(p.mm, picture_addr(2), picture_addr(4)), a);
	assert_null(vma_find_exact(p.mm, picture_addr(2), picture_addr(3)));
	assert_ptr_equal(vma_first(p.mm), a);
	assert_ptr_equal(vma_last(p.mm), r);
	assert_ptr_equal(vma_next(p.mm, a), r);
	assert_null(vma_next(p.mm, r));
	assert_ptr_equal(vma_prev(p.mm, r), a);
	assert_null(vma_prev(p.mm, a));
	picture_end(&p);
}

static void a_stack_keeps_its_gap_free(void **state)
{
	struct picture p = drawn("@1000:kk");
	u64 top = picture_addr(1002), addr;
	bool found;

	(void)state;
	addr = vma_gap_topdown(p.mm, picture_addr(0), top, VMA_PAGE_SIZE, &found);
	assert_true(found);
	assert_int_equal(addr, picture_addr(743));
	addr = vma_gap_bottomup(p.mm, picture_addr(900), picture_addr(2000), VMA_PAGE_SIZE, &found);
	assert_true(found);
	assert_int_equal(addr, picture_addr(1002));
	vma_gap_topdown(p.mm, picture_addr(744), top, VMA_PAGE_SIZE, &found);
	assert_false(found);
	picture_end(&p);
}

/* ---------------------------------------------------------------- clones */

static void a_clone_goes_its_own_way(void **state)
{
	struct picture p = drawn("AAaa..ff"), copy;
	char text[512];

	(void)state;
	picture_calls(&p, "set_vma_name 2 2 x; mbind 6 2 bind 1 64; fork");
	copy = p;
	copy.w = vma_world_clone(p.w);
	assert_non_null(copy.w);
	copy.mm = vma_mm_by_id(copy.w, p.mm->id);
	picture_calls(&copy, "munmap 0 8; fork");
	assert_string_equal(picture_of(p.mm, text, sizeof(text)), "AAaa..ff");
	assert_string_equal(picture_of(copy.mm, text, sizeof(text)), "");
	assert_int_equal(picture_vma(&p, 2)->name, vma_name_intern(p.w, "x"));
	picture_calls(&p, "mprotect 0 4 r; same 0 1; state 0 3");
	assert_int_equal(vma_validate(copy.w, NULL), 0);
	vma_world_free(copy.w);
	picture_end(&p);
}

/* ---------------------------------------------------------------- validation */

/* Breaks one thing, and puts it back. */
#define FINDS(p, lvalue, broken, words)                                                    \
	do {                                                                               \
		__typeof__(lvalue) kept_ = (lvalue);                                       \
		struct vma_err err_;                                                       \
		(lvalue) = (broken);                                                       \
		assert_int_equal(vma_validate((p).w, &err_), -EINVAL);                     \
		if (!strstr(err_.msg, words))                                              \
			fail_msg("'%s' does not say '%s'", err_.msg, words);               \
		(lvalue) = kept_;                                                          \
		assert_int_equal(vma_validate((p).w, &err_), 0);                           \
	} while (0)

static void validation_names_what_is_wrong(void **state)
{
	struct picture p = drawn("AArr..ss");
	struct vma *a = picture_vma(&p, 0), *r = picture_vma(&p, 2), *s = picture_vma(&p, 6);
	struct vma_anon *av = vma_anon_at(p.w, a->anon_vma);

	(void)state;
	FINDS(p, a->vm_end, picture_addr(1), "the index has another range");
	FINDS(p, a->mm, 9, "belongs to mm 9");
	FINDS(p, a->file, 99, "unknown file 99");
	FINDS(p, s->vm_flags, s->vm_flags & ~VM_MAYSHARE, "VM_SHARED without VM_MAYSHARE");
	FINDS(p, s->anon_vma, av->id, "a shared mapping with anon_vma");
	FINDS(p, r->anon_vma, av->id, "its anon_vma is not on its chain");
	FINDS(p, vma_avc_at(p.w, a->avc)->vma, r->id, "belongs to vma");
	FINDS(p, a->anon_vma, 0, "a chain without anon_vma");
	FINDS(p, p.mm->map_count, 4, "map_count is 4");
	FINDS(p, p.mm->total_vm, 5, "total_vm is 5");
	FINDS(p, p.mm->data_vm, 0, "data_vm is 0");
	FINDS(p, p.mm->exec_vm, 1, "exec_vm is 1");
	FINDS(p, p.mm->stack_vm, 1, "stack_vm is 1");
	FINDS(p, av->num_active_vmas, 2, "num_active_vmas 2");
	FINDS(p, av->nr_avcs, 2, "nr_avcs 2");
	FINDS(p, p.mm->vmas->count, 7, "mm 1");
	picture_end(&p);
}

/* ---------------------------------------------------------------- kernel profiles */

static void a_release_has_the_properties_of_its_number(void **state)
{
	const struct vma_kernel_prop *prop;
	struct vma_kernel k = kernel("6.1.0-49-amd64"), old = kernel("4.18"), new = kernel("7.2-rc3");
	struct vma_err err;

	(void)state;
	assert_int_equal(k.version, KV(6, 1));
	assert_string_equal(k.release, "6.1.0-49-amd64");
	assert_true(k.verified);
	assert_false(old.verified);
	for (size_t i = 0; (prop = vma_kernel_prop_at(i)); i++) {
		assert_int_equal(vma_kernel_has(&old, prop), prop->since <= KV(4, 18));
		assert_int_equal(vma_kernel_has(&new, prop), !prop->until);
		assert_true(!prop->until || prop->since < prop->until);
		assert_true(prop->since || prop->until);
	}
	assert_int_equal(vma_kernel_init(&k, "banana", &err), -EINVAL);
	assert_int_equal(vma_kernel_init(&k, "6", &err), -EINVAL);
	assert_int_equal(vma_kernel_init(&k, "3.10", &err), -ENOTSUP);
}

static void a_release_may_hide_its_stable_update(void **state)
{
	static const char debian[] =
		"Linux version 6.1.0-56-amd64 (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0) #1 SMP "
		"Debian 6.1.192-2 (2026-11-10)";
	char name[VMA_KERNEL_NAME];

	(void)state;
	assert_string_equal(vma_kernel_name("6.1.0-56-amd64", debian, name),
			    "6.1.0-56-amd64 (6.1.192)");
	assert_int_equal(kernel(name).update, 192);
	assert_string_equal(vma_kernel_name("6.12.117+deb12-amd64", debian, name),
			    "6.12.117+deb12-amd64");
	assert_string_equal(vma_kernel_name("6.2.0-9-amd64", debian, name), "6.2.0-9-amd64");
	assert_string_equal(vma_kernel_name("6.1.0-56-amd64", NULL, name), "6.1.0-56-amd64");
	assert_int_equal(kernel("6.12.117+deb12-amd64").update, 117);
	assert_int_equal(kernel("6.9.0-rc3").update, 0);
	/* Nobody says: the one that was verified, or the first. */
	assert_int_equal(kernel("6.1.0-56-amd64").update, 176);
	assert_int_equal(kernel("6.1").update, 176);
	assert_int_equal(kernel("6.9").update, 0);
}

static void stable_updates_take_changes_over(void **state)
{
	(void)state;
	assert_false(kernel("6.12.113").dontunmap_no_self_merge);
	assert_true(kernel("6.12.114").dontunmap_no_self_merge);
	assert_true(kernel("6.12.113").dontunmap_resets_pgoff);
	assert_false(kernel("6.18.200").dontunmap_no_self_merge);
	assert_true(kernel("7.0").dontunmap_no_self_merge);
	assert_false(kernel("6.1.190").dontunmap_splits_locked);
	assert_true(kernel("6.1.0-56-amd64 (6.1.192)").dontunmap_splits_locked);
}

/* More than were expected come too, and what was there stays. */
static void expected_mappings_are_like_others(void **state)
{
	struct picture p = drawn("a{2}");
	struct vma init = { .vm_flags = VM_READ };
	struct vma *first = vma_first(p.mm), *last = NULL;
	struct vma_err err;

	(void)state;
	vma_mm_expect(p.mm, 3000);
	for (u64 i = 0; i < 5000; i++) {
		init.vm_start = picture_addr(10 + 2 * i);
		init.vm_end = picture_addr(11 + 2 * i);
		last = vma_mm_add(p.mm, &init);
		assert_non_null(last);
	}
	assert_int_equal(p.mm->map_count, 5001);
	assert_ptr_equal(vma_first(p.mm), first);
	assert_ptr_equal(vma_last(p.mm), last);
	assert_int_equal(vma_validate(p.w, &err), 0);
	picture_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_may_hide_its_stable_update),
		cmocka_unit_test(stable_updates_take_changes_over),
		cmocka_unit_test(a_pool_keeps_addresses_and_reuses_ids),
		cmocka_unit_test(runs_join_and_are_cut),
		cmocka_unit_test(random_runs_agree_with_one_state_a_page),
		cmocka_unit_test(look_ups_keep_the_kernels_contracts),
		cmocka_unit_test(a_stack_keeps_its_gap_free),
		cmocka_unit_test(a_clone_goes_its_own_way),
		cmocka_unit_test(expected_mappings_are_like_others),
		cmocka_unit_test(validation_names_what_is_wrong),
		cmocka_unit_test(a_release_has_the_properties_of_its_number),
	};

	return cmocka_run_group_tests_name("model-world", tests, NULL, NULL);
}
