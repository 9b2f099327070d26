// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The options that commands share, by group. A new shared option is a field of struct cli_shared
 * and a row here.
 */
#include "cli.h"

#include "base/check.h"

#define FIELD(name) .offset = offsetof(struct cli_shared, name)

static const struct cli_option general[] = {
	{ "color", 0, CLI_CHOICE, FIELD(color), "WHEN", "colours: auto, never or always",
	  "auto|never|always", .optional = true, .without = "always" },
	{ "help", 'h', CLI_FLAG, FIELD(help), .help = "show this help" },
	{ "version", 'V', CLI_FLAG, FIELD(version), .help = "show the version" },
	CLI_END,
};

static const struct cli_option target[] = {
	{ "procfs", 0, CLI_STRING, FIELD(procfs), "DIR", "use DIR instead of /proc" },
	{ "kernel", 0, CLI_STRING, FIELD(kernel), "RELEASE",
	  "behave as this kernel, not as the target's own" },
	CLI_END,
};

static const struct cli_option json[] = {
	{ "json", 'J', CLI_FLAG, FIELD(json), .help = "JSON" },
	CLI_END,
};

static const struct cli_option table[] = {
	{ "json", 'J', CLI_FLAG, FIELD(json), .help = "JSON, one document" },
	{ "json-lines", 0, CLI_FLAG, FIELD(json_lines), .help = "JSON, one object a line" },
	{ "raw", 'r', CLI_FLAG, FIELD(raw), .help = "columns divided by one blank, \\xNN for others" },
	{ "output", 'o', CLI_STRING, FIELD(output), "LIST", "the columns; +LIST adds to the default" },
	{ "output-all", 0, CLI_FLAG, FIELD(output_all), .help = "every column" },
	{ "list-columns", 'H', CLI_FLAG, FIELD(list_columns), .help = "list the columns" },
	{ "noheadings", 'n', CLI_FLAG, FIELD(noheadings), .help = "no line of headings" },
	{ "bytes", 'b', CLI_FLAG, FIELD(bytes), .help = "sizes in bytes, not in units for people" },
	{ "filter", 'Q', CLI_STRING, FIELD(filter), "EXPR", "only the rows this holds for" },
	{ "sort", 's', CLI_STRING, FIELD(sort), "LIST", "sort by columns; -COL is descending" },
	{ "totals", 't', CLI_FLAG, FIELD(totals), .help = "add a row of sums" },
	{ "group-by", 0, CLI_STRING, FIELD(group_by), "COL", "one row for each value of a column" },
	CLI_END,
};

static const struct cli_option cost[] = {
	{ "cost", 0, CLI_CHOICE, FIELD(cost), "LEVEL",
	  "read at most: maps, pagemap, smaps, any", "any|maps|pagemap|smaps" },
	{ "cost-report", 0, CLI_FLAG, FIELD(cost_report),
	  .help = "say on standard error what was read and how long it took" },
	CLI_END,
};

static const struct {
	unsigned int bit;
	const char *title;
	const struct cli_option *rows;
} groups[] = {
	{ CLI_TABLE, "Output", table },
	{ CLI_JSON, "Output", json },
	{ CLI_TARGET, "Target", target },
	{ CLI_COST, "Reading", cost },
	{ 0, "General", general },
};

const struct cli_option *cli_group(unsigned int group)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].bit == group)
			return groups[i].rows;
	return NULL;
}

const char *cli_group_title(unsigned int group)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].bit == group)
			return groups[i].title;
	return NULL;
}
