// SPDX-License-Identifier: GPL-2.0-or-later
/* mprotect and pkey_mprotect (rules P1-P12). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void protection_changes_piece_by_piece(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P3", "6.12-", "aaaa", "mprotect 1 2 r", "arra" },
		{ .rule = "P8 keeps its charge", "-6.1", "aaaa", "mprotect 1 2 r", "aeea" },
		{ .rule = "P3 across", "6.12-", "aaxxaa", "mprotect 1 4 r", "arrrra" },
		{ .rule = "P3 hole", "6.12-", "aa..aa", "mprotect 1 5 r", "ar..aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "P3 past the last", "6.12-", "aa", "mprotect 1 5 r", "ar", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "P2 nothing at the start", NULL, "..aa", "mprotect 1 2 r", "..aa",
		  ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "P2 nothing at all", NULL, "aa", "mprotect 2 2 r", "aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "P4 stops", "6.12-", "rr",
		  "maps 2 2 r ro 0; map 4 2 r; !mprotect 1 4 rw; lacks 2 mw", "ra??rr" },
		{ .rule = "P4 may", NULL, "", "maps 0 2 r ro 0; mprotect 0 2 rw", "??", EACCES,
		  VMA_WHY_MAY_ACCESS },
		{ .rule = "P4 may, none", NULL, "", "maps 0 2 r ro 0; mprotect 0 2 -", "??" },
		{ .rule = "P7", NULL, "44", "mprotect 0 2 -; lacks 0 rd", "??" },
		{ .rule = "P12", NULL, "aarraa", "mprotect 2 1 rw", "aaaraa" },
		{ .rule = "P12 beyond the end", NULL, "aarraa", "mprotect 1 3 rw", "aaaaaa" },
	};

	(void)state;
	PICTURES(cases);
}

static void arguments_are_checked_in_the_order_of_the_kernel(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P1 unaligned", NULL, "aa", "mprotect 0+1 1 r", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "P1 empty, bad prot", NULL, "aa", "mprotect 0 0 #0x100", "aa" },
		{ .rule = "P1 empty, bad key", NULL, "aa", "pkey_mprotect 0 0 r 9", "aa" },
		{ .rule = "P1 wraps", NULL, "aa", "mprotect 0 #0xfffffffffffff000 r", "aa", ENOMEM,
		  VMA_WHY_RANGE_WRAPS },
		{ .rule = "P1 rounds to nothing", NULL, "aa", "mprotect 0 #0xffffffffffffffff r",
		  "aa", ENOMEM, VMA_WHY_RANGE_WRAPS },
		{ .rule = "P1 wraps before prot", NULL, "aa",
		  "mprotect 0 #0xfffffffffffff000 #0x100", "aa", ENOMEM, VMA_WHY_RANGE_WRAPS },
		{ .rule = "P1 bad prot", NULL, "aa", "mprotect 0 1 #0x10", "aa", EINVAL,
		  VMA_WHY_BAD_PROT },
		{ .rule = "P1 sem", NULL, "rr", "mprotect 0 2 #0xb", "aa" },
		{ .rule = "P1 key of nobody", NULL, "aa", "pkey_mprotect 0 1 r 5", "aa", EINVAL,
		  VMA_WHY_BAD_PKEY },
		{ .rule = "P1 key too large", NULL, "aa", "pkey_mprotect 0 1 r 16", "aa", EINVAL,
		  VMA_WHY_BAD_PKEY },
		{ .rule = "P2 growsdown", NULL, "@1000:kkkk", "mprotect 1001 1 #0x1000003",
		  "@1000:kkkk" },
		{ .rule = "P2 growsdown moves down", NULL, "@1000:kkkk",
		  "mprotect 1002 1 #0x1000001; has 1000 gd; lacks 1000 wr; lacks 1002 wr; "
		  "has 1003 wr", "@1000:???k" },
		{ .rule = "P2 growsdown, no stack", NULL, "aa", "mprotect 0 1 #0x1000001", "aa",
		  EINVAL, VMA_WHY_NOT_GROWSDOWN },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule P8. */
