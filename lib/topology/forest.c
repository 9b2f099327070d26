// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The anon_vmas of several processes as one forest.
 *
 * With the kernel's own pointers there is nothing to infer. Without, a process that came by exec
 * has roots of its own, and one that came by fork has, for each mapping that its parent has too,
 * an anon_vma below the parent's and the parent's chain behind it (rules A9, I8).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "libvmactl/topology.h"

#define PROBED 64     /* pages compared at once */
#define LOOKED_AT 256 /* times of one mapping */

static const struct vma_provenance exact = { VMA_EXACT, 100, "" };
static const struct vma_provenance by_frame = { VMA_DERIVED, 100, "I8" };
static const struct vma_provenance by_chain = { VMA_INFERRED, 95, "A9" };
static const struct vma_provenance by_range = { VMA_INFERRED, 75, "A9" };
static const struct vma_provenance by_parent = { VMA_INFERRED, 70, "I6" };

/* ---------------------------------------------------------------- arrays */

static void *grow(struct vma_forest *f, void *array, size_t nr, size_t *cap, size_t size)
{
	void *more;

	if (nr < *cap)
		return array;
	more = realloc(array, (*cap ? 2 * *cap : 64) * size);
	if (!more) {
		f->failed = true;
		return NULL;
	}
	*cap = *cap ? 2 * *cap : 64;
	return more;
}

static struct vma_forest_anon *add_anon(struct vma_forest *f, u64 key, struct vma_provenance how)
{
	struct vma_forest_anon *a = grow(f, f->anon, f->nr_anons, &f->cap_anons, sizeof(*a));

	if (!a)
		return NULL;
	f->anon = a;
	a += f->nr_anons++;
	*a = (struct vma_forest_anon){ .id = (u32)f->nr_anons, .key = key, .how = how };
	a->root = a->parent = a->id;
	return a;
}

static void add_link(struct vma_forest *f, u32 anon)
{
	u32 *link = grow(f, f->link, f->nr_links, &f->cap_links, sizeof(*link));

	if (!link)
		return;
	f->link = link;
	f->link[f->nr_links++] = anon;
	f->anon[anon - 1].links++;
	f->vma[f->nr_vmas - 1].nr_chain++;
}

/* A mapping; its links are added next. */
static struct vma_forest_vma *add_vma(struct vma_forest *f, size_t process, const struct vma *vma,
				      u32 anon, struct vma_provenance how)
{
	struct vma_forest_vma *v = grow(f, f->vma, f->nr_vmas, &f->cap_vmas, sizeof(*v));

	if (!v)
		return NULL;
	f->vma = v;
	v += f->nr_vmas++;
	*v = (struct vma_forest_vma){ process, vma, anon, f->nr_links, 0, how };
	f->anon[anon - 1].owned = true;
	return v;
}

/* ---------------------------------------------------------------- exact */

/* Where a key stands, or the free place for it: slots hold ids, a power of two of them. */
static u32 *slot_of(const struct vma_forest *f, u64 key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 20) & (f->nr_slots - 1);

	while (f->slot[i] && f->anon[f->slot[i] - 1].key != key)
		i = (i + 1) & (f->nr_slots - 1);
	return &f->slot[i];
}

/* Never more than half of the slots are taken. */
static bool make_slots(struct vma_forest *f)
{
	size_t nr = f->nr_slots ? 2 * f->nr_slots : 256;
	u32 *slot;

	if (f->slot && f->nr_anons < f->nr_slots / 2)
		return true;
	slot = calloc(nr, sizeof(*slot));
	if (!slot) {
		f->failed = true;
		return false;
	}
	free(f->slot);
	f->slot = slot;
	f->nr_slots = nr;
	for (size_t i = 0; i < f->nr_anons; i++)
		*slot_of(f, f->anon[i].key) = f->anon[i].id;
	return true;
}

