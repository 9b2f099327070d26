// SPDX-License-Identifier: LGPL-2.1-or-later
/* expand_stack(): a VM_GROWSDOWN mapping grows to a faulting address (section 10). */
#include "engine/engine.h"

/* acct_stack_growth(). */
static int account(struct op *o, struct vma *vma, u64 size, u64 grow)
{
	struct vma_mm *mm = o->mm;
	u64 limit = mm->rlimit[RES_STACK].cur;

	if (may_expand(o, vma->vm_flags, grow))
		return -ENOMEM;
	if (size > limit)
		return refuse_limit(o, ENOMEM, VMA_WHY_RLIMIT_STACK, size, limit);
	if (mlock_future(o, vma->vm_flags, grow << VMA_PAGE_SHIFT))
		return -ENOMEM;
	return charge(o, grow);
}

int grow_stack(struct op *o, struct vma *vma, u64 addr)
{
	struct vma_mm *mm = o->mm;
	u64 start = page_down(addr), gap = o->w->sys.stack_guard_gap << VMA_PAGE_SHIFT, grow;
	const struct vma *prev = vma_prev(mm, vma);
	int rc;

	if (start < max_u64(o->w->sys.mmap_min_addr, o->w->sys.lsm_mmap_min_addr))
		return refuse_at(o, EPERM, VMA_WHY_MIN_ADDR, start);
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && is_accessible(prev) &&
	    start - prev->vm_end < gap)
		return refuse_at(o, ENOMEM, VMA_WHY_STACK_GAP, prev->vm_start);
	/* Even when what follows refuses, the anon_vma stays. */
	if (!vma->anon_vma)
		prepare_anon(o, vma);
	if (o->mm->mmap_writer)
		start_write(o, vma);
	grow = pages(vma->vm_start - start);
	if (grow > vma->vm_pgoff)
		return refuse_at(o, ENOMEM, VMA_WHY_STACK_GAP, start);
	rc = account(o, vma, vma->vm_end - start, grow);
	if (rc)
		return rc;
	EMIT(o, .kind = VMA_EV_GROW, .rule = "K4", .start = start, .end = vma->vm_end,
	     .at = vma->vm_start, .value = vma->vm_end);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	mm_stat_account(mm, vma->vm_flags, (s64)grow);
	mm_set_range(mm, vma, start, vma->vm_end);
	vma->vm_pgoff -= grow;
	return 0;
}
