/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that somebody else thought of, on a stage of their own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "verify/compare.h"
#include "verify/episode.h"

#define HEAP_ROOM (1ULL << 20) /* addresses that are meant to lie in the heap */
#define RLIMIT_DATA_NR 2
#define RLIMIT_AS_NR 9

/* What the random profiles say in a table is fixed here. */
static const struct profile given = { .pub = { "given", "" }, .max_puppets = 1 };
static const struct profile given_no_caps = {
	.pub = { "given", "" }, .max_puppets = 1, .no_caps = true,
};

static bool is_uffd(enum vma_op_id op)
{
	return op >= VMA_OP_UFFD_API && op <= VMA_OP_UFFD_CLOSE;
}

static bool uses_uffd(const struct vma_verify_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		if (is_uffd(list->calls[i].call.op))
			return true;
	return false;
}

/* ---------------------------------------------------------------- a call as a step */

static bool is_alike(const struct vma_live_file *f, const struct vma_file *wanted)
{
	const struct vma_file *have = &f->init;
	const bool memfd = f->seals >= 0;

	/* An ordinary file may lie on tmpfs here, and how long it is the caller may not know. */
	if (wanted->kind == VMA_KIND_REGULAR ? memfd || have->kind == VMA_KIND_ZERO :
	    have->kind != wanted->kind || (wanted->kind == VMA_KIND_SHMEM && !memfd))
		return false;
	return have->readable == wanted->readable && have->writable == wanted->writable &&
	       have->seal_write == wanted->seal_write &&
	       have->seal_future_write == wanted->seal_future_write &&
	       have->no_mmap == wanted->no_mmap && (!memfd || have->size >= wanted->size);
}

/* The test file or segment that takes the place of the one that is meant; false: there is none. */
static bool set_file(const struct vma_live_files *files, const struct vma_verify_call *c,
		     struct step *step)
{
	if (c->call.file == VMA_FILE_BAD) {
		step->file = STEP_BAD_FILE;
		return true;
	}
	for (size_t i = 0; c->is_like.kind == VMA_KIND_SYSV && i < files->nr_segments; i++) {
		if (files->segment[i].init.size < c->is_like.size)
			continue;
		step->file = (u8)(STEP_SEGMENT + i);
		step->arg[0] = (u64)files->segment[i].id;
		return true;
	}
	for (size_t i = 0; i < files->nr; i++) {
		if (!is_alike(&files->file[i], &c->is_like))
			continue;
		step->file = (u8)(i + 1);
		return true;
	}
	return false;
}

/* Contexts are numbered as they appear. */
static bool set_uffd(u64 seen[STAGE_NR_UFFD], struct step *step)
{
	for (size_t i = 0; i < STAGE_NR_UFFD; i++) {
		if (seen[i] && seen[i] != step->arg[0])
			continue;
		seen[i] = step->arg[0];
		step->arg[0] = STAGE_UFFD + i;
		return true;
	}
	return false;
}

static void move_addresses(u64 heap, struct step *step)
{
	for (unsigned int i = 0; heap && i < VMA_OP_ARGS; i++) {
		if (!vma_step_is_addr(step->op, i) || step->arg[i] < heap ||
		    step->arg[i] - heap >= HEAP_ROOM)
			continue;
		step->arg[i] -= heap;
		step->ref[i].kind = REF_BRK;
	}
}

static void raise_limit(const struct stage *st, struct step *step)
{
	const struct vma_mm *mm = vma_stage_mm(st, 0);
	const u64 pages = step->arg[0] == RLIMIT_AS_NR ? mm->total_vm :
			  step->arg[0] == RLIMIT_DATA_NR ? mm->data_vm : 0;

	for (int i = 1; i <= 2; i++)
		if (step->arg[i] != VMA_RLIM_INFINITY)
			step->arg[i] += pages * VMA_PAGE_SIZE;
}

