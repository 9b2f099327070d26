/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_POOL_H
#define MODEL_POOL_H
/*
 * Records of one size, named by a small number, at an address that never changes. Memory comes in
 * chunks, so growing copies nothing; id 0 is no record. A freed record keeps the next free id in
 * its first four bytes.
 */
#include "libvmactl/types.h"

#define POOL_CHUNK_SHIFT 10
#define POOL_CHUNK (1U << POOL_CHUNK_SHIFT)

struct pool {
	char **chunk;
	u32 size;      /* of a record */
	u32 nr;        /* ids handed out so far, 0 included */
	u32 nr_chunks, cap_chunks;
	u32 free;      /* first free id, 0: none */
	u32 live;
};

void pool_init(struct pool *p, u32 size);
void pool_fini(struct pool *p);
int pool_copy(struct pool *p, const struct pool *src);
/* A zeroed record and its id; NULL when out of memory. */
void *pool_get(struct pool *p, u32 *id);
void pool_put(struct pool *p, u32 id);
size_t pool_bytes(const struct pool *p);

static inline void *pool_at(const struct pool *p, u32 id)
{
	return p->chunk[id >> POOL_CHUNK_SHIFT] + (size_t)(id & (POOL_CHUNK - 1)) * p->size;
}

#endif
