/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_TOPOLOGY_H
#define LIBVMACTL_TOPOLOGY_H
/*
 * What lies between mappings and between processes: why neighbours stay two, what a fork costs,
 * and the anon_vmas that a tree of processes shares.
 */
#include "libvmactl/engine.h"
#include "libvmactl/rebuild.h"

/* ---------------------------------------------------------------- why two neighbours are two */

#define VMA_EVIDENCE 240
#define VMA_PAIR_OTHERS 3

/**
 * struct vma_pair - two neighbours, and the first merge rule that keeps them apart
 * @left, @right: borrowed from the model
 * @alike:    they touch, and nothing that maps prints tells them apart
 * @why:      the reason; VMA_WHY_NONE: nothing is in the way (@how certain), or nothing that can be
 *            seen is (@how unknown)
 * @or_why:   what else it may be, as far as what was read can tell; ended by VMA_WHY_NONE
 * @how:      how certain @why is, and by which rule of inference
 * @evidence: what the reason rests on, in words; hostile text in it is not escaped
 */
struct vma_pair {
	const struct vma *left, *right;
	bool alike;
	enum vma_why why, or_why[VMA_PAIR_OTHERS];
	struct vma_provenance how;
	char evidence[VMA_EVIDENCE];
};

/** vma_pair_of() - the verdict about two neighbours of @m (left below right, nothing between). */
void vma_pair_of(const struct vma_model *m, const struct vma *left, const struct vma *right,
		 struct vma_pair *out);

/** vma_pairs_each() - every pair that looks alike, by address. @fn: non-zero stops, and is
 *  returned. */
typedef int vma_pair_fn(void *ctx, const struct vma_pair *pair);
int vma_pairs_each(const struct vma_model *m, vma_pair_fn *fn, void *ctx);

#endif
