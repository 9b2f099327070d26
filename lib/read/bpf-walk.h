/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BPF_WALK_H
#define READ_BPF_WALK_H
/*
 * The few fields of each VMA that inference would have to guess, straight from the kernel and
 * nothing kept: for listing large processes. read/bpf.h reads everything, and takes ten times as
 * long to start.
 */
#include "libvmactl/read.h"

/* One VMA, as the program in the kernel writes it; all zero: the walk is over. */
struct walk_record {
	u64 start, end, vm_flags, vm_pgoff, anon_vma, vm_file;
	u32 map_count, mm_seq; /* mm_seq: 0 where the kernel has none */
};

struct bpf_walk {
	int prog; /* descriptor; -1 */
};

/* Loads the program: 0; -ENOTSUP when this kernel cannot, -EPERM, or what bpf(2) says. */
int bpf_walk_open(struct bpf_walk *w);
void bpf_walk_close(struct bpf_walk *w);

static inline void undo_bpf_walk(struct bpf_walk *w)
{
	bpf_walk_close(w);
}

/*
 * Every VMA of task @tid by address, without the gate. *@changed: the address space was changed
 * meanwhile. Non-zero from @fn ends the walk and is returned. A task without an address space has
 * no VMAs.
 */
int bpf_walk_each(const struct bpf_walk *w, u32 tid, vma_bpf_fn *fn, void *ctx, bool *changed);

#endif
