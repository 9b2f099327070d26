// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process with a known address space, that makes one call when it is told to.
 *
 *   puppet OP             sets the scene, prints "ARENA FILE_MAPPING", waits for a line on standard
 *                         input, makes call OP, prints "RESULT ERRNO", waits until it is killed
 *
 * The arena is 32 pages of anonymous memory, the first 16 written to, one after the other read-only
 * in page 8; the file mapping is four pages of this program, shared, from a read-only descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define NR_PAGES 32

static char *arena, *file;

static long middle(void) { return mprotect(arena + 2 * PAGE, 2 * PAGE, PROT_READ); }
static long heal(void) { return mprotect(arena + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE); }
static long to_next(void) { return mprotect(arena + 7 * PAGE, PAGE, PROT_READ); }
static long hole(void) { return mprotect(arena + 30 * PAGE, 4 * PAGE, PROT_NONE); }
static long denied(void) { return mprotect(file, PAGE, PROT_READ | PROT_WRITE); }
static long unaligned(void) { return mprotect(arena + 1, PAGE, PROT_READ); }
static long overflow(void) { return mprotect(arena, -PAGE, PROT_READ); }
static long unmap(void) { return munmap(arena + 4 * PAGE, PAGE); }
static long huge_unmap(void) { return munmap(arena, 1UL << 48); }
static long lock(void) { return mlock(arena + PAGE, 3 * PAGE); }
static long dontfork(void) { return madvise(arena, 2 * PAGE, MADV_DONTFORK); }
static long whole(void) { return mprotect(arena, 24 * PAGE, PROT_NONE); }
static long sealed(void)
{
	return syscall(462, arena, PAGE, 0) ? 0 : mprotect(arena, PAGE, PROT_READ);
}
static long fixed(void)
{
	return (long)mmap(arena + 5 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
			  MAP_FIXED, -1, 0);
}
static long anywhere(void)
{
	return (long)mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long shrink(void) { return (long)mremap(arena + 16 * PAGE, 16 * PAGE, PAGE, 0); }

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "middle", middle }, { "heal", heal }, { "to_next", to_next }, { "hole", hole },
	{ "denied", denied }, { "unaligned", unaligned }, { "overflow", overflow },
	{ "unmap", unmap }, { "huge_unmap", huge_unmap }, { "lock", lock },
	{ "dontfork", dontfork }, { "whole", whole }, { "sealed", sealed }, { "fixed", fixed },
	{ "anywhere", anywhere }, { "shrink", shrink },
};

static void set_scene(const char *program)
{
	int fd = open(program, O_RDONLY);

	arena = mmap((void *)0x200000000000, NR_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	memset(arena, 1, 16 * PAGE);
	mprotect(arena + 8 * PAGE, PAGE, PROT_READ);
	file = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

int main(int argc, char **argv)
{
	/* no stdio between the scene and the call: its buffers are memory too */
	char text[128], line[8];
	int n;

	if (argc != 2)
		return 2;
	set_scene(argv[0]);
	n = snprintf(text, sizeof(text), "%p %p\n", (void *)arena, (void *)file);
	if (write(1, text, (size_t)n) != n || read(0, line, sizeof(line)) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[1]))
			continue;
		errno = 0;
		long ret = calls[i].call();
		n = snprintf(text, sizeof(text), "%ld %s\n", ret, errno ? strerrorname_np(errno) : "0");
		if (write(1, text, (size_t)n) != n)
			return 1;
		for (;;)
			pause();
	}
	return 2;
}
