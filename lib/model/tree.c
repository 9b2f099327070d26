// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tree.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/tree-node.h"

void tree_init(struct vma_tree *t)
{
	memset(t, 0, sizeof(*t));
	t->root = t->first = t->last = t->finger.leaf = TREE_NIL;
	t->free_leaf = t->free_inner = TREE_NIL;
}

void tree_fini(struct vma_tree *t)
{
	cachelines_free(t->leaf);
	cachelines_free(t->inner);
	tree_init(t);
}

int tree_copy(struct vma_tree *t, const struct vma_tree *src)
{
	struct vma_tree copy = *src;

	copy.cap_leaf = src->nr_leaf;
	copy.cap_inner = src->nr_inner;
	copy.leaf = cachelines_resize(NULL, 0, sizeof(*copy.leaf) * src->nr_leaf);
	copy.inner = cachelines_resize(NULL, 0, sizeof(*copy.inner) * src->nr_inner);
	if (!copy.leaf || !copy.inner) {
		cachelines_free(copy.leaf);
		cachelines_free(copy.inner);
		return -ENOMEM;
	}
	if (src->nr_leaf)
		memcpy(copy.leaf, src->leaf, sizeof(*copy.leaf) * src->nr_leaf);
	if (src->nr_inner)
		memcpy(copy.inner, src->inner, sizeof(*copy.inner) * src->nr_inner);
	*t = copy;
	return 0;
}

size_t tree_bytes(const struct vma_tree *t)
{
	return sizeof(*t->leaf) * t->nr_leaf + sizeof(*t->inner) * t->nr_inner;
}

/* ---------------------------------------------------------------- looking */

/* The leaf of addr, which is not behind everything. */
static u32 find_leaf(const struct vma_tree *t, u64 addr)
{
	u32 node = t->root;

	for (u32 h = t->height; h; h--) {
		const struct tree_inner *p = &t->inner[node];

		cachelines_fetch(p, offsetof(struct tree_inner, lo));
		node = p->child[first_above(p->hi, addr)];
	}
	__builtin_prefetch(&t->leaf[node]);
	cachelines_fetch(t->leaf[node].end,
			 sizeof(struct tree_leaf) - offsetof(struct tree_leaf, end));
	return node;
}

bool tree_descend(const struct vma_tree *t, u64 addr, struct tree_pos *pos)
{
	u32 id = t->finger.leaf;
	const struct tree_leaf *l;

	l = id == TREE_NIL ? NULL : &t->leaf[id];
	if (!l || addr - l->start[0] >= l->end[l->n - 1] - l->start[0]) {
		id = find_leaf(t, addr);
		l = &t->leaf[id];
	}
	pos->leaf = id;
	pos->slot = first_above(l->end, addr);
	/* The finger only remembers; it is no part of the tree's value. */
	((struct vma_tree *)t)->finger = *pos;
	return true;
}

bool tree_first(const struct vma_tree *t, struct tree_pos *pos)
{
	*pos = (struct tree_pos){ t->first, 0 };
	return t->count;
}

bool tree_last(const struct vma_tree *t, struct tree_pos *pos)
{
	if (!t->count)
		return false;
	*pos = (struct tree_pos){ t->last, t->leaf[t->last].n - 1 };
	return true;
}

bool tree_next(const struct vma_tree *t, struct tree_pos *pos)
{
	const struct tree_leaf *l = &t->leaf[pos->leaf];

	if (pos->slot + 1 < l->n) {
		pos->slot++;
		return true;
	}
	if (l->next == TREE_NIL)
		return false;
	pos->leaf = l->next;
	pos->slot = 0;
	return true;
}

bool tree_prev(const struct vma_tree *t, struct tree_pos *pos)
{
	const struct tree_leaf *l = &t->leaf[pos->leaf];

	if (pos->slot) {
		pos->slot--;
		return true;
	}
	if (l->prev == TREE_NIL)
		return false;
	pos->leaf = l->prev;
	pos->slot = t->leaf[l->prev].n - 1;
	return true;
}
