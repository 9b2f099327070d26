/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * execve simulated against execve done: each program is started with randomisation off and
 * stopped before its first instruction, and /proc/PID/maps must be what was predicted.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/attrib.h"

static struct vma_kernel kernel;

static int setup(void **state)
{
	struct utsname u;

	(void)state;
	return uname(&u) || vma_kernel_init(&kernel, u.release, NULL);
}

/* Starts a program and stops it right after execve; 0 when that did not work. */
static pid_t start(const char *program, char *const argv[], char *const envp[], u64 stack)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct rlimit lim = { stack, RLIM_INFINITY };
		getrlimit(RLIMIT_STACK, &lim);
		lim.rlim_cur = stack;
		setrlimit(RLIMIT_STACK, &lim);
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(program, argv, envp);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) ? pid : 0;
}

static u64 bytes_of(char *const strings[])
{
	u64 n = 0;

	for (size_t i = 0; strings[i]; i++)
		n += strlen(strings[i]) + 1;
	return n;
}

/* Both as text, so that a failure shows the two address spaces. */
static char *text_of(const struct vma_facts *f)
{
	size_t size = 1 << 16, len = 0;
	char *text = calloc(1, size);

	for (size_t i = 0; i < f->nr_maps && len < size - 4400; i++) {
		const struct vma_fact_map *m = &f->maps[i];
		if (!m->gate)
			len += (size_t)snprintf(
				text + len, size - len, "%llx-%llx %s %llx %x:%x %llu %s\n",
				(unsigned long long)m->start, (unsigned long long)m->end, m->perms,
				(unsigned long long)m->offset, m->dev_major, m->dev_minor,
				(unsigned long long)m->inode, m->path);
	}
	return text;
}

static bool compare(const char *program, char *const argv[], char *const envp[], u64 stack)
{
	struct vma_exec_opts opts = { .program = program, .argv = (const char *const *)argv,
				      .env_bytes = bytes_of(envp), .kernel = &kernel };
	struct vma_read_opts with_flags = { .levels = VMA_READ_MAPS | VMA_READ_SMAPS };
	pid_t pid = start(program, argv, envp, stack);
	struct vma_facts *real = NULL, *caller = NULL;
	struct vma_exec x;
	char target[32];

	if (!pid)
		return false;
	snprintf(target, sizeof(target), "%d", (int)pid);
	assert_int_equal(vma_facts_read("self", &(struct vma_read_opts){
				.levels = VMA_READ_MAPS | VMA_READ_STATUS }, &caller, NULL), 0);
	caller->rlimit[RLIMIT_STACK].cur = stack;
	opts.like = caller;
	assert_int_equal(vma_facts_read(target, &with_flags, &real, NULL), 0);
	assert_int_equal(vma_exec_simulate(&opts, &x, NULL), 0);
	char *got = text_of(x.facts), *want = text_of(real);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (strcmp(got, want))
		print_message("%s: predicted\n%sreal\n%s", program, got, want);
	assert_string_equal(got, want);
	for (size_t i = 0; i < x.facts->nr_maps && real->levels & VMA_READ_SMAPS; i++)
		assert_int_equal(x.facts->maps[i].flags, real->maps[i].flags & ~VM_SOFTDIRTY);
	free(got);
	free(want);
	vma_exec_fini(&x);
	vma_facts_free(real);
	vma_facts_free(caller);
	return true;
}

static void debian_programs_start_as_predicted(void **state)
{
	static const char *const programs[] = {
		"/bin/bash", "/bin/cat", "/bin/dash", "/bin/date", "/bin/grep", "/bin/gzip",
		"/bin/ls", "/bin/ps", "/bin/sed", "/bin/sleep", "/bin/tar",
		"/bin/true", "/sbin/ldconfig", "/usr/bin/apt", "/usr/bin/as", "/usr/bin/awk",
		"/usr/bin/bc", "/usr/bin/cc", "/usr/bin/clang", "/usr/bin/curl", "/usr/bin/dpkg",
		"/usr/bin/env", "/usr/bin/find", "/usr/bin/gdb", "/usr/bin/git", "/usr/bin/gpg",
		"/usr/bin/id", "/usr/bin/java", "/usr/bin/jq", "/usr/bin/ld", "/usr/bin/less",
		"/usr/bin/lsmem", "/usr/bin/make", "/usr/bin/node", "/usr/bin/objdump",
		"/usr/bin/openssl", "/usr/bin/perl", "/usr/bin/pmap", "/usr/bin/python3",
		"/usr/bin/readelf", "/usr/bin/sort", "/usr/bin/ssh", "/usr/bin/strace",
		"/usr/bin/tmux", "/usr/bin/top", "/usr/bin/valgrind", "/usr/bin/vim", "/usr/bin/xz",
		"/proc/self/exe",
	};
	char *envp[] = { (char *)"PATH=/bin:/usr/bin", (char *)"HOME=/", NULL };
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		char *argv[] = { (char *)programs[i], (char *)"--version", NULL };
		struct stat st; /* a set-user-ID program is always randomised */
		nr += !stat(programs[i], &st) && st.st_mode & 0111 &&
		      !(st.st_mode & (S_ISUID | S_ISGID)) &&
		      compare(programs[i], argv, envp, 8 << 20);
	}
	print_message("# %zu programs\n", nr);
	assert_true(nr >= 10);
}

static void long_arguments_and_small_stacks_move_the_stack(void **state)
{
	static char big[100000];
	char *envp[] = { NULL };
	char *argv[] = { (char *)"/bin/true", big, NULL };

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	assert_true(compare("/bin/true", argv, envp, 8 << 20));
	argv[1] = NULL;
	assert_true(compare("/bin/true", argv, envp, 64 << 10));
	assert_true(compare("/bin/true", argv, envp, 1ULL << 30));
	assert_true(compare("/bin/true", argv, envp, 200ULL << 20));
}

