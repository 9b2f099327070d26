// SPDX-License-Identifier: GPL-2.0-or-later
#include "folds.h"

#include <stdlib.h>
#include <string.h>

/* First place whose key is not below @key. */
static size_t place(const struct folds *f, u64 key)
{
	size_t low = 0, high = f->nr;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (f->key[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool folds_has(const struct folds *f, u64 key)
{
	size_t at = place(f, key);

	return at < f->nr && f->key[at] == key;
}

void folds_add(struct folds *f, u64 key)
{
	size_t at = place(f, key);

	if (at < f->nr && f->key[at] == key)
		return;
	if (f->nr == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 64;
		u64 *more = reallocarray(f->key, cap, sizeof(*more));

		if (!more)
			return;
		f->key = more;
		f->cap = cap;
	}
	memmove(f->key + at + 1, f->key + at, (f->nr - at) * sizeof(*f->key));
	f->key[at] = key;
	f->nr++;
}

static int by_key(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

void folds_set(struct folds *f, u64 *keys, size_t nr)
{
	free(f->key);
	*f = (struct folds){ keys, nr, nr };
	if (nr)
		qsort(keys, nr, sizeof(*keys), by_key);
}

void folds_drop(struct folds *f, u64 key)
{
	size_t at = place(f, key);

	if (at == f->nr || f->key[at] != key)
		return;
	f->nr--;
	memmove(f->key + at, f->key + at + 1, (f->nr - at) * sizeof(*f->key));
}

void folds_clear(struct folds *f)
{
	free(f->key);
	*f = (struct folds){ .nr = 0 };
}
