// SPDX-License-Identifier: GPL-2.0-or-later
#include "panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/check.h"

/* THE table of panels. Those with a name are the views of a process, in the order of Tab. */
static const struct panel *const panels[] = {
	&panel_procs, &panel_space, &panel_vma,	  &panel_pages, &panel_anon,
	&panel_history, &panel_sim, &panel_help, &panel_setup, &panel_sort, &panel_text,
};

const struct panel *panel_at(size_t i)
{
	return i < ARRAY_SIZE(panels) ? panels[i] : NULL;
}

static size_t index_of(const struct panel *p)
{
	size_t i = 0;

	while (panels[i] != p)
		i++;
	return i;
}

void *panel_state(struct app *a, const struct panel *p)
{
	size_t i = index_of(p);

	if (!a->state[i]) {
		a->state[i] = calloc(1, p->state_size ? p->state_size : 1);
		if (!a->state[i])
			abort(); /* some hundred bytes: nothing would work */
	}
	return a->state[i];
}

void panel_fini(struct app *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(panels); i++) {
		if (a->state[i] && panels[i]->fini)
			panels[i]->fini(a->state[i]);
		free(a->state[i]);
		a->state[i] = NULL;
	}
}

const struct panel *panel_top(const struct app *a)
{
	return a->stack[a->depth - 1];
}

u32 panel_where(struct app *a)
{
	const struct panel *p = panel_top(a);

	return p->where_now ? p->where_now(panel_state(a, p)) : p->where;
}

void panel_open(struct app *a, const struct panel *p)
{
	for (size_t i = 0; i < a->depth; i++)
		if (a->stack[i] == p) {
			a->depth = i + 1; /* it is open already: back to it */
			return;
		}
	if (a->depth == PANELS_MAX)
		return;
	a->stack[a->depth++] = p;
	if (p->enter)
		p->enter(a, panel_state(a, p));
	a->want_read |= (p->wants & ~(u32)(WANTS_NOTHING | WANTS_DETAIL)) != 0;
}

void panel_swap(struct app *a, const struct panel *p)
{
	a->depth--;
	panel_open(a, p);
}

bool panel_close(struct app *a)
{
	if (a->depth < 2)
		return false;
	a->depth--;
	a->want_read |= panel_top(a) == &panel_procs;
	return true;
}

void panel_tab(struct app *a, bool next)
{
	size_t i = index_of(panel_top(a));

	do
		i = (i + (next ? 1 : ARRAY_SIZE(panels) - 1)) % ARRAY_SIZE(panels);
	while (!panels[i]->name);
	/* the map is the ground floor: the others lie on it */
	if (panels[i] == &panel_space) {
		while (a->depth > 1 && panel_top(a) != &panel_space)
			a->depth--;
		return;
	}
	if (panel_top(a) == &panel_space)
		panel_open(a, panels[i]);
	else
		panel_swap(a, panels[i]);
}

void panel_tell(struct app *a)
{
	for (size_t i = 0; i < a->depth; i++)
		if (a->stack[i]->sample)
			a->stack[i]->sample(a, panel_state(a, a->stack[i]));
}

/* ---------------------------------------------------------------- the frame */

static void draw_cost(struct app *a, int y, int x, int cols)
{
	char text[160];
	const char *state = a->paused ? "PAUSED" : "";

	if (a->ended)
		state = "ENDED";
	else if (a->back)
		state = "PAST";
	snprintf(text, sizeof(text), "%s%sread %.*f ms, every %.*f s", state, *state ? "  " : "",
		 a->cost_ns < 100000000, (double)a->cost_ns / 1e6,
		 a->interval_ns < 10000000000, (double)a->interval_ns / 1e9);
	term_right(y, x, cols - x, *state ? ST_WARN : ST_DIM, text);
}

static void draw_process_line(struct app *a, int cols)
{
	const struct sample *s = a->shown;
	char rss[VMA_SIZE_TEXT], pss[VMA_SIZE_TEXT], swap[VMA_SIZE_TEXT], name[64];
	u64 share, nr = sample_vmas(s);

	if (!s || !s->facts) {
		term_putf(0, 0, cols, ST_TITLE, "vmatop %s", a->target);
		return;
	}
	share = s->max_map_count ? nr * 1000 / s->max_map_count : 0;
	snprintf(name, sizeof(name), "%.40s", s->facts->comm ? s->facts->comm : a->target);
	int x = term_putf(0, 0, cols, ST_TITLE, "%u %s", s->facts->pid, name);
	x += term_putf(0, x, cols - x, share >= 900 ? ST_ERROR : share >= 500 ? ST_WARN : ST_NORMAL,
		       "  VMAs %llu (%llu.%llu%% of %llu)", (unsigned long long)nr,
		       (unsigned long long)(share / 10), (unsigned long long)(share % 10),
		       (unsigned long long)s->max_map_count);
	if (s->facts->levels & VMA_READ_SMAPS)
		term_putf(0, x, cols - x, ST_NORMAL, "  RSS %s  PSS %s  swap %s",
			  vma_size_text(s->rss_kb << 10, rss), vma_size_text(s->pss_kb << 10, pss),
			  vma_size_text(s->swap_kb << 10, swap));
	else if (s->facts->is_core)
		term_put(0, x, cols - x, ST_NORMAL, "  (a core: it counts no pages)");
	else
		term_putf(0, x, cols - x, ST_NORMAL, "  RSS %s  (smaps not readable)",
			  vma_size_text(s->rss_kb << 10, rss));
}

