// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes and threads: who shares which address space and which descriptors. */
#include <errno.h>
#include <sched.h>

#include "script/bind.h"

struct mm_info *mm_info_of(struct vma_replay *r, const struct vma_mm *mm)
{
	struct mm_info *info = mm_info(&r->tasks, mm->id);

	if (!info)
		r->oom = true;
	return info;
}

static void run_exit(struct vma_replay *r, u32 id)
{
	struct vma_mm *mm = vma_mm_by_id(r->world, id);
	struct vma_call call = { .op = VMA_OP_EXIT };
	struct vma_result res;

	if (!mm || mm->dead)
		return;
	if (r->opts.leave)
		r->opts.leave(r->opts.ctx, mm);
	replay_run(r, mm, &call, &res);
}

/* The task leaves its address space; the last one takes it along. */
static void leave_mm(struct vma_replay *r, struct task *t)
{
	struct mm_info *info = t->mm ? mm_info(&r->tasks, t->mm) : NULL;
	u32 id = t->mm;

	t->mm = 0;
	if (info && info->users && !--info->users)
		run_exit(r, id);
}

void task_exited(struct vma_replay *r, struct task *t)
{
	leave_mm(r, t);
	fdtab_put(&r->descs, t->fds);
	t->fds = NULL;
	run_closed_uffds(r);
	if (t != r->root) {
		task_forget(&r->tasks, t);
		return;
	}
	task_clear_pending(&r->tasks, t);
	t->fds = fdtab_new();
	r->oom |= !t->fds;
}

/* ---------------------------------------------------------------- fork, clone */

/* The flags of fork, vfork, clone(flags=...), clone3({flags=...}, ...). */
static u64 clone_flags(const struct vma_replay *r, const struct line *l)
{
	u64 flags = 0;

	if (l->name_len == 5 && l->name[0] == 'v')
		return CLONE_VM | CLONE_VFORK;
	if (l->name_len == 4)
		return 0;
	if (arg_field(r, l, 0, "flags", &flags))
		return flags;
	for (u32 i = 0; i < l->nr_args; i++)
		if (l->arg[i].name_len == 5 && !memcmp(l->arg[i].name, "flags", 5))
			return arg_or_zero(l, i);
	return l->nr_args && !l->arg[0].name ? arg_or_zero(l, 0) : 0;
}

enum bound bind_fork(struct vma_replay *r, struct task *t, const struct line *l)
{
	(void)t;
	/* what refuses processes (RLIMIT_NPROC, cgroups) is not modelled; memory is */
	if (clone_flags(r, l) & CLONE_VM || (l->err && l->err != ENOMEM))
		return BOUND_NONE;
	r->call.op = VMA_OP_FORK;
	r->call.arg[0] = l->has_ret && l->ret > 0 ? (u64)l->ret : 0;
	return BOUND_CALL;
}

static struct fdtab *child_fds(struct vma_replay *r, struct task *t, u64 flags)
{
	if (flags & CLONE_FILES) {
		t->fds->refs++;
		return t->fds;
	}
	return fdtab_copy(&r->descs, t->fds);
}

static u32 child_mm(struct vma_replay *r, const struct task *t, u64 flags)
{
	const struct mm_info *parent;
	struct mm_info *info;

	if (flags & CLONE_VM)
		return t->mm;
	if (!r->child_mm)
		return 0;
	info = mm_info(&r->tasks, r->child_mm);
	parent = mm_info(&r->tasks, t->mm);
	if (!info || !parent) {
		r->oom = true;
		return 0;
	}
	info->known = parent->known;
	info->based = parent->based;
	info->heap = parent->heap;
	info->seen_count = vma_mm_by_id(r->world, r->child_mm)->map_count;
	return r->child_mm;
}

void after_fork(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 flags = clone_flags(r, l);
	u32 pid = (u32)l->ret, mm;
	struct task *old, *child;
	struct fdtab *fds;

	if (!l->has_ret || l->ret <= 0 || (t->early && t->child == pid))
		return;
	old = task_find(&r->tasks, pid);
	if (old == t || old == r->root)
		return;
	if (old)
		task_exited(r, old);
	fds = child_fds(r, t, flags);
	mm = child_mm(r, t, flags);
	child = fds ? task_new(&r->tasks, pid, flags & CLONE_THREAD ? t->tgid : pid, mm, fds) : NULL;
	if (!child) {
		r->oom = true;
		return;
	}
	if (mm)
		mm_info(&r->tasks, mm)->users++;
}

