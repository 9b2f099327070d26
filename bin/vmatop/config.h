/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_CONFIG_H
#define VMATOP_CONFIG_H
/*
 * Settings: the command line over the file over what is built in. The file is
 * $XDG_CONFIG_HOME/vmactl/vmatop.conf (~/.config by default), or else that of a directory of
 * $XDG_CONFIG_DIRS (/etc/xdg), lines of KEY = VALUE.
 */
#include "libvmactl/error.h"
#include "theme.h"

#define CONFIG_TEXT 512

struct config {
	char proc_columns[CONFIG_TEXT], columns[CONFIG_TEXT];
	char proc_sort[64], sort[64];
	char filter[CONFIG_TEXT]; /* of this run alone: not kept */
	const struct theme *theme;
	double delay; /* seconds */
	bool ascii, mouse, tree, follow, whole_path;
};

void config_init(struct config *c);
/** config_load() - no file is no error; -EINVAL names the line that is none. */
int config_load(struct config *c, struct vma_err *err);
/** config_save() - makes the directories too. */
int config_save(const struct config *c, struct vma_err *err);

#endif
