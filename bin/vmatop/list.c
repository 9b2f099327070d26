// SPDX-License-Identifier: GPL-2.0-or-later
#include "list.h"

void list_fit(struct list *l, size_t nr, int rows)
{
	l->nr = nr;
	l->rows = rows > 0 ? rows : 1;
	if (l->cursor >= nr)
		l->cursor = nr ? nr - 1 : 0;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + (size_t)l->rows)
		l->top = l->cursor - (size_t)l->rows + 1;
	if (l->top + (size_t)l->rows > nr)
		l->top = nr > (size_t)l->rows ? nr - (size_t)l->rows : 0;
}

void list_to(struct list *l, size_t at)
{
	l->cursor = at;
	list_fit(l, l->nr, l->rows);
}

static void move(struct list *l, bool down, size_t by)
{
	if (down)
		list_to(l, l->nr - l->cursor > by ? l->cursor + by : l->nr ? l->nr - 1 : 0);
	else
		list_to(l, l->cursor > by ? l->cursor - by : 0);
}

bool list_act(struct list *l, enum action act)
{
	size_t page = l->rows > 1 ? (size_t)l->rows - 1 : 1;

	switch (act) {
	case ACT_UP:
	case ACT_DOWN:
		move(l, act == ACT_DOWN, 1);
		return true;
	case ACT_PGUP:
	case ACT_PGDN:
		move(l, act == ACT_PGDN, page);
		return true;
	case ACT_HOME:
		list_to(l, 0);
		return true;
	case ACT_END:
		list_to(l, l->nr ? l->nr - 1 : 0);
		return true;
	default:
		return false;
	}
}

void list_wheel(struct list *l, bool up)
{
	move(l, !up, 3);
}
