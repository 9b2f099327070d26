/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_TOPOLOGY_H
#define LIBVMACTL_TOPOLOGY_H
/*
 * What lies between mappings and between processes: why neighbours stay two, what a fork costs,
 * and the anon_vmas that a tree of processes shares.
 */
#include <stddef.h>

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
 * struct vma_fork_bill - what the next fork of a process would make
 * @copied, @skipped, @wiped: mappings: VM_DONTCOPY are skipped, VM_WIPEONFORK come empty
 * @faulted:    of the copied ones: with an anon_vma
 * @links, @anon_vmas, @reused: anon_vma_chain links and anon_vmas that are made; reused ones
 * @anon_how:   how well @anon_vmas and @reused are known
 * @link_how:   how well @links are known
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
	struct vma_provenance anon_how, link_how;
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

/**
 * struct vma_fork_costs - what the parts of a fork take on this machine, in ns
 *
 * Measured by vma_fork_calibrate().
 */
struct vma_fork_costs {
	double base;          /* a process with no memory to speak of */
	double vma, anon_vma; /* a mapping; one with an anon_vma besides */
	double page;          /* a present page */
	double table;         /* a page table */
	double huge;          /* a huge page; 0: not measured */
};

/**
 * vma_fork_calibrate() - fork processes of our own, and take the time
 * @b: how much memory of which kind they shall have: a page costs more where there are many
 *
 * The medians of up to 31 forks each, CPU time of the forking thread. Takes up to 512 MiB for some
 * tenths of a second, in a process of its own. -errno when a process or memory cannot be had.
 */
int vma_fork_calibrate(const struct vma_fork_bill *b, struct vma_fork_costs *out,
		       struct vma_err *err);

/** vma_fork_time() - what the fork takes, in ns. */
double vma_fork_time(const struct vma_fork_bill *b, const struct vma_fork_costs *c);

/* ---------------------------------------------------------------- trees of processes */

/**
 * vma_family() - the process ids of a live process tree, parents before children
 * @pid:    where to begin
 * @up:     all that came from the same exec as @pid by fork alone, also those whose parent has ended;
 *          otherwise all descendants of @pid
 * @out:    an array of *@nr, the caller's to free
 *
 * -ESRCH: no such process; -ENOMEM.
 */
int vma_family(u32 pid, bool up, const char *procfs, u32 **out, size_t *nr, struct vma_err *err);

/**
 * enum vma_forest_fact - what can be known of a mapping's anon_vma, each by itself
 * @VMA_FOREST_PRESENT: that it has one
 * @VMA_FOREST_SAME:    which mappings of its process share it
 * @VMA_FOREST_ROOT:    of which tree it is: that of @from's, or else that it is its root
 * @VMA_FOREST_PARENT:  which is its parent
 * @VMA_FOREST_CHAIN:   all links of the mapping
 */
enum vma_forest_fact {
	VMA_FOREST_PRESENT, VMA_FOREST_SAME, VMA_FOREST_ROOT, VMA_FOREST_PARENT, VMA_FOREST_CHAIN,
	VMA_FOREST_NR
};

/**
 * struct vma_forest_anon - an anon_vma, seen from all processes that were read
 * @id:      from 1, the place in the forest's list plus 1
 * @root, @parent: ids; a root is its own parent; 0 unknown
 * @tree:    id of the topmost one of its tree that is known: the root, where that is
 * @owned:   some VMA that was read has it as its anon_vma; otherwise it is known from chains alone
 * @counted: the three counts are the kernel's own; otherwise they follow from what was read
 * @open:    others may hang here of which nothing was read: the counts are not known
 * @links:   chain links that point here
 * @key:     the kernel's address of it, 0 unknown
 * @how, @parent_how: how its tree and its parent are known
 */
struct vma_forest_anon {
	u32 id, root, parent, tree;
	bool owned, counted, open;
	u32 num_children, num_active_vmas, refcount, links;
	u64 key;
	struct vma_provenance how, parent_how;
};

/**
 * struct vma_forest_vma - a mapping that has an anon_vma
 * @process: index into the forest's models
 * @anon:    its anon_vma
 * @chain:   index of its first link in the forest's links, newest first, root last
 * @more:    there may be other links, which are not known: the root may be one of them
 * @from:    index + 1 of the mapping of another process that it is of one tree with; 0 none known
 * @how:     by enum vma_forest_fact
 */
struct vma_forest_vma {
	size_t process;
	const struct vma *vma;
	u32 anon;
	size_t chain, nr_chain;
	bool more;
	size_t from;
	struct vma_provenance how[VMA_FOREST_NR];
};

/**
 * struct vma_forest - the anon_vmas of several processes
 * @model:  the processes, as given; not owned
 * @parent: for each its fork parent's index, or -1
 * @link:   ids of anon_vmas
 */
struct vma_forest {
	const struct vma_model *const *model;
	ptrdiff_t *parent;
	size_t nr_models;
	struct vma_forest_anon *anon;
	size_t nr_anons, cap_anons;
	struct vma_forest_vma *vma;
	size_t nr_vmas, cap_vmas;
	u32 *link;
	size_t nr_links, cap_links;
	size_t *same_mm; /* private from here: the first process with this address space */
	u32 *slot; /* ids by key */
	size_t nr_slots;
	bool failed;
};

/**
 * vma_forest_new() - put processes together
 * @models: parents before children; borrowed, must outlive the forest
 * @procfs: where page frames are compared, NULL for /proc; "" compares none
 *
 * With the kernel's values in every model it is exact. Otherwise from fork relations, ranges, and
 * page frames that parent and child share; what depends on processes that have ended, or that were
 * not read, stays unknown. -ENOMEM.
 */
int vma_forest_new(const struct vma_model *const *models, size_t nr, const char *procfs,
		   struct vma_forest **out, struct vma_err *err);
void vma_forest_free(struct vma_forest *f);

/** vma_forest_find() - the entry of a VMA, NULL when it has no anon_vma. */
const struct vma_forest_vma *vma_forest_find(const struct vma_forest *f, size_t process,
					     const struct vma *vma);
/** vma_forest_at() - an anon_vma by id, NULL. */
const struct vma_forest_anon *vma_forest_at(const struct vma_forest *f, u32 id);

/**
 * vma_forest_visit() - the VMAs that a walk of the reverse map visits for one page
 * @anon:  the page's anon_vma
 * @pgoff: its index
 * @out:   room for @f->nr_vmas entries
 *
 * In the order of the kernel's interval tree: by page offset, then as they came into being.
 * Returns how many.
 */
size_t vma_forest_visit(const struct vma_forest *f, u32 anon, u64 pgoff,
			const struct vma_forest_vma **out);

#endif
