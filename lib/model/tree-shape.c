// SPDX-License-Identifier: LGPL-2.1-or-later
/* The shape of the tree: nodes come and go, and parents learn of it. */
#include "base/check.h"
#include "base/fetch.h"
#include "model/tree-node.h"

#define ROOMY (TREE_MAX * 3 / 4)  /* two siblings with no more than this become one */
#define SPILLS (TREE_MAX * 7 / 8) /* a leaf with no more than this takes from a full sibling */

/* ---------------------------------------------------------------- nodes */

static bool resize_leaves(struct vma_tree *t, u32 cap)
{
	struct tree_leaf *leaf =
		cachelines_resize(t->leaf, sizeof(*leaf) * t->nr_leaf, sizeof(*leaf) * cap);

	if (!leaf)
		return false;
	t->leaf = leaf;
	t->cap_leaf = cap;
	return true;
}

void tree_expect(struct vma_tree *t, u32 nr)
{
	/* What ascends fills its leaves. */
	const u32 cap = t->nr_leaf + nr / TREE_MAX + 4;

	if (cap > t->cap_leaf && resize_leaves(t, cap))
		fetch(t->leaf + t->nr_leaf, t->leaf + cap);
}

/* Make sure that an insert can take all the nodes it may need; then it cannot fail half-way. */
bool tree_reserve(struct vma_tree *t)
{
	if (t->free_leaf == TREE_NIL && t->nr_leaf + 2 > t->cap_leaf &&
	    !resize_leaves(t, t->cap_leaf ? t->cap_leaf + t->cap_leaf / 2 + 2 : 4))
		return false;
	if (t->nr_inner + t->height + 2 > t->cap_inner) {
		u32 cap = t->cap_inner + t->cap_inner / 2 + t->height + 2;
		struct tree_inner *inner = cachelines_resize(t->inner, sizeof(*inner) * t->nr_inner,
							sizeof(*inner) * cap);

		if (!inner)
			return false;
		t->inner = inner;
		t->cap_inner = cap;
	}
	return true;
}

u32 tree_new_leaf(struct vma_tree *t)
{
	u32 id = t->free_leaf;
	struct tree_leaf *l;

	if (id != TREE_NIL)
		t->free_leaf = t->leaf[id].parent;
	else
		id = t->nr_leaf++;
	l = &t->leaf[id];
	l->parent = l->prev = l->next = TREE_NIL;
	l->n = 0;
	memset(l->end, 0xff, sizeof(l->end));
	return id;
}

static u32 new_inner(struct vma_tree *t)
{
	u32 id = t->free_inner;
	struct tree_inner *p;

	if (id != TREE_NIL)
		t->free_inner = t->inner[id].parent;
	else
		id = t->nr_inner++;
	p = &t->inner[id];
	p->parent = TREE_NIL;
	p->n = 0;
	memset(p->hi, 0xff, sizeof(p->hi));
	return id;
}

static void note_top(struct vma_tree *t)
{
	const struct tree_leaf *l = &t->leaf[t->last];

	t->top = l->end[l->n - 1];
}

static void put_leaf(struct vma_tree *t, u32 id)
{
	struct tree_leaf *l = &t->leaf[id];

	if (l->prev != TREE_NIL)
		t->leaf[l->prev].next = l->next;
	else
		t->first = l->next;
	if (l->next != TREE_NIL)
		t->leaf[l->next].prev = l->prev;
	else
		t->last = l->prev;
	if (t->last == TREE_NIL)
		t->top = 0;
	else
		note_top(t);
	if (t->finger.leaf == id)
		t->finger.leaf = TREE_NIL;
	l->n = 0;
	l->parent = t->free_leaf;
	t->free_leaf = id;
}

static void put_inner(struct vma_tree *t, u32 id)
{
	t->inner[id].n = 0;
	t->inner[id].parent = t->free_inner;
	t->free_inner = id;
}

/* ---------------------------------------------------------------- what parents know */

/* The widest of the holes that slot i has to do with. */
static u64 holes_of_child(const struct tree_inner *p, u32 i)
{
	u64 gap = p->gap[i];

	if (i)
		gap = max_u64(gap, p->lo[i] - p->hi[i - 1]);
	if (i + 1 < p->n)
		gap = max_u64(gap, p->lo[i + 1] - p->hi[i]);
	return gap;
}

