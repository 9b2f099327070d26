// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/scan.h"

const u8 char_class[256] = {
	['0' ... '9'] = CHAR_DIGIT | CHAR_HEX | CHAR_NAME,
	['a' ... 'f'] = CHAR_HEX | CHAR_NAME | CHAR_LOWER,
	['g' ... 'z'] = CHAR_NAME | CHAR_LOWER,
	['A' ... 'F'] = CHAR_HEX | CHAR_NAME,
	['G' ... 'Z'] = CHAR_NAME,
	['_'] = CHAR_NAME,
	['"'] = CHAR_SKIP, ['('] = CHAR_SKIP, [')'] = CHAR_SKIP, ['['] = CHAR_SKIP,
	[']'] = CHAR_SKIP, ['{'] = CHAR_SKIP, ['}'] = CHAR_SKIP, [','] = CHAR_SKIP,
	['/'] = CHAR_SKIP, ['<'] = CHAR_SKIP,
};

#define NO NOT_HEX
const u8 hex_value[256] = {
	[0 ... '0' - 1] = NO, ['9' + 1 ... 'A' - 1] = NO, ['F' + 1 ... 'a' - 1] = NO,
	['f' + 1 ... 255] = NO,
	['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7,
	['8'] = 8, ['9'] = 9,
	['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15,
	['a'] = 10, ['b'] = 11, ['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15,
};

const char *skip_comment(const char *p, const char *end)
{
	if (!STARTS(p, end, "/*"))
		return p;
	for (p += 2; p + 1 < end; p++) {
		if (p[0] == '*' && p[1] == '/')
			return p + 2;
	}
	return end;
}

const char *skip_space(const char *p, const char *end)
{
	for (;;) {
		const char *q = skip_blanks(p, end);

		if (q < end && *q == '/')
			q = skip_comment(q, end);
		if (q == p)
			return p;
		p = q;
	}
}

const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			break;
	}
	p = p < end ? p + 1 : end;
	return STARTS(p, end, "...") ? p + 3 : p;
}

const char *lex_path(const char *p, const char *end, const char **path, u32 *len)
{
	const char *q = memchr(p, '>', (size_t)(end - p));

	*path = p + 1;
	*len = (u32)((q ? q : end) - *path);
	return q ? q + 1 : end;
}
