/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_INSPECT_H
#define VMACTL_INSPECT_H
/* The views of vmactl inspect that show one object in full: each fills a list of fields. */
#include "fields.h"
#include "libvmactl/rebuild.h"

/* mm_struct. */
void inspect_mm_fields(const struct vma_model *m, struct fields *f);
/* vm_area_struct, its neighbours and its counters. */
void inspect_vma_fields(const struct vma_model *m, const struct vma *vma, struct fields *f);

#endif
