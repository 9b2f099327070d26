// SPDX-License-Identifier: GPL-2.0-or-later
/* mremap (rules R1-R16 and the vectors V-R of the second part). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void growing_in_place(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "R5", NULL, "aa...", "mremap 0 2 4 0; is total 4; is committed 4",
		  "aaaa" },
		{ .rule = "R5 commit", NULL, "aa...",
		  "overcommit 2; reserves 0; room 2; mremap 0 2 4 0", "aa", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "R5 no room", NULL, "aa.r", "mremap 0 2 4 0", "aa.r", ENOMEM,
		  VMA_WHY_CANNOT_GROW_HERE },
		{ .rule = "R5 not its end", NULL, "aaaaaaaa", "mremap 0 4 6 0", "aaaaaaaa", ENOMEM,
		  VMA_WHY_CANNOT_GROW_HERE },
		{ .rule = "V-R10", "6.1-", "aaaa..aaaa", "mremap 0 4 6 0", "aaaaaaaaaa" },
		{ .rule = "V-R10", "5.10", "aaaa..aaaa", "mremap 0 4 6 0", "aaaaaa|aaaa" },
		{ .rule = "V-R11", NULL, "AAAA..AAAA", "mremap 0 4 6 0; differ 0 6",
		  "AAAAAA|AAAA" },
		{ .rule = "R6 self faulted", "6.1-6.12", "AAAA..aaaa", "mremap 0 4 6 0",
		  "AAAAAAaaaa" },
		{ .rule = "R6 self faulted", "6.18-", "AAAA..aaaa", "mremap 0 4 6 0",
		  "AAAAAAAAAA" },
		{ .rule = "R6 next faulted", "6.1-", "aaaa..AAAA", "mremap 0 4 6 0; active 0 1",
		  "AAAAAAAAAA" },
		{ .rule = "V-A18", "6.18-", "AAAA....aaaa", "fork; child; mremap 0 4 8 0",
		  "AAAAAAAAAAAA" },
		{ .rule = "V-A18", "6.1-6.12", "AAAA....aaaa", "fork; child; mremap 0 4 8 0",
		  "AAAAAAAAaaaa" },
		{ .rule = "V-R26", NULL, "aaaa....", "setrlimit as 4 4; mremap 0 4 5 0", "aaaa",
		  ENOMEM, VMA_WHY_RLIMIT_AS },
		{ .rule = "V-R27", NULL, "llll....",
		  "caps 0; setrlimit memlock 4 4; mremap 0 4 5 0", "llll", EAGAIN,
		  VMA_WHY_RLIMIT_MEMLOCK },
		{ .rule = "R5 crosses", NULL, "aarr", "mremap 0 3 4 0", "aarr", EFAULT,
		  VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R28 grow", NULL, "44", "mremap 0 2 3 maymove", "44", EFAULT,
		  VMA_WHY_DONTEXPAND },
		{ .rule = "R5 locked", NULL, "ll..", "mremap 0 2 4 0; is locked 4", "LLLL" },
		{ .rule = "V-R23 grow", NULL, "LLLL", "mremap 0 4 8 0; is locked 8", "LLLLLLLL" },
		{ .rule = "R3 full", "-6.18", "aa..", "slots 0; mremap 0 2 3 0", "aaa" },
		{ .rule = "R3 full", "7.2", "aa..", "slots 3; mremap 0 2 3 0", "aa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "R3 four", "7.2", "aa..", "slots 4; mremap 0 2 3 0", "aaa" },
	};

	(void)state;
	PICTURES(cases);
}

static void shrinking_and_doing_nothing(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-R1", "6.1-", "aaaa", "mremap 0 4 4 0", "aaaa", 0, VMA_WHY_NONE,
		  AT_PAGE(0) },
		{ .rule = "V-R1 nothing there", "6.1-", "aaaa", "mremap 50 4 4 0", "aaaa", EFAULT,
		  VMA_WHY_UNMAPPED_FAULT },
		{ .rule = "V-R1 nothing there", "5.10", "aaaa", "mremap 50 4 4 0", "aaaa", 0,
		  VMA_WHY_NONE, AT_PAGE(50) },
		{ .rule = "V-R2", NULL, "aaaa", "mremap 0 8 8 0", "aaaa", 0, VMA_WHY_NONE,
		  AT_PAGE(0) },
		{ .rule = "V-R3", NULL, "aaaa..rr", "mremap 0 8 2 0", "aa" },
		{ .rule = "R4 middle", NULL, "aaaaaaaa", "mremap 2 4 2 0", "aaaa..aa" },
		{ .rule = "R4 full", NULL, "aaaaaaaa", "slots 0; mremap 2 4 2 0", "aaaaaaaa",
		  ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "R3 no-op", "-6.18", "aa", "slots 0; mremap 0 2 2 0", "aa" },
		{ .rule = "R3 no-op", "7.2", "aa", "slots 3; mremap 0 2 2 0", "aa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "R1.8 sealed", "6.12-", "bb", "mremap 0 2 2 0", "bb", EPERM,
		  VMA_WHY_SEALED },
	};

	(void)state;
	PICTURES(cases);
}

static void arguments(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "R1.1", NULL, "aa", "mremap 0 2 2 8", "aa", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "R1.2", NULL, "aa", "mremap 0 2 2 fixed 100", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "R1.3", NULL, "aa", "mremap 0 2 2 dontunmap", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "R1.3 lengths", NULL, "aa", "mremap 0 2 3 maymove|dontunmap", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "R1.3 raw lengths", "6.1-6.12", "aa",
		  "mremap 0 2-1 2 maymove|dontunmap|fixed 100", "aa", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "R2 rounded lengths", "6.18", "aa",
		  "mremap 0 2-1 2 maymove|dontunmap|fixed 100", "aa@100:aa" },
		{ .rule = "R1.4", NULL, "aa", "mremap 0+1 1 1 0", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "R1.5", NULL, "aa", "mremap 0 2 0 0", "aa", EINVAL, VMA_WHY_ZERO_LEN },
		{ .rule = "R2 new address", NULL, "aa", "mremap 0 2 2 maymove|fixed 100+1", "aa",
		  EINVAL, VMA_WHY_UNALIGNED },
		{ .rule = "R2 overlap", NULL, "aaaa", "mremap 0 2 2 maymove|fixed 1", "aaaa",
		  EINVAL, VMA_WHY_OVERLAP },
		{ .rule = "R2 too long", "6.18-", "aa", "mremap 0 2 #0x900000000000 maymove", "aa",
		  EINVAL, VMA_WHY_TOO_LONG },
		{ .rule = "R2 order", "6.18-", "aa", "mremap 50 2 2 maymove|fixed 100+1", "aa",
		  EINVAL, VMA_WHY_UNALIGNED },
		{ .rule = "R2 order", "6.1-6.12", "aa", "mremap 50 2 2 maymove|fixed 100+1", "aa",
		  EFAULT, VMA_WHY_UNMAPPED_FAULT },
	};

	(void)state;
	PICTURES(cases);
}

static void moving(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-R4", NULL, "aaaarrrr", "mremap 0 6 2 maymove|fixed 100; is total 4",
		  "......rr@100:aa" },
		{ .rule = "V-R5 intact", "6.18-", "aaaarrrr@100:rr",
		  "mremap 0 6 8 maymove|fixed 100", "aaaarrrr@100:rr", EFAULT,
		  VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R5 destroyed", "6.1-6.12", "aaaarrrr@100:r{20}",
		  "mremap 0 6 8 maymove|fixed 100", "aaaarrrr@108:rrrrrrrrrrrr", EFAULT,
		  VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R6", "6.18-", "aaaarrrr", "mremap 0 8 8 maymove|fixed 100",
		  "@100:aaaarrrr", 0, VMA_WHY_NONE, AT_PAGE(100) },
		{ .rule = "V-R6", "6.1-6.12", "aaaarrrr@100:rr", "mremap 0 8 8 maymove|fixed 100",
		  "aaaarrrr", EFAULT, VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R7", "6.18-", "aaaa..rrrr", "mremap 0 10 10 maymove|fixed 100",
		  "@100:aaaa..rrrr" },
		{ .rule = "V-R8", "-6.12", ".aaaa", "mremap 0 4 4 maymove|fixed 100", ".aaaa", EFAULT,
		  VMA_WHY_UNMAPPED_FAULT },
		{ .rule = "V-R8 past its end", "6.18-", "aaaa", "mremap 0 10 10 maymove|fixed 100",
		  "@100:aaaa" },
		{ .rule = "V-R8 past its end", "-6.12", "aaaa@100:rr",
		  "mremap 0 10 10 maymove|fixed 100", "aaaa", EFAULT, VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R17", "6.18-", "aaaaAAAA|AAAA",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4; differ 4 8; same 0 4",
		  "AAAAAAAA|AAAA" },
		{ .rule = "V-R17", "-6.12", "aaaaAAAA|AAAA",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4", "aaaaAAAA|AAAA" },
		{ .rule = "V-R17 next", "6.18-", "AAAA|AAAAaaaa",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4; differ 0 4; same 4 8",
		  "AAAA|AAAAAAAA" },
		{ .rule = "V-R17 next", "-6.12", "AAAA|AAAAaaaa",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4", "AAAA|AAAAaaaa" },
		{ .rule = "R12 hole in front", "6.18-", ".aaaa", "mremap 0 4 4 maymove|fixed 100",
		  ".aaaa", EFAULT, VMA_WHY_UNMAPPED_FAULT },
		{ .rule = "R12 other survives", "6.18-", "aa..rr@100:nnnnnn",
		  "mremap 0 6 6 maymove|fixed 100", "@100:aannrr" },
		{ .rule = "R12 not atomic", "6.18-", "aaaabb", "mremap 0 6 6 maymove|fixed 100",
		  "....bb@100:aaaa", EPERM, VMA_WHY_SEALED },
		{ .rule = "V-R12", NULL, "aaaaaaaa",
		  "base 200; mremap 0 4 6 maymove; pgoff 194 194", "....aaaa@194:aaaaaa", 0,
		  VMA_WHY_NONE, AT_PAGE(194) },
		{ .rule = "V-R13 faulted", NULL, "AAAA",
		  "mremap 0 4 4 maymove|fixed 100; pgoff 100 0", "@100:AAAA" },
		{ .rule = "V-R13 unfaulted", NULL, "aaaa",
		  "mremap 0 4 4 maymove|fixed 100; pgoff 100 100", "@100:aaaa" },
		{ .rule = "V-R13 read", NULL, "aaaa",
		  "touch 0 4 r; mremap 0 4 4 maymove|fixed 100; pgoff 100 100", "@100:aaaa" },
		{ .rule = "R10 file", NULL, "ffff", "mremap 0 4 4 maymove|fixed 100; pgoff 100 0",
		  "@100:ffff" },
		{ .rule = "V-R14", NULL, "AAAAAAAA",
		  "mremap 2 2 2 maymove|fixed 100; active 0 3; mremap 100 2 2 maymove|fixed 2; "
		  "active 0 1", "AAAAAAAA" },
		{ .rule = "V-R15", "6.18-", "AAAAaaaa",
		  "mremap 0 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 0", "AAAAAAAA" },
		{ .rule = "V-R15", "-6.12", "AAAAaaaa",
		  "mremap 0 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 0", "AAAAaaaa" },
		{ .rule = "V-R16", "6.18-", "aaaaAAAAaaaa",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4; active 0 1",
		  "AAAAAAAAAAAA" },
		{ .rule = "V-R16", "-6.12", "aaaaAAAAaaaa",
		  "mremap 4 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 4",
		  "aaaaAAAAaaaa" },
		{ .rule = "V-R18", NULL, "AAAA@100:aaaa",
		  "mremap 100 4 4 maymove|fixed 4; active 0 1", "AAAAAAAA" },
		{ .rule = "R10 fork", NULL, "AAAAaaaa",
		  "fork; child; mremap 0 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed 0",
		  "AAAAaaaa" },
		{ .rule = "R9 charge", NULL, "aaaa",
		  "mremap 0 2 2 maymove|fixed 100; is committed 4", "..aa@100:aa" },
		{ .rule = "R9 keeps ac", NULL, "aaaa",
		  "mremap 1 2 2 maymove|fixed 100; has 0 ac; has 3 ac", "a..a@100:aa" },
		{ .rule = "R9 locked", NULL, "llll", "mremap 1 2 2 maymove|fixed 100; is locked 4",
		  "l..l@100:ll" },
		{ .rule = "V-R28", "6.1-", "44", "mremap 0 1 1 maymove|fixed 100", "44", EINVAL,
		  VMA_WHY_MAY_SPLIT },
		{ .rule = "V-R28 its end", "6.1-", "44", "mremap 1 1 1 maymove|fixed 100", "44", EINVAL,
		  VMA_WHY_MAY_SPLIT },
		{ .rule = "R16", NULL, "44", "mremap 0 2 2 maymove|fixed 100", "@100:44" },
		{ .rule = "R8 limit", "-6.18", "aa@100:rr",
		  "slots 5; mremap 0 2 2 maymove|fixed 100", "aa@100:rr", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "R8 limit", "-6.18", "aa@100:rr",
		  "slots 6; mremap 0 2 2 maymove|fixed 100", "@100:aa" },
		{ .rule = "R8 limit", "7.2", "aa@100:rr",
		  "slots 4; mremap 0 2 2 maymove|fixed 100", "@100:aa" },
		{ .rule = "R9 limit", "-6.18", "aa|aa", "slots 3; mremap 0 2 4 maymove", "aa|aa",
		  ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "R15", "6.1-", "3{512}", "mremap 0 512 512 maymove|fixed 1024",
		  "@1024:3{512}" },
		{ .rule = "R15 unaligned", "6.1-", "3{512}", "mremap 0 512 512 maymove|fixed 1025",
		  "3{512}", EINVAL, VMA_WHY_UNALIGNED },
	};

	(void)state;
	PICTURES(cases);
}

static void duplicating_shared_memory(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-R24", NULL, "dddddddd", "mremap 2 0 3 maymove|fixed 100; pgoff 100 2",
		  "dddddddd@100:ddd" },
		{ .rule = "V-R24 no flags", NULL, "dddddddd", "mremap 2 0 3 0", "dddddddd", ENOMEM,
		  VMA_WHY_CANNOT_GROW_HERE },
		{ .rule = "V-R24 its end", NULL, "dddd", "mremap 4 0 3 maymove", "dddd", EFAULT,
		  VMA_WHY_UNMAPPED_FAULT },
		{ .rule = "R13 private", NULL, "aaaa", "mremap 0 0 4 maymove", "aaaa", EINVAL,
		  VMA_WHY_NEEDS_SHARED },
	};

	(void)state;
	PICTURES(cases);
}

static void leaving_the_old_range_mapped(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "R11", NULL, "aaaa",
		  "mremap 0 4 4 maymove|fixed|dontunmap 100; is total 8; is committed 8",
		  "aaaa@100:aaaa" },
		{ .rule = "V-R20", "6.1-", "AAAA",
		  "mremap 0 4 4 maymove|fixed|dontunmap 100; pgoff 0 0; pgoff 100 0",
		  "aaaa@100:AAAA" },
		{ .rule = "V-R20", "5.10", "AAAA",
		  "mremap 0 4 4 maymove|fixed|dontunmap 100; same 0 100", "AAAA@100:AAAA" },
		{ .rule = "V-R21", "6.1-6.18", "AAAA",
		  "mremap 0 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed|dontunmap 200; "
		  "pgoff 100 0", "@100:aaaa@200:AAAA" },
		{ .rule = "V-R21", "7.2", "AAAA",
		  "mremap 0 4 4 maymove|fixed 100; mremap 100 4 4 maymove|fixed|dontunmap 200; "
		  "pgoff 100 100", "@100:aaaa@200:AAAA" },
		{ .rule = "V-R22", NULL, "AAAAAAAA",
		  "mremap 2 2 2 maymove|fixed|dontunmap 100; active 0 2; pgoff 100 2",
		  "AAAAAAAA@100:AA" },
		{ .rule = "V-R19", "-6.18", "aaaa", "mremap 0 4 4 maymove|fixed|dontunmap 4",
		  "aaaaaaaa" },
		{ .rule = "V-R19", "7.2", "aaaa", "mremap 0 4 4 maymove|fixed|dontunmap 4",
		  "aaaa|aaaa" },
		{ .rule = "V-R19 beside both", "6.1", "aaaa....aaaaaaaa",
		  "mremap 8 4 4 maymove|fixed|dontunmap 4", "aaaaaaaaaaaaaaaa" },
		{ .rule = "V-R19 beside both", "6.1.192", "aaaa....aaaaaaaa",
		  "mremap 8 4 4 maymove|fixed|dontunmap 4", "aaaa|aaaa|aaaaaaaa" },
		{ .rule = "V-R19 beside both", "6.12.118", "aaaa....aaaaaaaa",
		  "mremap 8 4 4 maymove|fixed|dontunmap 4", "aaaaaaaa|aaaaaaaa" },
		{ .rule = "V-R19 beside both", "7.2", "aaaa....aaaaaaaa",
		  "mremap 8 4 4 maymove|fixed|dontunmap 4", "aaaaaaaa|aaaaaaaa" },
		{ .rule = "V-R19 before another", "6.1.192", "aaaa....aaaa",
		  "mremap 0 4 4 maymove|fixed|dontunmap 4", "aaaa|aaaa|aaaa" },
		{ .rule = "V-R19 before another", "6.12.118", "aaaa....aaaa",
		  "mremap 0 4 4 maymove|fixed|dontunmap 4", "aaaa|aaaaaaaa" },
		{ .rule = "V-R19 the source does not fit", "6.1.192", "@100:AAAAAAAAAAAA",
		  "mremap 100 4 4 maymove|fixed 0; mremap 104 8 8 maymove|fixed 8; "
		  "mremap 8 4 4 maymove|fixed|dontunmap 4", "AAAAAAAA|AAAAAAAA" },
		{ .rule = "V-R19 a hole between", "6.1.192", "aaaa......aaaaaaaa",
		  "mremap 10 4 4 maymove|fixed|dontunmap 4", "aaaaaaaa..aaaaaaaa" },
		{ .rule = "V-R23", "6.18", "LLLLLLLL",
		  "mremap 2 2 2 maymove|fixed|dontunmap 100; is locked 10", "AAAAAAAA@100:LL" },
		{ .rule = "V-R23", "7.2", "LLLLLLLL",
		  "mremap 2 2 2 maymove|fixed|dontunmap 100; is locked 8", "LLaaLLLL@100:LL" },
		{ .rule = "V-R23", "-6.12", "LLLLLLLL",
		  "mremap 2 2 2 maymove|fixed|dontunmap 100; is locked 8", "AAAAAAAA@100:LL" },
		{ .rule = "V-R9", NULL, "aaaarrrr", "mremap 0 8 8 maymove|dontunmap", "aaaarrrr",
		  EFAULT, VMA_WHY_CROSSES_VMA },
		{ .rule = "V-R9 fixed", "6.18-", "aaaarrrr",
		  "mremap 0 8 8 maymove|dontunmap|fixed 100", "aaaarrrr@100:aaaarrrr" },
		{ .rule = "R11 shared", "5.10", "ss", "mremap 0 2 2 maymove|dontunmap|fixed 100",
		  "ss", EINVAL, VMA_WHY_NEEDS_ANON },
		{ .rule = "R11 shared", "6.1-", "ss", "mremap 0 2 2 maymove|dontunmap|fixed 100",
		  "ss@100:ss" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_in_place),
		cmocka_unit_test(shrinking_and_doing_nothing),
		cmocka_unit_test(arguments),
		cmocka_unit_test(moving),
		cmocka_unit_test(duplicating_shared_memory),
		cmocka_unit_test(leaving_the_old_range_mapped),
	};

	return cmocka_run_group_tests_name("engine-mremap", tests, NULL, NULL);
}
