// SPDX-License-Identifier: GPL-2.0-or-later
/* Page states against what the kernel's own interfaces take, and what reading does to others. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libvmactl/read.h"

#define PAGE 4096UL
#define WINDOW (64 << 10)
#define GIB (1UL << 30)

/* PAGEMAP_SCAN; the headers may be older. */
struct scan_region {
	u64 start, end, categories;
};
struct scan_arg {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1U << 3)

static int open_pagemap(pid_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/pagemap", (int)pid);
	return open(name, O_RDONLY | O_CLOEXEC);
}

static void raw_pagemap(void *ctx, double *out)
{
	struct target *t = ctx;
	int fd = open_pagemap(t->w.pid);
	static char buf[WINDOW];
	double began = bench_now();
	off_t at = (off_t)(target_addr(t) / PAGE * 8), end = at + (off_t)(target_len(t) / PAGE * 8);

	while (at < end) {
		ssize_t n = pread(fd, buf, sizeof(buf), at);

		if (n <= 0)
			_exit(1);
		at += n;
	}
	*out = bench_now() - began;
}

static void raw_scan(void *ctx, double *out)
{
	struct target *t = ctx;
	int fd = open_pagemap(t->w.pid);
	static struct scan_region region[512];
	double began = bench_now();
	u64 at = target_addr(t), end = at + target_len(t);

	while (at < end) {
		struct scan_arg arg = { .size = sizeof(arg), .start = at, .end = end,
					.vec = (u64)region, .vec_len = 512,
					.category_mask = SCAN_PRESENT,
					.return_mask = SCAN_PRESENT };

		if (ioctl(fd, SCAN_IOCTL, &arg) < 0 || arg.walk_end <= at)
			_exit(1);
		at = arg.walk_end;
	}
	*out = bench_now() - began;
}

/*
 * The part of reading that is about pagemap, as the reader itself accounts for it. With smaps known
 * it need not find out first where pages are.
 */
static void ours(void *ctx, double *out)
{
	struct target *t = ctx;
	struct vma_read_opts opts = { .levels = VMA_READ_SMAPS | VMA_READ_PAGES };
	struct vma_facts *f;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)t->w.pid);
	if (vma_facts_read(pid, &opts, &f, NULL) || !f->nr_runs)
		_exit(1);
	for (size_t i = 0; i < f->nr_cost; i++)
		if (!strcmp(f->cost[i].what, "pagemap"))
			*out = (double)f->cost[i].ns / 1e9;
	vma_facts_free(f);
}

static u64 memory_available(void)
{
	u64 kb = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu", (unsigned long long *)&kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb << 10;
}

/* How much may be present: what is wanted, less on a small machine. */
static u64 present_size(u64 want, u64 most)
{
	return (want < most ? want : most) & ~(u64)(512 * PAGE - 1);
}

static u64 dense_size(struct bench *b)
{
	return present_size(b->quick ? GIB : 4 * GIB, memory_available() / 4);
}

static bool sample(struct bench *b, const char *name, bench_fn *fn, struct target *t)
{
	double s;

	if (!bench_in_child(fn, t, &s, 1))
		return false;
	bench_sample(b, name, "s", s);
	return true;
}

static void pages_of(struct bench *b, enum target_kind kind, u64 size)
{
	bool dense = kind == TARGET_DENSE;
	const char *mine = dense ? "page states, dense" : "page states, sparse";
	const char *floor = dense ? "raw reads of pagemap, dense" : "PAGEMAP_SCAN presence, sparse";
	char what[96];
	struct target t;

	if (!target_start(&t, kind, size)) {
		bench_unmeasured(b, "%s: no memory", mine);
		return;
	}
	for (int round = 0; round < b->rounds; round++)
		if (!sample(b, floor, dense ? raw_pagemap : raw_scan, &t) ||
		    !sample(b, mine, ours, &t)) {
			bench_unmeasured(b, "%s: cannot be read", round ? mine : floor);
			break;
		}
	target_stop(&t);
	snprintf(what, sizeof(what), "pages, %s%.1f GiB present / %s",
		 dense ? "" : "1 TiB sparse with ", (double)size / GIB,
		 dense ? "raw pagemap reads" : "PAGEMAP_SCAN presence");
	bench_bar(b, BAR_AT_MOST, dense ? 1.2 : 1.7, what, mine, floor);
}

