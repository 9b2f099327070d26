// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where an address space comes from (rules A9, A12, I7).
 *
 * exec chooses the addresses of code, stack, arguments and heap anew, fork copies them; so a process
 * and the one it was copied from agree in them. PPid alone says less: when a parent ends, its
 * children go to another process, which may even be an ancestor.
 */
#include "read/lineage.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "read/proc-status.h"

#define SIBLINGS 16   /* that are compared with a child */

struct kin {
	u32 pid, ppid, session;
	struct vma_facts f; /* of stat alone */
};

/* A first thread that has ended has no addresses any more; the others do. */
static void read_addresses(const struct source *s, struct kin *k)
{
	struct strbuf b = { 0 };
	struct vma_facts other = { .forked = 0 };
	char path[64];

	if (k->f.state != 'Z' || !source_other_thread(s->proc_dir, k->pid, path, sizeof(path) - 5))
		return;
	strcat(path, "/stat");
	if (!source_slurp(s->proc_dir, path, &b) && stat_parse(&other, strbuf_str(&b))) {
		other.stat[VMA_STAT_STARTTIME] = k->f.stat[VMA_STAT_STARTTIME];
		k->f.have_stat = other.have_stat;
		memcpy(k->f.stat, other.stat, sizeof(k->f.stat));
	}
	strbuf_fini(&b);
}

static bool read_kin(const struct source *s, u32 pid, struct kin *out)
{
	struct strbuf b = { 0 };
	char path[32];

	*out = (struct kin){ .pid = pid };
	snprintf(path, sizeof(path), "%u/stat", pid);
	bool good = pid && !source_slurp(s->proc_dir, path, &b) && stat_parse(&out->f, strbuf_str(&b)) &&
		    sscanf(strrchr(strbuf_str(&b), ')') + 1, " %*c %u %*d %u", &out->ppid,
			   &out->session) == 2;
	strbuf_fini(&b);
	if (good)
		read_addresses(s, out);
	return good;
}

/* Does its place among the children of its parent show that it came to them later? The kernel
 * appends both those that are born and those that are taken over. */
static bool was_adopted(const struct source *s, const struct kin *child)
{
	struct strbuf b = { 0 };
	struct kin sibling;
	u32 before[SIBLINGS];
	size_t nr = 0;
	bool found = false, later = false;
	char path[48];

	snprintf(path, sizeof(path), "%u/task/%u/children", child->ppid, child->ppid);
	if (!source_slurp(s->proc_dir, path, &b)) {
		char *p = (char *)strbuf_str(&b), *end;

		for (u32 pid; (pid = (u32)strtoul(p, &end, 10)) && !found; p = end) {
			found = pid == child->pid;
			before[nr++ % SIBLINGS] = pid;
		}
	}
	strbuf_fini(&b);
	for (size_t i = 0; found && i < nr && i < SIBLINGS && !later; i++)
		later = read_kin(s, before[i], &sibling) &&
			sibling.f.stat[VMA_STAT_STARTTIME] > child->f.stat[VMA_STAT_STARTTIME];
	return later;
}

/* The first process of a namespace takes over all whose parents have ended. */
static bool is_init(const struct source *s, u32 pid)
{
	struct strbuf b = { 0 };
	char path[32];
	bool init = false;

	snprintf(path, sizeof(path), "%u/status", pid);
	if (!source_slurp(s->proc_dir, path, &b)) {
		const char *line = strstr(strbuf_str(&b), "\nNSpid:"), *end;

		end = line ? strchrnul(line + 1, '\n') : NULL;
		init = end && end[-1] == '1' && (end[-2] == '\t' || end[-2] == ' ');
	}
	strbuf_fini(&b);
	return init;
}

bool lineage_is_kin(const struct vma_facts *a, const struct vma_facts *b)
{
	static const enum vma_stat_key same[] = { VMA_STAT_START_STACK, VMA_STAT_ARG_START,
						  VMA_STAT_START_BRK, VMA_STAT_START_CODE };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (!(a->have_stat & b->have_stat & 1U << same[i]) ||
		    a->stat[same[i]] != b->stat[same[i]])
			return false;
	return true;
}

