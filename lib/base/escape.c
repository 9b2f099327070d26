// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libvmactl/types.h"

size_t vma_utf8_char(const char *text, size_t n)
{
	const u8 *p = (const u8 *)text;
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	u32 c;

	if (!n)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] < 0xe0) {
		len = 2;
		c = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		len = 3;
		c = p[0] & 0x0f;
	} else if (p[0] >= 0xf0 && p[0] < 0xf5) {
		len = 4;
		c = p[0] & 0x07;
	} else {
		return 0;
	}
	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

/* C1 controls, line/paragraph separators and bidirectional controls move text or the cursor. */
static bool moves_text(const u8 *p, size_t len)
{
	if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return true;
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0xa6 && p[2] <= 0xa9;
	return false;
}

size_t vma_escape_terminal(const char *text, char *out, size_t size)
{
	size_t n = strlen(text), o = 0;

	if (!size)
		return 0;
	while (n) {
		size_t len = vma_utf8_char(text, n);
		const u8 *p = (const u8 *)text;

		if (len && !(len == 1 && (p[0] < 0x20 || p[0] == 0x7f)) && !moves_text(p, len)) {
			if (o + len >= size)
				break;
			memcpy(out + o, text, len);
			o += len;
		} else {
			if (!len)
				len = 1;
			if (o + 4 * len >= size)
				break;
			for (size_t i = 0; i < len; i++)
				o += (size_t)sprintf(out + o, "\\x%02x", p[i]);
		}
		text += len;
		n -= len;
	}
	out[o] = '\0';
	return o;
}
