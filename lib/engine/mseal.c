// SPDX-License-Identifier: LGPL-2.1-or-later
/* mseal(2) (section 4.1 of part B). */
#include "engine/engine.h"

/* The whole range must be mapped before anything is sealed. */
static int check_holes(struct op *o, u64 start, u64 end)
{
	struct vma_iter it = vma_iter_at(o->mm, start);
	const struct vma *vma;

	while (start < end) {
		vma = vma_iter_next(&it);
		if (!vma || vma->vm_start > start)
			return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
		start = vma->vm_end;
	}
	return 0;
}

int run_mseal(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 start = a[0], end = start + page_up(a[1]);
	int rc;

	if (!o->k->has_mseal)
		return refuse(o, ENOSYS, VMA_WHY_NO_SYSCALL);
	if (a[2])
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (!page_aligned(start))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if ((a[1] && !page_up(a[1])) || end < start)
		return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, start);
	if (end == start)
		return 0;
	mmap_write_lock(o);
	rc = check_holes(o, start, end);
	while (!rc && start < end) {
		struct vma *vma = vma_lookup(o->mm, start), *result = vma;
		u64 to = min_u64(vma->vm_end, end), flags = vma->vm_flags | VM_SEALED;

		if (flags != vma->vm_flags) {
			rc = modify_flags(o, vma, start, to, &flags, &result);
			if (rc)
				break;
			set_flags(o, result, result->vm_flags | VM_SEALED);
		}
		start = max_u64(to, result->vm_end);
	}
	return rc;
}
