// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Merging (section 5 of the rules).
 *
 * A new range has a hole between prev and next; a modified range is part of middle:
 *
 *      prev   |  new   | next            prev |  middle   | next
 *     PPPPPPPP|........|NNNNNNN         PPPPPP|MMMMMMMMMMM|NNNNNN
 *             start  end                      ^start..end^ anywhere in middle
 *
 * One predicate, merge_why(), decides about a neighbour; kernels differ in it (anon_vma, close)
 * much more than in what follows from it.
 */
#include "engine/engine.h"

static bool singular(const struct op *o, const struct vma *vma)
{
	return vma_chain_is_singular(o->w, vma);
}

/* A VMA whose chain came over fork: merging would make its chain longer and longer. */
static bool forked_chain(const struct op *o, const struct vma *vma)
{
	return vma && vma->anon_vma && !singular(o, vma);
}

/* is_mergeable_anon_vma() (G3, A17). */
static enum vma_why anon_why(const struct merge *m, const struct vma *nb)
{
	u32 a = m->anon_vma, n = nb->anon_vma;

	if (a == n)
		return VMA_WHY_NONE;
	if (a && n)
		return VMA_WHY_MERGE_ANON;
	if (n)
		return singular(m->o, nb) ? VMA_WHY_NONE : VMA_WHY_MERGE_ANON_FORK;
	/* The range is faulted, the neighbour is not. */
	if (!m->o->k->anon_merge_both_ways)
		return VMA_WHY_MERGE_ANON_ONE_SIDED;
	if (forked_chain(m->o, m->middle) || forked_chain(m->o, m->src))
		return VMA_WHY_MERGE_ANON_FORK;
	return VMA_WHY_NONE;
}

enum vma_why merge_why(const struct merge *m, const struct vma *nb, bool is_prev)
{
	const struct vma_kernel *k = m->o->k;
	u64 ignore = k->sticky_flags ? VM_SOFTDIRTY | VM_MAYBE_GUARD : VM_SOFTDIRTY;

	if (m->flags & VM_SPECIAL)
		return VMA_WHY_MERGE_SPECIAL;
	if (is_prev ? nb->vm_end != m->start : nb->vm_start != m->end)
		return VMA_WHY_MERGE_HOLE;
	if (nb->policy != m->policy)
		return VMA_WHY_MERGE_POLICY;
	if ((nb->vm_flags ^ m->flags) & ~ignore)
		return VMA_WHY_MERGE_FLAGS;
	if (nb->file != m->file)
		return VMA_WHY_MERGE_FILE;
	if (k->close_blocks_merge && has_close(m->o, nb))
		return VMA_WHY_MERGE_CLOSE;
	if (nb->uffd != m->uffd)
		return VMA_WHY_MERGE_UFFD;
	if (nb->name != m->name)
		return VMA_WHY_MERGE_NAME;
	if (is_prev ? nb->vm_pgoff + vma_pages(nb) != m->pgoff :
		      nb->vm_pgoff != m->pgoff + pages(m->end - m->start))
		return VMA_WHY_MERGE_PGOFF;
	return anon_why(m, nb);
}

/* A neighbour that touches but stays out is worth a word. */
static bool joins(const struct merge *m, const struct vma *nb, bool is_prev)
{
	enum vma_why why;

	if (!nb)
		return false;
	why = merge_why(m, nb, is_prev);
	if (why != VMA_WHY_NONE && why != VMA_WHY_MERGE_HOLE)
		EMIT(m->o, .kind = VMA_EV_NO_MERGE, .rule = vma_why_at(why)->rule, .why = why,
		     .start = m->start, .end = m->end, .at = nb->vm_start, .value = nb->vm_end);
	return why == VMA_WHY_NONE;
}

bool anon_compatible(const struct vma *a, const struct vma *b)
{
	return !a->anon_vma || !b->anon_vma || a->anon_vma == b->anon_vma;
}

void dup_anon(struct op *o, struct vma *to, const struct vma *from)
{
	if (!from || !from->anon_vma || to->anon_vma)
		return;
	anon_clone(o->w, to, from);
	EMIT(o, .kind = VMA_EV_ANON_CLONE, .rule = "G11", .id = to->anon_vma, .start = to->vm_start,
	     .end = to->vm_end);
}

static void emit_merge(const struct merge *m, bool left, bool right, const struct vma *result)
{
	EMIT(m->o,
	     .kind = left && right ? VMA_EV_MERGE_BOTH : left ? VMA_EV_MERGE_PREV : VMA_EV_MERGE_NEXT,
	     .rule = "G10", .start = m->start, .end = m->end, .at = result->vm_start,
	     .value = result->vm_end);
}

/* Kernels 6.1 to 6.11 ask next first, and then prev about next's anon_vma (G12). */
static void ask_next_first(struct merge *m, bool *left, bool *right)
{
	*right = joins(m, m->next, false);
	if (*right)
		m->anon_vma = m->next->anon_vma;
	*left = joins(m, m->prev, true);
}

struct vma *merge_new(struct merge *m)
{
	struct op *o = m->o;
	struct vma *target;
	u64 keep = m->flags & sticky(o->k);
	bool left, right;

