// SPDX-License-Identifier: GPL-2.0-or-later
/* Logs replayed: descriptors, processes, following, blame. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "libvmactl/script.h"

#define R "PROT_READ"
#define RW "PROT_READ|PROT_WRITE"
#define ANON "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"

/* What the callbacks saw. */
struct seen {
	struct vma_replay *replay;
	const struct vma_replay_summary *sum;
	struct vma_step last;
	struct vma_result last_result;
	struct vma_complaint complaint;
	u64 steps;
	u32 map_count; /* of the last process that made a call */
};

static struct seen seen;

static int step(void *ctx, const struct vma_step *s)
{
	struct seen *to = ctx;

	to->last = *s;
	to->last_result = *s->result;
	to->steps++;
	if (s->mm)
		to->map_count = s->mm->map_count;
	return 0;
}

static void complain(void *ctx, const struct vma_complaint *c)
{
	struct seen *to = ctx;

	to->complaint = *c;
}

static void begin(const struct vma_replay_opts *opts)
{
	vma_replay_free(seen.replay);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(vma_replay_new(opts, NULL, "6.12", &seen.replay, NULL), 0);
}

static void replay_in_pieces(const char *text, size_t piece, bool strict)
{
	struct vma_replay_opts opts = {
		.strict = strict, .step = step, .complain = complain, .ctx = &seen,
	};
	struct vma_err err;
	size_t len = strlen(text);

	begin(&opts);
	for (size_t at = 0; at < len; at += piece)
		assert_int_equal(vma_replay_feed(seen.replay, text + at,
						 len - at < piece ? len - at : piece, &err), 0);
	assert_int_equal(vma_replay_finish(seen.replay, &err), 0);
	assert_int_equal(vma_validate(vma_replay_world(seen.replay), &err), 0);
	seen.sum = vma_replay_summary(seen.replay);
}

static void replay(const char *text)
{
	replay_in_pieces(text, strlen(text) + 1, false);
}

static int teardown(void **state)
{
	(void)state;
	vma_replay_free(seen.replay);
	memset(&seen, 0, sizeof(seen));
	return 0;
}

/* ---------------------------------------------------------------- one process */

static void a_log_is_run_and_compared(void **state)
{
	(void)state;
	replay("mmap(0x10000000, 12288, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "mprotect(0x10001000, 4096, " R ") = 0\n"
	       "mprotect(0x20000000, 4096, " R ") = -1 ENOMEM (Cannot allocate memory)\n"
	       "munmap(0x10000001, 4096) = -1 EINVAL (Invalid argument)\n");
	assert_int_equal(seen.sum->calls, 4);
	assert_int_equal(seen.sum->modelled, 4);
	assert_int_equal(seen.sum->agreed, 4);
	assert_int_equal(seen.map_count, 3);
}

static void pieces_of_any_size_give_the_same(void **state)
{
	static const char log[] =
		"1 mmap(0x10000000, 12288, " RW ", " ANON ", -1, 0) = 0x10000000\n"
		"1 mprotect(0x10001000, 4096, " R " <unfinished ...>\n"
		"2 getpid() = 2\n"
		"1 <... mprotect resumed>) = 0";

	(void)state;
	for (size_t piece = 1; piece < sizeof(log); piece++) {
		replay_in_pieces(log, piece, false);
		assert_int_equal(seen.sum->lines, 4);
		assert_int_equal(seen.sum->calls, 3);
		assert_int_equal(seen.sum->agreed, 2);
	}
}

static void touches_give_memory_an_anon_vma(void **state)
{
	const struct vma *vma;

	(void)state;
	replay("mmap(0x10000000, 8192, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "touch(0x10000000, 4096, PROT_WRITE) = 0\n"
	       "touch(0x20000000, 4096, PROT_READ) = -1 SIGSEGV (SEGV_MAPERR)\n");
	assert_int_equal(seen.sum->agreed, 3);
	assert_true(seen.sum->has_touches);
	vma = vma_lookup(seen.last.mm, 0x10000000);
	assert_non_null(vma);
	assert_true(vma->anon_vma != 0);
}

