// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows gathered by a value. The groups are rows of a table of their own, whose columns are made
 * when it is known what is gathered and what is summed; so every writer can write them.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/report.h"

struct group {
	const struct vma_groups *of;
	enum vma_cell_state state;
	u64 num;
	char *text;
	u64 count;
	u64 sum[VMA_PICK_MAX];
	u64 have; /* bit per sum that had a value */
};

struct vma_groups {
	const struct vma_column *by;
	struct vma_column col[2 + VMA_PICK_MAX];
	const struct vma_column *summed[VMA_PICK_MAX];
	size_t nr_sums;
	struct vma_columns table;
	const void **group; /* struct group, in order of appearance */
	size_t nr, cap;
	void *tree; /* the same by value */
};

static bool is_text(const struct vma_column *c)
{
	return c->kind == VMA_CELL_TEXT || c->kind == VMA_CELL_WORDS || c->kind == VMA_CELL_IDS;
}

static void get_key(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct group *g = row;

	(void)col;
	cell->state = g->state;
	cell->num = g->num;
	cell->text = g->text;
}

static void get_count(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	cell->state = VMA_CELL_HAS;
	cell->num = ((const struct group *)row)->count;
}

static void get_sum(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct group *g = row;

	cell->state = g->have & 1ULL << col->arg ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
	cell->num = g->sum[col->arg];
}

struct vma_groups *vma_groups_new(const struct vma_column *by, const struct vma_pick *pick)
{
	struct vma_groups *g = calloc(1, sizeof(*g));
	size_t nr = 0;

	if (!g)
		return NULL;
	g->by = by;
	g->col[nr] = *by;
	g->col[nr++].get = get_key;
	g->col[nr++] = (struct vma_column){ "COUNT", "count", VMA_CELL_NUMBER, true, 0, get_count,
					    0, "mappings" };
	for (size_t i = 0; i < pick->nr && g->nr_sums < 64; i++) {
		if (!pick->col[i]->sums || pick->col[i] == by)
			continue;
		g->summed[g->nr_sums] = pick->col[i];
		g->col[nr] = *pick->col[i];
		g->col[nr].get = get_sum;
		g->col[nr++].arg = (u32)g->nr_sums++;
	}
	g->table = (struct vma_columns){ g->col, nr };
	return g;
}

static void leave_node(void *node)
{
	(void)node; /* the array owns it */
}

void vma_groups_free(struct vma_groups *g)
{
	if (!g)
		return;
	tdestroy(g->tree, leave_node);
	for (size_t i = 0; i < g->nr; i++) {
		struct group *group = (struct group *)g->group[i];

		free(group->text);
		free(group);
	}
	free(g->group);
	free(g);
}

static int compare(const void *a_, const void *b_)
{
	const struct group *a = a_, *b = b_;

	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return (a->num > b->num) - (a->num < b->num);
}

static struct group *group_add(struct vma_groups *g, const struct group *like)
{
	if (g->nr == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 64;
		const void **group = realloc(g->group, cap * sizeof(*group));

		if (!group)
			return NULL;
		g->group = group;
		g->cap = cap;
	}
	struct group *group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	*group = *like;
	group->text = like->text ? strdup(like->text) : NULL;
	if ((like->text && !group->text) || !tsearch(group, &g->tree, compare)) {
		free(group->text);
		free(group);
		return NULL;
	}
	g->group[g->nr++] = group;
	return group;
}

int vma_groups_add(struct vma_groups *g, const void *row, struct vma_cell *cell)
{
	struct group like = { .of = g };

	vma_column_get(g->by, row, cell);
	like.state = cell->state;
	if (cell->state == VMA_CELL_HAS && is_text(g->by))
		like.text = (char *)cell->text;
	else if (cell->state == VMA_CELL_HAS)
		like.num = cell->num;
	struct group **found = tfind(&like, &g->tree, compare);
	struct group *group = found ? *found : group_add(g, &like);
	if (!group)
		return -ENOMEM;
	group->count++;
	for (size_t i = 0; i < g->nr_sums; i++) {
		vma_column_get(g->summed[i], row, cell);
		if (cell->state == VMA_CELL_HAS) {
			group->sum[i] += cell->num;
			group->have |= 1ULL << i;
		}
	}
	return 0;
}

const struct vma_columns *vma_groups_columns(const struct vma_groups *g)
{
	return &g->table;
}

const void **vma_groups_rows(const struct vma_groups *g, size_t *nr)
{
	*nr = g->nr;
	return g->group;
}
