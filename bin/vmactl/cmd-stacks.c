// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl stacks: threads, where their stacks are, how deep they went, and who is on them. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "commands.h"
#include "libvmactl/attrib.h"
#include "target.h"

struct options {
	bool addresses, no_lines, no_frames;
	u64 frames;
};

#define FIELD(name) .offset = offsetof(struct options, name)
const struct cli_option cmd_stacks_options[] = {
	{ "addresses", 'k', CLI_FLAG, FIELD(addresses),
	  .help = "print addresses only: no symbols, no lines" },
	{ "frames", 'n', CLI_NUMBER, FIELD(frames), "NUM", "at most NUM frames a thread (256)" },
	{ "no-frames", 0, CLI_FLAG, FIELD(no_frames),
	  .help = "do not unwind: sizes and depths only" },
	{ "no-lines", 0, CLI_FLAG, FIELD(no_lines), .help = "do not look for source lines" },
	CLI_END,
};

/* What a run of the command shares. */
struct run {
	const struct options *o;
	struct vma_attrib *a;
	const struct vma_facts *f;
	struct vma_stacks *stacks;
};

static void undo_run(struct run *r)
{
	vma_stacks_free(r->stacks);
	vma_attrib_free(r->a);
}

/* A frame that returns somewhere is looked up one byte before: that is the call. */
static void look_up(const struct run *r, const struct vma_frame *frame, struct vma_where *w)
{
	vma_where(r->a, frame->pc - (frame->exact ? 0 : 1), !r->o->no_lines, w);
}

/* ---------------------------------------------------------------- for people */

static void print_lines(const struct vma_where *w)
{
	char text[1024];

	for (size_t i = 0; i < w->nr_lines; i++) {
		vma_escape_terminal(w->lines[i].file ? w->lines[i].file : "?", text, sizeof(text));
		printf("        %s:%d", text, w->lines[i].line);
		if (w->lines[i].inlined && w->lines[i].function) {
			vma_escape_terminal(w->lines[i].function, text, sizeof(text));
			printf(" in %s (inlined)", text);
		}
		printf("\n");
	}
}

static void print_frame(const struct run *r, size_t i, const struct vma_frame *frame)
{
	struct vma_where w;
	char text[1024];

	printf("  #%-3zu 0x%016llx", i, (unsigned long long)frame->pc);
	if (r->o->addresses) {
		printf("\n");
		return;
	}
	look_up(r, frame, &w);
	if (w.has_symbol) {
		vma_escape_terminal(w.symbol.name, text, sizeof(text));
		printf(" %s+0x%llx", text, (unsigned long long)(frame->pc - w.symbol.addr));
	}
	if (w.object) {
		vma_escape_terminal(vma_object_name(w.object), text, sizeof(text));
		printf(" (%s)", text);
	} else if (w.map >= 0) {
		printf(" (%s)", vma_category_name(vma_attrib_place(r->a, (size_t)w.map)->category));
	}
	printf("\n");
	print_lines(&w);
}

static void print_sizes(const struct run *r, const struct vma_stack *s)
{
	const struct vma_fact_map *m = &r->f->maps[s->map];
	char a[VMA_SIZE_TEXT], b[VMA_SIZE_TEXT];

	printf("  stack 0x%llx-0x%llx, %s, %s used", (unsigned long long)m->start,
	       (unsigned long long)m->end, vma_size_text(m->end - m->start, a),
	       vma_size_text(s->used, b));
	if (s->deepest)
		printf(", %s touched", vma_size_text(m->end - s->deepest, a));
	if (!s->guard_kind)
		printf(", guard unknown\n");
	else if (s->guard)
		printf(", guard %s (%s)\n", vma_size_text(s->guard, a), s->guard_kind);
	else
		printf(", no guard\n");
}

static void print_stack(const struct run *r, const struct vma_stack *s)
{
	char name[300];

	vma_escape_terminal(s->thread.name, name, sizeof(name));
	printf("thread %u%s%s%s", s->thread.tid, *name ? " (" : "", name, *name ? ")" : "");
	if (s->thread.err) {
		printf(": not caught: %s\n", strerror(s->thread.err));
		return;
	}
	if (s->thread.stopped_ns)
		printf(", stopped for %.0f us", (double)s->thread.stopped_ns / 1e3);
	printf("\n");
	if (s->map >= 0)
		print_sizes(r, s);
	for (size_t i = 0; i < s->nr_frames; i++)
		print_frame(r, i, &s->frames[i]);
	if (s->cut)
		printf("  ... (more than %zu frames: --frames)\n", s->nr_frames);
}

/* ---------------------------------------------------------------- for programs */

