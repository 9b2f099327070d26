/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_THEME_H
#define VMATOP_THEME_H
/* What is drawn how: a style is a meaning, a theme gives it a colour. Colour never carries
 * a meaning alone: a letter or a mark stands beside it. */
#include "libvmactl/types.h"

enum style {
	ST_NORMAL, ST_DIM, ST_BOLD, ST_HEAD, ST_SORTED, ST_CURSOR, ST_TAGGED, ST_BAR, ST_BARKEY,
	ST_TITLE, ST_GOOD, ST_WARN, ST_ERROR, ST_ADDED, ST_REMOVED, ST_CHANGED, ST_FOUND,
	/* what memory is for */
	ST_TEXT, ST_RODATA, ST_DATA, ST_HEAP, ST_STACK, ST_GUARD, ST_SHARED, ST_FILE, ST_ANON,
	ST_KERNEL, ST_NR
};

enum { COLOR_NONE = -1, C_BLACK, C_RED, C_GREEN, C_YELLOW, C_BLUE, C_MAGENTA, C_CYAN, C_WHITE };
enum { A_PLAIN_, A_BOLD_ = 1, A_REVERSE_ = 2, A_UNDERLINE_ = 4, A_DIM_ = 8 };

struct look {
	s8 fg, bg;
	u8 attr;
};

struct theme {
	const char *name, *help;
	struct look look[ST_NR];
};

/** theme_at() - row @i of the table, NULL past the end. */
const struct theme *theme_at(size_t i);
const struct theme *theme_by_name(const char *name);

#endif
