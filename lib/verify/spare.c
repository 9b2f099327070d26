/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/spare.h"

#include "base/range.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/*
 * Before 5.13 move_vma() believes that MREMAP_DONTUNMAP of the middle of a charged mapping had cut
 * it in three, and writes to what comes next in the list: to NULL, when nothing does.
 */
static bool marks_nothing(const struct vma_mm *mm, const u64 *arg)
{
	const struct vma *vma = vma_lookup(mm, arg[0]);
	const u64 end = arg[0] + page_up(arg[1]);

	return vma && vma->vm_flags & VM_ACCOUNT && arg[0] > vma->vm_start && end < vma->vm_end &&
	       !vma_next(mm, vma);
}

bool vma_spare_kernel(const struct vma_mm *mm, const struct step *step, const u64 *arg)
{
	const struct vma_kernel *k = vma_world_kernel(mm->world);

	return step->op == VMA_OP_MREMAP && arg[3] & MREMAP_DONTUNMAP &&
	       k->dontunmap_accounts_next && marks_nothing(mm, arg);
}
