/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_LEX_H
#define SCRIPT_LEX_H
/*
 * One line of strace's output, taken apart without copying and without judging: what the call
 * means is for the binder. Understands what strace prints with -f -k -t -tt -ttt -r -T -n -i -y
 * -yy -Y -v -X and -e raw, unedited.
 */
#include "libvmactl/types.h"

struct words;

enum line_kind {
	LINE_BLANK,      /* nothing, or a comment */
	LINE_RECORD,     /* @ + -: a state record of a recording */
	LINE_CALL,       /* name(args) = result */
	LINE_UNFINISHED, /* name(args <unfinished ...> */
	LINE_RESUMED,    /* <... name resumed>args) = result; or only the args and result */
	LINE_SIGNAL,     /* --- SIGSEGV {...} --- */
	LINE_EXITED,     /* +++ exited with 0 +++ */
	LINE_KILLED,     /* +++ killed by SIGKILL +++ */
	LINE_SUPERSEDED, /* +++ superseded by execve in pid N +++: value is N */
	LINE_STACK,      /* > file(symbol+0x1) [0x2] */
	LINE_NOTE,       /* strace's own words, tables of -c; value: of "Process N attached" */
	LINE_BAD         /* not understood: see column */
};

enum arg_kind {
	ARG_NUMBER, /* value is valid */
	ARG_STRING, /* "text" or "text"... */
	ARG_STRUCT, /* {...} */
	ARG_ARRAY,  /* [...] */
	ARG_OTHER   /* words nobody knows, &x, ~[...] */
};

/*
 * An argument as it was written. @name is the part before = in clone's flags=..., @path what -y
 * wrote behind a descriptor.
 */
struct line_arg {
	const char *s, *name, *path;
	u32 len, name_len, path_len;
	u8 kind;
	u64 value;
};

#define LINE_ARGS 12

/*
 * @pid: 0 when the line has no pid column. @text: the line without its prefix.
 * @name: the call; @call: what the words say of it, plus 1, or 0: they may know it all the same.
 * @cut: LINE_UNFINISHED and LINE_RESUMED: where the kept text ends or begins.
 * @ret with @has_ret; @has_ret false is "= ?" or no result at all. @path: -y of the result.
 */
struct line {
	enum line_kind kind;
	u32 pid;
	const char *text, *name, *cut;
	u32 text_len, name_len;
	u32 nr_args;
	u32 call;
	bool has_ret;
	s64 ret;
	int err, sig;
	const char *note, *path;
	u32 note_len, path_len;
	u64 value;
	u32 column;       /* LINE_BAD: counted from 1 */
	const char *what; /* LINE_BAD: what was expected there */
	struct line_arg arg[LINE_ARGS + 1]; /* what is skipped goes to the last one */
};

/* Takes a line (without its newline) apart; returns out->kind. Arguments past LINE_ARGS are
 * skipped. Everything in @out points into @s. */
enum line_kind line_lex(const struct words *words, const char *s, size_t len, struct line *out);

/* A number, word or joined words at p; returns where it ends, NULL when it is none of them. */
const char *lex_value(const struct words *words, const char *p, const char *end, u64 *value);

/* The field "name=" of a {...} argument: where its value begins, NULL when there is none. */
const char *lex_field(const struct line_arg *arg, const char *name);

/* A string argument without its quotes, escapes undone, cut to size; returns false when it was
 * printed shortened. */
bool lex_string(const struct line_arg *arg, char *out, size_t size);

#endif
