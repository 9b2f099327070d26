// SPDX-License-Identifier: GPL-2.0-or-later
/* The processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "folds.h"
#include "report/process-columns.h"
#include "table.h"

struct state {
	struct list list;
	struct table table;
	u64 key;   /* of the row under the cursor */
	bool hold; /* it was named or opened: the cursor stays on it until it is moved */
	char digits[12];
	u64 digit_ns;
	int top; /* first line of rows on the screen */
	struct folds folds;
	u32 *row; /* those of the list that are not folded away */
	size_t nr, cap;
};

static const struct process *proc_at(const struct app *a, const struct state *s, size_t i)
{
	return a->procs && i < s->nr ? &a->procs->proc[a->procs->row[s->row[i]]] : NULL;
}

/* A row's branch is what follows and is deeper. */
static bool has_branch(const struct app *a, size_t i)
{
	return a->tree && i + 1 < a->procs->nr_rows && a->procs->depth[i + 1] > a->procs->depth[i];
}

static void make_rows(struct app *a, struct state *s)
{
	size_t all = a->procs ? a->procs->nr_rows : 0;
	int folded = -1;

	s->nr = 0;
	if (all > s->cap) {
		u32 *more = reallocarray(s->row, all, sizeof(*more));

		if (!more)
			return;
		s->row = more;
		s->cap = all;
	}
	for (size_t i = 0; i < all; i++) {
		int depth = a->procs->depth[i];

		if (a->tree && folded >= 0 && depth > folded)
			continue;
		folded = folds_has(&s->folds, proc_key(&a->procs->proc[a->procs->row[i]])) ? depth : -1;
		s->row[s->nr++] = (u32)i;
	}
}

static void draw_tags(struct app *a, struct area area)
{
	u64 vmas = 0, rss = 0;
	char text[VMA_SIZE_TEXT];

	for (size_t i = 0; a->procs && i < a->procs->nr; i++)
		if (tags_has(&a->q_procs.tags, proc_key(&a->procs->proc[i]))) {
			vmas += a->procs->proc[i].num[PN_VMAS];
			rss += a->procs->proc[i].num[PN_RSS];
		}
	term_putf(area.y, area.x, area.cols, ST_TAGGED, "%zu tagged: %llu mappings, RSS %s",
		  a->q_procs.tags.nr, (unsigned long long)vmas, vma_size_text(rss, text));
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	size_t nr = s->nr;

	if (a->q_procs.tags.nr) {
		draw_tags(a, area);
		area.y++;
		area.rows--;
	}
	s->table.whole_path = a->q_procs.whole_path;
	table_fit(&s->table, &a->q_procs.pick, 2, area.cols - 2);
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	table_head(&s->table, area.y, a->q_procs.order);
	s->top = area.y + 1;
	list_fit(&s->list, nr, area.rows - 1);
	if (a->procs && a->procs->err.code)
		term_put(area.y + 1, 0, area.cols, ST_ERROR, a->procs->err.msg);
	for (int y = 0; y < s->list.rows; y++) {
		size_t i = s->list.top + (size_t)y;
		const struct process *p = proc_at(a, s, i);

		if (!p)
			break;
		bool tagged = tags_has(&a->q_procs.tags, proc_key(p));
		enum style st = i == s->list.cursor ? ST_CURSOR : tagged ? ST_TAGGED : ST_NORMAL;

		term_fill(s->top + y, 0, area.cols, i == s->list.cursor ? st : ST_NORMAL, ' ');
		term_put(s->top + y, 0, 1, st, tagged ? "*" : " ");
		table_row(&s->table, s->top + y, p, st, a->tree ? 2 * a->procs->depth[s->row[i]] : 0);
		if (has_branch(a, s->row[i]))
			term_put(s->top + y, 1, 1, st, folds_has(&s->folds, proc_key(p)) ? "+" : "-");
	}
	if (a->procs && !nr)
		term_put(s->top + 1, 2, area.cols, ST_WARN,
			 *a->q_procs.filter ? "no process passes the filter" : "no process");
}

static void select_row(struct app *a, struct state *s)
{
	const struct process *p = proc_at(a, s, s->list.cursor);

	s->key = p ? proc_key(p) : 0;
}

static void moved(struct app *a, void *state)
{
	struct state *s = state;

	s->hold = false;
	*s->digits = '\0';
	select_row(a, s);
}