/* Do the two come from one exec, the parent first? */
static bool is_kin(const struct kin *child, const struct kin *parent)
{
	return lineage_is_kin(&child->f, &parent->f) &&
	       parent->f.stat[VMA_STAT_STARTTIME] <= child->f.stat[VMA_STAT_STARTTIME];
}

/*
 * A session is inherited, or begun by its leader: one that neither leads came from a process between
 * the two. 0 is one that began outside the namespace.
 */
static bool is_of_other_session(const struct kin *child, const struct kin *parent)
{
	return child->session != parent->session && child->session != child->pid &&
	       parent->session != parent->pid;
}

/* Process ids of another /proc may be of another namespace. */
static bool is_our_proc(const struct source *s)
{
	char self[16] = "";

	return readlinkat(s->proc_dir, "self", self, sizeof(self) - 1) > 0 &&
	       strtoul(self, NULL, 10) == (unsigned long)getpid();
}

static bool share_mm(const struct kin *a, const struct kin *b)
{
	return syscall(SYS_kcmp, a->pid, b->pid, KCMP_VM, 0, 0) == 0;
}

/* Is one of these children a copy? */
static bool names_copy(const struct source *s, const char *children)
{
	struct kin child;
	char *end;

	for (u32 pid; (pid = (u32)strtoul(children, &end, 10)); children = end)
		if (read_kin(s, pid, &child) && child.f.forked == 1)
			return true;
	return false;
}

/* Does a child that was copied from it still live? -1 where the kernel lists no children. */
static s8 has_copy(const struct source *s, u32 pid)
{
	char path[48];
	struct strbuf b = { 0 };
	s8 found = -1;

	snprintf(path, sizeof(path), "%u/task", pid);
	int fd = openat(s->proc_dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(undo_closedir) DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (tasks && found < 1 && (e = readdir(tasks))) {
		snprintf(path, sizeof(path), "%.20s/children", e->d_name);
		if (*e->d_name != '.' && !source_slurp(dirfd(tasks), path, &b))
			found = names_copy(s, strbuf_str(&b));
	}
	strbuf_fini(&b);
	return found;
}

enum climbed { AT_EXEC, GONE, UNSURE };

/* Climbs to the exec, or until a process on the way is gone or may be: *child is what it left. */
static enum climbed climb(const struct source *s, struct kin *child, struct vma_facts *f)
{
	const bool ours = is_our_proc(s);
	struct kin parent;
	int steps = 0;

	for (; child->f.forked == 1; *child = parent) {
		if (steps++ == VMA_FORKS_MAX || !read_kin(s, child->ppid, &parent) ||
		    !is_kin(child, &parent))
			return GONE;
		bool shared = ours && share_mm(child, &parent); /* vfork, or CLONE_VM */
		if (f->forks == 0 && shared)
			f->mm_of = parent.pid;
		else if (f->forks == (shared ? 1 : 0))
			f->fork_parent = parent.pid;
		if (!shared && (is_of_other_session(child, &parent) || was_adopted(s, child) ||
				is_init(s, parent.pid))) {
			f->adopted = f->forks == 0;
			return UNSURE;
		}
		f->forks += !shared;
	}
	return AT_EXEC;
}

void lineage_read(const struct source *s, struct vma_facts *f)
{
	struct kin child;

	f->mm_of = s->pid;
	f->forks = f->forked = -1;
	if (!read_kin(s, s->pid, &child))
		return;
	f->forks = 0;
	const enum climbed end = climb(s, &child, f);
	f->forked = end != AT_EXEC || f->forks > 0;
	f->forks_guessed = end == GONE && child.session == child.pid;
	if (f->forks_guessed)
		f->forks++;
	else if (end != AT_EXEC)
		f->forks = -1;
	if (f->forked == 1)
		f->copied = has_copy(s, f->mm_of);
}
