// SPDX-License-Identifier: LGPL-2.1-or-later
/* mmap_lock and the lock of one VMA (rules K10-K13), the events that tell of them, and which way a
 * fault goes (G3). */
#include "engine/engine.h"
#include "libvmactl/lock.h"

/* ---------------------------------------------------------------- mmap_lock */

static const struct vma_kernel *kernel_of(const struct vma_mm *mm)
{
	return &mm->world->kernel;
}

bool vma_mmap_write_lock(struct vma_mm *mm)
{
	if (mm->mmap_writer || mm->mmap_readers)
		return false;
	begin_write(mm);
	return true;
}

void vma_end_write_all(struct vma_mm *mm)
{
	CHECK(mm->mmap_writer);
	mm->mm_lock_seq += kernel_of(mm)->vma_locks;
}

void vma_mmap_write_unlock(struct vma_mm *mm)
{
	end_write(mm);
}

void vma_mmap_write_downgrade(struct vma_mm *mm)
{
	end_write(mm);
	mm->mmap_readers = 1;
}

bool vma_mmap_read_lock(struct vma_mm *mm)
{
	if (mm->mmap_writer)
		return false;
	mm->mmap_readers++;
	return true;
}

void vma_mmap_read_unlock(struct vma_mm *mm)
{
	CHECK(mm->mmap_readers);
	mm->mmap_readers--;
}

/* ---------------------------------------------------------------- VMA locks */

enum { DETACHED, ATTACHED, MOST_READERS = 255 };

void vma_lock_init(struct vma *vma)
{
	vma->vm_refcnt = DETACHED;
	vma->vm_lock_seq = VMA_NEVER_LOCKED;
}

bool vma_is_attached(const struct vma *vma)
{
	return vma->vm_refcnt;
}

bool vma_is_detached(const struct vma *vma)
{
	return !vma->vm_refcnt;
}

void vma_mark_attached(struct vma *vma)
{
	CHECK(!vma->vm_refcnt);
	vma->vm_refcnt = ATTACHED;
}

bool vma_is_write_locked(const struct vma_mm *mm, const struct vma *vma)
{
	return kernel_of(mm)->vma_locks && mm->mmap_writer && vma->vm_lock_seq == mm->mm_lock_seq;
}

bool vma_mark_detached(const struct vma_mm *mm, struct vma *vma)
{
	if (kernel_of(mm)->vma_locks &&
	    (!vma_is_write_locked(mm, vma) || vma->vm_refcnt != ATTACHED))
		return false;
	vma->vm_refcnt = DETACHED;
	return true;
}

static bool get_reference(struct vma *vma)
{
	if (vma->vm_refcnt == DETACHED || vma->vm_refcnt == MOST_READERS)
		return false;
	vma->vm_refcnt++;
	return true;
}

int vma_start_read(const struct vma_mm *mm, struct vma *vma)
{
	const struct vma_kernel *k = kernel_of(mm);

	/* What is detached is also write-locked, until the writer is done. */
	if (!k->vma_locks || vma_is_write_locked(mm, vma))
		return 0;
	if (vma_is_detached(vma))
		return k->vma_lock_refcount ? -EAGAIN : 0;
	return vma->mm == mm->id && get_reference(vma);
}

bool vma_start_read_locked(const struct vma_mm *mm, struct vma *vma)
{
	CHECK(mm->mmap_readers);
	return kernel_of(mm)->vma_locks && get_reference(vma);
}

void vma_end_read(struct vma *vma)
{
	CHECK(vma->vm_refcnt > ATTACHED);
	vma->vm_refcnt--;
}

bool vma_start_write(const struct vma_mm *mm, struct vma *vma)
{
	CHECK(mm->mmap_writer);
	if (!kernel_of(mm)->vma_locks)
		return true;
	if (vma->vm_refcnt > ATTACHED)
		return false;
	vma->vm_lock_seq = mm->mm_lock_seq;
	return true;
}

struct vma *vma_lock_vma_under_rcu(struct vma_mm *mm, u64 addr, struct vma *found, u32 *misses)
{
	struct vma *vma = found ? found : vma_lookup(mm, addr);

	if (misses)
		*misses = 0;
	if (vma && vma_is_detached(vma) && !vma_is_write_locked(mm, vma)) {
		if (misses)
			++*misses;
		vma = vma_lookup(mm, addr);
	}
	if (!vma || vma_start_read(mm, vma) <= 0)
		return NULL;
	if (addr >= vma->vm_start && addr < vma->vm_end)
		return vma;
	vma_end_read(vma);
	return NULL;
}

/* ---------------------------------------------------------------- of an operation */

struct vma_event lock_event(const struct vma_lock_event *e)
{
	return (struct vma_event){
		.kind = VMA_EV_LOCK, .rule = "K14", .start = e->start, .end = e->end,
		.at = e->object, .mm = e->mm,
		.id = (u32)e->cls | (u32)e->action << 8 | (u32)e->write << 16,
	};
}

static void tell(const struct op *o, const struct vma_lock_event *e)
{
	const struct vma_event ev = lock_event(e);

	if (o->w->listen)
		o->w->listen(o->w->listen_ctx, &ev);
}

void tell_mmap(const struct op *o, enum vma_lock_action action, bool write)
{
	tell(o, &(const struct vma_lock_event){ .cls = VMA_LOCK_MMAP, .action = action,
						.write = write, .object = o->mm->id,
						.mm = o->mm->id });
}

