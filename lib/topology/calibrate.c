// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a fork takes on this machine: a process of our own is given memory of one kind after the
 * other and forks. Raw system calls only in there: it is a copy of a process with threads, maybe.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/topology.h"

#define ROUNDS 5
#define SMALL_BYTES (16UL << 20)
#define NR_VMAS 4000UL
#define NR_SPARSE 256UL
#define NR_HUGE 16UL

/* Our own time on a CPU: what others run meanwhile is no part of a fork. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* One page of each step, written: what was shared with a child that is gone is ours again. */
static void dirty(char *at, size_t len, size_t step)
{
	for (size_t i = 0; i < len; i += step)
		((volatile char *)at)[i]++;
}

/* The time of a fork, the second best of some, with this memory freshly written before each; < 0: none happened. */
static double time_fork(char *at, size_t len, size_t step)
{
	double took[ROUNDS];
	size_t nr = 0;

	for (int i = 0; i < ROUNDS; i++) {
		dirty(at, len, step);
		double began = now();
		long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			_exit(0);
		double ended = now();
		if (pid < 0)
			continue;
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			;
		took[nr++] = ended - began;
	}
	if (!nr)
		return -1;
	qsort(took, nr, sizeof(*took), by_value);
	return took[nr > 1];
}

/* What memory adds to @without, divided by @nr of whatever it is made of. */
static double per(double with, double without, double nr)
{
	return with > without ? (with - without) / nr : 0;
}

static char *map(size_t len, int advice)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, len, advice);
	return at;
}

/* A page costs @len / 4 KiB of them. */
static double time_pages(double base, size_t len)
{
	char *at = map(len, MADV_NOHUGEPAGE);
	double took;

	if (!at)
		return 0;
	took = time_fork(at, len, VMA_PAGE_SIZE);
	munmap(at, len);
	return per(took, base, (double)(len >> VMA_PAGE_SHIFT));
}

static void time_vmas(struct vma_fork_costs *c)
{
	size_t len = NR_VMAS * VMA_PAGE_SIZE;
	char *at = map(len, MADV_NOHUGEPAGE);
	double plain, faulted;

	if (!at)
		return;
	for (size_t i = 0; i < len; i += 2 * VMA_PAGE_SIZE)
		mprotect(at + i, VMA_PAGE_SIZE, PROT_READ);
	plain = time_fork(at, 0, 1);
	c->vma = per(plain, c->base, NR_VMAS);
	faulted = time_fork(at + VMA_PAGE_SIZE, len - VMA_PAGE_SIZE, 2 * VMA_PAGE_SIZE);
	c->anon_vma = per(faulted, plain + c->page_small * NR_VMAS / 2, NR_VMAS / 2);
	munmap(at, len);
}

static void time_sparse(struct vma_fork_costs *c)
{
	size_t len = NR_SPARSE * VMA_PMD_SIZE;
	char *at = map(len, MADV_NOHUGEPAGE);

	if (!at)
		return;
	c->table = per(time_fork(at, len, VMA_PMD_SIZE), c->base + c->page_small * NR_SPARSE,
		       NR_SPARSE);
	munmap(at, len);
}

static void time_huge(struct vma_fork_costs *c)
{
	size_t len = (NR_HUGE + 1) * VMA_PMD_SIZE;
	char *at = map(len, MADV_HUGEPAGE);

	if (!at)
		return;
	char *first = (char *)(((unsigned long)at + VMA_PMD_SIZE - 1) & ~(VMA_PMD_SIZE - 1));
	c->huge = per(time_fork(first, NR_HUGE * VMA_PMD_SIZE, VMA_PMD_SIZE), c->base, NR_HUGE);
	munmap(at, len);
}

/* A quarter of what is free, at most 256 MiB. */
static u64 large_bytes(void)
{
	long free_pages = sysconf(_SC_AVPHYS_PAGES);
	u64 quarter = free_pages > 0 ? (u64)free_pages << VMA_PAGE_SHIFT >> 2 : 0;

	return quarter < 2 * SMALL_BYTES ? 2 * SMALL_BYTES :
	       quarter > 256UL << 20	 ? 256UL << 20 :
					   quarter;
}

static void measure(struct vma_fork_costs *c)
{
	c->base = time_fork(NULL, 0, 1);
	if (c->base < 0)
		return;
	c->page_small = time_pages(c->base, SMALL_BYTES);
	c->large_bytes = large_bytes();
	c->page_large = time_pages(c->base, c->large_bytes);
	time_vmas(c);
	time_sparse(c);
	time_huge(c);
}

static void undo_model(struct vma_model **m)
{
	vma_model_free(*m);
}

/* The measuring process is a copy of ours: what its own memory takes is no part of the base. */
static void without_own_memory(struct vma_fork_costs *c)
{
	const struct vma_open_opts opts = { .levels = VMA_READ_DEFAULT | VMA_READ_PAGES };
	AUTO(undo_model) struct vma_model *self = NULL;
	struct vma_fork_bill own;
	double base = c->base;

	if (vma_open("self", &opts, &self, NULL) || vma_fork_bill(self, &own, NULL))
		return;
	c->base = 0;
	c->base = base - vma_fork_time(&own, c);
	if (c->base < base / 5)
		c->base = base / 5;
}

int vma_fork_calibrate(struct vma_fork_costs *out, struct vma_err *err)
{
	struct vma_fork_costs *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc = 0;
	long pid;

	if (shared == MAP_FAILED)
		return vma_fail(err, errno, "calibration: %m");
	shared->base = -1;
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		measure(shared);
		_exit(0);
	}
	if (pid < 0)
		rc = vma_fail(err, errno, "calibration: fork: %m");
	while (pid > 0 && waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	*out = *shared;
	munmap(shared, sizeof(*shared));
	if (!rc && out->base < 0)
		rc = vma_fail(err, EAGAIN, "calibration: no process could be made");
	if (!rc)
		without_own_memory(out);
	return rc;
}
