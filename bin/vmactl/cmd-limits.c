// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl limits: what stands between a process and ENOMEM.
 *
 * Reads maps, status and settings, nothing that holds the process up. Exit status 3 when a limit
 * is used above the threshold, so that a monitor needs no parsing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "limits.h"
#include "listing.h"
#include "target.h"

struct limits_options {
	u64 threshold; /* percent */
	u64 top;
};

#define FIELD(name) .offset = offsetof(struct limits_options, name)
const struct cli_option cmd_limits_options[] = {
	{ "threshold", 'T', CLI_NUMBER, FIELD(threshold), "PERCENT",
	  "a limit used this far is a finding (default 80)" },
	{ "top", 0, CLI_NUMBER, FIELD(top), "N", "so many contributors (default 5)" },
	CLI_END,
};

/* ---------------------------------------------------------------- columns */

enum limit_column { COL_NAME, COL_KNOB, COL_NOTE, COL_HELP, COL_VALUE, COL_MAX, COL_ROOM, COL_USED };

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct limit *l = row;
	const char *text[] = { limit_name(l->id), l->knob, l->note, limit_help(l->id) };

	cell->text = text[col->arg];
	cell->state = *cell->text ? VMA_CELL_HAS : VMA_CELL_NONE;
}

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct limit *l = row;
	bool unlimited = l->max == VMA_RLIM_INFINITY;

	cell->state = VMA_CELL_HAS;
	cell->count = l->is_count;
	if (!l->has_value)
		cell->state = VMA_CELL_UNKNOWN;
	else if (unlimited && col->arg != COL_VALUE)
		cell->state = VMA_CELL_NONE;
	else if (col->arg == COL_VALUE)
		cell->num = l->value;
	else if (col->arg == COL_MAX)
		cell->num = l->max;
	else if (col->arg == COL_ROOM)
		cell->num = l->value < l->max ? l->max - l->value : 0;
	else
		cell->num = limit_used(l);
}

