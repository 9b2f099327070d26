/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_KEYS_H
#define VMATOP_KEYS_H
/* The keys: what the help shows, what the function bar offers and what happens are one table. */
#include "term.h"

/** Where a key means something (bits). A panel names the one it is in. */
enum {
	IN_PROCS = 1 << 0, IN_SPACE = 1 << 1, IN_VMA = 1 << 2, IN_PAGES = 1 << 3, IN_ANON = 1 << 4,
	IN_HISTORY = 1 << 5, IN_SIM = 1 << 6, IN_SIM_PICK = 1 << 7, IN_SIM_FORM = 1 << 8,
	IN_HELP = 1 << 9, IN_SETUP = 1 << 10, IN_SORT = 1 << 11, IN_TEXT = 1 << 12,
	IN_LISTS = IN_PROCS | IN_SPACE,
	IN_PROCESS = IN_SPACE | IN_VMA | IN_PAGES | IN_ANON | IN_HISTORY | IN_SIM | IN_SIM_PICK |
		     IN_SIM_FORM,
	IN_TIME = IN_SPACE | IN_VMA | IN_PAGES | IN_ANON | IN_HISTORY, /* shows a sample */
	IN_SUB = IN_VMA | IN_PAGES | IN_ANON | IN_HISTORY | IN_SIM | IN_SIM_PICK | IN_SIM_FORM |
		 IN_HELP | IN_SETUP | IN_SORT | IN_TEXT,
	IN_SEARCH = IN_LISTS | IN_ANON | IN_VMA | IN_HELP | IN_SIM_PICK | IN_TEXT,
	IN_ALL = 0xffff,
};

enum action {
	ACT_NONE, ACT_UP, ACT_DOWN, ACT_PGUP, ACT_PGDN, ACT_HOME, ACT_END, ACT_OPEN, ACT_BACK,
	ACT_QUIT, ACT_HELP, ACT_SETUP, ACT_SEARCH, ACT_NEXT, ACT_PREV, ACT_FILTER, ACT_TREE,
	ACT_SORT, ACT_INVERT, ACT_SORT_ADDR, ACT_SORT_SIZE, ACT_SORT_RSS, ACT_SORT_COUNT, ACT_TAG,
	ACT_TAG_TREE, ACT_UNTAG, ACT_TAB, ACT_BACKTAB, ACT_PAUSE, ACT_REREAD, ACT_ZOOM_IN,
	ACT_ZOOM_OUT, ACT_ZOOM_ALL, ACT_PATH, ACT_HEADER, ACT_FOLLOW, ACT_GAPS, ACT_OLDER,
	ACT_NEWER, ACT_NEWEST, ACT_VMA, ACT_PAGES, ACT_ANON, ACT_HISTORY, ACT_SIMULATE, ACT_RUN,
	ACT_UNDO, ACT_REDO, ACT_BRANCH, ACT_SAVE, ACT_SWITCH, ACT_DIGIT,
	ACT_EXPAND, ACT_COLLAPSE, ACT_EXPAND_ALL,
	ACT_ENVIRONMENT, ACT_FILES, ACT_LOCKS, ACT_STACKS, ACT_WRAP,
	ACT_EARLIER, ACT_LATER, ACT_NR
};

/**
 * struct key_row
 * @key:   as term_read() gives them, 0 ends; KEY_ANY_DIGIT matches each digit
 * @label: how the help writes them
 * @bar:   the word in the function bar, NULL when it is not there; @key[0] is a function key then
 */
#define KEY_ANY_DIGIT (-1)
struct key_row {
	int key[4];
	const char *label;
	const char *bar;
	enum action action;
	u32 where;
	const char *help;
};

/** keys_at() - row @i, NULL past the end. */
const struct key_row *keys_at(size_t i);
/** keys_action() - what a key does in @where. */
enum action keys_action(int key, u32 where);
/** keys_bar() - draws the function bar of @where. */
void keys_bar(int y, int cols, u32 where);
/** keys_bar_hit() - the action under a click on the bar. */
enum action keys_bar_hit(int x, int cols, u32 where);

#endif
