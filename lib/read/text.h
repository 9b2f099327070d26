/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_TEXT_H
#define READ_TEXT_H
/*
 * Numbers out of text, without a copy and without a locale. Each moves *@p behind what it took,
 * and returns false, with *@p unmoved, when there is no number or it does not fit.
 *
 * The text must be followed by a byte that is no digit (a newline, a NUL): they look at no length.
 */
#include <endian.h>
#include <string.h>

#include "libvmactl/types.h"

/* Values of lower-case hexadecimal digits, plus one; a table, since the next digit of an address
 * cannot be predicted. */
static const u8 text_hex_table[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15,
	['f'] = 16,
};

/* The value of a lower-case hexadecimal digit, more than 15 for anything else. */
static inline unsigned int text_hex_digit(char c)
{
	return text_hex_table[(unsigned char)c] - 1U;
}

static inline bool text_hex(const char **p, u64 *out)
{
	const char *s = *p;
	u64 value = 0;
	unsigned int d;

	while ((d = text_hex_digit(*s)) < 16) {
		if (value >> 60)
			return false;
		value = value << 4 | d;
		s++;
	}
	if (s == *p)
		return false;
	*p = s;
	*out = value;
	return true;
}

/* The digits at the front of 8 bytes, and how many they are; the first byte stands for the highest
 * digit. They need not be digits at all. */
static inline u64 text_hex_front(const char *s, u64 *nr)
{
	const u64 ones = 0x0101010101010101, tops = 0x80 * ones;
	u64 w, digit, letter, other, n, value;

	memcpy(&w, s, 8);
	w = le64toh(w);
	digit = ((w ^ '0' * ones) & ~tops) + (0x80 - 10) * ones;  /* top bit: above 9 */
	letter = (w ^ 0x60 * ones) & ~tops;                       /* 'a' is 1, 'f' is 6 */
	letter = (letter + (0x80 - 7) * ones) | ~(letter + 0x7f * ones); /* not 1 to 6 */
	other = ((digit & letter) | w) & tops;
	n = other ? (u64)__builtin_ctzll(other) / 8 : 8;
	*nr = n;
	if (!n)
		return 0;
	value = ((w & 0x0f * ones) + 9 * (w >> 6 & ones)) << (64 - 8 * n);
	value = (value << 4 | value >> 8) & 0x00ff00ff00ff00ff;
	value = (value << 8 | value >> 16) & 0x0000ffff0000ffff;
	return (value << 16 | value >> 32) & 0xffffffff;
}

/* text_hex() where 16 bytes from *@p on may be read: eight at a time. */
static inline bool text_hex_word(const char **p, u64 *out)
{
	const char *s = *p;
	u64 n, value = text_hex_front(s, &n);

	if (!n)
		return false;
	s += n;
	if (n == 8) {
		u64 more = text_hex_front(s, &n);

		value = value << (4 * n) | more;
		s += n;
		if (n == 8 && text_hex_digit(*s) < 16)
			return text_hex(p, out); /* zeros at the front, or too large */
	}
	*p = s;
	*out = value;
	return true;
}

static inline bool text_dec(const char **p, u64 *out)
{
	const char *s = *p;
	u64 value = 0;
	unsigned int d;

	while ((d = (unsigned int)(unsigned char)*s - '0') < 10) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, d, &value))
			return false;
		s++;
	}
	if (s == *p)
		return false;
	*p = s;
	*out = value;
	return true;
}

/* Takes exactly the character @c. */
static inline bool text_char(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

static inline const char *text_skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

static inline bool text_starts(const char *p, const char *word)
{
	return strncmp(p, word, strlen(word)) == 0;
}

/* Words of 8 bytes; for 16 bytes and more cheaper than a call of memcmp. */
static inline bool text_same(const char *a, const char *b, size_t len)
{
	u64 x, y;

	if (len < 8)
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i + 8 <= len; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + len - 8, 8);
	memcpy(&y, b + len - 8, 8);
	return x == y;
}

#endif