static void what_is_not_understood_is_told_and_the_rest_goes_on(void **state)
{
	(void)state;
	replay("mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "this is no call\n"
	       "mprotect(0x10000000, 4096, PROT_SOMETHING) = 0\n"
	       "munmap(0x10000000, 4096) = 0\n");
	assert_int_equal(seen.sum->complaints, 2);
	assert_int_equal(seen.complaint.line, 3);
	assert_int_equal(seen.complaint.column, 28);
	assert_int_equal(seen.sum->calls, 3);
	assert_int_equal(seen.sum->agreed, 2);
	assert_int_equal(seen.map_count, 0);
}

static void a_limit_stops_the_replay(void **state)
{
	struct vma_replay_opts opts = { .limit = 2, .step = step, .ctx = &seen };
	static const char log[] = "brk(NULL) = 0x5000\nbrk(NULL) = 0x5000\nbrk(NULL) = 0x5000\n";

	(void)state;
	begin(&opts);
	assert_int_equal(vma_replay_feed(seen.replay, log, sizeof(log) - 1, NULL), 1);
	assert_int_equal(seen.steps, 2);
}

/* ---------------------------------------------------------------- following */

static const char wrong_address[] =
	"mmap(0x10000000, 4096, " R ", MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000000\n";

static void the_recorded_address_is_followed(void **state)
{
	(void)state;
	replay(wrong_address);
	assert_int_equal(seen.last.follow, VMA_FOLLOW_LEARNED);
	assert_non_null(vma_lookup(seen.last.mm, 0x30000000));
	assert_null(vma_lookup(seen.last.mm, 0x10000000));
	assert_true(seen.last_result.ret == 0x10000000); /* the prediction is still told */
}

static void strict_keeps_the_prediction(void **state)
{
	(void)state;
	replay_in_pieces(wrong_address, sizeof(wrong_address), true);
	assert_int_equal(seen.last.follow, VMA_FOLLOW_KEPT);
	assert_int_equal(seen.sum->disagreed, 1);
	assert_int_equal(seen.sum->first.n, 1);
	assert_string_equal(seen.sum->first_recorded, "0x30000000");
	assert_string_equal(seen.sum->first_model, "0x10000000");
	assert_non_null(vma_lookup(seen.last.mm, 0x10000000));
}

