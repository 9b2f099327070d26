/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_TARGET_H
#define VMACTL_TARGET_H
/* A TARGET of the command line, opened by the shared options; what was lost is said. */
#include <errno.h>

#include "cli.h"
#include "libvmactl/rebuild.h"
#include "libvmactl/report.h"

/* Opens a target for the VMA_READ_* levels given, as far as --cost allows. CLI_OK, or the status
 * to return after the message was printed. The caller frees *out. */
int target_open(const struct cli *cli, const char *target, u32 levels, struct vma_model **out);

/* The VMA_READ_* levels that --cost allows. */
u32 target_levels(const struct cli *cli, u32 levels);

/* Says what could not be read (one line each) and, with --cost-report, what reading cost.
 * CLI_PARTIAL when something that @levels asks for is missing, else CLI_OK. */
int target_report(const struct cli *cli, const struct vma_facts *facts, u32 levels);

/* A view of a model, for rows. */
void target_view(struct vma_view *view, const struct vma_model *model);

/* "12 (bash)": for sentences. Returns out. */
char *target_name(const struct vma_model *m, char *out, size_t size);

/* Says why a process without a mapping has none; the status to return. */
int target_empty(const struct cli *cli, const char *target);

/* JSON members of the open object: target, pid, comm, kernel, verified, changed, missing. */
void target_json(struct vma_json *j, const char *target, const struct vma_model *m);

/* A number; [heap], [stack]; PATH or NAME of an object, +0x1000: its first mapping as the model has
 * it now; or what vmactl-where(1) takes: OBJECT:SECTION, SYMBOL. False, and the message in err,
 * when it is none or not there. */
bool target_address(const struct vma_model *m, const char *text, u64 *out, struct vma_err *err);

/* Did opening fail because the process ended, or has given its memory up? */
static inline bool target_is_gone(const struct vma_err *err)
{
	return err->code == ENOENT || err->code == ESRCH || err->code == EINVAL;
}

static inline void undo_model(struct vma_model **m)
{
	vma_model_free(*m);
}

#endif
