// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/demo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "script/replay.h"

static const struct demo demos[] = {
#define DEMO(prop, script) { #prop, script, NULL },
#define NONE(prop, why) { #prop, NULL, why },
#include "script/demo.def"
#undef DEMO
#undef NONE
};

const struct demo *demo_of(const char *prop)
{
	for (size_t i = 0; i < ARRAY_SIZE(demos); i++)
		if (!strcmp(demos[i].prop, prop))
			return &demos[i];
	return NULL;
}

struct run {
	struct demo_outcome *out;
	struct vma_err *err;
	bool bad;
};

static int step(void *ctx, const struct vma_step *s)
{
	struct run *run = ctx;

	if (!s->has_recorded && s->op != VMA_OP_NONE)
		step_result_text(run->out->text[DEMO_RESULT], DEMO_TEXT, s->result->ret,
				 s->result->err, s->result->sig);
	/* what stands in a script without a result is there to be run */
	run->bad |= !s->has_recorded && s->op == VMA_OP_NONE;
	return 0;
}

static void complain(void *ctx, const struct vma_complaint *c)
{
	struct run *run = ctx;

	run->bad = true;
	vma_fail(run->err, EINVAL, "line %llu, column %u: %s", (unsigned long long)c->line,
		 c->column, c->what);
}

static void put(char *out, const char *text)
{
	size_t n = strlen(out);

	snprintf(out + n, DEMO_TEXT - n, "%s%s", n ? ", " : "", text);
}

/* The newest address space: after a fork the child's. */
static void describe(const struct vma_world *w, struct demo_outcome *out)
{
	const struct vma_kernel *k = vma_world_kernel(w);
	const struct vma_mm *mm = NULL, *next;
	char line[VMA_FLAGS_TEXT + 120], codes[VMA_FLAGS_TEXT], perms[5];
	struct vma_page_run run = { .end = 0 };
	const struct vma *vma;
	u64 present = 0;

	for (size_t i = 0; (next = vma_mm_at(w, i)); i++)
		mm = next;
	if (!mm)
		return;
	vma_for_each(mm, vma) {
		int n = snprintf(line, sizeof(line), "%llx-%llx %s",
				 (unsigned long long)vma->vm_start,
				 (unsigned long long)vma->vm_end,
				 vma_flags_perms(vma->vm_flags, perms));

		put(out->text[DEMO_MAPPINGS], line);
		snprintf(line + n, sizeof(line) - (size_t)n, " pgoff %llx%s%s [%s]",
			 (unsigned long long)vma->vm_pgoff, vma->anon_vma ? " anon_vma" : "",
			 vma->policy ? " policy" : "",
			 vma_flags_codes(k, vma->vm_flags, ' ', codes));
		put(out->text[DEMO_FLAGS], line);
	}
	while (vma_pages_run(mm, run.end, &run))
		present += (run.end - run.start) >> VMA_PAGE_SHIFT;
	snprintf(out->text[DEMO_COUNTERS], DEMO_TEXT,
		 "total %llu, locked %llu, data %llu, charged %llu, present %llu pages",
		 (unsigned long long)mm->total_vm, (unsigned long long)mm->locked_vm,
		 (unsigned long long)mm->data_vm,
		 (unsigned long long)vma_world_system((struct vma_world *)w)->committed_pages,
		 (unsigned long long)present);
}

static inline void undo_replay(struct vma_replay **r)
{
	vma_replay_free(*r);
}

int demo_run(const struct demo *d, const struct vma_kernel *k, struct demo_outcome *out,
	     struct vma_err *err)
{
	struct run run = { .out = out, .err = err };
	struct vma_replay_opts opts = {
		.strict = true, .step = step, .complain = complain, .ctx = &run,
	};
	AUTO(undo_replay) struct vma_replay *r = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!d->script)
		return vma_fail(err, ENOENT, "%s: %s", d->prop, d->why_not);
	rc = vma_replay_new(&opts, NULL, k->release, &r, err);
	if (rc)
		return rc;
	vma_world_set_kernel(vma_replay_world(r), k);
	rc = vma_replay_feed(r, d->script, strlen(d->script), err);
	if (!rc)
		rc = vma_replay_finish(r, err);
	if (!rc && run.bad)
		rc = vma_fail(err, EINVAL, "%s: the script is not understood", d->prop);
	if (!rc)
		describe(vma_replay_world(r), out);
	return rc;
}

enum demo_detail demo_differ(const struct demo_outcome *a, const struct demo_outcome *b)
{
	int i = 0;

	while (i < DEMO_NR && !strcmp(a->text[i], b->text[i]))
		i++;
	return (enum demo_detail)i;
}
