/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROC_PAGEMAP_H
#define READ_PROC_PAGEMAP_H
/* /proc/PID/pagemap (rules T13, T14) into runs of pages of one state. */
#include "read/facts.h"
#include "read/source.h"

/*
 * Fills f->runs for the maps of @f. Memory follows the number of runs; reads are 64 KiB; ranges
 * that smaps says are empty are skipped by one question to the kernel where it has PAGEMAP_SCAN.
 * 0 or -ENOMEM; what cannot be read is listed as missing.
 */
int pagemap_read(const struct source *s, struct vma_facts *f);

/*
 * What has no struct page pagemap shows badly. A mapping of VM_PFNMAP is a hole to it, whatever is
 * mapped there (walk_page_test() of mm/pagewalk.c).
 */
bool pagemap_is_hidden(const struct vma_fact_map *m);

/*
 * In VM_MIXEDMAP it says "present" of a bare frame and no more, the same as of an anonymous page
 * shared since a fork; this tells the mappings that have none of those, as writes do not copy there.
 */
bool pagemap_is_mixed(const struct vma_fact_map *m);

#endif
