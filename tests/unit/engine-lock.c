// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks: the contracts of one VMA's lock, the checker, and the order of operations. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/picture.h"
#include "base/check.h"
#include "libvmactl/lock.h"

#define P VMA_PAGE_SIZE
#define BASE 0x10000000000ULL
#define RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT)

static struct vma_mm *world(const char *release)
{
	struct vma_kernel k;
	struct vma_world *w;
	struct vma_mm *mm;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	w = vma_world_new(&k);
	mm = vma_mm_new(w, 1);
	mm->task_size = 1ULL << 47;
	mm->mmap_base = 1ULL << 46;
	vma_world_system(w)->totalram_pages = 1 << 20;
	for (int i = 0; i < VMA_NR_RLIMITS; i++)
		mm->rlimit[i].cur = mm->rlimit[i].max = VMA_RLIM_INFINITY;
	return mm;
}

static struct vma *add(struct vma_mm *mm, u64 page, u64 pages, u64 flags)
{
	struct vma init = { .vm_start = BASE + page * P, .vm_end = BASE + (page + pages) * P,
			    .vm_flags = flags, .vm_pgoff = (BASE >> VMA_PAGE_SHIFT) + page };
	struct vma *vma = vma_mm_add(mm, &init);

	assert_non_null(vma);
	return vma;
}

/* ---------------------------------------------------------------- one lock */

static void contracts(const char *release, int when_detached)
{
	struct vma_mm *mm = world(release);
	struct vma *a = add(mm, 0, 1, RW), *b = add(mm, 2, 1, RW);

	assert_int_equal(vma_start_read(mm, a), 1);
	assert_int_equal(vma_start_read(mm, a), 1); /* readers do not exclude each other */
	vma_end_read(a);
	assert_true(vma_mmap_write_lock(mm));
	assert_false(vma_mmap_read_lock(mm));
	assert_false(vma_start_write(mm, a)); /* waits for the reader */
	vma_end_read(a);
	assert_true(vma_start_write(mm, a));
	assert_true(vma_is_write_locked(mm, a));
	assert_int_equal(vma_start_read(mm, a), 0);
	assert_int_equal(vma_start_read(mm, b), 1); /* another VMA: mmap_lock does not matter */
	vma_end_read(b);
	assert_false(vma_mark_detached(mm, b)); /* not write-locked */
	vma_mmap_write_unlock(mm); /* ends all of them */
	assert_false(vma_is_write_locked(mm, a));
	assert_int_equal(vma_start_read(mm, a), 1);
	vma_end_read(a);
	assert_true(vma_mmap_write_lock(mm));
	assert_true(vma_start_write(mm, a));
	assert_true(vma_mark_detached(mm, a));
	assert_int_equal(vma_start_read(mm, a), 0); /* its writer is still there */
	vma_mmap_write_downgrade(mm);
	assert_int_equal(vma_start_read(mm, a), when_detached);
	assert_false(vma_start_read_locked(mm, a));
	assert_true(vma_start_read_locked(mm, b));
	vma_end_read(b);
	vma_mmap_read_unlock(mm);
	vma_world_free(mm->world);
}

static void a_vma_lock_keeps_its_contract(void **state)
{
	(void)state;
	contracts("6.4", 0);
	contracts("6.12", 0);
	contracts("6.15", -EAGAIN);
	contracts("6.18", -EAGAIN);
}

static void a_vma_of_another_mm_is_not_locked_by_mistake(void **state)
{
	struct vma_mm *mm = world("6.18"), *other = vma_mm_new(mm->world, 2);
	struct vma *vma = add(mm, 0, 1, RW);

	(void)state;
	assert_int_equal(vma_start_read(other, vma), 0); /* its memory was used again */
	assert_int_equal(vma->vm_refcnt, 1);
	vma_world_free(mm->world);
}

