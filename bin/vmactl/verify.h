/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_VERIFY_H
#define VMACTL_VERIFY_H
/* vmactl verify: what its files share. */
#include "cli.h"
#include "libvmactl/verify.h"

/* --demos: the demonstration of each kernel property, made on the running kernel. */
int verify_demos(const struct cli *cli, const struct vma_verify_opts *opts);

#endif
