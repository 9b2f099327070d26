/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attribution and addresses, asked of the test's own process: the linker knows the truth. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "libvmactl/attrib.h"

int attrib_test_data = 7;
int attrib_test_bss[8192];
const int attrib_test_const = 9;
void attrib_test_function(void);

void attrib_test_function(void)
{
	attrib_test_data++;
}

static struct vma_facts *facts;
static struct vma_attrib *attrib;

static int setup(void **state)
{
	struct vma_read_opts opts = { .levels = VMA_READ_MAPS | VMA_READ_STATUS };

	(void)state;
	return vma_facts_read("self", &opts, &facts, NULL) ||
	       vma_attrib_new(facts, VMA_ATTRIB_ALL, &attrib, NULL);
}

static int teardown(void **state)
{
	(void)state;
	vma_attrib_free(attrib);
	vma_facts_free(facts);
	return 0;
}

static enum vma_category category_at(const void *p)
{
	s64 i = vma_attrib_map_at(attrib, (u64)(uintptr_t)p);

	assert_true(i >= 0);
	return vma_attrib_place(attrib, (size_t)i)->category;
}

static void each_part_of_a_program_has_its_category(void **state)
{
	int local;

	(void)state;
	assert_int_equal(category_at((void *)(uintptr_t)attrib_test_function), VMA_CAT_TEXT);
	assert_int_equal(category_at(&attrib_test_data), VMA_CAT_DATA);
	assert_int_equal(category_at(&attrib_test_const), VMA_CAT_RODATA);
	assert_int_equal(category_at(&attrib_test_bss[8191]), VMA_CAT_BSS);
	assert_int_equal(category_at(&local), VMA_CAT_STACK);
	assert_int_equal(category_at((void *)getauxval(AT_SYSINFO_EHDR)), VMA_CAT_VDSO);
}

static void every_mapping_has_a_category_and_a_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < facts->nr_maps; i++) {
		const struct vma_place *p = vma_attrib_place(attrib, i);
		assert_non_null(p->how.rule);
		assert_true(*vma_category_name(p->category));
		assert_int_not_equal(p->category, VMA_CAT_UNKNOWN);
	}
}

static void *sleeper(void *arg)
{
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	return NULL;
}

static void threads_stacks_and_guards_are_found(void **state)
{
	struct vma_read_opts opts = { .levels = VMA_READ_MAPS | VMA_READ_STATUS };
	pthread_barrier_t barrier;
	struct vma_facts *f;
	struct vma_attrib *a;
	pthread_t thread;
	size_t stacks = 0, guards = 0;

	(void)state;
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, sleeper, &barrier), 0);
	pthread_barrier_wait(&barrier);
	assert_int_equal(vma_facts_read("self", &opts, &f, NULL), 0);
	assert_int_equal(vma_attrib_new(f, VMA_ATTRIB_ALL, &a, NULL), 0);
	for (size_t i = 0; i < f->nr_maps; i++) {
		const struct vma_place *p = vma_attrib_place(a, i);
		stacks += p->category == VMA_CAT_THREAD_STACK && p->tid;
		guards += p->category == VMA_CAT_GUARD;
	}
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	vma_attrib_free(a);
	vma_facts_free(f);
	pthread_barrier_destroy(&barrier);
	assert_true(stacks >= 1);
	assert_true(guards >= 1);
}

static void symbols_resolve_to_the_linkers_addresses(void **state)
{
	u64 addr;

	(void)state;
	assert_int_equal(vma_where_resolve(attrib, "attrib_test_function", &addr, NULL), 0);
	assert_int_equal(addr, (u64)(uintptr_t)attrib_test_function);
	assert_int_equal(vma_where_resolve(attrib, "exe:attrib_test_data+4", &addr, NULL), 0);
	assert_int_equal(addr, (u64)(uintptr_t)&attrib_test_data + 4);
	assert_int_equal(vma_where_resolve(attrib, "attrib_test_bss-0x10", &addr, NULL), 0);
	assert_int_equal(addr, (u64)(uintptr_t)attrib_test_bss - 16);
	assert_int_equal(vma_where_resolve(attrib, "libc.so.6:getenv", &addr, NULL), 0);
	s64 i = vma_attrib_map_at(attrib, addr);
	assert_true(i >= 0 && strstr(facts->maps[i].path, "libc"));
}

static void labels_sections_and_objects_resolve(void **state)
{
	u64 addr, other;

	(void)state;
	assert_int_equal(vma_where_resolve(attrib, "[vdso]", &addr, NULL), 0);
	assert_int_equal(addr, getauxval(AT_SYSINFO_EHDR));
	assert_int_equal(vma_where_resolve(attrib, "[vdso]+0x10", &addr, NULL), 0);
	assert_int_equal(addr, getauxval(AT_SYSINFO_EHDR) + 16);
	assert_int_equal(vma_where_resolve(attrib, "libc.so.6+0x1000", &addr, NULL), 0);
	assert_int_equal(vma_where_resolve(attrib, "libc.so.6", &other, NULL), 0);
	assert_int_equal(addr, other + 0x1000);
	assert_int_equal(vma_where_resolve(attrib, "exe:.text", &addr, NULL), 0);
	assert_int_equal(vma_where_resolve(attrib, "4096", &addr, NULL), 0);
	assert_int_equal(addr, 4096);
}

static void what_is_not_there_is_refused_with_its_name(void **state)
{
	static const char *const bad[] = { "no_such_symbol_anywhere",
					   "[nowhere]",
					   "libc.so.6:.nope",
					   "nolib.so:malloc",
					   "",
					   "+4",
					   "0x",
					   ":" };
	struct vma_err err;
	u64 addr;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_true(vma_where_resolve(attrib, bad[i], &addr, &err) < 0);
		assert_non_null(strstr(err.msg, bad[i]));
	}
}

static void an_address_is_led_back_to_symbol_section_and_line(void **state)
{
	u64 addr = (u64)(uintptr_t)attrib_test_function;
	struct vma_where w;

	(void)state;
	vma_where(attrib, addr + 1, true, &w);
	assert_true(w.map >= 0 && w.object && w.section >= 0);
	assert_string_equal(w.object->elf.sections[w.section].name, ".text");
	assert_true(w.has_symbol);
	assert_string_equal(w.symbol.name, "attrib_test_function");
	assert_int_equal(w.symbol.addr, addr);
	if (w.nr_lines) /* compiled with -g */
		assert_non_null(strstr(w.lines[0].file, "attrib-where.c"));
	vma_where(attrib, 1, true, &w);
	assert_true(w.map < 0 && w.below < 0 && w.above == 0 && !w.object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_of_a_program_has_its_category),
		cmocka_unit_test(every_mapping_has_a_category_and_a_rule),
		cmocka_unit_test(threads_stacks_and_guards_are_found),
		cmocka_unit_test(symbols_resolve_to_the_linkers_addresses),
		cmocka_unit_test(labels_sections_and_objects_resolve),
		cmocka_unit_test(what_is_not_there_is_refused_with_its_name),
		cmocka_unit_test(an_address_is_led_back_to_symbol_section_and_line),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
