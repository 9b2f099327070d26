// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/btf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "libvmactl/read.h"
#include "read/btf.h"

/* ---------------------------------------------------------------- type information, made here */

struct blob {
	u32 types[256];
	size_t nr; /* words */
	char strings[512];
	size_t len;
	char path[64];
	int fd;
};

static int blob_new(void **state)
{
	struct blob *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	b->len = 1;
	b->fd = memfd_create("btf", MFD_CLOEXEC);
	snprintf(b->path, sizeof(b->path), "/proc/self/fd/%d", b->fd);
	*state = b;
	return b->fd < 0;
}

static int blob_free(void **state)
{
	struct blob *b = *state;

	close(b->fd);
	free(b);
	return 0;
}

static u32 string(struct blob *b, const char *s)
{
	u32 at = (u32)b->len;

	if (!s)
		return 0;
	strcpy(b->strings + b->len, s);
	b->len += strlen(s) + 1;
	return at;
}

static void put(struct blob *b, u32 word)
{
	b->types[b->nr++] = word;
}

static void type(struct blob *b, const char *name, u32 kind, u32 vlen, u32 size)
{
	put(b, string(b, name));
	put(b, kind << 24 | vlen);
	put(b, size);
}

static void member(struct blob *b, const char *name, u32 of, u32 bits)
{
	put(b, string(b, name));
	put(b, of);
	put(b, bits);
}

/* 1: int; 2: a union without a name; 3: struct vma { int start; union { int flags; }; int file } */
static void fill(struct blob *b)
{
	type(b, "int", BTF_KIND_INT, 0, 4);
	put(b, 32);
	type(b, NULL, BTF_KIND_UNION, 2, 4);
	member(b, "flags", 1, 0);
	member(b, "other_flags", 1, 0);
	type(b, "vma", BTF_KIND_STRUCT, 3, 12);
	member(b, "start", 1, 0);
	member(b, NULL, 2, 32);
	member(b, "file", 1, 64);
	type(b, "walk", BTF_KIND_FUNC, 1, 0);
}

static void save(struct blob *b, u32 cut)
{
	struct btf_header h = { .magic = BTF_MAGIC, .version = 1, .hdr_len = sizeof(h) };

	h.type_len = (u32)(b->nr * 4) - cut;
	h.str_off = (u32)(b->nr * 4);
	h.str_len = (u32)b->len;
	assert_int_equal(write(b->fd, &h, sizeof(h)), sizeof(h));
	assert_int_equal(write(b->fd, b->types, b->nr * 4), b->nr * 4);
	assert_int_equal(write(b->fd, b->strings, b->len), b->len);
}

static void a_field_is_found_in_a_member_without_a_name(void **state)
{
	struct btf_wanted want[] = { { "vma", BTF_KIND_STRUCT, 0 }, { "walk", BTF_KIND_FUNC, 0 } };
	struct blob *b = *state;
	struct kernel_btf btf;

	fill(b);
	save(b, 0);
	assert_int_equal(btf_open(&btf, b->path, want, 2), 0);
	assert_int_equal(want[0].id, 3);
	assert_int_equal(want[1].id, 4);
	assert_int_equal(btf_offset(&btf, 3, "start"), 0);
	assert_int_equal(btf_offset(&btf, 3, "other_flags"), 4);
	assert_int_equal(btf_offset(&btf, 3, "file"), 8);
	btf_close(&btf);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct btf_wanted want[] = { { "vma", BTF_KIND_UNION, 0 }, { "walker", BTF_KIND_FUNC, 0 } };
	struct blob *b = *state;
	struct kernel_btf btf;

	fill(b);
	save(b, 0);
	assert_int_equal(btf_open(&btf, b->path, want, 2), 0);
	assert_int_equal(want[0].id, 0);
	assert_int_equal(want[1].id, 0);
	assert_int_equal(btf_offset(&btf, 3, "inode"), -1);
	assert_int_equal(btf_offset(&btf, 1, "start"), -1);
	assert_int_equal(btf_offset(&btf, 0, "start"), -1);
	assert_int_equal(btf_offset(&btf, 99, "start"), -1);
	btf_close(&btf);
}

static void a_union_that_holds_itself_ends(void **state)
{
	struct blob *b = *state;
	struct kernel_btf btf;

	type(b, "circle", BTF_KIND_UNION, 1, 4);
	member(b, NULL, 1, 0);
	save(b, 0);
	assert_int_equal(btf_open(&btf, b->path, NULL, 0), 0);
	assert_int_equal(btf_offset(&btf, 1, "start"), -1);
	btf_close(&btf);
}

static void what_is_cut_off_is_refused(void **state)
{
	struct blob *b = *state;
	struct kernel_btf btf;

	fill(b);
	save(b, 4);
	assert_int_equal(btf_open(&btf, b->path, NULL, 0), -EBADMSG);
	assert_int_equal(ftruncate(b->fd, 60), 0);
	assert_int_equal(btf_open(&btf, b->path, NULL, 0), -EBADMSG);
	assert_int_equal(ftruncate(b->fd, 3), 0);
	assert_int_equal(btf_open(&btf, b->path, NULL, 0), -EBADMSG);
	assert_int_equal(btf_open(&btf, "/nowhere", NULL, 0), -ENOENT);
}

static void a_kind_of_tomorrow_is_refused(void **state)
{
	struct blob *b = *state;
	struct kernel_btf btf;

	fill(b);
	type(b, "new", 31, 0, 0);
	save(b, 0);
	assert_int_equal(btf_open(&btf, b->path, NULL, 0), -EBADMSG);
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
#define BLOB(test) cmocka_unit_test_setup_teardown(test, blob_new, blob_free)
	const struct CMUnitTest tests[] = {
		BLOB(a_field_is_found_in_a_member_without_a_name),
		BLOB(what_is_not_there_is_not_found),
		BLOB(a_union_that_holds_itself_ends),
		BLOB(what_is_cut_off_is_refused),
		BLOB(a_kind_of_tomorrow_is_refused),
		cmocka_unit_test(the_walk_gives_what_maps_gives),
		cmocka_unit_test(the_walk_ends_when_it_is_told_to),
		cmocka_unit_test(only_a_live_process_is_walked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("type information and the BPF walk", tests, NULL, NULL);
}
