// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of processes: what they were before is carried on, and PSS is read in small portions,
 * since smaps_rollup holds a lock of the process for as long as it is large.
 */
#include "procs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "report/process-columns.h"
#include "sample.h"

/* PSS is read of processes below this size, for so long a round. */
#define PSS_MAX_RSS (256ULL << 20)
#define PSS_BUDGET_NS 15000000

/* ---------------------------------------------------------------- reading all */

struct round {
	const struct procs_ask *ask;
	struct procs *p;
	u64 pss_ns;
};

static const struct process *find(const struct procs *p, u32 pid)
{
	size_t low = 0, high = p ? p->nr : 0;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->proc[mid].pid == pid)
			return &p->proc[mid];
		if (p->proc[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void take_pss(struct round *r, int dir, struct process *p, const struct process *before)
{
	u64 t = clock_ns();
	bool has = before && process_has(before, PN_PSS);

	if (has) {
		process_set(p, PN_PSS, before->num[PN_PSS]);
		process_set(p, PN_USS, before->num[PN_USS]);
	}
	if (r->pss_ns > PSS_BUDGET_NS || p->num[PN_RSS] > PSS_MAX_RSS || p->num[PN_VMAS] > 4096)
		return;
	/* those that have none first, then in turn */
	if (has && (p->pid + clock_ns() / 4000000000) % 4)
		return;
	process_read_pss(dir, p);
	r->pss_ns += clock_ns() - t;
}

static bool wanted(const struct processes *walk, u32 pid)
{
	const struct procs_ask *ask = ((const struct round *)walk->ctx)->ask;

	for (size_t i = 0; i < ask->nr_only; i++)
		if (ask->only[i] == pid)
			return true;
	return !ask->nr_only;
}

static bool keep(struct procs *all, const struct process *p)
{
	if (all->nr == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 128;
		struct process *more = realloc(all->proc, cap * sizeof(*more));

		if (!more)
			return false;
		all->proc = more;
		all->cap = cap;
	}
	all->proc[all->nr++] = *p;
	return true;
}

static int add_proc(struct processes *walk, int dir, struct process *p)
{
	struct round *r = walk->ctx;
	const struct process *before = find(r->ask->old, p->pid);

	/* a kernel thread or a zombie has no address space */
	if (!process_has(p, PN_SIZE)) {
		process_fini(p);
		return 0;
	}
	if (before && before->start != p->start)
		before = NULL;
	if (process_has(p, PN_VMAS)) {
		u64 now = p->num[PN_VMAS];

		p->first = before && before->first ? before->first : now;
		process_set(p, PN_GROWTH, now > p->first ? now - p->first : 0);
	} else {
		r->p->denied++;
	}
	take_pss(r, dir, p, before);
	if (keep(r->p, p))
		return 0;
	process_fini(p);
	return -ENOMEM;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool read_all(struct round *r)
{
	struct processes walk = { .procfs = r->ask->procfs, .wants = wanted, .fn = add_proc, .ctx = r,
				  .what = PROCESS_VMAS | PROCESS_USERS | PROCESS_CMDLINE };

	if (processes_walk(&walk, &r->p->err) == -ENOMEM)
		return false;
	r->p->max_map_count = walk.max_map_count;
	if (r->p->nr)
		qsort(r->p->proc, r->p->nr, sizeof(*r->p->proc), by_pid);
	return true;
}

void procs_free(struct procs *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr; i++)
		process_fini(&p->proc[i]);
	free(p->proc);
	free(p->row);
	free(p->depth);
	free(p);
}

struct procs *procs_read(const struct procs_ask *ask)
{
	struct round r = { .ask = ask, .p = calloc(1, sizeof(*r.p)) };
	u64 t = clock_ns();

	if (!r.p || !read_all(&r) || !procs_arrange(r.p, ask)) {
		procs_free(r.p);
		return NULL;
	}
	r.p->read_ns = clock_ns() - t;
	return r.p;
}

/* ---------------------------------------------------------------- filter, order, tree */

/* Rows below @parent, each followed by its own children; the order among siblings stays. */
static void add_children(struct procs *p, const u32 *order, size_t nr, u8 *taken, u32 parent,
			 u8 depth)
{
	for (size_t i = 0; i < nr; i++) {
		const struct process *q = &p->proc[order[i]];

		if (taken[order[i]] || (parent ? q->ppid != parent : find(p, q->ppid) != NULL))
			continue;
		taken[order[i]] = 1;
		p->row[p->nr_rows] = order[i];
		p->depth[p->nr_rows++] = depth;
		if (depth < 200)
			add_children(p, order, nr, taken, q->pid, (u8)(depth + 1));
	}
}

static bool arrange_tree(struct procs *p)
{
	AUTO(undo_free) u32 *order = malloc((p->nr_rows + 1) * sizeof(*order));
	AUTO(undo_free) u8 *taken = calloc(p->nr + 1, 1);
	size_t nr = p->nr_rows;

	if (!order || !taken)
		return false;
	memcpy(order, p->row, nr * sizeof(*order));
	p->nr_rows = 0;
	add_children(p, order, nr, taken, 0, 0);
	for (size_t i = 0; i < nr; i++) /* the parent is filtered out */
		if (!taken[order[i]]) {
			p->row[p->nr_rows] = order[i];
			p->depth[p->nr_rows++] = 0;
		}
	return true;
}

static bool arrange_order(struct procs *p, const char *text)
{
	AUTO(undo_free) const void **at = malloc((p->nr_rows + 1) * sizeof(*at));
	struct vma_order order;

	if (!at)
		return false;
	if (vma_order_parse(&process_columns_live, text, &order, &p->err))
		return true;
	for (size_t i = 0; i < p->nr_rows; i++)
		at[i] = &p->proc[p->row[i]];
	if (vma_order_sort(&order, at, p->nr_rows, &p->err))
		return false;
	for (size_t i = 0; i < p->nr_rows; i++)
		p->row[i] = (u32)((const struct process *)at[i] - p->proc);
	return true;
}

bool procs_arrange(struct procs *p, const struct procs_ask *ask)
{
	AUTO(undo_free) char *buf = malloc(VMA_CELL_BUF);
	struct vma_cell cell = { .buf = buf };
	struct vma_filter *f = NULL;

	free(p->row);
	free(p->depth);
	p->row = malloc((p->nr + 1) * sizeof(*p->row));
	p->depth = calloc(p->nr + 1, 1);
	p->nr_rows = 0;
	if (!buf || !p->row || !p->depth)
		return false;
	if (*ask->filter)
		vma_filter_parse(&process_columns_live, ask->filter, &f, &p->err);
	for (size_t i = 0; i < p->nr; i++)
		if (!f || vma_filter_holds(f, &p->proc[i], &cell))
			p->row[p->nr_rows++] = (u32)i;
	vma_filter_free(f);
	if (*ask->order && !arrange_order(p, ask->order))
		return false;
	return !ask->tree || arrange_tree(p);
}
