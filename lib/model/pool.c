// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cachelines.h"
#include "base/fetch.h"

void pool_init(struct pool *p, u32 size)
{
	memset(p, 0, sizeof(*p));
	p->size = size;
	p->nr = 1;
}

/* Below, a copy's large pages are new ones, and to clear them takes longer than the copying. */
#define LARGE_FROM (4 * CACHELINES_LARGE)

/* How many chunks come at once, as one block, when there are nr already: many in a large pool. */
static u32 chunks_after(const struct pool *p, u32 nr)
{
	const size_t chunk = (size_t)p->size * POOL_CHUNK;

	return nr * chunk < LARGE_FROM ? 1 : (u32)(CACHELINES_LARGE / chunk);
}

void pool_fini(struct pool *p)
{
	for (u32 i = 0; i < p->nr_chunks; i += chunks_after(p, i))
		cachelines_free(p->chunk[i]);
	free(p->chunk);
	p->chunk = NULL;
	p->nr_chunks = p->cap_chunks = 0;
}

bool pool_grow(struct pool *p)
{
	const size_t chunk = (size_t)p->size * POOL_CHUNK;
	const u32 more = chunks_after(p, p->nr_chunks);
	char *block;

	if (p->nr_chunks + more > p->cap_chunks) {
		u32 cap = p->cap_chunks * 2 + more + 15;
		char **grown = realloc(p->chunk, sizeof(*grown) * cap);

		if (!grown)
			return false;
		p->chunk = grown;
		p->cap_chunks = cap;
	}
	block = more > 1 ? cachelines_large(chunk * more) : cachelines_resize(NULL, 0, chunk);
	if (!block)
		return false;
	for (u32 i = 0; i < more; i++)
		p->chunk[p->nr_chunks++] = block + i * chunk;
	return true;
}

void pool_expect(struct pool *p, u32 nr)
{
	const u32 from = p->nr_chunks, chunks = (p->nr + nr) / POOL_CHUNK + 1;
	const size_t chunk = (size_t)p->size * POOL_CHUNK;

	while (p->nr_chunks < chunks && pool_grow(p))
		;
	for (u32 i = from; i < p->nr_chunks && nr >= POOL_CHUNK; i++)
		fetch(p->chunk[i], p->chunk[i] + chunk);
}

int pool_copy(struct pool *p, const struct pool *src)
{
	pool_init(p, src->size);
	while (p->nr_chunks < src->nr_chunks)
		if (!pool_grow(p)) {
			pool_fini(p);
			return -ENOMEM;
		}
	for (u32 i = 0; i < src->nr_chunks && i << POOL_CHUNK_SHIFT < src->nr; i++)
		memcpy(p->chunk[i], src->chunk[i], (size_t)p->size * POOL_CHUNK);
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