static u32 anon_of_key(struct vma_forest *f, u64 key)
{
	struct vma_forest_anon *a;
	u32 *slot;

	if (!make_slots(f))
		return 0;
	slot = slot_of(f, key);
	if (*slot)
		return *slot;
	a = add_anon(f, key, exact);
	if (a)
		a->root = a->parent = 0; /* until somebody says */
	*slot = a ? a->id : 0;
	return *slot;
}

/* What the kernel holds for one of them; 0 among its relatives was not read. */
static void set_exact(struct vma_forest *f, u32 id, const struct vma_fact_anon *k, bool counted)
{
	u32 root = k->root ? anon_of_key(f, k->root) : 0;
	u32 parent = k->parent ? anon_of_key(f, k->parent) : 0;
	struct vma_forest_anon *a = &f->anon[id - 1];

	a->root = root;
	a->parent = parent;
	a->counted = counted && parent;
	a->num_children = k->num_children;
	a->num_active_vmas = k->num_active_vmas;
	a->refcount = k->refcount;
}

static void add_exact_vma(struct vma_forest *f, size_t process, const struct vma *vma,
			  const struct vma_fact_bpf *t, bool counted)
{
	const struct vma_fact_anon own = { t->anon_vma, t->root, t->parent, t->refcount,
					   t->num_children, t->num_active_vmas };
	u32 id = anon_of_key(f, t->anon_vma);

	if (!id || !add_vma(f, process, vma, id, exact))
		return;
	set_exact(f, id, &own, counted);
	for (u32 i = 0; i < t->nr_chain && !f->failed; i++) {
		u32 link = anon_of_key(f, t->chain[i]);

		if (!link)
			return;
		add_link(f, link);
		if (!f->anon[link - 1].root) /* all of a chain are of one tree */
			f->anon[link - 1].root = anon_of_key(f, t->root);
	}
}

static void add_exact(struct vma_forest *f, size_t process)
{
	const struct vma_facts *facts = f->model[process]->facts;
	const struct vma_mm *mm = f->model[process]->mm;
	bool counted = facts->mm_bpf && facts->mm_bpf->have & VMA_BPF_NUM_CHILDREN;

	for (size_t i = 0; i < facts->nr_bpf && !f->failed; i++) {
		const struct vma *vma = vma_find_exact(mm, facts->bpf[i].start, facts->bpf[i].end);

		if (vma && facts->bpf[i].anon_vma)
			add_exact_vma(f, process, vma, &facts->bpf[i], counted);
	}
	for (size_t i = 0; i < facts->nr_anon_bpf && !f->failed; i++) {
		u32 id = anon_of_key(f, facts->anon_bpf[i].anon_vma);

		if (id && !f->anon[id - 1].counted)
			set_exact(f, id, &facts->anon_bpf[i], counted);
	}
}

/* ---------------------------------------------------------------- page frames */

struct frames {
	u64 base;          /* of the piece looked at */
	u64 pfn[PROBED];   /* the one process's, by page; 0 none */
	bool second, same; /* the other process is read; they have one in common */
};

static int note_frame(void *ctx, const struct vma_pfn *frame)
{
	struct frames *p = ctx;
	u64 *pfn = &p->pfn[pages(frame->addr - p->base)];

	if (!frame->anon)
		return 0;
	if (!p->second)
		*pfn = frame->pfn;
	else
		p->same = *pfn == frame->pfn;
	return p->same;
}

/* Do two processes have a page in common in [start, end), which is no longer than PROBED? */
static bool share_piece(const struct vma_model *a, const struct vma_model *b, const char *procfs,
			u64 start, u64 end)
{
	struct frames p = { .base = start };
	char pid[16];

	snprintf(pid, sizeof(pid), "%u", a->facts->pid);
	if (vma_pfns_each(pid, procfs, start, end, note_frame, &p, NULL) < 0)
		return false;
	p.second = true;
	snprintf(pid, sizeof(pid), "%u", b->facts->pid);
	vma_pfns_each(pid, procfs, start, end, note_frame, &p, NULL);
	return p.same;
}

