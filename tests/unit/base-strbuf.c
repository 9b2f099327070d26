// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"

static void a_string_that_was_never_written_reads_as_empty(void **state)
{
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	assert_string_equal(strbuf_str(&b), "");
	strbuf_fini(&b);
}

static void pieces_of_every_kind_are_joined_in_order(void **state)
{
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_adds(&b, "vma");
	strbuf_addc(&b, '-');
	strbuf_add(&b, "123456", 3);
	strbuf_addf(&b, " %s=%d", "x", -7);
	assert_string_equal(strbuf_str(&b), "vma-123 x=-7");
	assert_int_equal(b.len, 12);
	strbuf_fini(&b);
}

static void text_longer_than_any_first_buffer_is_kept_whole(void **state)
{
	struct strbuf b;
	size_t i;

	(void)state;
	strbuf_init(&b);
	for (i = 0; i < 10000; i++)
		strbuf_addf(&b, "%04zu", i);
	assert_false(b.failed);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.s + 4 * 9999, "9999", 5);
	strbuf_reset(&b);
	assert_string_equal(strbuf_str(&b), "");
	strbuf_fini(&b);
}

static void a_size_that_cannot_exist_is_remembered_as_failure(void **state)
{
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_adds(&b, "kept");
	assert_false(strbuf_reserve(&b, SIZE_MAX - 16));
	assert_true(b.failed);
	strbuf_adds(&b, "lost");
	assert_string_equal(strbuf_str(&b), "kept");
	strbuf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_that_was_never_written_reads_as_empty),
		cmocka_unit_test(pieces_of_every_kind_are_joined_in_order),
		cmocka_unit_test(text_longer_than_any_first_buffer_is_kept_whole),
		cmocka_unit_test(a_size_that_cannot_exist_is_remembered_as_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
