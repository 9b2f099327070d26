// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole processes: living, captured, broken, gone, forbidden. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libvmactl/read.h"

#define PAGE 4096UL

static const char *fixture(const char *name)
{
	static char path[4096];
	const char *src = getenv("VMACTL_SRC");

	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", src ? src : ".", name);
	return path;
}

/* ---------------------------------------------------------------- captured */

/* A directory with a process 7, files of which a test writes; removed at the end. */
static char dir[64];

static void write_file(const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/proc/7/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static int make_dir(void **state)
{
	char path[128];

	(void)state;
	strcpy(dir, "/tmp/vmactl-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/proc", dir);
	if (mkdir(path, 0700))
		return -1;
	strcat(path, "/7");
	return mkdir(path, 0700);
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int read_dir(u32 levels, struct vma_facts **f, struct vma_err *err)
{
	struct vma_read_opts opts = { .levels = levels };

	return vma_facts_read(dir, &opts, f, err);
}

static bool is_missing(const struct vma_facts *f, const char *what)
{
	for (size_t i = 0; i < f->nr_missing; i++)
		if (!strcmp(f->missing[i].what, what))
			return true;
	return false;
}

static void a_recording_is_read_whole(void **state)
{
	struct vma_read_opts opts = { .levels = VMA_READ_DEFAULT };
	struct vma_facts *f;

	(void)state;
	assert_int_equal(vma_facts_read(fixture("process-7.2"), &opts, &f, NULL), 0);
	assert_int_equal(f->pid, 121);
	assert_int_equal(f->nr_maps, 9);
	assert_false(f->live);
	assert_false(f->changed);
	assert_int_equal(f->levels, VMA_READ_DEFAULT);
	assert_int_equal(f->nr_missing, 0);
	assert_string_equal(f->comm, "puppet");
	assert_string_equal(f->release, "7.2.12+deb14-cloud-amd64");
	assert_int_equal(f->system.max_map_count, 65530);
	assert_int_equal(f->system.mmap_min_addr, 65536);
	assert_int_equal(f->system.thp_enabled, 1);
	assert_true(f->system.pkeys);
	assert_true(f->have_limits && f->have_caps && f->have_personality && f->have_statm);
	assert_non_null(f->mm_bpf);
	assert_string_equal(f->maps[0].policy, "default");
	assert_string_equal(f->maps[5].path, "[vvar]");
	vma_facts_free(f);
}

static void a_recording_may_be_named_in_three_ways(void **state)
{
	char procfs[4200], direct[4300];
	struct vma_read_opts opts = { .procfs = procfs };
	struct vma_facts *f;

	(void)state;
	snprintf(procfs, sizeof(procfs), "%s/proc", fixture("process-5.10"));
	snprintf(direct, sizeof(direct), "%s/86", procfs);
	const char *targets[] = { fixture("process-5.10"), direct, procfs, "86" };

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(vma_facts_read(targets[i], i == 3 ? &opts : NULL, &f, NULL), 0);
		assert_int_equal(f->pid, 86);
		assert_int_equal(f->nr_maps, 8);
		assert_string_equal(f->release, "5.10.0-32-cloud-amd64 (5.10.223)");
		assert_int_equal(f->system.totalram_pages > 0, 1);
		assert_true(f->mm_bpf); /* found beside proc/ from all of them */
		vma_facts_free(f);
	}
}

#define MAP_A "00400000-00401000 r--p 00000000 08:01 5      /bin/a\n"
#define MAP_B "00401000-00402000 rw-p 00000000 00:00 0 \n"
#define REST "Rss:                   4 kB\nVmFlags: rd mr \n"

static void without_smaps_maps_will_do_and_it_is_said(void **state)
{
	struct vma_facts *f;

	(void)state;
	write_file("maps", MAP_A MAP_B);
	assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_SMAPS, &f, NULL), 0);
	assert_int_equal(f->nr_maps, 2);
	assert_int_equal(f->levels, VMA_READ_MAPS);
	assert_true(is_missing(f, "smaps"));
	assert_false(f->maps[0].has_flags);
	vma_facts_free(f);
}

