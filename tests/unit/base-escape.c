// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/escape.h"

static void assert_escaped(const char *text, const char *expected)
{
	char out[256];

	assert_int_equal(vma_escape_terminal(text, out, sizeof(out)), strlen(expected));
	assert_string_equal(out, expected);
}

static void ordinary_text_passes_unchanged(void **state)
{
	(void)state;
	assert_escaped("", "");
	assert_escaped("/usr/lib/libc.so.6 (deleted)", "/usr/lib/libc.so.6 (deleted)");
	assert_escaped("Gr\xc3\xbc\xc3\x9f""e \xe2\x82\xac \xf0\x9f\x90\xa7", "Grüße € 🐧");
}

static void a_path_cannot_move_the_cursor(void **state)
{
	(void)state;
	assert_escaped("\033[2J", "\\x1b[2J");
	assert_escaped("a\nb\tc\rd\177", "a\\x0ab\\x09c\\x0dd\\x7f");
	assert_escaped("\xc2\x9b""31m", "\\xc2\\x9b31m"); /* CSI in one C1 character */
}

static void a_path_cannot_turn_the_line_around(void **state)
{
	(void)state;
	assert_escaped("\xe2\x80\xae""gpj", "\\xe2\\x80\\xaegpj"); /* right-to-left override */
	assert_escaped("\xe2\x81\xa6", "\\xe2\\x81\\xa6");         /* isolate */
	assert_escaped("\xe2\x80\xa8", "\\xe2\\x80\\xa8");         /* line separator */
}

static void bytes_that_are_not_utf8_are_shown_as_bytes(void **state)
{
	(void)state;
	assert_escaped("\xff", "\\xff");
	assert_escaped("\xc0\xaf", "\\xc0\\xaf");                 /* overlong / */
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");        /* surrogate */
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past U+10FFFF */
	assert_escaped("ab\xe2\x82", "ab\\xe2\\x82");             /* cut off at the end */
}

/* Each size up to enough: never past the buffer, always ended, never half a character. */
static void a_short_buffer_cuts_between_characters(void **state)
{
	static const char text[] = "\xe2\x82\xac\033\xe2\x82\xac";

	(void)state;
	for (size_t size = 1; size <= 12; size++) {
		char *out = malloc(size); /* the sanitizer sees one byte too many */
		size_t len, expected = size > 10 ? 10 : size > 7 ? 7 : size > 3 ? 3 : 0;

		assert_non_null(out);
		len = vma_escape_terminal(text, out, size);
		assert_int_equal(len, expected);
		assert_int_equal(strlen(out), len);
		free(out);
	}
}

static void no_buffer_at_all_is_left_alone(void **state)
{
	char out = 'x';

	(void)state;
	assert_int_equal(vma_escape_terminal("text", &out, 0), 0);
	assert_int_equal(out, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_text_passes_unchanged),
		cmocka_unit_test(a_path_cannot_move_the_cursor),
		cmocka_unit_test(a_path_cannot_turn_the_line_around),
		cmocka_unit_test(bytes_that_are_not_utf8_are_shown_as_bytes),
		cmocka_unit_test(a_short_buffer_cuts_between_characters),
		cmocka_unit_test(no_buffer_at_all_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
