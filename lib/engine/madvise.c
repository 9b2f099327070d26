// SPDX-License-Identifier: LGPL-2.1-or-later
/* madvise(2), process_madvise(2), prctl(PR_SET_VMA_ANON_NAME) (section 2 of part B). */
#include <string.h>

#include "engine/engine.h"

struct advice;
typedef int advice_fn(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end);

/*
 * THE table of advices. A flag-changing advice is clear and set bits, and perhaps a test, and takes
 * mmap_lock for writing; one that works on pages has a function, and reads. A new advice is a row.
 */
struct advice {
	u32 value;
	bool (*known)(const struct vma_kernel *k); /* NULL: every kernel */
	u64 clear, set;
	bool (*allowed)(const struct op *o, const struct vma *vma); /* NULL: always */
	advice_fn *pages;
	bool (*by_vma)(const struct vma_kernel *k); /* the VMA's own lock may do; NULL: never */
	bool discards;  /* sealed read-only anonymous memory refuses it (M6) */
	bool remote;    /* process_madvise on others: always */
	bool remote_later;
};

static bool knows_populate(const struct vma_kernel *k) { return k->madvise_populate; }
static bool knows_dontneed_locked(const struct vma_kernel *k) { return k->madvise_dontneed_locked; }
static bool knows_collapse(const struct vma_kernel *k) { return k->madvise_collapse; }
static bool knows_guard(const struct vma_kernel *k) { return k->madvise_guard; }
static bool drops_by_vma(const struct vma_kernel *k) { return k->madvise_vma_lock; }
static bool guards_by_vma(const struct vma_kernel *k) { return k->guard_vma_lock; }

static bool not_io(const struct op *o, const struct vma *vma)
{
	return !(vma->vm_flags & (o->k->dofork_refuses_special ? VM_SPECIAL : VM_IO));
}

static bool may_dump(const struct op *o, const struct vma *vma)
{
	(void)o;
	return (is_hugetlb(vma) || !(vma->vm_flags & VM_SPECIAL)) && !(vma->vm_flags & VM_DROPPABLE);
}

static bool may_wipe(const struct op *o, const struct vma *vma)
{
	return !vma_has_vm_file(o->w, vma) && !(vma->vm_flags & VM_SHARED);
}

static bool not_droppable(const struct op *o, const struct vma *vma)
{
	(void)o;
	return !(vma->vm_flags & VM_DROPPABLE);
}

/* ---------------------------------------------------------------- advices that work on pages */

static int wrong_kind(struct op *o, const struct vma *vma)
{
	return refuse_at(o, EINVAL, vma->vm_flags & VM_LOCKED ? VMA_WHY_LOCKED_RANGE :
								VMA_WHY_ADVICE_KIND,
			 vma->vm_start);
}

static void drop_pages(struct op *o, u64 start, u64 end)
{
	struct vma_page_run run;
	u64 at = start;

	/* Guard markers survive (M8). */
	while (at < end && vma_pages_run(o->mm, at, &run) && run.start < end) {
		at = min_u64(run.end, end);
		if ((run.state & 0xf) != VMA_PAGE_GUARD)
			vma_pages_set(o->mm, max_u64(run.start, start), at, VMA_PAGE_NONE);
	}
	EMIT(o, .kind = VMA_EV_PAGES, .rule = "A13", .start = start, .end = end,
	     .value = VMA_PAGE_NONE);
}

/* The page cache leaves a mapping of the object; pages of its own stay. */
static void zap_object_pages(struct vma_mm *mm, u64 start, u64 end)
{
	struct vma_page_run run;
	u64 at = start;

	while (at < end && vma_pages_run(mm, at, &run) && run.start < end) {
		u32 state = run.state & 0xf;

		at = min_u64(run.end, end);
		if (state == VMA_PAGE_FILE || state == VMA_PAGE_SHMEM)
			vma_pages_set(mm, max_u64(run.start, start), at, VMA_PAGE_NONE);
	}
}

