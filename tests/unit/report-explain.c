// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "libvmactl/report.h"

static void every_event_has_a_sentence(void **state)
{
	char text[VMA_SENTENCE];

	(void)state;
	for (int kind = 0; kind < VMA_EV_NR; kind++) {
		struct vma_event ev = { .kind = (enum vma_event_kind)kind, .rule = "X1", .start = 0x1000,
					.end = 0x3000, .at = 0x2000, .value = 1, .id = 5 };

		vma_explain_event(&ev, text, sizeof(text));
		if (kind == VMA_EV_LOCK) /* the locks have a view of their own */
			continue;
		assert_true(strlen(text) > 8);
		assert_non_null(strstr(text, "[X1]"));
		assert_null(strchr(text, '%'));
	}
}

static void a_sentence_is_cut_not_overrun(void **state)
{
	struct vma_event ev = { .kind = VMA_EV_NO_MERGE, .why = VMA_WHY_MERGE_ANON, .rule = "G3" };
	char text[16];

	(void)state;
	memset(text, '#', sizeof(text));
	vma_explain_event(&ev, text, 8);
	assert_int_equal(strlen(text), 7);
	assert_int_equal(text[8], '#');
}

static void arguments_read_as_strace_prints_them(void **state)
{
	char t[200];

	(void)state;
	assert_string_equal(vma_explain_arg(VMA_ARG_PROT, 0, t, sizeof(t)), "PROT_NONE");
	assert_string_equal(vma_explain_arg(VMA_ARG_PROT, 3, t, sizeof(t)), "PROT_READ|PROT_WRITE");
	assert_string_equal(vma_explain_arg(VMA_ARG_PROT, 0x43, t, sizeof(t)),
			    "PROT_READ|PROT_WRITE|0x40");
	assert_string_equal(vma_explain_arg(VMA_ARG_MMAP_FLAGS, 0x22, t, sizeof(t)),
			    "MAP_PRIVATE|MAP_ANONYMOUS");
	assert_string_equal(vma_explain_arg(VMA_ARG_MMAP_FLAGS, 0x3, t, sizeof(t)),
			    "MAP_SHARED_VALIDATE");
	assert_string_equal(vma_explain_arg(VMA_ARG_ADVICE, 4, t, sizeof(t)), "MADV_DONTNEED");
	assert_string_equal(vma_explain_arg(VMA_ARG_ADVICE, 77, t, sizeof(t)), "77");
	assert_string_equal(vma_explain_arg(VMA_ARG_ADDR, 0, t, sizeof(t)), "NULL");
	assert_string_equal(vma_explain_arg(VMA_ARG_FD, ~0ULL, t, sizeof(t)), "-1");
	assert_string_equal(vma_explain_arg(VMA_ARG_LIMIT, VMA_RLIM_INFINITY, t, sizeof(t)),
			    "RLIM_INFINITY");
	assert_string_equal(vma_explain_arg(VMA_ARG_MPOL, 0, t, sizeof(t)), "MPOL_DEFAULT");
}

static void results_and_reasons(void **state)
{
	struct vma_call call = { .op = VMA_OP_MUNMAP, .arg = { 0x1000, 4096 } };
	struct vma_result ok = { .ret = 0 };
	struct vma_result no = { .ret = -1, .err = EINVAL, .why = VMA_WHY_UNALIGNED, .at = 0x1001 };
	struct vma_result full = { .ret = -1, .err = ENOMEM, .why = VMA_WHY_MAP_COUNT, .value = 65530,
				   .limit = 65530 };
	struct vma_result segv = { .ret = -1, .sig = SIGSEGV, .si_code = SEGV_ACCERR };
	char t[VMA_SENTENCE];

	(void)state;
	assert_string_equal(vma_explain_result(&call, &ok, t, sizeof(t)), "munmap(0x1000, 4096) = 0");
	vma_explain_result(&call, &no, t, sizeof(t));
	assert_non_null(strstr(t, "= -1 EINVAL (Invalid argument)"));
	assert_string_equal(vma_explain_why(&ok, t, sizeof(t)), "");
	assert_string_equal(vma_explain_why(&no, t, sizeof(t)),
			    "the address is not on a page boundary, at 0x1001 [U1]");
	assert_non_null(strstr(vma_explain_why(&full, t, sizeof(t)), "65530 of 65530"));
	call.op = VMA_OP_TOUCH;
	call.arg[2] = 2;
	assert_string_equal(vma_explain_result(&call, &segv, t, sizeof(t)),
			    "touch(0x1000, 4096, PROT_WRITE) = -1 SIGSEGV (SEGV_ACCERR)");
	call.op = VMA_OP_BRK;
	ok.ret = 0x5000;
	assert_string_equal(vma_explain_result(&call, &ok, t, sizeof(t)), "brk(0x1000) = 0x5000");
}

/* ---------------------------------------------------------------- differences */

struct seen {
	char text[256];
};

static int see(void *ctx, const struct vma_diff *d)
{
	static const char signs[] = { '=', '-', '+', '~' };
	struct seen *s = ctx;
	const struct vma *vma = d->after ? d->after : d->before;
	char fields[80];
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%c%llx-%llx%s%s ", signs[d->kind],
		 (unsigned long long)vma->vm_start >> 12, (unsigned long long)vma->vm_end >> 12,
		 d->fields ? ":" : "", vma_diff_names(d->fields, fields, sizeof(fields)));
	return 0;
}

static struct vma *add(struct vma_mm *mm, u64 start, u64 end, u64 flags)
{
	struct vma init = { .vm_start = start << 12, .vm_end = end << 12, .vm_flags = flags,
			    .vm_pgoff = start };
	struct vma *vma = vma_mm_add(mm, &init);

	assert_non_null(vma);
	return vma;
}

static void a_difference_is_told_by_range(void **state)
{
	u64 rw = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
	struct vma_kernel k;
	struct seen s = { "" };

	(void)state;
	assert_int_equal(vma_kernel_init(&k, "6.12", NULL), 0);
	struct vma_world *w = vma_world_new(&k);
	struct vma_mm *before = vma_mm_new(w, 1), *after = vma_mm_new(w, 2);
	add(before, 1, 4, rw);
	add(before, 6, 8, rw);
	add(before, 9, 10, rw);
	add(before, 12, 13, rw);
	add(after, 1, 2, rw);
	add(after, 2, 3, VM_READ);
	add(after, 3, 4, rw);
	add(after, 6, 8, rw);
	add(after, 12, 13, VM_READ);
	add(after, 20, 21, rw);
	assert_int_equal(vma_diff_run(before, after, true, see, &s), 0);
	assert_string_equal(s.text, "-1-4 +1-2 +2-3 +3-4 =6-8 -9-a ~c-d:flags +14-15 ");
	s.text[0] = '\0';
	assert_int_equal(vma_diff_run(before, before, true, see, &s), 0);
	assert_string_equal(s.text, "=1-4 =6-8 =9-a =c-d ");
	vma_world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_sentence),
		cmocka_unit_test(a_sentence_is_cut_not_overrun),
		cmocka_unit_test(arguments_read_as_strace_prints_them),
		cmocka_unit_test(results_and_reasons),
		cmocka_unit_test(a_difference_is_told_by_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
