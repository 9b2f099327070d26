/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_FETCH_H
#define BASE_FETCH_H
/*
 * Much memory that will all be written to. Each page of it would be a fault of its own, which costs
 * more than to have many of them filled in one call (Linux 5.14; elsewhere they come as ever).
 */
#include <stdbool.h>
#include <stddef.h>

/* The whole pages in [from, to); false: they were not fetched. */
bool fetch(void *from, void *to);

/* calloc() */
void *fetch_calloc(size_t nr, size_t size);

#endif
