// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * anon_vmas: which mapping has one (rule I6), which share one (rule I7), and, where the kernel
 * itself was asked, exactly which.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "rebuild/build.h"

/* ---------------------------------------------------------------- inferred */

#define ANON_STATES (1U << VMA_PAGE_ANON | 1U << VMA_PAGE_ANON_SHARED | 1U << VMA_PAGE_SWAP)

/* Flags that a merge asks for; the sticky ones never prevent it. */
static u64 merge_flags(const struct vma *vma)
{
	return vma->vm_flags & ~(VM_SOFTDIRTY | VM_MAYBE_GUARD);
}

/* Could one use the other's anon_vma when it faults (rule A2)? */
static bool may_share(const struct vma *left, const struct vma *right)
{
	return same_line(left, right) &&
	       !((merge_flags(left) ^ merge_flags(right)) & ~VM_ACCESS_FLAGS);
}

static enum how find_presence(const struct build *b, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];
	const struct vma *vma = b->vmas[map];

	if (vma->vm_flags & VM_MAYSHARE)
		return HOW_SHARED;
	if (m->kb[VMA_SMAPS_ANONYMOUS] || m->kb[VMA_SMAPS_SWAP])
		return HOW_PAGES;
	/* exec made the stack by writing to it; guards in anonymous memory need an anon_vma. */
	if (vma->vm_start >= b->stack_start && vma->vm_end <= b->stack_end)
		return HOW_PAGES;
	if ((vma->vm_flags & VM_MAYBE_GUARD) && !vma->file)
		return HOW_PAGES;
	if (b->f->nr_runs && has_pages(b->f, m->start, m->end, ANON_STATES))
		return HOW_PAGES;
	/* mprotect gives the charge of memory back that is no more writable and was not faulted. */
	if (b->k->mprotect_uncharges && (vma->vm_flags & (VM_WRITE | VM_ACCOUNT)) == VM_ACCOUNT &&
	    vma_is_anonymous(b->w, vma))
		return HOW_KEPT_CHARGE;
	return m->have & 1U << VMA_SMAPS_ANONYMOUS || b->f->runs ? HOW_NO_PAGES : HOW_UNKNOWN;
}

static bool is_present(enum how how)
{
	return how == HOW_PAGES || how == HOW_CUT_AFTER || how == HOW_KEPT_CHARGE;
}

/*
 * What holds anonymous pages and cannot be written was written before mprotect took that away;
 * a writable neighbour on the same line was one mapping with it then, and has its anon_vma.
 */
static bool was_cut_from(const struct build *b, const struct vma *vma, size_t neighbour)
{
	const struct vma *other = neighbour < b->f->nr_maps ? b->vmas[neighbour] : NULL;

	if (!other || known_get(b, neighbour, VMA_FIELD_ANON_VMA) != HOW_PAGES ||
	    !(vma->vm_flags & VM_WRITE) || (other->vm_flags & VM_WRITE))
		return false;
	return may_share(other, vma) || may_share(vma, other);
}

static void find_all_presence(struct build *b)
{
	for (size_t i = 0; i < b->f->nr_maps; i++)
		if (b->vmas[i])
			known_set(b, i, VMA_FIELD_ANON_VMA, find_presence(b, i));
	for (size_t i = 0; i < b->f->nr_maps; i++)
		if (b->vmas[i] && known_get(b, i, VMA_FIELD_ANON_VMA) == HOW_NO_PAGES &&
		    (was_cut_from(b, b->vmas[i], i - 1) || was_cut_from(b, b->vmas[i], i + 1)))
			known_set(b, i, VMA_FIELD_ANON_VMA, HOW_CUT_AFTER);
}

/*
 * Neighbours that differ in nothing, yet are two, have two anon_vmas. But brk never merges its
 * heap with .bss below on some kernels, though the heap's first fault reuses what .bss has.
 */
