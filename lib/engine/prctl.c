// SPDX-License-Identifier: LGPL-2.1-or-later
/* prctl(2) that changes a process as a whole, and setrlimit(2). */
#include "engine/engine.h"

/* ksm_enable_merge_any(), ksm_disable_merge_any(): flags of every VMA, no merging. */
int run_set_memory_merge(struct op *o)
{
	u64 on = o->call->arg[0];
	struct vma *vma;

	if (!o->k->ksm_process_wide)
		return refuse(o, EINVAL, VMA_WHY_NO_SYSCALL);
	if (on > 1)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	mmap_write_lock(o);
	if (o->mm->merge_any == on)
		return 0;
	o->mm->merge_any = on;
	vma_for_each(o->mm, vma) {
		if (!on && vma->vm_flags & VM_MERGEABLE)
			set_flags(o, vma, vma->vm_flags & ~VM_MERGEABLE);
		else if (on && !(vma->vm_flags & VM_MERGEABLE) && ksm_eligible(o, vma->vm_flags))
			set_flags(o, vma, vma->vm_flags | VM_MERGEABLE);
	}
	return 0;
}

int run_set_thp_disable(struct op *o)
{
	mmap_write_lock(o);
	o->mm->thp_disable = o->call->arg[0];
	return 0;
}

int run_set_mdwe(struct op *o)
{
	u64 bits = o->call->arg[0];

	if (!o->k->has_mdwe || bits & ~(o->k->mdwe_no_inherit ? 3ULL : 1ULL) || bits == 2)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (o->mm->mdwe && o->mm->mdwe != bits)
		return refuse(o, EPERM, VMA_WHY_MDWE);
	o->mm->mdwe = (u8)bits;
	return 0;
}

int run_setrlimit(struct op *o)
{
	const u64 *a = o->call->arg;
	struct vma_rlimit *lim;

	if (a[0] >= VMA_NR_RLIMITS || a[1] > a[2])
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	lim = &o->mm->rlimit[a[0]];
	if (a[2] > lim->max && !has_cap(o, VMA_CAP_SYS_RESOURCE))
		return refuse(o, EPERM, VMA_WHY_NO_CAP);
	*lim = (struct vma_rlimit){ a[1], a[2] };
	return 0;
}
