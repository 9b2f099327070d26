// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Text to a filter: lsfd's grammar, with the usual precedence.
 *
 *   expr    := and { (OR | ||) and }
 *   and     := not { (AND | &&) not }
 *   not     := (NOT | !) not | ( expr ) | true | false | COLUMN [ op value ]
 *   op      := == eq != ne < lt <= le > gt >= ge =~ !~
 *   value   := "text" | 'text' | word
 *
 * A column's kind decides what a value may be; so "RSS > abc" is refused here, not by finding
 * nothing.
 */
#include "filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define MAX_DEPTH 100
#define MAX_WORD 512

enum token { T_END, T_WORD, T_STRING, T_OP, T_AND, T_OR, T_NOT, T_OPEN, T_CLOSE };

struct parser {
	const struct vma_columns *table;
	const char *text, *p; /* p: behind the current token */
	const char *at;       /* the current token */
	enum token token;
	enum filter_op op;
	char word[MAX_WORD];
	u32 depth;
	struct vma_filter *f;
	struct vma_err *err;
};

static const struct {
	const char *text;
	enum token token;
	enum filter_op op;
} symbols[] = {
	{ "==", T_OP, F_EQ }, { "!=", T_OP, F_NE },       { "=~", T_OP, F_MATCH },
	{ "!~", T_OP, F_NO_MATCH }, { "<=", T_OP, F_LE }, { ">=", T_OP, F_GE },
	{ "<", T_OP, F_LT },  { ">", T_OP, F_GT },        { "&&", T_AND, F_AND },
	{ "||", T_OR, F_OR }, { "!", T_NOT, F_NOT },      { "(", T_OPEN, F_TRUE },
	{ ")", T_CLOSE, F_TRUE },
};

static const struct {
	const char *text;
	enum token token;
	enum filter_op op;
} names[] = {
	{ "and", T_AND, F_AND }, { "or", T_OR, F_OR }, { "not", T_NOT, F_NOT },
	{ "eq", T_OP, F_EQ },    { "ne", T_OP, F_NE }, { "lt", T_OP, F_LT },
	{ "le", T_OP, F_LE },    { "gt", T_OP, F_GT }, { "ge", T_OP, F_GE },
};

void vma_filter_free(struct vma_filter *f)
{
	if (!f)
		return;
	for (u32 i = 0; i < f->nr; i++) {
		free(f->node[i].text);
		if (f->node[i].regex) {
			regfree(f->node[i].regex);
			free(f->node[i].regex);
		}
	}
	free(f->node);
	free(f);
}

static inline void undo_filter(struct vma_filter **f)
{
	vma_filter_free(*f);
}

/* An error about the current token. */
static int fail(struct parser *p, const char *what, const char *more)
{
	return vma_fail(p->err, EINVAL, "filter, column %zu: %s%s", (size_t)(p->at - p->text) + 1,
			what, more);
}

static int next_string(struct parser *p, char quote)
{
	size_t n = 0;

	for (p->p++; *p->p != quote; p->p++) {
		if (*p->p == '\\' && p->p[1])
			p->p++;
		if (!*p->p)
			return fail(p, "the string is not closed", "");
		if (n + 1 == MAX_WORD)
			return fail(p, "the string is too long", "");
		p->word[n++] = *p->p;
	}
	p->p++;
	p->word[n] = '\0';
	p->token = T_STRING;
	return 0;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.:/-+[]*?%@,#$^", c)) || (c & 0x80);
}

static int next_word(struct parser *p)
{
	size_t n = 0;

	while (is_word_char(p->p[n]))
		n++;
	if (!n)
		return fail(p, "this is no column, value or operator", "");
	if (n >= MAX_WORD)
		return fail(p, "the word is too long", "");
	memcpy(p->word, p->p, n);
	p->word[n] = '\0';
	p->p += n;
	p->token = T_WORD;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(p->word, names[i].text)) {
			p->token = names[i].token;
			p->op = names[i].op;
		}
	return 0;
}

