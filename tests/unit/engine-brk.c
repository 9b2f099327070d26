// SPDX-License-Identifier: GPL-2.0-or-later
/* brk (rules B1-B9). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void the_heap_grows_and_shrinks(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "B3 first", NULL, "",
		  "heap 4; brk 4+1; is brk 4; is data 1; is committed 1", "....a" },
		{ .rule = "B2 same page", NULL, "", "heap 4; brk 4+1; brk 5; brk 5+1", "....aa" },
		{ .rule = "B7", NULL, "", "heap 4; brk 5; brk 9", "....aaaaa", 0, VMA_WHY_NONE,
		  AT_PAGE(9) },
		{ .rule = "B3 shrink", NULL, "", "heap 4; brk 9; brk 5", "....a", 0, VMA_WHY_NONE,
		  AT_PAGE(5) },
		{ .rule = "B3 to nothing", NULL, "", "heap 4; brk 9; brk 4; is committed 0", "" },
		{ .rule = "B2 below", NULL, "", "heap 4; brk 9; brk 3", "....aaaaa", 0,
		  VMA_WHY_NONE, AT_PAGE(9) },
		{ .rule = "B5 collides", NULL, "............a", "heap 4; brk 11; brk 11+1",
		  "....aaaaaaa.a", 0, VMA_WHY_NONE, AT_PAGE(11) },
		{ .rule = "B5 stack", NULL, "@1000:kk", "heap 4; brk 743; brk 744",
		  "....a{739}@1000:kk", 0, VMA_WHY_NONE, AT_PAGE(743) },
		{ .rule = "B7 protected head", "6.12-", "", "heap 4; brk 6; mprotect 4 2 r; brk 8",
		  "....rraa" },
		{ .rule = "B7 faulted", NULL, "", "heap 4; brk 5; touch 4 1 w; brk 6", "....AA" },
		{ .rule = "B7 fork", NULL, "", "heap 4; brk 5; touch 4 1 w; fork; child; brk 6",
		  "....Aa" },
		{ .rule = "B7 bss", "5.10", "..aa", "heap 4; brk 6", "..aaaa" },
		{ .rule = "B7 bss", "6.1-", "..aa", "heap 4; brk 6", "..aa|aa" },
		{ .rule = "B7 bss, later", "6.1-", "..aa",
		  "heap 4; brk 6; mprotect 3 2 r; mprotect 3 2 rw; brk 7", "..aaaaa" },
		{ .rule = "B8", NULL, "", "heap 4; brk 8; munmap 6 2; brk 9", "....aa..a" },
		{ .rule = "B3 foreign", NULL, "", "heap 4; brk 8; map 6 1 r; brk 5", "....a" },
		{ .rule = "B3 nothing there", "6.1-", "", "heap 4; brk 6; munmap 4 2; brk 4", "",
		  0, VMA_WHY_NONE, AT_PAGE(6) },
		{ .rule = "B3 nothing there", "5.10", "", "heap 4; brk 6; munmap 4 2; brk 4", "",
		  0, VMA_WHY_NONE, AT_PAGE(4) },
		{ .rule = "B4 locked", NULL, "", "heap 4; mlockall future; brk 6; is locked 2",
		  "....LL" },
		{ .rule = "B2 data limit", NULL, "", "heap 4; setrlimit data 2 2; brk 6; brk 6+1",
		  "....aa", 0, VMA_WHY_NONE, AT_PAGE(6) },
		{ .rule = "B4 as limit", NULL, "", "heap 4; setrlimit as 2 2; brk 7", "", 0,
		  VMA_WHY_NONE, AT_PAGE(4) },
		{ .rule = "B4 commit", NULL, "", "heap 4; ram 2; brk 7", "", 0, VMA_WHY_NONE,
		  AT_PAGE(4) },
		{ .rule = "B4 memlock", NULL, "",
		  "heap 4; caps 0; setrlimit memlock 1 1; mlockall future; brk 6", "", 0,
		  VMA_WHY_NONE, AT_PAGE(4) },
		{ .rule = "S1 full", NULL, "a", "heap 4; slots 0; brk 6", "a...aa" },
		{ .rule = "S1 over", NULL, "a.a", "heap 4; slots 0; map 20 1 r; brk 6", "a.a@20:r",
		  0, VMA_WHY_NONE, AT_PAGE(4) },
		{ .rule = "B3 sealed", "6.12-", "", "heap 4; brk 8; mseal 6 1; brk 5", "....a|aba",
		  0, VMA_WHY_NONE, AT_PAGE(8) },
		{ .rule = "B4 beyond", NULL, "", "heap 4; brk #0x7fffffffffff", "", 0, VMA_WHY_NONE,
		  AT_PAGE(4) },
		{ .rule = "B4 strict", NULL, "", "overcommit 2; reserves 0; room 3; heap 4; brk 7", "",
		  0, VMA_WHY_NONE, AT_PAGE(4) },
		{ .rule = "B6 merging asked for", "6.12-", "", "set_memory_merge 1; heap 4; brk 6",
		  "....mm" },
		{ .rule = "B6 merging, again", "6.18-", "",
		  "set_memory_merge 1; heap 4; brk 6; brk 8", "....mmmm" },
		{ .rule = "B6 merging, again", "6.12", "", "set_memory_merge 1; heap 4; brk 6; brk 8",
		  "....mm|mm" },
		{ .rule = "B6 exec", NULL, "", "personality 0x400000; heap 4; brk 5", "....w" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heap_grows_and_shrinks),
	};

	return cmocka_run_group_tests_name("engine-brk", tests, NULL, NULL);
}
