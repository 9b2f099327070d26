/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_TRUTH_H
#define VMACTL_TRUTH_H
/* What the kernel says of one process (the BPF reader), put aside while the same is inferred
 * without it: for the two --check-inference. */
#include "cli.h"
#include "libvmactl/rebuild.h"

struct truth {
	struct vma_fact_bpf *bpf; /* one for each VMA, in order */
	struct vma_fact_mm_bpf *mm;
	struct vma_fact_anon *anon;
	size_t nr_bpf, nr_anon;
};

void truth_fini(struct truth *t);
static inline void undo_truth(struct truth *t)
{
	truth_fini(t);
}

/*
 * Reads a process once, for these VMA_READ_* levels as far as --cost allows, and rebuilds it
 * without what the kernel says; that goes to @t. CLI_OK; or the status after the message was
 * printed. CLI_OK without a model: it ended meanwhile, and that is fine (@gone_ok).
 */
int truth_read(const struct cli *cli, const char *target, u32 levels, bool gone_ok,
	       struct vma_bpf **bpf, struct truth *t, struct vma_model **m);

/* The facts have it again. */
void truth_give_back(struct truth *t, struct vma_facts *f);

#endif