static int next(struct parser *p)
{
	while (isspace((unsigned char)*p->p))
		p->p++;
	p->at = p->p;
	if (!*p->p) {
		p->token = T_END;
		return 0;
	}
	if (*p->p == '"' || *p->p == '\'')
		return next_string(p, *p->p);
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		size_t n = strlen(symbols[i].text);

		if (!strncmp(p->p, symbols[i].text, n)) {
			p->token = symbols[i].token;
			p->op = symbols[i].op;
			p->p += n;
			return 0;
		}
	}
	if (*p->p == '=')
		return fail(p, "equality is ==", "");
	return next_word(p);
}

/* A fresh node, by index: the array moves. */
static int node_new(struct parser *p, enum filter_op op, u32 *out)
{
	struct vma_filter *f = p->f;

	if (f->nr == f->cap) {
		u32 cap = f->cap ? 2 * f->cap : 16;
		struct filter_node *node = realloc(f->node, cap * sizeof(*node));

		if (!node)
			return vma_fail(p->err, ENOMEM, "out of memory");
		f->node = node;
		f->cap = cap;
	}
	f->node[f->nr] = (struct filter_node){ .op = op };
	*out = f->nr++;
	return 0;
}

static const char *column_at(const void *ctx, size_t i)
{
	const struct vma_columns *t = ctx;

	return t->col[i].name;
}

static bool holds_numbers(const struct vma_column *c)
{
	return c->kind != VMA_CELL_TEXT && c->kind != VMA_CELL_WORDS && c->kind != VMA_CELL_IDS;
}

/* 12.5% or 12.5 of a share are 125 tenths. */
static bool parse_share(const char *text, u64 *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || v < 0 || v > 1e9 || strcmp(*end == '%' ? end + 1 : end, ""))
		return false;
	*out = (u64)(v * 10 + 0.5);
	return true;
}

static bool parse_value(const struct vma_column *c, const char *text, u64 *out)
{
	if (c->kind == VMA_CELL_BOOL && (!strcasecmp(text, "true") || !strcasecmp(text, "false"))) {
		*out = !strcasecmp(text, "true");
		return true;
	}
	if (c->kind == VMA_CELL_SHARE)
		return parse_share(text, out);
	if (c->kind == VMA_CELL_ADDR) { /* as maps prints it: hex, with or without 0x */
		char *end;

		*out = strtoull(text, &end, 16);
		if (isxdigit((unsigned char)*text) && !*end)
			return true;
	}
	return vma_parse_size(text, out);
}

static int compile_regex(struct parser *p, struct filter_node *n)
{
	char why[128];

	n->regex = calloc(1, sizeof(*n->regex));
	if (!n->regex)
		return vma_fail(p->err, ENOMEM, "out of memory");
	int rc = regcomp(n->regex, n->text, REG_EXTENDED | REG_NOSUB);
	if (!rc)
		return 0;
	regerror(rc, n->regex, why, sizeof(why));
	free(n->regex);
	n->regex = NULL;
	return fail(p, "not a regular expression: ", why);
}

/* The value at the current token, for node n, whose column and operator are known. */
static int value(struct parser *p, struct filter_node *n)
{
	bool match = n->op == F_MATCH || n->op == F_NO_MATCH;
	bool ordered = n->op == F_LT || n->op == F_LE || n->op == F_GT || n->op == F_GE;

	if (p->token != T_WORD && p->token != T_STRING)
		return fail(p, "a value is missing", "");
	if (match && holds_numbers(n->col))
		return fail(p, "=~ and !~ ask text, not ", n->col->name);
	if (ordered && !holds_numbers(n->col))
		return fail(p, "< and > ask numbers, not ", n->col->name);
	n->text = strdup(p->word);
	if (!n->text)
		return vma_fail(p->err, ENOMEM, "out of memory");
	if (p->token == T_WORD && !match) {
		n->other = vma_column_by_name(p->table, p->word);
		if (n->other && holds_numbers(n->other) != holds_numbers(n->col))
			n->other = NULL;
		if (n->other)
			p->f->needs |= n->other->needs;
	}
	if (match)
		return compile_regex(p, n);
	if (!n->other && holds_numbers(n->col) && !parse_value(n->col, p->word, &n->num))
		return fail(p, "this is not a number, which is what the column holds: ",
			    n->col->name);
	return 0;
}

