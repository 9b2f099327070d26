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

#include "base/cleanup.h"
#include "read/bpf.h"
#include "read/bpf/record.h"

/* ---------------------------------------------------------------- the stream */

struct stream {
	char buf[8192];
	size_t len;
	struct vma_bpf_image img;
};

static struct bpf_rec_vma *append(struct stream *s, u32 type, size_t size)
{
	struct bpf_head *h = (struct bpf_head *)(void *)(s->buf + s->len);

	memset(h, 0, size);
	h->size = (u32)size;
	h->type = type;
	s->len += size;
	return (struct bpf_rec_vma *)(void *)h;
}

static void append_mm(struct stream *s, u64 map_count)
{
	struct bpf_rec_mm *mm = (struct bpf_rec_mm *)(void *)append(s, BPF_REC_MM, sizeof(*mm));

	mm->map_count = map_count;
	mm->brk = 0x5000;
	mm->have = VMA_BPF_MM_SEQ;
}

static void append_ops(struct stream *s, u64 addr, const char *name, const char *fault)
{
	struct bpf_rec_ops *o = (struct bpf_rec_ops *)(void *)append(s, BPF_REC_OPS, sizeof(*o));

	o->ops = addr;
	o->callbacks = VMA_BPF_OPS_FAULT;
	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->fault, sizeof(o->fault), "%s", fault);
}

static struct bpf_rec_vma *append_vma(struct stream *s, u64 start, u64 end, u16 nr_chain)
{
	size_t size = offsetof(struct bpf_rec_vma, chain) + nr_chain * sizeof(u64);
	struct bpf_rec_vma *v = append(s, BPF_REC_VMA, size);

	v->start = start;
	v->end = end;
	v->nr_kept = nr_chain;
	for (u16 i = 0; i < nr_chain; i++)
		v->chain[i] = start + i;
	return v;
}

static void append_end(struct stream *s)
{
	append(s, BPF_REC_END, sizeof(struct bpf_head));
}

static int take(struct stream *s)
{
	size_t used = 0;
	int rc = vma_bpf_image_add(&s->img, s->buf, s->len, &used, NULL);

	if (!rc && s->img.ended)
		vma_bpf_image_finish(&s->img);
	return rc;
}

static int stream_new(void **state)
{
	*state = calloc(1, sizeof(struct stream));
	return *state ? 0 : -1;
}

static int stream_free(void **state)
{
	struct stream *s = *state;

	vma_bpf_image_fini(&s->img);
	free(s);
	return 0;
}

static void each_vma_gets_its_own_part_of_the_chains(void **state)
{
	struct stream *s = *state;

	append_mm(s, 3);
	append_vma(s, 0x1000, 0x2000, 2);
	append_vma(s, 0x2000, 0x3000, 0);
	append_vma(s, 0x3000, 0x4000, 3);
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_int_equal(s->img.nr_vmas, 3);
	assert_int_equal(s->img.vmas[0].nr_chain, 2);
	assert_int_equal(s->img.vmas[0].chain[1], 0x1001);
	assert_int_equal(s->img.vmas[1].nr_chain, 0);
	assert_int_equal(s->img.vmas[2].nr_chain, 3);
	assert_int_equal(s->img.vmas[2].chain[0], 0x3000);
	assert_int_equal(s->img.vmas[2].chain[2], 0x3002);
	assert_false(s->img.changed);
	assert_int_equal(s->img.mm.brk, 0x5000);
}

static void what_chains_hold_besides_comes_along(void **state)
{
	struct stream *s = *state;
	const size_t fixed = offsetof(struct bpf_rec_links, link);
	struct bpf_rec_links *l;

	append_mm(s, 2);
	append_vma(s, 0x1000, 0x2000, 2);
	l = (struct bpf_rec_links *)(void *)append(s, BPF_REC_LINKS,
						   fixed + 2 * sizeof(struct bpf_link));
	l->nr = 2;
	l->link[0] = (struct bpf_link){ 0x1000, 0x1001, 0x1001, 1, 0, 1, 0 };
	l->link[1] = (struct bpf_link){ 0x1001, 0x1001, 0x1001, 2, 2, 3, 0 };
	append_vma(s, 0x2000, 0x3000, 1);
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_int_equal(s->img.nr_vmas, 2);
	assert_int_equal(s->img.nr_anons, 2);
	assert_int_equal(s->img.anons[0].parent, 0x1001);
	assert_int_equal(s->img.anons[1].num_active_vmas, 3);
	assert_int_equal(s->img.vmas[1].chain[0], 0x2000);
}

