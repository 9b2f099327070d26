// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers to text and back. By hand where 60,000 rows go through: printf costs twenty times as
 * much as these loops.
 */
#include "libvmactl/report.h"

#include <ctype.h>
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

/* Two digits at a time, here and below. */
#define ROW(h) h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" \
	       h "e" h "f"
static const char hex_pairs[] =
	ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6") ROW("7")
	ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW

char *vma_put_hex(char *p, u64 v)
{
	unsigned int n = v ? (67 - (unsigned int)__builtin_clzll(v)) / 4 : 1;
	char *end = p + n;

	for (; n >= 2; v >>= 8) {
		n -= 2;
		memcpy(p + n, hex_pairs + 2 * (v & 255), 2);
	}
	if (n)
		*p = hex_pairs[2 * v + 1];
	return end;
}

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
