/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run from a fresh process on, and the report of what it found. */
#include "verify/episode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "verify/gen.h"

/* ---------------------------------------------------------------- the script */

/* The call that opens live file @i, as far as a script can tell it. */
static void file_lines(struct strbuf *b, const struct vma_live_files *files, size_t i)
{
	const struct vma_live_file *f = &files->file[i];
	const int fd = VMA_LIVE_FILE_FD + (int)i;

	strbuf_addf(b, "%s = %d\n", f->text, fd);
	if (f->init.kind == VMA_KIND_SHMEM && !strncmp(f->text, "memfd", 5)) {
		strbuf_addf(b, "ftruncate(%d, %" PRIu64 ") = 0\n", fd, f->init.size);
		if (f->init.seal_write)
			strbuf_addf(b, "fcntl(%d, F_ADD_SEALS, F_SEAL_WRITE) = 0\n", fd);
		if (f->init.seal_future_write)
			strbuf_addf(b, "fcntl(%d, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) = 0\n", fd);
	}
}

static bool uses_file(const struct steps *s, size_t file)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->v[i].file == file + 1)
			return true;
	return false;
}

static bool uses_op(const struct steps *s, enum vma_op_id from, enum vma_op_id to)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->v[i].op >= from && s->v[i].op <= to)
			return true;
	return false;
}

static void opening_lines(struct strbuf *b, const struct stage *st)
{
	for (size_t i = 0; i < st->files->nr; i++)
		if (uses_file(&st->done, i))
			file_lines(b, st->files, i);
	for (size_t i = 0; i < st->files->nr_segments; i++)
		if (uses_file(&st->done, STEP_SEGMENT + i - 1))
			strbuf_addf(b, "shmget(IPC_PRIVATE, %" PRIu64 ", IPC_CREAT|0700) = %d\n",
				    st->files->segment[i].init.size, st->files->segment[i].id);
	if (uses_op(&st->done, VMA_OP_UFFD_API, VMA_OP_UFFD_CLOSE))
		for (int i = 0; i < STAGE_NR_UFFD; i++)
			strbuf_addf(b, "userfaultfd(O_CLOEXEC|O_NONBLOCK) = %d\n", STAGE_UFFD + i);
}

/* The steps done on a stage, with what the kernel answered. @last: only the last. */
static void script(struct strbuf *b, const struct stage *st, bool last)
{
	const bool many = uses_op(&st->done, VMA_OP_FORK, VMA_OP_FORK);
	u64 pid[STAGE_PUPPETS] = { st->first_pid }, arg[VMA_OP_ARGS];

	if (!last)
		opening_lines(b, st);
	for (size_t i = 0; i < st->done.nr; i++) {
		const struct step *s = &st->done.v[i];

		if (s->op == VMA_OP_FORK && st->outcomes[i].ret > 0)
			pid[s->child] = (u64)st->outcomes[i].ret;
		if (last && i + 1 < st->done.nr)
			continue;
		if (many && !last)
			strbuf_addf(b, "[pid %" PRIu64 "] ", pid[s->who]);
		vma_stage_resolve(st, s, arg);
		vma_step_text(b, s, arg, &st->outcomes[i]);
		if (!last)
			strbuf_addc(b, '\n');
	}
}

static void comment(struct strbuf *b, const char *text)
{
	for (const char *end; *text; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			break;
		strbuf_addf(b, "# %.*s\n", (int)(end - text), text);
	}
}

static char *own(struct strbuf *b)
{
	char *s = b->failed ? NULL : strdup(strbuf_str(b));

	strbuf_fini(b);
	return s;
}

int vma_episode_report(const struct stage *st, const struct difference *diff, const char *title,
		       struct vma_verify_finding *out, struct vma_err *err)
{
	struct strbuf b;

	out->profile = st->profile->pub.name;
	out->nr_calls = out->nr_before = (u32)st->done.nr;
	snprintf(out->what, sizeof(out->what), "%s", vma_what_name(diff->what));
	strbuf_init(&b);
	script(&b, st, true);
	out->call = own(&b);
	out->detail = strdup(strbuf_str(&diff->detail));
	strbuf_init(&b);
	strbuf_addf(&b, "# vmactl verify %s: %s differ%s%s\n", title, out->what,
		    diff->what == WHAT_RESULT ? "s" : "",
		    st->profile->no_caps ? "; without capabilities" : "");
	script(&b, st, false);
	comment(&b, strbuf_str(&diff->detail));
	out->script = own(&b);
	if (!out->call || !out->detail || !out->script)
		return vma_fail(err, ENOMEM, "out of memory");
	return 0;
}

static int report(const struct episode *ep, const struct stage *st, const struct difference *diff,
		  size_t nr_before, struct vma_verify_finding *out, struct vma_err *err)
{
	char title[80];
	int rc;

	snprintf(title, sizeof(title), "--profile %s --seed %" PRIu64, st->profile->pub.name,
		 ep->seed);
	rc = vma_episode_report(st, diff, title, out, err);
	out->seed = ep->seed;
	out->nr_before = (u32)nr_before;
	return rc;
}

