// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl inspect: the address space as rows, one object in full, or the gaps.
 *
 * Rows come in two ways. When the columns shown are all in the records of maps or smaps (or, with
 * --source bpf, in the kernel's own), records are written as they are read and nothing is kept:
 * that is what makes processes with millions of mappings cheap. Otherwise the model is built and
 * its mappings are the rows.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "inference.h"
#include "inspect-core.h"
#include "inspect.h"
#include "libvmactl/attrib.h"
#include "listing.h"
#include "target.h"

struct inspect {
	bool mm, gaps, extended, more, core_preview;
	int source, check; /* words of the options' choices */
	const char *vma, *range;
	u64 low, high;
};

#define FIELD(name) .offset = offsetof(struct inspect, name)
const struct cli_option cmd_inspect_options[] = {
	{ "extended", 'x', CLI_FLAG, FIELD(extended), .help = "the columns of pmap -x" },
	{ "more", 'X', CLI_FLAG, FIELD(more), .help = "the columns of pmap -X" },
	{ "range", 'A', CLI_STRING, FIELD(range), "LOW[,HIGH]",
	  "only mappings that touch [LOW,HIGH), or that hold LOW" },
	{ "gaps", 'g', CLI_FLAG, FIELD(gaps), .help = "the free spaces between mappings" },
	{ "core-preview", 0, CLI_FLAG, FIELD(core_preview),
	  .help = "what a core dump would hold, and its size" },
	{ "mm", 'm', CLI_FLAG, FIELD(mm), .help = "the mm_struct, field by field" },
	{ "vma", 'v', CLI_STRING, FIELD(vma), "ADDR",
	  "one vm_area_struct in full, with how each field is known" },
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	{ "check-inference", 0, CLI_CHOICE, FIELD(check), "WORD",
	  "how often what /proc does not say was inferred rightly (needs root)",
	  "no|fields|differences", .optional = true, .without = "fields" },
	CLI_END,
};

#define FROM_MAPS "START,END,SIZE,PERMS,OFFSET,DEV,INODE,PATH"
#define STREAMED "START,END,SIZE,PERMS,OFFSET,DEV,INODE,RSS,PSS,ANONYMOUS,SWAP,LOCKED,FLAGS,PATH"

static const char *default_columns(const struct cli *cli, const struct inspect *in)
{
	if (in->extended)
		return "START,SIZE,RSS,DIRTY,PERMS,PATH";
	if (in->more)
		return "START,PERMS,OFFSET,DEV,INODE,SIZE,RSS,PSS,PSS_DIRTY,REFERENCED,ANONYMOUS,"
		       "KSM,LAZYFREE,SHMEMPMDMAPPED,FILEPMDMAPPED,SHARED_HUGETLB,PRIVATE_HUGETLB,"
		       "SWAP,SWAPPSS,LOCKED,THPELIGIBLE,PATH";
	if (cli->shared.cost == CLI_COST_MAPS)
		return FROM_MAPS;
	if (cli->shared.json_lines || cli->shared.raw)
		return STREAMED;
	if (cli->shared.json)
		return "START,END,SIZE,PERMS,FLAGS,PROT,PGOFF,OFFSET,DEV,INODE,PATH,KIND,OPS,NAME,"
		       "POLICY,UFFD,PKEY,ANON_VMA,CHAIN,GAP,RSS,PSS,ANONYMOUS,SWAP,LOCKED";
	return "START,END,SIZE,PERMS,OFFSET,RSS,ANON_VMA,FLAGS,PATH";
}

/* ---------------------------------------------------------------- gaps */

struct gap {
	u64 start, end;
	u32 pid;
	const struct vma_mm *mm;
	const struct vma *below, *above; /* NULL at the ends of the address space */
};

enum gap_field { GAP_PID, GAP_START, GAP_END, GAP_SIZE, GAP_BELOW, GAP_ABOVE };

static void get_gap(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct gap *g = row;
	const u64 num[] = { g->pid, g->start, g->end, g->end - g->start };
	const struct vma *vma = col->arg == GAP_BELOW ? g->below : g->above;

	cell->state = VMA_CELL_HAS;
	if (col->arg <= GAP_SIZE) {
		cell->num = num[col->arg];
		return;
	}
	cell->text = vma ? vma_label(g->mm, vma, cell->buf, VMA_CELL_BUF) : "";
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column gap_rows[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_gap, GAP_PID, "process" },
	{ "START", "start", VMA_CELL_ADDR, false, VMA_READ_MAPS, get_gap, GAP_START,
	  "first free address" },
	{ "END", "end", VMA_CELL_ADDR, false, VMA_READ_MAPS, get_gap, GAP_END,
	  "first address that is mapped again" },
	{ "SIZE", "size", VMA_CELL_BYTES, true, VMA_READ_MAPS, get_gap, GAP_SIZE, "length" },
	{ "BELOW", "below", VMA_CELL_TEXT, false, VMA_READ_MAPS, get_gap, GAP_BELOW,
	  "what is mapped below" },
	{ "ABOVE", "above", VMA_CELL_TEXT, false, VMA_READ_MAPS, get_gap, GAP_ABOVE,
	  "what is mapped above" },
};
static const struct vma_columns gap_columns = { gap_rows, ARRAY_SIZE(gap_rows) };

/* ---------------------------------------------------------------- the targets, kept */

struct session {
	struct cli *cli;
	const struct inspect *in;
	struct listing list;
	struct vma_model **model; /* for rows that refer to them, and for the end of the JSON */
	const char **target;
	struct vma_view *view;
	struct vma_attrib **attrib; /* what the mappings are for, when a column asks */
	size_t nr;
	void *rows;         /* struct vma_row or struct gap */
	const void **order; /* pointers to them */
	size_t nr_rows, cap_rows, row_size;
	int status;
	u64 streamed;
};

static void undo_session(struct session *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		vma_attrib_free(s->attrib[i]);
		vma_model_free(s->model[i]);
	}
	free(s->attrib);
	free(s->model);
	free(s->target);
	free(s->view);
	free(s->rows);
	free(s->order);
	listing_fini(&s->list);
}

