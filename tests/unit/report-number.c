// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

static void sizes_take_suffixes_of_1024(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} good[] = { { "0", 0 }, { "4096", 4096 }, { "4K", 4096 }, { "4k", 4096 }, { "2MiB", 2 << 20 },
		     { "1GB", 1 << 30 }, { "1T", 1ULL << 40 }, { "0x10", 16 }, { "0x10K", 16384 },
		     { "010", 8 }, { "7B", 7 }, { "15E", 15ULL << 60 },
		     { "18446744073709551615", ~0ULL } };
	u64 v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(vma_parse_size(good[i].text, &v));
		assert_int_equal(v, good[i].value);
	}
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const bad[] = { "", "-1", " 1", "1 ", "K", "4X", "4KK", "4KiBs", "0x", "1.5K",
					   "16E", "18446744073709551616", "+1", "abc" };
	u64 v = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(vma_parse_size(bad[i], &v));
		assert_int_equal(v, 42);
	}
}

static void digits_equal_printf(void **state)
{
	char ours[32], theirs[32];

	(void)state;
	for (int shift = 0; shift < 64; shift++)
		for (int add = -2; add < 3; add++) {
			u64 v = (1ULL << shift) + (u64)add;

			*vma_put_hex(ours, v) = '\0';
			snprintf(theirs, sizeof(theirs), "%llx", (unsigned long long)v);
			assert_string_equal(ours, theirs);
			*vma_put_dec(ours, v) = '\0';
			snprintf(theirs, sizeof(theirs), "%llu", (unsigned long long)v);
			assert_string_equal(ours, theirs);
		}
}

static void sizes_for_people_are_rounded_to_tenths(void **state)
{
	static const struct {
		u64 value;
		const char *text;
	} cases[] = { { 0, "0" }, { 1023, "1023" }, { 1024, "1K" }, { 1536, "1.5K" },
		      { 132 << 10, "132K" }, { 1023 << 10, "1023K" }, { 1 << 20, "1M" },
		      { (1 << 20) + (950 << 10), "1.9M" }, { (2 << 20) - 1, "2M" },
		      { ~0ULL, "16E" } };
	char text[VMA_SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(vma_size_text(cases[i].value, text), cases[i].text);
}

static const char *word_at(const void *ctx, size_t i)
{
	return ((const char *const *)ctx)[i];
}

static void a_misspelt_word_finds_its_neighbour(void **state)
{
	static const char *const words[] = { "inspect", "simulate", "kernels", "" };

	(void)state;
	assert_string_equal(vma_nearest("inspct", word_at, words, 4), "inspect");
	assert_string_equal(vma_nearest("smiulate", word_at, words, 4), "simulate");
	assert_string_equal(vma_nearest("KERNEL", word_at, words, 4), "kernels");
	assert_null(vma_nearest("banana", word_at, words, 4));
	assert_null(vma_nearest("", word_at, words, 4));
	assert_null(vma_nearest("a-word-that-is-much-longer-than-any-command-may-be", word_at, words,
				4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_take_suffixes_of_1024),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(digits_equal_printf),
		cmocka_unit_test(sizes_for_people_are_rounded_to_tenths),
		cmocka_unit_test(a_misspelt_word_finds_its_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
