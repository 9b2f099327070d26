// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the next fork costs. The engine does the fork on a copy of the world; page tables, which
 * the model does not keep, are counted here from where the pages are (rule F4).
 */
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "libvmactl/topology.h"

/* What a table of each level spans. */
static const unsigned int level_shift[] = { 21, 30, 39 };
#define NR_LEVELS ARRAY_SIZE(level_shift)

/* ---------------------------------------------------------------- sets of tables */

/* Tables of one level by number (address >> shift), ascending ranges [lo, hi). */
struct spans {
	struct span {
		u64 lo, hi;
	} *span;
	size_t nr, cap;
	bool failed;
};

static void spans_add(struct spans *s, u64 lo, u64 hi)
{
	if (s->nr && lo <= s->span[s->nr - 1].hi) {
		s->span[s->nr - 1].hi = max_u64(s->span[s->nr - 1].hi, hi);
		return;
	}
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct span *more = realloc(s->span, cap * sizeof(*more));

		if (!more) {
			s->failed = true;
			return;
		}
		s->span = more;
		s->cap = cap;
	}
	s->span[s->nr++] = (struct span){ lo, hi };
}

static u64 spans_count(const struct spans *s)
{
	u64 n = 0;

	for (size_t i = 0; i < s->nr; i++)
		n += s->span[i].hi - s->span[i].lo;
	return n;
}

/* Those of @from that [lo, hi) touches, into @to; false when there are none. @to grows upwards. */
static bool spans_cut(struct spans *to, const struct spans *from, u64 lo, u64 hi)
{
	size_t low = 0, high = from->nr;
	bool any = false;

	while (low < high) { /* the first that ends above lo */
		size_t mid = low + (high - low) / 2;

		if (from->span[mid].hi <= lo)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < from->nr && from->span[low].lo < hi; low++) {
		spans_add(to, max_u64(lo, from->span[low].lo), min_u64(hi, from->span[low].hi));
		any = true;
	}
	return any;
}

/* ---------------------------------------------------------------- tables */

struct tables {
	struct spans of[NR_LEVELS];
};

static void undo_tables(struct tables *t)
{
	for (size_t i = 0; i < NR_LEVELS; i++)
		free(t->of[i].span);
}

/* The lowest level that has a table for these pages: huge entries stand in the table above. A huge
 * anonymous page keeps a spare table, for when it is split. */
static size_t lowest_level(const struct vma_world *w, const struct vma *vma, u32 state)
{
	const struct vma_file *f = vma_file_at(w, vma->file);

	if (vma->vm_flags & VM_HUGETLB)
		return f && f->hugetlb_shift >= 30 ? 2 : 1;
	return (state & VMA_PAGE_HUGE) && !vma_is_anonymous(w, vma);
}

static void add_tables(struct tables *t, u64 start, u64 end, size_t level)
{
	for (; level < NR_LEVELS; level++)
		spans_add(&t->of[level], start >> level_shift[level],
			  ((end - 1) >> level_shift[level]) + 1);
}

/* The next run at or above *at, cut where a mapping ends; *at becomes its end. */
static const struct vma *next_run(const struct vma_model *m, u64 *at, struct vma_page_run *run)
{
	while (vma_pages_run(m->mm, *at, run)) {
		run->start = max_u64(run->start, *at);
		const struct vma *vma = vma_lookup(m->mm, run->start);

		if (vma)
			run->end = min_u64(run->end, vma->vm_end);
		*at = run->end;
		if (vma)
			return vma;
	}
	return NULL;
}

/* The tables that hold something; @device: also those that [vvar] and its like may have, which
 * pagemap does not show. */
static void find_tables(const struct vma_model *m, struct tables *t, bool device)
{
	const struct vma *vma = device ? vma_first(m->mm) : NULL, *in;
	struct vma_page_run run;
	u64 at = 0;

	while ((in = next_run(m, &at, &run))) {
		for (; vma && vma->vm_start < run.start; vma = vma_next(m->mm, vma))
			if (vma->vm_flags & VM_PFNMAP && vma_pages(vma) <= 16)
				add_tables(t, vma->vm_start, vma->vm_end, 0);
		add_tables(t, run.start, run.end, lowest_level(m->world, in, run.state));
	}
	for (; vma; vma = vma_next(m->mm, vma))
		if (vma->vm_flags & VM_PFNMAP && vma_pages(vma) <= 16)
			add_tables(t, vma->vm_start, vma->vm_end, 0);
}

static bool tables_failed(const struct tables *t)
{
	return t->of[0].failed || t->of[1].failed || t->of[2].failed;
}

