// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows to text. Raw and JSON lines go out as they come and are what large processes are read
 * with: everything that does not depend on the row is put together before the first one, and
 * numbers are written in place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "put.h"
#include "table.h"

/* Lists of words (flags) as they were written last: a process has few different ones. */
#define LISTS 16
struct list {
	u16 len, written_len; /* 0: none */
	char text[120], written[240];
};

/*
 * What stands before the cells of a column and, where they are numbers, one that was written twice
 * running. Most columns have the same one row after row: then all of it is copied, and more than
 * that, since SHOWN is a length that the compiler knows. (To keep each number would cost more than
 * to write it: the processor waits before it reads what it just wrote in pieces.)
 *
 *   @text  ,"rss":4096................................
 *          |-----| before  |---------| len
 */
#define SHOWN 48
struct shown {
	u64 num;     /* that was written last */
	u8 before;
	u8 len;      /* 0: it is not in @text */
	bool number; /* of numbers, none of which is longer than @text */
	char text[SHOWN];
};

/*
 * Neighbouring columns that need the same part of a row alone, and the texts of those parts that
 * were met twice.
 */
#define MEMOS 8
struct run {
	u32 part;
	size_t nr;
	unsigned int next; /* memo to be written over */
	struct memo {
		u64 number; /* that opts.same() gave; 0: none */
		size_t len; /* 0: met once */
		char text[496];
	} memo[MEMOS];
};

struct doubts {
	size_t nr;
	struct {
		const char *key;
		struct vma_provenance how;
	} of[VMA_PICK_MAX];
};

struct vma_writer {
	struct vma_pick pick;
	struct vma_writer_opts opts;
	struct vma_out *out;
	struct vma_json *json;
	struct table *table;
	struct vma_cell cell;
	char *text;      /* VMA_CELL_BUF */
	struct shown shown[VMA_PICK_MAX];
	struct run *run[VMA_PICK_MAX]; /* that begins at a column, NULL */
	struct doubts doubts; /* of the row */
	u64 sum[VMA_PICK_MAX];
	u64 rows;
	struct list list[LISTS];
};

/* ---------------------------------------------------------------- rows */

static struct list *list_slot(struct vma_writer *w, const char *text, size_t len)
{
	u64 last = len;

	if (len >= sizeof(last))
		memcpy(&last, text + len - sizeof(last), sizeof(last));
	return &w->list[(last * 0x9e3779b97f4a7c15ULL ^ len * 0x9e3779b97f4a7c15ULL) >> 60];
}

/* How much there is of what was written last; what came before it left @len and @gone. */
static size_t written_since(const struct vma_out *o, size_t len, u64 gone)
{
	return o->gone == gone && o->len > len ? o->len - len : 0;
}

static __attribute__((noinline)) void put_list(struct vma_writer *w, const struct vma_column *col)
{
	bool raw = w->opts.format == VMA_FORMAT_RAW;
	size_t len = strlen(w->cell.text), before = w->out->len, written;
	struct list *l = list_slot(w, w->cell.text, len);
	u64 gone = w->out->gone;

	if (l->len == len && !memcmp(l->text, w->cell.text, len) && l->written_len) {
		out_put(w->out, l->written, l->written_len);
		return;
	}
	if (raw)
		put_raw_cell(w->out, col, &w->cell, w->opts.bytes);
	else
		put_json_cell(w->out, col, &w->cell);
	written = written_since(w->out, before, gone);
	if (len > sizeof(l->text) || !written || written > sizeof(l->written))
		return;
	memcpy(l->text, w->cell.text, len);
	l->len = (u16)len;
	l->written_len = (u16)written;
	memcpy(l->written, w->out->buf + before, written);
}

static inline bool is_list(const struct vma_column *col, const struct vma_cell *cell)
{
	return col->kind == VMA_CELL_WORDS && cell->state == VMA_CELL_HAS &&
	       cell->how.known != VMA_INFERRED;
}

