/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H
/* Arithmetic on pages and ranges. */
#include "libvmactl/types.h"

static inline u64 page_down(u64 addr)
{
	return addr & VMA_PAGE_MASK;
}

/* Wraps to 0 for the last partial page of the address space, as PAGE_ALIGN() does. */
static inline u64 page_up(u64 addr)
{
	return (addr + VMA_PAGE_SIZE - 1) & VMA_PAGE_MASK;
}

static inline bool page_aligned(u64 addr)
{
	return !(addr & ~VMA_PAGE_MASK);
}

static inline u64 pages(u64 bytes)
{
	return bytes >> VMA_PAGE_SHIFT;
}

static inline u64 round_down_to(u64 x, u64 align)
{
	return x & ~(align - 1);
}

static inline u64 round_up_to(u64 x, u64 align)
{
	return (x + align - 1) & ~(align - 1);
}

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 max_u64(u64 a, u64 b)
{
	return a > b ? a : b;
}

#endif
