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
		{ .rule = "M28 anon_vma", "6.12-", "",
		  "mmap 0 512 r private|anonymous|hugetlb|noreserve|fixed; !mlock 0 512; links 0 1",
		  "?{512}" },
		{ .rule = "M28 no anon_vma", "-6.1", "",
		  "mmap 0 512 rw private|anonymous|hugetlb|noreserve|fixed; !mlock 0 512; links 0 0",
		  "?{512}" },
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

/* A read fault maps what the object holds of the 16 pages around it. */
static void neighbours_come_along(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "PF3 window", NULL, "",
		  "map 0 40 r big 0; touch 20 1 r; state 15 0; state 16 4; state 31 4; state 32 0; "
		  "is file 16", "g{40}" },
		{ .rule = "PF3 cut off below, it reaches further up", NULL, "",
		  "map 10 40 r big 0; touch 12 1 r; state 10 4; state 25 4; state 26 0; is file 16",
		  "..........g{40}" },
		{ .rule = "PF3 cut off above", NULL, "",
		  "map 0 20 r big 0; touch 17 1 r; is file 4", "g{20}" },
		{ .rule = "PF3 the page table ends", NULL, "",
		  "map 500 40 r big 0; touch 505 1 r; state 500 4; state 511 4; state 512 0; "
		  "is file 12", "@500:g{40}" },
		{ .rule = "PF3 range", NULL, "",
		  "map 10 40 r big 0; touch 12 20 r; state 31 4; state 32 0; is file 22",
		  "..........g{40}" },
		{ .rule = "PF3 range, one page more", NULL, "",
		  "map 10 40 r big 0; touch 12 21 r; state 47 4; state 48 0; is file 38",
		  "..........g{40}" },
		{ .rule = "PF3 fetched", NULL, "", "map 0 17 rx big 0; touch 3 1 x; is file 16", "?{17}" },
		{ .rule = "PF3 populated", NULL, "",
		  "mmap 0 20 r private|fixed|populate big 0; is file 20", "g{20}" },
		{ .rule = "PF3 locked", NULL, "",
		  "map 0 40 r big 0; mlock 20 2; is file 2; munlock 20 2; is file 2", "g{40}" },
		{ .rule = "PF3 written, shared", NULL, "",
		  "maps 0 40 rw big 0; touch 20 1 w; is file 1", "d{40}" },
		{ .rule = "PF3 written, private", NULL, "",
		  "map 0 40 rw big 0; touch 20 1 w; is file 0; is rss 1", "F{40}" },
		{ .rule = "PF3 then written", NULL, "",
		  "map 0 16 rw big 0; touch 3 1 r; touch 4 1 w; is file 15; is rss 1; "
		  "touch 4 1 r; is file 15", "FFFFFFFFFFFFFFFF" },
		{ .rule = "PF3 past the end", NULL, "",
		  "map 50 30 r big 40; touch 76 1 r; is sig 7; state 63 0; state 64 4; state 73 4; "
		  "is file 10", "@50:g{30}" },
		{ .rule = "PF3 switched off", NULL, "",
		  "around 1; map 0 40 r big 0; touch 20 2 r; is file 2", "g{40}" },
		{ .rule = "PF3 after fork", NULL, "",
		  "map 0 32 rw big 0; map 32 32 r big 32; touch 0 64 r; touch 3 1 w; is file 63; "
		  "fork; child; is file 31; is rss 1; touch 40 1 r; is file 47", "F{32}g{32}" },
		{ .rule = "PF3 moved", NULL, "",
		  "map 0 16 r big 0; touch 0 1 r; mremap 0 16 16 maymove|fixed 100; state 100 4; "
		  "is file 16", "@100:gggggggggggggggg" },
		{ .rule = "PF3 dropped", NULL, "",
		  "map 0 16 r big 0; touch 0 1 r; madvise 4 2 dontneed; is file 14; touch 4 1 r; "
		  "is file 16", "gggggggggggggggg" },
		{ .rule = "PF3 guard pages stay", "6.18-", "",
		  "map 0 16 r big 0; madvise 5 1 guard_install; touch 4 1 r; state 5 7; is file 15",
		  "????????????????" },
		{ .rule = "PF3 without map_pages", NULL, "1111", "touch 1 1 r; is shmem 1", "1111" },
		{ .rule = "PF3 the vdso", NULL, "44", "touch 1 1 r; is file 1; is shmem 0", "44" },
	};

	(void)state;
	PICTURES(cases);
}

/* Of an object in memory only what somebody has made is there. */
static void neighbours_must_be_there(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "PF3 memfd", NULL, "ssssssss",
		  "touch 1 1 w; touch 5 1 w; is shmem 2; maps 20 8 rw shm 0; touch 22 1 r; "
		  "state 20 0; state 21 5; state 22 5; state 23 0; state 25 5; is shmem 5",
		  "ssssssss............ssssssss" },
		{ .rule = "PF3 private memfd", NULL, "ssssssss",
		  "touch 1 1 w; map 20 8 rw shm 0; touch 21 1 r; is shmem 2; touch 21 1 w; "
		  "is shmem 1; is rss 1", "ssssssss............????????" },
		{ .rule = "PF3 punched", NULL, "",
		  "maps 10 30 rw tmpfs 0; madvise 20 4 remove; touch 21 1 r; state 20 0; state 19 5; "
		  "state 15 0; state 31 5; state 32 0; is shmem 13", "..........s{30}" },
		{ .rule = "PF3 punched, cut off below", NULL, "",
		  "maps 10 30 rw tmpfs 0; madvise 14 4 remove; touch 14 2 r; state 10 5; state 16 0; "
		  "state 25 5; state 26 0; is shmem 14", "..........s{30}" },
		{ .rule = "PF3 punched, into the next window", NULL, "",
		  "maps 10 30 rw tmpfs 0; madvise 14 4 remove; touch 14 3 r; state 16 5; state 17 0; "
		  "state 31 5; state 32 0; is shmem 21", "..........s{30}" },
		{ .rule = "PF3 punched for all", NULL, "",
		  "maps 0 8 rw tmpfs 0; map 16 8 rw tmpfs 0; touch 0 8 r; touch 16 8 r; touch 18 1 w; "
		  "is shmem 15; madvise 0 4 remove; is shmem 8; is rss 1",
		  "ssssssss........????????" },
		{ .rule = "PF3 missing", NULL, "ssssssss",
		  "maps 16 8 rw shm 0; touch 17 1 w; uffdio_api 1 0; uffdio_register 1 0 8 missing; "
		  "touch 0 1 r; is sig 7; state 0 0; state 1 5", "????????........ssssssss" },
		{ .rule = "PF3 not with write-protect", "6.1-", "ssssssss",
		  "touch 0 8 w; maps 16 8 rw shm 0; uffdio_api 1 0; uffdio_register 1 16 8 wp; "
		  "touch 17 1 r; is shmem 9", "ssssssss........????????" },
		{ .rule = "PF3 not with minor", "6.1-", "ssssssss",
		  "touch 0 4 w; maps 16 8 rw shm 0; uffdio_api 1 0; uffdio_register 1 16 8 minor; "
		  "touch 20 1 r; is shmem 5", "ssssssss........????????" },
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
		cmocka_unit_test(neighbours_come_along),
		cmocka_unit_test(neighbours_must_be_there),
	};

	return cmocka_run_group_tests_name("engine-fault", tests, NULL, NULL);
}