static void write_access_is_charged_for(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P8 charged", NULL, "rr", "mprotect 0 1 rw; is committed 1", "ar" },
		{ .rule = "P8 noreserve", NULL, "tt",
		  "mprotect 0 2 r; mprotect 0 2 rw; is committed 0", "tt" },
		{ .rule = "P8 shared", NULL, "yy", "mprotect 0 2 rw; is committed 0", "ss" },
		{ .rule = "P8 back", "6.12-", "aaaa", "mprotect 2 2 r; is committed 2", "aarr" },
		{ .rule = "P8 back", "-6.1", "aaaa", "mprotect 2 2 r; is committed 4", "aaee" },
		{ .rule = "P8 faulted", NULL, "AAAA", "mprotect 2 2 r; is committed 4", "AAEE" },
		{ .rule = "P8 file", NULL, "ffff", "mprotect 2 2 r; has 2 ac; is committed 4",
		  "ff??" },
		{ .rule = "P8 once", NULL, "rr",
		  "mprotect 0 2 rw; touch 0 1 w; mprotect 0 2 r; mprotect 0 2 rw; is committed 2",
		  "AA" },
		{ .rule = "P8 faulted for ever", NULL, "nnnn",
		  "mprotect 1 1 rw; touch 1 1 w; mprotect 1 1 -", "nQnn" },
		{ .rule = "P8 strict", NULL, "rrrr",
		  "overcommit 2; reserves 0; caps 255; room 1; mprotect 0 2 rw", "rrrr", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "P8 strict fits", NULL, "rrrr",
		  "overcommit 2; reserves 0; caps 255; room 3; mprotect 0 2 rw; is committed 2",
		  "aarr" },
		{ .rule = "P8 data limit", NULL, "rr",
		  "setrlimit data #4096 #4096; mprotect 0 2 rw", "rr", ENOMEM,
		  VMA_WHY_RLIMIT_DATA },
		{ .rule = "P8 data limit fits", NULL, "rr",
		  "setrlimit data #4096 #4096; mprotect 0 1 rw", "ar" },
		{ .rule = "P8 address space", NULL, "rr",
		  "setrlimit as #4096 #4096; mprotect 0 2 rw", "aa" },
	};

	(void)state;
	PICTURES(cases);
}

static void counters_follow_the_class(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P9 data to exec", "6.12-", "aaaa",
		  "mprotect 0 2 rx; is data 2; is exec 2; is total 4", "xxaa" },
		{ .rule = "P9 to none", "6.12-", "xx", "mprotect 0 2 r; is exec 0; is data 0",
		  "rr" },
		{ .rule = "P9 locked", "6.12-", "ll", "mprotect 0 2 -; is locked 2; has 0 lo",
		  "??" },
		{ .rule = "C1 shared", NULL, "ss", "is data 0; is total 2", "ss" },
		{ .rule = "C1 stack", NULL, "@1000:kk",
		  "mprotect 1000 2 rx; is stack 2; is exec 0; has 1000 ex", "@1000:??" },
	};

	(void)state;
	PICTURES(cases);
}

#define ALLOC3 "pkey_alloc 0 0; pkey_alloc 0 0; pkey_alloc 0 0; "

