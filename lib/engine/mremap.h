/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ENGINE_MREMAP_H
#define ENGINE_MREMAP_H
/* mremap in two files: mremap.c checks and decides, mremap-move.c moves. */
#include "engine/engine.h"

enum { R_MAYMOVE = 1, R_FIXED = 2, R_DONTUNMAP = 4 };

/* A remap under way; lent down to the helpers. */
struct remap {
	struct op *o;
	struct vma *vma;
	u64 addr, old_len, new_len, flags, new_addr;
	u64 result;
	u64 precharged; /* 5.10 charges while it checks */
	u64 delta;      /* difference of the lengths as they were given */
};

static inline bool new_address(const struct remap *r)
{
	return r->flags & (R_FIXED | R_DONTUNMAP);
}

/* Refuses when count has reached limit. */
int remap_check_count(struct remap *r, u64 count, u64 limit);
/* move_vma() (R9). The destination is free by now; r->result is the address. */
int remap_move(struct remap *r);

#endif