static int comparison(struct parser *p, u32 *out)
{
	const struct vma_column *col = vma_column_by_name(p->table, p->word);
	int rc;

	if (!col && (!strcasecmp(p->word, "true") || !strcasecmp(p->word, "false"))) {
		rc = node_new(p, strcasecmp(p->word, "true") ? F_FALSE : F_TRUE, out);
		return rc ? rc : next(p);
	}
	if (!col) {
		const char *near = vma_nearest(p->word, column_at, p->table, p->table->nr);
		char more[160];

		snprintf(more, sizeof(more), "%.60s%s%s%s", p->word, near ? " (did you mean " : "",
			 near ? near : "", near ? "?)" : " (see --list-columns)");
		return fail(p, "no such column: ", more);
	}
	rc = node_new(p, F_HAS, out);
	if (!rc)
		rc = next(p);
	if (rc)
		return rc;
	struct filter_node *n = &p->f->node[*out];
	n->col = col;
	p->f->needs |= col->needs;
	if (p->token != T_OP)
		return 0;
	n->op = p->op;
	rc = next(p);
	if (!rc)
		rc = value(p, n);
	return rc ? rc : next(p);
}

static int expr(struct parser *p, u32 *out);

static int primary(struct parser *p, u32 *out)
{
	int rc;

	switch (p->token) {
	case T_OPEN:
		rc = next(p);
		if (!rc)
			rc = expr(p, out);
		if (!rc && p->token != T_CLOSE)
			rc = fail(p, "a ) is missing", "");
		return rc ? rc : next(p);
	case T_WORD:
		return comparison(p, out);
	case T_END:
		return fail(p, "a column is missing", "");
	default:
		return fail(p, "a column is expected here", "");
	}
}

static int not_expr(struct parser *p, u32 *out)
{
	u32 inner;
	int rc;

	if (p->token != T_NOT)
		return primary(p, out);
	if (++p->depth > MAX_DEPTH)
		return fail(p, "nested too deeply", "");
	rc = next(p);
	if (!rc)
		rc = not_expr(p, &inner);
	if (!rc)
		rc = node_new(p, F_NOT, out);
	if (!rc)
		p->f->node[*out].left = inner;
	p->depth--;
	return rc;
}

/* A chain of one operator: a AND b AND c. */
static int chain(struct parser *p, enum token token, enum filter_op op,
		 int (*operand)(struct parser *p, u32 *out), u32 *out)
{
	int rc = operand(p, out);

	while (!rc && p->token == token) {
		u32 left = *out, right;

		rc = next(p);
		if (!rc)
			rc = operand(p, &right);
		if (!rc)
			rc = node_new(p, op, out);
		if (!rc) {
			p->f->node[*out].left = left;
			p->f->node[*out].right = right;
		}
	}
	return rc;
}

static int and_expr(struct parser *p, u32 *out)
{
	return chain(p, T_AND, F_AND, not_expr, out);
}

static int expr(struct parser *p, u32 *out)
{
	if (++p->depth > MAX_DEPTH)
		return fail(p, "nested too deeply", "");
	int rc = chain(p, T_OR, F_OR, and_expr, out);
	p->depth--;
	return rc;
}

int vma_filter_parse(const struct vma_columns *t, const char *text, struct vma_filter **out,
		     struct vma_err *err)
{
	AUTO(undo_filter) struct vma_filter *f = calloc(1, sizeof(*f));
	struct parser p = { .table = t, .text = text, .p = text, .at = text, .f = f, .err = err };

	if (!f)
		return vma_fail(err, ENOMEM, "out of memory");
	int rc = next(&p);
	if (!rc)
		rc = expr(&p, &f->root);
	if (!rc && p.token != T_END)
		rc = fail(&p, "AND or OR is expected here", "");
	if (rc)
		return rc;
	*out = TAKE(f);
	return 0;
}
