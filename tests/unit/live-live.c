// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/live.h"

#define AT 0x100000000000ULL
#define PAGES(n) ((n)*4096ULL)

static struct vma_live_files files;
static struct vma_live *troupe;
static struct vma_err err;

static int start(void **state)
{
	const struct vma_live_opts opts = { .randomize = false };

	(void)state;
	if (vma_live_start(&files, &opts, &troupe, &err)) {
		print_message("# %s\n", err.msg);
		return -1;
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vma_live_free(troupe);
	troupe = NULL;
	/* Every puppet was our child, and is reaped. */
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

static struct vma_live_reply call(unsigned int who, u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	const u64 arg[6] = { a, b, c, d, e, f };
	struct vma_live_reply r;

	if (vma_live_call(troupe, who, nr, arg, &r, &err))
		fail_msg("%s", err.msg);
	return r;
}

static struct vma_live_reply touch(unsigned int who, u64 addr, u64 len, bool write)
{
	struct vma_live_reply r;

	if (vma_live_touch(troupe, who, addr, len, write ? PROT_WRITE : PROT_READ, &r, &err))
		fail_msg("%s", err.msg);
	return r;
}

static s64 map(unsigned int who, u64 addr, u64 len, int prot)
{
	return call(who, SYS_mmap, addr, len, (u64)prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    (u64)-1, 0).ret;
}

static void a_call_gives_the_kernels_raw_answer(void **state)
{
	(void)state;
	assert_int_equal(map(0, AT, PAGES(2), PROT_READ), AT);
	assert_int_equal(call(0, SYS_mprotect, AT + 1, 1, 0, 0, 0, 0).ret, -EINVAL);
	assert_int_equal(call(0, SYS_mprotect, AT, PAGES(4), 0, 0, 0, 0).ret, -ENOMEM);
}

static void a_touch_stops_at_the_first_page_that_faults(void **state)
{
	struct vma_live_reply r;

	(void)state;
	map(0, AT, PAGES(3), PROT_READ | PROT_WRITE);
	map(0, AT + PAGES(3), PAGES(1), PROT_READ);
	r = touch(0, AT + 100, PAGES(5), true);
	assert_int_equal(r.ret, -1);
	assert_int_equal(r.sig, SIGSEGV);
	assert_int_equal(r.si_code, SEGV_ACCERR);
	assert_int_equal(r.at, AT + PAGES(3));
	assert_int_equal(r.pages, 3);
	r = touch(0, AT, PAGES(5), false);
	assert_int_equal(r.si_code, SEGV_MAPERR);
	assert_int_equal(r.at, AT + PAGES(4));
	assert_int_equal(r.pages, 4);
	assert_int_equal(touch(0, AT, PAGES(4), false).ret, 0);
}

static void a_page_past_the_end_of_a_file_is_a_sigbus(void **state)
{
	struct vma_live_reply r;
	const u64 pages = files.file[0].init.size / 4096;

	(void)state;
	assert_int_equal(call(0, SYS_mmap, AT, PAGES(pages + 1), PROT_READ, MAP_SHARED | MAP_FIXED,
			      VMA_LIVE_FILE_FD, 0).ret, AT);
	r = touch(0, AT, PAGES(pages + 1), false);
	assert_int_equal(r.sig, SIGBUS);
	assert_int_equal(r.pages, pages);
}

static void its_own_stack_may_be_taken_away(void **state)
{
	char path[40], line[256];
	unsigned long long from = 0, to = 0;
	FILE *maps;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)vma_live_pid(troupe, 0));
	maps = fopen(path, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			assert_int_equal(sscanf(line, "%llx-%llx", &from, &to), 2);
	fclose(maps);
	assert_true(to > from);
	assert_false(vma_live_is_ours(troupe, from, to));
	assert_int_equal(call(0, SYS_munmap, from, to - from, 0, 0, 0, 0).ret, 0);
	assert_int_equal(touch(0, from, 1, false).sig, SIGSEGV);
	assert_int_equal(map(0, AT, PAGES(1), PROT_READ), AT);
}

static void a_forked_puppet_lives_on_its_own(void **state)
{
	struct vma_live_reply r;

	(void)state;
	map(0, AT, PAGES(2), PROT_READ | PROT_WRITE);
	assert_int_equal(vma_live_fork(troupe, 0, 1, &r, &err), 0);
	assert_int_equal(r.ret, vma_live_pid(troupe, 1));
	assert_int_equal(call(1, SYS_munmap, AT, PAGES(1), 0, 0, 0, 0).ret, 0);
	assert_int_equal(touch(1, AT, 1, true).sig, SIGSEGV);
	assert_int_equal(touch(0, AT, 1, true).ret, 0);
	assert_int_equal(vma_live_exit(troupe, 0, &err), 0);
	assert_int_equal(vma_live_pid(troupe, 0), 0);
	assert_int_equal(touch(1, AT + PAGES(1), 1, true).ret, 0);
}

static void nothing_but_memory_calls_is_left_to_it(void **state)
{
	(void)state;
	strcpy(vma_live_data(troupe, 0, NULL), "/etc/passwd");
	assert_int_equal(call(0, SYS_open, vma_live_data_addr(0), 0, 0, 0, 0, 0).ret, -ENOSYS);
	assert_int_equal(call(0, SYS_socket, 1, 1, 0, 0, 0, 0).ret, -ENOSYS);
	assert_int_equal(call(0, SYS_kill, (u64)getpid(), SIGKILL, 0, 0, 0, 0).ret, -ENOSYS);
}

static void a_puppet_that_dies_is_reported(void **state)
{
	const u64 own_text[6] = { 0x400000, PAGES(1) };
	struct vma_live_reply r;

	(void)state;
	assert_true(vma_live_is_ours(troupe, own_text[0], own_text[0] + own_text[1]));
	assert_int_equal(vma_live_call(troupe, 0, SYS_munmap, own_text, &r, &err), -EIO);
	assert_non_null(strstr(err.msg, "killed by signal 11"));
}

static void the_files_have_no_name(void **state)
{
	char link[40], path[512];
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < files.nr; i++) {
		if (files.file[i].init.kind != VMA_KIND_REGULAR || files.file[i].init.no_mmap)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", files.file[i].fd);
		n = readlink(link, path, sizeof(path) - 1);
		assert_true(n > 10);
		path[n] = '\0';
		assert_non_null(strstr(path, " (deleted)"));
	}
}

