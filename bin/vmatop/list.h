/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_LIST_H
#define VMATOP_LIST_H
/* A cursor in a list longer than the screen. */
#include "keys.h"

struct list {
	size_t nr, top, cursor;
	int rows; /* on the screen */
};

/** list_fit() - so many lines, so many of them to be seen; the cursor stays in sight. */
void list_fit(struct list *l, size_t nr, int rows);
/** list_act() - moves the cursor; false when the action does not move it. */
bool list_act(struct list *l, enum action act);
/** list_wheel() - the mouse wheel. */
void list_wheel(struct list *l, bool up);
void list_to(struct list *l, size_t at);

#endif
