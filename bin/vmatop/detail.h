/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_DETAIL_H
#define VMATOP_DETAIL_H
/*
 * One mapping in full, as lines: the worker takes them out of the model, which may then go.
 */
#include "sample.h"

#define DETAIL_LINES 112

/** struct detail_line - @value is hostile text; @how: how it is known, "" when the kernel says it */
struct detail_line {
	char name[28];
	char how[40];
	char *value;
	enum style style;
};

/**
 * struct detail
 * @start: of the mapping that holds @addr, 0: there is none
 * @whole: made with the model (or what keeps it from being made is among the lines)
 */
struct detail {
	u64 addr, start;
	bool whole;
	struct detail_line line[DETAIL_LINES];
	size_t nr;
};

/** detail_make() - of the mapping at @addr; NULL: no memory. Reads files of the target. */
struct detail *detail_make(const struct sample *s, u64 addr);
void detail_free(struct detail *d);

#endif
