// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/lex.h"

#include <string.h>

#include "script/chars.h"
#include "script/words.h"

const u8 char_class[256] = {
	['0' ... '9'] = CHAR_DIGIT | CHAR_HEX | CHAR_NAME,
	['a' ... 'f'] = CHAR_HEX | CHAR_NAME,
	['g' ... 'z'] = CHAR_NAME,
	['A' ... 'F'] = CHAR_HEX | CHAR_NAME | CHAR_UPPER,
	['G' ... 'Z'] = CHAR_NAME | CHAR_UPPER,
	['_'] = CHAR_NAME,
	['"'] = CHAR_SKIP, ['('] = CHAR_SKIP, [')'] = CHAR_SKIP, ['['] = CHAR_SKIP,
	[']'] = CHAR_SKIP, ['{'] = CHAR_SKIP, ['}'] = CHAR_SKIP, [','] = CHAR_SKIP,
	['/'] = CHAR_SKIP, ['<'] = CHAR_SKIP,
};

static bool starts(const char *p, const char *end, const char *text, size_t len)
{
	return (size_t)(end - p) >= len && !memcmp(p, text, len);
}

/* "..." must be a literal: its length is then a constant. */
#define STARTS(p, end, text) starts((p), (end), (text), sizeof(text) - 1)

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* Past a comment that begins at p, or p itself. */
static const char *skip_comment(const char *p, const char *end)
{
	if (!STARTS(p, end, "/*"))
		return p;
	for (p += 2; p + 1 < end; p++) {
		if (p[0] == '*' && p[1] == '/')
			return p + 2;
	}
	return end;
}

static const char *skip_space(const char *p, const char *end)
{
	for (;;) {
		const char *q = skip_comment(skip_blanks(p, end), end);

		if (q == p)
			return p;
		p = q;
	}
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			break;
	}
	p = p < end ? p + 1 : end;
	return STARTS(p, end, "...") ? p + 3 : p;
}

/* Past the </path> that -y writes behind a descriptor; strace escapes > inside it. */
static const char *skip_path(const char *p, const char *end)
{
	const char *q = memchr(p, '>', (size_t)(end - p));

	return q ? q + 1 : end;
}

/* The same with what it says. A line that is cut off has no end of it, or nothing at all. */
static const char *lex_path(const char *p, const char *end, const char **path, u32 *len)
{
	const char *q = memchr(p, '>', (size_t)(end - p));

	*path = p + 1;
	*len = (u32)((q ? q : end) - *path);
	return q ? q + 1 : end;
}

/* ---------------------------------------------------------------- values */

static const char *lex_digits(const char *p, const char *end, u64 *value)
{
	u64 v = 0;

	if (p + 1 < end && *p == '0' && (p[1] == 'x' || p[1] == 'X')) {
		const char *q = p + 2;

		for (; q < end && is_char(*q, CHAR_HEX); q++)
			v = v << 4 | hex_digit(*q);
		*value = v;
		return q > p + 2 ? q : NULL;
	}
	if (p + 1 < end && *p == '0' && is_char(p[1], CHAR_DIGIT)) {
		for (; p < end && *p >= '0' && *p <= '7'; p++)
			v = v << 3 | (u64)(*p - '0');
		*value = v;
		return p;
	}
	for (; p < end && is_char(*p, CHAR_DIGIT); p++)
		v = v * 10 + (u64)(*p - '0');
	*value = v;
	return p;
}

/* A number or a known word. */
static const char *lex_atom(const struct words *words, const char *p, const char *end, u64 *value)
{
	const char *q = p;
	bool minus = false;

	if (p < end && *p == '-') {
		minus = true;
		q = ++p;
	}
	if (p < end && is_char(*p, CHAR_DIGIT)) {
		q = lex_digits(p, end, value);
	} else {
		while (q < end && is_char(*q, CHAR_NAME))
			q++;
		if (q == p || !words_find(words, WORD_CONSTANT, p, (size_t)(q - p), value))
			return NULL;
	}
	if (minus)
		*value = -*value;
	return q;
}

