// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The anon_vmas of a process as they follow from /proc.
 *
 * A process that came by exec has roots of its own. One that came by fork has, for each mapping that
 * its parent had too, an anon_vma below the parent's, and the parent's chain behind it (rules A9,
 * I8); for what came later, roots. Where the parent has ended or was not read, that it is below
 * something may still be known, but not below what. And fork takes an anon_vma again that an
 * ancestor left behind, instead of making one: then the parent is another, and nothing shows it.
 *
 * The percentages were measured over random trees of processes and live programs.
 */
#include "topology/forest.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "read/lineage.h"

#define LIKELY 75   /* percent, at least, of what follows from several statements */
#define RELATIVES 8 /* whose pages are compared with those of a process without a parent */

static const struct vma_provenance unknown = { VMA_UNKNOWN, 0, "" };
static const struct vma_provenance by_frame = { VMA_DERIVED, 100, "I8" };
static const struct vma_provenance by_mm = { VMA_DERIVED, 100, "A12" };
static const struct vma_provenance by_file = { VMA_INFERRED, 99, "A9" };  /* or the stack */
static const struct vma_provenance by_chain = { VMA_INFERRED, 98, "A9" };
static const struct vma_provenance by_daemon = { VMA_INFERRED, 90, "A9" };
static const struct vma_provenance by_sharing = { VMA_INFERRED, 95, "A9" };
static const struct vma_provenance by_range = { VMA_INFERRED, 75, "A9" };
static const struct vma_provenance by_absence = { VMA_INFERRED, 97, "A9" };
static const struct vma_provenance by_growth = { VMA_INFERRED, 95, "A9" };
static const struct vma_provenance by_fork = { VMA_INFERRED, 99, "I7" };
static const struct vma_provenance by_cut = { VMA_INFERRED, 95, "A5" };

/* As certain as two statements together; what is not likely enough then is not said. */
static struct vma_provenance both(struct vma_provenance a, struct vma_provenance b)
{
	return a.confidence * b.confidence < LIKELY * 100 ? unknown : vma_weaker(a, b);
}

static const struct vma_model *model_of(const struct vma_forest *f, size_t from)
{
	return f->model[f->vma[from - 1].process];
}

/* ---------------------------------------------------------------- entries */

/* A mapping with an anon_vma of its own, of which nothing else is known yet. */
static struct vma_forest_vma *add_own(struct vma_forest *f, size_t process, const struct vma *vma,
				      struct vma_provenance how)
{
	struct vma_forest_anon *a = forest_add_anon(f, 0, how);
	struct vma_forest_vma *v = a ? forest_add_vma(f, process, vma, a->id) : NULL;

	if (!v)
		return NULL;
	forest_add_link(f, v->anon);
	v->how[VMA_FOREST_PRESENT] = vma_model_known(f->model[process], vma, VMA_FIELD_ANON_VMA);
	v->how[VMA_FOREST_SAME] = by_fork;
	v->how[VMA_FOREST_ROOT] = v->how[VMA_FOREST_PARENT] = v->how[VMA_FOREST_CHAIN] = how;
	return v;
}

/* Of its place nothing is known. */
static struct vma_forest_vma *add_unplaced(struct vma_forest *f, size_t process,
					   const struct vma *vma)
{
	struct vma_forest_vma *v = add_own(f, process, vma, unknown);

	if (v) {
		v->more = true;
		f->anon[v->anon - 1].root = f->anon[v->anon - 1].parent = 0;
	}
	return v;
}

static void copy_links(struct vma_forest *f, size_t from)
{
	size_t chain = f->vma[from - 1].chain, nr = f->vma[from - 1].nr_chain;

	for (size_t i = 0; i < nr && !f->failed; i++)
		forest_add_link(f, f->link[chain + i]);
}

/*
 * How well it is known that fork made an anon_vma below that of @from, instead of taking one again
 * (rule A9). It takes one of the chain, but a root, that no mapping has for its own any more: so not
 * while all who forked still live.
 */
