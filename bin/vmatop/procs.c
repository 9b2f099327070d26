// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads /proc for the list of processes: status, the number of lines of maps, and PSS in small
 * portions, since smaps_rollup holds a lock of the process for as long as it is large.
 */
#include "procs.h"

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
#include "sample.h"

/* PSS is read of processes below this size, for so long a round. */
#define PSS_MAX_RSS (256ULL << 20)
#define PSS_BUDGET_NS 15000000

static void get_id(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct proc *p = row;

	cell->state = VMA_CELL_HAS;
	cell->num = col->arg == 0 ? p->pid : col->arg == 1 ? p->ppid : p->uid;
}

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct proc *p = row;

	cell->state = VMA_CELL_HAS;
	cell->text = col->arg == 0 ? p->name : col->arg == 1 ? p->user
					     : p->cmdline ? p->cmdline : p->name;
}

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct proc *p = row;

	cell->state = p->have & 1U << col->arg ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
	cell->num = p->num[col->arg];
}

#define NUMBER(name, key, kind, nr, help) { name, key, kind, true, 0, get_number, nr, help }

/* THE table of columns of a process. */
static const struct vma_column columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_id, 0, "process" },
	{ "PPID", "ppid", VMA_CELL_NUMBER, false, 0, get_id, 1, "its parent" },
	{ "UID", "uid", VMA_CELL_NUMBER, false, 0, get_id, 2, "real user id" },
	{ "USER", "user", VMA_CELL_TEXT, false, 0, get_text, 1, "real user" },
	NUMBER("VMAS", "vmas", VMA_CELL_NUMBER, PN_VMAS, "mappings (map_count)"),
	{ "SHARE", "share", VMA_CELL_SHARE, false, 0, get_number, PN_SHARE,
	  "mappings in percent of vm.max_map_count" },
	NUMBER("GROWTH", "growth", VMA_CELL_NUMBER, PN_GROWTH, "mappings more than when first seen"),
	NUMBER("SIZE", "size", VMA_CELL_BYTES, PN_SIZE, "mapped (VmSize)"),
	NUMBER("RSS", "rss", VMA_CELL_BYTES, PN_RSS, "present (VmRSS)"),
	NUMBER("PSS", "pss", VMA_CELL_BYTES, PN_PSS,
	       "present, shared pages divided by users; of processes where it is cheap"),
	NUMBER("ANON", "rss_anon", VMA_CELL_BYTES, PN_ANON, "present, anonymous"),
	NUMBER("SWAP", "swap", VMA_CELL_BYTES, PN_SWAP, "swapped out"),
	NUMBER("LOCKED", "locked", VMA_CELL_BYTES, PN_LOCKED, "locked (VmLck)"),
	NUMBER("PTE", "pte", VMA_CELL_BYTES, PN_PTE, "page tables"),
	NUMBER("THREADS", "threads", VMA_CELL_NUMBER, PN_THREADS, "threads"),
	{ "NAME", "name", VMA_CELL_TEXT, false, 0, get_text, 0, "command name" },
	{ "COMMAND", "command", VMA_CELL_TEXT, false, 0, get_text, 2, "command line" },
};
const struct vma_columns proc_columns = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- reading one */

static void set(struct proc *p, enum proc_number n, u64 v)
{
	p->num[n] = v;
	p->have |= 1U << n;
}

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

static void take_status(const char *text, struct proc *p)
{
	static const struct {
		const char *key;
		enum proc_number nr;
	} keys[] = { { "VmSize", PN_SIZE }, { "VmRSS", PN_RSS },  { "RssAnon", PN_ANON },
		     { "VmSwap", PN_SWAP }, { "VmLck", PN_LOCKED }, { "VmPTE", PN_PTE },
		     { "Threads", PN_THREADS } };
	u64 v;

	if (!strncmp(text, "Name:\t", 6))
		snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(text + 6, "\n"), text + 6);
	if (find_number(text, "PPid", &v))
		p->ppid = (u32)v;
	if (find_number(text, "Uid", &v))
		p->uid = (u32)v;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (find_number(text, keys[i].key, &v))
			set(p, keys[i].nr, v);
}

/* The 22nd field of stat; the name before it may hold anything. */
static u64 start_time(int dir)
{
	char buf[1024];
	const char *s;

	if (read_text(dir, "stat", buf, sizeof(buf)) <= 0 || !(s = strrchr(buf, ')')))
		return 0;
	for (int i = 0; i < 20 && s; i++)
		s = strchr(s + 1, ' ');
	return s ? strtoull(s, NULL, 10) : 0;
}

