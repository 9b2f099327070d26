/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setting the stage, and one step on it. */
#include "verify/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/read.h"
#include "verify/compare.h"
#include "verify/spare.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static const char *const what_names[WHAT_NR] = {
	[WHAT_NONE] = "nothing",   [WHAT_RESULT] = "result", [WHAT_RANGES] = "ranges",
	[WHAT_FLAGS] = "flags",    [WHAT_OFFSET] = "offset", [WHAT_FILE] = "file",
	[WHAT_NAME] = "name",      [WHAT_POLICY] = "policy", [WHAT_PAGES] = "pages",
	[WHAT_COUNTERS] = "counters",
	[WHAT_ANON] = "anon_vma",  [WHAT_PGOFF] = "pgoff",   [WHAT_LOCKS] = "locks",
};

const char *vma_what_name(enum what what)
{
	return what_names[what];
}

struct vma_mm *vma_stage_mm(const struct stage *st, unsigned int who)
{
	return who < STAGE_PUPPETS && st->mm[who] ? vma_mm_by_id(st->world, st->mm[who]) : NULL;
}

/* ---------------------------------------------------------------- opening */

static int open_proc_files(struct stage *st, unsigned int who, struct vma_err *err)
{
	struct puppet_files *p = &st->proc[who];
	static const char *const names[] = { "smaps", "status", "numa_maps" };
	int *const fds[] = { &p->smaps, &p->status, &p->numa_maps };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)vma_live_pid(st->live, who),
			 names[i]);
		*fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		/* A kernel without NUMA has no numa_maps. */
		if (*fds[i] < 0 && fds[i] != &p->numa_maps)
			return vma_fail(err, errno, "%s: cannot open: %m", path);
	}
	return 0;
}

static void close_proc_files(struct stage *st, unsigned int who)
{
	struct puppet_files *p = &st->proc[who];
	int *const fds[] = { &p->smaps, &p->status, &p->numa_maps };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* The files a call may map, as the model knows them. */
static int add_files(struct stage *st, struct vma_err *err)
{
	for (size_t i = 0; i < st->files->nr; i++) {
		const struct vma_live_file *f = &st->files->file[i];
		const struct vma_file *made;
		char link[40], path[256];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
		n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
		made = vma_file_new(st->world, &f->init, path);
		if (!made)
			return vma_fail(err, ENOMEM, "out of memory");
		st->file_id[i] = made->id;
	}
	for (size_t i = 0; i < st->files->nr_segments; i++) {
		const struct vma_file *made = vma_file_new(st->world, &st->files->segment[i].init,
							   "/SYSV00000000 (deleted)");

		if (!made)
			return vma_fail(err, ENOMEM, "out of memory");
		st->segment_id[i] = made->id;
	}
	return 0;
}

static int rebuild(struct stage *st, const char *kernel, struct vma_err *err)
{
	const struct vma_open_opts opts = {
		.kernel = kernel, .levels = VMA_READ_DEFAULT | VMA_READ_PAGES,
	};
	const struct vma *stack;
	char target[16];
	int rc;

	snprintf(target, sizeof(target), "%d", (int)vma_live_pid(st->live, 0));
	rc = vma_open(target, &opts, &st->model, err);
	if (rc)
		return rc;
	st->world = st->model->world;
	st->first_pid = (u64)vma_live_pid(st->live, 0);
	st->mm[0] = st->model->mm->id;
	st->brk0 = st->model->mm->start_brk;
	stack = vma_lookup(st->model->mm, st->model->mm->start_stack);
	st->stack_end = stack ? stack->vm_end : 0;
	return add_files(st, err);
}

/* userfaultfds and a pidfd of itself, at the numbers that scripts and exec.c use. */
static int open_special_fds(struct stage *st, struct vma_err *err)
{
	const u64 make[][6] = { { 02004000 /* O_NONBLOCK | O_CLOEXEC */ }, { 02004000 },
				{ (u64)vma_live_pid(st->live, 0) } };
	static const u64 nr[] = { SYS_userfaultfd, SYS_userfaultfd, SYS_pidfd_open };
	struct vma_live_reply r;
	int rc = 0;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(nr); i++) {
		rc = vma_live_call(st->live, 0, nr[i], make[i], &r, err);
		if (!rc && r.ret >= 0) {
			const u64 fd = (u64)r.ret;
			const u64 move[6] = { fd, STAGE_UFFD + i };
			const u64 shut[6] = { fd };

			rc = vma_live_call(st->live, 0, SYS_dup2, move, &r, err);
			if (!rc)
				rc = vma_live_call(st->live, 0, SYS_close, shut, &r, err);
		} else if (!rc && nr[i] == SYS_userfaultfd) {
			st->no_uffd = true;
		}
	}
	return rc;
}

