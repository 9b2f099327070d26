/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_DEMO_H
#define SCRIPT_DEMO_H
/* Demonstrations of kernel properties: a few calls, run on the model of any kernel. */
#include "libvmactl/error.h"
#include "libvmactl/model.h"

/* @script or @why_not is NULL. */
struct demo {
	const char *prop;
	const char *script;
	const char *why_not;
};

/* What became of a script: its last result, and the address space it leaves in growing detail.
 * Two outcomes are told apart by the first line that differs. */
enum demo_detail { DEMO_RESULT, DEMO_MAPPINGS, DEMO_FLAGS, DEMO_COUNTERS, DEMO_NR };
#define DEMO_TEXT 1024
struct demo_outcome {
	char text[DEMO_NR][DEMO_TEXT];
};

/* The row of a property, NULL when the table lacks it. */
const struct demo *demo_of(const char *prop);
/* Runs a script on kernel @k. 0, or -errno when it is not understood. */
int demo_run(const struct demo *d, const struct vma_kernel *k, struct demo_outcome *out,
	     struct vma_err *err);
/* The first detail in which two outcomes differ, DEMO_NR: none. */
enum demo_detail demo_differ(const struct demo_outcome *a, const struct demo_outcome *b);

#endif
