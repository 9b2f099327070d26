// SPDX-License-Identifier: GPL-2.0-or-later
#include "figures.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

/* Written by the thread that owns the terminal alone. */
static struct {
	u64 refreshes, cpu, bare, bared; /* bared: the processor time of those that have a bare one */
	u64 turns, slowest, slowest_cpu;
} figures;

u64 figures_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

void figures_refresh(u64 cpu_ns, u64 bare_ns)
{
	figures.refreshes++;
	figures.cpu += cpu_ns;
	figures.bare += bare_ns;
	figures.bared += bare_ns ? cpu_ns : 0;
}

void figures_turn(u64 wall_ns, u64 cpu_ns)
{
	figures.turns++;
	if (wall_ns > figures.slowest)
		figures.slowest = wall_ns;
	if (cpu_ns > figures.slowest_cpu)
		figures.slowest_cpu = cpu_ns;
}

void figures_print(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	fprintf(stderr, "refreshes\t%llu\n", (unsigned long long)figures.refreshes);
	fprintf(stderr, "refresh_cpu_ms\t%.3f\n",
		figures.refreshes ? (double)figures.cpu / 1e6 / (double)figures.refreshes : 0.0);
	if (figures.bare)
		fprintf(stderr, "refresh_per_reading\t%.3f\n",
			(double)figures.bared / (double)figures.bare);
	fprintf(stderr, "turns\t%llu\n", (unsigned long long)figures.turns);
	fprintf(stderr, "slowest_turn_ms\t%.3f\n", (double)figures.slowest / 1e6);
	fprintf(stderr, "slowest_turn_cpu_ms\t%.3f\n", (double)figures.slowest_cpu / 1e6);
	fprintf(stderr, "peak_memory_kb\t%ld\n", u.ru_maxrss);
}
