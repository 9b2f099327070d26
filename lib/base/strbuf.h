/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H
/*
 * A growing string. Out of memory is remembered (failed) and every later call does nothing, so
 * a caller checks once, at the end.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *s; /* NUL-terminated once anything was added */
	size_t len, cap;
	bool failed;
};

void strbuf_init(struct strbuf *b);
void strbuf_fini(struct strbuf *b);
void strbuf_reset(struct strbuf *b); /* empties, keeps the memory */
bool strbuf_reserve(struct strbuf *b, size_t more);
void strbuf_add(struct strbuf *b, const char *s, size_t n);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The string; "" when nothing was added. Borrowed until the next change. */
const char *strbuf_str(const struct strbuf *b);

#endif
