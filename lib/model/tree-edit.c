// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changing the tree: nodes come and go, ranges are put in, taken out, cut and joined. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "model/tree-node.h"

#define KEY_MAX (~0ULL)
#define FEW (TREE_MAX / 4)           /* a node with fewer looks for a sibling to join */
#define ROOMY (TREE_MAX * 3 / 4)     /* two siblings with no more than this become one */

/* ---------------------------------------------------------------- nodes */

/* Make sure that an insert can take all the nodes it may need; then it cannot fail half-way. */
static bool reserve(struct vma_tree *t)
{
	if (t->free_leaf == TREE_NIL && t->nr_leaf + 2 > t->cap_leaf) {
		u32 cap = t->cap_leaf ? t->cap_leaf + t->cap_leaf / 2 + 2 : 4;
		struct tree_leaf *leaf =
			lines_resize(t->leaf, sizeof(*leaf) * t->nr_leaf, sizeof(*leaf) * cap);

		if (!leaf)
			return false;
		t->leaf = leaf;
		t->cap_leaf = cap;
	}
	if (t->nr_inner + t->height + 2 > t->cap_inner) {
		u32 cap = t->cap_inner + t->cap_inner / 2 + t->height + 2;
		struct tree_inner *inner = lines_resize(t->inner, sizeof(*inner) * t->nr_inner,
							sizeof(*inner) * cap);

		if (!inner)
			return false;
		t->inner = inner;
		t->cap_inner = cap;
	}
	return true;
}

static u32 new_leaf(struct vma_tree *t)
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
	memset(l->start, 0xff, sizeof(l->start));
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

