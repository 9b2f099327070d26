// SPDX-License-Identifier: GPL-2.0-or-later
/* Filter and order of the lines of a sample: the worker's part, for it may take a while. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "sample.h"

static void undo_filter(struct vma_filter **f)
{
	vma_filter_free(*f);
}

static void undo_listing(struct listing **l)
{
	listing_free(*l);
}

void listing_free(struct listing *l)
{
	if (!l)
		return;
	free(l->row);
	free(l);
}

static void filter_rows(const struct listing_ask *ask, const struct vma_filter *f,
			struct listing *l)
{
	AUTO(undo_free) char *buf = malloc(VMA_CELL_BUF);
	struct vma_cell cell = { .buf = buf };
	struct vma_view view;
	struct vma_row row;

	sample_view(ask->sample, &view);
	for (size_t i = 0; i < sample_nr(ask->sample); i++) {
		if (f && buf) {
			sample_row(ask->sample, &view, i, &row);
			if (!vma_filter_holds(f, &row, &cell))
				continue;
		}
		l->row[l->nr++] = (u32)i;
	}
}

/* The sort takes pointers to rows: whole rows for the time it takes. */
static int sort_rows(const struct listing_ask *ask, const struct vma_order *order,
		     struct listing *l)
{
	AUTO(undo_free) struct vma_row *rows = calloc(l->nr + 1, sizeof(*rows));
	AUTO(undo_free) const void **at = calloc(l->nr + 1, sizeof(*at));
	AUTO(undo_free) u32 *index = malloc((l->nr + 1) * sizeof(*index));
	struct vma_view view;

	if (!rows || !at || !index)
		return -ENOMEM;
	sample_view(ask->sample, &view);
	for (size_t i = 0; i < l->nr; i++) {
		sample_row(ask->sample, &view, l->row[i], &rows[i]);
		index[i] = l->row[i];
		at[i] = &rows[i];
	}
	int rc = vma_order_sort(order, at, l->nr, &l->err);
	for (size_t i = 0; !rc && i < l->nr; i++)
		l->row[i] = index[(const struct vma_row *)at[i] - rows];
	return rc;
}

static void add_gaps(const struct sample *s, struct listing *l)
{
	const struct vma_fact_map *m = s->facts->maps;
	size_t nr = l->nr, gaps = 0;

	for (size_t i = 0; i + 1 < nr; i++)
		gaps += m[l->row[i] + 1].start > m[l->row[i]].end;
	u32 *with = malloc((nr + gaps + 1) * sizeof(*with));
	if (!with)
		return;
	l->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		with[l->nr++] = l->row[i];
		if (i + 1 < nr && m[l->row[i] + 1].start > m[l->row[i]].end)
			with[l->nr++] = l->row[i] | LISTING_GAP;
	}
	free(l->row);
	l->row = with;
}

struct listing *listing_make(const struct listing_ask *ask)
{
	AUTO(undo_listing) struct listing *l = calloc(1, sizeof(*l));
	AUTO(undo_filter) struct vma_filter *filter = NULL;
	struct vma_order order = { .nr = 0 };

	if (l)
		l->row = malloc((sample_nr(ask->sample) + 1) * sizeof(*l->row));
	if (!l || !l->row)
		return NULL;
	if (*ask->filter)
		vma_filter_parse(&vma_mapping_columns, ask->filter, &filter, &l->err);
	filter_rows(ask, filter, l);
	if (*ask->order && !vma_order_parse(&vma_mapping_columns, ask->order, &order, &l->err) &&
	    sort_rows(ask, &order, l) == -ENOMEM)
		return NULL;
	if (ask->gaps && !*ask->filter && !*ask->order)
		add_gaps(ask->sample, l);
	return TAKE(l);
}
