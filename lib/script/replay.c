// SPDX-License-Identifier: LGPL-2.1-or-later
/* The public face: text in, lines cut, each given to the task it belongs to. */
#include "script/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

static const char *const follow_names[] = {
	[VMA_FOLLOW_MODEL] = "model", [VMA_FOLLOW_FORCED] = "forced",
	[VMA_FOLLOW_UNDONE] = "undone", [VMA_FOLLOW_LEARNED] = "learned",
	[VMA_FOLLOW_KEPT] = "kept",
};

const char *vma_follow_name(enum vma_follow f)
{
	return (size_t)f < ARRAY_SIZE(follow_names) ? follow_names[f] : "?";
}

void replay_complain(struct vma_replay *r, u32 column, const char *what, const char *text,
		     size_t len)
{
	struct vma_complaint c = {
		.line = r->nr_line, .column = column, .what = what, .text = text, .text_len = len,
	};

	r->sum.complaints++;
	if (r->opts.complain)
		r->opts.complain(r->opts.ctx, &c);
}

/* ---------------------------------------------------------------- lines */

/* Kept as it is, for the line that goes on with it. */
static void begin_pending(struct vma_replay *r, struct task *t, const struct line *l)
{
	t->child = 0;
	t->began = r->nr_line;
	strbuf_reset(&t->text);
	strbuf_add(&t->text, l->text, l->text_len);
	t->cut = (size_t)(l->cut - l->text);
	task_set_pending(&r->tasks, t);
	r->cut_task = t;
	r->oom |= t->text.failed;
}

/* The two halves as one line, and that line done. */
static void end_pending(struct vma_replay *r, struct task *t, const struct line *l)
{
	struct line *whole = &r->line2;

	if (!l->name_len && !t->pending && r->cut_task)
		t = r->cut_task;
	if (!t->pending) {
		replay_complain(r, 1, "a call is resumed that did not begin", l->text, l->text_len);
		return;
	}
	t->text.len = t->cut;
	strbuf_add(&t->text, l->cut, l->text_len - (size_t)(l->cut - l->text));
	if (t->text.failed) {
		r->oom = true;
		return;
	}
	r->cut_task = NULL;
	switch (line_lex(r->words, t->text.s, t->text.len, whole)) {
	case LINE_CALL:
		task_clear_pending(&r->tasks, t);
		replay_call(r, t, whole);
		t->began = 0;
		t->early = false;
		t->child = 0;
		break;
	case LINE_UNFINISHED: /* cut once more */
		t->cut = (size_t)(whole->cut - t->text.s);
		break;
	default:
		task_clear_pending(&r->tasks, t);
		replay_complain(r, whole->column, whole->what ? whole->what : "not a call", t->text.s,
				t->text.len);
	}
}

/* A thread that is not the first did the execve: it goes on under the first one's pid. */
static void superseded(struct vma_replay *r, struct task *leader, u32 pid)
{
	struct task *thread = task_find(&r->tasks, pid);

	if (!thread || thread == leader || !thread->pending)
		return;
	strbuf_reset(&leader->text);
	strbuf_add(&leader->text, thread->text.s, thread->text.len);
	leader->cut = thread->cut;
	leader->began = thread->began;
	r->oom |= leader->text.failed;
	task_set_pending(&r->tasks, leader);
	task_exited(r, thread);
}

static void do_task_line(struct vma_replay *r, const struct line *l)
{
	struct task *t = l->pid ? task_of_pid(r, l->pid) : r->root;

	if (!t)
		return;
	switch (l->kind) {
	case LINE_CALL:
		if (t->pending)
			task_clear_pending(&r->tasks, t); /* its end was lost */
		t->began = 0;
		replay_call(r, t, l);
		break;
	case LINE_UNFINISHED:
		begin_pending(r, t, l);
		if (l->value)
			r->attached = (u32)l->value;
		break;
	case LINE_RESUMED:
		end_pending(r, t, l);
		break;
	case LINE_SUPERSEDED:
		superseded(r, t, (u32)l->value);
		break;
	default:
		task_exited(r, t);
	}
}

static void do_line(struct vma_replay *r, const char *s, size_t len)
{
	struct line *l = &r->line;

	r->nr_line++;
	switch (line_lex(r->words, s, len, l)) {
	case LINE_STACK:
		r->sum.has_stacks = true;
		blame_stack(r->blame, l->text, l->text_len);
		return;
	case LINE_RECORD:
		if (r->check)
			check_record(r, s, len);
		return;
	case LINE_NOTE:
		if (l->value)
			r->attached = (u32)l->value;
		return;
	case LINE_BAD:
		replay_complain(r, l->column, l->what, s, len);
		return;
	case LINE_BLANK:
	case LINE_SIGNAL:
		return;
	default:
		blame_flush(r->blame);
		if (r->check && l->kind == LINE_CALL)
			check_compare(r);
		do_task_line(r, l);
	}
}

/* ---------------------------------------------------------------- text */

static int over(const struct vma_replay *r, struct vma_err *err)
{
	if (r->oom || r->descs.failed || vma_world_oom(r->world))
		return vma_fail(err, ENOMEM, "out of memory");
	return r->stop;
}

