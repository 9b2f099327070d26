// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

static const u64 counters[VMA_SMAPS_NR] = { [VMA_SMAPS_RSS] = 4 };
static struct vma_fact_map map = {
	.start = 0x7f0000001000, .end = 0x7f0000003000, .offset = 0x2000, .inode = 7,
	.perms = "rw-p", .has_flags = true, .flags = 0x3 | 1 << 20,
	.have = 1U << VMA_SMAPS_RSS, .path = "/usr/lib/a b.so",
	.kb = counters,
};

static int parse(const char *text, struct vma_filter **f, struct vma_err *err)
{
	*f = NULL;
	return vma_filter_parse(&vma_mapping_columns, text, f, err);
}

static bool holds(const char *text)
{
	char buf[VMA_CELL_BUF];
	struct vma_cell cell = { .buf = buf };
	struct vma_view view = { .pid = 5 };
	struct vma_filter *f;
	struct vma_row row;
	struct vma_err err;

	if (parse(text, &f, &err))
		fail_msg("%s: %s", text, err.msg);
	vma_row_of_map(&row, &view, &map);
	bool yes = vma_filter_holds(f, &row, &cell);
	vma_filter_free(f);
	return yes;
}

static void comparisons_hold_when_they_should(void **state)
{
	static const char *const yes[] = {
		"SIZE == 8K", "size eq 8192", "SIZE >= 8KiB", "SIZE < 1M", "SIZE != 4K", "PAGES == 2",
		"START == 0x7f0000001000", "START == 7f0000001000", "START gt 0x1000",
		"PERMS == rw-p", "PERMS == \"rw-p\"", "PERMS == 'rw-p'", "PERMS =~ ^rw", "PERMS !~ x",
		"PATH =~ \"a b\\\\.so$\"", "PATH != ''", "FLAGS == wr", "FLAGS != ex",
		"RSS < SIZE", "INODE", "RSS", "true", "OFFSET == 2000",
	};
	static const char *const no[] = {
		"SIZE == 4K", "PERMS == rwxp", "FLAGS == w", "RSS >= SIZE", "false", "NOT INODE",
		"PSS > 0", "PSS == 0", "PSS", "SWAP < 1", "PATH == a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!holds(yes[i]))
			fail_msg("should hold: %s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (holds(no[i]))
			fail_msg("should not hold: %s", no[i]);
}

static void not_binds_before_and_before_or(void **state)
{
	(void)state;
	assert_true(holds("true OR true AND false"));
	assert_false(holds("(true OR true) AND false"));
	assert_true(holds("NOT false AND true"));
	assert_false(holds("NOT (false OR true)"));
	assert_true(holds("!false && true || false"));
	assert_true(holds("not not true"));
}

/* What nobody knows compares with nothing, except that it is not equal. */
static void an_unknown_value_is_only_unequal(void **state)
{
	(void)state;
	assert_true(holds("PSS != 5"));
	assert_true(holds("NOT PSS == 5"));
	assert_false(holds("PSS <= 99999"));
}

static void errors_name_the_column_of_the_text(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "column 1" }, { "SIZ > 4", "did you mean SIZE?" }, { "SIZE > ", "column 8" },
		{ "SIZE > x", "column 8" }, { "SIZE =~ x", "column 9" }, { "PATH < x", "column 8" },
		{ "(SIZE", "column 6" }, { "SIZE)", "column 5" }, { "SIZE SIZE", "column 6" },
		{ "SIZE = 4", "column 6: equality is ==" }, { "PATH == \"x", "not closed" },
		{ "PATH =~ '('", "regular expression" }, { "AND", "column 1" }, { "SIZE >", "column 7" },
		{ "\x01", "column 1" }, { "SIZE == 4KX", "column 9" },
	};
	struct vma_filter *f;
	struct vma_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i].text, &f, &err), -EINVAL);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("%s: %s, not %s", bad[i].text, err.msg, bad[i].says);
	}
}

static void nesting_without_end_is_refused_not_followed(void **state)
{
	size_t n = 200000;
	char *text = malloc(n + 1);
	struct vma_filter *f;
	struct vma_err err;

	(void)state;
	for (const char *c = "(!"; *c; c++) {
		memset(text, *c, n);
		text[n] = '\0';
		assert_int_equal(parse(text, &f, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "nested too deeply"));
	}
	free(text);
}

static void needs_are_those_of_all_columns(void **state)
{
	struct vma_filter *f;
	struct vma_err err;

	(void)state;
	assert_int_equal(parse("SIZE > 4K", &f, &err), 0);
	assert_false(vma_filter_needs(f) & VMA_READ_SMAPS);
	vma_filter_free(f);
	assert_int_equal(parse("SIZE > RSS OR ANON_VMA", &f, &err), 0);
	assert_true(vma_filter_needs(f) & VMA_READ_SMAPS);
	assert_true(vma_filter_needs(f) & VMA_NEEDS_MODEL);
	vma_filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_hold_when_they_should),
		cmocka_unit_test(not_binds_before_and_before_or),
		cmocka_unit_test(an_unknown_value_is_only_unequal),
		cmocka_unit_test(errors_name_the_column_of_the_text),
		cmocka_unit_test(nesting_without_end_is_refused_not_followed),
		cmocka_unit_test(needs_are_those_of_all_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