/* A page that was moved: which of the frames that @vma of @a maps stands anywhere in @b? */
struct moved {
	u64 pfn[PROBED];
	size_t nr;
	u64 found; /* where; 0 nowhere */
	bool second;
};

static int note_moved(void *ctx, const struct vma_pfn *frame)
{
	struct moved *p = ctx;

	if (!frame->anon)
		return 0;
	if (!p->second) {
		p->pfn[p->nr++] = frame->pfn;
		return p->nr == PROBED;
	}
	for (size_t i = 0; i < p->nr && !p->found; i++)
		if (p->pfn[i] == frame->pfn)
			p->found = frame->addr;
	return p->found != 0;
}

/* Frames that others map too, in [start, end) of a process, until @p has enough or has found one. */
static void look_at_shared(const struct vma_model *m, const char *procfs, u64 start, u64 end,
			   struct moved *p)
{
	struct vma_page_run run;
	char pid[16];

	snprintf(pid, sizeof(pid), "%u", m->facts->pid);
	for (; start < end && vma_pages_run(m->mm, start, &run) && run.start < end;
	     start = run.end) {
		if ((run.state & 0xf) == VMA_PAGE_ANON_SHARED &&
		    vma_pfns_each(pid, procfs, max_u64(start, run.start), min_u64(end, run.end),
				  note_moved, p, NULL))
			return;
	}
}

/* Where in @b a page of @vma is that mremap moved in one of the two processes; 0 nowhere. */
static u64 find_moved(const struct vma_model *a, const struct vma *vma, const struct vma_model *b,
		      const char *procfs)
{
	struct moved p = { .nr = 0 };

	if (procfs && !*procfs)
		return 0;
	look_at_shared(a, procfs, vma->vm_start, vma->vm_end, &p);
	p.second = true;
	if (p.nr)
		look_at_shared(b, procfs, 0, ~0ULL, &p);
	return p.found;
}

/* Do two processes have a page in common in [start, end)? Only those that somebody else maps too
 * can be, and of them the first are looked at. */
static bool share_frames(const struct vma_model *a, const struct vma_model *b, const char *procfs,
			 u64 start, u64 end)
{
	struct vma_page_run run;

	if (procfs && !*procfs)
		return false;
	for (size_t left = LOOKED_AT; left && start < end; start = run.end) {
		if (!vma_pages_run(a->mm, start, &run) || run.start >= end)
			return false;
		if ((run.state & 0xf) != VMA_PAGE_ANON_SHARED)
			continue;
		for (u64 at = max_u64(start, run.start), to; at < min_u64(run.end, end) && left;
		     at = to, left--) {
			to = min_u64(min_u64(run.end, end), at + PROBED * VMA_PAGE_SIZE);
			if (share_piece(a, b, procfs, at, to))
				return true;
		}
	}
	return false;
}

/* ---------------------------------------------------------------- inferred */

/* What rebuilding one process found, with ids of the forest. map[]: by id of its world. */
static u32 adopt(struct vma_forest *f, const struct vma_world *w, u32 id, u32 *map,
		 struct vma_provenance how)
{
	const struct vma_anon *av = vma_anon_at(w, id);
	struct vma_forest_anon *a;
	u32 parent = 0;

	if (!av || map[id])
		return av ? map[id] : 0;
	if (av->parent != id)
		parent = adopt(f, w, av->parent, map, how);
	a = add_anon(f, 0, how);
	if (!a)
		return 0;
	map[id] = a->id;
	if (parent) {
		a->parent = parent;
		a->root = f->anon[parent - 1].root;
	}
	return map[id];
}

