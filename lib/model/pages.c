// SPDX-License-Identifier: LGPL-2.1-or-later
/* Page states as runs, by address: what the page tables hold, never one record a page. */
#include "base/check.h"
#include "base/range.h"
#include "model/world.h"

static void count(struct vma_mm *mm, u32 state, u64 bytes, bool add)
{
	u64 n = add ? pages(bytes) : -pages(bytes);

	if (state & VMA_PAGE_UNCOUNTED)
		return;
	switch (state & 0xf) {
	case VMA_PAGE_ANON:
	case VMA_PAGE_ANON_SHARED:
		mm->rss_anon += n;
		break;
	case VMA_PAGE_FILE:
		mm->rss_file += n;
		break;
	case VMA_PAGE_SHMEM:
		mm->rss_shmem += n;
		break;
	case VMA_PAGE_SWAP:
		mm->swap += n;
		break;
	default:
		break;
	}
}

bool vma_pages_run(const struct vma_mm *mm, u64 addr, struct vma_page_run *run)
{
	struct tree_pos pos;

	if (!tree_seek(mm->page_runs, addr, &pos))
		return false;
	run->start = tree_start(mm->page_runs, pos);
	run->end = tree_end(mm->page_runs, pos);
	run->state = tree_val(mm->page_runs, pos);
	return true;
}

u32 vma_pages_state(const struct vma_mm *mm, u64 addr)
{
	struct vma_page_run run;

	if (!vma_pages_run(mm, addr, &run) || run.start > addr)
		return VMA_PAGE_NONE;
	return run.state;
}

static void insert(struct vma_mm *mm, u64 start, u64 end, u32 state)
{
	if (tree_insert(mm->page_runs, start, end, state))
		mm->world->oom = true;
}

/* Forget what is known of [start, end). */
static void cut(struct vma_mm *mm, u64 start, u64 end)
{
	struct vma_page_run run;

	while (vma_pages_run(mm, start, &run) && run.start < end) {
		u64 from = max_u64(start, run.start), to = min_u64(end, run.end);

		count(mm, run.state, to - from, false);
		if (run.start < start) {
			tree_resize(mm->page_runs, run.start, run.start, start);
			if (run.end > end)
				insert(mm, end, run.end, run.state);
		} else if (run.end > end) {
			tree_resize(mm->page_runs, run.start, end, run.end);
		} else {
			tree_erase(mm->page_runs, run.start);
		}
		if (mm->world->oom)
			return;
	}
}

void vma_pages_set(struct vma_mm *mm, u64 start, u64 end, u32 state)
{
	struct vma_page_run run;

	if (start >= end)
		return;
	if (mm->page_runs->count)
		cut(mm, start, end);
	if (state == VMA_PAGE_NONE)
		return;
	count(mm, state, end - start, true);
	if (vma_pages_run(mm, end, &run) && run.start == end && run.state == state) {
		tree_erase(mm->page_runs, run.start);
		end = run.end;
	}
	if (start && vma_pages_run(mm, start - 1, &run) && run.end == start && run.state == state) {
		tree_resize(mm->page_runs, run.start, run.start, end);
		return;
	}
	insert(mm, start, end, state);
}
