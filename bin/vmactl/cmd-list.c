// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl list: every process, its number of mappings and how near that is to the limit.
 *
 * Mappings are counted as lines of maps, read in blocks and not parsed: on kernels that read
 * maps under per-VMA locks that costs the processes nothing.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "listing.h"

struct list_options {
	bool pss, kernel_threads;
};

const struct cli_option cmd_list_options[] = {
	{ "pss", 'p', CLI_FLAG, offsetof(struct list_options, pss),
	  .help = "add PSS and USS; holds each process's memory lock for a while" },
	{ "all", 'a', CLI_FLAG, offsetof(struct list_options, kernel_threads),
	  .help = "processes without an address space too" },
	CLI_END,
};

enum process_number {
	NR_VMAS, NR_SIZE, NR_RSS, NR_ANON, NR_FILE, NR_SHMEM, NR_SWAP, NR_LOCKED, NR_PTE, NR_THREADS,
	NR_PSS, NR_USS, NR_SHARE,
	NR_NUMBERS
};

struct process {
	u32 pid, uid;
	u32 have; /* bit per number */
	u64 num[NR_NUMBERS];
	char name[64];
	char user[32];
};

/* ---------------------------------------------------------------- columns */

enum { NEEDS_VMAS = 1 << 24, NEEDS_PSS = 1 << 25 };

static void get_pid(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = VMA_CELL_HAS;
	cell->num = col->arg ? p->uid : p->pid;
}

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = VMA_CELL_HAS;
	cell->text = col->arg ? p->user : p->name;
}

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = p->have & 1U << col->arg ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
	cell->num = p->num[col->arg];
}

#define NUMBER(name, key, kind, needs, nr, help) \
	{ name, key, kind, true, needs, get_number, nr, help }
static const struct vma_column columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_pid, 0, "process" },
	{ "UID", "uid", VMA_CELL_NUMBER, false, 0, get_pid, 1, "real user id" },
	{ "USER", "user", VMA_CELL_TEXT, false, 0, get_text, 1, "real user" },
	NUMBER("VMAS", "vmas", VMA_CELL_NUMBER, NEEDS_VMAS, NR_VMAS, "mappings (map_count)"),
	{ "SHARE", "share", VMA_CELL_SHARE, false, NEEDS_VMAS, get_number, NR_SHARE,
	  "of vm.max_map_count" },
	NUMBER("SIZE", "size", VMA_CELL_BYTES, 0, NR_SIZE, "mapped (VmSize)"),
	NUMBER("RSS", "rss", VMA_CELL_BYTES, 0, NR_RSS, "present (VmRSS)"),
	NUMBER("RSS_ANON", "rss_anon", VMA_CELL_BYTES, 0, NR_ANON, "present, anonymous"),
	NUMBER("RSS_FILE", "rss_file", VMA_CELL_BYTES, 0, NR_FILE, "present, of files"),
	NUMBER("RSS_SHMEM", "rss_shmem", VMA_CELL_BYTES, 0, NR_SHMEM, "present, shared memory"),
	NUMBER("PSS", "pss", VMA_CELL_BYTES, NEEDS_PSS, NR_PSS, "present, divided by users"),
	NUMBER("USS", "uss", VMA_CELL_BYTES, NEEDS_PSS, NR_USS, "present, of nobody else"),
	NUMBER("SWAP", "swap", VMA_CELL_BYTES, 0, NR_SWAP, "swapped out (VmSwap)"),
	NUMBER("LOCKED", "locked", VMA_CELL_BYTES, 0, NR_LOCKED, "locked (VmLck)"),
	NUMBER("PTE", "pte", VMA_CELL_BYTES, 0, NR_PTE, "page tables (VmPTE)"),
	NUMBER("THREADS", "threads", VMA_CELL_NUMBER, 0, NR_THREADS, "threads"),
	{ "NAME", "name", VMA_CELL_TEXT, false, 0, get_text, 0, "command name" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- reading */

static void set(struct process *p, enum process_number n, u64 v)
{
	p->num[n] = v;
	p->have |= 1U << n;
}

/* What stands behind "Key:" in a file of such lines, in bytes when it is in kB. */
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

/* The name may hold anything but a newline and a backslash, which are escaped. */
static void take_name(const char *status, struct process *p)
{
	const char *name = strncmp(status, "Name:\t", 6) ? "" : status + 6;

	snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(name, "\n"), name);
}

static void take_status(const char *text, struct process *p)
{
	static const struct {
		const char *key;
		enum process_number nr;
	} keys[] = { { "VmSize", NR_SIZE },    { "VmRSS", NR_RSS },	  { "RssAnon", NR_ANON },
		     { "RssFile", NR_FILE },   { "RssShmem", NR_SHMEM },  { "VmSwap", NR_SWAP },
		     { "VmLck", NR_LOCKED },   { "VmPTE", NR_PTE },	  { "Threads", NR_THREADS } };
	u64 v;

	take_name(text, p);
	if (find_number(text, "Uid", &v))
		p->uid = (u32)v;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (find_number(text, keys[i].key, &v))
			set(p, keys[i].nr, v);
}

