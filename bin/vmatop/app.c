// SPDX-License-Identifier: GPL-2.0-or-later
#include "app.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool tags_has(const struct tags *t, u64 key)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->key[i] == key)
			return true;
	return false;
}

void tags_add(struct tags *t, u64 key)
{
	if (!tags_has(t, key) && t->nr < TAGS_MAX)
		t->key[t->nr++] = key;
}

void tags_toggle(struct tags *t, u64 key)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->key[i] == key) {
			t->key[i] = t->key[--t->nr];
			return;
		}
	tags_add(t, key);
}

void app_say(struct app *a, enum style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->message, sizeof(a->message), fmt, ap);
	va_end(ap);
	a->message_style = style;
}

void app_set_shown(struct app *a, struct sample *s)
{
	struct sample *before = a->shown;

	a->shown = sample_ref(s);
	sample_unref(before);
	listing_free(a->listing);
	a->listing = NULL;
	detail_free(a->detail);
	a->detail = NULL;
	a->detail_of = NULL;
}

static void forget_process(struct app *a)
{
	history_fini(&a->history);
	app_set_shown(a, NULL);
	sample_unref(a->live);
	a->live = NULL;
	a->back = 0;
	a->read_failed = false;
	a->addr = 0;
	a->ended = false;
	a->q_space.tags.nr = 0;
}

/* A job that still works for the process before holds references and is thrown away later. */
void app_open(struct app *a, const char *target)
{
	forget_process(a);
	snprintf(a->target, sizeof(a->target), "%s", target);
	a->want_read = true;
}

void app_show(struct app *a, size_t back)
{
	struct sample *s;

	while (back && !history_back(&a->history, back))
		back--;
	s = history_back(&a->history, back);
	if (!s || s == a->shown)
		return;
	app_set_shown(a, s);
	a->back = back;
	a->want_arrange = true;
}

const struct detail *app_detail(const struct app *a)
{
	return a->detail && a->detail_of == a->shown && a->detail->addr == a->addr ? a->detail
										  : NULL;
}

bool app_selected(const struct app *a, size_t *i)
{
	size_t at = a->shown ? sample_find(a->shown, a->addr) : 0;

	*i = at;
	return at < sample_nr(a->shown) && sample_start(a->shown, at) <= a->addr;
}

u32 app_wants(const struct app *a)
{
	u32 wants = 0, needs = a->q_space.pick.needs;
	struct vma_order order = { .nr = 0 };
	struct vma_filter *f = NULL;

	for (size_t i = 0; i < a->depth; i++)
		wants |= a->stack[i]->wants;
	if (*a->q_space.filter &&
	    !vma_filter_parse(&vma_mapping_columns, a->q_space.filter, &f, NULL)) {
		needs |= vma_filter_needs(f);
		vma_filter_free(f);
	}
	if (*a->q_space.order &&
	    !vma_order_parse(&vma_mapping_columns, a->q_space.order, &order, NULL))
		needs |= order.needs;
	if (needs & VMA_NEEDS_MODEL)
		wants |= WANTS_MODEL;
	if (needs & VMA_NEEDS_ATTRIB)
		wants |= WANTS_ATTRIB;
	if (needs & VMA_READ_PAGES)
		wants |= WANTS_PAGES;
	return wants;
}

/* A word without an operator that is no column stands for a search in the name. */
static void expression(const struct vma_columns *t, const char *typed, const char *name_column,
		       char *out, size_t size)
{
	const char *p = typed;

	while (*p && !strchr("=<>!&|()\"'~", *p) && !isspace((unsigned char)*p))
		p++;
	if (!*p && *typed && !vma_column_by_name(t, typed)) {
		size_t n = (size_t)snprintf(out, size, "%s =~ \"", name_column);

		/* what is special to an expression stands for itself */
		for (p = typed; *p && n + 5 < size; p++) {
			if (strchr(".[]{}*+?^$", *p)) {
				out[n++] = '[';
				out[n++] = *p;
				out[n++] = ']';
			} else if (*p != '\\') {
				out[n++] = *p;
			}
		}
		snprintf(out + n, size - n, "\"");
		return;
	}
	snprintf(out, size, "%s", typed);
}

bool app_set_filter(struct query *q, const struct vma_columns *t, const char *typed,
		    const char *name_column, struct vma_err *err)
{
	char expr[EXPR_MAX];
	struct vma_filter *f;

	expression(t, typed, name_column, expr, sizeof(expr));
	if (*expr) {
		if (vma_filter_parse(t, expr, &f, err))
			return false;
		vma_filter_free(f);
	}
	snprintf(q->filter, sizeof(q->filter), "%s", expr);
	return true;
}

void app_say_order(struct app *a, const struct query *q)
{
	const char *by = q->order + (*q->order == '-');

	for (size_t i = 0; i < q->pick.nr; i++)
		if (!strcasecmp(q->pick.col[i]->name, by))
			return;
	if (*by)
		app_say(a, ST_NORMAL, "sorted by %s%s, which is not shown (F2)", by,
			*q->order == '-' ? ", largest first" : "");
}

bool app_columns(struct query *q, const struct vma_columns *t, const char *list,
		 struct vma_err *err)
{
	struct vma_pick pick;

	if (vma_pick(t, list, NULL, &pick, err))
		return false;
	q->pick = pick;
	snprintf(q->columns, sizeof(q->columns), "%s", list);
	return true;
}
