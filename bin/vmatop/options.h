/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_OPTIONS_H
#define VMATOP_OPTIONS_H
/* The command line. */
#include "config.h"

struct options {
	struct config config;     /* the file, and over it what was given */
	const char *procfs, *kernel, *user;
	bool figures;
	char **target; /* PIDs of --pid, then the words of the command line */
	size_t nr_targets;
	unsigned long iterations; /* end after so many readings, 0: never */
};

/** options_parse() - returns -1 to go on, or the exit status. */
int options_parse(struct options *o, int argc, char **argv);

#endif
