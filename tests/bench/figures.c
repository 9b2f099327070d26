// SPDX-License-Identifier: GPL-2.0-or-later
/* What was measured, the bars it is held against, and both as a table and as JSON. */
#include "bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct bar {
	char what[96], figure[64], over[64];
	enum bar_kind kind;
	double limit, value, low, high;
	bool met;
};

void bench_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static void *more(void *array, size_t nr, size_t *cap, size_t size)
{
	if (nr < *cap)
		return array;
	*cap = *cap ? 2 * *cap : 32;
	array = reallocarray(array, *cap, size);
	if (!array)
		bench_die("out of memory");
	return array;
}

static struct figure *find(const struct bench *b, const char *name)
{
	for (size_t i = 0; i < b->nr_figures; i++)
		if (!strcmp(b->figure[i].name, name))
			return &b->figure[i];
	return NULL;
}

void bench_sample(struct bench *b, const char *name, const char *unit, double v)
{
	struct figure *f = find(b, name);

	if (!f) {
		b->figure = more(b->figure, b->nr_figures, &b->cap_figures, sizeof(*b->figure));
		f = &b->figure[b->nr_figures++];
		memset(f, 0, sizeof(*f));
		snprintf(f->name, sizeof(f->name), "%s", name);
		snprintf(f->unit, sizeof(f->unit), "%s", unit);
	}
	if (f->nr < BENCH_ROUNDS)
		f->v[f->nr++] = v;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of v[0..nr); v is sorted by this. */
static double median(double *v, int nr)
{
	if (!nr)
		return NAN;
	qsort(v, (size_t)nr, sizeof(*v), ascending);
	return nr % 2 ? v[nr / 2] : (v[nr / 2 - 1] + v[nr / 2]) / 2;
}

double bench_median(struct bench *b, const char *name)
{
	struct figure *f = find(b, name);
	double v[BENCH_ROUNDS];

	if (!f)
		return NAN;
	memcpy(v, f->v, sizeof(v));
	return median(v, f->nr);
}

void bench_bar(struct bench *b, enum bar_kind kind, double limit, const char *what,
	       const char *figure, const char *over)
{
	const struct figure *f = find(b, figure), *g = over ? find(b, over) : NULL;
	double v[BENCH_ROUNDS];
	int nr = f ? f->nr : 0;

	if (over && (!g || g->nr < nr))
		nr = g ? g->nr : 0;
	if (!nr) {
		bench_unmeasured(b, "%s", what);
		return;
	}
	for (int i = 0; i < nr; i++)
		v[i] = over ? f->v[i] / g->v[i] : f->v[i];
	b->bar = more(b->bar, b->nr_bars, &b->cap_bars, sizeof(*b->bar));
	struct bar *bar = &b->bar[b->nr_bars++];
	*bar = (struct bar){ .kind = kind, .limit = limit, .value = median(v, nr) };
	bar->low = v[0];
	bar->high = v[nr - 1];
	bar->met = kind == BAR_AT_MOST ? bar->value <= limit : bar->value >= limit;
	snprintf(bar->what, sizeof(bar->what), "%s", what);
	snprintf(bar->figure, sizeof(bar->figure), "%s", figure);
	snprintf(bar->over, sizeof(bar->over), "%s", over ? over : "");
}

void bench_unmeasured(struct bench *b, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		bench_die("out of memory");
	va_end(ap);
	b->unmeasured = reallocarray(b->unmeasured, b->nr_unmeasured + 1, sizeof(char *));
	if (!b->unmeasured)
		bench_die("out of memory");
	b->unmeasured[b->nr_unmeasured++] = text;
}

/* ---------------------------------------------------------------- for people */

void bench_table(const struct bench *b)
{
	struct utsname u;
	size_t met = 0;

	uname(&u);
	printf("Linux %s, %s, %ld processors; medians of %d interleaved rounds\n\n", u.release,
	       u.machine, sysconf(_SC_NPROCESSORS_ONLN), b->rounds);
	printf("%-62s %12s %10s  %s\n", "what was measured", "median", "spread", "unit");
	for (size_t i = 0; i < b->nr_figures; i++) {
		struct figure f = b->figure[i];
		double m = median(f.v, f.nr);

		printf("%-62s %12.4g %9.0f%%  %s\n", f.name, m,
		       m != 0 ? 100 * (f.v[f.nr - 1] - f.v[0]) / m : 0.0, f.unit);
	}
	printf("\n%-70s %9s %10s  %s\n", "bar", "measured", "limit", "met");
	for (size_t i = 0; i < b->nr_bars; i++) {
		const struct bar *bar = &b->bar[i];

		met += bar->met;
		printf("%-70s %9.3g %s %7.4g  %s\n", bar->what, bar->value,
		       bar->kind == BAR_AT_MOST ? "<=" : ">=", bar->limit,
		       bar->met ? "yes" : "NO");
	}
	for (size_t i = 0; i < b->nr_unmeasured; i++)
		printf("not measured: %s\n", b->unmeasured[i]);
	printf("\n%zu of %zu bars are met, %zu could not be measured\n", met, b->nr_bars,
	       b->nr_unmeasured);
}

/* ---------------------------------------------------------------- for programs */

/* All names are our own; a target's never come here. */
static void quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc((unsigned char)*s < ' ' ? ' ' : *s, f);
	}
	fputc('"', f);
}

