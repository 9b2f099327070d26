// SPDX-License-Identifier: GPL-2.0-or-later
/* Page faults: which anon_vma, which page state, which signal (rules R7, A1-A4, G1). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void a_write_makes_or_reuses_an_anon_vma(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A1 read", NULL, "aa", "touch 0 2 r; state 0 1; is rss 0", "aa" },
		{ .rule = "A1 write", NULL, "aa",
		  "touch 0 1 w; state 0 2; state 1 0; is rss 1; active 0 1; links 0 1; "
		  "children 0 1", "AA" },
		{ .rule = "A1 read-only", NULL, "rr", "touch 0 1 r", "rr" },
		{ .rule = "V-A1", NULL, "AAAAwwww", "touch 4 1 w; same 0 4; active 0 2",
		  "AAAAWWWW" },
		{ .rule = "V-A2", NULL, "AAAAwwwwAAAA", "touch 4 1 w; same 4 8; differ 0 4",
		  "AAAAWWWWAAAA" },
		{ .rule = "V-A3", NULL, "AAAAcccc", "touch 4 1 w; differ 0 4", "AAAACCCC" },
		{ .rule = "V-A9", NULL, "AAAA....AAAA",
		  "fork; child; map 4 4 rw; touch 4 1 w; links 4 1; links 0 2; differ 0 4",
		  "AAAA|AAAA|AAAA" },
		{ .rule = "A2 policy", NULL, "AAww",
		  "mbind 2 2 bind 1 64; touch 2 1 w; differ 0 2", "AAWW" },
		{ .rule = "A2 hole", NULL, "AA.ww", "touch 3 1 w; differ 0 3", "AA.WW" },
		{ .rule = "A2 pgoff", NULL, "AAAA",
		  "mremap 0 4 4 maymove|fixed 100; map 104 1 rwx; touch 104 1 w; differ 100 104",
		  "@100:AAAAW" },
		{ .rule = "A2 file", NULL, "ff",
		  "map 2 2 rwx f2 2; touch 0 1 w; touch 2 1 w; differ 0 2", "FF??" },
		{ .rule = "A1 shared", NULL, "ssdd", "touch 0 4 w; state 0 5; state 2 4", "ssdd" },
		{ .rule = "A1 private file", NULL, "ff",
		  "touch 0 1 r; state 0 4; touch 1 1 w; state 1 2", "FF" },
		{ .rule = "V-A5", NULL, ".{20}f", "touch 20 1 w; is sig 7", "@20:F" },
	};

	(void)state;
	PICTURES(cases);
}

static void signals(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G1 nothing", NULL, "a", "touch 1 1 r; is sig 11", "a" },
		{ .rule = "G1 write", NULL, "r", "touch 0 1 w; is sig 11", "r" },
		{ .rule = "G1 none", NULL, "n", "touch 0 1 r; is sig 11", "n" },
		{ .rule = "G1 exec", NULL, "a", "touch 0 1 x; is sig 11", "a" },
		{ .rule = "G1 end of file", NULL, "@8:g", "touch 8 1 r; is sig 7", "........g" },
		{ .rule = "G1 last page", NULL, "@7:g", "touch 7 1 r; is sig 0", ".......g" },
		{ .rule = "G1 fetch", NULL, "xx", "touch 0 2 x; is sig 0", "xx" },
		{ .rule = "G1 fetch, NX", NULL, "aa", "touch 0 1 x; is sig 11", "aa" },
		{ .rule = "G1 fetch, NX past the end", NULL, "@8:g", "touch 8 1 x; is sig 7",
		  "........g" },
		{ .rule = "G1 fetch, none past the end", NULL, "@8:g",
		  "mprotect 8 1 none; touch 8 1 x; is sig 11", "........?" },
		{ .rule = "M28 pool", NULL, "",
		  "mmap 0 512 r private|anonymous|hugetlb|noreserve|fixed; touch 0 1 r; is sig 7",
		  "?{512}" },
		{ .rule = "M28 pool, written", NULL, "",
		  "mmap 0 512 rw private|anonymous|hugetlb|noreserve|fixed; touch 0 1 w; is sig 7",
		  "?{512}" },
		{ .rule = "U4 missing", NULL, "aa",
		  "uffdio_api 1 0; touch 0 1 w; uffdio_register 1 0 2 missing; touch 0 1 w; is sig 0; "
		  "touch 1 1 r; is sig 7", "??" },
		{ .rule = "U4 missing from the object", NULL, "ss",
		  "uffdio_api 1 0; maps 4 2 rw shm 0; touch 4 1 w; uffdio_register 1 0 2 missing; "
		  "touch 0 1 w; is sig 0; touch 1 1 r; is sig 7", "??..ss" },
		{ .rule = "U4 minor", "6.1-", "ss",
		  "uffdio_api 1 0; maps 4 2 rw shm 0; touch 4 1 w; uffdio_register 1 0 2 minor; "
		  "touch 1 1 w; is sig 0; touch 0 1 r; is sig 7", "??..ss" },
		{ .rule = "M28 mlock", NULL, "",
		  "mmap 0 512 r private|anonymous|hugetlb|noreserve|fixed; mlock 0 512",
		  "?{512}", ENOMEM, VMA_WHY_POPULATE_FAILED },
		{ .rule = "M28 offset", NULL, "",
		  "mmap 0 512 rw shared|anonymous|hugetlb|noreserve|fixed; remap_file_pages 0 512 0 1 0",
		  "", EINVAL, VMA_WHY_OFFSET_UNALIGNED },
		{ .rule = "G1 partly", NULL, "aa.a", "touch 0 4 w; is sig 11; is pages 2",
		  "AA.a" },
		{ .rule = "G1 guard", "6.18-", "aa",
		  "madvise 1 1 guard_install; touch 0 2 w; is sig 11; is pages 1", "VV" },
		{ .rule = "G1 key", NULL, "aa",
		  "pkey_alloc 0 disable_access; pkey_mprotect 0 2 rw 1; touch 0 1 r; is sig 11",
		  "pp" },
		{ .rule = "G1 key, read", NULL, "aa",
		  "pkey_alloc 0 disable_write; pkey_mprotect 0 2 rw 1; touch 0 1 r; is sig 0",
		  "pp" },
		{ .rule = "G1 key, write", NULL, "aa",
		  "pkey_alloc 0 disable_write; pkey_mprotect 0 2 rw 1; touch 0 1 w; is sig 11",
		  "pp" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule A1.2: each block of 2 MiB decides for itself. */