/* unmap_mapping_range(): a hole in an object is one for everybody who maps it. */
static void unmap_object(struct op *o, const struct vma *from, u64 start, u64 end)
{
	u32 mapping = world_file(o->w, from->file)->mapping;
	u64 first = from->vm_pgoff + pages(start - from->vm_start), past = first + pages(end - start);
	struct vma_mm *mm;
	struct vma *vma;

	for (size_t i = 0; (mm = vma_mm_at(o->w, i)); i++) {
		if (mm->dead || !mm->page_runs->count)
			continue;
		vma_for_each(mm, vma) {
			u64 lo = max_u64(first, vma->vm_pgoff);
			u64 hi = min_u64(past, vma->vm_pgoff + vma_pages(vma));

			if (lo < hi && vma->file && world_file(o->w, vma->file)->mapping == mapping)
				zap_object_pages(mm,
						 vma->vm_start + ((lo - vma->vm_pgoff) << VMA_PAGE_SHIFT),
						 vma->vm_start + ((hi - vma->vm_pgoff) << VMA_PAGE_SHIFT));
		}
	}
}

static int dontneed(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	u64 bad = VM_PFNMAP | (a->value == 24 ? 0 : VM_LOCKED);

	if (is_hugetlb(vma)) {
		u64 mask = (1ULL << world_file(o->w, vma->file)->hugetlb_shift) - 1;

		if (!o->k->dontneed_hugetlb || start & mask)
			return wrong_kind(o, vma);
		end &= ~mask;
	} else if (vma->vm_flags & bad) {
		return wrong_kind(o, vma);
	}
	drop_pages(o, start, end);
	return 0;
}

static int lazy_free(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	(void)a;
	(void)start;
	(void)end;
	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB) || !vma_is_anonymous(o->w, vma))
		return wrong_kind(o, vma);
	return 0;
}

/* File systems take locks that come before mmap_lock: it is given up meanwhile. */
static void let_go(struct op *o)
{
	mmap_unlock(o);
	mmap_read_lock(o);
}

/* vfs_fallocate(): an offset is signed, and there is a largest file: 2^32 - 1 blocks on ext4,
 * nearly 2^63 on tmpfs. Then tmpfs asks its seals. */
static int check_punch(struct op *o, const struct vma *vma, u64 start, u64 end)
{
	const u64 ext4 = ((1ULL << 32) - 1) << VMA_PAGE_SHIFT, lfs = (1ULL << 63) - 1;
	const struct vma_file *f = world_file(o->w, vma->file);
	u64 off = (vma->vm_pgoff << VMA_PAGE_SHIFT) + (start - vma->vm_start);

	if (off > lfs)
		return refuse_at(o, EINVAL, VMA_WHY_OFFSET_OVERFLOW, start);
	if (off + (end - start) > (f->kind == VMA_KIND_REGULAR ? ext4 : lfs))
		return refuse_at(o, EFBIG, VMA_WHY_OFFSET_OVERFLOW, start);
	if (f->seal_write || f->seal_future_write)
		return refuse_at(o, EPERM, VMA_WHY_SEALED_FILE, start);
	return 0;
}

static int punch(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	u64 need = o->k->madvise_remove_needs_maywrite ? VM_SHARED | VM_MAYWRITE :
							 VM_SHARED | VM_WRITE;
	int rc;

	(void)a;
	if (vma->vm_flags & VM_LOCKED || !vma_has_vm_file(o->w, vma))
		return refuse_at(o, EINVAL, vma->vm_flags & VM_LOCKED ? VMA_WHY_LOCKED_RANGE :
									VMA_WHY_NEEDS_FILE,
				 vma->vm_start);
	if ((vma->vm_flags & need) != need)
		return refuse_at(o, EACCES, VMA_WHY_NO_WRITE, vma->vm_start);
	let_go(o);
	rc = check_punch(o, vma, start, end);
	if (rc)
		return rc;
	drop_pages(o, start, end);
	unmap_object(o, vma, start, end);
	object_fill(o, vma, start, end, false);
	return 0;
}

static int read_ahead(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	(void)a;
	(void)start;
	(void)end;
	if (vma_kind_of(o->w, vma) == VMA_KIND_REGULAR)
		let_go(o);
	return 0;
}

static int reclaim(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	(void)a;
	(void)start;
	(void)end;
	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB))
		return wrong_kind(o, vma);
	return 0;
}

static int populate_advice(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	bool write = a->value == 23;
	u64 bad;

	if (vma->vm_flags & (VM_IO | VM_PFNMAP) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)) ||
	    !pkey_permits(o, vma, write))
		return refuse_at(o, EINVAL, VMA_WHY_MAY_ACCESS, vma->vm_start);
	switch (fault_range(o, vma, start, end, write, &bad)) {
	case FAULT_OK:
		return 0;
	case FAULT_GUARD:
		return refuse_at(o, EFAULT, VMA_WHY_GUARD, bad);
	default:
		return refuse_at(o, EFAULT, VMA_WHY_POPULATE_FAILED, bad);
	}
}

