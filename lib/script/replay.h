/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_REPLAY_H
#define SCRIPT_REPLAY_H
/*
 * The inside of a replay. One line goes through these files:
 *
 *   replay.c  cuts lines, finds the task ── lex*.c ──> struct line
 *   syscall.c THE table of calls: the row's bind function makes a vma_call of it
 *   bind-*.c  ... with the descriptors and processes it needs, and notes its effects on them
 *   replay.c  runs it, compares
 *   exec.c    the address space after an execve
 *   follow.c  when they disagree: the recorded result wins
 *   blame.c   who made how many VMAs;  check.c  compares with the states of a recording
 */
#include "libvmactl/script.h"
#include "script/exec.h"
#include "script/lex.h"
#include "script/task.h"
#include "script/words.h"

struct blame;
struct check;

/* What a bind function found. */
enum bound {
	BOUND_NONE,  /* nothing to run: the call touches no address space */
	BOUND_CALL,  /* replay->call is to be run on replay->mm */
	BOUND_BAD    /* an argument was not understood: replay->bad_arg */
};

/* A row of the table of calls. */
struct syscall {
	const char *name;
	u32 number;  /* x86-64: strace prints syscall_0x1ce for calls it does not know; ~0 none */
	enum vma_op_id op;
	enum bound (*bind)(struct vma_replay *r, struct task *t, const struct line *l);
	/* After it: descriptors, processes. Called for recorded successes, or when the model
	 * succeeded and nothing was recorded. */
	void (*after)(struct vma_replay *r, struct task *t, const struct line *l);
};

struct vma_replay {
	struct vma_replay_opts opts;
	struct words *words;
	struct vma_world *world;
	struct vma_model *model; /* owns the world when there was a TARGET */
	struct descs descs;
	struct tasks tasks;
	struct task *root;       /* the task of lines without a pid column */
	bool started_known;      /* began with a TARGET */
	u32 attached;            /* "Process N attached": a child that will show itself */
	struct strbuf partial;   /* a line cut by the end of a piece */
	struct line line, line2; /* the second for lines put together from two */
	struct task *cut_task;   /* whose line the terminal cut last */
	u64 nr_line, n;
	u64 log_bytes, cloned_bytes;
	bool stop, oom;
	/* the call being replayed */
	const struct syscall *row;
	struct vma_call call;
	struct vma_result res;   /* the model's answer */
	struct vma_mm *mm;
	u32 child_mm;            /* a fork: the child's */
	u32 bad_arg;
	char name[VMA_LABEL_MAX]; /* vma_call.name points here */
	struct vma_iovec *iov;    /* vma_call.iov too */
	u32 cap_iov;
	struct exec_specials specials;
	struct vma_world *snapshot;
	struct vma_event *events;
	size_t nr_events, cap_events;
	struct blame *blame;
	struct check *check;
	struct vma_replay_summary sum;
};

/* syscall.c */
#define SYSCALLS 128 /* no more rows than this */
extern const struct syscall syscall_rows[];
const struct syscall *syscall_at(size_t i);
bool syscall_words(struct words *w);
const struct syscall *syscall_search(const struct words *w, const struct line *l);

/* The row of a call, NULL when it means nothing to an address space. */
static inline const struct syscall *syscall_find(const struct words *w, const struct line *l)
{
	return l->call ? &syscall_rows[l->call - 1] : syscall_search(w, l);
}

/* replay.c */
void replay_complain(struct vma_replay *r, u32 column, const char *what, const char *text,
		     size_t len);

/* step.c: runs a call on an mm; the events are gathered. */
void replay_run(struct vma_replay *r, struct vma_mm *mm, const struct vma_call *call,
		struct vma_result *res);
/* What was recorded and what came out say the same. */
bool replay_agrees(const struct line *l, enum vma_op_id op, const struct vma_result *res);
/* "0x7f..", "-1 ENOMEM", "SIGSEGV" */
void step_result_text(char *out, size_t size, s64 ret, int err, int sig);
/* A whole call of a task. */
void replay_call(struct vma_replay *r, struct task *t, const struct line *l);
/* The first half of an unfinished call, bound and run ahead of its second. */
bool replay_run_early(struct vma_replay *r, struct task *t);

/* follow.c: the model and the log disagree about r->call. Returns what became of the state; where
 * another order of unfinished calls explains the log, r->res becomes the right answer. */
enum vma_follow follow(struct vma_replay *r, struct task *t, const struct line *l);
/* The kernel chose an address at random, and the recorded one is among those it may choose: it is
 * applied, and r->res is then that. */
bool follow_random(struct vma_replay *r, const struct line *l);
/* Before a call that is recorded as failed: keeps a copy to go back to, when that is cheap. */
void follow_snapshot(struct vma_replay *r);
void follow_forget(struct vma_replay *r);
/* One operation on r->mm without limits: the kernel let it pass. Returns res->err. */
int follow_run_lifted(struct vma_replay *r, const struct vma_call *call, struct vma_result *res);

/* task and mm life, bind-task.c */
struct task *task_of_pid(struct vma_replay *r, u32 pid);
void task_exited(struct vma_replay *r, struct task *t);
struct mm_info *mm_info_of(struct vma_replay *r, const struct vma_mm *mm);
void run_closed_uffds(struct vma_replay *r);

/* blame.c */
struct blame *blame_new(void);
void blame_free(struct blame *b);
void blame_call(struct vma_replay *r, const struct line *l, struct vma_mm *mm);
void blame_stack(struct blame *b, const char *text, size_t len);
void blame_flush(struct blame *b);
void blame_summary(struct vma_replay *r);

/* check.c */
struct check *check_new(void);
void check_free(struct check *c);
/* A state record of a recording. */
void check_record(struct vma_replay *r, const char *text, size_t len);
/* A call was made: what the states that follow are compared with. */
void check_call(struct vma_replay *r, const struct line *l, const struct vma_step *s);
/* The states of the last call are complete: compare. */
void check_compare(struct vma_replay *r);
void check_summary(struct vma_replay *r);

#endif
