// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench [--quick] [--rounds N] [--only WORD] [--json FILE] VMACTL
 *
 * All that is promised about speed, in one run: ours, the kernel's own floor and other tools side
 * by side. Times are this machine's; the bars are ratios wherever they can be.
 */
#include "bench.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static u64 read_limit(void)
{
	unsigned long long v = 65530;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");

	if (f) {
		if (fscanf(f, "%llu", &v) != 1)
			v = 65530;
		fclose(f);
	}
	return v;
}

static void parse(int argc, char **argv, struct bench *b, const char **only)
{
	static const struct option options[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'q':
			b->quick = true;
			break;
		case 'r':
			b->rounds = atoi(optarg);
			break;
		case 'o':
			*only = optarg;
			break;
		case 'j':
			b->json = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc || b->rounds < 1 || b->rounds > BENCH_ROUNDS)
		bench_die("usage: bench [--quick] [--rounds N] [--only WORD] [--json FILE] VMACTL");
	b->vmactl = argv[optind];
}

int main(int argc, char **argv)
{
	struct bench b = { .rounds = 7, .json = "bench.json", .max_map_count = read_limit() };
	const char *only = "";

	parse(argc, argv, &b, &only);
#define ASKED(word) (!*only || !strcmp(only, word))
	if (ASKED("calls")) {
		bench_calls(&b, 1000);
		bench_calls(&b, 60000);
		bench_calls(&b, 1000000);
		bench_map_count_back(&b);
	}
	if (ASKED("replay"))
		bench_replay(&b, 60000);
	if (ASKED("pages"))
		bench_pages(&b);
	if (ASKED("harm"))
		bench_harm(&b);
	if (ASKED("text")) {
		bench_text(&b, 60000);
		if (b.quick)
			bench_unmeasured(&b, "inspect of 1,000,000 VMAs (make bench does)");
		else
			bench_text(&b, 1000000);
		bench_map_count_back(&b);
	}
	bench_table(&b);
	if (bench_json(&b))
		bench_die("%s: cannot write: %m", b.json);
	bench_say("JSON in %s", b.json);
	bench_fini(&b);
	return 0;
}
