// SPDX-License-Identifier: GPL-2.0-or-later
/* Cutting a mapping, and the limit of mappings (rules S1-S4, G16). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/picture.h"
#include "base/check.h"

static void both_halves_keep_what_the_whole_had(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "S3 pgoff", NULL, "ffff",
		  "mprotect 1 2 r; pgoff 0 0; pgoff 1 1; pgoff 3 3", "f??f" },
		{ .rule = "S3 anon", NULL, "AAAA",
		  "mprotect 1 1 r; same 0 1; same 0 2; active 0 3; links 1 1", "AEAA" },
		{ .rule = "S3 flags", NULL, "cccc", "mprotect 1 1 r; has 0 dc; has 1 dc; has 2 dc",
		  "c?cc" },
		{ .rule = "S3 name", "6.1-", "aaa",
		  "set_vma_name 0 3 x; munmap 1 1; name 0 x; name 2 x", "a.a" },
		{ .rule = "S3 policy", NULL, "aaa",
		  "mbind 0 3 bind 1 64; munmap 1 1; policy 0 1; policy 2 1", "a.a" },
		{ .rule = "S3 gd", NULL, "@1000:kkkk", "munmap 1001 1", "@1000:k.kk" },
		{ .rule = "K7", NULL, "@1000:kkkk", "mprotect 1001 1 r; has 1000 gd; has 1001 gd",
		  "@1000:k?kk" },
	};

	(void)state;
	PICTURES(cases);
}

/* The rows of S1: a split needs a free slot, even if it is used up by the first of two. */
static void the_limit_stops_splits(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "S1 none left", NULL, "aaaa", "slots 0; mprotect 1 1 r", "aaaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 one left", NULL, "aaaa", "slots 1; mprotect 1 1 r", "a|aaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 two left", "6.12-", "aaaa", "slots 2; mprotect 1 1 r", "araa" },
		{ .rule = "S1 two left", "-6.1", "aaaa", "slots 2; mprotect 1 1 r", "aeaa" },
		{ .rule = "S1 head", "-6.1", "aaaa", "slots 1; mprotect 0 1 r", "eaaa" },
		{ .rule = "S1 head none", NULL, "aaaa", "slots 0; mprotect 0 1 r", "aaaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 merge needs none", NULL, "aarr", "slots 0; mprotect 2 1 rw",
		  "aaar" },
		{ .rule = "S1 whole needs none", NULL, "rr", "slots 0; mprotect 0 2 rw", "aa" },
		{ .rule = "S1 madvise", "5.10", "aaaa", "slots 1; madvise 1 1 dontfork", "a|aaa",
		  ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "S1 madvise", "6.1-", "aaaa", "slots 1; madvise 1 1 dontfork", "a|aaa",
		  EAGAIN, VMA_WHY_MAP_COUNT_EAGAIN },
		{ .rule = "S1 mlock", NULL, "aaaa", "slots 1; mlock 1 1", "a|aaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 munmap", NULL, "aaaa", "slots 0; munmap 1 1", "aaaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 munmap one", NULL, "aaaa", "slots 1; munmap 1 1", "a.aa" },
		{ .rule = "S1 munmap end", NULL, "aaaa", "slots 0; munmap 3 1", "aaa" },
		{ .rule = "S1 munmap head", NULL, "aaaa", "slots 0; munmap 0 1", ".aaa" },
		{ .rule = "S1 munmap two", NULL, "aarr", "slots 0; munmap 1 2", "a..r" },
		{ .rule = "S1 fixed inside", NULL, "aaaa", "slots 0; map 1 1 r", "aaaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S1 fixed head", NULL, "aaaa", "slots 0; map 0 1 r; is count 2",
		  "raaa" },
		{ .rule = "S1 fixed inside, over", NULL, "aaaa", "slots 1; map 1 1 r; is count 3",
		  "araa" },
		{ .rule = "S1 mmap at the limit", NULL, "a.", "slots 0; map 2 1 r", "a.r" },
		{ .rule = "S1 mmap over it", NULL, "a.", "slots 0; map 2 1 r; map 4 1 r", "a.r",
		  ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "S1 mmap over it merges not", NULL, "a.",
		  "slots 0; map 2 1 r; map 3 1 r", "a.r", ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "S1 munmap over it", NULL, "aa", "slots 0; map 2 1 r; munmap 0 1",
		  ".ar" },
		{ .rule = "G16 mbind", NULL, "aaaa", "slots 1; mbind 1 1 bind 1 64", "a|aaa",
		  ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "S1 mseal", "6.12-", "aaaa", "slots 1; mseal 1 1", "a|aaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
	};

	(void)state;
	PICTURES(cases);
}

