// SPDX-License-Identifier: GPL-2.0-or-later
/* pagemap into runs (rules T13, T14), on pages whose state we make ourselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libvmactl/read.h"

#define PAGE 4096UL
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static void *map_pages(size_t nr, int flags)
{
	void *p = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	madvise(p, nr * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static struct vma_facts *read_self(u32 levels)
{
	struct vma_read_opts opts = { .levels = levels | VMA_READ_PAGES };
	struct vma_facts *f;

	assert_int_equal(vma_facts_read("self", &opts, &f, NULL), 0);
	assert_true(f->levels & VMA_READ_PAGES);
	return f;
}

/* The state of the page at @p, VMA_PAGE_NONE when it is in no run. */
static u32 state_at(const struct vma_facts *f, const char *p)
{
	for (size_t i = 0; i < f->nr_runs; i++)
		if (f->runs[i].start <= (uintptr_t)p && (uintptr_t)p < f->runs[i].end)
			return f->runs[i].state;
	return VMA_PAGE_NONE;
}

static void runs_are_ordered_and_lie_in_mappings(void **state)
{
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	size_t map = 0;

	(void)state;
	assert_true(f->nr_runs > 5);
	for (size_t i = 0; i < f->nr_runs; i++) {
		assert_true(f->runs[i].start < f->runs[i].end);
		assert_int_not_equal(f->runs[i].state, VMA_PAGE_NONE);
		if (i)
			assert_true(f->runs[i - 1].end <= f->runs[i].start);
		while (map < f->nr_maps && f->maps[map].end <= f->runs[i].start)
			map++;
		assert_true(map < f->nr_maps && f->maps[map].start <= f->runs[i].start);
	}
	vma_facts_free(f);
}

/* Both with smaps, which says where nothing is, and without. */
static void each_state_is_told_from_the_others(void **state)
{
	static const u32 levels[] = { VMA_READ_DEFAULT, VMA_READ_MAPS };
	char *p = map_pages(16, MAP_PRIVATE | MAP_ANONYMOUS);
	char *s = map_pages(4, MAP_SHARED | MAP_ANONYMOUS);
	volatile char sink;

	(void)state;
	p[2 * PAGE] = p[3 * PAGE] = p[4 * PAGE] = 1;
	sink = p[8 * PAGE];
	(void)sink;
	s[PAGE] = 1;
	for (size_t i = 0; i < 2; i++) {
		struct vma_facts *f = read_self(levels[i]);
		u32 zero = state_at(f, p + 8 * PAGE);

		assert_int_equal(state_at(f, p), VMA_PAGE_NONE);
		assert_int_equal(state_at(f, p + 2 * PAGE), VMA_PAGE_ANON);
		assert_int_equal(state_at(f, p + 4 * PAGE), VMA_PAGE_ANON);
		assert_int_equal(state_at(f, p + 5 * PAGE), VMA_PAGE_NONE);
		/* Without PAGEMAP_SCAN and privilege the zero page cannot be told. */
		assert_true(zero == VMA_PAGE_ZERO || zero == VMA_PAGE_ANON_SHARED);
		assert_int_equal(state_at(f, s), VMA_PAGE_NONE);
		assert_int_equal(state_at(f, s + PAGE), VMA_PAGE_FILE);
		vma_facts_free(f);
	}
	munmap(p, 16 * PAGE);
	munmap(s, 4 * PAGE);
}

/* pagemap calls VM_PFNMAP a hole, whether it is mapped or not. */
static void frames_of_the_kernel_are_neither_anonymous_nor_missing(void **state)
{
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	bool found = false;

	(void)state;
	for (size_t i = 0; i < f->nr_maps; i++) {
		const struct vma_fact_map *m = &f->maps[i];
		u32 is = state_at(f, (const char *)(uintptr_t)m->start);

		if (m->has_flags && m->flags & VM_PFNMAP) { /* [vvar], [vvar_vclock] */
			assert_int_equal(is, VMA_PAGE_SPECIAL);
			found = true;
		} else if (!strcmp(m->path, "[vdso]")) {
			assert_true(is == VMA_PAGE_FILE || is == VMA_PAGE_NONE);
		}
	}
	vma_facts_free(f);
	if (!found)
		skip();
}

static void guard_pages_are_seen(void **state)
{
	char *p = map_pages(8, MAP_PRIVATE | MAP_ANONYMOUS);

	(void)state;
	p[0] = 1;
	if (madvise(p + 4 * PAGE, PAGE, MADV_GUARD_INSTALL)) {
		munmap(p, 8 * PAGE);
		skip(); /* Linux 6.13 */
	}
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	u32 guard = state_at(f, p + 4 * PAGE);

	/* pagemap says so since 6.15; before, it looks like a page in swap. */
	assert_true(guard == VMA_PAGE_GUARD || guard == VMA_PAGE_SWAP);
	assert_int_equal(state_at(f, p + 5 * PAGE), VMA_PAGE_NONE);
	vma_facts_free(f);
	munmap(p, 8 * PAGE);
}

