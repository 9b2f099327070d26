/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_FILES_H
#define READ_FILES_H
/*
 * The files that are mapped: type of the file system and noexec from mountinfo, which cannot hang
 * on a dead server; the size by stat, only where the file system is a local one.
 */
#include "read/facts.h"
#include "read/source.h"

/* One vma_fact_file for each file of the maps. 0 or -ENOMEM. */
int files_read(const struct source *s, struct vma_facts *f);

/* struct mount_info - what mountinfo says of one device */
struct mount_info {
	u32 major, minor;
	bool noexec; /* all its mounts are */
	char fs[32];
};

/* One line of mountinfo ended with a NUL; false when it is not one. */
bool mountinfo_line(const char *line, struct mount_info *out);

#endif
