// SPDX-License-Identifier: GPL-2.0-or-later
#include "fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

const struct vma_provenance field_exact = { .known = VMA_EXACT, .rule = "" };

void fields_fini(struct fields *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->field[i].text);
	free(f->field);
}

static struct field *add(struct fields *f, const char *name, enum field_kind kind,
			 struct vma_provenance how)
{
	if (f->nr == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 48;
		struct field *field = realloc(f->field, cap * sizeof(*field));

		if (!field) {
			f->failed = true;
			return NULL;
		}
		f->field = field;
		f->cap = cap;
	}
	struct field *n = &f->field[f->nr++];
	*n = (struct field){ .kind = kind, .how = how };
	snprintf(n->name, sizeof(n->name), "%s", name);
	return n;
}

void fields_num(struct fields *f, const char *name, enum field_kind kind, u64 num,
		struct vma_provenance how)
{
	struct field *n = add(f, name, kind, how);

	if (n)
		n->num = num;
}

void fields_text(struct fields *f, const char *name, enum field_kind kind, const char *text,
		 struct vma_provenance how)
{
	struct field *n = add(f, name, text ? kind : FIELD_NONE, how);

	if (!n || !text)
		return;
	n->text = strdup(text);
	if (!n->text) {
		n->kind = FIELD_NONE;
		f->failed = true;
	}
}

/* ---------------------------------------------------------------- as rows */

static void get_name(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	cell->state = VMA_CELL_HAS;
	cell->text = ((const struct field *)row)->name;
}

static void get_value(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct field *n = row;
	char *p = cell->buf;

	(void)col;
	if (n->how.known == VMA_UNKNOWN) {
		cell->state = VMA_CELL_UNKNOWN;
		return;
	}
	cell->state = VMA_CELL_HAS;
	cell->text = "-";
	if (n->kind == FIELD_NONE || (n->text && !*n->text))
		return;
	cell->text = n->text ? n->text : cell->buf;
	switch (n->kind) {
	case FIELD_HEX:
		p = vma_put_hex(stpcpy(p, "0x"), n->num);
		break;
	case FIELD_BYTES:
		p = vma_put_size(p, n->num);
		break;
	case FIELD_BOOL:
		p = stpcpy(p, n->num ? "yes" : "no");
		break;
	case FIELD_NUMBER:
		p = vma_put_dec(p, n->num);
		break;
	default:
		return;
	}
	*p = '\0';
}

static void get_known(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct field *n = row;

	(void)col;
	cell->state = VMA_CELL_HAS;
	if (n->how.known == VMA_INFERRED) {
		snprintf(cell->buf, VMA_CELL_BUF, "%s %u%%", vma_known_name(n->how.known),
			 n->how.confidence);
		cell->text = cell->buf;
	} else {
		cell->text = vma_known_name(n->how.known);
	}
}

static void get_rule(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct field *n = row;

	(void)col;
	cell->state = n->how.rule && *n->how.rule ? VMA_CELL_HAS : VMA_CELL_NONE;
	cell->text = n->how.rule;
}

static const struct vma_column columns[] = {
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_name, 0, "as the kernel calls it" },
	{ "VALUE", "value", VMA_CELL_TEXT, false, 0, get_value, 0, "what it holds" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_known, 0, "how that is known" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get_rule, 0, "by which rule" },
};
const struct vma_columns fields_columns = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- as JSON */

static void json_value(const struct field *n, struct vma_json *j)
{
	if (n->how.known == VMA_UNKNOWN) {
		vma_json_null(j, "value");
		return;
	}
	switch (n->kind) {
	case FIELD_HEX:
		vma_json_hex(j, "value", n->num);
		break;
	case FIELD_NUMBER:
	case FIELD_BYTES:
		vma_json_number(j, "value", n->num);
		break;
	case FIELD_BOOL:
		vma_json_bool(j, "value", n->num);
		break;
	case FIELD_WORDS:
		vma_json_words(j, "value", n->text);
		break;
	case FIELD_TEXT:
	case FIELD_NONE:
		vma_json_text(j, "value", n->text);
		break;
	}
}

void fields_json(const struct fields *f, struct vma_json *j)
{
	for (size_t i = 0; i < f->nr; i++) {
		const struct field *n = &f->field[i];

		vma_json_object(j, n->name);
		json_value(n, j);
		vma_json_text(j, "known", vma_known_name(n->how.known));
		if (n->how.rule && *n->how.rule)
			vma_json_text(j, "rule", n->how.rule);
		if (n->how.known == VMA_INFERRED)
			vma_json_number(j, "confidence", n->how.confidence);
		vma_json_end(j);
	}
}