#define FILL_MOST 200000 /* reading more takes too long */
#define FILL_OWN 16      /* what a puppet has at the start, about */

/* The calls that vma_live_fill() makes. */
static int predict_fill(struct stage *st, struct vma_err *err)
{
	struct vma_call call = {
		.op = VMA_OP_MMAP,
		.arg = { STAGE_FILL, st->nr_filled * VMA_PAGE_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, (u64)-1 },
	};
	struct vma_result res = { 0 };
	int rc = vma_op_run(vma_stage_mm(st, 0), &call, &res);

	call = (struct vma_call){ .op = VMA_OP_MPROTECT,
				  .arg = { 0, VMA_PAGE_SIZE, PROT_READ } };
	for (u64 i = 1; !rc && !res.err && i < st->nr_filled; i += 2) {
		call.arg[0] = STAGE_FILL + i * VMA_PAGE_SIZE;
		rc = vma_op_run(vma_stage_mm(st, 0), &call, &res);
	}
	return rc || res.err ? vma_fail(err, rc ? -rc : res.err, "cannot fill the model") : 0;
}

/* As many mappings that those still possible can be counted on one's fingers. */
static int fill(struct stage *st, struct vma_err *err)
{
	AUTO(undo_close) int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
	char text[24] = "";
	u64 most;
	int rc;

	if (!st->profile->slots)
		return 0;
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return vma_fail(err, errno, "vm.max_map_count: cannot read: %m");
	most = strtoull(text, NULL, 10);
	if (most > FILL_MOST || most < 200)
		return vma_fail(err, ENOTSUP, "vm.max_map_count is %" PRIu64
				": profile %s takes from 200 to %d", most, st->profile->pub.name,
				FILL_MOST);
	st->nr_filled = most - st->profile->slots - FILL_OWN;
	rc = vma_live_fill(st->live, 0, STAGE_FILL, st->nr_filled, err);
	return rc ? rc : predict_fill(st, err);
}

/* How often huge pages were put together on this machine, by khugepaged or when asked to; 0 where
 * that is not counted. */
static u64 count_collapses(void)
{
	AUTO(undo_fclose) FILE *f = fopen("/proc/vmstat", "re");
	char line[80];
	u64 nr = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "thp_collapse_alloc %" SCNu64, &nr) == 1)
			break;
	return nr;
}

bool vma_stage_was_collapsed(struct stage *st)
{
	const u64 before = st->nr_collapses;

	st->nr_collapses = count_collapses();
	return st->nr_collapses != before;
}

int vma_stage_open(struct stage *st, const struct stage_opts *opts, struct vma_err *err)
{
	const struct vma_live_opts live = {
		.randomize = opts->randomize, .no_caps = opts->profile->no_caps,
		.bottom_up = opts->profile->old_layout,
		.read_implies_exec = opts->profile->old_layout,
		.unlimited_stack = opts->profile->unlimited_stack,
	};
	int rc;

	*st = (struct stage){ .profile = opts->profile, .files = opts->files,
			      .bpf = opts->bpf, .locks = opts->bpf && !opts->kernel };
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		st->proc[i] = (struct puppet_files){ -1, -1, -1 };
	rc = vma_live_files_renew(opts->files, err);
	if (!rc)
		rc = vma_live_start(opts->files, &live, &st->live, err);
	if (!rc)
		rc = open_special_fds(st, err);
	if (!rc)
		rc = open_proc_files(st, 0, err);
	if (!rc)
		rc = rebuild(st, opts->kernel, err);
	if (!rc) /* not before: it would look like the first mapping that exec made */
		rc = fill(st, err);
	if (!rc && st->locks && !st->nr_filled)
		rc = vma_learn_bpf(st, err);
	st->nr_collapses = count_collapses();
	if (rc)
		vma_stage_close(st);
	else
		vma_compare_init(st);
	return rc;
}