static struct vma_provenance how_new(const struct vma_forest *f, size_t from)
{
	const struct vma_forest_vma *v = &f->vma[from - 1];
	const struct vma_facts *facts = f->model[v->process]->facts;
	bool left_behind = v->more;

	for (size_t i = 0; i < v->nr_chain; i++) {
		const struct vma_forest_anon *a = &f->anon[f->link[v->chain + i] - 1];

		left_behind = left_behind || (!a->owned && a->root != a->id);
	}
	if (left_behind && facts->forks < 0)
		return unknown;
	return left_behind && facts->forks_guessed ? by_daemon : by_chain;
}

/* fork made it an anon_vma below that of the parent's mapping, and copied the chain. */
static void inherit(struct vma_forest *f, size_t process, const struct vma *vma, size_t from,
		    struct vma_provenance how)
{
	const bool adopted = f->model[process]->facts->adopted;
	const struct vma_provenance new = adopted ? unknown : how_new(f, from);
	struct vma_forest_vma *v = add_own(f, process, vma, how);
	const struct vma_forest_vma *up;

	if (!v)
		return;
	up = &f->vma[from - 1];
	struct vma_forest_anon *a = &f->anon[v->anon - 1];
	const struct vma_forest_anon *above = &f->anon[up->anon - 1];

	a->tree = above->tree;
	a->root = above->root;
	a->parent_how = vma_weaker(how, new);
	a->parent = a->parent_how.known == VMA_UNKNOWN ? 0 : above->id;
	v->from = from;
	v->how[VMA_FOREST_PARENT] = a->parent_how;
	v->how[VMA_FOREST_CHAIN] = both(a->parent_how, up->how[VMA_FOREST_CHAIN]);
	v->more = v->how[VMA_FOREST_CHAIN].known == VMA_UNKNOWN;
	copy_links(f, from);
}

/* One that was cut off another mapping of the process, or used its anon_vma. */
static void share(struct vma_forest *f, size_t process, const struct vma *vma, size_t with,
		  struct vma_provenance how)
{
	struct vma_forest_vma *v = forest_add_vma(f, process, vma, f->vma[with - 1].anon);
	const struct vma_forest_vma *w = &f->vma[with - 1];

	if (!v)
		return;
	memcpy(v->how, w->how, sizeof(v->how));
	v->how[VMA_FOREST_PRESENT] = vma_model_known(f->model[process], vma, VMA_FIELD_ANON_VMA);
	v->how[VMA_FOREST_SAME] = how;
	v->from = w->from;
	v->more = w->more;
	copy_links(f, with);
}

/* ---------------------------------------------------------------- with a parent */

static size_t entry_of(const struct vma_forest *f, size_t process, const struct vma *vma)
{
	const struct vma_forest_vma *v = vma_forest_find(f, process, vma);

	return v ? (size_t)(v - f->vma) + 1 : 0;
}

static bool is_same_file(const struct vma_model *am, const struct vma *a, const struct vma_model *bm,
			 const struct vma *b)
{
	const struct vma_file *x = vma_file_at(am->world, a->file);
	const struct vma_file *y = vma_file_at(bm->world, b->file);

	return !x == !y && (!x || (x->inode == y->inode && x->dev_major == y->dev_major &&
				   x->dev_minor == y->dev_minor));
}

/* The mapping of another process from which this one may have come: the first of those in its place
 * that has an anon_vma. */
static size_t origin(const struct vma_forest *f, size_t process, const struct vma *vma, size_t in)
{
	const struct vma_model *pm = f->model[in], *cm = f->model[process];
	const struct vma *up = vma_find(pm->mm, vma->vm_start);

	for (; up && up->vm_start < vma->vm_end; up = vma_next(pm->mm, up)) {
		size_t entry = entry_of(f, in, up);

		if (entry && !(up->vm_flags & (VM_MAYSHARE | VM_DONTCOPY | VM_WIPEONFORK)) &&
		    up->vm_pgoff - pages(up->vm_start) == vma->vm_pgoff - pages(vma->vm_start) &&
		    is_same_file(pm, up, cm, vma))
			return entry;
	}
	return 0;
}

