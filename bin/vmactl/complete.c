// SPDX-License-Identifier: GPL-2.0-or-later
#include "complete.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "commands.h"
#include "libvmactl/engine.h"

const struct cli_option complete_options[] = {
	{ "list-commands", 0, CLI_FLAG, offsetof(struct complete, list_commands), .hidden = true },
	{ "list-ops", 0, CLI_FLAG, offsetof(struct complete, list_ops), .hidden = true },
	{ "list-options", 0, CLI_STRING, offsetof(struct complete, options_of), "COMMAND",
	  .hidden = true },
	{ "list-words", 0, CLI_STRING, offsetof(struct complete, words_of), "OPERATION",
	  .hidden = true },
	CLI_END,
};

bool complete_asked(const struct complete *c)
{
	return c->list_commands || c->list_ops || c->options_of || c->words_of;
}

static void print_commands(void)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)); i++)
		printf("%s\t%s\n", c->name, c->help);
}

/* name, letter, argument, choices, help: divided by tabs; "-" for none. */
static void print_rows(const struct cli_option *o)
{
	for (; o && o->name; o++)
		if (!o->hidden)
			printf("--%s\t%c\t%s\t%s\t%s\n", o->name, o->letter ? o->letter : '-',
			       o->arg ? o->arg : "-", o->choices ? o->choices : "-", o->help);
}

static int print_options(const char *name)
{
	const struct command *c = command_by_name(name);
	static const unsigned int groups[] = { CLI_TABLE, CLI_JSON, CLI_TARGET, CLI_COST };

	if (!c)
		return CLI_FAILURE;
	print_rows(c->options);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (c->groups & groups[i])
			print_rows(cli_group(groups[i]));
	print_rows(cli_group(0));
	return CLI_OK;
}

static void print_ops(void)
{
	for (int id = VMA_OP_NONE + 1; id < VMA_OP_NR; id++)
		printf("%s\t%s\n", vma_op_at((enum vma_op_id)id)->name,
		       vma_op_at((enum vma_op_id)id)->help);
}

/* The constants that the arguments of an operation may be written with. */
static int print_words(const char *name)
{
	enum vma_op_id id = vma_op_by_name(name);
	const struct vma_op *op = id ? vma_op_at(id) : NULL;

	if (!op)
		return CLI_FAILURE;
	for (size_t i = 0; i < ARRAY_SIZE(op->arg); i++) {
		bool flags;
		const struct vma_word *w = vma_arg_words(op->arg[i], &flags);

		for (; w && w->name; w++)
			printf("%zu\t%s\n", i + 1, w->name);
	}
	return CLI_OK;
}

int complete_run(const struct complete *c)
{
	if (c->list_commands)
		print_commands();
	if (c->list_ops)
		print_ops();
	if (c->options_of)
		return print_options(c->options_of);
	if (c->words_of)
		return print_words(c->words_of);
	return CLI_OK;
}