static void protection_keys(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P6 key", NULL, "aa",
		  "pkey_alloc 0 0; pkey_mprotect 0 1 rw 1; is pkeys 3", "pa" },
		{ .rule = "P6 kept", NULL, "",
		  "pkey_alloc 0 0; map 0 1 rw; pkey_mprotect 0 1 rw 1; mprotect 0 1 r; "
		  "mprotect 0 1 rw", "p" },
		{ .rule = "P6 key 0", NULL, "pp", "pkey_mprotect 0 1 rw 0", "ap" },
		{ .rule = "P6 apart", NULL, "aa",
		  "pkey_alloc 0 0; pkey_mprotect 0 1 rw 1; mprotect 1 1 r; mprotect 1 1 rw",
		  "pa" },
		{ .rule = "P6 execute only", "6.12-", "aa",
		  "mprotect 0 1 x; is pkeys 3; has 0 ex; lacks 0 rd", "?a" },
		{ .rule = "P6 execute only and back", "6.12-", "aa",
		  "mprotect 0 1 x; mprotect 0 1 rw", "aa" },
		/* PROT_EXEC|PROT_SEM */
		{ .rule = "P6 not execute alone", NULL, "aa",
		  "mprotect 0 1 #0xc; is pkeys 1; has 0 ex", "?a" },
		{ .rule = "P6 rights", NULL, "", "pkey_alloc 0 8", "", EINVAL, VMA_WHY_BAD_PROT },
		{ .rule = "P6 flags", NULL, "", "pkey_alloc 1 0", "", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "P6 not allocated", NULL, "", "pkey_free 1", "", EINVAL, VMA_WHY_BAD_PKEY },
		{ .rule = "P6 one again", NULL, "",
		  "pkey_alloc 0 0; pkey_alloc 0 0; pkey_free 1; pkey_alloc 0 0; is ret 1; is pkeys 7", "" },
		{ .rule = "P6 execute only has it", NULL, "",
		  "map 0 1 x; pkey_free 1", "?", EINVAL, VMA_WHY_BAD_PKEY },
		{ .rule = "P6 all taken", NULL, "",
		  ALLOC3 ALLOC3 ALLOC3 ALLOC3 ALLOC3 "is pkeys 65535; pkey_alloc 0 0", "", ENOSPC,
		  VMA_WHY_BAD_PKEY },
		{ .rule = "P6 none for execute only", "6.12-", "",
		  ALLOC3 ALLOC3 ALLOC3 ALLOC3 ALLOC3 "map 0 1 x; map 2 1 r; mprotect 2 1 x; touch 0 1 r",
		  "?.?" },
		{ .rule = "P6 none to allocate", NULL, "", "no_pkeys; pkey_alloc 0 0", "", EINVAL,
		  VMA_WHY_BAD_PKEY },
		{ .rule = "P6 none to allocate twice", NULL, "",
		  "no_pkeys; !pkey_alloc 0 0; pkey_alloc 0 0", "", ENOSPC, VMA_WHY_BAD_PKEY },
		{ .rule = "P6 no keys", NULL, "aa", "no_pkeys; mprotect 0 1 x; is pkeys 1", "?a" },
	};

	(void)state;
	PICTURES(cases);
}

static void write_and_execute_are_denied_on_demand(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P4 mdwe", "6.12-", "aa", "set_mdwe 1; mprotect 0 1 rwx", "aa", EACCES,
		  VMA_WHY_MDWE },
		{ .rule = "P4 mdwe adds exec", "6.12-", "rr", "set_mdwe 1; mprotect 0 1 rx", "rr",
		  EACCES, VMA_WHY_MDWE },
		{ .rule = "P4 mdwe keeps exec", "6.12-", "xx", "set_mdwe 1; mprotect 0 1 rx",
		  "xx" },
		{ .rule = "P4 mdwe adds write", "6.12-", "xx", "set_mdwe 1; mprotect 0 1 rwx",
		  "xx", EACCES, VMA_WHY_MDWE },
		{ .rule = "M19 mdwe mmap", "6.12-", "", "set_mdwe 1; map 0 1 rwx", "", EACCES,
		  VMA_WHY_MDWE },
		{ .rule = "M19 mdwe mmap rx", "6.12-", "", "set_mdwe 1; map 0 1 rx", "x" },
		{ .rule = "P4 read implies exec", "6.12-", "aa",
		  "personality 0x400000; mprotect 0 1 r", "xa" },
	};

	(void)state;
	PICTURES(cases);
}

static void sealed_memory_refuses(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "P5", "6.12-", "bb", "mprotect 0 1 r", "bb", EPERM, VMA_WHY_SEALED },
		{ .rule = "P5 no change", "6.12-", "bb", "mprotect 0 1 rw", "bb", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "P5 after others", "6.12-", "aabb", "mprotect 1 2 r", "arbb", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "P5 MAY first", "6.12-", "",
		  "maps 0 2 r ro 0; mseal 0 2; mprotect 0 1 rw", "??", EACCES,
		  VMA_WHY_MAY_ACCESS },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protection_changes_piece_by_piece),
		cmocka_unit_test(arguments_are_checked_in_the_order_of_the_kernel),
		cmocka_unit_test(write_access_is_charged_for),
		cmocka_unit_test(counters_follow_the_class),
		cmocka_unit_test(protection_keys),
		cmocka_unit_test(write_and_execute_are_denied_on_demand),
		cmocka_unit_test(sealed_memory_refuses),
	};

	return cmocka_run_group_tests_name("engine-mprotect", tests, NULL, NULL);
}
