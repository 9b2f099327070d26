// SPDX-License-Identifier: GPL-2.0-or-later
#include "theme.h"

#include <string.h>

#include "base/check.h"

#define N COLOR_NONE

/* THE table of themes. A new one is a row; a style that is left out would be black on black. */
static const struct theme themes[] = {
	{ "default", "eight colours on the terminal's own background", {
		[ST_NORMAL] = { N, N, 0 },
		[ST_DIM] = { N, N, A_DIM_ },
		[ST_BOLD] = { N, N, A_BOLD_ },
		[ST_HEAD] = { C_BLACK, C_GREEN, 0 },
		[ST_SORTED] = { C_BLACK, C_CYAN, 0 },
		[ST_CURSOR] = { C_BLACK, C_CYAN, 0 },
		[ST_TAGGED] = { C_YELLOW, N, A_BOLD_ },
		[ST_BAR] = { C_BLACK, C_CYAN, 0 },
		[ST_BARKEY] = { N, N, 0 },
		[ST_TITLE] = { C_CYAN, N, A_BOLD_ },
		[ST_GOOD] = { C_GREEN, N, 0 },
		[ST_WARN] = { C_YELLOW, N, A_BOLD_ },
		[ST_ERROR] = { C_RED, N, A_BOLD_ },
		[ST_ADDED] = { C_GREEN, N, A_BOLD_ },
		[ST_REMOVED] = { C_RED, N, 0 },
		[ST_CHANGED] = { C_YELLOW, N, 0 },
		[ST_FOUND] = { C_BLACK, C_YELLOW, 0 },
		[ST_TEXT] = { C_GREEN, N, 0 },
		[ST_RODATA] = { C_CYAN, N, 0 },
		[ST_DATA] = { C_BLUE, N, A_BOLD_ },
		[ST_HEAP] = { C_YELLOW, N, A_BOLD_ },
		[ST_STACK] = { C_MAGENTA, N, A_BOLD_ },
		[ST_GUARD] = { C_RED, N, 0 },
		[ST_SHARED] = { C_MAGENTA, N, 0 },
		[ST_FILE] = { C_CYAN, N, A_BOLD_ },
		[ST_ANON] = { C_YELLOW, N, 0 },
		[ST_KERNEL] = { N, N, A_DIM_ },
	} },
	{ "colorblind", "blue, yellow and white: no pair of red and green", {
		[ST_NORMAL] = { N, N, 0 },
		[ST_DIM] = { N, N, A_DIM_ },
		[ST_BOLD] = { N, N, A_BOLD_ },
		[ST_HEAD] = { C_WHITE, C_BLUE, A_BOLD_ },
		[ST_SORTED] = { C_BLACK, C_YELLOW, 0 },
		[ST_CURSOR] = { C_BLACK, C_WHITE, 0 },
		[ST_TAGGED] = { C_YELLOW, N, A_BOLD_ | A_UNDERLINE_ },
		[ST_BAR] = { C_WHITE, C_BLUE, A_BOLD_ },
		[ST_BARKEY] = { N, N, 0 },
		[ST_TITLE] = { C_BLUE, N, A_BOLD_ },
		[ST_GOOD] = { C_CYAN, N, 0 },
		[ST_WARN] = { C_YELLOW, N, A_BOLD_ },
		[ST_ERROR] = { C_BLACK, C_YELLOW, A_BOLD_ },
		[ST_ADDED] = { C_CYAN, N, A_BOLD_ },
		[ST_REMOVED] = { C_YELLOW, N, A_UNDERLINE_ },
		[ST_CHANGED] = { C_WHITE, N, A_BOLD_ },
		[ST_FOUND] = { C_BLACK, C_CYAN, 0 },
		[ST_TEXT] = { C_BLUE, N, A_BOLD_ },
		[ST_RODATA] = { C_CYAN, N, 0 },
		[ST_DATA] = { C_WHITE, N, A_BOLD_ },
		[ST_HEAP] = { C_YELLOW, N, A_BOLD_ },
		[ST_STACK] = { C_CYAN, N, A_BOLD_ },
		[ST_GUARD] = { N, N, A_DIM_ },
		[ST_SHARED] = { C_BLUE, N, A_UNDERLINE_ },
		[ST_FILE] = { C_BLUE, N, 0 },
		[ST_ANON] = { C_YELLOW, N, 0 },
		[ST_KERNEL] = { N, N, A_DIM_ },
	} },
	{ "mono", "no colour: bold, reverse and underline only", {
		[ST_NORMAL] = { N, N, 0 },
		[ST_DIM] = { N, N, A_DIM_ },
		[ST_BOLD] = { N, N, A_BOLD_ },
		[ST_HEAD] = { N, N, A_REVERSE_ },
		[ST_SORTED] = { N, N, A_REVERSE_ | A_BOLD_ },
		[ST_CURSOR] = { N, N, A_REVERSE_ },
		[ST_TAGGED] = { N, N, A_BOLD_ | A_UNDERLINE_ },
		[ST_BAR] = { N, N, A_REVERSE_ },
		[ST_BARKEY] = { N, N, 0 },
		[ST_TITLE] = { N, N, A_BOLD_ },
		[ST_GOOD] = { N, N, 0 },
		[ST_WARN] = { N, N, A_BOLD_ },
		[ST_ERROR] = { N, N, A_REVERSE_ | A_BOLD_ },
		[ST_ADDED] = { N, N, A_BOLD_ },
		[ST_REMOVED] = { N, N, A_UNDERLINE_ },
		[ST_CHANGED] = { N, N, A_BOLD_ | A_UNDERLINE_ },
		[ST_FOUND] = { N, N, A_REVERSE_ },
		[ST_TEXT] = { N, N, 0 },
		[ST_RODATA] = { N, N, 0 },
		[ST_DATA] = { N, N, 0 },
		[ST_HEAP] = { N, N, A_BOLD_ },
		[ST_STACK] = { N, N, A_BOLD_ },
		[ST_GUARD] = { N, N, A_DIM_ },
		[ST_SHARED] = { N, N, A_UNDERLINE_ },
		[ST_FILE] = { N, N, 0 },
		[ST_ANON] = { N, N, 0 },
		[ST_KERNEL] = { N, N, A_DIM_ },
	} },
};

const struct theme *theme_at(size_t i)
{
	return i < ARRAY_SIZE(themes) ? &themes[i] : NULL;
}

const struct theme *theme_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		if (!strcmp(themes[i].name, name))
			return &themes[i];
	return NULL;
}
