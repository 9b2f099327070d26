// SPDX-License-Identifier: GPL-2.0-or-later
/* Stacks that grow down (rules K1-K9). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void a_fault_below_grows_the_stack(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "K4", NULL, "@1000:kk",
		  "touch 500 1 w; pgoff 500 500; is stack 502; is total 502; is committed 502",
		  "@500:K{502}" },
		{ .rule = "K4 read", NULL, "@1000:kk", "touch 999 1 r", "@999:KKK" },
		{ .rule = "K3 exactly", NULL, "r@1000:kk", "touch 257 1 w", "r@257:K{745}" },
		{ .rule = "K3 too near", NULL, "r@1000:kk", "touch 256 1 w; is sig 11",
		  "r@1000:kk" },
		{ .rule = "K3 inaccessible", NULL, "n@1000:kk", "touch 1 1 w", "nK{1001}" },
		{ .rule = "K3 another stack", NULL, "@1000:kk.kk", "touch 1002 1 w",
		  "@1000:kkKKK" },
		{ .rule = "K2 limit", NULL, "@3000:kk", "setrlimit stack 100 100; touch 2902 1 w",
		  "@2902:K{100}" },
		{ .rule = "K2 over the limit", NULL, "@3000:kk",
		  "setrlimit stack 100 100; touch 2901 1 w; is sig 11", "@3000:KK" },
		{ .rule = "K2 address space", NULL, "@1000:kk",
		  "setrlimit as 4 4; touch 997 1 w; is sig 11", "@1000:KK" },
		{ .rule = "K2 commit", NULL, "@1000:kk", "ram 4; touch 995 1 w; is sig 11",
		  "@1000:KK" },
		{ .rule = "K2 locked", NULL, "@1000:kk",
		  "mlock 1000 2; touch 998 1 w; is locked 4; has 998 lo", "@998:????" },
		{ .rule = "K2 locked limit", NULL, "@1000:kk",
		  "mlock 1000 2; caps 0; setrlimit memlock 3 3; touch 998 1 w; is sig 11; "
		  "is locked 2", "@1000:??" },
		{ .rule = "K5", NULL, "@1000:kk",
		  "mprotect 1000 2 -; touch 999 1 w; is sig 11; is stack 3", "@999:???" },
		{ .rule = "K2 offset", NULL, "KK",
		  "mremap 0 2 2 maymove|fixed 100000; touch 34000 1 w; is sig 11", "@100000:KK" },
		{ .rule = "V-A6", NULL, "@100:kkkk", "touch 90 1 w; pgoff 90 90; active 90 1",
		  "@90:KKKKKKKKKKKKKK" },
		{ .rule = "V-A6 gap", NULL, "@80:rr@100:kkkk", "touch 83 1 w; is sig 11",
		  "@80:rr@100:kkkk" },
		{ .rule = "K2 mmap_min_addr", NULL, "", "mmap #0x20000 1 rw private|anonymous|fixed|growsdown; "
		  "touch #0x10000 1 w; touch #0xf000 1 w; is sig 11", "<below>K{17}" },
		{ .rule = "K1 no call", NULL, "@1000:kk", "mprotect 999 1 r", "@1000:kk", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "no stack", NULL, "@1000:aa", "touch 999 1 w; is sig 11", "@1000:aa" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_below_grows_the_stack),
	};

	return cmocka_run_group_tests_name("engine-stack", tests, NULL, NULL);
}