/*
 * The kernel walks the range of each mapping whose pages it copies, and makes in the child every
 * table that the parent has there, whatever it holds for others.
 */
static void copy_tables(const struct vma_model *m, const struct tables *from, struct tables *to)
{
	const struct vma_kernel *k = vma_world_kernel(m->world);
	const struct vma *vma;

	vma_for_each(m->mm, vma) {
		if (!vma_fork_copies(k, vma))
			continue;
		for (size_t i = 0; i < NR_LEVELS; i++) {
			if ((vma->vm_flags & VM_HUGETLB) && !i)
				continue;
			spans_cut(&to->of[i], &from->of[i], vma->vm_start >> level_shift[i],
				  ((vma->vm_end - 1) >> level_shift[i]) + 1);
		}
	}
}

/* A table that only device pages can need is taken to be there when the parent has more tables than
 * can be seen. Returns how many of the hidden ones that explains. */
static u64 add_device_tables(const struct vma_model *m, struct tables *t, u64 hidden)
{
	struct tables with = { 0 };
	u64 added = 0;

	find_tables(m, &with, true);
	for (size_t i = 0; i < NR_LEVELS; i++)
		added += spans_count(&with.of[i]) - spans_count(&t->of[i]);
	if (tables_failed(&with) || !added || added > hidden) {
		undo_tables(&with);
		return 0;
	}
	undo_tables(t);
	*t = with;
	return added;
}

static int count_tables(const struct vma_model *m, struct vma_fork_bill *b)
{
	AUTO(undo_tables) struct tables parent = { 0 };
	AUTO(undo_tables) struct tables child = { 0 };
	bool counted = m->facts->have_status & 1U << VMA_ST_VMPTE;
	bool pages_known = m->facts->runs || m->facts->levels & VMA_READ_PAGES;
	u64 seen = 0, real = m->mm->pgtables_bytes >> VMA_PAGE_SHIFT;

	find_tables(m, &parent, false);
	for (size_t i = 0; i < NR_LEVELS; i++)
		seen += spans_count(&parent.of[i]);
	b->hidden = counted && real > seen ? real - seen : 0;
	if (b->hidden)
		b->hidden -= add_device_tables(m, &parent, b->hidden);
	copy_tables(m, &parent, &child);
	if (tables_failed(&parent) || tables_failed(&child))
		return -ENOMEM;
	for (size_t i = 0; i < NR_LEVELS; i++)
		b->tables[i] = spans_count(&child.of[i]);
	if (!pages_known)
		b->table_how = (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
	else if (counted && !b->hidden && m->facts->bpf)
		b->table_how = (struct vma_provenance){ VMA_DERIVED, 100, "F4" };
	else
		b->table_how = (struct vma_provenance){ VMA_INFERRED, b->hidden ? 70 : 95, "F4" };
	return 0;
}

/* ---------------------------------------------------------------- pages */

static void count_run(const struct vma_model *m, const struct vma *vma, u32 state, u64 nr,
		      struct vma_fork_bill *b)
{
	bool anon = (state & 0xf) == VMA_PAGE_ANON || (state & 0xf) == VMA_PAGE_ANON_SHARED;

	if (state & VMA_PAGE_HUGE && vma_is_anonymous(m->world, vma))
		b->huge += nr >> (21 - VMA_PAGE_SHIFT);
	else if (!(state & VMA_PAGE_HUGE))
		b->pages += nr;
	if (!anon || !(vma->vm_flags & VM_MAYWRITE))
		return;
	b->cow += nr << VMA_PAGE_SHIFT;
	if (state & VMA_PAGE_HUGE)
		b->cow_huge += nr << VMA_PAGE_SHIFT;
}

static void count_pages(const struct vma_model *m, struct vma_fork_bill *b)
{
	const struct vma_kernel *k = vma_world_kernel(m->world);
	const struct vma *vma;
	struct vma_page_run run;

	vma_for_each(m->mm, vma) {
		if (!vma_fork_copies(k, vma))
			continue;
		for (u64 at = vma->vm_start;
		     at < vma->vm_end && vma_pages_run(m->mm, at, &run) && run.start < vma->vm_end;
		     at = run.end) {
			u64 start = max_u64(at, run.start), end = min_u64(run.end, vma->vm_end);

			count_run(m, vma, run.state, pages(end - start), b);
		}
	}
	b->cow_step = k->version >= KV(5, 8) ? VMA_PAGE_SIZE : VMA_PMD_SIZE;
}

/* ---------------------------------------------------------------- objects */

static void hear(void *ctx, const struct vma_event *ev)
{
	struct vma_fork_bill *b = ctx;

	if (ev->kind == VMA_EV_CHARGE)
		b->charge += ev->value << VMA_PAGE_SHIFT;
	if (ev->kind != VMA_EV_FORK)
		return;
	b->copied += ev->value == VMA_FORK_COPIED;
	b->skipped += ev->value == VMA_FORK_SKIPPED;
	b->wiped += ev->value == VMA_FORK_WIPED;
}

/* Bytes of a vm_area_struct with its lock, as configured by distributions. */
static u64 vma_struct_bytes(const struct vma_kernel *k)
{
	if (!k->maple_tree)
		return 200;
	if (!k->vma_locks)
		return 152;
	return k->vma_lock_refcount ? 192 : 184 + 40;
}

static void count_links(const struct vma_world *w, const struct vma_mm *parent,
			const struct vma_mm *child, struct vma_fork_bill *b)
{
	const struct vma *vma;

	vma_for_each(child, vma) {
		const struct vma_avc *avc;
		const struct vma *old = vma_lookup(parent, vma->vm_start);
		bool is_new = vma->anon_vma != 0;

		for (u32 id = vma->avc; (avc = vma_avc_at(w, id)); id = avc->next)
			b->links++;
		for (u32 id = old ? old->avc : 0; (avc = vma_avc_at(w, id)); id = avc->next)
			is_new = is_new && avc->anon_vma != vma->anon_vma;
		b->faulted += vma->anon_vma != 0;
		b->anon_vmas += is_new;
		b->reused += vma->anon_vma && !is_new;
	}
}

/*
 * How well the chains are known that fork copies, and whether it takes anon_vmas again that somebody
 * left behind: nobody can have while all who forked still live (rule A9).
 */
static void judge_anon(const struct vma_model *m, struct vma_fork_bill *b)
{
	const struct vma_facts *f = m->facts;
	struct vma_provenance how = { VMA_DERIVED, 100, "A9" };
	const struct vma *vma;

	b->anon_how = b->link_how = how;
	if (f->bpf)
		return;
	how = (struct vma_provenance){ VMA_INFERRED, 95, "A9" }; /* as their presence is */
	b->anon_how = f->forked && f->forks < 0 ? (struct vma_provenance){ VMA_UNKNOWN, 0, "" } : how;
	vma_for_each(m->mm, vma)
		if (vma->anon_vma && !(vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK)))
			how = vma_weaker(how, vma_model_known(m, vma, VMA_FIELD_CHAIN));
	b->link_how = how;
}

