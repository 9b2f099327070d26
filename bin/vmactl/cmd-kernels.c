// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl kernels: what kernels differ in, from the table of properties.
 *
 * Without an argument the profiles that were verified; with a release its properties; with two
 * of them and --diff what would be different after an upgrade: each property with a few calls and
 * what becomes of them on either side. The outcomes are not written down anywhere, the calls are
 * run on the model of both kernels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "libvmactl/read.h"
#include "listing.h"
#include "script/demo.h"

struct kernels {
	bool diff;
};

const struct cli_option cmd_kernels_options[] = {
	{ "diff", 'd', CLI_FLAG, offsetof(struct kernels, diff),
	  .help = "only what differs between two releases" },
	CLI_END,
};

/* ---------------------------------------------------------------- profiles */

struct profile {
	struct vma_kernel kernel;
	bool running;
};

enum profile_column { PROFILE_RELEASE, PROFILE_VERIFIED, PROFILE_RUNNING, PROFILE_PROPERTIES };

static u64 count_properties(const struct vma_kernel *k)
{
	const struct vma_kernel_prop *p;
	u64 n = 0;

	for (size_t i = 0; (p = vma_kernel_prop_at(i)); i++)
		n += vma_kernel_has(k, p);
	return n;
}

static void get_profile(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct profile *p = row;

	cell->state = VMA_CELL_HAS;
	cell->text = p->kernel.release;
	if (col->arg == PROFILE_VERIFIED)
		cell->num = p->kernel.verified;
	else if (col->arg == PROFILE_RUNNING)
		cell->num = p->running;
	else if (col->arg == PROFILE_PROPERTIES)
		cell->num = count_properties(&p->kernel);
}

static const struct vma_column profile_rows[] = {
	{ "RELEASE", "release", VMA_CELL_TEXT, false, 0, get_profile, PROFILE_RELEASE,
	  "as uname -r prints it" },
	{ "VERIFIED", "verified", VMA_CELL_BOOL, false, 0, get_profile, PROFILE_VERIFIED,
	  "the predictions were compared with this kernel" },
	{ "RUNNING", "running", VMA_CELL_BOOL, false, 0, get_profile, PROFILE_RUNNING,
	  "this machine runs it" },
	{ "PROPERTIES", "properties", VMA_CELL_NUMBER, false, 0, get_profile, PROFILE_PROPERTIES,
	  "how many properties it has" },
};
static const struct vma_columns profile_columns = { profile_rows, ARRAY_SIZE(profile_rows) };

#define MAX_PROFILES 64

static int list_profiles(const struct cli *cli)
{
	AUTO(listing_fini) struct listing l;
	struct profile profile[MAX_PROFILES];
	const void *rows[MAX_PROFILES];
	const char *release;
	size_t nr = 0;

	if (!listing_init(&l, cli, &profile_columns, "RELEASE,VERIFIED,RUNNING,PROPERTIES"))
		return l.status;
	memset(profile, 0, sizeof(profile));
	for (size_t i = 0; nr < MAX_PROFILES - 1 && (release = vma_kernel_verified_at(i)); i++)
		if (!vma_kernel_init(&profile[nr].kernel, release, NULL))
			nr++;
	if (!vma_kernel_choose(&profile[nr].kernel, NULL, NULL))
		profile[nr++].running = true;
	for (size_t i = 0; i < nr; i++)
		rows[i] = &profile[i];
	if (!listing_begin(&l, "kernels") || !listing_rows(&l, rows, nr) || !listing_end(&l) ||
	    !listing_close(&l))
		return l.status;
	return CLI_OK;
}

/* ---------------------------------------------------------------- properties */

/*
 * @script:  the demonstration's lines joined by "; ", "" when there is none
 * @release: where it was run: the two that are compared, or, when other changes between them hide
 *           this one, those right before and after it
 */
struct property {
	const struct vma_kernel_prop *prop;
	bool has[2];
	const struct demo *demo;
	char script[DEMO_TEXT];
	char release[2][65];
	char outcome[2][DEMO_TEXT + 64];
};

enum property_column { PROP_NAME, PROP_SINCE, PROP_UNTIL, PROP_HELP, PROP_DEMO };

