/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random arguments: what changes memory without making or unmaking it, and the process calls. */
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/range.h"
#include "verify/gen.h"

#define PAGE VMA_PAGE_SIZE
#define MLOCK_LIMIT (64ULL << 20)

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define UFFD_SIGBUS (1 << 7) /* UFFD_FEATURE_SIGBUS: nobody answers faults here */
#define UFFD_WP_ASYNC (1 << 15 | 1 << 13) /* with WP_UNPOPULATED, which it implies */

static const struct choice advices[] = {
	{ 0, 8 },   /* NORMAL */
	{ 1, 8 },   /* RANDOM */
	{ 2, 8 },   /* SEQUENTIAL */
	{ 3, 4 },   /* WILLNEED */
	{ 4, 8 },   /* DONTNEED */
	{ 8, 4 },   /* FREE */
	{ 9, 3 },   /* REMOVE */
	{ 10, 6 },  /* DONTFORK */
	{ 11, 6 },  /* DOFORK */
	{ 12, 3 },  /* MERGEABLE */
	{ 13, 3 },  /* UNMERGEABLE */
	{ 14, 5 },  /* HUGEPAGE */
	{ 15, 5 },  /* NOHUGEPAGE */
	{ 16, 6 },  /* DONTDUMP */
	{ 17, 6 },  /* DODUMP */
	{ 18, 5 },  /* WIPEONFORK */
	{ 19, 5 },  /* KEEPONFORK */
	{ 20, 3 },  /* COLD */
	{ 21, 3 },  /* PAGEOUT */
	{ 22, 4 },  /* POPULATE_READ */
	{ 23, 4 },  /* POPULATE_WRITE */
	{ 24, 2 },  /* DONTNEED_LOCKED */
	{ 102, 4 }, /* GUARD_INSTALL */
	{ 103, 4 }, /* GUARD_REMOVE */
	{ 99, 1 },  /* no such advice */
};

#define FILL_MOST (64ULL << 20)

/* Is there shmem in the range, mapped shared or private, or memory that reclaim may drop? *mapped: the
 * bytes mapped in it. */
static bool meets_reclaim(const struct gen *g, u64 start, u64 len, u64 *mapped)
{
	const u64 end = start + len < start ? ~0ULL : start + len;
	const struct vma *vma = vma_find(g->mm, page_down(start));
	bool found = false;

	*mapped = 0;
	for (; vma && vma->vm_start < end; vma = vma_next(g->mm, vma)) {
		found |= vma_maps_shmem(g->st->world, vma) || vma->vm_flags & VM_DROPPABLE;
		*mapped += min_u64(end, vma->vm_end) - max_u64(start, vma->vm_start);
		if (*mapped > FILL_MOST && found)
			break;
	}
	return found;
}

static u64 sensible_advice(struct gen *g, u64 advice, u64 start, u64 len)
{
	u64 mapped;
	const bool reclaim = meets_reclaim(g, start, len, &mapped);

	/* Reclaim decides whether clean pages stay in their object; a userfaultfd would tell. Pages that
	 * were given up by MADV_FREE go, once the CPU that gave them up has said so. */
	if (advice == MADV_PAGEOUT && (reclaim || g->st->lazily_freed))
		return MADV_COLD;
	/* Page by page; even guard pages take page tables. */
	if ((advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE ||
	     advice == MADV_GUARD_INSTALL) && mapped > FILL_MOST)
		return MADV_DONTNEED;
	return advice;
}

void make_madvise(struct gen *g, struct step *s)
{
	s->op = VMA_OP_MADVISE;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	s->arg[2] = sensible_advice(g, CHOOSE(g, advices), s->arg[0], s->arg[1]);
}