/* Zeros and ones are no code, yet they are fetched: that is all that is asked. */
static void what_may_be_executed_is_found_out(void **state)
{
	struct vma_live_reply r;

	(void)state;
	map(0, AT, PAGES(1), PROT_READ | PROT_WRITE);
	map(0, AT + PAGES(1), PAGES(1), PROT_READ | PROT_WRITE | PROT_EXEC);
	assert_int_equal(touch(0, AT + PAGES(1), 1, true).ret, 0);
	if (vma_live_touch(troupe, 0, AT + PAGES(1), 1, PROT_EXEC, &r, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(r.ret, 0);
	if (vma_live_touch(troupe, 0, AT, 1, PROT_EXEC, &r, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(r.sig, SIGSEGV);
	assert_int_equal(r.si_code, SEGV_ACCERR);
	assert_int_equal(r.at, AT);
	if (vma_live_touch(troupe, 0, AT + PAGES(7), 1, PROT_EXEC, &r, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(r.si_code, SEGV_MAPERR);
}

/* Neighbours differ, so none of them merge: half of the pages may be read. */
static void filling_makes_a_mapping_a_page(void **state)
{
	(void)state;
	if (vma_live_fill(troupe, 0, AT, 6, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(touch(0, AT, 1, false).sig, SIGSEGV);
	assert_int_equal(touch(0, AT + PAGES(1), 1, false).sig, 0);
	assert_int_equal(touch(0, AT + PAGES(4), 1, false).sig, SIGSEGV);
	assert_int_equal(touch(0, AT + PAGES(5), 1, false).sig, 0);
	assert_int_equal(vma_live_fill(troupe, 0, AT, 6, &err), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_gives_the_kernels_raw_answer, start, stop),
		cmocka_unit_test_setup_teardown(a_touch_stops_at_the_first_page_that_faults, start, stop),
		cmocka_unit_test_setup_teardown(a_page_past_the_end_of_a_file_is_a_sigbus, start, stop),
		cmocka_unit_test_setup_teardown(what_may_be_executed_is_found_out, start, stop),
		cmocka_unit_test_setup_teardown(filling_makes_a_mapping_a_page, start, stop),
		cmocka_unit_test_setup_teardown(its_own_stack_may_be_taken_away, start, stop),
		cmocka_unit_test_setup_teardown(a_forked_puppet_lives_on_its_own, start, stop),
		cmocka_unit_test_setup_teardown(nothing_but_memory_calls_is_left_to_it, start, stop),
		cmocka_unit_test_setup_teardown(a_puppet_that_dies_is_reported, start, stop),
		cmocka_unit_test(the_files_have_no_name),
	};

	if (vma_live_files_open(&files, NULL, &err)) {
		printf("1..0 # SKIP %s\n", err.msg);
		return 0;
	}
	if (start(NULL)) {
		printf("1..0 # SKIP %s\n", err.msg);
		return 0;
	}
	stop(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
