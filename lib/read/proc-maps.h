/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROC_MAPS_H
#define READ_PROC_MAPS_H
/* /proc/PID/maps and the header lines of smaps (rules T1, T5). */
#include "libvmactl/read.h"
#include "read/lines.h"

/* The address that was read last, as it was printed; all zero before the first. */
struct maps_address {
	u64 value;
	u8 len;
	char text[16];
};

/*
 * Takes one line at the front of the window (there is a whole one). *@m is filled but for what
 * smaps adds; its path points into the window, ended with a NUL.
 */
int maps_take_line(struct lines *l, struct vma_fact_map *m, struct maps_address *before,
		   struct vma_err *err);

/* Every line to @fn, until it returns non-zero (which is then returned). */
int maps_run(struct lines *l, vma_map_fn *fn, void *ctx, struct vma_err *err);

#endif
