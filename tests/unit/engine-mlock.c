// SPDX-License-Identifier: GPL-2.0-or-later
/* mlock, mlock2, munlock, mlockall (rules L1-L11). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void locking(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "L5 in an int", NULL, "",
		  "mmap 0 17179869184 r private|anonymous|noreserve|fixed; mlock2 0 17179869184 1; "
		  "is locked 0; munmap 0 17179869184", "" },
		{ .rule = "L5", NULL, "aaaa", "mlock 1 2; is locked 2; state 1 2", "aLLa" },
		{ .rule = "V-M8", NULL, "a{8}", "mlock2 2 2 onfault; is locked 2", "aaooaaaa" },
		{ .rule = "L5 no longer on fault", NULL, "oo", "mlock 0 2; is locked 2", "LL" },
		{ .rule = "munlock", NULL, "llll", "munlock 1 2; is locked 2", "laal" },
		{ .rule = "munlock merges, soft-dirty", "5.10", "",
		  "map 2 2 rw; soft_dirty 1; mlockall future|onfault; map 0 2 rw; munlock 0 2; lacks 0 sd",
		  "aaaa" },
		{ .rule = "munlock merges, soft-dirty", "6.1-", "",
		  "map 2 2 rw; soft_dirty 1; mlockall future|onfault; map 0 2 rw; munlock 0 2; has 0 sd",
		  "aaaa" },
		{ .rule = "V-M9", NULL, "aa..aa", "mlock 0 6; is locked 2; state 0 0", "ll..aa",
		  ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "V-M10", NULL, "aaaann", "mlock 0 6; is locked 6; has 4 lo", "LLLL??",
		  ENOMEM, VMA_WHY_POPULATE_FAILED },
		{ .rule = "L3", NULL, "..aa", "mlock 0 4", "..aa", ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "L1 unaligned", NULL, "aaaa", "mlock 0+1 1; is locked 2", "LLaa" },
		{ .rule = "L1 wraps", NULL, "aa", "mlock 0 #0xfffffffffffff000", "aa", EINVAL,
		  VMA_WHY_RANGE_WRAPS },
		{ .rule = "L1 to nothing", NULL, "aa", "mlock 0 #0xffffffffffffffff", "aa" },
		{ .rule = "L1 flags", NULL, "aa", "mlock2 0 2 2", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "L4 special", NULL, "44", "mlock 0 2; is locked 0", "44" },
		{ .rule = "L4 hugetlb", NULL, "3{512}", "mlock 0 512; is locked 0", "3{512}" },
		{ .rule = "V-M15", "6.12-", "ii", "mlock 0 2; is locked 0", "II" },
		{ .rule = "read-only", NULL, "rr", "mlock 0 2; state 0 1; has 0 lo", "??" },
	};

	(void)state;
	PICTURES(cases);
}

static void the_limit_of_locked_memory(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-M12", NULL, "aaaaaaaa",
		  "caps 0; setrlimit memlock 4 4; mlock 0 4; mlock 0 4; is locked 4", "LLLLaaaa" },
		{ .rule = "V-M12 over", NULL, "aaaaaaaa",
		  "caps 0; setrlimit memlock 4 4; mlock 0 5", "aaaaaaaa", ENOMEM,
		  VMA_WHY_RLIMIT_MEMLOCK_ENOMEM },
		{ .rule = "V-M12 partly locked", NULL, "aaaaaaaa",
		  "caps 0; setrlimit memlock 4 4; mlock 0 3; mlock 2 2; is locked 4", "LLLLaaaa" },
		{ .rule = "V-M12 zero", NULL, "aa", "caps 0; setrlimit memlock 0 0; mlock 0 1",
		  "aa", EPERM, VMA_WHY_MEMLOCK_ZERO },
		{ .rule = "V-M12 zero unlock", NULL, "ll",
		  "caps 0; setrlimit memlock 0 0; munlock 0 2", "aa" },
		{ .rule = "V-M12 zero all", NULL, "aa",
		  "caps 0; setrlimit memlock 0 0; mlockall current", "aa", EPERM,
		  VMA_WHY_MEMLOCK_ZERO },
		{ .rule = "L2 cap", NULL, "aa", "setrlimit memlock 0 0; mlock 0 2", "LL" },
		{ .rule = "M1.15", NULL, "",
		  "caps 0; setrlimit memlock 1 1; mmap 0 2 rw private|anonymous|fixed|locked", "",
		  EAGAIN, VMA_WHY_RLIMIT_MEMLOCK },
		{ .rule = "M1.14", NULL, "",
		  "caps 0; setrlimit memlock 0 0; mmap 0 2 rw private|anonymous|fixed|locked", "",
		  EPERM, VMA_WHY_MEMLOCK_ZERO },
		{ .rule = "L8", NULL, "",
		  "caps 0; setrlimit memlock 1 1; mlockall future; map 0 2 rw", "", EAGAIN,
		  VMA_WHY_RLIMIT_MEMLOCK },
	};

	(void)state;
	PICTURES(cases);
}

static void everything_and_the_future(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "L7", NULL, "aa.rr", "mlockall current; is locked 4; has 3 lo",
		  "LL.??" },
		{ .rule = "L7 future", NULL, "aa", "mlockall future; map 4 2 rw; is locked 2",
		  "aa..LL" },
		{ .rule = "V-M11", NULL, "",
		  "mlockall future|onfault; is def_flags 0x82000; map 0 2 rw; is locked 2", "oo" },
		{ .rule = "V-M11 then current", NULL, "",
		  "mlockall future|onfault; map 0 2 rw; mlockall current; is def_flags 0", "LL" },
		{ .rule = "L7 nothing", NULL, "aa", "mlockall 0", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "L7 on fault alone", NULL, "aa", "mlockall onfault", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "munlockall", NULL, "ll",
		  "mlockall future; munlockall; is def_flags 0; is locked 0", "aa" },
		{ .rule = "L7 limit", NULL, "aa",
		  "caps 0; setrlimit memlock 1 1; mlockall current", "aa", ENOMEM,
		  VMA_WHY_RLIMIT_MEMLOCK_ENOMEM },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locking),
		cmocka_unit_test(the_limit_of_locked_memory),
		cmocka_unit_test(everything_and_the_future),
	};

	return cmocka_run_group_tests_name("engine-mlock", tests, NULL, NULL);
}
