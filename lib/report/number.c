// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers to text and back. By hand where 60,000 rows go through: printf costs twenty times as
 * much as these loops.
 */
#include "libvmactl/report.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

bool vma_parse_number(const char *text, u64 *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 0);
	if (errno || *end)
		return false;
	*out = v;
	return true;
}

/* The power of two of a suffix: "", K, KiB, M, ...; -1 when it is none. B alone is a byte. */
static int suffix_shift(const char *s)
{
	static const char letters[] = "KMGTPE";

	if (!*s || !strcasecmp(s, "B"))
		return 0;
	const char *l = strchr(letters, toupper((unsigned char)s[0]));
	if (!l || (s[1] && strcasecmp(s + 1, "iB") && strcasecmp(s + 1, "B")))
		return -1;
	return 10 * (int)(l - letters + 1);
}

bool vma_parse_size(const char *text, u64 *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 0);
	int shift = suffix_shift(end);
	if (errno || shift < 0 || (shift && v >> (64 - shift)))
		return false;
	*out = (u64)v << shift;
	return true;
}

/* Eight digits, highest first: each nibble gets a byte of its own, then all become letters at once. */
static void put_hex8(char *p, u32 v)
{
	const u64 ones = 0x0101010101010101;
	u64 x = v, above9;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x | x << 4) & 0x0f * ones;
	above9 = (x + 6 * ones) >> 4 & ones;
	x = htobe64(x + '0' * ones + ('a' - '0' - 10) * above9);
	memcpy(p, &x, 8);
}

char *vma_put_hex(char *p, u64 v)
{
	unsigned int n = v ? (67 - (unsigned int)__builtin_clzll(v)) / 4 : 1;

	v <<= 64 - 4 * n; /* the first digit to the top; what is put behind the last is nothing */
	put_hex8(p, (u32)(v >> 32));
	put_hex8(p + 8, (u32)v);
	return p + n;
}

/* Two digits at a time. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
			    "34353637383940414243444546474849505152535455565758596061626364656667"
			    "6869707172737475767778798081828384858687888990919293949596979899";

char *vma_put_dec(char *p, u64 v)
{
	char tmp[20];
	unsigned int at = sizeof(tmp);

	while (v >= 100) {
		at -= 2;
		memcpy(tmp + at, pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(tmp + at, pairs + 2 * v, 2);
	} else {
		tmp[--at] = (char)('0' + v);
	}
	memcpy(p, tmp + at, sizeof(tmp) - at);
	return p + sizeof(tmp) - at;
}

char *vma_put_size(char *p, u64 v)
{
	static const char letters[] = "KMGTPE";
	unsigned int unit = 0;

	if (v < 1024)
		return vma_put_dec(p, v);
	while (unit < 5 && v >> (10 * (unit + 2)))
		unit++;
	unsigned int shift = 10 * (unit + 1);
	u64 whole = v >> shift;
	/* rounded to tenths, as long as they are worth reading */
	u64 tenths = ((v & ((1ULL << shift) - 1)) >> (shift - 10)) * 10;

	tenths = (tenths + 512) >> 10;
	if (tenths == 10) {
		tenths = 0;
		whole++;
	}
	p = vma_put_dec(p, whole);
	if (whole < 100 && tenths) {
		*p++ = '.';
		*p++ = (char)('0' + tenths);
	}
	*p++ = letters[unit];
	return p;
}

char *vma_size_text(u64 v, char out[VMA_SIZE_TEXT])
{
	*vma_put_size(out, v) = '\0';
	return out;
}
