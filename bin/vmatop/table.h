/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_TABLE_H
#define VMATOP_TABLE_H
/* Columns of the library on the screen. */
#include "libvmactl/report.h"
#include "term.h"
#include "text.h"

/** struct table - columns with their places */
struct table {
	const struct vma_pick *pick;
	int x[VMA_PICK_MAX], width[VMA_PICK_MAX];
	size_t nr;       /* those that fit */
	bool whole_path; /* otherwise the last part of a path */
};

void table_fit(struct table *t, const struct vma_pick *pick, int x, int cols);
/** table_head() - the names; the column that @order sorts by is marked. */
void table_head(const struct table *t, int y, const char *order);
/** table_hit() - the column at a cell, NULL. */
const struct vma_column *table_hit(const struct table *t, int x);
/** table_row() - the cells of a row. @indent: cells before the last column's text. */
void table_row(const struct table *t, int y, const void *row, enum style style, int indent);
/** table_lines() - every column of @t that has a value, a line each: a row in full. */
void table_lines(const struct vma_columns *t, const void *row, struct text *out);
/** cell_text() - a cell as people read it; hostile. Returns @out. */
char *cell_text(const struct vma_column *col, const struct vma_cell *cell, char *out, size_t size);

#endif
