// SPDX-License-Identifier: GPL-2.0-or-later
#include "prompt.h"

#include <stdio.h>
#include <string.h>

#include "panel.h"

#define CTRL(c) ((c) & 0x1f)

void prompt_open(struct prompt *p, const char *label, const char *text,
		 void (*changed)(struct app *a, const char *text),
		 u32 (*done)(struct app *a, const char *text))
{
	*p = (struct prompt){ .open = true, .label = label, .changed = changed, .done = done };
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->len = p->at = strlen(p->text);
}

/* Bytes of the character before or behind the cursor. */
static size_t before(const struct prompt *p)
{
	size_t n = 0;

	while (n < p->at && n < 4) {
		n++;
		if (((unsigned char)p->text[p->at - n] & 0xc0) != 0x80)
			break;
	}
	return n;
}

static size_t behind(const struct prompt *p)
{
	size_t n = p->at < p->len;

	while (n && p->at + n < p->len && ((unsigned char)p->text[p->at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void cut(struct prompt *p, size_t from, size_t n)
{
	memmove(p->text + from, p->text + from + n, p->len - from - n + 1);
	p->len -= n;
	p->at = from;
}

static void insert(struct prompt *p, int c)
{
	char utf8[4];
	size_t n = 0;

	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | c >> 18);
		utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	if (p->len + n >= sizeof(p->text))
		return;
	memmove(p->text + p->at + n, p->text + p->at, p->len - p->at + 1);
	memcpy(p->text + p->at, utf8, n);
	p->len += n;
	p->at += n;
}

static void edit(struct prompt *p, int key)
{
	switch (key) {
	case TK_LEFT:
		p->at -= before(p);
		break;
	case TK_RIGHT:
		p->at += behind(p);
		break;
	case TK_HOME:
	case CTRL('a'):
		p->at = 0;
		break;
	case TK_END:
	case CTRL('e'):
		p->at = p->len;
		break;
	case TK_BACKSPACE:
		cut(p, p->at - before(p), before(p));
		break;
	case TK_DELETE:
		cut(p, p->at, behind(p));
		break;
	case CTRL('u'):
		cut(p, 0, p->at);
		break;
	default:
		if (key >= ' ' && key <= 0x10ffff && key != 0x7f)
			insert(p, key);
	}
}

u32 prompt_key(struct app *a, struct prompt *p, const struct term_event *ev)
{
	char text[PROMPT_MAX];

	if (ev->key == TK_MOUSE)
		return KEY_HANDLED;
	if (ev->key == TK_ESC || ev->key == CTRL('c')) {
		p->open = false;
		return KEY_HANDLED | KEY_REDRAW | (p->done ? p->done(a, NULL) : 0);
	}
	if (ev->key == TK_ENTER) {
		/* the callback may open the next prompt in this one's place */
		p->open = false;
		memcpy(text, p->text, sizeof(text));
		return KEY_HANDLED | KEY_REDRAW | (p->done ? p->done(a, text) : 0);
	}
	edit(p, ev->key);
	if (p->changed)
		p->changed(a, p->text);
	return KEY_HANDLED | KEY_REDRAW;
}

void prompt_draw(const struct prompt *p, int y, int cols)
{
	int x = term_put(y, 0, cols, ST_BOLD, p->label);
	size_t from = 0;
	char head[PROMPT_MAX];

	x += term_put(y, x, cols - x, ST_BOLD, ": ");
	/* a long text is shown from where the cursor is in sight */
	if (x < cols && p->at > (size_t)(cols - x - 1))
		from = p->at - (size_t)(cols - x - 1);
	while (from < p->len && ((unsigned char)p->text[from] & 0xc0) == 0x80)
		from++;
	snprintf(head, sizeof(head), "%.*s", (int)(p->at - from), p->text + from);
	int used = term_put(y, x, cols - x, ST_NORMAL, head);
	term_put(y, x + used, cols - x - used - 14, ST_NORMAL, p->text + p->at);
	if (cols - x - used > 30)
		term_put(y, cols - 23, 23, ST_DIM, "Enter: done  Esc: leave");
	term_cursor(y, x + used);
}
