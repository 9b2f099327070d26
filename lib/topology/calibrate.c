// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a fork takes on this machine: a process of our own is given memory of one kind after the
 * other, about as much as the process in question has, rests, and forks. How long a page or a
 * mapping takes depends on how many there are and on what ran before: they are in the caches, or
 * they are not.
 *
 * That process is a copy of ours, which may have threads: raw system calls only in there.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "base/range.h"
#include "libvmactl/topology.h"

#define ROUNDS 15
#define BUDGET_NS 200e6 /* CPU time of one kind of memory; three rounds there are in any case */
#define IDLE_NS 2000000 /* before each fork: who forks has mostly waited for something */
#define MOST_BYTES (512UL << 20)

/* Our own time on a CPU: what others run meanwhile is no part of a fork. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A child that ends at once, without a look at memory: it may have next to none. */
static long fork_once(void)
{
#ifdef __x86_64__
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "mov %[nr_exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n\t"
			 "1:"
			 : "=a"(ret)
			 : "a"((long)SYS_clone), "D"((long)SIGCHLD), "S"(0L), "d"(0L), "r"(r10),
			   "r"(r8), [nr_exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return ret;
#else
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid;
#endif
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* One page of each step, new and written, as the pages of a process are at its first fork: to fork
 * again with those that were shared before takes half as long. */
static void dirty(char *at, size_t len, size_t step)
{
	if (len)
		madvise(at, len, MADV_DONTNEED);
	for (size_t i = 0; i < len; i += step)
		((volatile char *)at)[i]++;
}

/* The time of a fork, the median of some, each after a rest and with new pages; < 0: none happened. */
static double time_fork(char *at, size_t len, size_t step)
{
	const struct timespec rest = { .tv_nsec = IDLE_NS };
	const double start = now();
	double took[ROUNDS];
	size_t nr = 0;

	for (int i = 0; i < ROUNDS && (i < 3 || now() - start < BUDGET_NS); i++) {
		dirty(at, len, step);
		nanosleep(&rest, NULL);
		double began = now();
		long pid = fork_once();
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
	return nr % 2 ? took[nr / 2] : (took[nr / 2 - 1] + took[nr / 2]) / 2;
}

/* What is left of it for each. */
static double per(double ns, u64 nr)
{
	return ns > 0 ? ns / (double)nr : 0;
}

static char *map(size_t len, int advice)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, len, advice);
	return at;
}

/* About as many as there are in question. */
static u64 like(u64 nr, u64 least, u64 most)
{
	return min_u64(max_u64(nr, least), most);
}

/* Page tables of [at, at + len) when nothing else is there: one a level is shared by all. */
static double tables_of(const char *at, size_t len)
{
	const u64 start = (u64)at, end = start + len - 1;

	return (double)((end >> 21) - (start >> 21) + (end >> 30) - (start >> 30) +
			(end >> 39) - (start >> 39) + 3);
}

/*
 * Pages that follow each other, and pages that each need a table: two equations for what a page and
 * what a table costs.
 */
static void time_pages(struct vma_fork_costs *c, u64 nr, u64 nr_sparse)
{
	const size_t len = nr << VMA_PAGE_SHIFT, wide = nr_sparse * VMA_PMD_SIZE;
	char *dense = map(len, MADV_NOHUGEPAGE), *sparse;
	double d, s, n = (double)nr, m = (double)nr_sparse, det;

	if (!dense)
		return;
	d = time_fork(dense, len, VMA_PAGE_SIZE) - c->base - c->vma;
	det = tables_of(dense, len);
	munmap(dense, len);
	sparse = map(wide, MADV_NOHUGEPAGE);
	if (!sparse)
		return;
	s = time_fork(sparse, wide, VMA_PMD_SIZE) - c->base - c->vma;
	/* n page + tables table = d, m page + more table = s */
	const double tables = det, more = tables_of(sparse, wide);

	det = n * more - m * tables;
	c->page = per((d * more - s * tables) / det, 1);
	c->table = per((n * s - m * d) / det, 1);
	munmap(sparse, wide);
}

/* Neighbours that are kept apart by a flag: first empty, then each with a page. */
static void time_vmas(struct vma_fork_costs *c, u64 nr, bool faulted)
{
	const size_t len = nr << VMA_PAGE_SHIFT;
	char *at = map(len, MADV_NOHUGEPAGE);

	if (!at)
		return;
	for (size_t i = 0; i < len; i += 2 * VMA_PAGE_SIZE)
		madvise(at + i, VMA_PAGE_SIZE, MADV_DONTDUMP);
	if (!faulted)
		c->vma = per(time_fork(at, 0, 1) - c->base, nr);
	else
		c->anon_vma = per(time_fork(at, len, VMA_PAGE_SIZE) - c->base -
				  c->table * tables_of(at, len) -
				  (c->vma + c->page) * (double)nr, nr);
	munmap(at, len);
}

static void time_huge(struct vma_fork_costs *c, u64 nr)
{
	const size_t len = (nr + 1) * VMA_PMD_SIZE;
	char *at = map(len, MADV_HUGEPAGE), *first;

	if (!at)
		return;
	first = (char *)round_up_to((u64)at, VMA_PMD_SIZE);
	/* the tables of the upper levels; those below are put aside, and part of the price */
	c->huge = per(time_fork(first, nr * VMA_PMD_SIZE, VMA_PMD_SIZE) - c->base - c->vma -
		      2 * c->table, nr);
	munmap(at, len);
}

static void measure(const struct vma_fork_bill *b, u64 most_pages, struct vma_fork_costs *c)
{
	const u64 vmas = like(b->copied + b->wiped, 256, 4096);

	c->base = time_fork(NULL, 0, 1);
	if (c->base < 0)
		return;
	time_vmas(c, vmas, false);
	/* A page costs something; where others' work hid it, look again. */
	for (int i = 0; i < 3 && !(c->page > 0); i++)
		time_pages(c, like(b->pages, 256, most_pages), like(b->tables[0], 64, 1024));
	time_vmas(c, vmas, true);
	if (b->huge)
		time_huge(c, like(b->huge, 128, min_u64(most_pages >> 9, 256)));
}

/* Up to an eighth of what is free. */
static u64 most_pages(void)
{
	const long nr = sysconf(_SC_AVPHYS_PAGES);

	return min_u64(max_u64(nr > 0 ? (u64)nr / 8 : 0, 1024), MOST_BYTES >> VMA_PAGE_SHIFT);
}

/* Leave our own memory out of the forks, but the code that forks. Where fork_once() needs more,
 * all of it stays, and makes the fixed cost too high. @text: room for maps. */
static void leave_out_memory(char *text, size_t size)
{
#ifdef __x86_64__
	AUTO(undo_close) int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	for (char *p = text; *p; p += *p == '\n') {
		const u64 start = strtoul(p, &p, 16), end = strtoul(p + (*p == '-'), &p, 16);

		if (end <= (u64)fork_once || start > (u64)fork_once)
			madvise((void *)start, end - start, MADV_DONTFORK);
		p += strcspn(p, "\n");
	}
#else
	(void)text, (void)size;
#endif
}

/* What the measuring process shares with us. */
struct desk {
	struct vma_fork_costs costs;
	char text[64 * 1024];
};

int vma_fork_calibrate(const struct vma_fork_bill *b, struct vma_fork_costs *out,
		       struct vma_err *err)
{
	struct desk *desk = mmap(NULL, sizeof(*desk), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc = 0;
	long pid;

	if (desk == MAP_FAILED)
		return vma_fail(err, errno, "calibration: %m");
	desk->costs.base = -1;
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		leave_out_memory(desk->text, sizeof(desk->text));
		measure(b, most_pages(), &desk->costs);
		_exit(0);
	}
	if (pid < 0)
		rc = vma_fail(err, errno, "calibration: fork: %m");
	while (pid > 0 && waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	*out = desk->costs;
	munmap(desk, sizeof(*desk));
	if (!rc && out->base < 0)
		rc = vma_fail(err, EAGAIN, "calibration: no process could be made");
	return rc;
}
