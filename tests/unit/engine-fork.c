// SPDX-License-Identifier: GPL-2.0-or-later
/* fork and exit (rules F1-F8, A9-A12). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void the_child_gets_a_copy(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "F1", NULL, "AArrss", "fork; child; is count 3; is total 6; is data 2",
		  "AArrss" },
		{ .rule = "V-A11", NULL, "ccaa",
		  "mlock 0 4; fork; child; is total 2; is locked 0; is count 1; lacks 2 lo",
		  "..AA" },
		{ .rule = "F2 wipe", NULL, "uu", "touch 0 2 w; fork; child; state 0 0; has 0 wf",
		  "uu" },
		{ .rule = "V-A10", NULL, "UUUU",
		  "mremap 0 4 4 maymove|fixed 100; fork; child; pgoff 100 0", "@100:uuuu" },
		{ .rule = "F2 locked on fault", NULL, "oo", "fork; child; is locked 0", "aa" },
		{ .rule = "F2 charge", NULL, "aarr", "fork; is committed 4", "aarr" },
		{ .rule = "F2 no memory", NULL, "aaaa", "overcommit 2; reserves 0; room 3; fork",
		  "aaaa", ENOMEM, VMA_WHY_OVERCOMMIT },
		/* the three modes, as recorded by tests/differential/overcommit.sh */
		{ .rule = "F2 heuristic, too large", NULL, "aaaa", "overcommit 0; ram 3; fork", "aaaa",
		  ENOMEM, VMA_WHY_OVERCOMMIT },
		{ .rule = "F2 heuristic, each fits", NULL, "aaww", "overcommit 0; ram 3; fork",
		  "aaww" },
		{ .rule = "F2 always", NULL, "aaaa", "overcommit 1; ram 1; fork", "aaaa" },
		{ .rule = "F2 strict, room", NULL, "aaaa", "overcommit 2; reserves 0; room 5; fork",
		  "aaaa" },
		{ .rule = "F2 strict, in sum", NULL, "aaww", "overcommit 2; reserves 0; room 4; fork; "
		  "is committed 4", "aaww", ENOMEM, VMA_WHY_OVERCOMMIT },
		{ .rule = "F1 strict, left out", NULL, "ccca", "overcommit 2; reserves 0; room 2; fork",
		  "ccca" },
		{ .rule = "V-A13", NULL, "aaaa",
		  "uffdio_api 1 0; uffdio_register 1 1 2 missing; has 1 um; fork; child; "
		  "uffd 1 0; lacks 1 um", "a|aa|a" },
		{ .rule = "F4 no anon_vma", NULL, "ff", "touch 0 2 r; fork; child; is file 0", "ff" },
		{ .rule = "F4 anon_vma", NULL, "ff",
		  "touch 0 2 r; touch 0 1 w; fork; child; is rss 1; is file 1", "FF" },
		{ .rule = "F4 only the parent is registered", "6.1-", "ss",
		  "touch 0 2 w; uffdio_api 1 0; uffdio_register 1 0 2 wp; fork; child; "
		  "is shmem 0; touch 0 1 r; is shmem 2", "ss" },
		{ .rule = "F5 shared pages", NULL, "AA", "fork; state 0 3; child; state 0 3",
		  "AA" },
		{ .rule = "F6 copies", NULL, "AA",
		  "fork; child; touch 0 1 w; state 0 2; state 1 3; parent; state 1 3", "AA" },
		{ .rule = "F2 seal", "6.12-", "bb", "fork; child", "bb" },
		{ .rule = "M19 inherited", "6.12-", "", "set_mdwe 1; fork; child; map 0 1 rwx", "",
		  EACCES, VMA_WHY_MDWE },
		{ .rule = "M19 not inherited", "6.12-", "", "set_mdwe 3; fork; child; map 0 1 rwx",
		  "w" },
		{ .rule = "M10 inherited", "6.18-", "",
		  "set_memory_merge 1; fork; child; map 0 1 rw", "m" },
		{ .rule = "F2 memory runs out half-way", NULL, "aa|aa|aa",
		  "overcommit 2; reserves 0; room 5; !fork; is committed 6", "aa|aa|aa" },
		{ .rule = "F2 def_flags", NULL, "aa",
		  "mlockall future; fork; child; is def_flags 0", "aa" },
	};

	(void)state;
	PICTURES(cases);
}

/* The drawings of A10. */
static void anon_vmas_of_generations(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A10 first", NULL, "AA",
		  "fork; children 0 2; active 0 1; links 0 1; child; links 0 2; children 0 0; "
		  "active 0 1", "AA" },
		{ .rule = "A10 second", NULL, "AA",
		  "fork; child; fork; children 0 1; child; links 0 3", "AA" },
		{ .rule = "A10 third", NULL, "AA",
		  "fork; child; fork; child; fork; child; links 0 4", "AA" },
		{ .rule = "A10 daemon", NULL, "AA",
		  "fork; exit; child; fork; exit; child; links 0 3; fork; exit; child; links 0 3; "
		  "fork; exit; child; links 0 3", "AA" },
		{ .rule = "A11", NULL, "AA", "fork; child; exit; parent; children 0 1; active 0 1",
		  "AA" },
		{ .rule = "A9 unmapped parent", NULL, "AA",
		  "fork; munmap 0 2; child; fork; child; links 0 3", "AA" },
		{ .rule = "A10 middle unmaps", NULL, "AA",
		  "fork; child; fork; munmap 0 2; child; fork; child; links 0 3", "AA" },
		{ .rule = "V-A8", NULL, "aa",
		  "fork; touch 0 1 w; child; touch 0 1 w; links 0 1; children 0 1", "AA" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_child_gets_a_copy),
		cmocka_unit_test(anon_vmas_of_generations),
	};

	return cmocka_run_group_tests_name("engine-fork", tests, NULL, NULL);
}