/* Carry lo, hi and gap of the child in slot i upwards as far as they change anything. What the
 * child's parent knows becomes exact; further up a bound only grows. */
static void carry_from(struct vma_tree *t, u32 parent, u32 i, u64 lo, u64 hi, u64 gap)
{
	for (;;) {
		struct tree_inner *p = &t->inner[parent], *up;
		bool known = p->lo[i] == lo && p->hi[i] == hi && p->gap[i] >= gap;

		p->gap[i] = gap;
		if (known)
			return;
		p->lo[i] = lo;
		p->hi[i] = hi;
		if (p->parent == TREE_NIL) /* nobody keeps the root's */
			return;
		up = &t->inner[p->parent];
		gap = holes_of_child(p, i);
		lo = p->lo[0];
		hi = p->hi[p->n - 1];
		i = slot_of(up, parent);
		gap = max_u64(gap, up->gap[i]);
		parent = p->parent;
	}
}

static void carry(struct vma_tree *t, u32 parent, u32 child, u64 lo, u64 hi, u64 gap)
{
	if (parent != TREE_NIL)
		carry_from(t, parent, slot_of(&t->inner[parent], child), lo, hi, gap);
}

void tree_carry_leaf(struct vma_tree *t, u32 id)
{
	const struct tree_leaf *l = &t->leaf[id];

	if (id == t->last)
		note_top(t);
	if (l->parent != TREE_NIL)
		carry(t, l->parent, id, l->start[0], l->end[l->n - 1], leaf_gap(l));
}

void tree_carry_change(struct vma_tree *t, u32 id, u64 hole)
{
	const struct tree_leaf *l = &t->leaf[id];
	const struct tree_inner *p;
	u32 i;

	if (id == t->last)
		note_top(t);
	if (l->parent == TREE_NIL)
		return;
	p = &t->inner[l->parent];
	i = slot_of(p, id);
	carry_from(t, l->parent, i, l->start[0], l->end[l->n - 1], max_u64(p->gap[i], hole));
}

static void carry_inner(struct vma_tree *t, u32 id)
{
	const struct tree_inner *p = &t->inner[id];

	if (p->parent != TREE_NIL)
		carry(t, p->parent, id, p->lo[0], p->hi[p->n - 1], inner_gap(p));
}

/* ---------------------------------------------------------------- moving children */

static void move_children(struct tree_inner *to, u32 at, const struct tree_inner *from, u32 i, u32 n)
{
	memmove(&to->lo[at], &from->lo[i], n * sizeof(u64));
	memmove(&to->hi[at], &from->hi[i], n * sizeof(u64));
	memmove(&to->gap[at], &from->gap[i], n * sizeof(u64));
	memmove(&to->child[at], &from->child[i], n * sizeof(u32));
}

static void open_children(struct tree_inner *p, u32 i, u32 n)
{
	move_children(p, i + n, p, i, p->n - i);
	p->n += n;
}

static void close_children(struct tree_inner *p, u32 i, u32 n)
{
	move_children(p, i, p, i + n, p->n - i - n);
	for (u32 k = p->n - n; k < p->n; k++)
		p->hi[k] = KEY_MAX;
	p->n -= n;
}

static void set_parent(struct vma_tree *t, u32 level, u32 child, u32 parent)
{
	if (level == 1)
		t->leaf[child].parent = parent;
	else
		t->inner[child].parent = parent;
}

/* ---------------------------------------------------------------- growing */

/* A new root above the old one. */
static u32 grow_root(struct vma_tree *t, u32 child, u64 lo, u64 hi, u64 gap)
{
	u32 id = new_inner(t);
	struct tree_inner *p = &t->inner[id];

	p->n = 1;
	p->lo[0] = lo;
	p->hi[0] = hi;
	p->gap[0] = gap;
	p->child[0] = child;
	t->root = id;
	t->height++;
	set_parent(t, t->height, child, id);
	return id;
}

