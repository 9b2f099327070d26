/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROC_SMAPS_H
#define READ_PROC_SMAPS_H
/* /proc/PID/smaps (rules T9, T10). Most of its text is not read: smaps-bodies.h. */
#include "libvmactl/read.h"
#include "read/lines.h"

/* Every record to @fn, until it returns non-zero (which is then returned). *@unknown_keys is
 * raised by the lines nobody knows; may be NULL. */
int smaps_run(struct lines *l, vma_map_fn *fn, void *ctx, u32 *unknown_keys, struct vma_err *err);

#endif
