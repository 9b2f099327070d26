// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values, and the arguments of a call. */
#include "script/lex-parts.h"
#include "script/scan.h"
#include "script/words.h"

/* ---------------------------------------------------------------- values */

static const char *lex_hex(const char *p, const char *end, u64 *value)
{
	u64 v = 0;
	u8 digit;

	for (; p < end && (digit = hex_value[(u8)*p]) != NOT_HEX; p++)
		v = v << 4 | digit;
	*value = v;
	return p;
}

static const char *lex_octal(const char *p, const char *end, u64 *value)
{
	u64 v = 0;

	for (; p < end && *p >= '0' && *p <= '7'; p++)
		v = v << 3 | (u64)(*p - '0');
	*value = v;
	return p;
}

static const char *lex_decimal(const char *p, const char *end, u64 *value)
{
	u64 v = 0;
	u32 digit;

	for (; p < end && (digit = (u32)*p - '0') < 10; p++)
		v = v * 10 + digit;
	*value = v;
	return p;
}

static inline const char *number(const char *p, const char *end, u64 *value)
{
	if (end - p < 2 || *p != '0')
		return lex_decimal(p, end, value);
	if (p[1] == 'x' || p[1] == 'X') {
		const char *q = lex_hex(p + 2, end, value);

		return q > p + 2 ? q : NULL;
	}
	if (is_char(p[1], CHAR_DIGIT))
		return lex_octal(p, end, value);
	*value = 0;
	return p + 1;
}

const char *lex_number(const char *p, const char *end, u64 *value)
{
	return number(p, end, value);
}

static const char *lex_word(const struct words *words, const char *p, const char *end, u64 *value)
{
	const char *q = words_guess_constant(words, p, end, value);

	if (q)
		return q;
	q = skip_name(p, end);
	return words_find(words, WORD_CONSTANT, p, (size_t)(q - p), value) ? q : NULL;
}

const char *lex_atom(const struct words *words, const char *p, const char *end, u64 *value)
{
	const char *q;

	if (p >= end)
		return NULL;
	if (is_char(*p, CHAR_DIGIT))
		return number(p, end, value);
	if (*p != '-')
		return lex_word(words, p, end, value);
	p++;
	q = p < end && is_char(*p, CHAR_DIGIT) ? number(p, end, value) :
						 lex_word(words, p, end, value);
	if (q)
		*value = -*value;
	return q;
}

/* The rest of atom*atom, atom<<atom. */
static const char *lex_factors(const struct words *words, const char *p, const char *end,
			       u64 *value)
{
	while (p && p < end) {
		u64 right = 0;

		if (*p == '*') {
			p = lex_atom(words, p + 1, end, &right);
			*value *= right;
		} else if (STARTS(p, end, "<<")) {
			p = lex_atom(words, p + 2, end, &right);
			*value = right < 64 ? *value << right : 0;
		} else {
			break;
		}
	}
	return p;
}

const char *lex_value(const struct words *words, const char *p, const char *end, u64 *value)
{
	u64 all = 0, v;

	for (;;) {
		p = lex_factors(words, lex_atom(words, p, end, &v), end, &v);
		if (!p)
			return NULL;
		*value = all |= v;
		if (p < end && *p == ' ')
			p = skip_space(p, end);
		if (p >= end || *p != '|')
			return p;
		p++;
	}
}

/* ---------------------------------------------------------------- arguments */

/* Where an argument of any shape ends: at a comma or ) outside all brackets. */
static const char *skip_arg(const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		if (!is_char(*p, CHAR_SKIP)) {
			p++;
			continue;
		}
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			continue;
		case '(': case '[': case '{':
			depth++;
			break;
		case ')': case ']': case '}': case ',':
			if (!depth && (*p == ',' || *p == ')'))
				return p;
			depth -= *p != ',' && depth;
			break;
		case '<':
			if (!depth && is_cut(p, end))
				return p;
			if (p + 1 < end && p[1] == '/') {
				p = skip_path(p, end);
				continue;
			}
			break;
		default:
			p = skip_comment(p, end);
			if (p < end && *p == '/')
				break;
			continue;
		}
		p++;
	}
	return p;
}

static u8 kind_of(char c)
{
	return c == '"' ? ARG_STRING : c == '{' ? ARG_STRUCT : c == '[' ? ARG_ARRAY : ARG_OTHER;
}

/* flags=..., child_tidptr=...: clone is the call that names its arguments. */
static const char *lex_arg_name(const char *p, const char *end, struct line_arg *arg)
{
	const char *q = skip_name(p, end);

	if (q >= end || *q != '=' || STARTS(q, end, "==") || STARTS(q, end, "=>"))
		return p;
	arg->name = p;
	arg->name_len = (u32)(q - p);
	return q + 1;
}

