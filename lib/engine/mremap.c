// SPDX-License-Identifier: LGPL-2.1-or-later
/* mremap(2) (section 1 of part B). Two flows: up to 6.16 checks come between the changes, since
 * 6.17 before them; what a move does is the same. */
#include "engine/engine.h"

enum { R_MAYMOVE = 1, R_FIXED = 2, R_DONTUNMAP = 4 };

/* A remap under way; lent down to the helpers. */
struct remap {
	struct op *o;
	struct vma *vma;
	u64 addr, old_len, new_len, flags, new_addr;
	u64 result;
	u64 precharged; /* 5.10 charges while it checks */
};

static bool new_address(const struct remap *r)
{
	return r->flags & (R_FIXED | R_DONTUNMAP);
}

static bool overlaps(const struct remap *r)
{
	return r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr;
}

/* Room for that many more VMAs below the limit, compared as the kernel does. */
static int check_count(struct remap *r, u64 count, u64 limit)
{
	if (count < limit)
		return 0;
	return refuse_limit(r->o, ENOMEM, VMA_WHY_MAP_COUNT, r->o->mm->map_count,
			    r->o->w->sys.max_map_count);
}

static bool align_hugetlb(struct remap *r)
{
	u64 mask = (1ULL << world_file(r->o->w, r->vma->file)->hugetlb_shift) - 1;

	r->old_len = (r->old_len + mask) & ~mask;
	r->new_len = (r->new_len + mask) & ~mask;
	return !(r->addr & mask) && !(r->new_addr & mask) && r->new_len <= r->old_len;
}

/* ---------------------------------------------------------------- the move */

static void move_pages(struct remap *r)
{
	struct vma_mm *mm = r->o->mm;
	struct vma_page_run run;
	u64 at = r->addr, end = r->addr + r->old_len;

	while (at < end && vma_pages_run(mm, at, &run) && run.start < end) {
		u64 from = max_u64(run.start, at), to = min_u64(run.end, end);

		vma_pages_set(mm, from, to, VMA_PAGE_NONE);
		vma_pages_set(mm, r->new_addr + (from - r->addr), r->new_addr + (to - r->addr),
			      run.state);
		at = to;
	}
}

