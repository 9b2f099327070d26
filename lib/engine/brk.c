// SPDX-License-Identifier: LGPL-2.1-or-later
/* brk(2) (section 9). It never fails: it answers with the break as it is. */
#include "engine/engine.h"

static int shrink(struct op *o, u64 from, u64 to)
{
	const struct vma *vma = vma_find_intersection(o->mm, from, to);
	int rc;

	if (!vma && o->k->brk_shrink_needs_vma)
		return refuse_at(o, ENOMEM, VMA_WHY_BRK_NOTHING, from);
	rc = unmap_gather(o, from, to);
	if (!rc)
		unmap_commit(o, from, to, UNMAP_LAST);
	return rc;
}

static int check_growth(struct op *o, u64 from, u64 to)
{
	const struct vma *next;

	if (to > o->mm->task_size || from > to)
		return refuse_at(o, ENOMEM, VMA_WHY_OUT_OF_SPACE, to);
	if (mlock_future(o, o->mm->def_flags, to - from))
		return -EAGAIN;
	next = vma_find(o->mm, from);
	if (next && to + VMA_PAGE_SIZE > vma_start_gap(o->w, next))
		return refuse_at(o, ENOMEM, VMA_WHY_BRK_COLLIDES, next->vm_start);
	return 0;
}

/* do_brk_flags(). */
static int grow(struct op *o, u64 from, u64 to)
{
	struct vma_mm *mm = o->mm;
	u64 n = pages(to - from);
	u64 flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT | mm->def_flags;
	struct merge m;
	struct vma *vma;

	if (mm->personality & PERS_READ_IMPLIES_EXEC)
		flags |= VM_EXEC;
	if (may_expand(o, flags, n))
		return -ENOMEM;
	if (mm->map_count > o->w->sys.max_map_count)
		return check_map_count(o);
	if (charge(o, n))
		return -ENOMEM;
	if (o->k->ksm_before_merge && ksm_eligible(o, flags))
		flags |= VM_MERGEABLE;
	m = (struct merge){ .o = o, .start = from, .end = to, .pgoff = pages(from), .flags = flags,
			    .prev_only = o->k->brk_merges_prev_only };
	m.next = vma_find_prev(mm, from, &m.prev);
	/* The first heap VMA never joins what lies wholly below start_brk: .bss. */
	if (o->k->brk_merges_prev_only && m.prev && m.prev->vm_end <= mm->start_brk)
		m.prev = NULL;
	vma = merge_new(&m);
	if (!vma) {
		vma = mm_new_vma(mm);
		if (!vma)
			return -ENOMEM;
		vma->vm_start = from;
		vma->vm_end = to;
		vma->vm_pgoff = pages(from);
		vma->vm_flags = flags;
		if (!o->k->ksm_before_merge && o->k->ksm_process_wide && ksm_eligible(o, flags))
			vma->vm_flags |= VM_MERGEABLE;
		start_write(o, vma);
		mm_link(mm, vma);
		EMIT(o, .kind = VMA_EV_INSERT, .rule = "B7", .start = from, .end = to);
	}
	mm->total_vm += n;
	mm->data_vm += n;
	if (flags & VM_LOCKED)
		mm->locked_vm += n;
	if (o->w->sys.soft_dirty)
		vma->vm_flags |= VM_SOFTDIRTY;
	return 0;
}

static int do_brk(struct op *o, u64 brk)
{
	struct vma_mm *mm = o->mm;
	u64 to = page_up(brk), from = page_up(mm->brk), limit = mm->rlimit[RES_DATA].cur, used;
	int rc = 0;

	if (brk < mm->start_brk)
		return refuse_at(o, ENOMEM, VMA_WHY_BRK_BELOW_START, brk);
	used = brk - mm->start_brk + mm->end_data - mm->start_data;
	if (limit != VMA_RLIM_INFINITY && used > limit)
		return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_DATA, used, limit);
	if (to == from) {
		mm->brk = brk;
		return 0;
	}
	if (brk <= mm->brk)
		rc = shrink(o, to, from);
	else if (!(rc = check_growth(o, from, to)))
		rc = grow(o, from, to);
	if (rc)
		return -ENOMEM;
	mm->brk = brk;
	if (to > from && mm->def_flags & VM_LOCKED)
		populate(o, from, to);
	return 0;
}

int run_brk(struct op *o)
{
	mmap_write_lock(o);
	if (!do_brk(o, o->call->arg[0]))
		o->res->why = VMA_WHY_NONE;
	o->res->err = 0;
	o->res->ret = (s64)o->mm->brk;
	return 0;
}
