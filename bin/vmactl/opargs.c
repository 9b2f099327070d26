// SPDX-License-Identifier: GPL-2.0-or-later
#include "opargs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"
#include "target.h"

/* ---------------------------------------------------------------- constants by name */

/* MADV_DONTNEED is also dontneed: the name, or its end behind an underscore. */
static bool names(const char *name, const char *word)
{
	size_t n = strlen(name), w = strlen(word);

	if (w > n || strcasecmp(name + n - w, word))
		return false;
	return w == n || name[n - w - 1] == '_';
}

static const struct vma_word *find_word(const struct vma_word *w, const char *word)
{
	const struct vma_word *end = NULL;

	for (; w->name; w++) {
		if (!strcasecmp(w->name, word))
			return w;
		if (!end && names(w->name, word))
			end = w;
	}
	return end;
}

static const char *word_at(const void *ctx, size_t i)
{
	const struct vma_word *w = ctx;

	return w[i].name;
}

/* The same without the prefix, which people leave out. */
static const char *end_at(const void *ctx, size_t i)
{
	const char *name = word_at(ctx, i), *bar = strchr(name, '_');

	return bar ? bar + 1 : name;
}

static int no_such_word(const struct vma_word *w, const char *word, const char *arg,
			struct vma_err *err)
{
	size_t nr = 0;

	while (w[nr].name)
		nr++;
	const char *near = vma_nearest(word, word_at, w, nr);
	if (!near)
		near = vma_nearest(word, end_at, w, nr);
	if (near)
		return vma_fail(err, EINVAL, "%s: '%s' is none of its constants (did you mean %s?)",
				arg, word, near);
	return vma_fail(err, EINVAL, "%s: '%s' is none of its constants (such as %s)", arg, word,
			w->name);
}

/* "A|B" or "A,B" or a number. */
static int parse_words(const struct vma_word *w, bool flags, const char *text, const char *arg,
		       u64 *out, struct vma_err *err)
{
	char word[80];
	u64 v = 0;

	do {
		size_t n = strcspn(text, flags ? "|," : "");
		const struct vma_word *found;
		u64 number;

		snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : 79), text);
		found = find_word(w, word);
		if (found)
			v |= found->value;
		else if (vma_parse_size(word, &number))
			v |= number;
		else
			return no_such_word(w, word, arg, err);
		text += n;
	} while (*text++);
	*out = v;
	return 0;
}

/* "rw-", "r", "---": letters in their order, each there or a dash. */
static bool parse_rwx(const char *text, u64 *out)
{
	static const char letters[] = "rwx";
	size_t at = 0;
	u64 v = 0;

	if (!*text || strlen(text) > 4)
		return false;
	for (; *text; text++) {
		if (*text == '-')
			continue;
		if ((*text == 'p' || *text == 's') && !text[1])
			break; /* as maps prints it */
		while (at < 3 && letters[at] != *text)
			at++;
		if (at == 3)
			return false;
		v |= 1ULL << at++;
	}
	*out = v;
	return true;
}

/* ---------------------------------------------------------------- numbers */

static int parse_address(const struct opargs *a, const char *text, u64 *out, struct vma_err *err)
{
	char *end;

	if (!strcasecmp(text, "NULL")) {
		*out = 0;
		return 0;
	}
	if (*text != '@')
		return target_address(a->model, text, out, err) ? 0 : -err->code;
	/* @N: what an earlier step returned, with an offset perhaps */
	unsigned long n = strtoul(text + 1, &end, 10);
	u64 offset = 0;
	if (!n || n > a->nr_results)
		return vma_fail(err, EINVAL, "%s: there is no step %lu before", text, n);
	if ((*end && *end != '+') || (*end == '+' && !vma_parse_size(end + 1, &offset)))
		return vma_fail(err, EINVAL, "%s: not @STEP or @STEP+OFFSET", text);
	*out = (u64)a->results[n - 1].ret + offset;
	return 0;
}

static int parse_number(const char *text, const char *arg, u64 *out, struct vma_err *err)
{
	bool negative = *text == '-';

	if (!vma_parse_size(text + negative, out))
		return vma_fail(err, EINVAL, "%s: '%s' is not a number", arg, text);
	if (negative)
		*out = -*out;
	return 0;
}