/* A cell that is not simply a number. */
static void put_other(struct vma_writer *w, size_t i)
{
	const struct vma_column *col = w->pick.col[i];
	struct vma_cell *cell = &w->cell;

	if (is_list(col, cell))
		put_list(w, col);
	else if (w->opts.format == VMA_FORMAT_RAW)
		put_raw_cell(w->out, col, cell, w->opts.bytes);
	else
		put_json_cell(w->out, col, cell);
	if (unlikely(cell->how.known != VMA_EXACT)) {
		w->doubts.of[w->doubts.nr].key = col->key;
		w->doubts.of[w->doubts.nr++].how = cell->how;
	}
}

static char *format_number(const struct vma_writer *w, size_t i, char *p)
{
	const struct vma_column *col = w->pick.col[i];

	return w->opts.format == VMA_FORMAT_RAW ? put_raw_number(p, col, &w->cell, w->opts.bytes)
						: put_json_number(p, col, &w->cell);
}

/* @p: behind what stands before it. Its end. */
static char *put_number(struct vma_writer *w, size_t i, char *p)
{
	struct shown *s = &w->shown[i];
	char *end = format_number(w, i, p);

	s->len = 0;
	if (s->num == w->cell.num)
		s->len = (u8)(format_number(w, i, s->text + s->before) - s->text);
	s->num = w->cell.num;
	return end;
}

/* What stands before the cell, and the cell. */
static void put_cell(struct vma_writer *w, size_t i, const void *row)
{
	struct shown *s = &w->shown[i];
	struct vma_cell *cell = &w->cell;
	char *p = vma_out_room(w->out, SHOWN);

	if (unlikely(!p))
		return;
	cell_get(w->pick.col[i], row, cell);
	if (w->opts.totals && cell->state == VMA_CELL_HAS)
		w->sum[i] += cell->num;
	memcpy(p, s->text, SHOWN);
	if (s->number && cell->state == VMA_CELL_HAS && cell->how.known == VMA_EXACT &&
	    !cell->count) {
		if (s->num == cell->num && s->len)
			p += s->len;
		else
			p = put_number(w, i, p + s->before);
		vma_out_end(w->out, p);
	} else {
		vma_out_end(w->out, p + s->before);
		put_other(w, i);
	}
}

/* Its cells; they are kept when it is met for the second time. */
static void put_new_run(struct vma_writer *w, size_t i, const void *row, struct memo *memo)
{
	size_t before = w->out->len, doubts = w->doubts.nr, written;
	u64 gone = w->out->gone;

	for (size_t k = 0; k < w->run[i]->nr; k++)
		put_cell(w, i + k, row);
	written = written_since(w->out, before, gone);
	if (!memo || w->doubts.nr != doubts || written > sizeof(memo->text))
		return;
	memcpy(memo->text, w->out->buf + before, written);
	memo->len = written;
}

static void put_run(struct vma_writer *w, size_t i, const void *row)
{
	struct run *run = w->run[i];
	u64 number = w->opts.same(row, run->part);
	struct memo *memo = run->memo, *end = memo + MEMOS;

	while (memo < end && memo->number != number)
		memo++;
	if (!number) {
		put_new_run(w, i, row, NULL);
	} else if (memo == end) {
		memo = &run->memo[run->next++ % MEMOS];
		memo->number = number;
		memo->len = 0;
		put_new_run(w, i, row, NULL);
	} else if (memo->len) {
		out_put(w->out, memo->text, memo->len);
	} else {
		put_new_run(w, i, row, memo);
	}
}

static void put_cells(struct vma_writer *w, const void *row)
{
	w->doubts.nr = 0;
	for (size_t i = 0; i < w->pick.nr;) {
		if (w->run[i]) {
			put_run(w, i, row);
			i += w->run[i]->nr;
		} else {
			put_cell(w, i, row);
			i++;
		}
	}
}

static void raw_row(struct vma_writer *w, const void *row)
{
	put_cells(w, row);
	out_put(w->out, "\n", 1);
}

static void put_doubts(struct vma_out *o, const struct doubts *d)
{
	vma_out_adds(o, ",\"provenance\":{");
	for (size_t i = 0; i < d->nr; i++) {
		const struct vma_provenance *how = &d->of[i].how;

		vma_out_addf(o, "%s\"%s\":{\"known\":\"%s\"", i ? "," : "", d->of[i].key,
			     vma_known_name(how->known));
		if (how->rule && *how->rule) {
			vma_out_adds(o, ",\"rule\":");
			put_json_string(o, how->rule);
		}
		if (how->known == VMA_INFERRED)
			vma_out_addf(o, ",\"confidence\":%u", how->confidence);
		out_put(o, "}", 1);
	}
	out_put(o, "}", 1);
}