static void number(FILE *f, double v)
{
	if (isfinite(v))
		fprintf(f, "%.6g", v);
	else
		fputs("null", f);
}

static void json_figures(FILE *f, const struct bench *b)
{
	fputs(", \"figures\": [", f);
	for (size_t i = 0; i < b->nr_figures; i++) {
		struct figure g = b->figure[i];

		fprintf(f, "%s\n  {\"name\": ", i ? "," : "");
		quoted(f, g.name);
		fputs(", \"unit\": ", f);
		quoted(f, g.unit);
		fputs(", \"rounds\": [", f);
		for (int k = 0; k < g.nr; k++) {
			fputs(k ? ", " : "", f);
			number(f, g.v[k]);
		}
		fputs("], \"median\": ", f);
		number(f, median(g.v, g.nr));
		fputc('}', f);
	}
	fputs("]", f);
}

static void json_bars(FILE *f, const struct bench *b)
{
	fputs(", \"bars\": [", f);
	for (size_t i = 0; i < b->nr_bars; i++) {
		const struct bar *bar = &b->bar[i];

		fprintf(f, "%s\n  {\"what\": ", i ? "," : "");
		quoted(f, bar->what);
		fputs(", \"figure\": ", f);
		quoted(f, bar->figure);
		if (*bar->over) {
			fputs(", \"over\": ", f);
			quoted(f, bar->over);
		}
		fputs(", \"value\": ", f);
		number(f, bar->value);
		fprintf(f, ", \"low\": %.6g, \"high\": %.6g, \"limit\": %.6g, \"is\": \"%s\", "
			"\"met\": %s}", bar->low, bar->high, bar->limit,
			bar->kind == BAR_AT_MOST ? "at_most" : "at_least",
			bar->met ? "true" : "false");
	}
	fputs("]", f);
}

int bench_json(const struct bench *b)
{
	FILE *f = fopen(b->json, "w");

	struct utsname u;

	if (!f)
		return -1;
	uname(&u);
	fprintf(f, "{\"kernel\": \"%s\", \"machine\": \"%s\", \"processors\": %ld", u.release,
		u.machine, sysconf(_SC_NPROCESSORS_ONLN));
	fprintf(f, ", \"quick\": %s, \"rounds\": %d", b->quick ? "true" : "false", b->rounds);
	json_figures(f, b);
	json_bars(f, b);
	fputs(", \"unmeasured\": [", f);
	for (size_t i = 0; i < b->nr_unmeasured; i++) {
		fputs(i ? ", " : "", f);
		quoted(f, b->unmeasured[i]);
	}
	fputs("]}\n", f);
	return fclose(f);
}

void bench_fini(struct bench *b)
{
	for (size_t i = 0; i < b->nr_unmeasured; i++)
		free(b->unmeasured[i]);
	free(b->unmeasured);
	free(b->figure);
	free(b->bar);
}