static bool is_shared(const struct build *b, const struct vma *left, const struct vma *right)
{
	if (!left || !left->anon_vma || !may_share(left, right) || b->f->forked == 1)
		return false;
	if (merge_flags(left) != merge_flags(right) || left->uffd != right->uffd)
		return true;
	return right->vm_start == b->mm->start_brk && b->k->brk_merges_prev_only;
}

/* Do others map anonymous pages of this mapping? Those of a file are dirty. */
static bool has_shared_pages(const struct build *b, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];

	return (m->kb[VMA_SMAPS_SHARED_CLEAN] && !b->vmas[map]->file) ||
	       m->kb[VMA_SMAPS_SHARED_DIRTY] ||
	       (b->f->nr_runs && has_pages(b->f, m->start, m->end, 1U << VMA_PAGE_ANON_SHARED));
}

static bool is_same_object(const struct build *b, size_t a, size_t c)
{
	const struct vma_fact_map *x = &b->f->maps[a], *y = &b->f->maps[c];

	return b->vmas[a] && b->vmas[c] && x->inode == y->inode && !strcmp(x->path, y->path);
}

/* The same of all that is mapped of one file at one place: ld.so wrote to the whole of it. */
static bool object_has_shared_pages(const struct build *b, size_t map)
{
	size_t i = map;

	while (i && is_same_object(b, i - 1, map))
		i--;
	for (; i < b->f->nr_maps && is_same_object(b, i, map); i++)
		if (has_shared_pages(b, i))
			return true;
	return false;
}

/* exec mapped the program and ld.so. */
static bool is_from_exec(const struct build *b, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];
	const struct vma *vma = b->vmas[map];

	if (vma->vm_start >= b->stack_start && vma->vm_end <= b->stack_end)
		return true;
	for (size_t i = 0; i < b->f->nr_aux; i++)
		if (b->f->aux[i].type == AT_BASE)
			for (size_t j = map; j < b->f->nr_maps && is_same_object(b, j, map); j--)
				if (b->f->maps[j].start == b->f->aux[i].value)
					return vma->file;
	return vma->file && b->f->exe && !strcmp(m->path, b->f->exe);
}

/*
 * Is the anon_vma of a mapping a root, or below one? After a fork that depends on whether the mapping
 * was there and had been written to. A library may be loaded at any time; but while a process that
 * it was copied from lives, and no copy of its own does, what was there is still shared.
 */
static enum how find_root(const struct build *b, size_t map)
{
	const bool file = b->vmas[map]->file;

	if (b->f->forked != 1)
		return b->f->forked ? HOW_PERHAPS_EXECED : HOW_EXECED;
	if (is_from_exec(b, map))
		return HOW_BELOW_OLD;
	if (!b->f->copied && (file ? object_has_shared_pages(b, map) : has_shared_pages(b, map)))
		return HOW_BELOW_SHARED;
	return file && (b->f->copied || !b->f->fork_parent) ? HOW_BELOW_FILE : HOW_UNKNOWN;
}

/*
 * A fork adds a link, unless it takes an anon_vma again that an ancestor left behind (rule A9). So
 * the links can be counted where nobody between has ended; what came after the exec may have come
 * between two forks.
 */
static enum how find_chain(const struct build *b, enum how root)
{
	if (b->f->forked != 1)
		return root;
	if (root == HOW_UNKNOWN || b->f->forks < 0 ||
	    (b->f->forks > 1 && root == HOW_BELOW_SHARED))
		return HOW_UNKNOWN;
	return b->f->forks_guessed ? HOW_FORKS_DAEMON : HOW_FORKS;
}

/* fork gave it an anon_vma of its own, below as many as there were forks, which nobody here uses. */
static int new_forked(struct build *b, struct vma *vma, s32 above)
{
	u32 chain[VMA_FORKS_MAX], nr = 0;
	const struct vma_anon *av = vma_anon_new_root(b->w);

	for (; av && nr < (u32)above; av = vma_anon_new_child(b->w, chain[nr - 1]))
		chain[nr++] = av->id;
	if (!av)
		return -ENOMEM;
	vma_anon_attach(b->w, vma, av->id);
	while (nr)
		vma_anon_link(b->w, vma, chain[--nr]);
	return 0;
}

