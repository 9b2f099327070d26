// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/fetch.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE ((uintptr_t)4096)
#define MUCH ((size_t)256 << 10)

bool fetch(void *from, void *to)
{
	uintptr_t start = ((uintptr_t)from + PAGE - 1) & -PAGE, end = (uintptr_t)to & -PAGE;

	return end > start && !madvise((void *)start, end - start, MADV_POPULATE_WRITE);
}

void *fetch_calloc(size_t nr, size_t size)
{
	char *p = calloc(nr, size);

	if (p && nr * size >= MUCH)
		fetch(p, p + nr * size);
	return p;
}
