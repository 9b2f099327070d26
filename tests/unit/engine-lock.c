// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks: the contracts of one VMA's lock, the checker, and the order of operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/lock.h"

#define P VMA_PAGE_SIZE
#define BASE 0x10000000000ULL
#define RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT)

static struct vma_kernel kernel(const char *release)
{
	struct vma_kernel k;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	return k;
}

/* ---------------------------------------------------------------- one lock */

static void contracts(const char *release)
{
	struct vma_kernel k = kernel(release);
	struct vma_mm_lock mm = { .seq = 4 };
	struct vma_lock a = { .seq = 1 }, b = { .seq = 1 };

	assert_false(vma_start_read(&k, &mm, &a)); /* not in the tree */
	vma_mark_attached(&k, &a);
	vma_mark_attached(&k, &b);
	assert_true(vma_start_read(&k, &mm, &a));
	assert_true(vma_start_read(&k, &mm, &a)); /* readers do not exclude each other */
	vma_end_read(&k, &a);
	assert_true(vma_mmap_write_lock(&k, &mm));
	assert_false(vma_mmap_read_lock(&mm));
	assert_false(vma_start_write(&k, &mm, &a)); /* waits for the reader */
	vma_end_read(&k, &a);
	assert_true(vma_start_write(&k, &mm, &a));
	assert_true(vma_is_write_locked(&k, &mm, &a));
	assert_false(vma_start_read(&k, &mm, &a));
	assert_true(vma_start_read(&k, &mm, &b)); /* another VMA: mmap_lock does not matter */
	vma_end_read(&k, &b);
	assert_false(vma_mark_detached(&k, &mm, &b)); /* not write-locked */
	vma_mmap_write_unlock(&k, &mm); /* ends all of them */
	assert_false(vma_is_write_locked(&k, &mm, &a));
	assert_true(vma_start_read(&k, &mm, &a));
	vma_end_read(&k, &a);
	assert_true(vma_mmap_write_lock(&k, &mm));
	assert_true(vma_start_write(&k, &mm, &a));
	assert_true(vma_mark_detached(&k, &mm, &a));
	vma_mmap_write_downgrade(&k, &mm);
	assert_false(vma_start_read(&k, &mm, &a));
	assert_true(vma_start_read_locked(&k, &mm, &b));
	vma_end_read(&k, &b);
	vma_mmap_read_unlock(&mm);
}

static void a_vma_lock_keeps_its_contract(void **state)
{
	(void)state;
	contracts("6.4");
	contracts("6.12");
	contracts("6.18");
}

static void a_reference_count_tells_readers_and_attachment(void **state)
{
	struct vma_kernel k = kernel("6.18"), old = kernel("6.12");
	struct vma_mm_lock mm = { 0 };
	struct vma_lock l = { .seq = 7 };

	(void)state;
	vma_mark_attached(&k, &l);
	assert_int_equal(l.count, 1);
	vma_start_read(&k, &mm, &l);
	assert_int_equal(l.count, 2);
	vma_mark_attached(&old, &l);
	assert_int_equal(l.count, 0);
}

static void a_new_vma_is_detached_and_locked_by_nobody(void **state)
{
	static const char *const releases[] = { "6.4", "6.12", "6.18", "7.2" };

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct vma_kernel k = kernel(releases[i]);
		struct vma_mm_lock mm = { 0 };
		struct vma_lock l;

		vma_lock_init(&l);
		assert_true(vma_is_detached(&l));
		assert_true(vma_mmap_write_lock(&k, &mm));
		assert_false(vma_is_write_locked(&k, &mm, &l));
		vma_mark_attached(&k, &l); /* by its maker, before anybody can find it */
		assert_true(vma_is_attached(&l));
		assert_true(vma_start_write(&k, &mm, &l));
		assert_int_equal(l.seq, mm.seq);
		assert_true(vma_mark_detached(&k, &mm, &l));
		assert_true(vma_is_detached(&l));
		vma_mmap_write_unlock(&k, &mm);
		assert_int_not_equal(l.seq, mm.seq);
	}
}

static void the_sequence_is_odd_while_write_held(void **state)
{
	struct vma_kernel k = kernel("6.18"), old = kernel("6.6");
	struct vma_mm_lock mm = { 0 };

	(void)state;
	vma_mmap_write_lock(&k, &mm);
	assert_int_equal(mm.seq, 1);
	vma_mmap_write_unlock(&k, &mm);
	assert_int_equal(mm.seq, 2);
	vma_mmap_write_lock(&old, &mm);
	assert_int_equal(mm.seq, 2);
	vma_mmap_write_unlock(&old, &mm);
	assert_int_equal(mm.seq, 3);
}

