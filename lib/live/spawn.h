/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIVE_SPAWN_H
#define LIVE_SPAWN_H
/* Starting the puppet's program, and what it may do. */
#include "live/live.h"

/* Fork and execute the image. @ctl becomes the control area. */
int vma_live_spawn(const struct vma_live_files *files, const struct vma_live_opts *opts, int ctl,
		   pid_t *pid, struct vma_err *err);

/* What exec is to find in the personality. */
u64 vma_live_personality(const struct vma_live_opts *opts);

/* Allow puppet 0, and all its forks, nothing but memory calls from now on (seccomp). */
int vma_live_confine(struct vma_live *l, struct vma_err *err);

#endif
