// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What single records tell of the whole, in one pass: there may be a million of them, and each pass
 * has to wait for memory.
 */
#include "rebuild/build.h"

static void see_label(struct build *b, size_t map, bool find_stack)
{
	const struct vma_fact_map *m = &b->f->maps[map];

	if (is_label(m, "[heap]")) {
		b->heap_start = b->heap_start ? b->heap_start : m->start;
		b->heap_end = m->end;
	} else if (find_stack && is_label(m, "[stack]") && b->stack == b->f->nr_maps) {
		b->stack = map;
	} else if (has_label(m, "[anon:") || has_label(m, "[anon_shmem:")) {
		b->any_name = true;
	}
}

void build_survey(struct build *b)
{
	const struct vma_facts *f = b->f;
	bool exact = f->have_stat & 1U << VMA_STAT_START_STACK;
	u64 at = f->stat[VMA_STAT_START_STACK];

	b->stack = f->nr_maps;
	for (size_t i = 0; i < f->nr_maps; i++) {
		const struct vma_fact_map *m = &f->maps[i];

		if (m->has_flags && (m->flags & VM_SOFTDIRTY))
			b->any_soft_dirty = true;
		if (exact && m->start <= at && at < m->end && b->stack == f->nr_maps)
			b->stack = i;
		if (m->path[0] == '[')
			see_label(b, i, !exact);
	}
}
