/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BPF_RECORD_H
#define READ_BPF_RECORD_H
/*
 * What the program in the kernel writes and read/bpf-image.c takes apart: a stream of records of
 * different length, each 8-byte aligned and led by a struct bpf_head. Compiled for both sides, so
 * only types of fixed size and no padding.
 *
 * Order: one BPF_REC_MM first, then the VMAs by address; a BPF_REC_OPS comes before the first VMA
 * that names its operations, and may come again; a BPF_REC_LINKS follows the VMA whose chain holds
 * more than one anon_vma. BPF_REC_END is the last.
 */
#include "libvmactl/types.h"

#define BPF_CHAIN_MAX 64 /* links that one VMA record holds; fork is rarely that deep */
#define BPF_SYM_MAX 64
#define BPF_OPS_SLOTS 64

enum {
	BPF_REC_MM = 1,
	BPF_REC_OPS,
	BPF_REC_VMA,
	BPF_REC_END, /* head only: the reader stops here */
	BPF_REC_LINKS,
};

struct bpf_head {
	u32 size; /* of the record, this included */
	u32 type;
};

struct bpf_rec_mm {
	struct bpf_head head;
	u64 mm;
	u64 mmap_base, mmap_legacy_base, task_size, def_flags, brk, start_brk, start_stack;
	u64 total_vm, locked_vm, pinned_vm, data_vm, exec_vm, stack_vm, hiwater_vm, map_count;
	u64 pgtables_bytes;
	u64 have; /* VMA_BPF_* of libvmactl/read.h */
};

/* One vm_operations_struct. Names are as %ps prints them: "0x..." when there is no symbol. */
struct bpf_rec_ops {
	struct bpf_head head;
	u64 ops;
	u64 callbacks; /* VMA_BPF_OPS_* */
	char name[BPF_SYM_MAX];
	char fault[BPF_SYM_MAX];
};

/* Written only as far as the first @nr_kept links; @cut: there are more. */
struct bpf_rec_vma {
	struct bpf_head head;
	u64 start, end, vm_flags, vm_pgoff, page_prot;
	u64 anon_vma, root, parent;
	u64 ops, file, mapping, inode, policy, uffd;
	u32 dev, refcount, num_children, num_active_vmas;
	u32 lock_seq, vm_refcnt, mm_seq;
	u16 nr_kept, cut;
	u64 chain[BPF_CHAIN_MAX];
};

/* An anon_vma in a chain. */
struct bpf_link {
	u64 anon_vma, root, parent;
	u32 refcount, num_children, num_active_vmas, unused;
};

/* The chain of the VMA before it. Written only as far as the first @nr. */
struct bpf_rec_links {
	struct bpf_head head;
	u64 nr;
	struct bpf_link link[BPF_CHAIN_MAX];
};

/* What read/bpf/walk.bpf.c writes instead, for each VMA; all zero: the walk is over. */
struct bpf_rec_walk {
	u64 start, end, vm_flags, vm_pgoff, anon_vma, vm_file;
	u32 map_count, mm_seq; /* mm_seq: 0 where the kernel has none */
};

#endif
