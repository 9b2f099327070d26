// SPDX-License-Identifier: LGPL-2.1-or-later
/* mmap(2) (section 3 of the rules). */
#include <string.h>

#include "engine/engine.h"

/* A mapping on its way through the steps of section 3. */
struct mapping {
	struct op *o;
	const struct mmap_req *r;
	const struct vma_file *file;
	u64 addr, len, pgoff, prot, map_flags;
	u64 flags;           /* vm_flags */
	u64 charged;
	bool shared_anon;    /* the kernel makes a shmem file */
	struct vma *vma;
};

#define LEGACY_MAP_FLAGS                                                                          \
	(M_SHARED | M_PRIVATE | M_FIXED | M_ANONYMOUS | M_DENYWRITE | M_EXECUTABLE |              \
	 M_UNINITIALIZED | M_GROWSDOWN | M_LOCKED | M_NORESERVE | M_POPULATE | M_NONBLOCK |       \
	 M_STACK | M_HUGETLB | M_32BIT)
#define HUGE_SIZE_FLAGS (21ULL << 26 | 30ULL << 26) /* MAP_HUGE_2MB, MAP_HUGE_1GB */

u64 calc_prot_bits(u64 prot, unsigned int pkey)
{
	return (prot & P_READ ? VM_READ : 0) | (prot & P_WRITE ? VM_WRITE : 0) |
	       (prot & P_EXEC ? VM_EXEC : 0) | (u64)pkey << VMA_BIT_PKEY_BIT0;
}

bool accountable(const struct op *o, u32 file, u64 flags)
{
	if (file && world_file(o->w, file)->kind == VMA_KIND_HUGETLB)
		return false;
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

bool supports_mlock(const struct op *o, const struct vma *vma)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB)) &&
	       !(o->k->has_droppable && vma->vm_flags & VM_DROPPABLE);
}

void account_locked(struct op *o, struct vma *vma, u64 flags, u64 nr_pages)
{
	if (!(flags & VM_LOCKED))
		return;
	if (supports_mlock(o, vma))
		o->mm->locked_vm += nr_pages;
	else
		vma->vm_flags &= ~VM_LOCKED_MASK;
}

bool ksm_eligible(const struct op *o, u64 flags)
{
	return o->mm->merge_any &&
	       !(flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE));
}

/* vm_flags from prot and map flags (M5-M8); may allocate the execute-only key. */
static void base_flags(struct mapping *m)
{
	struct op *o = m->o;
	int pkey = 0;

	if (m->prot == P_EXEC) {
		pkey = exec_only_pkey(o);
		if (pkey < 0)
			pkey = 0;
	}
	m->flags = calc_prot_bits(m->prot, (unsigned int)pkey) | o->mm->def_flags | VM_MAY_FLAGS;
	if (m->map_flags & M_GROWSDOWN)
		m->flags |= VM_GROWSDOWN;
	if (m->map_flags & M_LOCKED)
		m->flags |= VM_LOCKED;
	if (m->map_flags & M_SYNC)
		m->flags |= VM_SYNC;
	if (m->map_flags & M_STACK && o->k->map_stack_nohuge && o->w->sys.thp_built_in)
		m->flags |= VM_NOHUGEPAGE;
}

static int check_offset(struct mapping *m)
{
	const u64 max_regular = 0x7fffffffffffffffULL;
	bool regular = m->file->kind != VMA_KIND_DEVICE && m->file->kind != VMA_KIND_ZERO &&
		       !m->file->no_mmap;
	u64 max = regular ? max_regular : ~0ULL;

	if (m->len > max || m->pgoff > (max - m->len) >> VMA_PAGE_SHIFT)
		return refuse(m->o, EOVERFLOW, VMA_WHY_OFFSET_OVERFLOW);
	return 0;
}

/* memfd seals where they are looked at before anything is unmapped (M14). */
static int check_seals(struct mapping *m)
{
	const struct vma_file *f = m->file;

	if (!(m->flags & VM_SHARED) || !(f->seal_write || f->seal_future_write))
		return 0;
	if (m->flags & VM_WRITE)
		return refuse(m->o, EPERM, VMA_WHY_SEALED_FILE);
	m->flags &= ~VM_MAYWRITE;
	return 0;
}

static int shared_file(struct mapping *m)
{
	struct op *o = m->o;
	const struct vma_file *f = m->file;

	if (m->prot & P_WRITE) {
		if (!f->writable)
			return refuse(o, EACCES, VMA_WHY_NO_WRITE);
	}
	if (f->append_only && f->writable)
		return refuse(o, EACCES, VMA_WHY_APPEND_ONLY);
	m->flags |= VM_SHARED | VM_MAYSHARE;
	if (!f->writable)
		m->flags &= ~(VM_MAYWRITE | VM_SHARED);
	return 0;
}

