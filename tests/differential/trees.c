/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trees SEED: a tree of processes that map, write, cut, move and drop memory, fork and end, at
 * random; each step is made while the others wait. When all have come to rest their numbers are
 * printed on one line. They end with standard input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define ARENA ((char *)0x200000000000)
#define SLOTS 10 /* of 64 pages: few, so that ranges meet again */
#define MOST 8   /* processes */
#define RW (PROT_READ | PROT_WRITE)

/* What all see. */
static struct {
	char busy;
	int born, rested, pid[MOST], gone[MOST];
} *all;

static unsigned long long seed;
static int me; /* place in all */
static sigjmp_buf fault;

static unsigned rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % n);
}

static char *place(void)
{
	return ARENA + (rnd(SLOTS) * 64 + rnd(64)) * PAGE;
}

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(fault, 1);
}

static void touch(char *at, size_t pages, int write)
{
	if (sigsetjmp(fault, 1))
		return;
	for (size_t i = 0; i < pages; i++) {
		if (write)
			at[i * PAGE]++;
		else
			(void)*(volatile char *)(at + i * PAGE);
	}
}

static void map(char *at, int file)
{
	static const int prots[] = { RW, RW, RW, PROT_READ, PROT_NONE, RW | PROT_EXEC };
	const size_t size = (8 + rnd(40)) * PAGE;
	const int prot = prots[rnd(6)], fixed = MAP_PRIVATE | MAP_FIXED_NOREPLACE;

	switch (rnd(6)) {
	case 0:
		mmap(at, size, prot, fixed, file, (off_t)(rnd(8) * PAGE));
		break;
	case 1: /* where the kernel wants it, as malloc does */
		at = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		touch(at, rnd(5), 1);
		break;
	default:
		mmap(at, size, prot, fixed | MAP_ANONYMOUS, -1, 0);
		break;
	}
}

static void rest(int end)
{
	all->gone[me] = end;
	__atomic_add_fetch(&all->rested, 1, __ATOMIC_SEQ_CST);
	if (end)
		_exit(0);
	for (;;)
		pause();
}

static void lock(void)
{
	while (__atomic_test_and_set(&all->busy, __ATOMIC_ACQUIRE))
		usleep(100);
}

static void unlock(void)
{
	__atomic_clear(&all->busy, __ATOMIC_RELEASE);
}

/* In the child; its parent may end at once. */
static int fork_now(void)
{
	if (all->born == MOST)
		return 0;
	const int born = all->born++, ends = !rnd(6);
	const pid_t pid = fork();

	if (pid < 0)
		all->born--;
	if (pid > 0)
		all->pid[born] = pid;
	if (pid > 0 && ends) {
		unlock();
		rest(1);
	}
	if (pid)
		return 0;
	me = born;
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return 1;
}

static int step(int file)
{
	static const int advice[] = { MADV_DONTFORK, MADV_WIPEONFORK, MADV_DOFORK, MADV_KEEPONFORK };
	static const int prots[] = { RW, RW, PROT_READ, PROT_NONE };
	char *at = place();
	const size_t pages = 1 + rnd(16), size = pages * PAGE;

	switch (rnd(18)) {
	case 0 ... 2: map(at, file); break;
	case 3 ... 7: touch(at, pages, 1); break;
	case 8: touch(at, pages, 0); break;
	case 9: mprotect(at, size, prots[rnd(4)]); break;
	case 10: munmap(at, size); break;
	case 11: madvise(at, size, MADV_DONTNEED); break;
	case 12: madvise(at, size, advice[rnd(4)]); break;
	case 13: free(calloc(1, 1000 + rnd(200000))); break;
	case 14: mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place()); break;
	case 15: mremap(at, size, size + 8 * PAGE, MREMAP_MAYMOVE); break;
	default: return fork_now();
	}
	return 0;
}

static void live(int file, int steps)
{
	for (int i = 0; i < steps; i++) {
		lock();
		if (!step(file)) {
			unlock();
			continue;
		}
		i = 0; /* a child, with a life of its own; the parent has the lock */
		steps = 20 + (int)rnd(40);
	}
	rest(0);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	char c;

	if (argc != 2)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	seed = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ULL + 1;
	for (int i = 0; i < 20; i++)
		rnd(2);
	all = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	all->born = 1;
	const pid_t first = fork();
	if (!first)
		live(open("/proc/self/exe", O_RDONLY), 90);
	all->pid[0] = first;
	while (__atomic_load_n(&all->rested, __ATOMIC_SEQ_CST) < all->born)
		usleep(1000);
	for (int i = 0; i < all->born; i++)
		if (!all->gone[i])
			printf("%d ", all->pid[i]);
	puts("");
	fflush(stdout);
	close(1);
	while (read(0, &c, 1) > 0)
		;
	for (int i = 0; i < all->born; i++)
		if (!all->gone[i] && all->pid[i] > 0)
			kill(all->pid[i], SIGKILL);
	return 0;
}
