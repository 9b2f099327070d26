/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_H
#define BENCH_H
/*
 * Measurements side by side. A contest has contestants; each round lets every one run once, so
 * that whatever else the machine does meets all of them, and only ratios within a round count.
 * Everything runs in a child: a figure of memory is then the child's own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "libvmactl/types.h"

#define BENCH_ROUNDS 31 /* at most */

/* ---------------------------------------------------------------- figures (figures.c) */

/* One thing measured, once a round. */
struct figure {
	char name[64];
	char unit[12];
	int nr;
	double v[BENCH_ROUNDS];
};

/* What a bar of the table is: a figure, or a figure over another, against a limit. */
enum bar_kind { BAR_AT_MOST, BAR_AT_LEAST };

struct bench {
	bool quick;
	int rounds;
	const char *vmactl;  /* the program */
	const char *json;    /* where the JSON goes */
	u64 max_map_count;   /* as it is now */
	struct figure *figure;
	size_t nr_figures, cap_figures;
	struct bar *bar;
	size_t nr_bars, cap_bars;
	char **unmeasured;
	size_t nr_unmeasured;
};

void bench_sample(struct bench *b, const char *name, const char *unit, double v);
double bench_median(struct bench *b, const char *name);
/* @over NULL: the figure itself; otherwise the median of the ratios of the rounds. */
void bench_bar(struct bench *b, enum bar_kind kind, double limit, const char *what,
	       const char *figure, const char *over);
__attribute__((format(printf, 2, 3))) void bench_unmeasured(struct bench *b, const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void bench_say(const char *fmt, ...);
void bench_table(const struct bench *b);
int bench_json(const struct bench *b);
void bench_fini(struct bench *b);

/* ---------------------------------------------------------------- children (child.c) */

double bench_now(void); /* seconds */
/* Seconds of processor of this thread: for work that never waits, on a machine that is shared. */
double bench_cpu(void);
__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *fmt, ...);

struct run {
	double wall, cpu; /* seconds */
	double first;     /* until the first byte came, when it was asked for */
	long rss_kb;
	u64 bytes;
	int status;
};

/* A command line to /dev/null, or through a pipe that is read as fast as possible. */
struct run bench_run(const char *const argv[], bool pipe);
/* fn() in a child that sends @nr numbers back; false when it died. */
typedef void bench_fn(void *ctx, double *out);
bool bench_in_child(bench_fn *fn, void *ctx, double *out, size_t nr);

/* A child that serves: each bench_ask() makes it run once more. It dies with its pipe. */
struct worker {
	pid_t pid;
	int ask, answer;
	bool dead;
};
/* begin() once in the child, its pointer is what each() gets; NULL from begin() ends it. */
bool worker_start(struct worker *w, void *(*begin)(void *), void (*each)(void *, double *),
		  void *ctx, size_t nr);
bool worker_ask(struct worker *w, double *out, size_t nr);
void worker_stop(struct worker *w);

bool bench_installed(const char *program);
/* 0 when it cannot be raised so far. */
u64 bench_map_count(struct bench *b, u64 wanted);
/* As it was: others run on this machine. */
void bench_map_count_back(struct bench *b);

/* ---------------------------------------------------------------- targets (target.c) */

struct target {
	struct worker w;
	u64 *at; /* shared with it: what it tells about itself */
};
enum target_kind { TARGET_MIXED, TARGET_DENSE, TARGET_SPARSE, TARGET_BUSY };
/*
 * MIXED: @n VMAs of two pages, some touched, some of a file, some named; DENSE: @n bytes present in
 * one mapping; SPARSE: 1 TiB with @n bytes present in 512 islands; BUSY: DENSE, and a thread that
 * maps and unmaps without end and keeps the longest time a pair took.
 */
bool target_start(struct target *t, enum target_kind kind, u64 n);
void target_stop(struct target *t);
#define target_addr(t) ((t)->at[0]) /* of the big mapping */
#define target_len(t) ((t)->at[1])
#define target_vmas(t) ((t)->at[2])
/* BUSY: the longest pair since it was last asked, in seconds. */
double target_longest(struct target *t);

/* ---------------------------------------------------------------- the contests */

void bench_text(struct bench *b, u64 nr_vmas);   /* text.c: inspect against cat and pmap */
void bench_pages(struct bench *b);               /* pages.c: pagemap and PAGEMAP_SCAN */
void bench_harm(struct bench *b);                /* pages.c: what a busy thread feels */
void bench_calls(struct bench *b, u64 nr_vmas);  /* calls.c: the model against real calls */
void bench_replay(struct bench *b, u64 nr_vmas); /* replay.c: text, rebuild */

/* The model of one process of @n VMAs with holes between, and the same in earnest. */
#define LAYOUT_BASE 0x100000000000ULL
#define LAYOUT_STEP (8 * 4096ULL)
#define LAYOUT_LEN (6 * 4096ULL)
struct vma_world;
struct vma_mm;
struct vma_world *layout_model(u64 n, struct vma_mm **mm);
bool layout_real(u64 n);

#endif
