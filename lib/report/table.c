// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one file that names libsmartcols. It knows terminals, colours and wide characters, and takes
 * 50,000 instructions a row for it; plain text that goes to no terminal is laid out here, in the
 * same way.
 */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

/* Cells are kept as two bytes (column, colour) and their text with its NUL; a line ends with END. */
#define END 0xff

struct table {
	const struct vma_pick *pick;
	bool noheadings, colors;
	unsigned int terminal; /* columns of it, 0 none */
	bool plain;            /* so far: nothing but printable ASCII */
	bool open;             /* the last line is not ended yet */
	struct strbuf cells;
	size_t width[VMA_PICK_MAX];
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
	_Static_assert(VMA_PICK_MAX < END, "a column is one byte");
	t->pick = pick;
	t->noheadings = opts->noheadings;
	t->colors = opts->colors;
	t->terminal = opts->width;
	t->plain = !opts->colors && !opts->width;
	for (size_t i = 0; i < pick->nr; i++)
		t->width[i] = strlen(pick->col[i]->name);
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	strbuf_fini(&t->cells);
	free(t);
}

/* A line is ended by the next, and by printing. */
static void end_line(struct table *t)
{
	if (t->open)
		strbuf_addc(&t->cells, (char)END);
	t->open = false;
}

int table_line(struct table *t)
{
	end_line(t);
	t->open = true;
	return t->cells.failed ? -ENOMEM : 0;
}

int table_set(struct table *t, size_t col, const char *text, enum table_color color)
{
	const char head[2] = { (char)col, (char)color };
	size_t len = 0;

	while (text[len] >= ' ' && text[len] < 0x7f)
		len++;
	if (text[len]) {
		t->plain = false;
		len += strlen(text + len);
	}
	t->width[col] = len > t->width[col] ? len : t->width[col];
	strbuf_add(&t->cells, head, sizeof(head));
	strbuf_add(&t->cells, text, len + 1);
	return t->cells.failed ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- plain text */

static void put_blanks(struct vma_out *out, size_t nr)
{
	static const char blanks[] = "                                ";

	for (; nr >= sizeof(blanks); nr -= sizeof(blanks) - 1)
		vma_out_add(out, blanks, sizeof(blanks) - 1);
	vma_out_add(out, blanks, nr);
}

/* Numbers to the right, text to the left; nothing behind the last column. */
static void put_cell(const struct table *t, struct vma_out *out, size_t col, const char *text,
		     size_t len)
{
	bool number = is_number(t->pick->col[col]->kind), last = col + 1 == t->pick->nr;
	size_t blanks = t->width[col] - len;

	if (number && len)
		put_blanks(out, blanks);
	vma_out_add(out, text, len);
	if (!last && (!number || !len))
		put_blanks(out, blanks);
	vma_out_add(out, last ? "\n" : " ", 1);
}

static void print_plain(const struct table *t, struct vma_out *out)
{
	const char *p = t->cells.s, *end = p + t->cells.len;

	for (size_t i = 0; !t->noheadings && i < t->pick->nr; i++)
		put_cell(t, out, i, t->pick->col[i]->name, strlen(t->pick->col[i]->name));
	for (; p < end && !out->error; p++) /* behind END */
		for (size_t i = 0; i < t->pick->nr; i++) {
			bool set = (unsigned char)*p == i;
			size_t len = set ? strlen(p + 2) : 0;

			put_cell(t, out, i, p + 2, len);
			p += set ? 2 + len + 1 : 0;
		}
}

/* ---------------------------------------------------------------- libsmartcols */

static inline void undo_scols(struct libscols_table **tb)
{
	scols_unref_table(*tb);
}

static struct libscols_table *scols_of(const struct table *t)
{
	AUTO(undo_scols) struct libscols_table *tb = scols_new_table();

	if (!tb)
		return NULL;
	scols_table_enable_noheadings(tb, t->noheadings);
	scols_table_enable_colors(tb, t->colors);
	/* the layout is ours: no look at the terminal from in here */
	scols_table_set_termforce(tb, t->terminal ? SCOLS_TERMFORCE_ALWAYS
						  : SCOLS_TERMFORCE_NEVER);
	if (t->terminal)
		scols_table_set_termwidth(tb, t->terminal);
	for (size_t i = 0; i < t->pick->nr; i++) {
		bool last = i + 1 == t->pick->nr;
		int flags = is_number(t->pick->col[i]->kind) ? SCOLS_FL_RIGHT
			    : last && t->terminal	     ? SCOLS_FL_TRUNC
							     : 0;

		struct libscols_column *col =
			scols_table_new_column(tb, t->pick->col[i]->name, 0, flags);
		/* what comes is escaped already; twice would show \x5cx1b for an escape */
		if (!col || scols_column_set_safechars(col, "\\"))
			return NULL;
	}
	return TAKE(tb);
}

static int add_lines(const struct table *t, struct libscols_table *tb)
{
	static const char *const names[] = {
		[TABLE_DOUBT] = "yellow", [TABLE_DANGER] = "red",
		[TABLE_ADDED] = "green", [TABLE_REMOVED] = "red",
	};
	const char *p = t->cells.s, *end = p + t->cells.len;

	for (; p < end; p++) {
		struct libscols_line *line = scols_table_new_line(tb, NULL);

		if (!line)
			return -ENOMEM;
		for (; (unsigned char)*p != END; p += strlen(p + 2) + 3) {
			size_t col = (unsigned char)p[0], color = (unsigned char)p[1];
			int rc = scols_line_set_data(line, col, p + 2);

			if (!rc && t->colors && color != TABLE_PLAIN)
				rc = scols_cell_set_color(scols_line_get_cell(line, col),
							  names[color]);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static ssize_t to_out(void *cookie, const char *text, size_t len)
{
	struct vma_out *out = cookie;

	vma_out_add(out, text, len);
	return out->error ? 0 : (ssize_t)len;
}

static int print_scols(const struct table *t, struct vma_out *out)
{
	cookie_io_functions_t io = { .write = to_out };
	AUTO(undo_fclose) FILE *f = fopencookie(out, "w", io);
	AUTO(undo_scols) struct libscols_table *tb = scols_of(t);

	if (!f || !tb)
		return -ENOMEM;
	int rc = add_lines(t, tb);
	if (rc)
		return rc;
	scols_table_set_stream(tb, f);
	rc = scols_print_table(tb);
	if (fflush(f) && out->error)
		return -out->error;
	return rc;
}

int table_print(struct table *t, struct vma_out *out)
{
	end_line(t);
	if (t->cells.failed)
		return -ENOMEM;
	if (!t->cells.len)
		return 0;
	if (!t->plain)
		return print_scols(t, out);
	print_plain(t, out);
	return -out->error;
}
