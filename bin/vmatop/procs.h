/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PROCS_H
#define VMATOP_PROCS_H
/* The processes of the machine, as rows for the library's columns, filters and sorting. */
#include "libvmactl/report.h"
#include "read/processes.h"

struct procs {
	struct process *proc; /* by PID */
	size_t nr, cap;
	u64 max_map_count, read_ns;
	size_t denied; /* processes whose maps may not be read */
	u32 *row;      /* what is shown, in order: indexes */
	u8 *depth;     /* of each shown row in the tree */
	size_t nr_rows;
	struct vma_err err; /* unreadable /proc, or a filter that is none */
};

struct procs_ask {
	const char *procfs; /* NULL: /proc */
	const u32 *only;    /* these PIDs alone */
	size_t nr_only;
	const char *filter, *order; /* "" none */
	bool tree;
	const struct procs *old; /* growth and PSS carry on from it; NULL */
};

/** procs_read() - NULL only without memory. */
struct procs *procs_read(const struct procs_ask *ask);
void procs_free(struct procs *p);
/** procs_arrange() - filter, order and tree again without reading. False: no memory. */
bool procs_arrange(struct procs *p, const struct procs_ask *ask);

#endif
