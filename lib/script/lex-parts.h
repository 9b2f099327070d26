/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_LEX_PARTS_H
#define SCRIPT_LEX_PARTS_H
/* The parts of a line, in the order they stand in it: prefix, arguments, result. */
#include "script/lex.h"

/* lex-prefix.c: past pid, time, instruction pointer; the pid is noted. */
const char *lex_prefix(const char *p, const char *end, struct line *out);

/* lex-args.c: digits in C's notation; no digit at all is 0. NULL: 0x without a digit. */
const char *lex_number(const char *p, const char *end, u64 *value);
/* A number or a known word; NULL when it is neither. */
const char *lex_atom(const struct words *words, const char *p, const char *end, u64 *value);
/* The arguments from behind the (: where it stopped, at the ) or at what strace writes when it
 * was interrupted, or at the end. */
const char *lex_args(const struct words *words, const char *p, const char *end, struct line *out);

/* lex-result.c: what follows the ). */
enum line_kind lex_result(const struct words *words, const char *line, const char *p,
			  const char *end, struct line *out);

/* Makes it a LINE_BAD. */
static inline enum line_kind lex_bad(struct line *out, const char *line, const char *p,
				     const char *what)
{
	out->column = (u32)(p - line) + 1;
	out->what = what;
	return out->kind = LINE_BAD;
}

#endif
