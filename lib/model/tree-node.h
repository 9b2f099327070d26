/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_TREE_NODE_H
#define MODEL_TREE_NODE_H
/* What the files of the tree share: how a node is searched, and its widest hole, as its parent
 * keeps it. */
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

#endif