/* may_split (S3); the limit is asked before. */
static void some_mappings_cannot_be_cut(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "S3 vdso", "6.1-", "44", "munmap 0 1", "44", EINVAL, VMA_WHY_MAY_SPLIT },
		{ .rule = "S3 vdso", "5.10", "44", "munmap 0 1", ".4" },
		{ .rule = "S3 vdso mprotect", "6.1-", "44", "mprotect 0 1 r", "44", EINVAL,
		  VMA_WHY_MAY_SPLIT },
		{ .rule = "S3 limit first", NULL, "444", "slots 0; munmap 1 1", "444", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "S3 hugetlb", NULL, "3{1024}", "munmap 0 1", "3{1024}", EINVAL,
		  VMA_WHY_MAY_SPLIT },
		{ .rule = "U4 start is cut", NULL, "3{1024}", "munmap 512 1", "3{512}|3{512}",
		  EINVAL, VMA_WHY_MAY_SPLIT },
		{ .rule = "U4 whole", NULL, "3{1024}", "munmap 0 512", "@512:3{512}" },
	};

	(void)state;
	PICTURES(cases);
}

static void ignore(void *ctx, const struct vma_event *ev)
{
	(void)ctx;
	(void)ev;
}

static struct picture played(const struct vma_kernel *k, const char *picture, const char *calls, bool listen)
{
	struct picture p = { .what = calls };

	picture_begin(&p, k, picture);
	if (listen)
		vma_world_listen(p.w, ignore, NULL);
	picture_calls(&p, calls);
	return p;
}

static void assert_same_mappings(const struct vma_mm *a, const struct vma_mm *b)
{
	const struct vma *x = vma_first(a), *y = vma_first(b);

	for (; x && y; x = vma_next(a, x), y = vma_next(b, y))
		assert_memory_equal(x, y, sizeof(*x));
	assert_true(!x && !y);
	assert_int_equal(a->map_count, b->map_count);
	assert_int_equal(a->mm_lock_seq, b->mm_lock_seq);
	assert_int_equal(a->total_vm, b->total_vm);
}

/* What is cut out at once when nobody listens comes to the same as the two splits that are told,
 * down to ids and locks. */
static void two_splits_and_one_cut_leave_the_same(void **state)
{
	static const struct {
		const char *picture, *calls;
	} rows[] = {
		{ "aaaa", "mprotect 1 2 r" },
		{ "AAAA", "mprotect 1 1 r; mprotect 3 1 r; mprotect 1 1 rw; mprotect 2 1 r" },
		{ "ffff", "mprotect 1 1 r; munmap 2 1; mprotect 1 1 rw" },
		{ "a{64}", "mprotect 9 1 r; mprotect 20 2 r; mlock 30 2; mprotect 40 1 r; munmap 50 2; "
			   "mprotect 9 1 rw; mprotect 8 3 r; mprotect 1 48 r; mprotect 2 46 rw" },
		{ "aaaa", "slots 2; mprotect 1 2 r" },
		{ "aaaa", "slots 1; !mprotect 1 2 r" },
		{ "kkkk", "mprotect 1 2 r" },
	};
	static const char *const releases[] = { "5.10", "6.1", "6.12", "6.18", "7.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases) * ARRAY_SIZE(rows); i++) {
		const size_t row = i % ARRAY_SIZE(rows);
		struct vma_kernel k;

		assert_int_equal(vma_kernel_init(&k, releases[i / ARRAY_SIZE(rows)], NULL), 0);
		struct picture told = played(&k, rows[row].picture, rows[row].calls, true);
		struct picture quiet = played(&k, rows[row].picture, rows[row].calls, false);
		assert_same_mappings(told.mm, quiet.mm);
		picture_end(&told);
		picture_end(&quiet);
	}
}

/* Leaves that are full, and leaves that are not. */
static void many_cuts_leave_a_valid_index(void **state)
{
	struct picture p = { .what = "many cuts" };
	struct vma_kernel k;
	struct vma_err err;
	char call[64];
	u32 seed = 1;

	(void)state;
	assert_int_equal(vma_kernel_init(&k, "6.18", NULL), 0);
	picture_begin(&p, &k, "a{4000}");
	for (int i = 0; i < 3000; i++) {
		seed = seed * 1664525 + 1013904223;
		snprintf(call, sizeof(call), "mprotect %u 1 %s", seed % 4000, seed >> 16 & 1 ? "r" : "rw");
		picture_call(&p, call);
		if (i % 100 == 0)
			assert_int_equal(vma_validate(p.w, &err), 0);
	}
	assert_true(p.mm->map_count > 1000);
	assert_int_equal(vma_validate(p.w, &err), 0);
	picture_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_halves_keep_what_the_whole_had),
		cmocka_unit_test(the_limit_stops_splits),
		cmocka_unit_test(some_mappings_cannot_be_cut),
		cmocka_unit_test(two_splits_and_one_cut_leave_the_same),
		cmocka_unit_test(many_cuts_leave_a_valid_index),
	};

	return cmocka_run_group_tests_name("engine-split", tests, NULL, NULL);
}
