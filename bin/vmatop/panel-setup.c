// SPDX-License-Identifier: GPL-2.0-or-later
/* Setup: which columns the list below has, and the theme. Kept when it is left. */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "report/process-columns.h"

struct state {
	struct list list;
	bool procs;
};

static const struct vma_columns *columns_of(const struct state *s)
{
	return s->procs ? &process_columns_live : &vma_mapping_columns;
}

static struct query *query_of(struct app *a, const struct state *s)
{
	return s->procs ? &a->q_procs : &a->q_space;
}

static size_t nr_themes(void)
{
	size_t n = 0;

	while (theme_at(n))
		n++;
	return n;
}

static bool picked(const struct query *q, const struct vma_column *c)
{
	for (size_t i = 0; i < q->pick.nr; i++)
		if (q->pick.col[i] == c)
			return true;
	return false;
}

/* Line @i below the themes: the chosen columns in their order, then the others. */
static const struct vma_column *column_at(const struct state *s, const struct query *q, size_t i)
{
	const struct vma_columns *t = columns_of(s);

	if (i < q->pick.nr)
		return q->pick.col[i];
	i -= q->pick.nr;
	for (size_t k = 0; k < t->nr; k++)
		if (!picked(q, &t->col[k]) && !i--)
			return &t->col[k];
	return NULL;
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	size_t themes = nr_themes();

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_put(area.y, 0, area.cols, ST_HEAD,
		 "Setup: Space switches on or off, F7 F8 move a column, Esc keeps it and goes back");
	list_fit(&s->list, themes + columns_of(s)->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->list.nr; y++) {
		size_t i = s->list.top + (size_t)y;
		enum style st = i == s->list.cursor ? ST_CURSOR : ST_NORMAL;
		int at = area.y + 1 + y;

		term_fill(at, 0, area.cols, st, ' ');
		if (i < themes) {
			term_putf(at, 1, area.cols - 1, st, "(%c) theme %-14s %s",
				  a->config.theme == theme_at(i) ? '*' : ' ', theme_at(i)->name,
				  theme_at(i)->help);
			continue;
		}
		const struct vma_column *c = column_at(s, query_of(a, s), i - themes);
		term_putf(at, 1, area.cols - 1, st, "[%c] %-20s %s",
			  picked(query_of(a, s), c) ? 'x' : ' ', c->name, c->help);
	}
}

static void choose(struct app *a, struct state *s, const struct vma_column *const *col, size_t nr)
{
	struct query *q = query_of(a, s);
	char list[EXPR_MAX] = "";
	struct vma_err err;
	size_t n = 0;

	for (size_t i = 0; i < nr && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? "," : "", col[i]->name);
	if (!nr)
		app_say(a, ST_WARN, "a list needs a column");
	else if (n >= sizeof(list) || !app_columns(q, columns_of(s), list, &err))
		app_say(a, ST_ERROR, "too many columns");
}

static void follow(struct app *a, struct state *s, const struct vma_column *c)
{
	const struct vma_column *k;

	for (size_t i = 0; (k = column_at(s, query_of(a, s), i)); i++)
		if (k == c)
			list_to(&s->list, nr_themes() + i);
}

/* On: behind the others, but before a path, which takes the room that is left. */
static void switch_column(struct app *a, struct state *s, size_t at)
{
	const struct query *q = query_of(a, s);
	const struct vma_column *c = column_at(s, q, at), *col[VMA_PICK_MAX + 1];
	size_t nr = q->pick.nr;

	memcpy(col, q->pick.col, nr * sizeof(*col));
	if (at < nr) {
		memmove(&col[at], &col[at + 1], (nr - at - 1) * sizeof(*col));
		choose(a, s, col, nr - 1);
		follow(a, s, c);
		return;
	}
	col[nr] = c;
	if (nr && (!strcmp(col[nr - 1]->name, "PATH") || !strcmp(col[nr - 1]->name, "COMMAND"))) {
		col[nr] = col[nr - 1];
		col[nr - 1] = c;
	}
	choose(a, s, col, nr + 1);
	follow(a, s, c);
}

static void move_column(struct app *a, struct state *s, size_t at, bool later)
{
	const struct query *q = query_of(a, s);
	const struct vma_column *col[VMA_PICK_MAX], *c;
	size_t to = later ? at + 1 : at - 1;

	if (at >= q->pick.nr || to >= q->pick.nr)
		return; /* to is huge when there is none before */
	memcpy(col, q->pick.col, q->pick.nr * sizeof(*col));
	c = col[at];
	col[at] = col[to];
	col[to] = c;
	choose(a, s, col, q->pick.nr);
	list_to(&s->list, s->list.cursor + to - at);
}

static void keep(struct app *a)
{
	struct vma_err err;

	snprintf(a->config.proc_columns, sizeof(a->config.proc_columns), "%s", a->q_procs.columns);
	snprintf(a->config.columns, sizeof(a->config.columns), "%s", a->q_space.columns);
	snprintf(a->config.proc_sort, sizeof(a->config.proc_sort), "%s", a->q_procs.order);
	snprintf(a->config.sort, sizeof(a->config.sort), "%s", a->q_space.order);
	a->config.tree = a->tree;
	a->config.follow = a->q_space.follow;
	a->config.whole_path = a->q_space.whole_path;
	if (config_save(&a->config, &err))
		app_say(a, ST_WARN, "not kept: %s", err.msg);
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;
	size_t themes = nr_themes();

	(void)ev;
	if (act == ACT_BACK) {
		keep(a);
		return KEY_HANDLED | KEY_CLOSE | KEY_REDRAW | KEY_REREAD | KEY_ARRANGE;
	}
	if ((act == ACT_EARLIER || act == ACT_LATER) && s->list.cursor >= themes) {
		move_column(a, s, s->list.cursor - themes, act == ACT_LATER);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act != ACT_OPEN)
		return 0;
	if (s->list.cursor < themes) {
		a->config.theme = theme_at(s->list.cursor);
		term_theme(a->config.theme);
	} else {
		switch_column(a, s, s->list.cursor - themes);
	}
	return KEY_HANDLED | KEY_REDRAW;
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

const struct panel panel_setup = {
	.where = IN_SETUP,
	.state_size = sizeof(struct state),
	.help = "Columns of the list this was opened from. They are kept in "
		"$XDG_CONFIG_HOME/vmactl/vmatop.conf.",
	.draw = draw,
	.key = key,
	.enter = enter,
	.list = get_list,
};