/* Cut a full inner node of a level in two; returns the right half, already linked. */
static u32 add_child(struct vma_tree *t, u32 level, u32 parent, u32 left, u32 child, u64 lo, u64 hi,
		     u64 gap);

static void split_inner(struct vma_tree *t, u32 level, u32 id)
{
	u32 right = new_inner(t);
	struct tree_inner *l = &t->inner[id], *r = &t->inner[right];
	u32 keep = TREE_MAX / 2 + 1;

	move_children(r, 0, l, keep, l->n - keep);
	r->n = l->n - keep;
	for (u32 i = 0; i < r->n; i++)
		set_parent(t, level, r->child[i], right);
	for (u32 i = keep; i < l->n; i++)
		l->hi[i] = KEY_MAX;
	l->n = keep;
	if (l->parent == TREE_NIL)
		l->parent = grow_root(t, id, l->lo[0], l->hi[keep - 1], inner_gap(l));
	else
		carry_inner(t, id);
	add_child(t, level + 1, l->parent, id, right, r->lo[0], r->hi[r->n - 1], inner_gap(r));
}

/* Put child behind left in its parent at a level (1: children are leaves). Returns the parent. */
static u32 add_child(struct vma_tree *t, u32 level, u32 parent, u32 left, u32 child, u64 lo, u64 hi,
		     u64 gap)
{
	struct tree_inner *p = &t->inner[parent];
	u32 i;

	if (p->n == TREE_MAX) {
		split_inner(t, level, parent);
		parent = level == 1 ? t->leaf[left].parent : t->inner[left].parent;
		p = &t->inner[parent];
	}
	i = slot_of(p, left) + 1;
	open_children(p, i, 1);
	p->lo[i] = lo;
	p->hi[i] = hi;
	p->gap[i] = gap;
	p->child[i] = child;
	set_parent(t, level, child, parent);
	carry_inner(t, parent);
	return parent;
}

/* Add an empty leaf right of a leaf; the caller fills it first (n, entries). */
void tree_link_leaf(struct vma_tree *t, u32 left, u32 right)
{
	struct tree_leaf *l = &t->leaf[left], *r = &t->leaf[right];

	r->prev = left;
	r->next = l->next;
	if (l->next != TREE_NIL)
		t->leaf[l->next].prev = right;
	else
		t->last = right;
	note_top(t);
	l->next = right;
	if (l->parent == TREE_NIL)
		l->parent = grow_root(t, left, l->start[0], l->end[l->n - 1], leaf_gap(l));
	else
		tree_carry_leaf(t, left);
	add_child(t, 1, l->parent, left, right, r->start[0], r->end[r->n - 1], leaf_gap(r));
}

/* Hand entries of a full leaf to a sibling with room. Keeps leaves fuller than plain splitting. */
static bool spill(struct vma_tree *t, u32 id)
{
	struct tree_leaf *l = &t->leaf[id];
	struct tree_leaf *r = l->next != TREE_NIL ? &t->leaf[l->next] : NULL;
	u32 n;

	if (r && r->parent == l->parent && r->n <= SPILLS) {
		n = (l->n - r->n) / 2;
		open_entries(r, 0, n);
		move_entries(r, 0, l, l->n - n, n);
		close_entries(l, l->n - n, n);
		tree_carry_leaf(t, l->next);
		tree_carry_leaf(t, id);
		return true;
	}
	r = l->prev != TREE_NIL ? &t->leaf[l->prev] : NULL;
	if (r && r->parent == l->parent && r->n <= SPILLS) {
		n = (l->n - r->n) / 2;
		move_entries(r, r->n, l, 0, n);
		r->n += n;
		close_entries(l, 0, n);
		tree_carry_leaf(t, l->prev);
		tree_carry_leaf(t, id);
		return true;
	}
	return false;
}

/* Make room in a full leaf for an entry at slot; returns where it now belongs. */
struct tree_pos tree_make_room(struct vma_tree *t, u32 id, u32 slot, u64 start)
{
	struct tree_leaf *l, *r;
	u32 right, keep;

