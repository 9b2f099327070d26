// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "verify/step.h"

struct text_case {
	struct step step;
	struct outcome out;
	const char *text;
};

#define OK(value) { .ret = (s64)(value) }
#define NO(e) { .ret = -1, .err = (e) }

/* The right side is what strace 6.1 prints for such a call. */
static const struct text_case cases[] = {
	{ { .op = VMA_OP_MMAP, .arg = { 0x100000000000, 8192, 3, 0x32, (u64)-1, 0 } },
	  OK(0x100000000000),
	  "mmap(0x100000000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
	  " = 0x100000000000" },
	{ { .op = VMA_OP_MMAP, .file = 2, .arg = { 0, 4096, 0, 1, 0, 0x3000 } }, NO(EACCES),
	  "mmap(NULL, 4096, PROT_NONE, MAP_SHARED, 11, 0x3000) = -1 EACCES (Permission denied)" },
	{ { .op = VMA_OP_MMAP, .file = STEP_BAD_FILE, .arg = { 0, 4096, 1, 2, 0, 0 } }, NO(EBADF),
	  "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 63, 0) = -1 EBADF (Bad file descriptor)" },
	{ { .op = VMA_OP_MUNMAP, .arg = { 0x1000, 4096 } }, OK(0), "munmap(0x1000, 4096) = 0" },
	{ { .op = VMA_OP_MPROTECT, .arg = { 0x1000, 4096, 0x1000001 } }, NO(EINVAL),
	  "mprotect(0x1000, 4096, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL (Invalid argument)" },
	{ { .op = VMA_OP_MREMAP, .arg = { 0x1000, 4096, 8192, 1, 0 } }, OK(0x5000),
	  "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = 0x5000" },
	{ { .op = VMA_OP_MREMAP, .arg = { 0x1000, 4096, 4096, 3, 0x9000 } }, OK(0x9000),
	  "mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000" },
	{ { .op = VMA_OP_MADVISE, .arg = { 0x1000, 4096, 4 } }, OK(0),
	  "madvise(0x1000, 4096, MADV_DONTNEED) = 0" },
	{ { .op = VMA_OP_MLOCKALL, .arg = { 3 } }, OK(0), "mlockall(MCL_CURRENT|MCL_FUTURE) = 0" },
	{ { .op = VMA_OP_BRK, .arg = { 0 } }, OK(0x40a000), "brk(NULL) = 0x40a000" },
	{ { .op = VMA_OP_MBIND, .arg = { 0x1000, 4096, 2, 1, 64, 2 } }, OK(0),
	  "mbind(0x1000, 4096, MPOL_BIND, [0x1], 64, MPOL_MF_MOVE) = 0" },
	{ { .op = VMA_OP_SET_VMA_NAME, .arg = { 0x1000, 4096 }, .name = "a b" }, OK(0),
	  "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 4096, \"a b\") = 0" },
	{ { .op = VMA_OP_SETRLIMIT, .arg = { 9, 4096, VMA_RLIM_INFINITY } }, OK(0),
	  "prlimit64(0, RLIMIT_AS, {rlim_cur=4096, rlim_max=RLIM64_INFINITY}, NULL) = 0" },
	{ { .op = VMA_OP_UFFD_REGISTER, .arg = { 60, 0x1000, 0x2000, 1 } }, OK(0),
	  "ioctl(60, UFFDIO_REGISTER, {range={start=0x1000, len=0x2000}, "
	  "mode=UFFDIO_REGISTER_MODE_MISSING}) = 0" },
	{ { .op = VMA_OP_TOUCH, .arg = { 0x1000, 4096, 2 } },
	  { .ret = -1, .sig = SIGSEGV, .si_code = 2 },
	  "touch(0x1000, 4096, PROT_WRITE) = -1 SIGSEGV (SEGV_ACCERR)" },
	{ { .op = VMA_OP_TOUCH, .arg = { 0x1000, 4096, 1 } },
	  { .ret = -1, .sig = SIGBUS, .si_code = 2 },
	  "touch(0x1000, 4096, PROT_READ) = -1 SIGBUS (BUS_ADRERR)" },
	{ { .op = VMA_OP_FORK }, OK(77), "fork() = 77" },
	{ { .op = VMA_OP_EXIT }, OK(0), "exit_group(0) = ?" },
};

static void every_step_reads_as_strace_prints_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b;

		strbuf_init(&b);
		vma_step_text(&b, &cases[i].step, cases[i].step.arg, &cases[i].out);
		assert_string_equal(strbuf_str(&b), cases[i].text);
		strbuf_fini(&b);
	}
}

static void bits_without_a_name_are_shown_as_a_number(void **state)
{
	const struct step step = { .op = VMA_OP_MMAP, .arg = { 0, 4096, 0x11, 0x8000002f, 0, 0 } };
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	vma_step_text(&b, &step, step.arg, NULL);
	assert_string_equal(strbuf_str(&b),
			    "mmap(NULL, 4096, PROT_READ|0x10, MAP_ANONYMOUS|0x8000000f, -1, 0)");
	strbuf_fini(&b);
}

static void every_operation_has_a_text(void **state)
{
	(void)state;
	for (int op = VMA_OP_NONE + 1; op < VMA_OP_NR; op++) {
		const struct step step = { .op = (enum vma_op_id)op };
		struct strbuf b;

		strbuf_init(&b);
		vma_step_text(&b, &step, step.arg, NULL);
		assert_non_null(strchr(strbuf_str(&b), '('));
		assert_int_equal(strbuf_str(&b)[b.len - 1], ')');
		strbuf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_reads_as_strace_prints_it),
		cmocka_unit_test(bits_without_a_name_are_shown_as_a_number),
		cmocka_unit_test(every_operation_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
