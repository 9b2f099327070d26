// SPDX-License-Identifier: LGPL-2.1-or-later
/* mlock, mlock2, munlock, mlockall, munlockall (section 3 of part B). */
#include "engine/engine.h"

enum { CURRENT = 1, FUTURE = 2, ONFAULT = 4 };

/* mlock_fixup() (L4, L5). *result covers the piece. */
static int fixup(struct op *o, struct vma *vma, u64 start, u64 end, u64 lock, struct vma **result)
{
	u64 old = vma->vm_flags, flags = (old & ~VM_LOCKED_MASK) | lock;
	u64 nr = (u64)(s32)pages(end - start); /* an int: 8 TiB and more are miscounted */
	int rc;

	*result = vma;
	/* Secret memory stays locked as long as it is mapped: mlock_fixup(), vma_is_secretmem(). */
	if (flags == old || !supports_mlock(o, vma) || vma_kind_of(o->w, vma) == VMA_KIND_SECRET)
		return 0;
	rc = modify_flags(o, vma, start, end, &flags, result);
	if (rc)
		return rc;
	if (!(lock & VM_LOCKED))
		o->mm->locked_vm -= nr;
	else if (!(old & VM_LOCKED))
		o->mm->locked_vm += nr;
	/* What was merged keeps its flags, or gets those of the piece: soft-dirty tells. */
	if (!lock && o->k->munlock_only_clears)
		flags = (*result)->vm_flags & ~VM_LOCKED_MASK;
	set_flags(o, *result, flags);
	return 0;
}

/* apply_vma_lock_flags(): stops at a hole; what was done before it stays (L3). */
static int apply(struct op *o, u64 start, u64 end, u64 lock)
{
	struct vma *vma, *result;
	int rc;

	if (end < start)
		return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, start);
	if (end == start)
		return 0;
	for (vma = vma_lookup(o->mm, start); vma; vma = vma_next(o->mm, result)) {
		u64 to = min_u64(vma->vm_end, end);

		if (vma->vm_start > start)
			break;
		rc = fixup(o, vma, start, to, lock, &result);
		if (rc)
			return rc;
		start = max_u64(to, result->vm_end);
		if (start >= end)
			return 0;
	}
	return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
}

/* Pages of the range that are locked already: they cost nothing again (L2). */
static u64 locked_already(const struct op *o, u64 start, u64 end)
{
	struct vma_iter it = vma_iter_at(o->mm, start);
	const struct vma *vma;
	u64 n = 0;

	while ((vma = vma_iter_next(&it)) && vma->vm_start < end)
		if (vma->vm_flags & VM_LOCKED)
			n += pages(min_u64(end, vma->vm_end) - max_u64(start, vma->vm_start));
	return n;
}

static int do_mlock(struct op *o, u64 start, u64 len, u64 lock)
{
	u64 limit = o->mm->rlimit[RES_MEMLOCK].cur, want, end;
	int rc;

	if (!can_do_mlock(o))
		return refuse(o, EPERM, VMA_WHY_MEMLOCK_ZERO);
	mmap_write_lock(o);
	len = page_up(len + (start & ~VMA_PAGE_MASK));
	start = page_down(start);
	end = start + len;
	want = pages(len) + o->mm->locked_vm;
	if (!has_cap(o, VMA_CAP_IPC_LOCK) && limit != VMA_RLIM_INFINITY) {
		if (want > pages(limit))
			want -= locked_already(o, start, end < start ? ~0ULL : end);
		if (want > pages(limit))
			return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_MEMLOCK_ENOMEM,
					    want << VMA_PAGE_SHIFT, limit);
	}
	rc = apply(o, start, end, lock);
	if (rc)
		return rc;
	rc = populate_strict(o, start, end);
	return rc ? refuse(o, ENOMEM, o->res->why) : 0;
}

int run_mlock(struct op *o)
{
	return do_mlock(o, o->call->arg[0], o->call->arg[1], VM_LOCKED);
}

int run_mlock2(struct op *o)
{
	const u64 *a = o->call->arg;

	if (a[2] & ~1ULL)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	return do_mlock(o, a[0], a[1], a[2] ? VM_LOCKED_MASK : VM_LOCKED);
}

int run_munlock(struct op *o)
{
	u64 start = o->call->arg[0], len = page_up(o->call->arg[1] + (start & ~VMA_PAGE_MASK));

	start = page_down(start);
	mmap_write_lock(o);
	return apply(o, start, start + len, 0);
}

/* apply_mlockall_flags() (L7): def_flags first, then every VMA; errors are ignored. */
static void apply_all(struct op *o, u64 flags)
{
	u64 lock = VM_LOCKED | (flags & ONFAULT ? VM_LOCKONFAULT : 0);
	struct vma *vma, *result;

	o->mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & FUTURE) {
		o->mm->def_flags |= lock;
		if (!(flags & CURRENT))
			return;
	}
	if (!(flags & CURRENT))
		lock = 0;
	for (vma = vma_first(o->mm); vma; vma = vma_next(o->mm, result))
		fixup(o, vma, vma->vm_start, vma->vm_end, lock, &result);
	o->res->err = 0;
	o->res->why = VMA_WHY_NONE;
}

int run_mlockall(struct op *o)
{
	u64 flags = o->call->arg[0], limit = o->mm->rlimit[RES_MEMLOCK].cur;

	if (!flags || flags & ~7ULL || flags == ONFAULT)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (!can_do_mlock(o))
		return refuse(o, EPERM, VMA_WHY_MEMLOCK_ZERO);
	mmap_write_lock(o);
	if (flags & CURRENT && !has_cap(o, VMA_CAP_IPC_LOCK) && limit != VMA_RLIM_INFINITY &&
	    o->mm->total_vm > pages(limit))
		return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_MEMLOCK_ENOMEM,
				    o->mm->total_vm << VMA_PAGE_SHIFT, limit);
	apply_all(o, flags);
	if (flags & CURRENT)
		populate(o, 0, o->mm->task_size);
	return 0;
}

int run_munlockall(struct op *o)
{
	mmap_write_lock(o);
	apply_all(o, 0);
	return 0;
}
