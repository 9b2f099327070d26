// SPDX-License-Identifier: LGPL-2.1-or-later
/* userfaultfd: register, unregister, close (section 4.3 of part B). A context is a small number
 * that the caller hands out, 1 to 63. */
#include "engine/engine.h"

/* Beside the features. */
#define API_DONE (1ULL << 63) /* UFFDIO_API was called */
#define CLOSED (1ULL << 62)

static bool bad_ctx(const struct op *o, u64 ctx)
{
	return !ctx || ctx >= ARRAY_SIZE(o->w->uffd_features) || o->w->uffd_features[ctx] & CLOSED;
}

/* Features that a kernel does not know are refused, not ignored (UFFD_API_FEATURES). */
static u64 known_features(const struct vma_kernel *k)
{
	const struct {
		bool known;
		unsigned int bit;
	} later[] = {
		{ k->uffd_minor, 9 },	      { k->uffd_minor_shmem, 10 },
		{ k->uffd_exact_address, 11 }, { k->uffd_wp_shmem, 12 },
		{ k->uffd_wp_unpopulated, 13 }, { k->uffd_poison, 14 },
		{ k->uffd_wp_async_any, 15 }, { k->uffd_move, 16 },
	};
	u64 known = (1 << 9) - 1;

	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		known |= later[i].known ? 1ULL << later[i].bit : 0;
	return known;
}

int run_uffd_api(struct op *o)
{
	u64 ctx = o->call->arg[0];

	if (bad_ctx(o, ctx))
		return refuse(o, EBADF, VMA_WHY_BAD_FD);
	if (o->w->uffd_features[ctx] & API_DONE || o->call->arg[1] & ~known_features(o->k))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	o->w->uffd_features[ctx] = o->call->arg[1] | API_DONE;
	return 0;
}

/* validate_range(). */
static int check_range(struct op *o, u64 start, u64 len)
{
	const struct vma_system *sys = &o->w->sys;
	u64 low = o->k->uffd_below_min_addr ? 0 : max_u64(sys->mmap_min_addr, sys->lsm_mmap_min_addr);

	if (!page_aligned(start) || !page_aligned(len))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if (!len)
		return refuse(o, EINVAL, VMA_WHY_ZERO_LEN);
	if (start < low || start >= o->mm->task_size || len > o->mm->task_size - start)
		return refuse_at(o, EINVAL, VMA_WHY_OUT_OF_SPACE, start);
	return 0;
}

/* vma_can_userfault(). */
static bool capable(const struct op *o, const struct vma *vma, u64 flags, u64 ctx)
{
	enum vma_kind kind = vma_kind_of(o->w, vma);
	bool anon = kind == VMA_KIND_ANON, hugetlb = kind == VMA_KIND_HUGETLB;
	bool shmem = kind == VMA_KIND_SHMEM || kind == VMA_KIND_ZERO;
	bool async = o->k->uffd_wp_async_any && o->w->uffd_features[ctx] & 1 << 15;

	if (o->k->uffd_refuses_special && vma->vm_flags & (VM_SPECIAL | VM_DROPPABLE) && !hugetlb)
		return false;
	if (flags & VM_UFFD_MINOR && !hugetlb && !(shmem && o->k->uffd_minor_shmem))
		return false;
	if (async && (flags & VM_UFFD_FLAGS) == VM_UFFD_WP)
		return true;
	if (!o->k->uffd_wp_shmem && flags & VM_UFFD_WP)
		return anon;
	return anon || hugetlb || shmem;
}

static int first_vma(struct op *o, u64 start, u64 end, struct vma **vma)
{
	*vma = vma_find(o->mm, start);
	if (!*vma && !o->k->uffd_no_vma_einval)
		return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
	if (!*vma || (*vma)->vm_start >= end)
		return refuse_at(o, EINVAL, VMA_WHY_UNMAPPED, start);
	return 0;
}

/* Everything is checked before anything is changed. */
static int check_register(struct op *o, const struct vma *vma, u64 end, u64 flags, u64 ctx)
{
	for (; vma && vma->vm_start < end; vma = vma_next(o->mm, vma)) {
		if (!capable(o, vma, flags, ctx))
			return refuse_at(o, EINVAL, VMA_WHY_UFFD_KIND, vma->vm_start);
		if (!(vma->vm_flags & VM_MAYWRITE))
			return refuse_at(o, EPERM, VMA_WHY_MAY_ACCESS, vma->vm_start);
		if (vma->uffd && vma->uffd != ctx)
			return refuse_at(o, EBUSY, VMA_WHY_UFFD_BUSY, vma->vm_start);
	}
	return 0;
}

