/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random arguments: the calls that make, unmake and reach memory. */
#include <sys/mman.h>

#include "base/check.h"
#include "base/range.h"
#include "verify/gen.h"

#define PAGE VMA_PAGE_SIZE
#define MAX_TOUCH 24
#define GUARD (256 * PAGE)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#define MAP_ABOVE4G 0x80

/* ---------------------------------------------------------------- mmap */

/* The live file that a mapping of the model maps, + 1. */
static u8 file_of(const struct gen *g, const struct vma *vma)
{
	for (size_t i = 0; vma && vma->file && i < g->st->files->nr; i++)
		if (g->st->file_id[i] == vma->file)
			return (u8)(i + 1);
	return STEP_NO_FILE;
}

/* Which file and which offset; often what continues a neighbour. */
static void pick_file(struct gen *g, struct step *s)
{
	const u64 end = s->arg[0] + page_up(s->arg[1]);
	const struct vma *prev = vma_lookup(g->mm, s->arg[0] - 1);
	const struct vma *next = vma_lookup(g->mm, end);
	const u8 prev_file = file_of(g, prev), next_file = file_of(g, next);

	s->arg[5] = below(g, chance(g, 80) ? 4 : 24) * PAGE;
	if (prev_file && chance(g, 45)) {
		s->file = prev_file;
		s->arg[5] = (prev->vm_pgoff + vma_pages(prev)) << VMA_PAGE_SHIFT;
	} else if (next_file && next->vm_pgoff >= pages(page_up(s->arg[1])) && chance(g, 45)) {
		s->file = next_file;
		s->arg[5] = (next->vm_pgoff << VMA_PAGE_SHIFT) - page_up(s->arg[1]);
	} else if (chance(g, g->profile->wild)) {
		s->file = STEP_BAD_FILE;
	} else {
		s->file = (u8)(1 + below(g, g->st->files->nr));
	}
	if (chance(g, g->profile->wild))
		s->arg[5] += chance(g, 50) ? 512 : (1ULL << 63) - 8 * PAGE - s->arg[5];
}

/* Lengths around 2 MiB, where transparent huge pages decide about the place. */
static u64 placed_len(struct gen *g)
{
	const u64 blocks = 1 + below(g, 3);

	switch (below(g, 6)) {
	case 0:
		return blocks * VMA_PMD_SIZE;
	case 1:
		return blocks * VMA_PMD_SIZE + PAGE;
	case 2:
		return blocks * VMA_PMD_SIZE - PAGE;
	default:
		return (1 + below(g, chance(g, 70) ? 4 : 40)) * PAGE;
	}
}

static u64 hint(struct gen *g)
{
	const struct vma *vma = vma_gen_vma(g);

	if (vma && chance(g, 30))
		return vma->vm_start - GUARD + (below(g, 5) - 2) * PAGE;
	return chance(g, 5) ? below(g, 32) * PAGE : vma_gen_addr(g);
}

/* Address and length where the kernel may choose. */
static u64 place(struct gen *g, struct step *s)
{
	u64 flags = 0;

	s->arg[0] = chance(g, 45) ? 0 : hint(g);
	s->arg[1] = chance(g, g->profile->wild) ? vma_gen_len(g, s->arg[0]) : placed_len(g);
	if (chance(g, 12))
		flags |= MAP_32BIT;
	if (chance(g, 3))
		flags |= MAP_ABOVE4G;
	return flags;
}

static u64 extra_flags(struct gen *g, bool anonymous)
{
	static const struct choice odd[] = {
		{ MAP_NORESERVE, 40 }, { MAP_STACK, 15 }, { MAP_DENYWRITE, 5 }, { MAP_EXECUTABLE, 5 },
		{ MAP_NONBLOCK, 5 },
	};
	u64 flags = chance(g, 8) ? CHOOSE(g, odd) : 0;

	if (g->profile->elsewhere && chance(g, 4))
		flags |= chance(g, 50) ? MAP_POPULATE : MAP_LOCKED;
	if (g->profile->grows && anonymous && chance(g, 12))
		flags |= MAP_GROWSDOWN;
	return flags;
}

