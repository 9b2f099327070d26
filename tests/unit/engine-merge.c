// SPDX-License-Identifier: GPL-2.0-or-later
/* Merging: which neighbours join, who survives, and what keeps them apart (rules G1-G20). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void a_mapping_joins_its_neighbours(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G13 both", NULL, "aa.aa", "map 2 1 rw", "aaaaa", 0, VMA_WHY_NONE,
		  AT_PAGE(2) },
		{ .rule = "G13 prev", NULL, "aa..aa", "map 2 1 rw", "aaa.aa", 0, VMA_WHY_NONE,
		  AT_PAGE(2) },
		{ .rule = "G13 next", NULL, "aa..aa", "map 3 1 rw", "aa.aaa", 0, VMA_WHY_NONE,
		  AT_PAGE(3) },
		{ .rule = "G7 hole", NULL, "aa...aa", "map 3 1 rw", "aa.a.aa" },
		{ .rule = "G13 alone", NULL, "rr.rr", "map 2 1 rw", "rrarr" },
		{ .rule = "G13 prev by flags", NULL, "aa.rr", "map 2 1 rw", "aaarr" },
		{ .rule = "G13 next by flags", NULL, "aa.rr", "map 2 1 r", "aarrr" },
		{ .rule = "G10 replaces", NULL, "aaaa", "map 1 2 rw", "aaaa" },
		{ .rule = "G10 replaces other", NULL, "arra", "map 1 2 rw", "aaaa" },
	};

	(void)state;
	PICTURES(cases);
}

/* The table of rule G12. */
static void an_anon_vma_decides_between_neighbours(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G12 U U", NULL, "a.a", "map 1 1 rw", "aaa" },
		{ .rule = "G12 F U", NULL, "A.a", "map 1 1 rw", "AAA" },
		{ .rule = "G12 U F", "5.10", "a.A", "map 1 1 rw; active 0 1", "AAA" },
		{ .rule = "G12 U F", "6.1", "a.A", "map 1 1 rw", "aAA" },
		{ .rule = "G12 U F", "6.12-", "a.A", "map 1 1 rw; active 0 1", "AAA" },
		{ .rule = "G12 F1 F1", NULL, "AAA", "munmap 1 1; map 1 1 rw", "AAA" },
		{ .rule = "G12 F1 F2", "5.10", "A.A", "map 1 1 rw", "AA|A" },
		{ .rule = "G12 F1 F2", "6.1", "A.A", "map 1 1 rw", "A|AA" },
		{ .rule = "G12 F1 F2", "6.12-", "A.A", "map 1 1 rw", "AA|A" },
		{ .rule = "G12 C U", NULL, "A.a", "fork; child; map 1 1 rw", "Aaa" },
		{ .rule = "G12 C, nothing", NULL, "A", "fork; child; map 1 1 rw", "Aa" },
		{ .rule = "G12 parent", NULL, "A", "fork; map 1 1 rw", "AA" },
		{ .rule = "G12 nothing, C", NULL, ".A", "fork; child; map 0 1 rw", "aA" },
		{ .rule = "G12 U C", NULL, "a.A", "fork; child; map 1 1 rw", "aaA" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule G3: what is changed has one, the neighbour has none, and so on. */
static void changed_ranges_join_by_anon_vma(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G3 U U", NULL, "ar", "mprotect 1 1 rw", "aa" },
		{ .rule = "G3 set none", "-6.12", "aZ", "mprotect 1 1 rw", "aA" },
		{ .rule = "G3 set none", "6.18-", "aZ", "mprotect 1 1 rw; active 0 1; links 0 1",
		  "AA" },
		{ .rule = "G3 none set", NULL, "Ar", "mprotect 1 1 rw", "AA" },
		{ .rule = "G3 none set next", NULL, "rA", "mprotect 0 1 rw; active 0 1", "AA" },
		{ .rule = "G3 set set", NULL, "AZ", "mprotect 1 1 rw; differ 0 1", "A|A" },
		{ .rule = "G3 same", NULL, "AAAA", "mprotect 1 1 r; mprotect 1 1 rw; active 0 1",
		  "AAAA" },
		{ .rule = "G3 same next", "-6.12", "Za", "mprotect 0 1 rw", "Aa" },
		{ .rule = "G3 same next", "6.18-", "Za", "mprotect 0 1 rw", "AA" },
		{ .rule = "G3 fork", NULL, "AA",
		  "fork; child; mprotect 1 1 r; mprotect 1 1 rw; links 0 2", "AA" },
		{ .rule = "G3 fork none", NULL, "aaZ", "fork; child; mprotect 2 1 rw", "aaA" },
		{ .rule = "V-A7", NULL, "AAAA",
		  "mprotect 2 2 r; fork; child; differ 0 2; mprotect 2 2 rw", "AA|AA" },
		{ .rule = "V-A7 parent", NULL, "AAAA",
		  "mprotect 2 2 r; fork; children 0 3; active 0 2; mprotect 2 2 rw", "AAAA" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule G4. */
static void prev_and_next_both_join_or_prev_wins(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G4 F1 F2", NULL, "ArA", "mprotect 1 1 rw; differ 0 2", "AA|A" },
		{ .rule = "G4 U F", NULL, "arA", "mprotect 1 1 rw; active 0 1", "AAA" },
		{ .rule = "G4 F U", NULL, "Ara", "mprotect 1 1 rw", "AAA" },
		{ .rule = "G4 same", NULL, "AAA", "mprotect 1 1 r; mprotect 1 1 rw; active 0 1",
		  "AAA" },
		{ .rule = "G11 middle", "6.18-", "aZa", "mprotect 1 1 rw; active 0 1; links 0 1",
		  "AAA" },
		{ .rule = "G11 middle", "-6.12", "aZa", "mprotect 1 1 rw", "aAa" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rules G10.4, G10.5 and G15. */
static void a_border_moves_when_a_head_or_tail_changes(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G10.5 head", NULL, "aarrr", "mprotect 2 2 rw; pgoff 4 4", "aaaar" },
		{ .rule = "G10.4 tail", NULL, "rrraa", "mprotect 1 2 rw; pgoff 1 1", "raaaa" },
		{ .rule = "G10 inside", "6.12-", "aaaaa", "mprotect 2 1 r", "aaraa" },
		{ .rule = "G10 inside of two", "6.12-", "rraaa", "mprotect 3 1 r", "rrara" },
		{ .rule = "G10.7 whole", NULL, "aarr", "mprotect 2 2 rw", "aaaa" },
		{ .rule = "G10.8 whole", NULL, "rraa", "mprotect 0 2 rw; pgoff 0 0", "aaaa" },
		{ .rule = "G10.6 whole", NULL, "aarraa", "mprotect 2 2 rw", "aaaaaa" },
		{ .rule = "V-A14", "-6.12", "aaaaWWWW", "mprotect 4 4 rw", "aaaaAAAA" },
		{ .rule = "V-A14", "6.18-", "aaaaWWWW", "mprotect 4 4 rw; active 0 1",
		  "AAAAAAAA" },
		{ .rule = "V-A15", "-6.12", "WWWWaaaa", "mprotect 0 4 rw", "AAAAaaaa" },
		{ .rule = "V-A15", "6.18-", "WWWWaaaa", "mprotect 0 4 rw", "AAAAAAAA" },
		{ .rule = "V-A16", "-6.12", "WWWWaaaa", "mprotect 2 2 rw", "WWAAaaaa" },
		{ .rule = "V-A16", "6.18-", "WWWWaaaa", "mprotect 2 2 rw; same 0 4; active 0 2",
		  "WWAAAAAA" },
		{ .rule = "V-A17", NULL, "AAAAwwww", "mprotect 4 4 rw", "AAAAAAAA" },
		{ .rule = "G15 tail of a faulted one", NULL, "xxxxAA",
		  "mprotect 2 2 rw; active 2 1", "xxAAAA" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule G19: the loop goes on behind the result. */
static void several_pieces_become_one(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G19", NULL, "arxn", "mprotect 0 4 rw", "aaaa" },
		{ .rule = "G19 next", NULL, "rrnn", "mprotect 0 4 rw", "aaaa" },
		{ .rule = "G19 from inside", NULL, "rrnna", "mprotect 1 3 rw", "raaaa" },
		{ .rule = "G18 no-op", NULL, "aa|aa", "mprotect 0 4 rw", "aa|aa" },
		{ .rule = "G18 no-op madvise", NULL, "cc|cc", "madvise 0 4 dontfork", "cc|cc" },
		{ .rule = "G18 no-op mlock", NULL, "ll|ll", "mlock 0 4", "LL|LL" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rules G1, G2 and G20. */
static void unlike_neighbours_stay_apart(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G1.2 dontfork", NULL, "cc.cc", "map 2 1 rw", "ccacc" },
		{ .rule = "G1.2 noreserve", NULL, "tt.tt", "map 2 1 rw", "ttatt" },
		{ .rule = "G1.3 two opens", NULL, "ff", "map 2 2 rw f2 2; pgoff 2 2", "ff|ff" },
		{ .rule = "G1.3 one open", NULL, "ff", "map 2 2 rw f1 2", "ffff" },
		{ .rule = "G1.3 anon and file", NULL, "aa", "map 2 2 rw zero 2", "aa|aa" },
		{ .rule = "G2 gap in the file", NULL, "ff", "map 2 2 rw f1 3; pgoff 2 3",
		  "ff|ff" },
		{ .rule = "G2 next", NULL, "..ff", "map 0 2 rw f1 0", "ffff" },
		{ .rule = "G2 next, other", NULL, "..ff", "map 0 2 rw f1 1", "ff|ff" },
		{ .rule = "G2 shared file", NULL, "dd", "maps 2 2 rw f1 2", "dddd" },
		{ .rule = "M16 shared anonymous", NULL, "",
		  "mmap 0 2 rw shared|anonymous|fixed; mmap 2 2 rw shared|anonymous|fixed",
		  "ss|ss" },
		{ .rule = "M16 pieces", NULL, "",
		  "mmap 0 4 rw shared|anonymous|fixed; mprotect 1 1 r; mprotect 1 1 rw", "ssss" },
		{ .rule = "M16 refill", NULL, "",
		  "mmap 0 3 rw shared|anonymous|fixed; munmap 1 1; "
		  "mmap 1 1 rw shared|anonymous|fixed", "s|s|s" },
		{ .rule = "G20 name", "6.1-", "aaaa",
		  "set_vma_name 0 2 x; mprotect 3 1 r; mprotect 3 1 rw; name 0 x; name 2 -",
		  "aa|aa" },
		{ .rule = "G20 names alike", "6.1-", "aaaa",
		  "set_vma_name 0 2 x; set_vma_name 2 2 x", "aaaa" },
		{ .rule = "G20 names differ", "6.1-", "aaaa",
		  "set_vma_name 0 2 x; set_vma_name 2 2 y", "aa|aa" },
		{ .rule = "G20 mmap beside a name", "6.1-", "aa", "set_vma_name 0 2 x; map 2 1 rw",
		  "aa|a" },
		{ .rule = "G20 policy", NULL, "aa",
		  "mbind 0 2 bind 1 64; map 2 1 rw; policy 0 1; policy 2 0", "aa|a" },
		{ .rule = "G20 two userfaultfds", NULL, "aa",
		  "uffdio_api 1 0; uffdio_api 2 0; uffdio_register 1 0 1 missing; "
		  "uffdio_register 2 1 1 missing; is count 2", "?|?" },
		{ .rule = "V-O5", NULL, "", "map 0 2 rw f1 0; map 2 2 rw f2 2; map 4 2 rw f1 4", "ff|ff|ff" },
		{ .rule = "G2 moved", "6.18-", "AAAA",
		  "mremap 0 4 4 maymove|fixed 100; map 104 2 rw; pgoff 100 0", "@100:AAAAaa" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rule G5. */
static void close_keeps_system_v_segments_apart(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G5 whole", NULL, "1122", "mprotect 2 2 rw", "11|11" },
		{ .rule = "G5 part", "-6.1", "1122", "mprotect 2 1 rw", "11|12" },
		{ .rule = "G5 part", "6.12-", "1122", "mprotect 2 1 rw", "1112" },
		{ .rule = "G5 tail", "-6.1", "2211", "mprotect 1 1 rw", "21|11" },
		{ .rule = "G5 tail", "6.12-", "2211", "mprotect 1 1 rw; pgoff 1 1", "2111" },
		{ .rule = "G5 moved back", "-6.1", "111",
		  "mremap 1 1 1 maymove|fixed 100; mremap 100 1 1 maymove|fixed 1", "1|1|1" },
		{ .rule = "G5 moved back", "6.12-", "111",
		  "mremap 1 1 1 maymove|fixed 100; mremap 100 1 1 maymove|fixed 1", "11|1" },
		{ .rule = "V-O1", NULL, "111111", "mprotect 2 1 r; mprotect 2 1 rw", "11|1|111" },
		{ .rule = "G6 special", NULL, "44", "mprotect 0 2 r; has 0 rd; lacks 0 ex", "??" },
	};

	(void)state;
	PICTURES(cases);
}

/* Rules G14, F8 and F9. */
static void sticky_flags_survive_a_merge(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "G14 guard", "6.18-", "aaaa",
		  "madvise 1 1 guard_install; mprotect 2 2 r; mprotect 2 2 rw", "VVVV" },
		{ .rule = "G14 new", "6.18-", "aa", "madvise 0 1 guard_install; map 2 2 rw",
		  "VVVV" },
		{ .rule = "G14 next", "6.18-", ".aa", "madvise 1 1 guard_install; map 0 1 rw",
		  "VVV" },
		{ .rule = "G14 both", "6.18-", "aa.vv", "map 2 1 rw", "vvvvv" },
		{ .rule = "G14 head", "6.18-", "aavv",
		  "soft_dirty 0; mprotect 2 1 r; mprotect 2 1 rw; has 0 gu", "vvvv" },
		{ .rule = "G14 sd", "6.18-", "aa", "soft_dirty 1; map 2 1 rw; has 0 sd", "aaa" },
		{ .rule = "G1 sd", "-6.12", "aa", "soft_dirty 1; map 2 1 rw; has 0 sd", "aaa" },
		{ .rule = "G1 guard apart", "6.1-6.12", "aa",
		  "map 2 2 r; mprotect 2 2 rw; lacks 0 gu", "aaaa" },
	};

	(void)state;
	PICTURES(cases);
}

/* What merge_why() says of two neighbours, one row a rule. */
static void the_reason_names_the_first_rule_that_fails(void **state)
{
	static const struct {
		const char *kernel, *picture, *calls;
		u64 left, right;
		enum vma_why why;
	} rows[] = {
		{ "6.18", "a|a", "", 0, 1, VMA_WHY_NONE },
		{ "6.18", "ar", "", 0, 1, VMA_WHY_MERGE_FLAGS },
		{ "6.18", "a.a", "", 0, 2, VMA_WHY_MERGE_HOLE },
		{ "6.18", "A|A", "", 0, 1, VMA_WHY_MERGE_ANON },
		{ "6.18", "a|A", "", 0, 1, VMA_WHY_NONE },
		{ "6.12", "a|A", "", 0, 1, VMA_WHY_MERGE_ANON_ONE_SIDED },
		{ "6.12", "A|a", "", 0, 1, VMA_WHY_NONE },
		{ "6.18", "a|A", "fork; child", 0, 1, VMA_WHY_MERGE_ANON_FORK },
		{ "6.18", "A|a", "fork; child", 0, 1, VMA_WHY_MERGE_ANON_FORK },
		{ "6.18", "44", "mremap 0 2 2 fixed|maymove 100; map 0 1 rw", 0, 100,
		  VMA_WHY_MERGE_SPECIAL },
		{ "6.18", "ff", "map 2 1 rw f2 2", 0, 2, VMA_WHY_MERGE_FILE },
		{ "6.18", "ff", "map 2 1 rw f1 3", 0, 2, VMA_WHY_MERGE_PGOFF },
		{ "6.18", "aa", "mbind 0 1 bind 1 64", 0, 1, VMA_WHY_MERGE_POLICY },
		{ "6.18", "aa", "set_vma_name 0 1 x", 0, 1, VMA_WHY_MERGE_NAME },
		{ "6.1", "1|1", "", 0, 1, VMA_WHY_MERGE_CLOSE },
		{ "6.18", "1|1", "", 0, 1, VMA_WHY_MERGE_CLOSE },
		{ "6.18", "i", "uffdio_api 1 0; map 1 1 rw; uffdio_register 1 1 1 missing", 0, 1,
		  VMA_WHY_MERGE_FLAGS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct picture p = { .what = rows[i].picture };
		struct vma_kernel k;
		enum vma_why why;
		bool yes;

		assert_int_equal(vma_kernel_init(&k, rows[i].kernel, NULL), 0);
		picture_begin(&p, &k, rows[i].picture);
		picture_calls(&p, rows[i].calls);
		yes = vma_mergeable(p.mm, picture_vma(&p, rows[i].left),
				    picture_vma(&p, rows[i].right), &why);
		if (why != rows[i].why)
			fail_msg("%s on %s: %s", rows[i].picture, rows[i].kernel,
				 vma_why_at(why)->id);
		assert_int_equal(yes, why == VMA_WHY_NONE);
		picture_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_joins_its_neighbours),
		cmocka_unit_test(an_anon_vma_decides_between_neighbours),
		cmocka_unit_test(changed_ranges_join_by_anon_vma),
		cmocka_unit_test(prev_and_next_both_join_or_prev_wins),
		cmocka_unit_test(a_border_moves_when_a_head_or_tail_changes),
		cmocka_unit_test(several_pieces_become_one),
		cmocka_unit_test(unlike_neighbours_stay_apart),
		cmocka_unit_test(close_keeps_system_v_segments_apart),
		cmocka_unit_test(sticky_flags_survive_a_merge),
		cmocka_unit_test(the_reason_names_the_first_rule_that_fails),
	};

	return cmocka_run_group_tests_name("engine-merge", tests, NULL, NULL);
}
