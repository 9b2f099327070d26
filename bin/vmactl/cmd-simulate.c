// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl simulate: what the kernel would do with a call, without making it.
 *
 * The target is read once, its world copied, the steps run on it one after the other, and the
 * two worlds compared. Exit status 3 says that the last step is refused.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "libvmactl/lock.h"
#include "listing.h"
#include "opargs.h"
#include "simulate-exec.h"
#include "target.h"

struct simulate {
	bool all, list, quiet, locks;
};

#define FIELD(name) .offset = offsetof(struct simulate, name)
const struct cli_option cmd_simulate_options[] = {
	{ "then", 0, CLI_MARK, .help = "a further operation follows, on what the last one left" },
	{ "all", 'a', CLI_FLAG, FIELD(all), .help = "show unchanged mappings too" },
	{ "quiet", 'q', CLI_FLAG, FIELD(quiet), .help = "no events" },
	{ "locks", 0, CLI_FLAG, FIELD(locks),
	  .help = "the locks that are taken, where they are taken" },
	{ "list", 'l', CLI_FLAG, FIELD(list), .help = "list the operations and their arguments" },
	CLI_END,
};

#define DEFAULT_COLUMNS "CHANGE,START,END,SIZE,PERMS,PGOFF,ANON_VMA,FLAGS,PATH"

struct step {
	struct vma_call call;
	struct vma_events events;
};

struct session {
	struct cli *cli;
	const struct simulate *opt;
	struct listing list;
	struct vma_column *columns; /* CHANGE, then those of a mapping */
	struct vma_columns table;
	struct vma_model *model;
	struct vma_world *before_world;
	struct vma_mm *before;
	struct vma_view before_view, after_view;
	struct step *step;
	struct vma_result *result;
	size_t nr;
	struct change *row;
	const void **order;
	size_t nr_rows, cap_rows;
};

static void undo_session(struct session *s)
{
	for (size_t i = 0; i < s->nr; i++)
		vma_events_fini(&s->step[i].events);
	free(s->step);
	free(s->result);
	free(s->row);
	free(s->order);
	free(s->columns);
	vma_world_free(s->before_world);
	vma_model_free(s->model);
	listing_fini(&s->list);
}

static int no_memory(void)
{
	return cli_error(CLI_FAILURE, "out of memory");
}

/* ---------------------------------------------------------------- the list of operations */

enum op_column { OP_NAME, OP_SYNOPSIS, OP_HELP };

