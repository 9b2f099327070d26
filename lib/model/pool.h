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
size_t pool_bytes(const struct pool *p);

static inline void *pool_at(const struct pool *p, u32 id)
{
	return p->chunk[id >> POOL_CHUNK_SHIFT] + (size_t)(id & (POOL_CHUNK - 1)) * p->size;
}

/* The same for a known type: the multiplication is a shift. */
#define POOL_AT(p, type, id) \
	((type *)(void *)(p)->chunk[(id) >> POOL_CHUNK_SHIFT] + ((id) & (POOL_CHUNK - 1)))

bool pool_grow(struct pool *p);

/* As pool_get(), but what the record holds is left as it is: for callers that fill all of it. */
static inline void *pool_take(struct pool *p, u32 *id)
{
	void *rec;

	if (p->free) {
		*id = p->free;
		rec = pool_at(p, *id);
		p->free = *(u32 *)rec;
	} else {
		if (p->nr >> POOL_CHUNK_SHIFT >= p->nr_chunks && !pool_grow(p))
			return NULL;
		*id = p->nr++;
		rec = pool_at(p, *id);
	}
	p->live++;
	return rec;
}

/* So many records more will be taken: get memory for them now. */
void pool_expect(struct pool *p, u32 nr);

static inline void pool_put(struct pool *p, u32 id)
{
	*(u32 *)pool_at(p, id) = p->free;
	p->free = id;
	p->live--;
}

#endif