static inline void no_name_and_path(struct line_arg *arg)
{
	arg->name = arg->path = NULL;
	arg->name_len = arg->path_len = 0;
}

/* An argument of any form. */
static const char *lex_arg(const struct words *words, const char *p, const char *end,
			   struct line_arg *arg)
{
	const char *q;

	no_name_and_path(arg);
	if (is_char(*p, CHAR_LOWER))
		p = lex_arg_name(p, end, arg);
	arg->s = p;
	q = lex_value(words, p, end, &arg->value);
	if (q && q < end && *q == '<' && !is_cut(q, end))
		q = skip_space(lex_path(q, end, &arg->path, &arg->path_len), end);
	if (q && (q >= end || *q == ',' || *q == ')' || *q == '<')) {
		arg->kind = ARG_NUMBER;
	} else {
		arg->kind = p < end ? kind_of(*p) : ARG_OTHER;
		q = skip_arg(p, end);
	}
	arg->len = (u32)(q - p);
	return q;
}

/*
 * Most arguments are a number, or known words joined by |, and nothing else. NULL: this one is
 * not, or there is none at all.
 */
static inline const char *lex_plain_arg(const struct words *words, const char *p, const char *end,
					struct line_arg *arg)
{
	const char *q = p;
	u64 all = 0, v;

	for (;; q++) {
		u8 class = q < end ? char_class[(u8)*q] : 0;

		if (class & CHAR_DIGIT)
			q = number(q, end, &v);
		else if (class & CHAR_NAME)
			q = words_guess_constant(words, q, end, &v);
		else
			return NULL;
		if (!q || q >= end)
			return NULL;
		all |= v;
		if (*q != '|')
			break;
	}
	if (*q != ',' && *q != ')')
		return NULL;
	no_name_and_path(arg);
	arg->s = p;
	arg->len = (u32)(q - p);
	arg->kind = ARG_NUMBER;
	arg->value = all;
	return q;
}

const char *lex_args(const struct words *words, const char *p, const char *end, struct line *out)
{
	struct line_arg *arg = out->arg, *last = arg + LINE_ARGS;

	for (;;) {
		const char *q = lex_plain_arg(words, p, end, arg);

		if (!q) {
			if (p < end && (*p == ' ' || *p == '/'))
				p = skip_space(p, end);
			if (p >= end || *p == ')' || is_cut(p, end))
				break;
			if (STARTS(p, end, "...")) {
				p += 3;
				continue;
			}
			q = lex_arg(words, p, end, arg);
		}
		arg += arg < last;
		p = q;
		if (p < end && *p == ',' && ++p < end && *p == ' ')
			p++;
	}
	out->nr_args = (u32)(arg - out->arg);
	return p;
}

/* ---------------------------------------------------------------- inside arguments */

const char *lex_field(const struct line_arg *arg, const char *name)
{
	const char *p = arg->s, *end = arg->s + arg->len;
	size_t len = strlen(name);

	if (arg->kind != ARG_STRUCT && arg->kind != ARG_ARRAY)
		return NULL;
	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (is_char(*p, CHAR_NAME)) {
			const char *q = skip_name(p, end);

			if ((size_t)(q - p) == len && q < end && *q == '=' && !memcmp(p, name, len))
				return q + 1;
			p = q;
			continue;
		}
		p++;
	}
	return NULL;
}

/* One escaped character of a C string at p (behind the backslash). */
static const char *lex_escape(const char *p, const char *end, char *out)
{
	static const char from[] = "ntrvfb", to[] = "\n\t\r\v\f\b";
	const char *at = strchr(from, *p);
	unsigned int v = 0;

	if (*p == 'x') {
		for (p++; p < end && is_char(*p, CHAR_HEX); p++)
			v = v << 4 | hex_value[(u8)*p];
		*out = (char)v;
		return p;
	}
	if (*p >= '0' && *p <= '7') {
		for (int i = 0; i < 3 && p < end && *p >= '0' && *p <= '7'; i++, p++)
			v = v << 3 | (unsigned int)(*p - '0');
		*out = (char)v;
		return p;
	}
	*out = *p && at ? to[at - from] : *p;
	return p + 1;
}

bool lex_string(const struct line_arg *arg, char *out, size_t size)
{
	const char *p = arg->s, *end = arg->s + arg->len;
	size_t n = 0;

	out[0] = '\0';
	if (arg->kind != ARG_STRING)
		return false;
	for (p++; p < end && *p != '"' && n + 1 < size;) {
		if (*p != '\\' || p + 1 >= end)
			out[n++] = *p++;
		else
			p = lex_escape(p + 1, end, &out[n++]);
	}
	out[n] = '\0';
	return p < end && *p == '"' && !STARTS(p, end, "\"...");
}
