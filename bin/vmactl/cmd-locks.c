// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl locks: which way faults in each mapping of a process go, and, with the kernel's own
 * values, which are write-locked. Of a script: what each call locks, and what that means for the
 * faults of other threads.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "inspect.h"
#include "libvmactl/lock.h"
#include "libvmactl/script.h"
#include "listing.h"
#include "target.h"

struct locks_options {
	int source;
	const char *from;
};

#define FIELD(name) .offset = offsetof(struct locks_options, name)
const struct cli_option cmd_locks_options[] = {
	{ "from", 0, CLI_STRING, FIELD(from), "TARGET", "a script starts in this address space" },
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	CLI_END,
};

static const char *path_name(enum vma_fallback why, bool trylock)
{
	if (why != VMA_FALLBACK_NONE)
		return "mmap_lock";
	return trylock ? "vma_lock+try" : "vma_lock";
}

/* ---------------------------------------------------------------- mappings of a process */

struct row {
	const struct vma_mm *mm;
	const struct vma *vma;
	const struct vma_fact_bpf *truth; /* NULL: the kernel was not asked */
	u32 have;
};

enum lock_column { COL_START, COL_END, COL_PERMS, COL_PATH, COL_READ, COL_WRITE, COL_WHY,
		   COL_STAT, COL_SEQ, COL_MM_SEQ, COL_REFCNT, COL_LOCKED };

static void get_cell(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	const struct vma *vma = r->vma;
	bool trylock;
	enum vma_fallback why =
		vma_fault_path(r->mm, vma->vm_start, col->arg != COL_READ, &trylock);

	cell->state = VMA_CELL_HAS;
	if (col->arg == COL_START || col->arg == COL_END) {
		cell->num = col->arg == COL_START ? vma->vm_start : vma->vm_end;
		return;
	}
	if (col->arg == COL_PERMS)
		cell->text = vma_flags_perms(vma->vm_flags, cell->buf);
	else if (col->arg == COL_PATH)
		cell->text = vma_label(r->mm, vma, cell->buf, VMA_CELL_BUF);
	else if (col->arg == COL_STAT)
		cell->text = vma_lock_stat_name(vma_fault_stat(r->mm, vma->vm_start, true));
	else
		cell->text = col->arg == COL_WHY ? vma_fallback_text(why) : path_name(why, trylock);
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

/* mm_lock_seq is odd while mmap_lock is write-held (6.13 and later). */
static void get_truth(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	const struct vma_fact_bpf *t = r->truth;
	const u32 need[] = { [COL_SEQ] = VMA_BPF_LOCK_SEQ, [COL_MM_SEQ] = VMA_BPF_MM_SEQ,
			     [COL_REFCNT] = VMA_BPF_REFCNT,
			     [COL_LOCKED] = VMA_BPF_LOCK_SEQ | VMA_BPF_MM_SEQ };

	if (!t || (r->have & need[col->arg]) != need[col->arg]) {
		cell->state = VMA_CELL_UNKNOWN;
		return;
	}
	cell->state = VMA_CELL_HAS;
	cell->num = col->arg == COL_SEQ	   ? t->lock_seq :
		    col->arg == COL_MM_SEQ ? t->mm_seq :
		    col->arg == COL_REFCNT ? t->vm_refcnt :
					     t->lock_seq == t->mm_seq && t->mm_seq & 1;
}

static const struct vma_column map_rows[] = {
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_cell, COL_START, "start of the mapping" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get_cell, COL_END, "end" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, 0, get_cell, COL_PERMS, "permissions" },
	{ "READ", "read", VMA_CELL_TEXT, false, 0, get_cell, COL_READ, "what a read fault takes" },
	{ "WRITE", "write", VMA_CELL_TEXT, false, 0, get_cell, COL_WRITE,
	  "what a write fault takes" },
	{ "WHY", "why", VMA_CELL_TEXT, false, 0, get_cell, COL_WHY,
	  "why a write fault takes mmap_lock" },
	{ "STAT", "stat", VMA_CELL_TEXT, false, 0, get_cell, COL_STAT,
	  "what a write fault counts in /proc/vmstat" },
	{ "LOCKED", "write_locked", VMA_CELL_BOOL, false, 0, get_truth, COL_LOCKED,
	  "write-locked just now (--source bpf)" },
	{ "SEQ", "vm_lock_seq", VMA_CELL_NUMBER, false, 0, get_truth, COL_SEQ,
	  "vm_lock_seq (--source bpf)" },
	{ "MM_SEQ", "mm_lock_seq", VMA_CELL_NUMBER, false, 0, get_truth, COL_MM_SEQ,
	  "mm_lock_seq (--source bpf)" },
	{ "REFCNT", "vm_refcnt", VMA_CELL_NUMBER, false, 0, get_truth, COL_REFCNT,
	  "vm_refcnt (--source bpf)" },
	{ "PATH", "path", VMA_CELL_TEXT, false, 0, get_cell, COL_PATH, "what is mapped" },
};
static const struct vma_columns map_table = { map_rows, ARRAY_SIZE(map_rows) };

