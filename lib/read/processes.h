/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROCESSES_H
#define READ_PROCESSES_H
/*
 * All processes of a /proc, one after the other: status, the number of mappings, PSS.
 *
 * Mappings are counted as lines of maps, read in blocks and not parsed: on kernels that read maps
 * under per-VMA locks that costs the processes nothing.
 */
#include "libvmactl/error.h"
#include "libvmactl/types.h"

enum process_number {
	PN_VMAS, PN_SHARE, PN_GROWTH, PN_SIZE, PN_RSS, PN_ANON, PN_FILE, PN_SHMEM, PN_PSS, PN_USS,
	PN_SWAP, PN_LOCKED, PN_PTE, PN_THREADS,
	PN_NR
};

/**
 * struct process - a row of the list
 * @have:  bit per number; sizes are in bytes, PN_SHARE in tenths of a percent
 * @first: number of mappings when it was first seen, for PN_GROWTH
 * @start: its start time, to tell a reused PID; 0 unknown
 * @state: of stat, 0 unknown
 * @tag:   the caller's, 0 at first
 * @name, @cmdline: hostile text; @cmdline NULL: none, or not asked for. Freed by process_fini().
 */
struct process {
	u32 pid, ppid, uid, tag;
	u32 have;
	u64 num[PN_NR];
	u64 first, start;
	char state;
	char name[64], user[32];
	char *cmdline;
};

void process_set(struct process *p, enum process_number n, u64 v);
static inline bool process_has(const struct process *p, enum process_number n)
{
	return p->have & 1U << n;
}
void process_fini(struct process *p);

/** What to read besides status and stat (bits). */
enum {
	PROCESS_VMAS = 1 << 0,
	PROCESS_PSS = 1 << 1,     /* PSS and USS: holds the memory lock of the process */
	PROCESS_USERS = 1 << 2,   /* names of users, not numbers alone */
	PROCESS_CMDLINE = 1 << 3,
};

/**
 * struct processes - one walk
 * @what: PROCESS_*
 * @max_map_count: found at the beginning, 0 unknown
 * @wants: NULL, or which processes are read at all
 * @fn: gets each process, whose directory is open, and owns it; non-zero ends the walk
 * @ctx: for @fn
 */
struct processes {
	const char *procfs; /* NULL: /proc */
	u32 what;
	u64 max_map_count;
	bool (*wants)(const struct processes *all, u32 pid);
	int (*fn)(struct processes *all, int dir, struct process *p);
	void *ctx;
};

/** processes_walk() - 0, what @fn returned, or -errno: /proc cannot be read. */
int processes_walk(struct processes *all, struct vma_err *err);
/** process_read_pss() - PSS and USS of one, by its directory. */
void process_read_pss(int dir, struct process *p);

#endif
