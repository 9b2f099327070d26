// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits and charges: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, the commit limit, max_map_count. */
#include "engine/engine.h"

static bool exceeds(u64 have, u64 more, u64 limit_bytes)
{
	return limit_bytes != VMA_RLIM_INFINITY && have + more > limit_bytes >> VMA_PAGE_SHIFT;
}

int may_expand(struct op *o, u64 flags, u64 nr_pages)
{
	const struct vma_mm *mm = o->mm;
	const struct vma_rlimit *as = &mm->rlimit[RES_AS], *data = &mm->rlimit[RES_DATA];

	if (exceeds(mm->total_vm, nr_pages, as->cur))
		return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_AS,
				    (mm->total_vm + nr_pages) << VMA_PAGE_SHIFT, as->cur);
	if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN | VM_SHADOW_STACK)) != VM_WRITE ||
	    o->w->sys.ignore_rlimit_data)
		return 0;
	if (!exceeds(mm->data_vm, nr_pages, data->cur))
		return 0;
	/* A soft limit of 0 falls back to the hard one: valgrind sets it. */
	if (!data->cur && !exceeds(mm->data_vm, nr_pages, data->max))
		return 0;
	return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_DATA,
			    (mm->data_vm + nr_pages) << VMA_PAGE_SHIFT, data->cur);
}

/* vm_commit_limit() less the reserves, in pages (M25). */
static u64 commit_limit(const struct op *o)
{
	const struct vma_system *sys = &o->w->sys;
	u64 limit, reserve = 0;

	if (sys->overcommit_kbytes)
		limit = sys->overcommit_kbytes >> (VMA_PAGE_SHIFT - 10);
	else
		limit = (sys->totalram_pages - sys->hugetlb_pages) * sys->overcommit_ratio / 100;
	limit += sys->totalswap_pages;
	if (!has_cap(o, VMA_CAP_SYS_ADMIN))
		reserve += sys->admin_reserve_kbytes >> (VMA_PAGE_SHIFT - 10);
	reserve += min_u64(o->mm->total_vm / 32, sys->user_reserve_kbytes >> (VMA_PAGE_SHIFT - 10));
	return limit > reserve ? limit - reserve : 0;
}

int check_charge(struct op *o, u64 nr_pages, u64 before)
{
	const struct vma_system *sys = &o->w->sys;
	u64 limit, have;

	if (sys->overcommit_memory == 0) {
		limit = sys->totalram_pages + sys->totalswap_pages;
		if (nr_pages > limit)
			return refuse_limit(o, ENOMEM, VMA_WHY_OVERCOMMIT,
					    nr_pages << VMA_PAGE_SHIFT, limit << VMA_PAGE_SHIFT);
	} else if (sys->overcommit_memory == 2) {
		limit = commit_limit(o);
		have = sys->committed_pages + before;
		if (have + nr_pages >= limit)
			return refuse_limit(o, ENOMEM, VMA_WHY_OVERCOMMIT,
					    (have + nr_pages) << VMA_PAGE_SHIFT,
					    limit << VMA_PAGE_SHIFT);
	}
	return 0;
}

int charge(struct op *o, u64 nr_pages)
{
	int rc = check_charge(o, nr_pages, 0);

	if (rc)
		return rc;
	o->w->sys.committed_pages += nr_pages;
	if (nr_pages)
		EMIT(o, .kind = VMA_EV_CHARGE, .rule = "M22", .value = nr_pages);
	return 0;
}

void uncharge(struct op *o, u64 nr_pages)
{
	o->w->sys.committed_pages -= nr_pages;
	if (nr_pages)
		EMIT(o, .kind = VMA_EV_UNCHARGE, .rule = "M23", .value = nr_pages);
}

bool can_do_mlock(const struct op *o)
{
	return o->mm->rlimit[RES_MEMLOCK].cur || has_cap(o, VMA_CAP_IPC_LOCK);
}

int mlock_future(struct op *o, u64 flags, u64 len)
{
	const struct vma_rlimit *lim = &o->mm->rlimit[RES_MEMLOCK];

	if (!(flags & VM_LOCKED) || has_cap(o, VMA_CAP_IPC_LOCK) ||
	    !exceeds(o->mm->locked_vm, pages(len), lim->cur))
		return 0;
	return refuse_limit(o, EAGAIN, VMA_WHY_RLIMIT_MEMLOCK,
			    (o->mm->locked_vm << VMA_PAGE_SHIFT) + len, lim->cur);
}

int check_map_count(struct op *o)
{
	if (o->mm->map_count < o->w->sys.max_map_count)
		return 0;
	return refuse_limit(o, ENOMEM, VMA_WHY_MAP_COUNT, o->mm->map_count,
			    o->w->sys.max_map_count);
}
