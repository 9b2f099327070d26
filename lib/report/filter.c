// SPDX-License-Identifier: LGPL-2.1-or-later
/* Does a row pass? */
#include "filter.h"

#include <string.h>

u32 vma_filter_needs(const struct vma_filter *f)
{
	return f->needs;
}

static bool is_text(const struct vma_column *c)
{
	return c->kind == VMA_CELL_TEXT || c->kind == VMA_CELL_WORDS || c->kind == VMA_CELL_IDS;
}

/* "rd wr" has the word "wr": FLAGS == wr reads as people mean it. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; n && (p = strstr(p, word)); p++)
		if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

static bool equal_text(const struct vma_column *c, const char *text, const char *value)
{
	if (c->kind != VMA_CELL_TEXT && !strchr(value, ' ') && *value)
		return has_word(text, value);
	return !strcmp(text, value);
}

static bool compare_numbers(enum filter_op op, u64 a, u64 b)
{
	switch (op) {
	case F_EQ:
		return a == b;
	case F_NE:
		return a != b;
	case F_LT:
		return a < b;
	case F_LE:
		return a <= b;
	case F_GT:
		return a > b;
	default:
		return a >= b;
	}
}

/* The other side is a column too. */
static bool compare_columns(const struct filter_node *n, const void *row, struct vma_cell *cell)
{
	char left[256];
	u64 num = cell->num;
	bool has = cell->state == VMA_CELL_HAS;

	if (is_text(n->col)) {
		strncpy(left, has ? cell->text : "", sizeof(left) - 1);
		left[sizeof(left) - 1] = '\0';
		vma_column_get(n->other, row, cell);
		bool same = !strncmp(left, cell->state == VMA_CELL_HAS ? cell->text : "",
				     sizeof(left) - 1);
		return n->op == F_EQ ? same : !same;
	}
	vma_column_get(n->other, row, cell);
	if (!has || cell->state != VMA_CELL_HAS)
		return n->op == F_NE;
	return compare_numbers(n->op, num, cell->num);
}

static bool compare(const struct filter_node *n, const void *row, struct vma_cell *cell)
{
	bool has;

	vma_column_get(n->col, row, cell);
	has = cell->state == VMA_CELL_HAS;
	if (n->op == F_HAS)
		return has && (is_text(n->col) || cell->num);
	if (n->other)
		return compare_columns(n, row, cell);
	if (is_text(n->col)) {
		/* no text is the empty one, unless nobody knows */
		const char *text = has ? cell->text : "";
		bool unknown = cell->state == VMA_CELL_UNKNOWN;

		if (n->regex)
			return (!unknown && !regexec(n->regex, text, 0, NULL, 0)) ==
			       (n->op == F_MATCH);
		return (!unknown && equal_text(n->col, text, n->text)) == (n->op == F_EQ);
	}
	if (!has)
		return n->op == F_NE;
	return compare_numbers(n->op, cell->num, n->num);
}

static bool holds(const struct vma_filter *f, u32 at, const void *row, struct vma_cell *cell)
{
	const struct filter_node *n = &f->node[at];

	switch (n->op) {
	case F_TRUE:
		return true;
	case F_FALSE:
		return false;
	case F_NOT:
		return !holds(f, n->left, row, cell);
	case F_AND:
		return holds(f, n->left, row, cell) && holds(f, n->right, row, cell);
	case F_OR:
		return holds(f, n->left, row, cell) || holds(f, n->right, row, cell);
	default:
		return compare(n, row, cell);
	}
}

bool vma_filter_holds(const struct vma_filter *f, const void *row, struct vma_cell *cell)
{
	return holds(f, f->root, row, cell);
}
