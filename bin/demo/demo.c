// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process to look at: maps some memory, says where, and does what it is told on standard input.
 *
 *   PID ADDRESS LENGTH            what it prints first: its memory, readable, writable, written
 *   mprotect ADDRESS LENGTH PROT  a line it obeys, PROT as in "rw-"; answered by the return value
 *                                 and the errno's name: "0", "-1 ENOMEM"
 *
 * Ends with its input. bin/demo/show drives it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 12

static int prot_of(const char *word)
{
	return (strchr(word, 'r') ? PROT_READ : 0) | (strchr(word, 'w') ? PROT_WRITE : 0) |
	       (strchr(word, 'x') ? PROT_EXEC : 0);
}

/* Answers one line; anything but a complete mprotect line ends the process. */
static int obey(const char *line)
{
	unsigned long addr, len;
	char word[8];

	if (sscanf(line, "mprotect %lx %lu %7s", &addr, &len, word) != 3) {
		fprintf(stderr, "vmactl-demo: not understood: %s", line);
		return -1;
	}
	if (mprotect((void *)addr, len, prot_of(word)))
		printf("-1 %s\n", strerrorname_np(errno));
	else
		printf("0\n");
	return 0;
}

/*
 * One mapping of its own: unreadable neighbours keep it from being joined with whatever the
 * kernel would place beside it.
 */
static char *map_memory(size_t page, size_t len)
{
	char *all = mmap(NULL, len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED || mprotect(all + page, len, PROT_READ | PROT_WRITE))
		return NULL;
	memset(all + page, 1, len);
	return all + page;
}

int main(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = PAGES * page;
	static char in[BUFSIZ], out[BUFSIZ];
	char line[128];
	char *memory = map_memory(page, len);

	if (!memory) {
		perror("vmactl-demo: mmap");
		return 1;
	}
	/* stdio's own buffers would change the heap between two looks at it */
	setvbuf(stdin, in, _IOLBF, sizeof(in));
	setvbuf(stdout, out, _IOLBF, sizeof(out));
	printf("%d 0x%lx %zu\n", (int)getpid(), (unsigned long)memory, len);
	while (fgets(line, sizeof(line), stdin))
		if (obey(line))
			return 1;
	return 0;
}
