// SPDX-License-Identifier: GPL-2.0-or-later
/* One vm_area_struct in full: neighbours, fields, counters, each with how it is known. */
#include <stdio.h>
#include <string.h>

#include "app.h"

struct state {
	struct list list;
};

static void draw_line(const struct detail_line *l, int y, int cols, bool cursor)
{
	enum style st = cursor ? ST_CURSOR : l->style;
	int how = *l->how ? (int)strlen(l->how) + 2 : 0;

	term_fill(y, 0, cols, cursor ? st : ST_NORMAL, ' ');
	term_put(y, 1, 19, cursor ? st : ST_DIM, l->name);
	term_put(y, 21, cols - 21 - how, st, l->value ? l->value : "");
	if (how)
		term_right(y, cols - how, how, cursor ? st : ST_DIM, l->how);
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	const struct detail *d = app_detail(a);
	const struct vma_fact_map *m;
	struct pack_record record;
	size_t i;

	if (!app_selected(a, &i)) {
		term_put(area.y + 1, 2, area.cols - 2, ST_WARN,
			 a->shown ? "the mapping is not there any more (or was not yet)"
				  : "nothing was read yet");
		return;
	}
	m = sample_map(a->shown, i, &record);
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_putf(area.y, 0, area.cols, ST_HEAD, "%llx-%llx %s %s", (unsigned long long)m->start,
		  (unsigned long long)m->end, m->perms, m->path);
	if (!d) {
		term_put(area.y + 2, 2, area.cols - 2, ST_DIM, "reading ...");
		return;
	}
	list_fit(&s->list, d->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < d->nr; y++) {
		size_t at = s->list.top + (size_t)y;

		draw_line(&d->line[at], area.y + 1 + y, area.cols, at == s->list.cursor);
	}
}

/* The lines with all that the width cuts off. */
static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	const struct detail *d = app_detail(a);
	struct text *t;
	char name[40];

	(void)state, (void)ev;
	if (act != ACT_WRAP || !d)
		return 0;
	t = text_new(TEXT_ROW);
	for (size_t i = 0; t && i < d->nr; i++)
		text_add(t, "%-19s %s%s%s", d->line[i].name, d->line[i].value ? d->line[i].value : "",
			 *d->line[i].how ? "  " : "", d->line[i].how);
	snprintf(name, sizeof(name), "mapping %llx", (unsigned long long)d->start);
	text_show(a, t, name);
	return KEY_HANDLED | KEY_REDRAW;
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	(void)a;
	list_to(&s->list, 0);
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	const struct detail *d = app_detail(a);

	(void)state;
	if (!d || i >= d->nr)
		return NULL;
	snprintf(buf, size, "%s %s", d->line[i].name, d->line[i].value ? d->line[i].value : "");
	return buf;
}

const struct panel panel_vma = {
	.name = "VMA",
	.where = IN_VMA,
	.wants = WANTS_DETAIL,
	.state_size = sizeof(struct state),
	.help = "The mapping under the cursor of the map: what it is for, its neighbours and what "
		"keeps them from merging, every field of vm_area_struct, the counters of smaps. At "
		"the right: how a value is known when the kernel did not say it (derived, inferred "
		"with its rule).",
	.draw = draw,
	.key = key,
	.enter = enter,
	.list = get_list,
	.text = text,
};