/*
 * A heap that grows after a fork becomes a second mapping, since the chain of the first is longer;
 * in the parent it may be one (rule A17).
 */
static bool is_grown_heap(const struct vma_model *m, const struct vma *left, const struct vma *vma,
			  const struct vma *up)
{
	return left && left->vm_end == vma->vm_start && left->anon_vma && !left->file && !vma->file &&
	       vma->vm_start > m->mm->start_brk && vma->vm_start < m->mm->brk &&
	       up->vm_start < vma->vm_start;
}

/* The one that was cut off @left after the fork, or that used its anon_vma (rules A2, A5). */
static size_t cut_from(const struct vma_forest *f, size_t process, const struct vma *left,
		       const struct vma *vma)
{
	const u64 ignored = VM_ACCESS_FLAGS | VM_SOFTDIRTY | VM_MAYBE_GUARD;

	if (!left || left->vm_end != vma->vm_start || left->file != vma->file ||
	    (left->vm_flags ^ vma->vm_flags) & ~ignored ||
	    !((left->vm_flags ^ vma->vm_flags) & VM_ACCESS_FLAGS) ||
	    left->vm_pgoff + vma_pages(left) != vma->vm_pgoff)
		return 0;
	return entry_of(f, process, left);
}

/* The parent's mapping whose page @vma still has, wherever it is. */
static size_t moved_from(const struct vma_forest *f, size_t process, const char *procfs,
			 const struct vma *vma)
{
	const size_t parent = (size_t)f->parent[process];
	u64 at = frames_moved(f->model[process], vma, f->model[parent], procfs);
	const struct vma *up = at ? vma_lookup(f->model[parent]->mm, at) : NULL;

	return up ? entry_of(f, parent, up) : 0;
}

static bool have_common_page(const struct vma_forest *f, size_t process, const struct vma *vma,
			     size_t from, const char *procfs)
{
	const struct vma *up = f->vma[from - 1].vma;

	return frames_shared(f->model[process], model_of(f, from), procfs,
			     max_u64(vma->vm_start, up->vm_start), min_u64(vma->vm_end, up->vm_end));
}

/* Files are mapped and relocated, and the stack is made, before a program can fork; and what touches
 * a file at the same place in both is its .bss, or ld.so's. */
static bool is_old(const struct vma_model *m, const struct vma *vma, const struct vma *up)
{
	const struct vma *left = vma_prev(m->mm, vma), *right = vma_next(m->mm, vma);

	return vma->file || (vma->vm_start <= m->mm->start_stack && m->mm->start_stack < vma->vm_end) ||
	       (up->vm_start == vma->vm_start && left && left->file && left->vm_end == vma->vm_start) ||
	       (up->vm_end == vma->vm_end && right && right->file && right->vm_start == vma->vm_end);
}

static void place_by_range(struct vma_forest *f, size_t process, const struct vma *left,
			   const struct vma *vma, size_t from)
{
	const struct vma *up = from ? f->vma[from - 1].vma : NULL;
	const bool adopted = f->model[process]->facts->adopted;

	if (!from && !adopted)
		add_own(f, process, vma, by_absence);
	else if (!from) /* perhaps of the one that is gone */
		add_unplaced(f, process, vma);
	else if (is_old(f->model[process], vma, up))
		inherit(f, process, vma, from, by_file);
	else if (frames_shared_by_both(f->model[process], model_of(f, from),
				       max_u64(vma->vm_start, up->vm_start),
				       min_u64(vma->vm_end, up->vm_end)))
		inherit(f, process, vma, from, by_sharing);
	else if (!adopted && is_grown_heap(f->model[process], left, vma, up))
		add_own(f, process, vma, by_growth);
	else if (up->vm_start == vma->vm_start && up->vm_end == vma->vm_end)
		inherit(f, process, vma, from, by_range);
	else /* it may have been cut, or both may have come later at the same place */
		add_unplaced(f, process, vma);
}