static void adopt_vma(struct vma_forest *f, size_t process, const struct vma *vma, u32 *map)
{
	const struct vma_model *m = f->model[process];
	struct vma_provenance how = vma_model_known(m, vma, VMA_FIELD_CHAIN);
	const struct vma_avc *avc;
	u32 id = adopt(f, m->world, vma->anon_vma, map, how);

	if (!id || !add_vma(f, process, vma, id, how))
		return;
	for (u32 l = vma->avc; (avc = vma_avc_at(m->world, l)) && !f->failed; l = avc->next) {
		u32 link = adopt(f, m->world, avc->anon_vma, map, how);

		if (link)
			add_link(f, link);
	}
}

static bool is_same_file(const struct vma_model *am, const struct vma *a, const struct vma_model *bm,
			 const struct vma *b)
{
	const struct vma_file *x = vma_file_at(am->world, a->file);
	const struct vma_file *y = vma_file_at(bm->world, b->file);

	return !x == !y && (!x || (x->inode == y->inode && x->dev_major == y->dev_major &&
				   x->dev_minor == y->dev_minor));
}

/* The parent's mapping from which this one came, when it is still there: the first of those in its
 * place that has an anon_vma. */
static const struct vma_forest_vma *origin(const struct vma_forest *f, size_t process,
					   const struct vma *vma)
{
	const struct vma_model *pm = f->model[f->parent[process]], *cm = f->model[process];
	const struct vma *up = vma_find(pm->mm, vma->vm_start);

	for (; up && up->vm_start < vma->vm_end; up = vma_next(pm->mm, up)) {
		const struct vma_forest_vma *v = vma_forest_find(f, (size_t)f->parent[process], up);

		if (v && !(up->vm_flags & (VM_MAYSHARE | VM_DONTCOPY | VM_WIPEONFORK)) &&
		    up->vm_pgoff - vma->vm_pgoff == pages(up->vm_start - vma->vm_start) &&
		    is_same_file(pm, up, cm, vma))
			return v;
	}
	return NULL;
}

/* fork made it an anon_vma below its parent's mapping's, and copied the chain. */
static void inherit(struct vma_forest *f, size_t process, const struct vma *vma,
		    const struct vma_forest_vma *from, struct vma_provenance how)
{
	size_t chain = from->chain, nr = from->nr_chain;
	u32 parent = from->anon;
	struct vma_forest_anon *a = add_anon(f, 0, how);

	if (!a)
		return;
	a->parent = parent;
	a->root = f->anon[parent - 1].root;
	if (!add_vma(f, process, vma, a->id, how))
		return;
	add_link(f, a->id);
	for (size_t i = 0; i < nr && !f->failed; i++)
		add_link(f, f->link[chain + i]);
}

/* One that came after the fork, or was first written to after it. */
static void add_own_root(struct vma_forest *f, size_t process, const struct vma *vma,
			 struct vma_provenance how)
{
	struct vma_forest_anon *a = add_anon(f, 0, how);

	if (a && add_vma(f, process, vma, a->id, how))
		add_link(f, a->id);
}

/*
 * Nothing in the child keeps these two apart but their anon_vmas, and in the parent they are one:
 * the second came after the fork (rule A9).
 */
static bool came_later(const struct vma *left, const struct vma *vma,
		       const struct vma_forest_vma *from)
{
	const u64 ignored = VM_SOFTDIRTY | VM_MAYBE_GUARD;

	return left && left->vm_end == vma->vm_start && left->anon_vma &&
	       left->file == vma->file && !((left->vm_flags ^ vma->vm_flags) & ~ignored) &&
	       from->vma->vm_start < vma->vm_start;
}

/* The one that was cut off @left after the fork, or that used its anon_vma (rules A2, A5). */
static const struct vma_forest_vma *cut_from(const struct vma_forest *f, size_t process,
					     const struct vma *left, const struct vma *vma)
{
	const u64 ignored = VM_ACCESS_FLAGS | VM_SOFTDIRTY | VM_MAYBE_GUARD;

	if (!left || !vma->anon_vma || left->vm_end != vma->vm_start || left->file != vma->file ||
	    (left->vm_flags ^ vma->vm_flags) & ~ignored ||
	    !((left->vm_flags ^ vma->vm_flags) & VM_ACCESS_FLAGS) ||
	    left->vm_pgoff + vma_pages(left) != vma->vm_pgoff)
		return NULL;
	return vma_forest_find(f, process, left);
}

