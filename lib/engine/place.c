// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where a mapping goes: get_unmapped_area() and what is behind it (section 4 of the rules). */
#include "engine/engine.h"

#define WINDOW_32BIT_BEGIN 0x40000000ULL
#define WINDOW_32BIT_END 0x80000000ULL
#define WINDOW_32BIT_RANDOM 0x02000000ULL

/* A search that found nothing; refused by the caller who knows the length. */
#define NOWHERE (~0ULL)

u64 round_hint_to_min(const struct op *o, u64 hint)
{
	const struct vma_system *sys = &o->w->sys;
	u64 min = max_u64(sys->mmap_min_addr, sys->lsm_mmap_min_addr);

	hint = page_down(hint);
	return hint && hint < min ? page_up(min) : hint;
}

/* The lowest address a search may give. */
static u64 search_low(const struct op *o, u64 low)
{
	const struct vma_system *sys = &o->w->sys;

	if (!o->k->search_keeps_min_addr)
		return low;
	return max_u64(low, max_u64(sys->mmap_min_addr, sys->lsm_mmap_min_addr));
}

static bool hint_is_free(const struct op *o, u64 hint, u64 len)
{
	const struct vma *vma = vma_find(o->mm, hint);

	return !vma || hint + len <= vma_start_gap(o->w, vma);
}

/* arch_get_unmapped_area(): bottom-up, also the last resort of the other (A6). */
static u64 search_up(struct op *o, u64 hint, u64 len, u64 map_flags)
{
	u64 begin = o->mm->mmap_legacy_base, end = o->mm->task_size, addr;
	bool found;

	if (map_flags & M_32BIT) {
		begin = WINDOW_32BIT_BEGIN;
		end = WINDOW_32BIT_END;
	}
	if (len > end)
		return NOWHERE;
	if (hint) {
		hint = page_up(hint);
		if (end - len >= hint && hint_is_free(o, hint, len))
			return hint;
	}
	addr = vma_gap_bottomup(o->mm, search_low(o, begin), end, len, &found);
	return found ? addr : NOWHERE;
}

/* arch_get_unmapped_area_topdown() (A3). */
static u64 search_down(struct op *o, u64 hint, u64 len, u64 map_flags)
{
	u64 low = VMA_PAGE_SIZE, addr;
	bool found;

	if (map_flags & M_32BIT)
		return search_up(o, hint, len, map_flags);
	if (hint) {
		hint = page_down(hint);
		if (o->mm->task_size - len >= hint && hint_is_free(o, hint, len))
			return hint;
	}
	if (map_flags & M_ABOVE4G && o->k->map_above4g)
		low = 1ULL << 32;
	addr = vma_gap_topdown(o->mm, search_low(o, low), o->mm->mmap_base, len, &found);
	return found ? addr : search_up(o, hint, len, map_flags);
}

static u64 search(struct op *o, u64 hint, u64 len, u64 map_flags)
{
	if (len > o->mm->task_size)
		return NOWHERE;
	if (o->mm->legacy_layout)
		return search_up(o, hint, len, map_flags);
	return search_down(o, hint, len, map_flags);
}

/* __thp_get_unmapped_area(): look for 2 MiB more and slide inside (A8). 0: does not apply. */
static u64 search_thp(struct op *o, const struct place *p)
{
	u64 off = p->pgoff << VMA_PAGE_SHIFT, off_end = off + p->len;
	u64 off_align = round_up_to(off, VMA_PMD_SIZE);
	u64 padded = p->len + VMA_PMD_SIZE, addr, slide;

	/* Signed, as loff_t is: near 2^63 the kernel believes that a block fits. */
	if ((s64)off_end <= (s64)off_align || off_end - off_align < VMA_PMD_SIZE)
		return 0;
	if (padded < p->len || off + padded < off)
		return 0;
	addr = search(o, p->addr, padded, p->map_flags);
	if (addr == NOWHERE)
		return 0;
	if (addr == p->addr)
		return addr;
	slide = (off - addr) & (VMA_PMD_SIZE - 1);
	if (o->k->thp_topdown_skips_slack && !slide && !o->mm->legacy_layout)
		return addr + VMA_PMD_SIZE;
	return addr + slide;
}

