// SPDX-License-Identifier: GPL-2.0-or-later
#include "detail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "libvmactl/engine.h"
#include "libvmactl/topology.h"
#include "table.h"

/* What a mapping is for is found out among so many on either side: an object's first mapping and
 * the guard of a stack are never far. */
#define NEAR_MAPS 512

static struct detail_line *add(struct detail *d, const char *name, enum style style)
{
	struct detail_line *l;

	if (d->nr == DETAIL_LINES)
		return NULL;
	l = &d->line[d->nr++];
	*l = (struct detail_line){ .style = style };
	snprintf(l->name, sizeof(l->name), "%s", name);
	return l;
}

static void add_text(struct detail *d, const char *name, enum style style, const char *value)
{
	struct detail_line *l = add(d, name, style);

	if (l)
		l->value = strdup(value);
}

static void put_how(struct detail_line *l, struct vma_provenance how)
{
	if (how.known == VMA_EXACT)
		return;
	int n = snprintf(l->how, sizeof(l->how), "%s", vma_known_name((enum vma_known)how.known));
	if (how.known == VMA_INFERRED && how.confidence)
		n += snprintf(l->how + n, sizeof(l->how) - (size_t)n, " %u%%", how.confidence);
	if (how.rule && *how.rule && n < (int)sizeof(l->how))
		snprintf(l->how + n, sizeof(l->how) - (size_t)n, " %s", how.rule);
}

static void add_neighbour(struct detail *d, const struct sample *m, const struct vma *left,
			  const struct vma *right, bool next)
{
	const struct vma *other = next ? right : left;
	enum vma_why why = VMA_WHY_NONE;
	struct vma_pair pair;
	char text[400], label[VMA_LABEL_MAX], size[VMA_SIZE_TEXT];

	vma_label(m->model->mm, other, label, sizeof(label));
	snprintf(text, sizeof(text), "%llx-%llx %.200s", (unsigned long long)other->vm_start,
		 (unsigned long long)other->vm_end, label);
	add_text(d, next ? "next" : "prev", ST_NORMAL, text);
	if (left->vm_end != right->vm_start) {
		snprintf(text, sizeof(text), "no: a gap of %s lies between",
			 vma_size_text(right->vm_start - left->vm_end, size));
		add_text(d, next ? "  merges with next" : "  merges with prev", ST_DIM, text);
		return;
	}
	bool would = vma_mergeable(m->model->mm, left, right, &why);
	if (would)
		snprintf(text, sizeof(text), "would, in a call that covers both");
	else
		snprintf(text, sizeof(text), "no: %s [%s]", vma_why_at(why)->text,
			 vma_why_at(why)->rule);
	add_text(d, next ? "  merges with next" : "  merges with prev", would ? ST_GOOD : ST_WARN,
		 text);
	vma_pair_of(m->model, left, right, &pair);
	if (!would && *pair.evidence)
		add_text(d, "  evidence", ST_DIM, pair.evidence);
}

/* Every column of the library that has a value is a field. */
static void add_columns(struct detail *d, struct vma_view *view, const struct sample *m, size_t i)
{
	char buf[VMA_CELL_BUF], text[VMA_CELL_BUF + 2];
	struct pack_record record;
	struct vma_row row;

	sample_row(m, view, i, &row, &record);
	for (size_t c = 0; c < vma_mapping_columns.nr; c++) {
		const struct vma_column *col = &vma_mapping_columns.col[c];
		struct vma_cell cell = { .buf = buf };
		struct detail_line *l;

		vma_column_get(col, &row, &cell);
		if (cell.state != VMA_CELL_HAS)
			continue;
		cell_text(col, &cell, text, sizeof(text));
		if (!*text || (col->kind == VMA_CELL_BYTES && !cell.num))
			continue;
		l = add(d, col->key, cell.how.known == VMA_INFERRED ? ST_WARN : ST_NORMAL);
		if (!l)
			return;
		l->value = strdup(text + (*text == '~'));
		put_how(l, cell.how);
	}
}

/* The mappings around it are attributed when not all of them were. */
static void add_fields(struct detail *d, const struct sample *m, size_t i)
{
	struct vma_facts near = *m->facts;
	struct vma_attrib *a = NULL;
	struct vma_view view;

	sample_view(m, &view);
	if (!m->attrib && !m->pack) {
		size_t from = i > NEAR_MAPS ? i - NEAR_MAPS : 0;

		near.maps += from;
		near.nr_maps = near.nr_maps - from < 2 * NEAR_MAPS ? near.nr_maps - from
								   : 2 * NEAR_MAPS;
		if (!vma_attrib_new(&near, VMA_ATTRIB_ALL, &a, NULL)) {
			view.attrib = vma_attrib_text;
			view.attrib_ctx = a;
		}
	}
	add_columns(d, &view, m, i);
	vma_attrib_free(a);
}

static void add_neighbours(struct detail *d, const struct sample *m, const struct vma *vma)
{
	const struct vma *prev = vma_prev(m->model->mm, vma), *next = vma_next(m->model->mm, vma);

	if (prev)
		add_neighbour(d, m, prev, vma, false);
	if (next)
		add_neighbour(d, m, vma, next, true);
}

static void undo_detail(struct detail **d)
{
	detail_free(*d);
}

struct detail *detail_make(const struct sample *s, u64 addr)
{
	AUTO(undo_detail) struct detail *d = calloc(1, sizeof(*d));
	size_t i = sample_find(s, addr);
	const struct vma *vma;

	if (!d)
		return NULL;
	d->addr = addr;
	d->whole = s->model || s->why_no_model.code;
	if (i == sample_nr(s) || sample_start(s, i) > addr)
		return TAKE(d);
	d->start = sample_start(s, i);
	add_text(d, "is", category_style(s->cat[i]),
		 vma_category_help((enum vma_category)s->cat[i]));
	vma = sample_vma(s, i);
	if (vma)
		add_neighbours(d, s, vma);
	else if (s->why_no_model.code)
		add_text(d, "no model", ST_ERROR, s->why_no_model.msg);
	else if (s->model)
		add_text(d, "no VMA", ST_DIM, "the kernel answers for this page itself");
	else
		add_text(d, "model", ST_DIM, "not kept of this sample");
	add_fields(d, s, i);
	return TAKE(d);
}

void detail_free(struct detail *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->nr; i++)
		free(d->line[i].value);
	free(d);
}
