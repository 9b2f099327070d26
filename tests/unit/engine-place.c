// SPDX-License-Identifier: GPL-2.0-or-later
/* Where mmap puts what has no address (rules A1-A12). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void top_down(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A3", NULL, "@100:aa", "base 200; mmap #0 2 r private|anonymous",
		  "@100:aa@198:rr", 0, VMA_WHY_NONE, AT_PAGE(198) },
		{ .rule = "A3 under it", NULL, "@198:aa",
		  "base 200; mmap #0 2 r private|anonymous", "@196:rraa", 0, VMA_WHY_NONE,
		  AT_PAGE(196) },
		{ .rule = "A5 highest that fits", NULL, "@100:aa....aa@110:aa",
		  "base 112; mmap #0 3 r private|anonymous", "@100:aa.rrraa..aa", 0, VMA_WHY_NONE,
		  AT_PAGE(103) },
		{ .rule = "A5 exact", NULL, "@100:aa....aa@110:aa",
		  "base 112; mmap #0 4 r private|anonymous", "@100:aarrrraa..aa", 0, VMA_WHY_NONE,
		  AT_PAGE(102) },
		{ .rule = "A3 hint", NULL, "@100:aa", "base 200; mmap 50 2 r private|anonymous",
		  "@50:rr@100:aa", 0, VMA_WHY_NONE, AT_PAGE(50) },
		{ .rule = "A3 hint rounded", NULL, "@100:aa",
		  "base 200; mmap 50+7 2 r private|anonymous", "@50:rr@100:aa", 0, VMA_WHY_NONE,
		  AT_PAGE(50) },
		{ .rule = "A3 hint taken", NULL, "@100:aa",
		  "base 200; mmap 99 2 r private|anonymous", "@100:aa@198:rr", 0, VMA_WHY_NONE,
		  AT_PAGE(198) },
		{ .rule = "A3 hint just below", NULL, "@100:aa",
		  "base 200; mmap 98 2 r private|anonymous", "@98:rraa", 0, VMA_WHY_NONE,
		  AT_PAGE(98) },
		{ .rule = "A4 guard gap", NULL, "@1000:kk",
		  "base 1002; mmap #0 1 r private|anonymous", "@743:r@1000:kk", 0, VMA_WHY_NONE,
		  AT_PAGE(743) },
		{ .rule = "A4 hint in the gap", NULL, "@1000:kk",
		  "base 2000; mmap 744 1 r private|anonymous", "@1000:kk@1999:r", 0, VMA_WHY_NONE,
		  AT_PAGE(1999) },
		{ .rule = "A4 hint above", NULL, "@1000:kk",
		  "base 2000; mmap 743 1 r private|anonymous", "@743:r@1000:kk", 0, VMA_WHY_NONE,
		  AT_PAGE(743) },
		{ .rule = "A3 no room", NULL, "a", "base 200; mmap #0 #0x7ffffffff000 r private|anonymous",
		  "a", ENOMEM, VMA_WHY_NO_GAP },
		{ .rule = "A3 above 4 GiB", "6.12-", "",
		  "base 983041; mmap #0 1 r private|anonymous|above4g", "@983040:r", 0, VMA_WHY_NONE,
		  AT_PAGE(983040) },
		{ .rule = "A3 above 4 GiB, full", "-6.1", "",
		  "base 983041; mmap #0 2 r private|anonymous|above4g", "@983039:rr", 0, VMA_WHY_NONE,
		  AT_PAGE(983039) },
		{ .rule = "A4 fixed", NULL, "@1000:kk", "map 990 1 r", "@990:r.........kk" },
	};

	(void)state;
	PICTURES(cases);
}

static void bottom_up_and_32_bits(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A6", NULL, "@100:aa..aa",
		  "bottom_up 100; mmap #0 2 r private|anonymous", "@100:aarraa", 0, VMA_WHY_NONE,
		  AT_PAGE(102) },
		{ .rule = "A6 too small", NULL, "@100:aa..aa",
		  "bottom_up 100; mmap #0 3 r private|anonymous", "@100:aa..aarrr", 0,
		  VMA_WHY_NONE, AT_PAGE(106) },
		{ .rule = "A6 32 bits, too long", NULL, "",
		  "mmap #0 #0x80001000 r private|anonymous|32bit", "", ENOMEM, VMA_WHY_NO_GAP },
		{ .rule = "A6 32 bits", NULL, "", "mmap #0 1 r private|anonymous|32bit",
		  "@196608:r", 0, VMA_WHY_NONE, AT_PAGE(196608) },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule A8. The picture starts on a 2 MiB border, pages 0, 512, 1024. */
