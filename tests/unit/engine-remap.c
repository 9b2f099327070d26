// SPDX-License-Identifier: GPL-2.0-or-later
/* remap_file_pages (rules F0 and X1). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void another_part_of_the_file(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-O4", NULL, "dddddddd",
		  "remap_file_pages 2 2 0 10 0; pgoff 2 10; pgoff 4 4", "dd|dd|dddd" },
		{ .rule = "V-O4 back", NULL, "dddddddd",
		  "remap_file_pages 2 2 0 10 0; remap_file_pages 2 2 0 2 0", "dddddddd" },
		{ .rule = "X1", NULL, "dddd", "remap_file_pages 1 1 0 3 0; pgoff 1 3", "d|d|dd" },
		{ .rule = "F0 prot", NULL, "dd", "remap_file_pages 0 1 1 3 0", "dd", EINVAL,
		  VMA_WHY_BAD_PROT },
		{ .rule = "F0 private", NULL, "ff", "remap_file_pages 0 1 0 3 0", "ff", EINVAL,
		  VMA_WHY_NEEDS_SHARED },
		{ .rule = "F0 empty", NULL, "dd", "remap_file_pages 0 0 0 3 0", "dd", EINVAL,
		  VMA_WHY_RANGE_WRAPS },
		{ .rule = "F0 hole", NULL, "dd.dd", "remap_file_pages 0 4 0 3 0", "dd.dd", EINVAL,
		  VMA_WHY_CROSSES_VMA },
		{ .rule = "X1 two files", NULL, "dd",
		  "maps 2 2 rw f2 2; remap_file_pages 0 4 0 0 0", "dd|dd", EINVAL,
		  VMA_WHY_CROSSES_VMA },
		{ .rule = "X1 offset", NULL, "dd", "remap_file_pages 0 1 0 #0xffffffffffffffff 0", "dd",
		  EINVAL, VMA_WHY_OFFSET_OVERFLOW },
		{ .rule = "X1 offset too large for a file", NULL, "dd",
		  "remap_file_pages 0 1 0 #0x7ffffffffffff 0", "dd", EOVERFLOW,
		  VMA_WHY_OFFSET_OVERFLOW },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_part_of_the_file),
	};

	return cmocka_run_group_tests_name("engine-remap", tests, NULL, NULL);
}
