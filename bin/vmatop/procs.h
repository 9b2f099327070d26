/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PROCS_H
#define VMATOP_PROCS_H
/* The processes of the machine, as rows for the library's columns, filters and sorting. */
#include "libvmactl/report.h"

enum proc_number {
	PN_VMAS, PN_SHARE, PN_GROWTH, PN_SIZE, PN_RSS, PN_PSS, PN_SWAP, PN_ANON, PN_LOCKED, PN_PTE,
	PN_THREADS, PN_NR
};

/**
 * struct proc
 * @have:  bit per number
 * @first: number of mappings when the viewer first saw it
 * @name:  hostile text
 */
struct proc {
	u32 pid, ppid, uid;
	u32 have;
	u64 num[PN_NR];
	u64 first, start; /* start: its start time, to tell a reused PID */
	char state;
	char name[24], user[24];
	char *cmdline; /* NULL: a kernel thread or unreadable */
};

struct procs {
	struct proc *proc;
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

extern const struct vma_columns proc_columns;

/** procs_read() - NULL only without memory. */
struct procs *procs_read(const struct procs_ask *ask);
void procs_free(struct procs *p);
/** procs_arrange() - filter, order and tree again without reading. False: no memory. */
bool procs_arrange(struct procs *p, const struct procs_ask *ask);

#endif