/* The whole source stays as it is and is not one of the neighbours that may swallow the copy. */
static void forget_self(const struct remap *r, struct merge *m)
{
	if (m->prev == r->vma)
		m->prev = NULL;
	if (m->next == r->vma)
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
	copy->vm_start = r->new_addr;
	copy->vm_end = r->new_addr + r->new_len;
	copy->vm_pgoff = pgoff;
	anon_clone(o->w, copy, vma);
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

/* What stays behind after DONTUNMAP (R11). */
static int leave_source(struct remap *r, struct vma *copy, u64 old_flags)
{
	struct op *o = r->o;
	struct vma *vma = r->vma;
	u64 end = r->addr + r->old_len;
	int rc;

	if (o->k->dontunmap_splits_locked && vma->vm_flags & VM_LOCKED) {
		if (vma->vm_start < r->addr && (rc = split_nolimit(o, vma, r->addr, true)))
			return rc;
		if (vma->vm_end > end && (rc = split_nolimit(o, vma, end, false)))
			return rc;
		o->mm->locked_vm -= vma_pages(vma);
	}
	if (o->k->dontunmap_leaks_locked && old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	if (o->k->dontunmap_splits_locked && old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	vma->vm_flags &= ~VM_LOCKED_MASK;
	if (!o->k->dontunmap_unlinks || copy == vma || vma->vm_start != r->addr ||
	    vma->vm_end != end)
		return 0;
	anon_unlink(o->w, vma);
	if (o->k->dontunmap_resets_pgoff && vma_is_anonymous(o->w, vma))
		vma->vm_pgoff = pages(vma->vm_start);
	return 0;
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
		return check_count(r, count + 3, max);
	if (r->flags & R_DONTUNMAP && r->vma->vm_flags & VM_LOCKED)
		more++;
	return check_count(r, count + more, max + 1);
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
	*charged = r->flags & R_DONTUNMAP ? pages(r->new_len) : pages(r->new_len - r->old_len);
	return charge(r->o, *charged);
}

/* move_vma() (R9). The destination is free by now. */
static int move_vma(struct remap *r)
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
	if (rc)
		return rc;
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
		rc = leave_source(r, copy, old_flags);
		o->mm->hiwater_vm = hiwater;
		return rc;
	}
	if (r->old_len && !unmap_gather(o, r->addr, r->addr + r->old_len))
		unmap_commit(o, r->addr, r->addr + r->old_len, true);
	o->res->err = 0;
	o->res->why = VMA_WHY_NONE;
	if (old_flags & VM_LOCKED)
		o->mm->locked_vm += pages(r->new_len);
	o->mm->hiwater_vm = hiwater;
	return 0;
}

/* get_unmapped_area() for the destination (R7). */
static int find_place(struct remap *r)
{
	const struct vma *vma = r->vma;
	struct place p = {
		.addr = new_address(r) ? r->new_addr : 0,
		.len = r->new_len,
		.pgoff = vma->vm_pgoff + pages(r->addr - vma->vm_start),
		.map_flags = (r->flags & R_FIXED ? M_FIXED : 0) |
			     (vma->vm_flags & VM_MAYSHARE ? M_SHARED : 0),
	};

	if (vma_has_vm_file(r->o->w, vma))
		p.file = world_file(r->o->w, vma->file);
	else
		p.pgoff = 0;
	return place(r->o, &p, &r->new_addr);
}

/* ---------------------------------------------------------------- checks on the source */

/* Growing: offset, kind, limits (the tail of R2.5 and R5). */
static int check_growth(struct remap *r)
{
	struct op *o = r->o;
	const struct vma *vma = r->vma;
	u64 pgoff = vma->vm_pgoff + pages(r->addr - vma->vm_start);
	u64 delta = r->new_len - r->old_len;
	int rc;

	if (pgoff + pages(r->new_len) < pgoff)
		return refuse(o, EINVAL, VMA_WHY_OFFSET_OVERFLOW);
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return refuse_at(o, EFAULT, VMA_WHY_DONTEXPAND, vma->vm_start);
	rc = mlock_future(o, vma->vm_flags, delta);
	return rc ? rc : may_expand(o, vma->vm_flags, pages(delta));
}

static int check_dontunmap(struct remap *r)
{
	const struct vma *vma = r->vma;

	if (!(r->flags & R_DONTUNMAP))
		return 0;
	if (r->o->k->dontunmap_any ? vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP) :
				     !vma_is_anonymous(r->o->w, vma) || vma->vm_flags & VM_SHARED)
		return refuse_at(r->o, EINVAL, VMA_WHY_NEEDS_ANON, vma->vm_start);
	return 0;
}

