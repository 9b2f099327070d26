/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ATTRIB_AUDIT_H
#define ATTRIB_AUDIT_H
/* A run of the audit, and how checks say what they found. */
#include "attrib/attrib.h"

struct audit {
	struct vma_attrib *a;
	struct vma_findings *out;
	const struct vma_suppressions *accept; /* NULL */
	const struct vma_audit_rule *rule;     /* that is being checked */
	bool all_locked; /* mlockall: a lock says nothing about one mapping */
	bool failed;     /* out of memory */
};

/* A finding about mapping @i, or about the whole process; dropped when it is accepted. */
void audit_map(struct audit *x, size_t i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void audit_process(struct audit *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Does a suppression cover this? */
bool audit_accepted(const struct vma_suppressions *s, const char *rule, const char *object,
		    const char *comm);

/* Checks that compare memory with files. */
void audit_text_differs(struct audit *x, size_t i, const struct vma_fact_map *m);
void audit_text_dirty(struct audit *x, size_t i, const struct vma_fact_map *m);

#endif
