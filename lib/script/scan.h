/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_SCAN_H
#define SCRIPT_SCAN_H
/* Walking over text: always between p and end, never a byte further. */
#include <string.h>

#include "script/chars.h"

static inline bool starts(const char *p, const char *end, const char *text, size_t len)
{
	return (size_t)(end - p) >= len && !memcmp(p, text, len);
}

/* "..." must be a literal: its length is then a constant. */
#define STARTS(p, end, text) starts((p), (end), (text), sizeof(text) - 1)

/* What strace writes in place of the rest of a call that has not returned. */
static inline bool is_cut(const char *p, const char *end)
{
	return *p == '<' && (STARTS(p, end, "<unfinished") || STARTS(p, end, "<detached"));
}

static inline const char *skip_name(const char *p, const char *end)
{
	while (p < end && is_char(*p, CHAR_NAME))
		p++;
	return p;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* Past the </path> that -y writes behind a descriptor; strace escapes > inside it. */
static inline const char *skip_path(const char *p, const char *end)
{
	const char *q = memchr(p, '>', (size_t)(end - p));

	return q ? q + 1 : end;
}

/* The same with what it says. A line that is cut off has no end of it, or nothing at all. */
const char *lex_path(const char *p, const char *end, const char **path, u32 *len);
/* Past a comment that begins at p, or p itself. */
const char *skip_comment(const char *p, const char *end);
/* Past blanks and comments. */
const char *skip_space(const char *p, const char *end);
/* Past the "..." that begins at p, and the dots of a shortened one. */
const char *skip_string(const char *p, const char *end);

#endif
