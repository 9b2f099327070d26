// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines as strace 6.1 really printed them, and lines that nobody should print. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "script/lex.h"
#include "script/words.h"

static struct words *words;
static struct line l;

static int setup(void **state)
{
	(void)state;
	words = words_new();
	return words ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	words_free(words);
	return 0;
}

static enum line_kind lex(const char *text)
{
	return line_lex(words, text, strlen(text), &l);
}

#define assert_span(s, len, text)                             \
	do {                                                  \
		assert_int_equal((len), strlen(text));        \
		assert_memory_equal((s), (text), strlen(text)); \
	} while (0)

static void assert_arg(u32 i, u64 value)
{
	assert_true(i < l.nr_args);
	assert_int_equal(l.arg[i].kind, ARG_NUMBER);
	assert_true(l.arg[i].value == value);
}

static void a_call_gives_name_arguments_and_address(void **state)
{
	(void)state;
	assert_int_equal(lex("mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"
			     " = 0x7f60f2923000"), LINE_CALL);
	assert_span(l.name, l.name_len, "mmap");
	assert_int_equal(l.nr_args, 6);
	assert_arg(0, 0);
	assert_arg(1, 8192);
	assert_arg(2, 3);
	assert_arg(3, 0x22);
	assert_arg(4, ~0ULL);
	assert_true(l.has_ret);
	assert_true(l.ret == 0x7f60f2923000);
	assert_int_equal(l.pid, 0);
}

static void every_prefix_of_strace_is_skipped(void **state)
{
	static const struct {
		const char *line;
		u32 pid;
	} rows[] = {
		{ "1234  brk(NULL) = 0x1000", 1234 },
		{ "[pid  1234] brk(NULL) = 0x1000", 1234 },
		{ "[pid 1234<a b]c>] brk(NULL) = 0x1000", 1234 },
		{ "1234<bash> brk(NULL) = 0x1000", 1234 },
		{ "8994  06:39:24.558802 brk(NULL) = 0x1000 <0.000012>", 8994 },
		{ "06:39:24 brk(NULL) = 0x1000", 0 },
		{ "1795329655.405224 (+     0.000161) brk(NULL) = 0x1000", 0 },
		{ "     0.000155 brk(NULL) = 0x1000", 0 },
		{ "06:40:55 (+     0.000155) [  11] [00007f6737198ce7] brk(NULL) = 0x1000", 0 },
		{ "06:40:55 [????????????????] brk(NULL) = 0x1000", 0 },
		{ "7 1700000000.000001 [  12] brk(NULL) = 0x1000\r", 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(lex(rows[i].line), LINE_CALL);
		assert_span(l.name, l.name_len, "brk");
		assert_int_equal(l.pid, rows[i].pid);
		assert_int_equal(l.ret, 0x1000);
	}
}

static void numbers_are_understood_in_every_form(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} rows[] = {
		{ "8192*1024", 8388608 }, { "21<<MAP_HUGE_SHIFT", 21ULL << 26 },
		{ "MAP_PRIVATE|21<<MAP_HUGE_SHIFT", 2 | 21ULL << 26 },
		{ "0x63 /* MADV_??? */", 0x63 }, { "MLOCK_ONFAULT|0x2", 3 }, { "0600", 0600 },
		{ "0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */", 0x22 },
		{ "0xf /* MAP_??? */|MAP_FIXED", 0x1f }, { "-100 /* AT_FDCWD */", (u64)-100 },
		{ "RLIM64_INFINITY", ~0ULL }, { "IPC_CREAT|0600", 01600 }, { "NULL", 0 },
		{ "AT_FDCWD</tmp/a, b>", (u64)-100 }, { "3</etc/ld.so.cache>", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text), "f(%s, 7) = 0", rows[i].text);
		assert_int_equal(lex(text), LINE_CALL);
		assert_int_equal(l.nr_args, 2);
		assert_arg(0, rows[i].value);
		assert_arg(1, 7);
	}
}