static int set_ctx(struct op *o, struct vma *vma, u64 start, u64 end, u64 flags, u8 ctx,
		   struct vma **result)
{
	struct modify m = { .flags = flags, .name = vma->name, .policy = vma->policy, .uffd = ctx,
			    .own_pgoff = o->k->uffd_own_pgoff };
	int rc = modify(o, vma, start, end, &m, result);

	if (rc)
		return rc;
	set_flags(o, *result, m.flags);
	(*result)->uffd = ctx;
	return 0;
}

int run_uffd_register(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 ctx = a[0], start = a[1], end = a[1] + a[2], mode = a[3], flags = 0;
	struct vma *vma, *result;
	int rc;

	if (bad_ctx(o, ctx))
		return refuse(o, EBADF, VMA_WHY_BAD_FD);
	if (!(o->w->uffd_features[ctx] & API_DONE) || !mode || mode & ~7ULL ||
	    (mode & 4 && !o->k->uffd_minor))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	flags |= mode & 1 ? VM_UFFD_MISSING : 0;
	flags |= mode & 2 ? VM_UFFD_WP : 0;
	flags |= mode & 4 ? VM_UFFD_MINOR : 0;
	rc = check_range(o, start, a[2]);
	if (rc)
		return rc;
	mmap_write_lock(o);
	rc = first_vma(o, start, end, &vma);
	if (!rc)
		rc = check_register(o, vma, end, flags, ctx);
	if (rc)
		return rc;
	while (vma && vma->vm_start < end) {
		result = vma;
		if (vma->uffd != ctx || (vma->vm_flags & flags) != flags) {
			rc = set_ctx(o, vma, max_u64(start, vma->vm_start),
				     min_u64(end, vma->vm_end),
				     (vma->vm_flags & ~VM_UFFD_FLAGS) | flags, (u8)ctx, &result);
			if (rc)
				return rc;
		}
		vma = vma_next(o->mm, result);
	}
	return 0;
}

static int check_unregister(struct op *o, const struct vma *vma, u64 end, u64 ctx)
{
	for (; vma && vma->vm_start < end; vma = vma_next(o->mm, vma)) {
		if (o->k->uffd_unregister_owner && vma->uffd && vma->uffd != ctx)
			return refuse_at(o, EINVAL, VMA_WHY_UFFD_BUSY, vma->vm_start);
		if (!capable(o, vma, vma->vm_flags, ctx))
			return refuse_at(o, EINVAL, VMA_WHY_UFFD_KIND, vma->vm_start);
	}
	return 0;
}

int run_uffd_unregister(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 start = a[1], end = a[1] + a[2];
	struct vma *vma, *result;
	int rc;

	if (bad_ctx(o, a[0]))
		return refuse(o, EBADF, VMA_WHY_BAD_FD);
	if (!(o->w->uffd_features[a[0]] & API_DONE))
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	rc = check_range(o, start, a[2]);
	if (rc)
		return rc;
	mmap_write_lock(o);
	rc = first_vma(o, start, end, &vma);
	if (!rc)
		rc = check_unregister(o, vma, end, a[0]);
	if (rc)
		return rc;
	while (vma && vma->vm_start < end) {
		result = vma;
		if (vma->uffd) {
			rc = set_ctx(o, vma, max_u64(start, vma->vm_start),
				     min_u64(end, vma->vm_end), vma->vm_flags & ~VM_UFFD_FLAGS, 0,
				     &result);
			if (rc)
				return rc;
		}
		vma = vma_next(o->mm, result);
	}
	return 0;
}

/* userfaultfd_release(): whole VMAs of every process, merging back where they can. */
int run_uffd_close(struct op *o)
{
	u64 ctx = o->call->arg[0];
	struct vma *vma, *result;

	if (bad_ctx(o, ctx))
		return refuse(o, EBADF, VMA_WHY_BAD_FD);
	mmap_write_lock(o);
	for (vma = vma_first(o->mm); vma; vma = vma_next(o->mm, result)) {
		result = vma;
		if (vma->uffd == ctx &&
		    set_ctx(o, vma, vma->vm_start, vma->vm_end, vma->vm_flags & ~VM_UFFD_FLAGS, 0,
			    &result))
			break;
	}
	o->w->uffd_features[ctx] = CLOSED;
	return 0;
}