static int parse_one(const struct opargs *a, const struct vma_op *op, size_t i, const char *text,
		     struct vma_call *call, struct vma_err *err)
{
	bool flags = false;
	const struct vma_word *w = vma_arg_words(op->arg[i], &flags);
	u64 *out = &call->arg[i];

	switch (op->arg[i]) {
	case VMA_ARG_ADDR:
		return parse_address(a, text, out, err);
	case VMA_ARG_NAME:
		call->name = strcasecmp(text, "NULL") ? text : NULL;
		return 0;
	case VMA_ARG_FD:
		/* the number itself decides nothing: what it stands for is call->file */
		*out = 3;
		if (isdigit((unsigned char)*text) || *text == '-')
			parse_number(text, op->argname[i], out, NULL);
		return opargs_file(a, text, &call->file, err);
	case VMA_ARG_SHMID:
		if (parse_number(text, op->argname[i], out, err))
			return -EINVAL;
		return opargs_segment(a, text, &call->file, err);
	case VMA_ARG_PROT:
	case VMA_ARG_ACCESS:
		if (parse_rwx(text, out))
			return 0;
		break;
	default:
		break;
	}
	if (w)
		return parse_words(w, flags, text, op->argname[i], out, err);
	return parse_number(text, op->argname[i], out, err);
}

/* ---------------------------------------------------------------- a whole call */

static size_t nr_args(const struct vma_op *op)
{
	size_t n = 0;

	while (n < VMA_OP_ARGS && op->arg[n] != VMA_ARG_NONE)
		n++;
	return n;
}

char *opargs_synopsis(const struct vma_op *op, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "%s", op->name);

	for (size_t i = 0; i < nr_args(op) && len < size; i++) {
		bool optional = i >= op->nr_required;
		char name[40];
		size_t n = 0;

		for (const char *p = op->argname[i]; *p && n < sizeof(name) - 1; p++)
			name[n++] = (char)toupper((unsigned char)*p);
		name[n] = '\0';
		len += (size_t)snprintf(out + len, size - len, optional ? " [%s]" : " %s", name);
	}
	return out;
}

static const char *op_name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return vma_op_at((enum vma_op_id)(i + 1))->name;
}

static int no_such_op(const char *name, struct vma_err *err)
{
	const char *near = vma_nearest(name, op_name_at, NULL, VMA_OP_NR - 1);

	if (near)
		return vma_fail(err, EINVAL, "%s: unknown operation (did you mean %s?)", name, near);
	return vma_fail(err, EINVAL, "%s: unknown operation (--list shows them)", name);
}

/* What an argument that was left out is; 0 unless that would be a trap. */
static void set_default(const struct opargs *a, const struct vma_op *op, size_t i,
			struct vma_call *call)
{
	if (op->arg[i] == VMA_ARG_FD)
		call->arg[i] = ~0ULL; /* -1: no file */
	else if (op->arg[i] == VMA_ARG_LIMIT && call->arg[0] < VMA_NR_RLIMITS)
		call->arg[i] = a->model->mm->rlimit[call->arg[0]].max; /* setrlimit: as it is */
	else if (!strcmp(op->argname[i], "maxnode") && call->arg[i - 1])
		call->arg[i] = 65; /* the kernel takes one off: a whole word */
}

int opargs_parse(const struct opargs *a, const char *name, char **words, size_t nr,
		 struct vma_call *call, struct vma_err *err)
{
	enum vma_op_id id = vma_op_by_name(name);
	const struct vma_op *op = id ? vma_op_at(id) : NULL;
	char usage[200];
	int rc;

	if (!op)
		return no_such_op(name, err);
	if (nr < op->nr_required || nr > nr_args(op))
		return vma_fail(err, EINVAL, "%s: %s arguments (it is %s)", name,
				nr < op->nr_required ? "too few" : "too many",
				opargs_synopsis(op, usage, sizeof(usage)));
	*call = (struct vma_call){ .op = id };
	for (size_t i = 0; i < nr_args(op); i++) {
		rc = i < nr ? parse_one(a, op, i, words[i], call, err) : 0;
		if (rc)
			return rc;
		if (i >= nr)
			set_default(a, op, i, call);
	}
	return 0;
}