static bool session_alloc(struct session *s, size_t targets)
{
	s->model = calloc(targets, sizeof(*s->model));
	s->target = calloc(targets, sizeof(*s->target));
	s->view = calloc(targets, sizeof(*s->view));
	s->attrib = calloc(targets, sizeof(*s->attrib));
	return s->model && s->target && s->view && s->attrib;
}

/* Room for one more row; the address is good until the next call. */
static void *row_new(struct session *s)
{
	if (s->nr_rows == s->cap_rows) {
		size_t cap = s->cap_rows ? 2 * s->cap_rows : 256;
		void *rows = realloc(s->rows, cap * s->row_size);

		if (!rows)
			return NULL;
		s->rows = rows;
		s->cap_rows = cap;
	}
	return (char *)s->rows + s->nr_rows++ * s->row_size;
}

static bool in_range(const struct inspect *in, u64 start, u64 end)
{
	return !in->range || (start < in->high && end > in->low);
}

static bool add_mapping_rows(struct session *s, size_t t)
{
	const struct vma_model *m = s->model[t];
	struct vma_row *row = NULL;
	const struct vma *vma;

	vma_for_each(m->mm, vma) {
		if (row && !row->next)
			row->next = vma->vm_start;
		if (!in_range(s->in, vma->vm_start, vma->vm_end))
			continue;
		row = row_new(s);
		if (!row)
			return false;
		vma_row_of_vma(row, &s->view[t], vma, vma_model_map(m, vma));
	}
	for (size_t i = 0; i < m->facts->nr_maps; i++) {
		const struct vma_fact_map *map = &m->facts->maps[i];

		if (!map->gate || !in_range(s->in, map->start, map->end))
			continue;
		row = row_new(s);
		if (!row)
			return false;
		vma_row_of_map(row, &s->view[t], map);
	}
	return true;
}

