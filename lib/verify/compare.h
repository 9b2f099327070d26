/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H
/* Reading a puppet's state and holding it against the model. */
#include "verify/stage.h"

/* Which flags this kernel prints. */
int vma_compare_init(struct stage *st, struct vma_err *err);

#endif
