/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_TYPES_H
#define LIBVMACTL_TYPES_H
/*
 * The plain types every header uses, and the page.
 *
 * Addresses and lengths are u64 everywhere: a core file may come from another machine.
 * A range is [start, end): start inclusive, end exclusive. Units are bytes unless a name
 * says otherwise (nr_pages, rss_kb, vm_pgoff is in pages).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;

#define VMA_PAGE_SHIFT 12
#define VMA_PAGE_SIZE (1ULL << VMA_PAGE_SHIFT)
#define VMA_PAGE_MASK (~(VMA_PAGE_SIZE - 1))
#define VMA_PMD_SIZE (2ULL << 20) /* a transparent or 2 MiB huge page */

#endif
