/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_TALLY_H
#define VMACTL_TALLY_H
/* How often what was inferred is what the kernel has, by field and by rule: what the two
 * --check-inference count, and the cells they show of it. */
#include "libvmactl/rebuild.h"
#include "libvmactl/report.h"

enum verdict { AGREE, DIFFER, UNKNOWN };

/*
 * How often one rule was right; without a rule (@sum) all of them. @truth: so many times there was
 * something to be found. @forked: only processes that came by fork from another that was read.
 */
struct tally_row {
	int field; /* of the command's own enum */
	bool sum, forked;
	struct vma_provenance how;
	u64 agree, differ, unknown, truth;
};

struct tally {
	struct tally_row *row;
	size_t nr;
	bool contradiction; /* something that was said to be certain is not so */
	bool failed;        /* out of memory */
};

void tally_fini(struct tally *t);

/* One more comparison. @forked: counts among those of forked processes too. */
void tally_count(struct tally *t, int field, bool forked, struct vma_provenance how,
		 enum verdict verdict, bool truth);

/* Rows in the order in which they are shown: the sum of a field, then its rules, surest first. */
void tally_sort(struct tally *t);

/* Room for one more in an array that doubles; NULL, and failed is set, when out of memory. */
void *tally_more(struct tally *t, void *array, size_t nr, size_t size);

/* Tenths of a percent; false: of nothing. */
bool tally_share(u64 part, u64 all, u64 *out);

/* ---- columns: vma_column.get, with what to get as its arg */
enum {
	TALLY_CHECKED, TALLY_AGREE, TALLY_DIFFER, TALLY_UNKNOWN, TALLY_TRUTH,
	TALLY_PRECISION,  /* AGREE of AGREE and DIFFER */
	TALLY_RECALL,     /* AGREE of TRUTH, for sums */
	TALLY_CONFIDENCE, /* how often the rule is said to be right */
};
void tally_get_number(const struct vma_column *col, const void *row, struct vma_cell *cell);
void tally_get_known(const struct vma_column *col, const void *row, struct vma_cell *cell);
void tally_get_rule(const struct vma_column *col, const void *row, struct vma_cell *cell);
/* A cell of text; none is no value. */
void tally_put_text(struct vma_cell *cell, const char *text);

#endif
