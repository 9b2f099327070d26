/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BPF_WALK_H
#define READ_BPF_WALK_H
/*
 * The few fields of each VMA that inference would have to guess, straight from the kernel and
 * nothing kept: for listing large processes. read/bpf.h reads everything.
 */
#include "libvmactl/read.h"

/*
 * The records of read/bpf/walk.bpf.c from @fd, each VMA by address, without the gate. *@changed:
 * the address space was changed meanwhile. Non-zero from @fn ends the walk and is returned. A task
 * without an address space has no VMAs.
 */
int bpf_walk_each(int fd, vma_bpf_fn *fn, void *ctx, bool *changed);

#endif