static int file_flags(struct mapping *m)
{
	struct op *o = m->o;
	const struct vma_file *f = m->file;
	u64 known = LEGACY_MAP_FLAGS | HUGE_SIZE_FLAGS | (o->k->map_above4g ? M_ABOVE4G : 0) |
		    (f->kind == VMA_KIND_REGULAR && f->fs_thp ? M_SYNC : 0);
	int rc = check_offset(m);

	if (rc)
		return rc;
	switch (m->map_flags & M_TYPE) {
	case M_SHARED:
		m->map_flags &= known | M_FIXED_NOREPLACE;
		rc = shared_file(m);
		break;
	case M_SHARED_VALIDATE:
		/* MAP_FIXED was added by us for MAP_FIXED_NOREPLACE; the latter is no legacy flag. */
		if (m->map_flags & ~known)
			return refuse(o, EOPNOTSUPP, VMA_WHY_FLAGS_UNSUPPORTED);
		rc = shared_file(m);
		break;
	case M_PRIVATE:
		break;
	default:
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	}
	if (rc)
		return rc;
	if (!f->readable)
		return refuse(o, EACCES, VMA_WHY_NO_READ);
	if (f->noexec) {
		if (m->flags & VM_EXEC)
			return refuse(o, EPERM, VMA_WHY_NOEXEC);
		m->flags &= ~VM_MAYEXEC;
	}
	if (f->no_mmap)
		return refuse(o, ENODEV, VMA_WHY_NO_MMAP);
	if (m->flags & VM_GROWSDOWN)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	return o->k->seal_checked_first ? check_seals(m) : 0;
}

static int anon_flags(struct mapping *m)
{
	struct op *o = m->o;

	switch (m->map_flags & M_TYPE) {
	case M_SHARED:
		if (m->flags & VM_GROWSDOWN)
			return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
		m->pgoff = 0;
		m->flags |= VM_SHARED | VM_MAYSHARE;
		m->shared_anon = true;
		return 0;
	case M_DROPPABLE:
		if (!o->k->has_droppable || m->flags & VM_GROWSDOWN ||
		    m->map_flags & (M_LOCKED | M_HUGETLB))
			return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
		m->flags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
		m->pgoff = pages(m->addr);
		return 0;
	case M_PRIVATE:
		m->pgoff = pages(m->addr);
		return 0;
	default:
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	}
}

/* Everything do_mmap() checks and decides before it changes anything (M1.6 - M1.17). */
static int prepare(struct mapping *m)
{
	struct op *o = m->o;
	struct place p;
	int rc;

	if (!m->len)
		return refuse(o, EINVAL, VMA_WHY_ZERO_LEN);
	if (m->prot & P_READ && o->mm->personality & PERS_READ_IMPLIES_EXEC &&
	    !(m->file && m->file->noexec))
		m->prot |= P_EXEC;
	if (m->map_flags & M_FIXED_NOREPLACE)
		m->map_flags |= M_FIXED;
	if (!(m->map_flags & M_FIXED))
		m->addr = round_hint_to_min(o, m->addr);
	m->len = page_up(m->len);
	if (!m->len)
		return refuse(o, ENOMEM, VMA_WHY_LEN_WRAPS);
	if (m->pgoff + pages(m->len) < m->pgoff)
		return refuse(o, EOVERFLOW, VMA_WHY_OFFSET_OVERFLOW);
	if (o->mm->map_count > o->w->sys.max_map_count)
		return check_map_count(o);
	if (o->k->flags_before_address)
		base_flags(m);
	p = (struct place){ m->addr, m->len, m->file ? m->pgoff : 0, m->map_flags, m->file };
	rc = place(o, &p, &m->addr);
	if (rc)
		return rc;
	if (m->map_flags & M_FIXED_NOREPLACE &&
	    vma_find_intersection(o->mm, m->addr, m->addr + m->len))
		return refuse_at(o, EEXIST, VMA_WHY_EXISTS, m->addr);
	if (!o->k->flags_before_address)
		base_flags(m);
	if (m->map_flags & M_LOCKED && !can_do_mlock(o))
		return refuse(o, EPERM, VMA_WHY_MEMLOCK_ZERO);
	rc = mlock_future(o, m->flags, m->len);
	if (rc)
		return rc;
	rc = m->file ? file_flags(m) : anon_flags(m);
	if (rc)
		return rc;
	if (m->map_flags & M_NORESERVE &&
	    (o->w->sys.overcommit_memory != 2 || (m->file && m->file->kind == VMA_KIND_HUGETLB)))
		m->flags |= VM_NORESERVE;
	return 0;
}

