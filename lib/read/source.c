// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "read/text.h"

#define SLURP_MAX (4 * 1024 * 1024)

static int open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool has_file(int dir, const char *name)
{
	return dir >= 0 && faccessat(dir, name, F_OK, 0) == 0;
}

static bool is_procfs(int dir)
{
	struct statfs st;

	return fstatfs(dir, &st) == 0 && st.f_type == PROC_SUPER_MAGIC;
}

/* "123": true, and its value; 0 when it is no pid that could be. */
static bool is_number(const char *text, u32 *out)
{
	const char *p = text;
	u64 value;

	if (!text_dec(&p, &value))
		return *text >= '0' && *text <= '9' && strspn(text, "0123456789") == strlen(text);
	*out = value <= INT32_MAX ? (u32)value : 0;
	return *p == '\0';
}

/* "self", "123", "123/task/125" */
static bool is_process(const char *target, u32 *pid, u32 *tid)
{
	char head[16];
	const char *task = strstr(target, "/task/");

	*pid = *tid = 0;
	if (!task)
		return !strcmp(target, "self") || is_number(target, pid);
	if ((size_t)(task - target) >= sizeof(head))
		return false;
	memcpy(head, target, (size_t)(task - target));
	head[task - target] = '\0';
	return (!strcmp(head, "self") || is_number(head, pid)) && is_number(task + 6, tid);
}

/* The pid is the name of the directory, where that is a number. */
static void name_pid(struct source *s)
{
	struct strbuf b = { 0 };
	const char *p;

	if (s->pid || source_slurp(s->pid_dir, "status", &b)) {
		strbuf_fini(&b);
		return;
	}
	p = strstr(strbuf_str(&b), "\nTgid:");
	if (p) {
		u64 value;

		p = text_skip_blanks(p + 6);
		if (text_dec(&p, &value) && value <= INT32_MAX)
			s->pid = (u32)value;
	}
	strbuf_fini(&b);
}

/* Beside proc/ there is sys/; the live one stands in for it where a procfs is mounted elsewhere. */
static void find_sys(struct source *s)
{
	s->top_dir = open_dir(s->proc_dir, "..");
	if (s->top_dir >= 0)
		s->sys_dir = open_dir(s->top_dir, "sys");
	if (s->live && (s->sys_dir < 0 || !has_file(s->sys_dir, "kernel/mm"))) {
		if (s->sys_dir >= 0)
			close(s->sys_dir);
		s->sys_dir = open_dir(AT_FDCWD, "/sys");
	}
	if (s->live && s->top_dir >= 0) {
		close(s->top_dir);
		s->top_dir = -1;
	}
}

static int open_process(struct source *s, const char *target, const char *procfs,
			struct vma_err *err)
{
	char path[64];

	s->proc_dir = open_dir(AT_FDCWD, procfs);
	if (s->proc_dir < 0)
		return vma_fail(err, -s->proc_dir, "%s: cannot open: %m", procfs);
	if (!s->pid && !text_starts(target, "self"))
		return vma_fail(err, ENOENT, "%s: no such process", target);
	snprintf(path, sizeof(path), "%s", target);
	s->pid_dir = open_dir(s->proc_dir, path);
	if (s->pid_dir == -ENOENT || s->pid_dir == -ESRCH)
		return vma_fail(err, ENOENT, "%s: no such process", target);
	if (s->pid_dir < 0)
		return vma_fail(err, -s->pid_dir, "%s/%s: cannot open: %m", procfs, target);
	snprintf(s->label, sizeof(s->label), "%s/%s", procfs, target);
	return 0;
}