static void put_leaf(struct vma_tree *t, u32 id)
{
	struct tree_leaf *l = &t->leaf[id];

	if (l->prev != TREE_NIL)
		t->leaf[l->prev].next = l->next;
	if (l->next != TREE_NIL)
		t->leaf[l->next].prev = l->prev;
	if (t->finger == id)
		t->finger = TREE_NIL;
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

static u32 slot_of(const struct tree_inner *p, u32 child)
{
	u32 i = 0;

	while (p->child[i] != child)
		i++;
	return i;
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

static u64 holes_beside(const struct tree_leaf *l, u32 i)
{
	u64 gap = 0;

	if (i)
		gap = l->start[i] - l->end[i - 1];
	if (i + 1 < l->n)
		gap = max_u64(gap, l->start[i + 1] - l->end[i]);
	return gap;
}

/* The hole right below slot i. */
static u64 hole_at(const struct tree_leaf *l, u32 i)
{
	return i && i < l->n ? l->start[i] - l->end[i - 1] : 0;
}

/* Carry lo, hi and gap of the child in slot i upwards as far as they change anything. All holes of
 * a node are looked at again only when the widest may have shrunk. */
static void carry_from(struct vma_tree *t, u32 parent, u32 i, u64 lo, u64 hi, u64 gap)
{
	for (;;) {
		struct tree_inner *p = &t->inner[parent], *up;
		u64 before, after;
		u32 slot = i;

		if (p->lo[i] == lo && p->hi[i] == hi && p->gap[i] == gap)
			return;
		before = holes_of_child(p, i);
		p->lo[i] = lo;
		p->hi[i] = hi;
		p->gap[i] = gap;
		if (p->parent == TREE_NIL) /* nobody keeps the root's */
			return;
		up = &t->inner[p->parent];
		i = slot_of(up, parent);
		after = holes_of_child(p, slot);
		lo = p->lo[0];
		hi = p->hi[p->n - 1];
		gap = up->gap[i];
		if (after >= gap)
			gap = after;
		else if (before >= gap)
			gap = inner_gap(p);
		parent = p->parent;
	}
}

static void carry(struct vma_tree *t, u32 parent, u32 child, u64 lo, u64 hi, u64 gap)
{
	if (parent != TREE_NIL)
		carry_from(t, parent, slot_of(&t->inner[parent], child), lo, hi, gap);
}

static void carry_leaf(struct vma_tree *t, u32 id)
{
	const struct tree_leaf *l = &t->leaf[id];

	if (l->parent != TREE_NIL)
		carry(t, l->parent, id, l->start[0], l->end[l->n - 1], leaf_gap(l));
}

/* The same after one change: the widest hole at that place, before and now. */
static void carry_change(struct vma_tree *t, u32 id, u64 before, u64 after)
{
	const struct tree_leaf *l = &t->leaf[id];
	u64 gap;
	u32 i;

	if (l->parent == TREE_NIL)
		return;
	i = slot_of(&t->inner[l->parent], id);
	gap = t->inner[l->parent].gap[i];
	if (after >= gap)
		gap = after;
	else if (before >= gap)
		gap = leaf_gap(l);
	carry_from(t, l->parent, i, l->start[0], l->end[l->n - 1], gap);
}

static void carry_inner(struct vma_tree *t, u32 id)
{
	const struct tree_inner *p = &t->inner[id];

	if (p->parent != TREE_NIL)
		carry(t, p->parent, id, p->lo[0], p->hi[p->n - 1], inner_gap(p));
}

/* ---------------------------------------------------------------- moving entries */

/* Move n entries of one leaf to a place in another (or the same) leaf; pads are the caller's. */
static void move_entries(struct tree_leaf *to, u32 at, const struct tree_leaf *from, u32 i, u32 n)
{
	memmove(&to->start[at], &from->start[i], n * sizeof(u64));
	memmove(&to->end[at], &from->end[i], n * sizeof(u64));
	memmove(&to->val[at], &from->val[i], n * sizeof(u32));
}

/* Open a hole for n entries at slot i, or close one of n entries there. */
static void open_entries(struct tree_leaf *l, u32 i, u32 n)
{
	move_entries(l, i + n, l, i, l->n - i);
	l->n += n;
}

static void close_entries(struct tree_leaf *l, u32 i, u32 n)
{
	move_entries(l, i, l, i + n, l->n - i - n);
	for (u32 k = l->n - n; k < l->n; k++)
		l->start[k] = l->end[k] = KEY_MAX;
	l->n -= n;
}

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
static void link_leaf(struct vma_tree *t, u32 left, u32 right)
{
	struct tree_leaf *l = &t->leaf[left], *r = &t->leaf[right];

	r->prev = left;
	r->next = l->next;
	if (l->next != TREE_NIL)
		t->leaf[l->next].prev = right;
	l->next = right;
	if (l->parent == TREE_NIL)
		l->parent = grow_root(t, left, l->start[0], l->end[l->n - 1], leaf_gap(l));
	else
		carry_leaf(t, left);
	add_child(t, 1, l->parent, left, right, r->start[0], r->end[r->n - 1], leaf_gap(r));
}

/* Hand entries of a full leaf to a sibling with room. Keeps leaves fuller than plain splitting. */
static bool spill(struct vma_tree *t, u32 id)
{
	struct tree_leaf *l = &t->leaf[id];
	struct tree_leaf *r = l->next != TREE_NIL ? &t->leaf[l->next] : NULL;
	u32 n;

	if (r && r->parent == l->parent && r->n <= ROOMY) {
		n = (l->n - r->n) / 2;
		open_entries(r, 0, n);
		move_entries(r, 0, l, l->n - n, n);
		close_entries(l, l->n - n, n);
		carry_leaf(t, l->next);
		carry_leaf(t, id);
		return true;
	}
	r = l->prev != TREE_NIL ? &t->leaf[l->prev] : NULL;
	if (r && r->parent == l->parent && r->n <= ROOMY) {
		n = (l->n - r->n) / 2;
		move_entries(r, r->n, l, 0, n);
		r->n += n;
		close_entries(l, 0, n);
		carry_leaf(t, l->prev);
		carry_leaf(t, id);
		return true;
	}
	return false;
}

/* Make room in a full leaf for an entry at slot; returns where it now belongs. */
static struct tree_pos make_room(struct vma_tree *t, u32 id, u32 slot, u64 start)
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
		right = new_leaf(t);
		return (struct tree_pos){ right, 0 };
	}
	right = new_leaf(t);
	l = &t->leaf[id];
	r = &t->leaf[right];
	if (keep == 0)
		keep = 1; /* the lower leaf must not be empty: the lowest entry stays with it */
	move_entries(r, 0, l, keep, l->n - keep);
	r->n = l->n - keep;
	close_entries(l, keep, l->n - keep);
	link_leaf(t, id, right);
	if (slot > keep)
		return (struct tree_pos){ right, slot - keep };
	return (struct tree_pos){ id, slot };
}

int tree_insert(struct vma_tree *t, u64 start, u64 end, u32 val)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	bool fresh = false;
	u32 before = TREE_NIL;
	u64 hole;

	CHECK(start < end);
	if (!reserve(t)) {
		t->failed = true;
		return -ENOMEM;
	}
	if (t->root == TREE_NIL) {
		t->root = new_leaf(t);
		t->height = 0;
		pos = (struct tree_pos){ t->root, 0 };
	} else if (!tree_seek(t, start, &pos)) {
		tree_last(t, &pos);
		pos.slot++;
	}
	if (t->leaf[pos.leaf].n == TREE_MAX) {
		before = pos.leaf;
		pos = make_room(t, pos.leaf, pos.slot, start);
		fresh = !t->leaf[pos.leaf].n;
	}
	l = &t->leaf[pos.leaf];
	hole = hole_at(l, pos.slot);
	open_entries(l, pos.slot, 1);
	l->start[pos.slot] = start;
	l->end[pos.slot] = end;
	l->val[pos.slot] = val;
	t->count++;
	t->finger = pos.leaf;
	if (fresh)
		link_leaf(t, before, pos.leaf);
	else
		carry_change(t, pos.leaf, hole, holes_beside(l, pos.slot));
	return 0;
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

