/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_PUT_H
#define REPORT_PUT_H
/* Pieces of text that json.c and the writers share. */
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

/* vma_out_add() for short pieces that almost always fit. */
static inline void out_put(struct vma_out *o, const char *text, size_t len)
{
	if (likely(o->cap - o->len >= len && !o->error)) {
		memcpy(o->buf + o->len, text, len);
		o->len += len;
	} else {
		vma_out_add(o, text, len);
	}
}

/* A string with its quotes. False when bytes were not UTF-8 and have been replaced. */
bool put_json_string(struct vma_out *o, const char *text);
/* "KEY_hex":"...": all bytes of a text that is not UTF-8. */
void put_json_hex(struct vma_out *o, const char *key, const char *text);
/* What stands before the next value of the open array; the caller puts the value itself. */
void put_json_before(struct vma_json *j);

/* A cell as people read it, "" for none, without marks; at @p, which holds VMA_CELL_BUF. */
void put_cell_text(const struct vma_column *col, const struct vma_cell *cell, bool bytes, char *p);
void put_raw_cell(struct vma_out *o, const struct vma_column *col, const struct vma_cell *cell,
		  bool bytes);
void put_json_cell(struct vma_out *o, const struct vma_column *col, const struct vma_cell *cell);

/* The part of them that is a number, which takes at most CELL_NUMBER bytes at @p. Returns its end. */
#define CELL_NUMBER 24
char *put_raw_number(char *p, const struct vma_column *col, const struct vma_cell *cell, bool bytes);
char *put_json_number(char *p, const struct vma_column *col, const struct vma_cell *cell);

static inline bool is_number_kind(enum vma_cell_kind kind)
{
	return kind != VMA_CELL_TEXT && kind != VMA_CELL_WORDS && kind != VMA_CELL_IDS;
}

/* vma_column_get(), for loops over rows. */
static inline void cell_get(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	cell->state = VMA_CELL_NONE;
	cell->how.known = VMA_EXACT;
	cell->num = 0;
	cell->count = false;
	col->get(col, row, cell);
}

#endif