static bool count_maps(int dir, char *buf, size_t size, u64 *lines)
{
	static const char gate[] = "[vsyscall]\n";
	AUTO(undo_close) int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	bool has_gate = false;
	ssize_t n;

	*lines = 0;
	if (fd < 0)
		return false;
	while ((n = read(fd, buf, size)) > 0) {
		for (const char *q = buf; (q = memchr(q, '\n', (size_t)(buf + n - q))); q++)
			++*lines;
		has_gate = (size_t)n >= sizeof(gate) - 1 &&
			   !memcmp(buf + n - (sizeof(gate) - 1), gate, sizeof(gate) - 1);
	}
	*lines -= has_gate;
	return n == 0;
}

static void take_cmdline(int dir, struct proc *p)
{
	char buf[512];
	ssize_t n = read_text(dir, "cmdline", buf, sizeof(buf));

	if (n <= 0)
		return;
	for (ssize_t i = 0; i + 1 < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	p->cmdline = strdup(buf);
}

static void take_user(struct proc *p, const struct proc *before)
{
	struct passwd *pw;

	if (before && before->uid == p->uid) {
		memcpy(p->user, before->user, sizeof(p->user));
		return;
	}
	pw = getpwuid(p->uid);
	if (pw)
		snprintf(p->user, sizeof(p->user), "%s", pw->pw_name);
	else
		snprintf(p->user, sizeof(p->user), "%u", p->uid);
}

/* ---------------------------------------------------------------- reading all */

#define MAPS_BUF (64 << 10)

struct round {
	const struct procs_ask *ask;
	struct procs *p;
	char *buf;
	u64 pss_ns;
};

static const struct proc *find(const struct procs *p, u32 pid)
{
	size_t low = 0, high = p ? p->nr : 0;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->proc[mid].pid == pid)
			return &p->proc[mid];
		if (p->proc[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void take_pss(struct round *r, int dir, struct proc *p, const struct proc *before)
{
	char buf[4096];
	u64 t = clock_ns(), v;

	if (before && before->have & 1U << PN_PSS)
		set(p, PN_PSS, before->num[PN_PSS]);
	if (r->pss_ns > PSS_BUDGET_NS || p->num[PN_RSS] > PSS_MAX_RSS || p->num[PN_VMAS] > 4096)
		return;
	/* those that have none first, then in turn */
	if (before && before->have & 1U << PN_PSS && (p->pid + clock_ns() / 4000000000) % 4)
		return;
	if (read_text(dir, "smaps_rollup", buf, sizeof(buf)) > 0 && find_number(buf, "Pss", &v))
		set(p, PN_PSS, v);
	r->pss_ns += clock_ns() - t;
}

static bool add_proc(struct round *r, int proc, const char *name)
{
	AUTO(undo_close) int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc p = { .pid = (u32)strtoul(name, NULL, 10) };
	struct procs *all = r->p;
	u64 lines;

	if (dir < 0 || read_text(dir, "status", r->buf, MAPS_BUF) <= 0)
		return true;
	take_status(r->buf, &p);
	if (!(p.have & 1U << PN_SIZE))
		return true; /* a kernel thread or a zombie has no address space */
	p.start = start_time(dir);
	const struct proc *before = find(r->ask->old, p.pid);
	if (before && before->start != p.start)
		before = NULL;
	take_user(&p, before);
	if (count_maps(dir, r->buf, MAPS_BUF, &lines)) {
		set(&p, PN_VMAS, lines);
		set(&p, PN_SHARE, all->max_map_count ? lines * 1000 / all->max_map_count : 0);
		p.first = before && before->first ? before->first : lines;
		set(&p, PN_GROWTH, lines > p.first ? lines - p.first : 0);
	} else {
		all->denied++;
	}
	take_pss(r, dir, &p, before);
	take_cmdline(dir, &p);
	if (all->nr == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 128;
		struct proc *more = realloc(all->proc, cap * sizeof(*more));

		if (!more)
			return false;
		all->proc = more;
		all->cap = cap;
	}
	all->proc[all->nr++] = p;
	return true;
}

static bool wanted(const struct procs_ask *ask, const char *name)
{
	u32 pid = (u32)strtoul(name, NULL, 10);

	for (size_t i = 0; i < ask->nr_only; i++)
		if (ask->only[i] == pid)
			return true;
	return !ask->nr_only;
}

static int by_pid(const void *a, const void *b)
{
	const struct proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool read_all(struct round *r)
{
	const char *procfs = r->ask->procfs ? r->ask->procfs : "/proc";
	AUTO(undo_closedir) DIR *d = opendir(procfs);
	char text[64];
	struct dirent *e;

	if (!d) {
		vma_fail(&r->p->err, errno, "%s: cannot open: %m", procfs);
		return true;
	}
	if (read_text(dirfd(d), "sys/vm/max_map_count", text, sizeof(text)) > 0)
		r->p->max_map_count = strtoull(text, NULL, 10);
	while ((e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name) && wanted(r->ask, e->d_name) &&
		    !add_proc(r, dirfd(d), e->d_name))
			return false;
	if (r->p->nr)
		qsort(r->p->proc, r->p->nr, sizeof(*r->p->proc), by_pid);
	return true;
}

void procs_free(struct procs *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr; i++)
		free(p->proc[i].cmdline);
	free(p->proc);
	free(p->row);
	free(p->depth);
	free(p);
}

struct procs *procs_read(const struct procs_ask *ask)
{
	AUTO(undo_free) char *buf = malloc(MAPS_BUF);
	struct round r = { .ask = ask, .p = calloc(1, sizeof(*r.p)), .buf = buf };
	u64 t = clock_ns();

	if (!buf || !r.p || !read_all(&r) || !procs_arrange(r.p, ask)) {
		procs_free(r.p);
		return NULL;
	}
	r.p->read_ns = clock_ns() - t;
	return r.p;
}

/* ---------------------------------------------------------------- filter, order, tree */

/* Rows below @parent, each followed by its own children; the order among siblings stays. */
static void add_children(struct procs *p, const u32 *order, size_t nr, u8 *taken, u32 parent,
			 u8 depth)
{
	for (size_t i = 0; i < nr; i++) {
		const struct proc *q = &p->proc[order[i]];

		if (taken[order[i]] || (parent ? q->ppid != parent : find(p, q->ppid) != NULL))
			continue;
		taken[order[i]] = 1;
		p->row[p->nr_rows] = order[i];
		p->depth[p->nr_rows++] = depth;
		if (depth < 200)
			add_children(p, order, nr, taken, q->pid, (u8)(depth + 1));
	}
}

static bool arrange_tree(struct procs *p)
{
	AUTO(undo_free) u32 *order = malloc((p->nr_rows + 1) * sizeof(*order));
	AUTO(undo_free) u8 *taken = calloc(p->nr + 1, 1);
	size_t nr = p->nr_rows;

	if (!order || !taken)
		return false;
	memcpy(order, p->row, nr * sizeof(*order));
	p->nr_rows = 0;
	add_children(p, order, nr, taken, 0, 0);
	for (size_t i = 0; i < nr; i++) /* the parent is filtered out */
		if (!taken[order[i]]) {
			p->row[p->nr_rows] = order[i];
			p->depth[p->nr_rows++] = 0;
		}
	return true;
}

static bool arrange_order(struct procs *p, const char *text)
{
	AUTO(undo_free) const void **at = malloc((p->nr_rows + 1) * sizeof(*at));
	struct vma_order order;

	if (!at)
		return false;
	if (vma_order_parse(&proc_columns, text, &order, &p->err))
		return true;
	for (size_t i = 0; i < p->nr_rows; i++)
		at[i] = &p->proc[p->row[i]];
	if (vma_order_sort(&order, at, p->nr_rows, &p->err))
		return false;
	for (size_t i = 0; i < p->nr_rows; i++)
		p->row[i] = (u32)((const struct proc *)at[i] - p->proc);
	return true;
}

bool procs_arrange(struct procs *p, const struct procs_ask *ask)
{
	AUTO(undo_free) char *buf = malloc(VMA_CELL_BUF);
	struct vma_cell cell = { .buf = buf };
	struct vma_filter *f = NULL;

	free(p->row);
	free(p->depth);
	p->row = malloc((p->nr + 1) * sizeof(*p->row));
	p->depth = calloc(p->nr + 1, 1);
	p->nr_rows = 0;
	if (!buf || !p->row || !p->depth)
		return false;
	if (*ask->filter)
		vma_filter_parse(&proc_columns, ask->filter, &f, &p->err);
	for (size_t i = 0; i < p->nr; i++)
		if (!f || vma_filter_holds(f, &p->proc[i], &cell))
			p->row[p->nr_rows++] = (u32)i;
	vma_filter_free(f);
	if (*ask->order && !arrange_order(p, ask->order))
		return false;
	return !ask->tree || arrange_tree(p);
}
