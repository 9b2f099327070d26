/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_INSPECT_CORE_H
#define VMACTL_INSPECT_CORE_H
#include "cli.h"

/* vmactl inspect --core-preview: what a core dump of the one TARGET would hold. */
int inspect_core_preview(struct cli *cli);

#endif