static void json_row(struct vma_writer *w, const void *row)
{
	if (w->json)
		put_json_before(w->json);
	put_cells(w, row);
	if (w->doubts.nr)
		put_doubts(w->out, &w->doubts);
	out_put(w->out, "}\n", w->json ? 1 : 2);
}

/* What may be written and executed is what people look for. */
static enum table_color color_of(const struct vma_column *col, const struct vma_cell *cell)
{
	if (cell->how.known == VMA_INFERRED || cell->state == VMA_CELL_UNKNOWN)
		return TABLE_DOUBT;
	if (cell->state == VMA_CELL_HAS && !strcmp(col->key, "change"))
		return *cell->text == '-' ? TABLE_REMOVED
		       : *cell->text == '+' ? TABLE_ADDED
					    : TABLE_PLAIN;
	if (cell->state == VMA_CELL_HAS && !strcmp(col->key, "perms") && strchr(cell->text, 'w') &&
	    strchr(cell->text, 'x'))
		return TABLE_DANGER;
	return TABLE_PLAIN;
}

static int table_row(struct vma_writer *w, const void *row)
{
	int rc = table_line(w->table);

	for (size_t i = 0; !rc && i < w->pick.nr; i++) {
		const struct vma_column *col = w->pick.col[i];

		vma_column_get(col, row, &w->cell);
		if (w->cell.state != VMA_CELL_HAS) {
			bool doubt = w->cell.state == VMA_CELL_UNKNOWN ||
				     w->cell.how.known == VMA_INFERRED;

			if (doubt) /* "?": nobody knows; "-?": there seems to be none */
				rc = table_set(w->table, i,
					       w->cell.state == VMA_CELL_NONE ? "-?" : "?",
					       color_of(col, &w->cell));
			continue;
		}
		put_cell_text(col, &w->cell, w->opts.bytes, w->text);
		if (w->cell.how.known == VMA_INFERRED)
			strcat(w->text, "?");
		if (w->opts.totals)
			w->sum[i] += w->cell.num;
		rc = table_set(w->table, i, w->text, color_of(col, &w->cell));
	}
	return rc;
}

int vma_writer_row(struct vma_writer *w, const void *row)
{
	int rc = 0;

	w->rows++;
	if (w->opts.format == VMA_FORMAT_TABLE)
		return table_row(w, row);
	if (w->opts.format == VMA_FORMAT_RAW)
		raw_row(w, row);
	else
		json_row(w, row);
	if (unlikely(w->rows == 1)) /* whoever waits sees that it works */
		rc = vma_out_flush(w->out);
	return rc ? rc : -w->out->error;
}

/* ---------------------------------------------------------------- beginning and end */

static void make_shown(struct vma_writer *w, size_t i)
{
	const struct vma_column *col = w->pick.col[i];
	struct shown *s = &w->shown[i];
	int n = w->opts.format == VMA_FORMAT_RAW
			? snprintf(s->text, SHOWN, "%s", i ? " " : "")
			: snprintf(s->text, SHOWN, "%s\"%s\":", i ? "," : "{", col->key);

	CHECK(n < SHOWN);
	s->before = (u8)n;
	s->number = is_number_kind(col->kind) && n <= SHOWN - CELL_NUMBER;
}

/* Totals need each cell. */
static bool make_runs(struct vma_writer *w)
{
	size_t nr;

	if (!w->opts.same || w->opts.totals)
		return true;
	for (size_t i = 0; i < w->pick.nr; i += nr) {
		u32 part = w->pick.col[i]->needs & VMA_PARTS;

		for (nr = 1; i + nr < w->pick.nr; nr++)
			if ((w->pick.col[i + nr]->needs & VMA_PARTS) != part)
				break;
		if (!part)
			continue;
		w->run[i] = calloc(1, sizeof(*w->run[i]));
		if (!w->run[i])
			return false;
		w->run[i]->part = part;
		w->run[i]->nr = nr;
	}
	return true;
}