/* ---------------------------------------------------------------- shrinking */

/* The fewest steps, run once more for the report. */
static int shrink_and_report(const struct episode *ep, const struct stage *found,
			     const struct difference *diff, struct vma_verify_finding *out,
			     struct vma_err *err)
{
	AUTO(undo_free) bool *keep = malloc(found->done.nr + 1);
	struct trouble t = {
		.ep = ep, .steps = &found->done, .outcomes = found->outcomes, .keep = keep,
		.what = diff->what, .predicted = diff->predicted, .kernel = diff->kernel,
	};
	struct difference again = { 0 };
	struct stage st;
	bool same = false;
	int rc;

	if (!keep)
		return vma_fail(err, ENOMEM, "out of memory");
	memset(keep, true, found->done.nr);
	rc = vma_shrink(&t, err);
	if (rc)
		return rc;
	strbuf_init(&again.detail);
	rc = vma_shrink_replay(&t, &st, &again, &same, err);
	/* It came once only: then report it as it was. */
	if (!rc && same)
		rc = report(ep, &st, &again, found->done.nr, out, err);
	else if (!rc)
		rc = report(ep, found, diff, found->done.nr, out, err);
	vma_stage_close(&st);
	strbuf_fini(&again.detail);
	return rc;
}

/* ---------------------------------------------------------------- a run */

/* Which trouble it is, as far as one can tell from outside. */
static void sign(const struct stage *st, const struct difference *diff, char *out, size_t size)
{
	const struct vma_op *op = st->done.nr ? vma_op_at(st->done.v[st->done.nr - 1].op) : NULL;

	snprintf(out, size, "%s %s %d %d", op ? op->name : "start", vma_what_name(diff->what),
		 diff->predicted, diff->kernel);
}

static unsigned int nr_alive(const struct stage *st)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		nr += st->mm[i] != 0;
	return nr;
}

static void count(struct tally *tally, const struct stage *st, const struct step *step,
		  const struct outcome *out)
{
	__atomic_fetch_add(&tally->alive[nr_alive(st)], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&tally->ops, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&tally->done[step->op], 1, __ATOMIC_RELAXED);
	if (out->err || out->sig)
		__atomic_fetch_add(&tally->refused[step->op], 1, __ATOMIC_RELAXED);
}

/* khugepaged makes one huge page of what were fewer pages: what follows cannot be predicted. */
static bool is_disturbed(const struct episode *ep, struct stage *st, struct difference *diff)
{
	if ((diff->what != WHAT_PAGES && diff->what != WHAT_COUNTERS) || !vma_stage_was_collapsed(st))
		return false;
	__atomic_fetch_add(&ep->tally->disturbed, 1, __ATOMIC_RELAXED);
	diff->what = WHAT_NONE;
	return true;
}

static int steps(const struct episode *ep, struct stage *st, struct difference *diff,
		 struct vma_err *err)
{
	struct gen g;
	struct step step;
	int rc = vma_stage_compare(st, 0, diff, err); /* is the start right? */

	vma_gen_init(&g, st, ep->seed);
	while (!rc && !diff->what && st->done.nr < ep->nr_ops) {
		if (ep->is_over && ep->is_over(ep->ctx))
			break;
		vma_gen_step(&g, &step);
		rc = vma_stage_run(st, &step, diff, err);
		if (rc == -ESTALE) { /* aimed at the puppet itself */
			rc = 0;
			continue;
		}
		if (rc || is_disturbed(ep, st, diff))
			break;
		count(ep->tally, st, &step, &st->outcomes[st->done.nr - 1]);
		vma_gen_learn(&g, &step, &st->outcomes[st->done.nr - 1], (u32)st->done.nr - 1);
	}
	return rc;
}

int vma_episode_run(const struct episode *ep, struct vma_verify_finding *out, bool *found,
		    volatile bool *shrinking, struct vma_err *err)
{
	struct stage st;
	struct difference diff = { 0 };
	bool known = false;
	int rc;

	*found = false;
	strbuf_init(&diff.detail);
	rc = vma_stage_open(&st, &ep->stage, err);
	if (!rc)
		rc = steps(ep, &st, &diff, err);
	if (!rc && diff.what) {
		*found = true;
		*shrinking = true;
		sign(&st, &diff, out->signature, sizeof(out->signature));
		known = ep->is_known && ep->is_known(ep->ctx, out->signature);
	}
	if (!rc && diff.what && !known) {
		if (ep->no_shrink || st.done.nr < 2)
			rc = report(ep, &st, &diff, st.done.nr, out, err);
		else
			rc = shrink_and_report(ep, &st, &diff, out, err);
	}
	*shrinking = false;
	vma_stage_close(&st);
	strbuf_fini(&diff.detail);
	return rc;
}
