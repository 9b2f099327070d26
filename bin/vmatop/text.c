// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/attrib.h"
#include "libvmactl/rebuild.h"
#include "procs.h"

#define FRAMES_MAX 64
#define ENVIRONMENT_MAX (1 << 20)

/* @dir: of the process, what is read lies in it. */
struct source {
	const char *target, *procfs;
	int dir;
};

/* ---------------------------------------------------------------- lines */

struct text *text_new(enum text_kind kind)
{
	struct text *t = calloc(1, sizeof(*t));

	if (t)
		t->kind = kind;
	return t;
}

void text_free(struct text *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr; i++)
		free(t->line[i]);
	free(t->line);
	free(t);
}

void text_add(struct text *t, const char *fmt, ...)
{
	char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n >= 0 && t->nr == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		char **more = reallocarray(t->line, cap, sizeof(*more));

		if (more) {
			t->line = more;
			t->cap = cap;
		}
	}
	if (n < 0 || t->nr == t->cap) {
		t->failed = true;
		if (n >= 0)
			free(line);
		return;
	}
	t->line[t->nr++] = line;
}

/* ---------------------------------------------------------------- environment */

static int read_environment(const struct source *s, struct text *t)
{
	AUTO(undo_close) int fd = openat(s->dir, "environ", O_RDONLY | O_CLOEXEC);
	AUTO(undo_free) char *buf = malloc(ENVIRONMENT_MAX + 1);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0 || !buf)
		return -errno;
	while (len < ENVIRONMENT_MAX && (n = read(fd, buf + len, ENVIRONMENT_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	for (const char *p = buf; p < buf + len; p += strlen(p) + 1)
		text_add(t, "%s", p);
	return 0;
}

/* ---------------------------------------------------------------- open files */

static int by_number(const struct dirent **a, const struct dirent **b)
{
	unsigned long x = strtoul((*a)->d_name, NULL, 10), y = strtoul((*b)->d_name, NULL, 10);

	return (x > y) - (x < y);
}

static int is_number(const struct dirent *e)
{
	return isdigit((unsigned char)*e->d_name);
}

/* Each descriptor, in order. */
static int each_descriptor(const struct source *s,
			   void (*fn)(const struct source *s, const char *fd, void *ctx), void *ctx)
{
	struct dirent **all;
	int nr = scandirat(s->dir, "fd", &all, is_number, by_number);

	if (nr < 0)
		return -errno;
	for (int i = 0; i < nr; i++) {
		fn(s, all[i]->d_name, ctx);
		free(all[i]);
	}
	free(all);
	return 0;
}

static void read_fdinfo(const struct source *s, const char *fd, unsigned long *flags, u64 *pos)
{
	char path[64], line[128];

	*flags = *pos = 0;
	snprintf(path, sizeof(path), "fdinfo/%.20s", fd);
	int info = openat(s->dir, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return;
	AUTO(undo_fclose) FILE *f = fdopen(info, "r");
	if (!f) {
		close(info);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "pos:", 4))
			*pos = strtoull(line + 4, NULL, 10);
		if (!strncmp(line, "flags:", 6))
			*flags = strtoul(line + 6, NULL, 8);
	}
}

static bool read_link(const struct source *s, const char *fd, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "fd/%.20s", fd);
	ssize_t n = readlinkat(s->dir, path, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void add_file(const struct source *s, const char *fd, void *ctx)
{
	char path[PATH_MAX];
	unsigned long flags;
	u64 pos;

	if (!read_link(s, fd, path, sizeof(path)))
		return;
	read_fdinfo(s, fd, &flags, &pos);
	text_add(ctx, "%5s  %s  %12llu  %s", fd,
		 (flags & O_ACCMODE) == O_RDWR ? "rw" : (flags & O_ACCMODE) == O_WRONLY ? "-w" : "r-",
		 (unsigned long long)pos, path);
}

static int read_files(const struct source *s, struct text *t)
{
	text_add(t, "%5s  %-2s  %12s  %s", "FD", "", "POSITION", "FILE");
	return each_descriptor(s, add_file, t);
}

/* ---------------------------------------------------------------- locks on files */

struct lookup {
	unsigned int dev_major, dev_minor;
	u64 inode;
	char path[PATH_MAX];
};

static void match_file(const struct source *s, const char *fd, void *ctx)
{
	struct lookup *l = ctx;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "fd/%.20s", fd);
	if (!*l->path && !fstatat(s->dir, path, &st, 0) && st.st_ino == l->inode &&
	    major(st.st_dev) == l->dev_major && minor(st.st_dev) == l->dev_minor)
		read_link(s, fd, l->path, sizeof(l->path));
}

static int read_locks(const struct source *s, struct text *t)
{
	char path[PATH_MAX], line[256], type[16], how[16], mode[16], from[24], to[24];
	struct lookup l;
	unsigned long pid;
	unsigned long long inode;

	snprintf(path, sizeof(path), "%s/locks", s->procfs);
	AUTO(undo_fclose) FILE *f = fopen(path, "re");
	if (!f)
		return -errno;
	text_add(t, "%-8s %-10s %-6s %20s %20s  %s", "TYPE", "KIND", "ACCESS", "FROM", "TO", "FILE");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u: %15s %15s %15s %lu %x:%x:%llu %23s %23s", type, how, mode, &pid,
			   &l.dev_major, &l.dev_minor, &inode, from, to) != 9 ||
		    pid != strtoul(s->target, NULL, 10))
			continue;
		l.inode = inode;
		*l.path = '\0';
		each_descriptor(s, match_file, &l);
		if (!*l.path)
			snprintf(l.path, sizeof(l.path), "inode %llu on %02x:%02x", inode,
				 l.dev_major, l.dev_minor);
		text_add(t, "%-8s %-10s %-6s %20s %20s  %s", type, how, mode, from, to, l.path);
	}
	if (t->nr == 1)
		text_add(t, "no lock on a file");
	return 0;
}