void vma_stage_close(struct stage *st)
{
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		close_proc_files(st, i);
	vma_model_free(st->model);
	vma_live_free(st->live);
	vma_steps_fini(&st->done);
	free(st->outcomes);
	free(st->idents);
	free(st->text);
	*st = (struct stage){ 0 };
}

/* ---------------------------------------------------------------- a step */

void vma_stage_resolve(const struct stage *st, const struct step *step, u64 *arg)
{
	for (unsigned int i = 0; i < VMA_OP_ARGS; i++) {
		const struct ref *r = &step->ref[i];

		arg[i] = step->arg[i];
		if (r->kind == REF_BRK)
			arg[i] += st->brk0;
		else if (r->kind == REF_STACK)
			arg[i] += st->stack_end;
		else if (r->kind == REF_RESULT && r->step < st->done.nr)
			arg[i] += (u64)st->outcomes[r->step].ret;
	}
}

static int keep(struct stage *st, const struct step *step, const struct outcome *out,
		struct vma_err *err)
{
	if (st->done.nr == st->cap_outcomes) {
		size_t cap = st->cap_outcomes ? 2 * st->cap_outcomes : 64;
		struct outcome *v = realloc(st->outcomes, cap * sizeof(*v));

		if (!v)
			return vma_fail(err, ENOMEM, "out of memory");
		st->outcomes = v;
		st->cap_outcomes = cap;
	}
	st->outcomes[st->done.nr] = *out;
	vma_steps_add(&st->done, step);
	return st->done.failed ? vma_fail(err, ENOMEM, "out of memory") : 0;
}

static int predict(struct stage *st, const struct step *step, const u64 *arg,
		   struct vma_result *res, struct vma_err *err)
{
	const struct vma_iovec second = { arg[4], arg[5] };
	struct vma_call call = { .op = step->op, .name = step->name };
	int rc;

	memcpy(call.arg, arg, sizeof(call.arg));
	if (step->second) {
		call.iov = &second;
		call.nr_iov = 1;
	}
	if (step->file == STEP_BAD_FILE)
		call.file = VMA_FILE_BAD;
	else if (step->file >= STEP_SEGMENT)
		call.file = st->segment_id[step->file - STEP_SEGMENT];
	else if (step->file != STEP_NO_FILE)
		call.file = st->file_id[step->file - 1];
	rc = vma_op_run(vma_stage_mm(st, step->who), &call, res);
	if (rc == -EINVAL)
		return vma_fail(err, EINVAL, "%s cannot be simulated", vma_op_at(step->op)->name);
	return rc ? vma_fail(err, -rc, "out of memory") : 0;
}

static struct outcome outcome_of(const struct vma_result *res)
{
	struct outcome out = {
		.ret = res->err || res->sig ? -1 : res->ret,
		.err = res->sig ? 0 : res->err,
	};

	if (res->sig) {
		out.sig = res->sig;
		out.si_code = res->si_code;
		out.at = res->at;
		out.pages = res->pages;
	}
	return out;
}

static void compare_outcomes(const struct step *step, const struct vma_result *res,
			     const struct outcome *kernel, struct difference *diff)
{
	struct outcome ours = outcome_of(res);

	if (step->op == VMA_OP_EXIT || (step->op == VMA_OP_FORK && ours.ret >= 0 && kernel->ret >= 0))
		return;
	if (ours.ret == kernel->ret && ours.err == kernel->err && ours.sig == kernel->sig &&
	    (!ours.sig || (ours.si_code == kernel->si_code && ours.at == kernel->at &&
			   ours.pages == kernel->pages)))
		return;
	diff->what = WHAT_RESULT;
	diff->predicted = ours.sig ? -ours.sig : ours.err;
	diff->kernel = kernel->sig ? -kernel->sig : kernel->err;
	strbuf_adds(&diff->detail, "predicted");
	vma_outcome_text(&diff->detail, step, &ours);
	if (ours.sig)
		strbuf_addf(&diff->detail, " at %#" PRIx64 " after %" PRIu64 " pages", ours.at,
			    ours.pages);
	if (res->why)
		strbuf_addf(&diff->detail, ", because %s (%s)", vma_why_at(res->why)->text,
			    vma_why_at(res->why)->rule);
	strbuf_adds(&diff->detail, "\nkernel   ");
	vma_outcome_text(&diff->detail, step, kernel);
	if (kernel->sig)
		strbuf_addf(&diff->detail, " at %#" PRIx64 " after %" PRIu64 " pages", kernel->at,
			    kernel->pages);
	strbuf_addc(&diff->detail, '\n');
}