static void keys_nobody_knows_are_counted(void **state)
{
	struct vma_facts *f;

	(void)state;
	write_file("smaps", MAP_A "New: 1 kB\n" REST MAP_B "New: 2 kB\nNewer: x\n" REST);
	assert_int_equal(read_dir(VMA_READ_SMAPS, &f, NULL), 0);
	assert_int_equal(f->unknown_keys, 3);
	assert_int_equal(f->maps[1].kb[VMA_SMAPS_RSS], 4);
	vma_facts_free(f);
}

static void maps_and_smaps_that_disagree_are_marked(void **state)
{
	static const char *const others[] = {
		MAP_A, MAP_A MAP_B MAP_B, MAP_A "00401000-00402000 r--p 00000000 00:00 0 \n",
		MAP_A "00401000-00403000 rw-p 00000000 00:00 0 \n", "",
	};
	struct vma_facts *f;

	(void)state;
	write_file("smaps", MAP_A REST MAP_B REST);
	write_file("maps", MAP_A MAP_B);
	assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_SMAPS, &f, NULL), 0);
	assert_false(f->changed);
	vma_facts_free(f);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		write_file("maps", others[i]);
		assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_SMAPS, &f, NULL), 0);
		assert_true(f->changed);
		assert_int_equal(f->nr_maps, 2); /* smaps wins */
		vma_facts_free(f);
	}
}

static void policies_of_two_words_are_kept(void **state)
{
	struct vma_facts *f;

	(void)state;
	write_file("maps", MAP_A MAP_B "00500000-00501000 rw-p 00000000 00:00 0 \n");
	write_file("numa_maps", "00400000 prefer (many):0-1 file=/bin/a mapped=1 N0=1\n"
				"00401000 weighted interleave=static:0\n"
				"00500000 bind:0 anon=1\n");
	assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_NUMA, &f, NULL), 0);
	assert_string_equal(f->maps[0].policy, "prefer (many):0-1");
	assert_string_equal(f->maps[1].policy, "weighted interleave=static:0");
	assert_string_equal(f->maps[2].policy, "bind:0");
	assert_false(f->changed);
	vma_facts_free(f);
	write_file("numa_maps", "00450000 default\n");
	assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_NUMA, &f, NULL), 0);
	assert_true(f->changed);
	assert_null(f->maps[0].policy);
	vma_facts_free(f);
}

static void broken_recordings_fail_with_one_clear_line(void **state)
{
	static const struct {
		const char *maps;
		int rc;
		const char *message;
	} cases[] = {
		{ "", -EBADMSG, "maps is empty" },
		{ MAP_A "0040", -EBADMSG, "maps: line 2 is cut off" },
		{ "hello\n", -EBADMSG, "maps: line 1, column 1: not an address range" },
	};
	struct vma_facts *f;
	struct vma_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("maps", cases[i].maps);
		assert_int_equal(read_dir(VMA_READ_MAPS, &f, &err), cases[i].rc);
		assert_non_null(strstr(err.msg, cases[i].message));
		assert_null(strchr(err.msg, '\n'));
	}
}

static void small_files_that_are_broken_are_listed_as_missing(void **state)
{
	struct vma_facts *f;

	(void)state;
	write_file("maps", MAP_A);
	write_file("status", "?");
	write_file("stat", "?");
	write_file("limits", "?");
	write_file("auxv", "123");
	write_file("personality", "zz");
	assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM, &f, NULL), 0);
	assert_true(is_missing(f, "status") && is_missing(f, "stat") && is_missing(f, "limits"));
	assert_true(is_missing(f, "auxv") && is_missing(f, "personality"));
	assert_true(is_missing(f, "meminfo") && is_missing(f, "kernel release"));
	assert_null(f->release);
	vma_facts_free(f);
}

static void a_fifo_in_a_recording_does_not_hang_us(void **state)
{
	struct vma_facts *f;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/proc/7/smaps", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	write_file("maps", MAP_A);
	assert_int_equal(read_dir(VMA_READ_MAPS, &f, NULL), 0);
	vma_facts_free(f);
	/* An empty smaps beside a maps with text: something changed, or the copy is bad. */
	assert_int_equal(read_dir(VMA_READ_SMAPS, &f, NULL), -EBADMSG);
}

