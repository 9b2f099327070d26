/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_SCRIPT_H
#define LIBVMACTL_SCRIPT_H
/*
 * Replay: a log of system calls, as strace prints it, run on the model and compared with what was
 * recorded. The text is fed in pieces of any size; nothing of it is kept.
 *
 * The log may show several processes and threads (strace -f), calls that were interrupted by
 * other lines (<unfinished ...>), stacks (-k), times and paths. Two pseudo-calls may stand in it:
 * touch(ADDR, LEN, PROT_READ|PROT_WRITE) is an access to each page of a range, fork() a fork.
 * Lines that begin with # @ + - (comments, and the state records of recordings) are skipped.
 */
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/model.h"
#include "libvmactl/rebuild.h"

struct vma_replay;

/** enum vma_follow - what became of the model's state after a call */
enum vma_follow {
	VMA_FOLLOW_MODEL,   /* the model's own: it agreed, or nothing was recorded */
	VMA_FOLLOW_FORCED,  /* the recorded result was applied instead of the model's */
	VMA_FOLLOW_UNDONE,  /* the recorded call failed: the model's change was taken back */
	VMA_FOLLOW_LEARNED, /* the model had not known this part of the address space; now it does */
	VMA_FOLLOW_KEPT,    /* the model's own, although it disagrees: strict, or it cannot be helped */
};
/** vma_follow_name() - "model", "forced"... for JSON. */
const char *vma_follow_name(enum vma_follow follow);

/**
 * struct vma_step - one call of the log, done
 * @n:        its number: every call line counts, from 1, also those that are not modelled
 * @line:     the line of the log (of its end when it was unfinished)
 * @began:    the line where it began: others in between ran beside it
 * @pid:      as recorded; without a pid column the process of the starting TARGET, 0 unknown
 * @name, @text: the call; not NUL-terminated, hostile, valid during the callback
 * @op:       VMA_OP_NONE when the call means nothing to an address space (or was not understood)
 * @call:     what was run; valid when @op is not VMA_OP_NONE
 * @result:   the model's answer; for calls without an op a copy of what was recorded
 * @has_recorded: false for "= ?" and lines without a result
 * @recorded, @recorded_err, @recorded_sig: the log's answer
 * @agree:    they are the same (true when there is nothing to compare)
 * @mm:       address space after the call, NULL when the process has none (exited)
 * @events:   when vma_replay_opts.events
 */
struct vma_step {
	u64 n, line, began;
	u32 pid;
	const char *name, *text;
	size_t name_len, text_len;
	enum vma_op_id op;
	const struct vma_call *call;
	const struct vma_result *result;
	bool has_recorded, agree;
	s64 recorded;
	int recorded_err, recorded_sig;
	enum vma_follow follow;
	struct vma_mm *mm;
	const struct vma_event *events;
	size_t nr_events;
};

/** struct vma_complaint - something in the log that was not understood; the rest goes on */
struct vma_complaint {
	u64 line;
	u32 column;       /* from 1 */
	const char *what; /* "expected (" */
	const char *text; /* the line; not NUL-terminated, hostile */
	size_t text_len;
};

/** enum vma_check_class - what is compared with the state records of a recording */
enum vma_check_class {
	VMA_CHECK_RESULT,
	VMA_CHECK_RANGES,
	VMA_CHECK_PERMS,
	VMA_CHECK_FLAGS,         /* the exact set of smaps codes */
	VMA_CHECK_PGOFF,         /* of file mappings */
	VMA_CHECK_IDENT,         /* which VMAs map the same file, up to a renaming of files */
	VMA_CHECK_COUNTERS,
	VMA_CHECK_ANON_PRESENCE, /* has an anon_vma */
	VMA_CHECK_ANON_PARTITION, /* which VMAs share one */
	VMA_CHECK_PGOFF_ANON,    /* vm_pgoff of anonymous VMAs; informative */
	VMA_CHECK_CHAIN,         /* chains, roots and parents of anon_vmas; informative */
	VMA_CHECK_NR
};
/** vma_check_name() - "ranges". */
const char *vma_check_name(enum vma_check_class c);
/** vma_check_counts() - false for the informative classes. */
bool vma_check_counts(enum vma_check_class c);

/**
 * struct vma_divergence - the model and the kernel differ after a call
 * @n, @line, @call: the call (n 0: the starting state); not NUL-terminated
 * @pid:     whose state
 * @message: "kernel ..., simulator ..."
 * @context: the VMAs of both sides near the difference, one a line, in the form of the records;
 *           "" after the first few divergences
 */
struct vma_divergence {
	u64 n, line;
	const char *call;
	size_t call_len;
	u32 pid;
	enum vma_check_class cls;
	const char *message, *context;
};

