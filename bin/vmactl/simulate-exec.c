// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl simulate execve: the address space a program would start with. */
#include "simulate-exec.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "libvmactl/attrib.h"
#include "listing.h"
#include "target.h"

#define COLUMNS "START,END,SIZE,PERMS,OFFSET,FLAGS,PATH"

struct session {
	struct cli *cli;
	struct vma_model *like;  /* the process that calls execve, NULL: this one */
	struct vma_model *model; /* what comes out */
	struct vma_exec exec;
	struct listing list;
	struct vma_view view;
	struct vma_row *rows;
	const void **order;
	size_t nr;
};

static void undo_session(struct session *s)
{
	vma_exec_fini(&s->exec);
	vma_model_free(s->like);
	vma_model_free(s->model);
	free(s->rows);
	free(s->order);
	listing_fini(&s->list);
}

/* Of the environment the program would inherit only the length matters. */
static u64 environment_bytes(const struct session *s)
{
	const struct vma_facts *f = s->like ? s->like->facts : NULL;
	u32 both = 1u << VMA_STAT_ENV_START | 1u << VMA_STAT_ENV_END;
	u64 n = 0;

	if (f && (f->have_stat & both) == both)
		return f->stat[VMA_STAT_ENV_END] - f->stat[VMA_STAT_ENV_START];
	for (size_t i = 0; !f && environ[i]; i++)
		n += strlen(environ[i]) + 1;
	return n;
}

static int run(struct session *s, struct vma_err *err)
{
	struct cli *cli = s->cli;
	struct vma_exec_opts o = { .program = cli->argv[2],
				   .argv = (const char *const *)&cli->argv[2],
				   .env_bytes = environment_bytes(s),
				   .like = s->like ? s->like->facts : NULL };
	struct vma_kernel kernel;
	int rc = 0;

	if (s->like)
		kernel = *vma_world_kernel(s->like->world);
	else
		rc = vma_kernel_choose(&kernel, cli->shared.kernel, err);
	if (rc)
		return rc;
	o.kernel = &kernel;
	rc = vma_exec_simulate(&o, &s->exec, err);
	if (rc)
		return rc;
	rc = vma_rebuild(s->exec.facts, &kernel, &s->model, err);
	if (!rc)
		s->exec.facts = NULL; /* the model's now */
	return rc;
}

static bool make_rows(struct session *s)
{
	struct vma *vma;

	s->rows = calloc(s->model->mm->map_count + 1, sizeof(*s->rows));
	s->order = calloc(s->model->mm->map_count + 1, sizeof(*s->order));
	if (!s->rows || !s->order)
		return false;
	target_view(&s->view, s->model);
	vma_for_each(s->model->mm, vma) {
		vma_row_of_vma(&s->rows[s->nr], &s->view, vma, vma_model_map(s->model, vma));
		s->order[s->nr] = &s->rows[s->nr];
		s->nr++;
	}
	return true;
}

static const char *shown(const char *text, char *out, size_t size)
{
	vma_escape_terminal(text, out, size);
	return out;
}

static void write_text(struct session *s)
{
	const struct vma_exec *x = &s->exec;
	const struct vma_mm *mm = s->model->mm;
	char path[1024];

	vma_out_addf(&s->list.out, "\n%s: %s, entry 0x%llx, heap at 0x%llx\n",
		     shown(x->program, path, sizeof(path)),
		     x->pie ? "position-independent" : "at a fixed address",
		     (unsigned long long)x->entry, (unsigned long long)mm->start_brk);
	if (*x->interpreter)
		vma_out_addf(&s->list.out, "interpreter %s at 0x%llx\n",
			     shown(x->interpreter, path, sizeof(path)),
			     (unsigned long long)x->interpreter_base);
	if (x->executable_stack)
		vma_out_adds(&s->list.out, "the stack is executable (PT_GNU_STACK)\n");
	vma_out_adds(&s->list.out, "with randomisation each part starts between\n");
	for (u32 i = 0; i < x->nr_ranges; i++)
		vma_out_addf(&s->list.out, "  %-8s 0x%llx and 0x%llx (%s)\n", x->range[i].what,
			     (unsigned long long)x->range[i].low,
			     (unsigned long long)x->range[i].high, x->range[i].rule);
	if (*x->doubt)
		vma_out_addf(&s->list.out, "uncertain: %s\n", x->doubt);
}

static void write_members(struct session *s)
{
	struct vma_json *j = &s->list.json;
	const struct vma_exec *x = &s->exec;

	vma_json_text(j, "program", x->program);
	vma_json_text(j, "interpreter", *x->interpreter ? x->interpreter : NULL);
	vma_json_bool(j, "pie", x->pie);
	vma_json_hex(j, "entry", x->entry);
	vma_json_hex(j, "bias", x->bias);
	vma_json_hex(j, "start_brk", s->model->mm->start_brk);
	vma_json_bool(j, "executable_stack", x->executable_stack);
	vma_json_text(j, "doubt", *x->doubt ? x->doubt : NULL);
	vma_json_array(j, "ranges");
	for (u32 i = 0; i < x->nr_ranges; i++) {
		vma_json_object(j, NULL);
		vma_json_text(j, "what", x->range[i].what);
		vma_json_hex(j, "low", x->range[i].low);
		vma_json_hex(j, "high", x->range[i].high);
		vma_json_text(j, "rule", x->range[i].rule);
		vma_json_end(j);
	}
	vma_json_end(j);
	vma_json_counters(j, "counters", s->model->mm);
}

int simulate_execve(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	struct vma_err err;

	if (cli->argc < 3)
		return cli_usage(cli, "execve takes TARGET or -, a program and its arguments");
	if (!listing_init(&s.list, cli, &vma_mapping_columns, COLUMNS))
		return s.list.status;
	if (strcmp(cli->argv[1], "-")) {
		int status =
			target_open(cli, cli->argv[1],
				    VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM, &s.like);
		if (status)
			return status;
	}
	if (run(&s, &err)) /* a program that is not there is no missing process */
		return cli_error(CLI_FAILURE, "%s", err.msg);
	if (!make_rows(&s))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!listing_begin(&s.list, "vmas") || !listing_rows(&s.list, s.order, s.nr) ||
	    !listing_end(&s.list))
		return s.list.status;
	if (listing_is_json(&s.list))
		write_members(&s);
	else if (s.list.opts.format == VMA_FORMAT_TABLE && !cli->shared.noheadings)
		write_text(&s);
	return listing_close(&s.list) ? CLI_OK : s.list.status;
}