static void before_vma_locks_there_is_mmap_lock_alone(void **state)
{
	struct vma_kernel k = kernel("6.1");
	struct vma_mm_lock mm = { 0 };
	struct vma_lock l = { 0 };

	(void)state;
	vma_mark_attached(&k, &l);
	assert_false(vma_start_read(&k, &mm, &l));
	vma_mmap_write_lock(&k, &mm);
	assert_true(vma_start_write(&k, &mm, &l));
	assert_false(vma_is_write_locked(&k, &mm, &l));
}

/* ---------------------------------------------------------------- faults */

static struct vma_mm *world(const char *release)
{
	struct vma_kernel k = kernel(release);
	struct vma_world *w = vma_world_new(&k);
	struct vma_mm *mm = vma_mm_new(w, 1);

	mm->task_size = 1ULL << 47;
	mm->mmap_base = 1ULL << 46;
	vma_world_system(w)->totalram_pages = 1 << 20;
	for (int i = 0; i < VMA_NR_RLIMITS; i++)
		mm->rlimit[i].cur = mm->rlimit[i].max = VMA_RLIM_INFINITY;
	return mm;
}

static void assert_path(const char *release, u64 flags, bool write, enum vma_fallback want)
{
	struct vma_mm *mm = world(release);
	struct vma init = { .vm_start = BASE, .vm_end = BASE + 4 * P, .vm_flags = flags,
			    .vm_pgoff = BASE >> VMA_PAGE_SHIFT };

	assert_non_null(vma_mm_add(mm, &init));
	assert_int_equal(vma_fault_path(mm, BASE, write, NULL), want);
	assert_int_equal(vma_fault_path(mm, BASE - P, write, NULL),
			 want == VMA_FALLBACK_NO_VMA_LOCKS ? want : VMA_FALLBACK_NOT_MAPPED);
	vma_world_free(mm->world);
}

static void each_kernel_has_its_reasons_to_fall_back(void **state)
{
	(void)state;
	assert_path("6.1", RW, true, VMA_FALLBACK_NO_VMA_LOCKS);
	assert_path("6.4", RW, false, VMA_FALLBACK_ANON_VMA);
	assert_path("6.7", RW, false, VMA_FALLBACK_NONE);
	assert_path("6.7", RW, true, VMA_FALLBACK_ANON_VMA);
	assert_path("6.12", RW, true, VMA_FALLBACK_NONE);
	assert_path("6.6", RW | VM_UFFD_MISSING, false, VMA_FALLBACK_UFFD);
	assert_path("6.7", RW | VM_UFFD_MISSING, false, VMA_FALLBACK_NONE);
}

/* ---------------------------------------------------------------- the checker */

static struct vma_event lock(enum vma_lock_class cls, enum vma_lock_action action, bool write, u64 at)
{
	return (struct vma_event){ .kind = VMA_EV_LOCK, .at = at,
				   .id = (u32)cls | (u32)action << 8 | (u32)write << 16 };
}

static bool in_order(const struct vma_event *ev, size_t nr)
{
	struct vma_lockdep d = { .nr = 0 };

	for (size_t i = 0; i < nr; i++)
		vma_lockdep_hear(&d, &ev[i]);
	return vma_lockdep_done(&d);
}

static void the_checker_finds_what_is_wrong(void **state)
{
	const struct vma_event mmap_w = lock(VMA_LOCK_MMAP, VMA_LOCK_ACQUIRE, true, 1);
	const struct vma_event mmap_w_end = lock(VMA_LOCK_MMAP, VMA_LOCK_RELEASE, true, 1);
	const struct vma_event vma_w = lock(VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, true, 2);
	const struct vma_event vma_r = lock(VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, false, 2);
	const struct vma_event vma_r_end = lock(VMA_LOCK_VMA, VMA_LOCK_RELEASE, false, 2);
	const struct vma_event file = lock(VMA_LOCK_I_MMAP, VMA_LOCK_ACQUIRE, true, 3);
	const struct vma_event file_end = lock(VMA_LOCK_I_MMAP, VMA_LOCK_RELEASE, true, 3);
	const struct vma_event anon = lock(VMA_LOCK_ANON, VMA_LOCK_ACQUIRE, true, 4);
	const struct vma_event anon_end = lock(VMA_LOCK_ANON, VMA_LOCK_RELEASE, true, 4);

	(void)state;
	assert_true(in_order((struct vma_event[]){ mmap_w, vma_w, file, anon, anon_end, file_end,
						   mmap_w_end }, 7));
	assert_true(in_order((struct vma_event[]){ vma_r, vma_r_end }, 2));
	/* anon before file */
	assert_false(in_order((struct vma_event[]){ mmap_w, anon, file, file_end, anon_end,
						    mmap_w_end }, 6));
	/* a VMA written without mmap_lock */
	assert_false(in_order((struct vma_event[]){ vma_w }, 1));
	/* waiting for a VMA's readers inside mmap_lock for writing */
	assert_false(in_order((struct vma_event[]){ mmap_w, vma_r, vma_r_end, mmap_w_end }, 4));
	/* twice, never released, never taken, mmap_lock inside a VMA lock */
	assert_false(in_order((struct vma_event[]){ mmap_w, mmap_w, mmap_w_end, mmap_w_end }, 4));
	assert_false(in_order((struct vma_event[]){ mmap_w }, 1));
	assert_false(in_order((struct vma_event[]){ file_end }, 1));
	assert_false(in_order((struct vma_event[]){ vma_r, mmap_w, mmap_w_end, vma_r_end }, 4));
}

