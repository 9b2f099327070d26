// SPDX-License-Identifier: LGPL-2.1-or-later
/* The highest and the lowest hole that is large enough. */
#include "model/tree-node.h"

#define EVERYTHING (~0ULL)

struct gap_search {
	const struct vma_tree *t;
	u64 low, high, len;
	tree_lower_fn *lower;
	const void *ctx;
	u64 addr;
};

static u32 first_val(const struct vma_tree *t, u32 node, u32 height)
{
	for (; height; height--)
		node = t->inner[node].child[0];
	return t->leaf[node].val[0];
}

/* Is the hole [bottom, top) good enough? *val belongs to the range that starts at top. */
static bool fits(struct gap_search *s, u64 bottom, u64 top, bool has_val, u32 val, bool down)
{
	u64 lo = max_u64(bottom, s->low), hi = min_u64(top, s->high);

	if (hi <= lo || hi - lo < s->len)
		return false;
	if (has_val && s->lower) {
		hi = min_u64(hi, s->lower(s->ctx, val, top));
		if (hi <= lo || hi - lo < s->len)
			return false;
	}
	s->addr = down ? hi - s->len : lo;
	return true;
}

/* A search found nothing where it was led by a bound: what is the widest hole there really? */
static void make_exact(const struct vma_tree *t, const struct tree_inner *p, u32 i, u32 height)
{
	const u32 child = p->child[i];

	/* That is no change of the tree's value, as with the finger. */
	((struct tree_inner *)p)->gap[i] = height ? inner_gap(&t->inner[child]) :
						    leaf_gap(&t->leaf[child]);
}

static bool leaf_down(struct gap_search *s, const struct tree_leaf *l)
{
	for (u32 i = l->n - 1; i > 0; i--) {
		if (l->end[i - 1] < s->low && l->start[i] <= s->low)
			return false;
		if (fits(s, l->end[i - 1], l->start[i], true, l->val[i], true))
			return true;
	}
	return false;
}

static bool node_down(struct gap_search *s, u32 node, u32 height)
{
	const struct vma_tree *t = s->t;

	if (!height)
		return leaf_down(s, &t->leaf[node]);
	const struct tree_inner *p = &t->inner[node];
	for (u32 i = p->n; i-- > 0;) {
		if (i + 1 < p->n && p->lo[i + 1] - p->hi[i] >= s->len &&
		    fits(s, p->hi[i], p->lo[i + 1], true,
			 first_val(t, p->child[i + 1], height - 1), true))
			return true;
		if (p->hi[i] <= s->low)
			return false;
		if (p->gap[i] >= s->len && p->lo[i] < s->high) {
			if (node_down(s, p->child[i], height - 1))
				return true;
			make_exact(t, p, i, height - 1);
		}
	}
	return false;
}

bool tree_gap_down(const struct vma_tree *t, u64 low, u64 high, u64 len, tree_lower_fn *lower,
		   const void *ctx, u64 *addr)
{
	struct gap_search s = { .t = t, .low = low, .high = high, .len = len, .lower = lower,
				.ctx = ctx };
	struct tree_pos first, last;
	bool found;

	if (!tree_last(t, &last)) {
		found = fits(&s, 0, EVERYTHING, false, 0, true);
	} else {
		tree_first(t, &first);
		found = fits(&s, tree_end(t, last), EVERYTHING, false, 0, true) ||
			node_down(&s, t->root, t->height) ||
			fits(&s, 0, tree_start(t, first), true, tree_val(t, first), true);
	}
	if (found)
		*addr = s.addr;
	return found;
}

static bool leaf_up(struct gap_search *s, const struct tree_leaf *l)
{
	for (u32 i = 1; i < l->n; i++) {
		if (l->end[i - 1] >= s->high)
			return false;
		if (fits(s, l->end[i - 1], l->start[i], true, l->val[i], false))
			return true;
	}
	return false;
}

static bool node_up(struct gap_search *s, u32 node, u32 height)
{
	const struct vma_tree *t = s->t;

	if (!height)
		return leaf_up(s, &t->leaf[node]);
	const struct tree_inner *p = &t->inner[node];
	for (u32 i = 0; i < p->n; i++) {
		if (p->lo[i] >= s->high)
			return i && p->lo[i] - p->hi[i - 1] >= s->len &&
			       fits(s, p->hi[i - 1], p->lo[i], true,
					 first_val(t, p->child[i], height - 1), false);
		if (i && p->lo[i] - p->hi[i - 1] >= s->len &&
		    fits(s, p->hi[i - 1], p->lo[i], true,
			 first_val(t, p->child[i], height - 1), false))
			return true;
		if (p->gap[i] >= s->len && p->hi[i] > s->low) {
			if (node_up(s, p->child[i], height - 1))
				return true;
			make_exact(t, p, i, height - 1);
		}
	}
	return false;
}

bool tree_gap_up(const struct vma_tree *t, u64 low, u64 high, u64 len, tree_lower_fn *lower,
		 const void *ctx, u64 *addr)
{
	struct gap_search s = { .t = t, .low = low, .high = high, .len = len, .lower = lower,
				.ctx = ctx };
	struct tree_pos first, last;
	bool found;

	if (!tree_first(t, &first)) {
		found = fits(&s, 0, EVERYTHING, false, 0, false);
	} else {
		tree_last(t, &last);
		found = fits(&s, 0, tree_start(t, first), true, tree_val(t, first), false) ||
			node_up(&s, t->root, t->height) ||
			fits(&s, tree_end(t, last), EVERYTHING, false, 0, false);
	}
	if (found)
		*addr = s.addr;
	return found;
}