	if (slot > 0 && slot < TREE_MAX && t->leaf[id].parent != TREE_NIL && spill(t, id)) {
		l = &t->leaf[id];
		if (start < l->start[0])
			id = l->prev;
		else if (l->next != TREE_NIL && start > l->end[l->n - 1] - 1 &&
			 start >= t->leaf[l->next].start[0])
			id = l->next;
		return (struct tree_pos){ id, first_above(t->leaf[id].end, start) };
	}
	/* Runs of mmaps come in order, upwards or (more often) downwards: keep the full leaf full. */
	keep = slot == TREE_MAX ? TREE_MAX : slot == 0 ? 0 : TREE_MAX / 2;
	if (keep == TREE_MAX) {
		right = tree_new_leaf(t);
		return (struct tree_pos){ right, 0 };
	}
	right = tree_new_leaf(t);
	l = &t->leaf[id];
	r = &t->leaf[right];
	if (keep == 0)
		keep = 1; /* the lower leaf must not be empty: the lowest entry stays with it */
	move_entries(r, 0, l, keep, l->n - keep);
	r->n = l->n - keep;
	close_entries(l, keep, l->n - keep);
	tree_link_leaf(t, id, right);
	if (slot > keep)
		return (struct tree_pos){ right, slot - keep };
	return (struct tree_pos){ id, slot };
}

/* ---------------------------------------------------------------- shrinking */

static void remove_child(struct vma_tree *t, u32 level, u32 parent, u32 child);

/* Join an inner node that has become small with a sibling. */
static void join_inner(struct vma_tree *t, u32 level, u32 id)
{
	struct tree_inner *p = &t->inner[id], *up, *l, *r;
	u32 i, left, right;

	if (p->parent == TREE_NIL || p->n >= FEW)
		return;
	up = &t->inner[p->parent];
	i = slot_of(up, id);
	left = i + 1 < up->n ? id : i ? up->child[i - 1] : TREE_NIL;
	if (left == TREE_NIL)
		return;
	right = left == id ? up->child[i + 1] : id;
	l = &t->inner[left];
	r = &t->inner[right];
	if (l->n + r->n > ROOMY)
		return;
	move_children(l, l->n, r, 0, r->n);
	for (u32 k = 0; k < r->n; k++)
		set_parent(t, level, r->child[k], left);
	l->n += r->n;
	r->n = 0;
	carry_inner(t, left);
	remove_child(t, level + 1, r->parent, right);
	put_inner(t, right);
}

/* Take a child out of its parent at a level; empty nodes and needless roots go. */
static void remove_child(struct vma_tree *t, u32 level, u32 parent, u32 child)
{
	struct tree_inner *p = &t->inner[parent];

	close_children(p, slot_of(p, child), 1);
	if (!p->n) {
		if (p->parent == TREE_NIL) {
			t->root = TREE_NIL;
			t->height = 0;
		} else {
			remove_child(t, level + 1, p->parent, parent);
		}
		put_inner(t, parent);
		return;
	}
	carry_inner(t, parent);
	if (parent == t->root && p->n == 1) {
		t->root = p->child[0];
		t->height--;
		set_parent(t, level, t->root, TREE_NIL);
		put_inner(t, parent);
		return;
	}
	join_inner(t, level, parent);
}

void tree_join_leaf(struct vma_tree *t, u32 id)
{
	struct tree_leaf *l = &t->leaf[id], *r;
	u32 left = id, right = l->next, parent = l->parent;

	if (right == TREE_NIL || t->leaf[right].parent != parent) {
		right = id;
		left = l->prev;
	}
	if (left == TREE_NIL || t->leaf[left].parent != parent)
		return;
	l = &t->leaf[left];
	r = &t->leaf[right];
	if (l->n + r->n > ROOMY)
		return;
	move_entries(l, l->n, r, 0, r->n);
	l->n += r->n;
	tree_carry_leaf(t, left);
	put_leaf(t, right);
	t->finger = (struct tree_pos){ left, 0 };
	remove_child(t, 1, parent, right);
}

void tree_drop_leaf(struct vma_tree *t, u32 id)
{
	u32 parent = t->leaf[id].parent;

	put_leaf(t, id);
	if (parent == TREE_NIL)
		t->root = TREE_NIL;
	else
		remove_child(t, 1, parent, id);
}
