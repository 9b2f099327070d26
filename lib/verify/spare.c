/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/spare.h"

#include <sys/mman.h>

#include "base/range.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#define WINDOW_32BIT_BEGIN 0x40000000ULL
#define GUARD_GAP (256 * VMA_PAGE_SIZE)
#define LARGEST_SEGMENT (64 * VMA_PAGE_SIZE)

/*
 * Before 5.13 move_vma() believes that MREMAP_DONTUNMAP of the middle of a charged mapping had cut
 * it in three, and writes to what comes next in the list: to NULL, when nothing does.
 */
static bool marks_nothing(const struct vma_mm *mm, const u64 *arg)
{
	const struct vma *vma = vma_lookup(mm, arg[0]);
	const u64 end = arg[0] + page_up(arg[1]);

	return vma && vma->vm_flags & VM_ACCOUNT && arg[0] > vma->vm_start && end < vma->vm_end &&
	       !vma_next(mm, vma);
}

/* Where a call that leaves the address to the kernel begins to search upwards, 0: it does not. */
static u64 search_begins(const struct vma_mm *mm, const struct step *step, const u64 *arg, u64 *len)
{
	const bool mmap = step->op == VMA_OP_MMAP;

	*len = page_up(arg[mmap ? 1 : 2]);
	if (mmap && !(arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && arg[3] & MAP_32BIT)
		return WINDOW_32BIT_BEGIN;
	if ((mmap && !(arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE))) ||
	    (step->op == VMA_OP_MREMAP && arg[3] & MREMAP_MAYMOVE && !(arg[3] & MREMAP_FIXED)))
		return mm->legacy_layout ? mm->mmap_legacy_base : 0;
	if (step->op != VMA_OP_SHMAT || !mm->legacy_layout)
		return 0;
	*len = LARGEST_SEGMENT;
	return mm->mmap_legacy_base;
}

/*
 * Before the maple tree the search upwards does not look left of a mapping that grows down when the
 * guard gap below it reaches below where the search begins. Whether a hole there is found depends
 * on the shape of the red-black tree.
 */
static bool depends_on_tree(const struct vma_mm *mm, const struct step *step, const u64 *arg)
{
	u64 len, low = search_begins(mm, step, arg, &len);
	const struct vma *vma = low ? vma_find(mm, low) : NULL;

	for (; vma && vma->vm_start < low + len + GUARD_GAP; vma = vma_next(mm, vma))
		if (vma->vm_flags & VM_GROWSDOWN)
			return true;
	return false;
}

/* With address space randomisation MAP_32BIT begins anywhere in the first 32 MiB of its window. */
static bool begins_anywhere(const struct vma_mm *mm, const struct step *step, const u64 *arg)
{
	return mm->randomize && step->op == VMA_OP_MMAP && arg[3] & MAP_32BIT &&
	       !(arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE));
}

/* Calls that read pages, if only to have them there. */
static bool reads(const struct step *step, const u64 *arg)
{
	if (step->op == VMA_OP_MADVISE || step->op == VMA_OP_PROCESS_MADVISE)
		return arg[2] == MADV_POPULATE_READ;
	if (step->op == VMA_OP_TOUCH)
		return arg[2] != PROT_WRITE;
	return step->op == VMA_OP_MLOCK || step->op == VMA_OP_MLOCK2;
}

/*
 * A read past the end of a file is refused, but its neighbours are mapped first. Where the file's
 * last page is the only one, Linux 6.18 maps it if there is a page table. One that holds a page is
 * there; one that was left behind empty shows nowhere.
 */
static bool depends_on_page_table(const struct vma_mm *mm, u64 addr)
{
	const struct vma_system *sys = vma_world_system(mm->world);
	const struct vma *vma = vma_lookup(mm, addr);
	const u64 table = round_down_to(addr, VMA_PMD_SIZE);
	const struct vma_file *f;
	struct vma_page_run run;
	u64 first, end;

	if (!vma || vma_kind_of(mm->world, vma) != VMA_KIND_REGULAR ||
	    (vma_pages_run(mm, table, &run) && run.start < table + VMA_PMD_SIZE))
		return false;
	f = vma_file_at(mm->world, vma->file);
	end = pages(page_up(f->size));
	first = max_u64(round_down_to(addr, sys->fault_around_bytes), vma->vm_start);
	return vma->vm_pgoff + pages(addr - vma->vm_start) >= end &&
	       vma->vm_pgoff + pages(first - vma->vm_start) + 1 == end;
}

bool vma_spare_kernel(const struct vma_mm *mm, const struct step *step, const u64 *arg)
{
	const struct vma_kernel *k = vma_world_kernel(mm->world);

	if (step->op == VMA_OP_MREMAP && arg[3] & MREMAP_DONTUNMAP && k->dontunmap_accounts_next &&
	    marks_nothing(mm, arg))
		return true;
	if (reads(step, arg) && (depends_on_page_table(mm, arg[0]) ||
				 (step->second && depends_on_page_table(mm, arg[4]))))
		return true;
	return begins_anywhere(mm, step, arg) ||
	       (!k->maple_tree && depends_on_tree(mm, step, arg));
}
