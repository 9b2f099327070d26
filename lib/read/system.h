/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_SYSTEM_H
#define READ_SYSTEM_H
/* The machine: sysctls, meminfo, huge pages, NUMA nodes, the kernel's release. */
#include "read/facts.h"
#include "read/source.h"

/* Fills f->system, f->have_sysctl, f->release. 0 or -ENOMEM. */
int system_read(const struct source *s, struct vma_facts *f);

bool meminfo_parse(struct vma_facts *f, const char *text);

/*
 * What only a running kernel can be asked for, by trying it on a page of our own: whether it
 * tracks soft-dirty pages and names anonymous memory.
 */
void system_probe(struct vma_facts *f);

#endif
