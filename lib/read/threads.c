/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Catching threads: stop, copy registers and stack, let go.
 *
 * PTRACE_SEIZE sends no signal, and a tracer that dies is detached by the kernel with its tracees
 * running on: nobody is left stopped, whatever happens to us. Everything that takes time
 * (unwinding, symbols) is done after the thread runs again, on the copy.
 */
#include "libvmactl/unwind.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/range.h"

#define RED_ZONE 128
#define STOP_TRIES 2000 /* half a millisecond each: a thread in the D state may never stop */

_Static_assert(sizeof(struct user_regs_struct) == sizeof(((struct vma_thread *)0)->regs),
	       "the registers are those of x86-64");

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static u64 end_of_map(const struct vma_facts *f, u64 addr)
{
	size_t low = 0, high = f->nr_maps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (f->maps[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low && addr < f->maps[low - 1].end ? f->maps[low - 1].end : 0;
}

/* Waits for the stop that was asked for. *sig: a signal we came before, to be given back. */
static int wait_stop(pid_t tid, int *sig)
{
	int status;

	for (int i = 0; i < STOP_TRIES; i++) {
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == tid) {
			if (!WIFSTOPPED(status))
				return -ESRCH;
			*sig = status >> 16 ? 0 : WSTOPSIG(status);
			return 0;
		}
		/* Most stop within microseconds: spin a little before sleeping. */
		if (i > 50)
			nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
	}
	return -ETIMEDOUT;
}

static void copy_stack(const struct vma_facts *f, struct vma_thread *t)
{
	u64 start = t->regs[VMA_REG_SP] - RED_ZONE, end = end_of_map(f, t->regs[VMA_REG_SP]);

	if (end <= start)
		return;
	size_t len = (size_t)min_u64(end - start, VMA_THREAD_COPY);
	struct iovec local = { malloc(len), len };
	struct iovec remote = { (void *)(uintptr_t)start, len };
	if (!local.iov_base)
		return;
	ssize_t got = process_vm_readv((pid_t)t->tid, &local, 1, &remote, 1, 0);
	if (got <= 0) {
		free(local.iov_base);
		return;
	}
	t->stack = local.iov_base;
	t->stack_start = start;
	t->stack_len = (u64)got;
}

static int copy_regs(struct vma_thread *t)
{
	struct iovec io = { t->regs, sizeof(t->regs) };

	if (ptrace(PTRACE_GETREGSET, (pid_t)t->tid, (void *)NT_PRSTATUS, &io))
		return -errno;
	t->has_regs = io.iov_len == sizeof(t->regs); /* a 32 bit thread has fewer */
	return t->has_regs ? 0 : -ENOTSUP;
}

static int catch_one(const struct vma_facts *f, struct vma_thread *t)
{
	pid_t tid = (pid_t)t->tid;
	int sig = 0;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		return -errno;
	u64 began = now_ns();
	int rc = ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) ? -errno : wait_stop(tid, &sig);
	if (!rc) {
		began = now_ns();
		rc = copy_regs(t);
		if (!rc)
			copy_stack(f, t);
	}
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)sig);
	t->stopped_ns = now_ns() - began;
	return rc;
}

/* comm and the letter of the state; the name is in parentheses and may hold some itself. */
static void read_stat(int task, struct vma_thread *t)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "%u/stat", t->tid);
	AUTO(undo_close) int fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (!open || !close || close < open || close[1] != ' ')
		return;
	*close = '\0';
	snprintf(t->name, sizeof(t->name), "%s", open + 1);
	t->state = close[2];
}

static struct vma_thread *add(struct vma_thread **list, size_t *nr)
{
	if (!(*nr & (*nr - 1))) {
		void *p = reallocarray(*list, *nr ? *nr * 2 : 1, sizeof(**list));
		if (!p)
			return NULL;
		*list = p;
	}
	struct vma_thread *t = &(*list)[(*nr)++];
	memset(t, 0, sizeof(*t));
	return t;
}

static int by_tid(const void *a, const void *b)
{
	const struct vma_thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int catch_live(const struct vma_facts *f, struct vma_thread **list, size_t *nr,
		      struct vma_err *err)
{
	char path[4200];
	struct dirent *e;

	snprintf(path, sizeof(path), "%s/task", f->source);
	AUTO(undo_closedir) DIR *d = opendir(path);
	if (!d && errno == ENOENT) { /* PID/task/TID: that thread alone */
		struct vma_thread *t = add(list, nr);
		if (!t)
			return vma_fail(err, ENOMEM, "out of memory");
		t->tid = f->tid;
		snprintf(t->name, sizeof(t->name), "%s", f->comm ? f->comm : "");
		t->err = -catch_one(f, t);
		return 0;
	}
	if (!d)
		return vma_fail(err, errno, "%s: cannot open: %m", path);
	while ((e = readdir(d))) {
		if (*e->d_name < '1' || *e->d_name > '9')
			continue;
		struct vma_thread *t = add(list, nr);
		if (!t)
			return vma_fail(err, ENOMEM, "out of memory");
		t->tid = (u32)strtoul(e->d_name, NULL, 10);
		read_stat(dirfd(d), t);
		t->err = -catch_one(f, t);
	}
	if (*nr)
		qsort(*list, *nr, sizeof(**list), by_tid);
	return 0;
}

static int take_core(const struct vma_core *core, struct vma_thread **list, size_t *nr,
		     struct vma_err *err)
{
	for (size_t i = 0; i < core->nr_threads; i++) {
		struct vma_thread *t = add(list, nr);
		if (!t)
			return vma_fail(err, ENOMEM, "out of memory");
		t->tid = core->threads[i].tid;
		t->has_regs = core->threads[i].has_regs;
		memcpy(t->regs, core->threads[i].regs, sizeof(t->regs));
		if (t->tid == core->pid)
			snprintf(t->name, sizeof(t->name), "%s", core->comm);
	}
	return 0;
}

int vma_threads_catch(const struct vma_facts *facts, const struct vma_memory *memory,
		      struct vma_thread **out, size_t *nr, struct vma_err *err)
{
	struct vma_thread *list = NULL;
	int rc;

	*nr = 0;
	if (memory && vma_memory_core(memory))
		rc = take_core(vma_memory_core(memory), &list, nr, err);
	else if (facts->live && facts->pid == (u32)getpid())
		rc = vma_fail(err, EINVAL, "a process cannot stop its own threads");
	else if (facts->live)
		rc = catch_live(facts, &list, nr, err);
	else
		rc = vma_fail(err, ENODATA, "the source has no threads");
	if (rc) {
		vma_threads_free(list, *nr);
		return rc;
	}
	*out = list;
	return 0;
}

void vma_threads_free(struct vma_thread *threads, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(threads[i].stack);
	free(threads);
}
