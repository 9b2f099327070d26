// SPDX-License-Identifier: LGPL-2.1-or-later
/* Unmapping: munmap(2), and what mmap(MAP_FIXED), mremap and brk take away (section 7). */
#include "engine/engine.h"

void remove_vma(struct op *o, struct vma *vma)
{
	anon_unlink(o->w, vma);
	mm_unlink(o->mm, vma);
	mm_free_vma(o->mm, vma);
}

void drop_vma(struct op *o, struct vma *vma)
{
	anon_unlink(o->w, vma);
	o->mm->map_count--;
	mm_free_vma(o->mm, vma);
}

static int check_sealed(struct op *o, const struct vma *vma)
{
	if (o->k->has_mseal && vma->vm_flags & VM_SEALED)
		return refuse_at(o, EPERM, VMA_WHY_SEALED, vma->vm_start);
	return 0;
}

int unmap_gather(struct op *o, u64 start, u64 end)
{
	struct vma *vma = vma_find_intersection(o->mm, start, end);
	int rc;

	if (!vma)
		return 0;
	if (start > vma->vm_start) {
		/* Only a hole in the middle of one VMA adds to the count. */
		if (end < vma->vm_end && (rc = check_map_count(o)))
			return rc;
		rc = check_sealed(o, vma);
		if (rc)
			return rc;
		rc = split_nolimit(o, vma, start, true);
		if (rc)
			return rc;
	}
	for (; vma && vma->vm_start < end; vma = vma_next(o->mm, vma)) {
		rc = check_sealed(o, vma);
		if (rc)
			return rc;
		if (vma->vm_end > end) {
			rc = split_nolimit(o, vma, end, false);
			if (rc)
				return rc;
		}
		start_write(o, vma);
		if (vma->vm_end == end)
			return 0;
	}
	return 0;
}

static void take_away(struct op *o, struct vma *vma, bool hide_account)
{
	struct vma_mm *mm = o->mm;
	u64 n = vma_pages(vma);

	mm_stat_account(mm, vma->vm_flags, -(s64)n);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= n;
	if (vma->vm_flags & VM_ACCOUNT && !hide_account)
		uncharge(o, n);
	if (is_hugetlb(vma) && !(vma->vm_flags & VM_NORESERVE) && !hide_account)
		o->w->sys.hugetlb_free_pages += n; /* its pages, or its reservation */
	if (mm->page_runs->count)
		vma_pages_set(mm, vma->vm_start, vma->vm_end, VMA_PAGE_NONE);
	EMIT(o, .kind = VMA_EV_REMOVE, .rule = "U6", .start = vma->vm_start, .end = vma->vm_end);
	remove_vma(o, vma);
}

void unmap_commit(struct op *o, u64 start, u64 end, u32 how)
{
	struct vma *vma = vma_find_intersection(o->mm, start, end);

	o->mm->hiwater_vm = max_u64(o->mm->hiwater_vm, o->mm->total_vm);
	if (vma && how & UNMAP_LAST)
		mmap_downgrade(o);
	for (; vma; vma = vma_find_intersection(o->mm, start, end))
		take_away(o, vma, how & UNMAP_HIDE_ACCOUNT);
}

int do_munmap(struct op *o, u64 start, u64 len, u32 how)
{
	u64 task_size = o->mm->task_size, end;
	int rc;

	if (!page_aligned(start))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if (start > task_size || len > task_size - start)
		return refuse_at(o, EINVAL, VMA_WHY_OUT_OF_SPACE, start);
	end = start + page_up(len);
	if (end == start)
		return refuse(o, EINVAL, VMA_WHY_ZERO_LEN);
	rc = unmap_gather(o, start, end);
	if (rc)
		return rc;
	unmap_commit(o, start, end, how);
	return 0;
}

int run_munmap(struct op *o)
{
	mmap_write_lock(o);
	return do_munmap(o, o->call->arg[0], o->call->arg[1], UNMAP_LAST);
}
