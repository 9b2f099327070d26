/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_OPARGS_H
#define VMACTL_OPARGS_H
/*
 * Words of a command line to the arguments of an operation, by the kinds that the engine's table
 * gives them:
 *
 *   addresses   0x7f.., [heap], [stack], libc.so.6, libc.so.6+0x1000, @1 (what step 1 returned)
 *   lengths     4096, 4K, 2MiB
 *   protection  r--, rw-, none, PROT_READ|PROT_WRITE, read|write
 *   constants   by name, with or without the prefix (MADV_DONTNEED, dontneed), joined by |
 *   files       -1, a descriptor of the process, PATH, rw:PATH
 */
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/rebuild.h"

struct opargs {
	struct vma_model *model;
	const struct vma_result *results; /* of the steps before, for @N */
	size_t nr_results;
	const char *procfs;               /* where descriptors of the process are, "/proc" */
};

/* Fills @call from a name and its words. 0, or -errno with the message; -EINVAL: wrong use. */
int opargs_parse(const struct opargs *a, const char *name, char **words, size_t nr,
		 struct vma_call *call, struct vma_err *err);

/* "mprotect ADDR LEN PROT": as the command line takes it. Returns out. */
char *opargs_synopsis(const struct vma_op *op, char *out, size_t size);

/* The file that a word means, made in the model's world: a path, or a descriptor of the process.
 * *id is VMA_FILE_BAD for a descriptor that is not open. */
int opargs_file(const struct opargs *a, const char *word, u32 *id, struct vma_err *err);
/* A segment of SysV shared memory by its id; *id is VMA_FILE_BAD when there is none. */
int opargs_segment(const struct opargs *a, const char *word, u32 *id, struct vma_err *err);

#endif
