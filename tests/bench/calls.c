// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's operations beside the real calls, on the same layout of the same number of VMAs. */
#include "bench.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libvmactl/engine.h"

#define PAGE 4096UL

/* What one round of a worker brings, seconds each unless it says otherwise. */
enum { PAIR, PAIR_NEAR, MMAP_PAIR, LOOKUP, ITERATE, FORK, FORK_NEW, CLONE, CLONE_NEW,
       BYTES, NR };
static const struct {
	const char *name, *unit;
	double scale;
} rows[NR] = {
	[PAIR] = { "split+merge pair", "us", 1e6 },
	[PAIR_NEAR] = { "split+merge pair, one place", "us", 1e6 },
	[MMAP_PAIR] = { "mmap+munmap pair", "us", 1e6 },
	[LOOKUP] = { "look-up", "ns", 1e9 },
	[ITERATE] = { "iteration, a VMA", "ns", 1e9 },
	[FORK] = { "fork, a VMA", "ns", 1e9 },
	[FORK_NEW] = { "fork into new memory, a VMA", "ns", 1e9 },
	[CLONE] = { "clone of the world, a VMA", "ns", 1e9 },
	[CLONE_NEW] = { "clone into new memory, a VMA", "ns", 1e9 },
	[BYTES] = { "memory, a VMA", "bytes", 1 },
};

struct bed {
	u64 n;
	int times;
	u32 seed;
	struct vma_world *w;
	struct vma_mm *mm;
	int maps; /* for PROCMAP_QUERY, -1 */
};

/* The same order of places for both. */
static u64 place(struct bed *b)
{
	b->seed = b->seed * 1664525 + 1013904223;
	return LAYOUT_BASE + (u64)(b->seed >> 4) % b->n * LAYOUT_STEP;
}

/* ---------------------------------------------------------------- the model */

static s64 op(struct bed *b, enum vma_op_id id, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct vma_call c = { .op = id, .arg = { a0, a1, a2, a3, ~0ULL, 0 } };
	struct vma_result r;

	if (vma_op_run(b->mm, &c, &r) || r.err)
		_exit(1);
	return r.ret;
}

static void *model_begin(void *ctx)
{
	struct bed *b = ctx;

	/* What was freed stays with malloc(), as the kernel's slab keeps its pages; see
	 * model_copies() for the other case. */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 32 << 20); /* its maximum */
	b->w = layout_model(b->n, &b->mm);
	return b;
}

static void model_pair(struct bed *b, u64 at)
{
	op(b, VMA_OP_MPROTECT, at + PAGE, 2 * PAGE, PROT_READ, 0);
	op(b, VMA_OP_MPROTECT, at + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, 0);
}

static double model_walk(struct bed *b)
{
	int times = (int)(4000000 / b->n) + 1;
	volatile u64 sum = 0;
	double began = bench_cpu();

	for (int i = 0; i < times; i++) {
		const struct vma *v;
		u64 s = 0;

		vma_for_each(b->mm, v)
			s += v->vm_end;
		sum += s;
	}
	return (bench_cpu() - began) / times / (double)b->n;
}

/* fork and clone, on a copy that is thrown away, so that rounds do not pile up. */
static void model_copies(struct bed *b, double *clone, double *fork)
{
	struct vma_call c = { .op = VMA_OP_FORK };
	struct vma_result r;
	double began = bench_cpu();
	struct vma_world *w = vma_world_clone(b->w);

	*clone = (bench_cpu() - began) / (double)b->n;
	struct vma_mm *mm = w ? vma_mm_at(w, 0) : NULL;
	began = bench_cpu();
	if (!mm || vma_op_run(mm, &c, &r) || r.err)
		_exit(1);
	*fork = (bench_cpu() - began) / (double)b->n;
	vma_world_free(w);
}

static void model_each(void *state, double *out)
{
	struct bed *b = state;
	volatile u64 sum = 0;
	double began = bench_cpu();

	for (int i = 0; i < b->times; i++)
		model_pair(b, place(b));
	out[PAIR] = (bench_cpu() - began) / b->times;
	began = bench_cpu();
	for (int i = 0; i < b->times; i++)
		model_pair(b, LAYOUT_BASE + b->n / 2 * LAYOUT_STEP);
	out[PAIR_NEAR] = (bench_cpu() - began) / b->times;
	began = bench_cpu();
	for (int i = 0; i < b->times; i++) {
		s64 at = op(b, VMA_OP_MMAP, 0, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);

		op(b, VMA_OP_MUNMAP, (u64)at, 4 * PAGE, 0, 0);
	}
	out[MMAP_PAIR] = (bench_cpu() - began) / b->times;
	began = bench_cpu();
	for (int i = 0; i < b->times; i++)
		sum += vma_find(b->mm, place(b))->vm_end;
	out[LOOKUP] = (bench_cpu() - began) / b->times;
	out[ITERATE] = model_walk(b);
	/* Page faults of new memory cost more than the copy itself: both are told. */
	malloc_trim(0);
	model_copies(b, &out[CLONE_NEW], &out[FORK_NEW]);
	model_copies(b, &out[CLONE], &out[FORK]);
	out[BYTES] = (double)vma_world_bytes(b->w) / (double)b->n;
}

/* ---------------------------------------------------------------- the kernel */

/* PROCMAP_QUERY of 6.11; the headers may be older. */
struct procmap_query {
	u64 size, query_flags, query_addr, vma_start, vma_end, vma_flags, vma_page_size;
	u64 vma_offset, inode;
	u32 dev_major, dev_minor, vma_name_size, build_id_size;
	u64 vma_name_addr, build_id_addr;
};
#define QUERY_IOCTL _IOWR('f', 17, struct procmap_query)

