/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_FILTER_H
#define REPORT_FILTER_H
/*
 * A filter as a tree: filter-parse.c makes it, filter.c asks it.
 *
 * Nodes live in one array; a child is an index. Indexes always point downwards in the text, so
 * the depth is bounded by the parser.
 */
#include <regex.h>

#include "libvmactl/report.h"

enum filter_op {
	F_TRUE, F_FALSE,
	F_HAS,                 /* a column alone */
	F_NOT, F_AND, F_OR,
	F_EQ, F_NE, F_LT, F_LE, F_GT, F_GE,
	F_MATCH, F_NO_MATCH,
};

struct filter_node {
	enum filter_op op;
	u32 left, right;               /* NOT, AND, OR */
	const struct vma_column *col;  /* HAS and comparisons */
	const struct vma_column *other; /* a column on the right side, NULL */
	char *text;                    /* the value as written */
	u64 num;                       /* the value of a column that holds numbers */
	regex_t *regex;
};

struct vma_filter {
	struct filter_node *node;
	u32 nr, cap;
	u32 root;
	u32 needs;
};

#endif