static void share_anon(struct vma_forest *f, size_t process, const struct vma *vma,
		       const struct vma_forest_vma *with)
{
	size_t chain = with->chain, nr = with->nr_chain;

	if (!add_vma(f, process, vma, with->anon, with->how))
		return;
	for (size_t i = 0; i < nr && !f->failed; i++)
		add_link(f, f->link[chain + i]);
}

/* The parent's mapping whose page @vma still has, wherever it is. */
static const struct vma_forest_vma *moved_from(const struct vma_forest *f, size_t process,
					       const char *procfs, const struct vma *vma)
{
	const struct vma_model *m = f->model[process], *pm = f->model[f->parent[process]];
	u64 at = find_moved(m, vma, pm, procfs);
	const struct vma *up = at ? vma_lookup(pm->mm, at) : NULL;

	return up ? vma_forest_find(f, (size_t)f->parent[process], up) : NULL;
}

static void add_forked_vma(struct vma_forest *f, size_t process, const char *procfs,
			   const struct vma *left, const struct vma *vma)
{
	const struct vma_model *m = f->model[process], *pm = f->model[f->parent[process]];
	const struct vma_forest_vma *from = origin(f, process, vma), *moved;
	const struct vma_forest_vma *cut = cut_from(f, process, left, vma);

	/* what the parent has in one piece was cut after the fork */
	if (cut && (!from || from->vma->vm_start < vma->vm_start)) {
		share_anon(f, process, vma, cut);
	} else if (!vma->anon_vma) {
		/* nothing of it is left, or nothing was ever there: the same mapping in the parent
		 * says which is likelier */
		if (from && from->vma->vm_end == vma->vm_end &&
		    from->vma->vm_start == vma->vm_start)
			inherit(f, process, vma, from, by_parent);
	} else if (from && share_frames(m, pm, procfs, max_u64(vma->vm_start, from->vma->vm_start),
					min_u64(vma->vm_end, from->vma->vm_end))) {
		inherit(f, process, vma, from, by_frame);
	} else if ((moved = moved_from(f, process, procfs, vma))) {
		inherit(f, process, vma, moved, by_frame);
	} else if (from && !came_later(left, vma, from)) {
		inherit(f, process, vma, from, by_range);
	} else {
		add_own_root(f, process, vma, by_range);
	}
}

static void add_forked(struct vma_forest *f, size_t process, const char *procfs)
{
	const struct vma *vma, *left = NULL;

	vma_for_each(f->model[process]->mm, vma) {
		if (!(vma->vm_flags & VM_MAYSHARE))
			add_forked_vma(f, process, procfs, left, vma);
		left = vma;
	}
}

static void add_inferred(struct vma_forest *f, size_t process, const char *procfs)
{
	const struct vma_model *m = f->model[process];
	const struct vma *vma;
	u32 highest = 0;

	if (f->parent[process] >= 0) {
		add_forked(f, process, procfs);
		return;
	}
	while (vma_anon_at(m->world, highest + 1))
		highest++;
	AUTO(undo_free) u32 *map = calloc((size_t)highest + 1, sizeof(*map));
	if (!map) {
		f->failed = true;
		return;
	}
	vma_for_each(m->mm, vma)
		if (vma->anon_vma && !f->failed)
			adopt_vma(f, process, vma, map);
}