/* Names are looked up by how they begin: one that goes on is another one. */
static void only_a_whole_name_is_a_word(void **state)
{
	static const char nuls[] = "f(NULL\0\0\0\0\0, 7) = 0"; /* bytes of a line like others */
	static const struct {
		const char *text;
		u64 value;
		u8 kind;
	} rows[] = {
		{ "PROT_READ", 1, ARG_NUMBER }, { "PROT_READS", 0, ARG_OTHER },
		{ "PROT_REA", 0, ARG_OTHER }, { "PROT_READ_", 0, ARG_OTHER },
		{ "XPROT_READ", 0, ARG_OTHER }, { "PROT_WRITE|PROT_READ", 3, ARG_NUMBER },
		{ "PROT_READ|PROT_REAL", 0, ARG_OTHER }, { "PROT_READ|", 0, ARG_OTHER },
		{ "NULL", 0, ARG_NUMBER }, { "NULLS", 0, ARG_OTHER }, { "NUL", 0, ARG_OTHER },
		{ "-NULL", 0, ARG_NUMBER }, { "-PROT_READ", ~0ULL, ARG_NUMBER },
		{ "O_RDWR", 2, ARG_NUMBER }, { "O_RDWR|O_RDWX", 0, ARG_OTHER },
		{ "MAP_FIXED", 0x10, ARG_NUMBER }, { "MAP_FIXED_", 0, ARG_OTHER },
		{ "MAP_FIXED_NOREPLACE", 0x100000, ARG_NUMBER },
		{ "MAP_FIXED_NOREPLACED", 0, ARG_OTHER }, { "MAP_FIXEDXNOREPLACE", 0, ARG_OTHER },
		{ "mmap", 0, ARG_OTHER }, { "12a", 0, ARG_OTHER }, { "0x", 0, ARG_OTHER },
		{ "08", 0, ARG_OTHER }, { "0XfF", 255, ARG_NUMBER }, { "1 ", 1, ARG_NUMBER },
		{ "0x123456789ABCdef0", 0x123456789abcdef0, ARG_NUMBER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text), "f(%s, 7) = 0", rows[i].text);
		assert_int_equal(lex(text), LINE_CALL);
		assert_int_equal(l.nr_args, 2);
		assert_int_equal(l.arg[0].kind, rows[i].kind);
		assert_span(l.arg[0].s, l.arg[0].len, rows[i].text);
		if (rows[i].kind == ARG_NUMBER)
			assert_true(l.arg[0].value == rows[i].value);
		assert_arg(1, 7);
	}
	assert_int_equal(line_lex(words, nuls, sizeof(nuls) - 1, &l), LINE_CALL);
	assert_int_equal(l.arg[0].kind, ARG_OTHER);
}

static void errors_carry_their_number(void **state)
{
	(void)state;
	lex("munmap(0x1000, 0) = -1 EINVAL (Invalid argument)");
	assert_int_equal(l.err, EINVAL);
	assert_span(l.note, l.note_len, "Invalid argument");
	lex("munmap(0x1000, 0)               = -1 (errno 12)");
	assert_int_equal(l.err, ENOMEM);
	lex("touch(0x1000, 4096, PROT_WRITE) = -1 SIGSEGV (SEGV_ACCERR)");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.sig, SIGSEGV);
	lex("personality(PER_LINUX) = 0x400000 (PER_LINUX|READ_IMPLIES_EXEC)");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.ret, 0x400000);
}

static void a_call_without_an_answer_has_none(void **state)
{
	(void)state;
	assert_int_equal(lex("exit_group(0)                     = ?"), LINE_CALL);
	assert_false(l.has_ret);
	assert_int_equal(lex("read(0, 0x1, 2) = ? ERESTARTSYS (To be restarted)"), LINE_CALL);
	assert_false(l.has_ret);
	assert_int_equal(lex("munmap(0x1000, 4096)"), LINE_CALL);
	assert_false(l.has_ret);
}

static void brackets_and_quotes_do_not_divide_arguments(void **state)
{
	(void)state;
	assert_int_equal(lex("f(\"a, (\\\"b\\\\\", {x={y=1, z=\")\"}, w=[2, 3]}, ~[INT, 4], [5] => [6], "
			     "/* 7, 8 */ 9) = 0"), LINE_CALL);
	assert_int_equal(l.nr_args, 5);
	assert_int_equal(l.arg[0].kind, ARG_STRING);
	assert_int_equal(l.arg[1].kind, ARG_STRUCT);
	assert_int_equal(l.arg[2].kind, ARG_OTHER);
	assert_int_equal(l.arg[3].kind, ARG_ARRAY);
	assert_arg(4, 9);
}

