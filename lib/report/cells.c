// SPDX-License-Identifier: LGPL-2.1-or-later
/* One value as text: for people, for scripts, in JSON. A new kind of cell is a case in each. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/escape.h"
#include "put.h"

void put_cell_text(const struct vma_column *col, const struct vma_cell *cell, bool bytes, char *p)
{
	switch (col->kind) {
	case VMA_CELL_TEXT:
	case VMA_CELL_WORDS:
	case VMA_CELL_IDS:
		vma_escape_terminal(cell->text, p, VMA_CELL_BUF - 8);
		return;
	case VMA_CELL_ADDR:
		*p++ = '0';
		*p++ = 'x';
		p = vma_put_hex(p, cell->num);
		break;
	case VMA_CELL_BYTES:
		p = bytes || cell->count ? vma_put_dec(p, cell->num)
					 : vma_put_size(p, cell->num);
		break;
	case VMA_CELL_BOOL:
		p = stpcpy(p, cell->num ? "yes" : "no");
		break;
	case VMA_CELL_SHARE:
		p = vma_put_dec(p, cell->num / 10);
		*p++ = '.';
		*p++ = (char)('0' + cell->num % 10);
		*p++ = '%';
		break;
	default:
		p = vma_put_dec(p, cell->num);
	}
	*p = '\0';
}

/* Blanks, controls and backslashes: what would break a line into other pieces. */
static const bool is_odd[256] = {
	[0 ... ' '] = true, ['\\'] = true, [0x7f] = true,
};

/* Odd bytes as \xNN, so that a line splits at its blanks; the blanks of a list become commas. */
static void put_raw_text(struct vma_out *o, const char *text, bool list)
{
	static const char digits[] = "0123456789abcdef";

	for (;;) {
		const char *end = text;

		while (!is_odd[(unsigned char)*end])
			end++;
		out_put(o, text, (size_t)(end - text));
		text = end;
		if (!*text)
			return;
		if (list && *text == ' ') {
			out_put(o, ",", 1);
			text++;
			continue;
		}
		char hex[4] = { '\\', 'x', digits[(unsigned char)*text >> 4], digits[*text & 15] };
		out_put(o, hex, 4);
		text++;
	}
}

char *put_raw_number(char *p, const struct vma_column *col, const struct vma_cell *cell, bool bytes)
{
	if (col->kind == VMA_CELL_ADDR) {
		*p++ = '0';
		*p++ = 'x';
		return vma_put_hex(p, cell->num);
	}
	if (col->kind == VMA_CELL_BYTES && !bytes && !cell->count)
		return vma_put_size(p, cell->num);
	return vma_put_dec(p, cell->num);
}

void put_raw_cell(struct vma_out *o, const struct vma_column *col, const struct vma_cell *cell,
		  bool bytes)
{
	if (cell->state != VMA_CELL_HAS) {
		const char *mark = cell->how.known == VMA_INFERRED ? "-?" : "-";

		if (cell->state == VMA_CELL_UNKNOWN)
			mark = "?";
		out_put(o, mark, strlen(mark));
		return;
	}
	if (!is_number_kind(col->kind)) {
		put_raw_text(o, cell->text, col->kind != VMA_CELL_TEXT);
	} else {
		char *p = vma_out_room(o, CELL_NUMBER);

		if (!p)
			return;
		vma_out_end(o, put_raw_number(p, col, cell, bytes));
	}
	if (unlikely(cell->how.known == VMA_INFERRED))
		out_put(o, "?", 1);
}

/* A list that is long or holds letters JSON wants escaped. */
static void put_json_odd_list(struct vma_out *o, const char *text, bool quoted)
{
	char word[256];
	bool any = false;

	out_put(o, "[", 1);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (n) {
			snprintf(word, sizeof(word), "%.*s", (int)n, text);
			if (any)
				out_put(o, ",", 1);
			if (quoted)
				put_json_string(o, word);
			else
				vma_out_adds(o, word);
			any = true;
		}
		text += n + (text[n] == ' ');
	}
	out_put(o, "]", 1);
}

/* Words or numbers divided by single blanks, as an array. */
static void put_json_list(struct vma_out *o, const char *text, bool quoted)
{
	char *p = vma_out_room(o, VMA_OUT_ROOM);
	char *stop = p + VMA_OUT_ROOM - 16;
	const char *c = text;

	if (!p)
		return;
	*p++ = '[';
	if (quoted && *c)
		*p++ = '"';
	for (; *c > ' ' && *c < 0x7f && *c != '"' && *c != '\\' && p < stop; c++) {
		*p++ = *c;
		if (c[1] != ' ')
			continue;
		c++;
		if (quoted)
			*p++ = '"';
		*p++ = ',';
		if (quoted)
			*p++ = '"';
	}
	if (unlikely(*c)) { /* what is in the room so far is not kept */
		put_json_odd_list(o, text, quoted);
		return;
	}
	if (quoted && c != text)
		*p++ = '"';
	*p++ = ']';
	vma_out_end(o, p);
}

char *put_json_number(char *p, const struct vma_column *col, const struct vma_cell *cell)
{
	u64 share = cell->num % 1000;

	switch (col->kind) {
	case VMA_CELL_ADDR:
		p = vma_put_hex(stpcpy(p, "\"0x"), cell->num);
		*p++ = '"';
		return p;
	case VMA_CELL_BOOL:
		return stpcpy(p, cell->num ? "true" : "false");
	case VMA_CELL_SHARE:
		p = stpcpy(vma_put_dec(p, cell->num / 1000), share < 10 ? ".00" : share < 100 ? ".0" : ".");
		return vma_put_dec(p, share);
	default:
		return vma_put_dec(p, cell->num);
	}
}

void put_json_cell(struct vma_out *o, const struct vma_column *col, const struct vma_cell *cell)
{
	char *p;

	if (unlikely(cell->state != VMA_CELL_HAS)) {
		out_put(o, "null", 4);
		return;
	}
	switch (col->kind) {
	case VMA_CELL_TEXT:
		if (!put_json_string(o, cell->text)) {
			out_put(o, ",", 1);
			put_json_hex(o, col->key, cell->text);
		}
		return;
	case VMA_CELL_WORDS:
	case VMA_CELL_IDS:
		put_json_list(o, cell->text, col->kind == VMA_CELL_WORDS);
		return;
	default:
		p = vma_out_room(o, CELL_NUMBER);
		if (p)
			vma_out_end(o, put_json_number(p, col, cell));
	}
}