static void raw_headings(struct vma_writer *w)
{
	for (size_t i = 0; i < w->pick.nr; i++)
		vma_out_addf(w->out, "%s%s", i ? " " : "", w->pick.col[i]->name);
	out_put(w->out, "\n", 1);
}

static inline void undo_writer(struct vma_writer **w)
{
	vma_writer_free(*w);
}

int vma_writer_new(const struct vma_pick *pick, const struct vma_writer_opts *opts,
		   struct vma_out *out, struct vma_json *json, struct vma_writer **out_w,
		   struct vma_err *err)
{
	AUTO(undo_writer) struct vma_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return vma_fail(err, ENOMEM, "out of memory");
	w->pick = *pick;
	w->opts = *opts;
	w->out = out;
	w->json = opts->format == VMA_FORMAT_JSON ? json : NULL;
	w->cell.buf = malloc(VMA_CELL_BUF);
	w->text = malloc(VMA_CELL_BUF);
	if (!w->cell.buf || !w->text || !make_runs(w))
		return vma_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < w->pick.nr; i++)
		make_shown(w, i);
	if (opts->format == VMA_FORMAT_TABLE) {
		w->table = table_new(pick, opts);
		if (!w->table)
			return vma_fail(err, ENOMEM, "out of memory");
	}
	if (opts->format == VMA_FORMAT_RAW && !opts->noheadings)
		raw_headings(w);
	if (w->json && opts->key)
		vma_json_array(w->json, opts->key);
	*out_w = TAKE(w);
	return 0;
}

void vma_writer_free(struct vma_writer *w)
{
	if (!w)
		return;
	table_free(w->table);
	for (size_t i = 0; i < w->pick.nr; i++)
		free(w->run[i]);
	free(w->cell.buf);
	free(w->text);
	free(w);
}

/* The sums as the last row of a table or of raw lines. */
static int total_row(struct vma_writer *w)
{
	bool raw = w->opts.format == VMA_FORMAT_RAW;
	int rc = raw ? 0 : table_line(w->table);

	for (size_t i = 0; !rc && i < w->pick.nr; i++) {
		const struct vma_column *col = w->pick.col[i];
		struct vma_cell cell = { .state = col->sums ? VMA_CELL_HAS : VMA_CELL_NONE,
					 .num = w->sum[i], .how.known = VMA_EXACT };

		if (raw) {
			if (i)
				out_put(w->out, " ", 1);
			put_raw_cell(w->out, col, &cell, w->opts.bytes);
		} else if (col->sums) {
			put_cell_text(col, &cell, w->opts.bytes, w->text);
			rc = table_set(w->table, i, w->text, TABLE_PLAIN);
		} else if (!i) {
			rc = table_set(w->table, i, "total", TABLE_PLAIN);
		}
	}
	if (raw)
		out_put(w->out, "\n", 1);
	return rc;
}

static void json_totals(struct vma_writer *w, struct vma_json *j)
{
	vma_json_object(j, "totals");
	vma_json_number(j, "rows", w->rows);
	for (size_t i = 0; i < w->pick.nr; i++)
		if (w->pick.col[i]->sums)
			vma_json_number(j, w->pick.col[i]->key, w->sum[i]);
	vma_json_end(j);
}

int vma_writer_end(struct vma_writer *w)
{
	struct vma_json line;
	int rc = 0;

	switch (w->opts.format) {
	case VMA_FORMAT_TABLE:
	case VMA_FORMAT_RAW:
		if (w->opts.totals)
			rc = total_row(w);
		if (!rc && w->table)
			rc = table_print(w->table, w->out);
		break;
	case VMA_FORMAT_JSON:
		if (w->opts.key)
			vma_json_end(w->json);
		if (w->opts.totals && w->opts.key)
			json_totals(w, w->json);
		break;
	case VMA_FORMAT_JSON_LINES:
		if (!w->opts.totals)
			break;
		vma_json_init(&line, w->out, true);
		vma_json_object(&line, NULL);
		json_totals(w, &line);
		vma_json_end(&line);
		break;
	}
	return rc ? rc : -w->out->error;
}
