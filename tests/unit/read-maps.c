// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/maps: rules T1 and T5, and what hostile names and broken files do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/strbuf.h"
#include "libvmactl/read.h"

#define LINE "7f0000000000-7f0000003000 rw-p 00001000 fe:0a 10987797                   "

/* Keeps the last record and counts them. */
struct seen {
	struct vma_fact_map last;
	char path[8192];
	size_t nr;
	int stop_after, answer;
};

static int see(void *ctx, const struct vma_fact_map *m)
{
	struct seen *s = ctx;

	s->last = *m;
	s->nr++;
	snprintf(s->path, sizeof(s->path), "%s", m->path);
	return (int)s->nr == s->stop_after ? s->answer : 0;
}

static int parse(const char *text, struct seen *s, struct vma_err *err)
{
	memset(s, 0, sizeof(*s));
	return vma_maps_parse(text, strlen(text), see, s, err);
}

static void every_field_of_a_line_is_read(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(LINE "/usr/lib/libc.so.6\n", &s, NULL), 0);
	assert_int_equal(s.nr, 1);
	assert_int_equal(s.last.start, 0x7f0000000000);
	assert_int_equal(s.last.end, 0x7f0000003000);
	assert_string_equal(s.last.perms, "rw-p");
	assert_int_equal(s.last.offset, 0x1000);
	assert_int_equal(s.last.dev_major, 0xfe);
	assert_int_equal(s.last.dev_minor, 0x0a);
	assert_int_equal(s.last.inode, 10987797);
	assert_string_equal(s.path, "/usr/lib/libc.so.6");
	assert_false(s.last.gate);
	assert_false(s.last.has_flags);
}

static void a_line_without_a_name_may_end_in_a_blank_or_not(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse("00400000-00401000 ---p 00000000 00:00 0 \n", &s, NULL), 0);
	assert_string_equal(s.path, "");
	assert_int_equal(parse("00400000-00401000 ---p 00000000 00:00 0\n", &s, NULL), 0);
	assert_string_equal(s.path, "");
}

static void names_come_back_as_the_kernel_meant_them(void **state)
{
	static const char *const names[][2] = {
		{ "/tmp/a b  c", "/tmp/a b  c" },
		{ "/tmp/gone (deleted)", "/tmp/gone (deleted)" },
		{ "/tmp/two\\012lines", "/tmp/two\nlines" },
		{ "/tmp/\\012\\012", "/tmp/\n\n" },
		{ "/tmp/back\\slash\\011", "/tmp/back\\slash\\011" },
		{ "/tmp/\033[31mred\001", "/tmp/\033[31mred\001" },
		{ "/tmp/\xff\xfe", "/tmp/\xff\xfe" },
		{ "[anon:libc_malloc]", "[anon:libc_malloc]" },
		{ "(unreachable)/x", "(unreachable)/x" },
		{ "anon_inode:[io_uring]", "anon_inode:[io_uring]" },
		{ "/7f00-7f01 rw-p 00000000 00:00 0", "/7f00-7f01 rw-p 00000000 00:00 0" },
	};
	char line[512];
	struct seen s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), LINE "%s\n", names[i][0]);
		assert_int_equal(parse(line, &s, NULL), 0);
		assert_string_equal(s.path, names[i][1]);
	}
}

static void the_vsyscall_page_is_no_vma(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          "
			       "        [vsyscall]\n", &s, NULL), 0);
	assert_true(s.last.gate);
	assert_int_equal(parse(LINE "/tmp/[vsyscall]\n", &s, NULL), 0);
	assert_false(s.last.gate);
}

/* The window is 64 KiB; a name is up to 4 KiB in Linux, escaped four times that. */
static void a_line_may_be_longer_than_the_window(void **state)
{
	const size_t sizes[] = { 4095, 16000, 65536, 300000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct strbuf b = { 0 };
		struct seen s;

		strbuf_adds(&b, LINE "/");
		for (size_t n = 0; n < sizes[i]; n++)
			strbuf_addc(&b, 'x');
		strbuf_adds(&b, "\n" LINE "/end\n");
		assert_int_equal(parse(strbuf_str(&b), &s, NULL), 0);
		assert_int_equal(s.nr, 2);
		assert_string_equal(s.path, "/end");
		strbuf_fini(&b);
	}
}

/* One line more moves every border between two windows. */
static int check_order(void *ctx, const struct vma_fact_map *m)
{
	u64 *nr = ctx;
	char path[64];

	assert_int_equal(m->start, 0x10000 + *nr * 0x2000);
	assert_int_equal(m->end, m->start + 0x1000);
	snprintf(path, sizeof(path), "/file-%u", (unsigned int)*nr);
	assert_string_equal(m->path, path);
	++*nr;
	return 0;
}

static void no_line_is_lost_between_two_windows(void **state)
{
	struct strbuf b = { 0 };
	u64 nr = 0;

	(void)state;
	for (unsigned int i = 0; i < 5000; i++)
		strbuf_addf(&b, "%08x-%08x r--p 00000000 08:01 %u      /file-%u\n",
			    0x10000 + i * 0x2000, 0x11000 + i * 0x2000, i, i);
	assert_int_equal(vma_maps_parse(strbuf_str(&b), b.len, check_order, &nr, NULL), 0);
	assert_int_equal(nr, 5000);
	strbuf_fini(&b);
}

