/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROC_NUMA_H
#define READ_PROC_NUMA_H
/* /proc/PID/numa_maps (rule T12): the memory policy of each mapping. */
#include "read/facts.h"
#include "read/lines.h"

/*
 * Gives the maps of @f their policies. *@strangers counts lines that start at no mapping we know:
 * the process changed meanwhile.
 */
int numa_run(struct lines *l, struct vma_facts *f, size_t *strangers, struct vma_err *err);

#endif
