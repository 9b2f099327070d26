/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BPF_H
#define READ_BPF_H
/*
 * The kernel's truth: what mm_struct, vm_area_struct and anon_vma really hold, through a BPF
 * iterator over the VMAs of one task.
 *
 * Loading costs tens of milliseconds, reading then little more than /proc/PID/maps: open once,
 * read often, any process. Needs Linux 5.15 with type information (CONFIG_DEBUG_INFO_BTF), and
 * CAP_BPF with CAP_PERFMON or root. vma_bpf_close() is in libvmactl/read.h.
 */
#include "libvmactl/read.h"

/** What to read (bits). */
enum {
	VMA_BPF_READ_ANON = 1 << 0, /* anon_vma's own fields, the chain, and those in it; its identity
				       comes anyway */
};

/* One vm_operations_struct, found on the way. */
struct vma_bpf_ops {
	u64 addr;
	u32 callbacks; /* VMA_BPF_OPS_* */
	char name[64];
	char fault[64];
};

/*
 * What one read gave. Zero-initialised before the first; the memory is used again by the next
 * read, so one image a process costs nothing. The VMAs borrow chains and strings from it.
 */
struct vma_bpf_image {
	struct vma_fact_mm_bpf mm;
	struct vma_fact_bpf *vmas; /* by address, without the gate */
	size_t nr_vmas;
	u64 bytes;                 /* of the stream */
	u64 longest;               /* read of it, ns */
	u32 reads;
	bool ended;                /* the stream was read to its end */
	bool changed;              /* the address space was changed meanwhile */
	struct vma_fact_anon *anons; /* in chains of more than one; some come again */
	size_t nr_anons;

	size_t cap_vmas; /* private from here */
	size_t cap_anons;
	u64 *chains;
	size_t nr_chains, cap_chains;
	struct vma_bpf_ops *ops;
	size_t nr_ops, cap_ops;
	bool have_mm;
};
void vma_bpf_image_fini(struct vma_bpf_image *img);

/*
 * The stream of the program (read/bpf/record.h) into an image: reset, add pieces, finish.
 * add() takes the whole records at the front of @data, *@used bytes, up to the end of the stream
 * (then img->ended). -EBADMSG, -ENOMEM.
 */
void vma_bpf_image_reset(struct vma_bpf_image *img);
int vma_bpf_image_add(struct vma_bpf_image *img, const void *data, size_t len, size_t *used,
		      struct vma_err *err);
void vma_bpf_image_finish(struct vma_bpf_image *img);

/*
 * Loads the program. -ENOTSUP: this vmactl or this kernel cannot (the message says which and what
 * would help); -EPERM: capabilities are missing.
 */
int vma_bpf_open(struct vma_bpf **out, struct vma_err *err);

static inline void undo_bpf(struct vma_bpf **b)
{
	vma_bpf_close(*b);
}

/*
 * The address space of task @tid (a PID or a thread's id). @what: VMA_BPF_READ_*. -ESRCH: no such
 * task, or none with an address space. Not for two threads at a time on one @b.
 */
int vma_bpf_read(struct vma_bpf *b, u32 tid, u32 what, struct vma_bpf_image *img,
		 struct vma_err *err);

/*
 * An image into facts->bpf and facts->mm_bpf, in the order of the maps; the image stays the
 * caller's. -EAGAIN: its ranges are not those of the maps, so the process changed in between.
 */
int vma_bpf_to_facts(const struct vma_bpf_image *img, struct vma_facts *f, struct vma_err *err);

/*
 * The level VMA_READ_BPF of facts whose maps were just read. @b: an open reader, else it is opened
 * into *b. 0, also when it cannot be had (facts->missing says why); 1: the process changed since
 * the maps were read, read those again; -ENOMEM.
 */
int bpf_read(struct vma_bpf **b, struct vma_facts *f);

/*
 * Loads the small program, and starts it on task @tid: the descriptor that read/bpf-walk.h reads,
 * the caller's to close. -ENOTSUP: this vmactl or this kernel cannot (before 6.1); -EPERM; -ENOMEM.
 */
int bpf_walk_open(u32 tid);

#endif
