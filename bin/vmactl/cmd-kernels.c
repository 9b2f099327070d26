// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl kernels: what kernels differ in, from the table of properties.
 *
 * Without an argument the profiles that were verified; with a release its properties; with two
 * of them and --diff what would be different after an upgrade.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "libvmactl/model.h"
#include "listing.h"

struct kernels {
	bool diff;
};

const struct cli_option cmd_kernels_options[] = {
	{ "diff", 'd', CLI_FLAG, offsetof(struct kernels, diff),
	  .help = "only what differs between two releases" },
	CLI_END,
};

static inline void undo_listing(struct listing *l)
{
	listing_fini(l);
}

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
	AUTO(undo_listing) struct listing l;
	struct profile profile[MAX_PROFILES];
	const void *rows[MAX_PROFILES];
	const char *release;
	struct utsname u;
	size_t nr = 0;

	if (!listing_init(&l, cli, &profile_columns, "RELEASE,VERIFIED,RUNNING,PROPERTIES"))
		return l.status;
	memset(profile, 0, sizeof(profile));
	for (size_t i = 0; nr < MAX_PROFILES - 1 && (release = vma_kernel_verified_at(i)); i++)
		if (!vma_kernel_init(&profile[nr].kernel, release, NULL))
			nr++;
	if (!uname(&u) && !vma_kernel_init(&profile[nr].kernel, u.release, NULL))
		profile[nr++].running = true;
	for (size_t i = 0; i < nr; i++)
		rows[i] = &profile[i];
	if (!listing_begin(&l, "kernels") || !listing_rows(&l, rows, nr) || !listing_end(&l) ||
	    !listing_close(&l))
		return l.status;
	return CLI_OK;
}

/* ---------------------------------------------------------------- properties */

struct property {
	const struct vma_kernel_prop *prop;
	bool has[2];
};

enum property_column { PROP_NAME, PROP_SINCE, PROP_UNTIL, PROP_HELP };

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
};
static const struct vma_columns property_columns = { property_rows, ARRAY_SIZE(property_rows) };

#define MAX_PROPERTIES 256

/* With one release all its properties, with two those that differ. */
static int list_properties(const struct cli *cli, const struct vma_kernel *kernel, size_t nr)
{
	AUTO(undo_listing) struct listing l;
	struct property property[MAX_PROPERTIES];
	const void *rows[MAX_PROPERTIES];
	size_t n = 0;

	if (!listing_init(&l, cli, &property_columns,
			  nr == 1 ? "PROPERTY,HAS,SINCE,UNTIL,DESCRIPTION"
				  : "PROPERTY,BEFORE,AFTER,SINCE,UNTIL,DESCRIPTION"))
		return l.status;
	for (size_t i = 0; n < MAX_PROPERTIES && vma_kernel_prop_at(i); i++) {
		struct property *p = &property[n];

		p->prop = vma_kernel_prop_at(i);
		p->has[0] = vma_kernel_has(&kernel[0], p->prop);
		p->has[1] = vma_kernel_has(&kernel[nr - 1], p->prop);
		if (nr == 1 || p->has[0] != p->has[1])
			rows[n++] = p;
	}
	if (!listing_begin(&l, "properties") || !listing_rows(&l, rows, n) || !listing_end(&l))
		return l.status;
	if (listing_is_json(&l)) {
		vma_json_text(&l.json, nr == 1 ? "release" : "before", kernel[0].release);
		if (nr == 2)
			vma_json_text(&l.json, "after", kernel[1].release);
	}
	return listing_close(&l) ? CLI_OK : l.status;
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
