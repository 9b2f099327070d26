// SPDX-License-Identifier: GPL-2.0-or-later
/* The address space: the map bar above the list of mappings. */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "table.h"

struct state {
	struct list list;
	struct table table;
	struct vma_view view;
	bool seek;    /* the address was chosen elsewhere: go there with the first sample */
	u32 zoom;     /* the bar shows 1 / 2^zoom */
	u64 from, to; /* what it shows, in its own units */
	int bar, top; /* lines on the screen */
};

/* Line @i of the list: index of a mapping, with LISTING_GAP for the gap above it. */
static bool line_at(const struct app *a, size_t i, u32 *row)
{
	if (!a->listing || i >= a->listing->nr)
		return false;
	*row = a->listing->row[i];
	return true;
}

/* ---------------------------------------------------------------- the bar */

/* First mapping that begins above @pos of the bar, less one. */
static size_t mapping_at(const struct sample *s, u64 pos)
{
	size_t low = 0, high = sample_nr(s);

	while (low + 1 < high) {
		size_t mid = (low + high) / 2;

		if (s->pos[mid] <= pos)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static u64 width_on_bar(const struct sample *s, size_t i)
{
	u64 units = bar_units(sample_end(s, i) - sample_start(s, i)) + 1;

	return s->pos[i] + units < s->pos[i + 1] ? units : s->pos[i + 1] - s->pos[i];
}

static void choose_window(const struct app *a, struct state *s)
{
	const struct sample *sample = a->shown;
	u64 all = sample->pos[sample_nr(sample)], span = all >> s->zoom, middle = 0;
	size_t i;

	if (app_selected(a, &i))
		middle = sample->pos[i] + width_on_bar(sample, i) / 2;
	if (!span)
		span = 1;
	s->from = middle > span / 2 ? middle - span / 2 : 0;
	if (s->from + span > all)
		s->from = all - span;
	s->to = s->from + span;
}

static void draw_bar(struct app *a, struct state *s, int y, int cols)
{
	const struct sample *m = a->shown;
	size_t selected, low, high;
	bool has = app_selected(a, &selected);

	choose_window(a, s);
	for (int x = 0; x < cols; x++) {
		u64 from = s->from + (s->to - s->from) * (u64)x / (u64)cols;
		u64 to = s->from + (s->to - s->from) * ((u64)x + 1) / (u64)cols;
		size_t i = mapping_at(m, from), last = mapping_at(m, to > from ? to - 1 : from);
		bool gap = from >= m->pos[i] + width_on_bar(m, i) && last == i;
		bool here = has && selected >= i && selected <= last && !(gap && selected == i);
		char c[2] = { gap ? '.' : category_letter(m->cat[i]), '\0' };

		/* a cell that holds a gap and then a mapping shows the mapping */
		if (!gap && last > i && from >= m->pos[i] + width_on_bar(m, i))
			c[0] = category_letter(m->cat[++i]);
		term_put(y, x, 1, here ? ST_CURSOR : gap ? ST_DIM : category_style(m->cat[i]), c);
	}
	low = mapping_at(m, s->from);
	high = mapping_at(m, s->to ? s->to - 1 : 0);
	int n = term_putf(y + 1, 0, cols, ST_DIM, "%llx",
			  (unsigned long long)sample_start(m, low));
	char end[40];
	snprintf(end, sizeof(end), "%llx", (unsigned long long)sample_end(m, high));
	term_right(y + 1, n, cols - n, ST_DIM, end);
	snprintf(end, sizeof(end), "zoom %u  (+ - *)", s->zoom);
	if (cols > n + 60)
		term_put(y + 1, cols / 2 - 8, 24, ST_DIM, end);
}

/* The letters that occur on the bar, so that nobody needs the manual. */
static void draw_legend(const struct app *a, int y, int cols)
{
	u64 seen = 0;
	int x = 0;

	for (size_t i = 0; i < sample_nr(a->shown); i++)
		seen |= 1ULL << a->shown->cat[i];
	for (u32 c = 0; c < VMA_CAT_NR && x + 16 < cols; c++)
		if (seen & 1ULL << c)
			x += term_putf(y, x, cols - x, category_style(c), "%c %s  ",
				       category_letter(c), vma_category_name((enum vma_category)c));
}

/* ---------------------------------------------------------------- the list */

static void draw_gap(struct app *a, struct state *s, int y, size_t i, bool cursor)
{
	u64 end = sample_end(a->shown, i);
	char size[VMA_SIZE_TEXT];

	term_putf(y, s->table.x[0], 60, cursor ? ST_CURSOR : ST_DIM, "%12llx gap of %s",
		  (unsigned long long)end, vma_size_text(sample_start(a->shown, i + 1) - end, size));
}

static void draw_line(struct app *a, struct state *s, int y, size_t i, int cols)
{
	bool cursor = i == s->list.cursor;
	struct pack_record record;
	struct vma_row row;
	u32 at;

	if (!line_at(a, i, &at))
		return;
	term_fill(y, 0, cols, cursor ? ST_CURSOR : ST_NORMAL, ' ');
	if (at & LISTING_GAP) {
		draw_gap(a, s, y, at & ~LISTING_GAP, cursor);
		return;
	}
	const struct sample *m = a->shown;
	bool tagged = tags_has(&a->q_space.tags, sample_start(m, at));
	char letters[4] = { tagged ? '*' : mark_letter((enum mark)m->mark[at]),
			    category_letter(m->cat[at]), ' ', '\0' };

	sample_row(m, &s->view, at, &row, &record);
	term_put(y, 0, 3, cursor ? ST_CURSOR : category_style(m->cat[at]), letters);
	if (!cursor && m->mark[at] && !tagged)
		term_putf(y, 0, 1, mark_style((enum mark)m->mark[at]), "%c", letters[0]);
	table_row(&s->table, y, &row,
		  cursor ? ST_CURSOR : tagged ? ST_TAGGED
			 : m->mark[at] ? mark_style((enum mark)m->mark[at]) : ST_NORMAL, 0);
}

static void draw_tags(struct app *a, int y, int cols)
{
	u64 size = 0, rss = 0;
	struct pack_record record;
	char s[VMA_SIZE_TEXT], r[VMA_SIZE_TEXT];

	for (size_t t = 0; t < a->q_space.tags.nr; t++) {
		size_t i = sample_find(a->shown, a->q_space.tags.key[t]);

		if (i == sample_nr(a->shown))
			continue;
		size += sample_end(a->shown, i) - sample_start(a->shown, i);
		rss += sample_map(a->shown, i, &record)->kb[VMA_SMAPS_RSS] << 10;
	}
	term_putf(y, 0, cols, ST_TAGGED, "%zu tagged: size %s, RSS %s", a->q_space.tags.nr,
		  vma_size_text(size, s), vma_size_text(rss, r));
}

/* What happened since the sample before, and what is not as it seems. */
static void draw_news(struct app *a, int y, int cols)
{
	const struct sample *m = a->shown;
	int x = 0;

	if (a->ended)
		x += term_put(y, x, cols, ST_ERROR, "the process has ended: this is its last state  ");
	if (a->q_space.tags.nr) {
		draw_tags(a, y, cols);
		return;
	}
	if (*a->q_space.filter)
		x += term_putf(y, x, cols - x, ST_WARN, "filter: %s (%zu of %zu)  ",
			       a->q_space.filter, a->listing ? a->listing->nr : 0, sample_nr(m));
	if (m->facts->changed)
		x += term_put(y, x, cols - x, ST_WARN, "changed while it was read  ");
	for (int k = MARK_NONE + 1; k < MARK_NR; k++)
		if (m->marked[k])
			x += term_putf(y, x, cols - x, mark_style((enum mark)k), "%c %u %s  ",
				       mark_letter((enum mark)k), m->marked[k],
				       mark_help((enum mark)k));
	if (m->vanished)
		x += term_putf(y, x, cols - x, ST_REMOVED, "- %u vanished  ", m->vanished);
	if (!x)
		draw_legend(a, y, cols);
}

static void draw_nothing(struct app *a, struct area area)
{
	if (!a->live) {
		term_putf(area.y + 1, 2, area.cols - 4, ST_DIM, "reading %s ...", a->target);
		return;
	}
	term_put(area.y + 1, 2, area.cols - 4, ST_ERROR, a->live->err.msg);
	if (a->live->err.code == 13 || a->live->err.code == 1)
		term_put(area.y + 3, 2, area.cols - 4, ST_NORMAL,
			 "Not permitted: run vmatop as root, as the owner of the process, or with "
			 "CAP_SYS_PTRACE.");
	term_put(area.y + 4, 2, area.cols - 4, ST_NORMAL, "Esc: back to the processes");
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	bool bar = area.rows >= 10;

	if (!sample_nr(a->shown)) {
		draw_nothing(a, area);
		return;
	}
	s->bar = -1;
	if (bar) {
		s->bar = area.y;
		draw_bar(a, s, area.y, area.cols);
		draw_news(a, area.y + 2, area.cols);
		area.y += 3;
		area.rows -= 3;
	}
	sample_view(a->shown, &s->view);
	s->table.whole_path = a->q_space.whole_path;
	table_fit(&s->table, &a->q_space.pick, 3, area.cols - 3);
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	table_head(&s->table, area.y, *a->q_space.order ? a->q_space.order : "START");
	s->top = area.y + 1;
	list_fit(&s->list, a->listing ? a->listing->nr : 0, area.rows - 1);
	for (int y = 0; y < s->list.rows; y++)
		draw_line(a, s, s->top + y, s->list.top + (size_t)y, area.cols);
	if (a->listing && !a->listing->nr)
		term_put(s->top, 3, area.cols - 3, ST_WARN, "no mapping passes the filter");
}

/* ---------------------------------------------------------------- keys */

static void moved(struct app *a, void *state)
{
	struct state *s = state;
	u32 row;

	if (line_at(a, s->list.cursor, &row) && a->shown)
		a->addr = sample_start(a->shown, row & ~LISTING_GAP);
}

static void go_to(struct app *a, struct state *s)
{
	size_t i;

	if (!app_selected(a, &i) || !a->listing)
		return;
	list_fit(&s->list, a->listing->nr, s->list.rows);
	for (size_t k = 0; k < a->listing->nr; k++)
		if (a->listing->row[k] == i) {
			list_to(&s->list, k);
			return;
		}
}

static void sample(struct app *a, void *state)
{
	struct state *s = state;

	/* below another view, or when asked to, the mapping stays selected; else the line does */
	if (a->addr && (s->seek || a->q_space.follow || panel_top(a) != &panel_space))
		go_to(a, s);
	else if (a->listing)
		list_fit(&s->list, a->listing->nr, s->list.rows);
	if (panel_top(a) == &panel_space || !a->addr)
		moved(a, s);
	s->seek = s->seek && !a->listing;
}

static u32 filtered(struct app *a, const char *text)
{
	struct vma_err err;

	if (!text)
		return 0;
	if (!app_set_filter(&a->q_space, &vma_mapping_columns, text, "PATH", &err)) {
		app_say(a, ST_ERROR, "filter: %s", err.msg);
		return 0;
	}
	/* its columns may need what was not read */
	return KEY_ARRANGE | KEY_REREAD;
}

static u32 sort_by(struct app *a, const char *order)
{
	snprintf(a->q_space.order, sizeof(a->q_space.order), "%s", order);
	app_say_order(a, &a->q_space);
	return KEY_HANDLED | KEY_REDRAW | KEY_ARRANGE;
}

static u32 mouse(struct app *a, struct state *s, const struct term_event *ev)
{
	const struct vma_column *c;
	char order[64];

	if (ev->mouse == MOUSE_UP || ev->mouse == MOUSE_DOWN || !sample_nr(a->shown))
		return 0;
	if (ev->y == s->bar) {
		int cols = term_area().cols;
		u64 pos = s->from + (s->to - s->from) * (u64)ev->x / (u64)cols;

		a->addr = sample_start(a->shown, mapping_at(a->shown, pos));
		go_to(a, s);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (ev->y == s->top - 1 && (c = table_hit(&s->table, ev->x))) {
		bool down = !strcmp(a->q_space.order, c->name);

		snprintf(order, sizeof(order), "%s%s", down ? "-" : "", c->name);
		return sort_by(a, order);
	}
	size_t at = s->list.top + (size_t)(ev->y - s->top);
	if (ev->y < s->top || at >= s->list.nr)
		return 0;
	bool again = at == s->list.cursor;
	list_to(&s->list, at);
	moved(a, s);
	if (again)
		panel_open(a, &panel_vma);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 open_text(struct app *a, enum action act)
{
	const char *comm = a->shown && a->shown->facts ? a->shown->facts->comm : NULL;
	struct pack_record record;
	struct vma_view view;
	struct vma_row row;
	char name[160];
	struct text *t;
	size_t i;

	snprintf(name, sizeof(name), "%.60s %.60s", a->target, comm ? comm : "");
	if (act != ACT_WRAP) {
		text_open(a, text_of(act), a->target, name);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (!app_selected(a, &i))
		return KEY_HANDLED;
	t = text_new(TEXT_ROW);
	sample_view(a->shown, &view);
	sample_row(a->shown, &view, i, &row, &record);
	if (t)
		table_lines(&vma_mapping_columns, &row, t);
	snprintf(name, sizeof(name), "%llx-%llx %s", (unsigned long long)sample_start(a->shown, i),
		 (unsigned long long)sample_end(a->shown, i), comm ? comm : "");
	text_show(a, t, name);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 toggle(struct app *a, struct state *s, enum action act)
{
	switch (act) {
	case ACT_GAPS:
		a->gaps = !a->gaps;
		if (*a->q_space.filter || *a->q_space.order)
			app_say(a, ST_WARN, "gaps are shown without a filter, sorted by address");
		return KEY_HANDLED | KEY_REDRAW | KEY_ARRANGE;
	case ACT_PATH:
		a->q_space.whole_path = !a->q_space.whole_path;
		break;
	case ACT_FOLLOW:
		a->q_space.follow = !a->q_space.follow;
		app_say(a, ST_NORMAL, "follow %s", a->q_space.follow ? "on" : "off");
		break;
	case ACT_TAG:
		tags_toggle(&a->q_space.tags, a->addr);
		list_act(&s->list, ACT_DOWN);
		moved(a, s);
		break;
	case ACT_UNTAG:
		a->q_space.tags.nr = 0;
		break;
	case ACT_ZOOM_IN:
		s->zoom += s->zoom < 40;
		break;
	case ACT_ZOOM_OUT:
		s->zoom -= s->zoom > 0;
		break;
	case ACT_ZOOM_ALL:
		s->zoom = 0;
		break;
	default:
		return 0;
	}
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;
	char order[64];
	const char *now = *a->q_space.order ? a->q_space.order : "START";

	if (ev->key == TK_MOUSE && act == ACT_NONE)
		return mouse(a, s, ev);
	switch (act) {
	case ACT_OPEN:
		panel_open(a, &panel_vma);
		return KEY_HANDLED | KEY_REDRAW;
	case ACT_FILTER:
		prompt_open(&a->prompt, "Filter", a->q_space.filter, NULL, filtered);
		return KEY_HANDLED | KEY_REDRAW;
	case ACT_ENVIRONMENT:
	case ACT_FILES:
	case ACT_LOCKS:
	case ACT_STACKS:
	case ACT_WRAP:
		return open_text(a, act);
	case ACT_INVERT:
		snprintf(order, sizeof(order), "%s%s", *now == '-' ? "" : "-", now + (*now == '-'));
		return sort_by(a, order);
	case ACT_SORT_ADDR:
		return sort_by(a, "");
	case ACT_SORT_SIZE:
		return sort_by(a, "-SIZE");
	case ACT_SORT_RSS:
		return sort_by(a, "-RSS");
	case ACT_BACK:
		if (a->depth == 1) /* started with a TARGET: the processes were never shown */
			panel_swap(a, &panel_procs);
		else
			return KEY_HANDLED | KEY_CLOSE | KEY_REDRAW;
		return KEY_HANDLED | KEY_REDRAW | KEY_REREAD;
	default:
		return toggle(a, s, act);
	}
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	if (!a->live)
		*s = (struct state){ .seek = a->addr != 0 };
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	const struct vma_fact_map *m;
	struct pack_record record;
	u32 row;

	(void)state;
	if (!line_at(a, i, &row) || row & LISTING_GAP)
		return NULL;
	m = sample_map(a->shown, row, &record);
	snprintf(buf, size, "%llx %s %s", (unsigned long long)m->start, m->perms, m->path);
	return buf;
}

const struct panel panel_space = {
	.name = "Map",
	.where = IN_SPACE,
	.state_size = sizeof(struct state),
	.help = "The bar shows the whole address space, a mapping as wide as the root of its size; "
		"the list below has one line a mapping. First letter: what happened (+ new, > grew, "
		"< shrank, / split, & merged, ~ changed, * tagged); second: what it is for, as in "
		"the legend. A number with ~ is inferred.",
	.draw = draw,
	.key = key,
	.enter = enter,
	.sample = sample,
	.list = get_list,
	.text = text,
	.moved = moved,
};
