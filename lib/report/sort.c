// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sorting rows: the keys are taken out once, not at each comparison. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "libvmactl/report.h"

struct key {
	bool has;
	u64 num;
	char *text;
};

/* @key: order->nr a row, by the place a row had at first. */
struct keys {
	const struct vma_order *order;
	struct key *key;
	size_t nr;
};

static bool is_text(const struct vma_column *c)
{
	return c->kind == VMA_CELL_TEXT || c->kind == VMA_CELL_WORDS || c->kind == VMA_CELL_IDS;
}

static void undo_keys(struct keys *k)
{
	for (size_t i = 0; k->key && i < k->nr * k->order->nr; i++)
		free(k->key[i].text);
	free(k->key);
}

static int compare(const void *a_, const void *b_, void *keys_)
{
	const struct keys *keys = keys_;
	const struct vma_order *order = keys->order;
	u32 a = *(const u32 *)a_, b = *(const u32 *)b_;

	for (size_t k = 0; k < order->nr; k++) {
		const struct key *x = &keys->key[a * order->nr + k], *y = &keys->key[b * order->nr + k];
		int c;

		if (x->has != y->has)
			return x->has ? -1 : 1;
		if (!x->has)
			continue;
		if (x->text && y->text)
			c = strcmp(x->text, y->text);
		else
			c = (x->num > y->num) - (x->num < y->num);
		if (c)
			return order->key[k].descending ? -c : c;
	}
	return (a > b) - (a < b);
}

static bool take_keys(const struct vma_order *order, const void *row, struct key *key,
		      struct vma_cell *cell)
{
	for (size_t k = 0; k < order->nr; k++, key++) {
		vma_column_get(order->key[k].col, row, cell);
		key->has = cell->state == VMA_CELL_HAS;
		key->num = cell->num;
		if (key->has && is_text(order->key[k].col)) {
			key->text = strdup(cell->text);
			if (!key->text)
				return false;
		}
	}
	return true;
}

int vma_order_sort_by(const struct vma_order *order, const void *(*row_at)(void *ctx, size_t i),
		      void *ctx, u32 *out, size_t nr, struct vma_err *err)
{
	AUTO(undo_free) char *buf = malloc(VMA_CELL_BUF);
	AUTO(undo_keys) struct keys keys = { order, calloc(nr * order->nr + 1, sizeof(struct key)), nr };
	struct vma_cell cell = { .buf = buf };

	if (!keys.key || !buf)
		return vma_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < nr; i++) {
		out[i] = (u32)i;
		if (!take_keys(order, row_at(ctx, i), &keys.key[i * order->nr], &cell))
			return vma_fail(err, ENOMEM, "out of memory");
	}
	qsort_r(out, nr, sizeof(*out), compare, &keys);
	return 0;
}

static const void *pointer_at(void *ctx, size_t i)
{
	return ((const void **)ctx)[i];
}

int vma_order_sort(const struct vma_order *order, const void **rows, size_t nr,
		   struct vma_err *err)
{
	AUTO(undo_free) const void **before = malloc((nr + 1) * sizeof(*before));
	AUTO(undo_free) u32 *index = malloc((nr + 1) * sizeof(*index));
	int rc;

	if (!before || !index)
		return vma_fail(err, ENOMEM, "out of memory");
	rc = vma_order_sort_by(order, pointer_at, (void *)rows, index, nr, err);
	if (rc)
		return rc;
	memcpy((void *)before, (const void *)rows, nr * sizeof(*before));
	for (size_t i = 0; i < nr; i++)
		rows[i] = before[index[i]];
	return 0;
}
