// SPDX-License-Identifier: LGPL-2.1-or-later
/* Choosing columns by name. */
#include "libvmactl/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "put.h"

const struct vma_column *vma_column_by_name(const struct vma_columns *t, const char *name)
{
	for (size_t i = 0; i < t->nr; i++)
		if (!strcasecmp(t->col[i].name, name))
			return &t->col[i];
	return NULL;
}

void vma_column_get(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	cell_get(col, row, cell);
}

static const char *name_at(const void *ctx, size_t i)
{
	const struct vma_columns *t = ctx;

	return t->col[i].name;
}

static int no_such_column(const struct vma_columns *t, const char *name, struct vma_err *err)
{
	const char *near = vma_nearest(name, name_at, t, t->nr);

	if (near)
		return vma_fail(err, EINVAL, "%s: no such column (did you mean %s?)", name, near);
	return vma_fail(err, EINVAL, "%s: no such column (see --list-columns)", name);
}

static int add(const struct vma_columns *t, const char *name, struct vma_pick *pick,
	       struct vma_err *err)
{
	const struct vma_column *col = vma_column_by_name(t, name);

	if (!col)
		return no_such_column(t, name, err);
	if (pick->nr == VMA_PICK_MAX)
		return vma_fail(err, E2BIG, "%s: more than %d columns", name, VMA_PICK_MAX);
	pick->col[pick->nr++] = col;
	pick->needs |= col->needs;
	return 0;
}

/* The next word of a list divided by commas or blanks, into @word; false at the end. */
static bool next_word(const char **list, char *word, size_t size)
{
	*list += strspn(*list, ", ");
	size_t n = strcspn(*list, ", ");
	if (!n)
		return false;
	snprintf(word, size, "%.*s", (int)(n < size ? n : size - 1), *list);
	*list += n;
	return true;
}

static int add_list(const struct vma_columns *t, const char *list, struct vma_pick *pick,
		    struct vma_err *err)
{
	char word[64];
	int rc = 0;

	while (!rc && next_word(&list, word, sizeof(word)))
		rc = add(t, word, pick, err);
	return rc;
}

int vma_pick(const struct vma_columns *t, const char *defaults, const char *list,
	     struct vma_pick *pick, struct vma_err *err)
{
	int rc = 0;

	pick->nr = 0;
	pick->needs = 0;
	if (!list || *list == '+')
		rc = add_list(t, defaults, pick, err);
	if (!rc && list)
		rc = add_list(t, list + (*list == '+'), pick, err);
	if (!rc && !pick->nr)
		return vma_fail(err, EINVAL, "no column is named");
	return rc;
}

void vma_pick_all(const struct vma_columns *t, struct vma_pick *pick)
{
	pick->nr = 0;
	pick->needs = 0;
	for (size_t i = 0; i < t->nr && i < VMA_PICK_MAX; i++) {
		pick->col[pick->nr++] = &t->col[i];
		pick->needs |= t->col[i].needs;
	}
}

int vma_order_parse(const struct vma_columns *t, const char *list, struct vma_order *out,
		    struct vma_err *err)
{
	char word[64];

	out->nr = 0;
	out->needs = 0;
	while (next_word(&list, word, sizeof(word))) {
		const char *name = word + (*word == '-' || *word == '+');
		const struct vma_column *col = vma_column_by_name(t, name);

		if (!col)
			return no_such_column(t, name, err);
		if (out->nr == ARRAY_SIZE(out->key))
			return vma_fail(err, E2BIG, "%s: more than %zu sort keys", name,
					ARRAY_SIZE(out->key));
		out->key[out->nr].col = col;
		out->key[out->nr++].descending = *word == '-';
		out->needs |= col->needs;
	}
	if (!out->nr)
		return vma_fail(err, EINVAL, "no column to sort by is named");
	return 0;
}
