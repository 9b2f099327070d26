// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text of calls replayed from memory, beside the calls themselves; and a process rebuilt from the
 * text of its smaps. A child makes the calls, all of which undo each other, and writes down what
 * strace would have printed; the model starts from the child as it was.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libvmactl/read.h"
#include "libvmactl/rebuild.h"
#include "libvmactl/script.h"

#define PAGE 4096UL
#define CALLS 4 /* of a cycle */

struct log {
	u64 vmas, cycles;
	u32 seed;
	size_t len, cap;
	char *text;  /* shared with the child */
	u64 *addr;   /* of each cycle's mmap; the child's */
	size_t *len_shared;
};

static u64 place(struct log *l)
{
	l->seed = l->seed * 1664525 + 1013904223;
	return LAYOUT_BASE + (u64)(l->seed >> 4) % l->vmas * LAYOUT_STEP + PAGE;
}

/* ---------------------------------------------------------------- the child */

static void *calls_begin(void *ctx)
{
	struct log *l = ctx;

	l->addr = calloc(l->cycles, sizeof(*l->addr));
	return l->addr && layout_real(l->vmas) ? l : NULL;
}

static void write_down(struct log *l)
{
	char *p = l->text;

	l->seed = 1;
	for (u64 i = 0; i < l->cycles; i++) {
		u64 at = place(l);

		p += sprintf(p, "mprotect(%#llx, 8192, PROT_READ) = 0\n"
				"mprotect(%#llx, 8192, PROT_READ|PROT_WRITE) = 0\n"
				"mmap(NULL, 16384, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = %#llx\n"
				"munmap(%#llx, 16384) = 0\n",
			     (unsigned long long)at, (unsigned long long)at,
			     (unsigned long long)l->addr[i], (unsigned long long)l->addr[i]);
	}
	*l->len_shared = (size_t)(p - l->text);
}

static void calls_each(void *state, double *out)
{
	struct log *l = state;
	double began = bench_cpu();

	l->seed = 1;
	for (u64 i = 0; i < l->cycles; i++) {
		void *at = (void *)place(l);

		mprotect(at, 2 * PAGE, PROT_READ);
		mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE);
		void *a = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(a, 4 * PAGE);
		l->addr[i] = (u64)a;
	}
	*out = (double)(l->cycles * CALLS) / (bench_cpu() - began);
	if (!*l->len_shared)
		write_down(l);
}

/* ---------------------------------------------------------------- the model */

struct replayed {
	const struct log *l;
	char pid[16];
};

/* out: operations a second, share that agreed */
static void replay_text(void *ctx, double *out)
{
	const struct replayed *c = ctx;
	struct vma_open_opts how = { .levels = VMA_READ_DEFAULT };
	struct vma_replay_opts opts = { .strict = false };
	struct vma_model *m;
	struct vma_replay *r;
	struct vma_err err;

	if (vma_open(c->pid, &how, &m, &err) || vma_replay_new(&opts, m, NULL, &r, &err))
		bench_die("replay: %s", err.msg);
	double began = bench_cpu();
	if (vma_replay_feed(r, c->l->text, *c->l->len_shared, &err) ||
	    vma_replay_finish(r, &err))
		bench_die("replay: %s", err.msg);
	double took = bench_cpu() - began;
	const struct vma_replay_summary *s = vma_replay_summary(r);
	out[0] = (double)s->calls / took;
	out[1] = (double)s->agreed / (double)(c->l->cycles * CALLS);
	vma_replay_free(r);
}

/* ---------------------------------------------------------------- rebuilding */

static void raw_read(void *ctx, double *out)
{
	const char *dir = ctx;
	static char buf[1 << 16], name[4096];
	double began = bench_cpu();

	snprintf(name, sizeof(name), "%s/smaps", dir);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	*out = bench_cpu() - began;
}

static void rebuild(void *ctx, double *out)
{
	struct vma_read_opts opts = { .levels = VMA_READ_SMAPS | VMA_READ_STATUS };
	struct vma_facts *f;
	struct vma_model *m;
	struct vma_err err;
	double began = bench_cpu();

	if (vma_facts_read(ctx, &opts, &f, &err) || vma_rebuild(f, NULL, &m, &err))
		bench_die("rebuild: %s", err.msg);
	double took = bench_cpu() - began;
	*out = took;
	vma_model_free(m);
}

