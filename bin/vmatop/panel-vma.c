// SPDX-License-Identifier: GPL-2.0-or-later
/* One vm_area_struct in full: neighbours, fields, counters, each with how it is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "libvmactl/engine.h"
#include "table.h"

#define LINES_MAX 96

struct line {
	char name[28];
	char how[40];
	char *value; /* hostile */
	enum style style;
};

struct state {
	struct list list;
	struct line line[LINES_MAX];
	size_t nr;
	const struct sample *of; /* what the lines were made of: compared only */
	u64 addr;
};

/* ---------------------------------------------------------------- making the lines */

static struct line *add(struct state *s, const char *name, enum style style)
{
	struct line *l;

	if (s->nr == LINES_MAX)
		return NULL;
	l = &s->line[s->nr++];
	*l = (struct line){ .style = style };
	snprintf(l->name, sizeof(l->name), "%s", name);
	return l;
}

static void add_text(struct state *s, const char *name, enum style style, const char *value)
{
	struct line *l = add(s, name, style);

	if (l)
		l->value = strdup(value);
}

static void put_how(struct line *l, struct vma_provenance how)
{
	if (how.known == VMA_EXACT)
		return;
	int n = snprintf(l->how, sizeof(l->how), "%s", vma_known_name((enum vma_known)how.known));
	if (how.known == VMA_INFERRED && how.confidence)
		n += snprintf(l->how + n, sizeof(l->how) - (size_t)n, " %u%%", how.confidence);
	if (how.rule && *how.rule && n < (int)sizeof(l->how))
		snprintf(l->how + n, sizeof(l->how) - (size_t)n, " %s", how.rule);
}

static void add_neighbour(struct state *s, const struct sample *m, const struct vma *left,
			  const struct vma *right, bool next)
{
	const struct vma *other = next ? right : left;
	enum vma_why why = VMA_WHY_NONE;
	char text[400], label[VMA_LABEL_MAX], size[VMA_SIZE_TEXT];

	vma_label(m->model->mm, other, label, sizeof(label));
	snprintf(text, sizeof(text), "%llx-%llx %.200s", (unsigned long long)other->vm_start,
		 (unsigned long long)other->vm_end, label);
	add_text(s, next ? "next" : "prev", ST_NORMAL, text);
	if (left->vm_end != right->vm_start) {
		snprintf(text, sizeof(text), "no: a gap of %s lies between",
			 vma_size_text(right->vm_start - left->vm_end, size));
		add_text(s, next ? "  merges with next" : "  merges with prev", ST_DIM, text);
		return;
	}
	bool would = vma_mergeable(m->model->mm, left, right, &why);
	if (would)
		snprintf(text, sizeof(text), "would, in a call that covers both");
	else
		snprintf(text, sizeof(text), "no: %s [%s]", vma_why_at(why)->text,
			 vma_why_at(why)->rule);
	add_text(s, next ? "  merges with next" : "  merges with prev", would ? ST_GOOD : ST_WARN,
		 text);
}

/* Every column of the library that has a value is a field. */
static void add_columns(struct state *s, const struct sample *m, size_t i)
{
	char buf[VMA_CELL_BUF], text[VMA_CELL_BUF + 2];
	struct vma_view view;
	struct vma_row row;

	sample_view(m, &view);
	sample_row(m, &view, i, &row);
	for (size_t c = 0; c < vma_mapping_columns.nr; c++) {
		const struct vma_column *col = &vma_mapping_columns.col[c];
		struct vma_cell cell = { .buf = buf };
		struct line *l;

		vma_column_get(col, &row, &cell);
		if (cell.state != VMA_CELL_HAS)
			continue;
		cell_text(col, &cell, text, sizeof(text));
		if (!*text || (col->kind == VMA_CELL_BYTES && !cell.num))
			continue;
		l = add(s, col->key, cell.how.known == VMA_INFERRED ? ST_WARN : ST_NORMAL);
		if (!l)
			return;
		l->value = strdup(text + (*text == '~'));
		put_how(l, cell.how);
	}
}

static void drop(struct state *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->line[i].value);
	s->nr = 0;
}

static void make(struct app *a, struct state *s)
{
	const struct vma *vma, *prev, *next;
	size_t i;

	drop(s);
	s->of = a->shown;
	s->addr = a->addr;
	if (!app_selected(a, &i))
		return;
	vma = sample_vma(a->shown, i);
	add_text(s, "is", category_style(a->shown->cat[i]),
		 vma_category_help((enum vma_category)a->shown->cat[i]));
	if (vma) {
		prev = vma_prev(a->shown->model->mm, vma);
		next = vma_next(a->shown->model->mm, vma);
		if (prev)
			add_neighbour(s, a->shown, prev, vma, false);
		if (next)
			add_neighbour(s, a->shown, vma, next, true);
	} else if (a->shown->why_no_model.code) {
		add_text(s, "no model", ST_ERROR, a->shown->why_no_model.msg);
	} else if (a->shown->facts->maps[i].gate) {
		add_text(s, "no VMA", ST_DIM, "the kernel answers for this page itself");
	} else {
		add_text(s, "model", ST_DIM, "being rebuilt ...");
	}
	add_columns(s, a->shown, i);
}

/* ---------------------------------------------------------------- the panel */

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	struct vma_fact_map *m;
	size_t i;

	if (!app_selected(a, &i)) {
		term_put(area.y + 1, 2, area.cols - 2, ST_WARN,
			 a->shown ? "the mapping is not there any more (or was not yet)"
				  : "nothing was read yet");
		return;
	}
	m = &a->shown->facts->maps[i];
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_putf(area.y, 0, area.cols, ST_HEAD, "%llx-%llx %s %s", (unsigned long long)m->start,
		  (unsigned long long)m->end, m->perms, m->path);
	list_fit(&s->list, s->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->nr; y++) {
		size_t at = s->list.top + (size_t)y;
		const struct line *l = &s->line[at];
		enum style st = at == s->list.cursor ? ST_CURSOR : l->style;
		int how = *l->how ? (int)strlen(l->how) + 2 : 0;

		term_fill(area.y + 1 + y, 0, area.cols, at == s->list.cursor ? st : ST_NORMAL, ' ');
		term_put(area.y + 1 + y, 1, 19, at == s->list.cursor ? st : ST_DIM, l->name);
		term_put(area.y + 1 + y, 21, area.cols - 21 - how, st, l->value ? l->value : "");
		if (how)
			term_right(area.y + 1 + y, area.cols - how, how, ST_DIM, l->how);
	}
}

static void refresh_lines(struct app *a, void *state)
{
	make(a, state);
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	list_to(&s->list, 0);
	make(a, s);
}

static void fini(void *state)
{
	drop(state);
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	struct state *s = state;

	(void)a;
	if (i >= s->nr)
		return NULL;
	snprintf(buf, size, "%s %s", s->line[i].name, s->line[i].value ? s->line[i].value : "");
	return buf;
}

const struct panel panel_vma = {
	.name = "VMA",
	.where = IN_VMA,
	.wants = WANTS_MODEL | WANTS_ATTRIB,
	.state_size = sizeof(struct state),
	.help = "The mapping under the cursor of the map: what it is for, its neighbours and what "
		"keeps them from merging, every field of vm_area_struct, the counters of smaps. At "
		"the right: how a value is known when the kernel did not say it (derived, inferred "
		"with its rule).",
	.draw = draw,
	.enter = enter,
	.sample = refresh_lines,
	.fini = fini,
	.list = get_list,
	.text = text,
};
