// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which anonymous pages two processes have in common: a frame that both map proves one root
 * (rule I8). The processes run on meanwhile, so the first is asked again after the second.
 */
#include <stdio.h>

#include "base/range.h"
#include "topology/forest.h"

#define PROBED 64     /* pages compared at once */
#define LOOKED_AT 256 /* times of one mapping */

/* Frames of one process, to be looked for in another. */
struct search {
	struct vma_pfn have[PROBED];
	size_t nr;
	bool moved; /* at any address, not only at the same */
	struct vma_pfn found, at; /* as the second and the first have it; pfn 0 none */
};

static int each_frame(const struct vma_model *m, const char *procfs, u64 start, u64 end,
		      vma_pfn_fn *fn, struct search *s)
{
	const struct vma_facts *f = m->facts;
	char target[40];

	if (f->tid && f->tid != f->pid)
		snprintf(target, sizeof(target), "%u/task/%u", f->pid, f->tid);
	else
		snprintf(target, sizeof(target), "%u", f->pid);
	return vma_pfns_each(target, procfs, start, end, fn, s, NULL);
}

static int keep_frame(void *ctx, const struct vma_pfn *frame)
{
	struct search *s = ctx;

	if (frame->anon)
		s->have[s->nr++] = *frame;
	return s->nr == PROBED;
}

static int find_frame(void *ctx, const struct vma_pfn *frame)
{
	struct search *s = ctx;

	for (size_t i = 0; frame->anon && !s->found.pfn && i < s->nr; i++) {
		if (s->have[i].pfn != frame->pfn || (!s->moved && s->have[i].addr != frame->addr))
			continue;
		s->at = s->have[i];
		s->found = *frame;
	}
	return s->found.pfn != 0;
}

static int is_still_there(void *ctx, const struct vma_pfn *frame)
{
	const struct search *s = ctx;

	return frame->anon && frame->pfn == s->at.pfn;
}

static bool confirm(struct search *s, const struct vma_model *a, const char *procfs)
{
	return s->found.pfn && each_frame(a, procfs, s->at.addr, s->at.addr + VMA_PAGE_SIZE,
					  is_still_there, s) > 0;
}

/* The next pages from *at on that somebody else maps too; false when there are none below @end. */
static bool next_shared(const struct vma_model *m, u64 *at, u64 end, u64 *to)
{
	struct vma_page_run run;

	for (; *at < end && vma_pages_run(m->mm, *at, &run) && run.start < end; *at = run.end) {
		if ((run.state & 0xf) != VMA_PAGE_ANON_SHARED)
			continue;
		*at = max_u64(*at, run.start);
		*to = min_u64(run.end, end);
		return true;
	}
	return false;
}

bool frames_shared(const struct vma_model *a, const struct vma_model *b, const char *procfs,
		   u64 start, u64 end)
{
	u64 to;

	if (procfs && !*procfs)
		return false;
	for (size_t left = LOOKED_AT; left && next_shared(a, &start, end, &to); left--, start = to) {
		struct search s = { .nr = 0 };

		to = min_u64(to, start + PROBED * VMA_PAGE_SIZE);
		if (each_frame(a, procfs, start, to, keep_frame, &s) < 0)
			return false;
		if (s.nr && each_frame(b, procfs, start, to, find_frame, &s) >= 0 &&
		    confirm(&s, a, procfs))
			return true;
	}
	return false;
}

bool frames_shared_by_both(const struct vma_model *a, const struct vma_model *b, u64 start, u64 end)
{
	u64 to;

	for (; next_shared(a, &start, end, &to); start = to) {
		u64 at = start, end_of;

		if (next_shared(b, &at, to, &end_of))
			return true;
	}
	return false;
}

u64 frames_moved(const struct vma_model *a, const struct vma *vma, const struct vma_model *b,
		 const char *procfs)
{
	struct search s = { .moved = true };
	u64 to;

	if (procfs && !*procfs)
		return 0;
	for (u64 at = vma->vm_start; next_shared(a, &at, vma->vm_end, &to); at = to)
		if (each_frame(a, procfs, at, to, keep_frame, &s))
			break;
	for (u64 at = 0; s.nr && next_shared(b, &at, ~0ULL, &to); at = to)
		if (each_frame(b, procfs, at, to, find_frame, &s))
			break;
	return confirm(&s, a, procfs) ? s.found.addr : 0;
}
