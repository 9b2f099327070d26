/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_CHARS_H
#define SCRIPT_CHARS_H
/* What a byte is, without a locale: a look-up instead of a chain of comparisons. */
#include "libvmactl/types.h"

enum {
	CHAR_DIGIT = 1,
	CHAR_HEX = 2,
	CHAR_NAME = 4,  /* letters, digits, _ */
	CHAR_LOWER = 8,
	CHAR_SKIP = 16, /* ends the quick walk over an argument: quotes, brackets, comma, / */
};

extern const u8 char_class[256];

static inline bool is_char(char c, int class)
{
	return char_class[(u8)c] & class;
}

/* The value of a hexadecimal digit, NOT_HEX for any other byte. */
extern const u8 hex_value[256];
#define NOT_HEX 16

#endif