/* vma_to_resize() of the kernels up to 6.16. */
static int check_source(struct remap *r)
{
	struct op *o = r->o;
	int rc;

	r->vma = vma_lookup(o->mm, r->addr);
	if (!r->vma)
		return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, r->addr);
	if (!r->old_len && !(r->vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return refuse(o, EINVAL, VMA_WHY_NEEDS_SHARED);
	rc = check_dontunmap(r);
	if (rc)
		return rc;
	if (!o->k->mremap_hugetlb && is_hugetlb(r->vma))
		return refuse(o, EINVAL, VMA_WHY_MAY_SPLIT);
	if (r->old_len > r->vma->vm_end - r->addr)
		return refuse_at(o, EFAULT, VMA_WHY_CROSSES_VMA, r->vma->vm_end);
	if (r->new_len == r->old_len)
		return 0;
	rc = check_growth(r);
	if (!rc && !o->k->mremap_looks_up_first && r->vma->vm_flags & VM_ACCOUNT) {
		r->precharged = pages(r->new_len - r->old_len);
		rc = charge(o, r->precharged);
	}
	return rc;
}

/* ---------------------------------------------------------------- growing in place */

static bool can_grow_in_place(const struct remap *r)
{
	u64 delta = r->new_len - r->old_len, end = r->vma->vm_end + delta;

	if (r->old_len != r->vma->vm_end - r->addr || end < r->vma->vm_end)
		return false;
	return end <= r->o->mm->task_size &&
	       !vma_find_intersection(r->o->mm, r->vma->vm_end, end);
}

static int grow_in_place(struct remap *r)
{
	struct op *o = r->o;
	struct vma *vma = r->vma;
	u64 delta = r->new_len - r->old_len, from = vma->vm_end, flags = vma->vm_flags;
	struct merge m = {
		.o = o, .prev = vma, .next = vma_next(o->mm, vma), .start = from,
		.end = from + delta, .pgoff = vma->vm_pgoff + vma_pages(vma), .flags = flags,
		.file = vma->file, .anon_vma = vma->anon_vma, .name = vma->name,
		.policy = vma->policy, .uffd = vma->uffd,
	};
	int rc;

	if (o->k->mremap_looks_up_first && flags & VM_ACCOUNT) {
		rc = charge(o, pages(delta));
		if (rc)
			return rc;
	}
	/* Where close forbids every merge, and in 5.10 always, the VMA is simply extended. */
	if (!o->k->mremap_merges_growth || (o->k->close_blocks_merge && has_close(o, vma))) {
		mm_set_range(o->mm, vma, vma->vm_start, from + delta);
		EMIT(o, .kind = VMA_EV_GROW, .rule = "R6", .start = vma->vm_start,
		     .end = vma->vm_end, .at = vma->vm_start, .value = from);
	} else if (!merge_new(&m)) {
		if (flags & VM_ACCOUNT)
			uncharge(o, pages(delta));
		return refuse(o, ENOMEM, VMA_WHY_CANNOT_GROW_HERE);
	}
	mm_stat_account(o->mm, flags, (s64)pages(delta));
	if (flags & VM_LOCKED)
		o->mm->locked_vm += pages(delta);
	r->result = r->new_addr = r->addr;
	return 0;
}

/* The source is checked: grow where it is, else move. */
static int expand(struct remap *r)
{
	struct op *o = r->o;
	int rc;

	if (can_grow_in_place(r))
		return grow_in_place(r);
	if (!(r->flags & R_MAYMOVE)) {
		uncharge(o, r->precharged);
		return refuse_at(o, ENOMEM, VMA_WHY_CANNOT_GROW_HERE, r->vma->vm_end);
	}
	rc = find_place(r);
	if (!rc)
		rc = move_vma(r);
	if (rc)
		uncharge(o, r->precharged);
	return rc;
}

/* ---------------------------------------------------------------- up to 6.16 */

static int old_params(struct remap *r)
{
	struct op *o = r->o;
	const u64 *a = o->call->arg;

	if (r->flags & ~(u64)(R_MAYMOVE | R_FIXED | R_DONTUNMAP))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (r->flags & R_FIXED && !(r->flags & R_MAYMOVE))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (r->flags & R_DONTUNMAP && (!(r->flags & R_MAYMOVE) || a[1] != a[2]))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (!page_aligned(r->addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, r->addr);
	r->old_len = page_up(r->old_len);
	r->new_len = page_up(r->new_len);
	if (!r->new_len)
		return refuse(o, EINVAL, VMA_WHY_ZERO_LEN);
	if (!o->k->mremap_looks_up_first)
		return 0;
	r->vma = vma_lookup(o->mm, r->addr);
	if (!r->vma)
		return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, r->addr);
	if (o->k->has_mseal && r->vma->vm_flags & VM_SEALED)
		return refuse_at(o, EPERM, VMA_WHY_SEALED, r->vma->vm_start);
	if (is_hugetlb(r->vma) && !align_hugetlb(r))
		return refuse(o, EINVAL, VMA_WHY_UNALIGNED);
	return 0;
}

/* mremap_to(): what is at the destination goes before the source is looked at (R8). */
static int old_move_to(struct remap *r)
{
	struct op *o = r->o;
	int rc;

	if (!page_aligned(r->new_addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, r->new_addr);
	if (r->new_len > o->mm->task_size || r->new_addr > o->mm->task_size - r->new_len)
		return refuse_at(o, EINVAL, VMA_WHY_OUT_OF_SPACE, r->new_addr);
	if (overlaps(r))
		return refuse_at(o, EINVAL, VMA_WHY_OVERLAP, r->new_addr);
	rc = check_count(r, o->mm->map_count + 5, o->w->sys.max_map_count);
	if (rc)
		return rc;
	if (r->flags & R_FIXED && (rc = do_munmap(o, r->new_addr, r->new_len)))
		return rc;
	if (r->old_len > r->new_len) {
		rc = do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len);
		if (rc)
			return rc;
		r->old_len = r->new_len;
	}
	rc = check_source(r);
	if (!rc && r->flags & R_DONTUNMAP)
		rc = may_expand(o, r->vma->vm_flags, pages(r->old_len));
	if (!rc)
		rc = find_place(r);
	if (!rc)
		rc = move_vma(r);
	if (rc)
		uncharge(o, r->precharged);
	return rc;
}

static int old_flow(struct remap *r)
{
	struct op *o = r->o;
	int rc = old_params(r);

	if (rc)
		return rc;
	if (new_address(r))
		return old_move_to(r);
	r->result = r->addr;
	if (r->old_len == r->new_len)
		return 0;
	if (r->old_len > r->new_len)
		return do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len);
	rc = check_source(r);
	return rc ? rc : expand(r);
}

