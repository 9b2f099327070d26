/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cutting a divergence down: leave out half of the calls, then quarters, and so on to single
 * ones, as long as what is left still ends in the same kind of difference after the same kind of
 * call. Every try starts with a fresh process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "verify/episode.h"

#define MAX_TRIES 1500

/* The step as part of the kept ones: a result it refers to is renumbered, or put in as it was. */
static struct step renumber(const struct trouble *t, size_t i, const u32 *new_index)
{
	struct step step = t->steps->v[i];

	for (unsigned int a = 0; a < VMA_OP_ARGS; a++) {
		struct ref *r = &step.ref[a];

		if (r->kind != REF_RESULT)
			continue;
		if (new_index[r->step] != ~0U) {
			r->step = new_index[r->step];
		} else {
			r->kind = REF_NONE;
			step.arg[a] += (u64)t->outcomes[r->step].ret;
		}
	}
	return step;
}

int vma_shrink_replay(struct trouble *t, struct stage *st, struct difference *diff, bool *same,
		      struct vma_err *err)
{
	const size_t nr = t->steps->nr;
	const enum vma_op_id last_op = nr ? t->steps->v[nr - 1].op : VMA_OP_NONE;
	AUTO(undo_free) u32 *new_index = malloc((nr + 1) * sizeof(*new_index));
	AUTO(undo_free) bool *made = calloc(nr + 1, sizeof(*made));
	int rc;

	*same = false;
	if (!new_index || !made)
		return vma_fail(err, ENOMEM, "out of memory");
	memset(new_index, 0xff, nr * sizeof(*new_index));
	rc = vma_stage_open(st, &t->ep->stage, err);
	for (size_t i = 0; !rc && i < nr && !*same; i++) {
		struct step step;

		if (!t->keep[i])
			continue;
		step = renumber(t, i, new_index);
		rc = vma_stage_run(st, &step, diff, err);
		if (rc == -ESTALE) {
			rc = 0;
			continue;
		}
		made[i] = true;
		new_index[i] = (u32)st->done.nr - 1;
		if (rc || !diff->what)
			continue;
		*same = step.op == last_op && diff->what == t->what &&
			diff->predicted == t->predicted && diff->kernel == t->kernel;
		if (!*same)
			return 0; /* another trouble than the one we are after */
	}
	if (*same)
		memcpy(t->keep, made, nr * sizeof(*made));
	return rc;
}

/* Does it still happen with the steps of @try? Then they are kept from now on. */
static int attempt(struct trouble *t, bool *try, bool *same, struct vma_err *err)
{
	struct trouble without = *t;
	struct stage st;
	struct difference diff = { 0 };
	int rc;

	strbuf_init(&diff.detail);
	without.keep = try;
	rc = vma_shrink_replay(&without, &st, &diff, same, err);
	vma_stage_close(&st);
	strbuf_fini(&diff.detail);
	if (!rc && *same)
		memcpy(t->keep, try, t->steps->nr * sizeof(*try));
	return rc;
}

static size_t count(const bool *keep, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		n += keep[i];
	return n;
}

/* One pass: leave out each @chunk of the kept steps in turn, from the end. */
static int pass(struct trouble *t, size_t chunk, bool *progress, unsigned int *tries,
		struct vma_err *err)
{
	const size_t nr = t->steps->nr;
	AUTO(undo_free) bool *try = malloc(nr + 1);
	size_t end = nr;

	*progress = false;
	if (!try)
		return vma_fail(err, ENOMEM, "out of memory");
	while (end) {
		size_t left = chunk;
		bool same;
		int rc;

		memcpy(try, t->keep, nr);
		for (; end && left; end--)
			if (try[end - 1]) {
				try[end - 1] = false;
				left--;
			}
		if (left == chunk)
			break; /* nothing more is kept */
		if (++*tries > MAX_TRIES || (t->ep->is_over && t->ep->is_over(t->ep->ctx)))
			return 0;
		rc = attempt(t, try, &same, err);
		if (rc)
			return rc;
		*progress |= same;
	}
	return 0;
}

int vma_shrink(struct trouble *t, struct vma_err *err)
{
	size_t chunk = count(t->keep, t->steps->nr) / 2;
	unsigned int tries = 0;
	bool progress;
	int rc = 0;

	while (!rc && chunk && tries <= MAX_TRIES) {
		rc = pass(t, chunk, &progress, &tries, err);
		if (chunk > 1)
			chunk /= 2;
		else if (!progress)
			break;
	}
	return rc;
}
