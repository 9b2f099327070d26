// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is a tree what it claims to be? */
#include "model/tree-node.h"

static const char *check_leaf(const struct vma_tree *t, u32 id, u32 parent, u32 *count)
{
	const struct tree_leaf *l = &t->leaf[id];

	if (l->parent != parent)
		return "leaf: wrong parent";
	if (!l->n || l->n > TREE_MAX)
		return "leaf: wrong number of ranges";
	for (u32 i = 0; i < l->n; i++)
		if (l->start[i] >= l->end[i] || (i && l->start[i] < l->end[i - 1]))
			return "leaf: ranges out of order";
	for (u32 i = l->n; i < TREE_MAX; i++)
		if (l->end[i] != (~0ULL))
			return "leaf: pad is wrong";
	if (l->next != TREE_NIL && t->leaf[l->next].prev != id)
		return "leaf: list is torn";
	*count += l->n;
	return NULL;
}

static u64 widest(const struct vma_tree *t, u32 id, u32 height)
{
	const struct tree_inner *p = &t->inner[id];
	u64 gap = 0;

	if (!height)
		return leaf_gap(&t->leaf[id]);
	for (u32 i = 0; i < p->n; i++) {
		gap = max_u64(gap, widest(t, p->child[i], height - 1));
		if (i)
			gap = max_u64(gap, p->lo[i] - p->hi[i - 1]);
	}
	return gap;
}

static const char *check_node(const struct vma_tree *t, u32 id, u32 height, u32 parent, u32 *count)
{
	const struct tree_inner *p;

	if (!height)
		return check_leaf(t, id, parent, count);
	p = &t->inner[id];
	if (p->parent != parent)
		return "inner: wrong parent";
	if (!p->n || p->n > TREE_MAX)
		return "inner: wrong number of children";
	for (u32 i = 0; i < p->n; i++) {
		const char *bad = check_node(t, p->child[i], height - 1, id, count);
		const struct tree_leaf *l = &t->leaf[height == 1 ? p->child[i] : 0];
		const struct tree_inner *c = &t->inner[height == 1 ? id : p->child[i]];

		if (bad)
			return bad;
		if (p->lo[i] != (height == 1 ? l->start[0] : c->lo[0]) ||
		    p->hi[i] != (height == 1 ? l->end[l->n - 1] : c->hi[c->n - 1]))
			return "inner: lo or hi is stale";
		if (p->gap[i] < (height == 1 ? leaf_gap(l) : widest(t, p->child[i], height - 1)))
			return "inner: a hole is wider than gap";
	}
	for (u32 i = p->n; i < TREE_MAX; i++)
		if (p->hi[i] != (~0ULL))
			return "inner: pad is wrong";
	return NULL;
}

const char *tree_check(const struct vma_tree *t)
{
	u32 count = 0;
	const char *bad = NULL;

	if (t->root != TREE_NIL)
		bad = check_node(t, t->root, t->height, TREE_NIL, &count);
	if (!bad && count != t->count)
		bad = "tree: count is wrong";
	if (!bad && t->top != (count ? t->leaf[t->last].end[t->leaf[t->last].n - 1] : 0))
		bad = "tree: top is wrong";
	if (!bad && count && (t->leaf[t->first].prev != TREE_NIL || t->leaf[t->last].next != TREE_NIL))
		bad = "tree: first or last is wrong";
	return bad;
}