static void an_unlimited_stack_leaves_a_sixth_below(void **state)
{
	char *envp[] = { NULL };
	char *argv[] = { (char *)"/bin/true", NULL };

	(void)state;
	assert_true(compare("/bin/true", argv, envp, RLIM_INFINITY));
}

/* Programs that no package brings: made here, where there is a compiler. */
static void linked_otherwise_they_start_as_predicted(void **state)
{
	static const char *const flags[] = { "-static", "-static-pie", "-no-pie", "-pie -fPIE",
					     "-z execstack", "-Wl,-z,noseparate-code",
					     "-Wl,-z,max-page-size=0x200000" };
	const char *cc = getenv("CC") ? getenv("CC") : "cc";
	char dir[] = "/tmp/vmactl-exec-XXXXXX", cmd[1024], file[128], out[128];
	char *envp[] = { NULL };
	size_t nr = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/p.c", dir);
	snprintf(out, sizeof(out), "%s/p", dir);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs("int big[100000], x = 1; int main(void) { return 0; }\n", f);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		char *argv[] = { out, NULL };
		snprintf(cmd, sizeof(cmd), "%s %s -o %s %s 2>/dev/null", cc, flags[i], out, file);
		nr += !system(cmd) && compare(out, argv, envp, 8 << 20);
	}
	unlink(file);
	unlink(out);
	rmdir(dir);
	if (!nr)
		skip();
}

static void a_script_starts_its_interpreter(void **state)
{
	char path[] = "/tmp/vmactl-script-XXXXXX";
	char *envp[] = { NULL };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_true(write(fd, "#! /bin/sh -e \nexit\n", 20) == 20);
	fchmod(fd, 0755);
	close(fd);
	char *argv[] = { path, (char *)"argument", NULL };
	bool done = compare(path, argv, envp, 8 << 20);
	unlink(path);
	assert_true(done);
}

static const struct vma_exec_range *range_of(const struct vma_exec *x, const char *what)
{
	for (u32 i = 0; i < x->nr_ranges; i++)
		if (!strcmp(x->range[i].what, what))
			return &x->range[i];
	return NULL;
}

static bool in_range(const struct vma_exec *x, const char *what, u64 addr)
{
	const struct vma_exec_range *r = range_of(x, what);

	return r && addr >= r->low && addr <= r->high;
}

/* Real programs with randomisation on: every part must lie where the ranges say. */
static void randomised_starts_lie_in_the_ranges(void **state)
{
	char *argv[] = { (char *)"/bin/sleep", (char *)"60", NULL };
	struct vma_exec_opts opts = { .program = argv[0], .argv = (const char *const *)argv,
				      .kernel = &kernel };
	FILE *f_rnd = fopen("/proc/sys/kernel/randomize_va_space", "r");
	int randomize = f_rnd ? fgetc(f_rnd) : 0;
	struct vma_exec x;

	(void)state;
	if (f_rnd)
		fclose(f_rnd);
	if (randomize != '2') {
		print_message("# kernel.randomize_va_space is not 2\n");
		skip();
	}
	assert_int_equal(vma_exec_simulate(&opts, &x, NULL), 0);
	for (int i = 0; i < 40; i++) {
		struct vma_read_opts o = { .levels = VMA_READ_MAPS | VMA_READ_STATUS };
		struct vma_facts *f = NULL;
		char target[32];
		int status;
		pid_t pid = fork();
		if (!pid) {
			personality(0);
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			execv(argv[0], argv);
			_exit(127);
		}
		waitpid(pid, &status, 0);
		snprintf(target, sizeof(target), "%d", (int)pid);
		int rc = vma_facts_read(target, &o, &f, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(rc, 0);
		assert_true(in_range(&x, "program", f->maps[0].start));
		if (f->have_stat & 1u << VMA_STAT_START_BRK)
			assert_true(in_range(&x, "heap", f->stat[VMA_STAT_START_BRK]));
		for (size_t k = 0; k < f->nr_maps; k++) {
			if (!strcmp(f->maps[k].path, "[stack]"))
				assert_true(in_range(&x, "stack", f->maps[k].end));
			if (strstr(f->maps[k].path, "/ld-linux") && k + 1 < f->nr_maps &&
			    strcmp(f->maps[k + 1].path, f->maps[k].path))
				assert_true(in_range(&x, "mmap", f->maps[k].end));
		}
		vma_facts_free(f);
	}
	vma_exec_fini(&x);
}

static void what_execve_refuses_is_refused(void **state)
{
	static const struct {
		const char *program;
		int rc;
	} bad[] = {
		{ "/nonexistent", -ENOENT }, { "/etc/passwd", -EACCES }, { "/dev/null", -ENOEXEC },
		{ "/", -ENOEXEC },
	};
	struct vma_err err;
	struct vma_exec x;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vma_exec_opts opts = { .program = bad[i].program, .kernel = &kernel };
		memset(&err, 0, sizeof(err));
		assert_int_equal(vma_exec_simulate(&opts, &x, &err), bad[i].rc);
		assert_non_null(strstr(err.msg, bad[i].program));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian_programs_start_as_predicted),
		cmocka_unit_test(long_arguments_and_small_stacks_move_the_stack),
		cmocka_unit_test(an_unlimited_stack_leaves_a_sixth_below),
		cmocka_unit_test(linked_otherwise_they_start_as_predicted),
		cmocka_unit_test(a_script_starts_its_interpreter),
		cmocka_unit_test(randomised_starts_lie_in_the_ranges),
		cmocka_unit_test(what_execve_refuses_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
