// SPDX-License-Identifier: GPL-2.0-or-later
/* madvise and process_madvise (rules M1-M10). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void advice_changes_flags(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M4", NULL, "aaaa", "madvise 1 2 dontfork", "acca" },
		{ .rule = "M4 and back", NULL, "aaaa", "madvise 1 2 dontfork; madvise 1 2 dofork",
		  "aaaa" },
		{ .rule = "M4 hugepage", NULL, "aaaa", "madvise 1 2 hugepage", "ahha" },
		{ .rule = "M4 hugepage after no", NULL, "aaaa",
		  "madvise 0 4 nohugepage; has 0 nh; madvise 0 4 hugepage; lacks 0 nh", "hhhh" },
		{ .rule = "M4 mergeable", NULL, "aass", "madvise 0 4 mergeable", "mmss" },
		{ .rule = "M4 wipe", NULL, "aa", "madvise 0 2 wipeonfork", "uu" },
		{ .rule = "M4 random", NULL, "aa",
		  "madvise 0 2 sequential; has 0 sr; madvise 0 2 random; has 0 rr; lacks 0 sr; "
		  "madvise 0 2 normal", "aa" },
		{ .rule = "M4 dump", NULL, "aa",
		  "madvise 0 2 dontdump; has 0 dd; madvise 0 2 dodump", "aa" },
		{ .rule = "M2 holes", NULL, "aaaa..aaaa", "madvise 2 6 dontfork", "aacc..ccaa",
		  ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "M2 nothing", NULL, "aa", "madvise 2 2 dontfork", "aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "M2 first error", NULL, "aa..ss", "madvise 0 6 wipeonfork", "uu..ss",
		  EINVAL, VMA_WHY_ADVICE_KIND },
		{ .rule = "M4 special no-op", NULL, "44", "madvise 0 1 normal", "44" },
		{ .rule = "M4 special", "6.1-", "44", "madvise 0 1 random", "44", EINVAL,
		  VMA_WHY_MAY_SPLIT },
	};

	(void)state;
	PICTURES(cases);
}

static void arguments(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M1 unknown", NULL, "aa", "madvise 0 0 99", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M1 unaligned", NULL, "aa", "madvise 0+1 1 dontfork", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "M1 length", NULL, "aa", "madvise 0 #0xffffffffffffffff dontfork", "aa",
		  EINVAL, VMA_WHY_LEN_WRAPS },
		{ .rule = "M1 wraps", NULL, "aa", "madvise 0 #0xfffffffffffff000 dontfork", "aa",
		  EINVAL, VMA_WHY_RANGE_WRAPS },
		{ .rule = "V-M2", NULL, "aa", "madvise 50 0 dontfork", "aa" },
		{ .rule = "M3", "-6.12", "aa", "madvise 0 2 guard_install", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M3 populate", "5.10", "aa", "madvise 0 2 populate_read", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M3 locked", "5.10", "aa", "madvise 0 2 dontneed_locked", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M3 collapse", "5.10", "aa", "madvise 0 2 collapse", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
	};

	(void)state;
	PICTURES(cases);
}

static void some_advice_is_for_some_mappings(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-M5 free file", NULL, "ff", "madvise 0 2 free", "ff", EINVAL,
		  VMA_WHY_ADVICE_KIND },
		{ .rule = "V-M5 dontneed locked", NULL, "ll", "madvise 0 2 dontneed", "ll", EINVAL,
		  VMA_WHY_LOCKED_RANGE },
		{ .rule = "V-M5 dontneed_locked", "6.1-", "ll", "madvise 0 2 dontneed_locked",
		  "ll" },
		{ .rule = "V-M5 wipe shared", NULL, "ss", "madvise 0 2 wipeonfork", "ss", EINVAL,
		  VMA_WHY_ADVICE_KIND },
		{ .rule = "V-M5 remove", NULL, "dd", "madvise 0 2 remove", "dd" },
		{ .rule = "V-M5 remove read-only", "5.10.240", "", "maps 0 2 r f1; madvise 0 2 remove",
		  "jj", EACCES, VMA_WHY_NO_WRITE },
		{ .rule = "V-M5 remove may write", "5.10.241", "",
		  "maps 0 2 r f1; madvise 0 2 remove", "jj" },
		{ .rule = "V-M5 remove private", NULL, "ff", "madvise 0 2 remove", "ff", EACCES,
		  VMA_WHY_NO_WRITE },
		{ .rule = "V-M5 remove anon", NULL, "aa", "madvise 0 2 remove", "aa", EINVAL,
		  VMA_WHY_NEEDS_FILE },
		{ .rule = "V-M5 remove locked", NULL, "",
		  "maps 0 2 rw f1; mlock 0 2; madvise 0 2 remove", "??", EINVAL,
		  VMA_WHY_LOCKED_RANGE },
		{ .rule = "V-M5 remove read-only descriptor", NULL, "",
		  "maps 0 2 r ro; madvise 0 2 remove", "??", EACCES, VMA_WHY_NO_WRITE },
		{ .rule = "V-M5 remove read-only", "5.10", "jj", "madvise 0 2 remove", "jj", EACCES,
		  VMA_WHY_NO_WRITE },
		{ .rule = "V-M5 remove read-only", "6.1-", "jj", "madvise 0 2 remove", "jj" },
		{ .rule = "V-M5 remove behind the largest file", NULL, "",
		  "maps 0 2 rw f1 #0xffffffff000; madvise 0 2 remove", "dd", EFBIG,
		  VMA_WHY_OFFSET_OVERFLOW },
		{ .rule = "V-M5 remove at the largest offset", NULL, "",
		  "maps 0 2 rw shm #0x7fffffffffffd000; madvise 0 2 remove; madvise 1 1 remove",
		  "ss" },
		{ .rule = "V-M5 remove behind the largest offset", NULL, "",
		  "maps 0 2 rw zero #0x7fffffffffffe000; madvise 0 2 remove", "ss", EFBIG,
		  VMA_WHY_OFFSET_OVERFLOW },
		{ .rule = "V-M5 remove at a negative offset", NULL, "",
		  "maps 0 2 rw zero #0x8000000000000000; madvise 0 2 remove", "ss", EINVAL,
		  VMA_WHY_OFFSET_OVERFLOW },
		{ .rule = "V-M5 remove from a sealed memfd", NULL, "",
		  "maps 0 2 rw shm; seal shm future; madvise 0 2 remove", "ss", EPERM,
		  VMA_WHY_SEALED_FILE },
		{ .rule = "M7 dofork special", "-6.18", "44", "madvise 0 2 dofork", "44" },
		{ .rule = "M7 dofork special", "7.2", "44", "madvise 0 2 dofork", "44", EINVAL,
		  VMA_WHY_ADVICE_KIND },
		{ .rule = "dodump special", NULL, "44", "madvise 0 2 dodump", "44", EINVAL,
		  VMA_WHY_ADVICE_KIND },
		{ .rule = "cold locked", NULL, "ll", "madvise 0 2 cold", "ll", EINVAL,
		  VMA_WHY_LOCKED_RANGE },
		{ .rule = "poison", NULL, "aa", "caps 0; madvise 0 1 hwpoison", "aa", EPERM,
		  VMA_WHY_NO_CAP },
	};

	(void)state;
	PICTURES(cases);
}

static void pages_come_and_go(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A13", NULL, "AAAA",
		  "is rss 4; madvise 1 2 dontneed; state 1 0; is rss 2; active 0 1", "AAAA" },
		{ .rule = "populate write", "6.1-", "aaaa",
		  "madvise 1 2 populate_write; state 1 2; state 0 0", "AAAA" },
		{ .rule = "populate read", "6.1-", "aaaa", "madvise 1 2 populate_read; state 1 1",
		  "aaaa" },
		{ .rule = "remove, everywhere", NULL, "",
		  "maps 0 2 rw f1 0; maps 4 2 rw f1 0; touch 0 2 w; touch 4 2 w; madvise 0 1 remove; "
		  "state 0 0; state 4 0; state 1 4; state 5 4", "dd..dd" },
		{ .rule = "remove, copies stay", NULL, "",
		  "maps 0 1 rw f1 0; map 4 1 rw f1 0; touch 4 1 w; madvise 0 1 remove; state 4 2",
		  "d...F" },
		{ .rule = "V-M6 read-only", "6.1-", "rr", "madvise 0 2 populate_write", "rr",
		  EINVAL, VMA_WHY_MAY_ACCESS },
		{ .rule = "V-M6 hole", "6.12-", "aa.aa",
		  "madvise 0 5 populate_write; state 1 2; state 3 0", "AA.aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "M2 hole before 6.10", "6.1", "aa.aa",
		  "madvise 0 5 populate_write; state 3 2", "AA.AA", ENOMEM, VMA_WHY_UNMAPPED },
		{ .rule = "V-M6 guard", "6.18-", "aa",
		  "madvise 1 1 guard_install; madvise 0 2 populate_write", "VV", EFAULT,
		  VMA_WHY_GUARD },
	};

	(void)state;
	PICTURES(cases);
}

/* Blocks of 2 MiB: the picture starts at one. */
static void collapsing(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M3 collapse", "6.1-", "a{1024}",
		  "touch 0 1 w; touch 600 1 w; madvise 0 1024 collapse; state 0 34; state 1023 34",
		  "A{1024}" },
		{ .rule = "M3 never written", "6.1-", "a{1024}", "madvise 0 1024 collapse",
		  "a{1024}", EINVAL, VMA_WHY_ADVICE_KIND },
		{ .rule = "M3 a block without pages", "6.1-", "a{1024}",
		  "touch 0 1 w; !madvise 0 1024 collapse; state 511 34; state 512 0", "A{1024}" },
		{ .rule = "M3 no whole block", "6.1-", "a{1024}",
		  "touch 0 1 w; madvise 1 500 collapse", "A{1024}", EINVAL, VMA_WHY_ADVICE_KIND },
		{ .rule = "M3 nothing between two blocks", "6.1-", "a{1024}",
		  "touch 0 1 w; madvise 1 512 collapse; state 511 0", "A{1024}" },
		{ .rule = "M3 not for huge pages", "6.1-", "a{512}",
		  "touch 0 1 w; madvise 0 512 nohugepage; madvise 0 512 collapse", "?{512}",
		  EINVAL, VMA_WHY_ADVICE_KIND },
		{ .rule = "M3 not for this process", "6.1-", "a{512}",
		  "touch 0 1 w; set_thp_disable 1; madvise 0 512 collapse", "A{512}", EINVAL,
		  VMA_WHY_ADVICE_KIND },
	};

	(void)state;
	PICTURES(cases);
}