/* Pages of VMAs that [start, end) will replace; only accountable ones when ac. */
static u64 replaced(const struct op *o, u64 start, u64 end, bool ac)
{
	struct vma_iter it = vma_iter_at(o->mm, start);
	const struct vma *vma;
	u64 n = 0;

	while ((vma = vma_iter_next(&it)) && vma->vm_start < end)
		if (!ac || vma->vm_flags & VM_ACCOUNT)
			n += pages(min_u64(end, vma->vm_end) - max_u64(start, vma->vm_start));
	return n;
}

static bool wants_charge(const struct mapping *m)
{
	return accountable(m->o, m->file ? m->file->id : 0, m->flags);
}

/* The region step up to 6.11: unmap first, then charge (R2). */
static int clear_old_way(struct mapping *m)
{
	struct op *o = m->o;
	u64 n = pages(m->len), end = m->addr + m->len;
	int rc;

	if (may_expand(o, m->flags, n)) {
		rc = may_expand(o, m->flags, n - replaced(o, m->addr, end, false));
		if (rc)
			return rc;
	}
	/* The real errno of a failed unmap is lost here. */
	rc = unmap_gather(o, m->addr, end);
	if (rc)
		return refuse(o, ENOMEM, o->res->why);
	unmap_commit(o, m->addr, end, 0);
	if (wants_charge(m)) {
		rc = charge(o, n);
		if (rc)
			return rc;
		m->charged = n;
		m->flags |= VM_ACCOUNT;
	}
	return 0;
}

/* The region step since 6.12: split and collect, check, charge the difference, unmap (R1). */
static int clear_new_way(struct mapping *m)
{
	struct op *o = m->o;
	u64 n = pages(m->len), end = m->addr + m->len, gone;
	bool any;
	int rc;

	if (o->mm->mdwe && o->k->has_mdwe && m->flags & VM_WRITE && m->flags & VM_EXEC)
		return refuse(o, EACCES, VMA_WHY_MDWE);
	any = vma_find_intersection(o->mm, m->addr, end);
	rc = any ? unmap_gather(o, m->addr, end) : 0;
	if (rc)
		return rc;
	rc = may_expand(o, m->flags, n - (any ? replaced(o, m->addr, end, false) : 0));
	if (rc)
		return rc;
	if (wants_charge(m)) {
		gone = any ? replaced(o, m->addr, end, true) : 0;
		/* The kernel's difference may be negative: then nothing can be refused. */
		if (n > gone) {
			rc = charge(o, n - gone);
			if (rc)
				return rc;
		} else {
			uncharge(o, gone - n);
		}
		/* The unmap below gives the old charge back; take it first to end up even. */
		o->w->sys.committed_pages += gone;
		m->charged = n;
		m->flags |= VM_ACCOUNT;
	}
	if (any)
		unmap_commit(o, m->addr, end, 0);
	return 0;
}

/* A mapping that KSM covers is marked before the merge is tried, or only after (M10). */
static bool ksm_early(const struct mapping *m)
{
	const struct vma_file *f = m->file;

	/* A driver's own mmap hook might still change the flags. */
	return m->o->k->ksm_before_merge &&
	       (!f || f->kind == VMA_KIND_SHMEM || (f->kind == VMA_KIND_REGULAR && f->fs_thp));
}

static void ksm_flag(struct mapping *m)
{
	if (ksm_early(m) && ksm_eligible(m->o, m->flags))
		m->flags |= VM_MERGEABLE;
}

static bool try_merge(struct mapping *m)
{
	struct op *o = m->o;
	struct merge g = {
		.o = o, .prev = NULL, .middle = NULL, .next = NULL,
		.start = m->addr, .end = m->addr + m->len, .pgoff = m->pgoff,
		.flags = m->flags, .file = m->file ? m->file->id : 0, .anon_vma = 0, .name = 0,
		.policy = 0, .uffd = 0, .src = NULL, .prev_only = false, .by_mmap = true,
	};

	/* A shared anonymous mapping gets a file of its own, which nobody else can have. */
	if (m->shared_anon)
		return false;
	g.next = vma_find_prev(o->mm, m->addr, &g.prev);
	m->vma = merge_new(&g);
	return m->vma;
}

