/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_ERROR_H
#define LIBVMACTL_ERROR_H
/*
 * How the library says that it failed.
 *
 * Two kinds of no, never mixed: when the *simulated kernel* refuses, that is an answer and is
 * data (struct vma_result in engine.h). When *we* fail (unreadable file, bad script, no memory),
 * a function returns -errno and fills the caller's struct vma_err. Nothing is allocated, nothing
 * has to be freed, and the library never prints.
 */
#include <stdarg.h>

#define VMA_ERR_MSG 512

/**
 * struct vma_err - what went wrong, for people
 * @code: a positive errno
 * @msg:  the thing and the trouble, without prefix, capital or full stop; never longer than the
 *        buffer, already escaped for a terminal
 */
struct vma_err {
	int code;
	char msg[VMA_ERR_MSG];
};

/**
 * vma_fail() - fill an error
 * @err:  may be NULL
 * @code: a positive errno
 * @fmt:  printf format; %m works
 *
 * Returns -code, so that `return vma_fail(err, ENOENT, "...")` reads well.
 */
int vma_fail(struct vma_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** vma_failv() - vma_fail() with a va_list. */
int vma_failv(struct vma_err *err, int code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

#endif
