// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define F(n) (TK_F1 + (n) - 1)
#define SHIFT_F(n) F(12 + (n))
#define CTRL(c) ((c) & 0x1f)

/*
 * THE table of keys. A new key is a row here and a case in the panel that acts on it. The first
 * row that fits the place wins, so a special meaning stands above the general one.
 */
static const struct key_row keys[] = {
	{ { F(1), '?', 'h' }, "F1 ? h", "Help", ACT_HELP, IN_ALL & ~IN_HELP, "this help" },
	{ { F(2), 'C', 'S' }, "F2 C S", "Setup", ACT_SETUP, IN_LISTS, "columns and theme" },
	{ { F(2), 'x' }, "F2 x", "Run", ACT_RUN, IN_SIM_FORM, "run the operation on the model" },
	{ { F(2), 'o' }, "F2 o", "New", ACT_OPEN, IN_SIM, "choose the next operation" },
	{ { F(3), '/' }, "F3 /", "Search", ACT_SEARCH, IN_SEARCH,
	  "search while typing" },
	{ { F(3), 'u' }, "F3 u", "Undo", ACT_UNDO, IN_SIM, "take the last operation back" },
	{ { 'n' }, "n", NULL, ACT_NEXT, IN_SEARCH, "next match" },
	{ { SHIFT_F(3) }, "S-F3", NULL, ACT_PREV, IN_SEARCH, "match before" },
	{ { F(4), '\\' }, "F4 \\", "Filter", ACT_FILTER, IN_LISTS,
	  "show only what an expression holds for: RSS > 1M && PATH =~ \"libc\"; a plain word is "
	  "searched in the name" },
	{ { F(4), 'R' }, "F4 R", "Redo", ACT_REDO, IN_SIM, "do again what was undone" },
	{ { F(5), 't' }, "F5 t", "Tree", ACT_TREE, IN_PROCS, "parents and children" },
	{ { F(5), 'm' }, "F5 m", "Pages", ACT_PAGES, IN_SPACE | IN_VMA, "the pages of the mapping" },
	{ { F(5), 'b' }, "F5 b", "Branch", ACT_BRANCH, IN_SIM,
	  "go to the next branch: operations tried from the same state" },
	{ { F(6), '>', '.' }, "F6 > .", "Sort", ACT_SORT, IN_LISTS, "choose the column to sort by" },
	{ { F(6), 'w' }, "F6 w", "Save", ACT_SAVE, IN_SIM,
	  "save the operations as a script for vmactl replay" },
	{ { F(7), 'a' }, "F7 a", "Anon", ACT_ANON, IN_SPACE | IN_VMA, "the forest of anon_vmas" },
	{ { F(7), '[' }, "F7 [", "Before", ACT_EARLIER, IN_SETUP, "move a column to the left" },
	{ { F(8), ']' }, "F8 ]", "After", ACT_LATER, IN_SETUP, "move a column to the right" },
	{ { F(7), 'p' }, "F7 p", "Process", ACT_SWITCH, IN_SIM,
	  "go on in the other process after a fork" },
	{ { F(8), 'y' }, "F8 y", "History", ACT_HISTORY, IN_SPACE, "what was seen so far" },
	{ { F(9), 's' }, "F9 s", "Simulate", ACT_SIMULATE, IN_PROCS | IN_SPACE | IN_VMA | IN_PAGES,
	  "try an operation and see what would become of the address space" },
	{ { F(10), 'q' }, "F10 q", "Quit", ACT_QUIT, IN_LISTS, "end" },
	{ { F(10), TK_ESC, 'q' }, "F10 Esc q", "Done", ACT_BACK, IN_SUB, "back to where it was opened" },
	{ { TK_ESC }, "Esc", NULL, ACT_BACK, IN_SPACE, "back to the list of processes" },
	{ { TK_UP, 'k' }, "Up k", NULL, ACT_UP, IN_ALL, "a line up" },
	{ { TK_DOWN, 'j' }, "Down j", NULL, ACT_DOWN, IN_ALL, "a line down" },
	{ { TK_PGUP }, "PgUp", NULL, ACT_PGUP, IN_ALL, "a page up" },
	{ { TK_PGDN }, "PgDn", NULL, ACT_PGDN, IN_ALL, "a page down" },
	{ { TK_HOME }, "Home", NULL, ACT_HOME, IN_ALL, "to the first line" },
	{ { TK_END, 'G' }, "End G", NULL, ACT_END, IN_ALL, "to the last line" },
	{ { TK_ENTER }, "Enter", NULL, ACT_OPEN,
	  IN_LISTS | IN_PAGES | IN_ANON | IN_HISTORY | IN_SETUP | IN_SORT | IN_SIM | IN_SIM_PICK | IN_SIM_FORM,
	  "open, choose or change what the cursor is on" },
	{ { TK_TAB }, "Tab", NULL, ACT_TAB, IN_PROCESS, "next view of the process" },
	{ { TK_BACKTAB }, "S-Tab", NULL, ACT_BACKTAB, IN_PROCESS, "view before" },
	{ { 'v' }, "v", NULL, ACT_VMA, IN_SPACE | IN_PAGES, "the mapping in full" },
	{ { ' ' }, "Space", NULL, ACT_TAG, IN_LISTS, "tag a line; the header adds tagged ones up" },
	{ { ' ' }, "Space", NULL, ACT_OPEN, IN_SETUP, "switch a column on or off" },
	{ { 'c' }, "c", NULL, ACT_TAG_TREE, IN_PROCS, "tag a process and its children" },
	{ { 'U' }, "U", NULL, ACT_UNTAG, IN_LISTS, "untag all" },
	{ { 'I' }, "I", NULL, ACT_INVERT, IN_LISTS, "turn the order round" },
	{ { 'N' }, "N", NULL, ACT_SORT_ADDR, IN_LISTS, "sort by address or PID" },
	{ { 'P' }, "P", NULL, ACT_SORT_SIZE, IN_LISTS, "sort by size" },
	{ { 'M' }, "M", NULL, ACT_SORT_RSS, IN_LISTS, "sort by memory present" },
	{ { 'T' }, "T", NULL, ACT_SORT_COUNT, IN_PROCS, "sort by number of mappings" },
	{ { '+', '=', 'z' }, "+ z", NULL, ACT_ZOOM_IN, IN_SPACE | IN_PAGES,
	  "zoom in: the map bar about the cursor, the page map about its first line" },
	{ { '-' }, "-", NULL, ACT_ZOOM_OUT, IN_SPACE | IN_PAGES, "zoom out" },
	{ { '*' }, "*", NULL, ACT_ZOOM_ALL, IN_SPACE | IN_PAGES, "show all" },
	{ { '+', '=' }, "+", NULL, ACT_EXPAND, IN_PROCS | IN_ANON, "unfold a branch of the tree" },
	{ { '-' }, "-", NULL, ACT_COLLAPSE, IN_PROCS | IN_ANON, "fold a branch" },
	{ { '*' }, "*", NULL, ACT_EXPAND_ALL, IN_PROCS | IN_ANON, "fold all branches, or unfold all" },
	{ { 'g' }, "g", NULL, ACT_GAPS, IN_SPACE, "show the gaps between mappings" },
	{ { 'p' }, "p", NULL, ACT_PATH, IN_LISTS, "whole path or command line, or the name only" },
	{ { 'e' }, "e", NULL, ACT_ENVIRONMENT, IN_LISTS, "the environment of the process" },
	{ { 'l' }, "l", NULL, ACT_FILES, IN_LISTS, "its open files" },
	{ { 'x' }, "x", NULL, ACT_LOCKS, IN_LISTS, "its locks on files" },
	{ { 'b' }, "b", NULL, ACT_STACKS, IN_LISTS,
	  "backtrace: stacks of its threads, each of which is stopped for a moment" },
	{ { 'w' }, "w", NULL, ACT_WRAP, IN_LISTS | IN_VMA, "the line in full, wrapped" },
	{ { 'w' }, "w", NULL, ACT_WRAP, IN_TEXT, "wrap long lines, or cut them" },
	{ { '#' }, "#", NULL, ACT_HEADER, IN_ALL, "hide or show the header" },
	{ { 'F' }, "F", NULL, ACT_FOLLOW, IN_LISTS, "the cursor follows what it is on" },
	{ { 'Z' }, "Z", NULL, ACT_PAUSE, IN_ALL, "pause: nothing is read" },
	{ { CTRL('l'), 'r' }, "Ctrl-L r", NULL, ACT_REREAD, IN_ALL, "read and draw now" },
	{ { TK_LEFT }, "Left", NULL, ACT_OLDER, IN_TIME, "the sample before" },
	{ { TK_RIGHT }, "Right", NULL, ACT_NEWER, IN_TIME, "the sample after it" },
	{ { '0' }, "0", NULL, ACT_NEWEST, IN_TIME, "back to now" },
	{ { KEY_ANY_DIGIT }, "0-9", NULL, ACT_DIGIT, IN_PROCS, "search a PID" },
};