static void *real_begin(void *ctx)
{
	struct bed *b = ctx;

	b->maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	return layout_real(b->n) ? b : NULL;
}

static void real_pair(u64 at)
{
	if (mprotect((void *)(at + PAGE), 2 * PAGE, PROT_READ) ||
	    mprotect((void *)(at + PAGE), 2 * PAGE, PROT_READ | PROT_WRITE))
		_exit(1);
}

static double real_lookup(struct bed *b)
{
	double began = bench_cpu();

	for (int i = 0; i < b->times; i++) {
		struct procmap_query q = { .size = sizeof(q), .query_addr = place(b) };

		if (ioctl(b->maps, QUERY_IOCTL, &q))
			return 0; /* before 6.11 */
	}
	return (bench_cpu() - began) / b->times;
}

static double real_fork(struct bed *b)
{
	double began = bench_cpu();
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	double took = bench_cpu() - began;
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		_exit(1);
	return took / (double)b->n;
}

static void real_each(void *state, double *out)
{
	struct bed *b = state;
	double began = bench_cpu();

	for (int i = 0; i < b->times; i++)
		real_pair(place(b));
	out[PAIR] = (bench_cpu() - began) / b->times;
	began = bench_cpu();
	for (int i = 0; i < b->times; i++)
		real_pair(LAYOUT_BASE + b->n / 2 * LAYOUT_STEP);
	out[PAIR_NEAR] = (bench_cpu() - began) / b->times;
	began = bench_cpu();
	for (int i = 0; i < b->times; i++) {
		void *a = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (a == MAP_FAILED || munmap(a, 4 * PAGE))
			_exit(1);
	}
	out[MMAP_PAIR] = (bench_cpu() - began) / b->times;
	out[LOOKUP] = real_lookup(b);
	out[FORK] = real_fork(b);
}

/* ---------------------------------------------------------------- side by side */

static void keep(struct bench *b, u64 n, const char *who, const double *v)
{
	char name[64];

	for (int i = 0; i < NR; i++) {
		if (!(v[i] > 0))
			continue;
		snprintf(name, sizeof(name), "%s, %s (%llu)", who, rows[i].name,
			 (unsigned long long)n);
		bench_sample(b, name, rows[i].unit, v[i] * rows[i].scale);
	}
}

static void bars(struct bench *b, u64 n)
{
	static const struct {
		int row;
		enum bar_kind kind;
		double limit;
		bool over, every; /* every: at any number of VMAs */
	} bar[] = {
		{ PAIR, BAR_AT_LEAST, 8, true, true },
		{ MMAP_PAIR, BAR_AT_LEAST, 8, true, true },
		{ PAIR, BAR_AT_MOST, 0.45, false, false },
		{ MMAP_PAIR, BAR_AT_MOST, 0.45, false, false },
		{ LOOKUP, BAR_AT_MOST, 90, false, false },
		{ ITERATE, BAR_AT_MOST, 8, false, false },
		{ FORK, BAR_AT_MOST, 20, false, false },
		{ BYTES, BAR_AT_MOST, 96, false, true },
	};
	char what[96], model[64], real[64];

	for (size_t i = 0; i < sizeof(bar) / sizeof(*bar); i++) {
		const char *name = rows[bar[i].row].name;

		if (n == 1000 || (!bar[i].every && n != 60000))
			continue;
		snprintf(model, sizeof(model), "model, %s (%llu)", name, (unsigned long long)n);
		snprintf(real, sizeof(real), "real, %s (%llu)", name, (unsigned long long)n);
		snprintf(what, sizeof(what), bar[i].over ? "%s, %llu VMAs: real / model"
							 : "%s, %llu VMAs, %s",
			 name, (unsigned long long)n, rows[bar[i].row].unit);
		bench_bar(b, bar[i].kind, bar[i].limit, what, bar[i].over ? real : model,
			  bar[i].over ? model : NULL);
	}
	if (n != 1000000)
		return;
	bench_bar(b, BAR_AT_MOST, 2.5, "split+merge pair: 1,000,000 VMAs / 1,000",
		  "model, split+merge pair (1000000)", "model, split+merge pair (1000)");
	bench_bar(b, BAR_AT_MOST, 2.5, "mmap+munmap pair: 1,000,000 VMAs / 1,000",
		  "model, mmap+munmap pair (1000000)", "model, mmap+munmap pair (1000)");
}

void bench_calls(struct bench *b, u64 n)
{
	struct bed bed = { .n = n, .times = b->quick ? 25000 : 200000, .seed = 1 };
	struct worker model = { 0 }, real = { 0 };
	double v[NR];
	bool have_real = bench_map_count(b, n + 4000) && worker_start(&real, real_begin, real_each,
								       &bed, NR);

	bench_say("the model and the real calls, %llu VMAs", (unsigned long long)n);
	if (!have_real)
		bench_unmeasured(b, "real calls with %llu VMAs: vm.max_map_count is %llu",
				 (unsigned long long)n, (unsigned long long)b->max_map_count);
	if (!worker_start(&model, model_begin, model_each, &bed, NR))
		bench_die("the model does not start");
	for (int round = 0; round < b->rounds; round++) {
		if (!worker_ask(&model, v, NR))
			bench_die("the model refused a call");
		keep(b, n, "model", v);
		if (have_real && worker_ask(&real, v, NR))
			keep(b, n, "real", v);
	}
	worker_stop(&model);
	worker_stop(&real);
	bars(b, n);
}
