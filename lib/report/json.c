// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * JSON out. A tree in memory costs seventy times as much at 60,000 objects, so this keeps nothing
 * but the depth: a comma bit and a bracket bit for each level.
 */
#include "libvmactl/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/escape.h"
#include "put.h"

void vma_json_init(struct vma_json *j, struct vma_out *out, bool lines)
{
	*j = (struct vma_json){ .out = out, .lines = lines };
}

/* The escapes of a byte that may not stand in a string as it is; NULL when it may. */
static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	default:
		return NULL;
	}
}

/* What stands in a string as it is, but for bytes above ASCII, which are looked at. */
static const bool is_plain[256] = {
	[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true,
};

bool put_json_string(struct vma_out *o, const char *text)
{
	size_t left = strlen(text);
	bool valid = true;

	out_put(o, "\"", 1);
	while (left) {
		size_t n = 0;

		while (is_plain[(unsigned char)text[n]]) /* the NUL is not */
			n++;
		if (!n) {
			unsigned char c = (unsigned char)*text;
			const char *escape = escape_of(c);

			n = vma_utf8_char(text, left);
			if (escape) {
				vma_out_adds(o, escape);
			} else if (c < 0x20 || c == 0x7f) {
				vma_out_addf(o, "\\u%04x", c);
			} else if (!n) {
				vma_out_adds(o, "\\ufffd");
				valid = false;
				n = 1;
			} else {
				out_put(o, text, n);
			}
		} else {
			out_put(o, text, n);
		}
		text += n;
		left -= n;
	}
	out_put(o, "\"", 1);
	return valid;
}

void put_json_hex(struct vma_out *o, const char *key, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	vma_out_addf(o, "\"%s_hex\":\"", key);
	for (; *text; text++) {
		char hex[2] = { digits[(unsigned char)*text >> 4], digits[*text & 15] };

		out_put(o, hex, 2);
	}
	out_put(o, "\"", 1);
}

static void newline(struct vma_json *j)
{
	if (j->lines)
		return;
	out_put(j->out, "\n", 1);
	for (u32 i = 0; i < j->depth; i++)
		out_put(j->out, "  ", 2);
}

/* Everything that stands before a value. */
static void before(struct vma_json *j, const char *key)
{
	u64 bit = 1ULL << j->depth;

	if (j->comma & bit)
		out_put(j->out, ",", 1);
	if (j->depth)
		newline(j);
	j->comma |= bit;
	if (key) {
		put_json_string(j->out, key);
		out_put(j->out, ": ", j->lines ? 1 : 2);
	}
}

void put_json_before(struct vma_json *j)
{
	before(j, NULL);
}

static void open_level(struct vma_json *j, const char *key, bool array)
{
	before(j, key);
	out_put(j->out, array ? "[" : "{", 1);
	CHECK(j->depth < 62);
	j->depth++;
	j->comma &= ~(1ULL << j->depth);
	if (array)
		j->array |= 1ULL << j->depth;
	else
		j->array &= ~(1ULL << j->depth);
}

void vma_json_object(struct vma_json *j, const char *key)
{
	open_level(j, key, false);
}

void vma_json_array(struct vma_json *j, const char *key)
{
	open_level(j, key, true);
}

void vma_json_end(struct vma_json *j)
{
	u64 bit = 1ULL << j->depth;

	CHECK(j->depth);
	j->depth--;
	if (j->comma & bit)
		newline(j);
	out_put(j->out, j->array & bit ? "]" : "}", 1);
	if (!j->depth) {
		out_put(j->out, "\n", 1);
		j->comma = 0;
	}
}

void vma_json_text(struct vma_json *j, const char *key, const char *text)
{
	if (!text) {
		vma_json_null(j, key);
		return;
	}
	before(j, key);
	if (put_json_string(j->out, text) || !key)
		return;
	vma_out_adds(j->out, j->lines ? "," : ", ");
	put_json_hex(j->out, key, text);
}

void vma_json_number(struct vma_json *j, const char *key, u64 v)
{
	char text[20];

	before(j, key);
	out_put(j->out, text, (size_t)(vma_put_dec(text, v) - text));
}

void vma_json_signed(struct vma_json *j, const char *key, s64 v)
{
	char text[21], *p = text;

	before(j, key);
	if (v < 0)
		*p++ = '-';
	p = vma_put_dec(p, v < 0 ? -(u64)v : (u64)v);
	out_put(j->out, text, (size_t)(p - text));
}

void vma_json_real(struct vma_json *j, const char *key, double v)
{
	if (!isfinite(v)) {
		vma_json_null(j, key);
		return;
	}
	char text[40];
	int n = snprintf(text, sizeof(text), "%.6g", v);

	for (int i = 0; i < n; i++) /* a locale may want a comma */
		if (text[i] == ',')
			text[i] = '.';
	before(j, key);
	out_put(j->out, text, (size_t)n);
}

void vma_json_hex(struct vma_json *j, const char *key, u64 v)
{
	char text[20] = "\"0x", *p = vma_put_hex(text + 3, v);

	*p++ = '"';
	before(j, key);
	out_put(j->out, text, (size_t)(p - text));
}

void vma_json_bool(struct vma_json *j, const char *key, bool v)
{
	before(j, key);
	vma_out_adds(j->out, v ? "true" : "false");
}

void vma_json_null(struct vma_json *j, const char *key)
{
	before(j, key);
	out_put(j->out, "null", 4);
}

void vma_json_words(struct vma_json *j, const char *key, const char *text)
{
	bool any = false;

	/* on one line also when the rest is not: a list of flags is read as one thing */
	before(j, key);
	out_put(j->out, "[", 1);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (n) {
			char word[64];

			snprintf(word, sizeof(word), "%.*s", (int)n, text);
			vma_out_adds(j->out, any ? j->lines ? "," : ", " : "");
			put_json_string(j->out, word);
			any = true;
		}
		text += n + (text[n] == ' ');
	}
	out_put(j->out, "]", 1);
}

void vma_json_schema(struct vma_json *j)
{
	vma_json_text(j, "schema", VMA_JSON_SCHEMA);
}
