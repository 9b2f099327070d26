// SPDX-License-Identifier: GPL-2.0-or-later
/* The forest of anon_vmas over a tree of forks: roots, their children, the mappings on each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "folds.h"
#include "forest.h"

struct state {
	struct list list;
	struct folds folds;
	u32 *row; /* lines that are not folded away */
	size_t nr, cap;
	size_t of; /* lines that @row was made for */
};

static const struct forest *forest_of(const struct app *a)
{
	return a->shown ? a->shown->forest : NULL;
}

/* The lines of the shown forest, without the branches that are folded. */
static void make(struct app *a, void *state)
{
	struct state *s = state;
	const struct forest *f = forest_of(a);

	s->nr = 0;
	s->of = f ? f->nr : 0;
	if (s->of > s->cap) {
		u32 *more = reallocarray(s->row, s->of, sizeof(*more));

		if (!more)
			return;
		s->row = more;
		s->cap = s->of;
	}
	for (size_t i = 0; i < s->of; i++) {
		s->row[s->nr++] = (u32)i;
		if (folds_has(&s->folds, f->line[i].key))
			i += f->line[i].below;
	}
}

static const char *put_line(const struct state *s, const struct forest *f, u32 i, char *buf,
			    size_t size)
{
	const struct forest_line *l = &f->line[i];
	const char *known = vma_known_name((enum vma_known)l->known);
	int in = 2 * l->depth;

	if (l->is_vma) {
		snprintf(buf, size, "%*s   %6u %llx-%llx %s  %s", in, "", l->pid,
			 (unsigned long long)l->start, (unsigned long long)l->end, f->text + l->label,
			 known);
		return buf;
	}
	int n = snprintf(buf, size, "%*s%c anon_vma %u  ", in, "",
			 !l->below ? ' ' : folds_has(&s->folds, l->key) ? '+' : '-', l->id);
	if (l->parent == l->id)
		n += snprintf(buf + n, size - (size_t)n, "root  ");
	else if (l->parent)
		n += snprintf(buf + n, size - (size_t)n, "child of %u  ", l->parent);
	else
		n += snprintf(buf + n, size - (size_t)n, "parent not known  ");
	if (l->open)
		snprintf(buf + n, size - (size_t)n, "counts not known  %s", known);
	else
		snprintf(buf + n, size - (size_t)n, "refcount %u  children %u  active VMAs %u  links %u  %s",
			 l->refcount, l->children, l->active, l->links, known);
	return buf;
}

static void draw_heading(struct app *a, const struct forest *f, struct area area)
{
	int x;

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	x = term_put(area.y, 0, area.cols, ST_HEAD, "anon_vma forest");
	if (!f)
		return;
	x += term_putf(area.y, x, area.cols - x, ST_HEAD, " of %zu process%s: %zu anon_vmas",
		       f->nr_processes, f->nr_processes == 1 ? "" : "es", f->nr_anons);
	if (f->left_out)
		x += term_putf(area.y, x, area.cols - x, ST_HEAD, ", %zu relatives left out",
			       f->left_out);
	if (a->shown != a->live)
		x += term_put(area.y, x, area.cols - x, ST_HEAD, " (past)");
	if (x + 40 < area.cols)
		term_right(area.y, area.cols - 36, 36, ST_HEAD, "mappings: PID, range, how known");
}

static void draw_nothing(struct app *a, struct area area)
{
	const struct vma_err *e = a->shown ? &a->shown->why_no_model : NULL;

	if (e && e->code)
		term_put(area.y + 1, 2, area.cols - 2, ST_ERROR, e->msg);
	else if (a->ended || a->back)
		term_put(area.y + 1, 2, area.cols - 2, ST_DIM, "not read with this sample");
	else
		term_put(area.y + 1, 2, area.cols - 2, ST_DIM, "reading ...");
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	const struct forest *f = forest_of(a);
	char buf[VMA_LABEL_MAX + 300];

	draw_heading(a, f, area);
	if (!f || f->err.code) {
		draw_nothing(a, area);
		return;
	}
	if (s->of != f->nr)
		make(a, state);
	list_fit(&s->list, s->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->nr; y++) {
		size_t i = s->list.top + (size_t)y;
		enum style st = i == s->list.cursor ? ST_CURSOR
				: f->line[s->row[i]].is_vma ? ST_NORMAL : ST_TITLE;

		term_fill(area.y + 1 + y, 0, area.cols, i == s->list.cursor ? st : ST_NORMAL, ' ');
		term_put(area.y + 1 + y, 1, area.cols - 1, st,
			 put_line(s, f, s->row[i], buf, sizeof(buf)));
	}
	if (!s->nr)
		term_put(area.y + 1, 2, area.cols - 2, ST_DIM, "no mapping has an anon_vma");
}

