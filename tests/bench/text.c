// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl inspect beside cat of the same file, pmap and smem. */
#include "bench.h"

#include <string.h>
#include <sys/wait.h>

enum { OURS, FLOOR, PEER };

/* THE table of contestants. %P is the process, %V our program. */
struct contestant {
	const char *name;
	int side;
	bool pipe, root, million; /* million: also with 1,000,000 VMAs */
	const char *argv[12];
};
static const struct contestant contestants[] = {
	{ "cat maps", FLOOR, .million = true, .argv = { "cat", "/proc/%P/maps" } },
	{ "cat smaps", FLOOR, .million = true, .argv = { "cat", "/proc/%P/smaps" } },
	{ "cat smaps to a pipe", FLOOR, .pipe = true, .argv = { "cat", "/proc/%P/smaps" } },
	{ "inspect --raw, level maps", OURS, .million = true,
	  .argv = { "%V", "inspect", "--raw", "--cost=maps", "%P" } },
	{ "inspect --raw, level smaps", OURS, .million = true,
	  .argv = { "%V", "inspect", "--raw", "%P" } },
	{ "inspect --json-lines, level smaps", OURS, .million = true,
	  .argv = { "%V", "inspect", "--json-lines", "%P" } },
	{ "inspect --raw to a pipe", OURS, .pipe = true,
	  .argv = { "%V", "inspect", "--raw", "%P" } },
	{ "inspect --json-lines to a pipe", OURS, .pipe = true,
	  .argv = { "%V", "inspect", "--json-lines", "%P" } },
	{ "inspect, default table to a pipe", OURS, .pipe = true,
	  .argv = { "%V", "inspect", "%P" } },
	{ "inspect, pgoff and anon_vma from bpf", OURS, .root = true,
	  .argv = { "%V", "inspect", "--raw", "--source=bpf", "-o",
		    "START,END,FLAGS,PGOFF,ANON_VMA", "%P" } },
	{ "inspect, the same of a process with few VMAs", OURS, .root = true,
	  .argv = { "%V", "inspect", "--raw", "--source=bpf", "-o",
		    "START,END,FLAGS,PGOFF,ANON_VMA", "self" } },
	{ "pmap", PEER, .argv = { "pmap", "%P" } },
	{ "pmap -x", PEER, .argv = { "pmap", "-x", "%P" } },
	{ "smem, all processes", PEER, .argv = { "smem", "-H" } },
	{ "pmap -X to a pipe", PEER, .pipe = true, .argv = { "pmap", "-X", "%P" } },
};
#define NR (sizeof(contestants) / sizeof(*contestants))

/* @word with %P and %V filled in; good until the same slot is used again. */
static const char *fill_in(const struct bench *b, const char *word, pid_t pid, char *buf, size_t size)
{
	const char *at = strstr(word, "%P");

	if (!strcmp(word, "%V"))
		return b->vmactl;
	if (!at)
		return word;
	snprintf(buf, size, "%.*s%d%s", (int)(at - word), word, (int)pid, at + 2);
	return buf;
}

static bool one(struct bench *b, const struct contestant *c, pid_t pid, const char *suffix)
{
	const char *argv[13] = { NULL };
	char words[12][64], name[64];

	for (size_t i = 0; i < 12 && c->argv[i]; i++)
		argv[i] = fill_in(b, c->argv[i], pid, words[i], sizeof(words[i]));
	struct run r = bench_run(argv, c->pipe);
	if (!WIFEXITED(r.status) || WEXITSTATUS(r.status))
		return false;
	snprintf(name, sizeof(name), "%s%s", c->name, suffix);
	bench_sample(b, name, "s", r.wall);
	snprintf(name, sizeof(name), "%s%s: CPU", c->name, suffix);
	bench_sample(b, name, "s", r.cpu);
	if (c->side == OURS || c->side == PEER) {
		snprintf(name, sizeof(name), "%s%s: memory", c->name, suffix);
		bench_sample(b, name, "MiB", (double)r.rss_kb / 1024);
	}
	if (c->pipe && r.bytes) {
		snprintf(name, sizeof(name), "%s%s: first row at", c->name, suffix);
		bench_sample(b, name, "% of all", 100 * r.first / r.wall);
	}
	return true;
}