static void an_address_is_read_whatever_the_line_before_ended_with(void **state)
{
	static const struct {
		const char *before, *start;
		u64 value;
	} cases[] = {
		{ "7f0000003000", "7f0000003000", 0x7f0000003000 },
		{ "7f0000003000", "7f0000004000", 0x7f0000004000 },
		{ "7f0000003000", "7f00000030000000", 0x7f00000030000000 },
		{ "7f0000003000", "007f0000003000", 0x7f0000003000 },
		{ "00403000", "00403000", 0x403000 },
		{ "00403000", "00404000", 0x404000 },
		{ "403000", "403000", 0x403000 },
		{ "0000000000403000", "0000000000403000", 0x403000 },
		{ "00000000000403000", "00000000000403000", 0x403000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct seen s;

		snprintf(text, sizeof(text), "1000-%s rw-p 00000000 00:00 0 \n"
					     "%s-fffffffffffff000 rw-p 00000000 00:00 0 \n",
			 cases[i].before, cases[i].start);
		assert_int_equal(parse(text, &s, NULL), 0);
		assert_int_equal(s.nr, 2);
		assert_int_equal(s.last.start, cases[i].value);
		assert_int_equal(s.last.end, 0xfffffffffffff000);
	}
}

static void what_a_line_lacks_is_not_the_line_before(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(LINE "/a\n7f0000003000-7f0000004000 ---s 00000000 00:00 0 \n", &s,
			       NULL), 0);
	assert_string_equal(s.last.perms, "---s");
	assert_string_equal(s.path, "");
	assert_int_equal(s.last.offset | s.last.inode | s.last.dev_major | s.last.dev_minor, 0);
}

static void a_broken_line_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} broken[] = {
		{ "x\n", "maps: line 1, column 1: not an address range" },
		{ "1000 2000\n", "maps: line 1, column 5: not an address range" },
		{ "2000-1000 r--p 0 00:00 0\n", "maps: line 1, column 10: not a range of pages" },
		{ "1001-2000 r--p 0 00:00 0\n", "maps: line 1, column 10: not a range of pages" },
		{ "1000-2000 rwz- 0 00:00 0\n", "maps: line 1, column 13: not permissions" },
		{ "1000-2000 rwx? 0 00:00 0\n", "maps: line 1, column 14: not permissions" },
		{ "1000-2000 r--p g 00:00 0\n", "maps: line 1, column 16: not an offset" },
		{ "1000-2000 r--p 0 0000 0\n", "maps: line 1, column 22: not a device" },
		{ "1000-2000 r--p 0 00:00 z\n", "maps: line 1, column 24: not an inode" },
		{ "1000-2000 r--p 0 00:00 0x\n", "maps: line 1, column 25: not an inode" },
		{ "1000-2000 r--p 0 00:00 99999999999999999999\n",
		  "maps: line 1, column 24: not an inode" },
		{ "11111111111111111-2000 r--p 0 00:00 0\n",
		  "maps: line 1, column 1: not an address range" },
		{ "\n", "maps: line 1, column 1: not an address range" },
		{ LINE "/a\n\nx\n", "maps: line 2, column 1: not an address range" },
		{ LINE "/a\n" LINE "/b", "maps: line 2 is cut off" },
		{ "1000-20", "maps: line 1 is cut off" },
	};
	struct vma_err err;
	struct seen s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		assert_int_equal(parse(broken[i].text, &s, &err), -EBADMSG);
		assert_string_equal(err.msg, broken[i].message);
		assert_int_equal(err.code, EBADMSG);
	}
}

static void a_nul_in_a_name_is_refused(void **state)
{
	static const char text[] = LINE "/a\0b\n";
	struct seen s = { .nr = 0 };

	(void)state;
	assert_int_equal(vma_maps_parse(text, sizeof(text) - 1, see, &s, NULL), -EBADMSG);
	assert_int_equal(s.nr, 0);
}

static void an_empty_text_has_no_records(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse("", &s, NULL), 0);
	assert_int_equal(s.nr, 0);
}

static void the_caller_may_stop_early_or_fail(void **state)
{
	struct seen s = { .stop_after = 1, .answer = 1 };

	(void)state;
	assert_int_equal(vma_maps_parse(LINE "/a\n" LINE "/b\n", strlen(LINE) * 2 + 6, see, &s, NULL),
			 0);
	assert_int_equal(s.nr, 1);
	s = (struct seen){ .stop_after = 1, .answer = -EIO };
	assert_int_equal(vma_maps_parse(LINE "/a\n", strlen(LINE) + 3, see, &s, NULL), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_line_is_read),
		cmocka_unit_test(a_line_without_a_name_may_end_in_a_blank_or_not),
		cmocka_unit_test(names_come_back_as_the_kernel_meant_them),
		cmocka_unit_test(the_vsyscall_page_is_no_vma),
		cmocka_unit_test(a_line_may_be_longer_than_the_window),
		cmocka_unit_test(no_line_is_lost_between_two_windows),
		cmocka_unit_test(an_address_is_read_whatever_the_line_before_ended_with),
		cmocka_unit_test(what_a_line_lacks_is_not_the_line_before),
		cmocka_unit_test(a_broken_line_is_named_with_its_place),
		cmocka_unit_test(a_nul_in_a_name_is_refused),
		cmocka_unit_test(an_empty_text_has_no_records),
		cmocka_unit_test(the_caller_may_stop_early_or_fail),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
