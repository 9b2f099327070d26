/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_ANON_CHECK_H
#define VMACTL_ANON_CHECK_H
/*
 * vmactl anon --check-inference: the forest that was inferred from /proc, held against the one
 * that the kernel has (the BPF reader), mapping by mapping over all processes.
 */
#include "family.h"
#include "tally.h"

/* What can be right or wrong of a mapping. */
enum anon_field {
	ANON_PRESENT, /* has an anon_vma */
	ANON_SAME,    /* shares it with one further down in the same process */
	ANON_ROOT,    /* is of one tree with a mapping of the process that forked this one */
	ANON_PARENT,  /* which of that process's mappings has the anon_vma above it */
	ANON_CHAIN,   /* how many links it has, which of them its own and the root */
	ANON_NR
};
const char *anon_field_name(enum anon_field field);

/* One that differs, in words. */
struct anon_miss {
	enum anon_field field;
	struct vma_provenance how;
	u32 pid;
	u64 start;
	char inferred[48], kernel[48];
};

struct anon_check {
	struct tally tally;
	struct anon_miss *miss;
	size_t nr_misses;
};

void anon_check_fini(struct anon_check *c);
static inline void undo_anon_check(struct anon_check *c)
{
	anon_check_fini(c);
}

/* Two forests of the same models. */
void anon_check_forests(struct anon_check *c, const struct vma_forest *inferred,
			const struct vma_forest *kernel);

/* The command's view: reads the processes, compares, prints. */
int anon_check_show(struct cli *cli, bool tree, bool misses);

#endif
