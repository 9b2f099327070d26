// SPDX-License-Identifier: GPL-2.0-or-later
/* A screen of lines about a process, wrapped to the width or cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

struct row {
	u32 line;
	u32 from; /* first cell of the line on this row */
};

struct state {
	struct list list;
	struct row *row;
	size_t nr, cap;
	bool cut; /* not wrapped */
	int cols;
	const struct text *of;
};

static void add_row(struct state *s, size_t line, u32 from)
{
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct row *more = reallocarray(s->row, cap, sizeof(*more));

		if (!more)
			return;
		s->row = more;
		s->cap = cap;
	}
	s->row[s->nr++] = (struct row){ (u32)line, from };
}

static void make_rows(struct state *s, const struct text *t, int cols)
{
	u32 width = cols > 3 ? (u32)cols - 2 : 1;

	s->nr = 0;
	s->of = t;
	s->cols = cols;
	for (size_t i = 0; t && i < t->nr; i++) {
		u32 cells = s->cut ? 1 : (u32)term_width(t->line[i]);
		u32 from = 0;

		do
			add_row(s, i, from);
		while ((from += width) < cells);
	}
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	const struct text *t = a->text;

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_putf(area.y, 0, area.cols, ST_HEAD, "%s%s%s", text_title(a->text_kind),
		  *text_title(a->text_kind) ? " of " : "", a->text_name);
	if (!t) {
		term_put(area.y + 2, 2, area.cols - 2, ST_DIM, "reading ...");
		return;
	}
	if (s->of != t || s->cols != area.cols)
		make_rows(s, t, area.cols);
	if (t->err.code)
		term_put(area.y + 2, 2, area.cols - 2, ST_ERROR, t->err.msg);
	else if (!t->nr)
		term_put(area.y + 2, 2, area.cols - 2, ST_DIM, "(none)");
	list_fit(&s->list, s->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->nr; y++) {
		size_t i = s->list.top + (size_t)y;
		enum style st = i == s->list.cursor ? ST_CURSOR : ST_NORMAL;

		term_fill(area.y + 1 + y, 0, area.cols, st, ' ');
		term_put_from(area.y + 1 + y, 1, area.cols - 2, st, t->line[s->row[i].line],
			      (int)s->row[i].from);
	}
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;

	(void)ev;
	if (act == ACT_REREAD && a->text_kind != TEXT_ROW) {
		term_redraw();
		a->want_text = true;
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act != ACT_WRAP)
		return 0;
	s->cut = !s->cut;
	make_rows(s, a->text, s->cols);
	app_say(a, ST_NORMAL, s->cut ? "long lines are cut" : "long lines are wrapped");
	return KEY_HANDLED | KEY_REDRAW;
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	(void)a;
	s->nr = 0;
	s->of = NULL;
	s->cut = false;
	list_to(&s->list, 0);
}

static void sample(struct app *a, void *state)
{
	(void)a;
	((struct state *)state)->of = NULL; /* the text may be a new one at the old place */
}

static void fini(void *state)
{
	free(((struct state *)state)->row);
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	const struct state *s = state;

	(void)buf, (void)size;
	return a->text && s->of == a->text && i < s->nr ? a->text->line[s->row[i].line] : NULL;
}

const struct panel panel_text = {
	.where = IN_TEXT,
	.state_size = sizeof(struct state),
	.help = "What was read when the key was pressed: environment (as the process began with it), "
		"open files, locks on files, the stacks of the threads, or one line of a list in "
		"full. r reads it once more.",
	.draw = draw,
	.key = key,
	.enter = enter,
	.sample = sample,
	.fini = fini,
	.list = get_list,
	.text = text,
};

enum text_kind text_of(enum action act)
{
	return act == ACT_ENVIRONMENT ? TEXT_ENVIRONMENT : act == ACT_FILES ? TEXT_FILES
	       : act == ACT_LOCKS     ? TEXT_LOCKS	 : TEXT_STACKS;
}

void text_open(struct app *a, enum text_kind kind, const char *target, const char *name)
{
	text_free(a->text);
	a->text = NULL;
	a->text_kind = kind;
	a->want_text = kind != TEXT_ROW;
	snprintf(a->text_target, sizeof(a->text_target), "%s", target);
	snprintf(a->text_name, sizeof(a->text_name), "%s", name);
	panel_open(a, &panel_text);
}

void text_show(struct app *a, struct text *t, const char *name)
{
	text_open(a, TEXT_ROW, "", name);
	a->text = t;
}
