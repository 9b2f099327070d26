// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changing the tree: ranges are put in, taken out, cut and joined. */
#include <errno.h>

#include "base/check.h"
#include "model/tree-node.h"

int tree_insert(struct vma_tree *t, u64 start, u64 end, u32 val)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	bool fresh = false;
	u32 before = TREE_NIL;

	CHECK(start < end);
	if (!tree_reserve(t)) {
		t->failed = true;
		return -ENOMEM;
	}
	if (t->root == TREE_NIL) {
		t->root = t->first = t->last = tree_new_leaf(t);
		t->height = 0;
		pos = (struct tree_pos){ t->root, 0 };
	} else if (!tree_seek(t, start, &pos)) {
		tree_last(t, &pos);
		pos.slot++;
	}
	if (t->leaf[pos.leaf].n == TREE_MAX) {
		before = pos.leaf;
		pos = tree_make_room(t, pos.leaf, pos.slot, start);
		fresh = !t->leaf[pos.leaf].n;
	}
	l = &t->leaf[pos.leaf];
	open_entries(l, pos.slot, 1);
	l->start[pos.slot] = start;
	l->end[pos.slot] = end;
	l->val[pos.slot] = val;
	t->count++;
	t->finger = pos;
	if (fresh)
		tree_link_leaf(t, before, pos.leaf);
	else
		tree_carry_change(t, pos.leaf, holes_beside(l, pos.slot));
	return 0;
}

void tree_erase(struct vma_tree *t, u64 start)
{
	struct tree_pos pos;
	struct tree_leaf *l;

	if (!tree_seek(t, start, &pos) || tree_start(t, pos) != start) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	close_entries(l, pos.slot, 1);
	t->count--;
	if (l->n) {
		tree_carry_change(t, pos.leaf, hole_at(l, pos.slot));
		if (l->n < FEW && l->parent != TREE_NIL)
			tree_join_leaf(t, pos.leaf);
		return;
	}
	tree_drop_leaf(t, pos.leaf);
}

void tree_resize(struct vma_tree *t, u64 old_start, u64 start, u64 end)
{
	struct tree_pos pos;
	struct tree_leaf *l;

	CHECK(start < end);
	if (!tree_seek(t, old_start, &pos) || tree_start(t, pos) != old_start) {
		CHECK(t->failed);
		return;
	}
	l = &t->leaf[pos.leaf];
	l->start[pos.slot] = start;
	l->end[pos.slot] = end;
	tree_carry_change(t, pos.leaf, holes_beside(l, pos.slot));
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
	if (!tree_reserve(t)) {
		t->failed = true;
		return -ENOMEM;
	}
	l = &t->leaf[pos.leaf];
	l->end[pos.slot] = at;
	l->val[pos.slot] = low;
	tree_carry_leaf(t, pos.leaf);
	return tree_insert(t, at, end, high);
}

bool tree_cut(struct vma_tree *t, u64 start, u64 from, u64 to, u32 low, u32 high)
{
	struct tree_pos pos;
	struct tree_leaf *l;
	u32 i;

	if (!tree_seek(t, start, &pos))
		return false;
	l = &t->leaf[pos.leaf];
	i = pos.slot;
	if (l->n + 2 > TREE_MAX)
		return false;
	open_entries(l, i + 1, 2);
	l->start[i + 1] = from;
	l->start[i + 2] = to;
	l->end[i + 2] = l->end[i];
	l->end[i + 1] = to;
	l->end[i] = from;
	l->val[i + 2] = high;
	l->val[i + 1] = l->val[i];
	l->val[i] = low;
	t->count += 2;
	t->finger.slot = i + 1; /* tree_seek() set it to this leaf */
	return true;
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
		tree_carry_leaf(t, pos.leaf);
	if (n > 1 && l->n < FEW && l->parent != TREE_NIL)
		tree_join_leaf(t, pos.leaf);
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
	tree_carry_leaf(t, l->prev);
	tree_carry_leaf(t, pos.leaf);
}