static void a_recorded_failure_is_taken_back(void **state)
{
	(void)state;
	replay("mmap(0x10000000, 12288, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "munmap(0x10001000, 4096) = -1 ENOMEM (Cannot allocate memory)\n");
	assert_int_equal(seen.last.follow, VMA_FOLLOW_UNDONE);
	assert_int_equal(seen.map_count, 1);
	assert_int_equal(seen.sum->disagreed, 1);
	assert_int_equal(seen.sum->uncertain, 1);
}

static void unknown_memory_is_learned_from_calls_on_it(void **state)
{
	(void)state;
	replay("mprotect(0x7f0000000000, 8192, " R ") = 0\n"
	       "munmap(0x7f0000000000, 4096) = 0\n");
	assert_int_equal(seen.sum->learned, 1);
	assert_int_equal(seen.sum->agreed, 1);
	assert_int_equal(seen.map_count, 1);
}

static void the_first_brk_tells_where_the_heap_is(void **state)
{
	(void)state;
	replay("brk(NULL) = 0x555500000000\n"
	       "brk(0x555500021000) = 0x555500021000\n"
	       "brk(0x555500001000) = 0x555500001000\n");
	assert_int_equal(seen.sum->learned, 1);
	assert_int_equal(seen.sum->agreed, 2);
	assert_non_null(vma_find_exact(seen.last.mm, 0x555500000000, 0x555500001000));
}

/* ---------------------------------------------------------------- descriptors */

static void two_opens_are_two_files_and_do_not_merge(void **state)
{
	(void)state;
	replay("openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n"
	       "openat(AT_FDCWD, \"/a\", O_RDONLY) = 4\n"
	       "dup(3) = 5\n"
	       "mmap(0x10000000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x10000000\n"
	       "mmap(0x10001000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 5, 0x1000) = 0x10001000\n"
	       "mmap(0x10002000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 4, 0x2000) = 0x10002000\n");
	assert_int_equal(seen.sum->agreed, 3);
	assert_int_equal(seen.map_count, 2);
	assert_int_equal(vma_file_at(vma_replay_world(seen.replay),
				     vma_lookup(seen.last.mm, 0x10000000)->file)->mapping,
			 vma_file_at(vma_replay_world(seen.replay),
				     vma_lookup(seen.last.mm, 0x10002000)->file)->mapping);
}

static void access_modes_and_closing_decide(void **state)
{
	(void)state;
	replay("openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n"
	       "mmap(NULL, 4096, " RW ", MAP_SHARED, 3, 0) = -1 EACCES (Permission denied)\n"
	       "openat(AT_FDCWD, \"/a\", O_WRONLY) = 4\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 4, 0) = -1 EACCES (Permission denied)\n"
	       "openat(AT_FDCWD, \"/a\", O_RDONLY|O_PATH) = 5\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 5, 0) = -1 EBADF (Bad file descriptor)\n"
	       "pipe2([6, 7], O_CLOEXEC) = 0\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 6, 0) = -1 ENODEV (No such device)\n"
	       "close(3) = 0\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 3, 0) = -1 EBADF (Bad file descriptor)\n"
	       "close_range(4, 4294967295, 0) = 0\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 4, 0) = -1 EBADF (Bad file descriptor)\n"
	       "mmap(NULL, 4096, " R ", MAP_PRIVATE, 900, 0) = -1 EBADF (Bad file descriptor)\n");
	assert_int_equal(seen.sum->modelled, 7);
	assert_int_equal(seen.sum->agreed, 7);
}

static void seals_reach_mappings_made_later(void **state)
{
	(void)state;
	replay("memfd_create(\"x\", MFD_ALLOW_SEALING) = 3\n"
	       "ftruncate(3, 8192) = 0\n"
	       "mmap(0x10000000, 8192, " R ", MAP_SHARED|MAP_FIXED, 3, 0) = 0x10000000\n"
	       "munmap(0x10000000, 8192) = 0\n"
	       "fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = 0\n"
	       "mmap(NULL, 8192, " RW ", MAP_SHARED, 3, 0) = -1 EPERM (Operation not permitted)\n");
	assert_int_equal(seen.sum->agreed, 3);
}

static void sizes_decide_where_a_touch_ends_in_sigbus(void **state)
{
	(void)state;
	replay("memfd_create(\"x\", 0) = 3\n"
	       "ftruncate(3, 4096) = 0\n"
	       "mmap(0x10000000, 8192, " RW ", MAP_SHARED|MAP_FIXED, 3, 0) = 0x10000000\n"
	       "touch(0x10000000, 4096, PROT_WRITE) = 0\n"
	       "touch(0x10001000, 4096, PROT_WRITE) = -1 SIGBUS (BUS_ADRERR)\n"
	       "fallocate(3, 0, 0, 8192) = 0\n"
	       "touch(0x10001000, 4096, PROT_WRITE) = 0\n");
	assert_int_equal(seen.sum->agreed, 4);
}

static void a_descriptor_nobody_saw_opened_is_taken_for_open(void **state)
{
	(void)state;
	replay("mmap(0x10000000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 9</x/y>, 0) = 0x10000000\n");
	assert_int_equal(seen.sum->agreed, 1);
	assert_string_equal(vma_file_at(vma_replay_world(seen.replay),
					vma_lookup(seen.last.mm, 0x10000000)->file)->path, "/x/y");
}

static void the_last_descriptor_of_a_userfaultfd_takes_it_along(void **state)
{
	static const char begin[] =
		"userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY) = 3\n"
		"ioctl(3, UFFDIO_API, {api=0xaa, features=0}) = 0\n"
		"dup(3) = 4\n"
		"mmap(0x10000000, 8192, " RW ", " ANON ", -1, 0) = 0x10000000\n"
		"ioctl(3, UFFDIO_REGISTER, {range={start=0x10000000, len=0x1000}, "
		"mode=UFFDIO_REGISTER_MODE_MISSING}) = 0\n"
		"close(3) = 0\n";
	char log[1000];

	(void)state;
	replay(begin);
	assert_int_equal(seen.map_count, 2);
	snprintf(log, sizeof(log), "%sclose(4) = 0\nbrk(NULL) = 0\n", begin);
	replay(log);
	assert_int_equal(seen.map_count, 1);
}

/* ---------------------------------------------------------------- processes */

static void a_fork_copies_and_the_halves_live_apart(void **state)
{
	(void)state;
	replay("10 mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 11\n"
	       "11 munmap(0x10000000, 4096) = 0\n"
	       "10 mprotect(0x10000000, 4096, " R ") = 0\n"
	       "11 mprotect(0x10000000, 4096, " R ") = -1 ENOMEM (Cannot allocate memory)\n");
	assert_int_equal(seen.sum->agreed, 5);
	assert_int_equal(seen.sum->nr_processes, 2);
}

static void threads_share_memory_and_descriptors(void **state)
{
	(void)state;
	replay("10 mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "10 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD|CLONE_SIGHAND, stack=0x1}, 88) = 11\n"
	       "11 openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\n"
	       "11 munmap(0x10000000, 4096) = 0\n"
	       "10 mprotect(0x10000000, 4096, " R ") = -1 ENOMEM (Cannot allocate memory)\n"
	       "11 exit(0) = ?\n"
	       "11 +++ exited with 0 +++\n"
	       "10 mmap(0x10000000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x10000000\n");
	assert_int_equal(seen.sum->disagreed, 0);
	assert_int_equal(seen.sum->nr_processes, 1);
	assert_int_equal(seen.map_count, 1);
}

