// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/engine.h"

/* vm_ops->may_split: special mappings never, hugetlb at huge page boundaries (S3). */
static int may_split(struct op *o, const struct vma *vma, u64 addr)
{
	const struct vma_ops *ops = vma_ops_of(o->w, vma);
	const struct vma_file *f;

	if (!ops || !ops->may_split)
		return 0;
	f = world_file(o->w, vma->file);
	if (f->kind == VMA_KIND_SPECIAL && o->k->special_never_splits)
		return refuse_at(o, EINVAL, VMA_WHY_MAY_SPLIT, addr);
	if (f->kind == VMA_KIND_HUGETLB && addr & ((1ULL << f->hugetlb_shift) - 1))
		return refuse_at(o, EINVAL, VMA_WHY_MAY_SPLIT, addr);
	return 0;
}

/* vma_dup() and what comes before the halves get their borders. */
static void become_half(struct op *o, struct vma *half, u32 id, struct vma *vma, u64 addr)
{
	*half = *vma;
	half->id = id;
	half->anon_vma = half->avc = 0;
	half->vm_lock_seq = VMA_NEVER_LOCKED;
	start_write(o, vma);
	split_huge(o, addr);
	file_use(o->w, half->file);
	anon_clone(o->w, half, vma);
}

int split_nolimit(struct op *o, struct vma *vma, u64 addr, bool below)
{
	int rc = may_split(o, vma, addr);
	struct vma *half;
	u32 id;

	CHECK(vma->vm_start < addr && addr < vma->vm_end);
	if (rc)
		return rc;
	half = pool_take(&o->w->vmas, &id);
	if (!half) {
		o->w->oom = true;
		return -ENOMEM;
	}
	become_half(o, half, id, vma, addr);
	mm_split(o->mm, vma, half, addr, below);
	start_write(o, half);
	EMIT(o, .kind = VMA_EV_SPLIT, .rule = "S3", .start = below ? half->vm_start : vma->vm_start,
	     .end = below ? vma->vm_end : half->vm_end, .at = addr);
	return 0;
}

int split(struct op *o, struct vma *vma, u64 addr, bool below)
{
	int rc = check_map_count(o);

	return rc ? rc : split_nolimit(o, vma, addr, below);
}

/*
 * Both splits in one change of the index. False, and nothing done, where they do not come to the same
 * as two: something may refuse one of them, there is no room side by side, or somebody listens.
 */
static bool cut_at_once(struct op *o, struct vma *vma, u64 start, u64 end)
{
	const struct vma_ops *ops = vma_ops_of(o->w, vma);
	struct vma *low, *high;
	u32 low_id, high_id;

	if (o->w->listen || (ops && ops->may_split) ||
	    o->mm->map_count + 2 > o->w->sys.max_map_count)
		return false;
	low = pool_take(&o->w->vmas, &low_id);
	if (!low)
		return false;
	high = pool_take(&o->w->vmas, &high_id);
	if (!high || !tree_cut(o->mm->vmas, vma->vm_start, start, end, low_id, high_id)) {
		if (high)
			pool_put(&o->w->vmas, high_id);
		pool_put(&o->w->vmas, low_id);
		return false;
	}
	become_half(o, low, low_id, vma, start);
	low->vm_end = vma->vm_start = start;
	vma->vm_pgoff += pages(start - low->vm_start);
	start_write(o, low);
	become_half(o, high, high_id, vma, end);
	high->vm_start = vma->vm_end = end;
	high->vm_pgoff += pages(end - start);
	start_write(o, high);
	o->mm->map_count += 2;
	return true;
}

int cut_out(struct op *o, struct vma *vma, u64 start, u64 end)
{
	int rc = 0;

	if (start > vma->vm_start && end < vma->vm_end && cut_at_once(o, vma, start, end))
		return 0;
	if (start > vma->vm_start)
		rc = split(o, vma, start, true);
	if (!rc && end < vma->vm_end)
		rc = split(o, vma, end, false);
	return rc;
}