/* What makes pages come and go, where there are some. */
void make_page_advice(struct gen *g, struct step *s)
{
	static const struct choice about_pages[] = {
		{ 4, 30 },   /* DONTNEED */
		{ 8, 8 },    /* FREE */
		{ 9, 10 },   /* REMOVE */
		{ 18, 4 },   /* WIPEONFORK */
		{ 19, 4 },   /* KEEPONFORK */
		{ 20, 3 },   /* COLD */
		{ 22, 8 },   /* POPULATE_READ */
		{ 23, 10 },  /* POPULATE_WRITE */
		{ 24, 5 },   /* DONTNEED_LOCKED */
		{ 102, 10 }, /* GUARD_INSTALL */
		{ 103, 10 }, /* GUARD_REMOVE */
	};
	const struct vma *vma = vma_gen_vma(g);

	s->op = VMA_OP_MADVISE;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	if (vma && vma_pages(vma) < 64 && chance(g, 70)) {
		s->arg[0] = vma->vm_start + below(g, vma_pages(vma)) * PAGE;
		s->arg[1] = min_u64((1 + below(g, 4)) * PAGE, vma->vm_end - s->arg[0]);
	}
	s->arg[2] = sensible_advice(g, CHOOSE(g, about_pages), s->arg[0], s->arg[1]);
}

void make_process_madvise(struct gen *g, struct step *s)
{
	make_madvise(g, s);
	s->op = VMA_OP_PROCESS_MADVISE;
	s->arg[3] = chance(g, 5);
	if (!chance(g, 30))
		return;
	s->second = true;
	vma_gen_range(g, &s->arg[4], &s->arg[5]);
	s->arg[2] = sensible_advice(g, s->arg[2], s->arg[4], s->arg[5]);
}

void make_mlock(struct gen *g, struct step *s)
{
	static const struct choice ops[] = {
		{ VMA_OP_MLOCK, 35 }, { VMA_OP_MLOCK2, 25 }, { VMA_OP_MUNLOCK, 40 },
	};

	s->op = (enum vma_op_id)CHOOSE(g, ops);
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	if (s->op == VMA_OP_MLOCK2)
		s->arg[2] = chance(g, 5) ? 2 : below(g, 2) * MLOCK_ONFAULT;
}

void make_mlockall(struct gen *g, struct step *s)
{
	static const struct choice flags[] = {
		{ MCL_CURRENT, 20 }, { MCL_FUTURE, 20 }, { MCL_CURRENT | MCL_FUTURE, 15 },
		{ MCL_CURRENT | MCL_ONFAULT, 15 }, { MCL_FUTURE | MCL_ONFAULT, 15 },
		{ MCL_ONFAULT, 3 }, { 0, 3 }, { 8, 3 },
	};

	/* Locking fills memory: not when there is much to fill. */
	s->op = chance(g, 50) || g->mm->total_vm << VMA_PAGE_SHIFT > MLOCK_LIMIT ?
		VMA_OP_MUNLOCKALL : VMA_OP_MLOCKALL;
	if (s->op == VMA_OP_MLOCKALL)
		s->arg[0] = CHOOSE(g, flags);
}

void make_mseal(struct gen *g, struct step *s)
{
	s->op = VMA_OP_MSEAL;
	/* What is sealed stays: one page, and not in the middle of the arena. */
	s->arg[0] = ARENA + (g->profile->arena_pages + below(g, 12)) * PAGE;
	s->arg[1] = (1 + below(g, 2)) * PAGE;
	if (chance(g, 5))
		s->arg[2] = 1;
	if (chance(g, g->profile->wild))
		s->arg[0] += 8;
}

void make_mbind(struct gen *g, struct step *s)
{
	static const struct choice modes[] = {
		{ MPOL_DEFAULT, 30 }, { MPOL_PREFERRED, 20 }, { MPOL_BIND, 20 },
		{ MPOL_INTERLEAVE, 15 }, { MPOL_LOCAL, 10 }, { 5, 5 }, { 6, 3 }, { 20, 1 },
	};

	s->op = VMA_OP_MBIND;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	s->arg[2] = CHOOSE(g, modes);
	if (s->arg[2] != MPOL_DEFAULT && s->arg[2] != MPOL_LOCAL) {
		s->arg[3] = chance(g, 85) ? 1 : below(g, 4);
		s->arg[4] = 64;
		if (chance(g, 10))
			s->arg[2] |= chance(g, 50) ? MPOL_F_STATIC_NODES : MPOL_F_RELATIVE_NODES;
	}
	s->arg[5] = chance(g, 20) ? MPOL_MF_MOVE : 0;
}