/* ---------------------------------------------------------------- since 6.17 */

static int new_params(struct remap *r)
{
	struct op *o = r->o;

	r->old_len = page_up(r->old_len);
	r->new_len = page_up(r->new_len);
	if (r->flags & ~(u64)(R_MAYMOVE | R_FIXED | R_DONTUNMAP))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (!page_aligned(r->addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, r->addr);
	if (!r->new_len)
		return refuse(o, EINVAL, VMA_WHY_ZERO_LEN);
	if (r->new_len > o->mm->task_size)
		return refuse(o, EINVAL, VMA_WHY_TOO_LONG);
	if (!new_address(r))
		return 0;
	if (r->new_addr > o->mm->task_size - r->new_len)
		return refuse_at(o, EINVAL, VMA_WHY_OUT_OF_SPACE, r->new_addr);
	if (!page_aligned(r->new_addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, r->new_addr);
	if (!(r->flags & R_MAYMOVE) || (r->flags & R_DONTUNMAP && r->old_len != r->new_len))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (overlaps(r))
		return refuse_at(o, EINVAL, VMA_WHY_OVERLAP, r->new_addr);
	if (o->k->mremap_counts_early)
		return 0;
	return check_count(r, o->mm->map_count + 5, o->w->sys.max_map_count);
}

/* check_prep_vma(). */
static int new_check(struct remap *r)
{
	struct op *o = r->o;
	int rc;

	if (!r->vma)
		return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, r->addr);
	if (r->vma->vm_flags & VM_SEALED)
		return refuse_at(o, EPERM, VMA_WHY_SEALED, r->vma->vm_start);
	if (is_hugetlb(r->vma) && !align_hugetlb(r))
		return refuse(o, EINVAL, VMA_WHY_UNALIGNED);
	if (!new_address(r) && r->new_len <= r->old_len)
		return 0;
	if (!r->old_len && !(r->vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return refuse(o, EINVAL, VMA_WHY_NEEDS_SHARED);
	rc = check_dontunmap(r);
	if (rc)
		return rc;
	if (min_u64(r->old_len, r->new_len) > r->vma->vm_end - r->addr ||
	    (r->old_len <= r->new_len && r->old_len > r->vma->vm_end - r->addr))
		return refuse_at(o, EFAULT, VMA_WHY_CROSSES_VMA, r->vma->vm_end);
	return r->new_len > r->old_len ? check_growth(r) : 0;
}

static int new_move_to(struct remap *r)
{
	struct op *o = r->o;
	int rc;

	if (r->flags & R_FIXED) {
		rc = do_munmap(o, r->new_addr, r->new_len);
		if (rc)
			return rc;
		r->vma = vma_lookup(o->mm, r->addr);
		if (!r->vma)
			return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, r->addr);
	}
	if (r->old_len > r->new_len) {
		rc = do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len);
		if (rc)
			return rc;
		r->old_len = r->new_len;
		r->vma = vma_lookup(o->mm, r->addr);
	}
	if (r->flags & R_DONTUNMAP && (rc = may_expand(o, r->vma->vm_flags, pages(r->old_len))))
		return rc;
	rc = find_place(r);
	return rc ? rc : move_vma(r);
}

/* A userfaultfd, or a file that chooses addresses its own way, may only be moved alone (R12). */
static bool multi_allowed(const struct op *o, const struct vma *vma)
{
	if (vma->uffd)
		return false;
	switch (vma->file ? world_file(o->w, vma->file)->kind : VMA_KIND_ANON) {
	case VMA_KIND_DEVICE:
		return world_file(o->w, vma->file)->uses_generic_gua;
	case VMA_KIND_SYSV:
	case VMA_KIND_ZERO:
		return false;
	default:
		return true;
	}
}

/* remap_move(): every VMA of the range goes, holes stay holes (R12). */
static int move_many(struct remap *r)
{
	struct op *o = r->o;
	u64 start = r->addr, end = start + r->old_len, base = r->new_addr, first = 0;
	bool seen = false;
	struct vma *vma = vma_find_intersection(o->mm, start, end);
	int rc;

	if (!vma || vma->vm_start > start)
		return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, start);
	while (vma) {
		u64 from = max_u64(vma->vm_start, start), to = min_u64(vma->vm_end, end);

		if (!multi_allowed(o, vma) && (seen || vma->vm_end < end))
			return refuse_at(o, EFAULT, VMA_WHY_CROSSES_VMA, vma->vm_end);
		r->vma = vma;
		r->addr = from;
		r->new_addr = base + (from - start);
		r->old_len = r->new_len = to - from;
		rc = new_check(r);
		if (!rc)
			rc = new_move_to(r);
		if (rc)
			return rc;
		if (!seen)
			first = r->result;
		seen = true;
		vma = to < end ? vma_find_intersection(o->mm, to, end) : NULL;
	}
	r->result = first;
	return 0;
}