static int show_mappings(struct cli *cli, const struct locks_options *opt, struct listing *l)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	u32 levels = VMA_READ_DEFAULT | (opt->source ? VMA_READ_BPF : 0);
	int status = target_open(cli, cli->argv[0], levels, &m);
	const struct vma *vma;

	if (status != CLI_OK)
		return status;
	status = target_report(cli, m->facts, levels);
	if (!listing_begin(l, "vmas"))
		return l->status;
	AUTO(undo_free) struct row *rows = calloc(m->mm->map_count + 1, sizeof(*rows));
	AUTO(undo_free) const void **order = calloc(m->mm->map_count + 1, sizeof(*order));
	size_t nr = 0;
	if (!rows || !order)
		return cli_error(CLI_FAILURE, "out of memory");
	vma_for_each(m->mm, vma) {
		rows[nr] = (struct row){ m->mm, vma, inspect_bpf_of(m, vma),
					 m->facts->mm_bpf ? m->facts->mm_bpf->have : 0 };
		order[nr] = &rows[nr];
		nr++;
	}
	if (!listing_rows(l, order, nr) || !listing_end(l))
		return l->status;
	if (listing_is_json(l)) {
		vma_json_object(&l->json, "process");
		target_json(&l->json, cli->argv[0], m);
		vma_json_end(&l->json);
	}
	return listing_close(l) ? status : l->status;
}

/* ---------------------------------------------------------------- calls of a script */

/*
 * A call of the log. Which of the others ran beside it is known when all were seen: one that was
 * unfinished ends later than the faults that met it.
 */
struct call {
	u64 n, began, line;
	u32 pid, mm;
	char text[96];
	const char *mmap;  /* how mmap_lock is held, NULL: not at all */
	struct vma_lock_range *range; /* write-locked */
	size_t nr;
	const char *path, *why; /* of a fault */
	enum vma_fallback fallback;
	bool is_fault, makes_anon;
	u64 start, end;    /* what it touched */
	u64 beside;        /* the call of another thread it is held against, 0 none */
	bool overlaps;     /* they really met */
	bool waits;
};

struct script {
	struct cli *cli;
	struct listing *l;
	struct vma_locks *locks;
	struct call *call;
	size_t nr, cap;
};

static void undo_script(struct script *s)
{
	vma_locks_free(s->locks);
	for (size_t i = 0; i < s->nr; i++)
		free(s->call[i].range);
	free(s->call);
}

enum call_column { CALL_N, CALL_PID, CALL_LOCKED, CALL_BESIDE, CALL_OVERLAPS, CALL_WAITS, CALL_TEXT,
		   CALL_MMAP, CALL_PATH, CALL_WHY };

