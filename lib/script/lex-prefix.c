// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands before a call: pid, time, instruction pointer, number of the call. */
#include "script/lex-parts.h"
#include "script/scan.h"

/* [pid 12], [pid 12<comm>], [   9] of -n, [00007f...] of -i. NULL: not a prefix. */
static const char *lex_bracket(const char *p, const char *end, struct line *out)
{
	const char *q = memchr(p, ']', (size_t)(end - p));
	u64 v;

	if (!q)
		return NULL;
	if (STARTS(p, end, "[pid ")) {
		p = skip_blanks(p + 5, end);
		if (p >= end || !is_char(*p, CHAR_DIGIT))
			return NULL;
		p = lex_number(p, end, &v);
		if (!p)
			return NULL;
		out->pid = (u32)v;
		if (*p == '<')
			q = memchr(skip_path(p, end), ']', (size_t)(end - skip_path(p, end)));
		return q ? q + 1 : NULL;
	}
	for (p++; p < q; p++) {
		if (!is_char(*p, CHAR_HEX) && *p != ' ' && *p != '?')
			return NULL;
	}
	return q + 1;
}

/* 12, 12<comm>, 12:34:56.789, 1700000000.123. NULL: not a prefix. */
static const char *lex_column(const char *p, const char *end, struct line *out)
{
	const char *q = p;
	bool time = false;
	u64 v = 0;

	for (; q < end && (is_char(*q, CHAR_DIGIT) || *q == ':' || *q == '.'); q++) {
		if (is_char(*q, CHAR_DIGIT))
			v = v * 10 + (u64)(*q - '0');
		else
			time = true;
	}
	if (q < end && *q == '<' && !time)
		q = skip_path(q, end);
	if (q >= end || *q != ' ')
		return NULL;
	if (!time)
		out->pid = (u32)v;
	return q;
}

const char *lex_prefix(const char *p, const char *end, struct line *out)
{
	for (;;) {
		const char *q = NULL;

		p = skip_blanks(p, end);
		if (p >= end)
			return p;
		if (*p == '[')
			q = lex_bracket(p, end, out);
		else if (is_char(*p, CHAR_DIGIT))
			q = lex_column(p, end, out);
		else if (STARTS(p, end, "(+ "))
			q = memchr(p, ')', (size_t)(end - p));
		if (!q)
			return p;
		p = q < end && *q == ')' ? q + 1 : q;
	}
}