/* shmem_zero_setup(), and MAP_HUGETLB's file: one the kernel makes for this mapping alone. */
static int make_shmem(struct mapping *m, u32 *file)
{
	struct op *o = m->o;
	struct vma_file init = {
		.kind = VMA_KIND_SHMEM, .dev_major = 0, .dev_minor = 1, .readable = true,
		.writable = true, .internal = true, .transient = true, .size = m->len,
		.noreserve = m->flags & VM_NORESERVE,
	};
	struct vma_file *f;

	if (!init.noreserve) {
		int rc = charge(o, pages(m->len));

		if (rc)
			return rc;
	}
	init.inode = o->w->next_shmem_inode++ + (1ULL << 32);
	f = vma_file_new(o->w, &init, "/dev/zero (deleted)");
	if (!f) {
		o->w->oom = true;
		return -ENOMEM;
	}
	*file = f->id;
	return 0;
}

/* hugetlbfs reserves its pages when it is mapped; a refusal leaves the hole (M28). */
static int reserve_huge(struct mapping *m)
{
	struct vma_system *sys = &m->o->w->sys;
	u64 have = m->file->hugetlb_shift == 21 ? sys->hugetlb_free_pages : 0;

	m->flags |= VM_HUGETLB | VM_DONTEXPAND;
	if (m->pgoff & (pages(1ULL << m->file->hugetlb_shift) - 1))
		return refuse(m->o, EINVAL, VMA_WHY_OFFSET_UNALIGNED);
	if (m->flags & VM_NORESERVE)
		return 0;
	if (pages(m->len) > have)
		return refuse_limit(m->o, ENOMEM, VMA_WHY_HUGETLB_POOL, m->len,
				    have << VMA_PAGE_SHIFT);
	sys->hugetlb_free_pages -= pages(m->len);
	return 0;
}

/* Up to 6.11 MDWE is asked last, when the old range is gone; what merges is not asked at all. */
static int late_mdwe(struct mapping *m)
{
	struct op *o = m->o;

	if (o->k->mmap_gathers_first || !o->k->has_mdwe || !o->mm->mdwe ||
	    (m->flags & (VM_WRITE | VM_EXEC)) != (VM_WRITE | VM_EXEC))
		return 0;
	if (m->charged)
		uncharge(o, m->charged);
	return refuse(o, EACCES, VMA_WHY_MDWE);
}

