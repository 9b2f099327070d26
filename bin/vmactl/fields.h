/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_FIELDS_H
#define VMACTL_FIELDS_H
/*
 * One kernel object shown in full: a list of named fields, each with how it is known.
 * As a table: FIELD VALUE KNOWN RULE. In JSON: {"vm_start": {"value": .., "known": ..}, ...}.
 */
#include "libvmactl/known.h"
#include "libvmactl/report.h"

enum field_kind { FIELD_HEX, FIELD_NUMBER, FIELD_BYTES, FIELD_TEXT, FIELD_WORDS, FIELD_BOOL,
		  FIELD_NONE };

struct field {
	char name[40];
	enum field_kind kind;
	u64 num;
	char *text;
	struct vma_provenance how;
};

struct fields {
	struct field *field;
	size_t nr, cap;
	bool failed; /* out of memory */
};

void fields_fini(struct fields *f);
static inline void undo_fields(struct fields *f)
{
	fields_fini(f);
}

extern const struct vma_provenance field_exact;

/* A number; its kind says how it is written. */
void fields_num(struct fields *f, const char *name, enum field_kind kind, u64 num,
		struct vma_provenance how);
/* Text or words, copied; NULL: there is none. */
void fields_text(struct fields *f, const char *name, enum field_kind kind, const char *text,
		 struct vma_provenance how);

/* The columns of a field as a row, and the rows as members of the open JSON object. */
extern const struct vma_columns fields_columns;
void fields_json(const struct fields *f, struct vma_json *j);

#endif