static void the_reach_of_fault_around_is_read_where_debugfs_is(void **state)
{
	static const struct {
		const char *text;
		u64 bytes;
	} cases[] = {
		{ "4096\n", 4096 }, { "262144\n", 262144 }, { "2097152\n", 2097152 },
		{ "0\n", 0 }, { "100000\n", 0 }, { "4194304\n", 0 }, { "many\n", 0 }, { "", 0 },
	};
	char command[160];
	struct vma_facts *f;

	(void)state;
	snprintf(command, sizeof(command), "mkdir -p %s/sys/kernel/debug", dir);
	assert_int_equal(system(command), 0);
	write_file("maps", MAP_A);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("../../sys/kernel/debug/fault_around_bytes", cases[i].text);
		assert_int_equal(read_dir(VMA_READ_MAPS | VMA_READ_SYSTEM, &f, NULL), 0);
		assert_int_equal(f->have_sysctl & VMA_SYS_FAULT_AROUND ?
					 f->system.fault_around_bytes : 0, cases[i].bytes);
		vma_facts_free(f);
	}
}

static void targets_that_are_none_are_refused(void **state)
{
	static const char *const none[] = {
		"999999999", "99999999999999999999999", "0", "no-such-directory", "1x",
		"self/task/999999999", "/dev/null", "",
	};
	struct vma_facts *f;
	struct vma_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		int rc = vma_facts_read(none[i], NULL, &f, &err);

		assert_true(rc == -ENOENT || rc == -ENOTDIR || rc == -EINVAL);
		assert_true(strlen(err.msg) > 0);
	}
	assert_int_equal(vma_facts_read(dir, NULL, &f, &err), -ENOENT); /* 7 holds no maps yet */
}

/* ---------------------------------------------------------------- living */

static void we_find_our_own_mappings(void **state)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vma_read_opts opts = { .levels = VMA_READ_DEFAULT };
	const struct vma_fact_map *m = NULL;
	struct vma_facts *f;

	(void)state;
	p[0] = 1;
	mprotect(p + PAGE, PAGE, PROT_NONE);
	madvise(p, PAGE, MADV_RANDOM);
	assert_int_equal(vma_facts_read("self", &opts, &f, NULL), 0);
	assert_int_equal(f->pid, getpid());
	assert_true(f->live);
	for (size_t i = 0; i < f->nr_maps; i++)
		if (f->maps[i].start == (uintptr_t)p)
			m = &f->maps[i];
	assert_non_null(m);
	assert_int_equal(m->end, (uintptr_t)p + PAGE);
	assert_true(m->flags & VM_RAND_READ);
	assert_int_equal(m->kb[VMA_SMAPS_RSS], 4);
	assert_string_equal(m[1].perms, "---p");
	assert_int_equal(f->status[VMA_ST_TGID], getpid());
	assert_true(f->nr_aux > 5);
	assert_non_null(f->exe);
	assert_true(f->have_sysctl & VMA_SYS_SOFT_DIRTY);
	vma_facts_free(f);
	munmap(p, 4 * PAGE);
}

static void a_thread_is_a_target_too(void **state)
{
	struct vma_facts *f;
	char target[64];

	(void)state;
	snprintf(target, sizeof(target), "%d/task/%d", getpid(), getpid());
	assert_int_equal(vma_facts_read(target, NULL, &f, NULL), 0);
	assert_int_equal(f->tid, getpid());
	assert_true(f->nr_maps > 5);
	vma_facts_free(f);
}

static int count_map(void *ctx, const struct vma_fact_map *m)
{
	size_t *nr = ctx;

	++*nr;
	return m->has_flags ? 0 : -EIO;
}

static void streaming_needs_no_facts(void **state)
{
	struct vma_read_opts opts = { .levels = VMA_READ_SMAPS };
	size_t nr = 0;

	(void)state;
	assert_int_equal(vma_maps_stream("self", &opts, count_map, &nr, NULL), 0);
	assert_true(nr > 5);
	assert_int_equal(vma_maps_stream("self", NULL, count_map, &nr, NULL), -EIO);
}

