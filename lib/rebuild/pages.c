// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/range.h"
#include "rebuild/build.h"

bool has_pages(const struct vma_facts *f, u64 start, u64 end, u32 states)
{
	size_t low = 0, high = f->nr_runs;

	while (low < high) { /* the first run that ends above start */
		size_t mid = low + (high - low) / 2;

		if (f->runs[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < f->nr_runs && f->runs[low].start < end; low++)
		if (states >> (f->runs[low].state & 0xf) & 1)
			return true;
	return false;
}

/* pagemap knows neither shmem nor huge pages of files: these are what the mapping says they are. Of
 * VM_PFNMAP nobody knows which frames are mapped. */
static u32 refine(const struct build *b, const struct vma *vma, u32 state)
{
	u32 more = state & ~0xfU;

	if ((state & 0xf) == VMA_PAGE_SPECIAL)
		return vma->vm_flags & VM_PFNMAP ? VMA_PAGE_NONE
						 : VMA_PAGE_FILE | VMA_PAGE_UNCOUNTED | more;
	if (vma->vm_flags & VM_HUGETLB)
		more |= VMA_PAGE_UNCOUNTED;
	if ((state & 0xf) == VMA_PAGE_FILE &&
	    (vma_maps_shmem(b->w, vma) || vma->vm_flags & VM_HUGETLB))
		return VMA_PAGE_SHMEM | more;
	return (state & 0xf) | more;
}

/* A run may span mappings, and the process may have changed since the maps were read. */
void build_pages(struct build *b)
{
	const struct vma_facts *f = b->f;

	for (size_t i = 0; i < f->nr_runs; i++) {
		const struct vma_page_run *r = &f->runs[i];
		const struct vma *vma = vma_find(b->mm, r->start);

		for (; vma && vma->vm_start < r->end; vma = vma_next(b->mm, vma))
			vma_pages_set(b->mm, max_u64(r->start, vma->vm_start),
				      min_u64(r->end, vma->vm_end), refine(b, vma, r->state & ~(u32)VMA_PAGE_SOFT_DIRTY));
	}
}