#define GUARD_PAGES 16 /* at most, of what a thread library maps over the end of a stack */

/*
 * May this one without an anon_vma have been part of @vma, or have been put over a part of it, when
 * @vma was written to first? What differs in its charge alone was not yet writable then, and kept
 * the two sides apart.
 */
static bool may_be_cut(const struct vma *between, const struct vma *vma)
{
	const u64 differ = (merge_flags(between) ^ merge_flags(vma)) & ~VM_ACCESS_FLAGS;

	if ((between->vm_flags & VM_MAYSHARE) || (between->file && between->file != vma->file))
		return false;
	return !differ || (differ != VM_ACCOUNT && vma_pages(between) <= GUARD_PAGES);
}

/*
 * Between this one and the next below that has an anon_vma lie only pieces without one, of which
 * either may have been cut: they may share it, as the stacks of threads with their guards do.
 */
static bool may_share_across(const struct build *b, size_t map)
{
	const struct vma *vma = b->vmas[map], *below = NULL;
	size_t i = map;

	for (; i && (below = b->vmas[i - 1]) && below->vm_end == b->vmas[i]->vm_start; i--)
		if (below->anon_vma || !may_be_cut(below, vma))
			break;
	return i != map && below && below->anon_vma && below->vm_end == b->vmas[i]->vm_start &&
	       below->file == vma->file && below->name == vma->name &&
	       below->vm_pgoff - pages(below->vm_start) == vma->vm_pgoff - pages(vma->vm_start) &&
	       !((merge_flags(below) ^ merge_flags(vma)) & ~VM_ACCESS_FLAGS);
}

/* Gives a mapping its anon_vma and chain, and says how they are known. */
static int infer_anon(struct build *b, size_t map, struct vma *left)
{
	struct vma *vma = b->vmas[map];
	enum how root = find_root(b, map), chain = find_chain(b, root), sharing = HOW_SHARING;
	const struct vma_anon *av;
	int rc = 0;

	if (is_shared(b, left, vma)) {
		vma_anon_attach(b->w, vma, left->anon_vma);
	} else if (b->f->forked == 1) {
		sharing = HOW_SHARING_FORK;
		rc = new_forked(b, vma, chain == HOW_UNKNOWN ? 1 : b->f->forks);
	} else {
		if (may_share_across(b, map))
			sharing = HOW_UNKNOWN;
		av = vma_anon_new_root(b->w);
		rc = av ? 0 : -ENOMEM;
		if (av)
			vma_anon_attach(b->w, vma, av->id);
	}
	known_set(b, map, VMA_FIELD_SHARING, sharing);
	known_set(b, map, VMA_FIELD_ROOT, root);
	known_set(b, map, VMA_FIELD_CHAIN, chain);
	return rc || vma_world_oom(b->w) ? -ENOMEM : 0;
}

/* No anon_vma, no chain. */
static void infer_none(struct build *b, size_t map, enum how presence)
{
	known_set(b, map, VMA_FIELD_SHARING, presence);
	known_set(b, map, VMA_FIELD_ROOT, presence);
	known_set(b, map, VMA_FIELD_CHAIN, presence);
}

/* One without pages beside one on the same line that has them may be a piece of it. */
static void doubt_absence(struct build *b)
{
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		const struct vma *vma = b->vmas[i];
		const struct vma *left = i ? b->vmas[i - 1] : NULL;
		const struct vma *right = i + 1 < b->f->nr_maps ? b->vmas[i + 1] : NULL;

		if (!vma || known_get(b, i, VMA_FIELD_ANON_VMA) != HOW_NO_PAGES)
			continue;
		if ((left && left->anon_vma && may_share(left, vma)) ||
		    (right && right->anon_vma && may_share(vma, right)))
			known_set(b, i, VMA_FIELD_ANON_VMA, HOW_SPLIT_OFF);
	}
}