static void add_forked_vma(struct vma_forest *f, size_t process, const char *procfs,
			   const struct vma *left, const struct vma *vma)
{
	const size_t from = origin(f, process, vma, (size_t)f->parent[process]);
	const size_t cut = cut_from(f, process, left, vma);
	size_t moved;

	/* what the parent has in one piece was cut after the fork */
	if (cut && (!from || f->vma[from - 1].vma->vm_start < vma->vm_start))
		share(f, process, vma, cut, by_cut);
	else if (from && have_common_page(f, process, vma, from, procfs))
		inherit(f, process, vma, from, by_frame);
	else if ((moved = moved_from(f, process, procfs, vma)))
		inherit(f, process, vma, moved, by_frame);
	else
		place_by_range(f, process, left, vma, from);
}

static void infer_forked(struct vma_forest *f, size_t process, const char *procfs)
{
	const struct vma *vma, *left = NULL;

	vma_for_each(f->model[process]->mm, vma) {
		if (vma->anon_vma && !f->failed)
			add_forked_vma(f, process, procfs, left, vma);
		left = vma;
	}
}

/* ---------------------------------------------------------------- without a parent */

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
	a = forest_add_anon(f, 0, how);
	if (!a)
		return 0;
	map[id] = a->id;
	if (parent) {
		a->parent = parent;
		a->root = a->tree = f->anon[parent - 1].root;
	}
	return map[id];
}

static void adopt_vma(struct vma_forest *f, size_t process, const struct vma *vma, u32 *map)
{
	const struct vma_model *m = f->model[process];
	const struct vma_provenance root = vma_model_known(m, vma, VMA_FIELD_ROOT);
	const struct vma_provenance chain = vma_model_known(m, vma, VMA_FIELD_CHAIN);
	u32 id = adopt(f, m->world, vma->anon_vma, map, root);
	struct vma_forest_vma *v = id ? forest_add_vma(f, process, vma, id) : NULL;
	const struct vma_avc *avc;

	if (!v)
		return;
	f->anon[id - 1].parent_how = chain;
	v->how[VMA_FOREST_PRESENT] = vma_model_known(m, vma, VMA_FIELD_ANON_VMA);
	v->how[VMA_FOREST_SAME] = vma_model_known(m, vma, VMA_FIELD_SHARING);
	v->how[VMA_FOREST_ROOT] = root;
	v->how[VMA_FOREST_PARENT] = v->how[VMA_FOREST_CHAIN] = chain;
	for (u32 l = vma->avc; (avc = vma_avc_at(m->world, l)) && !f->failed; l = avc->next) {
		u32 link = adopt(f, m->world, avc->anon_vma, map, root);

		if (link)
			forest_add_link(f, link);
	}
}

/* The mapping of a relative that has a page in common with one whose parent has ended. */
static size_t find_relative(const struct vma_forest *f, size_t process, const struct vma *vma,
			    const char *procfs)
{
	const struct vma_facts *facts = f->model[process]->facts;
	size_t asked = 0;

	for (size_t i = 0; i < process && asked < RELATIVES; i++) {
		size_t from = lineage_is_kin(facts, f->model[i]->facts) ? origin(f, process, vma, i) : 0;

		if (!from)
			continue;
		if (have_common_page(f, process, vma, from, procfs))
			return from;
		asked++;
	}
	return 0;
}

/* The top of its tree: the root of a relative's, or one of which nobody knows whose it is. 0: not
 * even that it has one is known. */