/* collapse_huge_page(): a page is allocated without any lock, the mapping looked at again, and then
 * written. */
static void collapse_locks(struct op *o, struct vma *vma)
{
	let_go(o);
	mmap_unlock(o);
	mmap_write_lock(o);
	start_write(o, vma);
	mmap_unlock(o);
	mmap_read_lock(o);
}

/* Huge pages at once: anonymous memory that has been faulted, whole aligned blocks. */
static int collapse(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	u64 from = round_up_to(start, VMA_PMD_SIZE), to = round_down_to(end, VMA_PMD_SIZE);
	u64 first = round_up_to(vma->vm_start, VMA_PMD_SIZE);
	struct vma_page_run run;

	(void)a;
	if (!o->w->sys.thp_built_in || o->mm->thp_disable || vma->vm_flags & VM_SPECIAL ||
	    vma->vm_flags & (VM_HUGETLB | VM_NOHUGEPAGE) || !vma_is_anonymous(o->w, vma) ||
	    !vma->anon_vma || first + VMA_PMD_SIZE > vma->vm_end || from > to)
		return wrong_kind(o, vma);
	for (; from < to; from += VMA_PMD_SIZE) {
		if (!vma_pages_run(o->mm, from, &run) || run.start >= from + VMA_PMD_SIZE)
			return wrong_kind(o, vma);
		if (run.state & VMA_PAGE_HUGE && run.start <= from && run.end >= from + VMA_PMD_SIZE)
			continue;
		collapse_locks(o, vma);
		vma_pages_set(o->mm, from, from + VMA_PMD_SIZE, VMA_PAGE_ANON | VMA_PAGE_HUGE);
	}
	return 0;
}

static bool guard_allowed(const struct op *o, const struct vma *vma, u64 refused)
{
	refused |= VM_SPECIAL | VM_HUGETLB;
	if (vma->vm_flags & refused)
		return false;
	return o->k->madvise_guard_files ||
	       (vma_is_anonymous(o->w, vma) && vma->vm_flags & VM_MAYWRITE);
}

static int guard_install(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	(void)a;
	if (!guard_allowed(o, vma, VM_LOCKED))
		return wrong_kind(o, vma);
	if (vma_is_anonymous(o->w, vma))
		prepare_anon(o, vma);
	if (o->k->guard_flag) /* an atomic bit: no write lock */
		set_flags_shared(o, vma, vma->vm_flags | VM_MAYBE_GUARD);
	vma_pages_set(o->mm, start, end, VMA_PAGE_GUARD);
	EMIT(o, .kind = VMA_EV_PAGES, .rule = "MA7", .start = start, .end = end,
	     .value = VMA_PAGE_GUARD);
	return 0;
}

static int guard_remove(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end)
{
	struct vma_page_run run;
	u64 at = start;

	(void)a;
	if (!guard_allowed(o, vma, 0))
		return wrong_kind(o, vma);
	while (at < end && vma_pages_run(o->mm, at, &run) && run.start < end) {
		at = min_u64(run.end, end);
		if ((run.state & 0xf) == VMA_PAGE_GUARD)
			vma_pages_set(o->mm, max_u64(run.start, start), at, VMA_PAGE_NONE);
	}
	return 0;
}

