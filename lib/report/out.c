// SPDX-License-Identifier: LGPL-2.1-or-later
/* The buffer all text goes through: to a descriptor in pieces of 64 KiB, or to memory. */
#include "libvmactl/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

#define OUT_SIZE (64 << 10)

int vma_out_init(struct vma_out *o, int fd)
{
	*o = (struct vma_out){ .fd = fd, .buf = malloc(OUT_SIZE), .cap = OUT_SIZE };
	if (!o->buf)
		o->error = ENOMEM;
	return -o->error;
}

void vma_out_fini(struct vma_out *o)
{
	free(o->buf);
	o->buf = NULL;
	o->len = o->cap = 0;
}

static void write_all(struct vma_out *o, const char *p, size_t len)
{
	while (len && !o->error) {
		ssize_t n = write(o->fd, p, len);

		if (n < 0) {
			if (errno != EINTR)
				o->error = errno;
			continue;
		}
		o->gone += (u64)n;
		p += n;
		len -= (size_t)n;
	}
}

int vma_out_flush(struct vma_out *o)
{
	if (o->fd >= 0) {
		write_all(o, o->buf, o->len);
		o->len = 0;
	}
	return -o->error;
}

static bool grow(struct vma_out *o, size_t n)
{
	size_t cap = o->cap;

	while (cap - o->len < n)
		cap *= 2;
	char *buf = realloc(o->buf, cap);
	if (!buf) {
		o->error = ENOMEM;
		return false;
	}
	o->buf = buf;
	o->cap = cap;
	return true;
}

char *vma_out_room_slow(struct vma_out *o, size_t n)
{
	CHECK(n <= VMA_OUT_ROOM);
	if (unlikely(o->error))
		return NULL;
	if (unlikely(o->cap - o->len < n)) {
		if (o->fd < 0) {
			if (!grow(o, n))
				return NULL;
		} else if (vma_out_flush(o)) {
			return NULL;
		}
	}
	return o->buf + o->len;
}

void vma_out_add(struct vma_out *o, const char *text, size_t len)
{
	if (o->error)
		return;
	if (o->cap - o->len < len) {
		if (o->fd < 0) {
			if (!grow(o, len))
				return;
		} else {
			vma_out_flush(o);
			if (len > o->cap) {
				write_all(o, text, len);
				return;
			}
		}
	}
	memcpy(o->buf + o->len, text, len);
	o->len += len;
}

void vma_out_adds(struct vma_out *o, const char *text)
{
	vma_out_add(o, text, strlen(text));
}

void vma_out_addf(struct vma_out *o, const char *fmt, ...)
{
	char small[256], *text = small;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(small)) {
		va_start(ap, fmt);
		n = vasprintf(&text, fmt, ap);
		va_end(ap);
		if (n < 0) {
			o->error = ENOMEM;
			return;
		}
	}
	vma_out_add(o, text, (size_t)n);
	if (text != small)
		free(text);
}
