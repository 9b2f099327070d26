/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H
/*
 * An ordered set of disjoint ranges, each with a 32-bit value: a range B-tree with gap tracking,
 * the idea of the kernel's maple tree. The VMAs of an mm are one (value: vma id), its page runs
 * are another (value: page state).
 *
 *                       inner:  lo hi gap child | lo hi gap child | ...
 *                              /                        \
 *     leaf: start end val | start end val | ...  <->  leaf: start end val | ...
 *
 * A leaf knows nothing of its neighbours' ranges; an inner node keeps of each child the first
 * start (lo), the last end (hi) and what no hole inside is wider than (gap), so a hole between two
 * children is lo[i] - hi[i-1]. Splitting a range changes none of the three, and stays inside one
 * leaf. When the widest hole is filled the bound stays: the next search that it leads astray makes
 * it exact, and only what is searched is looked at again.
 *
 * Nodes live in two arrays and are named by index, so a tree is copied with two memcpy. Slots past
 * the last hold the largest end: a search needs no length. The place found last is tried first. A
 * node is a whole number of cache lines (a leaf ten); what a descent reads of it stands at its
 * front and is asked for all at once.
 */
#include "base/cachelines.h"
#include "libvmactl/types.h"

#define TREE_MAX 31
#define TREE_NIL 0xffffffffU

struct tree_leaf {
	u32 parent; /* inner node, TREE_NIL for the root; free list link */
	u32 prev, next;
	u32 n;
	u64 start[TREE_MAX]; /* looking does with the first, which shares a line with the above */
	u64 end[TREE_MAX];
	u32 val[TREE_MAX];
} __attribute__((aligned(CACHE_LINE)));

struct tree_inner {
	u32 parent;
	u32 n;
	u64 hi[TREE_MAX];
	u32 child[TREE_MAX];
	u64 lo[TREE_MAX], gap[TREE_MAX];
} __attribute__((aligned(CACHE_LINE)));

/* A place in the tree; valid until the next change. */
struct tree_pos {
	u32 leaf, slot;
};

struct vma_tree {
	struct tree_leaf *leaf;
	struct tree_inner *inner;
	u32 nr_leaf, cap_leaf, free_leaf;
	u32 nr_inner, cap_inner, free_inner;
	u32 root;   /* a leaf when height is 0, TREE_NIL when empty */
	u32 height; /* inner levels */
	u32 first, last; /* leaves at the ends, TREE_NIL when empty */
	u64 top;    /* the end of the last range, 0 when empty */
	u32 count;  /* ranges */
	struct tree_pos finger; /* what the last search found; its leaf may be TREE_NIL */
	bool failed; /* out of memory: a range was not stored */
};

void tree_init(struct vma_tree *t);
void tree_fini(struct vma_tree *t);
/* Copies src over an initialised, empty t. -ENOMEM. */
int tree_copy(struct vma_tree *t, const struct vma_tree *src);

/* tree_seek() where the finger does not point; not behind everything. */
bool tree_descend(const struct vma_tree *t, u64 addr, struct tree_pos *pos);

/* First range with end > addr. False: none. Who asks for a place will ask for it again. */
static inline bool tree_seek(const struct vma_tree *t, u64 addr, struct tree_pos *pos)
{
	struct tree_pos f = t->finger;

	if (addr >= t->top)
		return false;
	if (f.leaf != TREE_NIL) {
		const struct tree_leaf *l = &t->leaf[f.leaf];

		/* In the range, or in the hole below it: one comparison, so that a processor which
		 * cannot know where the next address lies guesses wrong but rarely. */
		u64 low = f.slot ? l->end[f.slot - 1] : l->start[0];

		if (f.slot < l->n && addr - low < l->end[f.slot] - low) {
			*pos = f;
			return true;
		}
	}
	return tree_descend(t, addr, pos);
}

bool tree_first(const struct vma_tree *t, struct tree_pos *pos);
bool tree_last(const struct vma_tree *t, struct tree_pos *pos);
bool tree_next(const struct vma_tree *t, struct tree_pos *pos);
bool tree_prev(const struct vma_tree *t, struct tree_pos *pos);

static inline u64 tree_start(const struct vma_tree *t, struct tree_pos p)
{
	return t->leaf[p.leaf].start[p.slot];
}

static inline u64 tree_end(const struct vma_tree *t, struct tree_pos p)
{
	return t->leaf[p.leaf].end[p.slot];
}

static inline u32 tree_val(const struct vma_tree *t, struct tree_pos p)
{
	return t->leaf[p.leaf].val[p.slot];
}

static inline void tree_set_val(struct vma_tree *t, struct tree_pos p, u32 val)
{
	t->leaf[p.leaf].val[p.slot] = val;
}

/* So many ranges will be put in, most of them in ascending order: get memory for them now. */
void tree_expect(struct vma_tree *t, u32 nr);
/* The range must not overlap another. -ENOMEM sets t->failed. */
int tree_insert(struct vma_tree *t, u64 start, u64 end, u32 val);
/* Remove the range that starts at start (it must be there). */
void tree_erase(struct vma_tree *t, u64 start);
/* The range that starts at old_start becomes [start, end); it keeps its place in the order. */
void tree_resize(struct vma_tree *t, u64 old_start, u64 start, u64 end);

/* The range that starts at start is cut at `at`; the halves get these values. -ENOMEM. */
int tree_split(struct vma_tree *t, u64 start, u64 at, u32 low, u32 high);
/* The range that starts at start is cut at `from` and `to`; the piece between keeps the value. False,
 * and nothing done, when its leaf has no room for three. */
bool tree_cut(struct vma_tree *t, u64 start, u64 from, u64 to, u32 low, u32 high);
/* All ranges inside [from, to), which must lie wholly inside, become one with this value. */
void tree_cover(struct vma_tree *t, u64 from, u64 to, u32 val);
/* Two ranges touch at edge: the border between them moves. */
void tree_move_edge(struct vma_tree *t, u64 edge, u64 to);

/*
 * Highest (lowest) hole of at least len bytes inside [low, high). lower() says where a range
 * begins for this purpose (a stack keeps a guard gap below itself); NULL: at its start.
 * The result is flush with the hole's top (bottom).
 */
typedef u64 tree_lower_fn(const void *ctx, u32 val, u64 start);
bool tree_gap_down(const struct vma_tree *t, u64 low, u64 high, u64 len, tree_lower_fn *lower,
		   const void *ctx, u64 *addr);
bool tree_gap_up(const struct vma_tree *t, u64 low, u64 high, u64 len, tree_lower_fn *lower,
		 const void *ctx, u64 *addr);

/* Checks order, links, lo/hi/gap, top and fill. Returns NULL or what is wrong. */
const char *tree_check(const struct vma_tree *t);
size_t tree_bytes(const struct vma_tree *t);

#endif