static void links_that_are_not_all_there_are_no_stream(void **state)
{
	struct stream *s = *state;
	const size_t fixed = offsetof(struct bpf_rec_links, link);
	struct bpf_rec_links *l;

	append_mm(s, 1);
	l = (struct bpf_rec_links *)(void *)append(s, BPF_REC_LINKS,
						   fixed + sizeof(struct bpf_link));
	l->nr = 2;
	assert_int_equal(take(s), -EBADMSG);
}

static void a_symbol_loses_its_module_and_a_number_is_no_symbol(void **state)
{
	struct stream *s = *state;

	append_mm(s, 3);
	append_ops(s, 0xffff1, "xfs_file_vm_ops [xfs]", "xfs_filemap_fault [xfs]");
	append_vma(s, 0x1000, 0x2000, 0)->ops = 0xffff1;
	append_vma(s, 0x2000, 0x3000, 0);
	append_ops(s, 0xffff2, "0xffffffff82a3c1c0", "filemap_fault");
	append_vma(s, 0x3000, 0x4000, 0)->ops = 0xffff2;
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_string_equal(s->img.vmas[0].ops, "xfs_file_vm_ops");
	assert_string_equal(s->img.vmas[0].fault, "xfs_filemap_fault");
	assert_string_equal(s->img.vmas[1].ops, "");
	assert_int_equal(s->img.vmas[1].callbacks, 0);
	assert_string_equal(s->img.vmas[2].ops, "");
	assert_string_equal(s->img.vmas[2].fault, "filemap_fault");
	assert_int_equal(s->img.vmas[2].callbacks, VMA_BPF_OPS_FAULT);
}

static void a_record_that_is_cut_in_two_waits_for_its_rest(void **state)
{
	struct stream *s = *state;
	size_t used = 0, first;

	append_mm(s, 1);
	first = s->len;
	append_vma(s, 0x1000, 0x2000, 1);
	assert_int_equal(vma_bpf_image_add(&s->img, s->buf, first + 20, &used, NULL), 0);
	assert_int_equal(used, first);
	assert_int_equal(s->img.nr_vmas, 0);
	assert_int_equal(vma_bpf_image_add(&s->img, s->buf + used, s->len - used, &used, NULL), 0);
	assert_int_equal(s->img.nr_vmas, 1);
}

static void nothing_is_taken_behind_the_end(void **state)
{
	struct stream *s = *state;

	append_mm(s, 1);
	append_vma(s, 0x1000, 0x2000, 0);
	append_end(s);
	append_vma(s, 0x2000, 0x3000, 0);
	assert_int_equal(take(s), 0);
	assert_true(s->img.ended);
	assert_int_equal(s->img.nr_vmas, 1);
}

static void a_part_that_the_kernel_sends_twice_counts_once(void **state)
{
	struct stream *s = *state;

	append_mm(s, 2);
	append_vma(s, 0x1000, 0x2000, 0);
	append_vma(s, 0x2000, 0x3000, 0);
	append_vma(s, 0x1000, 0x2000, 0);
	append_vma(s, 0x2000, 0x3000, 0);
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_int_equal(s->img.nr_vmas, 2);
	assert_false(s->img.changed);
}

static void a_vma_that_grew_over_the_place_reached_is_a_change(void **state)
{
	struct stream *s = *state;

	append_mm(s, 1);
	append_vma(s, 0x1000, 0x2000, 0);
	append_vma(s, 0x1000, 0x5000, 0);
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_true(s->img.changed);
}

static void a_write_lock_between_first_and_last_is_a_change(void **state)
{
	struct stream *s = *state;

	append_mm(s, 2);
	append_vma(s, 0x1000, 0x2000, 0)->mm_seq = 4;
	append_vma(s, 0x2000, 0x3000, 0)->mm_seq = 6;
	append_end(s);
	assert_int_equal(take(s), 0);
	assert_true(s->img.changed);
}

static void records_that_lie_about_their_size_are_refused(void **state)
{
	struct stream *s = *state;
	static const u32 sizes[] = { 0, 4, 8, 100, 12, 0xffffffff,
				     sizeof(struct bpf_rec_links) + 8 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		s->len = 0;
		vma_bpf_image_reset(&s->img);
		append_mm(s, 1);
		append_vma(s, 0x1000, 0x2000, 4)->head.size = sizes[i];
		assert_int_equal(take(s), -EBADMSG);
	}
	s->len = 0;
	vma_bpf_image_reset(&s->img);
	append_mm(s, 1);
	append_vma(s, 0x1000, 0x2000, 4)->nr_kept = 5;
	assert_int_equal(take(s), -EBADMSG);
}

