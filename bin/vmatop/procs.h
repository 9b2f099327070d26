/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PROCS_H
#define VMATOP_PROCS_H
/*
 * The processes of the machine, or the targets of the command line, as rows for the library's
 * columns, filters and sorting. A row with a tag is target number @tag - 1, which is no PID; its
 * command is then the target itself.
 */
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
	const char *kernel;
	char *const *targets; /* these alone, PIDs and others; none: all processes */
	size_t nr_targets;
	const char *filter, *order; /* "" none */
	bool tree;
	const struct procs *old; /* growth and PSS carry on from it; NULL */
};

/** proc_key() - tells rows apart, also two captures of one process. */
static inline u64 proc_key(const struct process *p)
{
	return (u64)p->tag << 32 | p->pid;
}
/** target_is_pid() - a number is always a process. */
bool target_is_pid(const char *target);

/** procs_read() - NULL only without memory. */
struct procs *procs_read(const struct procs_ask *ask);
void procs_free(struct procs *p);
/** procs_arrange() - filter, order and tree again without reading. False: no memory. */
bool procs_arrange(struct procs *p, const struct procs_ask *ask);

#endif
