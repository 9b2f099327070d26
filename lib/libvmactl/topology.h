/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_TOPOLOGY_H
#define LIBVMACTL_TOPOLOGY_H
/*
 * What lies between mappings and between processes: why neighbours stay two, what a fork costs,
 * and the anon_vmas that a tree of processes shares.
 */
#include "libvmactl/engine.h"
#include "libvmactl/rebuild.h"

/* ---------------------------------------------------------------- why two neighbours are two */

#define VMA_EVIDENCE 240
#define VMA_PAIR_OTHERS 3

/**
 * struct vma_pair - two neighbours, and the first merge rule that keeps them apart
 * @left, @right: borrowed from the model
 * @alike:    they touch, and nothing that maps prints tells them apart
 * @why:      the reason; VMA_WHY_NONE: nothing is in the way (@how certain), or nothing that can be
 *            seen is (@how unknown)
 * @or_why:   what else it may be, as far as what was read can tell; ended by VMA_WHY_NONE
 * @how:      how certain @why is, and by which rule of inference
 * @evidence: what the reason rests on, in words; hostile text in it is not escaped
 */
struct vma_pair {
	const struct vma *left, *right;
	bool alike;
	enum vma_why why, or_why[VMA_PAIR_OTHERS];
	struct vma_provenance how;
	char evidence[VMA_EVIDENCE];
};

/** vma_pair_of() - the verdict about two neighbours of @m (left below right, nothing between). */
void vma_pair_of(const struct vma_model *m, const struct vma *left, const struct vma *right,
		 struct vma_pair *out);

/** vma_pairs_each() - every pair that looks alike, by address. @fn: non-zero stops, and is
 *  returned. */
typedef int vma_pair_fn(void *ctx, const struct vma_pair *pair);
int vma_pairs_each(const struct vma_model *m, vma_pair_fn *fn, void *ctx);

/* ---------------------------------------------------------------- what a fork costs */

/**
 * struct vma_fork_costs - what the parts of a fork take on this machine, in ns
 *
 * Measured by vma_fork_calibrate(). A page costs more where there are many: those of a large
 * process are not in the caches.
 */
struct vma_fork_costs {
	double base;                    /* a process with next to no memory */
	double vma, anon_vma;           /* a mapping; one with an anon_vma besides */
	double page_small, page_large;  /* a present page: of 16 MiB, of large_bytes */
	double table;                   /* a page table with a single page */
	double huge;                    /* a huge page; 0: not measured */
	u64 large_bytes;
};

/**
 * vma_fork_calibrate() - fork processes of our own, and take the time
 *
 * Takes some tenths of a second and up to 256 MiB for that time, in a process of its own. -errno
 * when a process or memory cannot be had.
 */
int vma_fork_calibrate(struct vma_fork_costs *out, struct vma_err *err);

/**
 * struct vma_fork_bill - what the next fork of a process would make
 * @copied, @skipped, @wiped: mappings: VM_DONTCOPY are skipped, VM_WIPEONFORK come empty
 * @faulted:    of the copied ones: with an anon_vma
 * @links, @anon_vmas, @reused: anon_vma_chain links and anon_vmas that are made; reused ones
 * @tables:     page tables of the child: PTE, PMD, PUD
 * @table_how:  how well they are known
 * @hidden:     tables that the parent has and that hold nothing: the child may get as many more
 * @pages, @huge: entries that are copied
 * @cow:        bytes that are copied when every anonymous page is written once
 * @cow_huge:   of these, in huge pages
 * @cow_step:   bytes that one write to a huge page copies
 * @charge:     bytes added to Committed_AS
 * @refused:    the fork fails with ENOMEM: @why, @value and @limit in bytes
 * @kernel:     bytes of vm_area_struct, anon_vma, anon_vma_chain, without the tables
 */
struct vma_fork_bill {
	u64 copied, skipped, wiped, faulted;
	u64 links, anon_vmas, reused;
	u64 tables[3];
	struct vma_provenance table_how;
	u64 hidden;
	u64 pages, huge;
	u64 cow, cow_huge, cow_step;
	u64 charge;
	bool refused;
	enum vma_why why;
	u64 value, limit;
	u64 kernel;
};

/** vma_fork_bill() - @m must have been read with VMA_READ_PAGES. -ENOMEM. */
int vma_fork_bill(const struct vma_model *m, struct vma_fork_bill *out, struct vma_err *err);

/** vma_fork_time() - what the fork takes, in ns. */
double vma_fork_time(const struct vma_fork_bill *b, const struct vma_fork_costs *c);

#endif
