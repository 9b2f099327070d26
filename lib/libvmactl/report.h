/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_REPORT_H
#define LIBVMACTL_REPORT_H
/*
 * Words: rows and columns, tables, JSON, filters, and events as sentences.
 *
 * Nothing here prints by itself: everything goes to a struct vma_out that the caller made.
 */
#include <stdio.h>

#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/model.h"
#include "libvmactl/read.h"
#include "libvmactl/types.h"

/* ---------------------------------------------------------------- numbers and words */

/** vma_parse_number() - "12", "0x1000", "010"; false when it is none or does not fit. */
bool vma_parse_number(const char *text, u64 *out);
/** vma_parse_size() - a number with an optional suffix: 4K, 2MiB, 1GB (always powers of 1024). */
bool vma_parse_size(const char *text, u64 *out);

/** vma_put_hex(), vma_put_dec() - digits at @p (at most 16 or 20), no NUL. Return the end. */
char *vma_put_hex(char *p, u64 v);
char *vma_put_dec(char *p, u64 v);
/** vma_put_size() - a size for people at @p (at most 8): 132K, 1.5G. Returns the end. */
char *vma_put_size(char *p, u64 v);
/** vma_size_text() - the same as a string. Returns @out. */
#define VMA_SIZE_TEXT 16
char *vma_size_text(u64 v, char out[VMA_SIZE_TEXT]);

/**
 * vma_nearest() - the word that a misspelt one was probably meant to be
 * @at: gives candidate @i of @count; "" is skipped
 *
 * Returns NULL when none is near.
 */
const char *vma_nearest(const char *word, const char *(*at)(const void *ctx, size_t i),
			const void *ctx, size_t count);

#endif
