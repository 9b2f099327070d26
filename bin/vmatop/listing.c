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
	struct pack_record record;

	sample_view(ask->sample, &view);
	for (size_t i = 0; i < sample_nr(ask->sample); i++) {
		if (f && buf) {
			sample_row(ask->sample, &view, i, &row, &record);
			if (!vma_filter_holds(f, &row, &cell))
				continue;
		}
		l->row[l->nr++] = (u32)i;
	}
}

/* Rows for the sort, one at a time. */
struct rows {
	const struct sample *sample;
	const u32 *index;
	struct vma_view view;
	struct vma_row row;
	struct pack_record record;
};

static const void *row_at(void *ctx, size_t i)
{
	struct rows *r = ctx;

	sample_row(r->sample, &r->view, r->index[i], &r->row, &r->record);
	return &r->row;
}

static int sort_rows(const struct listing_ask *ask, const struct vma_order *order,
		     struct listing *l)
{
	AUTO(undo_free) u32 *sorted = malloc((l->nr + 1) * sizeof(*sorted));
	struct rows rows = { .sample = ask->sample, .index = l->row };

	if (!sorted)
		return -ENOMEM;
	sample_view(ask->sample, &rows.view);
	int rc = vma_order_sort_by(order, row_at, &rows, sorted, l->nr, &l->err);
	for (size_t i = 0; !rc && i < l->nr; i++)
		sorted[i] = l->row[sorted[i]];
	if (!rc)
		memcpy(l->row, sorted, l->nr * sizeof(*sorted));
	return rc;
}

static void add_gaps(const struct sample *s, struct listing *l)
{
	size_t nr = l->nr, gaps = 0;

	for (size_t i = 0; i + 1 < nr; i++)
		gaps += sample_start(s, l->row[i] + 1) > sample_end(s, l->row[i]);
	u32 *with = malloc((nr + gaps + 1) * sizeof(*with));
	if (!with)
		return;
	l->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		with[l->nr++] = l->row[i];
		if (i + 1 < nr && sample_start(s, l->row[i] + 1) > sample_end(s, l->row[i]))
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
