// SPDX-License-Identifier: LGPL-2.1-or-later
/* Look-ups under the kernel's names and contracts (rules L1, L2). */
#include "base/check.h"
#include "model/world.h"

static inline struct vma *vma_of(const struct vma_mm *mm, struct tree_pos pos)
{
	return world_vma(mm->world, tree_val(mm->vmas, pos));
}

struct vma *vma_at(const struct vma_world *w, u32 id)
{
	return id && id < w->vmas.nr ? world_vma(w, id) : NULL;
}

struct vma *vma_find(const struct vma_mm *mm, u64 addr)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, addr, &pos))
		return NULL;
	return vma_of(mm, pos);
}

struct vma *mm_find_to_change(const struct vma_mm *mm, u64 addr)
{
	struct tree_pos pos;
	const struct tree_leaf *l;

	if (!tree_seek(mm->vmas, addr, &pos))
		return NULL;
	l = &mm->vmas->leaf[pos.leaf];
	cachelines_fetch(&l->start[TREE_MAX / 4], sizeof(l->start) * 3 / 4);
	if (pos.slot)
		__builtin_prefetch(world_vma(mm->world, l->val[pos.slot - 1]));
	if (pos.slot + 1 < l->n)
		__builtin_prefetch(world_vma(mm->world, l->val[pos.slot + 1]));
	return vma_of(mm, pos);
}

struct vma *vma_find_prev(const struct vma_mm *mm, u64 addr, struct vma **prev)
{
	struct tree_pos pos;
	struct vma *vma;

	if (!tree_seek(mm->vmas, addr, &pos)) {
		*prev = vma_last(mm);
		return NULL;
	}
	vma = vma_of(mm, pos);
	*prev = tree_prev(mm->vmas, &pos) ? vma_of(mm, pos) : NULL;
	return vma;
}

struct vma *vma_find_intersection(const struct vma_mm *mm, u64 start, u64 end)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, start, &pos) || tree_start(mm->vmas, pos) >= end)
		return NULL;
	return vma_of(mm, pos);
}

struct vma *vma_find_exact(const struct vma_mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find(mm, start);

	return vma && vma->vm_start == start && vma->vm_end == end ? vma : NULL;
}

struct vma *vma_lookup(const struct vma_mm *mm, u64 addr)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, addr, &pos) || tree_start(mm->vmas, pos) > addr)
		return NULL;
	return vma_of(mm, pos);
}

struct vma *vma_first(const struct vma_mm *mm)
{
	struct tree_pos pos;

	return tree_first(mm->vmas, &pos) ? vma_of(mm, pos) : NULL;
}

struct vma *vma_last(const struct vma_mm *mm)
{
	struct tree_pos pos;

	return tree_last(mm->vmas, &pos) ? vma_of(mm, pos) : NULL;
}

struct vma *vma_next(const struct vma_mm *mm, const struct vma *vma)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, vma->vm_start, &pos) || !tree_next(mm->vmas, &pos))
		return NULL;
	return vma_of(mm, pos);
}

struct vma *vma_prev(const struct vma_mm *mm, const struct vma *vma)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, vma->vm_start, &pos) || !tree_prev(mm->vmas, &pos))
		return NULL;
	return vma_of(mm, pos);
}

void mm_sides(const struct vma_mm *mm, const struct vma *vma, struct vma **prev, struct vma **next)
{
	struct tree_pos pos, beside;

	*prev = *next = NULL;
	if (!tree_seek(mm->vmas, vma->vm_start, &pos))
		return;
	beside = pos;
	if (tree_prev(mm->vmas, &beside))
		*prev = vma_of(mm, beside);
	if (tree_next(mm->vmas, &pos))
		*next = vma_of(mm, pos);
}

struct vma_iter vma_iter_at(const struct vma_mm *mm, u64 addr)
{
	struct tree_pos pos;

	if (!tree_seek(mm->vmas, addr, &pos))
		return (struct vma_iter){ mm, TREE_NIL, 0 };
	return (struct vma_iter){ mm, pos.leaf, pos.slot };
}

struct vma *vma_iter_next(struct vma_iter *it)
{
	const struct vma_tree *t = it->mm->vmas;
	const struct tree_leaf *l;
	u32 id;

	if (it->leaf == TREE_NIL)
		return NULL;
	l = &t->leaf[it->leaf];
	id = l->val[it->slot];
	if (!it->slot)
		world_fetch_records(it->mm->world, t, l->next);
	if (++it->slot == l->n) {
		it->leaf = l->next;
		it->slot = 0;
	}
	return world_vma(it->mm->world, id);
}

u64 vma_start_gap(const struct vma_world *w, const struct vma *vma)
{
	u64 gap = 0;

	if (vma->vm_flags & VM_GROWSDOWN)
		gap = w->sys.stack_guard_gap << VMA_PAGE_SHIFT;
	else if (vma->vm_flags & VM_SHADOW_STACK)
		gap = VMA_PAGE_SIZE;
	return vma->vm_start > gap ? vma->vm_start - gap : 0;
}

static u64 lower_edge(const void *ctx, u32 val, u64 start)
{
	const struct vma_world *w = ctx;

	(void)start;
	return vma_start_gap(w, world_vma(w, val));
}

/*
 * The maple tree knows nothing of guard gaps: unmapped_area_topdown() looks at the VMA above the
 * hole it found, and when that is a stack starts again below the stack's guard gap. Holes between
 * there and here are passed over, also those below other mappings.
 */
static u64 topdown_retrying(const struct vma_mm *mm, u64 low, u64 high, u64 len, bool *found)
{
	u64 addr = 0;

	while ((*found = tree_gap_down(mm->vmas, low, high, len, NULL, NULL, &addr))) {
		const struct vma *above = vma_find(mm, addr);
		u64 edge = above ? vma_start_gap(mm->world, above) : addr + len;

		if (edge >= addr + len)
			break;
		high = edge;
	}
	return addr;
}

u64 vma_gap_topdown(const struct vma_mm *mm, u64 low, u64 high, u64 len, bool *found)
{
	u64 addr = 0;

	if (mm->world->kernel.maple_tree)
		return topdown_retrying(mm, low, high, len, found);
	*found = tree_gap_down(mm->vmas, low, high, len, lower_edge, mm->world, &addr);
	return addr;
}

u64 vma_gap_bottomup(const struct vma_mm *mm, u64 low, u64 high, u64 len, bool *found)
{
	u64 addr = 0;

	*found = tree_gap_up(mm->vmas, low, high, len, lower_edge, mm->world, &addr);
	return addr;
}
