// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz entry of replay: any text as a log. Nothing is fatal, complaints point into the line, and
 * the model keeps its invariants whatever the log claims.
 */
#include "libvmactl/script.h"
#include "fuzz.h"

static void complain(void *ctx, const struct vma_complaint *c)
{
	(void)ctx;
	if (!c->line || !c->column || c->column > c->text_len + 1 || !c->what)
		abort();
}

static int step(void *ctx, const struct vma_step *s)
{
	u64 *last = ctx;

	if (s->n != *last + 1 || !s->result || (s->op != VMA_OP_NONE && !s->call))
		abort();
	*last = s->n;
	return 0;
}

static void replay(const char *text, size_t size, size_t piece, bool strict)
{
	u64 last = 0;
	struct vma_replay_opts opts = {
		.strict = strict, .check = true, .events = true, .complain = complain,
		.step = step, .ctx = &last,
	};
	struct vma_replay *r;
	struct vma_err err;

	if (vma_replay_new(&opts, NULL, "6.12", &r, &err))
		abort();
	for (size_t at = 0; at < size; at += piece)
		if (vma_replay_feed(r, text + at, size - at < piece ? size - at : piece, &err))
			abort();
	if (vma_replay_finish(r, &err) || vma_replay_summary(r)->calls != last)
		abort();
	if (vma_validate(vma_replay_world(r), &err)) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
	vma_replay_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	replay((const char *)data, size, 37, false);
	replay((const char *)data, size, size ? size : 1, true);
	return 0;
}

FUZZ_MAIN("strace")
