// SPDX-License-Identifier: LGPL-2.1-or-later
/* A range gets new attributes: merged with a neighbour, else cut out (G15, G16, R3). */
#include "engine/engine.h"

static inline void store_flags(struct op *o, struct vma *vma, u64 flags)
{
	if (vma->vm_flags == flags)
		return;
	EMIT(o, .kind = VMA_EV_FLAGS, .rule = "G17", .start = vma->vm_start, .end = vma->vm_end,
	     .at = vma->vm_flags, .value = flags);
	vma->vm_flags = flags;
}

void set_flags(struct op *o, struct vma *vma, u64 flags)
{
	start_write(o, vma);
	store_flags(o, vma, flags);
}

void set_flags_shared(struct op *o, struct vma *vma, u64 flags)
{
	store_flags(o, vma, flags);
}

/* What covers the range after a merge, NULL when there is none. */
static struct vma *merged(struct op *o, struct vma *vma, u64 start, u64 end, struct modify *want)
{
	struct vma *prev, *next, *result;

	mm_sides(o->mm, vma, &prev, &next);
	/* Every member is named: gcc clears the whole first otherwise, which is slower. */
	struct merge m = {
		.o = o,
		.prev = start == vma->vm_start ? prev : NULL,
		.middle = vma,
		.next = end == vma->vm_end ? next : NULL,
		.start = start,
		.end = end,
		.pgoff = vma->vm_pgoff + (want->own_pgoff ? 0 : pages(start - vma->vm_start)),
		.flags = want->flags,
		.file = vma->file,
		.anon_vma = vma->anon_vma,
		.name = want->name,
		.policy = want->policy,
		.uffd = want->uffd,
		.src = NULL,
		.prev_only = false,
		.by_mmap = false,
	};

	result = merge_modified(&m);
	if (result)
		want->flags = m.flags;
	return result;
}

int modify(struct op *o, struct vma *vma, u64 start, u64 end, struct modify *want, struct vma **out)
{
	/* In the middle there is no neighbour. */
	if (start == vma->vm_start || end == vma->vm_end) {
		*out = merged(o, vma, start, end, want);
		if (*out)
			return 0;
	}
	*out = vma;
	return cut_out(o, vma, start, end);
}

int modify_flags(struct op *o, struct vma *vma, u64 start, u64 end, u64 *flags, struct vma **out)
{
	struct modify m = { .flags = *flags, .name = vma->name, .policy = vma->policy,
			    .uffd = vma->uffd };
	int rc = modify(o, vma, start, end, &m, out);

	*flags = m.flags;
	return rc;
}
