// SPDX-License-Identifier: GPL-2.0-or-later
/* vm_flags: bits and codes of five kernels, vm_page_prot, classes (rules F1, F2, T1-T4, C1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/model.h"

static struct vma_kernel kernel(const char *release)
{
	struct vma_kernel k;

	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	return k;
}

/* The flags that differ; -1: the kernel does not have it. */
static void moved_flags_have_the_bits_of_each_kernel(void **state)
{
	static const char *const releases[] = { "5.10", "6.1", "6.12", "6.18", "7.2" };
	static const struct {
		u64 flag;
		int bit[5];
		const char *code[5];
	} rows[] = {
		{ VM_DENYWRITE, { 11, -1, -1, -1, -1 }, { "dw", "", "", "", "" } },
		{ VM_MAYBE_GUARD, { -1, -1, -1, 11, 11 }, { "", "", "", "gu", "gu" } },
		{ VM_LOCKONFAULT, { 19, 19, 19, 19, 19 }, { "??", "??", "lf", "lf", "lf" } },
		{ VM_UFFD_MINOR, { -1, 37, 38, 41, 41 }, { "", "ui", "ui", "ui", "ui" } },
		{ VM_DROPPABLE, { -1, -1, 40, 40, 40 }, { "", "", "dp", "dp", "dp" } },
		{ VM_SEALED, { -1, -1, 63, 42, 42 }, { "", "", "sl", "sl", "sl" } },
		{ VM_SHADOW_STACK, { -1, -1, 37, 37, 37 }, { "", "", "ss", "ss", "ss" } },
		{ VM_READ, { 0, 0, 0, 0, 0 }, { "rd", "rd", "rd", "rd", "rd" } },
		{ VM_MERGEABLE, { 31, 31, 31, 31, 31 }, { "mg", "mg", "mg", "mg", "mg" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t r = 0; r < ARRAY_SIZE(releases); r++) {
			struct vma_kernel k = kernel(releases[r]);
			u64 raw = rows[i].bit[r] < 0 ? 0 : 1ULL << rows[i].bit[r];
			char text[VMA_FLAGS_TEXT];

			assert_true(vma_flags_to_kernel(&k, rows[i].flag) == raw);
			if (raw)
				assert_true(vma_flags_from_kernel(&k, raw) & rows[i].flag);
			assert_string_equal(vma_flags_codes(&k, rows[i].flag, ' ', text),
					    rows[i].code[r]);
		}
}

static void every_flag_comes_back_from_the_kernels_number(void **state)
{
	const char *release;
	const struct vma_flag *f;

	(void)state;
	for (size_t n = 0; (release = vma_kernel_verified_at(n)); n++) {
		struct vma_kernel k = kernel(release);

		for (size_t i = 0; (f = vma_flag_at(i)); i++) {
			u64 raw = vma_flags_to_kernel(&k, 1ULL << f->bit);

			if (raw)
				assert_true(vma_flags_from_kernel(&k, raw) == 1ULL << f->bit);
			if (vma_flag_code(&k, f)[0] && vma_flag_code(&k, f)[0] != '?')
				assert_ptr_equal(vma_flag_by_code(&k, f->code), f);
		}
	}
}

/* Numbers seen on real kernels (V-O10). */
static void numbers_of_real_mappings(void **state)
{
	struct vma_kernel new = kernel("6.18"), old = kernel("6.12");
	const u64 may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	const u64 rw = VM_READ | VM_WRITE | may;
	char text[VMA_FLAGS_TEXT];

	(void)state;
	assert_true(vma_flags_to_kernel(&new, VM_READ | VM_EXEC | may | VM_DONTEXPAND) == 0x40075);
	assert_true(vma_flags_to_kernel(&new, rw | VM_ACCOUNT | VM_GROWSDOWN) == 0x100173);
	assert_true(vma_flags_to_kernel(&new, rw | VM_ACCOUNT) == 0x100073);
	assert_true(vma_flags_to_kernel(&new, rw | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK |
						      VM_DONTDUMP) == 0x10006200073);
	assert_true(vma_flags_to_kernel(&new, rw | VM_ACCOUNT | VM_SEALED) == 0x40000100073);
	assert_true(vma_flags_to_kernel(&old, rw | VM_ACCOUNT | VM_SEALED) == 0x8000000000100073);
	assert_string_equal(vma_flags_codes(&new, rw | VM_ACCOUNT | VM_GROWSDOWN, ' ', text),
			    "rd wr mr mw me gd ac");
}

static void letters_of_maps(void **state)
{
	char perms[5];

	(void)state;
	assert_string_equal(vma_flags_perms(0, perms), "---p");
	assert_string_equal(vma_flags_perms(VM_READ | VM_WRITE, perms), "rw-p");
	assert_string_equal(vma_flags_perms(VM_READ | VM_EXEC | VM_MAYSHARE, perms), "r-xs");
	assert_string_equal(vma_flags_perms(VM_SHARED, perms), "---p");
}

static void page_protection_follows_the_flags(void **state)
{
	const u64 nx = 1ULL << 63;

	(void)state;
	assert_true(vma_page_prot(0, false) == 0x120);
	assert_true(vma_page_prot(VM_READ, false) == (0x25 | nx));
	assert_true(vma_page_prot(VM_READ | VM_WRITE, false) == (0x25 | nx));
	assert_true(vma_page_prot(VM_READ | VM_WRITE | VM_SHARED, false) == (0x27 | nx));
	assert_true(vma_page_prot(VM_READ | VM_WRITE | VM_SHARED, true) == (0x25 | nx));
	assert_true(vma_page_prot(VM_READ | VM_EXEC, false) == 0x25);
	assert_true(vma_page_prot(VM_READ | VM_PKEY_BIT0, false) == (0x25 | nx | 1ULL << 59));
	assert_int_equal(vma_pkey(VM_PKEY_BIT0 | VM_PKEY_BIT2), 5);
}

static void classes_of_the_counters(void **state)
{
	static const struct {
		u64 flags;
		enum vma_class want;
	} rows[] = {
		{ VM_READ, VMA_CLASS_NONE },
		{ VM_READ | VM_WRITE, VMA_CLASS_DATA },
		{ VM_WRITE, VMA_CLASS_DATA },
		{ VM_READ | VM_EXEC, VMA_CLASS_EXEC },
		{ VM_EXEC | VM_SHARED, VMA_CLASS_EXEC },
		{ VM_READ | VM_WRITE | VM_EXEC, VMA_CLASS_DATA },
		{ VM_WRITE | VM_SHARED, VMA_CLASS_NONE },
		{ VM_GROWSDOWN, VMA_CLASS_STACK },
		{ VM_GROWSDOWN | VM_EXEC, VMA_CLASS_STACK },
		{ VM_GROWSDOWN | VM_WRITE, VMA_CLASS_STACK },
		{ VM_SHADOW_STACK | VM_WRITE, VMA_CLASS_STACK },
		{ VM_HUGETLB | VM_WRITE, VMA_CLASS_DATA },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(vma_class_of(rows[i].flags), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved_flags_have_the_bits_of_each_kernel),
		cmocka_unit_test(every_flag_comes_back_from_the_kernels_number),
		cmocka_unit_test(numbers_of_real_mappings),
		cmocka_unit_test(letters_of_maps),
		cmocka_unit_test(page_protection_follows_the_flags),
		cmocka_unit_test(classes_of_the_counters),
	};

	return cmocka_run_group_tests_name("model-flags", tests, NULL, NULL);
}
