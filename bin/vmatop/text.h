/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_TEXT_H
#define VMATOP_TEXT_H
/*
 * What is read once, when it is asked for, as lines: environment, open files, file locks, stacks.
 * Made by the worker. A new screen is a row of the table in text.c and a key.
 */
#include "libvmactl/error.h"
#include "libvmactl/types.h"

enum text_kind { TEXT_ENVIRONMENT, TEXT_FILES, TEXT_LOCKS, TEXT_STACKS, TEXT_ROW, TEXT_NR };

/** struct text - @line: hostile; @err: why there is nothing */
struct text {
	enum text_kind kind;
	char **line;
	size_t nr, cap;
	struct vma_err err;
	bool failed; /* no memory: lines are missing */
};

/** text_title() - what the heading calls it; "" for a row in full. */
const char *text_title(enum text_kind kind);
/** text_read() - of a target as sample_ask has it; NULL: no memory. */
struct text *text_read(enum text_kind kind, const char *target, const char *procfs);
struct text *text_new(enum text_kind kind);
void text_free(struct text *t);
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
