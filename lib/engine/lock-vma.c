// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lock of one VMA in its two forms (rules K10-K13), and which way a fault goes (G3). */
#include "engine/engine.h"
#include "libvmactl/lock.h"

/* ---------------------------------------------------------------- mmap_lock */

/* Since 6.13 mm_lock_seq is odd while mmap_lock is write-held; before, it moves on unlock alone. */
static bool seq_moves_twice(const struct vma_kernel *k)
{
	return k->version >= KV(6, 13);
}

bool vma_mmap_write_lock(const struct vma_kernel *k, struct vma_mm_lock *mm)
{
	if (mm->writer || mm->readers)
		return false;
	mm->writer = true;
	if (k->vma_locks && seq_moves_twice(k))
		mm->seq++;
	return true;
}

void vma_end_write_all(const struct vma_kernel *k, struct vma_mm_lock *mm)
{
	if (k->vma_locks)
		mm->seq++;
}

void vma_mmap_write_unlock(const struct vma_kernel *k, struct vma_mm_lock *mm)
{
	CHECK(mm->writer);
	vma_end_write_all(k, mm);
	mm->writer = false;
}

void vma_mmap_write_downgrade(const struct vma_kernel *k, struct vma_mm_lock *mm)
{
	vma_mmap_write_unlock(k, mm);
	mm->readers = 1;
}

bool vma_mmap_read_lock(struct vma_mm_lock *mm)
{
	if (mm->writer)
		return false;
	mm->readers++;
	return true;
}

void vma_mmap_read_unlock(struct vma_mm_lock *mm)
{
	CHECK(mm->readers);
	mm->readers--;
}

/* ---------------------------------------------------------------- VMA locks */

static u32 idle(const struct vma_kernel *k)
{
	return k->vma_lock_refcount; /* attached, and nobody reads */
}

void vma_lock_init(struct vma_lock *l)
{
	*l = (struct vma_lock){ .seq = ~0U }; /* no mm_lock_seq is that: not write-locked */
}

bool vma_is_attached(const struct vma_lock *l)
{
	return l->attached;
}

bool vma_is_detached(const struct vma_lock *l)
{
	return !l->attached;
}

void vma_mark_attached(const struct vma_kernel *k, struct vma_lock *l)
{
	l->attached = true;
	l->count = idle(k);
}

bool vma_is_write_locked(const struct vma_kernel *k, const struct vma_mm_lock *mm,
			 const struct vma_lock *l)
{
	return k->vma_locks && mm->writer && l->seq == mm->seq;
}

bool vma_mark_detached(const struct vma_kernel *k, const struct vma_mm_lock *mm, struct vma_lock *l)
{
	if (!k->vma_locks)
		return true;
	if (!vma_is_write_locked(k, mm, l) || l->count > idle(k))
		return false;
	l->attached = false;
	l->count = 0;
	return true;
}

bool vma_start_read(const struct vma_kernel *k, const struct vma_mm_lock *mm, struct vma_lock *l)
{
	if (!k->vma_locks || !l->attached || vma_is_write_locked(k, mm, l))
		return false;
	l->count++;
	return true;
}

bool vma_start_read_locked(const struct vma_kernel *k, const struct vma_mm_lock *mm,
			   struct vma_lock *l)
{
	CHECK(mm->readers);
	if (!k->vma_locks || !l->attached)
		return false;
	l->count++;
	return true;
}

void vma_end_read(const struct vma_kernel *k, struct vma_lock *l)
{
	CHECK(l->count > idle(k));
	l->count--;
}

bool vma_start_write(const struct vma_kernel *k, const struct vma_mm_lock *mm, struct vma_lock *l)
{
	CHECK(mm->writer);
	if (!k->vma_locks)
		return true;
	if (l->attached && l->count > idle(k))
		return false;
	l->seq = mm->seq;
	return true;
}

/* ---------------------------------------------------------------- faults */

static const char *const fallbacks[VMA_FALLBACK_NR] = {
	[VMA_FALLBACK_NONE] = "",
	[VMA_FALLBACK_NO_VMA_LOCKS] = "this kernel has no VMA locks",
	[VMA_FALLBACK_NOT_MAPPED] = "nothing is mapped there, or a stack has to grow",
	[VMA_FALLBACK_FILE] = "this kernel uses VMA locks for anonymous memory alone",
	[VMA_FALLBACK_UFFD] = "a userfaultfd owns the mapping",
	[VMA_FALLBACK_HUGETLB] = "a hugetlb mapping",
	[VMA_FALLBACK_ANON_VMA] = "the first write has to make the anon_vma",
	[VMA_FALLBACK_TRYLOCK] = "the first write has to make the anon_vma, and mmap_lock is held for "
				 "writing",
	[VMA_FALLBACK_WRITE_LOCKED] = "the mapping is write-locked",
};

const char *vma_fallback_text(enum vma_fallback why)
{
	return (size_t)why < ARRAY_SIZE(fallbacks) ? fallbacks[why] : "";
}

enum vma_fallback vma_fault_path(const struct vma_mm *mm, u64 addr, bool write, bool *trylock)
{
	const struct vma_world *w = mm->world;
	const struct vma_kernel *k = &w->kernel;
	const struct vma *vma = vma_lookup(mm, addr);
	bool anonymous, makes_anon;

	if (trylock)
		*trylock = false;
	if (!k->vma_locks)
		return VMA_FALLBACK_NO_VMA_LOCKS;
	if (!vma)
		return VMA_FALLBACK_NOT_MAPPED;
	anonymous = vma_is_anonymous(w, vma);
	if (!anonymous && !k->vma_lock_files)
		return VMA_FALLBACK_FILE;
	if (vma->vm_flags & VM_UFFD_FLAGS && !k->vma_lock_uffd)
		return VMA_FALLBACK_UFFD;
	if (vma->vm_flags & VM_HUGETLB && !k->vma_lock_uffd)
		return VMA_FALLBACK_HUGETLB;
	makes_anon = !vma->anon_vma && !(vma->vm_flags & VM_MAYSHARE) &&
		     (write || (anonymous && !k->vma_lock_uffd));
	if (makes_anon && !k->vma_lock_anon_inline)
		return VMA_FALLBACK_ANON_VMA;
	if (trylock)
		*trylock = makes_anon;
	return VMA_FALLBACK_NONE;
}
