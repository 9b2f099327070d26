// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl inspect --core-preview: what a core dump would hold, mapping by mapping, and its size. */
#include "inspect-core.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/attrib.h"
#include "listing.h"
#include "target.h"

struct row {
	const struct vma_core_part *part;
	const struct vma_fact_map *map; /* NULL */
};

enum field { START, END, SIZE, DUMPED, LEFT_OUT, PERMS, PATH, RULE };

static void get(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	const struct vma_core_part *p = r->part;
	const u64 num[] = { p->start, p->end, p->end - p->start, p->bytes,
			    p->end - p->start - p->bytes };

	cell->state = VMA_CELL_HAS;
	if (col->arg == DUMPED)
		cell->how = p->how;
	if (col->arg <= LEFT_OUT) {
		cell->num = num[col->arg];
		return;
	}
	cell->text = col->arg == RULE ? p->rule : !r->map ? ""
					  : col->arg == PERMS ? r->map->perms
							      : r->map->path;
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column columns[] = {
	{ "START", "start", VMA_CELL_ADDR, false, 0, get, START, "first address" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get, END, "first address behind it" },
	{ "SIZE", "size", VMA_CELL_BYTES, true, 0, get, SIZE, "length" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, 0, get, PERMS, "access" },
	{ "DUMPED", "dumped", VMA_CELL_BYTES, true, 0, get, DUMPED, "bytes the core would hold" },
	{ "LEFT_OUT", "left_out", VMA_CELL_BYTES, true, 0, get, LEFT_OUT, "bytes it would lack" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get, RULE, "why" },
	{ "PATH", "path", VMA_CELL_TEXT, false, 0, get, PATH, "file or [label]" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

struct session {
	struct cli *cli;
	struct vma_model *model;
	struct vma_attrib *attrib;
	struct vma_core_preview preview;
	struct listing list;
	struct row *rows;
	const void **order;
};

static void undo_session(struct session *s)
{
	vma_core_preview_fini(&s->preview);
	vma_attrib_free(s->attrib);
	vma_model_free(s->model);
	free(s->rows);
	free(s->order);
	listing_fini(&s->list);
}

static bool make_rows(struct session *s)
{
	const struct vma_core_preview *p = &s->preview;

	s->rows = calloc(p->nr + 1, sizeof(*s->rows));
	s->order = calloc(p->nr + 1, sizeof(*s->order));
	if (!s->rows || !s->order)
		return false;
	for (size_t i = 0; i < p->nr; i++) {
		s64 map = vma_attrib_map_at(s->attrib, p->part[i].start);
		s->rows[i].part = &p->part[i];
		s->rows[i].map = map < 0 ? NULL : &s->model->facts->maps[map];
		s->order[i] = &s->rows[i];
	}
	return true;
}

static void write_text(struct session *s)
{
	const struct vma_core_preview *p = &s->preview;
	char size[VMA_SIZE_TEXT], head[VMA_SIZE_TEXT], limit[VMA_SIZE_TEXT];

	vma_out_addf(&s->list.out, "\ncore: %s (%llu bytes), of which headers and notes about %s; "
				   "coredump_filter 0x%x%s\n",
		     vma_size_text(p->size, size), (unsigned long long)p->size,
		     vma_size_text(p->header_bytes, head), p->filter,
		     p->filter_known ? "" : " (the default; it could not be read)");
	if (p->limit_known && p->limit < p->size)
		vma_out_addf(&s->list.out, "RLIMIT_CORE is %s: %s, unless kernel.core_pattern is a "
					   "pipe\n",
			     p->limit ? vma_size_text(p->limit, limit) : "0",
			     p->limit ? "the core would be truncated" : "no core would be written");
}

static void write_members(struct session *s)
{
	const struct vma_core_preview *p = &s->preview;
	struct vma_json *j = &s->list.json;

	target_json(j, s->cli->argv[0], s->model);
	vma_json_number(j, "core_size", p->size);
	vma_json_number(j, "memory_bytes", p->memory_bytes);
	vma_json_number(j, "header_bytes", p->header_bytes);
	vma_json_number(j, "filter", p->filter);
	vma_json_bool(j, "filter_known", p->filter_known);
	if (p->limit_known && p->limit != VMA_RLIM_INFINITY)
		vma_json_number(j, "limit", p->limit);
	else
		vma_json_null(j, "limit");
}

int inspect_core_preview(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	const u32 levels = VMA_READ_DEFAULT;
	struct vma_err err;

	if (cli->argc != 1)
		return cli_usage(cli, "--core-preview shows one TARGET");
	if (!listing_init(&s.list, cli, &table, "START,SIZE,PERMS,DUMPED,RULE,PATH"))
		return s.list.status;
	int status = target_open(cli, cli->argv[0], levels, &s.model);
	if (status)
		return status;
	if (vma_attrib_new(s.model->facts, VMA_ATTRIB_ELF, &s.attrib, &err) ||
	    vma_core_preview(s.attrib, s.model->mm, &s.preview, &err))
		return cli_fail(&err);
	if (!make_rows(&s))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!listing_begin(&s.list, "parts") ||
	    !listing_rows(&s.list, s.order, s.preview.nr) || !listing_end(&s.list))
		return s.list.status;
	if (listing_is_json(&s.list))
		write_members(&s);
	else if (s.list.opts.format == VMA_FORMAT_TABLE && !cli->shared.noheadings)
		write_text(&s);
	if (!listing_close(&s.list))
		return s.list.status;
	return target_report(cli, s.model->facts, levels);
}