static void huge_pages(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A1.2 from within a block", NULL, "",
		  "mmap 500 530 rw private|anonymous|fixed; madvise 500 530 hugepage; "
		  "touch 500 20 w; state 511 2; state 512 34; state 1023 34; state 1024 0", "@500:H{530}" },
		{ .rule = "A1.2 a page is there", NULL, "",
		  "mmap 512 512 rw private|anonymous|fixed; touch 600 1 w; "
		  "madvise 512 512 hugepage; touch 512 2 w; state 513 2; state 514 0", "@512:H{512}" },
		{ .rule = "A1.2 huge zero page, written", "6.18-", "h{1024}",
		  "touch 100 1 r; state 0 33; state 512 0; touch 200 1 w; state 0 34; is rss 512",
		  "H{1024}" },
		{ .rule = "A1.2 huge zero page, written", "-6.12", "h{1024}",
		  "touch 100 1 r; touch 200 1 w; state 200 2; is rss 1", "H{1024}" },
		{ .rule = "A1.2 huge zero page, no more asked for", "6.18-", "h{512}",
		  "touch 100 1 r; madvise 0 512 nohugepage; touch 200 1 w; is rss 512", "?{512}" },
		{ .rule = "A1.2 huge zero page, split by a border", "6.18-", "h{512}",
		  "touch 100 1 r; mprotect 7 1 r; mprotect 7 1 rw; state 0 1; touch 200 1 w; is rss 1",
		  "H{512}" },
		{ .rule = "A1.2 huge zero page, partly gone", "6.18-", "h{512}",
		  "touch 100 1 r; madvise 7 1 dontneed; touch 200 1 w; is rss 1", "H{512}" },
		{ .rule = "A1.2 huge zero page, moved", "6.18-", "h{512}",
		  "touch 100 1 r; mremap 0 512 512 maymove|fixed 1024; touch 1100 1 w; is rss 512",
		  "@1024:H{512}" },
		{ .rule = "A1.2 huge zero page, moved by a page", "6.18-", "h{1024}",
		  "touch 100 1 r; touch 600 1 r; mremap 0 1024 1024 maymove|fixed 2049; "
		  "touch 2700 1 w; is rss 1", "@2049:H{1024}" },
		{ .rule = "A1.2 unasked", NULL, "",
		  "mmap 512 512 rw private|anonymous|fixed; touch 512 1 w; state 513 0", "@512:A{512}" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_makes_or_reuses_an_anon_vma),
		cmocka_unit_test(signals),
		cmocka_unit_test(huge_pages),
	};

	return cmocka_run_group_tests_name("engine-fault", tests, NULL, NULL);
}