static bool add_gap_rows(struct session *s, size_t t)
{
	const struct vma_mm *mm = s->model[t]->mm;
	const struct vma *below = NULL, *above = vma_first(mm);

	for (;; above = above ? vma_next(mm, above) : NULL) {
		u64 start = below ? below->vm_end : 0;
		u64 end = above ? above->vm_start : mm->task_size;

		if (end > start && in_range(s->in, start, end)) {
			struct gap *g = row_new(s);

			if (!g)
				return false;
			*g = (struct gap){ start, end, mm->pid, mm, below, above };
		}
		if (!above)
			return true;
		below = above;
	}
}

/* ---------------------------------------------------------------- rows from models */

/* What each mapping is for: opens the files that are mapped. */
static bool attribute(struct session *s, size_t t)
{
	struct vma_err err;

	if (vma_attrib_new(s->model[t]->facts, VMA_ATTRIB_ALL, &s->attrib[t], &err)) {
		s->status = cli_worse(s->status, cli_fail(&err));
		return false;
	}
	s->view[t].attrib = vma_attrib_text;
	s->view[t].attrib_ctx = s->attrib[t];
	return true;
}

/* Opens one more target and keeps it. */
static bool keep_target(struct session *s, const char *target, u32 needs)
{
	struct vma_model *m;

	needs |= s->in->source ? VMA_READ_BPF : 0;
	int status = target_open(s->cli, target, needs | VMA_READ_STATUS | VMA_READ_SYSTEM, &m);

	if (status == CLI_OK && m->facts->kernel_thread) {
		status = cli_error(CLI_FAILURE, "%s: a kernel thread has no address space", target);
		vma_model_free(m);
		s->status = cli_worse(s->status, status);
		return false;
	}
	s->status = cli_worse(s->status, status);
	if (status != CLI_OK)
		return false;
	s->status = cli_worse(s->status, target_report(s->cli, m->facts, needs));
	s->target[s->nr] = target;
	target_view(&s->view[s->nr], m);
	s->model[s->nr++] = m;
	return !(needs & VMA_NEEDS_ATTRIB) || attribute(s, s->nr - 1);
}

