// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that crash an old kernel are not made on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "../lib/picture.h"
#include "verify/spare.h"

/* mremap(MREMAP_DONTUNMAP) of pages [page, page + nr) of a picture. */
static bool spares(const char *release, const char *picture, u64 page, u64 nr)
{
	struct step step = {
		.op = VMA_OP_MREMAP,
		.arg = { picture_addr(page), nr * VMA_PAGE_SIZE, nr * VMA_PAGE_SIZE, 7,
			 picture_addr(1000) },
	};
	struct vma_kernel k;
	struct picture p = { .what = picture };
	bool answer;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	picture_begin(&p, &k, picture);
	answer = vma_spare_kernel(p.mm, &step, step.arg);
	step.arg[3] = 3;
	assert_false(vma_spare_kernel(p.mm, &step, step.arg)); /* an ordinary move is fine */
	picture_end(&p);
	return answer;
}

static void the_middle_of_the_last_charged_mapping(void **state)
{
	(void)state;
	assert_true(spares("5.10", "aaa", 1, 1));
	assert_true(spares("5.10", "r..aaa", 4, 1));
	assert_false(spares("5.13", "aaa", 1, 1));
	assert_false(spares("7.2", "aaa", 1, 1));
	/* nothing is taken to be cut, or there is a next one, or nothing was charged */
	assert_false(spares("5.10", "aaa", 0, 2));
	assert_false(spares("5.10", "aaa", 1, 2));
	assert_false(spares("5.10", "aaa..r", 1, 1));
	assert_false(spares("5.10", "rrr", 1, 1));
	assert_false(spares("5.10", "...", 1, 1));
}

/* Is mmap(NULL, 4096, ... | @flags) left out with a mapping at @page that grows down? */
static bool is_unclear(const char *release, const char *calls, u64 flags)
{
	const struct step step = {
		.op = VMA_OP_MMAP,
		.arg = { 0, VMA_PAGE_SIZE, 1, MAP_PRIVATE | MAP_ANONYMOUS | flags, ~0ULL },
	};
	struct vma_kernel k;
	struct picture p = { .what = calls };
	bool answer;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	picture_begin(&p, &k, "");
	picture_calls(&p, calls);
	answer = vma_spare_kernel(p.mm, &step, step.arg);
	picture_end(&p);
	return answer;
}

/* Rule A6: pages of a picture begin at 0x10000000, the window of 32 bits at 0x40000000. */
static void searches_that_depend_on_the_tree(void **state)
{
	static const char near[] = "bottom_up 100; mmap 300 1 rw private|anonymous|fixed|growsdown";
	static const char far[] = "bottom_up 100; mmap 400 1 rw private|anonymous|fixed|growsdown";
	static const char window[] =
		"mmap 196700 1 rw private|anonymous|fixed|growsdown";

	(void)state;
	assert_true(is_unclear("5.10", near, 0));
	assert_false(is_unclear("6.1", near, 0));
	assert_false(is_unclear("5.10", far, 0));
	assert_false(is_unclear("5.10", near, MAP_FIXED));
	assert_false(is_unclear("5.10", window, 0));
	assert_true(is_unclear("5.10", window, MAP_32BIT));
}

static void a_window_that_begins_anywhere(void **state)
{
	struct step step = { .op = VMA_OP_MMAP,
			     .arg = { 0, VMA_PAGE_SIZE, 1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
				      ~0ULL } };
	struct vma_kernel k;
	struct picture p = { .what = "aslr" };

	(void)state;
	assert_int_equal(vma_kernel_init(&k, "6.18", NULL), 0);
	picture_begin(&p, &k, "a");
	assert_false(vma_spare_kernel(p.mm, &step, step.arg));
	p.mm->randomize = true;
	assert_true(vma_spare_kernel(p.mm, &step, step.arg));
	step.arg[3] |= MAP_FIXED;
	assert_false(vma_spare_kernel(p.mm, &step, step.arg));
	picture_end(&p);
}

/* Is an access to page @page left out after @calls? The file has 64 pages. */
static bool is_left_out(const char *calls, u64 page, u64 access)
{
	const struct step step = { .op = VMA_OP_TOUCH,
				   .arg = { picture_addr(page), VMA_PAGE_SIZE, access } };
	struct vma_kernel k;
	struct picture p = { .what = calls };
	bool answer;

	assert_int_equal(vma_kernel_init(&k, "6.18", NULL), 0);
	picture_begin(&p, &k, "");
	picture_calls(&p, calls);
	answer = vma_spare_kernel(p.mm, &step, step.arg);
	picture_end(&p);
	return answer;
}

/* Fault-around begins at multiples of 16 pages; a page table holds 512. */
static void reads_that_depend_on_an_empty_page_table(void **state)
{
	static const char last_at_64[] = "map 1 70 rw big 0";

	(void)state;
	assert_true(is_left_out(last_at_64, 66, PROT_READ));
	assert_true(is_left_out(last_at_64, 66, PROT_EXEC));
	assert_false(is_left_out(last_at_64, 66, PROT_WRITE));
	assert_false(is_left_out(last_at_64, 64, PROT_READ)); /* not past the end */
	assert_false(is_left_out("map 2 70 rw big 0", 66, PROT_READ)); /* two of its pages */
	assert_false(is_left_out("map 0 70 rw big 0", 66, PROT_READ)); /* none */
	assert_false(is_left_out("map 1 70 rw big 0; touch 1 1 r", 66, PROT_READ));
	assert_true(is_left_out("map 1 70 rw big 0; map 600 1 rw; touch 600 1 w", 66, PROT_READ));
	assert_false(is_left_out("maps 1 70 rw tmpfs 0", 66, PROT_READ));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_middle_of_the_last_charged_mapping),
		cmocka_unit_test(searches_that_depend_on_the_tree),
		cmocka_unit_test(a_window_that_begins_anywhere),
		cmocka_unit_test(reads_that_depend_on_an_empty_page_table),
	};

	return cmocka_run_group_tests_name("verify-spare", tests, NULL, NULL);
}
