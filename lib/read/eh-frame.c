// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/eh-frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define MAX_EH_FRAME (64u << 20)
#define PCREL_SDATA4 0x1b

/* What is left of the bytes; every step is checked against it. */
struct span {
	const u8 *p, *end;
};

static bool take(struct span *s, void *out, size_t n)
{
	if ((size_t)(s->end - s->p) < n)
		return false;
	memcpy(out, s->p, n);
	s->p += n;
	return true;
}

static bool skip_leb(struct span *s)
{
	while (s->p < s->end)
		if (!(*s->p++ & 0x80))
			return true;
	return false;
}

/* Bytes of a pointer in this encoding, 0 when it has no fixed size. */
static size_t pointer_size(u8 enc)
{
	switch (enc & 0x0f) {
	case 0x00: case 0x04: case 0x0c: return 8;
	case 0x02: case 0x0a: return 2;
	case 0x03: case 0x0b: return 4;
	default: return 0;
	}
}

/* How the FDEs of a CIE write their addresses ('R' of its augmentation); 0: absolute. */
static bool pointer_encoding(struct span s, u8 *enc)
{
	u8 version, byte;

	*enc = 0;
	if (!take(&s, &version, 1))
		return false;
	const char *aug = (const char *)s.p;
	if (!memchr(s.p, 0, (size_t)(s.end - s.p)))
		return false;
	s.p += strlen(aug) + 1;
	if (!skip_leb(&s) || !skip_leb(&s))
		return false;
	if (version == 1 ? !take(&s, &byte, 1) : !skip_leb(&s))
		return false;
	if (*aug != 'z')
		return true;
	if (!skip_leb(&s))
		return false;
	for (aug++; *aug; aug++) {
		if (*aug == 'R')
			return take(&s, enc, 1);
		if (*aug == 'S' || *aug == 'B') /* signal frame, pointer authentication: no data */
			continue;
		if ((*aug != 'L' && *aug != 'P') || !take(&s, &byte, 1))
			return false;
		if (*aug == 'P') {
			size_t n = pointer_size(byte);
			if (!n || (size_t)(s.end - s.p) < n)
				return false;
			s.p += n;
		}
	}
	return true;
}

static bool add(struct eh_frame *t, s32 start_ip, s32 fde)
{
	if (!(t->nr & (t->nr - 1))) {
		void *p = reallocarray(t->entry, t->nr ? t->nr * 2 : 1, sizeof(*t->entry));
		if (!p)
			return false;
		t->entry = p;
	}
	t->entry[t->nr++] = (struct eh_frame_entry){ start_ip, fde };
	return true;
}

/* One FDE at @at: its CIE says how its first address is written; only the usual way is. */
static bool add_fde(struct eh_frame *t, const u8 *bytes, size_t len, size_t at, size_t end,
		    u32 back)
{
	struct span fde = { bytes + at + 8, bytes + end };
	size_t id_at = at + 4;
	u32 cie_len;
	s32 rel;
	u8 enc;

	if (back > id_at || id_at - back > len - 8)
		return true;
	size_t cie = id_at - back;
	memcpy(&cie_len, bytes + cie, 4);
	if (cie_len > len - cie - 4 || cie_len < 4)
		return true;
	struct span head = { bytes + cie + 8, bytes + cie + 4 + cie_len };
	if (!pointer_encoding(head, &enc) || enc != PCREL_SDATA4 || !take(&fde, &rel, 4))
		return true;
	s64 start_ip = (s64)(at + 8) + rel;
	if (start_ip < INT32_MIN || start_ip > INT32_MAX)
		return true;
	return add(t, (s32)start_ip, (s32)at);
}

static bool index_all(struct eh_frame *t, const u8 *bytes, size_t len)
{
	u32 size, id;

	for (size_t at = 0; len - at >= 8; at += 4 + (size_t)size) {
		memcpy(&size, bytes + at, 4);
		memcpy(&id, bytes + at + 4, 4);
		if (!size || size == ~0u || size < 4 || size > len - at - 4)
			break;
		if (id && !add_fde(t, bytes, len, at, at + 4 + size, id))
			return false;
	}
	return true;
}

static int by_ip(const void *a, const void *b)
{
	const struct eh_frame_entry *x = a, *y = b;

	return x->start_ip < y->start_ip ? -1 : x->start_ip > y->start_ip;
}

int eh_frame_index(s64 (*read)(void *ctx, u64 addr, void *buf, size_t len), void *ctx, u64 start,
		   u64 len, struct eh_frame *out)
{
	AUTO(undo_free) u8 *bytes = len && len <= MAX_EH_FRAME ? malloc(len) : NULL;

	eh_frame_fini(out);
	out->start = start;
	if (!bytes)
		return -ENOMEM;
	s64 got = read(ctx, start, bytes, len);
	if (got < 8)
		return -EBADMSG;
	if (!index_all(out, bytes, (size_t)got))
		return -ENOMEM;
	if (out->nr)
		qsort(out->entry, out->nr, sizeof(*out->entry), by_ip);
	return out->nr ? 0 : -EBADMSG;
}

void eh_frame_fini(struct eh_frame *t)
{
	free(t->entry);
	memset(t, 0, sizeof(*t));
}
