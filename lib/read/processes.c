// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "read/source.h"

#define MAPS_BUF (64 << 10)

void process_set(struct process *p, enum process_number n, u64 v)
{
	p->num[n] = v;
	p->have |= 1U << n;
}

void process_fini(struct process *p)
{
	free(p->cmdline);
	p->cmdline = NULL;
}

/* ---------------------------------------------------------------- files of lines "Key: number" */

/* What stands behind "Key:", in bytes when it is in kB. */
static bool find_number(const char *text, const char *key, u64 *out)
{
	size_t n = strlen(key);

	for (const char *p = text; (p = strstr(p, key)); p += n) {
		char *end;

		if ((p != text && p[-1] != '\n') || p[n] != ':')
			continue;
		*out = strtoull(p + n + 1, &end, 10);
		if (!strncmp(end, " kB", 3))
			*out <<= 10;
		return true;
	}
	return false;
}

/* As much as fits, with a NUL; -errno. */
static ssize_t read_text(int dir, const char *name, char *buf, size_t size)
{
	AUTO(undo_close) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) != 0) {
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/* The name may hold anything but a newline and a backslash, which are escaped. */
static void take_status(const char *text, struct process *p)
{
	static const struct {
		const char *key;
		enum process_number nr;
	} keys[] = { { "VmSize", PN_SIZE },  { "VmRSS", PN_RSS },      { "RssAnon", PN_ANON },
		     { "RssFile", PN_FILE }, { "RssShmem", PN_SHMEM }, { "VmSwap", PN_SWAP },
		     { "VmLck", PN_LOCKED }, { "VmPTE", PN_PTE },      { "Threads", PN_THREADS } };
	u64 v;

	if (!strncmp(text, "Name:\t", 6))
		snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(text + 6, "\n"), text + 6);
	if (find_number(text, "PPid", &v))
		p->ppid = (u32)v;
	if (find_number(text, "Uid", &v))
		p->uid = (u32)v;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (find_number(text, keys[i].key, &v))
			process_set(p, keys[i].nr, v);
}

/* The 3rd and the 22nd field of stat; the name before them may hold anything. */
static void take_stat(int dir, struct process *p)
{
	char buf[1024];
	const char *s;

	if (read_text(dir, "stat", buf, sizeof(buf)) <= 0 || !(s = strrchr(buf, ')')))
		return;
	p->state = s[1] ? s[2] : 0;
	for (int i = 0; i < 20 && s; i++)
		s = strchr(s + 1, ' ');
	p->start = s ? strtoull(s, NULL, 10) : 0;
}

/* Lines of maps; [vsyscall], the last one, is no mapping. */
static bool count_maps(int dir, char *buf, u64 *lines)
{
	static const char gate[] = "[vsyscall]\n";
	AUTO(undo_close) int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	bool has_gate = false;
	ssize_t n;

	*lines = 0;
	if (fd < 0)
		return false;
	while ((n = read(fd, buf, MAPS_BUF)) > 0) {
		for (const char *q = buf; (q = memchr(q, '\n', (size_t)(buf + n - q))); q++)
			++*lines;
		has_gate = (size_t)n >= sizeof(gate) - 1 &&
			   !memcmp(buf + n - (sizeof(gate) - 1), gate, sizeof(gate) - 1);
	}
	*lines -= has_gate;
	return n == 0;
}

void process_read_pss(int dir, struct process *p)
{
	char buf[4096];
	u64 v, clean = 0, dirty = 0;

	if (read_text(dir, "smaps_rollup", buf, sizeof(buf)) <= 0)
		return;
	if (find_number(buf, "Pss", &v))
		process_set(p, PN_PSS, v);
	if (find_number(buf, "Private_Clean", &clean) && find_number(buf, "Private_Dirty", &dirty))
		process_set(p, PN_USS, clean + dirty);
}

static void take_cmdline(int dir, struct process *p)
{
	char buf[4096];
	ssize_t n = read_text(dir, "cmdline", buf, sizeof(buf));

	if (n <= 0)
		return;
	while (n && !buf[n - 1])
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	p->cmdline = strdup(buf);
}

static void take_user(struct process *p, bool names)
{
	struct passwd *pw = names ? getpwuid(p->uid) : NULL;

	if (pw)
		snprintf(p->user, sizeof(p->user), "%s", pw->pw_name);
	else
		snprintf(p->user, sizeof(p->user), "%u", p->uid);
}

/* ---------------------------------------------------------------- the walk */

/* A first thread that has ended shows no address space; another that lives on does. Its directory,
 * -1: there is none. The name stays that of the first. */
static int open_other_thread(int proc, struct process *p, char *buf)
{
	char path[64], name[sizeof(p->name)];
	int dir;

	if (process_has(p, PN_SIZE) || p->state != 'Z' ||
	    !source_other_thread(proc, p->pid, path, sizeof(path)))
		return -1;
	dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(name, p->name, sizeof(name));
	if (dir >= 0 && read_text(dir, "status", buf, MAPS_BUF) > 0)
		take_status(buf, p);
	memcpy(p->name, name, sizeof(name));
	return dir;
}

/* A process that is gone meanwhile is not there. */
static int read_one(struct processes *all, int proc, const char *name, char *buf)
{
	AUTO(undo_close) int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process p = { .pid = (u32)strtoul(name, NULL, 10) };
	bool has_mm;
	u64 lines;

	if (dir < 0 || (all->wants && !all->wants(all, p.pid)) ||
	    read_text(dir, "status", buf, MAPS_BUF) <= 0)
		return 0;
	take_status(buf, &p);
	take_stat(dir, &p);
	AUTO(undo_close) int other = open_other_thread(proc, &p, buf);
	const int from = other < 0 ? dir : other;
	has_mm = process_has(&p, PN_SIZE);
	if (has_mm && all->what & PROCESS_VMAS && count_maps(from, buf, &lines)) {
		process_set(&p, PN_VMAS, lines);
		if (all->max_map_count)
			process_set(&p, PN_SHARE, lines * 1000 / all->max_map_count);
	}
	if (has_mm && all->what & PROCESS_PSS)
		process_read_pss(from, &p);
	take_user(&p, all->what & PROCESS_USERS);
	if (all->what & PROCESS_CMDLINE)
		take_cmdline(from, &p);
	return all->fn(all, from, &p);
}

int processes_walk(struct processes *all, struct vma_err *err)
{
	const char *procfs = all->procfs ? all->procfs : "/proc";
	AUTO(undo_free) char *buf = malloc(MAPS_BUF);
	AUTO(undo_closedir) DIR *d = opendir(procfs);
	const struct dirent *e;
	char text[64];
	int rc = 0;

	if (!d)
		return vma_fail(err, errno, "%s: cannot open: %m", procfs);
	if (!buf)
		return vma_fail(err, ENOMEM, "out of memory");
	if (read_text(dirfd(d), "sys/vm/max_map_count", text, sizeof(text)) > 0)
		all->max_map_count = strtoull(text, NULL, 10);
	while (!rc && (e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name))
			rc = read_one(all, dirfd(d), e->d_name, buf);
	return rc;
}
