// SPDX-License-Identifier: GPL-2.0-or-later
#include "tally.h"

#include <stdlib.h>
#include <string.h>

void tally_fini(struct tally *t)
{
	free(t->row);
}

void *tally_more(struct tally *t, void *array, size_t nr, size_t size)
{
	void *bigger = array;

	if (nr < 16 ? nr == 0 : !(nr & (nr - 1)))
		bigger = realloc(array, (nr < 16 ? 16 : 2 * nr) * size);
	if (!bigger)
		t->failed = true;
	return bigger;
}

/* ---------------------------------------------------------------- counting */

static struct tally_row *row_of(struct tally *t, int field, bool sum, bool forked,
				struct vma_provenance how)
{
	for (size_t i = 0; i < t->nr; i++) {
		struct tally_row *r = &t->row[i];

		if (r->field == field && r->sum == sum && r->forked == forked &&
		    (sum || (r->how.known == how.known && r->how.confidence == how.confidence &&
			     !strcmp(r->how.rule, how.rule))))
			return r;
	}
	struct tally_row *rows = tally_more(t, t->row, t->nr, sizeof(*rows));
	if (!rows)
		return NULL;
	t->row = rows;
	rows += t->nr++;
	*rows = (struct tally_row){ .field = field, .sum = sum, .forked = forked, .how = how };
	return rows;
}

void tally_count(struct tally *t, int field, bool forked, struct vma_provenance how,
		 enum verdict verdict, bool truth)
{
	for (int i = 0; i < 4; i++) {
		bool only_forked = i & 1, sum = i & 2;
		struct tally_row *r = only_forked && !forked ? NULL :
				      row_of(t, field, sum, only_forked, how);

		if (!r)
			continue;
		r->agree += verdict == AGREE;
		r->differ += verdict == DIFFER;
		r->unknown += verdict == UNKNOWN;
		r->truth += truth;
	}
	if (verdict == DIFFER && how.known >= VMA_DERIVED)
		t->contradiction = true;
}

static int by_place(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (x->forked != y->forked)
		return x->forked ? 1 : -1;
	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->sum != y->sum)
		return x->sum ? -1 : 1;
	if (x->how.known != y->how.known)
		return x->how.known > y->how.known ? -1 : 1;
	if (x->how.confidence != y->how.confidence)
		return x->how.confidence > y->how.confidence ? -1 : 1;
	return strcmp(x->how.rule, y->how.rule);
}

void tally_sort(struct tally *t)
{
	if (t->nr)
		qsort(t->row, t->nr, sizeof(*t->row), by_place);
}

/* ---------------------------------------------------------------- cells */

bool tally_share(u64 part, u64 all, u64 *out)
{
	*out = all ? (part * 1000 + all / 2) / all : 0;
	return all;
}

void tally_get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;
	const u64 counts[] = { r->agree + r->differ + r->unknown, r->agree, r->differ, r->unknown,
			       r->truth };
	bool has = true;

	switch (col->arg) {
	case TALLY_PRECISION:
		has = tally_share(r->agree, r->agree + r->differ, &cell->num);
		break;
	case TALLY_RECALL:
		has = r->sum && tally_share(r->agree, r->truth, &cell->num);
		break;
	case TALLY_CONFIDENCE:
		has = !r->sum && tally_share(r->how.confidence, r->how.known ? 100 : 0, &cell->num);
		break;
	default:
		cell->num = counts[col->arg];
	}
	cell->state = has ? VMA_CELL_HAS : VMA_CELL_NONE;
}

void tally_put_text(struct vma_cell *cell, const char *text)
{
	cell->text = text;
	cell->state = *text ? VMA_CELL_HAS : VMA_CELL_NONE;
}

void tally_get_known(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;

	(void)col;
	tally_put_text(cell, r->sum ? "" : vma_known_name((enum vma_known)r->how.known));
}

void tally_get_rule(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;

	(void)col;
	tally_put_text(cell, r->sum ? "" : r->how.rule);
}
