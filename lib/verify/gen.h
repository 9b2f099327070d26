/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_GEN_H
#define VERIFY_GEN_H
/* Random steps that look at the model to find the spots where something happens. */
#include "verify/stage.h"

/* The arena: far from where the kernel places anything. */
#define ARENA 0x100000000000ULL

/* A place the kernel chose: addresses in it are kept relative to the step that made it. */
struct place {
	u32 step;
	u64 start, end;
};
#define GEN_PLACES 32

struct gen {
	u64 state[2];
	const struct profile *profile;
	struct stage *st;
	const struct vma_mm *mm; /* of the puppet whose turn it is */
	unsigned int who;
	struct place place[GEN_PLACES];
	size_t nr_places;
	unsigned int uffd_ready; /* bit per userfaultfd: UFFDIO_API was done */
};

void vma_gen_init(struct gen *g, struct stage *st, u64 seed);
/* Draws the next step. */
void vma_gen_step(struct gen *g, struct step *step);
/* Tells what became of it (the step is number @n of the stage). */
void vma_gen_learn(struct gen *g, const struct step *step, const struct outcome *out, u32 n);

/* ---- draws, for the makers ---- */

u64 vma_gen_u64(struct gen *g);
/* 0 .. n-1 */
static inline u64 below(struct gen *g, u64 n)
{
	return vma_gen_u64(g) % n;
}
static inline bool chance(struct gen *g, unsigned int percent)
{
	return below(g, 100) < percent;
}

struct choice {
	u64 value;
	unsigned int weight;
};
u64 vma_gen_choice(struct gen *g, const struct choice *c, size_t n);
#define CHOOSE(g, table) vma_gen_choice((g), (table), ARRAY_SIZE(table))

/* An address worth trying, and a length from there; never in what the puppet needs. */
void vma_gen_range(struct gen *g, u64 *addr, u64 *len);
u64 vma_gen_addr(struct gen *g);
u64 vma_gen_arena_page(struct gen *g);
u64 vma_gen_len(struct gen *g, u64 addr);
u64 vma_gen_prot(struct gen *g);
/* A mapping of the puppet's that may be used, NULL when there is none. */
const struct vma *vma_gen_vma(struct gen *g);
bool vma_gen_is_ours(const struct gen *g, u64 start, u64 len);

/* ---- makers, one an operation ---- */

void make_mmap(struct gen *g, struct step *s);
void make_huge(struct gen *g, struct step *s);
void make_munmap(struct gen *g, struct step *s);
void make_mprotect(struct gen *g, struct step *s);
void make_touch(struct gen *g, struct step *s);
void make_mremap(struct gen *g, struct step *s);
void make_madvise(struct gen *g, struct step *s);
void make_mlock(struct gen *g, struct step *s);
void make_mlockall(struct gen *g, struct step *s);
void make_brk(struct gen *g, struct step *s);
void make_mseal(struct gen *g, struct step *s);
void make_mbind(struct gen *g, struct step *s);
void make_name(struct gen *g, struct step *s);
void make_remap_file_pages(struct gen *g, struct step *s);
void make_shm(struct gen *g, struct step *s);
void make_uffd(struct gen *g, struct step *s);
void make_setrlimit(struct gen *g, struct step *s);
void make_pkey(struct gen *g, struct step *s);
void make_set_mempolicy(struct gen *g, struct step *s);
void make_process_setting(struct gen *g, struct step *s);
void make_page_advice(struct gen *g, struct step *s);
void make_process_madvise(struct gen *g, struct step *s);
void make_fork(struct gen *g, struct step *s);
void make_exit(struct gen *g, struct step *s);
void make_stack_touch(struct gen *g, struct step *s);

#endif
