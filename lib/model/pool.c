// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Past the first few, chunks come in slabs of 2 MiB that may be huge pages: a walk over a large
 * address space is bounded by TLB misses. The first chunk of a slab owns it. */
#define SLAB (2U << 20)
#define FEW_CHUNKS 32

static char *slab_new(void)
{
	char *slab = aligned_alloc(SLAB, SLAB);

	if (slab)
		madvise(slab, SLAB, MADV_HUGEPAGE);
	return slab;
}

static bool owns_memory(const struct pool *p, u32 chunk)
{
	return chunk < FEW_CHUNKS || !((chunk - FEW_CHUNKS) % (SLAB / (p->size << POOL_CHUNK_SHIFT)));
}

void pool_init(struct pool *p, u32 size)
{
	memset(p, 0, sizeof(*p));
	p->size = size;
	p->nr = 1;
}

void pool_fini(struct pool *p)
{
	for (u32 i = 0; i < p->nr_chunks; i++)
		if (owns_memory(p, i))
			free(p->chunk[i]);
	free(p->chunk);
	p->chunk = NULL;
	p->nr_chunks = p->cap_chunks = 0;
}

bool pool_grow(struct pool *p)
{
	u32 at = p->nr_chunks;
	char *chunk;

	if (at == p->cap_chunks) {
		u32 cap = p->cap_chunks ? p->cap_chunks * 2 : 16;
		char **grown = realloc(p->chunk, sizeof(*grown) * cap);

		if (!grown)
			return false;
		p->chunk = grown;
		p->cap_chunks = cap;
	}
	if (at < FEW_CHUNKS)
		chunk = malloc((size_t)p->size << POOL_CHUNK_SHIFT);
	else if (owns_memory(p, at))
		chunk = slab_new();
	else
		chunk = p->chunk[at - 1] + ((size_t)p->size << POOL_CHUNK_SHIFT);
	if (!chunk)
		return false;
	p->chunk[p->nr_chunks++] = chunk;
	return true;
}

int pool_copy(struct pool *p, const struct pool *src)
{
	pool_init(p, src->size);
	while (p->nr_chunks < src->nr_chunks) {
		if (!pool_grow(p)) {
			pool_fini(p);
			return -ENOMEM;
		}
		memcpy(p->chunk[p->nr_chunks - 1], src->chunk[p->nr_chunks - 1],
		       (size_t)p->size * POOL_CHUNK);
	}
	p->nr = src->nr;
	p->free = src->free;
	p->live = src->live;
	return 0;
}

void *pool_get(struct pool *p, u32 *id)
{
	void *rec = pool_take(p, id);

	return rec ? memset(rec, 0, p->size) : NULL;
}

void pool_put(struct pool *p, u32 id)
{
	memset(pool_at(p, id), 0, p->size);
	memcpy(pool_at(p, id), &p->free, sizeof(u32));
	p->free = id;
	p->live--;
}

size_t pool_bytes(const struct pool *p)
{
	return (size_t)p->size * POOL_CHUNK * p->nr_chunks;
}
