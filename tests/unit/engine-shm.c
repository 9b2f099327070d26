// SPDX-License-Identifier: GPL-2.0-or-later
/* shmat and shmdt (rules V1-V3 of the second part). The segment has eight pages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void attaching_and_detaching(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V1", NULL, "", "shmat seg 0 0; is total 8", "11111111", 0, VMA_WHY_NONE,
		  AT_PAGE(0) },
		{ .rule = "V1 read-only", NULL, "", "shmat seg 0 rdonly; lacks 0 mw", "????????" },
		{ .rule = "V1 unaligned", NULL, "", "shmat seg 0+1 0", "", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "V1 rounded", NULL, "", "shmat seg 0+1 rnd", "11111111", 0, VMA_WHY_NONE,
		  AT_PAGE(0) },
		{ .rule = "V1 taken", NULL, "....aa", "shmat seg 0 0", "....aa", EINVAL,
		  VMA_WHY_EXISTS },
		{ .rule = "V1 remap", NULL, "....aa", "shmat seg 0 remap", "11111111" },
		{ .rule = "V1 remap nowhere", NULL, "", "shmat seg #0 remap", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "V1 rounded to nowhere", NULL, "", "shmat seg #1 rnd|remap", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "V1 wraps", NULL, "", "shmat seg #0xfffffffffffff000 0", "", EINVAL,
		  VMA_WHY_RANGE_WRAPS },
		{ .rule = "V1 no segment", NULL, "", "shmat bad 0 0", "", EINVAL, VMA_WHY_BAD_FD },
		{ .rule = "X2 two attaches", NULL, "", "shmat seg 0 0; shmat seg 8 0",
		  "11111111|11111111" },
		{ .rule = "V3", NULL, "", "shmat seg 0 0; shmdt 0", "" },
		{ .rule = "V-O1", NULL, "",
		  "shmat seg 0 0; mprotect 2 1 r; mprotect 2 1 rw; shmdt 0", "" },
		{ .rule = "V3 not its start", NULL, "", "shmat seg 0 0; shmdt 1", "11111111",
		  EINVAL, VMA_WHY_UNMAPPED },
		{ .rule = "V-O2", NULL, "",
		  "shmat seg 0 0; shmat seg 2 remap; shmdt 2; munmap 0 2; shmdt 0", "", EINVAL,
		  VMA_WHY_UNMAPPED },
		{ .rule = "V3 unaligned", NULL, "", "shmdt 0+1", "", EINVAL, VMA_WHY_UNALIGNED },
		{ .rule = "V3 other memory stays", NULL, "", "shmat seg 0 0; map 3 1 rw; shmdt 0",
		  "...a" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaching_and_detaching),
	};

	return cmocka_run_group_tests_name("engine-shm", tests, NULL, NULL);
}
