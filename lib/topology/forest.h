/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOPOLOGY_FOREST_H
#define TOPOLOGY_FOREST_H
/*
 * A forest while it is put together: forest.c holds it and enters what the kernel says,
 * forest-infer.c enters what follows from /proc, forest-frames.c compares pages.
 */
#include "libvmactl/topology.h"

/* A new one; a root until somebody says otherwise. NULL when out of memory. */
struct vma_forest_anon *forest_add_anon(struct vma_forest *f, u64 key, struct vma_provenance how);

/* A mapping; its links are added next. NULL when out of memory. */
struct vma_forest_vma *forest_add_vma(struct vma_forest *f, size_t process, const struct vma *vma,
				      u32 anon);
void forest_add_link(struct vma_forest *f, u32 anon);

/* forest-infer.c: the mappings of a process of which the kernel was not asked. */
void forest_infer(struct vma_forest *f, size_t process, const char *procfs);

/* forest-frames.c. @procfs: NULL for /proc, "" compares none. */
/* Have two processes an anonymous page in common in [start, end), at the same address? */
bool frames_shared(const struct vma_model *a, const struct vma_model *b, const char *procfs,
		   u64 start, u64 end);
/* Do both have an anonymous page in [start, end), at the same address, that somebody else maps too? */
bool frames_shared_by_both(const struct vma_model *a, const struct vma_model *b, u64 start, u64 end);
/* Where in @b a page of @vma is that mremap moved in one of the two processes; 0 nowhere. */
u64 frames_moved(const struct vma_model *a, const struct vma *vma, const struct vma_model *b,
		 const char *procfs);

#endif
