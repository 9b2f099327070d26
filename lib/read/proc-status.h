/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_PROC_STATUS_H
#define READ_PROC_STATUS_H
/*
 * The small files of a process. Parsers take text ended with a NUL and fill the facts; they return
 * false when the text is not such a file.
 */
#include "read/facts.h"
#include "read/source.h"

bool status_parse(struct vma_facts *f, const char *text);
bool stat_parse(struct vma_facts *f, const char *text);
bool statm_parse(struct vma_facts *f, const char *text);
bool limits_parse(struct vma_facts *f, const char *text);
bool auxv_parse(struct vma_facts *f, const char *bytes, size_t len);

/* All of them, and comm, cmdline, exe and personality. 0 or -ENOMEM. */
int status_read(const struct source *s, struct vma_facts *f);

#endif
