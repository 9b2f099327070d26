// SPDX-License-Identifier: GPL-2.0-or-later
/* What was seen so far: a curve of the number of mappings and of RSS, and a line a sample. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app.h"

struct state {
	struct list list; /* newest first */
};

static const struct point *point_at(const struct app *a, size_t i)
{
	return i < a->history.nr_points ? &a->history.point[a->history.nr_points - 1 - i] : NULL;
}

static u64 value_of(const struct point *p, bool rss)
{
	return rss ? p->rss_kb : p->nr_maps;
}

/* The newest points, a column each, from the lowest to the highest value. */
static void draw_curve(const struct app *a, struct area area, bool rss)
{
	size_t nr = a->history.nr_points < (size_t)area.cols ? a->history.nr_points
							      : (size_t)area.cols;
	const struct point *p = &a->history.point[a->history.nr_points - nr];
	u64 low = ~0ULL, high = 0;
	char size[VMA_SIZE_TEXT], text[80];

	for (size_t i = 0; i < nr; i++) {
		u64 v = value_of(&p[i], rss);

		low = v < low ? v : low;
		high = v > high ? v : high;
	}
	if (rss)
		snprintf(text, sizeof(text), "RSS, at most %s", vma_size_text(high << 10, size));
	else
		snprintf(text, sizeof(text), "VMAs, %llu to %llu",
			 (unsigned long long)(nr ? low : 0), (unsigned long long)high);
	term_put(area.y, area.x, area.cols, ST_BOLD, text);
	low = rss ? 0 : low - low / 8;
	for (size_t i = 0; i < nr; i++) {
		u64 v = value_of(&p[i], rss), span = high > low ? high - low : 1;
		int up = (int)((v - (v > low ? low : v)) * (u64)(area.rows - 1) / span);

		for (int y = 0; y < (up > 0 ? up : 1); y++)
			term_put(area.y + area.rows - 1 - y, area.x + (int)i, 1,
				 rss ? ST_ANON : ST_TEXT, y + 1 >= up ? "*" : "|");
	}
}

static void put_time(u64 ms, char *out, size_t size)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, size, "%H:%M:%S", &tm);
}

static void draw_line(const struct app *a, int y, int cols, size_t i, bool cursor)
{
	const struct point *p = point_at(a, i);
	const struct point *old = point_at(a, i + 1);
	enum style st = cursor ? ST_CURSOR : ST_NORMAL;
	char at[16], rss[VMA_SIZE_TEXT], pss[VMA_SIZE_TEXT], swap[VMA_SIZE_TEXT];
	int x;

	put_time(p->at_ms, at, sizeof(at));
	term_fill(y, 0, cols, st, ' ');
	x = term_putf(y, 1, cols, st, "%c %s %7u %+7d %8s %8s %8s  ", i == a->back ? '>' : ' ', at,
		      p->nr_maps, old ? (int)p->nr_maps - (int)old->nr_maps : 0,
		      vma_size_text(p->rss_kb << 10, rss), vma_size_text(p->pss_kb << 10, pss),
		      vma_size_text(p->swap_kb << 10, swap));
	for (int k = MARK_NONE + 1; k < MARK_NR; k++)
		if (p->marked[k])
			x += term_putf(y, 1 + x, cols - x - 1, cursor ? st : mark_style((enum mark)k),
				       "%c%u %s  ", mark_letter((enum mark)k), p->marked[k],
				       mark_help((enum mark)k));
	if (p->vanished)
		x += term_putf(y, 1 + x, cols - x - 1, cursor ? st : ST_REMOVED, "-%u vanished  ",
			       p->vanished);
	if (i >= a->history.nr_samples)
		term_right(y, cols - 14, 14, cursor ? st : ST_DIM, "figures only");
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	int curve = area.rows >= 16 ? area.rows / 3 : 0;
	struct area half = { area.y, 0, curve, area.cols / 2 - 1 };

	if (curve) {
		draw_curve(a, half, false);
		half.x = area.cols / 2 + 1;
		draw_curve(a, half, true);
	}
	area.y += curve;
	area.rows -= curve;
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_putf(area.y, 0, area.cols, ST_HEAD, "   %-8s %7s %7s %8s %8s %8s  %s", "TIME", "VMAS",
		  "CHANGE", "RSS", "PSS", "SWAP", "EVENTS");
	list_fit(&s->list, a->history.nr_points, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->list.nr; y++)
		draw_line(a, area.y + 1 + y, area.cols, s->list.top + (size_t)y,
			  s->list.top + (size_t)y == s->list.cursor);
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;

	(void)ev;
	if (act == ACT_OLDER || act == ACT_NEWER || act == ACT_NEWEST) {
		size_t to = act == ACT_OLDER ? a->back + 1
			    : act == ACT_NEWER && a->back ? a->back - 1 : 0;

		app_show(a, to);
		list_to(&s->list, a->back);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act != ACT_OPEN)
		return 0;
	if (s->list.cursor >= a->history.nr_samples) {
		app_say(a, ST_WARN, "of this one only the figures are kept");
		return KEY_HANDLED | KEY_REDRAW;
	}
	app_show(a, s->list.cursor);
	return KEY_HANDLED | KEY_REDRAW | KEY_CLOSE;
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

const struct panel panel_history = {
	.name = "History",
	.where = IN_HISTORY,
	.state_size = sizeof(struct state),
	.help = "The samples taken since the process was opened. Enter shows the map as it was then; "
		"0 is now. Of very large address spaces older samples are kept as figures only.",
	.draw = draw,
	.key = key,
	.list = get_list,
};