static void get_property(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct property *p = row;
	u32 release = col->arg == PROP_SINCE ? p->prop->since : p->prop->until;

	cell->state = VMA_CELL_HAS;
	cell->text = col->arg == PROP_NAME ? p->prop->name : p->prop->help;
	if (col->arg != PROP_SINCE && col->arg != PROP_UNTIL)
		return;
	if (!release)
		cell->state = VMA_CELL_NONE;
	snprintf(cell->buf, VMA_CELL_BUF, "%u.%u", release >> 8, release & 0xff);
	cell->text = cell->buf;
}

static void get_outcome(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct property *p = row;

	cell->state = p->script[0] ? VMA_CELL_HAS : VMA_CELL_NONE;
	cell->text = col->arg == PROP_DEMO ? p->script : p->outcome[col->arg];
}

static void get_has(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	cell->state = VMA_CELL_HAS;
	cell->num = ((const struct property *)row)->has[col->arg];
}

static const struct vma_column property_rows[] = {
	{ "PROPERTY", "property", VMA_CELL_TEXT, false, 0, get_property, PROP_NAME, "its name" },
	{ "HAS", "has", VMA_CELL_BOOL, false, 0, get_has, 0, "the release has it" },
	{ "BEFORE", "before", VMA_CELL_BOOL, false, 0, get_has, 0, "--diff: the first has it" },
	{ "AFTER", "after", VMA_CELL_BOOL, false, 0, get_has, 1, "--diff: the second has it" },
	{ "SINCE", "since", VMA_CELL_TEXT, false, 0, get_property, PROP_SINCE,
	  "first release that has it" },
	{ "UNTIL", "until", VMA_CELL_TEXT, false, 0, get_property, PROP_UNTIL,
	  "first release that has it no more" },
	{ "DESCRIPTION", "description", VMA_CELL_TEXT, false, 0, get_property, PROP_HELP,
	  "what it means" },
	{ "DEMO", "demo", VMA_CELL_TEXT, false, 0, get_outcome, PROP_DEMO,
	  "--diff: calls that show it" },
	{ "OUTCOME_BEFORE", "outcome_before", VMA_CELL_TEXT, false, 0, get_outcome, 0,
	  "--diff: what becomes of them without the change" },
	{ "OUTCOME_AFTER", "outcome_after", VMA_CELL_TEXT, false, 0, get_outcome, 1,
	  "--diff: what becomes of them with it" },
};
static const struct vma_columns property_columns = { property_rows, ARRAY_SIZE(property_rows) };

/* ---------------------------------------------------------------- demonstrations */

/* The last release before one: there were 4.20, 5.19 and 6.19. */
static u32 release_before(u32 version)
{
	if (version & 0xff)
		return version - 1;
	return version == KV(5, 0) ? KV(4, 20) : ((version >> 8) - 1) << 8 | 19;
}

static bool run_both(struct property *p, const struct vma_kernel kernel[2])
{
	struct demo_outcome out[2];
	enum demo_detail detail;

	for (int i = 0; i < 2; i++)
		if (demo_run(p->demo, &kernel[i], &out[i], NULL))
			return false;
	detail = demo_differ(&out[0], &out[1]);
	for (int i = 0; i < 2; i++) {
		const char *what = detail < DEMO_NR ? out[i].text[detail] : "";

		snprintf(p->release[i], sizeof(p->release[i]), "%s", kernel[i].release);
		snprintf(p->outcome[i], sizeof(p->outcome[i]), "%s%s", what,
			 *what ? "" : "nothing is mapped");
	}
	return detail < DEMO_NR;
}

/* On the two kernels, or right where the property changed. */
static void demonstrate(struct property *p, const struct vma_kernel *kernel)
{
	struct vma_kernel around[2];
	bool up = kernel[0].version < kernel[1].version;
	u32 low = kernel[!up].version, change = p->prop->since;
	char release[16], *at = p->script;

	p->demo = demo_of(p->prop->name);
	if (!p->demo || !p->demo->script)
		return;
	if (change <= low)
		change = p->prop->until;
	if (!run_both(p, kernel)) {
		/* stable updates may have taken the change over */
		snprintf(release, sizeof(release), "%u.%u.0", release_before(change) >> 8,
			 release_before(change) & 0xff);
		if (vma_kernel_init(&around[!up], release, NULL))
			return;
		snprintf(release, sizeof(release), "%u.%u.0", change >> 8, change & 0xff);
		if (vma_kernel_init(&around[up], release, NULL) || !run_both(p, around))
			return;
	}
	for (const char *c = p->demo->script; *c && at < p->script + DEMO_TEXT - 4; c++) {
		if (*c == '\n' && c[1]) {
			*at++ = ';';
			*at++ = ' ';
		} else if (*c != '\n') {
			*at++ = *c;
		}
	}
	*at = '\0';
}

