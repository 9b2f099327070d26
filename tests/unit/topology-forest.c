// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The anon_vmas of several processes, inferred from made-up facts: what is said of each mapping, and
 * what is left unknown. No page frames are compared.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/topology.h"
#include "read/facts.h"

#define P VMA_PAGE_SIZE
#define RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT)
#define RO (VM_READ | VM_MAY_FLAGS | VM_ACCOUNT)
#define MOST 4

/* ---------------------------------------------------------------- processes, made by hand */

/* A process that exec made, or with @parent one that was forked from it, @forks after the exec. */
static struct vma_facts *process(u32 pid, u32 parent, s32 forks)
{
	struct vma_facts *f = facts_new();

	assert_non_null(f);
	f->source = facts_str(f, "test");
	f->release = facts_str(f, "6.18");
	f->system.totalram_pages = 1 << 20;
	f->pid = f->mm_of = pid;
	f->fork_parent = parent;
	f->forked = forks != 0;
	f->forks = forks;
	f->copied = 0;
	f->exe = facts_str(f, "/bin/program");
	return f;
}

/* @anon: pages that are anonymous; @shared: of these, mapped by others too. */
static void add(struct vma_facts *f, u64 page, u64 nr, u64 flags, u64 anon, u64 shared,
		const char *path)
{
	const u64 kb[VMA_SMAPS_NR] = {
		[VMA_SMAPS_ANONYMOUS] = anon * 4, [VMA_SMAPS_SHARED_DIRTY] = shared * 4,
	};
	struct vma_fact_map m = {
		.start = page * P, .end = (page + nr) * P, .flags = flags, .has_flags = true, .kb = kb,
		.path = path, .have = 1U << VMA_SMAPS_ANONYMOUS, .policy = "default",
		.inode = *path == '/' ? 77 : 0, .dev_major = *path == '/' ? 8 : 0,
	};

	vma_flags_perms(flags, m.perms);
	assert_int_equal(facts_add_map(f, &m), 0);
}

/* The program, a heap of exclusive pages, and what was written to before the last fork. */
static struct vma_facts *with_memory(struct vma_facts *f)
{
	add(f, 100, 2, RW, 1, 0, "/bin/program");
	add(f, 200, 8, RW, 4, 0, "");
	add(f, 300, 8, RW, 4, 2, "");
	return f;
}

struct wood {
	const struct vma_model *model[MOST];
	size_t nr;
	struct vma_forest *forest;
};

static void grow(struct wood *w, size_t nr, struct vma_facts *const *facts)
{
	struct vma_err err;

	*w = (struct wood){ .nr = nr };
	for (size_t i = 0; i < nr; i++)
		if (vma_rebuild(facts[i], NULL, (struct vma_model **)&w->model[i], &err))
			fail_msg("%s", err.msg);
	if (vma_forest_new(w->model, nr, "", &w->forest, &err))
		fail_msg("%s", err.msg);
}

#define GROW(w, ...)                                             \
	do {                                                     \
		struct vma_facts *list_[] = { __VA_ARGS__ };     \
		grow(w, ARRAY_SIZE(list_), list_);               \
	} while (0)

static void fell(struct wood *w)
{
	vma_forest_free(w->forest);
	for (size_t i = 0; i < w->nr; i++)
		vma_model_free((struct vma_model *)w->model[i]);
}

static const struct vma_forest_vma *at(const struct wood *w, size_t i, u64 page)
{
	const struct vma *vma = vma_lookup(w->model[i]->mm, page * P);
	const struct vma_forest_vma *v = vma ? vma_forest_find(w->forest, i, vma) : NULL;

	assert_non_null(v);
	return v;
}

static const struct vma_forest_anon *anon_at(const struct wood *w, size_t i, u64 page)
{
	return vma_forest_at(w->forest, at(w, i, page)->anon);
}

