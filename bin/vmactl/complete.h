/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_COMPLETE_H
#define VMACTL_COMPLETE_H
/* Hidden options that print the rows of the tables, for the completion and the lint tests. */
#include "cli.h"

struct complete {
	bool list_commands, list_ops;
	const char *options_of, *words_of;
};

extern const struct cli_option complete_options[];

bool complete_asked(const struct complete *c);
int complete_run(const struct complete *c);

#endif
