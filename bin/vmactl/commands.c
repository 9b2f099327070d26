// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks commands up; the rows are commands.def. */
#include "commands.h"

#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

static const struct command commands[] = {
#define COMMAND(name_, groups_, help_, synopsis_)                       \
	{                                                               \
		.name = #name_,                                         \
		.help = help_,                                          \
		.synopsis = synopsis_,                                  \
		.run = cmd_##name_,                                     \
		.options = cmd_##name_##_options,                       \
		.groups = groups_,                                      \
	},
#include "commands.def"
#undef COMMAND
};

const struct command *command_at(size_t i)
{
	return i < ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

const struct command *command_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return commands[i].name;
}

const char *command_nearest(const char *word)
{
	return vma_nearest(word, name_at, NULL, ARRAY_SIZE(commands));
}
