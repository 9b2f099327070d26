/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_HASH_H
#define BASE_HASH_H
/* Short texts as numbers: FNV-1a. */
#include <stddef.h>

#include "libvmactl/types.h"

static inline u32 hash_text(const char *s, size_t len)
{
	u32 h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (u8)s[i]) * 16777619U;
	return h;
}

#endif