void bench_pages(struct bench *b)
{
	u64 size = dense_size(b);

	bench_say("page states, %.1f GiB present", (double)size / GIB);
	pages_of(b, TARGET_DENSE, size);
	pages_of(b, TARGET_SPARSE, size);
}

/* ---------------------------------------------------------------- harm */

struct reading {
	pid_t pid;
	u32 levels;
	double seconds;
};

/* Reads again and again for a while. out: how often, and the seconds of the longest single call. */
static void read_on(void *ctx, double *out)
{
	const struct reading *r = ctx;
	struct vma_read_opts opts = { .levels = r->levels };
	double until = bench_now() + r->seconds;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)r->pid);
	do {
		struct vma_facts *f;

		if (vma_facts_read(pid, &opts, &f, NULL))
			_exit(1);
		for (size_t i = 0; i < f->nr_cost; i++)
			if ((double)f->cost[i].longest / 1e9 > out[1])
				out[1] = (double)f->cost[i].longest / 1e9;
		vma_facts_free(f);
		++*out;
	} while (bench_now() < until);
}

/*
 * The longest pair of calls of the busy thread while a reader works. In the control round it works
 * on a twin of the target: the machine is as busy, the lock is another.
 */
static bool longest(struct bench *b, struct target *busy, pid_t of, u32 levels, const char *name)
{
	struct reading r = { of, levels, b->quick ? 0.4 : 1.5 };
	double got[2];
	char call[64];

	target_longest(busy);
	if (!bench_in_child(read_on, &r, got, 2))
		return false;
	bench_sample(b, name, "ms", target_longest(busy) * 1e3);
	snprintf(call, sizeof(call), "longest call of ours%s", strchr(name, ','));
	bench_sample(b, call, "ms", got[1] * 1e3);
	return true;
}

void bench_harm(struct bench *b)
{
	const u32 maps = VMA_READ_MAPS, pages = VMA_READ_MAPS | VMA_READ_PAGES;
	u64 size = present_size(b->quick ? GIB : 12 * GIB, memory_available() / 2);
	struct target busy, twin;

	bench_say("what a busy thread of the target feels, %.1f GiB present", (double)size / GIB);
	if (!target_start(&twin, TARGET_DENSE, size / 4))
		return;
	if (!target_start(&busy, TARGET_BUSY, size)) {
		target_stop(&twin);
		return;
	}
	for (int round = 0; round < b->rounds; round++)
		if (!longest(b, &busy, twin.w.pid, maps, "longest mmap, maps of another read") ||
		    !longest(b, &busy, busy.w.pid, maps, "longest mmap, maps read") ||
		    !longest(b, &busy, busy.w.pid, pages, "longest mmap, pagemap read"))
			break;
	target_stop(&busy);
	target_stop(&twin);
	bench_bar(b, BAR_AT_MOST, 1.5, "longest mmap of a busy thread: maps read / idle (noisy)",
		  "longest mmap, maps read", "longest mmap, maps of another read");
	if (bench_median(b, "longest mmap, maps of another read") > 5)
		bench_unmeasured(b, "harm of reading pagemap: the machine is so busy that a thread "
				    "nobody reads waits %.0f ms",
				 bench_median(b, "longest mmap, maps of another read"));
	else
		bench_bar(b, BAR_AT_MOST, 10, "longest mmap of a busy thread, pagemap read, ms",
			  "longest mmap, pagemap read", NULL);
}
