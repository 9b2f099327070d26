/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwinding: the search table made from .eh_frame, and that whatever a process has there, an end
 * is found.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libvmactl/unwind.h"
#include "read/eh-frame.h"

/* A CIE ("zR", pcrel sdata4) and two FDEs, the later code first. */
static const u8 frame[] = {
	0x14, 0, 0,    0, 0, 0, 0,    0, 1,    'z', 'R',  0, 1,	   0x78, 0x10, 1,    0x1b, 0x0c,
	7,    8, 0x90, 1, 0, 0, 0x10, 0, 0,    0,   0x1c, 0, 0,	   0,	 0x00, 0x20, 0,	   0,
	0x10, 0, 0,    0, 0, 0, 0,    0, 0x10, 0,   0,	  0, 0x30, 0,	 0,    0,    0x00, 0x10,
	0,    0, 0x10, 0, 0, 0, 0,    0, 0,    0,   0,	  0, 0,	   0,	 0,    0,    0,	   0,
};

struct memory {
	const u8 *bytes;
	size_t len;
	u64 base;
};

static s64 read_memory(void *ctx, u64 addr, void *buf, size_t len)
{
	const struct memory *m = ctx;

	if (addr < m->base || addr - m->base >= m->len)
		return 0;
	size_t n = m->len - (addr - m->base) < len ? m->len - (size_t)(addr - m->base) : len;
	memcpy(buf, m->bytes + (addr - m->base), n);
	return (s64)n;
}

static void the_table_is_sorted_and_counts_from_the_section(void **state)
{
	struct memory m = { frame, sizeof(frame), 0x5000 };
	struct eh_frame t = { 0 };

	(void)state;
	assert_int_equal(eh_frame_index(read_memory, &m, 0x5000, sizeof(frame), &t), 0);
	assert_int_equal(t.nr, 2);
	assert_int_equal(t.entry[0].fde, 44);
	assert_int_equal(t.entry[0].start_ip, 44 + 8 + 0x1000);
	assert_int_equal(t.entry[1].fde, 24);
	assert_int_equal(t.entry[1].start_ip, 24 + 8 + 0x2000);
	eh_frame_fini(&t);
}

static void nothing_to_read_is_an_error(void **state)
{
	struct memory m = { frame, sizeof(frame), 0x5000 };
	struct eh_frame t = { 0 };

	(void)state;
	assert_int_equal(eh_frame_index(read_memory, &m, 0x9000, 100, &t), -EBADMSG);
	assert_int_equal(eh_frame_index(read_memory, &m, 0x5000, 0, &t), -ENOMEM);
	assert_int_equal(eh_frame_index(read_memory, &m, 0x5000, ~0ULL, &t), -ENOMEM);
	eh_frame_fini(&t);
}

static u64 rnd(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool always(void *ctx, u64 ip)
{
	(void)ctx, (void)ip;
	return true;
}

static bool own_table(void *ctx, u64 ip, struct vma_frame_table *out)
{
	const struct memory *m = ctx;

	(void)ip;
	*out = (struct vma_frame_table){ .start = 0x1000, .end = 0x100000, .frame = m->base,
					 .frame_len = m->len };
	return true;
}

/* Bytes flipped in call frame information, and a stack of noise: frames end at the limit. */
static void damaged_frames_end(void **state)
{
	struct vma_thread t = { .has_regs = true };
	struct vma_frame out[64];
	u64 seed = 0xf4a3e;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		u8 bytes[sizeof(frame)], stack[4096];
		struct memory m = { bytes, sizeof(bytes), 0x5000 };
		struct vma_unwinder u = { &m, read_memory, own_table, always };
		memcpy(bytes, frame, sizeof(frame));
		for (int k = 0; k < 4; k++)
			bytes[rnd(&seed) % sizeof(bytes)] = (u8)rnd(&seed);
		for (size_t k = 0; k < sizeof(stack); k++)
			stack[k] = (u8)(k % 8 < 3 ? rnd(&seed) : 0);
		t.regs[VMA_REG_IP] = 0x5000 + 44 + 8 + 0x1000 + rnd(&seed) % 32;
		t.regs[VMA_REG_SP] = t.regs[4] = t.stack_start = 0x7000000;
		t.stack = stack;
		t.stack_len = sizeof(stack);
		size_t nr = vma_unwind(&u, &t, out, 64);
		assert_true(nr >= 1 && nr <= 64);
		assert_int_equal(out[0].pc, t.regs[VMA_REG_IP]);
		assert_true(out[0].exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_counts_from_the_section),
		cmocka_unit_test(nothing_to_read_is_an_error),
		cmocka_unit_test(damaged_frames_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
