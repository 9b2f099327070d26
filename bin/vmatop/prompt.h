/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PROMPT_H
#define VMATOP_PROMPT_H
/* A line of text that is typed in place of the function bar. */
#include "term.h"

struct app;

#define PROMPT_MAX 512

/**
 * struct prompt
 * @changed: after each key, NULL; @done: Enter, with what it answers as panel.h says; cancelled
 *           with Esc when @text is NULL
 */
struct prompt {
	bool open;
	const char *label;
	char text[PROMPT_MAX];
	size_t len, at;
	void (*changed)(struct app *a, const char *text);
	u32 (*done)(struct app *a, const char *text);
};

void prompt_open(struct prompt *p, const char *label, const char *text,
		 void (*changed)(struct app *a, const char *text),
		 u32 (*done)(struct app *a, const char *text));
u32 prompt_key(struct app *a, struct prompt *p, const struct term_event *ev);
void prompt_draw(const struct prompt *p, int y, int cols);

#endif
