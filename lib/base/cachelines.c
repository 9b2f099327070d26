// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cachelines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What malloc() gave is remembered right before the first line. */
static void **block_of(void *lines)
{
	return (void **)lines - 1;
}

void *cachelines_resize(void *old, size_t used, size_t bytes)
{
	char *block = old ? *block_of(old) : NULL, *lines;
	size_t was = old ? (size_t)((char *)old - block) : 0, is;

	block = realloc(block, bytes + CACHE_LINE);
	if (!block)
		return NULL;
	/* malloc() aligns to two words, so there is room for one below. */
	is = CACHE_LINE - ((uintptr_t)block & (CACHE_LINE - 1));
	lines = block + is;
	if (old && was != is)
		memmove(lines, block + was, used);
	*block_of(lines) = block;
	return lines;
}

void cachelines_free(void *lines)
{
	if (lines)
		free(*block_of(lines));
}
