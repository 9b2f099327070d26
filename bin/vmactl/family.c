// SPDX-License-Identifier: GPL-2.0-or-later
#include "family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "target.h"

void family_fini(struct family *f)
{
	vma_forest_free(f->forest);
	for (size_t i = 0; i < f->nr; i++)
		vma_model_free((struct vma_model *)f->model[i]);
	free((void *)f->model);
	free(f->name);
}

static bool make_room(struct family *f)
{
	size_t cap = f->cap ? 2 * f->cap : 16;
	void *model, *name;

	if (f->nr < f->cap)
		return true;
	model = realloc((void *)f->model, cap * sizeof(*f->model));
	if (model)
		f->model = model;
	name = realloc(f->name, cap * sizeof(*f->name));
	if (name)
		f->name = name;
	if (!model || !name)
		return false;
	f->cap = cap;
	return true;
}

bool family_add(struct family *f, struct vma_model *m)
{
	if (!make_room(f))
		return false;
	snprintf(f->name[f->nr], sizeof(f->name[0]), "%u", m->facts->pid);
	f->model[f->nr++] = m;
	return true;
}

int family_open(struct family *f, const struct cli *cli, const char *target, u32 levels, bool gone_ok)
{
	struct vma_open_opts opts = { .procfs = cli->shared.procfs, .kernel = cli->shared.kernel,
				      .levels = target_levels(cli, levels) };
	struct vma_model *m;
	struct vma_err err;

	if (!make_room(f))
		return cli_error(CLI_FAILURE, "out of memory");
	if (vma_open(target, &opts, &m, &err)) {
		if (gone_ok && target_is_gone(&err))
			return CLI_OK;
		return cli_fail(&err);
	}
	f->status = cli_worse(f->status, target_report(cli, m->facts, levels));
	family_add(f, m);
	return CLI_OK;
}

int family_open_tree(struct family *f, const struct cli *cli, u32 pid, bool up, u32 levels)
{
	AUTO(undo_free) u32 *pids = NULL;
	struct vma_err err;
	size_t nr;

	if (vma_family(pid, up, cli->shared.procfs, &pids, &nr, &err))
		return cli_fail(&err);
	for (size_t i = 0; i < nr; i++) {
		char target[16];

		snprintf(target, sizeof(target), "%u", pids[i]);
		int status = family_open(f, cli, target, levels, i > 0);

		if (status != CLI_OK && !i)
			return status;
		f->status = cli_worse(f->status, status);
	}
	return CLI_OK;
}

/* Did the second begin before the first? Within a tick of the clock their numbers tell. */
static bool is_later(const struct vma_facts *a, const struct vma_facts *b)
{
	const u64 x = a->stat[VMA_STAT_STARTTIME], y = b->stat[VMA_STAT_STARTTIME];

	return x != y ? x > y : a->pid > b->pid;
}

size_t *family_sort(struct family *f)
{
	size_t *from = calloc(f->nr ? f->nr : 1, sizeof(*from));

	for (size_t i = 0; from && i < f->nr; i++) { /* nearly sorted, as a rule */
		const struct vma_model *m = f->model[i];
		char name[sizeof(f->name[0])];
		size_t at = i;

		memcpy(name, f->name[i], sizeof(name));
		for (; at && is_later(f->model[at - 1]->facts, m->facts); at--) {
			f->model[at] = f->model[at - 1];
			memcpy(f->name[at], f->name[at - 1], sizeof(name));
			from[at] = from[at - 1];
		}
		f->model[at] = m;
		memcpy(f->name[at], name, sizeof(name));
		from[at] = i;
	}
	return from;
}

int family_join(struct family *f, const struct cli *cli)
{
	AUTO(undo_free) size_t *from = family_sort(f);
	struct vma_err err;

	if (!from)
		return cli_error(CLI_FAILURE, "out of memory");
	if (vma_forest_new(f->model, f->nr, cli->shared.procfs, &f->forest, &err))
		return cli_fail(&err);
	return CLI_OK;
}