static int new_vma(struct mapping *m)
{
	struct op *o = m->o;
	u32 file = m->file ? m->file->id : 0;
	struct vma *vma;
	int rc;

	if (m->shared_anon || (file && m->file->kind == VMA_KIND_ZERO && m->flags & VM_SHARED)) {
		rc = make_shmem(m, &file); /* what is shared was not charged itself */
		if (rc)
			return rc;
	}
	if (file && m->file && m->file->kind == VMA_KIND_HUGETLB) {
		rc = reserve_huge(m);
		if (rc)
			return rc;
	}
	vma = mm_new_vma(o->mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_start = m->addr;
	vma->vm_end = m->addr + m->len;
	vma->vm_flags = m->flags;
	vma->vm_pgoff = m->pgoff;
	vma->file = file;
	file_use(o->w, file);
	if (!ksm_early(m) && ksm_eligible(o, m->flags))
		vma->vm_flags |= VM_MERGEABLE;
	start_write(o, vma);
	mm_link(o->mm, vma);
	EMIT(o, .kind = VMA_EV_INSERT, .rule = "M18", .start = vma->vm_start, .end = vma->vm_end);
	m->vma = vma;
	return 0;
}

/* memfd seals in the file system's own mmap hook, after the unmap (M14, older kernels). */
static int old_seals(struct mapping *m)
{
	struct op *o = m->o;
	const struct vma_file *f = m->file;

	if (!f || o->k->seal_checked_first || !(m->flags & VM_SHARED) ||
	    !(f->seal_write || f->seal_future_write))
		return 0;
	if (m->flags & VM_WRITE || (f->seal_write && !o->k->seal_write_ro_ok))
		return refuse(o, EPERM, VMA_WHY_SEALED_FILE);
	m->flags &= ~VM_MAYWRITE;
	return 0;
}

/* VM_SYNC needs DAX; a disk file system says so in its mmap hook, when the old range is gone. */
static int no_sync(struct mapping *m)
{
	if (!(m->flags & VM_SYNC) || !m->file || m->file->kind != VMA_KIND_REGULAR)
		return 0;
	if (m->charged)
		uncharge(m->o, m->charged);
	return refuse(m->o, EOPNOTSUPP, VMA_WHY_FLAGS_UNSUPPORTED);
}

static int map_region(struct mapping *m)
{
	struct op *o = m->o;
	int rc;

	/* VM_MAYWRITE of a sealed file is dropped up front, so that it can merge. */
	if (o->k->seal_write_ro_ok && !o->k->seal_checked_first && m->file &&
	    m->flags & VM_SHARED && !(m->flags & VM_WRITE) &&
	    (m->file->seal_write || m->file->seal_future_write))
		m->flags &= ~VM_MAYWRITE;
	/* mapping_map_writable() */
	if (o->k->seal_write_before_unmap && m->file && m->flags & VM_SHARED &&
	    m->flags & VM_MAYWRITE && m->file->seal_write)
		return refuse(o, EPERM, VMA_WHY_SEALED_FILE);
	rc = o->k->mmap_gathers_first ? clear_new_way(m) : clear_old_way(m);
	if (rc)
		return rc;
	ksm_flag(m);
	if (!try_merge(m)) {
		rc = old_seals(m);
		if (!rc)
			rc = no_sync(m);
		if (!rc)
			rc = late_mdwe(m);
		if (!rc)
			rc = new_vma(m);
		if (rc)
			return rc;
	}
	mm_stat_account(o->mm, m->flags, (s64)pages(m->len));
	account_locked(o, m->vma, m->flags, pages(m->len));
	if (o->w->sys.soft_dirty)
		m->vma->vm_flags |= VM_SOFTDIRTY;
	return 0;
}

int do_mmap(struct op *o, const struct mmap_req *r, u64 *ret)
{
	struct mapping m = {
		.o = o, .r = r, .file = vma_file_at(o->w, r->file), .addr = r->addr, .len = r->len,
		.pgoff = r->pgoff, .prot = r->prot, .map_flags = r->flags,
		.flags = 0, .charged = 0, .shared_anon = false, .vma = NULL,
	};
	int rc = prepare(&m);

	if (!rc)
		rc = map_region(&m);
	if (rc)
		return rc;
	*ret = m.addr;
	/* VM_LOCKED as it was asked for: a droppable mapping loses it, and is populated all the same. */
	if (m.flags & VM_LOCKED ||
	    (m.map_flags & (M_POPULATE | M_NONBLOCK)) == M_POPULATE)
		populate(o, m.addr, m.addr + m.len);
	return 0;
}

/* MAP_HUGETLB: the kernel makes the file; the length is rounded before anything else (M1.4). */
static int huge_file(struct op *o, struct mmap_req *r)
{
	unsigned int shift = (unsigned int)(r->flags >> 26 & 0x3f);
	struct vma_file init = { .kind = VMA_KIND_HUGETLB, .readable = true, .writable = true,
				 .internal = true, .transient = true, .dev_minor = 15 };
	struct vma_file *f;

	if (!shift)
		shift = 21;
	if (shift != 21 && shift != 30)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	init.hugetlb_shift = shift;
	init.inode = o->w->next_shmem_inode++ + (1ULL << 32);
	f = vma_file_new(o->w, &init, "/anon_hugepage (deleted)");
	if (!f) {
		o->w->oom = true;
		return -ENOMEM;
	}
	r->file = f->id;
	r->len = round_up_to(r->len, 1ULL << shift);
	return 0;
}

int run_mmap(struct op *o)
{
	const u64 *a = o->call->arg;
	struct mmap_req r = { .addr = a[0], .len = a[1], .prot = a[2], .flags = a[3] & 0xffffffff,
			      .pgoff = a[5] >> VMA_PAGE_SHIFT, .file = o->call->file };
	u64 ret;
	int rc;

	if (!page_aligned(a[5]))
		return refuse(o, EINVAL, VMA_WHY_OFFSET_UNALIGNED);
	if (r.flags & M_ANONYMOUS) {
		r.file = 0;
		if (r.flags & M_HUGETLB) {
			rc = huge_file(o, &r);
			if (rc)
				return rc;
		}
	} else {
		const struct vma_file *f;

		if (r.file == VMA_FILE_BAD || !(f = vma_file_at(o->w, r.file)))
			return refuse(o, EBADF, VMA_WHY_BAD_FD);
		if (f->kind == VMA_KIND_HUGETLB)
			r.len = round_up_to(r.len, 1ULL << f->hugetlb_shift);
		else if (r.flags & M_HUGETLB)
			return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	}
	mmap_write_lock(o);
	rc = do_mmap(o, &r, &ret);
	if (!rc)
		o->res->ret = (s64)ret;
	else if (r.file)
		file_drop_unused(o->w, r.file);
	return rc;
}