#define assert_fact(w, i, page, fact, is) \
	assert_int_equal(at(w, i, page)->how[VMA_FOREST_##fact].known, VMA_##is)

/* ---------------------------------------------------------------- what is known */

static void a_process_that_exec_made_has_roots(void **state)
{
	struct wood w;

	(void)state;
	GROW(&w, with_memory(process(1, 0, 0)));
	assert_int_equal(anon_at(&w, 0, 200)->root, at(&w, 0, 200)->anon);
	assert_int_equal(at(&w, 0, 200)->nr_chain, 1);
	assert_fact(&w, 0, 200, ROOT, DERIVED);
	assert_fact(&w, 0, 200, PARENT, DERIVED);
	assert_fact(&w, 0, 200, CHAIN, DERIVED);
	fell(&w);
}

static void a_child_hangs_below_the_same_range_of_its_parent(void **state)
{
	const struct vma_forest_vma *child;
	struct wood w;

	(void)state;
	GROW(&w, with_memory(process(1, 0, 0)), with_memory(process(2, 1, 1)),
	     with_memory(process(3, 2, 2)));
	child = at(&w, 2, 100);
	assert_int_equal(anon_at(&w, 2, 100)->parent, at(&w, 1, 100)->anon);
	assert_int_equal(anon_at(&w, 2, 100)->root, at(&w, 0, 100)->anon);
	assert_int_equal(child->nr_chain, 3);
	assert_int_equal(w.forest->link[child->chain + 1], at(&w, 1, 100)->anon);
	assert_int_equal(w.forest->link[child->chain + 2], at(&w, 0, 100)->anon);
	assert_false(child->more);
	assert_int_equal(child->from, at(&w, 1, 100) - w.forest->vma + 1);
	assert_int_equal(anon_at(&w, 0, 100)->num_children, 2); /* itself and one */
	assert_int_equal(anon_at(&w, 0, 100)->refcount, 3);
	/* a file is there before a program runs; other ranges may have come later in both */
	assert_true(child->how[VMA_FOREST_ROOT].confidence >
		    at(&w, 2, 200)->how[VMA_FOREST_ROOT].confidence);
	fell(&w);
}

static void what_the_parent_does_not_have_came_later(void **state)
{
	struct vma_facts *child = process(2, 1, 1);
	struct wood w;

	(void)state;
	add(child, 500, 4, RW, 2, 0, "");
	GROW(&w, with_memory(process(1, 0, 0)), child);
	assert_int_equal(anon_at(&w, 1, 500)->root, at(&w, 1, 500)->anon);
	assert_fact(&w, 1, 500, ROOT, INFERRED);
	fell(&w);
}

static void another_range_at_the_same_place_may_have_come_later(void **state)
{
	struct vma_facts *child = process(2, 1, 1);
	struct wood w;

	(void)state;
	add(child, 202, 2, RW, 2, 0, "");
	GROW(&w, with_memory(process(1, 0, 0)), child);
	assert_fact(&w, 1, 202, PRESENT, DERIVED);
	assert_fact(&w, 1, 202, ROOT, UNKNOWN);
	assert_fact(&w, 1, 202, PARENT, UNKNOWN);
	assert_fact(&w, 1, 202, CHAIN, UNKNOWN);
	assert_int_equal(anon_at(&w, 1, 202)->root, 0);
	assert_int_equal(anon_at(&w, 1, 202)->parent, 0);
	fell(&w);
}

static void a_piece_that_mprotect_cut_after_the_fork_is_shared(void **state)
{
	struct vma_facts *child = process(2, 1, 1);
	struct wood w;

	(void)state;
	add(child, 200, 4, RW, 4, 0, "");
	add(child, 204, 4, RO, 4, 0, "");
	GROW(&w, with_memory(process(1, 0, 0)), child);
	assert_int_equal(at(&w, 1, 200)->anon, at(&w, 1, 204)->anon);
	fell(&w);
}

/* ---------------------------------------------------------------- ancestors that have ended */

static void of_an_orphan_only_that_it_is_below_something_is_known(void **state)
{
	struct wood w;

	(void)state;
	GROW(&w, with_memory(process(2, 0, -1)));
	assert_fact(&w, 0, 100, ROOT, INFERRED); /* the program itself */
	assert_fact(&w, 0, 300, ROOT, INFERRED); /* others have its pages */
	assert_fact(&w, 0, 200, ROOT, UNKNOWN);
	for (u64 page = 100; page <= 300; page += 100) {
		assert_fact(&w, 0, page, PRESENT, DERIVED);
		assert_fact(&w, 0, page, PARENT, UNKNOWN);
		assert_fact(&w, 0, page, CHAIN, UNKNOWN);
		assert_true(at(&w, 0, page)->more);
		assert_int_equal(anon_at(&w, 0, page)->parent, 0);
		assert_true(anon_at(&w, 0, page)->open);
	}
	assert_int_not_equal(anon_at(&w, 0, 100)->root, at(&w, 0, 100)->anon);
	fell(&w);
}

/* Rule A9: fork takes an anon_vma again that an ancestor left behind. */
static void a_child_of_an_orphan_may_have_another_parent(void **state)
{
	struct wood w;

	(void)state;
	GROW(&w, with_memory(process(2, 0, -1)), with_memory(process(3, 2, -1)));
	assert_fact(&w, 1, 100, ROOT, INFERRED);
	assert_int_equal(anon_at(&w, 1, 100)->root, anon_at(&w, 0, 100)->root);
	assert_fact(&w, 1, 100, PARENT, UNKNOWN);
	assert_fact(&w, 1, 100, CHAIN, UNKNOWN);
	/* but these links it has for certain */
	assert_int_equal(w.forest->link[at(&w, 1, 100)->chain + 1], at(&w, 0, 100)->anon);
	fell(&w);
}

static void forks_of_living_processes_that_were_not_read_are_counted(void **state)
{
	struct wood w;

	(void)state;
	GROW(&w, with_memory(process(3, 2, 2)), with_memory(process(4, 3, 3)));
	assert_int_equal(at(&w, 0, 100)->nr_chain, 3);
	assert_fact(&w, 0, 100, CHAIN, INFERRED);
	assert_int_equal(at(&w, 1, 100)->nr_chain, 4);
	assert_int_equal(anon_at(&w, 1, 100)->parent, at(&w, 0, 100)->anon);
	assert_fact(&w, 1, 100, PARENT, INFERRED);
	/* this may have come after the first fork, or the second */
	assert_fact(&w, 0, 300, CHAIN, UNKNOWN);
	fell(&w);
}

static void a_daemon_is_taken_for_one_fork(void **state)
{
	struct vma_facts *daemon = with_memory(process(2, 0, 1));
	struct wood w;

	(void)state;
	daemon->forks_guessed = true;
	GROW(&w, daemon, with_memory(process(3, 2, 2)));
	assert_int_equal(at(&w, 0, 100)->nr_chain, 2);
	assert_int_equal(at(&w, 0, 100)->how[VMA_FOREST_CHAIN].confidence, 90);
	assert_int_equal(anon_at(&w, 1, 100)->parent, at(&w, 0, 100)->anon);
	assert_fact(&w, 1, 100, PARENT, INFERRED);
	fell(&w);
}

static void one_that_was_taken_over_is_of_the_same_tree_but_no_child(void **state)
{
	struct vma_facts *adopted = with_memory(process(3, 1, -1));
	struct wood w;

	(void)state;
	adopted->adopted = true;
	add(adopted, 500, 4, RW, 2, 0, "");
	GROW(&w, with_memory(process(1, 0, 0)), adopted);
	assert_int_equal(anon_at(&w, 1, 100)->root, at(&w, 0, 100)->anon);
	assert_fact(&w, 1, 100, ROOT, INFERRED);
	assert_fact(&w, 1, 100, PARENT, UNKNOWN);
	assert_fact(&w, 1, 500, ROOT, UNKNOWN); /* the one between may have made it */
	assert_true(anon_at(&w, 0, 100)->open);
	fell(&w);
}

static void two_processes_with_one_address_space_have_the_same_anon_vmas(void **state)
{
	struct vma_facts *other = with_memory(process(2, 0, 0));
	struct wood w;

	(void)state;
	other->mm_of = 1;
	GROW(&w, with_memory(process(1, 0, 0)), other, with_memory(process(3, 1, 1)));
	assert_int_equal(at(&w, 0, 200)->anon, at(&w, 1, 200)->anon);
	assert_int_equal(anon_at(&w, 0, 200)->num_active_vmas, 1);
	assert_int_equal(anon_at(&w, 2, 100)->parent, at(&w, 0, 100)->anon);
	fell(&w);
}

/* ---------------------------------------------------------------- live relatives */

/* The grandchild of a child that has ended is found all the same. */
static void an_orphan_belongs_to_the_family(void **state)
{
	int ready[2];
	pid_t middle, orphan = 0;
	u32 *pids;
	size_t nr;
	bool found = false;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	middle = fork();
	if (!middle) {
		orphan = fork();
		if (orphan)
			_exit(write(ready[1], &orphan, sizeof(orphan)) != sizeof(orphan));
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &orphan, sizeof(orphan)), sizeof(orphan));
	waitpid(middle, NULL, 0);
	assert_int_equal(vma_family((u32)getpid(), true, NULL, &pids, &nr, NULL), 0);
	kill(orphan, SIGKILL);
	assert_int_equal(pids[0], getpid());
	for (size_t i = 0; i < nr; i++)
		found = found || pids[i] == (u32)orphan;
	assert_true(found);
	free(pids);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_exec_made_has_roots),
		cmocka_unit_test(a_child_hangs_below_the_same_range_of_its_parent),
		cmocka_unit_test(what_the_parent_does_not_have_came_later),
		cmocka_unit_test(another_range_at_the_same_place_may_have_come_later),
		cmocka_unit_test(a_piece_that_mprotect_cut_after_the_fork_is_shared),
		cmocka_unit_test(of_an_orphan_only_that_it_is_below_something_is_known),
		cmocka_unit_test(a_child_of_an_orphan_may_have_another_parent),
		cmocka_unit_test(forks_of_living_processes_that_were_not_read_are_counted),
		cmocka_unit_test(a_daemon_is_taken_for_one_fork),
		cmocka_unit_test(one_that_was_taken_over_is_of_the_same_tree_but_no_child),
		cmocka_unit_test(two_processes_with_one_address_space_have_the_same_anon_vmas),
		cmocka_unit_test(an_orphan_belongs_to_the_family),
	};

	return cmocka_run_group_tests_name("forest", tests, NULL, NULL);
}
