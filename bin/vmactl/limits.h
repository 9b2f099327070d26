/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_LIMITS_H
#define VMACTL_LIMITS_H
/* The limits that stand between a process and more memory: gathered here, shown by cmd-limits.c. */
#include "libvmactl/rebuild.h"

enum limit_id {
	LIMIT_MAP_COUNT, LIMIT_AS, LIMIT_DATA, LIMIT_STACK, LIMIT_MEMLOCK, LIMIT_COMMIT,
	LIMIT_CGROUP, LIMIT_CGROUP_SWAP,
	LIMIT_NR
};

/* A limit; @max VMA_RLIM_INFINITY: there is none. */
struct limit {
	enum limit_id id;
	bool has_value, is_count;
	u64 value, max;
	char knob[300]; /* what sets it: "vm.max_map_count", a cgroup's file */
	char note[160]; /* what is particular about it; "" */
};

/* Name as shown, and what it limits. */
const char *limit_name(enum limit_id id);
const char *limit_help(enum limit_id id);

/* Tenths of a percent of the limit that are used; 0 without one. */
u64 limit_used(const struct limit *l);

/* What to type to get more room. Returns out. */
char *limit_advice(const struct limit *l, const struct vma_model *m, char *out, size_t size);

/* Fills all of them. */
void limits_gather(const struct vma_model *m, struct limit out[LIMIT_NR]);

/* The tightest memory.max (or v1 limit) above a live process: false when there is no cgroup to
 * read. swap: the one of swap. */
bool limits_cgroup(u32 pid, bool swap, struct limit *out);

#endif
