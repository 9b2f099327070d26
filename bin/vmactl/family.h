/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_FAMILY_H
#define VMACTL_FAMILY_H
/* Several processes opened together, and the anon_vmas between them: for anon and rmap. */
#include "cli.h"
#include "libvmactl/topology.h"

struct family {
	const struct vma_model **model;
	char (*name)[16]; /* targets by pid */
	size_t nr, cap;
	struct vma_forest *forest;
	int status; /* the gravest of what happened on the way */
};

void family_fini(struct family *f);
static inline void undo_family(struct family *f)
{
	family_fini(f);
}

/* Takes a model over; false when out of memory. */
bool family_add(struct family *f, struct vma_model *m);
/* Opens one more; one that ended meanwhile is left out when @gone_ok. CLI_OK, or what happened. */
int family_open(struct family *f, const struct cli *cli, const char *target, u32 levels,
		bool gone_ok);
/* Opens a process and its relatives (vma_family()). */
int family_open_tree(struct family *f, const struct cli *cli, u32 pid, bool up, u32 levels);
/* Parents before children, whatever order they were named in. For each the place it had, the caller's
 * to free; NULL when out of memory. */
size_t *family_sort(struct family *f);
/* Puts them together, sorted. */
int family_join(struct family *f, const struct cli *cli);

#endif