/* ---------------------------------------------------------------- stacks */

static void add_frame(struct text *t, struct vma_attrib *a, size_t nr, const struct vma_frame *f)
{
	char source[200] = "";
	struct vma_where w;

	vma_where(a, f->exact ? f->pc : f->pc - 1, true, &w);
	if (w.nr_lines)
		snprintf(source, sizeof(source), "  %.150s:%d", w.lines[0].file, w.lines[0].line);
	text_add(t, "  #%-2zu %012llx %s+0x%llx  %s%s", nr, (unsigned long long)f->pc,
		 w.has_symbol ? w.symbol.name : "?",
		 (unsigned long long)(w.has_symbol ? f->pc - w.symbol.addr : 0),
		 w.object ? vma_object_name(w.object) : "", source);
}

static void add_stack(struct text *t, struct vma_attrib *a, const struct vma_stack *s)
{
	const struct vma_fact_map *m = s->map < 0 ? NULL : &vma_attrib_facts(a)->maps[s->map];
	char size[VMA_SIZE_TEXT], used[VMA_SIZE_TEXT], guard[VMA_SIZE_TEXT];

	if (s->thread.err) {
		text_add(t, "thread %u: not caught: %s", s->thread.tid, strerror(s->thread.err));
		return;
	}
	text_add(t, "thread %u %s", s->thread.tid, s->thread.name);
	if (m)
		text_add(t, "  stack %llx-%llx  %s, %s used, guard %s", (unsigned long long)m->start,
			 (unsigned long long)m->end, vma_size_text(m->end - m->start, size),
			 vma_size_text(s->used, used),
			 !s->guard_kind ? "unknown" : s->guard ? vma_size_text(s->guard, guard) : "none");
	for (size_t i = 0; i < s->nr_frames; i++)
		add_frame(t, a, i, &s->frames[i]);
	if (s->cut)
		text_add(t, "  ... more frames");
}

static int read_stacks(const struct source *s, struct text *t)
{
	struct vma_open_opts opts = { .procfs = s->procfs, .levels = VMA_READ_MAPS | VMA_READ_STATUS };
	struct vma_model *m = NULL;
	struct vma_attrib *a = NULL;
	struct vma_stacks *stacks = NULL;
	int rc = vma_open(s->target, &opts, &m, &t->err);

	if (!rc)
		rc = vma_attrib_new(m->facts, VMA_ATTRIB_ALL, &a, &t->err);
	if (!rc)
		rc = vma_stacks_new(a, FRAMES_MAX, &stacks, &t->err);
	for (size_t i = 0; !rc && i < stacks->nr; i++)
		add_stack(t, a, &stacks->stack[i]);
	if (stacks)
		vma_stacks_free(stacks);
	vma_attrib_free(a);
	vma_model_free(m);
	return 0; /* a failure is in t->err */
}

/* ---------------------------------------------------------------- THE table */

static const struct {
	const char *title;
	int (*read)(const struct source *s, struct text *t); /* 0 or -errno */
	const char *what;
} screens[TEXT_NR] = {
	[TEXT_ENVIRONMENT] = { "Environment", read_environment, "environ" },
	[TEXT_FILES] = { "Open files", read_files, "fd" },
	[TEXT_LOCKS] = { "Locks on files", read_locks, "locks" },
	[TEXT_STACKS] = { "Stacks of the threads", read_stacks, "stacks" },
	[TEXT_ROW] = { "", NULL, "" },
};

const char *text_title(enum text_kind kind)
{
	return screens[kind].title;
}

struct text *text_read(enum text_kind kind, const char *target, const char *procfs)
{
	struct source s = { target, procfs ? procfs : "/proc", -1 };
	struct text *t = text_new(kind);
	char path[PATH_MAX];
	int rc;

	if (!t)
		return NULL;
	/* of a captured directory what it holds is shown; a core has stacks alone */
	if (target_is_pid(target))
		snprintf(path, sizeof(path), "%s/%s", s.procfs, target);
	else
		snprintf(path, sizeof(path), "%s", target);
	s.dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = s.dir < 0 && kind != TEXT_STACKS ? -errno : screens[kind].read(&s, t);
	if (rc)
		vma_fail(&t->err, -rc, "%s: %s: %s%s", target, screens[kind].what, strerror(-rc),
			 rc == -EACCES || rc == -EPERM ? " (run as root or with CAP_SYS_PTRACE)" : "");
	if (s.dir >= 0)
		close(s.dir);
	return t;
}