#define SEGMENT_MOST (64 * VMA_PAGE_SIZE) /* no live segment is larger */

/* A fork has the userfaultfds open too, but they stay their maker's; and who else has one open keeps
 * it from being released. */
static bool owns_uffds(const struct stage *st, const struct step *step)
{
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		if (st->mm[i] && i != step->who && step->op == VMA_OP_UFFD_CLOSE)
			return false;
	return vma_stage_mm(st, step->who) == st->model->mm;
}

/* Calls left out while shrinking may have made this one senseless, or aim it at the puppet. */
static bool is_senseless(const struct stage *st, const struct step *step, const u64 *arg)
{
	if (!vma_stage_mm(st, step->who) || !vma_live_pid(st->live, step->who))
		return true;
	if (step->op == VMA_OP_FORK)
		return step->child >= STAGE_PUPPETS || st->mm[step->child];
	if (vma_spare_kernel(vma_stage_mm(st, step->who), step, arg))
		return true;
	if (vma_step_is_addr(step->op, 0) && step->op != VMA_OP_BRK &&
	    vma_live_is_ours(st->live, arg[0], arg[0] + arg[1]))
		return true;
	if (step->second && vma_live_is_ours(st->live, arg[4], arg[4] + arg[5]))
		return true;
	if (step->op == VMA_OP_SHMAT && vma_live_is_ours(st->live, arg[1], arg[1] + SEGMENT_MOST))
		return true;
	if (step->op >= VMA_OP_UFFD_API && step->op <= VMA_OP_UFFD_CLOSE && !owns_uffds(st, step))
		return true;
	if (step->op == VMA_OP_UFFD_REGISTER || step->op == VMA_OP_UFFD_UNREGISTER)
		return vma_live_is_ours(st->live, arg[1], arg[1] + arg[2]);
	return step->op == VMA_OP_MREMAP && vma_live_is_ours(st->live, arg[4], arg[4] + arg[2]);
}

static int after_fork(struct stage *st, const struct step *step, const struct vma_result *res,
		      const struct outcome *out, struct difference *diff, struct vma_err *err)
{
	struct vma_mm *child = vma_mm_by_id(st->world, res->mm);
	int rc;

	if (out->ret < 0)
		return 0;
	if (!child)
		return vma_fail(err, EINVAL, "the simulated fork made no address space");
	child->pid = (u32)out->ret;
	st->mm[step->child] = child->id;
	rc = open_proc_files(st, step->child, err);
	return rc ? rc : vma_stage_compare(st, step->child, diff, err);
}

int vma_stage_run(struct stage *st, const struct step *step, struct difference *diff,
		  struct vma_err *err)
{
	struct vma_result res = { 0 };
	struct outcome out = { 0 };
	u64 arg[VMA_OP_ARGS];
	bool is_advice;
	int rc;

	diff->what = WHAT_NONE;
	diff->predicted = diff->kernel = 0;
	vma_stage_resolve(st, step, arg);
	if (is_senseless(st, step, arg))
		return -ESTALE;
	rc = predict(st, step, arg, &res, err);
	if (!rc)
		rc = vma_stage_do(st, step, arg, &out, err);
	if (!rc)
		rc = keep(st, step, &out, err);
	if (!rc)
		rc = vma_pages_after(st, step, arg, err);
	if (rc)
		return rc;
	if (step->op == VMA_OP_MBIND || step->op == VMA_OP_SET_MEMPOLICY)
		st->policies = true;
	is_advice = step->op == VMA_OP_MADVISE || step->op == VMA_OP_PROCESS_MADVISE;
	if (is_advice && arg[2] == MADV_COLLAPSE)
		st->nr_collapses = count_collapses();
	if (step->op == VMA_OP_SET_MEMPOLICY)
		st->task_policy = true;
	compare_outcomes(step, &res, &out, diff);
	if (diff->what)
		return 0;
	if (step->op == VMA_OP_EXIT) {
		close_proc_files(st, step->who);
		st->mm[step->who] = 0;
		return st->bpf ? vma_compare_bpf(st, diff, err) : 0;
	}
	rc = vma_stage_compare(st, step->who, diff, err);
	if (!rc && !diff->what && step->op == VMA_OP_FORK)
		rc = after_fork(st, step, &res, &out, diff, err);
	return rc;
}
