// SPDX-License-Identifier: LGPL-2.1-or-later
/* mprotect(2), pkey_mprotect(2), protection keys (section 8 of the rules). */
#include "engine/engine.h"

#define NR_PKEYS 16

static void set_rights(struct vma_mm *mm, unsigned int pkey, u32 rights)
{
	mm->pkru = (mm->pkru & ~(3U << pkey * 2)) | rights << pkey * 2;
}

static int alloc_pkey(struct vma_mm *mm)
{
	for (int i = 0; i < NR_PKEYS; i++)
		if (!(mm->pkeys & 1U << i)) {
			mm->pkeys |= (u16)(1U << i);
			return i;
		}
	return -1;
}

/* mm_pkey_is_allocated(): the execute-only key is not the user's. */
static bool pkey_is_allocated(const struct op *o, u64 pkey)
{
	const struct vma_mm *mm = o->mm;

	return o->w->sys.pkeys && pkey < NR_PKEYS && (s64)pkey != mm->exec_only_pkey && mm->pkeys & 1U << pkey;
}

int exec_only_pkey(struct op *o)
{
	struct vma_mm *mm = o->mm;

	if (!o->w->sys.pkeys)
		return 0;
	if (mm->exec_only_pkey < 0) {
		mm->exec_only_pkey = alloc_pkey(mm);
		if (mm->exec_only_pkey < 0)
			return -1;
		EMIT(o, .kind = VMA_EV_PKEY, .rule = "P6", .value = (u64)mm->exec_only_pkey);
	}
	set_rights(mm, (unsigned int)mm->exec_only_pkey, 1);
	return mm->exec_only_pkey;
}

/* arch_override_mprotect_pkey() (P6). */
static unsigned int choose_pkey(struct op *o, const struct vma *vma, u64 prot, int pkey)
{
	if (pkey != -1)
		return (unsigned int)pkey;
	if (!o->w->sys.pkeys)
		return 0;
	if (prot == P_EXEC) {
		pkey = exec_only_pkey(o);
		if (pkey > 0)
			return (unsigned int)pkey;
	} else if ((vma->vm_flags & VM_ACCESS_FLAGS) == VM_EXEC &&
		   (int)vma_pkey(vma->vm_flags) == o->mm->exec_only_pkey) {
		return 0;
	}
	return vma_pkey(vma->vm_flags);
}

/* What becoming writable charges, and what ceasing to be gives back (P8). *charged is signed. */
static int account_piece(struct op *o, const struct vma *vma, u64 nr, u64 *flags, s64 *charged)
{
	u64 old = vma->vm_flags;
	int rc;

	*charged = 0;
	if (*flags & VM_WRITE) {
		rc = may_expand(o, *flags, nr);
		if (unlikely(rc)) {
			if (!may_expand(o, old, nr))
				return rc;
			*o->res = (struct vma_result){ .ret = 0 }; /* over it already: no reason */
		}
		if (old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE))
			return 0;
		rc = charge(o, nr);
		if (rc)
			return rc;
		*charged = (s64)nr;
		*flags |= VM_ACCOUNT;
	} else if (o->k->mprotect_uncharges && old & VM_ACCOUNT && vma_is_anonymous(o->w, vma) &&
		   !vma->anon_vma) {
		*charged = -(s64)nr;
		*flags &= ~VM_ACCOUNT;
	}
	return 0;
}

/* mprotect_fixup() for [start, end) of one VMA. *result: what covers it now. */
static int fixup(struct op *o, struct vma *vma, u64 start, u64 end, u64 flags, struct vma **result)
{
	u64 old = vma->vm_flags, nr = pages(end - start);
	s64 charged;
	int rc;

	*result = vma;
	if (o->k->has_mseal && old & VM_SEALED)
		return refuse_at(o, EPERM, VMA_WHY_SEALED, vma->vm_start);
	if (flags == old)
		return 0;
	rc = account_piece(o, vma, nr, &flags, &charged);
	if (rc)
		return rc;
	rc = modify_flags(o, vma, start, end, &flags, result);
	if (rc) {
		if (charged > 0)
			uncharge(o, (u64)charged);
		return rc;
	}
	set_flags(o, *result, flags);
	if (charged < 0)
		uncharge(o, (u64)-charged);
	mm_stat_account(o->mm, old, -(s64)nr);
	mm_stat_account(o->mm, flags, (s64)nr);
	/* A locked private read-only piece becomes writable: copy its pages now. */
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && flags & VM_WRITE)
		populate_locked(o, start, end);
	return 0;
}