/**
 * struct vma_replay_opts - how to replay, and who wants to hear of it
 * @strict: keep the model's own state where it disagrees
 * @events: gather the events of each step
 * @check:  compare with the state records of a recording
 * @limit:  stop after this many calls, 0: none
 * @like:   any process of the machine that the log is from: its settings are used when there is no
 *          model, its special mappings ([vdso]) to know what execve makes; NULL: unknown. Borrowed
 *          during vma_replay_new() only.
 * @step:   after each call; NULL. Non-zero stops the replay.
 * @complain, @diverge: NULL when nobody listens
 * @leave:  the last look at each address space: before the exit or execve that ends it, or at the
 *          end of the log; NULL
 */
struct vma_replay_opts {
	bool strict, events, check;
	u64 limit;
	const struct vma_model *like;
	int (*step)(void *ctx, const struct vma_step *step);
	void (*complain)(void *ctx, const struct vma_complaint *c);
	void (*diverge)(void *ctx, const struct vma_divergence *d);
	void (*leave)(void *ctx, const struct vma_mm *mm);
	void *ctx;
};

/**
 * vma_replay_new() - begin
 * @opts:   copied
 * @model:  the starting TARGET, taken over on success; NULL: the address space is unknown and is
 *          learned from the recorded results
 * @kernel: profile when there is no model; NULL: the newest verified
 */
int vma_replay_new(const struct vma_replay_opts *opts, struct vma_model *model, const char *kernel,
		   struct vma_replay **out, struct vma_err *err);
void vma_replay_free(struct vma_replay *r);

/**
 * vma_replay_capture() - read what lies beside a captured directory: files.txt (paths, devices,
 * inodes and sizes of files the program will open), mm.txt (fields of mm_struct) and meta.txt
 *
 * Call it before the first vma_replay_feed(). A file that is not there is no error.
 */
int vma_replay_capture(struct vma_replay *r, const char *dir, struct vma_err *err);

/**
 * vma_replay_feed() - the next piece of the log, cut anywhere
 *
 * Returns 0, 1 when the replay is over (limit, or the step callback said so), -ENOMEM. Text that
 * is not understood is a complaint, not an error.
 */
int vma_replay_feed(struct vma_replay *r, const char *text, size_t len, struct vma_err *err);
/** vma_replay_finish() - the log is over. */
int vma_replay_finish(struct vma_replay *r, struct vma_err *err);

/** vma_replay_world() - the model as it is now; borrowed until the next feed. */
struct vma_world *vma_replay_world(const struct vma_replay *r);

#define VMA_REPLAY_SAMPLES 128

/**
 * struct vma_replay_process - an address space of the log
 * @start, @peak, @last:  map_count when first seen, the highest, and at the end
 * @peak_n:      the call that reached the peak
 * @limit_n:     the first call after which map_count was at the limit, or that the limit refused; 0
 * @inevitable_n: the last call before @limit_n after which map_count never again fell below half
 *               of the limit: from there on nothing but growth led to the limit. 0 without limit_n
 * @known:       its address space was known from the start (not learned from results)
 * @sample:      map_count over time, every @stride calls of this process
 */
struct vma_replay_process {
	u32 pid, mm;
	bool known, exited;
	u64 calls;
	u32 start, peak, last;
	u64 peak_n, limit_n, inevitable_n;
	u32 nr_samples;
	u64 stride;
	u32 sample[VMA_REPLAY_SAMPLES];
};

/** struct vma_replay_site - a call site: the innermost frames of -k outside the C library, or the
 *  name of the call when there are no stacks */
struct vma_replay_site {
	const char *name;
	u64 calls;
	s64 vmas;   /* map_count it added, less what it removed */
	u64 added;  /* the sum of its additions alone */
};

/** struct vma_check_total - a class over the whole recording */
struct vma_check_total {
	u64 agree, of;
	u64 first_n; /* first call that differs, 0 none */
};

/**
 * struct vma_replay_summary - the replay in figures; borrowed from the replay
 * @calls:     call lines
 * @modelled:  those that were run on the model
 * @agreed, @disagreed, @learned: of the modelled ones with a recorded result
 * @signals:   recorded deaths by SIGSEGV or SIGBUS
 * @first:     the first disagreement (first.n 0: none), with the texts in @first_call and
 *             @first_recorded, @first_model
 * @sites:     most VMAs first
 * @uncertain: disagreements in address spaces of which page touches are not recorded, where an
 *             anon_vma that the log cannot show may be the reason
 */
struct vma_replay_summary {
	u64 lines, calls, modelled, agreed, disagreed, learned, uncertain, complaints;
	struct vma_step first;
	char first_call[256], first_recorded[64], first_model[64];
	const char *first_why;
	const struct vma_replay_process *processes;
	size_t nr_processes;
	const struct vma_replay_site *sites;
	size_t nr_sites;
	bool has_stacks, has_touches;
	u64 states, states_agree; /* check: states compared, and those that agree in everything */
	struct vma_check_total check[VMA_CHECK_NR];
};
const struct vma_replay_summary *vma_replay_summary(struct vma_replay *r);

#endif
