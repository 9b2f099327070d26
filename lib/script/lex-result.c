// SPDX-License-Identifier: LGPL-2.1-or-later
/* What follows a call: its result, the errno or signal, the path of a descriptor. */
#include "script/lex-parts.h"
#include "script/scan.h"
#include "script/words.h"

static void lex_errno(const struct words *words, const char *p, const char *end, struct line *out)
{
	const char *q = skip_name(p, end);
	u64 v;

	if (STARTS(p, end, "(errno ")) {
		lex_number(p + 7, end, &v);
		out->err = (int)v;
		return;
	}
	if (words_find(words, WORD_ERRNO, p, (size_t)(q - p), &v))
		out->err = (int)v;
	else if (words_find(words, WORD_SIGNAL, p, (size_t)(q - p), &v))
		out->sig = (int)v;
	p = skip_blanks(q, end);
	if (p < end && *p == '(') {
		out->note = p + 1;
		q = memchr(p, ')', (size_t)(end - p));
		out->note_len = (u32)((q ? q : end) - out->note);
	}
}

enum line_kind lex_result(const struct words *words, const char *line, const char *p,
			  const char *end, struct line *out)
{
	const char *q;
	u64 v;

	p = skip_blanks(p, end);
	if (p >= end)
		return out->kind = LINE_CALL;
	if (*p != '=')
		return lex_bad(out, line, p, "expected = and a result");
	p = skip_blanks(p + 1, end);
	out->kind = LINE_CALL;
	if (p >= end || *p == '?' || *p == '<')
		return LINE_CALL;
	q = is_char(*p, CHAR_DIGIT) ? lex_number(p, end, &v) : lex_atom(words, p, end, &v);
	if (!q)
		return lex_bad(out, line, p, "expected a number or ? as the result");
	out->has_ret = true;
	out->ret = (s64)v;
	if (q >= end)
		return LINE_CALL;
	if (*q == '<')
		q = lex_path(q, end, &out->path, &out->path_len);
	q = skip_blanks(q, end);
	if (out->ret == -1 && q < end && *q != '<')
		lex_errno(words, q, end, out);
	return LINE_CALL;
}
