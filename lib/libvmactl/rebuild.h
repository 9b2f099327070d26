/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_REBUILD_H
#define LIBVMACTL_REBUILD_H
/*
 * Facts to a model: the kernel's own objects, and how each field is known.
 */
#include "libvmactl/known.h"
#include "libvmactl/model.h"
#include "libvmactl/read.h"

/**
 * struct vma_model - a rebuilt process
 * @world, @mm: the model; owned by this
 * @facts:      what it was made from; owned by this
 * @map_of:     for each VMA at the time of rebuilding, by vma->id: index + 1 into facts->maps
 * @was:        the VMAs as they were rebuilt, in the order of facts->maps, and
 * @fields:     nr_maps x VMA_FIELD_NR: private, use vma_model_known()
 */
struct vma_model {
	struct vma_world *world;
	struct vma_mm *mm;
	struct vma_facts *facts;
	u32 *map_of;
	size_t nr_map_of;
	struct vma_was *was;
	u8 *fields;
	struct vma_provenance mm_fields[VMA_MM_FIELD_NR];
};

/**
 * vma_rebuild() - facts to a model
 * @facts:  taken over on success; its maps must have been read
 * @kernel: the profile to use, NULL for the one the facts name (or the newest verified one)
 *
 * -EINVAL: a kernel thread, or mappings that overlap (a core or capture that is not what it
 * should be); -ENOTSUP: the kernel is too old; -ENOMEM.
 */
int vma_rebuild(struct vma_facts *facts, const struct vma_kernel *kernel, struct vma_model **out,
		struct vma_err *err);
void vma_model_free(struct vma_model *m);

/** vma_model_map() - the fact a VMA came from; NULL for one an operation made. */
const struct vma_fact_map *vma_model_map(const struct vma_model *m, const struct vma *vma);
/** vma_model_known() - provenance of a field; for a VMA that an operation made or changed it is
 *  derived, rule "simulated". */
struct vma_provenance vma_model_known(const struct vma_model *m, const struct vma *vma,
				      enum vma_field field);

/** struct vma_open_opts - how to open a TARGET */
struct vma_open_opts {
	const char *procfs;  /* --procfs, NULL */
	const char *kernel;  /* --kernel, NULL */
	u32 levels;          /* VMA_READ_*, 0: the default */
};

/** vma_open() - a PID, "self", PID/task/TID, captured directory or core to a model. */
int vma_open(const char *target, const struct vma_open_opts *opts, struct vma_model **out,
	     struct vma_err *err);

#endif