/* NULL, or why it cannot be done here. */
static const char *make_step(const struct stage *st, const struct vma_verify_list *list,
			     const struct vma_verify_call *c, u64 uffds[STAGE_NR_UFFD],
			     struct step *step)
{
	*step = (struct step){ .op = c->call.op, .name = c->call.name };
	memcpy(step->arg, c->call.arg, sizeof(step->arg));
	if (step->op == VMA_OP_FORK || step->op == VMA_OP_EXIT || c->call.target_mm)
		return "takes more than one process";
	if (is_uffd(step->op) && st->no_uffd)
		return "userfaultfd is not permitted here";
	if (is_uffd(step->op) && !set_uffd(uffds, step))
		return "takes more userfaultfds than there are";
	if (c->call.file && !set_file(st->files, c, step))
		return "takes a file of a kind that the tests do not have";
	if (step->op == VMA_OP_SETRLIMIT)
		raise_limit(st, step);
	move_addresses(list->heap, step);
	return NULL;
}

/* ---------------------------------------------------------------- a list */

static void unable(struct vma_verify_answer *a, const char *why)
{
	a->verdict = VMA_VERIFY_UNABLE;
	snprintf(a->why, sizeof(a->why), "%s", why);
}

static int run_steps(struct stage *st, const struct vma_verify_list *list,
		     struct difference *diff, struct vma_verify_answer *a, struct vma_err *err)
{
	u64 uffds[STAGE_NR_UFFD] = { 0 };
	int rc = vma_stage_compare(st, 0, diff, err);

	for (size_t i = 0; !rc && !diff->what && i < list->nr; i++) {
		struct step step;
		const char *why = make_step(st, list, &list->calls[i], uffds, &step);

		if (!why) {
			rc = vma_stage_run(st, &step, diff, err);
			if (rc != -ESTALE)
				continue;
			why = "aimed at what the test process needs";
		}
		unable(a, why);
		return 0;
	}
	return rc;
}

static int run_list(const struct stage_opts *opts, const struct vma_verify_list *list,
		    struct vma_verify_answer *a, struct vma_err *err)
{
	struct difference diff = { 0 };
	struct stage st;
	char title[80];
	int rc;

	strbuf_init(&diff.detail);
	rc = vma_stage_open(&st, opts, err);
	if (!rc)
		rc = run_steps(&st, list, &diff, a, err);
	if (!rc && diff.what) {
		a->verdict = VMA_VERIFY_DIVERGES;
		snprintf(title, sizeof(title), "(%s)", list->name);
		rc = vma_episode_report(&st, &diff, title, &a->finding, err);
		a->finding.profile = list->name;
		a->finding.nr_seen = 1;
	}
	vma_stage_close(&st);
	strbuf_fini(&diff.detail);
	return rc;
}

static int run_lists(const struct vma_verify_opts *opts, struct stage_opts *stage,
		     const struct vma_verify_list *lists, size_t nr,
		     struct vma_verify_answer *answers, struct vma_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < nr; i++) {
		if (opts->stop && *opts->stop)
			return vma_fail(err, EINTR, "stopped early");
		stage->profile = uses_uffd(&lists[i]) ? &given : &given_no_caps;
		rc = run_list(stage, &lists[i], &answers[i], err);
	}
	return rc;
}

/* ---------------------------------------------------------------- from outside */

int vma_verify_calls(const struct vma_verify_opts *opts, const struct vma_verify_list *lists,
		     size_t nr, struct vma_verify_answer **out, struct vma_err *err)
{
	struct vma_verify_answer *answers = calloc(nr + 1, sizeof(*answers));
	struct vma_live_files files;
	struct stage_opts stage = {
		.files = &files, .kernel = opts->kernel, .randomize = opts->randomize,
	};
	int rc;

	if (!answers)
		return vma_fail(err, ENOMEM, "out of memory");
	rc = vma_live_files_open(&files, opts->dir, err);
	if (!rc) {
		if (opts->bpf)
			rc = vma_bpf_compare_new(&stage.bpf, err);
		if (!rc)
			rc = run_lists(opts, &stage, lists, nr, answers, err);
		vma_bpf_compare_free(stage.bpf);
		vma_live_files_close(&files);
	}
	if (rc)
		vma_verify_answers_free(answers, nr);
	else
		*out = answers;
	return rc;
}

void vma_verify_answers_free(struct vma_verify_answer *answers, size_t nr)
{
	for (size_t i = 0; answers && i < nr; i++) {
		free(answers[i].finding.call);
		free(answers[i].finding.detail);
		free(answers[i].finding.script);
	}
	free(answers);
}
