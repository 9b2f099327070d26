// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "libvmactl/read.h"
#include "read/bpf-walk.h"
#include "read/bpf/record.h"

/* ---------------------------------------------------------------- the stream, made here */

struct got {
	u64 start[8];
	size_t nr;
};

static int note_start(void *ctx, const struct vma_fact_bpf *v)
{
	struct got *g = ctx;

	assert_true(g->nr < ARRAY_SIZE(g->start));
	g->start[g->nr++] = v->start;
	return 0;
}

static struct bpf_rec_walk record(u64 start, u64 end, u32 map_count)
{
	return (struct bpf_rec_walk){ .start = start, .end = end, .map_count = map_count };
}

static int walk(const void *data, size_t size, struct got *g, bool *changed)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], data, size), size);
	close(fd[1]);
	int rc = bpf_walk_each(fd[0], note_start, g, changed);
	close(fd[0]);
	return rc;
}

static void a_record_of_zeros_ends_the_walk(void **state)
{
	struct bpf_rec_walk r[] = { record(0x1000, 0x2000, 1), { 0 }, record(0x3000, 0x4000, 1) };
	struct got g = { .nr = 0 };
	bool changed;

	(void)state;
	assert_int_equal(walk(r, sizeof(r), &g, &changed), 0);
	assert_int_equal(g.nr, 1);
	assert_false(changed);
}

static void what_comes_again_is_left_out(void **state)
{
	struct bpf_rec_walk r[] = { record(0x1000, 0x2000, 2), record(0x2000, 0x3000, 2),
				    record(0x2000, 0x3000, 2), { 0 } };
	struct got g = { .nr = 0 };
	bool changed;

	(void)state;
	assert_int_equal(walk(r, sizeof(r), &g, &changed), 0);
	assert_int_equal(g.nr, 2);
	assert_false(changed);
}

static void what_does_not_fit_together_is_a_change(void **state)
{
	struct bpf_rec_walk grew[] = { record(0x1000, 0x2000, 2), record(0x3000, 0x4000, 2),
				       record(0x3000, 0x5000, 2), { 0 } };
	struct bpf_rec_walk counted[] = { record(0x1000, 0x2000, 2), record(0x2000, 0x3000, 3), { 0 } };
	struct bpf_rec_walk missing[] = { record(0x1000, 0x2000, 2), { 0 } };
	struct bpf_rec_walk locked[] = { record(0x1000, 0x2000, 2), record(0x2000, 0x3000, 2), { 0 } };
	struct got g = { .nr = 0 };
	bool changed;

	(void)state;
	locked[1].mm_seq = 2;
	assert_int_equal(walk(grew, sizeof(grew), &g, &changed), 0);
	assert_int_equal(g.nr, 2);
	assert_true(changed);
	assert_int_equal(walk(counted, sizeof(counted), &g, &changed), 0);
	assert_true(changed);
	assert_int_equal(walk(missing, sizeof(missing), &g, &changed), 0);
	assert_true(changed);
	assert_int_equal(walk(locked, sizeof(locked), &g, &changed), 0);
	assert_true(changed);
}

static void half_a_record_is_no_stream(void **state)
{
	struct bpf_rec_walk r[] = { record(0x1000, 0x2000, 2), record(0x2000, 0x3000, 2) };
	struct got g = { .nr = 0 };
	bool changed;

	(void)state;
	assert_int_equal(walk(r, sizeof(r) - 8, &g, &changed), -EBADMSG);
}

/* ---------------------------------------------------------------- the walk, on this kernel */

struct seen {
	u64 start[4096], end[4096], pgoff[4096];
	size_t nr, at, gates;
	u64 anon, anon_vma;
};

static int note_vma(void *ctx, const struct vma_fact_bpf *v)
{
	struct seen *s = ctx;

	if (s->nr < ARRAY_SIZE(s->start)) {
		s->start[s->nr] = v->start;
		s->end[s->nr] = v->end;
		s->pgoff[s->nr++] = v->vm_file ? v->vm_pgoff : 0;
	}
	if (v->start <= s->anon && s->anon < v->end)
		s->anon_vma = v->anon_vma;
	return 0;
}

static int note_gate(void *ctx, const struct vma_fact_map *map)
{
	(void)map;
	((struct seen *)ctx)->gates++;
	return 0;
}

static int compare_map(void *ctx, const struct vma_fact_map *map)
{
	struct seen *s = ctx;

	if (map->gate) {
		assert_int_equal(s->gates, 1);
		return 0;
	}
	assert_true(s->at < s->nr);
	assert_int_equal(map->start, s->start[s->at]);
	assert_int_equal(map->end, s->end[s->at]);
	assert_int_equal(map->offset, s->pgoff[s->at] * 4096);
	s->at++;
	return 0;
}

/* More VMAs than one buffer of the kernel holds, in a child that changes nothing meanwhile. */
static void the_walk_gives_what_maps_gives(void **state)
{
	static struct seen s;
	struct vma_err err;
	bool changed = true;
	char target[16], *p = mmap(NULL, 2000 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(p != MAP_FAILED);
	for (int i = 0; i < 2000; i += 2)
		assert_int_equal(mprotect(p + i * 4096, 4096, PROT_READ | PROT_WRITE), 0);
	*p = 1;
	s.anon = (u64)(uintptr_t)p;
	pid_t child = fork();
	if (!child) {
		alarm(60);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	snprintf(target, sizeof(target), "%d", (int)child);
	int rc = vma_bpf_stream(target, NULL, note_vma, note_gate, &s, &changed, &err);
	int maps = rc ? 0 : vma_maps_stream(target, NULL, compare_map, &s, &err);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(p, 2000 * 4096);
	if (rc == -EPERM || rc == -ENOTSUP) {
		print_message("# SKIP %s\n", err.msg);
		skip();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(maps, 0);
	assert_false(changed);
	assert_true(s.nr >= 2000);
	assert_int_not_equal(s.anon_vma, 0);
	assert_int_equal(s.at, s.nr);
}

static int stop_at_once(void *ctx, const struct vma_fact_bpf *v)
{
	(void)v;
	++*(int *)ctx;
	return 7;
}

static void the_walk_ends_when_it_is_told_to(void **state)
{
	struct vma_err err;
	bool changed;
	int calls = 0;
	int rc = vma_bpf_stream("self", NULL, stop_at_once, NULL, &calls, &changed, &err);

	(void)state;
	if (rc == -EPERM || rc == -ENOTSUP)
		skip();
	assert_int_equal(rc, 0);
	assert_int_equal(calls, 1);
}

static void only_a_live_process_is_walked(void **state)
{
	struct vma_err err;
	bool changed;
	int calls = 0;

	(void)state;
	assert_int_equal(vma_bpf_stream("/tmp", NULL, stop_at_once, NULL, &calls, &changed, &err),
			 -ENOENT);
	assert_int_equal(vma_bpf_stream("999999999", NULL, stop_at_once, NULL, &calls, &changed,
					&err), -ENOENT);
	assert_int_equal(calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_zeros_ends_the_walk),
		cmocka_unit_test(what_comes_again_is_left_out),
		cmocka_unit_test(what_does_not_fit_together_is_a_change),
		cmocka_unit_test(half_a_record_is_no_stream),
		cmocka_unit_test(the_walk_gives_what_maps_gives),
		cmocka_unit_test(the_walk_ends_when_it_is_told_to),
		cmocka_unit_test(only_a_live_process_is_walked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("the BPF walk", tests, NULL, NULL);
}