static void guard_pages(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-M3", "6.18-", "a{8}",
		  "madvise 2 2 guard_install; state 2 7; madvise 2 2 guard_remove; state 2 0",
		  "VVVVVVVV" },
		{ .rule = "V-M4", "6.18-", "ffff", "madvise 2 2 guard_install; has 0 gu", "????" },
		{ .rule = "M8 dontneed", "6.18-", "aa",
		  "madvise 0 1 guard_install; madvise 0 2 dontneed; state 0 7", "VV" },
		{ .rule = "M8 unmapped", "6.18-", "aa",
		  "madvise 0 1 guard_install; munmap 0 1; map 0 1 rw; state 0 0", "VV" },
	};

	(void)state;
	PICTURES(cases);
}

static void sealed_memory_keeps_its_contents(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-M7", "6.12-", "rr", "mseal 0 2; madvise 0 2 dontneed", "??", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "V-M7 writable", "6.12-", "bb", "madvise 0 2 dontneed", "bb" },
		{ .rule = "V-M7 file", "6.12-", "gg", "mseal 0 2; madvise 0 2 dontneed", "??" },
		{ .rule = "M6 dontfork", "6.12-", "rr", "mseal 0 2; madvise 0 2 dontfork", "??",
		  EPERM, VMA_WHY_SEALED },
		{ .rule = "M6 hugepage", "6.12-", "rr", "mseal 0 2; madvise 0 2 hugepage", "??" },
		{ .rule = "M6 /dev/zero", "6.12", "",
		  "map 0 2 r zero; mseal 0 2; madvise 0 2 dontneed", "??" },
		{ .rule = "M6 /dev/zero", "6.18-", "",
		  "map 0 2 r zero; mseal 0 2; madvise 0 2 dontneed", "??", EPERM, VMA_WHY_SEALED },
		{ .rule = "M6 vdso", "6.12", "44", "mseal 0 2; madvise 0 2 dontfork", "??", EPERM,
		  VMA_WHY_SEALED },
		{ .rule = "M6 vdso", "6.18-", "44", "mseal 0 2; madvise 0 2 dontfork; has 0 dc",
		  "??" },
		{ .rule = "M6 key", "6.12-", "pp",
		  "pkey_alloc 0 0; mseal 0 2; madvise 0 2 dontneed; pkey_free 1; pkey_alloc 0 2; "
		  "madvise 0 2 dontneed", "??", EPERM, VMA_WHY_SEALED },
	};

	(void)state;
	PICTURES(cases);
}

