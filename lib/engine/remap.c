// SPDX-License-Identifier: LGPL-2.1-or-later
/* remap_file_pages(2), which the kernel emulates with mmap (section 4.4 of part B). */
#include "engine/engine.h"

/* The range may cross VMAs that touch and map the same file the same way. */
static bool covers(const struct op *o, const struct vma *vma, u64 end)
{
	const struct vma *at = vma;

	while (at->vm_end < end) {
		const struct vma *next = vma_next(o->mm, at);

		if (!next || next->vm_start != at->vm_end || next->file != vma->file ||
		    next->vm_flags != vma->vm_flags)
			return false;
		at = next;
	}
	return true;
}

int run_remap_file_pages(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 start = page_down(a[0]), size = page_down(a[1]), ret;
	struct mmap_req r = { .addr = start, .len = size, .pgoff = a[3], .kernel_call = true };
	const struct vma *vma;
	int rc;

	if (a[2])
		return refuse(o, EINVAL, VMA_WHY_BAD_PROT);
	if (start + size <= start)
		return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, start);
	if (a[3] + pages(size) < a[3])
		return refuse(o, EINVAL, VMA_WHY_OFFSET_OVERFLOW);
	if (o->k->remap_looks_up_reading)
		mmap_read_lock(o);
	else
		mmap_write_lock(o);
	vma = vma_lookup(o->mm, start);
	if (!vma || !(vma->vm_flags & VM_SHARED))
		return refuse_at(o, EINVAL, VMA_WHY_NEEDS_SHARED, start);
	if (o->k->remap_looks_up_reading) {
		mmap_unlock(o);
		mmap_write_lock(o);
	}
	if (!covers(o, vma, start + size))
		return refuse_at(o, EINVAL, VMA_WHY_CROSSES_VMA, start);
	r.prot = vma->vm_flags & VM_ACCESS_FLAGS;
	r.flags = (a[4] & M_NONBLOCK) | M_SHARED | M_FIXED | M_POPULATE;
	if (vma->vm_flags & VM_LOCKED)
		r.flags |= M_LOCKED;
	r.file = vma->file;
	/* The mapping goes before the new one comes: hold its file, as the kernel does. */
	file_use(o->w, r.file);
	rc = do_mmap(o, &r, &ret);
	file_unuse(o->w, r.file);
	return rc;
}
