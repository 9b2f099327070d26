// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lines_init_fd(struct lines *l, const char *name, int fd)
{
	memset(l, 0, sizeof(*l));
	l->name = name;
	l->fd = fd;
}

void lines_init_mem(struct lines *l, const char *name, const char *text, size_t len)
{
	memset(l, 0, sizeof(*l));
	l->name = name;
	l->fd = -1;
	l->mem = text;
	l->mem_left = len;
}

void lines_fini(struct lines *l)
{
	free(l->buf);
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

/* Room behind the text; a byte more than is used, so that text can be ended with a NUL. */
static int make_room(struct lines *l)
{
	if (l->pos) {
		memmove(l->buf, l->buf + l->pos, l->len - l->pos);
		l->len -= l->pos;
		l->limit -= l->pos;
		l->pos = 0;
	}
	if (l->cap - l->len > LINES_WINDOW / 2)
		return 0;
	size_t cap = l->cap ? l->cap * 2 : LINES_WINDOW;
	char *buf = realloc(l->buf, cap + 1);
	if (!buf)
		return -ENOMEM;
	l->buf = buf;
	l->cap = cap;
	return 0;
}

static ssize_t read_timed(struct lines *l, char *to, size_t room)
{
	u64 began = l->clock ? l->clock() : 0;
	ssize_t n;

	do
		n = read(l->fd, to, room);
	while (n < 0 && errno == EINTR);
	u64 took = l->clock ? l->clock() - began : 0;
	l->longest = took > l->longest ? took : l->longest;
	l->reads++;
	return n;
}

/*
 * Files of /proc give a page a read. Several of them at once: the kernel's code and then ours each
 * find the caches as they left them, which saves a tenth of our part.
 */
static ssize_t read_window(struct lines *l, size_t room)
{
	size_t got = 0;
	ssize_t n;

	do {
		n = read_timed(l, l->buf + l->len + got, room - got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0 && room - got >= LINES_PIECE);
	l->eof = !n;
	return n < 0 && !got ? -errno : (ssize_t)got;
}

/* Bytes read, 0 at the end, -errno. */
static ssize_t fill(struct lines *l)
{
	size_t room = l->cap - l->len;
	ssize_t n;

	if (l->fd >= 0) {
		n = read_window(l, room);
	} else {
		n = (ssize_t)(l->mem_left < room ? l->mem_left : room);
		memcpy(l->buf + l->len, l->mem, (size_t)n);
		l->mem += n;
		l->mem_left -= (size_t)n;
		l->reads++;
		l->eof = !n;
	}
	l->bytes += n > 0 ? (u64)n : 0;
	return n;
}

static int read_until_newline(struct lines *l, struct vma_err *err)
{
	while (!l->eof) {
		if (make_room(l))
			return vma_fail(err, ENOMEM, "%s: out of memory", l->name);
		ssize_t n = fill(l);
		if (n < 0)
			return vma_fail(err, (int)-n, "%s: cannot read: %m", l->name);
		if (!n)
			break;
		char *nl = memrchr(l->buf + l->len, '\n', (size_t)n);
		l->len += (size_t)n;
		l->buf[l->len] = '\0';
		if (nl) {
			l->limit = (size_t)(nl - l->buf) + 1;
			return 1;
		}
	}
	if (l->len > l->pos)
		return vma_fail(err, EBADMSG, "%s: line %llu is cut off", l->name,
				(unsigned long long)l->nr + 1);
	return 0;
}

int lines_more(struct lines *l, struct vma_err *err)
{
	return l->pos < l->limit ? 1 : read_until_newline(l, err);
}

char *lines_next(struct lines *l, int *rc, struct vma_err *err)
{
	*rc = lines_more(l, err);
	if (*rc <= 0)
		return NULL;
	char *line = lines_at(l);
	char *nl = memchr(line, '\n', l->limit - l->pos);
	*nl = '\0';
	l->pos = (size_t)(nl - l->buf) + 1;
	l->nr++;
	*rc = 0;
	return line;
}

int lines_bad(const struct lines *l, const char *line, const char *at, const char *what,
	      struct vma_err *err)
{
	return vma_fail(err, EBADMSG, "%s: line %llu, column %zu: %s", l->name,
			(unsigned long long)l->nr + 1, (size_t)(at - line) + 1, what);
}