static void get_call(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct call *c = row;
	const u64 num[] = { c->n, c->pid, c->nr, c->beside, c->overlaps, c->waits };
	const char *text[] = { c->text, c->mmap, c->path, c->why };

	cell->state = VMA_CELL_HAS;
	if (col->arg <= CALL_WAITS) {
		cell->num = num[col->arg];
		if (col->arg >= CALL_BESIDE && !c->beside)
			cell->state = VMA_CELL_NONE;
		return;
	}
	cell->text = text[col->arg - CALL_TEXT];
	if (!cell->text || !*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column call_rows[] = {
	{ "N", "n", VMA_CELL_NUMBER, false, 0, get_call, CALL_N, "number of the call" },
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_call, CALL_PID, "thread" },
	{ "MMAP_LOCK", "mmap_lock", VMA_CELL_TEXT, false, 0, get_call, CALL_MMAP,
	  "how mmap_lock is held" },
	{ "LOCKED", "write_locked", VMA_CELL_NUMBER, true, 0, get_call, CALL_LOCKED,
	  "mappings that are write-locked" },
	{ "FAULT", "fault", VMA_CELL_TEXT, false, 0, get_call, CALL_PATH, "what a fault takes" },
	{ "WHY", "why", VMA_CELL_TEXT, false, 0, get_call, CALL_WHY, "why it takes mmap_lock" },
	{ "BESIDE", "beside", VMA_CELL_NUMBER, false, 0, get_call, CALL_BESIDE,
	  "the call of another thread that it met, or else the last one before it" },
	{ "OVERLAPS", "overlaps", VMA_CELL_BOOL, false, 0, get_call, CALL_OVERLAPS,
	  "they met: that call was unfinished" },
	{ "WAITS", "waits", VMA_CELL_BOOL, false, 0, get_call, CALL_WAITS,
	  "the fault waits for it, or would if they met" },
	{ "CALL", "call", VMA_CELL_TEXT, false, 0, get_call, CALL_TEXT, "as it was recorded" },
};
static const struct vma_columns call_table = { call_rows, ARRAY_SIZE(call_rows) };

static void ignore(void *ctx, const struct vma_event *ev)
{
	(void)ctx;
	(void)ev;
}

static bool has_event(const struct vma_step *step, enum vma_event_kind kind)
{
	for (size_t i = 0; i < step->nr_events; i++)
		if (step->events[i].kind == kind)
			return true;
	return false;
}

/* The way of a fault that was made, from what it did: its mapping is changed by now. */
static void judge_fault(const struct vma_step *step, struct call *c)
{
	const struct vma_kernel *k = vma_world_kernel(step->mm->world);
	enum vma_fallback why;

	c->start = step->call->arg[0];
	c->end = c->start + step->call->arg[1];
	c->makes_anon = has_event(step, VMA_EV_ANON_NEW) || has_event(step, VMA_EV_ANON_REUSE);
	if (!c->makes_anon && !has_event(step, VMA_EV_FAULT) && !step->result->sig) {
		c->path = "none";
		return;
	}
	why = vma_fault_path(step->mm, c->start, step->call->arg[2] & PROT_WRITE, NULL);
	if (why == VMA_FALLBACK_NONE && has_event(step, VMA_EV_GROW))
		why = VMA_FALLBACK_NOT_MAPPED;
	if (why == VMA_FALLBACK_NONE && c->makes_anon && !k->vma_lock_anon_inline)
		why = VMA_FALLBACK_ANON_VMA;
	c->is_fault = true;
	c->fallback = why;
	c->path = path_name(why, c->makes_anon);
	c->why = vma_fallback_text(why);
}

/* What of @other stops the fault @c, NONE: nothing. */
static enum vma_fallback stopped_by(const struct call *c, const struct call *other)
{
	if (*other->mmap != 'w')
		return VMA_FALLBACK_NONE;
	if (c->fallback != VMA_FALLBACK_NONE)
		return c->fallback;
	for (size_t i = 0; i < other->nr; i++)
		if (other->range[i].start < c->end && other->range[i].end > c->start)
			return VMA_FALLBACK_WRITE_LOCKED;
	return c->makes_anon ? VMA_FALLBACK_TRYLOCK : VMA_FALLBACK_NONE;
}

static bool is_other(const struct call *c, const struct call *other)
{
	return other->mmap && !other->is_fault && other->pid != c->pid && other->mm == c->mm;
}

static bool met(const struct call *a, const struct call *b)
{
	return a->began <= b->line && b->began <= a->line;
}

/* The call that a fault is held against: of those it met one that stops it, or else the first; if
 * it met none, the last before it. */
static const struct call *find_beside(const struct script *s, size_t fault, bool *overlaps)
{
	const struct call *c = &s->call[fault], *first = NULL, *before = NULL;

	for (size_t i = 0; i < s->nr; i++) {
		const struct call *other = &s->call[i];

		if (!is_other(c, other))
			continue;
		if (i < fault && !met(c, other))
			before = other;
		if (!met(c, other))
			continue;
		*overlaps = true;
		if (stopped_by(c, other) != VMA_FALLBACK_NONE)
			return other;
		first = first ? first : other;
	}
	return first ? first : before;
}

static void judge_beside(const struct script *s, size_t fault)
{
	struct call *c = &s->call[fault];
	const struct call *other = find_beside(s, fault, &c->overlaps);
	enum vma_fallback why = other ? stopped_by(c, other) : VMA_FALLBACK_NONE;

	if (!other)
		return;
	c->beside = other->n;
	c->waits = why != VMA_FALLBACK_NONE;
	if (!c->waits)
		return;
	c->why = vma_fallback_text(why);
	if (c->overlaps)
		c->path = "mmap_lock";
}

/* A line between the two halves of another call keeps its place: calls are numbered by their ends. */
static struct call *add_call(struct script *s)
{
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct call *more = realloc(s->call, cap * sizeof(*more));

		if (!more)
			return NULL;
		s->call = more;
		s->cap = cap;
	}
	return &s->call[s->nr++];
}