void make_set_mempolicy(struct gen *g, struct step *s)
{
	static const struct choice maxnodes[] = {
		{ 64, 60 }, { 65, 5 }, { 2, 10 }, { 1, 5 }, { 0, 5 }, { 32770, 4 },
	};

	s->op = VMA_OP_SET_MEMPOLICY;
	s->arg[0] = below(g, 9);
	if (chance(g, 20))
		s->arg[0] |= 1ULL << (13 + below(g, 3));
	s->arg[1] = chance(g, 25) ? 0 : chance(g, 80) ? 1 : below(g, 8);
	s->arg[2] = CHOOSE(g, maxnodes);
}

void make_name(struct gen *g, struct step *s)
{
	static const char *const names[] = { NULL, "a", "b", "heap of cards" };

	s->op = VMA_OP_SET_VMA_NAME;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	s->name = names[below(g, ARRAY_SIZE(names))];
}

void make_remap_file_pages(struct gen *g, struct step *s)
{
	s->op = VMA_OP_REMAP_FILE_PAGES;
	vma_gen_range(g, &s->arg[0], &s->arg[1]);
	s->arg[2] = chance(g, 5) ? PROT_READ : 0;
	s->arg[3] = below(g, 16);
	s->arg[4] = chance(g, 5) ? MAP_NONBLOCK : 0;
}

void make_shm(struct gen *g, struct step *s)
{
	static const struct choice flags[] = {
		{ 0, 40 }, { 010000, 20 }, { 040000, 20 }, { 020000, 8 }, { 0100000, 4 },
		{ 050000, 6 }, { 060000, 4 },
	}; /* SHM_RDONLY 010000, SHM_RND 020000, SHM_REMAP 040000, SHM_EXEC 0100000 */
	const struct vma *vma = vma_gen_vma(g);
	u64 which;

	if (!g->st->files->nr_segments)
		return;
	if (chance(g, 35)) {
		s->op = VMA_OP_SHMDT;
		s->arg[0] = vma && chance(g, 60) ? vma->vm_start : vma_gen_addr(g);
		/* It looks for a segment from there on: none of the puppet's own is one. */
		return;
	}
	which = below(g, g->st->files->nr_segments);
	s->op = VMA_OP_SHMAT;
	s->file = (u8)(STEP_SEGMENT + which);
	s->arg[0] = (u64)g->st->files->segment[which].id;
	s->arg[1] = chance(g, 25) ? 0 : vma_gen_addr(g);
	s->arg[2] = CHOOSE(g, flags);
	if (vma_gen_is_ours(g, s->arg[1], 16 * PAGE))
		s->arg[1] = 0;
}

void make_uffd(struct gen *g, struct step *s)
{
	const u64 ctx = STAGE_UFFD + below(g, STAGE_NR_UFFD);
	static const struct choice modes[] = {
		{ 1, 60 }, { 2, 10 }, { 3, 10 }, { 4, 8 }, { 5, 4 }, { 7, 3 }, { 0, 2 }, { 8, 2 },
	}; /* MISSING 1, WP 2, MINOR 4 */
	u64 addr, len;

	if (g->st->no_uffd)
		return;
	vma_gen_range(g, &addr, &len);
	s->arg[0] = ctx;
	if (chance(g, 1)) {
		s->op = VMA_OP_UFFD_CLOSE;
		return;
	}
	if (chance(g, g->uffd_ready & 1U << (ctx - STAGE_UFFD) ? 2 : 75)) {
		s->op = VMA_OP_UFFD_API;
		s->arg[1] = UFFD_SIGBUS | (chance(g, 12) ? UFFD_WP_ASYNC : 0);
		return;
	}
	s->arg[1] = addr;
	s->arg[2] = len;
	s->op = chance(g, 60) ? VMA_OP_UFFD_REGISTER : VMA_OP_UFFD_UNREGISTER;
	if (s->op == VMA_OP_UFFD_REGISTER)
		s->arg[3] = CHOOSE(g, modes);
}