const struct key_row *keys_at(size_t i)
{
	return i < ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

static bool is_key(const struct key_row *row, int key)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->key) && row->key[i]; i++)
		if (row->key[i] == key ||
		    (row->key[i] == KEY_ANY_DIGIT && key >= '0' && key <= '9'))
			return true;
	return false;
}

enum action keys_action(int key, u32 where)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].where & where && is_key(&keys[i], key))
			return keys[i].action;
	return ACT_NONE;
}

static const struct key_row *bar_row(int f, u32 where)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].bar && keys[i].where & where && keys[i].key[0] == F(f))
			return &keys[i];
	return NULL;
}

#define BAR_KEYS 10

/* Where each key of the bar begins: all words whole as long as they fit, and spread a little. */
struct bar {
	const struct key_row *row[BAR_KEYS + 1];
	int x[BAR_KEYS + 2];
};

static int label_width(int f)
{
	return f < 10 ? 2 : 3;
}

static void lay_out(struct bar *b, int cols, u32 where)
{
	int nr = 0, total = 0, x = 0;

	*b = (struct bar){ .x = { 0 } };
	for (int f = 1; f <= BAR_KEYS; f++) {
		b->row[f] = bar_row(f, where);
		if (!b->row[f])
			continue;
		nr++;
		total += label_width(f) + (int)strlen(b->row[f]->bar);
	}
	int spare = nr && total < cols ? (cols - total) / nr : 0;
	for (int f = 1; f <= BAR_KEYS; f++) {
		b->x[f] = x;
		if (b->row[f])
			x += label_width(f) + (int)strlen(b->row[f]->bar) + (spare < 3 ? spare : 3);
	}
	b->x[BAR_KEYS + 1] = x;
}

void keys_bar(int y, int cols, u32 where)
{
	struct bar b;
	char label[16];

	lay_out(&b, cols, where);
	for (int f = 1; f <= BAR_KEYS; f++) {
		if (!b.row[f])
			continue;
		snprintf(label, sizeof(label), "F%d", f);
		int x = b.x[f], n = term_put(y, x, cols - x, ST_BARKEY, label);

		term_fill(y, x + n, b.x[f + 1] - x - n, ST_BAR, ' ');
		term_put(y, x + n, b.x[f + 1] - x - n, ST_BAR, b.row[f]->bar);
	}
	term_fill(y, b.x[BAR_KEYS + 1], cols, ST_BAR, ' ');
}

enum action keys_bar_hit(int x, int cols, u32 where)
{
	struct bar b;

	lay_out(&b, cols, where);
	for (int f = 1; f <= BAR_KEYS; f++)
		if (b.row[f] && x >= b.x[f] && x < b.x[f + 1])
			return b.row[f]->action;
	return ACT_NONE;
}
