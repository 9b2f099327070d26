/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_SPARE_H
#define VERIFY_SPARE_H
/* Calls that are left out, because of the kernel they would be made on. */
#include "libvmactl/model.h"
#include "verify/step.h"

/*
 * Would this call, with its refs resolved in @arg, bring down the kernel of @mm's world, or have an
 * outcome that nothing outside the kernel tells?
 */
bool vma_spare_kernel(const struct vma_mm *mm, const struct step *step, const u64 *arg);

#endif
