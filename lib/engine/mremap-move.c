// SPDX-License-Identifier: LGPL-2.1-or-later
/* mremap: the move itself (rules R9, R10, R11 of part B). */
#include "engine/mremap.h"

/* Room for that many more VMAs below the limit, compared as the kernel does. */
int remap_check_count(struct remap *r, u64 count, u64 limit)
{
	if (count < limit)
		return 0;
	return refuse_limit(r->o, ENOMEM, VMA_WHY_MAP_COUNT, r->o->mm->map_count,
			    r->o->w->sys.max_map_count);
}

static void move_pages(struct remap *r)
{
	struct vma_mm *mm = r->o->mm;
	struct vma_page_run run;
	u64 at = r->addr, end = r->addr + r->old_len;

	while (at < end && vma_pages_run(mm, at, &run) && run.start < end) {
		u64 from = max_u64(run.start, at), to = min_u64(run.end, end);

		/* Huge pages move as such from border to border. */
		if ((r->new_addr - r->addr) & (VMA_PMD_SIZE - 1))
			run.state &= ~(u32)VMA_PAGE_HUGE;

		vma_pages_set(mm, from, to, VMA_PAGE_NONE);
		vma_pages_set(mm, r->new_addr + (from - r->addr), r->new_addr + (to - r->addr),
			      run.state);
		at = to;
	}
}

/* The whole source stays as it is and is not one of the neighbours that may swallow the copy. Where
 * vma_merge() finds the neighbours, there is no merge at all when the source would be part of it. */
static void forget_self(const struct remap *r, struct merge *m)
{
	const bool is_prev = m->prev == r->vma;

	if (!is_prev && m->next != r->vma)
		return;
	if (r->o->k->self_stops_merge && merge_why(m, r->vma, is_prev) == VMA_WHY_NONE)
		m->prev = m->next = NULL;
	else if (is_prev)
		m->prev = NULL;
	else
		m->next = NULL;
}

/* copy_vma(): the destination, merged where it can be (R10). The source may be swallowed: then
 * r->vma is the result. */
static struct vma *copy_destination(struct remap *r)
{
	struct op *o = r->o;
	struct vma *vma = r->vma, *copy;
	u64 pgoff = vma->vm_pgoff + pages(r->addr - vma->vm_start), source = vma->vm_start;
	struct merge m;
	u32 id;

	if (vma_is_anonymous(o->w, vma) && !vma->anon_vma)
		pgoff = pages(r->new_addr);
	m = (struct merge){
		.o = o, .start = r->new_addr, .end = r->new_addr + r->new_len, .pgoff = pgoff,
		.flags = vma->vm_flags, .file = vma->file, .anon_vma = vma->anon_vma,
		.name = vma->name, .policy = vma->policy, .uffd = vma->uffd, .src = vma,
	};
	m.next = vma_find_prev(o->mm, r->new_addr, &m.prev);
	if (r->flags & R_DONTUNMAP && o->k->dontunmap_no_self_merge)
		forget_self(r, &m);
	copy = merge_new(&m);
	if (copy) {
		if (source >= copy->vm_start && source < copy->vm_end)
			r->vma = copy;
		return copy;
	}
	copy = mm_new_vma(o->mm);
	if (!copy)
		return NULL;
	id = copy->id;
	*copy = *vma;
	copy->id = id;
	copy->anon_vma = copy->avc = 0;
	vma_lock_init(copy);
	file_use(o->w, copy->file);
	copy->vm_start = r->new_addr;
	copy->vm_end = r->new_addr + r->new_len;
	copy->vm_pgoff = pgoff;
	anon_clone(o->w, copy, vma);
	start_write(o, copy);
	mm_link(o->mm, copy);
	return copy;
}

/* mremap_userfaultfd_prep(): without UFFD_FEATURE_EVENT_REMAP (1 << 2) the copy is not watched. */
static void drop_uffd(struct op *o, struct vma *copy)
{
	if (!copy->uffd || o->w->uffd_features[copy->uffd] & 1 << 2)
		return;
	copy->uffd = 0;
	copy->vm_flags &= ~VM_UFFD_FLAGS;
}

/* The part of locked memory that DONTUNMAP leaves becomes a VMA before the copy is made: the rest
 * may merge with that. */
static int split_locked(struct remap *r)
{
	struct op *o = r->o;
	struct vma *vma = r->vma;
	u64 end = r->addr + r->old_len;
	int rc;

	if (!(r->flags & R_DONTUNMAP) || !o->k->dontunmap_splits_locked ||
	    !(vma->vm_flags & VM_LOCKED))
		return 0;
	if (vma->vm_start < r->addr && (rc = split_nolimit(o, vma, r->addr, true)))
		return rc;
	return vma->vm_end > end ? split_nolimit(o, vma, end, false) : 0;
}