void make_setrlimit(struct gen *g, struct step *s)
{
	static const struct choice what[] = {
		{ RLIMIT_AS, 35 }, { RLIMIT_DATA, 25 }, { RLIMIT_MEMLOCK, 25 }, { RLIMIT_STACK, 15 },
	};
	u64 pages_now;

	s->op = VMA_OP_SETRLIMIT;
	s->arg[0] = CHOOSE(g, what);
	pages_now = s->arg[0] == RLIMIT_AS ? g->mm->total_vm :
		    s->arg[0] == RLIMIT_DATA ? g->mm->data_vm :
		    s->arg[0] == RLIMIT_MEMLOCK ? g->mm->locked_vm : g->mm->stack_vm;
	s->arg[1] = (pages_now + below(g, 24)) * PAGE - (chance(g, 10) ? 100 : 0);
	if (chance(g, 20))
		s->arg[1] = VMA_RLIM_INFINITY;
	s->arg[2] = g->mm->rlimit[s->arg[0]].max;
	if (s->arg[1] > s->arg[2])
		s->arg[1] = s->arg[2];
}

void make_pkey(struct gen *g, struct step *s)
{
	static const struct choice ops[] = {
		{ VMA_OP_PKEY_ALLOC, 10 }, { VMA_OP_PKEY_FREE, 5 }, { VMA_OP_PKEY_MPROTECT, 85 },
	};

	/* Without the CPU's help every one of them fails: not worth many calls. */
	if (!vma_world_system(g->st->world)->pkeys && !chance(g, 5))
		return;
	s->op = (enum vma_op_id)CHOOSE(g, ops);
	if (s->op == VMA_OP_PKEY_ALLOC) {
		s->arg[1] = chance(g, 30) ? 1 + below(g, 2) : 0;
	} else if (s->op == VMA_OP_PKEY_FREE) {
		/* Never key 0: whoever gets it next, with rights or for execute-only memory,
		 * takes the puppet's own pages from it. */
		s->arg[0] = 1 + below(g, 4);
	} else {
		vma_gen_range(g, &s->arg[0], &s->arg[1]);
		s->arg[2] = vma_gen_prot(g);
		s->arg[3] = chance(g, 20) ? (u64)-1 : below(g, 4);
	}
}

void make_process_setting(struct gen *g, struct step *s)
{
	static const struct choice ops[] = {
		{ VMA_OP_SET_MEMORY_MERGE, 40 }, { VMA_OP_SET_THP_DISABLE, 40 }, { VMA_OP_SET_MDWE, 20 },
	};

	s->op = (enum vma_op_id)CHOOSE(g, ops);
	/* What MDWE forbids stays forbidden: late in an episode, and then all its values. */
	if (s->op == VMA_OP_SET_MDWE && g->st->done.nr < g->profile->episode / 2)
		s->op = VMA_OP_SET_THP_DISABLE;
	s->arg[0] = below(g, s->op == VMA_OP_SET_MDWE ? 5 : 2);
}

/* ---------------------------------------------------------------- processes */

void make_fork(struct gen *g, struct step *s)
{
	unsigned int alive = 0, free_one = STAGE_PUPPETS;

	for (unsigned int i = 0; i < STAGE_PUPPETS; i++) {
		if (vma_stage_mm(g->st, i))
			alive++;
		else if (free_one == STAGE_PUPPETS)
			free_one = i;
	}
	if (alive >= g->profile->max_puppets || free_one == STAGE_PUPPETS)
		return;
	s->op = VMA_OP_FORK;
	s->child = (u8)free_one;
}

void make_exit(struct gen *g, struct step *s)
{
	unsigned int alive = 0;

	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		alive += vma_stage_mm(g->st, i) != NULL;
	if (alive > 1) /* the last one stays */
		s->op = VMA_OP_EXIT;
}
