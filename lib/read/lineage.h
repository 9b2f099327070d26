/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_LINEAGE_H
#define READ_LINEAGE_H
/* Where an address space comes from: which process it was copied from, and how often since exec. */
#include "libvmactl/read.h"
#include "read/source.h"

/* forked, forks, mm_of and fork_parent of a process whose status was read. */
void lineage_read(const struct source *s, struct vma_facts *f);

/* Do two processes come from one exec, whoever forked between them? As far as their addresses, which
 * fork copies, may be seen. */
bool lineage_is_kin(const struct vma_facts *a, const struct vma_facts *b);

#endif