static void a_reference_count_tells_readers_and_attachment(void **state)
{
	struct vma_mm *mm = world("6.18");
	struct vma *vma = add(mm, 0, 1, RW);

	(void)state;
	assert_int_equal(vma->vm_refcnt, 1);
	assert_int_equal(vma_start_read(mm, vma), 1);
	assert_int_equal(vma->vm_refcnt, 2);
	vma_mmap_write_lock(mm);
	assert_false(vma_start_write(mm, vma));
	vma_end_read(vma);
	assert_true(vma_start_write(mm, vma));
	assert_true(vma_mark_detached(mm, vma));
	assert_int_equal(vma->vm_refcnt, 0);
	vma_mark_attached(vma);
	assert_int_equal(vma->vm_refcnt, 1);
	vma_mmap_write_unlock(mm);
	for (int i = 1; i < 300; i++) /* there is a limit, and it holds */
		assert_int_equal(vma_start_read(mm, vma), i < 255);
	vma_world_free(mm->world);
}

static void a_new_vma_is_detached_and_locked_by_nobody(void **state)
{
	static const char *const releases[] = { "6.4", "6.12", "6.18", "7.2" };

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct vma_mm *mm = world(releases[i]);
		struct vma vma = { .mm = mm->id };

		vma_lock_init(&vma);
		assert_true(vma_is_detached(&vma));
		assert_true(vma_mmap_write_lock(mm));
		assert_false(vma_is_write_locked(mm, &vma));
		vma_mark_attached(&vma); /* by its maker, before anybody can find it */
		assert_true(vma_is_attached(&vma));
		assert_true(vma_start_write(mm, &vma));
		assert_int_equal(vma.vm_lock_seq, mm->mm_lock_seq);
		assert_true(vma_mark_detached(mm, &vma));
		assert_true(vma_is_detached(&vma));
		vma_mmap_write_unlock(mm);
		assert_int_equal(vma.vm_lock_seq, mm->mm_lock_seq - 1);
		vma_world_free(mm->world);
	}
}

static void assert_sequence(const char *release, u32 held, u32 after)
{
	struct vma_mm *mm = world(release);

	vma_mmap_write_lock(mm);
	assert_int_equal(mm->mm_lock_seq, held);
	vma_mmap_write_unlock(mm);
	assert_int_equal(mm->mm_lock_seq, after);
	vma_mmap_read_lock(mm); /* readers do not count */
	vma_mmap_read_unlock(mm);
	assert_int_equal(mm->mm_lock_seq, after);
	vma_mmap_write_lock(mm);
	vma_mmap_write_downgrade(mm);
	assert_int_equal(mm->mm_lock_seq, 2 * after);
	vma_world_free(mm->world);
}

static void the_sequence_is_odd_while_write_held(void **state)
{
	(void)state;
	assert_sequence("6.1", 0, 0);
	assert_sequence("6.6", 0, 1);
	assert_sequence("6.12.87", 0, 1);
	assert_sequence("6.12.88", 1, 2);
	assert_sequence("6.18", 1, 2);
}

static void before_vma_locks_there_is_mmap_lock_alone(void **state)
{
	struct vma_mm *mm = world("6.1");
	struct vma *vma = add(mm, 0, 1, RW);

	(void)state;
	assert_int_equal(vma_start_read(mm, vma), 0);
	assert_null(vma_lock_vma_under_rcu(mm, BASE, NULL, NULL));
	vma_mmap_write_lock(mm);
	assert_true(vma_start_write(mm, vma));
	assert_false(vma_is_write_locked(mm, vma));
	vma_world_free(mm->world);
}

/* ---------------------------------------------------------------- look up and lock */

static void looking_up_and_locking_aborts_or_walks_again(const char *release)
{
	struct vma_mm *mm = world(release);
	struct vma *old = add(mm, 0, 4, RW), *vma;
	struct vma gone = *old;
	u32 misses;

	vma = vma_lock_vma_under_rcu(mm, BASE + P, NULL, &misses);
	assert_ptr_equal(vma, old);
	assert_int_equal(misses, 0);
	vma_end_read(vma);
	assert_null(vma_lock_vma_under_rcu(mm, BASE + 4 * P, NULL, &misses)); /* nothing there */
	/* the walk had found it before it was detached: another one is in its place */
	gone.vm_refcnt = 0;
	vma = vma_lock_vma_under_rcu(mm, BASE + P, &gone, &misses);
	assert_ptr_equal(vma, old);
	assert_int_equal(misses, 1);
	vma_end_read(vma);
	/* ... or before it was cut so that it no longer holds the address */
	gone = *old;
	gone.vm_end = BASE + P;
	assert_null(vma_lock_vma_under_rcu(mm, BASE + P, &gone, &misses));
	assert_int_equal(gone.vm_refcnt, 1);
	assert_int_equal(misses, 0);
	/* a writer */
	vma_mmap_write_lock(mm);
	assert_true(vma_start_write(mm, old));
	assert_null(vma_lock_vma_under_rcu(mm, BASE + P, NULL, &misses));
	assert_int_equal(vma_fault_path(mm, BASE, false, NULL), VMA_FALLBACK_WRITE_LOCKED);
	vma_mmap_write_unlock(mm);
	vma_world_free(mm->world);
}