/* The pid of a child that waits, also for our end. */
static pid_t start_child(void)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_forked_child_is_told_from_an_executed_one(void **state)
{
	pid_t pid = start_child();
	struct vma_facts *f;
	char target[16];

	(void)state;
	snprintf(target, sizeof(target), "%d", pid);
	assert_int_equal(vma_facts_read(target, NULL, &f, NULL), 0);
	assert_int_equal(f->forked, 1);
	vma_facts_free(f);
	kill(pid, SIGKILL);
	assert_int_equal(vma_facts_read("self", NULL, &f, NULL), 0);
	assert_int_equal(f->forked, 0);
	vma_facts_free(f);
	waitpid(pid, NULL, 0);
}

static struct vma_facts *facts_of(pid_t pid)
{
	struct vma_facts *f;
	struct vma_err err;
	char target[16];

	snprintf(target, sizeof(target), "%d", pid);
	if (vma_facts_read(target, NULL, &f, &err))
		fail_msg("%s", err.msg);
	return f;
}

static void forks_since_the_exec_are_counted(void **state)
{
	pid_t pid = start_child();
	struct vma_facts *f = facts_of(pid), *own = facts_of(getpid());

	(void)state;
	assert_int_equal(f->forks, 1);
	assert_int_equal(f->fork_parent, getpid());
	assert_int_equal(f->mm_of, pid);
	assert_int_equal(f->copied, 0);
	assert_false(f->adopted);
	assert_int_equal(own->forks, 0);
	assert_int_equal(own->fork_parent, 0);
	vma_facts_free(f);
	vma_facts_free(own);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Its parent ends after it has become the leader of a session, when @session; @ours: we take it over. */
static pid_t start_orphan(bool session, bool ours)
{
	int ready[2];
	pid_t middle, orphan = 0;

	prctl(PR_SET_CHILD_SUBREAPER, ours);
	assert_int_equal(pipe(ready), 0);
	middle = fork();
	if (!middle) {
		if (session)
			setsid();
		orphan = fork();
		if (orphan)
			_exit(write(ready[1], &orphan, sizeof(orphan)) != sizeof(orphan));
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &orphan, sizeof(orphan)), sizeof(orphan));
	waitpid(middle, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return orphan;
}

static void the_forks_of_an_orphan_are_unknown(void **state)
{
	pid_t pid = start_orphan(false, false);
	struct vma_facts *f = facts_of(pid);

	(void)state;
	assert_int_equal(f->forked, 1);
	assert_int_equal(f->forks, -1);
	assert_int_equal(f->fork_parent, 0);
	vma_facts_free(f);
	kill(pid, SIGKILL);
}

static void a_grandchild_that_was_taken_over_is_told_by_its_session(void **state)
{
	pid_t pid = start_orphan(true, true);
	struct vma_facts *f = facts_of(pid);
	bool can_tell = getsid(0) != getpid();

	(void)state;
	assert_int_equal(f->fork_parent, getpid());
	if (can_tell) {
		assert_true(f->adopted);
		assert_int_equal(f->forks, -1);
	}
	vma_facts_free(f);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static int wait_for_end(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void a_process_that_shares_our_memory_has_no_forks(void **state)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(wait_for_end, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

	(void)state;
	assert_true(pid > 0);
	struct vma_facts *f = facts_of(pid);
	if (syscall(SYS_kcmp, getpid(), pid, 1 /* KCMP_VM */, 0, 0) == 0) {
		assert_int_equal(f->mm_of, getpid());
		assert_int_equal(f->forks, 0);
		assert_int_equal(f->forked, 0);
	}
	vma_facts_free(f);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void *end_of_first(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void a_process_is_read_when_its_first_thread_has_ended(void **state)
{
	pid_t pid = fork();
	char path[40], text[200] = "";

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, end_of_first, NULL);
		syscall(SYS_exit, 0); /* this thread alone */
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (!strstr(text, ") Z")) {
		FILE *stat = fopen(path, "r");

		assert_non_null(stat);
		assert_non_null(fgets(text, sizeof(text), stat));
		fclose(stat);
	}
	struct vma_facts *f = facts_of(pid);
	assert_int_equal(f->pid, pid);
	assert_int_not_equal(f->tid, pid);
	assert_true(f->nr_maps > 5);
	assert_int_equal(f->fork_parent, getpid());
	assert_int_equal(f->forks, 1);
	vma_facts_free(f);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_process_that_has_exited_is_gone_also_as_a_zombie(void **state)
{
	pid_t pid = start_child();
	struct vma_facts *f;
	struct vma_err err;
	char target[16];
	siginfo_t si;

	(void)state;
	snprintf(target, sizeof(target), "%d", pid);
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	assert_int_equal(vma_facts_read(target, NULL, &f, &err), -ESRCH);
	assert_non_null(strstr(err.msg, "zombie"));
	waitpid(pid, NULL, 0);
	assert_int_equal(vma_facts_read(target, NULL, &f, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no such process"));
}

static void a_kernel_thread_has_no_mappings(void **state)
{
	struct vma_facts *f;
	char *line = NULL;
	size_t size = 0;
	FILE *comm = fopen("/proc/2/comm", "r");
	bool there = comm && getline(&line, &size, comm) > 0 && !strcmp(line, "kthreadd\n");

	(void)state;
	if (comm)
		fclose(comm);
	free(line);
	if (!there)
		skip(); /* a PID namespace of its own */
	assert_int_equal(vma_facts_read("2", NULL, &f, NULL), 0);
	assert_true(f->kernel_thread);
	assert_int_equal(f->nr_maps, 0);
	vma_facts_free(f);
}

static int read_as_nobody(void)
{
	char target[16];
	struct vma_facts *f;
	struct vma_err err;

	snprintf(target, sizeof(target), "%d", getppid());
	if (setuid(65534))
		return 2;
	if (vma_facts_read(target, NULL, &f, &err) != -EACCES)
		return 3;
	return strstr(err.msg, "CAP_SYS_PTRACE") ? 0 : 4;
}

static void who_may_not_look_is_told_what_would_help(void **state)
{
	int status;

	(void)state;
	if (getuid())
		skip(); /* needs somebody else's process */
	pid_t pid = fork();
	if (!pid)
		_exit(read_as_nobody());
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* Maps and unmaps without end: either the reads settle or the facts say that they did not. */
static void change_forever(void)
{
	for (;;) {
		char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		mprotect(p + PAGE, PAGE, PROT_READ);
		munmap(p, 64 * PAGE);
	}
}

static void a_process_that_never_rests_is_read_or_marked(void **state)
{
	struct vma_facts *f;
	char target[16];
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should an assertion end us */
		change_forever();
	}
	snprintf(target, sizeof(target), "%d", pid);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(vma_facts_read(target, NULL, &f, NULL), 0);
		assert_true(f->nr_maps > 5);
		assert_true(f->retries <= 4);
		if (f->changed)
			assert_int_equal(f->retries, 4);
		vma_facts_free(f);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_is_read_whole),
		cmocka_unit_test(a_recording_may_be_named_in_three_ways),
		WITH_DIR(without_smaps_maps_will_do_and_it_is_said),
		WITH_DIR(keys_nobody_knows_are_counted),
		WITH_DIR(maps_and_smaps_that_disagree_are_marked),
		WITH_DIR(policies_of_two_words_are_kept),
		WITH_DIR(broken_recordings_fail_with_one_clear_line),
		WITH_DIR(small_files_that_are_broken_are_listed_as_missing),
		WITH_DIR(a_fifo_in_a_recording_does_not_hang_us),
		WITH_DIR(the_reach_of_fault_around_is_read_where_debugfs_is),
		WITH_DIR(targets_that_are_none_are_refused),
		cmocka_unit_test(we_find_our_own_mappings),
		cmocka_unit_test(a_thread_is_a_target_too),
		cmocka_unit_test(streaming_needs_no_facts),
		cmocka_unit_test(a_forked_child_is_told_from_an_executed_one),
		cmocka_unit_test(forks_since_the_exec_are_counted),
		cmocka_unit_test(the_forks_of_an_orphan_are_unknown),
		cmocka_unit_test(a_grandchild_that_was_taken_over_is_told_by_its_session),
		cmocka_unit_test(a_process_that_shares_our_memory_has_no_forks),
		cmocka_unit_test(a_process_is_read_when_its_first_thread_has_ended),
		cmocka_unit_test(a_process_that_has_exited_is_gone_also_as_a_zombie),
		cmocka_unit_test(a_kernel_thread_has_no_mappings),
		cmocka_unit_test(who_may_not_look_is_told_what_would_help),
		cmocka_unit_test(a_process_that_never_rests_is_read_or_marked),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
