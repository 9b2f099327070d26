// SPDX-License-Identifier: GPL-2.0-or-later
#include "opargs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvmactl/report.h"
#include "rebuild/filearg.h"
#include "report/callargs.h"
#include "target.h"

static int address(void *ctx, const char *text, u64 *out, struct vma_err *err)
{
	const struct opargs *a = ctx;
	char *end;

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

static int file(void *ctx, const char *text, u32 *id, struct vma_err *err)
{
	const struct opargs *a = ctx;

	struct filearg found;
	int rc = filearg_file(a->model->world, a->model->facts, a->procfs, text, &found, err);

	return rc ? rc : filearg_add(a->model->world, &found, id, err);
}

static int segment(void *ctx, const char *text, u64 *shmid, u32 *id, struct vma_err *err)
{
	const struct opargs *a = ctx;
	struct filearg found;
	int rc = callargs_number(text, "shmid", shmid, err);

	if (!rc)
		rc = filearg_segment(a->model->world, a->procfs, text, &found, err);
	return rc ? rc : filearg_add(a->model->world, &found, id, err);
}

char *opargs_synopsis(const struct vma_op *op, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "%s", op->name);

	for (size_t i = 0; i < callargs_nr(op) && len < size; i++) {
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

int opargs_parse(const struct opargs *a, const char *name, char **words, size_t nr,
		 struct vma_call *call, struct vma_err *err)
{
	const struct callargs args = { (void *)a, address, file, segment };
	const struct vma_op *op = callargs_op(name, err);
	char usage[200];
	int rc;

	if (!op)
		return -EINVAL;
	if (nr < op->nr_required || nr > callargs_nr(op))
		return vma_fail(err, EINVAL, "%s: %s arguments (it is %s)", name,
				nr < op->nr_required ? "too few" : "too many",
				opargs_synopsis(op, usage, sizeof(usage)));
	*call = (struct vma_call){ .op = vma_op_by_name(name) };
	for (size_t i = 0; i < callargs_nr(op); i++) {
		rc = i < nr ? callargs_one(&args, op, i, words[i], call, err) : 0;
		if (rc)
			return rc;
		if (i >= nr)
			callargs_default(a->model->mm, op, i, call);
	}
	return 0;
}
