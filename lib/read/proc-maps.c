// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-maps.h"

#include <string.h>

#include "read/facts.h"
#include "read/text.h"

/* "\012" back to a newline. A backslash is not escaped, so this is the kernel's own ambiguity. */
static void unescape_newlines(char *path)
{
	char *from = strstr(path, "\\012"), *to = from;

	if (!from)
		return;
	while (*from) {
		if (text_starts(from, "\\012")) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static inline bool either(char c, char a, char b)
{
	return (c == a) | (c == b);
}

/* Without a branch for each letter: nobody can foretell them. */
static bool are_perms(const char *p)
{
	return either(p[0], 'r', '-') & either(p[1], 'w', '-') & either(p[2], 'x', '-') &
	       either(p[3], 'p', 's');
}

static bool take_perms(const char **p, const char *end, char perms[5])
{
	static const char letters[4][3] = { "r-", "w-", "x-", "ps" };

	if (end - *p >= 4 && are_perms(*p)) {
		memcpy(perms, *p, 4);
		perms[4] = '\0';
		*p += 4;
		return true;
	}
	for (int i = 0; i < 4 && (**p == letters[i][0] || **p == letters[i][1]); i++)
		++*p; /* to where it goes wrong */
	return false;
}

static bool take_dev(const char **p, u32 *major, u32 *minor)
{
	u64 a, b;

	if (!text_hex(p, &a) || !text_char(p, ':') || !text_hex(p, &b) ||
	    a > UINT32_MAX || b > UINT32_MAX)
		return false;
	*major = (u32)a;
	*minor = (u32)b;
	return true;
}

static bool take_hex(const char **p, const char *end, u64 *out)
{
	return end - *p >= 16 ? text_hex_word(p, out) : text_hex(p, out);
}

/* The digits that are not those of the address before, when the first eight are. */
static bool take_rest(const char **p, u64 *out, const struct maps_address *before)
{
	u64 nr, rest = text_hex_front(*p + 8, &nr);

	if (nr == 8 && text_hex_digit((*p)[16]) < 16)
		return text_hex(p, out); /* zeros at the front, or too large */
	*out = before->value >> 4 * (before->len - 8) << 4 * nr | rest;
	*p += 8 + nr;
	return true;
}

/* An address; most begin as the one before did. */
static bool take_address(const char **p, const char *end, u64 *out, struct maps_address *before)
{
	const char *from = *p;

	if (end - from < (ptrdiff_t)sizeof(before->text)) {
		before->len = 0;
		return text_hex(p, out);
	}
	if (before->len > 8 && text_same(from, before->text, 8) ? !take_rest(p, out, before)
							       : !text_hex_word(p, out))
		return false;
	before->len = *p - from <= (ptrdiff_t)sizeof(before->text) ? (u8)(*p - from) : 0;
	before->value = *out;
	memcpy(before->text, from, sizeof(before->text));
	return true;
}

/* Mostly a mapping begins where the one before ends, and no digit need be read again. */
static bool take_start(const char **p, const char *end, u64 *out, struct maps_address *before)
{
	size_t len = before->len;

	if (len < 8 || end - *p < (ptrdiff_t)sizeof(before->text) || (*p)[len] != '-' ||
	    !text_same(*p, before->text, len))
		return take_address(p, end, out, before);
	*out = before->value;
	*p += len;
	return true;
}

/* What is wrong with the text at *@p, NULL when the fields were fine. */
static const char *take_range(const char **p, const char *end, struct vma_fact_map *m,
			      struct maps_address *before)
{
	if (!take_start(p, end, &m->start, before) || !text_char(p, '-') ||
	    !take_address(p, end, &m->end, before))
		return "not an address range";
	if (m->end <= m->start || (m->start & ~VMA_PAGE_MASK) || (m->end & ~VMA_PAGE_MASK))
		return "not a range of pages";
	if (!text_char(p, ' ') || !take_perms(p, end, m->perms))
		return "not permissions";
	return NULL;
}

static const char *take_file(const char **p, const char *end, struct vma_fact_map *m)
{
	if (!text_char(p, ' ') || !take_hex(p, end, &m->offset))
		return "not an offset";
	if (!text_char(p, ' ') || !take_dev(p, &m->dev_major, &m->dev_minor))
		return "not a device";
	if (!text_char(p, ' ') || !text_dec(p, &m->inode))
		return "not an inode";
	if (**p != ' ' && **p != '\n')
		return "not an inode";
	return NULL;
}

/* What most mappings have behind the permissions: no file, and no name. */
static bool take_nothing(const char **p, const char *end, struct vma_fact_map *m)
{
	static const char nothing[] = " 00000000 00:00 0 \n";
	const ptrdiff_t len = sizeof(nothing) - 1;

	if (end - *p < len || !text_same(*p, nothing, (size_t)len))
		return false;
	m->offset = m->inode = m->dev_major = m->dev_minor = 0;
	m->path = "";
	*p += len;
	return true;
}

static const char *take_path(const char **p, const char *end, struct vma_fact_map *m)
{
	char *path, *nl;

	while (**p == ' ')
		++*p;
	path = (char *)*p;
	nl = memchr(path, '\n', (size_t)(end - path));
	if (memchr(path, '\0', (size_t)(nl - path)))
		return "a NUL in a name";
	*nl = '\0';
	if (nl != path) {
		m->gate = path[0] == '[' && !strcmp(path, "[vsyscall]");
		unescape_newlines(path);
	}
	m->path = path;
	*p = nl + 1;
	return NULL;
}

int maps_take_line(struct lines *l, struct vma_fact_map *m, struct maps_address *before,
		   struct vma_err *err)
{
	const char *line = lines_at(l), *end = l->buf + l->limit, *p = line;
	const char *what = take_range(&p, end, m, before);

	if (!what && !take_nothing(&p, end, m)) {
		what = take_file(&p, end, m);
		if (!what)
			what = take_path(&p, end, m);
	}
	if (what)
		return lines_bad(l, line, p, what, err);
	l->pos = (size_t)(p - l->buf);
	l->nr++;
	return 0;
}

int maps_run(struct lines *l, vma_map_fn *fn, void *ctx, struct vma_err *err)
{
	struct maps_address before = { .len = 0 };
	struct vma_fact_map m;
	int rc;

	memset(&m, 0, sizeof(m));
	m.kb = no_counters;
	while ((rc = lines_more(l, err)) > 0) {
		m.gate = false;
		rc = maps_take_line(l, &m, &before, err);
		if (rc)
			return rc;
		rc = fn(ctx, &m);
		if (rc)
			return rc;
	}
	return rc;
}