/* Memory and time follow what is there, not what is reserved. */
static void a_huge_reservation_costs_next_to_nothing(void **state)
{
	const size_t size = 1UL << 42; /* 4 TiB: 8 GiB of pagemap */
	char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	u64 bytes = 0;

	(void)state;
	if (p == MAP_FAILED)
		skip();
	assert_int_equal(mprotect(p + size / 2, PAGE, PROT_READ | PROT_WRITE), 0);
	p[size / 2] = 1;
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	assert_int_equal(state_at(f, p + size / 2), VMA_PAGE_ANON);
	for (size_t i = 0; i < f->nr_cost; i++)
		if (!strcmp(f->cost[i].what, "pagemap"))
			bytes = f->cost[i].bytes;
	assert_true(bytes > 0 && bytes < 16 << 20);
	vma_facts_free(f);
	munmap(p, size);
}

/* Every second page: a run each, and the windows of 64 KiB end in the middle of it. */
static void many_runs_are_kept_apart(void **state)
{
	const size_t nr = 20000;
	char *p = map_pages(nr, MAP_PRIVATE | MAP_ANONYMOUS);
	size_t runs = 0;

	(void)state;
	for (size_t i = 0; i < nr; i += 2)
		p[i * PAGE] = 1;
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	for (size_t i = 0; i < f->nr_runs; i++) {
		if (f->runs[i].start < (uintptr_t)p || f->runs[i].start >= (uintptr_t)p + nr * PAGE)
			continue;
		assert_int_equal(f->runs[i].end - f->runs[i].start, PAGE);
		assert_int_equal((f->runs[i].start - (uintptr_t)p) / PAGE % 2, 0);
		runs++;
	}
	assert_int_equal(runs, nr / 2);
	vma_facts_free(f);
	munmap(p, nr * PAGE);
}

/* Islands of all lengths, far apart, with pages between that were only read. */
#define SPREAD 40000

static bool is_written(size_t page)
{
	return page % 5000 < page / 20 % 7 * 400 || page % 3571 == 0;
}

static bool is_read(size_t page)
{
	return !is_written(page) && page % 997 < 3;
}

static void check_spread(const char *p, u32 written)
{
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);

	for (size_t i = 0; i < SPREAD; i++) {
		u32 is = state_at(f, p + i * PAGE);

		if (is_read(i))
			assert_true(is == VMA_PAGE_ZERO || is == VMA_PAGE_ANON_SHARED);
		else
			assert_int_equal(is, is_written(i) ? written : VMA_PAGE_NONE);
	}
	vma_facts_free(f);
}

/* Own pages are only scanned for, shared ones hunted; both find each of them. */
static void islands_are_found_whether_shared_or_not(void **state)
{
	char *p = map_pages(SPREAD, MAP_PRIVATE | MAP_ANONYMOUS);
	int gate[2];
	char c;

	(void)state;
	for (size_t i = 0; i < SPREAD; i++)
		if (is_written(i))
			p[i * PAGE] = 1;
		else if (is_read(i))
			c = *(volatile char *)(p + i * PAGE);
	check_spread(p, VMA_PAGE_ANON);
	assert_int_equal(pipe(gate), 0);
	pid_t child = fork();
	if (!child) {
		close(gate[1]);
		_exit(read(gate[0], &c, 1) != 0);
	}
	assert_true(child > 0);
	check_spread(p, VMA_PAGE_ANON_SHARED);
	close(gate[1]);
	close(gate[0]);
	waitpid(child, NULL, 0);
	munmap(p, SPREAD * PAGE);
}

static void the_longest_call_is_part_of_the_cost(void **state)
{
	struct vma_facts *f = read_self(VMA_READ_DEFAULT);
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < f->nr_cost; i++) {
		const struct vma_read_cost *c = &f->cost[i];

		assert_true(c->longest <= c->ns);
		if (!strcmp(c->what, "smaps") || !strcmp(c->what, "pagemap"))
			found += c->longest > 0;
	}
	assert_int_equal(found, 2);
	vma_facts_free(f);
}

static int pagemap_can_be_read(void **state)
{
	(void)state;
	return access("/proc/self/pagemap", R_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_ordered_and_lie_in_mappings),
		cmocka_unit_test(each_state_is_told_from_the_others),
		cmocka_unit_test(frames_of_the_kernel_are_neither_anonymous_nor_missing),
		cmocka_unit_test(guard_pages_are_seen),
		cmocka_unit_test(a_huge_reservation_costs_next_to_nothing),
		cmocka_unit_test(many_runs_are_kept_apart),
		cmocka_unit_test(islands_are_found_whether_shared_or_not),
		cmocka_unit_test(the_longest_call_is_part_of_the_cost),
	};

	return cmocka_run_group_tests_name("pagemap", tests, pagemap_can_be_read, NULL);
}
