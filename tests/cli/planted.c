/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with one thing wrong, for audit.bats: planted WHAT. Prints the address it is about,
 * then waits to be killed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096

static char *anon(size_t len, int prot, int flags)
{
	char *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

__attribute__((aligned(PAGE), noinline)) static int victim(int x)
{
	return x * 3 + 1;
}

static void *wx(void)
{
	return anon(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, 0);
}

static void *anon_exec(void)
{
	return anon(PAGE, PROT_READ | PROT_EXEC, 0);
}

static void *exec_stack(void)
{
	char *here = (char *)((unsigned long)&here & ~(PAGE - 1UL));

	mprotect(here, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	return here;
}

static void *exec_heap(void)
{
	char *p = (char *)((unsigned long)malloc(64 * PAGE) & ~(PAGE - 1UL));

	p = (char *)((unsigned long)sbrk(0) & ~(PAGE - 1UL)) - 8 * PAGE;
	mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	return p;
}

static void *wx_alias(void)
{
	int fd = memfd_create("jit", 0);

	if (ftruncate(fd, PAGE))
		perror("ftruncate");
	mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
}

static void *patch(unsigned char with)
{
	unsigned char *code = (unsigned char *)(unsigned long)victim;
	unsigned char *page = (unsigned char *)((unsigned long)code & ~(PAGE - 1UL));

	mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	*(volatile unsigned char *)code = with ? with : *code;
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
	return code;
}

static void *text_differs(void)
{
	return patch(0xcc);
}

static void *text_dirty(void)
{
	return patch(0);
}

static void *relro_undone(void)
{
	extern char __data_start, _GLOBAL_OFFSET_TABLE_;
	char *page = (char *)((unsigned long)&_GLOBAL_OFFSET_TABLE_ & ~(PAGE - 1UL));

	(void)&__data_start;
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	return page;
}

static void *core_leak(void)
{
	char *p = anon(PAGE, PROT_READ | PROT_WRITE, 0);

	mlock(p, PAGE);
	return p;
}

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

static void *stack_guard(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	/* Of different access, so that they stay two mappings. */
	char *low = anon(80 * PAGE, PROT_READ, 0);

	mprotect(low + 16 * PAGE, 64 * PAGE, PROT_READ | PROT_WRITE);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, low + 16 * PAGE, 64 * PAGE);
	pthread_create(&thread, &attr, sleeper, NULL);
	usleep(100000);
	return low + 16 * PAGE;
}

static void *near_limit(void)
{
	struct rlimit lim = { 64 * PAGE, 64 * PAGE };
	char *p = anon(62 * PAGE, PROT_READ | PROT_WRITE, 0);

	madvise(p, 62 * PAGE, MADV_DONTDUMP);
	mlock(p, 62 * PAGE);
	setrlimit(RLIMIT_MEMLOCK, &lim);
	return p;
}

static void *nothing(void)
{
	return NULL;
}

static const struct {
	const char *name;
	void *(*plant)(void);
} plants[] = {
	{ "wx-mapping", wx }, { "anon-exec", anon_exec }, { "exec-stack", exec_stack },
	{ "exec-heap", exec_heap }, { "wx-alias", wx_alias }, { "text-differs", text_differs },
	{ "text-dirty", text_dirty }, { "relro-undone", relro_undone },
	{ "core-leak", core_leak }, { "stack-guard", stack_guard }, { "near-limit", near_limit },
	{ "nothing", nothing },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(plants) / sizeof(plants[0]); i++) {
		if (strcmp(plants[i].name, argv[1]))
			continue;
		printf("%p\n", plants[i].plant());
		fflush(stdout);
		pause();
		return victim(argc) == 0;
	}
	return 2;
}
