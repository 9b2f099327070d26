/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMACTL_LISTING_H
#define VMACTL_LISTING_H
/*
 * A command that prints rows: columns, filter, sort, groups, totals and the four formats, all by
 * the shared options (CLI_TABLE).
 *
 *   listing_init()   reads the options; listing.needs then says what must be read
 *   listing_begin()  the head
 *   listing_rows()   rows that stay where they are, or
 *   listing_row()    one that does not (listing_streams() says whether that is enough)
 *   listing_end()    the rest; in JSON the command may add members before listing_close()
 */
#include "cli.h"
#include "libvmactl/report.h"

struct listing {
	const struct cli *cli;
	const struct vma_columns *table;
	struct vma_pick pick;
	struct vma_filter *filter;
	struct vma_order order;
	const struct vma_column *by;
	struct vma_groups *groups;
	struct vma_writer_opts opts;
	struct vma_out out;
	struct vma_json json;
	struct vma_writer *writer;
	struct vma_cell cell;
	u32 needs;
	int status; /* when a call returned false */
};

/* False: return l->status (a wrong option, or --list-columns was answered). */
bool listing_init(struct listing *l, const struct cli *cli, const struct vma_columns *table,
		  const char *defaults);
void listing_fini(struct listing *l);

/* A further column in front of those chosen by default; none when the user chose. */
bool listing_prepend(struct listing *l, const char *name);
/* Rows can be written as they come: nothing has to be sorted. */
bool listing_streams(const struct listing *l);

bool listing_begin(struct listing *l, const char *key);
bool listing_row(struct listing *l, const void *row);
bool listing_rows(struct listing *l, const void **rows, size_t nr);
bool listing_end(struct listing *l);
/* Ends the JSON document and flushes. False: writing failed. */
bool listing_close(struct listing *l);

static inline bool listing_is_json(const struct listing *l)
{
	return l->opts.format == VMA_FORMAT_JSON;
}

#endif