static const struct advice advices[] = {
	{ .value = 0, .clear = VM_RAND_READ | VM_SEQ_READ },
	{ .value = 1, .clear = VM_SEQ_READ, .set = VM_RAND_READ },
	{ .value = 2, .clear = VM_RAND_READ, .set = VM_SEQ_READ },
	{ .value = 3, .pages = read_ahead, .remote_later = true },
	{ .value = 4, .pages = dontneed, .by_vma = drops_by_vma, .discards = true },
	{ .value = 8, .pages = lazy_free, .by_vma = drops_by_vma, .discards = true },
	{ .value = 9, .pages = punch, .discards = true },
	{ .value = 10, .set = VM_DONTCOPY, .discards = true },
	{ .value = 11, .clear = VM_DONTCOPY, .allowed = not_io },
	{ .value = 12, .set = VM_MERGEABLE },
	{ .value = 13, .clear = VM_MERGEABLE },
	{ .value = 14, .clear = VM_NOHUGEPAGE, .set = VM_HUGEPAGE },
	{ .value = 15, .clear = VM_HUGEPAGE, .set = VM_NOHUGEPAGE },
	{ .value = 16, .set = VM_DONTDUMP },
	{ .value = 17, .clear = VM_DONTDUMP, .allowed = may_dump },
	{ .value = 18, .set = VM_WIPEONFORK, .allowed = may_wipe, .discards = true },
	{ .value = 19, .clear = VM_WIPEONFORK, .allowed = not_droppable },
	{ .value = 20, .pages = reclaim, .remote = true },
	{ .value = 21, .pages = reclaim, .remote = true },
	{ .value = 22, .known = knows_populate, .pages = populate_advice },
	{ .value = 23, .known = knows_populate, .pages = populate_advice },
	{ .value = 24, .known = knows_dontneed_locked, .pages = dontneed, .by_vma = drops_by_vma,
	  .discards = true },
	{ .value = 25, .known = knows_collapse, .pages = collapse, .remote_later = true },
	{ .value = 102, .known = knows_guard, .pages = guard_install, .by_vma = guards_by_vma,
	  .discards = true },
	{ .value = 103, .known = knows_guard, .pages = guard_remove, .by_vma = guards_by_vma },
};

static const struct advice *find_advice(const struct vma_kernel *k, u64 value)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].value == (u32)value)
			return !advices[i].known || advices[i].known(k) ? &advices[i] : NULL;
	return NULL;
}

/* ---------------------------------------------------------------- one VMA */

/* can_modify_vma_madv(): dropping sealed read-only memory would change it (M6). What has no file
 * is not quite the same as what has no vm_ops: /dev/zero has only a file, [vdso] only vm_ops. */
static bool sealed_against(const struct op *o, const struct advice *a, const struct vma *vma)
{
	if (!o->k->has_mseal || !a->discards || !(vma->vm_flags & VM_SEALED))
		return false;
	if (o->k->seal_spares_ops ? !vma_is_anonymous(o->w, vma) :
				    vma_has_vm_file(o->w, vma) || vma->vm_flags & VM_SHARED)
		return false;
	return !(vma->vm_flags & VM_WRITE) || !pkey_permits(o, vma, true);
}

/* madvise_update_vma(): the wanted flags and name by merge or split. *result covers the piece. */
static int update(struct op *o, struct vma *vma, u64 start, u64 end, u64 flags, u32 name,
		  struct vma **result)
{
	struct modify m = { .flags = flags, .name = name, .policy = vma->policy,
			    .uffd = vma->uffd };
	int rc;

	*result = vma;
	if (flags == vma->vm_flags && name == vma->name)
		return 0;
	rc = modify(o, vma, start, end, &m, result);
	if (rc == -ENOMEM && o->k->madvise_eagain_at_limit)
		return refuse(o, EAGAIN, VMA_WHY_MAP_COUNT_EAGAIN);
	if (rc)
		return rc;
	set_flags(o, *result, m.flags);
	(*result)->name = name;
	return 0;
}

static u64 advised_flags(const struct advice *a, const struct vma *vma)
{
	/* KSM ignores what it cannot share, and what is as asked already. */
	if (a->set == VM_MERGEABLE &&
	    vma->vm_flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE))
		return vma->vm_flags;
	return (vma->vm_flags & ~a->clear) | a->set;
}

static int advise_vma(struct op *o, const struct advice *a, struct vma *vma, u64 start, u64 end,
		      struct vma **result)
{
	*result = vma;
	if (sealed_against(o, a, vma))
		return refuse_at(o, EPERM, VMA_WHY_SEALED, vma->vm_start);
	if (a->pages)
		return a->pages(o, a, vma, start, end);
	if (a->allowed && !a->allowed(o, vma))
		return refuse_at(o, EINVAL, VMA_WHY_ADVICE_KIND, vma->vm_start);
	return update(o, vma, start, end, advised_flags(a, vma), vma->name, result);
}

/* ---------------------------------------------------------------- the walk (M2) */

struct walk {
	const struct advice *advice; /* NULL: name */
	u32 name;
	bool remote; /* of another process */
};

static int name_vma(struct op *o, struct vma *vma, u64 start, u64 end, u32 name, struct vma **result)
{
	bool shmem = o->k->anon_names_shmem && vma_kind_of(o->w, vma) == VMA_KIND_SHMEM &&
		     world_file(o->w, vma->file)->internal;

	*result = vma;
	if (vma_has_vm_file(o->w, vma) && !shmem)
		return refuse_at(o, EBADF, VMA_WHY_NEEDS_ANON, vma->vm_start);
	return update(o, vma, start, end, vma->vm_flags, name, result);
}

