/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where random calls aim. Uniformly random addresses never meet; these lie in a small arena, at
 * the edges of what is mapped, and now and then in the heap, the stack and what the kernel placed.
 */
#include "verify/gen.h"

#include <sys/mman.h>

#include "base/check.h"
#include "base/range.h"

#define PAGE VMA_PAGE_SIZE

/* ---------------------------------------------------------------- random numbers */

static u64 splitmix(u64 *x)
{
	u64 z = (*x += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* xoroshiro128+: small state, no lock-step between neighbouring seeds after splitmix */
u64 vma_gen_u64(struct gen *g)
{
	const u64 a = g->state[0];
	u64 b = g->state[1];
	const u64 result = a + b;

	b ^= a;
	g->state[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
	g->state[1] = b << 37 | b >> 27;
	return result >> 8; /* the lowest bits are the weakest */
}

void vma_gen_init(struct gen *g, struct stage *st, u64 seed)
{
	*g = (struct gen){ .st = st, .profile = st->profile };
	g->state[0] = splitmix(&seed);
	g->state[1] = splitmix(&seed);
}

u64 vma_gen_choice(struct gen *g, const struct choice *c, size_t n)
{
	u64 total = 0, at;

	for (size_t i = 0; i < n; i++)
		total += c[i].weight;
	at = below(g, total);
	for (size_t i = 0; i < n; i++) {
		if (at < c[i].weight)
			return c[i].value;
		at -= c[i].weight;
	}
	return c[0].value;
}

/* ---------------------------------------------------------------- places */

bool vma_gen_is_ours(const struct gen *g, u64 start, u64 len)
{
	return vma_live_is_ours(g->st->live, start, start + (len ? len : 1));
}

static bool in_arena(const struct gen *g, u64 addr)
{
	return addr >= ARENA && addr < ARENA + g->profile->arena_pages * PAGE;
}

/* A random mapping for which @want says yes; one pass (reservoir of one). */
static const struct vma *any_vma(struct gen *g, bool arena)
{
	const struct vma *vma, *found = NULL;
	u64 n = 0;

	vma_for_each(g->mm, vma) {
		if (g->st->nr_filled && vma->vm_start >= STAGE_FILL)
			break; /* tens of thousands that only count */
		if (in_arena(g, vma->vm_start) != arena ||
		    vma_live_is_ours(g->st->live, vma->vm_start, vma->vm_end))
			continue;
		/* The vDSO and its data are worth a call only now and then. */
		if (vma_kind_of(g->st->world, vma) == VMA_KIND_SPECIAL && !chance(g, 10))
			continue;
		if (!below(g, ++n))
			found = vma;
	}
	return found;
}

const struct vma *vma_gen_vma(struct gen *g)
{
	const struct vma *vma = any_vma(g, !chance(g, g->profile->elsewhere));

	return vma ? vma : any_vma(g, true);
}

u64 vma_gen_arena_page(struct gen *g)
{
	return ARENA + below(g, g->profile->arena_pages) * PAGE;
}

/* At an edge of a mapping, or one page beside it. */
static u64 near_edge(struct gen *g, const struct vma *vma)
{
	static const struct choice shift[] = {
		{ 0, 70 }, { PAGE, 12 }, { (u64)-PAGE, 12 }, { 2 * PAGE, 3 }, { (u64)-2 * PAGE, 3 },
	};
	u64 edge = chance(g, 60) ? vma->vm_start : vma->vm_end;

	return edge + CHOOSE(g, shift);
}

static u64 inside(struct gen *g, const struct vma *vma)
{
	return vma->vm_start + below(g, vma_pages(vma)) * PAGE;
}

static u64 draw_addr(struct gen *g)
{
	const bool elsewhere = chance(g, g->profile->elsewhere);
	const struct vma *vma = chance(g, 55) || elsewhere ? any_vma(g, !elsewhere) : NULL;
	u64 addr = !vma ? vma_gen_arena_page(g) : chance(g, 75) ? near_edge(g, vma) : inside(g, vma);

	if (chance(g, g->profile->wild))
		addr += 1 + below(g, PAGE - 1);
	return addr;
}

u64 vma_gen_addr(struct gen *g)
{
	u64 addr = draw_addr(g);

	return vma_gen_is_ours(g, addr, PAGE) ? vma_gen_arena_page(g) : addr;
}

/* To an edge above @addr: the end of its mapping, the start or end of the next. */
static u64 to_edge(struct gen *g, u64 addr)
{
	const struct vma *vma = vma_find(g->mm, addr);
	const struct vma *next = vma ? vma_next(g->mm, vma) : NULL;
	u64 edge;

	if (!vma || vma->vm_end - addr > 64 * PAGE)
		return PAGE;
	if (next && next->vm_end - addr <= 64 * PAGE && chance(g, 40))
		edge = chance(g, 50) ? next->vm_start : next->vm_end;
	else
		edge = vma->vm_start > addr && chance(g, 50) ? vma->vm_start : vma->vm_end;
	return edge - page_down(addr);
}

u64 vma_gen_len(struct gen *g, u64 addr)
{
	/* The last one may succeed: not where mlock() would then fill memory. */
	static const u64 wild[] = { 0, 0, 1ULL << 47, ~0ULL, ~0ULL << 12, 1ULL << 46 };

	if (chance(g, g->profile->wild))
		return wild[below(g, ARRAY_SIZE(wild) - !g->profile->never_fills)];
	if (chance(g, g->profile->wild))
		return 1 + below(g, 6 * PAGE);
	if (chance(g, 30))
		return to_edge(g, addr);
	return (1 + below(g, chance(g, 75) ? 4 : 12)) * PAGE;
}

void vma_gen_range(struct gen *g, u64 *addr, u64 *len)
{
	*addr = vma_gen_addr(g);
	*len = vma_gen_len(g, *addr);
	while (vma_gen_is_ours(g, *addr, *len)) {
		*addr = vma_gen_arena_page(g);
		*len = (1 + below(g, 4)) * PAGE;
	}
}

u64 vma_gen_prot(struct gen *g)
{
	static const struct choice prots[] = {
		{ PROT_READ | PROT_WRITE, 48 }, { PROT_READ, 24 }, { PROT_NONE, 14 },
		{ PROT_READ | PROT_EXEC, 6 }, { PROT_READ | PROT_WRITE | PROT_EXEC, 3 },
		{ PROT_WRITE, 3 }, { PROT_EXEC, 2 },
	};

	return CHOOSE(g, prots);
}

/* ---------------------------------------------------------------- symbolic addresses */

/* Addresses that depend on where the kernel put something are kept relative to it. */
static void make_symbolic(const struct gen *g, struct step *step, unsigned int i)
{
	const u64 v = step->arg[i], margin = 32 * PAGE;
	const u64 brk0 = g->st->brk0, top = g->st->stack_end;

	for (size_t k = g->nr_places; k--;) {
		const struct place *p = &g->place[k];

		if (v + margin < p->start || v > p->end + margin)
			continue;
		step->ref[i] = (struct ref){ REF_RESULT, p->step };
		step->arg[i] = v - (u64)g->st->outcomes[p->step].ret;
		return;
	}
	if (brk0 && v + margin >= brk0 && v < brk0 + (64ULL << 20)) {
		step->ref[i].kind = REF_BRK;
		step->arg[i] = v - brk0;
	} else if (top && v + (16ULL << 20) >= top && v <= top + margin) {
		step->ref[i].kind = REF_STACK;
		step->arg[i] = v - top;
	}
}

static bool pick_who(struct gen *g)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		if (vma_stage_mm(g->st, i) && !below(g, ++n))
			g->who = i;
	g->mm = n ? vma_stage_mm(g->st, g->who) : NULL;
	return n;
}

static void draw(struct gen *g, struct step *step)
{
	const struct weight *w;
	u64 total = 0, at;

	for (w = g->profile->ops; w->make; w++)
		total += w->weight;
	at = below(g, total);
	for (w = g->profile->ops; at >= w->weight; w++)
		at -= w->weight;
	w->make(g, step);
}

void vma_gen_step(struct gen *g, struct step *step)
{
	if (!pick_who(g))
		return;
	do {
		*step = (struct step){ .who = (u8)g->who };
		if (g->profile->limits && g->st->done.nr < 3)
			make_setrlimit(g, step);
		else
			draw(g, step);
	} while (step->op == VMA_OP_NONE || !vma_op_at(step->op));
	for (unsigned int i = 0; i < VMA_OP_ARGS; i++)
		if (vma_step_is_addr(step->op, i) && step->arg[i])
			make_symbolic(g, step, i);
}

void vma_gen_learn(struct gen *g, const struct step *step, const struct outcome *out, u32 n)
{
	const u64 start = (u64)out->ret;
	const u64 len = step->op == VMA_OP_MREMAP ? step->arg[2] :
			step->op == VMA_OP_SHMAT ? VMA_PAGE_SIZE : step->arg[1];
	struct place *p;

	if (step->op == VMA_OP_UFFD_API && !out->err)
		g->uffd_ready |= 1U << (step->arg[0] - STAGE_UFFD);
	if (out->err || out->sig || step->op == VMA_OP_BRK || !vma_op_at(step->op)->returns_address)
		return;
	if (in_arena(g, start) || len > (64ULL << 20))
		return;
	if (g->nr_places == GEN_PLACES) {
		for (size_t i = 1; i < GEN_PLACES; i++)
			g->place[i - 1] = g->place[i];
		g->nr_places--;
	}
	p = &g->place[g->nr_places++];
	*p = (struct place){ n, start, start + page_up(len) };
}