static void huge_pages_want_to_be_aligned(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A8", "6.12-", "@1500:a", "base 1500; mmap #0 512 r private|anonymous",
		  "@512:r{512}@1500:a", 0, VMA_WHY_NONE, AT_PAGE(512) },
		{ .rule = "A8", "-6.1", "@1500:a", "base 1500; mmap #0 512 r private|anonymous",
		  "@988:r{512}a", 0, VMA_WHY_NONE, AT_PAGE(988) },
		{ .rule = "A8 odd length", "6.12-", "@1500:a",
		  "base 1500; mmap #0 513 r private|anonymous", "@987:r{513}a", 0, VMA_WHY_NONE,
		  AT_PAGE(987) },
		{ .rule = "A8 ext4, aligned", "6.12-", "", "base 2048; mmap #0 512 r private ext4",
		  "@1536:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1536) },
		{ .rule = "A8 ext4, aligned", "6.1", "", "base 2048; mmap #0 512 r private ext4",
		  "@1024:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A8 ext4, aligned", "5.10", "", "base 2048; mmap #0 512 r private ext4",
		  "@1536:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1536) },
		{ .rule = "A8 ext4", "6.1-", "", "base 2000; mmap #0 512 r private ext4",
		  "@1024:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A8 ext4", "5.10", "", "base 2000; mmap #0 512 r private ext4",
		  "@1488:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1488) },
		{ .rule = "A8 ext4, offset", "6.1-", "", "base 2000; mmap #0 768 r private ext4 256",
		  "@768:g{768}", 0, VMA_WHY_NONE, AT_PAGE(768) },
		{ .rule = "A8 ext4, no whole block", NULL, "",
		  "base 2000; mmap #0 700 r private ext4 256", "@1300:g{700}", 0, VMA_WHY_NONE,
		  AT_PAGE(1300) },
		{ .rule = "A2 other file systems", "6.12", "", "base 2000; mmap #0 512 r private f1",
		  "@1024:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A2 other file systems", "-6.1", "", "base 2000; mmap #0 512 r private f1",
		  "@1488:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1488) },
		{ .rule = "A2 other file systems", "6.18-", "", "base 2000; mmap #0 512 r private f1",
		  "@1488:g{512}", 0, VMA_WHY_NONE, AT_PAGE(1488) },
		{ .rule = "A8 no room for 2 MiB more", "6.12-", "",
		  "base 2000; mmap #0 #0x7fffffe00000 r private|anonymous", "", ENOMEM,
		  VMA_WHY_NO_GAP },
		{ .rule = "A8 ext4, offset wraps", "6.1-", "",
		  "base 2000; mmap #0 512 r private ext4 #0xffffffffffd00000", "", EOVERFLOW,
		  VMA_WHY_OFFSET_OVERFLOW },
		{ .rule = "A8 hint", "6.12-", "", "base 2000; mmap 600 512 r private|anonymous",
		  "@600:r{512}", 0, VMA_WHY_NONE, AT_PAGE(600) },
		{ .rule = "A8 a snug gap is passed over", "6.12-", "@512:a{488}@1512:a{488}",
		  "base 2000; mmap #0 512 r private|anonymous", "r{512}a{488}@1512:a{488}", 0,
		  VMA_WHY_NONE, AT_PAGE(0) },
		{ .rule = "A9", NULL, "", "base 2000; mmap #0 512 r shared shm", "@1488:y{512}", 0,
		  VMA_WHY_NONE, AT_PAGE(1488) },
		{ .rule = "A9 anonymous", NULL, "", "base 2000; mmap #0 512 rw shared|anonymous",
		  "@1488:s{512}", 0, VMA_WHY_NONE, AT_PAGE(1488) },
		{ .rule = "A10", NULL, "",
		  "base 2000; mmap #0 512 r private|anonymous|hugetlb|noreserve", "@1024:?{512}", 0,
		  VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A10 hint", "6.18-", "",
		  "base 2000; mmap 100 512 r private|anonymous|hugetlb|noreserve", "@512:?{512}", 0,
		  VMA_WHY_NONE, AT_PAGE(512) },
		{ .rule = "A10 hint taken", "6.18-", "@512:a",
		  "base 2000; mmap 100 512 r private|anonymous|hugetlb|noreserve", "@512:a@1024:?{512}",
		  0, VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A10 bottom up", NULL, "",
		  "bottom_up 100; mmap #0 512 r private|anonymous|hugetlb|noreserve", "@512:?{512}", 0,
		  VMA_WHY_NONE, AT_PAGE(512) },
		{ .rule = "A2 /dev/zero", "6.18-", "", "base 2000; mmap #0 513 r private zero",
		  "@1024:r{513}", 0, VMA_WHY_NONE, AT_PAGE(1024) },
		{ .rule = "A2 /dev/zero", "-6.12", "", "base 2000; mmap #0 513 r private zero",
		  "@1487:r{513}", 0, VMA_WHY_NONE, AT_PAGE(1487) },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule A10. */
static void hints_for_huge_pages_are_rounded(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "A10 down", "-6.12", "", "mmap 100 512 r private|anonymous|hugetlb|noreserve",
		  "?{512}", 0, VMA_WHY_NONE, AT_PAGE(0) },
		{ .rule = "A10 up", "6.18-", "", "mmap 100 512 r private|anonymous|hugetlb|noreserve",
		  "@512:?{512}", 0, VMA_WHY_NONE, AT_PAGE(512) },
		{ .rule = "A10 down, taken", "-6.12", "@511:a",
		  "base 2048; mmap 511 512 r private|anonymous|hugetlb|noreserve", "@511:a@1536:?{512}",
		  0, VMA_WHY_NONE, AT_PAGE(1536) },
		{ .rule = "A10 32 bits", "-6.12", "",
		  "base 2048; mmap #0 512 r private|anonymous|hugetlb|noreserve|32bit", "@1536:?{512}",
		  0, VMA_WHY_NONE, AT_PAGE(1536) },
		{ .rule = "A10 32 bits", "6.18-", "",
		  "base 2048; mmap #0 512 r private|anonymous|hugetlb|noreserve|32bit",
		  "@196608:?{512}", 0, VMA_WHY_NONE, AT_PAGE(196608) },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top_down),
		cmocka_unit_test(bottom_up_and_32_bits),
		cmocka_unit_test(huge_pages_want_to_be_aligned),
		cmocka_unit_test(hints_for_huge_pages_are_rounded),
	};

	return cmocka_run_group_tests_name("engine-place", tests, NULL, NULL);
}