/* madvise_lock(): what changes flags or names writes, and so does, if anything, what is unknown. */
static void lock_for(struct op *o, const struct advice *a)
{
	if (!a || !a->pages)
		mmap_write_lock(o);
	else if (!a->by_vma || !a->by_vma(o->k))
		mmap_read_lock(o);
}

/* Holes are passed over and remembered; the first error of a VMA ends the walk. */
static int walk(struct op *o, u64 start, u64 end, const struct walk *wk)
{
	bool stop_at_hole = wk->advice && wk->advice->pages == populate_advice &&
			    o->k->populate_stops_at_hole;
	struct vma *vma, *result;
	u64 hole = 0;
	bool holes = false;
	int rc;

	while (start < end) {
		u64 to;

		vma = vma_find(o->mm, start);
		if (!vma || vma->vm_start > start) {
			if (!holes)
				hole = start;
			holes = true;
			if (!vma || vma->vm_start >= end || stop_at_hole)
				break;
			start = vma->vm_start;
		}
		to = min_u64(vma->vm_end, end);
		rc = wk->advice ? advise_vma(o, wk->advice, vma, start, to, &result) :
				  name_vma(o, vma, start, to, wk->name, &result);
		if (rc)
			return rc;
		start = max_u64(to, result->vm_end);
	}
	return holes ? refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, hole) : 0;
}

/* try_vma_read_lock(): enough where the range lies within one VMA of our own. Else it is mmap_lock,
 * which then stays. */
static struct vma *try_vma_read_lock(struct op *o, u64 start, u64 end,
				     const struct walk *wk)
{
	struct vma *vma;

	if (o->mm->mmap_readers || o->mm->mmap_writer)
		return NULL;
	vma = vma_lock_vma_under_rcu(o->mm, start, NULL, NULL);
	/* An anon_vma is made under mmap_lock. */
	if (vma && end <= vma->vm_end && !(vma->vm_flags & VM_UFFD_FLAGS) && !wk->remote &&
	    !(wk->advice->pages == guard_install && vma_is_anonymous(o->w, vma) && !vma->anon_vma)) {
		tell_read_lock(o, vma, true);
		return vma;
	}
	if (vma)
		vma_end_read(vma);
	mmap_read_lock(o);
	return NULL;
}

/* One range, under the locks it takes. */
static int advise(struct op *o, u64 start, u64 end, const struct walk *wk)
{
	struct vma *vma = try_vma_read_lock(o, start, end, wk), *same;
	int rc;

	if (!vma)
		return walk(o, start, end, wk);
	rc = advise_vma(o, wk->advice, vma, start, end, &same);
	vma_end_read(vma);
	tell_read_lock(o, vma, false);
	return rc;
}

/* Argument checks shared by the calls (M1). 1: nothing to do. */
static int check_range(struct op *o, u64 start, u64 len, u64 *end)
{
	u64 bytes = page_up(len);

	if (!page_aligned(start))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if (len && !bytes)
		return refuse(o, EINVAL, VMA_WHY_LEN_WRAPS);
	*end = start + bytes;
	if (*end < start)
		return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, start);
	return *end == start;
}

int run_madvise(struct op *o)
{
	const u64 *a = o->call->arg;
	struct walk wk = { .advice = find_advice(o->k, a[2]) };
	u64 end;
	int rc;

	if ((a[2] == 100 || a[2] == 101) && !has_cap(o, VMA_CAP_SYS_ADMIN))
		return refuse(o, EPERM, VMA_WHY_NO_CAP);
	if (!wk.advice)
		return refuse(o, EINVAL, VMA_WHY_BAD_ADVICE);
	rc = check_range(o, a[0], a[1], &end);
	if (rc)
		return rc < 0 ? rc : 0;
	lock_for(o, wk.advice);
	return advise(o, a[0], end, &wk);
}

#define MOST_BYTES 0x7ffff000ULL /* MAX_RW_COUNT: what one call may move */

static struct vma_iovec iovec_at(const struct op *o, u32 i)
{
	const struct vma_call *c = o->call;

	return i ? c->iov[i - 1] : (struct vma_iovec){ c->arg[0], c->arg[1] };
}

