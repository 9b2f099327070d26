/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_TERM_H
#define VMATOP_TERM_H
/*
 * The terminal: cells, styles, keys. term.c is the one file that knows curses.
 *
 * All text that reaches the screen passes term_put(), which makes it harmless: control characters,
 * invalid UTF-8 and bidirectional overrides are shown as \xNN and never reach the terminal.
 */
#include "libvmactl/types.h"
#include "theme.h"

/** Keys beyond the characters, above any Unicode code point. */
enum {
	KEY_NONE_ = 0x200000,
	TK_UP, TK_DOWN, TK_LEFT, TK_RIGHT, TK_PGUP, TK_PGDN, TK_HOME, TK_END, TK_BACKSPACE,
	TK_DELETE, TK_BACKTAB, TK_MOUSE, TK_RESIZE, TK_GONE,
	TK_F1 /* to F12: TK_F1 + 11; with Shift F13 to F24 */
};
#define TK_ESC 27
#define TK_ENTER 10
#define TK_TAB 9

/** struct term_event - a key, or with TK_MOUSE what the mouse did where */
struct term_event {
	int key;
	int y, x;
	enum { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_UP, MOUSE_DOWN } mouse;
};

/** struct area - a part of the screen */
struct area {
	int y, x, rows, cols;
};

struct term_options {
	bool ascii, mouse;
	const struct theme *theme;
};

/** term_open() - take the terminal over; false (with the reason on stderr) when there is none. */
bool term_open(const struct term_options *opt);
/** term_close() - give it back as it was. Any number of times, from any exit path. */
void term_close(void);
void term_theme(const struct theme *theme);
bool term_is_ascii(void);
struct area term_area(void);
/** term_fit() - take over the size the window has now. */
void term_fit(void);

void term_erase(void);
/** term_redraw() - the next flush draws every cell again. */
void term_redraw(void);
void term_flush(void);
/** term_put() - hostile text into at most @width cells. Returns the cells used. */
int term_put(int y, int x, int width, enum style style, const char *text);
/** term_putf() - the same, put together first. */
int term_putf(int y, int x, int width, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/** term_right() - text at the right end of @width cells. */
void term_right(int y, int x, int width, enum style style, const char *text);
/** term_put_from() - the same without its first @skip cells. */
int term_put_from(int y, int x, int width, enum style style, const char *text, int skip);
/** term_width() - cells that hostile text takes, made harmless. */
int term_width(const char *text);
void term_fill(int y, int x, int width, enum style style, char c);
/** term_cursor() - show the cursor here; a negative @y hides it. */
void term_cursor(int y, int x);
/** term_read() - the next event that waits; false when there is none. */
bool term_read(struct term_event *ev);

#endif
