/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_CALLARGS_H
#define REPORT_CALLARGS_H
/*
 * Words that people type to the arguments of an operation, by the kinds that the engine's table
 * gives them:
 *
 *   lengths     4096, 4K, 2MiB
 *   protection  r--, rw-, none, PROT_READ|PROT_WRITE, read|write
 *   constants   by name, with or without the prefix (MADV_DONTNEED, dontneed), joined by |
 *   addresses, files, segments   by functions of the caller, who knows the process
 */
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/model.h"

/**
 * struct callargs - what only the caller can tell
 * @file, @segment: give the id of a file in the world, 0: none (-1), VMA_FILE_BAD: not open
 */
struct callargs {
	void *ctx;
	int (*address)(void *ctx, const char *text, u64 *out, struct vma_err *err);
	int (*file)(void *ctx, const char *text, u32 *id, struct vma_err *err);
	int (*segment)(void *ctx, const char *text, u64 *shmid, u32 *id, struct vma_err *err);
};

/** callargs_nr() - how many arguments an operation has. */
size_t callargs_nr(const struct vma_op *op);
/** callargs_one() - argument @i of @call from @text, which call->name borrows when it is a name. */
int callargs_one(const struct callargs *a, const struct vma_op *op, size_t i, const char *text,
		 struct vma_call *call, struct vma_err *err);
/** callargs_number() - a number, perhaps negative, of the argument called @arg. */
int callargs_number(const char *text, const char *arg, u64 *out, struct vma_err *err);
/** callargs_default() - what an argument that was left out is; 0 unless that would be a trap. */
void callargs_default(const struct vma_mm *mm, const struct vma_op *op, size_t i,
		      struct vma_call *call);
/** callargs_op() - an operation by name; NULL with a suggestion in @err. */
const struct vma_op *callargs_op(const char *name, struct vma_err *err);

/**
 * callargs_mapping() - the first mapping of a name in the model as it is now
 * @text: a number; [heap], [stack], a path or its last part; with +OFFSET perhaps
 *
 * 1: found; 0: no mapping is called so; -EINVAL: it begins as a number and is none.
 */
int callargs_mapping(const struct vma_mm *mm, const char *text, u64 *out, struct vma_err *err);

#endif