/* What the kernel would have counted, from what is here. */
static void count(struct vma_forest *f)
{
	for (size_t i = 0; i < f->nr_anons; i++) {
		struct vma_forest_anon *a = &f->anon[i];

		if (a->counted)
			continue;
		a->refcount++;
		if (a->parent && !f->anon[a->parent - 1].counted)
			f->anon[a->parent - 1].num_children++;
		if (a->root && a->root != a->id && !f->anon[a->root - 1].counted)
			f->anon[a->root - 1].refcount++;
	}
	for (size_t i = 0; i < f->nr_vmas; i++)
		if (!f->anon[f->vma[i].anon - 1].counted)
			f->anon[f->vma[i].anon - 1].num_active_vmas++;
}

/* ---------------------------------------------------------------- public */

static ptrdiff_t parent_of(const struct vma_model *const *models, size_t i)
{
	const struct vma_facts *f = models[i]->facts;

	if (f->forked != 1 || !(f->have_status & 1U << VMA_ST_PPID))
		return -1;
	for (size_t j = 0; j < i; j++)
		if (models[j]->facts->pid == f->status[VMA_ST_PPID])
			return (ptrdiff_t)j;
	return -1;
}

static void undo_forest(struct vma_forest **f)
{
	vma_forest_free(*f);
}

int vma_forest_new(const struct vma_model *const *models, size_t nr, const char *procfs,
		   struct vma_forest **out, struct vma_err *err)
{
	AUTO(undo_forest) struct vma_forest *f = calloc(1, sizeof(*f));
	bool known = true;

	if (f)
		f->parent = calloc(nr ? nr : 1, sizeof(*f->parent));
	if (!f || !f->parent)
		return vma_fail(err, ENOMEM, "out of memory");
	f->model = models;
	f->nr_models = nr;
	for (size_t i = 0; i < nr; i++) {
		known = known && models[i]->facts->bpf;
		f->parent[i] = parent_of(models, i);
	}
	for (size_t i = 0; i < nr && !f->failed; i++) {
		if (known)
			add_exact(f, i);
		else
			add_inferred(f, i, procfs);
	}
	if (f->failed)
		return vma_fail(err, ENOMEM, "out of memory");
	count(f);
	*out = TAKE(f);
	return 0;
}

void vma_forest_free(struct vma_forest *f)
{
	if (!f)
		return;
	free(f->parent);
	free(f->anon);
	free(f->vma);
	free(f->link);
	free(f->slot);
	free(f);
}

const struct vma_forest_vma *vma_forest_find(const struct vma_forest *f, size_t process,
					     const struct vma *vma)
{
	size_t low = 0, high = f->nr_vmas;

	while (low < high) { /* by process, then by address */
		size_t mid = low + (high - low) / 2;
		const struct vma_forest_vma *v = &f->vma[mid];

		if (v->process == process && v->vma == vma)
			return v;
		if (v->process < process ||
		    (v->process == process && v->vma->vm_start < vma->vm_start))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct vma_forest_anon *vma_forest_at(const struct vma_forest *f, u32 id)
{
	return id && id <= f->nr_anons ? &f->anon[id - 1] : NULL;
}

struct vma_provenance vma_forest_place(const struct vma_forest_vma *v)
{
	return v->how.known == VMA_DERIVED ? by_chain : v->how;
}

size_t vma_forest_visit(const struct vma_forest *f, u32 anon, u64 pgoff,
			const struct vma_forest_vma **out)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->nr_vmas; i++) {
		const struct vma_forest_vma *v = &f->vma[i];
		bool linked = false;

		for (size_t j = 0; j < v->nr_chain; j++)
			linked = linked || f->link[v->chain + j] == anon;
		if (!linked || pgoff < v->vma->vm_pgoff ||
		    pgoff >= v->vma->vm_pgoff + vma_pages(v->vma))
			continue;
		size_t at = nr++;
		/* stable: those of equal offset stay as they came */
		for (; at && out[at - 1]->vma->vm_pgoff > v->vma->vm_pgoff; at--)
			out[at] = out[at - 1];
		out[at] = v;
	}
	return nr;
}
