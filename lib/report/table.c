// SPDX-License-Identifier: LGPL-2.1-or-later
/* The one file that names libsmartcols. */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

struct table {
	struct libscols_table *tb;
	struct libscols_line *line;
	bool colors;
};

static bool is_number(enum vma_cell_kind kind)
{
	return kind != VMA_CELL_TEXT && kind != VMA_CELL_WORDS && kind != VMA_CELL_IDS;
}

struct table *table_new(const struct vma_pick *pick, const struct vma_writer_opts *opts)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->tb = scols_new_table();
	t->colors = opts->colors;
	if (!t->tb)
		goto fail;
	scols_table_enable_noheadings(t->tb, opts->noheadings);
	scols_table_enable_colors(t->tb, opts->colors);
	/* the layout is ours: no look at the terminal from in here */
	scols_table_set_termforce(t->tb, opts->width ? SCOLS_TERMFORCE_ALWAYS
						     : SCOLS_TERMFORCE_NEVER);
	if (opts->width)
		scols_table_set_termwidth(t->tb, opts->width);
	for (size_t i = 0; i < pick->nr; i++) {
		bool last = i + 1 == pick->nr;
		int flags = is_number(pick->col[i]->kind) ? SCOLS_FL_RIGHT
			    : last && opts->width	   ? SCOLS_FL_TRUNC
							   : 0;

		struct libscols_column *col =
			scols_table_new_column(t->tb, pick->col[i]->name, 0, flags);
		/* what comes is escaped already; twice would show \x5cx1b for an escape */
		if (!col || scols_column_set_safechars(col, "\\"))
			goto fail;
	}
	return t;
fail:
	table_free(t);
	return NULL;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->tb);
	free(t);
}

int table_line(struct table *t)
{
	t->line = scols_table_new_line(t->tb, NULL);
	return t->line ? 0 : -ENOMEM;
}

int table_set(struct table *t, size_t col, const char *text, enum table_color color)
{
	static const char *const names[] = {
		[TABLE_DOUBT] = "yellow", [TABLE_DANGER] = "red",
		[TABLE_ADDED] = "green", [TABLE_REMOVED] = "red",
	};
	int rc = scols_line_set_data(t->line, col, text);

	if (!rc && t->colors && color != TABLE_PLAIN)
		rc = scols_cell_set_color(scols_line_get_cell(t->line, col), names[color]);
	return rc;
}

static ssize_t to_out(void *cookie, const char *text, size_t len)
{
	struct vma_out *out = cookie;

	vma_out_add(out, text, len);
	return out->error ? 0 : (ssize_t)len;
}

int table_print(struct table *t, struct vma_out *out)
{
	cookie_io_functions_t io = { .write = to_out };
	AUTO(undo_fclose) FILE *f = fopencookie(out, "w", io);

	if (!f)
		return -ENOMEM;
	if (scols_table_is_empty(t->tb))
		return 0;
	scols_table_set_stream(t->tb, f);
	int rc = scols_print_table(t->tb);
	if (fflush(f) && out->error)
		return -out->error;
	return rc;
}