static void for_another_process(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "M10", NULL, "aa", "process_madvise 0 2 cold 0; is ret 8192", "aa" },
		{ .rule = "M10 flags", NULL, "aa", "process_madvise 0 2 cold 1", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M10 willneed", "5.10", "aa", "process_madvise 0 2 willneed 0", "aa",
		  EINVAL, VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 any", "-6.12", "aa", "process_madvise 0 2 dontneed 0", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 any", "6.18-", "aa", "process_madvise 0 2 dontneed 0; is ret 8192",
		  "aa" },
		{ .rule = "M10 length", NULL, "aa", "process_madvise 0 #0x8000000000000000 cold 0", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "M10 not the user's", NULL, "aa",
		  "process_madvise #0x7ffffffff000 1 cold 0", "aa", EFAULT, VMA_WHY_OUT_OF_SPACE },
		{ .rule = "M10 nothing", NULL, "aa", "process_madvise 50 0 cold 0; is ret 0", "aa" },
		{ .rule = "M10 unaligned", NULL, "aa", "process_madvise 0+1 1 cold 0", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "M10 hole", NULL, "aa.aa", "process_madvise 0 5 cold 0", "aa.aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "M10 two ranges", NULL, "aa.aa",
		  "process_madvise 0 2 cold 0 3 2; is ret 16384", "aa.aa" },
		{ .rule = "M10 three ranges", "6.18-", "aaaaa",
		  "process_madvise 0 1 dontfork 0 4 1 2 1; is ret 12288", "cacac" },
		{ .rule = "M10 the second is not there", NULL, "aa.aa",
		  "process_madvise 0 2 cold 0 2 1; is ret 8192", "aa.aa" },
		{ .rule = "M10 a third is not reached", "6.18-", "aa.aa",
		  "process_madvise 0 2 dontfork 0 2 1 3 2; is ret 8192", "cc.aa" },
		{ .rule = "M10 the second is not the user's", "6.18-", "aa",
		  "process_madvise 0 2 dontfork 0 #0x7ffffffff000 1", "aa", EFAULT,
		  VMA_WHY_OUT_OF_SPACE },
		{ .rule = "M10 the second is too long", "6.18-", "aa",
		  "process_madvise 0 2 dontfork 0 0 #0x8000000000000000", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "M10 the first is empty", NULL, "aa", "process_madvise 0+1 0 cold 0 0 2",
		  "aa", EINVAL, VMA_WHY_UNALIGNED },
		{ .rule = "M10 the second is empty", NULL, "aa",
		  "process_madvise 0 1 cold 0 0+1 0 1 1; is ret 8192", "aa" },
		{ .rule = "M10 no such advice, of nothing", "6.18", "aa",
		  "process_madvise 0 0 99 0; is ret 0; is moved 2", "aa" },
		{ .rule = "M10 no such advice, of nothing, but asked", "7.2-", "aa",
		  "process_madvise 0 0 99 0", "aa", EINVAL, VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 no such advice, of nothing", "-6.12", "aa",
		  "process_madvise 0 0 99 0", "aa", EINVAL, VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 no such advice", NULL, "aa", "process_madvise 0 2 99 0", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 collapse", "5.10", "aa", "process_madvise 0 2 collapse 0", "aa", EINVAL,
		  VMA_WHY_BAD_ADVICE },
		{ .rule = "M10 nice", "-6.1", "aa", "caps 0; process_madvise 0 2 cold 0", "aa",
		  EPERM, VMA_WHY_NO_CAP },
		{ .rule = "M10 nice", "6.12-", "aa", "caps 0; process_madvise 0 2 cold 0", "aa" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advice_changes_flags),
		cmocka_unit_test(arguments),
		cmocka_unit_test(some_advice_is_for_some_mappings),
		cmocka_unit_test(pages_come_and_go),
		cmocka_unit_test(collapsing),
		cmocka_unit_test(guard_pages),
		cmocka_unit_test(sealed_memory_keeps_its_contents),
		cmocka_unit_test(for_another_process),
	};

	return cmocka_run_group_tests_name("engine-madvise", tests, NULL, NULL);
}