/* Checks on one VMA's piece that come before mprotect_fixup() (P4). *flags: the wanted word. */
static int check_piece(struct op *o, const struct vma *vma, u64 prot, int pkey, u64 *flags)
{
	u64 old = vma->vm_flags;

	*flags = calc_prot_bits(prot, choose_pkey(o, vma, prot, pkey)) |
		 (old & ~(VM_ACCESS_FLAGS | VM_PKEY_FLAGS));
	if (*flags & ~(*flags >> 4) & VM_ACCESS_FLAGS)
		return refuse_at(o, EACCES, VMA_WHY_MAY_ACCESS, vma->vm_start);
	if (o->k->has_mdwe && o->mm->mdwe && *flags & VM_EXEC &&
	    (*flags & VM_WRITE || !(old & VM_EXEC)))
		return refuse_at(o, EACCES, VMA_WHY_MDWE, vma->vm_start);
	return 0;
}

static int protect(struct op *o, struct vma *vma, u64 start, u64 end, u64 prot, int pkey)
{
	bool implies = prot & P_READ && o->mm->personality & PERS_READ_IMPLIES_EXEC;
	u64 pos = start, flags, to;
	struct vma *result;
	int rc;

	for (;;) {
		u64 p = prot | (implies && vma->vm_flags & VM_MAYEXEC ? P_EXEC : 0);

		rc = check_piece(o, vma, p, pkey, &flags);
		if (rc)
			return rc;
		to = min_u64(vma->vm_end, end);
		rc = fixup(o, vma, pos, to, flags, &result);
		if (rc)
			return rc;
		pos = max_u64(to, result->vm_end);
		if (pos >= end)
			return 0;
		vma = vma_next(o->mm, result);
		if (!vma || vma->vm_start != pos)
			return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, pos);
	}
}

static int do_mprotect(struct op *o, u64 start, u64 len, u64 prot, int pkey)
{
	u64 grows = prot & (P_GROWSDOWN | P_GROWSUP), end;
	struct vma *vma;

	prot &= ~(u64)(P_GROWSDOWN | P_GROWSUP);
	if (grows == (P_GROWSDOWN | P_GROWSUP))
		return refuse(o, EINVAL, VMA_WHY_BAD_PROT);
	if (!page_aligned(start))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if (!len)
		return 0;
	end = start + page_up(len);
	if (end <= start)
		return refuse_at(o, ENOMEM, VMA_WHY_RANGE_WRAPS, start);
	if (prot & ~(u64)(P_READ | P_WRITE | P_EXEC | P_SEM))
		return refuse(o, EINVAL, VMA_WHY_BAD_PROT);
	mmap_write_lock(o);
	/* PROT_SEM stays: with it, PROT_EXEC is not execute-only any more. */
	if (pkey != -1 && !pkey_is_allocated(o, (u64)(u32)pkey))
		return refuse(o, EINVAL, VMA_WHY_BAD_PKEY);
	vma = mm_find_to_change(o->mm, start);
	if (!vma || (o->k->maple_tree && vma->vm_start >= end))
		return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
	if (grows & P_GROWSDOWN) {
		if (vma->vm_start >= end)
			return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
		start = vma->vm_start;
		if (!(vma->vm_flags & VM_GROWSDOWN))
			return refuse_at(o, EINVAL, VMA_WHY_NOT_GROWSDOWN, start);
	} else {
		if (vma->vm_start > start)
			return refuse_at(o, ENOMEM, VMA_WHY_UNMAPPED, start);
		if (grows & P_GROWSUP)
			return refuse_at(o, EINVAL, VMA_WHY_NOT_GROWSDOWN, start);
	}
	return protect(o, vma, start, end, prot, pkey);
}

int run_mprotect(struct op *o)
{
	const u64 *a = o->call->arg;

	return do_mprotect(o, a[0], a[1], a[2], -1);
}

int run_pkey_mprotect(struct op *o)
{
	const u64 *a = o->call->arg;

	return do_mprotect(o, a[0], a[1], a[2], (int)a[3]);
}

int run_pkey_alloc(struct op *o)
{
	int pkey;

	if (o->call->arg[0])
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (o->call->arg[1] & ~3ULL)
		return refuse(o, EINVAL, VMA_WHY_BAD_PROT);
	mmap_write_lock(o);
	/* Without pkeys there is one key: its rights cannot be set, and it cannot be freed either. */
	if (!o->w->sys.pkeys) {
		bool taken = o->mm->pkeys & 1U << (NR_PKEYS - 1);

		o->mm->pkeys |= (u16)(1U << (NR_PKEYS - 1));
		return refuse(o, taken ? ENOSPC : EINVAL, VMA_WHY_BAD_PKEY);
	}
	pkey = alloc_pkey(o->mm);
	if (pkey < 0)
		return refuse(o, ENOSPC, VMA_WHY_BAD_PKEY);
	set_rights(o->mm, (unsigned int)pkey, (u32)o->call->arg[1]);
	o->res->ret = pkey;
	return 0;
}

int run_pkey_free(struct op *o)
{
	u64 pkey = (u64)(s64)(s32)o->call->arg[0];

	mmap_write_lock(o);
	if (!pkey_is_allocated(o, pkey))
		return refuse(o, EINVAL, VMA_WHY_BAD_PKEY);
	o->mm->pkeys &= (u16)~(1U << pkey);
	return 0;
}
