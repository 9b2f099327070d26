// SPDX-License-Identifier: GPL-2.0-or-later
#include "listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "commands.h"

static bool failed(struct listing *l, const struct vma_err *err)
{
	if (err->code == EINVAL || err->code == E2BIG)
		l->status = cli_usage(l->cli, "%s", err->msg);
	else
		l->status = cli_error(CLI_FAILURE, "%s", err->msg);
	return false;
}

/* Writing failed or memory ran out; a reader that went away is told nothing. */
static bool broken(struct listing *l, int rc)
{
	if (rc == -EPIPE)
		l->status = CLI_FAILURE;
	else
		l->status = cli_error(CLI_FAILURE, "standard output: cannot write: %s",
				      strerror(-rc));
	return false;
}

static bool choose_format(struct listing *l)
{
	const struct cli_shared *s = &l->cli->shared;

	if (s->json + s->json_lines + s->raw > 1) {
		l->status = cli_usage(l->cli, "--json, --json-lines and --raw exclude each other");
		return false;
	}
	l->opts.format = s->json	 ? VMA_FORMAT_JSON
			 : s->json_lines ? VMA_FORMAT_JSON_LINES
			 : s->raw	 ? VMA_FORMAT_RAW
					 : VMA_FORMAT_TABLE;
	l->opts.bytes = s->bytes;
	l->opts.noheadings = s->noheadings;
	l->opts.totals = s->totals;
	l->opts.colors = cli_colors(l->cli);
	l->opts.width = cli_width();
	return true;
}

static bool list_columns(struct listing *l)
{
	struct vma_err err;

	l->status = CLI_OK;
	if (vma_list_columns(l->table, &l->opts, &l->out, &err))
		return failed(l, &err);
	int rc = vma_out_flush(&l->out);
	return rc ? broken(l, rc) : false;
}

static bool read_group_by(struct listing *l, const char *name, struct vma_err *err)
{
	struct vma_pick one;

	if (!name)
		return true;
	if (vma_pick(l->table, name, NULL, &one, err))
		return false;
	l->by = one.col[0];
	l->needs |= one.needs;
	return true;
}

bool listing_init(struct listing *l, const struct cli *cli, const struct vma_columns *table,
		  const char *defaults)
{
	const struct cli_shared *s = &cli->shared;
	struct vma_err err;

	*l = (struct listing){ .cli = cli, .table = table };
	l->cell.buf = malloc(VMA_CELL_BUF);
	if (vma_out_init(&l->out, STDOUT_FILENO) || !l->cell.buf)
		return broken(l, -ENOMEM);
	if (!choose_format(l))
		return false;
	if (s->list_columns)
		return list_columns(l);
	if (s->output_all)
		vma_pick_all(table, &l->pick);
	else if (vma_pick(table, defaults, s->output, &l->pick, &err))
		return failed(l, &err);
	l->needs = l->pick.needs;
	if (s->filter && vma_filter_parse(table, s->filter, &l->filter, &err))
		return failed(l, &err);
	if (l->filter)
		l->needs |= vma_filter_needs(l->filter);
	if (!read_group_by(l, s->group_by, &err))
		return failed(l, &err);
	if (s->sort && !l->by) {
		if (vma_order_parse(table, s->sort, &l->order, &err))
			return failed(l, &err);
		l->needs |= l->order.needs;
	}
	return true;
}

void listing_fini(struct listing *l)
{
	vma_writer_free(l->writer);
	vma_groups_free(l->groups);
	vma_filter_free(l->filter);
	vma_out_fini(&l->out);
	free(l->cell.buf);
}

bool listing_prepend(struct listing *l, const char *name)
{
	const struct vma_column *col = vma_column_by_name(l->table, name);
	const char *output = l->cli->shared.output;

	if ((output && *output != '+') || l->cli->shared.output_all || !col ||
	    l->pick.nr == VMA_PICK_MAX)
		return false;
	memmove(l->pick.col + 1, l->pick.col, l->pick.nr * sizeof(l->pick.col[0]));
	l->pick.col[0] = col;
	l->pick.nr++;
	l->needs |= col->needs;
	return true;
}

bool listing_streams(const struct listing *l)
{
	return !l->order.nr;
}

static bool open_writer(struct listing *l, const struct vma_pick *pick)
{
	struct vma_err err;

	if (vma_writer_new(pick, &l->opts, &l->out, &l->json, &l->writer, &err))
		return failed(l, &err);
	return true;
}

bool listing_begin(struct listing *l, const char *key)
{
	l->opts.key = key;
	if (listing_is_json(l)) {
		vma_json_init(&l->json, &l->out, false);
		vma_json_object(&l->json, NULL);
		vma_json_schema(&l->json);
		vma_json_text(&l->json, "command", l->cli->command->name);
	}
	if (!l->by)
		return open_writer(l, &l->pick);
	l->groups = vma_groups_new(l->by, &l->pick);
	l->opts.key = "groups";
	return l->groups ? true : broken(l, -ENOMEM);
}

bool listing_row(struct listing *l, const void *row)
{
	int rc;

	if (l->filter && !vma_filter_holds(l->filter, row, &l->cell))
		return true;
	rc = l->groups ? vma_groups_add(l->groups, row, &l->cell) : vma_writer_row(l->writer, row);
	return rc ? broken(l, rc) : true;
}

bool listing_rows(struct listing *l, const void **rows, size_t nr)
{
	struct vma_err err;
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++)
		if (!l->filter || vma_filter_holds(l->filter, rows[i], &l->cell))
			rows[kept++] = rows[i];
	if (l->order.nr && vma_order_sort(&l->order, rows, kept, &err))
		return failed(l, &err);
	for (size_t i = 0; i < kept; i++) {
		int rc = l->groups ? vma_groups_add(l->groups, rows[i], &l->cell)
				   : vma_writer_row(l->writer, rows[i]);

		if (rc)
			return broken(l, rc);
	}
	return true;
}

/* The groups are the rows: by --sort, else in the order in which their values came. */
static bool write_groups(struct listing *l)
{
	const struct vma_columns *table = vma_groups_columns(l->groups);
	const char *sort = l->cli->shared.sort;
	struct vma_pick pick;
	struct vma_err err;
	size_t nr;
	const void **rows = vma_groups_rows(l->groups, &nr);

	vma_pick_all(table, &pick);
	l->opts.same = NULL; /* it knows the rows that were gathered */
	if (sort && (vma_order_parse(table, sort, &l->order, &err) ||
		     vma_order_sort(&l->order, rows, nr, &err)))
		return failed(l, &err);
	if (!open_writer(l, &pick))
		return false;
	for (size_t i = 0; i < nr; i++) {
		int rc = vma_writer_row(l->writer, rows[i]);

		if (rc)
			return broken(l, rc);
	}
	return true;
}

bool listing_end(struct listing *l)
{
	int rc;

	if (l->groups && !write_groups(l))
		return false;
	rc = vma_writer_end(l->writer);
	return rc ? broken(l, rc) : true;
}

bool listing_close(struct listing *l)
{
	if (listing_is_json(l))
		vma_json_end(&l->json);
	int rc = vma_out_flush(&l->out);
	return rc ? broken(l, rc) : true;
}