static int new_flow(struct remap *r)
{
	struct op *o = r->o;
	u64 more = r->flags & R_DONTUNMAP ? 5 : 4;
	int rc = new_params(r);

	if (!rc && o->k->mremap_counts_early)
		rc = check_count(r, o->mm->map_count + more, o->w->sys.max_map_count + 1);
	if (rc)
		return rc;
	if (r->flags & R_FIXED && r->old_len == r->new_len)
		return move_many(r);
	r->vma = vma_lookup(o->mm, r->addr);
	rc = new_check(r);
	if (rc)
		return rc;
	if (new_address(r))
		return new_move_to(r);
	r->result = r->addr;
	if (r->old_len == r->new_len)
		return 0;
	if (r->old_len > r->new_len)
		return do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len);
	return expand(r);
}

int run_mremap(struct op *o)
{
	const u64 *a = o->call->arg;
	struct remap r = { .o = o, .addr = a[0], .old_len = a[1], .new_len = a[2], .flags = a[3],
			   .new_addr = a[4] };
	const struct vma *vma;
	u64 grown;
	int rc = o->k->mremap_checks_first ? new_flow(&r) : old_flow(&r);

	if (rc)
		return rc;
	o->res->ret = (s64)r.result;
	/* Locked memory that grew is faulted in; nobody hears of a failure. */
	grown = page_up(a[2]) > page_up(a[1]) ? page_up(a[2]) - page_up(a[1]) : 0;
	vma = vma_lookup(o->mm, r.result);
	if (grown && vma && vma->vm_flags & VM_LOCKED)
		populate(o, r.result + page_up(a[1]), r.result + page_up(a[2]));
	return 0;
}
