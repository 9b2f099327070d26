/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_INFERENCE_H
#define VMACTL_INFERENCE_H
/*
 * vmactl inspect --check-inference: what was rebuilt from /proc alone, held against what the
 * kernel really has (the BPF reader).
 */
#include "cli.h"
#include "tally.h"

/* What can be right or wrong. */
enum inference_field {
	INFER_FLAGS, INFER_PAGE_PROT, INFER_PGOFF, INFER_OPS, INFER_FILE, INFER_ANON_VMA,
	INFER_SHARING, INFER_ROOT, INFER_CHAIN, INFER_MMAP_BASE, INFER_BRK, INFER_DEF_FLAGS, INFER_COUNTERS,
	INFER_NR
};
const char *inference_field_name(enum inference_field field);

/* One disagreement. */
struct inference_miss {
	enum inference_field field;
	struct vma_provenance how;
	u32 pid;
	u64 start;           /* of the mapping; 0: the mm */
	u64 inferred, truth; /* presence, sharing, being a root: 0 or 1 */
};

/* anon_vma presence: said present, absent, unknown; is present, absent. */
struct inference_presence {
	u64 present_right, present_wrong, absent_right, absent_wrong;
	u64 unknown_present, unknown_absent;
};

/* One process. */
struct inference_process {
	u32 pid;
	char comm[16];
	u64 vmas;
	struct inference_presence anon_vma;
};

struct inference {
	struct tally tally;
	struct inference_miss *miss;
	size_t nr_misses;
	struct inference_process *process;
	size_t nr_processes;
	struct inference_presence anon_vma;
};

void inference_fini(struct inference *inf);
static inline void undo_inference(struct inference *inf)
{
	inference_fini(inf);
}

/*
 * Adds one process. @m was rebuilt without the kernel's help; @truth has one entry for each of its
 * VMAs, in order.
 */
void inference_add(struct inference *inf, const struct vma_model *m,
		   const struct vma_fact_bpf *truth, const struct vma_fact_mm_bpf *mm);

/* The command's view: reads the targets, compares, prints. @misses: each disagreement. */
int inspect_inference(struct cli *cli, bool misses);

#endif