/* The one process of a captured proc/: the only directory named by a number. */
static int open_only_process(struct source *s, const char *target, struct vma_err *err)
{
	int fd = dup(s->proc_dir);
	AUTO(undo_closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char name[16] = "";
	struct dirent *e;
	u32 pid;

	if (!dir)
		return vma_fail(err, errno, "%s: cannot open: %m", target);
	while ((e = readdir(dir))) {
		if (!is_number(e->d_name, &pid) || !pid || strlen(e->d_name) >= sizeof(name))
			continue;
		if (*name)
			return vma_fail(err, EINVAL, "%s: holds several processes: name one",
					target);
		strcpy(name, e->d_name);
		s->pid = pid;
	}
	if (!*name)
		return vma_fail(err, ENOENT, "%s: holds no process (neither maps nor proc/PID)",
				target);
	s->pid_dir = open_dir(s->proc_dir, name);
	if (s->pid_dir < 0)
		return vma_fail(err, -s->pid_dir, "%s/%s: cannot open: %m", target, name);
	return 0;
}

static int open_captured(struct source *s, const char *target, struct vma_err *err)
{
	int dir = open_dir(AT_FDCWD, target);

	if (dir == -ENOENT)
		return vma_fail(err, ENOENT, "%s: no such process or directory", target);
	if (dir == -ENOTDIR)
		return vma_fail(err, ENOTDIR, "%s: neither a captured directory nor a core", target);
	if (dir < 0)
		return vma_fail(err, -dir, "%s: cannot open: %m", target);
	snprintf(s->label, sizeof(s->label), "%s", target);
	if (has_file(dir, "maps") || has_file(dir, "smaps")) {
		s->pid_dir = dir;
		s->proc_dir = open_dir(dir, has_file(dir, "../../task") ? "../../.." : "..");
		return 0;
	}
	s->proc_dir = open_dir(dir, "proc");
	if (s->proc_dir < 0) {
		s->proc_dir = dir; /* perhaps it is the proc/ itself */
		return open_only_process(s, target, err);
	}
	close(dir);
	return open_only_process(s, target, err);
}

int source_open(struct source *s, const char *target, const char *procfs, struct vma_err *err)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->pid_dir = s->proc_dir = s->sys_dir = s->top_dir = -1;
	if (!*target)
		return vma_fail(err, EINVAL, "no process named");
	if (is_process(target, &s->pid, &s->tid))
		rc = open_process(s, target, procfs ? procfs : "/proc", err);
	else
		rc = open_captured(s, target, err);
	if (rc) {
		source_close(s);
		return rc;
	}
	s->live = is_procfs(s->pid_dir);
	if (s->proc_dir >= 0)
		find_sys(s);
	name_pid(s);
	return 0;
}

static void close_dir(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void source_close(struct source *s)
{
	close_dir(&s->pid_dir);
	close_dir(&s->proc_dir);
	close_dir(&s->sys_dir);
	close_dir(&s->top_dir);
}

int source_open_file(int dir, const char *path)
{
	if (dir < 0)
		return -ENOENT;
	/* O_NONBLOCK: a captured directory may hold a fifo, which must not hang us. */
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

bool source_other_thread(int proc_dir, u32 pid, char *out, size_t size)
{
	struct strbuf b = { 0 };
	bool found = false;

	snprintf(out, size, "%u/task", pid);
	int fd = open_dir(proc_dir, out);
	AUTO(undo_closedir) DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	u32 tid;

	while (tasks && !found && (e = readdir(tasks))) {
		if (!is_number(e->d_name, &tid) || !tid || tid == pid)
			continue;
		snprintf(out, size, "%u/task/%u/stat", pid, tid);
		const char *state = source_slurp(proc_dir, out, &b) ? NULL : strrchr(strbuf_str(&b), ')');
		found = state && state[1] == ' ' && state[2] != 'Z' && state[2] != 'X';
	}
	strbuf_fini(&b);
	if (found)
		*strrchr(out, '/') = '\0';
	return found;
}

bool source_open_other(struct source *s, const char *procfs)
{
	char other[64];

	if (!s->live || s->tid || !source_other_thread(s->proc_dir, s->pid, other, sizeof(other)))
		return false;
	source_close(s);
	return !source_open(s, other, procfs, NULL);
}

int source_slurp(int dir, const char *path, struct strbuf *out)
{
	AUTO(undo_close) int fd = source_open_file(dir, path);
	ssize_t n;

	strbuf_reset(out);
	if (fd < 0)
		return fd;
	for (;;) {
		if (!strbuf_reserve(out, 4096))
			return -ENOMEM;
		n = read(fd, out->s + out->len, out->cap - out->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		out->len += (size_t)n;
		if (out->len > SLURP_MAX)
			return -EFBIG;
	}
	out->s[out->len] = '\0';
	return 0;
}

int source_number(int dir, const char *path, u64 *out)
{
	struct strbuf b = { 0 };
	int rc = source_slurp(dir, path, &b);
	const char *p = text_skip_blanks(strbuf_str(&b));

	if (!rc && !text_dec(&p, out))
		rc = -EBADMSG;
	strbuf_fini(&b);
	return rc;
}

const char *source_remedy(int err)
{
	if (err != EACCES && err != EPERM)
		return NULL;
	return geteuid() ? "run as the same user, as root, or with CAP_SYS_PTRACE" :
			   "root lacks CAP_SYS_PTRACE here, or a capability that the process has";
}

u64 source_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}
