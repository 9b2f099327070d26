/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_FOREST_H
#define VMATOP_FOREST_H
/*
 * The anon_vmas of a process and of those that came from it, or it from them, by fork alone: as
 * lines of a tree. The worker reads the relatives, takes the lines and lets the models go.
 */
#include "sample.h"

/**
 * struct forest_line - an anon_vma, or below it a mapping that has it as its own
 * @is_vma: a mapping: @pid, @start, @end, @label, @links (length of its chain)
 * @id, @parent: of the anon_vma; a root is its own parent; 0 not known
 * @open:   its counts are not known
 * @below:  so many of the lines that follow are in its branch
 * @key:    the same in the next sample, as long as its first mapping stays
 */
struct forest_line {
	u64 start, end, key;
	u32 id, parent, refcount, children, active, links;
	u32 pid, label, below;
	u8 depth, known;
	bool is_vma, owned, open;
};

/**
 * struct forest
 * @text: labels, by the offset that a line has
 * @left_out: relatives that were too many, or could not be read
 */
struct forest {
	struct forest_line *line;
	size_t nr, cap;
	char *text;
	size_t nr_text, cap_text;
	size_t nr_processes, left_out, nr_anons;
	bool failed;
	struct vma_err err;
};

/** forest_make() - @s must have its model. NULL: no memory. */
struct forest *forest_make(const struct sample *s, const struct sample_ask *ask);
void forest_free(struct forest *f);

#endif