static void json_processes(struct session *s)
{
	struct vma_json *j = &s->list.json;

	vma_json_array(j, "processes");
	for (size_t i = 0; i < s->nr; i++) {
		vma_json_object(j, NULL);
		target_json(j, s->target[i], s->model[i]);
		vma_json_counters(j, "counters", s->model[i]->mm);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static int rows_from_models(struct session *s)
{
	for (char **t = s->cli->argv; *t; t++)
		if (keep_target(s, *t, s->list.needs) &&
		    !(s->in->gaps ? add_gap_rows(s, s->nr - 1) : add_mapping_rows(s, s->nr - 1)))
			return cli_error(CLI_FAILURE, "out of memory");
	if (!s->nr)
		return s->status;
	s->order = calloc(s->nr_rows ? s->nr_rows : 1, sizeof(*s->order));
	if (!s->order)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr_rows; i++)
		s->order[i] = (char *)s->rows + i * s->row_size;
	if (!listing_begin(&s->list, s->in->gaps ? "gaps" : "vmas") ||
	    !listing_rows(&s->list, s->order, s->nr_rows) || !listing_end(&s->list))
		return s->list.status;
	if (listing_is_json(&s->list))
		json_processes(s);
	return listing_close(&s->list) ? s->status : s->list.status;
}

/* ---------------------------------------------------------------- rows as they are read */

static int stream_record(void *ctx, const struct vma_fact_map *map)
{
	struct session *s = ctx;
	struct vma_row row;

	if (!in_range(s->in, map->start, map->end))
		return 0;
	s->streamed++;
	vma_row_of_map(&row, &s->view[0], map);
	return listing_row(&s->list, &row) ? 0 : 1;
}

static bool is_pid(const char *target)
{
	return isdigit((unsigned char)*target) || !strncmp(target, "self", 4);
}

/* Can its records be streamed, or is it a core? */
static bool has_records(const char *target)
{
	struct stat st;

	return is_pid(target) || (!stat(target, &st) && S_ISDIR(st.st_mode));
}

/* The codes of flags are those of the running kernel, for its own processes. */
static void stream_view(struct session *s, const char *target, struct vma_kernel *k)
{
	const char *release = s->cli->shared.kernel;
	bool ours = is_pid(target) && !s->cli->shared.procfs;

	s->view[0] = (struct vma_view){ .pid = (u32)strtoul(target, NULL, 10),
					.reading = s->view[0].reading + 1 };
	if (!strncmp(target, "self", 4))
		s->view[0].pid = (u32)getpid();
	if ((release || ours) && !vma_kernel_choose(k, release, NULL))
		s->view[0].kernel = k;
}

static int rows_as_read(struct session *s)
{
	u32 levels = target_levels(s->cli, s->list.needs | VMA_READ_MAPS);
	struct vma_read_opts opts = { .procfs = s->cli->shared.procfs, .levels = levels };
	struct vma_kernel kernel;
	struct vma_err err;

	s->list.opts.same = vma_row_same;
	if (!listing_begin(&s->list, NULL))
		return s->list.status;
	for (char **t = s->cli->argv; *t; t++) {
		u64 before = s->streamed;

		stream_view(s, *t, &kernel);
		s->list.status = CLI_OK;
		if (vma_maps_stream(*t, &opts, stream_record, s, &err)) {
			if (s->list.status)
				return s->list.status;
			s->status = cli_worse(s->status, cli_fail(&err));
		} else if (s->list.status) {
			return s->list.status;
		} else if (s->streamed == before && !s->in->range) {
			s->status = cli_worse(s->status, target_empty(s->cli, *t));
		}
	}
	if (!listing_end(&s->list) || !listing_close(&s->list))
		return s->list.status;
	return s->status;
}

static bool may_stream(const struct session *s)
{
	if (s->in->gaps || s->in->source || s->list.opts.format == VMA_FORMAT_JSON ||
	    !listing_streams(&s->list) || s->cli->shared.cost_report ||
	    s->list.needs & (VMA_NEEDS_MODEL | VMA_NEEDS_NEXT | VMA_NEEDS_ATTRIB))
		return false;
	for (char **t = s->cli->argv; *t; t++)
		if (!has_records(*t))
			return false;
	return true;
}

/* --source bpf: are the columns all in the kernel's records, and the targets its processes? */
static bool may_walk(const struct session *s)
{
	const struct cli_shared *shared = &s->cli->shared;

	if (s->in->gaps || !s->in->source || s->list.opts.format == VMA_FORMAT_JSON ||
	    !listing_streams(&s->list) || shared->cost_report || shared->procfs ||
	    !target_levels(s->cli, VMA_READ_BPF) ||
	    s->list.needs & (VMA_NEEDS_PROC | VMA_NEEDS_NEXT | VMA_NEEDS_ATTRIB))
		return false;
	for (char **t = s->cli->argv; *t; t++)
		if (!is_pid(*t))
			return false;
	return true;
}

static int list_rows(struct cli *cli, const struct inspect *in)
{
	AUTO(undo_session) struct session s = { .cli = cli, .in = in };

	s.row_size = in->gaps ? sizeof(struct gap) : sizeof(struct vma_row);
	if (!listing_init(&s.list, cli, in->gaps ? &gap_columns : &vma_mapping_columns,
			  in->gaps ? "START,END,SIZE,BELOW,ABOVE" : default_columns(cli, in)))
		return s.list.status;
	if (!cli->argc)
		return cli_usage(cli, "no TARGET is given");
	if (cli->argc > 1 || cli->shared.json || cli->shared.json_lines)
		listing_prepend(&s.list, "PID");
	if (!session_alloc(&s, (size_t)cli->argc))
		return cli_error(CLI_FAILURE, "out of memory");
	if (may_walk(&s) && inspect_walk(&s.list, in->range ? in->low : 0,
					 in->range ? in->high : ~0ULL, &s.status))
		return s.status;
	return may_stream(&s) ? rows_as_read(&s) : rows_from_models(&s);
}

/* ---------------------------------------------------------------- one object in full */

static bool fill_fields(const struct inspect *in, const struct vma_model *m, struct fields *f,
			int *status)
{
	struct vma_err err;
	const struct vma *vma;
	u64 addr;

	if (in->mm) {
		inspect_mm_fields(m, f);
	} else if (!target_address(m, in->vma, &addr, &err)) {
		*status = cli_error(err.code == EINVAL ? CLI_USAGE : CLI_FAILURE, "%s", err.msg);
		return false;
	} else if (!(vma = vma_lookup(m->mm, addr))) {
		*status = cli_error(CLI_FAILURE, "%s: nothing is mapped there (see --gaps)",
				    in->vma);
		return false;
	} else {
		inspect_vma_fields(m, vma, f);
	}
	if (f->failed)
		*status = cli_error(CLI_FAILURE, "out of memory");
	return !f->failed;
}

static int show_fields(struct session *s, const struct fields *f)
{
	struct listing *l = &s->list;

	if (!listing_begin(l, NULL))
		return l->status;
	if (listing_is_json(l)) {
		vma_json_object(&l->json, "process");
		target_json(&l->json, s->target[0], s->model[0]);
		vma_json_end(&l->json);
		vma_json_object(&l->json, s->in->mm ? "mm" : "vma");
		fields_json(f, &l->json);
		vma_json_end(&l->json);
	} else {
		for (size_t i = 0; i < f->nr; i++)
			if (!listing_row(l, &f->field[i]))
				return l->status;
		if (!listing_end(l))
			return l->status;
	}
	return listing_close(l) ? s->status : l->status;
}

static int show_object(struct cli *cli, const struct inspect *in)
{
	AUTO(undo_session) struct session s = { .cli = cli, .in = in };
	AUTO(undo_fields) struct fields f = { .nr = 0 };
	u32 levels = VMA_READ_DEFAULT;

	if (!listing_init(&s.list, cli, &fields_columns, "FIELD,VALUE,KNOWN,RULE"))
		return s.list.status;
	if (cli->argc != 1)
		return cli_usage(cli, "--%s shows one TARGET", in->mm ? "mm" : "vma");
	if (!session_alloc(&s, 1))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!keep_target(&s, cli->argv[0], levels) || !fill_fields(in, s.model[0], &f, &s.status))
		return s.status;
	return show_fields(&s, &f);
}

/* ---------------------------------------------------------------- the command */

static bool parse_range(const char *text, struct inspect *in)
{
	char low[40];
	size_t n = strcspn(text, ",-");

	if (n >= sizeof(low))
		return false;
	snprintf(low, sizeof(low), "%.*s", (int)n, text);
	if (!vma_parse_size(low, &in->low))
		return false;
	in->high = in->low + 1;
	return !text[n] || (vma_parse_size(text + n + 1, &in->high) && in->high > in->low);
}

int cmd_inspect(struct cli *cli)
{
	struct inspect in = { .mm = false };

	if (!cli_parse(cli, &in))
		return cli->status;
	if (in.mm + in.gaps + in.core_preview + !!in.vma + !!in.check > 1)
		return cli_usage(cli, "--mm, --vma, --gaps, --core-preview and "
				      "--check-inference exclude each other");
	if (in.core_preview)
		return inspect_core_preview(cli);
	if (in.range && !parse_range(in.range, &in))
		return cli_usage(cli, "--range: '%s' is not LOW or LOW,HIGH", in.range);
	if (in.check)
		return inspect_inference(cli, in.check == 2);
	return in.mm || in.vma ? show_object(cli, &in) : list_rows(cli, &in);
}
