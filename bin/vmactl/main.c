// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl: the map of the tree.
 *
 *   A process ──▶ lib/read ──▶ lib/rebuild ──▶ lib/model ◀── lib/engine ──▶ lib/report ──▶ you
 *                 facts, as     facts to the    the kernel's  what the       tables, JSON,
 *                 found         model, with     own objects   kernel would   sentences
 *                               provenance                    do
 *
 * A file includes lower floors and its own folder, nothing else:
 *
 *   5  bin/vmactl   main.c        this: global options, find the command, call it
 *                   commands.def  THE table of commands (commands.c looks them up)
 *                   cmd-NAME.c    one command each
 *                   cli*.c        options as rows, --help, messages, exit status
 *      bin/vmatop   the interactive viewer
 *   4  lib/rebuild  facts to a model; how each field is known
 *      lib/script   strace text to operations; replay
 *      lib/report   column.c THE table of columns; table, JSON, raw; filter; explain; diff
 *      lib/verify   random operations against the running kernel
 *   3  lib/engine   op.c THE table of operations; why.def THE table of reasons; one file each
 *      lib/read     /proc, ELF, cores: one source a file
 *   2  lib/model    world, mm, vma, anon_vma, pages; flags.def, kernel.def: THE tables of
 *                   vm_flags and of what kernels differ in
 *   1  lib/base     strings, ranges, scope guards; knows nothing of memory maps
 *      lib/libvmactl  the installed headers, one a room
 *   man, completions, tests
 *
 * CONTRIBUTING.md says how to add a flag, a kernel property, an operation, a column, a command.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "complete.h"

static int run_command(struct cli *cli)
{
	const char *name = cli->argv[0];

	cli->command = command_by_name(name);
	if (!cli->command) {
		const char *near = command_nearest(name);

		if (near)
			return cli_usage(cli, "%s: unknown command (did you mean %s?)", name, near);
		return cli_usage(cli, "%s: unknown command", name);
	}
	cli->argv++;
	cli->argc--;
	return cli->command->run(cli);
}

int main(int argc, char **argv)
{
	struct cli cli = { .argc = argc - 1, .argv = argv + 1 };
	struct complete complete = { .list_commands = false };

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL); /* whoever closed the pipe has read enough */
	if (argc < 1)
		return CLI_USAGE;
	if (!cli_parse_global(&cli, complete_options, &complete))
		return cli_finish(cli.status);
	if (complete_asked(&complete))
		return cli_finish(complete_run(&complete));
	if (!cli.argc)
		return cli_usage(&cli, "no command given");
	return cli_finish(run_command(&cli));
}