static void fields_of_structures_are_found(void **state)
{
	u64 v = 0;
	const char *p;

	(void)state;
	lex("ioctl(3, UFFDIO_REGISTER, {range={start=0x7f00, len=0x2000}, mode=0x1, s=\"len=9\"}) = 0");
	p = lex_field(&l.arg[2], "len");
	assert_non_null(p);
	assert_non_null(lex_value(words, p, l.arg[2].s + l.arg[2].len, &v));
	assert_int_equal(v, 0x2000);
	assert_null(lex_field(&l.arg[2], "le"));
	assert_null(lex_field(&l.arg[0], "len"));
}

static void strings_lose_their_escapes_and_say_when_they_are_short(void **state)
{
	char out[16];

	(void)state;
	lex("f(\"a\\tb\\\"\\\\\\0017\\x41\", \"abc\"..., 3) = 0");
	assert_true(lex_string(&l.arg[0], out, sizeof(out)));
	assert_string_equal(out, "a\tb\"\\\0017A");
	assert_false(lex_string(&l.arg[1], out, sizeof(out)));
	assert_string_equal(out, "abc");
	assert_false(lex_string(&l.arg[2], out, sizeof(out)));
	/* longer than the room: cut, and said */
	lex("f(\"0123456789abcdefghij\") = 0");
	assert_false(lex_string(&l.arg[0], out, sizeof(out)));
	assert_string_equal(out, "0123456789abcde");
}

static void descriptors_of_y_keep_their_paths(void **state)
{
	(void)state;
	lex("openat(AT_FDCWD</tmp>, \"x\", O_RDONLY|O_CLOEXEC) = 3</etc/ld.so.cache> <0.000015>");
	assert_true(l.has_ret);
	assert_int_equal(l.ret, 3);
	assert_span(l.path, l.path_len, "/etc/ld.so.cache");
	assert_span(l.arg[0].path, l.arg[0].path_len, "/tmp");
}

/* The length of such a path was 4 GiB. */
static void a_path_that_is_cut_off_ends_with_its_line(void **state)
{
	(void)state;
	lex("openat(AT_FDCWD, \"x\", O_RDONLY) = 3<");
	assert_int_equal(l.ret, 3);
	assert_int_equal(l.path_len, 0);
	lex("openat(AT_FDCWD, \"x\", O_RDONLY) = 3</etc");
	assert_span(l.path, l.path_len, "/etc");
	lex("close(3<");
	assert_int_equal(l.arg[0].path_len, 0);
}

static void halves_of_a_call_are_recognised(void **state)
{
	(void)state;
	assert_int_equal(lex("9041  munmap(0x7f00, 4096 <unfinished ...>"), LINE_UNFINISHED);
	assert_int_equal(l.pid, 9041);
	assert_int_equal(l.nr_args, 2);
	assert_arg(1, 4096);
	assert_int_equal(lex("9041  <... munmap resumed>)             = 0"), LINE_RESUMED);
	assert_span(l.name, l.name_len, "munmap");
	assert_true(l.cut[0] == ')');
	assert_int_equal(lex("9040  vfork( <unfinished ...>"), LINE_UNFINISHED);
	assert_int_equal(lex("clone(flags=SIGCHLDstrace: Process 123 attached"), LINE_UNFINISHED);
	assert_int_equal(l.value, 123);
	assert_int_equal(lex(", child_tidptr=0x7f00) = 123"), LINE_RESUMED);
	assert_int_equal(l.name_len, 0);
	assert_int_equal(lex("clone3({flags=CLONE_VM}strace: Process 124 attached"), LINE_UNFINISHED);
	assert_int_equal(lex(" => {parent_tid=[124]}, 88) = 124"), LINE_RESUMED);
}

static void clone_names_its_arguments(void **state)
{
	(void)state;
	lex("clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f00) = 9045");
	assert_int_equal(l.nr_args, 3);
	assert_span(l.arg[1].name, l.arg[1].name_len, "flags");
	assert_arg(1, 0x01000011);
}