static u32 find_top(struct vma_forest *f, size_t from, struct vma_provenance how)
{
	struct vma_forest_anon *top;

	if (from)
		return f->anon[f->vma[from - 1].anon - 1].root;
	if (how.known == VMA_UNKNOWN)
		return 0;
	top = forest_add_anon(f, 0, how);
	return top ? top->id : 0;
}

/* A link for each fork, when these can be counted. */
static void link_ancestors(struct vma_forest *f, struct vma_forest_vma *v, u32 root, s32 forks)
{
	u32 below = v->anon;

	for (s32 i = 0; i < forks; i++) {
		struct vma_forest_anon *a = i + 1 < forks ?
			forest_add_anon(f, 0, v->how[VMA_FOREST_ROOT]) : &f->anon[root - 1];

		if (!a)
			return;
		f->anon[below - 1].parent = a->id;
		f->anon[below - 1].parent_how = v->how[VMA_FOREST_CHAIN];
		a->root = a->tree = root;
		forest_add_link(f, below = a->id);
	}
	v->more = false;
}

/* Those between are gone or were not read: the root at most is known, and how far above it is. */
static void add_orphan(struct vma_forest *f, size_t process, const struct vma *vma,
		       const char *procfs)
{
	const struct vma_model *m = f->model[process];
	const size_t from = find_relative(f, process, vma, procfs);
	const struct vma_provenance how = from ? by_frame : vma_model_known(m, vma, VMA_FIELD_ROOT);
	const struct vma_provenance chain = vma_model_known(m, vma, VMA_FIELD_CHAIN);
	const u32 root = find_top(f, from, how);
	struct vma_forest_vma *v = add_unplaced(f, process, vma);

	if (!v)
		return;
	v->from = from;
	v->how[VMA_FOREST_SAME] = vma_model_known(m, vma, VMA_FIELD_SHARING);
	v->how[VMA_FOREST_ROOT] = f->anon[v->anon - 1].how = how;
	f->anon[v->anon - 1].root = root;
	f->anon[v->anon - 1].tree = from ? f->anon[f->vma[from - 1].anon - 1].tree :
				    root ? root : v->anon;
	if (root && chain.known != VMA_UNKNOWN) {
		v->how[VMA_FOREST_PARENT] = v->how[VMA_FOREST_CHAIN] = chain;
		link_ancestors(f, v, root, m->facts->forks);
	} else if (root) {
		forest_add_link(f, root);
	}
}

static void adopt_all(struct vma_forest *f, size_t process)
{
	const struct vma_model *m = f->model[process];
	const struct vma *vma;
	u32 highest = 0;

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

static void infer_alone(struct vma_forest *f, size_t process, const char *procfs)
{
	const struct vma_model *m = f->model[process];
	const struct vma *vma;

	if (m->facts->forked != 1) {
		adopt_all(f, process);
		return;
	}
	vma_for_each(m->mm, vma)
		if (vma->anon_vma && !f->failed)
			add_orphan(f, process, vma, procfs);
}

/* ---------------------------------------------------------------- all */

/* vfork and CLONE_VM: it is the address space of a process that was entered before. */
static void copy_process(struct vma_forest *f, size_t process, size_t of)
{
	const struct vma *vma;

	vma_for_each(f->model[process]->mm, vma) {
		const struct vma *same = vma_find_exact(f->model[of]->mm, vma->vm_start, vma->vm_end);
		size_t entry = same && vma->anon_vma && !f->failed ? entry_of(f, of, same) : 0;

		if (!entry)
			continue;
		struct vma_provenance how = f->vma[entry - 1].how[VMA_FOREST_SAME];
		share(f, process, vma, entry, vma_weaker(how, by_mm));
	}
}

void forest_infer(struct vma_forest *f, size_t process, const char *procfs)
{
	if (f->same_mm[process] != process)
		copy_process(f, process, f->same_mm[process]);
	else if (f->parent[process] >= 0)
		infer_forked(f, process, procfs);
	else
		infer_alone(f, process, procfs);
}
