// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl list: every process, its number of mappings and how near that is to the limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "listing.h"
#include "read/processes.h"
#include "report/process-columns.h"

struct list_options {
	bool pss, kernel_threads;
};

const struct cli_option cmd_list_options[] = {
	{ "pss", 'p', CLI_FLAG, offsetof(struct list_options, pss),
	  .help = "add PSS and USS; holds each process's memory lock for a while" },
	{ "all", 'a', CLI_FLAG, offsetof(struct list_options, kernel_threads),
	  .help = "processes without an address space too" },
	CLI_END,
};

struct session {
	const struct list_options *opt;
	struct listing *l;
	struct process *process;
	size_t nr, cap;
	struct processes all;
	bool denied; /* some maps may not be read */
};

static int add_process(struct processes *all, int dir, struct process *p)
{
	struct session *s = all->ctx;
	bool has_mm = process_has(p, PN_SIZE);

	if (!has_mm && !s->opt->kernel_threads) {
		process_fini(p);
		return 0;
	}
	if (has_mm && all->what & PROCESS_VMAS && !process_has(p, PN_VMAS))
		s->denied |= faccessat(dir, "maps", F_OK, 0) == 0;
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct process *more = realloc(s->process, cap * sizeof(*more));

		if (!more) {
			process_fini(p);
			return -ENOMEM;
		}
		s->process = more;
		s->cap = cap;
	}
	s->process[s->nr++] = *p;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int read_processes(struct session *s)
{
	struct vma_err err = { .code = 0 };
	int rc = processes_walk(&s->all, &err);

	if (rc)
		return cli_error(CLI_FAILURE, "%s", err.code ? err.msg : "out of memory");
	if (s->nr)
		qsort(s->process, s->nr, sizeof(*s->process), by_pid);
	return CLI_OK;
}

/* ---------------------------------------------------------------- the command */

static void undo_session(struct session *s)
{
	for (size_t i = 0; i < s->nr; i++)
		process_fini(&s->process[i]);
	free(s->process);
	listing_fini(s->l);
}

static int write_processes(struct session *s)
{
	AUTO(undo_free) const void **rows = calloc(s->nr + 1, sizeof(*rows));

	if (!rows)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr; i++)
		rows[i] = &s->process[i];
	if (!listing_begin(s->l, "processes") || !listing_rows(s->l, rows, s->nr) ||
	    !listing_end(s->l))
		return s->l->status;
	if (listing_is_json(s->l))
		vma_json_number(&s->l->json, "max_map_count", s->all.max_map_count);
	if (!listing_close(s->l))
		return s->l->status;
	if (s->denied)
		return cli_error(CLI_PARTIAL, "list: the maps of some processes may not be read (%s)",
				 geteuid() ? "run as root or with CAP_SYS_PTRACE" :
					     "root lacks a capability that they have");
	return CLI_OK;
}

int cmd_list(struct cli *cli)
{
	struct list_options opt = { .pss = false };
	struct listing l;
	AUTO(undo_session) struct session s = { .opt = &opt, .l = &l };

	memset(&l, 0, sizeof(l));
	if (!cli_parse(cli, &opt))
		return cli->status;
	if (!listing_init(&l, cli, &process_columns,
			  opt.pss ? "PID,USER,VMAS,SHARE,SIZE,RSS,PSS,USS,SWAP,NAME"
				  : "PID,USER,VMAS,SHARE,SIZE,RSS,SWAP,NAME"))
		return l.status;
	if (cli->argc)
		return cli_usage(cli, "%s: takes no TARGET (see vmactl inspect)", cli->argv[0]);
	s.all = (struct processes){ .procfs = cli->shared.procfs, .fn = add_process, .ctx = &s,
				    .what = l.needs >> PROCESS_NEEDS_SHIFT };
	if (cli->shared.procfs)
		s.all.what &= ~(u32)PROCESS_USERS; /* the ids of another machine */
	int status = read_processes(&s);
	return status == CLI_OK ? write_processes(&s) : status;
}