/* An anonymous mapping that was faulted keeps its offset when mremap moves it. */
static void doubt_offset(struct build *b, size_t map, const struct vma *left)
{
	const struct vma *vma = b->vmas[map];

	if (known_get(b, map, VMA_FIELD_PGOFF) != HOW_ADDRESS)
		return;
	if (vma->anon_vma)
		known_set(b, map, VMA_FIELD_PGOFF, HOW_ADDRESS_MOVABLE);
	if (left && left->vm_end == vma->vm_start && left->anon_vma && vma->anon_vma &&
	    left->anon_vma != vma->anon_vma && same_line(left, vma) &&
	    merge_flags(left) == merge_flags(vma))
		known_set(b, map, VMA_FIELD_PGOFF, HOW_ODD_ADDRESS);
}

static int infer_all(struct build *b)
{
	struct vma *left = NULL;

	find_all_presence(b);
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		if (!b->vmas[i])
			continue;
		enum how presence = known_get(b, i, VMA_FIELD_ANON_VMA);
		if (!is_present(presence))
			infer_none(b, i, presence);
		else if (infer_anon(b, i, left))
			return -ENOMEM;
		doubt_offset(b, i, left);
		left = b->vmas[i];
	}
	doubt_absence(b);
	return 0;
}

/* ---------------------------------------------------------------- exact */

/* One anon_vma of the kernel: its address there, what is known of it, and ours. */
struct object {
	u64 key, root, parent;
	u32 num_children, num_active_vmas;
	bool read;   /* parent and counts are the kernel's */
	bool entered, placed;
	u32 id;
};

struct objects {
	struct object *list;
	size_t nr;
};

static int by_key(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->read == y->read ? 0 : x->read ? -1 : 1; /* the one that knows most first */
}