static void a_lookup_that_locks_has_the_kernels_outcomes(void **state)
{
	(void)state;
	looking_up_and_locking_aborts_or_walks_again("6.4");
	looking_up_and_locking_aborts_or_walks_again("6.12");
	looking_up_and_locking_aborts_or_walks_again("6.18");
}

/* ---------------------------------------------------------------- faults */

static void assert_path(const char *release, u64 flags, bool write, enum vma_fallback want)
{
	struct vma_mm *mm = world(release);

	add(mm, 0, 4, flags);
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
	assert_path("6.9", RW, false, VMA_FALLBACK_ANON_VMA);
	assert_path("6.9", RW, true, VMA_FALLBACK_ANON_VMA);
	assert_path("6.10", RW, false, VMA_FALLBACK_NONE);
	assert_path("6.12", RW, true, VMA_FALLBACK_NONE);
	assert_path("6.5", RW | VM_UFFD_MISSING, false, VMA_FALLBACK_UFFD);
	assert_path("6.10", RW | VM_UFFD_MISSING, false, VMA_FALLBACK_NONE);
}

static void assert_counts(const char *release, const char *picture, bool write,
			  enum vma_lock_stat want)
{
	struct picture p = { .what = picture };
	struct vma_kernel k;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	picture_begin(&p, &k, picture);
	if (vma_fault_stat(p.mm, picture_addr(0), write) != want)
		fail_msg("%s: %s of '%s' counts %s", release, write ? "write" : "read", picture,
			 vma_lock_stat_name(vma_fault_stat(p.mm, picture_addr(0), write)));
	picture_end(&p);
}

