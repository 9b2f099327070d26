/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_TASK_H
#define SCRIPT_TASK_H
/* The tasks (threads) of a log by pid, and the address spaces they share. */
#include "base/strbuf.h"
#include "libvmactl/engine.h"
#include "libvmactl/script.h"
#include "script/desc.h"

/*
 * @mm:      id of its address space, 0 when it has exited
 * @pending: its call was <unfinished ...>; @text holds the line so far
 * @early:   the pending call was already run, because a call of another task showed its effect;
 *           then @call and @res say what came out
 * @began:   the line where the pending call began
 */
struct task {
	u32 pid, tgid;
	u32 mm;
	struct fdtab *fds;
	bool pending, early;
	u64 began;
	u32 child;                 /* of an early fork: the child's pid */
	struct task *next_pending; /* in the order the calls began */
	struct strbuf text;
	size_t cut;                /* where the text goes on */
	struct vma_call call;
	struct vma_result res;
};

struct exec_image;

/* Beside each mm of the world. */
struct mm_info {
	u32 users;
	bool known;  /* from a TARGET; else it is learned from the results */
	bool based;  /* mmap_base is known or was learned */
	bool heap;   /* so is the heap */
	struct exec_image *image; /* of an execve whose program could be read; owned */
	u32 process; /* index + 1 into the summary's processes */
	u32 seen_count; /* map_count after its last call */
	u64 crossed_n;  /* the last call that took it over half of the limit */
	u64 since_sample;
};

struct tasks {
	struct task **all; /* pointers: a task does not move */
	u32 nr, cap;
	u32 *slot;         /* pid hash: index + 1 */
	u32 nr_slots;
	struct task *last; /* of the line before: nearly always the right one */
	struct task *first_pending;
	struct mm_info *mms;
	u32 cap_mms;
};

void tasks_fini(struct tasks *t, struct descs *d);
struct task *task_find(struct tasks *t, u32 pid);
/* A new task; takes over @fds. NULL: no memory. */
struct task *task_new(struct tasks *t, u32 pid, u32 tgid, u32 mm, struct fdtab *fds);
/* The root task gets the number that the log shows later. */
void task_rename(struct tasks *t, struct task *task, u32 pid);
/* A pid may come again: the dead task makes room. */
void task_forget(struct tasks *t, struct task *task);

/* The list of tasks with an unfinished call, oldest first. */
void task_set_pending(struct tasks *t, struct task *task);
void task_clear_pending(struct tasks *t, struct task *task);

struct mm_info *mm_info_new(struct tasks *t, u32 id);

/* The record beside mm @id, made when new; NULL: no memory. */
static inline struct mm_info *mm_info(struct tasks *t, u32 id)
{
	return id < t->cap_mms ? &t->mms[id] : mm_info_new(t, id);
}

#endif
