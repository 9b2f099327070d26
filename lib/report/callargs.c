// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/callargs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvmactl/report.h"

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

/* ---------------------------------------------------------------- numbers and names */

int callargs_number(const char *text, const char *arg, u64 *out, struct vma_err *err)
{
	bool negative = *text == '-';

	if (!vma_parse_size(text + negative, out))
		return vma_fail(err, EINVAL, "%s: '%s' is not a number", arg, text);
	if (negative)
		*out = -*out;
	return 0;
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A label fits a name when it is it, or a path that ends in it. */
static bool fits(const char *label, const char *name)
{
	return !strcmp(label, name) || (*name && !strcmp(basename_of(label), name));
}

int callargs_mapping(const struct vma_mm *mm, const char *text, u64 *out, struct vma_err *err)
{
	char name[VMA_LABEL_MAX], label[VMA_LABEL_MAX];
	const char *plus = strrchr(text, '+');
	const struct vma *vma;
	u64 offset = 0;

	if (vma_parse_size(text, out))
		return 1;
	if (isdigit((unsigned char)*text))
		return vma_fail(err, EINVAL, "%s: not an address", text);
	if (!plus || plus == text || !vma_parse_size(plus + 1, &offset))
		plus = text + strlen(text);
	snprintf(name, sizeof(name), "%.*s", (int)(plus - text), text);
	vma_for_each(mm, vma) {
		if (!fits(vma_label(mm, vma, label, sizeof(label)), name))
			continue;
		*out = vma->vm_start + offset;
		return 1;
	}
	return 0;
}

/* ---------------------------------------------------------------- arguments */

static int parse_file(const struct callargs *a, const char *text, const char *arg,
		      struct vma_call *call, u64 *out, struct vma_err *err)
{
	/* the number itself decides nothing: what it stands for is call->file */
	*out = 3;
	if (isdigit((unsigned char)*text) || *text == '-')
		callargs_number(text, arg, out, NULL);
	return a->file(a->ctx, text, &call->file, err);
}

int callargs_one(const struct callargs *a, const struct vma_op *op, size_t i, const char *text,
		 struct vma_call *call, struct vma_err *err)
{
	bool flags = false;
	const struct vma_word *w = vma_arg_words(op->arg[i], &flags);
	u64 *out = &call->arg[i];

	switch (op->arg[i]) {
	case VMA_ARG_ADDR:
		if (!strcasecmp(text, "NULL")) {
			*out = 0;
			return 0;
		}
		return a->address(a->ctx, text, out, err);
	case VMA_ARG_NAME:
		call->name = strcasecmp(text, "NULL") ? text : NULL;
		return 0;
	case VMA_ARG_FD:
		return parse_file(a, text, op->argname[i], call, out, err);
	case VMA_ARG_SHMID:
		return a->segment(a->ctx, text, out, &call->file, err);
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
	return callargs_number(text, op->argname[i], out, err);
}

size_t callargs_nr(const struct vma_op *op)
{
	size_t n = 0;

	while (n < VMA_OP_ARGS && op->arg[n] != VMA_ARG_NONE)
		n++;
	return n;
}

void callargs_default(const struct vma_mm *mm, const struct vma_op *op, size_t i,
		      struct vma_call *call)
{
	if (op->arg[i] == VMA_ARG_FD)
		call->arg[i] = ~0ULL; /* -1: no file */
	else if (op->arg[i] == VMA_ARG_LIMIT && call->arg[0] < VMA_NR_RLIMITS)
		call->arg[i] = mm->rlimit[call->arg[0]].max; /* setrlimit: as it is */
	else if (!strcmp(op->argname[i], "maxnode") && call->arg[i - 1])
		call->arg[i] = 65; /* the kernel takes one off: a whole word */
}

/* ---------------------------------------------------------------- operations by name */

static const char *op_name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return vma_op_at((enum vma_op_id)(i + 1))->name;
}

const struct vma_op *callargs_op(const char *name, struct vma_err *err)
{
	enum vma_op_id id = vma_op_by_name(name);
	const char *near;

	if (id)
		return vma_op_at(id);
	near = vma_nearest(name, op_name_at, NULL, VMA_OP_NR - 1);
	if (near)
		vma_fail(err, EINVAL, "%s: unknown operation (did you mean %s?)", name, near);
	else
		vma_fail(err, EINVAL, "%s: unknown operation (--list shows them)", name);
	return NULL;
}