/* ---------------------------------------------------------------- operations */

struct watch {
	struct vma_lockdep dep;
	u64 changes, locks;
	bool unlocked; /* a change was reported with nothing held */
};

static void watch(void *ctx, const struct vma_event *ev)
{
	struct watch *w = ctx;

	vma_lockdep_hear(&w->dep, ev);
	w->locks += ev->kind == VMA_EV_LOCK;
	if (ev->kind != VMA_EV_SPLIT && ev->kind != VMA_EV_INSERT && ev->kind != VMA_EV_REMOVE &&
	    ev->kind != VMA_EV_FLAGS)
		return;
	w->changes++;
	w->unlocked = w->unlocked || !w->dep.nr || !w->dep.held[0].write;
}

static u64 seed = 1;
static u64 rnd(u64 below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % below;
}

static struct vma_call random_call(void)
{
	static const u64 advice[] = { 4, 8, 10, 11, 14, 15, 23 };
	u64 addr = BASE + rnd(28) * P, len = (1 + rnd(6)) * P, prot = rnd(4);

	switch (rnd(10)) {
	case 0:
	case 1:
		return (struct vma_call){ .op = VMA_OP_MMAP,
			.arg = { addr, len, prot, 0x32, ~0ULL, 0 } };
	case 2:
		return (struct vma_call){ .op = VMA_OP_MUNMAP, .arg = { addr, len } };
	case 3:
	case 4:
		return (struct vma_call){ .op = VMA_OP_MPROTECT, .arg = { addr, len, prot } };
	case 5:
		return (struct vma_call){ .op = VMA_OP_MADVISE,
			.arg = { addr, len, advice[rnd(ARRAY_SIZE(advice))] } };
	case 6:
		return (struct vma_call){ .op = VMA_OP_MLOCK, .arg = { addr, len } };
	case 7:
		return (struct vma_call){ .op = VMA_OP_MREMAP,
			.arg = { addr, len, len, 3, BASE + rnd(28) * P } };
	default:
		return (struct vma_call){ .op = VMA_OP_TOUCH, .arg = { addr, len, 1 + rnd(2) } };
	}
}

static void run_random(const char *release)
{
	struct vma_mm *mm = world(release);
	struct watch w = { .changes = 0 };
	struct vma_locks *l = vma_locks_new(watch, &w);

	assert_non_null(l);
	for (int i = 0; i < 3000; i++) {
		struct vma_call call = random_call();
		struct vma_result res;

		if (i % 500 == 499)
			call = (struct vma_call){ .op = VMA_OP_FORK };
		vma_locks_begin(l, mm, &call);
		vma_world_listen(mm->world, vma_locks_hear, l);
		assert_int_equal(vma_op_run(mm, &call, &res), 0);
		vma_world_listen(mm->world, NULL, NULL);
		vma_locks_end(l, &res);
		if (!vma_lockdep_done(&w.dep))
			fail_msg("%s: call %d, %s: %s", release, i, vma_op_at(call.op)->name,
				 w.dep.wrong);
	}
	assert_true(w.changes > 500 && w.locks > 3000);
	assert_false(w.unlocked);
	assert_false(vma_locks_failed(l));
	vma_locks_free(l);
	vma_world_free(mm->world);
}

static void random_operations_keep_the_order(void **state)
{
	static const char *const releases[] = { "5.10", "6.1", "6.4", "6.12", "6.18", "7.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		run_random(releases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vma_lock_keeps_its_contract),
		cmocka_unit_test(a_reference_count_tells_readers_and_attachment),
		cmocka_unit_test(a_new_vma_is_detached_and_locked_by_nobody),
		cmocka_unit_test(the_sequence_is_odd_while_write_held),
		cmocka_unit_test(before_vma_locks_there_is_mmap_lock_alone),
		cmocka_unit_test(each_kernel_has_its_reasons_to_fall_back),
		cmocka_unit_test(the_checker_finds_what_is_wrong),
		cmocka_unit_test(random_operations_keep_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