static void a_child_may_show_itself_before_its_fork_returns(void **state)
{
	(void)state;
	replay("10 mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "10 vfork( <unfinished ...>\n"
	       "11 munmap(0x10000000, 4096) = 0\n"
	       "11 exit_group(0) = ?\n"
	       "11 +++ exited with 0 +++\n"
	       "10 <... vfork resumed>) = 11\n"
	       "10 mprotect(0x10000000, 4096, " R ") = -1 ENOMEM (Cannot allocate memory)\n"
	       "10 fork( <unfinished ...>\n"
	       "12 mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "10 <... fork resumed>) = 12\n"
	       "10 mprotect(0x10000000, 4096, " R ") = -1 ENOMEM (Cannot allocate memory)\n");
	assert_int_equal(seen.sum->complaints, 0);
	assert_int_equal(seen.sum->disagreed, 0);
	assert_int_equal(seen.sum->calls, 8);
}

static void an_execve_starts_anew_and_closes_what_was_marked(void **state)
{
	(void)state;
	replay("10 mmap(0x10000000, 4096, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       "10 openat(AT_FDCWD, \"/a\", O_RDONLY|O_CLOEXEC) = 3\n"
	       "10 openat(AT_FDCWD, \"/a\", O_RDONLY) = 4\n"
	       "10 execve(\"/does/not/exist\", [\"x\"], 0x7ffd00000000 /* 3 vars */) = 0\n"
	       "10 mmap(NULL, 4096, " R ", MAP_PRIVATE, 3, 0) = -1 EBADF (Bad file descriptor)\n"
	       "10 mmap(0x20000000, 4096, " R ", MAP_PRIVATE|MAP_FIXED, 4, 0) = 0x20000000\n");
	assert_int_equal(seen.sum->disagreed, 0);
	assert_null(vma_lookup(seen.last.mm, 0x10000000));
}

/* Thread 11's munmap had happened when thread 10's mmap found its place free. */
static void begun_calls_of_other_threads_explain_an_address(void **state)
{
	(void)state;
	replay("10 mmap(NULL, 8192, " RW ", MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000010000\n"
	       "10 mmap(NULL, 4096, " R ", MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f000000f000\n"
	       "10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_FILES|CLONE_THREAD|CLONE_SIGHAND) = 11\n"
	       "11 munmap(0x7f0000010000, 8192 <unfinished ...>\n"
	       "10 mmap(NULL, 8192, " RW ", MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000010000\n"
	       "11 <... munmap resumed>) = 0\n"
	       "11 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>\n"
	       "10 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f000000d000\n"
	       "11 <... mmap resumed>) = 0x7f000000e000\n");
	assert_int_equal(seen.sum->disagreed, 0);
	assert_int_equal(seen.sum->learned, 1); /* the first address of all */
	assert_non_null(vma_lookup(seen.last.mm, 0x7f0000010000));
}

/* ---------------------------------------------------------------- blame */

static void stacks_name_who_made_the_mappings(void **state)
{
	(void)state;
	replay("mmap(0x10000000, 12288, " RW ", " ANON ", -1, 0) = 0x10000000\n"
	       " > /lib/libc.so.6(mmap64+0x13) [0x1]\n"
	       " > /bin/prog(grow+0x10) [0x2]\n"
	       " > /bin/prog(main+0x20) [0x3]\n"
	       "mprotect(0x10001000, 4096, " R ") = 0\n"
	       " > /lib/libc.so.6(mprotect+0x7) [0x4]\n"
	       " > /bin/prog(guard+0x11) [0x5]\n");
	assert_int_equal(seen.sum->nr_sites, 2);
	assert_string_equal(seen.sum->sites[0].name, "prog(guard+0x11)");
	assert_int_equal(seen.sum->sites[0].vmas, 2);
	assert_string_equal(seen.sum->sites[1].name, "prog(grow+0x10) < prog(main+0x20)");
}

/* One page that touches no other, mapped or unmapped. */
static void one_page(unsigned int nr, bool map)
{
	char line[160];
	int n;

	if (map)
		n = snprintf(line, sizeof(line), "mmap(0x1%04x000, 4096, " R ", " ANON
			     ", -1, 0) = 0x1%04x000\n", 2 * nr, 2 * nr);
	else
		n = snprintf(line, sizeof(line), "munmap(0x1%04x000, 4096) = 0\n", 2 * nr);
	assert_int_equal(vma_replay_feed(seen.replay, line, (size_t)n, NULL), 0);
}

/* With a limit of 20: up to 12, down to 6, and up until it is refused. */
static void the_call_after_which_the_limit_is_inevitable_is_named(void **state)
{
	struct vma_replay_opts opts = { .step = step, .ctx = &seen };
	const struct vma_replay_process *p;

	(void)state;
	begin(&opts);
	vma_world_system(vma_replay_world(seen.replay))->max_map_count = 20;
	for (unsigned int i = 0; i < 12; i++)
		one_page(i, true);
	for (unsigned int i = 0; i < 6; i++)
		one_page(i, false);
	for (unsigned int i = 20; i < 40; i++)
		one_page(i, true);
	p = vma_replay_summary(seen.replay)->processes;
	assert_int_equal(p->inevitable_n, 12 + 6 + 4); /* the 4th of these reaches 10 again */
	assert_int_equal(p->limit_n, 12 + 6 + 14);
	assert_true(p->peak >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_run_and_compared),
		cmocka_unit_test(pieces_of_any_size_give_the_same),
		cmocka_unit_test(touches_give_memory_an_anon_vma),
		cmocka_unit_test(what_is_not_understood_is_told_and_the_rest_goes_on),
		cmocka_unit_test(a_limit_stops_the_replay),
		cmocka_unit_test(the_recorded_address_is_followed),
		cmocka_unit_test(strict_keeps_the_prediction),
		cmocka_unit_test(a_recorded_failure_is_taken_back),
		cmocka_unit_test(unknown_memory_is_learned_from_calls_on_it),
		cmocka_unit_test(the_first_brk_tells_where_the_heap_is),
		cmocka_unit_test(two_opens_are_two_files_and_do_not_merge),
		cmocka_unit_test(access_modes_and_closing_decide),
		cmocka_unit_test(seals_reach_mappings_made_later),
		cmocka_unit_test(sizes_decide_where_a_touch_ends_in_sigbus),
		cmocka_unit_test(a_descriptor_nobody_saw_opened_is_taken_for_open),
		cmocka_unit_test(the_last_descriptor_of_a_userfaultfd_takes_it_along),
		cmocka_unit_test(a_fork_copies_and_the_halves_live_apart),
		cmocka_unit_test(threads_share_memory_and_descriptors),
		cmocka_unit_test(a_child_may_show_itself_before_its_fork_returns),
		cmocka_unit_test(an_execve_starts_anew_and_closes_what_was_marked),
		cmocka_unit_test(begun_calls_of_other_threads_explain_an_address),
		cmocka_unit_test(stacks_name_who_made_the_mappings),
		cmocka_unit_test(the_call_after_which_the_limit_is_inevitable_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
