/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_INSPECT_H
#define VMACTL_INSPECT_H
/* The parts of vmactl inspect: first the views that show one object in full, as a list of fields. */
#include "fields.h"
#include "libvmactl/rebuild.h"
#include "listing.h"

/* mm_struct. */
void inspect_mm_fields(const struct vma_model *m, struct fields *f);
/* vm_area_struct, its neighbours and its counters. */
void inspect_vma_fields(const struct vma_model *m, const struct vma *vma, struct fields *f);

/* The kernel's own record of a VMA, NULL when it was not asked (--source bpf), and what is in it:
 * fields that stand for those of the model, and others that nothing else shows. */
const struct vma_fact_bpf *inspect_bpf_of(const struct vma_model *m, const struct vma *vma);
void inspect_bpf_ops(const struct vma_fact_bpf *t, struct fields *f);
/* @have: VMA_BPF_* of the mm */
void inspect_bpf_anon(const struct vma_fact_bpf *t, u32 have, struct fields *f);
void inspect_bpf_locks(const struct vma_fact_bpf *t, u32 have, struct fields *f);

/* The rows of all targets that touch [low, high), from the kernel's own records, as they come. True:
 * *status is what to return. False: nothing was written, and it must be done in another way. */
bool inspect_walk(struct listing *l, u64 low, u64 high, int *status);

#endif