static void undo_world(struct vma_world **w)
{
	vma_world_free(*w);
}

static int do_fork(const struct vma_model *m, struct vma_fork_bill *b)
{
	AUTO(undo_world) struct vma_world *w = vma_world_clone(m->world);
	struct vma_call call = { .op = VMA_OP_FORK };
	struct vma_result res;
	struct vma_mm *mm;

	if (!w)
		return -ENOMEM;
	mm = vma_mm_by_id(w, m->mm->id);
	vma_world_listen(w, hear, b);
	int rc = vma_op_run(mm, &call, &res);
	if (rc)
		return rc;
	b->refused = res.err != 0;
	b->why = res.why;
	b->value = res.value;
	b->limit = res.limit;
	if (!b->refused)
		count_links(w, mm, vma_mm_by_id(w, res.mm), b);
	b->kernel = (b->copied + b->wiped) * vma_struct_bytes(vma_world_kernel(w)) +
		    b->links * 64 + b->anon_vmas * 104;
	return 0;
}

int vma_fork_bill(const struct vma_model *m, struct vma_fork_bill *b, struct vma_err *err)
{
	int rc;

	*b = (struct vma_fork_bill){ 0 };
	rc = do_fork(m, b);
	if (!rc)
		rc = count_tables(m, b);
	if (rc)
		return vma_fail(err, -rc, "%s: %m", m->facts->source);
	count_pages(m, b);
	judge_anon(m, b);
	return 0;
}

double vma_fork_time(const struct vma_fork_bill *b, const struct vma_fork_costs *c)
{
	/* The spare table of a huge page is part of what that costs. */
	const u64 tables = b->tables[0] + b->tables[1] + b->tables[2] - min_u64(b->huge, b->tables[0]);

	return c->base + c->vma * (double)(b->copied + b->wiped) + c->anon_vma * (double)b->faulted +
	       c->page * (double)b->pages + c->table * (double)tables + c->huge * (double)b->huge;
}
