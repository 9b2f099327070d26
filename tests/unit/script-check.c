// SPDX-License-Identifier: GPL-2.0-or-later
/* State records against the model: each class notices its own difference and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "libvmactl/script.h"

#define HEAD "@state pid=7 map_count=1 VmSize=8 VmLck=0 VmPin=0 VmData=8 VmStk=0 VmExe=0 VmLib=0\n"
#define CALL "mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, " \
	     "-1, 0) = 0x10000000\n"
#define START "@full pid=7 map_count=0 VmSize=0 VmLck=0 VmData=0 VmStk=0 VmExe=0 VmLib=0\n"
#define RIGHT "+10000000-10002000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=0 pgoff=10000\n"

static char messages[4000];

static void diverge(void *ctx, const struct vma_divergence *d)
{
	size_t len = strlen(messages);

	(void)ctx;
	snprintf(messages + len, sizeof(messages) - len, "%llu %s: %s\n", (unsigned long long)d->n,
		 vma_check_name(d->cls), d->message);
}

/* Replays, and says which classes that count disagree, as a bit set. */
static u32 check(const char *log)
{
	struct vma_replay_opts opts = { .check = true, .diverge = diverge };
	const struct vma_replay_summary *sum;
	struct vma_replay *r;
	u32 differ = 0;

	messages[0] = '\0';
	assert_int_equal(vma_replay_new(&opts, NULL, "6.12", &r, NULL), 0);
	vma_world_system(vma_replay_world(r))->soft_dirty = false;
	assert_int_equal(vma_replay_feed(r, log, strlen(log), NULL), 0);
	assert_int_equal(vma_replay_finish(r, NULL), 0);
	sum = vma_replay_summary(r);
	assert_int_equal(sum->complaints, 0);
	for (unsigned int c = 0; c < VMA_CHECK_NR; c++)
		if (sum->check[c].agree != sum->check[c].of)
			differ |= 1U << c;
	assert_int_equal(sum->states_agree == sum->states,
			 !(differ & ~(1U << VMA_CHECK_PGOFF_ANON | 1U << VMA_CHECK_CHAIN)));
	vma_replay_free(r);
	return differ;
}

static void the_right_state_agrees_in_everything(void **state)
{
	(void)state;
	assert_int_equal(check(START CALL HEAD RIGHT), 0);
	assert_string_equal(messages, "");
}

static void each_class_sees_its_own_difference(void **state)
{
	static const struct {
		const char *log;
		u32 differ;
	} rows[] = {
		{ START CALL HEAD "+10000000-10002000 r--p 0 00:00 0 rd,wr,mr,mw,me,ac anon=0 "
		  "pgoff=10000\n", 1 << VMA_CHECK_PERMS },
		{ START CALL HEAD "+10000000-10002000 rw-p 0 00:00 0 rd,wr,mr,mw,me,nr anon=0 "
		  "pgoff=10000\n", 1 << VMA_CHECK_FLAGS },
		{ START CALL HEAD "+10000000-10002000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=0 "
		  "pgoff=10001\n", 1 << VMA_CHECK_PGOFF_ANON },
		{ START CALL HEAD "+10000000-10002000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=4 "
		  "pgoff=10000 av=1 root=1 parent=1 chain=1\n",
		  1 << VMA_CHECK_ANON_PRESENCE | 1 << VMA_CHECK_CHAIN },
		{ START CALL HEAD "+10000000-10002000 rw-p 0 08:01 12 rd,wr,mr,mw,me,ac anon=0 "
		  "pgoff=0 /x\n", 1 << VMA_CHECK_IDENT | 1 << VMA_CHECK_PGOFF },
		{ START CALL "@state pid=7 map_count=1 VmSize=8 VmLck=4 VmData=8 VmStk=0 VmExe=0\n" RIGHT,
		  1 << VMA_CHECK_COUNTERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(check(rows[i].log), rows[i].differ);
}

static void a_different_border_is_told_with_both_sides(void **state)
{
	(void)state;
	assert_true(check(START CALL HEAD "+10000000-10001000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=0 "
			  "pgoff=10000\n") & 1 << VMA_CHECK_RANGES);
	assert_non_null(strstr(messages, "1 ranges: kernel has 10000000-10001000, simulator "
			       "10000000-10002000\n"));
}

static void a_wrong_result_is_told_with_both_sides(void **state)
{
	(void)state;
	assert_int_equal(check(START "munmap(0x1000, 0) = 0\n"
			       "@same\n"), 1 << VMA_CHECK_RESULT);
	assert_non_null(strstr(messages, "1 result: kernel 0, simulator -1 EINVAL"));
}

/* Two mappings that the kernel gave one anon_vma, and the model two. */
static void partitions_are_compared_up_to_a_renaming(void **state)
{
	static const char log[] =
		START
		"mmap(0x10000000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
		" = 0x10000000\n"
		"mmap(0x20000000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
		" = 0x20000000\n"
		"touch(0x10000000, 4096, PROT_WRITE) = 0\n"
		"touch(0x20000000, 4096, PROT_WRITE) = 0\n"
		"@full pid=7 map_count=2 VmSize=8 VmLck=0 VmData=8 VmStk=0 VmExe=0 VmLib=0\n"
		"+10000000-10001000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=4 pgoff=10000 av=%d root=%d "
		"parent=%d chain=%d\n"
		"+20000000-20001000 rw-p 0 00:00 0 rd,wr,mr,mw,me,ac anon=4 pgoff=20000 av=9 root=9 "
		"parent=9 chain=9\n";
	char text[sizeof(log) + 64];

	(void)state;
	snprintf(text, sizeof(text), log, 4, 4, 4, 4);
	assert_int_equal(check(text), 0);
	snprintf(text, sizeof(text), log, 9, 9, 9, 9);
	assert_int_equal(check(text), 1 << VMA_CHECK_ANON_PARTITION | 1 << VMA_CHECK_CHAIN);
}

static void what_left_the_records_leaves_the_comparison(void **state)
{
	(void)state;
	assert_int_equal(check(START CALL HEAD RIGHT
			       "munmap(0x10000000, 8192) = 0\n"
			       "@state pid=7 map_count=0 VmSize=0 VmLck=0 VmData=0 VmStk=0 VmExe=0\n"
			       "-10000000-10002000\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_state_agrees_in_everything),
		cmocka_unit_test(each_class_sees_its_own_difference),
		cmocka_unit_test(a_different_border_is_told_with_both_sides),
		cmocka_unit_test(a_wrong_result_is_told_with_both_sides),
		cmocka_unit_test(partitions_are_compared_up_to_a_renaming),
		cmocka_unit_test(what_left_the_records_leaves_the_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
