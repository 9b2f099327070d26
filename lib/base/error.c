// SPDX-License-Identifier: LGPL-2.1-or-later
#include "libvmactl/error.h"

#include <errno.h>
#include <stdio.h>

#include "base/escape.h"

int vma_failv(struct vma_err *err, int code, const char *fmt, va_list ap)
{
	if (err) {
		char raw[VMA_ERR_MSG];

		errno = code; /* for %m */
		vsnprintf(raw, sizeof(raw), fmt, ap);
		err->code = code;
		vma_escape_terminal(raw, err->msg, sizeof(err->msg));
	}
	return -code;
}

int vma_fail(struct vma_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = vma_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}
