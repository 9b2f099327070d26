/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_VERIFY_H
#define LIBVMACTL_VERIFY_H
/*
 * Verify: is the engine right about the kernel that runs here?
 *
 * Random operations are predicted first and then carried out by a confined process of our own;
 * after each one the result and the whole address space are compared. What differs is cut down to
 * the fewest calls that still show it.
 */
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/types.h"

/** struct vma_verify_profile - a mixture of operations */
struct vma_verify_profile {
	const char *name; /* "basic" */
	const char *help;
};

/** vma_verify_profile_at() - row @i of the table of profiles, NULL past the end. */
const struct vma_verify_profile *vma_verify_profile_at(size_t i);

/** struct vma_verify_progress - how far it is */
struct vma_verify_progress {
	u64 ops, episodes;
	u64 findings;
	double seconds;
	bool shrinking; /* a divergence was found and is being cut down */
};

/**
 * struct vma_verify_opts - what to run
 * @profiles:     names joined by commas; NULL: "basic"
 * @kernel:       predict for another release than the running one; NULL
 * @ops:          operations in all; 0: no limit
 * @seconds:      time limit; 0: none. One of the two should be set
 * @seed:         the first episode's. Episode k of a run uses seed + k
 * @jobs:         puppets at work side by side, each with a thread; 0: 1
 * @episode:      operations before a fresh process is started; 0: chosen by the profile
 * @max_findings: stop after so many divergences; 0: 1
 * @randomize:    leave address space randomisation on; a seed then does not fix the addresses
 * @bpf:          compare anon_vmas and real page offsets too (needs the BPF reader)
 * @no_shrink:    report a divergence with all the calls that led to it
 * @dir:          where the test files live (nameless); NULL: $TMPDIR or /tmp
 * @progress:     called now and then from the calling thread; NULL
 * @stop:         when it becomes non-zero, finish early (a signal handler may set it: it is a
 *                sig_atomic_t); NULL
 */
struct vma_verify_opts {
	const char *profiles;
	const char *kernel;
	u64 ops;
	double seconds;
	u64 seed;
	u32 jobs;
	u32 episode;
	u32 max_findings;
	bool randomize, bpf, no_shrink;
	const char *dir;
	void (*progress)(void *ctx, const struct vma_verify_progress *p);
	void *ctx;
	const volatile int *stop;
};

/**
 * struct vma_verify_finding - one divergence
 * @what:     what differed first: "result", "ranges", "flags", "offset", "file", "name",
 *            "policy", "pages", "counters", "anon_vma", "pgoff"
 * @call:     the last call, in strace's syntax, with what the kernel answered
 * @detail:   both sides, several lines
 * @script:   the calls that lead there, as vmactl replay reads them
 * @nr_calls: in @script; @nr_before: before it was cut down
 * @nr_seen:  how often: the same operation, the same difference, the same errors are one finding
 */
struct vma_verify_finding {
	const char *profile;
	u64 seed;
	char what[16];
	char *call, *detail, *script;
	u32 nr_calls, nr_before, nr_seen;
	char signature[64]; /* what makes it the same as another */
};

/** struct vma_verify_count - how often an operation ran, and how often it was refused */
struct vma_verify_count {
	const char *op;
	u64 done, refused;
};

#define VMA_VERIFY_ALIVE 8

/** struct vma_verify_report - the outcome; freed with vma_verify_report_free() */
struct vma_verify_report {
	char kernel[65];      /* the profile predicted with */
	u64 seed;
	u64 ops, episodes;
	u64 disturbed;        /* episodes that ended early, by a huge page of khugepaged's */
	u64 alive[VMA_VERIFY_ALIVE + 1]; /* operations while so many processes lived at once */
	double seconds;
	bool stopped;         /* by @stop */
	struct vma_verify_count *counts;
	size_t nr_counts;
	struct vma_verify_finding *findings;
	size_t nr_findings;
};

/**
 * vma_verify_run() - run it
 *
 * Starts processes and threads of its own, all gone when it returns, whatever it returns. A
 * divergence is an answer, not a failure: look at @out. -EINVAL unknown profile or release; -EIO
 * when the test processes cannot be started or read (@err says why).
 */
int vma_verify_run(const struct vma_verify_opts *opts, struct vma_verify_report **out,
		   struct vma_err *err);
void vma_verify_report_free(struct vma_verify_report *r);

/* ---------------------------------------------------------------- given calls */

/**
 * struct vma_verify_call - one call of a list
 * @call:    as the engine takes it; @call.name is borrowed, @call.target_mm must be 0
 * @is_like: with a descriptor or segment that is open: what it stands for. A test file of the same
 *           kind, access and seals takes its place
 */
struct vma_verify_call {
	struct vma_call call;
	struct vma_file is_like;
};

/**
 * struct vma_verify_list - calls for one fresh process
 * @heap: where the calls take the heap to begin, 0: they do not. Addresses from there on are moved
 *        to where it begins
 *
 * RLIMIT_AS and RLIMIT_DATA are given on top of what the process has already.
 */
struct vma_verify_list {
	const char *name;
	const struct vma_verify_call *calls;
	size_t nr;
	u64 heap;
};

enum vma_verify_verdict {
	VMA_VERIFY_AGREES,
	VMA_VERIFY_DIVERGES, /* see the finding */
	VMA_VERIFY_UNABLE,   /* these calls cannot be made here: see @why */
};

/** struct vma_verify_answer - what became of a list */
struct vma_verify_answer {
	enum vma_verify_verdict verdict;
	char why[128];
	struct vma_verify_finding finding; /* its profile is the name of the list */
};

/**
 * vma_verify_calls() - predict and do the calls of each list, comparing after each
 * @opts: kernel, randomize, bpf, dir and stop count; the rest does not
 * @out:  @nr answers, in the order of the lists; freed with vma_verify_answers_free()
 *
 * The process has no capabilities, apart from lists that use a userfaultfd. Errors as of
 * vma_verify_run(); -EINTR: by @opts->stop.
 */
int vma_verify_calls(const struct vma_verify_opts *opts, const struct vma_verify_list *lists,
		     size_t nr, struct vma_verify_answer **out, struct vma_err *err);
void vma_verify_answers_free(struct vma_verify_answer *answers, size_t nr);

#endif