/* atom, atom*atom, atom<<atom */
static const char *lex_factor(const struct words *words, const char *p, const char *end, u64 *value)
{
	u64 right;

	p = lex_atom(words, p, end, value);
	while (p && p < end) {
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
	p = lex_factor(words, p, end, value);
	while (p && p < end) {
		u64 more;

		if (*p == ' ')
			p = skip_space(p, end);
		if (p >= end || *p != '|')
			break;
		p = lex_factor(words, p + 1, end, &more);
		*value |= more;
	}
	return p;
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
			if (!depth && (STARTS(p, end, "<unfinished") || STARTS(p, end, "<detached")))
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
	const char *q = p;

	if (p >= end || *p < 'a' || *p > 'z')
		return p;
	while (q < end && is_char(*q, CHAR_NAME))
		q++;
	if (q >= end || *q != '=' || STARTS(q, end, "==") || STARTS(q, end, "=>"))
		return p;
	arg->name = p;
	arg->name_len = (u32)(q - p);
	return q + 1;
}

static const char *lex_arg(const struct words *words, const char *p, const char *end,
			   struct line_arg *arg)
{
	const char *q;

	arg->name = arg->path = NULL;
	arg->name_len = arg->path_len = 0;
	p = lex_arg_name(p, end, arg);
	arg->s = p;
	q = lex_value(words, p, end, &arg->value);
	if (q && q < end && *q == '<' && !STARTS(q, end, "<unfinished") &&
	    !STARTS(q, end, "<detached")) {
		q = lex_path(q, end, &arg->path, &arg->path_len);
		q = skip_space(q, end);
	}
	if (q && (q >= end || *q == ',' || *q == ')' || *q == '<')) {
		arg->kind = ARG_NUMBER;
	} else {
		arg->kind = p < end ? kind_of(*p) : ARG_OTHER;
		q = skip_arg(p, end);
	}
	arg->len = (u32)(q - p);
	return q;
}

static enum line_kind bad(struct line *out, const char *line, const char *p, const char *what)
{
	out->column = (u32)(p - line) + 1;
	out->what = what;
	return out->kind = LINE_BAD;
}

/* ---------------------------------------------------------------- results */

static void lex_errno(const struct words *words, const char *p, const char *end, struct line *out)
{
	const char *q = p;
	u64 v;

	if (STARTS(p, end, "(errno ")) {
		lex_digits(p + 7, end, &v);
		out->err = (int)v;
		return;
	}
	while (q < end && is_char(*q, CHAR_NAME))
		q++;
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

/* What follows the ) of a call. */
static enum line_kind lex_result(const struct words *words, const char *line, const char *p,
				 const char *end, struct line *out)
{
	const char *q;
	u64 v;

	p = skip_blanks(p, end);
	if (p >= end)
		return out->kind = LINE_CALL;
	if (*p != '=')
		return bad(out, line, p, "expected = and a result");
	p = skip_blanks(p + 1, end);
	out->kind = LINE_CALL;
	if (p >= end || *p == '?' || *p == '<')
		return out->kind;
	q = lex_atom(words, p, end, &v);
	if (!q)
		return bad(out, line, p, "expected a number or ? as the result");
	out->has_ret = true;
	out->ret = (s64)v;
	if (q < end && *q == '<')
		q = lex_path(q, end, &out->path, &out->path_len);
	q = skip_blanks(q, end);
	if (out->ret == -1 && q < end && *q != '<')
		lex_errno(words, q, end, out);
	return out->kind;
}

/* ---------------------------------------------------------------- prefixes */

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
		p = lex_digits(p, end, &v);
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

static const char *lex_prefix(const char *p, const char *end, struct line *out)
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
		p = *q == ')' ? q + 1 : q;
	}
}

/* ---------------------------------------------------------------- lines */

static enum line_kind lex_plus(const char *line, const char *p, const char *end, struct line *out)
{
	if (STARTS(p, end, "+++ exited"))
		return out->kind = LINE_EXITED;
	if (STARTS(p, end, "+++ killed by"))
		return out->kind = LINE_KILLED;
	if (STARTS(p, end, "+++ superseded by execve in pid ")) {
		lex_digits(p + 32, end, &out->value);
		return out->kind = LINE_SUPERSEDED;
	}
	return bad(out, line, p, "expected exited, killed by or superseded");
}

static enum line_kind lex_resumed(const char *line, const char *p, const char *end,
				  struct line *out)
{
	const char *q;

	out->name = p += 5;
	while (p < end && is_char(*p, CHAR_NAME))
		p++;
	out->name_len = (u32)(p - out->name);
	q = memchr(p, '>', (size_t)(end - p));
	if (!out->name_len || !STARTS(p, end, " resumed") || !q)
		return bad(out, line, p, "expected a name and resumed>");
	out->cut = q + 1;
	return out->kind = LINE_RESUMED;
}

