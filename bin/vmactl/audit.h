/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_AUDIT_H
#define VMACTL_AUDIT_H
/* What cmd-audit.c hands to its writers: one process and what was found in it. */
#include "libvmactl/attrib.h"
#include "libvmactl/report.h"

struct audited {
	const char *target;
	const struct vma_facts *facts;
	const struct vma_attrib *attrib;
	const struct vma_findings *findings;
};

/* SARIF 2.1.0: begin, one call a process, end. */
void sarif_begin(struct vma_json *j);
void sarif_process(struct vma_json *j, const struct audited *x);
void sarif_end(struct vma_json *j);

#endif
