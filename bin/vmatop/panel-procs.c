// SPDX-License-Identifier: GPL-2.0-or-later
/* The processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "report/process-columns.h"
#include "table.h"

struct state {
	struct list list;
	struct table table;
	u32 pid; /* under the cursor */
	char digits[12];
	u64 digit_ns;
	int top; /* first line of rows on the screen */
};

static const struct process *proc_at(const struct app *a, size_t i)
{
	return a->procs && i < a->procs->nr_rows ? &a->procs->proc[a->procs->row[i]] : NULL;
}

static void draw_tags(struct app *a, struct area area)
{
	u64 vmas = 0, rss = 0;
	char text[VMA_SIZE_TEXT];

	for (size_t i = 0; a->procs && i < a->procs->nr; i++)
		if (tags_has(&a->q_procs.tags, a->procs->proc[i].pid)) {
			vmas += a->procs->proc[i].num[PN_VMAS];
			rss += a->procs->proc[i].num[PN_RSS];
		}
	term_putf(area.y, area.x, area.cols, ST_TAGGED, "%zu tagged: %llu mappings, RSS %s",
		  a->q_procs.tags.nr, (unsigned long long)vmas, vma_size_text(rss, text));
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	size_t nr = a->procs ? a->procs->nr_rows : 0;

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
		const struct process *p = proc_at(a, i);

		if (!p)
			break;
		bool tagged = tags_has(&a->q_procs.tags, p->pid);
		enum style st = i == s->list.cursor ? ST_CURSOR : tagged ? ST_TAGGED : ST_NORMAL;

		term_fill(s->top + y, 0, area.cols, i == s->list.cursor ? st : ST_NORMAL, ' ');
		term_put(s->top + y, 0, 1, st, tagged ? "*" : " ");
		table_row(&s->table, s->top + y, p, st, a->tree ? 2 * a->procs->depth[i] : 0);
	}
	if (a->procs && !nr)
		term_put(s->top + 1, 2, area.cols, ST_WARN,
			 *a->q_procs.filter ? "no process passes the filter" : "no process");
}

static void moved(struct app *a, void *state)
{
	struct state *s = state;
	const struct process *p = proc_at(a, s->list.cursor);

	s->pid = p ? p->pid : 0;
}

static void go_to(struct app *a, struct state *s, u32 pid)
{
	for (size_t i = 0; a->procs && i < a->procs->nr_rows; i++)
		if (proc_at(a, i)->pid == pid) {
			list_fit(&s->list, a->procs->nr_rows, s->list.rows);
			list_to(&s->list, i);
			return;
		}
}

static void sample(struct app *a, void *state)
{
	struct state *s = state;

	if (a->q_procs.follow && s->pid)
		go_to(a, s, s->pid);
	moved(a, s);
}

static u32 arrange(struct app *a, struct state *s)
{
	struct procs_ask ask = { .filter = a->q_procs.filter, .order = a->q_procs.order,
				 .tree = a->tree };
	u32 pid = s->pid;

	if (a->procs && !procs_arrange(a->procs, &ask))
		return KEY_QUIT;
	go_to(a, s, pid);
	moved(a, s);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 filtered(struct app *a, const char *text)
{
	char expr[EXPR_MAX];
	struct vma_filter *f;
	struct vma_err err;

	if (!text)
		return 0;
	app_expression(&process_columns_live, text, "COMMAND", expr, sizeof(expr));
	if (*expr && vma_filter_parse(&process_columns_live, expr, &f, &err)) {
		app_say(a, ST_ERROR, "filter: %s", err.msg);
		return 0;
	}
	if (*expr)
		vma_filter_free(f);
	snprintf(a->q_procs.filter, sizeof(a->q_procs.filter), "%s", expr);
	return arrange(a, panel_state(a, &panel_procs));
}

static u32 sort_by(struct app *a, struct state *s, const char *order)
{
	snprintf(a->q_procs.order, sizeof(a->q_procs.order), "%s", order);
	return arrange(a, s);
}

static u32 open_process(struct app *a, const struct state *s, bool simulate)
{
	char pid[16];

	if (!s->pid)
		return KEY_HANDLED;
	snprintf(pid, sizeof(pid), "%u", s->pid);
	app_open(a, pid);
	panel_open(a, &panel_space);
	if (simulate)
		panel_open(a, &panel_sim);
	return KEY_HANDLED | KEY_REDRAW;
}

static void tag_tree(struct app *a, u32 pid, int depth)
{
	tags_add(&a->q_procs.tags, pid);
	for (size_t i = 0; depth < 64 && i < a->procs->nr; i++)
		if (a->procs->proc[i].ppid == pid)
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

/* Digits typed quickly one after the other are one PID. */
static u32 digit(struct app *a, struct state *s, int key)
{
	size_t n = strlen(s->digits);
	u64 now = clock_ns();

	if (now - s->digit_ns > 1500000000 || n + 1 >= sizeof(s->digits))
		n = 0;
	s->digits[n] = (char)key;
	s->digits[n + 1] = '\0';
	s->digit_ns = now;
	go_to(a, s, (u32)strtoul(s->digits, NULL, 10));
	moved(a, s);
	app_say(a, ST_NORMAL, "PID: %s", s->digits);
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
		if (s->pid)
			tags_toggle(&a->q_procs.tags, s->pid);
		list_act(&s->list, ACT_DOWN);
		moved(a, s);
		break;
	case ACT_TAG_TREE:
		if (s->pid && a->procs)
			tag_tree(a, s->pid, 0);
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
	const struct process *p = proc_at(a, i);

	(void)state;
	if (!p)
		return NULL;
	snprintf(buf, size, "%u %s %s %s", p->pid, p->user, p->name, p->cmdline ? p->cmdline : "");
	return buf;
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
};