static void other_lines_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		enum line_kind kind;
	} rows[] = {
		{ "", LINE_BLANK }, { "# a comment", LINE_BLANK }, { "   ", LINE_BLANK },
		{ "@full pid=1", LINE_RECORD }, { "+1000-2000 rw-p", LINE_RECORD },
		{ "-1000-2000", LINE_RECORD },
		{ "--- SIGSEGV {si_signo=SIGSEGV, si_addr=NULL} ---", LINE_SIGNAL },
		{ "9040  --- stopped by SIGSTOP ---", LINE_SIGNAL },
		{ "+++ exited with 0 +++", LINE_EXITED }, { "12 +++ exited with 3 +++", LINE_EXITED },
		{ "+++ killed by SIGSEGV (core dumped) +++", LINE_KILLED },
		{ "5 +++ superseded by execve in pid 77 +++", LINE_SUPERSEDED },
		{ " > /lib/libc.so.6(mmap64+0x13) [0x101a13]", LINE_STACK },
		{ "strace: Process 8995 attached", LINE_NOTE },
		{ "% time     seconds  usecs/call     calls    errors syscall", LINE_NOTE },
		{ "100.00    0.000025           8         3           brk", LINE_NOTE },
		{ "------ ----------- ----------- --------- --------- ----------------", LINE_NOTE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(lex(rows[i].line), rows[i].kind);
}

static void what_is_not_understood_has_a_column_and_a_reason(void **state)
{
	static const struct {
		const char *line;
		u32 column;
	} rows[] = {
		{ "hello world", 6 }, { "!", 1 }, { "mmap(1, 2", 10 }, { "mmap(\"abc", 10 },
		{ "mmap(1) 7", 9 }, { "mmap(1) = banana", 11 }, { "12 +++ vanished +++", 4 },
		{ "<... resumed", 13 }, { "[pid 0x] brk(NULL) = 0", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(lex(rows[i].line), LINE_BAD);
		assert_int_equal(l.column, rows[i].column);
		assert_non_null(l.what);
	}
}

static void more_arguments_than_there_is_room_for_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(lex("f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14) = 5"), LINE_CALL);
	assert_int_equal(l.nr_args, LINE_ARGS);
	assert_int_equal(l.ret, 5);
}

/* Every prefix of a line is a line that a broken log may end with. */
static void a_line_may_be_cut_anywhere(void **state)
{
	static const char whole[] =
		"[pid 12] 06:39:24.5 clone3({flags=CLONE_VM|0x10 /* x */, a=\"\\x1\"..., b=[1, 2]} => "
		"{c=[3]}, 88, 3</p>) = -1 ENOMEM (Cannot allocate memory) <0.000012>";

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		char *copy = test_malloc(n ? n : 1); /* so that a sanitizer sees the end */

		memcpy(copy, whole, n);
		line_lex(words, copy, n, &l);
		assert_true(l.kind <= LINE_BAD);
		test_free(copy);
	}
	assert_int_equal(l.err, ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_gives_name_arguments_and_address),
		cmocka_unit_test(every_prefix_of_strace_is_skipped),
		cmocka_unit_test(numbers_are_understood_in_every_form),
		cmocka_unit_test(only_a_whole_name_is_a_word),
		cmocka_unit_test(errors_carry_their_number),
		cmocka_unit_test(a_call_without_an_answer_has_none),
		cmocka_unit_test(brackets_and_quotes_do_not_divide_arguments),
		cmocka_unit_test(fields_of_structures_are_found),
		cmocka_unit_test(strings_lose_their_escapes_and_say_when_they_are_short),
		cmocka_unit_test(descriptors_of_y_keep_their_paths),
		cmocka_unit_test(a_path_that_is_cut_off_ends_with_its_line),
		cmocka_unit_test(halves_of_a_call_are_recognised),
		cmocka_unit_test(clone_names_its_arguments),
		cmocka_unit_test(other_lines_are_told_apart),
		cmocka_unit_test(what_is_not_understood_has_a_column_and_a_reason),
		cmocka_unit_test(more_arguments_than_there_is_room_for_are_skipped),
		cmocka_unit_test(a_line_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