static void go_to(struct app *a, struct state *s, u64 key)
{
	for (size_t i = 0; i < s->nr; i++)
		if (proc_key(proc_at(a, s, i)) == key) {
			list_fit(&s->list, s->nr, s->list.rows);
			list_to(&s->list, i);
			return;
		}
}

static void sample(struct app *a, void *state)
{
	struct state *s = state;

	make_rows(a, s);
	if ((s->hold || a->q_procs.follow) && s->key)
		go_to(a, s, s->key);
	else
		list_fit(&s->list, s->nr, s->list.rows);
	select_row(a, s);
}

static u32 arrange(struct app *a, struct state *s)
{
	struct procs_ask ask = { .filter = a->q_procs.filter, .order = a->q_procs.order,
				 .tree = a->tree };
	u64 at = s->key;

	if (a->procs && !procs_arrange(a->procs, &ask))
		return KEY_QUIT;
	make_rows(a, s);
	go_to(a, s, at);
	select_row(a, s);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 filtered(struct app *a, const char *text)
{
	struct vma_err err;

	if (!text)
		return 0;
	if (!app_set_filter(&a->q_procs, &process_columns_live, text, "COMMAND", &err)) {
		app_say(a, ST_ERROR, "filter: %s", err.msg);
		return 0;
	}
	return arrange(a, panel_state(a, &panel_procs));
}

static u32 sort_by(struct app *a, struct state *s, const char *order)
{
	snprintf(a->q_procs.order, sizeof(a->q_procs.order), "%s", order);
	app_say_order(a, &a->q_procs);
	return arrange(a, s);
}

static u32 open_process(struct app *a, struct state *s, bool simulate)
{
	const struct process *p = proc_at(a, s, s->list.cursor);
	char pid[16];

	if (!p)
		return KEY_HANDLED;
	snprintf(pid, sizeof(pid), "%u", p->pid);
	s->hold = true;
	app_open(a, p->tag ? a->targets[p->tag - 1] : pid);
	panel_open(a, &panel_space);
	if (simulate)
		panel_open(a, &panel_sim);
	return KEY_HANDLED | KEY_REDRAW;
}

static void tag_tree(struct app *a, u32 pid, int depth)
{
	tags_add(&a->q_procs.tags, pid);
	for (size_t i = 0; depth < 64 && i < a->procs->nr; i++)
		if (a->procs->proc[i].ppid == pid && !a->procs->proc[i].tag)
			tag_tree(a, a->procs->proc[i].pid, depth + 1);
}

static u32 mouse(struct app *a, struct state *s, const struct term_event *ev)
{
	const struct vma_column *c;
	char order[64];

	if (ev->mouse == MOUSE_UP || ev->mouse == MOUSE_DOWN)
		return 0;
	if (ev->y == s->top - 1 && (c = table_hit(&s->table, ev->x))) {
		bool down = !strcmp(a->q_procs.order, c->name);

		snprintf(order, sizeof(order), "%s%s", down ? "-" : "", c->name);
		return sort_by(a, s, order);
	}
	if (ev->y < s->top || ev->y >= s->top + s->list.rows)
		return 0;
	size_t at = s->list.top + (size_t)(ev->y - s->top);
	bool again = at == s->list.cursor;
	if (at < s->list.nr)
		list_to(&s->list, at);
	moved(a, s);
	return again ? open_process(a, s, false) : KEY_HANDLED | KEY_REDRAW;
}

/* Digits typed quickly one after the other, with no other key between, are one PID. */
static u32 digit(struct app *a, struct state *s, int key)
{
	size_t n = strlen(s->digits);
	u64 now = clock_ns();

	if (now - s->digit_ns > 1500000000 || n + 1 >= sizeof(s->digits))
		n = 0;
	s->digits[n] = (char)key;
	s->digits[n + 1] = '\0';
	s->digit_ns = now;
	s->key = (u32)strtoul(s->digits, NULL, 10);
	s->hold = true;
	go_to(a, s, s->key);
	if (a->procs) /* else it waits for the list */
		select_row(a, s);
	app_say(a, ST_NORMAL, "PID: %s", s->digits);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 open_text(struct app *a, struct state *s, enum action act)
{
	const struct process *p = proc_at(a, s, s->list.cursor);
	char target[16], name[100];
	struct text *t;

	if (!p)
		return KEY_HANDLED;
	s->hold = true;
	snprintf(name, sizeof(name), "%u %s", p->pid, p->name);
	snprintf(target, sizeof(target), "%u", p->pid);
	if (act != ACT_WRAP) {
		text_open(a, text_of(act), p->tag ? a->targets[p->tag - 1] : target, name);
		return KEY_HANDLED | KEY_REDRAW;
	}
	t = text_new(TEXT_ROW);
	if (t)
		table_lines(&process_columns_live, p, t);
	text_show(a, t, name);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 fold(struct app *a, struct state *s, enum action act)
{
	const struct process *p = proc_at(a, s, s->list.cursor);
	u64 at = s->key;

	if (!a->tree || !p) {
		app_say(a, ST_WARN, "the list is not a tree (F5)");
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act == ACT_EXPAND)
		folds_drop(&s->folds, at);
	else if (act == ACT_COLLAPSE && has_branch(a, s->row[s->list.cursor]))
		folds_add(&s->folds, at);
	else if (act == ACT_EXPAND_ALL && s->folds.nr)
		folds_clear(&s->folds);
	else if (act == ACT_EXPAND_ALL)
		for (size_t i = 0; i < a->procs->nr_rows; i++)
			if (has_branch(a, i))
				folds_add(&s->folds, proc_key(&a->procs->proc[a->procs->row[i]]));
	make_rows(a, s);
	go_to(a, s, at);
	select_row(a, s);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 toggle(struct app *a, struct state *s, enum action act)
{
	switch (act) {
	case ACT_TREE:
		a->tree = !a->tree;
		return arrange(a, s);
	case ACT_PATH:
		a->q_procs.whole_path = !a->q_procs.whole_path;
		break;
	case ACT_FOLLOW:
		a->q_procs.follow = !a->q_procs.follow;
		app_say(a, ST_NORMAL, "follow %s", a->q_procs.follow ? "on" : "off");
		break;
	case ACT_TAG:
		if (s->key)
			tags_toggle(&a->q_procs.tags, s->key);
		list_act(&s->list, ACT_DOWN);
		moved(a, s);
		break;
	case ACT_TAG_TREE:
		if (s->key && a->procs && s->key >> 32)
			tags_add(&a->q_procs.tags, s->key);
		else if (s->key && a->procs)
			tag_tree(a, (u32)s->key, 0);
		break;
	case ACT_UNTAG:
		a->q_procs.tags.nr = 0;
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

	if (act != ACT_DIGIT)
		*s->digits = '\0';
	if (ev->key == TK_MOUSE && act == ACT_NONE)
		return mouse(a, s, ev);
	switch (act) {
	case ACT_OPEN:
		return open_process(a, s, false);
	case ACT_SIMULATE:
		return open_process(a, s, true);
	case ACT_FILTER:
		prompt_open(&a->prompt, "Filter", a->q_procs.filter, NULL, filtered);
		return KEY_HANDLED | KEY_REDRAW;
	case ACT_INVERT:
		snprintf(order, sizeof(order), "%s%s", *a->q_procs.order == '-' ? "" : "-",
			 a->q_procs.order + (*a->q_procs.order == '-'));
		return sort_by(a, s, order);
	case ACT_SORT_ADDR:
		return sort_by(a, s, "PID");
	case ACT_SORT_SIZE:
		return sort_by(a, s, "-SIZE");
	case ACT_SORT_RSS:
		return sort_by(a, s, "-RSS");
	case ACT_SORT_COUNT:
		return sort_by(a, s, "-VMAS");
	case ACT_DIGIT:
		return digit(a, s, ev->key);
	case ACT_ENVIRONMENT:
	case ACT_FILES:
	case ACT_LOCKS:
	case ACT_STACKS:
	case ACT_WRAP:
		return open_text(a, s, act);
	case ACT_EXPAND:
	case ACT_COLLAPSE:
	case ACT_EXPAND_ALL:
		return fold(a, s, act);
	default:
		return toggle(a, s, act);
	}
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	const struct state *s = state;
	const struct process *p = proc_at(a, s, i);

	if (!p)
		return NULL;
	snprintf(buf, size, "%u %s %s %s", p->pid, p->user, p->name, p->cmdline ? p->cmdline : "");
	return buf;
}

static void fini(void *state)
{
	struct state *s = state;

	free(s->row);
	folds_clear(&s->folds);
}

const struct panel panel_procs = {
	.where = IN_PROCS,
	.state_size = sizeof(struct state),
	.help = "Processes with an address space. GROWTH: mappings more than when the viewer first "
		"saw the process. SHARE: of vm.max_map_count, in percent.",
	.draw = draw,
	.key = key,
	.sample = sample,
	.list = get_list,
	.text = text,
	.moved = moved,
	.fini = fini,
};
