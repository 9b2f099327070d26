// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* Widths of columns of text; others by what they hold. */
static const struct {
	const char *name;
	int width;
} widths[] = {
	{ "PERMS", 5 }, { "USER", 9 }, { "NAME", 15 }, { "DEV", 6 }, { "KIND", 8 }, { "OPS", 14 },
	{ "OBJECT", 18 }, { "CATEGORY", 13 }, { "SEGMENT", 15 }, { "SECTIONS", 24 }, { "FLAGS", 34 },
	{ "FLAG_NAMES", 44 }, { "RULE", 24 }, { "POLICY", 9 }, { "PATH", 24 }, { "COMMAND", 24 },
	{ "INODE", 9 }, { "BUILD_ID", 16 }, { "CHAIN", 10 }, { "DOUBTS", 30 }, { "TID", 7 },
};

static bool is_text(const struct vma_column *c)
{
	return c->kind == VMA_CELL_TEXT || c->kind == VMA_CELL_WORDS || c->kind == VMA_CELL_IDS;
}

static int width_of(const struct vma_column *c)
{
	static const int by_kind[VMA_CELL_NR] = {
		[VMA_CELL_TEXT] = 10, [VMA_CELL_WORDS] = 20, [VMA_CELL_IDS] = 10,
		[VMA_CELL_ADDR] = 12, [VMA_CELL_BYTES] = 6,  [VMA_CELL_NUMBER] = 6,
		[VMA_CELL_BOOL] = 3,  [VMA_CELL_SHARE] = 5,
	};
	int name = (int)strlen(c->name), width = by_kind[c->kind];

	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		if (!strcmp(widths[i].name, c->name))
			width = widths[i].width;
	return width > name ? width : name;
}

void table_fit(struct table *t, const struct vma_pick *pick, int x, int cols)
{
	int at = x;

	t->pick = pick;
	t->nr = 0;
	for (size_t i = 0; i < pick->nr; i++) {
		int w = width_of(pick->col[i]);
		bool last = i + 1 == pick->nr;

		if (at + (w < 8 || !last ? w : 8) > x + cols)
			break;
		t->x[i] = at;
		t->width[i] = last && is_text(pick->col[i]) ? x + cols - at : w;
		at += w + 1;
		t->nr++;
	}
}

void table_head(const struct table *t, int y, const char *order)
{
	bool down = *order == '-';
	const char *by = order + down;

	for (size_t i = 0; i < t->nr; i++) {
		const struct vma_column *c = t->pick->col[i];
		bool sorted = !strcasecmp(by, c->name);
		enum style st = sorted ? ST_SORTED : ST_HEAD;

		if (is_text(c))
			term_put(y, t->x[i], t->width[i], st, c->name);
		else
			term_right(y, t->x[i], t->width[i], st, c->name);
		if (sorted)
			term_put(y, t->x[i] + t->width[i], 1, st, down ? "-" : "+");
	}
}

const struct vma_column *table_hit(const struct table *t, int x)
{
	for (size_t i = 0; i < t->nr; i++)
		if (x >= t->x[i] && x <= t->x[i] + t->width[i])
			return t->pick->col[i];
	return NULL;
}

char *cell_text(const struct vma_column *col, const struct vma_cell *cell, char *out, size_t size)
{
	const char *mark = cell->how.known == VMA_INFERRED ? "~" : "";
	char text[VMA_SIZE_TEXT];

	*out = '\0';
	if (cell->state == VMA_CELL_UNKNOWN)
		snprintf(out, size, "?");
	if (cell->state != VMA_CELL_HAS)
		return out;
	switch (col->kind) {
	case VMA_CELL_ADDR:
		snprintf(out, size, "%s%" PRIx64, mark, cell->num);
		break;
	case VMA_CELL_BYTES:
		if (!cell->count)
			snprintf(out, size, "%s%s", mark, vma_size_text(cell->num, text));
		else
			snprintf(out, size, "%s%" PRIu64, mark, cell->num);
		break;
	case VMA_CELL_SHARE:
		snprintf(out, size, "%s%" PRIu64 ".%" PRIu64, mark, cell->num / 10, cell->num % 10);
		break;
	case VMA_CELL_NUMBER:
		snprintf(out, size, "%s%" PRIu64, mark, cell->num);
		break;
	case VMA_CELL_BOOL:
		snprintf(out, size, "%s%s", mark, cell->num ? "yes" : "no");
		break;
	default:
		snprintf(out, size, "%s%s", mark, cell->text ? cell->text : "");
		break;
	}
	return out;
}

/* The last part of a path. What is no path stays. */
static const char *short_path(const char *text)
{
	const char *slash = *text == '/' ? strrchr(text, '/') : NULL;

	return slash && slash[1] ? slash + 1 : text;
}

void table_row(const struct table *t, int y, const void *row, enum style style, int indent)
{
	char buf[VMA_CELL_BUF], text[VMA_CELL_BUF + 2];

	for (size_t i = 0; i < t->nr; i++) {
		const struct vma_column *c = t->pick->col[i];
		struct vma_cell cell = { .buf = buf };

		vma_column_get(c, row, &cell);
		const char *s = cell_text(c, &cell, text, sizeof(text));
		if (is_text(c)) {
			int in = i + 1 == t->nr ? indent : 0;

			if (!t->whole_path && !strcmp(c->name, "PATH"))
				s = short_path(s);
			term_put(y, t->x[i] + in, t->width[i] - in, style, s);
		} else if ((int)strlen(s) > t->width[i]) {
			/* the low digits tell more apart */
			term_putf(y, t->x[i], t->width[i], style, "~%s",
				  s + strlen(s) - (size_t)t->width[i] + 1);
		} else {
			term_right(y, t->x[i], t->width[i], style, s);
		}
	}
}

void table_lines(const struct vma_columns *t, const void *row, struct text *out)
{
	char buf[VMA_CELL_BUF], text[VMA_CELL_BUF + 2];

	for (size_t i = 0; i < t->nr; i++) {
		struct vma_cell cell = { .buf = buf };

		vma_column_get(&t->col[i], row, &cell);
		if (cell.state == VMA_CELL_HAS && *cell_text(&t->col[i], &cell, text, sizeof(text)))
			text_add(out, "%-16s %s", t->col[i].name, text);
	}
}
