/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_COMMANDS_H
#define VMACTL_COMMANDS_H
/* The commands as rows. The table itself is commands.def. */
#include "cli.h"

/* A row of the table of commands. */
struct command {
	const char *name;
	const char *help;     /* one line */
	const char *synopsis; /* what follows the name; alternatives on lines of their own */
	int (*run)(struct cli *cli);
	const struct cli_option *options; /* its own */
	unsigned int groups;  /* CLI_TARGET.. */
};

/* Row i, NULL past the end. */
const struct command *command_at(size_t i);
/* The row of a name, NULL when there is none. */
const struct command *command_by_name(const char *name);
/* The nearest name to a misspelt one, NULL. */
const char *command_nearest(const char *word);

/* cmd-NAME.c defines both; it is the only thing a command shows to the rest. */
#define COMMAND(name, groups, help, synopsis) \
	int cmd_##name(struct cli *cli);      \
	extern const struct cli_option cmd_##name##_options[];
#include "commands.def"
#undef COMMAND

#endif
