// SPDX-License-Identifier: GPL-2.0-or-later
#include "truth.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "target.h"

void truth_fini(struct truth *t)
{
	free(t->bpf);
	free(t->mm);
	free(t->anon);
}

static inline void undo_facts(struct vma_facts **f)
{
	vma_facts_free(*f);
}

static void take(struct truth *t, struct vma_facts *f)
{
	*t = (struct truth){ TAKE(f->bpf), TAKE(f->mm_bpf), TAKE(f->anon_bpf), f->nr_bpf,
			     f->nr_anon_bpf };
	f->nr_bpf = f->nr_anon_bpf = 0;
	f->levels &= ~(u32)VMA_READ_BPF;
}

void truth_give_back(struct truth *t, struct vma_facts *f)
{
	f->bpf = TAKE(t->bpf);
	f->mm_bpf = TAKE(t->mm);
	f->anon_bpf = TAKE(t->anon);
	f->nr_bpf = t->nr_bpf;
	f->nr_anon_bpf = t->nr_anon;
	f->levels |= VMA_READ_BPF;
}

/* Why the kernel could not be asked about this target. */
static int missing(const struct vma_facts *f)
{
	for (size_t i = 0; i < f->nr_missing; i++)
		if (!strcmp(f->missing[i].what, "bpf") && f->missing[i].remedy)
			return cli_error(CLI_FAILURE, "%s: bpf: not read: %s (%s)", f->source,
					 strerror(f->missing[i].err), f->missing[i].remedy);
	return cli_error(CLI_FAILURE, f->kernel_thread
			 ? "%s: a kernel thread has no address space"
			 : "%s: changed all the time (stop it first, or try again)", f->source);
}

int truth_read(const struct cli *cli, const char *target, u32 levels, bool gone_ok,
	       struct vma_bpf **bpf, struct truth *t, struct vma_model **m)
{
	struct vma_read_opts opts = {
		.procfs = cli->shared.procfs, .bpf = bpf,
		.levels = target_levels(cli, levels) | VMA_READ_BPF,
	};
	AUTO(undo_facts) struct vma_facts *f = NULL;
	struct vma_err err;

	*m = NULL;
	if (vma_facts_read(target, &opts, &f, &err)) {
		if (gone_ok && target_is_gone(&err))
			return CLI_OK;
		return cli_fail(&err);
	}
	if (!f->bpf || !f->mm_bpf)
		return gone_ok && !f->nr_maps ? CLI_OK : missing(f);
	take(t, f);
	if (vma_rebuild(f, NULL, m, &err))
		return cli_fail(&err);
	f = NULL; /* the model has them */
	return CLI_OK;
}
