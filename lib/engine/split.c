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
	u64 start = vma->vm_start, end = vma->vm_end;
	struct vma *half;
	u32 id;

	CHECK(start < addr && addr < end);
	if (rc)
		return rc;
	half = mm_new_vma(o->mm);
	if (!half)
		return -ENOMEM;
	id = half->id;
	*half = *vma;
	half->id = id;
	half->anon_vma = half->avc = 0;
	anon_clone(o->w, half, vma);
	if (below) {
		half->vm_end = addr;
		mm_set_range(o->mm, vma, addr, end);
		vma->vm_pgoff += pages(addr - start);
	} else {
		half->vm_start = addr;
		half->vm_pgoff += pages(addr - start);
		mm_set_range(o->mm, vma, start, addr);
	}
	mm_link(o->mm, half);
	EMIT(o, .kind = VMA_EV_SPLIT, .rule = "S3", .start = start, .end = end, .at = addr);
	return 0;
}

int split(struct op *o, struct vma *vma, u64 addr, bool below)
{
	int rc = check_map_count(o);

	return rc ? rc : split_nolimit(o, vma, addr, below);
}
