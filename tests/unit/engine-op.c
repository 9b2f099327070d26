// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of operations, words and reasons, and what an operation tells its listener. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void every_operation_has_a_row(void **state)
{
	(void)state;
	for (int id = VMA_OP_NONE + 1; id < VMA_OP_NR; id++) {
		const struct vma_op *op = vma_op_at((enum vma_op_id)id);
		int args = 0;

		assert_non_null(op);
		assert_true(op->name && *op->name && op->help && *op->help);
		assert_int_equal(vma_op_by_name(op->name), id);
		while (args < VMA_OP_ARGS && op->arg[args] != VMA_ARG_NONE)
			assert_non_null(op->argname[args++]);
		assert_true(op->nr_required <= args);
	}
	assert_null(vma_op_at(VMA_OP_NONE));
	assert_null(vma_op_at(VMA_OP_NR));
	assert_int_equal(vma_op_by_name("banana"), VMA_OP_NONE);
}

static void every_reason_has_its_words(void **state)
{
	(void)state;
	for (int why = VMA_WHY_NONE + 1; why < VMA_WHY_NR; why++) {
		const struct vma_why_row *row = vma_why_at((enum vma_why)why);

		assert_true(*row->id && *row->rule && *row->text);
	}
}

static void no_word_stands_twice_in_a_table(void **state)
{
	(void)state;
	for (int kind = 0; kind < VMA_ARG_NR; kind++) {
		const struct vma_word *w = vma_arg_words((enum vma_arg)kind, NULL);

		for (size_t i = 0; w && w[i].name; i++)
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(w[i].name, w[j].name);
	}
	assert_null(vma_arg_words(VMA_ARG_NR, NULL));
	assert_null(vma_arg_words(VMA_ARG_ADDR, NULL));
}

/* ---------------------------------------------------------------- events */

struct heard {
	struct vma_event ev[32];
	size_t nr;
};

static void listen(void *ctx, const struct vma_event *ev)
{
	struct heard *h = ctx;

	if (h->nr < 32)
		h->ev[h->nr++] = *ev;
}

static const struct vma_event *find(const struct heard *h, enum vma_event_kind kind)
{
	for (size_t i = 0; i < h->nr; i++)
		if (h->ev[i].kind == kind)
			return &h->ev[i];
	fail_msg("no event %s", vma_event_name(kind));
	return NULL;
}

static void an_operation_tells_what_it_does(void **state)
{
	struct picture p = { .what = "events" };
	struct heard h = { .nr = 0 };
	struct vma_kernel k;
	const struct vma_event *ev;

	(void)state;
	assert_int_equal(vma_kernel_init(&k, "6.18", NULL), 0);
	picture_begin(&p, &k, "aaaa");
	vma_world_listen(p.w, listen, &h);
	picture_call(&p, "mprotect 1 1 r");
	assert_int_equal(find(&h, VMA_EV_SPLIT)->at, picture_addr(1));
	assert_int_equal(find(&h, VMA_EV_FLAGS)->start, picture_addr(1));
	h.nr = 0;
	picture_call(&p, "mprotect 1 1 rw");
	ev = find(&h, VMA_EV_MERGE_BOTH);
	assert_int_equal(ev->start, picture_addr(1));
	assert_int_equal(ev->at, picture_addr(0));
	assert_int_equal(ev->value, picture_addr(4));
	h.nr = 0;
	picture_call(&p, "!munmap 0+1 1");
	assert_int_equal(find(&h, VMA_EV_CHECK)->why, VMA_WHY_UNALIGNED);
	vma_world_listen(p.w, NULL, NULL);
	h.nr = 0;
	picture_call(&p, "munmap 0 4");
	assert_int_equal(h.nr, 0);
	picture_end(&p);
}

static void an_operation_without_a_row_is_no_operation(void **state)
{
	struct picture p = { .what = "no row" };
	struct vma_call call = { .op = VMA_OP_NR };
	struct vma_kernel k;

	(void)state;
	assert_int_equal(vma_kernel_init(&k, "6.18", NULL), 0);
	picture_begin(&p, &k, "a");
	assert_int_equal(vma_op_run(p.mm, &call, &p.res), -EINVAL);
	picture_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_has_a_row),
		cmocka_unit_test(every_reason_has_its_words),
		cmocka_unit_test(no_word_stands_twice_in_a_table),
		cmocka_unit_test(an_operation_tells_what_it_does),
		cmocka_unit_test(an_operation_without_a_row_is_no_operation),
	};

	return cmocka_run_group_tests_name("engine-op", tests, NULL, NULL);
}
