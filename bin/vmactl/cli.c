// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options: getopt_long() driven by rows.
 *
 * All rows that apply (the command's own, its groups, the general ones) are put into one list;
 * getopt's tables are made from it, and a row found is stored through its field's offset.
 */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "commands.h"
#include "libvmactl/report.h"

#define MAX_ROWS 128
#define FIRST_LONG 256 /* getopt value of row 0; below are letters */

struct rows {
	const struct cli_option *row[MAX_ROWS];
	void *base[MAX_ROWS];
	size_t nr;
	struct option longs[MAX_ROWS + 1];
	char letters[2 * MAX_ROWS + 4];
};

static void rows_add(struct rows *r, const struct cli_option *table, void *base)
{
	for (; table && table->name && r->nr < MAX_ROWS; table++) {
		r->row[r->nr] = table;
		r->base[r->nr++] = base;
	}
}

static void rows_for_getopt(struct rows *r, const char *mode)
{
	char *p = stpcpy(r->letters, mode);

	for (size_t i = 0; i < r->nr; i++) {
		const struct cli_option *o = r->row[i];
		bool takes = o->kind != CLI_FLAG && o->kind != CLI_MARK;

		r->longs[i] = (struct option){ o->name,
					       !takes ? no_argument
					       : o->optional ? optional_argument
							     : required_argument,
					       NULL, FIRST_LONG + (int)i };
		if (o->letter) {
			*p++ = o->letter;
			if (takes)
				*p++ = ':';
		}
	}
	*p = '\0';
	memset(&r->longs[r->nr], 0, sizeof(r->longs[0]));
}

static size_t row_of(const struct rows *r, int c)
{
	if (c >= FIRST_LONG)
		return (size_t)(c - FIRST_LONG);
	for (size_t i = 0; i < r->nr; i++)
		if (r->row[i]->letter == c)
			return i;
	return r->nr;
}

/* Position of word in "a|b|c", -1 when it is not there. */
static int choice(const char *choices, const char *word)
{
	size_t len = strlen(word);

	for (int i = 0; *choices; i++) {
		size_t n = strcspn(choices, "|");

		if (n == len && !strncmp(choices, word, n))
			return i;
		choices += n + (choices[n] == '|');
	}
	return -1;
}

static bool store(struct cli *cli, const struct cli_option *o, void *base, const char *arg)
{
	void *field = (char *)base + o->offset;
	int pick;

	if (!arg)
		arg = o->without;
	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)field = true;
		return true;
	case CLI_STRING:
		*(const char **)field = arg;
		return true;
	case CLI_NUMBER:
		if (vma_parse_number(arg, field))
			return true;
		break;
	case CLI_SIZE:
		if (vma_parse_size(arg, field))
			return true;
		break;
	case CLI_CHOICE:
		pick = choice(o->choices, arg);
		*(int *)field = pick;
		if (pick >= 0)
			return true;
		cli->status = cli_usage(cli, "--%s: '%s' is none of %s", o->name, arg, o->choices);
		return false;
	case CLI_MARK:
		return true;
	}
	cli->status = cli_usage(cli, "--%s: '%s' is not a number", o->name, arg);
	return false;
}

static const char *row_name_at(const void *ctx, size_t i)
{
	const struct rows *r = ctx;

	return r->row[i]->hidden ? "" : r->row[i]->name;
}

/* getopt found a word it cannot take: say which and what may have been meant. */
static int bad_option(struct cli *cli, const struct rows *r, const char *word, int c)
{
	size_t i = optopt ? row_of(r, optopt) : r->nr;

	if (c == ':')
		return cli_usage(cli, "%s: an argument is missing (%s)", word,
				 i < r->nr ? r->row[i]->arg : "");
	if (optopt >= FIRST_LONG)
		return cli_usage(cli, "--%s: takes no argument", r->row[i]->name);
	if (optopt)
		return cli_usage(cli, "-%c: unknown option", optopt);
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *near = vma_nearest(name, row_name_at, r, r->nr);
	if (near)
		return cli_usage(cli, "--%s: unknown option (did you mean --%s?)", name, near);
	return cli_usage(cli, "--%s: unknown or ambiguous option", name);
}

