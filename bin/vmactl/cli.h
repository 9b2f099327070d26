/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_CLI_H
#define VMACTL_CLI_H
/*
 * What every command shares: exit status, messages, and options as table rows.
 *
 * A command describes its options in a const table (struct cli_option), each row naming the
 * field it fills; cli_parse() does the rest. --help, the completion and the check of the manual
 * all read the same rows.
 */
#include <stdbool.h>
#include <stddef.h>

#include "libvmactl/error.h"
#include "libvmactl/types.h"

/* Exit status, the same for every command. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILURE = 1,
	CLI_USAGE = 2,
	CLI_FINDING = 3,    /* limit near, refused, difference, divergence */
	CLI_PARTIAL = 4,    /* answered, but something could not be read */
	CLI_NOT_FOUND = 42, /* some of the processes do not exist (as pmap) */
};

/* What an option's argument is, and so the type of the field it fills. */
enum cli_kind {
	CLI_FLAG,   /* no argument: bool, set to true */
	CLI_STRING, /* const char *, borrowed from argv */
	CLI_NUMBER, /* u64: decimal, 0x.., 0.. */
	CLI_SIZE,   /* u64: as a number, with K M G T (1024) or a suffix KiB.. allowed */
	CLI_CHOICE, /* int: position in .choices, a list of words separated by | */
	CLI_MARK,   /* no argument; the word stays among the operands (simulate's --then) */
};

/* A row of an option table; a row without a name ends the table. */
struct cli_option {
	const char *name;    /* long form, without -- */
	char letter;         /* short form, 0 none */
	enum cli_kind kind;
	size_t offset;       /* of the field, in the struct given to cli_parse() */
	const char *arg;     /* what help calls the argument */
	const char *help;
	const char *choices; /* CLI_CHOICE: "auto|never|always" */
	bool optional;       /* the argument may be left out (only as --name=ARG then) */
	const char *without; /* what it is then */
	bool hidden;         /* not in --help: for the completion */
};
#define CLI_END { .name = NULL }

/* Groups of shared options; a command's row ORs those it takes. */
enum {
	CLI_TARGET = 1 << 0, /* --procfs --kernel */
	CLI_JSON = 1 << 1,   /* -J */
	CLI_TABLE = 1 << 2,  /* -J and everything about columns */
	CLI_COST = 1 << 3,   /* --cost --cost-report */
};

enum cli_color { CLI_COLOR_AUTO, CLI_COLOR_NEVER, CLI_COLOR_ALWAYS };
enum cli_cost { CLI_COST_ANY, CLI_COST_MAPS, CLI_COST_PAGEMAP, CLI_COST_SMAPS };

/* What the shared options say. */
struct cli_shared {
	bool help, version;
	int color; /* enum cli_color */
	const char *procfs, *kernel;
	bool json, json_lines, raw, bytes, noheadings, list_columns, output_all, totals;
	const char *output, *filter, *sort, *group_by;
	int cost; /* enum cli_cost */
	bool cost_report;
};

struct command;

/*
 * A run of a command. Before cli_parse() argv holds the words after the command's name, after it
 * only the operands (NULL-terminated).
 */
struct cli {
	const struct command *command; /* NULL: vmactl itself */
	struct cli_shared shared;
	int argc;
	char **argv;
	int status; /* after cli_parse() returned false */
};

/*
 * Parses cli->argv by the groups of the command and its own table, which fills @own (NULL when
 * the command has no options of its own). False: there is nothing more to do, return cli->status
 * (--help was printed, or the usage was wrong and said so).
 */
bool cli_parse(struct cli *cli, void *own);

/* Parses the options before the command's name. On true argv starts at that name. */
bool cli_parse_global(struct cli *cli, const struct cli_option *own_table, void *own);

/* The option rows of a group (one bit of CLI_TARGET..; 0: those that everything takes). */
const struct cli_option *cli_group(unsigned int group);
const char *cli_group_title(unsigned int group);

/* One line on standard error, "vmactl: ...". Returns status, so `return cli_error(...)` works. */
int cli_error(enum cli_exit status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A wrong use of the running command: the message, and where to read more. Returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A library error about a target: the message; CLI_NOT_FOUND when a process does not exist. */
int cli_fail(const struct vma_err *err);
/* Of several targets the graver status is kept: failure, not found, partial, finding, fine. */
int cli_worse(int a, int b);

/* May the output carry colours: --color, NO_COLOR, TERM and whether it is a terminal. */
bool cli_colors(const struct cli *cli);
/* Columns of the terminal, 0 when the output is none. */
unsigned int cli_width(void);

/* Standard output is flushed and checked; a reader that went away is no error. */
int cli_finish(int status);

const char *cli_version(void);

/* --help of the running command, from its rows. */
void cli_print_help(const struct cli *cli);

#endif
