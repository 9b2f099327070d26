/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_CAPTURED_H
#define READ_CAPTURED_H
/*
 * What a recording keeps beside its proc/: meta.txt (key=value), mm.txt (fields of mm_struct as
 * the kernel held them) and files.txt (PATH dev=MM:mm ino=N size=BYTES mode=OCTAL).
 */
#include "read/facts.h"
#include "read/source.h"

/* 0 or -ENOMEM; does nothing when there are none. */
int captured_read(const struct source *s, struct vma_facts *f);

bool captured_mm_parse(struct vma_fact_mm_bpf *mm, const char *text);

#endif
