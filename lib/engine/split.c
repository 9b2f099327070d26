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
	*half = *vma;
	half->id = id;
	half->anon_vma = half->avc = 0;
	half->vm_lock_seq = VMA_NEVER_LOCKED;
	start_write(o, vma);
	split_huge(o, addr);
	file_use(o->w, half->file);
	anon_clone(o->w, half, vma);
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
