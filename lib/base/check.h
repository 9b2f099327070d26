/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H
/*
 * CHECK(): a duty of the caller or a truth of the data structure. Compiled in for debug builds
 * (--enable-debug, and every sanitizer build); costs nothing otherwise.
 */
#include <stdio.h>
#include <stdlib.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A truth that took longer to find out than CHECK() allows turned out wrong. */
static inline _Noreturn void check_failed(const char *where, const char *what)
{
	fprintf(stderr, "vmactl: bug: %s: %s\n", where, what);
	abort();
}

#ifdef VMACTL_DEBUG
#define CHECK(cond)                                                                        \
	do {                                                                               \
		if (unlikely(!(cond))) {                                                   \
			fprintf(stderr, "vmactl: bug: %s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)
#else
#define CHECK(cond) ((void)sizeof(!(cond)))
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
