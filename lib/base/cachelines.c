// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cachelines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_FROM (4UL << 20) /* below, what the first touch of a large page costs is not earned */

/* What malloc() gave is remembered right before the first line. */
static void **block_of(void *lines)
{
	return (void **)lines - 1;
}

/* malloc() aligns to two words, so there is room for one below. */
static char *first_line(char *block)
{
	return block + CACHE_LINE - ((uintptr_t)block & (CACHE_LINE - 1));
}

void *cachelines_large(size_t bytes)
{
	size_t whole = bytes + CACHE_LINE;
	void *block, *lines;

	if (posix_memalign(&block, CACHELINES_LARGE, whole))
		return NULL;
	/* A wish: where there are no large pages small ones do. */
	madvise(block, whole & ~(CACHELINES_LARGE - 1), MADV_HUGEPAGE);
	lines = first_line(block);
	*block_of(lines) = block;
	return lines;
}

/* Does not grow in place: what realloc() moves is not aligned any more. */
static void *resize_large(void *old, size_t used, size_t bytes)
{
	void *lines = cachelines_large(bytes);

	if (lines && old) {
		memcpy(lines, old, used);
		cachelines_free(old);
	}
	return lines;
}

void *cachelines_resize(void *old, size_t used, size_t bytes)
{
	char *block = old ? *block_of(old) : NULL, *lines;
	size_t was = old ? (size_t)((char *)old - block) : 0;

	if (bytes >= LARGE_FROM)
		return resize_large(old, used, bytes);
	block = realloc(block, bytes + CACHE_LINE);
	if (!block)
		return NULL;
	lines = first_line(block);
	if (old && was != (size_t)(lines - block))
		memmove(lines, block + was, used);
	*block_of(lines) = block;
	return lines;
}

void cachelines_free(void *lines)
{
	if (lines)
		free(*block_of(lines));
}
