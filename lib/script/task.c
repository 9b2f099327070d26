// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/task.h"

#include <stdlib.h>
#include <string.h>

static u32 slot_of(const struct tasks *t, u32 pid)
{
	return (pid * 2654435761U) & (t->nr_slots - 1);
}

static void insert(struct tasks *t, u32 pid, u32 index)
{
	u32 i = slot_of(t, pid);

	while (t->slot[i])
		i = (i + 1) & (t->nr_slots - 1);
	t->slot[i] = index + 1;
}

/* All pids anew; with twice the slots when they are getting full. */
static bool rehash(struct tasks *t)
{
	u32 nr = t->nr_slots ? t->nr_slots : 64;
	u32 *slot;

	while (nr < 4 * (t->nr + 1))
		nr *= 2;
	slot = calloc(nr, sizeof(*slot));
	if (!slot)
		return false;
	free(t->slot);
	t->slot = slot;
	t->nr_slots = nr;
	for (u32 i = 0; i < t->nr; i++)
		insert(t, t->all[i]->pid, i);
	return true;
}

static u32 index_of(const struct tasks *t, const struct task *task)
{
	u32 i = slot_of(t, task->pid);

	while (t->all[t->slot[i] - 1] != task)
		i = (i + 1) & (t->nr_slots - 1);
	return t->slot[i] - 1;
}

struct task *task_find(struct tasks *t, u32 pid)
{
	if (t->last && t->last->pid == pid)
		return t->last;
	if (!t->nr_slots)
		return NULL;
	for (u32 i = slot_of(t, pid); t->slot[i]; i = (i + 1) & (t->nr_slots - 1)) {
		struct task *task = t->all[t->slot[i] - 1];

		if (task->pid == pid)
			return t->last = task;
	}
	return NULL;
}

struct task *task_new(struct tasks *t, u32 pid, u32 tgid, u32 mm, struct fdtab *fds)
{
	struct task *task;

	if (t->nr == t->cap) {
		u32 cap = t->cap ? 2 * t->cap : 16;
		struct task **all = reallocarray(t->all, cap, sizeof(*all));

		if (!all)
			return NULL;
		t->all = all;
		t->cap = cap;
	}
	if (4 * (t->nr + 1) > t->nr_slots && !rehash(t))
		return NULL;
	task = calloc(1, sizeof(*task));
	if (!task)
		return NULL;
	task->pid = pid;
	task->tgid = tgid;
	task->mm = mm;
	task->fds = fds;
	strbuf_init(&task->text);
	t->all[t->nr] = task;
	insert(t, pid, t->nr++);
	return t->last = task;
}

void task_rename(struct tasks *t, struct task *task, u32 pid)
{
	task->pid = task->tgid = pid;
	t->last = NULL;
	memset(t->slot, 0, t->nr_slots * sizeof(*t->slot));
	for (u32 i = 0; i < t->nr; i++)
		insert(t, t->all[i]->pid, i);
}

void task_forget(struct tasks *t, struct task *task)
{
	u32 i = index_of(t, task);

	task_clear_pending(t, task);
	strbuf_fini(&task->text);
	free(task);
	t->last = NULL;
	t->all[i] = t->all[--t->nr];
	memset(t->slot, 0, t->nr_slots * sizeof(*t->slot));
	for (u32 k = 0; k < t->nr; k++)
		insert(t, t->all[k]->pid, k);
}

void task_set_pending(struct tasks *t, struct task *task)
{
	struct task **link = &t->first_pending;

	task_clear_pending(t, task);
	while (*link)
		link = &(*link)->next_pending;
	*link = task;
	task->pending = true;
	task->early = false;
}

void task_clear_pending(struct tasks *t, struct task *task)
{
	struct task **link = &t->first_pending;

	if (!task->pending)
		return;
	while (*link != task)
		link = &(*link)->next_pending;
	*link = task->next_pending;
	task->next_pending = NULL;
	task->pending = false;
}

struct mm_info *mm_info_new(struct tasks *t, u32 id)
{
	u32 cap = t->cap_mms ? t->cap_mms : 16;
	struct mm_info *mms;

	while (cap <= id)
		cap *= 2;
	mms = reallocarray(t->mms, cap, sizeof(*mms));
	if (!mms)
		return NULL;
	memset(mms + t->cap_mms, 0, (cap - t->cap_mms) * sizeof(*mms));
	t->mms = mms;
	t->cap_mms = cap;
	return &t->mms[id];
}

void tasks_fini(struct tasks *t, struct descs *d)
{
	for (u32 i = 0; i < t->nr; i++) {
		fdtab_put(d, t->all[i]->fds);
		strbuf_fini(&t->all[i]->text);
		free(t->all[i]);
	}
	free(t->all);
	free(t->slot);
	for (u32 i = 0; i < t->cap_mms; i++)
		free(t->mms[i].image);
	free(t->mms);
}