/* ---------------------------------------------------------------- keys */

/* The branch that a line is in: itself when it is an anon_vma. */
static size_t branch_of(const struct forest *f, size_t i)
{
	while (i && f->line[i].is_vma)
		i--;
	return i;
}

static void fold_all(struct state *s, const struct forest *f)
{
	u64 *keys = calloc(f->nr + 1, sizeof(*keys));
	size_t nr = 0;

	for (size_t i = 0; keys && i < f->nr; i += f->line[i].below + 1)
		keys[nr++] = f->line[i].key;
	if (keys)
		folds_set(&s->folds, keys, nr);
}

static u32 fold(struct app *a, struct state *s, enum action act)
{
	const struct forest *f = forest_of(a);
	size_t at = branch_of(f, s->row[s->list.cursor]);
	u64 key = f->line[at].key;

	if (act == ACT_EXPAND_ALL && s->folds.nr)
		folds_clear(&s->folds);
	else if (act == ACT_EXPAND_ALL)
		fold_all(s, f);
	else if (act == ACT_EXPAND)
		folds_drop(&s->folds, key);
	else if (f->line[at].below)
		folds_add(&s->folds, key);
	make(a, s);
	for (size_t i = 0; i < s->nr && s->row[i] <= at; i++)
		s->list.cursor = i;
	list_fit(&s->list, s->nr, s->list.rows);
	return KEY_HANDLED | KEY_REDRAW;
}

/* A mapping opens in full; of another process its address space does. */
static u32 open_line(struct app *a, const struct forest_line *l)
{
	char pid[16];

	if (l->pid == a->shown->facts->pid) {
		a->addr = l->start;
		panel_open(a, &panel_vma);
		return KEY_HANDLED | KEY_REDRAW;
	}
	snprintf(pid, sizeof(pid), "%u", l->pid);
	app_open(a, pid);
	a->addr = l->start;
	panel_open(a, &panel_space);
	panel_space.enter(a, panel_state(a, &panel_space)); /* it was open below */
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;
	const struct forest *f = forest_of(a);
	const struct forest_line *l;

	(void)ev;
	if (!f || s->list.cursor >= s->nr)
		return 0;
	l = &f->line[s->row[s->list.cursor]];
	switch (act) {
	case ACT_OPEN:
		if (l->is_vma)
			return open_line(a, l);
		return fold(a, s, folds_has(&s->folds, l->key) ? ACT_EXPAND : ACT_COLLAPSE);
	case ACT_EXPAND:
	case ACT_COLLAPSE:
	case ACT_EXPAND_ALL:
		return fold(a, s, act);
	default:
		return 0;
	}
}

static void fini(void *state)
{
	struct state *s = state;

	free(s->row);
	folds_clear(&s->folds);
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	struct state *s = state;
	const struct forest *f = forest_of(a);

	return f && i < s->nr ? put_line(s, f, s->row[i], buf, size) : NULL;
}

const struct panel panel_anon = {
	.name = "Anon",
	.where = IN_ANON,
	.wants = WANTS_FOREST | WANTS_PAGES,
	.state_size = sizeof(struct state),
	.help = "The anon_vmas of the process and of those that it came from, or that came from it, "
		"by fork without exec; below each the mappings whose new pages go there. Two "
		"neighbours merge only when they share one, or when one of them has none yet.",
	.draw = draw,
	.key = key,
	.enter = make,
	.sample = make,
	.fini = fini,
	.list = get_list,
	.text = text,
};
