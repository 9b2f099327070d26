// SPDX-License-Identifier: GPL-2.0-or-later
/* mseal (rules S1-S2 of the second part). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void sealing(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "S1", "6.12-", "aaaa", "mseal 1 2", "abba" },
		{ .rule = "S1 twice", "6.12-", "bb", "mseal 0 2", "bb" },
		{ .rule = "S1 merges", "6.12-", "aabb", "mseal 0 2", "bbbb" },
		{ .rule = "S1 the flags stay the neighbour's", "6.12", ".a",
		  "soft_dirty 1; mseal 1 1; mmap 0 1 rw private|anonymous|fixed; has 0 sd; "
		  "mseal 0 1; is count 1; lacks 0 sd", "bb" },
		{ .rule = "S1 the flags stay the neighbour's", "6.18-", ".a",
		  "soft_dirty 1; mseal 1 1; mmap 0 1 rw private|anonymous|fixed; has 0 sd; "
		  "mseal 0 1; is count 1; has 0 sd", "bb" },
		{ .rule = "V-M13 hole", "6.12-", "aa.aa", "mseal 0 5", "aa.aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "V-M13 flags", "6.12-", "aa", "mseal 0 2 1", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "S1 unaligned", "6.12-", "aa", "mseal 0+1 1", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "S1 wraps", "6.12-", "aa", "mseal 0 #0xfffffffffffff000", "aa", EINVAL,
		  VMA_WHY_RANGE_WRAPS },
		{ .rule = "S1 empty", "6.12-", "aa", "mseal 50 0", "aa" },
		{ .rule = "S1 before 6.10", "-6.1", "aa", "mseal 0 2", "aa", ENOSYS,
		  VMA_WHY_NO_SYSCALL },
		{ .rule = "S2 mlock", "6.12-", "bb", "mlock 0 2; has 0 lo", "??" },
		{ .rule = "S2 map over", "6.12-", "bb", "map 0 1 r", "bb", EPERM, VMA_WHY_SEALED },
		{ .rule = "S2 mremap onto", "6.12-", "bb@100:aa", "mremap 100 2 2 maymove|fixed 0",
		  "bb@100:aa", EPERM, VMA_WHY_SEALED },
		{ .rule = "S2 fork", "6.12-", "bb", "fork; child", "bb" },
		{ .rule = "X12 mmap beside", "6.12-", "bb", "map 2 1 rw", "bba" },
		{ .rule = "V-M14", "6.12-", "aaaabrrr", "mprotect 0 6 -; lacks 0 rd", "nnnnbrrr",
		  EPERM, VMA_WHY_SEALED },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealing),
	};

	return cmocka_run_group_tests_name("engine-mseal", tests, NULL, NULL);
}
