/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REBUILD_FILEARG_H
#define REBUILD_FILEARG_H
/*
 * The file behind an argument that somebody typed: its identity and what the kernel asks of it,
 * found by stat(), as a file of the world.
 */
#include "libvmactl/error.h"
#include "libvmactl/model.h"
#include "libvmactl/read.h"

/**
 * struct filearg - what was found
 * @is_file: @file and @path say what to add to a world; otherwise @id is 0 (none was named) or
 *           VMA_FILE_BAD (a descriptor that is not open, no such segment)
 */
struct filearg {
	bool is_file;
	u32 id;
	struct vma_file file;
	char path[4096];
};

/**
 * filearg_file() - the file that a word means
 * @w:      what is mapped there tells more of a file system than stat() does
 * @facts:  of the process whose descriptors are meant
 * @procfs: where these are, NULL: /proc
 * @word:   -1: none; a descriptor; PATH, opened for reading; rw:PATH, wo:PATH, ro:PATH
 */
int filearg_file(const struct vma_world *w, const struct vma_facts *facts, const char *procfs,
		 const char *word, struct filearg *out, struct vma_err *err);
/** filearg_segment() - a segment of SysV shared memory by its id; none: VMA_FILE_BAD. */
int filearg_segment(const struct vma_world *w, const char *procfs, const char *word,
		    struct filearg *out, struct vma_err *err);
/** filearg_add() - into a world; *id is then the file's, or 0 or VMA_FILE_BAD as it was found. */
int filearg_add(struct vma_world *w, const struct filearg *a, u32 *id, struct vma_err *err);

#endif
