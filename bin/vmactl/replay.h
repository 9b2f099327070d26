/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_REPLAY_H
#define VMACTL_REPLAY_H
/* vmactl replay: what its files share. cmd-replay.c runs, replay-show.c puts into words. */
#include "cli.h"
#include "libvmactl/report.h"
#include "libvmactl/script.h"

struct replay_options {
	const char *from;
	bool states, final, strict, follow, check, quiet;
	u64 limit, top, show;
};

/* One log being replayed. */
struct replay_run {
	const struct cli *cli;
	const struct replay_options *opt;
	const char *name;         /* of the log */
	struct vma_out *out;
	struct vma_json json;
	struct vma_replay *replay;
	u64 complaints, divergences, disagreements;
	u64 last_told;            /* the call of the last divergence told */
};

/* The callbacks of a replay; ctx is a struct replay_run. */
int replay_step_json(void *ctx, const struct vma_step *s);
int replay_step_text(void *ctx, const struct vma_step *s);
void replay_complaint(void *ctx, const struct vma_complaint *c);
void replay_divergence(void *ctx, const struct vma_divergence *d);
void replay_leave(void *ctx, const struct vma_mm *mm);

/* The end: figures for people, or one JSON object. */
void replay_summary_text(struct replay_run *run, const struct vma_replay_summary *s);
void replay_summary_json(struct replay_run *run, const struct vma_replay_summary *s);

#endif
