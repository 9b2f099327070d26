// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Living processes: the model is sound, and what is inferred from /proc is what the kernel itself
 * says, where it can be asked.
 */
#include <errno.h>
#include <fcntl.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libvmactl/rebuild.h"

#define PAGE 4096UL

static struct vma_model *open_target(const char *target, u32 more_levels)
{
	struct vma_open_opts opts = { .levels = VMA_READ_DEFAULT | more_levels };
	struct vma_model *m;
	struct vma_err err;

	if (vma_open(target, &opts, &m, &err) || vma_validate(m->world, &err))
		fail_msg("%s", err.msg);
	return m;
}

static void our_own_model_is_sound_and_labelled_as_maps_is(void **state)
{
	struct vma_model *m = open_target("self", VMA_READ_PAGES);
	char label[VMA_LABEL_MAX];
	const struct vma *vma;
	size_t stacks = 0;

	(void)state;
	assert_int_equal(m->mm->pid, getpid());
	vma_for_each(m->mm, vma) {
		const struct vma_fact_map *map = vma_model_map(m, vma);

		assert_non_null(map);
		assert_int_equal(map->start, vma->vm_start);
		assert_string_equal(vma_label(m->mm, vma, label, sizeof(label)), map->path);
		stacks += !strcmp(label, "[stack]");
	}
	assert_int_equal(stacks, 1);
	assert_true(m->mm->rss_anon > 0);
	vma_model_free(m);
}

/* ---------------------------------------------------------------- against the kernel */

/* What I6 and I7 speak of and can know: cuts by mprotect, shared memory, copies of file pages. */
static void make_mappings(void)
{
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 24 * PAGE);
	mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ);
	mprotect(p + 12 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(p, 1, 2 * PAGE);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	p[0] = 1;
	mprotect(p, PAGE, PROT_READ);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1,
		 0);
	p[0] = 1;
}

/* exec makes it no fork child: we run ourselves with the argument "wait". */
static pid_t start(bool exec)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], 1);
		if (exec)
			execl("/proc/self/exe", "rebuild-live", "wait", NULL);
		make_mappings();
		if (write(1, "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Do the two models put the VMAs of @a and @b in the same classes of anon_vma? */
static size_t count_partition_faults(const struct vma_model *a, const struct vma_model *b)
{
	size_t faults = 0;
	const struct vma *x, *before = NULL;

	vma_for_each(a->mm, x) {
		const struct vma *y = vma_lookup(b->mm, x->vm_start);
		const struct vma *y_before = before ? vma_lookup(b->mm, before->vm_start) : NULL;

		if (before && x->anon_vma && before->anon_vma && y->anon_vma && y_before->anon_vma &&
		    (x->anon_vma == before->anon_vma) != (y->anon_vma == y_before->anon_vma))
			faults++;
		before = x;
	}
	return faults;
}

static void compare_with_kernel(bool exec)
{
	pid_t pid = start(exec);
	char target[16];

	snprintf(target, sizeof(target), "%d", pid);
	struct vma_model *inferred = open_target(target, 0);
	struct vma_model *exact = open_target(target, VMA_READ_BPF);
	stop(pid);
	if (!(exact->facts->levels & VMA_READ_BPF)) {
		vma_model_free(inferred);
		vma_model_free(exact);
		skip(); /* no privilege, no BTF, or built without the BPF reader */
	}
	const struct vma *x;
	vma_for_each(inferred->mm, x) {
		const struct vma *y = vma_lookup(exact->mm, x->vm_start);

		assert_non_null(y);
		assert_int_equal(x->vm_end, y->vm_end);
		assert_int_equal(x->vm_flags, y->vm_flags);
		assert_int_equal(x->vm_pgoff, y->vm_pgoff);
		assert_int_equal(!!x->anon_vma, !!y->anon_vma);
		assert_int_equal(!!x->file, !!y->file);
		if (x->anon_vma)
			assert_int_equal(vma_chain_is_singular(inferred->world, x),
					 vma_chain_is_singular(exact->world, y));
	}
	assert_int_equal(count_partition_faults(inferred, exact), 0);
	assert_int_equal(inferred->mm->mmap_base, exact->mm->mmap_base);
	assert_int_equal(inferred->mm->mmap_legacy_base, exact->mm->mmap_legacy_base);
	assert_int_equal(inferred->mm->def_flags, exact->mm->def_flags);
	assert_int_equal((inferred->mm->brk + PAGE - 1) / PAGE, (exact->mm->brk + PAGE - 1) / PAGE);
	vma_model_free(inferred);
	vma_model_free(exact);
}

static void inference_agrees_with_the_kernel_after_exec(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow memory is cut in ways that leave no trace */
#endif
	compare_with_kernel(true);
}

/*
 * A fork child inherits most, but what it maps itself hangs below nothing: the rule says "forked"
 * of those too. Ranges, flags and offsets hold all the same; so only these are compared.
 */
static void inference_agrees_with_the_kernel_after_fork(void **state)
{
	pid_t pid = start(false);
	char target[16];
	const struct vma *x;
	size_t same = 0, all = 0;

	(void)state;
	snprintf(target, sizeof(target), "%d", pid);
	struct vma_model *inferred = open_target(target, 0);
	struct vma_model *exact = open_target(target, VMA_READ_BPF);
	stop(pid);
	if (!(exact->facts->levels & VMA_READ_BPF)) {
		vma_model_free(inferred);
		vma_model_free(exact);
		skip();
	}
	assert_int_equal(inferred->facts->forked, 1);
	vma_for_each(inferred->mm, x) {
		const struct vma *y = vma_lookup(exact->mm, x->vm_start);

		assert_int_equal(x->vm_flags, y->vm_flags);
		assert_int_equal(x->vm_pgoff, y->vm_pgoff);
		if (x->anon_vma && y->anon_vma) {
			all++;
			same += vma_chain_is_singular(inferred->world, x) ==
				vma_chain_is_singular(exact->world, y);
		}
	}
	assert_true(all > 5 && same * 2 > all);
	vma_model_free(inferred);
	vma_model_free(exact);
}

static void a_wrong_target_leaves_nothing_behind(void **state)
{
	static const struct {
		const char *target, *kernel;
	} wrong[] = {
		{ "999999999", NULL }, { "/proc/self/exe", NULL }, { "/", NULL }, { "self", "x" },
		{ "self", "2.4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vma_open_opts opts = { .kernel = wrong[i].kernel };
		struct vma_model *m = NULL;
		struct vma_err err = { 0 };

		assert_true(vma_open(wrong[i].target, &opts, &m, &err) < 0);
		assert_null(m);
		assert_true(strlen(err.msg) > 0);
	}
}

static void another_kernel_may_be_chosen(void **state)
{
	struct vma_open_opts opts = { .kernel = "6.1" };
	struct vma_model *m;

	(void)state;
	assert_int_equal(vma_open("self", &opts, &m, NULL), 0);
	assert_int_equal(vma_world_kernel(m->world)->version, KV(6, 1));
	vma_model_free(m);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_model_is_sound_and_labelled_as_maps_is),
		cmocka_unit_test(inference_agrees_with_the_kernel_after_exec),
		cmocka_unit_test(inference_agrees_with_the_kernel_after_fork),
		cmocka_unit_test(a_wrong_target_leaves_nothing_behind),
		cmocka_unit_test(another_kernel_may_be_chosen),
	};

	if (argc > 1 && !strcmp(argv[1], "wait")) {
		make_mappings();
		if (write(1, "x", 1) == 1)
			pause();
		return 0;
	}
	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
