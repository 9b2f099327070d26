// SPDX-License-Identifier: GPL-2.0-or-later
/* Choose the column to sort by. */
#include <stdio.h>
#include <string.h>

#include "app.h"

struct state {
	struct list list;
	bool procs;
};

static struct query *query_of(struct app *a, const struct state *s)
{
	return s->procs ? &a->q_procs : &a->q_space;
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	const struct vma_pick *pick = &query_of(a, s)->pick;

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_put(area.y, 0, area.cols, ST_HEAD, "Sort by (Enter: choose, Esc: leave)");
	list_fit(&s->list, pick->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < pick->nr; y++) {
		size_t i = s->list.top + (size_t)y;
		enum style st = i == s->list.cursor ? ST_CURSOR : ST_NORMAL;

		term_fill(area.y + 1 + y, 0, area.cols, st, ' ');
		term_putf(area.y + 1 + y, 1, area.cols - 1, st, "%-14s %s", pick->col[i]->name,
			  pick->col[i]->help);
	}
}

/* Text and addresses from the first on, quantities from the largest on. */
static bool descends(const struct vma_column *c)
{
	return c->sums || c->kind == VMA_CELL_SHARE || c->kind == VMA_CELL_BYTES;
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;
	struct query *q = query_of(a, s);

	(void)ev;
	if (act != ACT_OPEN || s->list.cursor >= q->pick.nr)
		return 0;
	const struct vma_column *c = q->pick.col[s->list.cursor];
	snprintf(q->order, sizeof(q->order), "%s%s", descends(c) ? "-" : "", c->name);
	return KEY_HANDLED | KEY_REDRAW | KEY_CLOSE | KEY_ARRANGE;
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	s->procs = a->depth < 2 || a->stack[a->depth - 2] == &panel_procs;
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

const struct panel panel_sort = {
	.where = IN_SORT,
	.state_size = sizeof(struct state),
	.draw = draw,
	.key = key,
	.enter = enter,
	.list = get_list,
};
