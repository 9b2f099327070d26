/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CACHELINES_H
#define BASE_CACHELINES_H
/*
 * Memory that begins at a cache line, so that a record of one line is one miss. What is large comes
 * in large pages: a look into much memory misses the processor's table of pages, too.
 */
#include <stddef.h>

#define CACHE_LINE 64
#define CACHELINES_LARGE (2UL << 20)

/* As realloc(): the first `used` bytes of old (NULL: none) are kept. NULL: old is as it was. */
void *cachelines_resize(void *old, size_t used, size_t bytes);
/* So many bytes in large pages. NULL: out of memory. */
void *cachelines_large(size_t bytes);
void cachelines_free(void *lines);

/* Ask for all lines of an object: they come side by side, not one after the other. */
static inline void cachelines_fetch(const void *from, size_t bytes)
{
#pragma GCC unroll 16
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *)from + i);
}

#endif
