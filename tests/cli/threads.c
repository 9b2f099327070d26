/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process for where.bats, stacks.bats and core.bats: two further threads that wait in functions
 * with known names, an inlined one among them; a private file mapping that was written to, shared
 * memory, memory left out of dumps. Prints "ready", then waits.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int known_variable = 42;
static pthread_barrier_t barrier;

__attribute__((noinline)) void waits_here(int depth);
__attribute__((noinline)) void recurses(int depth);

static inline __attribute__((always_inline)) void inlined_wait(int depth)
{
	pthread_barrier_wait(&barrier);
	if (depth >= 0)
		pause();
}

void waits_here(int depth)
{
	inlined_wait(depth);
	known_variable++;
}

void recurses(int depth)
{
	volatile char room[200];

	memset((char *)room, depth, sizeof(room));
	if (depth)
		recurses(depth - 1);
	else
		waits_here(room[3]);
	known_variable += room[7];
}

static void *worker(void *arg)
{
	pthread_setname_np(pthread_self(), arg);
	recurses(10);
	return NULL;
}

int main(void)
{
	pthread_t thread[2];
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *secret = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = secret[0] = 1;
	madvise(secret, 8192, MADV_DONTDUMP);
	pthread_barrier_init(&barrier, NULL, 3);
	pthread_create(&thread[0], NULL, worker, "worker-one");
	pthread_create(&thread[1], NULL, worker, "worker-two");
	pthread_barrier_wait(&barrier);
	usleep(50000);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
