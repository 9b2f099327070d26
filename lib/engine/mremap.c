// SPDX-License-Identifier: LGPL-2.1-or-later
/* mremap(2) (section 1 of part B). Two flows: up to 6.16 checks come between the changes, since
 * 6.17 before them; what a move does is the same. */
#include "engine/mremap.h"

static bool overlaps(const struct remap *r)
{
	return r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr;
}

static bool align_hugetlb(struct remap *r)
{
	u64 mask = (1ULL << world_file(r->o->w, r->vma->file)->hugetlb_shift) - 1;

	r->old_len = (r->old_len + mask) & ~mask;
	r->new_len = (r->new_len + mask) & ~mask;
	return !(r->addr & mask) && !(r->new_addr & mask) && r->new_len <= r->old_len;
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
		start_write(o, vma);
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
		rc = remap_move(r);
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
	mmap_write_lock(o);
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
	rc = remap_check_count(r, o->mm->map_count + 5, o->w->sys.max_map_count);
	if (rc)
		return rc;
	if (r->flags & R_FIXED && (rc = do_munmap(o, r->new_addr, r->new_len, 0)))
		return rc;
	if (r->old_len > r->new_len) {
		rc = do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len, 0);
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
		rc = remap_move(r);
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
		return do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len, UNMAP_LAST);
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
	return remap_check_count(r, o->mm->map_count + 5, o->w->sys.max_map_count);
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
	r->delta = r->new_len > r->old_len ? r->new_len - r->old_len : r->old_len - r->new_len;
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
		rc = do_munmap(o, r->new_addr, r->new_len, 0);
		if (rc)
			return rc;
		r->vma = vma_lookup(o->mm, r->addr);
		if (!r->vma)
			return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, r->addr);
	}
	if (r->old_len > r->new_len) {
		rc = do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len, 0);
		if (rc)
			return rc;
		r->old_len = r->new_len;
		r->vma = vma_lookup(o->mm, r->addr);
	}
	if (r->flags & R_DONTUNMAP && (rc = may_expand(o, r->vma->vm_flags, pages(r->old_len))))
		return rc;
	rc = find_place(r);
	return rc ? rc : remap_move(r);
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

	if (rc)
		return rc;
	mmap_write_lock(o);
	if (o->k->mremap_counts_early)
		rc = remap_check_count(r, o->mm->map_count + more, o->w->sys.max_map_count + 1);
	if (rc)
		return rc;
	if (o->k->mremap_moves_many && r->flags & R_FIXED && r->old_len == r->new_len)
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
		return do_munmap(o, r->addr + r->new_len, r->old_len - r->new_len, UNMAP_LAST);
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
