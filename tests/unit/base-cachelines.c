// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cachelines.h"

/* Blocks of other sizes in between make malloc() move ours, to places aligned otherwise. */
static void growing_keeps_bytes_and_alignment(void **state)
{
	unsigned char *p = NULL;
	void *between[200];
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		size_t bytes = used + 1 + i * 7 % 300;

		p = cachelines_resize(p, used, bytes);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % CACHE_LINE, 0);
		for (size_t k = 0; k < used; k++)
			assert_int_equal(p[k], (unsigned char)(k * 31));
		for (size_t k = used; k < bytes; k++)
			p[k] = (unsigned char)(k * 31);
		used = bytes;
		between[i] = malloc(16 + i * 48 % 1000);
	}
	for (size_t i = 0; i < 200; i++)
		free(between[i]);
	cachelines_free(p);
	cachelines_free(NULL);
}

/* From small to large and on: large blocks are made anew. */
static void large_blocks_keep_bytes_and_alignment(void **state)
{
	const size_t step = CACHELINES_LARGE / 2 + 4096;
	unsigned char *p = NULL;
	size_t used = 0;

	(void)state;
	for (size_t bytes = step; bytes < 8 * step; used = bytes, bytes += step) {
		p = cachelines_resize(p, used, bytes);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % CACHE_LINE, 0);
		for (size_t k = 0; k < used; k += 509)
			assert_int_equal(p[k], (unsigned char)(k * 31));
		for (size_t k = 0; k < bytes; k += 509)
			p[k] = (unsigned char)(k * 31);
	}
	cachelines_free(p);
	p = cachelines_large(CACHELINES_LARGE);
	assert_non_null(p);
	p[0] = p[CACHELINES_LARGE - 1] = 1;
	cachelines_free(p);
}

static void too_much_is_refused_and_keeps_the_old(void **state)
{
	char *p = cachelines_resize(NULL, 0, 100);
	volatile size_t huge = (size_t)1 << 62;

	(void)state;
	assert_non_null(p);
	p[99] = 'x';
	assert_null(cachelines_resize(p, 100, huge));
	assert_int_equal(p[99], 'x');
	cachelines_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_keeps_bytes_and_alignment),
		cmocka_unit_test(large_blocks_keep_bytes_and_alignment),
		cmocka_unit_test(too_much_is_refused_and_keeps_the_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