static const struct vma_column columns[] = {
	{ "LIMIT", "limit", VMA_CELL_TEXT, false, 0, get_text, COL_NAME, "which one" },
	{ "VALUE", "value", VMA_CELL_BYTES, false, 0, get_number, COL_VALUE, "used now" },
	{ "MAX", "max", VMA_CELL_BYTES, false, 0, get_number, COL_MAX, "the limit; none: no limit" },
	{ "ROOM", "room", VMA_CELL_BYTES, false, 0, get_number, COL_ROOM, "what is left" },
	{ "USED", "used", VMA_CELL_SHARE, false, 0, get_number, COL_USED, "share used" },
	{ "KNOB", "knob", VMA_CELL_TEXT, false, 0, get_text, COL_KNOB, "what sets the limit" },
	{ "NOTE", "note", VMA_CELL_TEXT, false, 0, get_text, COL_NOTE, "what is particular" },
	{ "DESCRIPTION", "description", VMA_CELL_TEXT, false, 0, get_text, COL_HELP,
	  "what it limits" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- what the mappings are */

/* "anonymous rw-p", "/usr/lib/libc.so.6 r--p": rows are struct vma_row. */
static void get_what(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct vma_row *row = row_;
	char label[VMA_LABEL_MAX], perms[5];

	(void)col;
	vma_label(row->view->mm, row->vma, label, sizeof(label));
	snprintf(cell->buf, VMA_CELL_BUF, "%s %s", vma_flags_perms(row->flags, perms),
		 *label ? label : "anonymous");
	cell->state = VMA_CELL_HAS;
	cell->text = cell->buf;
}

static const struct vma_column what = { "WHAT", "what", VMA_CELL_TEXT, false, 0, get_what, 0,
					"mappings of one kind" };

struct session {
	struct cli *cli;
	struct limits_options opt;
	struct listing l;
	struct vma_model *model;
	struct limit limit[LIMIT_NR];
	struct vma_groups *groups;
	const void **top; /* rows of the groups, most mappings first */
	size_t nr_top;
	bool over;
};

static void undo_session(struct session *s)
{
	vma_groups_free(s->groups);
	vma_model_free(s->model);
	listing_fini(&s->l);
}

/* Which kinds of mapping make up map_count. */
static bool gather_top(struct session *s)
{
	struct vma_view view;
	struct vma_order order;
	struct vma_pick pick;
	const struct vma *vma;
	struct vma_row row;

	if (vma_pick(&vma_mapping_columns, "SIZE", NULL, &pick, NULL))
		return false;
	s->groups = vma_groups_new(&what, &pick);
	if (!s->groups)
		return false;
	target_view(&view, s->model);
	vma_for_each(s->model->mm, vma) {
		vma_row_of_vma(&row, &view, vma, NULL);
		if (vma_groups_add(s->groups, &row, &s->l.cell))
			return false;
	}
	s->top = vma_groups_rows(s->groups, &s->nr_top);
	if (vma_order_parse(vma_groups_columns(s->groups), "-COUNT", &order, NULL) ||
	    vma_order_sort(&order, s->top, s->nr_top, NULL))
		return false;
	if (s->nr_top > s->opt.top)
		s->nr_top = s->opt.top;
	return true;
}

/* ---------------------------------------------------------------- output */

static bool is_over(const struct session *s, const struct limit *l)
{
	return limit_used(l) >= s->opt.threshold * 10 && l->max != VMA_RLIM_INFINITY &&
	       l->has_value && l->value;
}

static bool write_top(struct session *s, struct vma_json *json)
{
	const struct vma_columns *t = vma_groups_columns(s->groups);
	struct vma_writer_opts opts = s->l.opts;
	struct vma_writer *w;
	struct vma_pick pick;

	opts.key = "contributors";
	opts.totals = false;
	if (vma_pick(t, "COUNT,SIZE,WHAT", NULL, &pick, NULL) ||
	    vma_writer_new(&pick, &opts, &s->l.out, json, &w, NULL))
		return false;
	int rc = 0;
	for (size_t i = 0; !rc && i < s->nr_top; i++)
		rc = vma_writer_row(w, s->top[i]);
	rc = rc ? rc : vma_writer_end(w);
	vma_writer_free(w);
	return !rc;
}

static void write_advice(struct session *s)
{
	struct vma_json *j = &s->l.json;
	bool json = listing_is_json(&s->l);
	char text[700];

	if (json)
		vma_json_array(j, "advice");
	for (int i = 0; i < LIMIT_NR; i++) {
		const struct limit *l = &s->limit[i];

		if (!is_over(s, l))
			continue;
		s->over = true;
		limit_advice(l, s->model, text, sizeof(text));
		if (json)
			vma_json_text(j, NULL, text);
		else if (s->l.opts.format == VMA_FORMAT_TABLE)
			vma_out_addf(&s->l.out, "\n%s is used to %llu.%llu%%: %s\n", limit_name(l->id),
				     (unsigned long long)limit_used(l) / 10,
				     (unsigned long long)limit_used(l) % 10, text);
	}
	if (!json)
		return;
	vma_json_end(j);
	vma_json_number(j, "threshold_percent", s->opt.threshold);
	vma_json_bool(j, "exceeded", s->over);
}

static bool write_all(struct session *s)
{
	const void *rows[LIMIT_NR];
	size_t nr = 0;

	for (int i = 0; i < LIMIT_NR; i++)
		if (s->limit[i].has_value || i < LIMIT_CGROUP)
			rows[nr++] = &s->limit[i];
	if (!listing_begin(&s->l, "limits") || !listing_rows(&s->l, rows, nr) ||
	    !listing_end(&s->l))
		return false;
	if (listing_is_json(&s->l)) {
		vma_json_object(&s->l.json, "process");
		target_json(&s->l.json, s->cli->argv[0], s->model);
		vma_json_end(&s->l.json);
	} else if (s->l.opts.format == VMA_FORMAT_TABLE && s->nr_top) {
		vma_out_add(&s->l.out, "\n", 1);
	}
	if ((listing_is_json(&s->l) || s->l.opts.format == VMA_FORMAT_TABLE) &&
	    !write_top(s, &s->l.json)) {
		s->l.status = cli_error(CLI_FAILURE, "out of memory");
		return false;
	}
	write_advice(s);
	return listing_close(&s->l);
}

int cmd_limits(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli,
						.opt = { .threshold = 80, .top = 5 } };
	u32 levels = VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM;
	int status;

	if (!cli_parse(cli, &s.opt))
		return cli->status;
	if (!listing_init(&s.l, cli, &table, "LIMIT,VALUE,MAX,ROOM,USED,KNOB,NOTE"))
		return s.l.status;
	if (cli->argc != 1)
		return cli_usage(cli, cli->argc ? "one TARGET at a time" : "no TARGET is given");
	status = target_open(cli, cli->argv[0], levels, &s.model);
	if (status != CLI_OK)
		return status;
	status = target_report(cli, s.model->facts, levels);
	limits_gather(s.model, s.limit);
	if (!gather_top(&s))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!write_all(&s))
		return s.l.status;
	return s.over ? CLI_FINDING : status;
}