/* A VMA that cannot be locked at all, and one whose lock turns out not to be enough. */
static void faults_count_as_in_vmstat(void **state)
{
	(void)state;
	assert_counts("6.1", "a", false, VMA_LOCK_STAT_NONE);
	assert_counts("6.18", ".a", false, VMA_LOCK_STAT_ABORT);
	assert_counts("6.5", "f", false, VMA_LOCK_STAT_ABORT);
	assert_counts("6.6", "f", false, VMA_LOCK_STAT_SUCCESS);
	assert_counts("6.6", "d", true, VMA_LOCK_STAT_RETRY);
	assert_counts("6.7", "d", true, VMA_LOCK_STAT_SUCCESS);
	assert_counts("6.9", "f", true, VMA_LOCK_STAT_RETRY); /* no anon_vma */
	assert_counts("6.9", "a", false, VMA_LOCK_STAT_ABORT);
	assert_counts("6.9", "A", true, VMA_LOCK_STAT_SUCCESS);
	assert_counts("6.10", "a", true, VMA_LOCK_STAT_SUCCESS);
	assert_counts("6.8", "3{512}", true, VMA_LOCK_STAT_RETRY);
	assert_counts("6.9", "3{512}", true, VMA_LOCK_STAT_SUCCESS);
	assert_string_equal(vma_lock_stat_name(VMA_LOCK_STAT_MISS), "vma_lock_miss");
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
	w->unlocked |= !w->dep.nr;
	/* what goes was taken out of the tree before, perhaps the lock is downgraded by now */
	w->unlocked |= w->dep.nr && !w->dep.held[0].write && ev->kind != VMA_EV_REMOVE;
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

/* What was told is what the model holds. */
static void assert_locked_as_told(const struct vma_mm *mm, const struct vma_locks *l, u32 seq_before)
{
	size_t nr;
	const struct vma_lock_range *told = vma_locks_written(l, &nr);
	const struct vma *vma;

	if (mm->mm_lock_seq == seq_before) {
		assert_int_equal(nr, 0);
		return;
	}
	vma_for_each(mm, vma) {
		bool locked = vma->vm_lock_seq == mm->mm_lock_seq - 1, is_told = false;

		for (size_t i = 0; i < nr; i++)
			is_told |= told[i].start < vma->vm_end && told[i].end > vma->vm_start;
		assert_int_equal(locked, is_told);
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
		u32 seq;

		if (i % 500 == 499)
			call = (struct vma_call){ .op = VMA_OP_FORK };
		seq = mm->mm_lock_seq;
		vma_locks_begin(l, mm, &call);
		vma_world_listen(mm->world, vma_locks_hear, l);
		assert_int_equal(vma_op_run(mm, &call, &res), 0);
		vma_world_listen(mm->world, NULL, NULL);
		vma_locks_end(l);
		assert_locked_as_told(mm, l, seq);
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

/* ---------------------------------------------------------------- which VMAs */

/* As vmactl verify --source bpf sees it on kernels. */
static void exactly_what_changes_is_write_locked(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "K14 nothing changes", "6.12-", "aaxx",
		  "mprotect 0 2 rw; is moved 2; wrote ....", "aaxx" },
		{ .rule = "K14 refused at once", "6.12-", "aa", "!mprotect #1 1 r; is moved 0", "aa" },
		{ .rule = "K14 a part", "6.12-", "aaaaxx", "mprotect 1 2 r; wrote ####..", "arraxx" },
		{ .rule = "K14 all of it", "6.12-", "xxaaxx", "mprotect 2 2 r; wrote ..##..", "xxrrxx" },
		{ .rule = "K14 both join", "6.12-", "rraarr", "mprotect 2 2 r; wrote ######",
		  "rrrrrr" },
		{ .rule = "K14 the border moves", "6.12-", "rraaaa", "mprotect 2 2 r; wrote ######",
		  "rrrraa" },
		{ .rule = "K14 one joins", "6.12-", "rraaxx", "mprotect 2 2 r; wrote ####..", "rrrrxx" },
		{ .rule = "K14 cut once, then the limit", "6.12-", "aaaaxx",
		  "slots 1; !mprotect 1 2 r; wrote ####..", "a|aaaxx" },
		{ .rule = "K14 up to the hole", "6.12-", "aa.a", "!mprotect 0 4 r; wrote ##..", "rr.a" },
		{ .rule = "K14 unmapped between", "6.12-", "aaxxaa", "munmap 2 2; wrote ......; is moved 2",
		  "aa..aa" },
		{ .rule = "K14 cut", "6.12-", "aaaaxx", "munmap 1 1; wrote #.##..", "a.aaxx" },
		{ .rule = "K14 a sealed one stops it", "6.12-", "aab", "!munmap 0 3; wrote ##.", "aab" },
		{ .rule = "K14 an empty range", "6.12-", "a", "!munmap 0 0; is moved 2; wrote .", "a" },
		{ .rule = "K14 new", "6.12-", "aa..xx", "map 2 2 r; wrote ..##..", "aarrxx" },
		{ .rule = "K14 joined below", "6.12-", "aa..xx", "map 2 2 rw; wrote ####..", "aaaaxx" },
		{ .rule = "K14 joined on both sides", "6.12-", "aa..aa", "map 2 2 rw; wrote ######",
		  "aaaaaa" },
		{ .rule = "K14 in place of a part", "6.12-", "aaaa", "map 1 1 r; wrote ####", "araa" },
		{ .rule = "K14 flags", "6.12-", "aaaaxx", "madvise 0 4 dontfork; wrote ####..",
		  "ccccxx" },
		{ .rule = "K14 flags as they are", "6.12-", "aaaa",
		  "madvise 0 4 dofork; is moved 2; wrote ....", "aaaa" },
		{ .rule = "K14 pages only", "6.12-", "AAAA", "madvise 0 4 dontneed; is moved 0", "AAAA" },
		{ .rule = "K14 guards", "6.18-", "AAAA", "madvise 1 1 guard_install; is moved 0", "VVVV" },
		{ .rule = "K14 one lock for all", "6.18-", "aaaa",
		  "process_madvise 0 1 dontfork 0 2 1; is moved 2; wrote ####", "caca" },
		{ .rule = "K14 lock", "6.12-", "aaxx", "mlock 0 2; wrote ##..", "LLxx" },
		{ .rule = "K14 too much to lock", "6.12-", "aa",
		  "caps 0; setrlimit memlock 1 1; !mlock 0 2; is moved 2; wrote ..", "aa" },
		{ .rule = "K14 grown in place", "6.12-", "aa..xx", "mremap 0 2 4 0 0; wrote ####..",
		  "aaaaxx" },
		{ .rule = "K14 nothing to move", "6.12-", "aa", "mremap 0 2 2 0 0; is moved 2; wrote ..",
		  "aa" },
		{ .rule = "K14 moved", "6.12-", "aaaa",
		  "mremap 0 2 2 maymove|fixed 10; wrote ..##......##", "..aa......aa" },
		{ .rule = "K14 policy over what has it", "6.12-", "aa.xx",
		  "mbind 0 5 default 0; is moved 2; wrote ##.##", "aa.xx" },
		{ .rule = "K14 policy up to the hole", "6.12-", "aaxx.x",
		  "!mbind 0 6 bind 1 64; wrote ####..", "aaxx.x" },
		{ .rule = "K14 no such node", "6.12-", "aa", "!mbind 0 2 bind 2 64; is moved 2", "aa" },
		{ .rule = "K14 no node", "6.12-", "aa", "!mbind 0 2 bind 0 64; is moved 0", "aa" },
		{ .rule = "K14 fork", "6.12-", "aac", "fork; is moved 2; wrote ###", "aac" },
		{ .rule = "K14 the child", "6.12-", "aac", "fork; child; is moved 2; wrote ##.", "aa" },
		{ .rule = "K14 a fork that is refused", "6.12-", "aaarrraaaxxx",
		  "overcommit 2; room 4; !fork; wrote #########...", "aaarrraaaxxx" },
		{ .rule = "K14 a stack grows", "6.12-", "@300:kk", "touch 298 1 w; is moved 2; wrote @297:.####",
		  "@298:KKKK" },
		{ .rule = "K14 a stack may not grow", "6.12-", "@300:kk",
		  "setrlimit stack 2 2; touch 298 1 w; is sig 11; is moved 2; wrote @299:.##",
		  "@300:KK" },
		{ .rule = "K14 a key", "6.12-", "aa", "pkey_alloc 0 0; is moved 2; wrote ..", "aa" },
		{ .rule = "K14 KSM", "6.12-", "aamm", "set_memory_merge 1; wrote ##..", "mm|mm" },
		{ .rule = "K14 no longer KSM", "6.12-", "aamm",
		  "set_memory_merge 1; set_memory_merge 0; wrote ####", "aa|aa" },
		{ .rule = "K14 watched", "6.12-", "aaxx",
		  "uffdio_api 1 0; uffdio_register 1 0 2 missing; wrote ##..; "
		  "uffdio_register 1 0 2 missing; is moved 2; wrote ....; uffd_close 1; wrote ##..",
		  "aaxx" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vma_lock_keeps_its_contract),
		cmocka_unit_test(a_vma_of_another_mm_is_not_locked_by_mistake),
		cmocka_unit_test(a_reference_count_tells_readers_and_attachment),
		cmocka_unit_test(a_new_vma_is_detached_and_locked_by_nobody),
		cmocka_unit_test(the_sequence_is_odd_while_write_held),
		cmocka_unit_test(before_vma_locks_there_is_mmap_lock_alone),
		cmocka_unit_test(a_lookup_that_locks_has_the_kernels_outcomes),
		cmocka_unit_test(each_kernel_has_its_reasons_to_fall_back),
		cmocka_unit_test(faults_count_as_in_vmstat),
		cmocka_unit_test(the_checker_finds_what_is_wrong),
		cmocka_unit_test(random_operations_keep_the_order),
		cmocka_unit_test(exactly_what_changes_is_write_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
