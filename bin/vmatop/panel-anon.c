// SPDX-License-Identifier: GPL-2.0-or-later
/* The forest of anon_vmas of one process: roots, their children, the mappings on each. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"

/* A line: an anon_vma, or a mapping that has a link to it. */
struct line {
	u32 anon, vma;
	u8 depth;
	bool own; /* vma->anon_vma is it: new pages go there */
};

struct state {
	struct list list;
	struct line *line;
	size_t nr, cap;
};

static void add(struct state *s, struct line line)
{
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct line *all = realloc(s->line, cap * sizeof(*all));

		if (!all)
			return;
		s->line = all;
		s->cap = cap;
	}
	s->line[s->nr++] = line;
}

static u8 depth_of(const struct vma_world *w, const struct vma_anon *an)
{
	u8 depth = 0;

	while (an && an->parent != an->id && depth < 20) {
		an = vma_anon_at(w, an->parent);
		depth++;
	}
	return depth;
}

/* Links of all mappings as lines, sorted: an anon_vma, then its mappings by address. */
static int by_anon(const void *x, const void *y)
{
	const struct line *a = x, *b = y;

	if (a->anon != b->anon)
		return a->anon < b->anon ? -1 : 1;
	return (a->vma > b->vma) - (a->vma < b->vma);
}

static void make(struct app *a, void *state)
{
	struct state *s = state;
	const struct sample *m = a->shown;
	const struct vma_avc *avc;
	const struct vma *vma;
	size_t links;
	u32 last = 0;

	s->nr = 0;
	if (!m || !m->model)
		return;
	const struct vma_world *w = m->model->world;
	vma_for_each(m->model->mm, vma)
		for (u32 id = vma->avc; (avc = vma_avc_at(w, id)); id = avc->next)
			add(s, (struct line){ avc->anon_vma, vma->id, 0,
					      vma->anon_vma == avc->anon_vma });
	links = s->nr;
	if (links)
		qsort(s->line, links, sizeof(*s->line), by_anon);
	/* headings go behind the links and everything is sorted in once more */
	for (size_t i = 0; i < links; i++) {
		u8 depth = depth_of(w, vma_anon_at(w, s->line[i].anon));

		s->line[i].depth = depth;
		if (s->line[i].anon != last)
			add(s, (struct line){ s->line[i].anon, 0, depth, false });
		last = s->line[i].anon;
	}
	if (s->nr)
		qsort(s->line, s->nr, sizeof(*s->line), by_anon);
}

static const char *put_line(const struct sample *m, const struct line *l, char *buf, size_t size)
{
	const struct vma_world *w = m->model->world;
	const struct vma_anon *an = vma_anon_at(w, l->anon);
	const struct vma *vma = vma_at(w, l->vma);
	struct vma_provenance how;
	char label[VMA_LABEL_MAX];

	if (!vma && an) {
		snprintf(buf, size, "%*sanon_vma %u  %s %u  refcount %u  children %u  active VMAs %u  "
			 "links %u", 2 * l->depth, "", an->id,
			 an->root == an->id ? "root" : "child of",
			 an->root == an->id ? an->id : an->parent, an->refcount, an->num_children,
			 an->num_active_vmas, an->nr_avcs);
		return buf;
	}
	if (!vma)
		return "";
	how = vma_model_known(m->model, vma, VMA_FIELD_ANON_VMA);
	vma_label(m->model->mm, vma, label, sizeof(label));
	snprintf(buf, size, "%*s  %s %llx-%llx %s  (%s)", 2 * l->depth, "", l->own ? "|-" : "|.",
		 (unsigned long long)vma->vm_start, (unsigned long long)vma->vm_end, label,
		 vma_known_name((enum vma_known)how.known));
	return buf;
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;
	char buf[VMA_LABEL_MAX + 200];

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_put(area.y, 0, area.cols, ST_HEAD,
		 "anon_vma forest   |- its own   |. linked from before a fork");
	if (!a->shown || !a->shown->model) {
		const struct vma_err *e = a->shown ? &a->shown->why_no_model : NULL;

		term_put(area.y + 1, 2, area.cols - 2, e && e->code ? ST_ERROR : ST_DIM,
			 e && e->code ? e->msg : "the model of this sample is not there (yet)");
		return;
	}
	list_fit(&s->list, s->nr, area.rows - 1);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->nr; y++) {
		size_t i = s->list.top + (size_t)y;
		enum style st = i == s->list.cursor ? ST_CURSOR
				: s->line[i].vma    ? ST_NORMAL
						    : ST_TITLE;

		term_fill(area.y + 1 + y, 0, area.cols, i == s->list.cursor ? st : ST_NORMAL, ' ');
		term_put(area.y + 1 + y, 1, area.cols - 1, st,
			 put_line(a->shown, &s->line[i], buf, sizeof(buf)));
	}
	if (!s->nr)
		term_put(area.y + 1, 2, area.cols - 2, ST_DIM, "no mapping has an anon_vma");
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;
	const struct vma *vma;

	(void)ev;
	if (act != ACT_OPEN || s->list.cursor >= s->nr || !a->shown || !a->shown->model)
		return 0;
	vma = vma_at(a->shown->model->world, s->line[s->list.cursor].vma);
	if (vma) {
		a->addr = vma->vm_start;
		panel_open(a, &panel_vma);
	}
	return KEY_HANDLED | KEY_REDRAW;
}

static void fini(void *state)
{
	free(((struct state *)state)->line);
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	struct state *s = state;

	return a->shown && a->shown->model && i < s->nr
		       ? put_line(a->shown, &s->line[i], buf, size) : NULL;
}

const struct panel panel_anon = {
	.name = "Anon",
	.where = IN_ANON,
	.wants = WANTS_MODEL,
	.state_size = sizeof(struct state),
	.help = "Each anon_vma with the mappings whose chain leads to it. Two neighbours merge only "
		"when they share one, or when one of them has none yet.",
	.draw = draw,
	.key = key,
	.enter = make,
	.sample = make,
	.fini = fini,
	.list = get_list,
	.text = text,
};
