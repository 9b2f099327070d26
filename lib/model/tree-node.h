/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_TREE_NODE_H
#define MODEL_TREE_NODE_H
/* What the files of the tree share: how a node is searched, and its widest hole, as its parent
 * keeps it. */
#include <string.h>

#include "base/range.h"
#include "model/tree.h"

/* First slot whose key is above addr; the pads make 31 the answer when none is. */
static inline u32 first_above(const u64 *key, u64 addr)
{
	u32 i = 0;

	i += (u32)(key[15] <= addr) << 4;
	i += (u32)(key[i + 7] <= addr) << 3;
	i += (u32)(key[i + 3] <= addr) << 2;
	i += (u32)(key[i + 1] <= addr) << 1;
	i += key[i] <= addr;
	return i;
}

static inline u64 leaf_gap(const struct tree_leaf *l)
{
	u64 gap = 0;

	for (u32 i = 1; i < l->n; i++)
		gap = max_u64(gap, l->start[i] - l->end[i - 1]);
	return gap;
}

static inline u64 inner_gap(const struct tree_inner *p)
{
	u64 gap = p->gap[0];

	for (u32 i = 1; i < p->n; i++)
		gap = max_u64(gap, max_u64(p->gap[i], p->lo[i] - p->hi[i - 1]));
	return gap;
}

#define KEY_MAX (~0ULL)
#define FEW (TREE_MAX / 4) /* a node with fewer looks for a sibling to join */

/* Which slot of its parent a child has: mostly the last while a tree is built. */
static inline u32 slot_of(const struct tree_inner *p, u32 child)
{
	u32 i = 0;

	if (p->child[p->n - 1] == child)
		return p->n - 1;
	while (p->child[i] != child)
		i++;
	return i;
}

/* The widest of the two holes at slot i. */
static inline u64 holes_beside(const struct tree_leaf *l, u32 i)
{
	u64 gap = 0;

	if (i)
		gap = l->start[i] - l->end[i - 1];
	if (i + 1 < l->n)
		gap = max_u64(gap, l->start[i + 1] - l->end[i]);
	return gap;
}

/* The hole right below slot i. */
static inline u64 hole_at(const struct tree_leaf *l, u32 i)
{
	return i && i < l->n ? l->start[i] - l->end[i - 1] : 0;
}

/* Move n entries of one leaf to a place in another (or the same) leaf; pads are the caller's. */
static inline void move_entries(struct tree_leaf *to, u32 at, const struct tree_leaf *from, u32 i, u32 n)
{
	memmove(&to->start[at], &from->start[i], n * sizeof(u64));
	memmove(&to->end[at], &from->end[i], n * sizeof(u64));
	memmove(&to->val[at], &from->val[i], n * sizeof(u32));
}

/* Open a hole for n entries at slot i, or close one of n entries there. */
static inline void open_entries(struct tree_leaf *l, u32 i, u32 n)
{
	move_entries(l, i + n, l, i, l->n - i);
	l->n += n;
}

static inline void close_entries(struct tree_leaf *l, u32 i, u32 n)
{
	move_entries(l, i, l, i + n, l->n - i - n);
	l->n -= n;
	/* Pads: a search looks at the ends. They are one or two, for which the string instruction
	 * that gcc makes of a plain loop is slow to start. */
	for (volatile u64 *pad = &l->end[l->n]; n; n--)
		*pad++ = KEY_MAX;
}

/* ---- tree-shape.c: nodes come and go */
/* Make sure that an insert can take all the nodes it may need; then it cannot fail half-way. */
bool tree_reserve(struct vma_tree *t);
u32 tree_new_leaf(struct vma_tree *t);
/* Add a leaf, filled already, right of a leaf. */
void tree_link_leaf(struct vma_tree *t, u32 left, u32 right);
/* Make room in a full leaf for an entry at slot. Returns where it now belongs: when that is an
 * empty leaf, link it behind this one once it is filled. */
struct tree_pos tree_make_room(struct vma_tree *t, u32 id, u32 slot, u64 start);
/* An empty leaf leaves the tree. */
void tree_drop_leaf(struct vma_tree *t, u32 id);
/* A leaf that has become small is joined with a sibling, if one has room. */
void tree_join_leaf(struct vma_tree *t, u32 id);
/* Tell the parents what a leaf holds now. */
void tree_carry_leaf(struct vma_tree *t, u32 id);
/* The same after one change that may have made a hole this wide. */
void tree_carry_change(struct vma_tree *t, u32 id, u64 hole);

#endif