static void get_op(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct vma_op *op = row;

	cell->state = VMA_CELL_HAS;
	cell->text = op->help;
	if (col->arg == OP_NAME)
		cell->text = op->name;
	else if (col->arg == OP_SYNOPSIS)
		cell->text = opargs_synopsis(op, cell->buf, VMA_CELL_BUF) + strlen(op->name);
	cell->text += *cell->text == ' ';
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column op_rows[] = {
	{ "OPERATION", "operation", VMA_CELL_TEXT, false, 0, get_op, OP_NAME, "its name" },
	{ "ARGUMENTS", "arguments", VMA_CELL_TEXT, false, 0, get_op, OP_SYNOPSIS, "its arguments" },
	{ "DESCRIPTION", "description", VMA_CELL_TEXT, false, 0, get_op, OP_HELP, "what it does" },
};
static const struct vma_columns op_columns = { op_rows, ARRAY_SIZE(op_rows) };

static int list_operations(struct session *s)
{
	const void *rows[VMA_OP_NR];
	size_t nr = 0;

	if (!listing_init(&s->list, s->cli, &op_columns, "OPERATION,ARGUMENTS,DESCRIPTION"))
		return s->list.status;
	for (int id = VMA_OP_NONE + 1; id < VMA_OP_NR; id++)
		rows[nr++] = vma_op_at((enum vma_op_id)id);
	if (!listing_begin(&s->list, "operations") || !listing_rows(&s->list, rows, nr) ||
	    !listing_end(&s->list) || !listing_close(&s->list))
		return s->list.status;
	return CLI_OK;
}

/* ---------------------------------------------------------------- running */

/* Words up to the next --then. */
static size_t words_of_step(char **words)
{
	size_t n = 0;

	while (words[n] && strcmp(words[n], "--then"))
		n++;
	return n;
}

/* The operation, its events kept; with --locks all locks among them. */
static int run_heard(struct session *s, struct step *step, struct vma_result *res)
{
	struct vma_world *w = s->model->world;
	struct vma_locks *l;
	int rc;

	if (!s->opt->locks) {
		vma_world_listen(w, vma_events_hear, &step->events);
		rc = vma_op_run(s->model->mm, &step->call, res);
		vma_world_listen(w, NULL, NULL);
		return rc;
	}
	l = vma_locks_new(vma_events_hear, &step->events);
	if (!l)
		return -ENOMEM;
	vma_locks_begin(l, s->model->mm, &step->call);
	vma_world_listen(w, vma_locks_hear, l);
	rc = vma_op_run(s->model->mm, &step->call, res);
	vma_world_listen(w, NULL, NULL);
	vma_locks_end(l);
	rc = !rc && vma_locks_failed(l) ? -ENOMEM : rc;
	vma_locks_free(l);
	return rc;
}

static int run_step(struct session *s, const char *name, char **words, size_t nr)
{
	struct opargs args = { .model = s->model, .results = s->result, .nr_results = s->nr,
			       .procfs = s->cli->shared.procfs ? s->cli->shared.procfs : "/proc" };
	struct step *step = &s->step[s->nr];
	struct vma_result *res = &s->result[s->nr];
	struct vma_err err;
	int rc = opargs_parse(&args, name, words, nr, &step->call, &err);

	if (rc == -EINVAL)
		return cli_usage(s->cli, "%s", err.msg);
	if (rc)
		return cli_error(CLI_FAILURE, "%s", err.msg);
	s->nr++;
	rc = run_heard(s, step, res);
	if (rc == -ENOMEM || step->events.failed)
		return no_memory();
	if (rc)
		return cli_error(CLI_FAILURE, "%s: not simulated yet", name);
	return CLI_OK;
}

/* OP TARGET ARGS.. [--then OP ARGS..].. */
static int run_steps(struct session *s)
{
	char **words = s->cli->argv;
	const char *name = words[0];
	int status = CLI_OK;

	words += 2;
	for (;;) {
		size_t nr = words_of_step(words);

		status = run_step(s, name, words, nr);
		if (status != CLI_OK || !words[nr])
			return status;
		words += nr + 1;
		name = *words;
		if (!name || !strcmp(name, "--then"))
			return cli_usage(s->cli, "--then: an operation is missing");
		words++;
	}
}

/* ---------------------------------------------------------------- what changed, as rows */

/* A mapping of one side; the row comes first, so that the getters of mappings read it. */
struct change {
	struct vma_row row;
	enum vma_diff_kind kind;
	u32 fields;
};

static void get_change(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct change *c = row;
	bool before = c->row.view->mm != NULL && c->kind == VMA_DIFF_REMOVED;

	(void)col;
	cell->state = VMA_CELL_HAS;
	cell->text = c->kind == VMA_DIFF_SAME ? " " : before ? "-" : "+";
}

static struct change *row_new(struct session *s)
{
	if (s->nr_rows == s->cap_rows) {
		size_t cap = s->cap_rows ? 2 * s->cap_rows : 64;
		struct change *row = realloc(s->row, cap * sizeof(*row));

		if (!row)
			return NULL;
		s->row = row;
		s->cap_rows = cap;
	}
	return &s->row[s->nr_rows++];
}

static bool add_side(struct session *s, const struct vma_diff *d, bool before)
{
	struct change *c = row_new(s);

	if (!c)
		return false;
	vma_row_of_vma(&c->row, before ? &s->before_view : &s->after_view,
		       before ? d->before : d->after, NULL);
	c->kind = d->kind == VMA_DIFF_CHANGED && before ? VMA_DIFF_REMOVED : d->kind;
	c->fields = d->fields;
	return true;
}

static int add_change(void *ctx, const struct vma_diff *d)
{
	struct session *s = ctx;

	if (d->kind == VMA_DIFF_SAME)
		return s->opt->all && !add_side(s, d, false) ? -ENOMEM : 0;
	if ((d->before && !add_side(s, d, true)) || (d->after && !add_side(s, d, false)))
		return -ENOMEM;
	return 0;
}

static bool make_columns(struct session *s)
{
	const struct vma_columns *m = &vma_mapping_columns;

	s->columns = calloc(m->nr + 1, sizeof(*s->columns));
	if (!s->columns)
		return false;
	s->columns[0] = (struct vma_column){ "CHANGE", "change", VMA_CELL_TEXT, false, 0,
					     get_change, 0, "- before, + after" };
	memcpy(s->columns + 1, m->col, m->nr * sizeof(*s->columns));
	s->table = (struct vma_columns){ s->columns, m->nr + 1 };
	return true;
}

static bool show_rows(struct session *s)
{
	if (vma_diff_run(s->before, s->model->mm, true, add_change, s)) {
		s->list.status = no_memory();
		return false;
	}
	s->order = calloc(s->nr_rows ? s->nr_rows : 1, sizeof(*s->order));
	if (!s->order) {
		s->list.status = no_memory();
		return false;
	}
	for (size_t i = 0; i < s->nr_rows; i++)
		s->order[i] = &s->row[i];
	return listing_rows(&s->list, s->order, s->nr_rows) && listing_end(&s->list);
}

/* ---------------------------------------------------------------- for people */

/* fork locks the new address space as well. */
static bool is_childs(const struct vma_lock_event *lock, const struct vma_result *res)
{
	return res->mm && lock->mm == res->mm;
}

static void show_step(struct session *s, const struct step *step, const struct vma_result *res)
{
	struct vma_out *o = &s->list.out;
	char text[VMA_SENTENCE];

	vma_explain_result(&step->call, res, text, sizeof(text));
	vma_out_addf(o, "%s\n", text);
	if (*vma_explain_why(res, text, sizeof(text)))
		vma_out_addf(o, "  because %s\n", text);
	for (size_t i = 0; !s->opt->quiet && i < step->events.nr; i++) {
		const struct vma_event *ev = &step->events.ev[i];
		struct vma_lock_event lock;

		if (s->opt->locks && vma_lock_event_of(ev, &lock))
			vma_out_addf(o, "    %s%s\n", vma_lock_text(&lock, text, sizeof(text)),
				     is_childs(&lock, res) ? ", the child's" : "");
		else if (ev->kind != VMA_EV_CHECK && *vma_explain_event(ev, text, sizeof(text)))
			vma_out_addf(o, "  %s\n", text);
	}
}

static void show_pages(struct vma_out *o, const char *name, u64 before, u64 after)
{
	char a[VMA_SIZE_TEXT], b[VMA_SIZE_TEXT];

	if (before == after)
		return;
	vma_out_addf(o, "%s %s -> %s\n", name, vma_size_text(before << VMA_PAGE_SHIFT, a),
		     vma_size_text(after << VMA_PAGE_SHIFT, b));
}

static void show_counters(struct session *s)
{
	const struct vma_mm *b = s->before, *a = s->model->mm;
	struct vma_out *o = &s->list.out;
	u64 max = vma_world_system(s->model->world)->max_map_count;

	vma_out_addf(o, "map_count %u -> %u of %llu\n", b->map_count, a->map_count,
		     (unsigned long long)max);
	show_pages(o, "total_vm", b->total_vm, a->total_vm);
	show_pages(o, "data_vm", b->data_vm, a->data_vm);
	show_pages(o, "exec_vm", b->exec_vm, a->exec_vm);
	show_pages(o, "stack_vm", b->stack_vm, a->stack_vm);
	show_pages(o, "locked_vm", b->locked_vm, a->locked_vm);
	show_pages(o, "rss_anon", b->rss_anon, a->rss_anon);
	show_pages(o, "rss_file", b->rss_file, a->rss_file);
	show_pages(o, "rss_shmem", b->rss_shmem, a->rss_shmem);
	if (b->brk != a->brk)
		vma_out_addf(o, "brk 0x%llx -> 0x%llx\n", (unsigned long long)b->brk,
			     (unsigned long long)a->brk);
}

static int show_text(struct session *s)
{
	struct vma_out *o = &s->list.out;
	bool table = s->list.opts.format == VMA_FORMAT_TABLE;

	if (table)
		for (size_t i = 0; i < s->nr; i++)
			show_step(s, &s->step[i], &s->result[i]);
	if (!listing_begin(&s->list, NULL) || !show_rows(s))
		return s->list.status;
	if (table && !s->nr_rows)
		vma_out_adds(o, "no mapping changes\n");
	if (table)
		show_counters(s);
	return listing_close(&s->list) ? CLI_OK : s->list.status;
}

/* ---------------------------------------------------------------- in JSON */

static void json_args(struct vma_json *j, const struct vma_call *call)
{
	const struct vma_op *op = vma_op_at(call->op);
	char text[VMA_SENTENCE];

	vma_json_object(j, "args");
	for (size_t i = 0; i < VMA_OP_ARGS && op->arg[i] != VMA_ARG_NONE; i++)
		if (op->arg[i] == VMA_ARG_NAME)
			vma_json_text(j, op->argname[i], call->name);
		else
			vma_json_text(j, op->argname[i],
				      vma_explain_arg(op->arg[i], call->arg[i], text, sizeof(text)));
	vma_json_end(j);
}

static void json_locks(struct vma_json *j, const struct vma_events *events,
		       const struct vma_result *res)
{
	struct vma_lock_event lock;

	vma_json_array(j, "locks");
	for (size_t i = 0; i < events->nr; i++) {
		if (!vma_lock_event_of(&events->ev[i], &lock))
			continue;
		vma_json_object(j, NULL);
		vma_json_text(j, "action", vma_lock_action_name(lock.action));
		vma_json_text(j, "lock", vma_lock_class_name(lock.cls));
		vma_json_text(j, "mode", lock.write ? "write" : "read");
		if (lock.end) {
			vma_json_hex(j, "start", lock.start);
			vma_json_hex(j, "end", lock.end);
		}
		if (is_childs(&lock, res))
			vma_json_bool(j, "child", true);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_step(struct vma_json *j, const struct step *step, const struct vma_result *res,
		      bool locks)
{
	char text[VMA_SENTENCE];

	vma_json_text(j, "call", vma_op_at(step->call.op)->name);
	json_args(j, &step->call);
	vma_json_text(j, "text", vma_explain_result(&step->call, res, text, sizeof(text)));
	vma_json_result(j, &step->call, res);
	vma_json_array(j, "events");
	for (size_t i = 0; i < step->events.nr; i++)
		if (step->events.ev[i].kind != VMA_EV_LOCK)
			vma_json_event(j, &step->events.ev[i]);
	vma_json_end(j);
	if (locks)
		json_locks(j, &step->events, res);
}

static int json_change(void *ctx, const struct vma_diff *d)
{
	struct session *s = ctx;
	struct vma_json *j = &s->list.json;
	char fields[80];

	if (d->kind == VMA_DIFF_SAME)
		return 0;
	vma_json_object(j, NULL);
	vma_json_text(j, "change", vma_diff_kind_name(d->kind));
	vma_diff_names(d->fields, fields, sizeof(fields));
	for (char *p = fields; *p; p++)
		if (*p == ',')
			*p = ' ';
	vma_json_words(j, "fields", fields);
	if (d->before)
		vma_json_vma(j, "before", s->before, d->before);
	else
		vma_json_null(j, "before");
	if (d->after)
		vma_json_vma(j, "after", s->model->mm, d->after);
	else
		vma_json_null(j, "after");
	vma_json_end(j);
	return 0;
}

static void json_side(struct vma_json *j, const char *key, const struct vma_mm *mm)
{
	const struct vma *vma;

	vma_json_object(j, key);
	vma_json_counters(j, "counters", mm);
	vma_json_array(j, "vmas");
	vma_for_each(mm, vma)
		vma_json_vma(j, NULL, mm, vma);
	vma_json_end(j);
	vma_json_end(j);
}

static int show_json(struct session *s)
{
	struct vma_json *j = &s->list.json;
	const struct vma_result *last = &s->result[s->nr - 1];
	struct vma_mm *child = last->mm ? vma_mm_by_id(s->model->world, last->mm) : NULL;

	if (!listing_begin(&s->list, NULL))
		return s->list.status;
	vma_json_object(j, "process");
	target_json(j, s->cli->argv[1], s->model);
	vma_json_end(j);
	json_step(j, &s->step[s->nr - 1], last, s->opt->locks);
	vma_json_array(j, "steps");
	for (size_t i = 0; i < s->nr; i++) {
		vma_json_object(j, NULL);
		vma_json_number(j, "n", i + 1);
		json_step(j, &s->step[i], &s->result[i], s->opt->locks);
		vma_json_end(j);
	}
	vma_json_end(j);
	vma_json_array(j, "changes");
	vma_diff_run(s->before, s->model->mm, true, json_change, s);
	vma_json_end(j);
	json_side(j, "before", s->before);
	json_side(j, "after", s->model->mm);
	if (child)
		json_side(j, "child", child);
	return listing_close(&s->list) ? CLI_OK : s->list.status;
}

/* ---------------------------------------------------------------- the command */

/* Reads the target and keeps a copy of its world as it is. */
static int open_sides(struct session *s)
{
	u32 levels = VMA_READ_DEFAULT | VMA_READ_PAGES;
	int status = target_open(s->cli, s->cli->argv[1], levels, &s->model);

	if (status != CLI_OK)
		return status;
	status = target_report(s->cli, s->model->facts, VMA_READ_DEFAULT);
	s->before_world = vma_world_clone(s->model->world);
	if (!s->before_world)
		return no_memory();
	s->before = vma_mm_by_id(s->before_world, s->model->mm->id);
	target_view(&s->after_view, s->model);
	s->before_view = s->after_view;
	s->before_view.mm = s->before;
	return status;
}

static int simulate(struct session *s)
{
	int partial, status;

	s->step = calloc((size_t)s->cli->argc + 1, sizeof(*s->step));
	s->result = calloc((size_t)s->cli->argc + 1, sizeof(*s->result));
	if (!s->step || !s->result || !make_columns(s))
		return no_memory();
	if (!listing_init(&s->list, s->cli, &s->table, DEFAULT_COLUMNS))
		return s->list.status;
	if (s->cli->argc < 2)
		return cli_usage(s->cli, s->cli->argc ? "no TARGET is given" : "no operation is given");
	if (!vma_op_by_name(s->cli->argv[0])) /* before anything is read */
		return run_step(s, s->cli->argv[0], NULL, 0);
	partial = open_sides(s);
	if (!s->before)
		return partial;
	status = run_steps(s);
	if (status != CLI_OK)
		return status;
	status = listing_is_json(&s->list) ? show_json(s) : show_text(s);
	if (status == CLI_OK && (s->result[s->nr - 1].err || s->result[s->nr - 1].sig))
		return CLI_FINDING;
	return status == CLI_OK ? partial : status;
}

int cmd_simulate(struct cli *cli)
{
	struct simulate opt = { .all = false };
	AUTO(undo_session) struct session s = { .cli = cli, .opt = &opt };

	if (!cli_parse(cli, &opt))
		return cli->status;
	if (cli->argc && !strcmp(cli->argv[0], "execve"))
		return simulate_execve(cli);
	return opt.list ? list_operations(&s) : simulate(&s);
}
