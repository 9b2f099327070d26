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

/* pagemap knows no shmem: it is what the mapping says it is. */
static u32 refine(const struct build *b, const struct vma *vma, u32 state)
{
	enum vma_kind kind = vma_kind_of(b->w, vma);

	if ((state & 0xf) != VMA_PAGE_FILE || kind == VMA_KIND_REGULAR || kind == VMA_KIND_DEVICE ||
	    kind == VMA_KIND_SPECIAL)
		return state;
	return VMA_PAGE_SHMEM | (state & ~0xfU);
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
