// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl inspect --source bpf, where the columns shown are all in the kernel's own records: these
 * are written as they come, and neither /proc nor a model is needed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "inspect.h"
#include "target.h"

/* Numbers for anon_vmas in the order in which they come: the one state that is kept. */
struct numbers {
	struct {
		u64 key;
		u32 number;
	} *slot;
	size_t mask;
	u32 nr;
};

struct walk {
	struct listing *l;
	u64 low, high;
	struct vma_view view;
	struct vma_kernel kernel;
	struct numbers numbers;
	bool begun;
	u64 records;
};

static void undo_walk(struct walk *w)
{
	free(w->numbers.slot);
}

static size_t find_slot(const struct numbers *n, u64 key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 20) & n->mask;

	while (n->slot[i].key && n->slot[i].key != key)
		i = (i + 1) & n->mask;
	return i;
}

static bool grow(struct numbers *n)
{
	struct numbers old = *n;

	n->mask = old.slot ? 2 * old.mask + 1 : 1023;
	n->slot = calloc(n->mask + 1, sizeof(*n->slot));
	if (!n->slot) {
		*n = old;
		return false;
	}
	for (size_t i = 0; old.slot && i <= old.mask; i++)
		if (old.slot[i].key)
			n->slot[find_slot(n, old.slot[i].key)] = old.slot[i];
	free(old.slot);
	return true;
}

/* 0 without memory. */
static u32 number_of(struct numbers *n, u64 key)
{
	if ((!n->slot || n->nr >= n->mask / 4 * 3) && !grow(n))
		return 0;
	size_t i = find_slot(n, key);
	if (!n->slot[i].key) {
		n->slot[i].key = key;
		n->slot[i].number = ++n->nr;
	}
	return n->slot[i].number;
}

static int write_row(struct walk *w, const struct vma_row *row)
{
	if (!w->begun) {
		w->l->opts.same = vma_row_same;
		if (!listing_begin(w->l, NULL))
			return 1;
	}
	w->begun = true;
	return listing_row(w->l, row) ? 0 : 1;
}

static int take_vma(void *ctx, const struct vma_fact_bpf *vma)
{
	struct walk *w = ctx;
	struct vma_row row;
	u32 number = 0;

	w->records++;
	if (vma->anon_vma && !(number = number_of(&w->numbers, vma->anon_vma)))
		return -ENOMEM;
	if (vma->start >= w->high || vma->end <= w->low)
		return 0;
	vma_row_of_bpf(&row, &w->view, vma, number);
	return write_row(w, &row);
}

static int take_gate(void *ctx, const struct vma_fact_map *map)
{
	struct walk *w = ctx;
	struct vma_row row;

	if (map->start >= w->high || map->end <= w->low)
		return 0;
	vma_row_of_map(&row, &w->view, map);
	return write_row(w, &row);
}

static void forget(struct walk *w, const char *target)
{
	struct numbers *n = &w->numbers;

	if (n->slot)
		memset(n->slot, 0, (n->mask + 1) * sizeof(*n->slot));
	n->nr = 0;
	w->records = 0;
	w->view.pid = (u32)strtoul(target, NULL, 10);
	if (!strncmp(target, "self", 4))
		w->view.pid = (u32)getpid();
}

/* The bits of flags are those of the running kernel, unless the user knows better. */
static bool choose_kernel(struct walk *w)
{
	w->view.kernel = &w->kernel;
	return !vma_kernel_choose(&w->kernel, w->l->cli->shared.kernel, NULL);
}

static bool walk_target(struct walk *w, const char *target, int *status)
{
	bool changed = false;
	struct vma_err err;

	forget(w, target);
	w->l->status = CLI_OK;
	int rc = vma_bpf_stream(target, NULL, take_vma, take_gate, w, &changed, &err);
	if (!w->begun && (rc == -ENOTSUP || rc == -EPERM || (!rc && !w->records)))
		return false;
	if (rc == -ENOMEM)
		*status = cli_error(CLI_FAILURE, "out of memory");
	else if (rc)
		*status = cli_worse(*status, cli_fail(&err));
	else if (!w->records)
		*status = cli_worse(*status, target_empty(w->l->cli, target));
	else if (changed)
		*status = cli_worse(*status, cli_error(CLI_PARTIAL, "/proc/%s: changed while it was "
			"read (stop it first, or try again)", target));
	return true;
}

bool inspect_walk(struct listing *l, u64 low, u64 high, int *status)
{
	AUTO(undo_walk) struct walk w = { .l = l, .low = low, .high = high };

	*status = CLI_OK;
	if (!choose_kernel(&w))
		return false;
	for (char **t = l->cli->argv; *t; t++) {
		if (!walk_target(&w, *t, status))
			return false;
		if (l->status) {
			*status = l->status;
			return true;
		}
	}
	if (!w.begun && !listing_begin(l, NULL))
		*status = l->status;
	else if (!listing_end(l) || !listing_close(l))
		*status = l->status;
	return true;
}