/* getopt keeps its state between walks; a scan over nothing makes it forget. */
static void getopt_restart(const struct rows *r)
{
	static char name[] = "vmactl";
	char *nothing[] = { name, NULL };

	opterr = 0;
	optind = 0;
	getopt_long(1, nothing, r->letters, r->longs, NULL);
	optind = 1;
}

/* A word like -1 is an operand: a number, such as the descriptor of an anonymous mmap. */
static bool is_negative(const char *word)
{
	return word[0] == '-' && isdigit((unsigned char)word[1]);
}

/* Permissions as maps prints them: "---" of a simulated mprotect is no option. */
static bool is_perms(const char *arg)
{
	return !strcmp(arg, "---") || !strcmp(arg, "--x") || !strcmp(arg, "-w-") ||
	       !strcmp(arg, "-wx");
}

/* One option; false when it is wrong. */
static bool take_option(struct cli *cli, const struct rows *r, int c, char *word, int *operands)
{
	size_t i = row_of(r, c);

	if (c == '?' || c == ':' || i >= r->nr) {
		cli->status = bad_option(cli, r, word, c);
		return false;
	}
	if (r->row[i]->kind == CLI_MARK) {
		cli->argv[(*operands)++] = word;
		return true;
	}
	return store(cli, r->row[i], r->base[i], optarg);
}

/* Walks argv; operands are collected at its front. */
static bool walk(struct cli *cli, const struct rows *r, bool to_first_operand)
{
	int argc = cli->argc + 1, operands = 0;
	char **argv = cli->argv - 1; /* getopt leaves slot 0 alone */

	getopt_restart(r);
	while (optind < argc) {
		if (is_negative(argv[optind]) || is_perms(argv[optind])) {
			if (to_first_operand)
				break;
			cli->argv[operands++] = argv[optind++];
			continue;
		}
		int c = getopt_long(argc, argv, r->letters, r->longs, NULL);
		if (c == -1)
			break;
		if (c == 1)
			cli->argv[operands++] = optarg;
		else if (!take_option(cli, r, c, argv[optind - 1], &operands))
			return false;
	}
	if (to_first_operand) {
		cli->argv += optind - 1;
		cli->argc -= optind - 1;
		return true;
	}
	while (optind < argc)
		cli->argv[operands++] = argv[optind++];
	cli->argv[operands] = NULL;
	cli->argc = operands;
	return true;
}

static bool asked_for_text(struct cli *cli)
{
	cli->status = CLI_OK;
	if (cli->shared.help)
		cli_print_help(cli);
	else if (cli->shared.version)
		printf("vmactl %s\n", cli_version());
	return cli->shared.help || cli->shared.version;
}

bool cli_parse(struct cli *cli, void *own)
{
	struct rows r = { .nr = 0 };
	unsigned int groups = cli->command->groups;

	rows_add(&r, cli->command->options, own);
	for (unsigned int bit = 1; bit <= groups; bit <<= 1)
		if (groups & bit)
			rows_add(&r, cli_group(bit), &cli->shared);
	rows_add(&r, cli_group(0), &cli->shared);
	rows_for_getopt(&r, "-:");
	return walk(cli, &r, false) && !asked_for_text(cli);
}

bool cli_parse_global(struct cli *cli, const struct cli_option *own_table, void *own)
{
	struct rows r = { .nr = 0 };

	rows_add(&r, own_table, own);
	rows_add(&r, cli_group(CLI_TARGET), &cli->shared);
	rows_add(&r, cli_group(0), &cli->shared);
	rows_for_getopt(&r, "+:");
	return walk(cli, &r, true) && !asked_for_text(cli);
}
