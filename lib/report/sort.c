// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sorting rows: the keys are taken out once, not at each comparison. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/report.h"

struct key {
	bool has;
	u64 num;
	char *text;
};

struct item {
	const void *row;
	size_t at;
	struct key key[8];
};

struct items {
	struct item *item;
	size_t nr;
};

static bool is_text(const struct vma_column *c)
{
	return c->kind == VMA_CELL_TEXT || c->kind == VMA_CELL_WORDS || c->kind == VMA_CELL_IDS;
}

static void undo_items(struct items *items)
{
	for (size_t i = 0; items->item && i < items->nr; i++)
		for (size_t k = 0; k < ARRAY_SIZE(items->item[i].key); k++)
			free(items->item[i].key[k].text);
	free(items->item);
}

static int compare(const void *a_, const void *b_, void *order_)
{
	const struct item *a = a_, *b = b_;
	const struct vma_order *order = order_;

	for (size_t k = 0; k < order->nr; k++) {
		const struct key *x = &a->key[k], *y = &b->key[k];
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
	return (a->at > b->at) - (a->at < b->at);
}

static bool take_keys(const struct vma_order *order, struct item *item, struct vma_cell *cell)
{
	for (size_t k = 0; k < order->nr; k++) {
		struct key *key = &item->key[k];

		vma_column_get(order->key[k].col, item->row, cell);
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

int vma_order_sort(const struct vma_order *order, const void **rows, size_t nr,
		   struct vma_err *err)
{
	AUTO(undo_free) char *buf = malloc(VMA_CELL_BUF);
	AUTO(undo_items) struct items items = { calloc(nr ? nr : 1, sizeof(struct item)), nr };
	struct vma_cell cell = { .buf = buf };

	if (!items.item || !buf)
		return vma_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < nr; i++) {
		items.item[i].row = rows[i];
		items.item[i].at = i;
		if (!take_keys(order, &items.item[i], &cell))
			return vma_fail(err, ENOMEM, "out of memory");
	}
	qsort_r(items.item, nr, sizeof(struct item), compare, (void *)order);
	for (size_t i = 0; i < nr; i++)
		rows[i] = items.item[i].row;
	return 0;
}
