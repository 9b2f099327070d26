/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H
/* A table for people. The library that lays it out is known to table.c alone. */
#include "libvmactl/report.h"

struct table;

/* Colours of cells: meaning first, the escape codes are table.c's business. */
enum table_color { TABLE_PLAIN, TABLE_DOUBT, TABLE_DANGER, TABLE_ADDED, TABLE_REMOVED };

/* NULL: out of memory. */
struct table *table_new(const struct vma_pick *pick, const struct vma_writer_opts *opts);
void table_free(struct table *t);
/* A further line; its cells are set by position. -ENOMEM. */
int table_line(struct table *t);
int table_set(struct table *t, size_t col, const char *text, enum table_color color);
/* Lays it out. */
int table_print(struct table *t, struct vma_out *out);

#endif