/* import_iovec(): every range must be the user's. A vector of one goes a way of its own. */
static int import_iovecs(struct op *o)
{
	const u64 space = o->mm->task_size;
	const bool cut_first = !o->call->nr_iov && o->k->iovec_cut_first;

	for (u32 i = 0; i <= o->call->nr_iov; i++)
		if ((s64)iovec_at(o, i).len < 0)
			return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	for (u32 i = 0; i <= o->call->nr_iov; i++) {
		struct vma_iovec v = iovec_at(o, i);
		u64 len = cut_first ? min_u64(v.len, MOST_BYTES) : v.len;

		if (len > space || v.base > space - len)
			return refuse_at(o, EFAULT, VMA_WHY_OUT_OF_SPACE, v.base);
	}
	return 0;
}

static int advise_one(struct op *on, u64 start, u64 end, const struct walk *wk)
{
	int rc;

	if (on->k->pmadvise_locks_once)
		return advise(on, start, end, wk);
	lock_for(on, wk->advice);
	rc = advise(on, start, end, wk);
	mmap_unlock(on);
	return rc;
}

/* Range after range until one fails; then what was done before counts. An empty one is looked at
 * only when it comes first and something follows. */
static int advise_iovecs(struct op *o, struct op *on, const struct walk *wk)
{
	u64 total = 0, done = 0;

	for (u32 i = 0; i <= o->call->nr_iov; i++)
		total = min_u64(total + iovec_at(o, i).len, MOST_BYTES);
	if (o->k->pmadvise_locks_once)
		lock_for(on, wk->advice);
	for (u32 i = 0; i <= o->call->nr_iov && done < total; i++) {
		struct vma_iovec v = iovec_at(o, i);
		u64 end, len = min_u64(v.len, total - done);
		int rc = 0;

		if (i && !len)
			continue;
		if (!wk->advice)
			return refuse(o, EINVAL, VMA_WHY_BAD_ADVICE);
		rc = check_range(on, v.base, len, &end);
		if (!rc)
			rc = advise_one(on, v.base, end, wk);
		if (rc < 0 && !done)
			return rc;
		if (rc < 0)
			break;
		done += len;
	}
	o->res->ret = (s64)done;
	return 0;
}

int run_process_madvise(struct op *o)
{
	const u64 *a = o->call->arg;
	struct walk wk = { .advice = find_advice(o->k, a[2]) };
	struct vma_mm *target = o->call->target_mm ? vma_mm_by_id(o->w, o->call->target_mm) : o->mm;
	struct op on = *o;
	bool self = target == o->mm;
	int rc;

	if (a[3])
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	rc = import_iovecs(o);
	if (rc)
		return rc;
	if (!target || target->dead)
		return refuse(o, ESRCH, VMA_WHY_UNMAPPED);
	if (o->k->pmadvise_knows_advice && !wk.advice)
		return refuse(o, EINVAL, VMA_WHY_BAD_ADVICE);
	/* Of oneself any advice may be asked: whether there is such a one shows with the first range. */
	if (!(self && o->k->pmadvise_self_any) &&
	    !(wk.advice && (wk.advice->remote || (wk.advice->remote_later && o->k->pmadvise_willneed))))
		return refuse(o, EINVAL, VMA_WHY_BAD_ADVICE);
	if (!has_cap(o, VMA_CAP_SYS_NICE) && !(self && o->k->pmadvise_self_no_nice))
		return refuse(o, EPERM, VMA_WHY_NO_CAP);
	on.mm = target;
	wk.remote = !self;
	rc = advise_iovecs(o, &on, &wk);
	mmap_unlock(&on);
	return rc;
}

/* is_valid_name_char(), and at most 80 bytes with the NUL (M11). */
static bool valid_name(const char *name)
{
	size_t n = strlen(name);

	if (n >= 80)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] < 0x20 || name[i] > 0x7e || strchr("\\`$[]", name[i]))
			return false;
	return true;
}

int run_set_vma_name(struct op *o)
{
	const u64 *a = o->call->arg;
	const char *name = o->call->name;
	struct walk wk = { .advice = NULL };
	u64 end;
	int rc;

	if (!o->k->anon_names || !o->w->sys.anon_vma_names)
		return refuse(o, EINVAL, VMA_WHY_NO_SYSCALL);
	if (name && !valid_name(name))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	rc = check_range(o, a[0], a[1], &end);
	if (rc)
		return rc < 0 ? rc : 0;
	wk.name = vma_name_intern(o->w, name);
	lock_for(o, NULL);
	return walk(o, a[0], end, &wk);
}
