// SPDX-License-Identifier: LGPL-2.1-or-later
/* What kind of line it is, and the lines that are no calls. */
#include "script/lex.h"

#include <string.h>

#include "script/lex-parts.h"
#include "script/scan.h"
#include "script/words.h"

static enum line_kind lex_plus(const char *line, const char *p, const char *end, struct line *out)
{
	if (STARTS(p, end, "+++ exited"))
		return out->kind = LINE_EXITED;
	if (STARTS(p, end, "+++ killed by"))
		return out->kind = LINE_KILLED;
	if (STARTS(p, end, "+++ superseded by execve in pid ")) {
		lex_number(p + 32, end, &out->value);
		return out->kind = LINE_SUPERSEDED;
	}
	return lex_bad(out, line, p, "expected exited, killed by or superseded");
}

static enum line_kind lex_resumed(const char *line, const char *p, const char *end,
				  struct line *out)
{
	const char *q;

	out->name = p + 5;
	p = skip_name(out->name, end);
	out->name_len = (u32)(p - out->name);
	q = memchr(p, '>', (size_t)(end - p));
	if (!out->name_len || !STARTS(p, end, " resumed") || !q)
		return lex_bad(out, line, p, "expected a name and resumed>");
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
		return lex_bad(out, line, end, "the line ends inside the arguments");
	lex_number(p + sizeof(notice) - 1, end, &out->value);
	out->cut = p;
	return out->kind = LINE_UNFINISHED;
}

static enum line_kind lex_call(const struct words *words, const char *line, const char *p,
			       const char *end, struct line *out)
{
	p = lex_args(words, p, end, out);
	if (p >= end)
		return lex_broken(line, end, out);
	if (*p == ')')
		return lex_result(words, line, p + 1, end, out);
	out->cut = p;
	return out->kind = LINE_UNFINISHED;
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
	return columns >= 4 && skip_name(p, end) == end;
}

static enum line_kind lex_body(const struct words *words, const char *line, const char *p,
			       const char *end, struct line *out)
{
	u64 row;
	const char *q = words_guess_call(words, p, end, &row);

	if (q)
		out->call = (u32)row + 1;
	else
		q = skip_name(p, end);
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
		lex_number(p + 16, end, &out->value);
	if (is_note(p, end) || is_count_row(line, p, end))
		return out->kind = LINE_NOTE;
	return lex_bad(out, line, q, q > p ? "expected (" : "expected the name of a call");
}

/* All but the arguments. Member by member: that is a few wide stores, a memset() of this size a
 * slow string instruction. */
static inline void clear(struct line *l)
{
	l->pid = l->nr_args = l->call = 0;
	l->text = l->name = l->cut = l->note = l->path = l->what = NULL;
	l->text_len = l->name_len = l->note_len = l->path_len = l->column = 0;
	l->has_ret = false;
	l->ret = 0;
	l->err = l->sig = 0;
	l->value = 0;
}

/* "12 mprotect(": a pid and nothing else before the call, which is how most lines begin. NULL: no. */
static const char *lex_pid(const char *p, const char *end, struct line *out)
{
	u64 pid = 0;
	u32 digit;

	for (; p < end && (digit = (u32)*p - '0') < 10; p++)
		pid = pid * 10 + digit;
	if (p >= end || *p != ' ')
		return NULL;
	p = skip_blanks(p, end);
	if (p >= end || !is_char(*p, CHAR_NAME) || is_char(*p, CHAR_DIGIT))
		return NULL;
	out->pid = (u32)pid;
	return p;
}

enum line_kind line_lex(const struct words *words, const char *s, size_t len, struct line *out)
{
	const char *end = s + len, *p = s;

	if (len && end[-1] == '\r')
		end--;
	clear(out);
	if (p < end && (*p == '@' || ((*p == '+' || *p == '-') && !(p + 1 < end && p[1] == *p))))
		return out->kind = LINE_RECORD;
	if (p >= end || *p == '#')
		return out->kind = LINE_BLANK;
	if (is_char(*p, CHAR_DIGIT))
		p = lex_pid(p, end, out);
	else if (!is_char(*p, CHAR_NAME))
		p = NULL;
	if (!p)
		p = lex_prefix(s, end, out);
	out->text = p;
	out->text_len = (u32)(end - p);
	if (p >= end)
		return out->kind = LINE_BLANK;
	if (end - s > INT32_MAX)
		return lex_bad(out, s, p, "a line over 2 GiB");
	return lex_body(words, s, p, end, out);
}