static void a_vma_before_its_mm_and_unknown_types_are_refused(void **state)
{
	struct stream *s = *state;

	append_vma(s, 0x1000, 0x2000, 0);
	assert_int_equal(take(s), -EBADMSG);
	s->len = 0;
	append_mm(s, 1);
	append(s, 99, 16);
	assert_int_equal(take(s), -EBADMSG);
}

/* ---------------------------------------------------------------- the running kernel */

struct live {
	struct vma_bpf *b;
	struct vma_bpf_image img;
	struct vma_err err;
};

static int live_new(void **state)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return -1;
	vma_bpf_open(&l->b, &l->err);
	*state = l;
	return 0;
}

static int live_free(void **state)
{
	struct live *l = *state;

	vma_bpf_image_fini(&l->img);
	vma_bpf_close(l->b);
	free(l);
	return 0;
}

static const struct vma_fact_bpf *at(struct live *l, pid_t pid, const void *addr)
{
	u64 a = (u64)(uintptr_t)addr;

	assert_int_equal(vma_bpf_read(l->b, (u32)pid, VMA_BPF_READ_ANON, &l->img, &l->err), 0);
	for (size_t i = 0; i < l->img.nr_vmas; i++)
		if (a >= l->img.vmas[i].start && a < l->img.vmas[i].end)
			return &l->img.vmas[i];
	return NULL;
}

