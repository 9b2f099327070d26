// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Something to look at: target COUNT maps so many small mappings that cannot merge, target name
 * TEXT FILE takes a hostile name and maps a file of that name, target fork writes to memory and
 * forks two children and a grandchild, which write to it too. Then it sleeps until it is killed, and
 * maps two pages more each time it gets SIGUSR1.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t toggled;

static void toggle(int sig)
{
	(void)sig;
	toggled = 1;
}

static void map_many(size_t nr)
{
	char *p = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	for (size_t i = 1; i < nr; i += 2)
		if (mprotect(p + i * 4096, 4096, PROT_NONE))
			break; /* at the limit */
}

static void map_named(const char *name, const char *file)
{
	FILE *f = fopen(file, "w+");

	prctl(PR_SET_NAME, name);
	if (!f || ftruncate(fileno(f), 4096))
		exit(1);
	mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(f), 0);
}

/* Two children, the first with a child of its own; all end with their parent. */
static void fork_some(void)
{
	char *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	memset(p, 1, 16 * 4096);
	for (int i = 0; i < 2; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(p, 2, 4096);
		if (!i && !fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			memset(p, 3, 4096);
		}
		for (;;)
			pause();
	}
}

int main(int argc, char **argv)
{
	void *page = NULL;

	signal(SIGUSR1, toggle);
	if (argc == 4 && !strcmp(argv[1], "name"))
		map_named(argv[2], argv[3]);
	else if (argc == 2 && !strcmp(argv[1], "fork"))
		fork_some();
	else if (argc == 2)
		map_many(strtoul(argv[1], NULL, 10));
	else
		return 2;
	puts("ready");
	fflush(stdout);
	for (;;) {
		pause();
		if (!toggled)
			continue;
		toggled = 0;
		page = mmap(NULL, 8192, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return 1;
	}
}
