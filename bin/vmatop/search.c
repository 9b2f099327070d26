// SPDX-License-Identifier: GPL-2.0-or-later
/* Search in the list of whatever panel is on top. */
#include <stdio.h>
#include <string.h>

#include "app.h"

#define TEXT_MAX 8300

static bool matches(struct app *a, const struct panel *p, size_t i, const char *what)
{
	char buf[TEXT_MAX];
	const char *text = p->text(a, panel_state(a, p), i, buf, sizeof(buf));

	return text && strcasestr(text, what);
}

/* Goes round once, from @from on (that line too). */
static bool find(struct app *a, const char *what, size_t from, bool forward, size_t *at)
{
	const struct panel *p = panel_top(a);
	size_t nr = p->list(panel_state(a, p))->nr;

	for (size_t i = 0; i < nr; i++) {
		size_t k = (from + (forward ? i : nr - i)) % nr;

		if (!matches(a, p, k, what))
			continue;
		*at = k;
		return true;
	}
	return false;
}

static bool go(struct app *a, size_t from, bool forward)
{
	const struct panel *p = panel_top(a);
	struct list *l = p->list(panel_state(a, p));
	size_t at;

	if (!*a->found || !l->nr)
		return false;
	if (!find(a, a->found, from % l->nr, forward, &at)) {
		app_say(a, ST_WARN, "not found: %s", a->found);
		return false;
	}
	list_to(l, at);
	if (p->moved)
		p->moved(a, panel_state(a, p));
	return true;
}

static void changed(struct app *a, const char *text)
{
	snprintf(a->found, sizeof(a->found), "%s", text);
	*a->message = '\0';
	go(a, a->search_from, true);
}

static u32 done(struct app *a, const char *text)
{
	const struct panel *p = panel_top(a);

	if (text)
		return 0;
	list_to(p->list(panel_state(a, p)), a->search_from);
	if (p->moved)
		p->moved(a, panel_state(a, p));
	return 0;
}

void search_open(struct app *a)
{
	const struct panel *p = panel_top(a);

	a->search_from = p->list(panel_state(a, p))->cursor;
	prompt_open(&a->prompt, "Search", "", changed, done);
}

u32 search_again(struct app *a, bool forward)
{
	const struct panel *p = panel_top(a);
	size_t nr = p->list(panel_state(a, p))->nr, at = p->list(panel_state(a, p))->cursor;

	if (nr)
		go(a, (at + (forward ? 1 : nr - 1)) % nr, forward);
	return KEY_HANDLED | KEY_REDRAW;
}