/* Private memory that cannot merge with anything: a page of shared memory on either side. */
static char *map(size_t pages)
{
	char *p = mmap(NULL, (pages + 2) * 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	void *in = mmap(p + 4096, pages * 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_ptr_equal(in, p + 4096);
	return in;
}

static void unmap(char *p, size_t pages)
{
	munmap(p - 4096, (pages + 2) * 4096);
}

static void a_refusal_says_what_would_help(void **state)
{
	struct live *l = *state;

	assert_null(l->b);
	assert_true(l->err.code == ENOTSUP || l->err.code == EPERM);
	assert_non_null(strchr(l->err.msg, '('));
}

static void anon_vma_appears_with_the_first_write(void **state)
{
	struct live *l = *state;
	char *p = map(4);

	assert_int_equal(at(l, getpid(), p)->anon_vma, 0);
	assert_int_equal(at(l, getpid(), p)->nr_chain, 0);
	*p = 1;
	const struct vma_fact_bpf *v = at(l, getpid(), p);
	assert_int_not_equal(v->anon_vma, 0);
	assert_int_equal(v->root, v->anon_vma);
	assert_int_equal(v->nr_chain, 1);
	assert_int_equal(v->chain[0], v->anon_vma);
	if (l->img.mm.have & VMA_BPF_NUM_CHILDREN)
		assert_int_equal(v->num_active_vmas, 1);
	unmap(p, 4);
}

static void a_moved_mapping_keeps_its_page_offset(void **state)
{
	struct live *l = *state;
	char *p = map(4), *to = map(64);
	u64 pgoff = (u64)(uintptr_t)p >> 12;

	*p = 1;
	char *q = mremap(p, 4 * 4096, 4 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to + 8 * 4096);
	assert_ptr_equal(q, to + 8 * 4096);
	const struct vma_fact_bpf *v = at(l, getpid(), q);
	assert_int_equal(v->start, (u64)(uintptr_t)q);
	assert_int_equal(v->vm_pgoff, pgoff);
	unmap(to, 64);
}

static void a_forked_child_hangs_on_its_parents_anon_vma(void **state)
{
	struct live *l = *state;
	char *p = map(4);
	int ready[2];
	char c;

	*p = 1;
	u64 parent = at(l, getpid(), p)->anon_vma;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (!child) {
		*p = 2;
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(read(ready[0], &c, 1), 1);
	const struct vma_fact_bpf *v = at(l, child, p);
	u64 own = v->anon_vma, root = v->root, above = v->parent;
	u32 nr = v->nr_chain;
	u64 last = nr == 2 ? v->chain[1] : 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(nr, 2);
	assert_int_equal(root, parent);
	assert_int_equal(above, parent);
	assert_int_not_equal(own, parent);
	assert_int_equal(last, parent);
	unmap(p, 4);
}

/* Many buffers: the iterator lets go and finds its place again, and must come to an end. */
static void thousands_of_vmas_are_those_of_maps(void **state)
{
	struct live *l = *state;
	const size_t pages = 4000;
	char *p = map(pages);
	char line[512];
	unsigned long start, end;
	size_t n = 0;

	for (size_t i = 0; i < pages; i += 2)
		mprotect(p + i * 4096, 4096, PROT_READ);
	AUTO(undo_fclose) FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	assert_int_equal(vma_bpf_read(l->b, (u32)getpid(), 0, &l->img, &l->err), 0);
	assert_int_equal(vma_bpf_read(l->b, (u32)getpid(), 0, &l->img, &l->err), 0);
	assert_true(l->img.reads > 5);
	assert_int_equal(l->img.nr_vmas, l->img.mm.map_count);
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[vsyscall]"))
			continue;
		assert_int_equal(sscanf(line, "%lx-%lx", &start, &end), 2);
		assert_true(n < l->img.nr_vmas);
		assert_int_equal(l->img.vmas[n].start, start);
		assert_int_equal(l->img.vmas[n].end, end);
		n++;
	}
	assert_int_equal(n, l->img.nr_vmas);
	assert_false(l->img.changed);
	unmap(p, pages);
}

static void a_process_that_is_gone_has_no_address_space(void **state)
{
	struct live *l = *state;
	pid_t child = fork();

	if (!child)
		_exit(0);
	assert_true(child > 0);
	waitpid(child, NULL, 0);
	assert_int_equal(vma_bpf_read(l->b, (u32)child, 0, &l->img, &l->err), -ESRCH);
	assert_int_equal(vma_bpf_read(l->b, (u32)getpid(), 0, &l->img, &l->err), 0);
}

static void facts_get_the_kernels_values_in_the_order_of_maps(void **state)
{
	struct vma_bpf *b = ((struct live *)*state)->b;
	struct vma_read_opts opts = { .levels = VMA_READ_DEFAULT | VMA_READ_BPF, .bpf = &b };
	struct vma_facts *f = NULL;
	char target[32];
	size_t n = 0;
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	snprintf(target, sizeof(target), "%d", (int)child);
	int rc = vma_facts_read(target, &opts, &f, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(rc, 0);
	assert_true(f->levels & VMA_READ_BPF);
	assert_non_null(f->mm_bpf);
	for (size_t i = 0; i < f->nr_maps; i++) {
		if (f->maps[i].gate)
			continue;
		assert_true(n < f->nr_bpf);
		assert_int_equal(f->bpf[n].start, f->maps[i].start);
		assert_int_equal(f->bpf[n].inode, f->maps[i].inode);
		if (f->bpf[n].anon_vma)
			assert_int_equal(f->bpf[n].chain[0], f->bpf[n].anon_vma);
		n++;
	}
	assert_int_equal(n, f->nr_bpf);
	vma_facts_free(f);
}

#define STREAM(test) cmocka_unit_test_setup_teardown(test, stream_new, stream_free)
#define LIVE(test) cmocka_unit_test_setup_teardown(test, live_new, live_free)

int main(void)
{
	const struct CMUnitTest parser[] = {
		STREAM(each_vma_gets_its_own_part_of_the_chains),
		STREAM(what_chains_hold_besides_comes_along),
		STREAM(links_that_are_not_all_there_are_no_stream),
		STREAM(a_symbol_loses_its_module_and_a_number_is_no_symbol),
		STREAM(a_record_that_is_cut_in_two_waits_for_its_rest),
		STREAM(nothing_is_taken_behind_the_end),
		STREAM(a_part_that_the_kernel_sends_twice_counts_once),
		STREAM(a_vma_that_grew_over_the_place_reached_is_a_change),
		STREAM(a_write_lock_between_first_and_last_is_a_change),
		STREAM(records_that_lie_about_their_size_are_refused),
		STREAM(a_vma_before_its_mm_and_unknown_types_are_refused),
	};
	const struct CMUnitTest live[] = {
		LIVE(anon_vma_appears_with_the_first_write),
		LIVE(a_moved_mapping_keeps_its_page_offset),
		LIVE(a_forked_child_hangs_on_its_parents_anon_vma),
		LIVE(thousands_of_vmas_are_those_of_maps),
		LIVE(a_process_that_is_gone_has_no_address_space),
		LIVE(facts_get_the_kernels_values_in_the_order_of_maps),
	};
	const struct CMUnitTest refused[] = {
		LIVE(a_refusal_says_what_would_help),
	};
	struct CMUnitTest all[sizeof(parser) / sizeof(*parser) + sizeof(live) / sizeof(*live)];
	const size_t nr = sizeof(parser) / sizeof(*parser);
	struct vma_bpf *b = NULL;
	struct vma_err err;
	bool can = !vma_bpf_open(&b, &err);

	/* what the kernel and our capabilities decide: either the reader runs or it says why not */
	vma_bpf_close(b);
	memcpy(all, parser, sizeof(parser));
	memcpy(all + nr, can ? live : refused, can ? sizeof(live) : sizeof(refused));
	return _cmocka_run_group_tests("read-bpf", all, nr + (can ? sizeof(live) / sizeof(*live) : 1),
				       NULL, NULL);
}