static int one_step(void *ctx, const struct vma_step *step)
{
	static const char *const modes[] = { NULL, "read", "write" };
	const struct vma_lock_range *range;
	struct script *s = ctx;
	struct call *c;
	size_t nr;

	if (step->op == VMA_OP_NONE || !step->mm)
		return 0;
	c = add_call(s);
	if (!c)
		return -ENOMEM;
	*c = (struct call){ .n = step->n, .began = step->began, .line = step->line,
			    .pid = step->pid, .mm = step->mm->id };
	snprintf(c->text, sizeof(c->text), "%.*s", (int)step->text_len, step->text);
	vma_locks_begin(s->locks, step->mm, step->call);
	for (size_t i = 0; i < step->nr_events; i++)
		vma_locks_hear(s->locks, &step->events[i]);
	vma_locks_end(s->locks);
	c->mmap = modes[vma_locks_mode(s->locks)];
	range = vma_locks_written(s->locks, &nr);
	if (!vma_world_kernel(step->mm->world)->vma_locks)
		nr = 0; /* there is nothing but mmap_lock */
	c->range = malloc((nr + 1) * sizeof(*range));
	if (!c->range)
		return -ENOMEM;
	if (nr)
		memcpy(c->range, range, nr * sizeof(*range));
	c->nr = nr;
	if (step->op == VMA_OP_TOUCH)
		judge_fault(step, c);
	return 0;
}

static int show_calls(struct script *s)
{
	AUTO(undo_free) const void **order = calloc(s->nr + 1, sizeof(*order));

	if (!order)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr; i++) {
		if (s->call[i].is_fault)
			judge_beside(s, i);
		order[i] = &s->call[i];
	}
	if (!listing_begin(s->l, "calls") || !listing_rows(s->l, order, s->nr) ||
	    !listing_end(s->l))
		return s->l->status;
	return listing_close(s->l) ? CLI_OK : s->l->status;
}

/* A log of strace or a script: a regular file that is no core. */
static bool is_script(const char *name)
{
	char head[SELFMAG] = "";
	struct stat st;

	if (stat(name, &st) || !S_ISREG(st.st_mode))
		return false;
	AUTO(undo_close) int fd = open(name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, head, SELFMAG) >= 0 && memcmp(head, ELFMAG, SELFMAG);
}

static int feed(struct vma_replay *r, const char *name)
{
	AUTO(undo_close) int fd = open(name, O_RDONLY | O_CLOEXEC);
	AUTO(undo_free) char *buf = malloc(1 << 16);
	struct vma_err err;
	int rc = 0;

	if (fd < 0)
		return cli_error(CLI_FAILURE, "%s: %s", name, strerror(errno));
	while (buf && !rc) {
		ssize_t n = read(fd, buf, 1 << 16);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cli_error(CLI_FAILURE, "%s: %s", name, strerror(errno));
		if (!n)
			break;
		rc = vma_replay_feed(r, buf, (size_t)n, &err);
	}
	rc = !buf ? -ENOMEM : rc < 0 ? rc : vma_replay_finish(r, &err);
	return rc < 0 ? cli_error(CLI_FAILURE, "out of memory") : CLI_OK;
}

static void undo_replay(struct vma_replay **r)
{
	vma_replay_free(*r);
}

static int show_script(struct cli *cli, const struct locks_options *opt, struct listing *l)
{
	AUTO(undo_script) struct script s = { .cli = cli, .l = l };
	AUTO(undo_replay) struct vma_replay *r = NULL;
	struct vma_replay_opts opts = { .events = true, .step = one_step, .ctx = &s };
	struct vma_model *m = NULL;
	struct vma_err err;
	int status = CLI_OK;

	if (opt->from)
		status = target_open(cli, opt->from, VMA_READ_DEFAULT | VMA_READ_PAGES, &m);
	if (status != CLI_OK)
		return status;
	s.locks = vma_locks_new(ignore, NULL);
	if (!s.locks || vma_replay_new(&opts, m, m ? NULL : cli->shared.kernel, &r, &err)) {
		vma_model_free(m);
		return s.locks ? cli_fail(&err) : cli_error(CLI_FAILURE, "out of memory");
	}
	status = feed(r, cli->argv[0]);
	return status == CLI_OK ? show_calls(&s) : status;
}

/* ---------------------------------------------------------------- the command */

int cmd_locks(struct cli *cli)
{
	AUTO(listing_fini) struct listing l = { .status = CLI_OK };
	struct locks_options opt = { .source = 0 };
	bool script;

	if (!cli_parse(cli, &opt))
		return cli->status;
	script = cli->argc == 1 && is_script(cli->argv[0]);
	if (!listing_init(&l, cli, script ? &call_table : &map_table,
			  script     ? "N,PID,MMAP_LOCK,LOCKED,FAULT,BESIDE,OVERLAPS,WAITS,WHY,CALL" :
			  opt.source ? "START,END,PERMS,READ,WRITE,LOCKED,SEQ,MM_SEQ,REFCNT,PATH" :
				       "START,END,PERMS,READ,WRITE,WHY,PATH"))
		return l.status;
	if (cli->argc != 1)
		return cli_usage(cli, cli->argc ? "one TARGET or SCRIPT at a time" :
						  "no TARGET or SCRIPT is given");
	if (opt.from && !script)
		return cli_usage(cli, "--from goes with a SCRIPT");
	return script ? show_script(cli, &opt, &l) : show_mappings(cli, &opt, &l);
}
