/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_EPISODE_H
#define VERIFY_EPISODE_H
/* One run from a fresh process on, and cutting down what it found. */
#include "verify/stage.h"

/* Shared by the workers; counted with atomic adds. */
struct tally {
	u64 ops, done[VMA_OP_NR], refused[VMA_OP_NR];
	u64 alive[STAGE_PUPPETS + 1]; /* operations while so many processes lived */
	u64 disturbed; /* episodes that khugepaged ended */
};

struct episode {
	struct stage_opts stage;
	u64 seed;
	u32 nr_ops;
	bool no_shrink;
	bool (*is_over)(void *ctx); /* asked after each step */
	/* Is this a trouble that was reported already? Then it is not cut down again. */
	bool (*is_known)(void *ctx, const char *signature);
	void *ctx;
	struct tally *tally;
};

/*
 * Runs one episode. *found tells whether there was a divergence; then @out is filled and the
 * caller owns its strings. *shrinking is true meanwhile.
 */
int vma_episode_run(const struct episode *ep, struct vma_verify_finding *out, bool *found,
		    volatile bool *shrinking, struct vma_err *err);

/*
 * Fills @out from a stage that ended in @diff; @title begins the script's first comment. The
 * caller owns the strings.
 */
int vma_episode_report(const struct stage *st, const struct difference *diff, const char *title,
		       struct vma_verify_finding *out, struct vma_err *err);

/*
 * What is found, as steps: @keep says which of them (all true at first, later the fewest that
 * still end in the same difference).
 */
struct trouble {
	const struct episode *ep;
	const struct steps *steps;
	const struct outcome *outcomes; /* when it was found */
	bool *keep;
	enum what what;
	int predicted, kernel; /* of the difference */
};

/* shrink.c: clear what is not needed in @t->keep. */
int vma_shrink(struct trouble *t, struct vma_err *err);

/*
 * shrink.c: runs the kept steps on a fresh stage, which the caller closes. *same tells whether
 * they ended in the same difference; steps after it, and those that made no sense, are then no
 * longer kept.
 */
int vma_shrink_replay(struct trouble *t, struct stage *st, struct difference *diff, bool *same,
		      struct vma_err *err);

#endif
