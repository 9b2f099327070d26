/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_OPARGS_H
#define VMACTL_OPARGS_H
/*
 * Words of a command line to the arguments of an operation, as report/callargs.h has them, and:
 *
 *   addresses   0x7f.., [heap], [stack], libc.so.6, libc.so.6+0x1000, @1 (what step 1 returned)
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

#endif