/* Below the table, for people: the calls, and what they come to on either side. */
static void print_demonstrations(const void **rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct property *p = rows[i];
		const char *line;

		printf("\n%s: %s\n", p->prop->name, p->prop->help);
		if (!p->script[0]) {
			printf("    not shown: %s\n",
			       p->demo && p->demo->why_not ? p->demo->why_not : "no calls known");
			continue;
		}
		for (line = p->demo->script; *line; line = strchr(line, '\n') + 1)
			printf("    %.*s\n", (int)strcspn(line, "\n"), line);
		for (int n = 0; n < 2; n++)
			printf("  %s: %s\n", p->release[n], p->outcome[n]);
	}
}

#define MAX_PROPERTIES 256

static size_t select_properties(struct property *property, const void **rows,
				const struct vma_kernel *kernel, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; n < MAX_PROPERTIES && vma_kernel_prop_at(i); i++) {
		struct property *p = &property[n];

		p->prop = vma_kernel_prop_at(i);
		p->has[0] = vma_kernel_has(&kernel[0], p->prop);
		p->has[1] = vma_kernel_has(&kernel[nr - 1], p->prop);
		if (nr == 2 && p->has[0] == p->has[1])
			continue;
		if (nr == 2)
			demonstrate(p, kernel);
		rows[n++] = p;
	}
	return n;
}

static inline void undo_properties(struct property **p)
{
	free(*p);
}

/* With one release all its properties, with two those that differ. */
static int list_properties(const struct cli *cli, const struct vma_kernel *kernel, size_t nr)
{
	AUTO(listing_fini) struct listing l;
	AUTO(undo_properties) struct property *property = NULL;
	const struct cli_shared *s = &cli->shared;
	const void *rows[MAX_PROPERTIES];
	const char *columns = "PROPERTY,HAS,SINCE,UNTIL,DESCRIPTION";
	size_t n;

	if (nr == 2)
		columns = s->json || s->json_lines ?
			"PROPERTY,BEFORE,AFTER,SINCE,UNTIL,DESCRIPTION,DEMO,OUTCOME_BEFORE,"
			"OUTCOME_AFTER" :
			"PROPERTY,BEFORE,AFTER,SINCE,UNTIL,DESCRIPTION";
	if (!listing_init(&l, cli, &property_columns, columns))
		return l.status;
	property = calloc(MAX_PROPERTIES, sizeof(*property));
	if (!property)
		return cli_error(CLI_FAILURE, "out of memory");
	n = select_properties(property, rows, kernel, nr);
	if (!listing_begin(&l, "properties") || !listing_rows(&l, rows, n) || !listing_end(&l))
		return l.status;
	if (listing_is_json(&l)) {
		vma_json_text(&l.json, nr == 1 ? "release" : "before", kernel[0].release);
		if (nr == 2)
			vma_json_text(&l.json, "after", kernel[1].release);
	}
	if (!listing_close(&l))
		return l.status;
	if (nr == 2 && l.opts.format == VMA_FORMAT_TABLE && !s->noheadings && !s->output &&
	    !s->output_all && !s->filter && !s->group_by)
		print_demonstrations(rows, n);
	return CLI_OK;
}

int cmd_kernels(struct cli *cli)
{
	struct kernels opt = { .diff = false };
	struct vma_kernel kernel[2];
	struct vma_err err;

	if (!cli_parse(cli, &opt))
		return cli->status;
	if (opt.diff ? cli->argc != 2 : cli->argc > 1)
		return cli_usage(cli, opt.diff ? "--diff needs two releases"
					       : "one release, or --diff and two");
	for (int i = 0; i < cli->argc; i++)
		if (vma_kernel_init(&kernel[i], cli->argv[i], &err))
			return cli_usage(cli, "%s", err.msg);
	if (!cli->argc)
		return list_profiles(cli);
	return list_properties(cli, kernel, (size_t)cli->argc);
}
