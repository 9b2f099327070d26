/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_ANON_H
#define MODEL_ANON_H
/* anon_vma and its chains (rules A0-A12). Reference counts are the kernel's: a root counts itself
 * and every descendant still allocated. */
#include "model/world.h"

struct vma_anon *anon_new_root(struct vma_world *w);
struct vma_anon *anon_new_child(struct vma_world *w, u32 parent);
/* Give an unfaulted VMA this anon_vma: one link, one active VMA more. */
void anon_attach(struct vma_world *w, struct vma *vma, u32 anon);
void anon_clone_links(struct vma_world *w, struct vma *dst, const struct vma *src);
void anon_drop_links(struct vma_world *w, struct vma *vma);
/* anon_vma_fork(): the child's chain from the parent's, with reuse (rule A9). */
void anon_fork(struct vma_world *w, struct vma *child, const struct vma *parent);

/* anon_vma_clone(): dst gets links to all anon_vmas of src, in the same order, and when src is
 * faulted and dst is not, or for a split, its anon_vma. dst must have no links. */
static inline void anon_clone(struct vma_world *w, struct vma *dst, const struct vma *src)
{
	if (src->avc)
		anon_clone_links(w, dst, src);
}

/* unlink_anon_vmas(): drop all links and the anon_vma. */
static inline void anon_unlink(struct vma_world *w, struct vma *vma)
{
	if (vma->avc)
		anon_drop_links(w, vma);
}

#endif