static u64 sharing(struct gen *g, bool anonymous)
{
	static const struct choice wild[] = {
		{ 0, 3 }, { MAP_SHARED_VALIDATE, 3 }, { 4, 1 }, { 8, 1 }, { 0xf, 1 },
		{ MAP_SHARED_VALIDATE | 0x1000000, 1 }, { MAP_SHARED_VALIDATE | MAP_SYNC, 1 },
	};

	if (chance(g, g->profile->wild))
		return CHOOSE(g, wild);
	return chance(g, anonymous ? 14 : 35) ? MAP_SHARED : MAP_PRIVATE;
}

/* Keep the number of mappings in bounds, or reading them is all we do. */
static bool is_crowded(const struct gen *g)
{
	return g->mm->map_count > g->st->nr_filled + 48;
}

void make_mmap(struct gen *g, struct step *s)
{
	const bool anonymous = !chance(g, g->profile->files);
	u64 flags = sharing(g, anonymous) | extra_flags(g, anonymous);

	if (is_crowded(g) && chance(g, 50)) {
		make_munmap(g, s);
		return;
	}
	s->op = VMA_OP_MMAP;
	s->arg[2] = vma_gen_prot(g);
	if (chance(g, g->profile->placed)) {
		flags |= place(g, s);
	} else {
		vma_gen_range(g, &s->arg[0], &s->arg[1]);
		flags |= chance(g, 90) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	}
	if (anonymous) {
		flags |= MAP_ANONYMOUS;
		s->arg[4] = (u64)-1;
		s->arg[5] = chance(g, 3) ? below(g, 9) * 1024 : 0;
	} else {
		pick_file(g, s);
		s->arg[4] = 0;
	}
	if (s->arg[1] > (8ULL << 20) && s->arg[1] < (1ULL << 47)) /* would fill memory if locked */
		flags &= ~(u64)(MAP_POPULATE | MAP_LOCKED);
	s->arg[3] = flags;
}

/* ---------------------------------------------------------------- huge pages */

#define HUGE_BLOCKS 6
#define HUGE_ARENA (ARENA + (4ULL << 30))

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif

/* Whole blocks mostly; a mapping the kernel placed now and then. */
static void huge_range(struct gen *g, u64 *addr, u64 *len)
{
	const struct place *p = g->nr_places ? &g->place[below(g, g->nr_places)] : NULL;

	*addr = HUGE_ARENA + below(g, HUGE_BLOCKS) * VMA_PMD_SIZE;
	*len = (1 + below(g, 3)) * VMA_PMD_SIZE;
	if (p && chance(g, 12))
		*addr = p->start + below(g, 2) * VMA_PMD_SIZE;
	if (chance(g, 12))
		*addr += (1 + below(g, 511)) * PAGE;
	if (chance(g, 12))
		*len -= (1 + below(g, 511)) * PAGE;
}

/* Not MAP_POPULATE: where there is a pool, it is not ours to use. */
static void huge_mmap(struct gen *g, struct step *s)
{
	static const struct choice kinds[] = {
		{ MAP_HUGETLB | MAP_NORESERVE, 70 }, { MAP_HUGETLB, 6 }, { MAP_NORESERVE, 14 },
		{ MAP_HUGETLB | MAP_NORESERVE | MAP_HUGE_1GB, 2 },
		{ MAP_HUGETLB | MAP_NORESERVE | 22 << 26, 2 }, { MAP_HUGETLB | MAP_GROWSDOWN, 1 },
	};

	s->op = VMA_OP_MMAP;
	s->arg[2] = vma_gen_prot(g);
	s->arg[3] = CHOOSE(g, kinds) | sharing(g, true) | MAP_ANONYMOUS;
	if (!chance(g, 25))
		s->arg[3] |= chance(g, 85) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	else if (chance(g, 50))
		s->arg[0] = 0;
	s->arg[4] = (u64)-1;
}