static void tell_vma(const struct op *o, const struct vma *vma, enum vma_lock_action action,
		     bool write)
{
	tell(o, &(const struct vma_lock_event){
		.cls = VMA_LOCK_VMA, .action = action, .write = write, .object = vma->vm_start,
		.start = vma->vm_start, .end = vma->vm_end, .mm = o->mm->id });
}

void tell_start_write(const struct op *o, const struct vma *vma)
{
	if (o->k->vma_locks && !vma_is_write_locked(o->mm, vma))
		tell_vma(o, vma, VMA_LOCK_ACQUIRE, true);
}

void tell_read_lock(const struct op *o, const struct vma *vma, bool taken)
{
	tell_vma(o, vma, taken ? VMA_LOCK_ACQUIRE : VMA_LOCK_RELEASE, false);
}

/* ---------------------------------------------------------------- faults */

static const char *const fallbacks[VMA_FALLBACK_NR] = {
	[VMA_FALLBACK_NONE] = "",
	[VMA_FALLBACK_NO_VMA_LOCKS] = "this kernel has no VMA locks",
	[VMA_FALLBACK_NOT_MAPPED] = "nothing is mapped there, or a stack has to grow",
	[VMA_FALLBACK_FILE] = "this kernel takes mmap_lock for such a fault in a file",
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

/* What keeps any fault of such a mapping, or any write, from its lock: checks of the kernel's release. */
static enum vma_fallback by_kind(const struct vma_kernel *k, const struct vma *vma, bool anonymous,
				 bool write)
{
	if (!anonymous && !(write ? k->vma_lock_file_writes : k->vma_lock_files))
		return VMA_FALLBACK_FILE;
	if (vma->vm_flags & VM_UFFD_FLAGS && !k->vma_lock_uffd)
		return VMA_FALLBACK_UFFD;
	if (vma->vm_flags & VM_HUGETLB && !k->vma_lock_hugetlb)
		return VMA_FALLBACK_HUGETLB;
	return VMA_FALLBACK_NONE;
}

/* Will the fault need an anon_vma that is not there? Before 6.10 anonymous memory was not even
 * locked without one; a private huge page is one's own also when it is read. */
static bool needs_anon(const struct vma_kernel *k, const struct vma *vma, bool anonymous, bool write)
{
	if (vma->anon_vma || vma->vm_flags & VM_MAYSHARE)
		return false;
	return write || is_hugetlb(vma) || (anonymous && !k->vma_lock_anon_inline);
}

enum vma_fallback vma_fault_path(const struct vma_mm *mm, u64 addr, bool write, bool *trylock)
{
	const struct vma_kernel *k = kernel_of(mm);
	const struct vma *vma = vma_lookup(mm, addr);
	bool anonymous = vma && vma_is_anonymous(mm->world, vma), makes_anon;
	enum vma_fallback why;

	if (trylock)
		*trylock = false;
	if (!k->vma_locks)
		return VMA_FALLBACK_NO_VMA_LOCKS;
	if (!vma)
		return VMA_FALLBACK_NOT_MAPPED;
	if (vma_is_write_locked(mm, vma))
		return VMA_FALLBACK_WRITE_LOCKED;
	why = by_kind(k, vma, anonymous, write);
	if (why != VMA_FALLBACK_NONE)
		return why;
	makes_anon = needs_anon(k, vma, anonymous, write);
	if (makes_anon && !k->vma_lock_anon_inline)
		return VMA_FALLBACK_ANON_VMA;
	if (makes_anon && mm->mmap_writer)
		return VMA_FALLBACK_TRYLOCK;
	if (trylock)
		*trylock = makes_anon;
	return VMA_FALLBACK_NONE;
}

static const char *const stats[] = {
	[VMA_LOCK_STAT_NONE] = "",
	[VMA_LOCK_STAT_SUCCESS] = "vma_lock_success",
	[VMA_LOCK_STAT_ABORT] = "vma_lock_abort",
	[VMA_LOCK_STAT_RETRY] = "vma_lock_retry",
	[VMA_LOCK_STAT_MISS] = "vma_lock_miss",
};

const char *vma_lock_stat_name(enum vma_lock_stat stat)
{
	return (size_t)stat < ARRAY_SIZE(stats) ? stats[stat] : "";
}

/* lock_vma_under_rcu() refuses, or the handler gives up later and says VM_FAULT_RETRY. */
enum vma_lock_stat vma_fault_stat(const struct vma_mm *mm, u64 addr, bool write)
{
	const struct vma_kernel *k = kernel_of(mm);
	const struct vma *vma = vma_lookup(mm, addr);
	bool locked; /* when the reason shows */

	switch (vma_fault_path(mm, addr, write, NULL)) {
	case VMA_FALLBACK_NONE:
		return VMA_LOCK_STAT_SUCCESS;
	case VMA_FALLBACK_NO_VMA_LOCKS:
		return VMA_LOCK_STAT_NONE;
	case VMA_FALLBACK_FILE:
		locked = k->vma_lock_files;
		break;
	case VMA_FALLBACK_ANON_VMA:
		locked = !vma_is_anonymous(mm->world, vma);
		break;
	case VMA_FALLBACK_HUGETLB:
	case VMA_FALLBACK_TRYLOCK:
		locked = true;
		break;
	default:
		locked = false;
	}
	return locked ? VMA_LOCK_STAT_RETRY : VMA_LOCK_STAT_ABORT;
}