static void json_frame(struct vma_json *j, const struct run *r, const struct vma_frame *frame)
{
	struct vma_where w;

	vma_json_object(j, NULL);
	vma_json_hex(j, "pc", frame->pc);
	vma_json_hex(j, "sp", frame->sp);
	vma_json_bool(j, "exact", frame->exact);
	if (!r->o->addresses) {
		look_up(r, frame, &w);
		vma_json_text(j, "symbol", w.has_symbol ? w.symbol.name : NULL);
		if (w.has_symbol)
			vma_json_number(j, "offset", frame->pc - w.symbol.addr);
		vma_json_text(j, "object", w.object ? vma_object_name(w.object) : NULL);
		vma_json_array(j, "source");
		for (size_t i = 0; i < w.nr_lines; i++) {
			vma_json_object(j, NULL);
			vma_json_text(j, "file", w.lines[i].file);
			vma_json_signed(j, "line", w.lines[i].line);
			vma_json_text(j, "function", w.lines[i].function);
			vma_json_bool(j, "inlined", w.lines[i].inlined);
			vma_json_end(j);
		}
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_stack(struct vma_json *j, const struct run *r, const struct vma_stack *s)
{
	const struct vma_fact_map *m = s->map < 0 ? NULL : &r->f->maps[s->map];

	vma_json_object(j, NULL);
	vma_json_number(j, "tid", s->thread.tid);
	vma_json_text(j, "name", *s->thread.name ? s->thread.name : NULL);
	vma_json_text(j, "error", s->thread.err ? strerror(s->thread.err) : NULL);
	vma_json_number(j, "stopped_ns", s->thread.stopped_ns);
	if (m) {
		vma_json_hex(j, "stack_start", m->start);
		vma_json_hex(j, "stack_end", m->end);
		vma_json_number(j, "size", m->end - m->start);
		vma_json_number(j, "used", s->used);
		if (s->deepest)
			vma_json_number(j, "touched", m->end - s->deepest);
		else
			vma_json_null(j, "touched");
		vma_json_text(j, "guard_kind", s->guard_kind);
		if (s->guard_kind)
			vma_json_number(j, "guard", s->guard);
		else
			vma_json_null(j, "guard");
	}
	vma_json_array(j, "frames");
	for (size_t i = 0; i < s->nr_frames; i++)
		json_frame(j, r, &s->frames[i]);
	vma_json_end(j);
	vma_json_bool(j, "cut", s->cut);
	vma_json_end(j);
}

static int write_json(const struct run *r, const char *target, const struct vma_model *m)
{
	struct vma_json j;
	struct vma_out out;

	if (vma_out_init(&out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	vma_json_init(&j, &out, false);
	vma_json_object(&j, NULL);
	vma_json_schema(&j);
	target_json(&j, target, m);
	vma_json_number(&j, "stopped_ns", r->stacks->stopped_ns);
	vma_json_number(&j, "longest_stop_ns", r->stacks->longest_ns);
	vma_json_array(&j, "threads");
	for (size_t i = 0; i < r->stacks->nr; i++)
		json_stack(&j, r, &r->stacks->stack[i]);
	vma_json_end(&j);
	vma_json_end(&j);
	int rc = vma_out_flush(&out);
	vma_out_fini(&out);
	return rc ? cli_error(CLI_FAILURE, "standard output: cannot write") : CLI_OK;
}

/* ---------------------------------------------------------------- the command */

static void write_text(const struct run *r, const struct vma_model *m)
{
	char name[128];

	printf("%s: %zu thread%s", target_name(m, name, sizeof(name)), r->stacks->nr,
	       r->stacks->nr == 1 ? "" : "s");
	if (r->stacks->stopped_ns)
		printf(", stopped for %.0f us in all, the longest for %.0f us",
		       (double)r->stacks->stopped_ns / 1e3, (double)r->stacks->longest_ns / 1e3);
	printf("\n");
	for (size_t i = 0; i < r->stacks->nr; i++)
		print_stack(r, &r->stacks->stack[i]);
}

/* Threads that could not be caught: one line says why and what helps. */
static int uncaught(const struct run *r)
{
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < r->stacks->nr; i++) {
		nr += r->stacks->stack[i].thread.err != 0;
		err = r->stacks->stack[i].thread.err ? r->stacks->stack[i].thread.err : err;
	}
	if (!nr)
		return CLI_OK;
	return cli_error(nr == r->stacks->nr ? CLI_FAILURE : CLI_PARTIAL,
			 "%u: %zu of %zu threads not caught: %s (%s)", r->f->pid, nr, r->stacks->nr,
			 strerror(err),
			 err == EPERM
				 ? "run as root or with CAP_SYS_PTRACE; a debugger may hold them"
				 : "they ended, or wait in the kernel");
}

int cmd_stacks(struct cli *cli)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	struct options o = { .frames = 256 };
	AUTO(undo_run) struct run r = { .o = &o };
	struct vma_err err;

	if (!cli_parse(cli, &o))
		return cli->status;
	if (cli->argc != 1)
		return cli_usage(cli, "one TARGET is needed");
	if (!o.frames || o.frames > 65536)
		return cli_usage(cli, "--frames takes 1 to 65536");
	int status = target_open(cli, cli->argv[0],
				 VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM, &m);
	if (status)
		return status;
	r.f = m->facts;
	if (vma_attrib_new(m->facts, VMA_ATTRIB_ALL, &r.a, &err) ||
	    vma_stacks_new(r.a, o.no_frames ? 0 : (size_t)o.frames, &r.stacks, &err))
		return cli_fail(&err);
	if (cli->shared.json)
		status = write_json(&r, cli->argv[0], m);
	else
		write_text(&r, m);
	status = cli_worse(status, uncaught(&r));
	return cli_finish(cli_worse(status, target_report(cli, m->facts, VMA_READ_MAPS)));
}