/* Nobody touches these mappings: the pool is empty, or it belongs to others. */
void make_huge(struct gen *g, struct step *s)
{
	static const struct choice ops[] = {
		{ VMA_OP_MMAP, 30 }, { VMA_OP_MUNMAP, 14 }, { VMA_OP_MPROTECT, 20 },
		{ VMA_OP_MREMAP, 16 }, { VMA_OP_MADVISE, 20 }, { VMA_OP_MLOCK2, 6 },
		{ VMA_OP_MUNLOCK, 3 }, { VMA_OP_MBIND, 5 }, { VMA_OP_REMAP_FILE_PAGES, 2 },
	};
	enum vma_op_id op = (enum vma_op_id)CHOOSE(g, ops);

	if (op == VMA_OP_MADVISE)
		make_madvise(g, s);
	else if (op == VMA_OP_MREMAP)
		make_mremap(g, s);
	else if (op == VMA_OP_MBIND)
		make_mbind(g, s);
	else if (op == VMA_OP_REMAP_FILE_PAGES)
		make_remap_file_pages(g, s);
	/* With a pool, locking would take pages of it. */
	if (op == VMA_OP_MLOCK2 && vma_world_system(g->st->world)->hugetlb_pages)
		op = VMA_OP_MUNLOCK;
	if (op == VMA_OP_MADVISE && (s->arg[2] == 3 || s->arg[2] == 22 || s->arg[2] == 23))
		s->arg[2] = 4; /* would fill */
	s->op = op;
	huge_range(g, &s->arg[0], &s->arg[1]);
	if (op == VMA_OP_MMAP) {
		huge_mmap(g, s);
	} else if (op == VMA_OP_MPROTECT) {
		s->arg[2] = vma_gen_prot(g);
	} else if (op == VMA_OP_MLOCK2) {
		s->arg[2] = below(g, 2); /* MLOCK_ONFAULT */
	} else if (op == VMA_OP_MREMAP) {
		s->arg[2] = chance(g, 60) ? s->arg[1] : (1 + below(g, 3)) * VMA_PMD_SIZE;
		s->arg[4] = s->arg[4] ? HUGE_ARENA + below(g, HUGE_BLOCKS) * VMA_PMD_SIZE : 0;
		if (chance(g, 8))
			s->arg[4] += PAGE;
	}
}

/* ---------------------------------------------------------------- the others of profile basic */

void make_munmap(struct gen *g, struct step *s)
{
	const struct vma *vma = vma_gen_vma(g);

	s->op = VMA_OP_MUNMAP;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	if (is_crowded(g) && vma) {
		s->arg[0] = vma->vm_start;
		s->arg[1] = vma->vm_end - vma->vm_start;
	}
}

void make_mprotect(struct gen *g, struct step *s)
{
	static const struct choice odd[] = {
		{ PROT_GROWSDOWN, 6 }, { PROT_GROWSUP, 2 }, { PROT_GROWSDOWN | PROT_GROWSUP, 1 },
		{ 0x10, 1 }, { 8, 1 },
	};

	s->op = VMA_OP_MPROTECT;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	s->arg[2] = vma_gen_prot(g);
	if (chance(g, g->profile->wild))
		s->arg[2] |= CHOOSE(g, odd);
}

/*
 * What is no matter of the memory model: which pages of [vvar] exist (the clock's business), and
 * addresses that are not canonical (the CPU's).
 */
static bool is_unforeseeable(const struct gen *g, u64 start, u64 len)
{
	const struct vma *vma = vma_find(g->mm, page_down(start));

	if (start + len > g->mm->task_size || start + len < start)
		return true;

	for (; vma && vma->vm_start < start + len; vma = vma_next(g->mm, vma))
		if (vma->vm_flags & VM_IO && vma_kind_of(g->st->world, vma) == VMA_KIND_SPECIAL)
			return true;
	return false;
}

/* What a puppet may not execute: the vDSO does something. */
static bool has_code(const struct gen *g, u64 start, u64 len)
{
	const struct vma *vma = vma_find(g->mm, start);

	for (; vma && vma->vm_start < start + len; vma = vma_next(g->mm, vma))
		if (vma_kind_of(g->st->world, vma) == VMA_KIND_SPECIAL)
			return true;
	return false;
}

void make_touch(struct gen *g, struct step *s)
{
	const struct vma *vma = chance(g, 65) ? vma_gen_vma(g) : NULL;

	s->op = VMA_OP_TOUCH;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	if (vma) {
		s->arg[0] = vma->vm_start + below(g, vma_pages(vma)) * PAGE;
		s->arg[1] = min_u64((1 + below(g, 3)) * PAGE, vma->vm_end - s->arg[0]);
	}
	if (!s->arg[1] || s->arg[1] > MAX_TOUCH * PAGE)
		s->arg[1] = PAGE;
	s->arg[2] = chance(g, 70) ? PROT_WRITE : PROT_READ;
	if (chance(g, 8)) {
		s->arg[2] = PROT_EXEC;
		s->arg[0] = page_down(s->arg[0]);
	}
	if (is_unforeseeable(g, s->arg[0], s->arg[1]) ||
	    (s->arg[2] == PROT_EXEC && has_code(g, s->arg[0], s->arg[1])))
		s->op = VMA_OP_NONE;
}