static struct object *find_object(const struct objects *o, u64 key)
{
	size_t low = 0, high = o->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->list[mid].key == key)
			return &o->list[mid];
		if (o->list[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void add_object(struct objects *o, u64 key, u64 root, u64 parent)
{
	if (key)
		o->list[o->nr++] = (struct object){ .key = key, .root = root, .parent = parent };
}

/* Those that only stand in chains, with what the kernel holds for them. */
static void add_chained(const struct build *b, struct objects *o)
{
	for (size_t i = 0; i < b->f->nr_anon_bpf; i++) {
		const struct vma_fact_anon *a = &b->f->anon_bpf[i];

		if (!a->anon_vma || !a->root || !a->parent)
			continue; /* it could not be read */
		o->list[o->nr++] = (struct object){
			.key = a->anon_vma, .root = a->root, .parent = a->parent,
			.num_children = a->num_children,
			.num_active_vmas = a->num_active_vmas, .read = true,
		};
		add_object(o, a->parent, a->root, a->root);
	}
}

static int collect_objects(const struct build *b, struct objects *o)
{
	size_t nr = 1 + 2 * b->f->nr_anon_bpf;

	for (size_t i = 0; i < b->f->nr_bpf; i++)
		nr += 3 + b->f->bpf[i].nr_chain;
	o->list = calloc(nr, sizeof(*o->list));
	if (!o->list)
		return -ENOMEM;
	for (size_t i = 0; i < b->f->nr_bpf; i++) {
		const struct vma_fact_bpf *v = &b->f->bpf[i];

		if (!v->anon_vma)
			continue;
		add_object(o, v->anon_vma, v->root, v->parent);
		o->list[o->nr - 1].read = true;
		o->list[o->nr - 1].num_children = v->num_children;
		o->list[o->nr - 1].num_active_vmas = v->num_active_vmas;
		add_object(o, v->root, v->root, v->root);
		add_object(o, v->parent, v->root, v->root);
		for (u32 j = 0; j < v->nr_chain; j++)
			add_object(o, v->chain[j], v->root, v->root);
	}
	add_chained(b, o);
	qsort(o->list, o->nr, sizeof(*o->list), by_key);
	nr = 0;
	for (size_t i = 0; i < o->nr; i++)
		if (!nr || o->list[nr - 1].key != o->list[i].key)
			o->list[nr++] = o->list[i];
	o->nr = nr;
	return 0;
}

static bool number_object(struct build *b, struct object *obj)
{
	if (!obj->id) {
		const struct vma_anon *av = vma_anon_new_root(b->w);

		obj->id = av ? av->id : 0;
	}
	return obj->id;
}

/* In the order in which the VMAs use them, as the rows that are streamed number them; then those
 * that only a chain names. */
static bool number_objects(struct build *b, struct objects *o)
{
	for (size_t i = 0; i < b->f->nr_bpf; i++) {
		struct object *own = find_object(o, b->f->bpf[i].anon_vma);

		if (own && !number_object(b, own))
			return false;
	}
	for (size_t i = 0; i < o->nr; i++)
		if (!number_object(b, &o->list[i]))
			return false;
	return true;
}

/* Below its parent, and that below its own first. Of an ancestor that was not read only the root
 * is known. */
static void place_object(struct build *b, const struct objects *o, struct object *obj)
{
	struct object *up = obj->parent == obj->key ? NULL : find_object(o, obj->parent);

	if (obj->entered)
		return;
	obj->entered = true;
	if (up)
		place_object(b, o, up);
	if (up && up->placed) { /* not: a circle, which only bad input has */
		struct vma_anon *av = vma_anon_at(b->w, obj->id);
		struct vma_anon *above = vma_anon_at(b->w, up->id);

		av->parent = above->id;
		av->root = above->root;
		av->num_children--; /* a root counts itself */
		above->num_children++;
		vma_anon_at(b->w, av->root)->refcount++;
	}
	obj->placed = true;
}

static bool link_exact(struct build *b, const struct objects *o, struct vma *vma,
		       const struct vma_fact_bpf *v)
{
	struct object *own = find_object(o, v->anon_vma);

	vma_anon_attach(b->w, vma, own->id);
	for (u32 j = 0; j < v->nr_chain; j++) {
		struct object *obj = find_object(o, v->chain[j]);

		if (obj && obj != own)
			vma_anon_link(b->w, vma, obj->id);
	}
	return !vma_world_oom(b->w);
}

/* VMAs and children in other processes count too: they decide what fork reuses (rule A9). */
static void count_elsewhere(struct build *b, const struct objects *o)
{
	for (size_t i = 0; i < o->nr; i++) {
		const struct object *obj = &o->list[i];
		struct vma_anon *av = vma_anon_at(b->w, obj->id);

		if (!obj->read || !av)
			continue;
		av->num_children = obj->num_children;
		if (obj->num_active_vmas > av->num_active_vmas)
			av->elsewhere = obj->num_active_vmas - av->num_active_vmas;
		av->num_active_vmas += av->elsewhere;
	}
}

static int exact_all(struct build *b)
{
	struct objects o = { 0 };
	AUTO(undo_free) struct object *list = NULL;
	int rc = collect_objects(b, &o);

	list = o.list;
	if (rc)
		return rc;
	if (!number_objects(b, &o))
		return -ENOMEM;
	for (size_t i = 0; i < o.nr; i++)
		place_object(b, &o, &o.list[i]);
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		if (!b->vmas[i])
			continue;
		known_set(b, i, VMA_FIELD_ANON_VMA, HOW_EXACT);
		known_set(b, i, VMA_FIELD_CHAIN, HOW_EXACT);
		known_set(b, i, VMA_FIELD_SHARING, HOW_EXACT);
		known_set(b, i, VMA_FIELD_ROOT, HOW_EXACT);
		if (b->bpf[i]->anon_vma && !(b->vmas[i]->vm_flags & VM_MAYSHARE) &&
		    !link_exact(b, &o, b->vmas[i], b->bpf[i]))
			return -ENOMEM;
	}
	if (b->f->mm_bpf && (b->f->mm_bpf->have & VMA_BPF_NUM_CHILDREN))
		count_elsewhere(b, &o);
	return 0;
}

int build_anon(struct build *b)
{
	return b->f->bpf ? exact_all(b) : infer_all(b);
}
