/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BPF_KERNEL_H
#define READ_BPF_KERNEL_H
/*
 * The kernel's structs, as far as we read them. Offsets are not taken from here: libbpf looks each
 * field up by name in the type information of the running kernel (CO-RE) when the program is
 * loaded. So no vmlinux.h is needed to build, and one program serves 5.15 and later. What differs
 * between releases has a flavour of its own: "___x" is cut off before the look-up.
 */
#include "libvmactl/types.h"

/* what libbpf's headers want to be there */
typedef u8 __u8;
typedef u16 __u16, __be16;
typedef u32 __u32, __be32, __wsum;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))
#define HAS(type, field) bpf_core_field_exists(((type *)0)->field)

struct seq_file;
struct mempolicy;
struct address_space;
struct userfaultfd_ctx;

struct list_head {
	struct list_head *next;
} CORE;

typedef struct {
	int counter;
} CORE atomic_t;

typedef struct {
	s64 counter;
} CORE atomic64_t;

struct super_block {
	u32 s_dev;
} CORE;

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} CORE;

struct file {
	struct inode *f_inode;
	struct address_space *f_mapping;
} CORE;

struct vm_operations_struct {
	void *open, *close, *may_split, *mremap, *mprotect, *fault, *huge_fault, *map_pages;
	void *pagesize, *page_mkwrite, *pfn_mkwrite, *access, *name, *set_policy;
} CORE;

/* may_split was called split up to 5.10, and stable kernels may keep it */
struct vm_operations_struct___split {
	void *split;
} CORE;

struct anon_vma {
	struct anon_vma *root, *parent;
	atomic_t refcount;
	unsigned long num_children, num_active_vmas;
} CORE;

/* before "mm/rmap: Fix anon_vma->degree ambiguity leading to double-reuse" (5.19) */
struct anon_vma___degree {
	u32 degree;
} CORE;

struct anon_vma_chain {
	struct anon_vma *anon_vma;
	struct list_head same_vma;
} CORE;

typedef struct {
	unsigned long pgprot;
} pgprot_t;

struct mm_struct {
	unsigned long mmap_base, mmap_legacy_base, task_size, def_flags;
	unsigned long brk, start_brk, start_stack;
	unsigned long total_vm, locked_vm, data_vm, exec_vm, stack_vm, hiwater_vm;
	atomic64_t pinned_vm;
	atomic64_t pgtables_bytes;
	int map_count;
} CORE;

/* 6.4 to 6.12 */
struct mm_struct___lock_int {
	int mm_lock_seq;
} CORE;

/* 6.13: a sequence counter */
struct seqcount {
	u32 sequence;
} CORE;

struct mm_struct___lock_seqcount {
	struct seqcount mm_lock_seq;
} CORE;

struct vm_userfaultfd_ctx {
	struct userfaultfd_ctx *ctx;
} CORE;

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	struct list_head anon_vma_chain;
	struct anon_vma *anon_vma;
	struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	struct file *vm_file;
	struct mempolicy *vm_policy;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
} CORE;

/* From 6.19 on the flags are a bitmap as well, and one day perhaps only that. */
typedef struct {
	unsigned long __vma_flags[1];
} CORE vma_flags_t;

struct vm_area_struct___bitmap {
	vma_flags_t flags;
} CORE;

struct mm_struct___bitmap {
	vma_flags_t def_vma_flags;
} CORE;

/* 6.4 to 6.12: int; later unsigned; not before 6.4 or without CONFIG_PER_VMA_LOCK */
struct vm_area_struct___lock {
	u32 vm_lock_seq;
} CORE;

/* 6.15 */
typedef struct {
	atomic_t refs;
} CORE refcount_t;

struct vm_area_struct___ref {
	refcount_t vm_refcnt;
} CORE;

struct task_struct {
	int pid;
} CORE;

struct bpf_iter_meta {
	struct seq_file *seq;
} CORE;

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
} CORE;

/* 6.1: the iterator itself keeps to one task */
union bpf_iter_link_info___task {
	struct {
		u32 tid;
	} task;
} CORE;

static inline u32 mm_seq(struct mm_struct *mm)
{
	if (HAS(struct mm_struct___lock_seqcount, mm_lock_seq))
		return ((struct mm_struct___lock_seqcount *)mm)->mm_lock_seq.sequence;
	if (HAS(struct mm_struct___lock_int, mm_lock_seq))
		return (u32)((struct mm_struct___lock_int *)mm)->mm_lock_seq;
	return 0;
}

static inline u64 vma_flags(struct vm_area_struct *vma)
{
	if (HAS(struct vm_area_struct, vm_flags))
		return vma->vm_flags;
	return ((struct vm_area_struct___bitmap *)vma)->flags.__vma_flags[0];
}

#endif