static bool capture(pid_t pid, const char *dir)
{
	static const char *const files[] = { "smaps", "maps", "status", "stat", "limits", "auxv" };
	static char buf[1 << 16];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char from[64], to[4200];
		ssize_t n;

		snprintf(from, sizeof(from), "/proc/%d/%s", (int)pid, files[i]);
		snprintf(to, sizeof(to), "%s/%s", dir, files[i]);
		int in = open(from, O_RDONLY | O_CLOEXEC);
		int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		while ((n = read(in, buf, sizeof(buf))) > 0)
			if (write(out, buf, (size_t)n) != n)
				n = -1;
		close(in);
		close(out);
		if (n < 0)
			return false;
	}
	return true;
}

static void discard(const char *dir)
{
	static const char *const files[] = { "smaps", "maps", "status", "stat", "limits", "auxv" };
	char name[4200];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, files[i]);
		unlink(name);
	}
	rmdir(dir);
}

/* From a copy in memory: what the kernel needs to print smaps is then in neither. */
static void bench_rebuild(struct bench *b, pid_t pid, u64 vmas)
{
	char dir[] = "/dev/shm/vmactl-bench-XXXXXX";
	double raw, all;

	if (!mkdtemp(dir) || !capture(pid, dir)) {
		bench_unmeasured(b, "rebuild: /dev/shm is missing or full");
		return;
	}
	for (int round = 0; round < b->rounds; round++) {
		if (!bench_in_child(raw_read, dir, &raw, 1) || !bench_in_child(rebuild, dir, &all, 1))
			break;
		bench_sample(b, "smaps text read and rebuilt, beyond reading", "ns a VMA",
			     (all - raw) / (double)vmas * 1e9);
	}
	discard(dir);
	bench_bar(b, BAR_AT_MOST, 250, "rebuild from smaps text beyond reading, ns a VMA",
		  "smaps text read and rebuilt, beyond reading", NULL);
}

void bench_replay(struct bench *b, u64 vmas)
{
	struct log l = { .vmas = vmas, .cycles = b->quick ? 25000 : 100000 };
	struct replayed c = { .l = &l };
	struct worker w = { 0 };
	double real, ours[2];

	bench_say("replay of %llu calls, %llu VMAs", (unsigned long long)(l.cycles * CALLS),
		  (unsigned long long)vmas);
	l.cap = l.cycles * 256;
	l.text = mmap(NULL, l.cap + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l.text == MAP_FAILED)
		bench_die("out of memory");
	l.len_shared = (size_t *)(l.text + l.cap);
	if (!bench_map_count(b, vmas + 4000) ||
	    !worker_start(&w, calls_begin, calls_each, &l, 1)) {
		bench_unmeasured(b, "replay: no process of %llu VMAs", (unsigned long long)vmas);
		return;
	}
	snprintf(c.pid, sizeof(c.pid), "%d", (int)w.pid);
	for (int round = 0; round < b->rounds; round++) {
		if (!worker_ask(&w, &real, 1) || !bench_in_child(replay_text, &c, ours, 2))
			bench_die("replay: a child died");
		bench_sample(b, "real calls", "1/s", real);
		bench_sample(b, "replay of text", "1/s", ours[0]);
		bench_sample(b, "replay: calls that agreed", "share", ours[1]);
	}
	bench_rebuild(b, w.pid, vmas);
	worker_stop(&w);
	munmap(l.text, l.cap + PAGE);
	bench_bar(b, BAR_AT_LEAST, 1500000, "replay of text, operations a second", "replay of text",
		  NULL);
	bench_bar(b, BAR_AT_LEAST, 8, "replay of text / making the calls", "replay of text",
		  "real calls");
	bench_bar(b, BAR_AT_LEAST, 1, "replay: share of the calls that agreed",
		  "replay: calls that agreed", NULL);
}
