/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_SMAPS_BODIES_H
#define READ_SMAPS_BODIES_H
/*
 * What stands in a record of smaps behind its header, and how most of it needs not be read.
 *
 * All records have the same lines in the same order, and few different bodies take turns in a process
 * with many: guards, stacks, blocks of an allocator. The bodies met last are kept, as text and as
 * what it says, and what is the same again needs one comparison. A record that is none of them is
 * compared line by line with the one that was not met for longest, and takes its place.
 *
 *   slot[]      body[0]                    body[1]
 *   at 0        Size:           4 kB       Size:           8 kB
 *   at 28       Rss:            0 kB       Rss:            8 kB
 *   ...         ...                        ...
 *   at 640      VmFlags: rd mr mw me       VmFlags: rd wr mr mw me ac
 *
 * Only the flags, which come last, differ in length. A line that is not what its slot says ends the
 * likeness: from there on all is learnt anew.
 */
#include "libvmactl/read.h"

/* Keys of lines: enum vma_smaps_key, and these. */
enum { SMAPS_FLAGS = VMA_SMAPS_NR, SMAPS_UNKNOWN };

struct smaps_line {
	u8 key;
	u64 value;
	const char *text;
	size_t len;     /* newline included */
	size_t key_len; /* colon included */
};

/* What lines say: counters, flags without the protection key, and how many nobody understood. */
struct smaps_said {
	u64 kb[VMA_SMAPS_NR];
	u64 flags;
	u32 have, unknown;
	bool has_flags;
};

struct smaps_bodies;

/* NULL without memory. */
struct smaps_bodies *bodies_new(void);
void bodies_free(struct smaps_bodies *b);

/* Another record begins. */
void bodies_next(struct smaps_bodies *b);

/* Takes lines from the front of whole ones, as many as are known. Returns their bytes, and their
 * number in *@nr. */
size_t bodies_take(struct smaps_bodies *b, const char *p, size_t left, size_t *nr);

/* The line that bodies_take() left. @learn: the same text always says the same. */
void bodies_add(struct smaps_bodies *b, const struct smaps_line *line, bool learn);

/* What the record says so far. *@number: see vma_fact_map.body. */
const struct smaps_said *bodies_said(struct smaps_bodies *b, u32 *number);

/* "   120 kB\n", "    0\n". Returns the text behind the newline, NULL when it is not that. */
const char *smaps_value(const char *p, u64 *value);

#endif
