// SPDX-License-Identifier: GPL-2.0-or-later
/* munmap (rules U1-U7). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void what_lies_in_the_range_goes(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "U2", NULL, "aa.rr.aa", "munmap 1 6", "a......a" },
		{ .rule = "U2 exact", NULL, "aarraa", "munmap 2 2", "aa..aa" },
		{ .rule = "U2 inside", NULL, "aaaa", "munmap 1 1; pgoff 2 2", "a.aa" },
		{ .rule = "U1 hole", NULL, "a...a", "munmap 1 3", "a...a" },
		{ .rule = "U1 nothing", NULL, "", "munmap 5 3", "" },
		{ .rule = "U1 rounds up", NULL, "aaaa", "munmap 1 #1", "a.aa" },
		{ .rule = "U1 rounds up 2", NULL, "aaaa", "munmap 1 1+1", "a..a" },
		{ .rule = "U6 counters", NULL, "aarrxx",
		  "munmap 0 6; is total 0; is data 0; is exec 0; is count 0; is committed 0", "" },
		{ .rule = "U6 locked", NULL, "llll", "munmap 1 2; is locked 2", "l..l" },
		{ .rule = "U6 peak", NULL, "aaaa", "munmap 0 4; is hiwater 4", "" },
		{ .rule = "U6 ac pages alone", NULL, "aarr", "munmap 1 2; is committed 1",
		  "a..r" },
		{ .rule = "U6 anon_vma", NULL, "AAAA", "munmap 1 1; active 0 2", "A.AA" },
	};

	(void)state;
	PICTURES(cases);
}

static void a_range_that_is_none_is_refused(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "U1 unaligned", NULL, "aa", "munmap 0+1 1", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "U1 empty", NULL, "aa", "munmap 0 0", "aa", EINVAL, VMA_WHY_ZERO_LEN },
		{ .rule = "U1 past the end", NULL, "aa", "munmap #0x7ffffffff000 1", "aa", EINVAL,
		  VMA_WHY_OUT_OF_SPACE },
		{ .rule = "U1 last page", NULL, "aa", "munmap #0x7fffffffe000 1", "aa" },
		{ .rule = "U1 reaches past", NULL, "aa", "munmap #0x7fffffffe000 2", "aa", EINVAL,
		  VMA_WHY_OUT_OF_SPACE },
		{ .rule = "U1 huge", NULL, "aa", "munmap 0 #0x800000000000", "aa", EINVAL,
		  VMA_WHY_OUT_OF_SPACE },
	};

	(void)state;
	PICTURES(cases);
}

static void a_sealed_mapping_stops_it_and_an_edge_remains(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "U3", "6.12-", "aaaabb", "munmap 1 4", "a|aaabb", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "U3 partly", "6.12-", "aabbbb", "munmap 0 3", "aabbbb", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "U3 from inside", "6.12-", "bbbb", "munmap 1 1", "bbbb", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "U2 vdso", "6.1-", "aa44", "munmap 1 2", "a|a44", EINVAL,
		  VMA_WHY_MAY_SPLIT },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_in_the_range_goes),
		cmocka_unit_test(a_range_that_is_none_is_refused),
		cmocka_unit_test(a_sealed_mapping_stops_it_and_an_edge_remains),
	};

	return cmocka_run_group_tests_name("engine-unmap", tests, NULL, NULL);
}