/* Below a mapping that grows down: near, far, and where the guard gap stops it. */
void make_stack_touch(struct gen *g, struct step *s)
{
	const struct vma *vma, *stack = NULL;
	u64 n = 0, down;

	vma_for_each(g->mm, vma)
		if (vma->vm_flags & VM_GROWSDOWN && !below(g, ++n))
			stack = vma;
	if (!stack)
		return;
	down = chance(g, 60) ? below(g, 12) * PAGE :
	       chance(g, 60) ? GUARD + (below(g, 9) - 4) * PAGE : below(g, 2100) * PAGE;
	s->op = VMA_OP_TOUCH;
	s->arg[0] = stack->vm_start - down - (chance(g, 30) ? 8 : PAGE);
	s->arg[1] = chance(g, 70) ? 1 : PAGE;
	s->arg[2] = chance(g, 60) ? PROT_WRITE : PROT_READ;
	if (vma_gen_is_ours(g, s->arg[0], s->arg[1]) || is_unforeseeable(g, s->arg[0], s->arg[1]))
		s->op = VMA_OP_NONE;
}

void make_brk(struct gen *g, struct step *s)
{
	static const struct choice shift[] = {
		{ PAGE, 20 }, { 2 * PAGE, 10 }, { 5 * PAGE, 10 }, { (u64)-PAGE, 15 },
		{ (u64)-3 * PAGE, 15 }, { 100, 5 }, { (u64)-100, 5 }, { 64 * PAGE, 2 },
	};

	s->op = VMA_OP_BRK;
	if (chance(g, 4))
		s->arg[0] = chance(g, 50) ? 0 : vma_gen_addr(g);
	else if (chance(g, 15))
		s->arg[0] = g->mm->start_brk + below(g, 4) * PAGE;
	else
		s->arg[0] = g->mm->brk + CHOOSE(g, shift);
	/* Not more than a few MiB: the address space is read after each call. */
	if (s->arg[0] > g->mm->start_brk + (4ULL << 20) && s->arg[0] < ARENA)
		s->arg[0] = g->mm->start_brk + PAGE;
}

void make_mremap(struct gen *g, struct step *s)
{
	static const struct choice flags[] = {
		{ 0, 15 }, { MREMAP_MAYMOVE, 30 }, { MREMAP_MAYMOVE | MREMAP_FIXED, 35 },
		{ MREMAP_MAYMOVE | 4, 7 }, { MREMAP_MAYMOVE | MREMAP_FIXED | 4, 10 },
		{ MREMAP_FIXED, 1 }, { 4, 1 }, { 8, 1 },
	};
	const struct vma *vma = vma_gen_vma(g);

	s->op = VMA_OP_MREMAP;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	if (vma && chance(g, 40)) {
		s->arg[0] = vma->vm_start;
		s->arg[1] = vma->vm_end - vma->vm_start;
	}
	s->arg[2] = chance(g, 50) ? s->arg[1] : vma_gen_len(g, s->arg[0]);
	if (s->arg[1] > (4ULL << 20) && s->arg[1] < (1ULL << 46))
		s->arg[1] = s->arg[2] = PAGE;
	vma = vma_lookup(g->mm, s->arg[0]);
	if (vma && vma->vm_flags & VM_LOCKED && s->arg[2] > (4ULL << 20)) /* would be filled */
		s->arg[2] = s->arg[1];
	s->arg[3] = CHOOSE(g, flags);
	if (s->arg[3] & (MREMAP_FIXED | 4))
		s->arg[4] = chance(g, 80) ? vma_gen_arena_page(g) : vma_gen_addr(g);
	if (vma_gen_is_ours(g, s->arg[4], s->arg[2]) || vma_gen_is_ours(g, s->arg[0], s->arg[1]))
		s->op = VMA_OP_NONE;
}