	if (o->k->mmap_tries_next_first && m->by_mmap) {
		ask_next_first(m, &left, &right);
	} else {
		left = joins(m, m->prev, true);
		right = !m->prev_only && joins(m, m->next, false) &&
			(!left || anon_compatible(m->prev, m->next));
		/* A VMA with close may grow but not go. */
		if (left && right && has_close(o, m->next))
			right = false;
	}
	if (!left && !right)
		return NULL;
	target = left ? m->prev : m->next;
	start_write(o, target);
	if (left && right) {
		u64 end = m->next->vm_end;

		start_write(o, m->next);
		keep |= m->next->vm_flags & sticky(o->k);
		dup_anon(o, target, m->next);
		if (o->k->anon_merge_both_ways)
			dup_anon(o, target, m->src);
		mm_swallow(o->mm, target, target->vm_start, end);
		drop_vma(o, m->next);
	} else {
		if (o->k->anon_merge_both_ways)
			dup_anon(o, target, m->src);
		if (left) {
			mm_set_range(o->mm, target, target->vm_start, m->end);
		} else {
			mm_set_range(o->mm, target, m->start, target->vm_end);
			target->vm_pgoff = m->pgoff;
		}
	}
	target->vm_flags |= keep;
	emit_merge(m, left, right, target);
	return target;
}

/* Both neighbours and the whole of middle become prev. */
static struct vma *join_both(struct merge *m)
{
	struct op *o = m->o;
	struct vma *prev = m->prev, *donor = m->middle;
	u64 end = m->next->vm_end;

	/* Which of the two gives its chain differs, and is the same anon_vma in either case. */
	if (o->k->mmap_gathers_first ? m->next->anon_vma : !m->middle->anon_vma)
		donor = m->next;
	dup_anon(o, prev, donor);
	prev->vm_flags |= (m->middle->vm_flags | m->next->vm_flags) & sticky(o->k);
	mm_swallow(o->mm, prev, prev->vm_start, end);
	drop_vma(o, m->middle);
	drop_vma(o, m->next);
	return prev;
}

static struct vma *join_prev(struct merge *m, bool whole)
{
	struct op *o = m->o;
	struct vma *prev = m->prev, *middle = m->middle;

	dup_anon(o, prev, middle);
	prev->vm_flags |= middle->vm_flags & sticky(o->k);
	if (whole) {
		mm_swallow(o->mm, prev, prev->vm_start, m->end);
		drop_vma(o, middle);
	} else {
		split_huge(o, m->end);
		middle->vm_pgoff += pages(m->end - middle->vm_start);
		mm_move_border(o->mm, prev, middle, m->end);
	}
	return prev;
}

static struct vma *join_next(struct merge *m, bool whole)
{
	struct op *o = m->o;
	struct vma *next = m->next, *middle = m->middle;

	dup_anon(o, next, middle);
	next->vm_flags |= middle->vm_flags & sticky(o->k);
	if (whole) {
		mm_swallow(o->mm, next, m->start, next->vm_end);
		drop_vma(o, middle);
	} else {
		split_huge(o, m->start);
		mm_move_border(o->mm, middle, next, m->start);
	}
	next->vm_pgoff = m->pgoff;
	return next;
}

struct vma *merge_modified(struct merge *m)
{
	struct op *o = m->o;
	bool at_start = m->start == m->middle->vm_start, at_end = m->end == m->middle->vm_end;
	bool whole = at_start && at_end;
	bool left = at_start && joins(m, m->prev, true);
	bool right = at_end && joins(m, m->next, false) &&
		     (!left || anon_compatible(m->prev, m->next));
	struct vma *result;

	if (!left && !right)
		return NULL;
	/* Of one file all three have close or none: a next that may not go is no case of its own. */
	if (!o->k->close_blocks_merge && whole && has_close(o, m->middle))
		return NULL;
	m->flags |= m->middle->vm_flags & sticky(o->k);
	start_write(o, m->middle);
	if (left)
		start_write(o, m->prev);
	if (right)
		start_write(o, m->next);
	if (left && right)
		result = join_both(m);
	else
		result = left ? join_prev(m, whole) : join_next(m, whole);
	m->flags |= result->vm_flags & sticky(o->k);
	emit_merge(m, left, right, result);
	return result;
}

bool vma_mergeable(const struct vma_mm *mm, const struct vma *left, const struct vma *right,
		   enum vma_why *why)
{
	struct vma_result res;
	struct op o = { .w = mm->world, .mm = (struct vma_mm *)mm, .k = &mm->world->kernel,
			.res = &res };
	struct merge m = {
		.o = &o, .start = right->vm_start, .end = right->vm_end, .pgoff = right->vm_pgoff,
		.flags = right->vm_flags, .file = right->file, .anon_vma = right->anon_vma,
		.name = right->name, .policy = right->policy, .uffd = right->uffd,
		.middle = (struct vma *)right,
	};
	enum vma_why w = merge_why(&m, left, true);

	if (w == VMA_WHY_NONE && has_close(&o, right))
		w = VMA_WHY_MERGE_CLOSE;
	if (why)
		*why = w;
	return w == VMA_WHY_NONE;
}
