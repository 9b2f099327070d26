/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of the address space is mapped, by the counter that holds it. */
#include <sys/mman.h>

#include "base/range.h"
#include "verify/compare.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* ---------------------------------------------------------------- what nobody knows */

/* One bit for many objects: what is taken for unknown may be known, never the reverse. */
static u64 object_bit(const struct stage *st, const struct vma *vma)
{
	return vma->file ? 1ULL << vma_file_at(st->world, vma->file)->mapping % 64 : 0;
}

/* Reclaim decides which pages of an object leave it, or leave only whoever maps them. */
static int paged_out(struct stage *st, const struct vma *vma, u64 start, u64 end,
		     struct vma_err *err)
{
	(void)start;
	(void)end;
	(void)err;
	st->unknown_objects |= object_bit(st, vma);
	return 0;
}

/* What was punched out of a regular file is written again: the model has all of it cached. */
static int punched(struct stage *st, const struct vma *vma, u64 start, u64 end, struct vma_err *err)
{
	const u64 base = (vma->vm_pgoff << VMA_PAGE_SHIFT) - vma->vm_start;

	if (vma_kind_of(st->world, vma) != VMA_KIND_REGULAR || !(vma->vm_flags & VM_SHARED))
		return 0;
	for (size_t i = 0; i < st->files->nr; i++)
		if (st->file_id[i] == vma->file)
			return vma_live_file_fill(&st->files->file[i], base + start, base + end, err);
	return 0;
}

typedef int on_piece(struct stage *st, const struct vma *vma, u64 start, u64 end,
		     struct vma_err *err);

static int each_piece(struct stage *st, const struct vma_mm *mm, u64 start, u64 len, on_piece *fn,
		      struct vma_err *err)
{
	const u64 end = start + page_up(len);
	const struct vma *vma = vma_find(mm, start);
	int rc = 0;

	for (; !rc && vma && vma->vm_start < end; vma = vma_next(mm, vma))
		rc = fn(st, vma, max_u64(start, vma->vm_start), min_u64(end, vma->vm_end), err);
	return rc;
}

int vma_pages_after(struct stage *st, const struct step *step, const u64 *arg, struct vma_err *err)
{
	const struct vma_mm *mm = vma_stage_mm(st, step->who);
	on_piece *fn = arg[2] == MADV_REMOVE ? punched : arg[2] == MADV_PAGEOUT ? paged_out : NULL;
	int rc;

	if (step->op != VMA_OP_MADVISE && step->op != VMA_OP_PROCESS_MADVISE)
		return 0;
	if (arg[2] == MADV_FREE)
		st->lazily_freed = true;
	if (!fn)
		return 0;
	rc = each_piece(st, mm, arg[0], arg[1], fn, err);
	if (!rc && step->second)
		rc = each_piece(st, mm, arg[4], arg[5], fn, err);
	return rc;
}

/* ---------------------------------------------------------------- a mapping */

/* What the model has of a mapping, in kB. */
static void known_kb(const struct vma_mm *mm, const struct vma *vma, u64 kb[RSS_NR])
{
	static const u8 of_state[VMA_PAGE_NR] = {
		[VMA_PAGE_ANON] = 1 + RSS_ANON,	 [VMA_PAGE_ANON_SHARED] = 1 + RSS_ANON,
		[VMA_PAGE_FILE] = 1 + RSS_FILE, [VMA_PAGE_SHMEM] = 1 + RSS_SHMEM,
	};
	struct vma_page_run run;
	u64 at = vma->vm_start;

	kb[RSS_ANON] = kb[RSS_FILE] = kb[RSS_SHMEM] = 0;
	while (at < vma->vm_end && vma_pages_run(mm, at, &run) && run.start < vma->vm_end) {
		const u64 from = max_u64(at, run.start);
		const u8 kind = of_state[run.state & 0xf];

		at = min_u64(run.end, vma->vm_end);
		if (kind && !(run.state & VMA_PAGE_UNCOUNTED))
			kb[kind - 1] += (at - from) >> 10;
	}
}

static bool differ(struct pages_differ *out, const char *what, u64 predicted_kb, u64 kernel_kb)
{
	*out = (struct pages_differ){ what, predicted_kb, kernel_kb };
	return predicted_kb != kernel_kb;
}

/* Nobody can tell what the model does not know: take it from the kernel. */
static void add_lacking(const u64 known[RSS_NR], enum rss kind, const struct vma_fact_map *m,
			s64 lacking[RSS_NR])
{
	for (int i = 0; i < RSS_NR; i++)
		lacking[i] -= (s64)known[i];
	lacking[RSS_ANON] += (s64)m->kb[VMA_SMAPS_ANONYMOUS];
	lacking[kind] += (s64)(m->kb[VMA_SMAPS_RSS] - m->kb[VMA_SMAPS_ANONYMOUS]);
}

bool vma_same_pages(const struct stage *st, const struct vma_mm *mm, const struct vma *vma,
		    const struct vma_fact_map *m, s64 lacking[RSS_NR], struct pages_differ *out)
{
	const enum rss kind = vma_maps_shmem(st->world, vma) ? RSS_SHMEM : RSS_FILE;
	const bool unknown = vma_live_is_ours(st->live, vma->vm_start, vma->vm_end) ||
			     m->kb[VMA_SMAPS_SWAP];
	u64 kb[RSS_NR];

	known_kb(mm, vma, kb);
	if (!unknown && differ(out, "anonymous", kb[RSS_ANON], m->kb[VMA_SMAPS_ANONYMOUS]))
		return false;
	if (unknown || st->unknown_objects & object_bit(st, vma) ||
	    (kind == RSS_SHMEM && vma_world_system(st->world)->shmem_huge)) {
		add_lacking(kb, kind, m, lacking);
		return true;
	}
	return !differ(out, kind == RSS_SHMEM ? "shared memory" : "page cache",
		       kb[RSS_FILE] + kb[RSS_SHMEM],
		       m->kb[VMA_SMAPS_RSS] - m->kb[VMA_SMAPS_ANONYMOUS]);
}
