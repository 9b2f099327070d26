// SPDX-License-Identifier: GPL-2.0-or-later
/* mmap: checks, flags, the region step (rules M1-M30). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void checks_come_in_the_order_of_the_kernel(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M1.1", NULL, "", "mmap 0 0 r private bad #1", "", EINVAL,
		  VMA_WHY_OFFSET_UNALIGNED },
		{ .rule = "M1.2", NULL, "", "mmap 0 0 r private bad 0", "", EBADF,
		  VMA_WHY_BAD_FD },
		{ .rule = "M1.3", NULL, "", "mmap 0 1 r private|hugetlb f1", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M1.4", NULL, "", "mmap 0 512 r private|anonymous|hugetlb|#0x58000000", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M1.4 length", NULL, "",
		  "mmap 0 1 r private|anonymous|hugetlb|noreserve|fixed; is total 512", "?{512}" },
		{ .rule = "M1.3 length", NULL, "", "maps 0 1 rw huge", "", ENOMEM,
		  VMA_WHY_HUGETLB_POOL },
		{ .rule = "A10 fixed", NULL, "",
		  "mmap 1 512 r private|anonymous|hugetlb|noreserve|fixed", "", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "M1.6", NULL, "", "mmap 0 0 r private|anonymous", "", EINVAL,
		  VMA_WHY_ZERO_LEN },
		{ .rule = "M1.7", NULL, "", "mmap 0 #0xfffffffffffffff0 r private|anonymous", "",
		  ENOMEM, VMA_WHY_LEN_WRAPS },
		{ .rule = "M1.10", NULL, "", "mmap 0 #0x800000000000 r private|anonymous", "",
		  ENOMEM, VMA_WHY_TOO_LONG },
		{ .rule = "M1.11", NULL, "", "mmap 0+1 1 r private|anonymous|fixed", "", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "M1.12", NULL, "", "caps 0; mmap #0x1000 1 r private|anonymous|fixed",
		  "", EPERM, VMA_WHY_MIN_ADDR },
		{ .rule = "M1.13", NULL, "aa", "mmap 1 2 r private|anonymous|fixed_noreplace",
		  "aa", EEXIST, VMA_WHY_EXISTS },
		{ .rule = "M1.13 free", NULL, "aa", "mmap 2 2 r private|anonymous|fixed_noreplace",
		  "aarr" },
		{ .rule = "M11 type", NULL, "", "mmap 0 1 r anonymous|fixed", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M11 validate", NULL, "",
		  "mmap 0 1 r shared_validate|fixed|fixed_noreplace f1", "", EOPNOTSUPP,
		  VMA_WHY_FLAGS_UNSUPPORTED },
		{ .rule = "M12 write", NULL, "", "maps 0 1 rw ro", "", EACCES, VMA_WHY_NO_WRITE },
		{ .rule = "M13 read", NULL, "", "map 0 1 - wo", "", EACCES, VMA_WHY_NO_READ },
		{ .rule = "M13 noexec", NULL, "", "map 0 1 rx noexec", "", EPERM, VMA_WHY_NOEXEC },
		{ .rule = "M13 noexec may", NULL, "", "map 0 1 r noexec; lacks 0 me", "?" },
		{ .rule = "M13 pipe", NULL, "", "map 0 1 r pipe", "", ENODEV, VMA_WHY_NO_MMAP },
		{ .rule = "M12 append", NULL, "", "maps 0 1 rw append", "", EACCES,
		  VMA_WHY_APPEND_ONLY },
		{ .rule = "M15 droppable", "-6.1", "", "mmap 0 1 rw droppable|anonymous|fixed", "",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "M15 droppable", "6.12-", "", "mmap 0 1 rw droppable|anonymous|fixed",
		  "i" },
		{ .rule = "M15 stack", NULL, "", "mmap 0 1 rw shared|anonymous|fixed|growsdown",
		  "", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "M14 sealed", NULL, "", "maps 0 1 rw sealed", "", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 sealed future", NULL, "", "maps 0 1 rw future", "", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 hole", "5.10", "aa", "maps 0 1 rw sealed", ".a", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 no hole", "6.1-", "aa", "maps 0 1 rw sealed", "aa", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 read-only", "6.1-", "", "maps 0 1 r sealed; lacks 0 mw", "?" },
		{ .rule = "M14 read-only", "5.10", "", "maps 0 1 r sealed", "", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 hole, updated", "5.10.230", "aa", "maps 0 1 rw sealed", ".a", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 no hole, updated", "5.10.231", "aa", "maps 0 1 rw sealed", "aa",
		  EPERM, VMA_WHY_SEALED_FILE },
		{ .rule = "M14 future, updated", "5.10.262", "aa", "maps 0 1 rw future", ".a",
		  EPERM, VMA_WHY_SEALED_FILE },
		{ .rule = "M14 read-only, updated", "5.10.241", "",
		  "maps 0 1 r sealed; lacks 0 mw", "?" },
		{ .rule = "M14 read-only, not yet", "6.1.148", "", "maps 0 1 r sealed", "", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M14 private", NULL, "", "map 0 1 rw sealed; has 0 ac", "?" },
	};

	(void)state;
	PICTURES(cases);
}

static void flags_of_a_new_mapping(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M22", NULL, "", "map 0 2 rw; map 4 2 r; is committed 2", "aa..rr" },
		{ .rule = "M22 noreserve", NULL, "",
		  "mmap 0 2 rw private|anonymous|fixed|noreserve; is committed 0", "tt" },
		{ .rule = "M18 strict", NULL, "",
		  "overcommit 2; reserves 0; room 9; "
		  "mmap 0 2 rw private|anonymous|fixed|noreserve; is committed 2", "aa" },
		{ .rule = "M12 shared read-only", NULL, "",
		  "maps 0 1 r ro; lacks 0 sh; lacks 0 mw; has 0 ms", "?" },
		{ .rule = "M5 stack", "6.12-", "",
		  "mmap 0 1 rw private|anonymous|fixed|stack; has 0 nh", "?" },
		{ .rule = "M5 stack", "-6.1", "", "mmap 0 1 rw private|anonymous|fixed|stack",
		  "a" },
		{ .rule = "M5 locked", NULL, "",
		  "mmap 0 2 rw private|anonymous|fixed|locked; is locked 2", "LL" },
		{ .rule = "M5 growsdown", NULL, "",
		  "mmap 1000 2 rw private|anonymous|fixed|growsdown; is stack 2", "@1000:kk" },
		{ .rule = "M6 execute only", NULL, "", "map 0 1 x; is pkeys 3", "?" },
		{ .rule = "M6 no keys", NULL, "", "no_pkeys; map 0 1 x; is pkeys 1", "?" },
		{ .rule = "M29 droppable", "6.12-", "",
		  "mlockall future; mmap 0 2 rw droppable|anonymous|fixed; is locked 0; lacks 0 lo",
		  "II" },
		{ .rule = "M6 not execute alone", NULL, "",
		  "mmap 0 1 #0xc private|anonymous|fixed; is pkeys 1", "?" },
		{ .rule = "M7", NULL, "", "personality 0x400000; map 0 1 r", "x" },
		{ .rule = "M9 populate", NULL, "",
		  "mmap 0 2 rw private|anonymous|fixed|populate; state 1 2", "AA" },
		{ .rule = "M9 populate read-only", NULL, "",
		  "mmap 0 2 r private|anonymous|fixed|populate; state 1 1", "rr" },
		{ .rule = "M17", NULL, "aa", "map 2 2 rw zero; has 2 ac", "aa|aa" },
		{ .rule = "M27", NULL, "", "mmap 0 4 - shared|anonymous|fixed; is committed 4",
		  "????" },
		{ .rule = "M10", "6.18-", "", "set_memory_merge 1; map 0 2 rw; map 2 2 rw",
		  "mmmm" },
		{ .rule = "M10", "6.12", "", "set_memory_merge 1; map 0 2 rw; map 2 2 rw",
		  "mm|mm" },
		{ .rule = "X5", NULL, "aa", "map 2 2 rw", "aaaa", 0, VMA_WHY_NONE, AT_PAGE(2) },
	};

	(void)state;
	PICTURES(cases);
}

/* The region step (3.5): what is left when a limit refuses. */
static void a_refused_replacement(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M21", NULL, "aaaaaaaa", "setrlimit as 8 8; map 2 1 r", "aaraaaaa" },
		{ .rule = "M21 over", "6.12-", "aaaaaaaa", "setrlimit as 8 8; map 6 4 r",
		  "aaaaaa|aa", ENOMEM, VMA_WHY_RLIMIT_AS },
		{ .rule = "M21 over", "-6.1", "aaaaaaaa", "setrlimit as 8 8; map 6 4 r",
		  "aaaaaaaa", ENOMEM, VMA_WHY_RLIMIT_AS },
		{ .rule = "M20 data", NULL, "aa", "setrlimit data 2 2; map 4 1 rw", "aa", ENOMEM,
		  VMA_WHY_RLIMIT_DATA },
		{ .rule = "M20 data read-only", NULL, "aa", "setrlimit data 2 2; map 4 1 r",
		  "aa..r" },
		{ .rule = "M20 data shared", NULL, "aa", "setrlimit data 2 2; maps 4 1 rw f1 0",
		  "aa..d" },
		{ .rule = "M20 data exact", NULL, "aa", "setrlimit data 3 3; map 4 1 rw",
		  "aa..a" },
		{ .rule = "M20 no soft data limit", NULL, "aa", "setrlimit data 0 4; map 4 2 rw",
		  "aa..aa" },
		{ .rule = "M20 no soft, a hard one", NULL, "aa", "setrlimit data 0 3; map 4 2 rw", "aa",
		  ENOMEM, VMA_WHY_RLIMIT_DATA },
		{ .rule = "X4 shared hole", NULL, "aaaaaaaa",
		  "ram 4; mmap 1 5 rw shared|anonymous|fixed", "a.....aa", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "X4 pool", NULL, "a{512}",
		  "mmap 0 512 rw private|anonymous|hugetlb|fixed", "", ENOMEM, VMA_WHY_HUGETLB_POOL },
		{ .rule = "M28 reserved", NULL, "",
		  "pool 1; mmap 0 512 rw private|anonymous|hugetlb|fixed; is committed 0; "
		  "!mmap 512 512 rw private|anonymous|hugetlb|fixed; munmap 0 512; "
		  "mmap 512 512 rw private|anonymous|hugetlb|fixed", "@512:?{512}" },
		{ .rule = "M5 no DAX", NULL, "aa",
		  "mmap 0 2 rw private|fixed|sync f1", "", EOPNOTSUPP,
		  VMA_WHY_FLAGS_UNSUPPORTED },
		{ .rule = "M19 late", "=6.6", "aa", "set_mdwe 1; map 0 2 rwx", "", EACCES, VMA_WHY_MDWE },
		{ .rule = "M19 late, charge", "=6.6", "rr",
		  "set_mdwe 1; !map 0 2 rwx; is committed 0", "" },
		{ .rule = "M19 late, what merges", "=6.6", "ww", "set_mdwe 1; map 2 2 rwx", "wwww" },
		{ .rule = "M19 early", "6.12-", "ww", "set_mdwe 1; map 0 2 rwx", "ww", EACCES,
		  VMA_WHY_MDWE },
		{ .rule = "M26", NULL, "aaaa",
		  "overcommit 2; reserves 0; room 1; map 0 4 rw; is committed 4", "aaaa" },
		{ .rule = "X4 hole", "-6.1", "rrrr",
		  "overcommit 2; reserves 0; room 1; map 1 2 rw", "r..r", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "X4 split", "6.12-", "rrrr",
		  "overcommit 2; reserves 0; room 1; map 1 2 rw", "r|rr|r", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "M24 exact", NULL, "", "ram 4; map 0 4 rw", "aaaa" },
		{ .rule = "M24 one more", NULL, "", "ram 4; map 0 5 rw", "", ENOMEM,
		  VMA_WHY_OVERCOMMIT },
		{ .rule = "M24 no history", NULL, "aaaa", "ram 4; map 4 4 rw", "aaaaaaaa" },
		{ .rule = "M25", NULL, "", "overcommit 1; ram 1; map 0 9 rw; is committed 9",
		  "aaaaaaaaa" },
		{ .rule = "U3 sealed", "6.12-", "aabb", "map 1 3 r", "a|abb", EPERM,
		  VMA_WHY_SEALED },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_come_in_the_order_of_the_kernel),
		cmocka_unit_test(flags_of_a_new_mapping),
		cmocka_unit_test(a_refused_replacement),
	};

	return cmocka_run_group_tests_name("engine-mmap", tests, NULL, NULL);
}
