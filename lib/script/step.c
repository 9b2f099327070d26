// SPDX-License-Identifier: LGPL-2.1-or-later
/* One call of the log: bind it, run it, compare, follow. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "script/bind.h"

static void gather(void *ctx, const struct vma_event *ev)
{
	struct vma_replay *r = ctx;

	if (r->nr_events == r->cap_events) {
		size_t cap = r->cap_events ? 2 * r->cap_events : 64;
		struct vma_event *events = reallocarray(r->events, cap, sizeof(*events));

		if (!events)
			return;
		r->events = events;
		r->cap_events = cap;
	}
	r->events[r->nr_events++] = *ev;
}

static inline void run(struct vma_replay *r, struct vma_mm *mm, const struct vma_call *call,
		       struct vma_result *res)
{
	if (r->opts.events)
		vma_world_listen(r->world, gather, r);
	if (vma_op_run(mm, call, res) == -ENOMEM)
		r->oom = true;
}

void replay_run(struct vma_replay *r, struct vma_mm *mm, const struct vma_call *call,
		struct vma_result *res)
{
	run(r, mm, call, res);
}

static inline bool agrees(const struct line *l, enum vma_op_id op, const struct vma_result *res)
{
	if (!l->has_ret)
		return true;
	if (l->sig || res->sig)
		return l->sig == res->sig;
	if (l->err)
		return l->err == res->err;
	if (op == VMA_OP_FORK)
		return !res->err;
	return !res->err && l->ret == res->ret;
}

bool replay_agrees(const struct line *l, enum vma_op_id op, const struct vma_result *res)
{
	return agrees(l, op, res);
}

/* Member by member: a few wide stores instead of a slow string instruction. */
static inline void clear_call(struct vma_call *call)
{
	call->op = VMA_OP_NONE;
	memset(call->arg, 0, sizeof(call->arg));
	call->file = call->target_mm = call->nr_iov = 0;
	call->name = NULL;
	call->iov = NULL;
}

static enum bound bind(struct vma_replay *r, struct task *t, const struct line *l)
{
	r->row = syscall_find(r->words, l);
	clear_call(&r->call);
	r->child_mm = 0;
	r->mm = vma_mm_by_id(r->world, t->mm);
	if (!r->row || !r->row->bind)
		return BOUND_NONE;
	return r->row->bind(r, t, l);
}

/* ---------------------------------------------------------------- the first disagreement */

void step_result_text(char *out, size_t size, s64 ret, int err, int sig)
{
	if (sig)
		snprintf(out, size, "SIG%s", sigabbrev_np(sig));
	else if (err)
		snprintf(out, size, "-1 %s", strerrorname_np(err) ? strerrorname_np(err) : "?");
	else if (ret < 0 || ret > 4096)
		snprintf(out, size, "0x%llx", (unsigned long long)ret);
	else
		snprintf(out, size, "%lld", (long long)ret);
}

/*
 * A log of strace does not show page faults, so whether neighbours have merged (equal anon_vmas or
 * not) is a guess; where the number or the borders of mappings decide, so is the answer.
 */
static bool may_be_faults(const struct vma_replay *r, const struct vma_step *s)
{
	enum vma_why why = s->result->why;
	int err = s->recorded_err;

	if (r->sum.has_touches)
		return false;
	return why == VMA_WHY_MAP_COUNT || why == VMA_WHY_MAP_COUNT_EAGAIN ||
	       why == VMA_WHY_CROSSES_VMA || err == ENOMEM || err == EFAULT || err == EAGAIN;
}

static void note_first(struct vma_replay *r, const struct vma_step *s)
{
	struct vma_replay_summary *sum = &r->sum;
	char text[256];
	size_t len = s->text_len < sizeof(text) - 1 ? s->text_len : sizeof(text) - 1;

	sum->disagreed++;
	sum->uncertain += may_be_faults(r, s);
	if (sum->first.n)
		return;
	sum->first = *s;
	memcpy(text, s->text, len);
	text[len] = '\0';
	vma_escape_terminal(text, sum->first_call, sizeof(sum->first_call));
	step_result_text(sum->first_recorded, sizeof(sum->first_recorded), s->recorded, s->recorded_err,
		    s->recorded_sig);
	step_result_text(sum->first_model, sizeof(sum->first_model), s->result->ret, s->result->err,
		    s->result->sig);
	if (s->result->why != VMA_WHY_NONE)
		sum->first_why = vma_why_at(s->result->why)->text;
	/* what the step points at does not outlive the call */
	sum->first.name = sum->first.text = "";
	sum->first.name_len = sum->first.text_len = 0;
	sum->first.call = NULL;
	sum->first.result = NULL;
	sum->first.events = NULL;
	sum->first.nr_events = 0;
	sum->first.mm = NULL;
}