/*
 * On a terminal "Process 12 attached" may interrupt the line of the clone that made it; what is
 * missing stands on the next line.
 */
static enum line_kind lex_broken(const char *line, const char *end, struct line *out)
{
	static const char notice[] = "strace: Process ";
	const char *p = memmem(out->text, (size_t)(end - out->text), notice, sizeof(notice) - 1);

	if (!p)
		return bad(out, line, end, "the line ends inside the arguments");
	lex_digits(p + sizeof(notice) - 1, end, &out->value);
	out->cut = p;
	return out->kind = LINE_UNFINISHED;
}

static enum line_kind lex_call(const struct words *words, const char *line, const char *p,
			       const char *end, struct line *out)
{
	for (;;) {
		struct line_arg spare;

		p = skip_space(p, end);
		if (p >= end)
			return lex_broken(line, end, out);
		if (*p == ')')
			break;
		if (STARTS(p, end, "<unfinished") || STARTS(p, end, "<detached")) {
			out->cut = p;
			return out->kind = LINE_UNFINISHED;
		}
		if (STARTS(p, end, "...")) {
			p += 3;
			continue;
		}
		p = lex_arg(words, p, end,
			    out->nr_args < LINE_ARGS ? &out->arg[out->nr_args++] : &spare);
		if (p < end && *p == ',')
			p++;
	}
	return lex_result(words, line, p + 1, end, out);
}

/* strace's own lines: attachments, the table of -c, mode changes. */
static bool is_note(const char *p, const char *end)
{
	return STARTS(p, end, "strace: ") || STARTS(p, end, "Process ") || STARTS(p, end, "???") ||
	       STARTS(p, end, "% time") || STARTS(p, end, "------ ") || STARTS(p, end, "[ Process");
}

/* A row of the table of -c: numbers and a name, no parenthesis. */
static bool is_count_row(const char *line, const char *p, const char *end)
{
	int columns = 0;

	for (const char *q = line; q < p; q++)
		columns += *q != ' ' && q[1] == ' ';
	while (p < end && is_char(*p, CHAR_NAME))
		p++;
	return columns >= 4 && p == end;
}

static enum line_kind lex_body(const struct words *words, const char *line, const char *p,
			       const char *end, struct line *out)
{
	const char *q = p;

	while (q < end && is_char(*q, CHAR_NAME))
		q++;
	if (q > p && q < end && *q == '(') {
		out->name = p;
		out->name_len = (u32)(q - p);
		return lex_call(words, line, q + 1, end, out);
	}
	if (STARTS(p, end, "<... "))
		return lex_resumed(line, p, end, out);
	if (STARTS(p, end, "+++ "))
		return lex_plus(line, p, end, out);
	if (STARTS(p, end, "--- "))
		return out->kind = LINE_SIGNAL;
	if (STARTS(p, end, "> "))
		return out->kind = LINE_STACK;
	if (*p == ',' || *p == ')' || STARTS(p, end, "=> ")) {
		out->cut = p;
		return out->kind = LINE_RESUMED;
	}
	if (STARTS(p, end, "strace: Process "))
		lex_digits(p + 16, end, &out->value);
	if (is_note(p, end) || is_count_row(line, p, end))
		return out->kind = LINE_NOTE;
	return bad(out, line, q, q > p ? "expected (" : "expected the name of a call");
}

enum line_kind line_lex(const struct words *words, const char *s, size_t len, struct line *out)
{
	const char *end = s + len, *p = s;

	if (len && end[-1] == '\r')
		end--;
	memset(out, 0, offsetof(struct line, arg));
	if (p < end && (*p == '@' || ((*p == '+' || *p == '-') && !(p + 1 < end && p[1] == *p))))
		return out->kind = LINE_RECORD;
	if (p >= end || *p == '#')
		return out->kind = LINE_BLANK;
	if (!is_char(*p, CHAR_NAME) || is_char(*p, CHAR_DIGIT))
		p = lex_prefix(p, end, out);
	out->text = p;
	out->text_len = (u32)(end - p);
	if (p >= end)
		return out->kind = LINE_BLANK;
	if (end - s > INT32_MAX)
		return bad(out, s, p, "a line over 2 GiB");
	return lex_body(words, s, p, end, out);
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
			const char *q = p;

			while (q < end && is_char(*q, CHAR_NAME))
				q++;
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
			v = v << 4 | (unsigned int)hex_digit(*p);
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