/* The rest of a line that an earlier piece began; returns what is left of this piece. */
static const char *join_partial(struct vma_replay *r, const char *p, const char *end)
{
	const char *q = memchr(p, '\n', (size_t)(end - p));

	strbuf_add(&r->partial, p, (size_t)((q ? q : end) - p));
	r->oom |= r->partial.failed;
	if (!q)
		return end;
	if (!r->oom)
		do_line(r, r->partial.s ? r->partial.s : "", r->partial.len);
	strbuf_reset(&r->partial);
	return q + 1;
}

int vma_replay_feed(struct vma_replay *r, const char *text, size_t len, struct vma_err *err)
{
	const char *p = text, *end = text + len;

	r->log_bytes += len;
	if (r->partial.len && p < end)
		p = join_partial(r, p, end);
	while (p < end && !r->stop && !r->oom) {
		const char *q = memchr(p, '\n', (size_t)(end - p));

		if (!q) {
			strbuf_add(&r->partial, p, (size_t)(end - p));
			r->oom |= r->partial.failed;
			break;
		}
		do_line(r, p, (size_t)(q - p));
		p = q + 1;
	}
	return over(r, err);
}

/* The processes that outlive the log. */
static void leave_rest(struct vma_replay *r)
{
	const struct vma_mm *mm;

	for (size_t i = 0; (mm = vma_mm_at(r->world, i)); i++)
		if (!mm->dead)
			r->opts.leave(r->opts.ctx, mm);
}

int vma_replay_finish(struct vma_replay *r, struct vma_err *err)
{
	if (r->partial.len && !r->stop && !r->oom)
		do_line(r, r->partial.s, r->partial.len);
	strbuf_reset(&r->partial);
	blame_flush(r->blame);
	if (r->check)
		check_compare(r);
	if (r->opts.leave)
		leave_rest(r);
	return over(r, err);
}

/* ---------------------------------------------------------------- the object */

static int start_world(struct vma_replay *r, struct vma_model *model, const char *kernel,
		       struct vma_err *err)
{
	struct vma_kernel k;
	const char *release = kernel;
	int rc;

	if (model) {
		r->model = model;
		r->world = model->world;
		return 0;
	}
	for (size_t i = 0; !kernel && vma_kernel_verified_at(i); i++)
		release = vma_kernel_verified_at(i);
	rc = vma_kernel_init(&k, release, err);
	if (rc)
		return rc;
	r->world = vma_world_new(&k);
	if (!r->world)
		return vma_fail(err, ENOMEM, "out of memory");
	if (r->opts.like)
		*vma_world_system(r->world) = *vma_world_system(r->opts.like->world);
	return 0;
}

/* The first process: the TARGET's, or one of which nothing is known. */
static bool start_root(struct vma_replay *r)
{
	struct vma_mm *mm = r->model ? r->model->mm : vma_mm_new(r->world, 0);
	struct mm_info *info = mm ? mm_info(&r->tasks, mm->id) : NULL;
	struct fdtab *fds = fdtab_new();

	r->root = info && fds ? task_new(&r->tasks, mm->pid, mm->pid, mm->id, fds) : NULL;
	if (!r->root) {
		free(fds);
		return false;
	}
	r->started_known = r->model;
	info->users = 1;
	info->seen_count = mm->map_count;
	exec_learn_specials(r, r->model ? r->model->mm : r->opts.like ? r->opts.like->mm : mm);
	if (!r->model && r->opts.like)
		descs_learn_fs(&r->descs, r->opts.like->world, true);
	r->opts.like = NULL;
	info->known = info->based = info->heap = r->model;
	return true;
}

static inline void undo_replay(struct vma_replay **r)
{
	vma_replay_free(*r);
}

int vma_replay_new(const struct vma_replay_opts *opts, struct vma_model *model, const char *kernel,
		   struct vma_replay **out, struct vma_err *err)
{
	AUTO(undo_replay) struct vma_replay *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return vma_fail(err, ENOMEM, "out of memory");
	r->opts = *opts;
	strbuf_init(&r->partial);
	r->words = words_new();
	r->blame = blame_new();
	if (opts->check)
		r->check = check_new();
	rc = start_world(r, model, kernel, err);
	if (rc)
		return rc;
	if (!r->words || !syscall_words(r->words) || !r->blame || (opts->check && !r->check) ||
	    !descs_init(&r->descs, r->world) || !start_root(r)) {
		if (model)
			r->model = NULL, r->world = NULL; /* the caller's still */
		return vma_fail(err, ENOMEM, "out of memory");
	}
	*out = TAKE(r);
	return 0;
}

void vma_replay_free(struct vma_replay *r)
{
	if (!r)
		return;
	follow_forget(r);
	tasks_fini(&r->tasks, &r->descs);
	descs_fini(&r->descs);
	words_free(r->words);
	blame_free(r->blame);
	check_free(r->check);
	strbuf_fini(&r->partial);
	free(r->events);
	free(r->iov);
	if (r->model)
		vma_model_free(r->model);
	else
		vma_world_free(r->world);
	free(r);
}

struct vma_world *vma_replay_world(const struct vma_replay *r)
{
	return r->world;
}

const struct vma_replay_summary *vma_replay_summary(struct vma_replay *r)
{
	r->sum.lines = r->nr_line;
	r->sum.calls = r->n;
	blame_summary(r);
	if (r->check)
		check_summary(r);
	return &r->sum;
}
