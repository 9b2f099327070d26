// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

/* Changed mappings kept of one operation, and unchanged ones shown beside each. */
#define ROWS_MAX 2000
#define CONTEXT 2

static int no_memory(struct vma_err *err)
{
	return vma_fail(err, ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- states */

bool sim_start(struct sim *m, struct sample *s, const char *procfs)
{
	*m = (struct sim){ .procfs = procfs, .node = calloc(1, sizeof(*m->node)), .nr = 1 };
	if (!m->node)
		return false;
	m->base = sample_ref(s);
	m->node[0].next = s->model->mm->id;
	return true;
}

static void node_fini(struct sim_node *n)
{
	vma_events_fini(&n->events);
	free(n->row);
	free(n->path);
}

void sim_fini(struct sim *m)
{
	for (u32 i = 0; i < m->nr; i++)
		node_fini(&m->node[i]);
	free(m->node);
	vma_world_free(m->now);
	sample_unref(m->base);
	*m = (struct sim){ .nr = 0 };
}

struct vma_world *sim_world(const struct sim *m)
{
	return m->now ? m->now : m->base->model->world;
}

struct vma_mm *sim_mm(const struct sim *m)
{
	return vma_mm_by_id(sim_world(m), m->node[m->at].next);
}

u32 sim_depth(const struct sim *m)
{
	u32 depth = 0;

	for (u32 i = m->at; i; i = m->node[i].parent)
		depth++;
	return depth;
}

static void count(const struct vma_mm *mm, struct sim_counters *c)
{
	*c = (struct sim_counters){ mm->map_count, mm->total_vm, mm->data_vm, mm->exec_vm,
				    mm->stack_vm,  mm->locked_vm, mm->rss_anon, mm->rss_file,
				    mm->rss_shmem, mm->brk };
}

/* ---------------------------------------------------------------- before and after */

struct gathering {
	struct sim_node *n;
	const struct vma_mm *before, *after;
	struct vma_diff same[CONTEXT]; /* the last unchanged ones, should a change follow */
	size_t nr_same, behind, skipped;
	bool failed;
};

static void take_side(const struct vma_mm *mm, const struct vma *vma, struct sim_side *s)
{
	char label[VMA_LABEL_MAX];
	const char *slash;

	if (!vma)
		return;
	vma_label(mm, vma, label, sizeof(label));
	slash = *label == '/' ? strrchr(label, '/') : NULL;
	*s = (struct sim_side){ true, vma->vm_start, vma->vm_end, vma->vm_flags, vma->anon_vma, "" };
	snprintf(s->label, sizeof(s->label), "%.63s", slash ? slash + 1 : label);
}

static struct sim_row *new_row(struct gathering *g)
{
	struct sim_node *n = g->n;

	if (n->nr_rows == n->cap_rows) {
		size_t cap = n->cap_rows ? 2 * n->cap_rows : 16;
		struct sim_row *all = realloc(n->row, cap * sizeof(*all));

		if (!all) {
			g->failed = true;
			return NULL;
		}
		n->row = all;
		n->cap_rows = cap;
	}
	n->row[n->nr_rows] = (struct sim_row){ .kind = VMA_DIFF_SAME };
	return &n->row[n->nr_rows++];
}

static void keep(struct gathering *g, const struct vma_diff *d)
{
	struct sim_row *r = new_row(g);

	if (!r)
		return;
	r->kind = d->kind;
	r->fields = d->fields;
	take_side(g->before, d->before, &r->before);
	take_side(g->after, d->after, &r->after);
}

static int gather(void *ctx, const struct vma_diff *d)
{
	struct gathering *g = ctx;

	if (d->kind == VMA_DIFF_SAME) {
		if (g->behind) {
			g->behind--;
			keep(g, d);
			return 0;
		}
		if (g->nr_same == CONTEXT) {
			memmove(g->same, g->same + 1, sizeof(g->same) - sizeof(g->same[0]));
			g->nr_same--;
			g->skipped++;
		}
		g->same[g->nr_same++] = *d;
		return 0;
	}
	if (g->n->nr_rows >= ROWS_MAX) {
		g->n->cut++;
		return 0;
	}
	if (g->skipped) {
		struct sim_row *r = new_row(g);

		if (r)
			r->gap = true;
	}
	for (size_t i = 0; i < g->nr_same; i++)
		keep(g, &g->same[i]);
	g->nr_same = g->skipped = 0;
	g->behind = CONTEXT;
	keep(g, d);
	return 0;
}

static bool compare(struct sim_node *n, const struct vma_mm *before, const struct vma_mm *after)
{
	struct gathering g = { .n = n, .before = before, .after = after };

	vma_diff_run(before, after, true, gather, &g);
	return !g.failed;
}

/* ---------------------------------------------------------------- running */

/* The call of a node, its file in @w. False: no memory. */
static bool prepare(const struct sim_node *n, struct vma_world *w, struct vma_call *call)
{
	const struct vma_file *f = n->path ? vma_file_new(w, &n->file, n->path) : NULL;

	*call = n->call;
	if (call->name)
		call->name = n->name;
	if (f)
		call->file = f->id;
	return f || !n->path;
}

/* The world of node @at, made from the start. NULL: no memory. */
static struct vma_world *make_world(const struct sim *m, u32 at)
{
	u32 path[256];
	size_t nr = 0;
	struct vma_world *w = vma_world_clone(m->base->model->world);

	for (u32 i = at; i && nr < ARRAY_SIZE(path); i = m->node[i].parent)
		path[nr++] = i;
	while (w && nr) {
		const struct sim_node *n = &m->node[path[--nr]];
		struct vma_call call;
		struct vma_result res;

		if (!prepare(n, w, &call)) {
			vma_world_free(w);
			return NULL;
		}
		vma_op_run(vma_mm_by_id(w, n->mm), &call, &res);
	}
	return w;
}

static int go(struct sim *m, u32 to, struct vma_err *err)
{
	struct vma_world *w = NULL;

	if (to) {
		w = make_world(m, to);
		if (!w)
			return no_memory(err);
	}
	vma_world_free(m->now);
	m->now = w;
	m->at = to;
	return 0;
}

static int run_on(struct sim *m, struct vma_world *w, struct sim_node *n, struct vma_err *err)
{
	struct vma_mm *mm = vma_mm_by_id(w, n->mm), *old = sim_mm(m), *child;

	struct vma_call call;

	if (!prepare(n, w, &call))
		return no_memory(err);
	n->call.file = call.file;
	vma_world_listen(w, vma_events_hear, &n->events);
	int rc = vma_op_run(mm, &call, &n->res);
	vma_world_listen(w, NULL, NULL);
	if (rc || n->events.failed)
		return no_memory(err);
	count(old, &n->before);
	count(mm, &n->after);
	child = n->res.mm ? vma_mm_by_id(w, n->res.mm) : NULL;
	if (mm->dead)
		return 0;
	return compare(n, child ? mm : old, child ? child : mm) ? 0 : no_memory(err);
}

static bool fill_node(const struct sim *m, struct sim_node *n, const struct sim_call *what)
{
	*n = (struct sim_node){ .parent = m->at, .mm = m->node[m->at].next,
				.next = m->node[m->at].next, .call = what->call };
	memcpy(n->name, what->name, sizeof(n->name));
	if (n->call.name)
		n->call.name = ""; /* the node may move: the text is in n->name */
	n->file = what->file.file;
	n->path = what->file.is_file ? strdup(what->file.path) : NULL;
	return n->path || !what->file.is_file;
}

int sim_run(struct sim *m, const struct sim_call *what, struct vma_err *err)
{
	struct sim_node *all = realloc(m->node, (m->nr + 1) * sizeof(*all)), *n;
	struct vma_world *w;
	int rc;

	if (!all)
		return no_memory(err);
	m->node = all;
	if (sim_depth(m) >= 250 || !sim_mm(m) || sim_mm(m)->dead)
		return vma_fail(err, E2BIG, "%s", sim_mm(m) && !sim_mm(m)->dead
			? "too many operations in a row" : "the process has exited: undo");
	w = vma_world_clone(sim_world(m));
	n = &m->node[m->nr];
	rc = fill_node(m, n, what) && w ? run_on(m, w, n, err) : no_memory(err);
	if (rc) {
		node_fini(n);
		vma_world_free(w);
		return rc;
	}
	vma_world_free(m->now);
	m->now = w;
	m->node[m->at].last_child = m->nr;
	m->at = m->nr++;
	return 0;
}

int sim_undo(struct sim *m, struct vma_err *err)
{
	if (!m->at)
		return vma_fail(err, ENOENT, "nothing to undo");
	return go(m, m->node[m->at].parent, err);
}

int sim_redo(struct sim *m, struct vma_err *err)
{
	if (!m->node[m->at].last_child)
		return vma_fail(err, ENOENT, "nothing to redo");
	return go(m, m->node[m->at].last_child, err);
}

u32 sim_siblings(const struct sim *m, u32 *which)
{
	u32 nr = 0;

	*which = 0;
	for (u32 i = 1; m->at && i < m->nr; i++)
		if (m->node[i].parent == m->node[m->at].parent) {
			nr++;
			if (i == m->at)
				*which = nr;
		}
	return nr;
}

int sim_branch(struct sim *m, struct vma_err *err)
{
	u32 parent = m->node[m->at].parent, which;

	if (!m->at || sim_siblings(m, &which) < 2)
		return vma_fail(err, ENOENT, "no other operation was tried from the state before");
	for (u32 k = 1; k < m->nr; k++) {
		u32 i = (m->at + k) % m->nr;

		if (i && m->node[i].parent == parent) {
			m->node[parent].last_child = i;
			return go(m, i, err);
		}
	}
	return 0;
}

bool sim_switch(struct sim *m)
{
	struct vma_world *w = sim_world(m);
	struct sim_node *n = &m->node[m->at];
	u32 first = 0, now = n->next;
	struct vma_mm *mm;
	bool seen = false;

	for (size_t i = 0; (mm = vma_mm_at(w, i)); i++) {
		if (mm->dead)
			continue;
		first = first ? first : mm->id;
		if (seen) {
			n->next = mm->id;
			return true;
		}
		seen = mm->id == now;
	}
	if (!first || first == now)
		return false;
	n->next = first;
	return true;
}
