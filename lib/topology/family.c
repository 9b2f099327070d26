// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which processes came from which: stat of every process, read once.
 *
 * fork copies the addresses that exec chose, so processes that came from one another by fork alone
 * agree in them, also when those between have ended and PPid leads elsewhere.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/topology.h"

#define PF_FORKNOEXEC 0x40

struct process {
	u32 pid, ppid;
	unsigned int flags;
	unsigned long long start, code, stack, brk, args; /* code 0 or 1: they may not be seen */
	bool taken;
};

struct list {
	struct process *p;
	size_t nr, cap;
};

static void undo_list(struct list *l)
{
	free(l->p);
}

/* Fields of stat behind the name, which may hold anything. */
static bool read_stat(int proc, const char *pid, struct process *out)
{
	char path[300], text[1024];
	const char *p;

	snprintf(path, sizeof(path), "%s/stat", pid);
	AUTO(undo_close) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	p = strrchr(text, ')');
	out->pid = (u32)strtoul(pid, NULL, 10);
	out->taken = false;
	return p && sscanf(p + 1, " %*c %u %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			   "%*d %*d %*d %llu %*u %*d %*u %llu %*u %llu %*u %*u %*u %*u %*u %*u %*u "
			   "%*u %*u %*d %*d %*u %*u %*u %*u %*d %*u %*u %llu %llu",
			   &out->ppid, &out->flags, &out->start, &out->code, &out->stack, &out->brk,
			   &out->args) == 7;
}

static bool is_seen(const struct process *p)
{
	return p->code > 1;
}

static bool is_kin(const struct process *a, const struct process *b)
{
	return is_seen(a) && a->code == b->code && a->stack == b->stack && a->brk == b->brk &&
	       a->args == b->args;
}

static int add(struct list *l, const struct process *p)
{
	if (l->nr == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct process *more = realloc(l->p, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->p = more;
		l->cap = cap;
	}
	l->p[l->nr++] = *p;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->pid < y->pid ? -1 : 1;
}

static int read_all(const char *procfs, struct list *l, struct vma_err *err)
{
	AUTO(undo_closedir) DIR *dir = opendir(procfs);
	const struct dirent *e;
	struct process p;

	if (!dir)
		return vma_fail(err, errno, "%s: %m", procfs);
	while ((e = readdir(dir)))
		if (isdigit((unsigned char)*e->d_name) && read_stat(dirfd(dir), e->d_name, &p) &&
		    add(l, &p))
			return vma_fail(err, ENOMEM, "out of memory");
	if (l->nr)
		qsort(l->p, l->nr, sizeof(*l->p), by_start);
	return 0;
}

static struct process *find(const struct list *l, u32 pid)
{
	for (size_t i = 0; i < l->nr; i++)
		if (l->p[i].pid == pid)
			return &l->p[i];
	return NULL;
}

static bool is_forked_kin(const struct process *of, const struct process *p)
{
	return p->flags & PF_FORKNOEXEC && (is_kin(of, p) || !is_seen(of) || !is_seen(p));
}

/* Children of those from *done on, until there are none: each a layer further down. @of: only kin. */
static size_t take_children(struct list *l, const struct process *of, u32 *out, size_t nr,
			    size_t *done)
{
	for (; *done < nr; ++*done)
		for (size_t i = 0; i < l->nr; i++) {
			struct process *p = &l->p[i];

			if (p->taken || p->ppid != out[*done] || (of && !is_forked_kin(of, p)))
				continue;
			p->taken = true;
			out[nr++] = p->pid;
		}
	return nr;
}

/* All that came from the same exec, whoever is their parent now: the oldest first, and after each
 * those that belong to it. */
static size_t take_kin(struct list *l, const struct process *of, u32 *out)
{
	size_t nr = 0, done = 0;

	for (size_t i = 0; i < l->nr; i++) {
		struct process *p = &l->p[i];

		if (p->taken || (p != of && !is_kin(of, p)))
			continue;
		p->taken = true;
		out[nr++] = p->pid;
		nr = take_children(l, of, out, nr, &done);
	}
	return nr;
}

int vma_family(u32 pid, bool up, const char *procfs, u32 **out, size_t *nr, struct vma_err *err)
{
	AUTO(undo_list) struct list l = { 0 };
	struct process *top, *above;
	u32 *pids;
	int rc = read_all(procfs ? procfs : "/proc", &l, err);

	if (rc)
		return rc;
	top = find(&l, pid);
	if (!top)
		return vma_fail(err, ESRCH, "%u: no such process", pid);
	/* Where addresses may not be seen PPid is all there is. */
	while (up && !is_seen(top) && top->flags & PF_FORKNOEXEC && (above = find(&l, top->ppid)) &&
	       above != top && above->start <= top->start)
		top = above;
	pids = calloc(l.nr, sizeof(*pids));
	if (!pids)
		return vma_fail(err, ENOMEM, "out of memory");
	if (up) {
		*nr = take_kin(&l, top, pids);
	} else {
		size_t done = 0;

		pids[0] = top->pid;
		top->taken = true;
		*nr = take_children(&l, NULL, pids, 1, &done);
	}
	*out = pids;
	return 0;
}