static void join_leaf(struct vma_tree *t, u32 id)
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
	carry_leaf(t, left);
	put_leaf(t, right);
	t->finger = left;
	remove_child(t, 1, parent, right);
}

void tree_erase(struct vma_tree *t, u64 start)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	u32 parent;
	u64 holes;

	if (!tree_seek(t, start, &pos) || tree_start(t, pos) != start) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	holes = holes_beside(l, pos.slot);
	close_entries(l, pos.slot, 1);
	t->count--;
	if (l->n) {
		carry_change(t, pos.leaf, holes, hole_at(l, pos.slot));
		if (l->n < FEW && l->parent != TREE_NIL)
			join_leaf(t, pos.leaf);
		return;
	}
	parent = l->parent;
	put_leaf(t, pos.leaf);
	if (parent == TREE_NIL)
		t->root = TREE_NIL;
	else
		remove_child(t, 1, parent, pos.leaf);
}

void tree_resize(struct vma_tree *t, u64 old_start, u64 start, u64 end)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	u64 holes;

	CHECK(start < end);
	if (!tree_seek(t, old_start, &pos) || tree_start(t, pos) != old_start) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	holes = holes_beside(l, pos.slot);
	l->start[pos.slot] = start;
	l->end[pos.slot] = end;
	carry_change(t, pos.leaf, holes, holes_beside(l, pos.slot));
}

/* ---------------------------------------------------------------- splits and merges */

/* Cutting and joining ranges that touch makes no hole and moves no end of a leaf: what the parents
 * know stays true, and the change stays inside the leaf. These are the commonest changes of all. */

int tree_split(struct vma_tree *t, u64 start, u64 at, u32 low, u32 high)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	u64 end;

	if (!tree_seek(t, start, &pos))
		return -ENOMEM;
	l = &t->leaf[pos.leaf];
	end = l->end[pos.slot];
	if (l->n < TREE_MAX) {
		open_entries(l, pos.slot + 1, 1);
		l->end[pos.slot] = at;
		l->val[pos.slot] = low;
		l->start[pos.slot + 1] = at;
		l->end[pos.slot + 1] = end;
		l->val[pos.slot + 1] = high;
		t->count++;
		return 0;
	}
	if (!reserve(t)) {
		t->failed = true;
		return -ENOMEM;
	}
	l = &t->leaf[pos.leaf];
	l->end[pos.slot] = at;
	l->val[pos.slot] = low;
	carry_leaf(t, pos.leaf);
	return tree_insert(t, at, end, high);
}

void tree_cover(struct vma_tree *t, u64 from, u64 to, u32 val)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	u32 i, n = 1;
	bool whole;

	if (!tree_seek(t, from, &pos)) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	i = pos.slot;
	whole = l->start[i] == from;
	while (i + n < l->n && l->start[i + n] < to) {
		whole &= l->start[i + n] == l->end[i + n - 1];
		n++;
	}
	/* The run may go on in the next leaf. */
	while (l->end[i + n - 1] < to && l->next != TREE_NIL && t->leaf[l->next].start[0] < to) {
		tree_erase(t, t->leaf[l->next].start[0]);
		if (!tree_seek(t, from, &pos))
			return;
		l = &t->leaf[pos.leaf];
		i = pos.slot;
		for (n = 1; i + n < l->n && l->start[i + n] < to;)
			n++;
		whole = false;
	}
	whole &= l->end[i + n - 1] == to;
	l->start[i] = from;
	l->end[i] = to;
	l->val[i] = val;
	if (n > 1) {
		close_entries(l, i + 1, n - 1);
		t->count -= n - 1;
	}
	if (!whole)
		carry_leaf(t, pos.leaf);
	if (n > 1 && l->n < FEW && l->parent != TREE_NIL)
		join_leaf(t, pos.leaf);
}

void tree_move_edge(struct vma_tree *t, u64 edge, u64 to)
{
	struct tree_pos pos;
	struct tree_leaf *l;

	if (!tree_seek(t, edge, &pos) || tree_start(t, pos) != edge) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	l->start[pos.slot] = to;
	if (pos.slot) {
		l->end[pos.slot - 1] = to;
		return;
	}
	t->leaf[l->prev].end[t->leaf[l->prev].n - 1] = to;
	carry_leaf(t, l->prev);
	carry_leaf(t, pos.leaf);
}
