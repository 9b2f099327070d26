// SPDX-License-Identifier: GPL-2.0-or-later
/* Help: what the panel below is, and the keys of the table that mean something there. */
#include <stdio.h>
#include <string.h>

#include "app.h"

#define HELP_LINES 160
#define HELP_COLS 200

struct state {
	struct list list;
	char line[HELP_LINES][HELP_COLS];
	size_t nr;
	u32 where;
	const char *about;
	int cols;
};

static void add(struct state *s, const char *text)
{
	if (s->nr < HELP_LINES)
		snprintf(s->line[s->nr++], HELP_COLS, "%.*s", HELP_COLS - 1, text);
}

/* Words into lines of the screen's width, the first after @lead. */
static void add_wrapped(struct state *s, const char *lead, const char *text)
{
	int room = (s->cols < HELP_COLS ? s->cols : HELP_COLS - 1) - (int)strlen(lead) - 2;
	char line[HELP_COLS + 40];
	bool first = true;

	if (room < 20)
		room = 20;
	while (*text) {
		size_t n = strlen(text);

		if (n > (size_t)room) {
			n = (size_t)room;
			while (n && text[n] != ' ')
				n--;
			if (!n)
				n = (size_t)room;
		}
		snprintf(line, sizeof(line), "%*s%.*s", (int)strlen(lead), first ? lead : "",
			 (int)n, text);
		add(s, line);
		first = false;
		text += n;
		while (*text == ' ')
			text++;
	}
}

static void make(struct state *s)
{
	const struct key_row *k;
	char lead[32];

	s->nr = 0;
	if (s->about) {
		add_wrapped(s, "", s->about);
		add(s, "");
	}
	for (size_t i = 0; (k = keys_at(i)); i++) {
		if (!(k->where & s->where))
			continue;
		snprintf(lead, sizeof(lead), "%12s  ", k->label);
		add_wrapped(s, lead, k->help);
	}
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;
	const struct panel *below = a->depth > 1 ? a->stack[a->depth - 2] : NULL;

	s->where = below ? below->where_now ? below->where_now(panel_state(a, below))
					    : below->where
			 : IN_ALL;
	s->about = below ? below->help : NULL;
	s->cols = term_area().cols;
	list_to(&s->list, 0);
	make(s);
}

static void resize(struct app *a, void *state, struct area area)
{
	struct state *s = state;

	(void)a;
	s->cols = area.cols;
	make(s);
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;

	(void)a;
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_put(area.y, 0, area.cols, ST_HEAD, "Help: keys of this view (Esc: back)");
	list_fit(&s->list, s->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->nr; y++) {
		size_t i = s->list.top + (size_t)y;

		term_put(area.y + 1 + y, 0, area.cols,
			 i == s->list.cursor ? ST_CURSOR : ST_NORMAL, s->line[i]);
	}
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	(void)a, (void)buf, (void)size;
	return ((struct state *)state)->line[i];
}

const struct panel panel_help = {
	.where = IN_HELP,
	.state_size = sizeof(struct state),
	.draw = draw,
	.enter = enter,
	.resize = resize,
	.list = get_list,
	.text = text,
};
