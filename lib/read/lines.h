/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_LINES_H
#define READ_LINES_H
/*
 * Whole lines out of a file or out of memory, in constant memory: a window of 64 KiB that grows
 * only for a line that is longer.
 *
 * Parsers work straight in the window: everything between lines_at() and @limit is whole lines,
 * may be written to, and stays until the next lines_more().
 */
#include "libvmactl/error.h"
#include "libvmactl/types.h"

#define LINES_WINDOW (64 * 1024)
#define LINES_PIECE 4096 /* what a read should have room for */

struct lines {
	const char *name;  /* for messages: "maps" */
	int fd;            /* -1: @mem */
	const char *mem;
	size_t mem_left;
	char *buf;
	size_t cap, len;
	size_t pos;        /* first byte not taken yet */
	size_t limit;      /* behind the last newline of the window */
	bool eof;
	u64 nr;            /* lines taken, for messages; counted by the parser */
	u64 bytes;
	u32 reads;
	u64 (*clock)(void); /* to find the longest read; NULL: nobody asks */
	u64 longest;        /* ns */
};

void lines_init_fd(struct lines *l, const char *name, int fd);
void lines_init_mem(struct lines *l, const char *name, const char *text, size_t len);
void lines_fini(struct lines *l);

/*
 * Makes sure that there is at least one whole line. Returns 1, 0 at the end, -errno. Text without
 * a final newline is cut off and an error (-EBADMSG): the kernel always writes one.
 */
int lines_more(struct lines *l, struct vma_err *err);

/* Takes one line; its newline becomes a NUL. NULL at the end, then *@rc is 0 or -errno. */
char *lines_next(struct lines *l, int *rc, struct vma_err *err);

static inline char *lines_at(struct lines *l)
{
	return l->buf + l->pos;
}

/* -EBADMSG, with the file, the line and the column (both from 1). */
int lines_bad(const struct lines *l, const char *line, const char *at, const char *what,
	      struct vma_err *err);

#endif