static void count(struct vma_replay *r, const struct vma_step *s)
{
	r->sum.modelled++;
	if (!s->has_recorded)
		return;
	if (s->agree)
		r->sum.agreed++;
	else if (s->follow == VMA_FOLLOW_LEARNED)
		r->sum.learned++;
	else
		note_first(r, s);
}

/* ---------------------------------------------------------------- running */

static void disagreed(struct vma_replay *r, struct task *t, const struct line *l,
		      struct vma_step *s)
{
	u32 mm = r->mm->id;

	if (follow_random(r, l))
		s->follow = VMA_FOLLOW_LEARNED;
	else
		s->follow = r->opts.strict ? VMA_FOLLOW_KEPT : follow(r, t, l);
	s->agree = agrees(l, s->op, &r->res);
	r->mm = vma_mm_by_id(r->world, mm); /* going back to a snapshot moves it */
}

static void run_bound(struct vma_replay *r, struct task *t, const struct line *l,
		      struct vma_step *s)
{
	if (t->early) {
		r->call = t->call;
		r->res = t->res;
	} else {
		struct mm_info *info = mm_info(&r->tasks, r->mm->id);

		if (l->err || l->sig)
			follow_snapshot(r);
		if (info && info->image)
			exec_anchor(r, r->mm, info, &r->call, l);
		run(r, r->mm, &r->call, &r->res);
	}
	r->child_mm = r->res.mm;
	s->op = r->call.op;
	s->agree = agrees(l, s->op, &r->res);
	if (!s->agree)
		disagreed(r, t, l, s);
	if (r->snapshot)
		follow_forget(r);
	count(r, s);
}

static void finish(struct vma_replay *r, const struct line *l, struct vma_step *s)
{
	s->mm = r->mm && !r->mm->dead ? r->mm : NULL;
	s->events = r->events;
	s->nr_events = r->nr_events;
	blame_call(r, l, s->mm);
	if (r->check)
		check_call(r, l, s);
	if (r->opts.step && r->opts.step(r->opts.ctx, s))
		r->stop = true;
	if (r->opts.limit && r->n >= r->opts.limit)
		r->stop = true;
}

static void do_call(struct vma_replay *r, struct task *t, const struct line *l, enum bound bound)
{
	struct vma_step s = {
		.n = r->n, .line = r->nr_line, .began = t->began ? t->began : r->nr_line,
		.pid = t->pid, .op = VMA_OP_NONE,
		.name = l->name, .name_len = l->name_len,
		.text = l->text, .text_len = l->text_len,
		.call = &r->call, .result = &r->res, .agree = true,
		.has_recorded = l->has_ret, .recorded = l->ret,
		.recorded_err = l->err, .recorded_sig = l->sig,
		.follow = VMA_FOLLOW_MODEL, .mm = NULL, .events = NULL, .nr_events = 0,
	};

	if (bound == BOUND_BAD)
		replay_complain(r, (u32)(l->arg[r->bad_arg].s - l->text) + 1,
				"an argument that is not a number or a known word", l->text,
				l->text_len);
	if (bound == BOUND_CALL && r->mm && !r->mm->dead)
		run_bound(r, t, l, &s);
	else
		r->res = (struct vma_result){ .ret = l->ret, .err = l->err, .sig = l->sig };
	if (r->row && r->row->after && l->has_ret && !l->err && !l->sig)
		r->row->after(r, t, l);
	if (r->descs.nr_closed_uffd)
		run_closed_uffds(r);
	finish(r, l, &s);
}

void replay_call(struct vma_replay *r, struct task *t, const struct line *l)
{
	r->n++;
	r->nr_events = 0;
	do_call(r, t, l, bind(r, t, l));
}

/* ---------------------------------------------------------------- ahead of its result */

/*
 * Runs the begun call of a task now. For a fork the child's pid is known (t->child): it is made,
 * as if the call had returned.
 */
bool replay_run_early(struct vma_replay *r, struct task *t)
{
	struct line l;

	if (t->early || line_lex(r->words, t->text.s, t->text.len, &l) != LINE_UNFINISHED)
		return false;
	if (t->child) {
		l.has_ret = true;
		l.ret = t->child;
	}
	if (bind(r, t, &l) != BOUND_CALL) {
		if (!t->child || !r->row)
			return false;
		r->res = (struct vma_result){ .ret = l.ret };
	} else if (!r->mm || r->mm->dead) {
		return false;
	} else {
		replay_run(r, r->mm, &r->call, &r->res);
		if (t->child && r->res.err)
			follow(r, t, &l);
		else
			r->child_mm = r->res.mm;
	}
	if (t->child && r->row->after)
		r->row->after(r, t, &l);
	t->call = r->call;
	t->call.iov = NULL; /* the next call's may come to lie there */
	t->call.nr_iov = 0;
	t->res = r->res;
	t->early = true;
	return true;
}
