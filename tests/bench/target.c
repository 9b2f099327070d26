// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes to look at, and one layout of VMAs both in earnest and as a model. */
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libvmactl/engine.h"

#define PAGE 4096UL
#define TIB (1UL << 40)
#define ISLANDS 512

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

struct plan {
	enum target_kind kind;
	u64 n;
	u64 *at;
};

enum { AT_ADDR, AT_LEN, AT_VMAS, AT_LONGEST };

/* ---------------------------------------------------------------- kinds */

/* Adjacent VMAs that differ in what may be done; every eighth is of a file. */
static bool make_mixed(struct plan *p)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *base = mmap(NULL, p->n * 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || fd < 0)
		return false;
	for (u64 i = 0; i < p->n; i++) {
		char *a = base + i * 2 * PAGE;

		if (i % 8 == 3 && mmap(a, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
					  MAP_FAILED)
			return false;
		if (i % 2 && i % 8 != 3) {
			if (mprotect(a, 2 * PAGE, PROT_READ | PROT_WRITE))
				return false;
			if (i % 4 == 1)
				*a = 1;
			if (i % 16 == 5)
				prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a, 2 * PAGE, "arena");
		}
	}
	close(fd);
	p->at[AT_ADDR] = (u64)base;
	p->at[AT_LEN] = p->n * 2 * PAGE;
	return true;
}

static bool make_present(struct plan *p, u64 span, u64 islands)
{
	char *base = mmap(NULL, span, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return false;
	madvise(base, span, MADV_NOHUGEPAGE);
	for (u64 i = 0; i < islands; i++)
		for (u64 off = 0; off < p->n / islands; off += PAGE)
			base[span / islands * i + off] = 1;
	p->at[AT_ADDR] = (u64)base;
	p->at[AT_LEN] = span;
	return true;
}

/* What any thread of a process does that is looked at: it waits for mmap_lock when it must. */
static void *busy(void *arg)
{
	_Atomic u64 *longest = arg;

	for (;;) {
		double began = bench_now();
		void *a = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(a, 4 * PAGE);
		u64 ns = (u64)((bench_now() - began) * 1e9), seen = atomic_load(longest);
		while (ns > seen && !atomic_compare_exchange_weak(longest, &seen, ns))
			;
	}
	return NULL;
}

static void *target_begin(void *ctx)
{
	struct plan *p = ctx;
	pthread_t thread;
	bool good = p->kind == TARGET_MIXED    ? make_mixed(p)
		    : p->kind == TARGET_SPARSE ? make_present(p, TIB, ISLANDS)
					       : make_present(p, p->n, 1);

	if (!good || (p->kind == TARGET_BUSY &&
		      pthread_create(&thread, NULL, busy, &p->at[AT_LONGEST])))
		return NULL;
	p->at[AT_VMAS] = p->kind == TARGET_MIXED ? p->n : 1;
	return p;
}

static void target_each(void *state, double *out)
{
	const struct plan *p = state;

	*out = (double)atomic_exchange((_Atomic u64 *)&p->at[AT_LONGEST], 0) / 1e9;
}

bool target_start(struct target *t, enum target_kind kind, u64 n)
{
	struct plan p = { .kind = kind, .n = n };

	p.at = t->at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->at == MAP_FAILED)
		return false;
	return worker_start(&t->w, target_begin, target_each, &p, 1);
}

void target_stop(struct target *t)
{
	worker_stop(&t->w);
	munmap(t->at, PAGE);
}

double target_longest(struct target *t)
{
	double seconds = 0;

	worker_ask(&t->w, &seconds, 1);
	return seconds;
}

/* ---------------------------------------------------------------- one layout, twice */

struct vma_world *layout_model(u64 n, struct vma_mm **mm)
{
	struct vma init = { .vm_flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT |
					VM_SOFTDIRTY };
	struct vma_kernel k;
	struct vma_world *w;

	if (vma_kernel_init(&k, "6.18", NULL) || !(w = vma_world_new(&k)))
		bench_die("no model");
	*mm = vma_mm_new(w, 1);
	vma_world_system(w)->max_map_count = (u32)n * 2 + 1000;
	vma_world_system(w)->overcommit_memory = 1;
	for (u64 i = 0; i < n; i++) {
		init.vm_start = LAYOUT_BASE + i * LAYOUT_STEP;
		init.vm_end = init.vm_start + LAYOUT_LEN;
		init.vm_pgoff = init.vm_start / PAGE;
		if (!vma_mm_add(*mm, &init))
			bench_die("no memory for the model");
	}
	return w;
}

bool layout_real(u64 n)
{
	for (u64 i = 0; i < n; i++) {
		void *a = (void *)(LAYOUT_BASE + i * LAYOUT_STEP);

		if (mmap(a, LAYOUT_LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != a)
			return false;
	}
	return true;
}
