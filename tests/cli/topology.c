/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes with a known history, for why, fork, pages, anon, rmap and locks.
 *
 *   topology SCENE        sets the scene, prints "CHILD ARENA" (CHILD 0: none), sleeps
 *
 *   neighbours  two written halves that became alike afterwards
 *   forked      one mapping, cut by mprotect, then fork; both undo the cut
 *   tree        a written mapping; a child, and a child of it, that share its pages
 *   orphan      a written mapping; a child of a child of it that has ended, which shares its pages and
 *               has a child of its own
 *   same        a written mapping; CHILD has the same address space (CLONE_VM)
 *   leaderless  a written mapping; the first thread ends, another lives on
 *   pages       written, read, untouched, and with a guard page where the kernel can
 *   huge        4 MiB in huge pages, and behind them a terabyte with nothing but its last page
 *   secret      16 pages of memfd_secret, half of them written; CHILD is 1 where that cannot be had
 *   forker      as many MiB as a second argument says, and holes; forks when a line comes in, and
 *               prints "CHILD MICROSECONDS"; the child never runs on
 *   charged     as many MiB that count as committed, none of them written; forks when a line comes
 *               in, and prints the errno
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define ARENA ((char *)0x200000000000)
#define RW (PROT_READ | PROT_WRITE)

static void map(size_t nr, int prot)
{
	if (mmap(ARENA, nr * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
	    ARENA)
		_exit(1);
	madvise(ARENA, nr * PAGE, MADV_NOHUGEPAGE);
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void say(pid_t child)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%d %p\n", (int)child, (void *)ARENA);

	if (write(1, text, (size_t)n) != n)
		_exit(1);
}

static void neighbours(void)
{
	map(32, PROT_NONE);
	mprotect(ARENA, 4 * PAGE, RW);
	memset(ARENA, 1, 4 * PAGE);
	mprotect(ARENA + 8 * PAGE, 4 * PAGE, RW);
	memset(ARENA + 8 * PAGE, 1, 4 * PAGE);
	mprotect(ARENA + 4 * PAGE, 4 * PAGE, RW);
	say(0);
}

static void forked(void)
{
	int done[2];
	pid_t child;
	char c;

	map(32, RW);
	memset(ARENA, 1, 8 * PAGE);
	mprotect(ARENA + 4 * PAGE, 4 * PAGE, PROT_READ);
	if (pipe(done))
		_exit(1);
	child = fork_child();
	mprotect(ARENA + 4 * PAGE, 4 * PAGE, RW);
	if (!child) {
		if (write(done[1], "", 1) != 1)
			_exit(1);
		return;
	}
	if (read(done[0], &c, 1) == 1)
		say(child);
}

static void tree(void)
{
	int done[2];
	char c;

	map(16, RW);
	memset(ARENA, 1, 16 * PAGE);
	if (pipe(done))
		_exit(1);
	pid_t child = fork_child();
	if (!child) {
		ARENA[0] = 2;
		if (fork_child() == 0 && write(done[1], "", 1) != 1)
			_exit(1);
		return;
	}
	if (read(done[0], &c, 1) == 1)
		say(child);
}

static void orphan(void)
{
	int told[2];
	pid_t child;

	map(16, RW);
	memset(ARENA, 1, 16 * PAGE);
	if (pipe(told))
		_exit(1);
	pid_t middle = fork();
	if (!middle) {
		if (fork())
			_exit(0);
		child = getpid();
		if (fork_child() && write(told[1], &child, sizeof(child)) != sizeof(child))
			_exit(1);
		return;
	}
	waitpid(middle, NULL, 0);
	if (read(told[0], &child, sizeof(child)) == sizeof(child))
		say(child);
}

static int wait_for_end(void *arg)
{
	(void)arg;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

static void same(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	map(16, RW);
	memset(ARENA, 1, 16 * PAGE);
	say(clone(wait_for_end, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL));
}

static void leaderless(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	map(16, RW);
	memset(ARENA, 1, 16 * PAGE);
	if (clone(wait_for_end, stack + sizeof(stack),
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0)
		_exit(1);
	say(0);
	syscall(SYS_exit, 0);
}

static void pages(void)
{
	map(64, RW);
	memset(ARENA, 1, 16 * PAGE);
	for (size_t i = 32; i < 40; i++)
		(void)*(volatile char *)(ARENA + i * PAGE);
	say(0);
}

static void huge(void)
{
	const size_t tib = 1UL << 40;

	map(1024, RW);
	madvise(ARENA, 1024 * PAGE, MADV_HUGEPAGE);
	memset(ARENA, 1, 1024 * PAGE);
	if (mmap(ARENA + (1UL << 30), tib, RW,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		_exit(1);
	madvise(ARENA + (1UL << 30), tib, MADV_NOHUGEPAGE);
	ARENA[(1UL << 30) + tib - PAGE] = 1;
	say(0);
}

static void secret(void)
{
#ifdef SYS_memfd_secret
	const int fd = (int)syscall(SYS_memfd_secret, 0);

	if (fd >= 0 && !ftruncate(fd, 16 * PAGE) &&
	    mmap(ARENA, 16 * PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0) == ARENA) {
		memset(ARENA, 1, 8 * PAGE);
		say(0);
		return;
	}
#endif
	say(1);
}

static size_t mib = 1;

static void forker(void)
{
	size_t nr = mib << 8;
	struct timespec a, b;
	char line[8], text[64];

	map(nr + (1 << 20), RW);
	memset(ARENA, 1, nr * PAGE);
	for (size_t i = 0; i < 5; i++) /* alone in their tables */
		ARENA[(nr + ((i + 1) << 12)) * PAGE] = 1;
	mprotect(ARENA + (nr + 1000) * PAGE, PAGE, PROT_READ);
	madvise(ARENA + (nr + 3000) * PAGE, PAGE, MADV_DONTFORK);
	say(0);
	if (read(0, line, sizeof(line)) < 0)
		_exit(1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			syscall(SYS_pause);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	int n = snprintf(text, sizeof(text), "%ld %ld\n", pid,
			 (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	if (write(1, text, (size_t)n) != n)
		_exit(1);
}

static void charged(void)
{
	char line[8], text[24];

	map(mib << 8, RW);
	say(0);
	while (read(0, line, sizeof(line)) > 0) {
		const pid_t pid = fork();

		if (!pid)
			_exit(0);
		const int n = snprintf(text, sizeof(text), "%d\n", pid < 0 ? errno : 0);

		if (pid > 0)
			waitpid(pid, NULL, 0);
		if (write(1, text, (size_t)n) != n)
			_exit(1);
	}
}

static const struct {
	const char *name;
	void (*set)(void);
} scenes[] = {
	{ "neighbours", neighbours }, { "forked", forked }, { "tree", tree }, { "orphan", orphan },
	{ "same", same }, { "pages", pages }, { "huge", huge }, { "forker", forker },
	{ "charged", charged }, { "leaderless", leaderless }, { "secret", secret },
};

int main(int argc, char **argv)
{
	if (argc == 3)
		mib = strtoul(argv[--argc], NULL, 10);
	for (size_t i = 0; argc == 2 && i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (strcmp(argv[1], scenes[i].name))
			continue;
		scenes[i].set();
		for (;;)
			pause();
	}
	return 2;
}
