/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_SPARE_H
#define VERIFY_SPARE_H
/* Calls that a kernel does not survive: they are left to it. */
#include "libvmactl/model.h"
#include "verify/step.h"

/* Would this call, with its refs resolved in @arg, bring the kernel of @mm's world down? */
bool vma_spare_kernel(const struct vma_mm *mm, const struct step *step, const u64 *arg);

#endif
