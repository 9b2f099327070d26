// SPDX-License-Identifier: GPL-2.0-or-later
/* --help, made from the rows of the tables. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "commands.h"

#define HELP_COLUMN 27

static void print_option(const struct cli_option *o)
{
	char left[80];
	int n = o->letter ? snprintf(left, sizeof(left), " -%c, --%s", o->letter, o->name)
			  : snprintf(left, sizeof(left), "     --%s", o->name);

	if (o->arg)
		n += snprintf(left + n, sizeof(left) - (size_t)n, o->optional ? "[=%s]" : " %s",
			      o->arg);
	if (n < HELP_COLUMN)
		printf("%-*s%s\n", HELP_COLUMN, left, o->help);
	else
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
}

static void print_options(const char *title, const struct cli_option *rows)
{
	bool any = false;

	for (; rows && rows->name; rows++) {
		if (rows->hidden)
			continue;
		if (!any)
			printf("\n%s:\n", title);
		any = true;
		print_option(rows);
	}
}

static void print_synopsis(const struct command *c)
{
	const char *s = c->synopsis;

	printf("Usage:\n");
	if (!*s)
		printf(" vmactl %s [options]\n", c->name);
	while (*s) {
		size_t n = strcspn(s, "\n");

		printf(" vmactl %s [options] %.*s\n", c->name, (int)n, s);
		s += n + (s[n] == '\n');
	}
	printf("\n%c%s.\n", c->help[0] >= 'a' && c->help[0] <= 'z' ? c->help[0] - 32 : c->help[0],
	       c->help + 1);
}

static void print_command_help(const struct command *c)
{
	static const unsigned int shown[] = { CLI_TABLE, CLI_JSON, CLI_TARGET, CLI_COST, 0 };

	print_synopsis(c);
	print_options("Options", c->options);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (!shown[i] || c->groups & shown[i])
			print_options(cli_group_title(shown[i]), cli_group(shown[i]));
	printf("\nMore: man vmactl-%s\n", c->name);
}

void cli_print_help(const struct cli *cli)
{
	const struct command *c;

	if (cli->command) {
		print_command_help(cli->command);
		return;
	}
	printf("Usage:\n vmactl [options] COMMAND [options] [TARGET] [...]\n\n"
	       "What the kernel holds for the memory of a process, and what it would do.\n\n"
	       "Commands:\n");
	for (size_t i = 0; (c = command_at(i)); i++)
		printf(" %-12s%s\n", c->name, c->help);
	print_options(cli_group_title(CLI_TARGET), cli_group(CLI_TARGET));
	print_options(cli_group_title(0), cli_group(0));
	printf("\nA TARGET is a process number, self, PID/task/TID, a captured /proc/PID directory or\n"
	       "a core file.\n"
	       "\nExit status: 0 fine, 1 failure, 2 wrong use, 3 a finding, 4 partial answer,\n"
	       "42 a process was not found.\n"
	       "\nMore: vmactl COMMAND --help, man vmactl\n");
}
