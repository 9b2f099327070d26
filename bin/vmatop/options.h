/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_OPTIONS_H
#define VMATOP_OPTIONS_H
/* The command line. */
#include "config.h"

struct options {
	struct config config;     /* the file, and over it what was given */
	const char *procfs, *kernel, *user;
	bool figures;
	char **target;
	int nr_targets;
};

/** options_parse() - returns -1 to go on, or the exit status. */
int options_parse(struct options *o, int argc, char **argv);

#endif
