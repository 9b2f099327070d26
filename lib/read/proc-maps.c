// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-maps.h"

#include <string.h>

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

static bool take_perms(const char **p, char perms[5])
{
	static const char letters[4][3] = { "r-", "w-", "x-", "ps" };

	for (int i = 0; i < 4; i++) {
		char c = **p;

		if (c != letters[i][0] && c != letters[i][1])
			return false;
		perms[i] = c;
		++*p;
	}
	perms[4] = '\0';
	return true;
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

/* What is wrong with the text at *@p, NULL when the fields were fine. */
static const char *take_fields(const char **p, const char *end, struct vma_fact_map *m)
{
	if (!take_hex(p, end, &m->start) || !text_char(p, '-') || !take_hex(p, end, &m->end))
		return "not an address range";
	if (m->end <= m->start || (m->start & ~VMA_PAGE_MASK) || (m->end & ~VMA_PAGE_MASK))
		return "not a range of pages";
	if (!text_char(p, ' ') || !take_perms(p, m->perms))
		return "not permissions";
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

int maps_take_line(struct lines *l, struct vma_fact_map *m, struct vma_err *err)
{
	char *line = lines_at(l);
	const char *p = line;
	const char *what = take_fields(&p, l->buf + l->limit, m);

	if (what)
		return lines_bad(l, line, p, what, err);
	while (*p == ' ')
		p++;
	char *path = line + (p - line);
	char *nl = memchr(path, '\n', l->limit - (size_t)(path - l->buf));
	if (memchr(path, '\0', (size_t)(nl - path)))
		return lines_bad(l, line, path, "a NUL in a name", err);
	*nl = '\0';
	if (nl != path) {
		m->gate = path[0] == '[' && !strcmp(path, "[vsyscall]");
		unescape_newlines(path);
	}
	m->path = path;
	l->pos = (size_t)(nl - l->buf) + 1;
	l->nr++;
	return 0;
}

int maps_run(struct lines *l, vma_map_fn *fn, void *ctx, struct vma_err *err)
{
	struct vma_fact_map m;
	int rc;

	memset(&m, 0, sizeof(m));
	while ((rc = lines_more(l, err)) > 0) {
		m.gate = false;
		rc = maps_take_line(l, &m, err);
		if (rc)
			return rc;
		rc = fn(ctx, &m);
		if (rc)
			return rc;
	}
	return rc;
}