static void bars(struct bench *b, const char *of)
{
	static const char *const level_smaps[] = { "inspect --raw", "inspect --json-lines" };
	char what[96], name[64], over[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s, level smaps%s", level_smaps[i], of);
		snprintf(what, sizeof(what), "%s / cat smaps: wall", name);
		snprintf(over, sizeof(over), "cat smaps%s", of);
		bench_bar(b, BAR_AT_MOST, 1.15, what, name, over);
		snprintf(what, sizeof(what), "%s / cat smaps: CPU", name);
		snprintf(name, sizeof(name), "%s, level smaps%s: CPU", level_smaps[i], of);
		snprintf(over, sizeof(over), "cat smaps%s: CPU", of);
		bench_bar(b, BAR_AT_MOST, 1.25, what, name, over);
		snprintf(name, sizeof(name), "%s, level smaps%s: memory", level_smaps[i], of);
		snprintf(what, sizeof(what), "%s, MiB", name);
		bench_bar(b, BAR_AT_MOST, 16, what, name, NULL);
	}
	snprintf(name, sizeof(name), "inspect --raw, level maps%s", of);
	snprintf(what, sizeof(what), "%s / cat maps: wall", name);
	snprintf(over, sizeof(over), "cat maps%s", of);
	bench_bar(b, BAR_AT_MOST, 1.5, what, name, over);
	snprintf(what, sizeof(what), "%s / cat maps: CPU", name);
	snprintf(name, sizeof(name), "inspect --raw, level maps%s: CPU", of);
	snprintf(over, sizeof(over), "cat maps%s: CPU", of);
	bench_bar(b, BAR_AT_MOST, 1.5, what, name, over);
}

static void bpf_bars(struct bench *b)
{
	double maps = bench_median(b, "cat maps");
	double many = bench_median(b, "inspect, pgoff and anon_vma from bpf");
	double few = bench_median(b, "inspect, the same of a process with few VMAs");

	if (!(many > 0 && few > 0)) {
		bench_unmeasured(b, "--source=bpf: not root, or the program does not load here");
		return;
	}
	bench_sample(b, "bpf beyond its load / cat maps", "x", (many - few) / maps);
	bench_bar(b, BAR_AT_MOST, 1.3, "--source=bpf beyond the load / cat maps",
		  "bpf beyond its load / cat maps", NULL);
	bench_sample(b, "bpf load (whole run, few VMAs)", "ms", few * 1e3);
	bench_bar(b, BAR_AT_MOST, 45, "--source=bpf: load of the program, ms",
		  "bpf load (whole run, few VMAs)", NULL);
}

static void small_bars(struct bench *b)
{
	bench_bar(b, BAR_AT_MOST, 0.55, "default table to a pipe / pmap -X: wall",
		  "inspect, default table to a pipe", "pmap -X to a pipe");
	bench_bar(b, BAR_AT_MOST, 5, "first row of --raw, % of the total time",
		  "inspect --raw to a pipe: first row at", NULL);
	bench_bar(b, BAR_AT_MOST, 5, "first row of --json-lines, % of the total time",
		  "inspect --json-lines to a pipe: first row at", NULL);
	bpf_bars(b);
}

/* A failing contestant leaves the contest: its figures would not be of the same rounds. */
static void contest(struct bench *b, pid_t pid, bool million)
{
	bool out[NR] = { false };

	for (size_t i = 0; i < NR; i++) {
		const struct contestant *c = &contestants[i];

		out[i] = million && !c->million;
		if (!out[i] && *c->argv[0] != '%' && !bench_installed(c->argv[0])) {
			bench_unmeasured(b, "%s: not installed", c->argv[0]);
			out[i] = true;
		}
	}
	for (int round = 0; round < b->rounds; round++)
		for (size_t i = 0; i < NR; i++)
			if (!out[i] && !one(b, &contestants[i], pid, million ? " (1M)" : "")) {
				bench_unmeasured(b, "%s: failed", contestants[i].name);
				out[i] = true;
			}
}

void bench_text(struct bench *b, u64 nr_vmas)
{
	struct target t;
	bool million = nr_vmas >= 1000000;

	bench_say("inspect and its peers, %llu VMAs", (unsigned long long)nr_vmas);
	if (!bench_map_count(b, nr_vmas + 1000) || !target_start(&t, TARGET_MIXED, nr_vmas)) {
		bench_unmeasured(b, "inspect of %llu VMAs: vm.max_map_count is %llu",
				 (unsigned long long)nr_vmas, (unsigned long long)b->max_map_count);
		return;
	}
	contest(b, t.w.pid, million);
	target_stop(&t);
	bars(b, million ? " (1M)" : "");
	if (!million)
		small_bars(b);
}