/* What stays behind after DONTUNMAP (R11). */
static void leave_source(struct remap *r, struct vma *copy, u64 old_flags)
{
	struct op *o = r->o;
	struct vma *vma = r->vma;
	u64 end = r->addr + r->old_len;

	if (o->k->dontunmap_splits_locked && vma->vm_flags & VM_LOCKED)
		o->mm->locked_vm -= vma_pages(vma);
	if (o->k->dontunmap_leaks_locked && old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	if (o->k->dontunmap_splits_locked && old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	vma->vm_flags &= ~VM_LOCKED_MASK;
	if (!o->k->dontunmap_unlinks || copy == vma || vma->vm_start != r->addr ||
	    vma->vm_end != end)
		return;
	anon_unlink(o->w, vma);
	/* private /dev/zero is anonymous too, but keeps the offset of its file */
	if (o->k->dontunmap_resets_pgoff && vma_is_anonymous(o->w, vma) && !vma->file)
		vma->vm_pgoff = pages(vma->vm_start);
}

/* 5.10 believes that DONTUNMAP of a middle part had split the VMA, and repairs the wrong one. */
static void mark_next(struct remap *r, struct vma *copy, bool middle, u64 old_flags)
{
	struct vma *next;

	if (!r->o->k->dontunmap_accounts_next || !(old_flags & VM_ACCOUNT) || !middle ||
	    copy == r->vma)
		return;
	next = vma_next(r->o->mm, r->vma);
	if (next)
		next->vm_flags |= VM_ACCOUNT;
}

static int check_may_split(struct remap *r)
{
	const struct vma_ops *ops = vma_ops_of(r->o->w, r->vma);
	const struct vma_file *f;
	u64 end = r->addr + r->old_len, bad = 0;

	if (!ops || !ops->may_split || !r->o->k->maple_tree)
		return 0;
	f = world_file(r->o->w, r->vma->file);
	if (f->kind == VMA_KIND_SYSV)
		return 0;
	if (r->vma->vm_start != r->addr)
		bad = r->addr;
	else if (r->vma->vm_end != end)
		bad = end;
	if (!bad || (f->kind == VMA_KIND_HUGETLB && !(bad & ((1ULL << f->hugetlb_shift) - 1))))
		return 0;
	return refuse_at(r->o, EINVAL, VMA_WHY_MAY_SPLIT, bad);
}

/* vm_ops->mremap of [vdso]: it moves whole or not at all. Only 5.10 comes here with a piece, and
 * then takes the copy away again. */
static int hook_refuses(struct remap *r, struct vma *copy)
{
	struct op *o = r->o;
	const struct vma_file *f = vma_file_at(o->w, r->vma->file);

	if (!f || f->kind != VMA_KIND_SPECIAL || !f->size || r->new_len == f->size)
		return 0;
	remove_vma(o, copy);
	return refuse_at(o, EINVAL, VMA_WHY_MAY_SPLIT, r->addr);
}

static int check_move_count(struct remap *r)
{
	u64 count = r->o->mm->map_count, max = r->o->w->sys.max_map_count, more = 2;

	if (!r->o->k->mremap_counts_early)
		return remap_check_count(r, count + 3, max);
	if (r->flags & R_DONTUNMAP && r->vma->vm_flags & VM_LOCKED)
		more++;
	return remap_check_count(r, count + more, max + 1);
}

static int charge_move(struct remap *r, u64 *charged)
{
	*charged = 0;
	if (!(r->vma->vm_flags & VM_ACCOUNT))
		return 0;
	if (r->precharged || !r->o->k->mremap_looks_up_first) {
		/* 5.10 charged the growth before; a DONTUNMAP copy is charged unasked. */
		if (r->flags & R_DONTUNMAP)
			r->o->w->sys.committed_pages += pages(r->new_len);
		return 0;
	}
	/* Since 6.17 a move that also shrinks is charged for what it gave up (a kernel bug). */
	if (r->flags & R_DONTUNMAP)
		*charged = pages(r->new_len);
	else
		*charged = pages(r->o->k->mremap_checks_first ? r->delta : r->new_len - r->old_len);
	return charge(r->o, *charged);
}

/* move_vma() (R9). The destination is free by now. */
int remap_move(struct remap *r)
{
	struct op *o = r->o;
	u64 old_flags, hiwater, charged;
	bool middle;
	struct vma *copy;
	int rc = check_move_count(r);

	if (!rc)
		rc = check_may_split(r);
	if (!rc)
		rc = charge_move(r, &charged);
	if (!rc)
		rc = split_locked(r);
	if (rc)
		return rc;
	start_write(o, r->vma);
	old_flags = r->vma->vm_flags;
	copy = copy_destination(r);
	if (!copy)
		return -ENOMEM;
	rc = hook_refuses(r, copy);
	if (rc)
		return rc;
	EMIT(o, .kind = VMA_EV_MOVE, .rule = "R9", .start = r->addr, .end = r->addr + r->old_len,
	     .at = r->new_addr);
	if (o->mm->page_runs->count)
		move_pages(r);
	drop_uffd(o, copy);
	middle = r->addr > r->vma->vm_start && r->addr + r->old_len < r->vma->vm_end;
	hiwater = o->mm->hiwater_vm;
	mm_stat_account(o->mm, old_flags, (s64)pages(r->new_len));
	r->result = r->new_addr;
	if (r->flags & R_DONTUNMAP) {
		mark_next(r, copy, middle, old_flags);
		leave_source(r, copy, old_flags);
		o->mm->hiwater_vm = hiwater;
		return 0;
	}
	if (r->old_len && !unmap_gather(o, r->addr, r->addr + r->old_len))
		unmap_commit(o, r->addr, r->addr + r->old_len, UNMAP_HIDE_ACCOUNT);
	o->res->err = 0;
	o->res->why = VMA_WHY_NONE;
	if (old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	o->mm->hiwater_vm = hiwater;
	return 0;
}
