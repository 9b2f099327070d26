// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cachelines.h"

void pool_init(struct pool *p, u32 size)
{
	memset(p, 0, sizeof(*p));
	p->size = size;
	p->nr = 1;
}

void pool_fini(struct pool *p)
{
	for (u32 i = 0; i < p->nr_chunks; i++)
		cachelines_free(p->chunk[i]);
	free(p->chunk);
	p->chunk = NULL;
	p->nr_chunks = p->cap_chunks = 0;
}

/* Huge pages were tried for large pools: looking is no faster, and copying a world four times
 * slower where the machine is virtual. */
bool pool_grow(struct pool *p)
{
	if (p->nr_chunks == p->cap_chunks) {
		u32 cap = p->cap_chunks ? p->cap_chunks * 2 : 16;
		char **chunk = realloc(p->chunk, sizeof(*chunk) * cap);

		if (!chunk)
			return false;
		p->chunk = chunk;
		p->cap_chunks = cap;
	}
	p->chunk[p->nr_chunks] = cachelines_resize(NULL, 0, (size_t)p->size << POOL_CHUNK_SHIFT);
	if (!p->chunk[p->nr_chunks])
		return false;
	p->nr_chunks++;
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

size_t pool_bytes(const struct pool *p)
{
	return (size_t)p->size * POOL_CHUNK * p->nr_chunks;
}