/* Lines of maps; [vsyscall], the last one, is no mapping. */
static void count_maps(int dir, u64 max, struct process *p)
{
	static const char gate[] = "[vsyscall]\n";
	AUTO(undo_close) int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	AUTO(undo_free) char *buf = malloc(64 << 10);
	char tail[sizeof(gate)] = "";
	u64 lines = 0;
	ssize_t n;

	if (fd < 0 || !buf)
		return;
	while ((n = read(fd, buf, 64 << 10)) > 0) {
		for (const char *q = buf; (q = memchr(q, '\n', (size_t)(buf + n - q))); q++)
			lines++;
		size_t keep = (size_t)n < sizeof(gate) - 1 ? (size_t)n : sizeof(gate) - 1;
		memcpy(tail, buf + n - keep, keep);
		tail[keep] = '\0';
	}
	if (n < 0)
		return;
	lines -= lines && !strcmp(tail, gate);
	set(p, NR_VMAS, lines);
	if (max)
		set(p, NR_SHARE, lines * 1000 / max);
}

static void read_pss(int dir, struct process *p)
{
	char buf[4096];
	u64 v, clean = 0, dirty = 0;

	if (read_text(dir, "smaps_rollup", buf, sizeof(buf)) <= 0)
		return;
	if (find_number(buf, "Pss", &v))
		set(p, NR_PSS, v);
	if (find_number(buf, "Private_Clean", &clean) && find_number(buf, "Private_Dirty", &dirty))
		set(p, NR_USS, clean + dirty);
}

static void take_user(struct process *p, bool names)
{
	struct passwd *pw = names ? getpwuid(p->uid) : NULL;

	if (pw)
		snprintf(p->user, sizeof(p->user), "%s", pw->pw_name);
	else
		snprintf(p->user, sizeof(p->user), "%u", p->uid);
}

struct session {
	const struct list_options *opt;
	struct listing *l;
	struct process *process;
	size_t nr, cap;
	u64 max_map_count;
	bool denied; /* some maps may not be read */
	const char *procfs;
};

/* False: out of memory. A process that is gone meanwhile is not there. */
static bool add_process(struct session *s, int proc, const char *name)
{
	AUTO(undo_close) int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process p = { .pid = (u32)strtoul(name, NULL, 10) };
	char buf[8192];

	if (dir < 0 || read_text(dir, "status", buf, sizeof(buf)) <= 0)
		return true;
	take_status(buf, &p);
	bool has_mm = p.have & 1U << NR_SIZE;
	if (!has_mm && !s->opt->kernel_threads)
		return true;
	take_user(&p, !s->l->cli->shared.procfs);
	if (has_mm && s->l->needs & NEEDS_VMAS) {
		count_maps(dir, s->max_map_count, &p);
		s->denied |= !(p.have & 1U << NR_VMAS) && faccessat(proc, name, F_OK, 0) == 0;
	}
	if (has_mm && s->l->needs & NEEDS_PSS)
		read_pss(dir, &p);
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct process *all = realloc(s->process, cap * sizeof(*all));

		if (!all)
			return false;
		s->process = all;
		s->cap = cap;
	}
	s->process[s->nr++] = p;
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int read_processes(struct session *s)
{
	AUTO(undo_closedir) DIR *d = opendir(s->procfs);
	char buf[64];
	struct dirent *e;

	if (!d)
		return cli_error(CLI_FAILURE, "%s: cannot open: %s", s->procfs, strerror(errno));
	if (read_text(dirfd(d), "sys/vm/max_map_count", buf, sizeof(buf)) > 0)
		s->max_map_count = strtoull(buf, NULL, 10);
	while ((e = readdir(d)))
		if (isdigit((unsigned char)*e->d_name) && !add_process(s, dirfd(d), e->d_name))
			return cli_error(CLI_FAILURE, "out of memory");
	if (s->nr)
		qsort(s->process, s->nr, sizeof(*s->process), by_pid);
	return CLI_OK;
}

/* ---------------------------------------------------------------- the command */

static void undo_session(struct session *s)
{
	free(s->process);
	listing_fini(s->l);
}

static int write_processes(struct session *s)
{
	AUTO(undo_free) const void **rows = calloc(s->nr + 1, sizeof(*rows));

	if (!rows)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr; i++)
		rows[i] = &s->process[i];
	if (!listing_begin(s->l, "processes") || !listing_rows(s->l, rows, s->nr) ||
	    !listing_end(s->l))
		return s->l->status;
	if (listing_is_json(s->l))
		vma_json_number(&s->l->json, "max_map_count", s->max_map_count);
	if (!listing_close(s->l))
		return s->l->status;
	if (s->denied)
		return cli_error(CLI_PARTIAL, "list: the maps of some processes may not be read "
				 "(run as root or with CAP_SYS_PTRACE)");
	return CLI_OK;
}

int cmd_list(struct cli *cli)
{
	struct list_options opt = { .pss = false };
	struct listing l;
	AUTO(undo_session) struct session s = { .opt = &opt, .l = &l };

	memset(&l, 0, sizeof(l));
	if (!cli_parse(cli, &opt))
		return cli->status;
	s.procfs = cli->shared.procfs ? cli->shared.procfs : "/proc";
	if (!listing_init(&l, cli, &table,
			  opt.pss ? "PID,USER,VMAS,SHARE,SIZE,RSS,PSS,USS,SWAP,NAME"
				  : "PID,USER,VMAS,SHARE,SIZE,RSS,SWAP,NAME"))
		return l.status;
	if (cli->argc)
		return cli_usage(cli, "%s: takes no TARGET (see vmactl inspect)", cli->argv[0]);
	int status = read_processes(&s);
	return status == CLI_OK ? write_processes(&s) : status;
}
