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
#include "libvmactl/rebuild.h"
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

		if (proc_key(&p->proc[mid]) == pid)
			return &p->proc[mid];
		if (proc_key(&p->proc[mid]) < pid)
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

bool target_is_pid(const char *target)
{
	return *target && !target[strspn(target, "0123456789")];
}

static bool wanted(const struct processes *walk, u32 pid)
{
	const struct procs_ask *ask = ((const struct round *)walk->ctx)->ask;

	for (size_t i = 0; i < ask->nr_targets; i++)
		if (target_is_pid(ask->targets[i]) && strtoul(ask->targets[i], NULL, 10) == pid)
			return true;
	return !ask->nr_targets;
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

/* Those that are no PIDs come last: find() looks among the others. */
static int by_key(const void *a, const void *b)
{
	u64 x = proc_key(a), y = proc_key(b);

	return (x > y) - (x < y);
}

/* ---------------------------------------------------------------- targets that are no PIDs */

static void take_figures(struct process *p, const struct vma_facts *f, u64 max)
{
	static const struct {
		enum vma_status_key key;
		enum process_number nr;
	} keys[] = { { VMA_ST_VMSIZE, PN_SIZE }, { VMA_ST_VMRSS, PN_RSS },
		     { VMA_ST_RSSANON, PN_ANON }, { VMA_ST_RSSFILE, PN_FILE },
		     { VMA_ST_RSSSHMEM, PN_SHMEM }, { VMA_ST_VMSWAP, PN_SWAP },
		     { VMA_ST_VMLCK, PN_LOCKED }, { VMA_ST_VMPTE, PN_PTE } };
	u64 nr = f->nr_maps, size = 0, pss = 0;

	for (size_t i = 0; i < f->nr_maps; i++) {
		nr -= f->maps[i].gate;
		size += f->maps[i].gate ? 0 : f->maps[i].end - f->maps[i].start;
		pss += f->maps[i].kb[VMA_SMAPS_PSS] << 10;
	}
	process_set(p, PN_VMAS, nr);
	process_set(p, PN_SIZE, size);
	if (f->have_sysctl & VMA_SYS_MAX_MAP_COUNT)
		max = f->system.max_map_count;
	if (max)
		process_set(p, PN_SHARE, nr * 1000 / max);
	if (f->levels & VMA_READ_SMAPS)
		process_set(p, PN_PSS, pss);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (f->have_status & 1U << keys[i].key)
			process_set(p, keys[i].nr, f->status[keys[i].key] << 10);
}

static void take_target(struct process *p, const struct vma_facts *f, u64 max)
{
	p->pid = f->pid;
	if (f->have_status & 1U << VMA_ST_PPID)
		p->ppid = (u32)f->status[VMA_ST_PPID];
	if (f->have_status & 1U << VMA_ST_UID) {
		p->uid = (u32)f->status[VMA_ST_UID];
		snprintf(p->user, sizeof(p->user), "%u", p->uid);
	}
	snprintf(p->name, sizeof(p->name), "%s", f->comm ? f->comm : "");
	take_figures(p, f, max);
}

/* A core, a directory, a thread: read once more only when it lives. */
static bool add_target(struct round *r, size_t i)
{
	struct vma_open_opts opts = { .procfs = r->ask->procfs, .kernel = r->ask->kernel,
				      .levels = VMA_READ_MAPS | VMA_READ_SMAPS | VMA_READ_STATUS |
						VMA_READ_SYSTEM };
	struct process p = { .tag = (u32)i + 1 };
	const char *target = r->ask->targets[i];
	struct vma_model *m;
	struct vma_err err;
	char failed[VMA_ERR_MSG + 16];

	if (vma_open(target, &opts, &m, &err)) {
		snprintf(failed, sizeof(failed), "%s", err.msg);
		target = failed;
	} else {
		take_target(&p, m->facts, r->p->max_map_count);
		vma_model_free(m);
	}
	p.cmdline = strdup(target);
	if (p.cmdline && keep(r->p, &p))
		return true;
	process_fini(&p);
	return false;
}

static bool add_targets(struct round *r)
{
	for (size_t i = 0; i < r->ask->nr_targets; i++)
		if (!target_is_pid(r->ask->targets[i]) && !add_target(r, i))
			return false;
	return true;
}

static bool read_all(struct round *r)
{
	struct processes walk = { .procfs = r->ask->procfs, .wants = wanted, .fn = add_proc, .ctx = r,
				  .what = PROCESS_VMAS | PROCESS_USERS | PROCESS_CMDLINE };

	if (processes_walk(&walk, &r->p->err) == -ENOMEM)
		return false;
	r->p->max_map_count = walk.max_map_count;
	if (!add_targets(r))
		return false;
	if (r->p->nr)
		qsort(r->p->proc, r->p->nr, sizeof(*r->p->proc), by_key);
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

/* Flags of a process while the tree is made. */
enum { SHOWN = 1, TAKEN = 2 };

/* No process above it is shown. */
static bool is_root(const struct procs *p, const u8 *flags, const struct process *q)
{
	const struct process *parent = q->tag ? NULL : find(p, q->ppid);

	return !parent || parent == q || !(flags[parent - p->proc] & SHOWN);
}

/* Rows below @parent (NULL: the roots), each followed by its own children; the order among
 * siblings stays. */
static void add_children(struct procs *p, const u32 *order, size_t nr, u8 *flags,
			 const struct process *parent, u8 depth)
{
	for (size_t i = 0; i < nr; i++) {
		const struct process *q = &p->proc[order[i]];

		if (flags[order[i]] & TAKEN ||
		    (parent ? q->tag || q->ppid != parent->pid : !is_root(p, flags, q)))
			continue;
		flags[order[i]] |= TAKEN;
		p->row[p->nr_rows] = order[i];
		p->depth[p->nr_rows++] = depth;
		if (depth < 200 && !q->tag)
			add_children(p, order, nr, flags, q, (u8)(depth + 1));
	}
}

static bool arrange_tree(struct procs *p)
{
	AUTO(undo_free) u32 *order = malloc((p->nr_rows + 1) * sizeof(*order));
	AUTO(undo_free) u8 *flags = calloc(p->nr + 1, 1);
	size_t nr = p->nr_rows;

	if (!order || !flags)
		return false;
	memcpy(order, p->row, nr * sizeof(*order));
	for (size_t i = 0; i < nr; i++)
		flags[order[i]] = SHOWN;
	p->nr_rows = 0;
	add_children(p, order, nr, flags, NULL, 0);
	for (size_t i = 0; i < nr; i++) /* a circle: parents that changed while they were read */
		if (!(flags[order[i]] & TAKEN)) {
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
