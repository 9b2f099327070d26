/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_SIM_H
#define VMATOP_SIM_H
/*
 * Operations tried on a copy of the model: a tree of states, in which undo goes up, a new operation
 * down, and another operation after an undo makes a branch. Nothing here reaches the process.
 *
 * Only two worlds are kept, the one at the start and the present one; any other state is made again
 * from its operations.
 */
#include "libvmactl/engine.h"
#include "libvmactl/report.h"
#include "rebuild/filearg.h"
#include "sample.h"

#define SIM_LABEL 64

/** struct sim_side - a mapping before or after; @there false: none */
struct sim_side {
	bool there;
	u64 start, end, flags;
	u32 anon_vma;
	char label[SIM_LABEL];
};

/** struct sim_row - a line of before and after; @gap: unchanged mappings are left out here */
struct sim_row {
	enum vma_diff_kind kind;
	u32 fields;
	bool gap;
	struct sim_side before, after;
};

/** struct sim_counters - what is compared of an mm */
struct sim_counters {
	u64 map_count, total_vm, data_vm, exec_vm, stack_vm, locked_vm, rss_anon, rss_file,
		rss_shmem, brk;
};

/**
 * struct sim_call - an operation with its arguments
 * @call:   @call.name is @name, or NULL; @call.file counts when there is no file to be made
 * @file:   is_file: to be added to the world it runs in
 */
struct sim_call {
	struct vma_call call;
	char name[128];
	struct filearg file;
};

/**
 * struct sim_node - a state and the operation that led to it; node 0 is the start
 * @mm:   who did it; @next: who acts from here on
 * @path: of a file that is added before it runs, as @file says; NULL: none
 * @rows: before and after of @mm; after a fork: parent and child
 */
struct sim_node {
	u32 parent, last_child;
	u32 mm, next;
	struct vma_call call;
	char name[128];
	struct vma_file file;
	char *path;
	struct vma_result res;
	struct vma_events events;
	struct sim_row *row;
	size_t nr_rows, cap_rows;
	size_t cut; /* changed mappings beyond those kept */
	struct sim_counters before, after;
};

struct sim {
	struct sample *base; /* a reference */
	const char *procfs;  /* NULL: /proc */
	struct vma_world *now; /* NULL: as the base */
	struct sim_node *node;
	u32 nr, at;
};

/** sim_start() - @s must have a model. False: no memory. */
bool sim_start(struct sim *m, struct sample *s, const char *procfs);
void sim_fini(struct sim *m);
/** sim_mm() - the address space the next operation works on. */
struct vma_mm *sim_mm(const struct sim *m);
struct vma_world *sim_world(const struct sim *m);
/** sim_run() - do it; a refused operation is a state too. */
int sim_run(struct sim *m, const struct sim_call *what, struct vma_err *err);
int sim_undo(struct sim *m, struct vma_err *err);
int sim_redo(struct sim *m, struct vma_err *err);
/** sim_branch() - to the next operation that was tried from the state before. */
int sim_branch(struct sim *m, struct vma_err *err);
/** sim_siblings() - how many there are, and which of them (from 1) @at is. */
u32 sim_siblings(const struct sim *m, u32 *which);
/** sim_switch() - the next living process of the world acts from here on. */
bool sim_switch(struct sim *m);
u32 sim_depth(const struct sim *m);
/** sim_save() - the operations up to the present state as a script for vmactl replay. */
int sim_save(const struct sim *m, const char *path, struct vma_err *err);

/* Arguments, sim-args.c. */

/** sim_default() - what an argument may be, as text, for the mapping @vma. Returns @out. */
char *sim_default(const struct vma_op *op, size_t i, const struct vma *vma, const struct vma_mm *mm,
		  char *out, size_t size);
/** sim_parse() - text to one argument. */
int sim_parse(const struct sim *m, const struct vma_op *op, size_t i, const char *text,
	      struct sim_call *out, struct vma_err *err);

#endif