/* Does the mapping go through the THP placement (A2)? */
static bool uses_thp(const struct op *o, const struct place *p)
{
	const struct vma_kernel *k = o->k;
	const struct vma_file *f = p->file;
	bool whole = !p->addr && !(p->len & (VMA_PMD_SIZE - 1));

	if (!o->w->sys.thp_built_in)
		return false;
	if (!f)
		return !(p->map_flags & M_SHARED) && k->thp_aligns_anon && whole;
	switch (f->kind) {
	case VMA_KIND_REGULAR:
		if (f->fs_thp)
			return k->thp_aligns_files;
		return k->thp_aligns_other_files && whole;
	case VMA_KIND_SECRET: /* no get_unmapped_area of its own */
		return k->thp_aligns_other_files && whole;
	case VMA_KIND_ZERO:
		return !(p->map_flags & M_SHARED) && k->thp_aligns_dev_zero;
	case VMA_KIND_DEVICE:
		return k->thp_aligns_other_files && f->uses_generic_gua && whole;
	default:
		return false;
	}
}

/*
 * hugetlb: the result aligned to the huge page (A10). Before 6.13 x86 had a search of its own for it,
 * which rounded the hint down, be it to 0, and did not know MAP_32BIT.
 */
static u64 search_hugetlb(struct op *o, const struct place *p)
{
	const bool common = o->k->hugetlb_common_search;
	u64 huge = 1ULL << p->file->hugetlb_shift, hint = p->addr, addr;

	if (hint) {
		hint = common ? round_up_to(hint, huge) : round_down_to(hint, huge);
		if (o->mm->task_size - p->len >= hint && hint_is_free(o, hint, p->len))
			return hint;
	}
	addr = search(o, 0, p->len + huge - VMA_PAGE_SIZE,
		      common ? p->map_flags : p->map_flags & ~M_32BIT);
	if (addr == NOWHERE)
		return NOWHERE;
	/* Top-down the spare part stays below, bottom-up above. */
	if (!o->mm->legacy_layout)
		return round_down_to(addr + huge - VMA_PAGE_SIZE, huge);
	return round_up_to(addr, huge);
}

static u64 choose(struct op *o, const struct place *p)
{
	u64 addr = 0;

	if (p->map_flags & M_FIXED)
		return p->addr;
	if (p->file && p->file->kind == VMA_KIND_HUGETLB)
		return search_hugetlb(o, p);
	if (uses_thp(o, p))
		addr = search_thp(o, p);
	return addr ? addr : search(o, p->addr, p->len, p->map_flags);
}

int place(struct op *o, const struct place *p, u64 *out)
{
	u64 addr;

	if (p->len > o->mm->task_size)
		return refuse_limit(o, ENOMEM, VMA_WHY_TOO_LONG, p->len, o->mm->task_size);
	addr = choose(o, p);
	if (addr == NOWHERE)
		return refuse_limit(o, ENOMEM, VMA_WHY_NO_GAP, p->len, 0);
	if (addr > o->mm->task_size - p->len)
		return refuse_at(o, ENOMEM, VMA_WHY_TOO_LONG, addr);
	if (!page_aligned(addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, addr);
	if (p->map_flags & M_FIXED && p->file && p->file->kind == VMA_KIND_HUGETLB &&
	    (addr | p->len) & ((1ULL << p->file->hugetlb_shift) - 1))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, addr);
	if (addr < o->w->sys.mmap_min_addr && !has_cap(o, VMA_CAP_SYS_RAWIO))
		return refuse_at(o, EPERM, VMA_WHY_MIN_ADDR, addr);
	*out = addr;
	if (!(p->map_flags & M_FIXED))
		EMIT(o, .kind = VMA_EV_PLACED, .rule = "A3", .start = addr, .end = addr + p->len);
	return 0;
}