static void draw_views(struct app *a, int cols)
{
	int x = 0;

	for (size_t i = 0; i < ARRAY_SIZE(panels); i++) {
		bool on = panels[i] == panel_top(a);

		if (!panels[i]->name)
			continue;
		x += term_putf(1, x, cols - x, on ? ST_SORTED : ST_DIM, "[%s]", panels[i]->name);
		x += term_put(1, x, cols - x, ST_NORMAL, " ");
	}
	draw_cost(a, 1, x, cols);
}

static void draw_procs_header(struct app *a, int cols)
{
	const struct procs *p = a->procs;

	term_put(0, 0, cols, ST_TITLE, "vmatop: processes");
	if (p) {
		size_t all = a->nr_targets ? a->nr_targets : p->nr;

		term_putf(0, 19, cols - 19, ST_NORMAL, "%zu of %zu%s  max_map_count %llu", p->nr_rows,
			  all, a->nr_targets ? " targets" : "",
			  (unsigned long long)p->max_map_count);
		if (p->denied)
			term_putf(1, 0, cols, ST_WARN, "%zu not permitted (CAP_SYS_PTRACE)", p->denied);
	}
	draw_cost(a, 1, 32, cols);
}

void panel_draw(struct app *a)
{
	const struct panel *p = panel_top(a);
	struct area area = term_area();
	int head = a->hide_header ? 0 : 2, foot = *a->message ? 2 : 1;
	struct area inner = { head, 0, area.rows - head - foot, area.cols };

	term_erase();
	term_cursor(-1, 0);
	if (head && a->stack[a->depth - 1] == &panel_procs) {
		draw_procs_header(a, area.cols);
	} else if (head && *a->target) {
		draw_process_line(a, area.cols);
		draw_views(a, area.cols);
	} else if (head) {
		draw_procs_header(a, area.cols);
	}
	if (inner.rows > 0)
		p->draw(a, panel_state(a, p), inner);
	if (*a->message)
		term_put(area.rows - 2, 0, area.cols, a->message_style, a->message);
	if (a->prompt.open)
		prompt_draw(&a->prompt, area.rows - 1, area.cols);
	else
		keys_bar(area.rows - 1, area.cols, panel_where(a));
	term_flush();
}

/* ---------------------------------------------------------------- keys that are the same everywhere */

static u32 step_history(struct app *a, enum action act)
{
	size_t to = act == ACT_NEWEST ? 0 : act == ACT_OLDER ? a->back + 1 : a->back - (a->back > 0);

	app_show(a, to);
	if (a->back)
		app_say(a, ST_NORMAL, "%zu samples back of %zu", a->back, a->history.nr_samples - 1);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 common(struct app *a, enum action act)
{
	switch (act) {
	case ACT_HELP:
		panel_open(a, &panel_help);
		return KEY_REDRAW;
	case ACT_QUIT:
		return KEY_QUIT;
	case ACT_BACK:
		return KEY_CLOSE | KEY_REDRAW;
	case ACT_PAUSE:
		a->paused = !a->paused;
		return KEY_REDRAW;
	case ACT_REREAD:
		term_redraw();
		return KEY_REREAD | KEY_REDRAW;
	case ACT_HEADER:
		a->hide_header = !a->hide_header;
		return KEY_REDRAW;
	case ACT_TAB:
	case ACT_BACKTAB:
		panel_tab(a, act == ACT_TAB);
		return KEY_REDRAW;
	case ACT_OLDER:
	case ACT_NEWER:
	case ACT_NEWEST:
		return step_history(a, act);
	case ACT_VMA:
		panel_open(a, &panel_vma);
		return KEY_REDRAW;
	case ACT_PAGES:
		panel_open(a, &panel_pages);
		return KEY_REDRAW;
	case ACT_ANON:
		panel_open(a, &panel_anon);
		return KEY_REDRAW;
	case ACT_HISTORY:
		panel_open(a, &panel_history);
		return KEY_REDRAW;
	case ACT_SIMULATE:
		panel_open(a, &panel_sim);
		return KEY_REDRAW;
	case ACT_SETUP:
		panel_open(a, &panel_setup);
		return KEY_REDRAW;
	case ACT_SORT:
		panel_open(a, &panel_sort);
		return KEY_REDRAW;
	default:
		return 0;
	}
}

/* What all lists have: the cursor, the wheel, the search. */
static u32 in_list(struct app *a, const struct panel *p, enum action act,
		   const struct term_event *ev)
{
	void *state = panel_state(a, p);
	struct list *l = p->list(state);
	bool wheel = ev->key == TK_MOUSE && (ev->mouse == MOUSE_UP || ev->mouse == MOUSE_DOWN);

	if (wheel)
		list_wheel(l, ev->mouse == MOUSE_UP);
	if (wheel || list_act(l, act)) {
		if (p->moved)
			p->moved(a, state);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (!p->text)
		return 0;
	if (act == ACT_SEARCH)
		search_open(a);
	if (act == ACT_NEXT || act == ACT_PREV)
		return search_again(a, act == ACT_NEXT);
	return act == ACT_SEARCH ? KEY_HANDLED | KEY_REDRAW : 0;
}

u32 panel_key(struct app *a, const struct term_event *ev)
{
	const struct panel *p = panel_top(a);
	struct area area = term_area();
	enum action act;
	u32 rc;

	*a->message = '\0';
	if (a->prompt.open)
		return prompt_key(a, &a->prompt, ev);
	if (ev->key == TK_MOUSE && ev->y == area.rows - 1)
		act = keys_bar_hit(ev->x, area.cols, panel_where(a));
	else
		act = keys_action(ev->key, panel_where(a));
	rc = p->key ? p->key(a, panel_state(a, p), act, ev) : 0;
	if (!(rc & KEY_HANDLED) && p->list)
		rc |= in_list(a, p, act, ev);
	return rc & KEY_HANDLED ? rc : rc | common(a, act) | KEY_REDRAW;
}