void after_unshare(struct vma_replay *r, struct task *t, const struct line *l)
{
	struct fdtab *fds;

	if (l->name[0] == 'u' && !(arg_or_zero(l, 0) & CLONE_FILES))
		return;
	if (t->fds->refs < 2)
		return;
	fds = fdtab_copy(&r->descs, t->fds);
	if (!fds) {
		r->oom = true;
		return;
	}
	fdtab_put(&r->descs, t->fds);
	t->fds = fds;
}

/* ---------------------------------------------------------------- exit, exec */

static void leave_group(struct vma_replay *r, const struct task *t, const struct task *but)
{
	for (u32 i = 0; i < r->tasks.nr; i++) {
		struct task *other = r->tasks.all[i];

		if (other != but && other->tgid == t->tgid)
			leave_mm(r, other);
	}
}

/* exit ends a thread, exit_group all threads of the process. */
enum bound bind_exit(struct vma_replay *r, struct task *t, const struct line *l)
{
	if (l->name_len == 4)
		leave_mm(r, t);
	else
		leave_group(r, t, NULL);
	r->mm = NULL;
	return BOUND_NONE;
}

/* What survives an execve in mm_struct. */
static void inherit(struct vma_mm *mm, const struct vma_mm *old)
{
	memcpy(mm->rlimit, old->rlimit, sizeof(mm->rlimit));
	mm->caps = old->caps;
	mm->uid = old->uid;
	mm->personality = old->personality;
	mm->legacy_layout = old->legacy_layout;
	mm->randomize = old->randomize;
	mm->thp_disable = old->thp_disable;
	mm->task_size = old->task_size;
}

/* A new program: everything mapped is gone. What the new one maps is exec.c's matter. */
void after_execve(struct vma_replay *r, struct task *t, const struct line *l)
{
	struct vma_mm *mm, *old = vma_mm_by_id(r->world, t->mm);
	struct mm_info *info;

	mm = vma_mm_new(r->world, t->tgid);
	info = mm ? mm_info_of(r, mm) : NULL;
	if (!info) {
		r->oom = true;
		return;
	}
	if (old)
		inherit(mm, old);
	leave_group(r, t, NULL);
	t->mm = mm->id;
	t->tgid = t->pid;
	info->users = 1;
	after_unshare(r, t, &(struct line){ .name = "execve" });
	fdtab_exec(&r->descs, t->fds);
	exec_begin(r, t, l);
}

/* ---------------------------------------------------------------- whose line is it */

static bool is_fork(const struct vma_replay *r, const struct line *l)
{
	const struct syscall *row = syscall_find(r->words, l);

	return row && row->bind == bind_fork;
}

/* A process shows itself before the call that made it returns. */
static struct task *child_of_pending(struct vma_replay *r, u32 pid)
{
	for (struct task *t = r->tasks.first_pending; t; t = t->next_pending) {
		struct line l;

		if (t->early || line_lex(r->words, t->text.s, t->text.len, &l) != LINE_UNFINISHED ||
		    !is_fork(r, &l))
			continue;
		t->child = pid;
		replay_run_early(r, t);
		return task_find(&r->tasks, pid);
	}
	return NULL;
}

static struct task *stranger(struct vma_replay *r, u32 pid)
{
	struct task *root = r->root;
	struct task *t = task_new(&r->tasks, pid, root->tgid, root->mm, root->fds);

	if (!t) {
		r->oom = true;
		return NULL;
	}
	root->fds->refs++;
	if (root->mm)
		mm_info(&r->tasks, root->mm)->users++;
	replay_complain(r, 1, "a process that no clone made: taken for a thread of the first one", "",
			0);
	return t;
}

struct task *task_of_pid(struct vma_replay *r, u32 pid)
{
	struct task *t = task_find(&r->tasks, pid);

	if (t)
		return t;
	t = child_of_pending(r, pid);
	if (t)
		return t;
	if ((!r->n || !r->root->pid) && r->attached != pid) {
		struct vma_mm *mm = vma_mm_by_id(r->world, r->root->mm);

		task_rename(&r->tasks, r->root, pid);
		if (mm && !r->model)
			mm->pid = pid;
		return r->root;
	}
	return stranger(r, pid);
}
