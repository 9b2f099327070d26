// SPDX-License-Identifier: GPL-2.0-or-later
/* prctl and setrlimit (rules M10, M11, M19 and X7). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

#define TEN "0123456789"

static void names(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M11", "6.1-", "aaaa", "set_vma_name 1 2 x; name 1 x; name 0 -",
		  "a|aa|a" },
		{ .rule = "M11 removed", "6.1-", "aaaa", "set_vma_name 1 2 x; set_vma_name 1 2 -",
		  "aaaa" },
		{ .rule = "M11 before 5.17", "5.10", "aa", "set_vma_name 0 2 x", "aa", EINVAL,
		  VMA_WHY_NO_SYSCALL },
		{ .rule = "M11 file", "6.1-", "ff", "set_vma_name 0 2 x", "ff", EBADF,
		  VMA_WHY_NEEDS_ANON },
		{ .rule = "M11 shared", "6.1", "",
		  "mmap 0 2 rw shared|anonymous|fixed; set_vma_name 0 2 x", "ss", EBADF,
		  VMA_WHY_NEEDS_ANON },
		{ .rule = "M11 shared", "6.12-", "",
		  "mmap 0 2 rw shared|anonymous|fixed; set_vma_name 0 2 x; name 0 x", "ss" },
		{ .rule = "M11 hole", "6.1-", "aa.a", "set_vma_name 0 4 x; name 3 x", "aa.a",
		  ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "M11 a character", "6.1-", "aa", "set_vma_name 0 2 a$b", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M11 79 characters", "6.1-", "aa",
		  "set_vma_name 0 2 " TEN TEN TEN TEN TEN TEN TEN "123456789; name 1 " TEN TEN TEN TEN TEN
		  TEN TEN "123456789", "aa" },
		{ .rule = "M11 80 characters", "6.1-", "aa",
		  "set_vma_name 0 2 " TEN TEN TEN TEN TEN TEN TEN TEN, "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M11 nothing", "6.1-", "aa", "set_vma_name 50 0 x", "aa" },
		{ .rule = "M11 unaligned", "6.1-", "aa", "set_vma_name 0+1 1 x", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "M11 limit", "6.1-", "aaa", "slots 1; set_vma_name 1 1 x", "a|aa", EAGAIN,
		  VMA_WHY_MAP_COUNT_EAGAIN },
		{ .rule = "X7", "6.1-", "aaa",
		  "set_vma_name 0 3 x; mprotect 1 1 r; mprotect 1 1 rw; name 1 x", "aaa" },
		{ .rule = "X7 move", "6.1-", "aa",
		  "set_vma_name 0 2 x; mremap 0 2 2 maymove|fixed 100; name 100 x", "@100:aa" },
	};

	(void)state;
	PICTURES(cases);
}

static void processes(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M10", "6.12-", "aass", "set_memory_merge 1", "mmss" },
		{ .rule = "M10 off", "6.12-", "aa", "set_memory_merge 1; set_memory_merge 0",
		  "aa" },
		{ .rule = "M10 on again", "6.12-", "aa",
		  "set_memory_merge 1; madvise 0 2 unmergeable; set_memory_merge 1", "aa" },
		{ .rule = "M10 bad", "6.12-", "aa", "set_memory_merge 2", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M10 before 6.4", "-6.1", "aa", "set_memory_merge 1", "aa", EINVAL,
		  VMA_WHY_NO_SYSCALL },
		{ .rule = "M19", "6.12-", "", "set_mdwe 1; set_mdwe 0", "", EPERM, VMA_WHY_MDWE },
		{ .rule = "M19 no inherit", "6.12-", "", "set_mdwe 3; set_mdwe 3", "" },
		{ .rule = "M19 changed", "6.12-", "", "set_mdwe 1; set_mdwe 3", "", EPERM,
		  VMA_WHY_MDWE },
		{ .rule = "M19 alone", "6.12-", "", "set_mdwe 2", "", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "M19 before 6.3", "-6.1", "", "set_mdwe 1", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M19 before NO_INHERIT", "=6.6", "", "set_mdwe 3", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M19 never off", "=6.6", "", "set_mdwe 1; set_mdwe 0", "", EPERM,
		  VMA_WHY_MDWE },
		{ .rule = "M19 off", "=6.6", "", "set_mdwe 0", "" },
		{ .rule = "M8", NULL, "aa", "set_thp_disable 1; map 2 1 rw", "aaa" },
		{ .rule = "limit", NULL, "", "setrlimit as 4 2", "", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "limit raised", NULL, "", "caps 0; setrlimit as 2 2; setrlimit as 4 4",
		  "", EPERM, VMA_WHY_NO_CAP },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests_name("engine-prctl", tests, NULL, NULL);
}
