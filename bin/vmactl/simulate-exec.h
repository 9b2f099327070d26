/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_SIMULATE_EXEC_H
#define VMACTL_SIMULATE_EXEC_H
#include "cli.h"

/* vmactl simulate execve TARGET|- PROGRAM [ARG...]: cli->argv as typed. Returns the status. */
int simulate_execve(struct cli *cli);

#endif
