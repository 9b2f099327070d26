/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_STAGE_H
#define VERIFY_STAGE_H
/*
 * The stage: a troupe of puppets and the model of it, side by side. A step is predicted, done,
 * and everything compared.
 */
#include "libvmactl/rebuild.h"
#include "verify/profile.h"
#include "verify/step.h"

#define STAGE_PUPPETS 8
/* Where the mappings are that only count; nothing is compared from there on. */
#define STAGE_FILL 0x600000000000ULL

/* Descriptors of the puppet: two userfaultfds, and a pidfd of itself. */
#define STAGE_UFFD 60
#define STAGE_NR_UFFD 2
#define STAGE_PIDFD 62
#define STAGE_NO_FD 63

/* What is compared; the order is the order of looking. */
enum what {
	WHAT_NONE,
	WHAT_RESULT,
	WHAT_RANGES,
	WHAT_FLAGS,
	WHAT_OFFSET,
	WHAT_FILE,
	WHAT_NAME,
	WHAT_POLICY,
	WHAT_PAGES,
	WHAT_COUNTERS,
	WHAT_ANON,
	WHAT_PGOFF,
	WHAT_LOCKS,
	WHAT_NR
};
const char *vma_what_name(enum what what);

/*
 * A difference: @detail both sides, for people. @predicted, @kernel: errno or signal of the two
 * results; differences that are equal in all this and the operation are taken for one trouble.
 */
struct difference {
	enum what what;
	int predicted, kernel;
	struct strbuf detail;
};

/* Which file of the model is which of the kernel: learnt at first sight. */
struct identity {
	u32 mapping;
	u32 dev_major, dev_minor;
	u64 inode;
};

/* A puppet's files in /proc. */
struct puppet_files {
	int smaps, status, numa_maps;
};

struct vma_bpf_compare;

struct stage {
	const struct profile *profile;
	const struct vma_live_files *files;
	struct vma_live *live;
	struct vma_bpf_compare *bpf;
	struct vma_model *model;
	struct vma_world *world; /* the model's */
	u32 mm[STAGE_PUPPETS];   /* ids; 0 none */
	struct puppet_files proc[STAGE_PUPPETS];
	u32 file_id[VMA_LIVE_FILES_MAX];
	u32 segment_id[VMA_LIVE_SEGMENTS_MAX];
	u64 first_pid;
	u64 brk0, stack_end;
	u64 shown_flags;         /* those that this kernel prints */
	u64 nr_filled;           /* mappings from STAGE_FILL on */
	bool locks;              /* compared: predictions are for the kernel that runs */
	u64 nr_collapses;        /* of the machine, when they were counted last */
	bool no_uffd;            /* not permitted here */
	bool rss_exact;          /* what the running kernel shows in status */
	u64 unknown_objects;     /* whose pages MADV_PAGEOUT may have taken, by mapping mod 64 */
	bool lazily_freed;       /* MADV_FREE was called */
	bool policies;           /* a policy was set: numa_maps is worth reading */
	bool task_policy;        /* set_mempolicy was called: numa_maps mixes it in */
	struct identity *idents;
	size_t nr_idents, cap_idents;
	char *text;              /* what was read last */
	size_t cap_text;
	struct steps done;       /* with refs */
	struct outcome *outcomes; /* the kernel's, one a step; private capacity */
	size_t cap_outcomes;
};

struct stage_opts {
	const struct profile *profile;
	struct vma_live_files *files;
	const char *kernel;
	bool randomize;
	struct vma_bpf_compare *bpf; /* NULL: /proc only */
};

int vma_stage_open(struct stage *st, const struct stage_opts *opts, struct vma_err *err);
void vma_stage_close(struct stage *st);

struct vma_mm *vma_stage_mm(const struct stage *st, unsigned int who);

/* Has a huge page been put together on this machine, since this was asked last, and not by a step?
 * Then it may have been khugepaged, and here. */
bool vma_stage_was_collapsed(struct stage *st);

/* The arguments with refs resolved. */
void vma_stage_resolve(const struct stage *st, const struct step *step, u64 *arg);

/*
 * Predict, do, compare; the step is kept in st->done. @diff->what tells whether the two agree;
 * after a difference the stage is only fit to be closed. -ESTALE: the step makes no sense any
 * more (its puppet is gone, because calls before it were left out): nothing was done.
 */
int vma_stage_run(struct stage *st, const struct step *step, struct difference *diff,
		  struct vma_err *err);

/* exec.c: let the puppet do it. */
int vma_stage_do(struct stage *st, const struct step *step, const u64 *arg, struct outcome *out,
		 struct vma_err *err);

/* compare.c: the address space and counters of puppet @who against the model. */
int vma_stage_compare(struct stage *st, unsigned int who, struct difference *diff,
		      struct vma_err *err);

#endif
