// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts to a model: the rules I1-I10, kinds and identities of files, provenance. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/engine.h"
#include "libvmactl/rebuild.h"
#include "read/facts.h"

#define P VMA_PAGE_SIZE
#define RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT)
#define RO (VM_READ | VM_MAY_FLAGS | VM_ACCOUNT)
#define RX (VM_READ | VM_EXEC | VM_MAY_FLAGS)
#define SHARED_RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_SHARED | VM_MAYSHARE)
#define SHARED_RO (VM_READ | VM_MAYREAD | VM_MAYEXEC | VM_MAYSHARE)

/* ---------------------------------------------------------------- facts, made by hand */

static struct vma_facts *new_facts(const char *release)
{
	struct vma_facts *f = facts_new();

	assert_non_null(f);
	f->source = facts_str(f, "test");
	f->release = facts_str(f, release);
	f->pid = 7;
	f->system.totalram_pages = 1 << 20;
	return f;
}

/* One mapping of @nr pages at page @page; @anon: pages of it that are anonymous. */
static struct vma_fact_map *add(struct vma_facts *f, u64 page, u64 nr, u64 flags, u64 anon,
				const char *path)
{
	const u64 kb[VMA_SMAPS_NR] = { [VMA_SMAPS_ANONYMOUS] = anon * 4 };
	struct vma_fact_map m = {
		.start = page * P, .end = (page + nr) * P, .flags = flags, .has_flags = true,
		.path = path, .have = 1U << VMA_SMAPS_ANONYMOUS, .policy = "default", .kb = kb,
	};

	vma_flags_perms(flags, m.perms);
	assert_int_equal(facts_add_map(f, &m), 0);
	return &f->maps[f->nr_maps - 1];
}

/* Its counters are its own: they are shared only where a reader numbered them. */
static void set_counter(struct vma_fact_map *m, enum vma_smaps_key key, u64 kb)
{
	((u64 *)m->kb)[key] = kb;
}

static void add_file(struct vma_facts *f, u64 page, u64 nr, u64 flags, u64 offset_pages,
		     const char *path, u64 inode)
{
	struct vma_fact_map *m = add(f, page, nr, flags, 0, path);

	m->offset = offset_pages * P;
	m->inode = inode;
	m->dev_major = 8;
	m->dev_minor = 1;
}

static struct vma_model *rebuilt(struct vma_facts *f)
{
	struct vma_model *m;
	struct vma_err err = { 0 };

	if (vma_rebuild(f, NULL, &m, &err) || vma_validate(m->world, &err))
		fail_msg("%s", err.msg);
	return m;
}

static const struct vma *at(const struct vma_model *m, u64 page)
{
	const struct vma *vma = vma_lookup(m->mm, page * P);

	assert_non_null(vma);
	return vma;
}

static void assert_known(const struct vma_model *m, u64 page, enum vma_field field,
			 enum vma_known known, const char *rule)
{
	struct vma_provenance p = vma_model_known(m, at(m, page), field);

	assert_int_equal(p.known, known);
	assert_string_equal(p.rule, rule);
}

/* ---------------------------------------------------------------- recordings */

static struct vma_facts *read_facts(const char *path)
{
	struct vma_facts *f;
	struct vma_err err;

	if (vma_facts_read(path, NULL, &f, &err))
		fail_msg("%s", err.msg);
	return f;
}

static struct vma_facts *fixture(const char *name)
{
	const char *src = getenv("VMACTL_SRC");
	char path[4300];

	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", src ? src : ".", name);
	return read_facts(path);
}

static void assert_as_recorded(const struct vma_model *m)
{
	const struct vma_fact_mm_bpf *k = m->facts->mm_bpf;
	const struct vma_mm *mm = m->mm;

	assert_non_null(k);
	assert_int_equal(mm->map_count, k->map_count);
	assert_int_equal(mm->total_vm, k->total_vm);
	assert_int_equal(mm->locked_vm, k->locked_vm);
	assert_int_equal(mm->data_vm, k->data_vm);
	assert_int_equal(mm->exec_vm, k->exec_vm);
	assert_int_equal(mm->stack_vm, k->stack_vm);
	assert_int_equal(mm->task_size, k->task_size);
	assert_int_equal(mm->start_stack, k->start_stack);
	assert_int_equal(mm->start_brk, k->start_brk);
	assert_int_equal(mm->brk, k->brk);
	assert_int_equal(mm->mmap_base, k->mmap_base);
	assert_int_equal(mm->mmap_legacy_base, k->mmap_legacy_base);
}

static void the_counters_are_those_the_kernel_recorded(void **state)
{
	static const char *const names[] = { "process-5.10", "process-7.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct vma_model *m = rebuilt(fixture(names[i]));

		assert_as_recorded(m);
		assert_int_equal(m->mm_fields[VMA_MM_FIELD_MMAP_BASE].known, VMA_EXACT);
		vma_model_free(m);
	}
}

/* Any further recordings, laid out alike: VMACTL_RECORDINGS='DIR DIR...'. */
static void so_are_those_of_every_other_recording(void **state)
{
	const char *all = getenv("VMACTL_RECORDINGS");

	(void)state;
	if (!all)
		skip();
	char *list = strdup(all), *save = NULL;
	for (char *dir = strtok_r(list, " ", &save); dir; dir = strtok_r(NULL, " ", &save)) {
		struct vma_model *m = rebuilt(read_facts(dir));

		assert_as_recorded(m);
		vma_model_free(m);
	}
	free(list);
}

static void mmap_base_is_inferred_from_the_mapping_below_the_stack(void **state)
{
	struct vma_facts *f = fixture("process-7.2");
	struct vma_fact_mm_bpf k = *f->mm_bpf;

	(void)state;
	free(f->mm_bpf);
	f->mm_bpf = NULL;
	struct vma_model *m = rebuilt(f);
	assert_int_equal(m->mm->mmap_base, k.mmap_base);
	assert_int_equal(m->mm->mmap_legacy_base, k.mmap_legacy_base);
	assert_int_equal(m->mm->brk, k.brk);
	assert_int_equal(m->mm_fields[VMA_MM_FIELD_MMAP_BASE].known, VMA_INFERRED);
	assert_string_equal(m->mm_fields[VMA_MM_FIELD_MMAP_BASE].rule, "I9");
	vma_model_free(m);
}

/* A static program on 5.10 has its vdso above the stack, so nothing tells where the base is. */
static void without_evidence_mmap_base_is_not_believed(void **state)
{
	struct vma_facts *f = fixture("process-5.10");

	(void)state;
	free(f->mm_bpf);
	f->mm_bpf = NULL;
	struct vma_model *m = rebuilt(f);
	assert_true(m->mm_fields[VMA_MM_FIELD_MMAP_BASE].confidence <= 5);
	assert_true(m->mm->mmap_base > 0x7e0000000000);
	vma_model_free(m);
}

static void the_stack_keeps_the_offset_it_was_built_with(void **state)
{
	struct vma_model *m = rebuilt(fixture("process-7.2"));
	const struct vma *stack = vma_lookup(m->mm, m->mm->start_stack);

	(void)state;
	assert_int_equal(stack->vm_pgoff + vma_pages(stack), 0x7ffffffff);
	assert_true(stack->anon_vma);
	assert_string_equal(vma_model_known(m, stack, VMA_FIELD_PGOFF).rule, "I4");
	vma_model_free(m);
}

/* ---------------------------------------------------------------- anon_vma */

static void only_private_memory_with_anonymous_pages_has_an_anon_vma(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 1, "");
	add(f, 20, 2, RW, 0, "");
	add(f, 30, 2, SHARED_RW, 0, "/dev/zero (deleted)")->inode = 5;
	struct vma_model *m = rebuilt(f);
	assert_true(at(m, 10)->anon_vma);
	assert_false(at(m, 20)->anon_vma);
	assert_false(at(m, 30)->anon_vma);
	assert_known(m, 10, VMA_FIELD_ANON_VMA, VMA_DERIVED, "I6");
	assert_known(m, 20, VMA_FIELD_ANON_VMA, VMA_INFERRED, "I6");
	assert_known(m, 30, VMA_FIELD_ANON_VMA, VMA_DERIVED, "A1");
	assert_true(vma_chain_is_singular(m->world, at(m, 10)));
	vma_model_free(m);
}

static void pieces_that_mprotect_cut_share_one(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 1, "");
	add(f, 12, 2, RO, 1, "");
	add(f, 14, 2, RW, 1, "");
	add(f, 16, 2, RW & ~VM_ACCOUNT, 1, ""); /* differs in more than access */
	struct vma_model *m = rebuilt(f);
	assert_int_equal(at(m, 10)->anon_vma, at(m, 12)->anon_vma);
	assert_int_equal(at(m, 12)->anon_vma, at(m, 14)->anon_vma);
	assert_int_not_equal(at(m, 14)->anon_vma, at(m, 16)->anon_vma);
	assert_int_equal(vma_anon_at(m->world, at(m, 10)->anon_vma)->num_active_vmas, 3);
	assert_known(m, 12, VMA_FIELD_SHARING, VMA_INFERRED, "I7");
	vma_model_free(m);
}

/* The guard of a thread's stack may have been mapped over it after it shared with the one below. */
static void stacks_with_a_guard_between_may_share(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	add(f, 10, 9, RW | VM_NOHUGEPAGE, 1, "");
	add(f, 19, 1, VM_MAY_FLAGS, 0, "");
	add(f, 20, 9, RW | VM_NOHUGEPAGE, 1, "");
	add(f, 29, 1, VM_MAY_FLAGS | VM_NOHUGEPAGE, 0, ""); /* not writable yet: it kept them apart */
	add(f, 30, 9, RW | VM_NOHUGEPAGE, 1, "");
	add(f, 49, 1, VM_MAY_FLAGS, 0, "");
	add(f, 50, 9, RW, 1, ""); /* nothing touches it below */
	struct vma_model *m = rebuilt(f);
	assert_known(m, 20, VMA_FIELD_SHARING, VMA_UNKNOWN, "");
	assert_known(m, 30, VMA_FIELD_SHARING, VMA_INFERRED, "I7");
	assert_known(m, 50, VMA_FIELD_SHARING, VMA_INFERRED, "I7");
	vma_model_free(m);
}

/* Rule P8: read-only anonymous memory keeps its charge only when it has an anon_vma. */
static void a_charge_that_was_kept_tells_of_an_anon_vma(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RO, 0, "");
	add(f, 20, 2, RO & ~VM_ACCOUNT, 0, "");
	struct vma_model *m = rebuilt(f);
	assert_true(at(m, 10)->anon_vma);
	assert_false(at(m, 20)->anon_vma);
	assert_known(m, 10, VMA_FIELD_ANON_VMA, VMA_INFERRED, "P8");
	vma_model_free(m);

	f = new_facts("6.1"); /* keeps it always */
	add(f, 10, 2, RO, 0, "");
	m = rebuilt(f);
	assert_false(at(m, 10)->anon_vma);
	vma_model_free(m);
}

static void a_writable_piece_beside_a_written_read_only_one_has_its_anon_vma(void **state)
{
	struct vma_facts *f = new_facts("6.1");

	(void)state;
	add(f, 10, 2, RO, 1, "");
	add(f, 12, 2, RW, 0, "");
	add(f, 20, 2, RW, 1, "");
	add(f, 22, 2, RO, 0, ""); /* the other way round says nothing: it may be a guard */
	struct vma_model *m = rebuilt(f);
	assert_int_equal(at(m, 10)->anon_vma, at(m, 12)->anon_vma);
	assert_true(at(m, 20)->anon_vma);
	assert_false(at(m, 22)->anon_vma);
	assert_int_equal(vma_model_known(m, at(m, 22), VMA_FIELD_ANON_VMA).confidence, 85);
	vma_model_free(m);
}

static void equal_neighbours_that_did_not_merge_have_two(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 1, "");
	add(f, 12, 2, RW, 1, "");
	struct vma_model *m = rebuilt(f);
	assert_int_not_equal(at(m, 10)->anon_vma, at(m, 12)->anon_vma);
	assert_int_equal(vma_model_known(m, at(m, 12), VMA_FIELD_PGOFF).confidence, 50);
	vma_model_free(m);
}

/* brk does not join .bss from 6.1 on, but the heap's first fault takes the anon_vma of .bss. */
static void the_heap_shares_with_bss_below_it(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 1, "");
	add(f, 12, 2, RW, 1, "[heap]");
	f->stat[VMA_STAT_START_BRK] = 12 * P;
	f->have_stat = 1U << VMA_STAT_START_BRK;
	struct vma_model *m = rebuilt(f);
	assert_int_equal(at(m, 10)->anon_vma, at(m, 12)->anon_vma);
	assert_int_equal(m->mm->brk, 14 * P);
	assert_int_equal(m->mm_fields[VMA_MM_FIELD_BRK].known, VMA_INFERRED);
	vma_model_free(m);
}

static void a_forked_process_shares_none_and_hangs_below_its_parent(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	f->forked = 1;
	add(f, 10, 2, RW, 1, "");
	add(f, 12, 2, RO, 1, "");
	struct vma_model *m = rebuilt(f);
	const struct vma_anon *a = vma_anon_at(m->world, at(m, 10)->anon_vma);
	assert_int_not_equal(at(m, 10)->anon_vma, at(m, 12)->anon_vma);
	assert_int_not_equal(a->root, a->id);
	assert_int_equal(a->parent, a->root);
	assert_false(vma_chain_is_singular(m->world, at(m, 10)));
	vma_model_free(m);
}

/* Rule A9: what fork found is below something, what came later is not; how far, only the number of
 * forks tells. */
static struct vma_facts *forked_facts(s32 forks, s8 copied)
{
	struct vma_facts *f = new_facts("6.18");

	f->forked = 1;
	f->forks = forks;
	f->copied = copied;
	f->fork_parent = forks > 0 ? 6 : 0;
	f->exe = facts_str(f, "/bin/program");
	add_file(f, 10, 2, RW, 0, "/bin/program", 1);
	set_counter(&f->maps[0], VMA_SMAPS_ANONYMOUS, 4);
	add_file(f, 20, 2, RW, 0, "/lib/late.so", 2);
	set_counter(&f->maps[1], VMA_SMAPS_ANONYMOUS, 4);
	add(f, 30, 2, RW, 1, "");
	set_counter(add(f, 40, 2, RW, 2, ""), VMA_SMAPS_SHARED_DIRTY, 4);
	return f;
}

static void a_forked_process_knows_what_is_below_something(void **state)
{
	struct vma_model *m = rebuilt(forked_facts(1, 0));

	(void)state;
	assert_known(m, 10, VMA_FIELD_ROOT, VMA_INFERRED, "A9");
	assert_known(m, 10, VMA_FIELD_CHAIN, VMA_INFERRED, "A9");
	assert_known(m, 20, VMA_FIELD_ROOT, VMA_UNKNOWN, ""); /* none of it is still shared */
	assert_known(m, 30, VMA_FIELD_ROOT, VMA_UNKNOWN, "");
	assert_known(m, 30, VMA_FIELD_CHAIN, VMA_UNKNOWN, "");
	assert_known(m, 40, VMA_FIELD_ROOT, VMA_INFERRED, "A9");
	assert_known(m, 40, VMA_FIELD_CHAIN, VMA_INFERRED, "A9");
	vma_model_free(m);

	m = rebuilt(forked_facts(3, 0));
	size_t links = 0;
	const struct vma_avc *avc;
	for (u32 id = at(m, 10)->avc; (avc = vma_avc_at(m->world, id)); id = avc->next)
		links++;
	assert_int_equal(links, 4);
	assert_known(m, 10, VMA_FIELD_CHAIN, VMA_INFERRED, "A9");
	assert_known(m, 40, VMA_FIELD_CHAIN, VMA_UNKNOWN, ""); /* after which of the three? */
	vma_model_free(m);
}

static void the_chains_of_an_orphan_are_unknown(void **state)
{
	struct vma_model *m = rebuilt(forked_facts(-1, 1));

	(void)state;
	assert_known(m, 10, VMA_FIELD_ROOT, VMA_INFERRED, "A9");
	assert_known(m, 10, VMA_FIELD_CHAIN, VMA_UNKNOWN, "");
	assert_known(m, 20, VMA_FIELD_ROOT, VMA_INFERRED, "A9"); /* nobody to share it with lives */
	assert_known(m, 40, VMA_FIELD_ROOT, VMA_UNKNOWN, ""); /* its child has these pages */
	vma_model_free(m);
}

static void a_process_that_exec_made_is_no_guess(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	f->forked = 0;
	add(f, 10, 2, RW, 1, "");
	struct vma_model *m = rebuilt(f);
	assert_known(m, 10, VMA_FIELD_ROOT, VMA_DERIVED, "A9");
	assert_known(m, 10, VMA_FIELD_CHAIN, VMA_DERIVED, "A9");
	vma_model_free(m);
	f = new_facts("6.18"); /* a core does not say */
	add(f, 10, 2, RW, 1, "");
	m = rebuilt(f);
	assert_known(m, 10, VMA_FIELD_CHAIN, VMA_INFERRED, "I7");
	vma_model_free(m);
}

/* What the kernel said is taken as it is: an own anon_vma below two ancestors. */
static void the_kernels_own_chains_are_kept(void **state)
{
	static const u64 chain[] = { 0x300, 0x200, 0x100 };
	struct vma_facts *f = new_facts("6.12");
	struct vma_fact_bpf *k = calloc(2, sizeof(*k));

	(void)state;
	add(f, 10, 2, RW, 0, "");
	add(f, 12, 2, RO, 1, ""); /* its pages lie: the kernel knows better */
	k[0] = (struct vma_fact_bpf){ .start = 10 * P, .end = 12 * P, .vm_flags = 0x100073,
				      .vm_pgoff = 99, .anon_vma = 0x300, .root = 0x100,
				      .parent = 0x200, .chain = chain, .nr_chain = 3,
				      .num_children = 4, .lock_seq = 7, .mm_seq = 9, .ops = "",
				      .fault = "" };
	k[1] = (struct vma_fact_bpf){ .start = 12 * P, .end = 14 * P, .vm_flags = 0x100071,
				      .vm_pgoff = 12, .lock_seq = 9, .mm_seq = 9, .ops = "",
				      .fault = "" };
	f->bpf = k;
	f->nr_bpf = 2;
	f->mm_bpf = calloc(1, sizeof(*f->mm_bpf));
	f->mm_bpf->have = VMA_BPF_NUM_CHILDREN | VMA_BPF_LOCK_SEQ | VMA_BPF_MM_SEQ;
	struct vma_model *m = rebuilt(f);
	const struct vma *vma = at(m, 10);
	const struct vma_anon *own = vma_anon_at(m->world, vma->anon_vma);
	const struct vma_avc *link = vma_avc_at(m->world, vma->avc);

	assert_int_equal(vma->vm_pgoff, 99);
	assert_int_equal(vma->vm_flags, RW);
	assert_int_equal(own->num_children, 4);
	assert_int_not_equal(own->parent, own->root);
	assert_int_equal(link->anon_vma, own->id);
	link = vma_avc_at(m->world, link->next);
	assert_int_equal(link->anon_vma, own->parent);
	link = vma_avc_at(m->world, link->next);
	assert_int_equal(link->anon_vma, own->root);
	assert_int_equal(link->next, 0);
	assert_false(at(m, 12)->anon_vma);
	assert_known(m, 12, VMA_FIELD_ANON_VMA, VMA_EXACT, "");
	assert_int_equal(vma->vm_lock_seq, 7);
	assert_int_equal(at(m, 12)->vm_lock_seq, 9);
	assert_int_equal(m->mm->mm_lock_seq, 10); /* its writer is done by now */
	vma_model_free(m);
}

/* What fork reuses depends on VMAs and children of other processes (rule A9). */
static void an_anon_vma_of_another_process_is_not_reused(void **state)
{
	static const u64 chain[] = { 0x200, 0x100 };
	static const struct vma_fact_anon others[] = {
		{ 0x200, 0x100, 0x100, 1, 0, 1 }, { 0x100, 0x100, 0x100, 2, 2, 3 },
	};

	(void)state;
	for (u32 active = 0; active < 2; active++) {
		struct vma_facts *f = new_facts("6.12");

		add(f, 10, 2, RW, 0, "");
		f->bpf = calloc(1, sizeof(*f->bpf));
		f->bpf[0] = (struct vma_fact_bpf){ .start = 10 * P, .end = 12 * P,
						   .vm_flags = 0x100073, .vm_pgoff = 10,
						   .anon_vma = 0x200, .root = 0x100,
						   .parent = 0x100, .chain = chain, .nr_chain = 2,
						   .num_active_vmas = 1, .ops = "", .fault = "" };
		f->nr_bpf = 1;
		f->anon_bpf = calloc(2, sizeof(*f->anon_bpf));
		memcpy(f->anon_bpf, others, sizeof(others));
		/* the root: one child and itself; used by a process that was not read, or by none */
		f->anon_bpf[1].num_active_vmas = active;
		f->anon_bpf[1].num_children = 1;
		f->nr_anon_bpf = 2;
		f->mm_bpf = calloc(1, sizeof(*f->mm_bpf));
		f->mm_bpf->have = VMA_BPF_NUM_CHILDREN;
		struct vma_model *m = rebuilt(f);
		const u32 root = vma_anon_at(m->world, at(m, 10)->anon_vma)->root;
		struct vma_call call = { .op = VMA_OP_FORK };
		struct vma_result res;
		struct vma_err err;

		assert_int_equal(vma_anon_at(m->world, root)->elsewhere, active);
		assert_int_equal(vma_validate(m->world, &err), 0);
		assert_int_equal(vma_op_run(m->mm, &call, &res), 0);
		const struct vma *copy = vma_lookup(vma_mm_by_id(m->world, res.mm), 10 * P);

		assert_int_equal(copy->anon_vma == root, !active);
		/* unmapped here, it is still there for the others */
		call = (struct vma_call){ .op = VMA_OP_MUNMAP, .arg = { 10 * P, 2 * P } };
		assert_int_equal(vma_op_run(vma_mm_by_id(m->world, res.mm), &call, &res), 0);
		assert_int_equal(vma_op_run(m->mm, &call, &res), 0);
		assert_int_equal(vma_validate(m->world, &err), 0);
		vma_model_free(m);
	}
}

/* ---------------------------------------------------------------- files */

static void kinds_follow_names_flags_and_devices(void **state)
{
	static const struct {
		const char *path;
		u64 inode;
		u32 major;
		u64 flags;
		enum vma_kind kind;
		bool internal;
	} cases[] = {
		{ "", 0, 0, RW, VMA_KIND_ANON, false },
		{ "[heap]", 0, 0, RW, VMA_KIND_ANON, false },
		{ "[anon:arena]", 0, 0, RW, VMA_KIND_ANON, false },
		{ "[vdso]", 0, 0, RX, VMA_KIND_SPECIAL, false },
		{ "[vvar_vclock]", 0, 0, VM_READ | VM_IO | VM_PFNMAP, VMA_KIND_SPECIAL, false },
		{ "/usr/lib/libc.so.6", 9, 8, RX, VMA_KIND_REGULAR, false },
		{ "/run/x", 9, 0, RX, VMA_KIND_SHMEM, false },
		{ "/usr/lib/libc.so.6", 0, 0, RX, VMA_KIND_REGULAR, false }, /* as cores say it */
		{ "/dev/zero (deleted)", 9, 0, SHARED_RW, VMA_KIND_SHMEM, true },
		{ "[anon_shmem:x]", 9, 0, SHARED_RW, VMA_KIND_SHMEM, true },
		{ "/memfd:x (deleted)", 9, 0, SHARED_RW, VMA_KIND_SHMEM, false },
		{ "/memfd:x (deleted)", 9, 8, SHARED_RW, VMA_KIND_REGULAR, false }, /* a real file */
		{ "/SYSV00000000 (deleted)", 32769, 0, SHARED_RW, VMA_KIND_SYSV, true },
		{ "/anon_hugepage (deleted)", 9, 0, RW | VM_HUGETLB, VMA_KIND_HUGETLB, true },
		{ "/dev/hugepages/x", 9, 0, SHARED_RW | VM_HUGETLB, VMA_KIND_HUGETLB, false },
		{ "/dev/dri/card0", 9, 0, SHARED_RW | VM_IO | VM_PFNMAP, VMA_KIND_DEVICE, false },
		{ "anon_inode:[io_uring]", 9, 0, SHARED_RW, VMA_KIND_DEVICE, false },
		{ "/dev/zero", 4, 0, RW, VMA_KIND_ANON, false }, /* with a file, without ops */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vma_facts *f = new_facts("6.12");
		struct vma_fact_map *map = add(f, 512, 512, cases[i].flags, 0, cases[i].path);

		map->inode = cases[i].inode;
		map->dev_major = cases[i].major;
		map->dev_minor = cases[i].inode ? 3 : 0;
		struct vma_model *m = rebuilt(f);
		const struct vma *vma = at(m, 512);
		const struct vma_file *file = vma_file_at(m->world, vma->file);

		assert_int_equal(vma_kind_of(m->world, vma), cases[i].kind);
		assert_int_equal(file && file->internal, cases[i].internal);
		if (cases[i].kind == VMA_KIND_SYSV)
			assert_int_equal(file->seq, 32769);
		vma_model_free(m);
	}
}

static void the_file_system_decides_when_mountinfo_named_it(void **state)
{
	static const struct {
		const char *fs;
		enum vma_kind kind;
		bool thp;
	} cases[] = {
		{ "ext4", VMA_KIND_REGULAR, true }, { "tmpfs", VMA_KIND_SHMEM, false },
		{ "overlay", VMA_KIND_REGULAR, false }, { "nofs", VMA_KIND_REGULAR, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vma_facts *f = new_facts("6.12");
		struct vma_fact_file *known = facts_add_file(f);

		*known = (struct vma_fact_file){ .dev_major = 8, .dev_minor = 1, .inode = 5,
						 .fs = cases[i].fs, .has_size = true, .size = 1234 };
		add_file(f, 10, 4, RX, 0, "/bin/x", 5);
		struct vma_model *m = rebuilt(f);
		const struct vma_file *file = vma_file_at(m->world, at(m, 10)->file);

		assert_int_equal(file->kind, cases[i].kind);
		assert_int_equal(file->fs_thp, cases[i].thp);
		assert_int_equal(file->size, 1234);
		assert_known(m, 10, VMA_FIELD_OPS, VMA_DERIVED, "O3");
		vma_model_free(m);
	}
}

static void segments_of_one_file_are_one_open_file(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add_file(f, 10, 1, RX, 0, "/bin/x", 5);
	add_file(f, 11, 1, RW, 1, "/bin/x", 5);
	add_file(f, 12, 1, RX, 0, "/bin/y", 6);
	add_file(f, 20, 1, SHARED_RW, 0, "/bin/x", 5);
	add_file(f, 30, 1, SHARED_RO, 0, "/bin/x", 5);
	struct vma_model *m = rebuilt(f);
	const struct vma_file *rw = vma_file_at(m->world, at(m, 20)->file);
	const struct vma_file *ro = vma_file_at(m->world, at(m, 30)->file);

	assert_int_equal(at(m, 10)->file, at(m, 11)->file);
	assert_int_not_equal(at(m, 11)->file, at(m, 12)->file);
	assert_int_not_equal(at(m, 10)->file, rw->id); /* cannot be open in both ways */
	assert_int_not_equal(ro->id, rw->id);
	assert_int_equal(ro->mapping, rw->mapping);
	assert_true(rw->writable && !ro->writable);
	assert_int_equal(at(m, 11)->vm_pgoff, 1);
	assert_known(m, 10, VMA_FIELD_FILE, VMA_INFERRED, "G1.3");
	vma_model_free(m);
}

static void neighbours_that_would_have_merged_are_two_opens(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add_file(f, 10, 1, RX, 0, "/bin/x", 5);
	add_file(f, 11, 1, RX, 1, "/bin/x", 5);
	add_file(f, 12, 1, RX, 7, "/bin/x", 5); /* not linear: may be the same */
	struct vma_model *m = rebuilt(f);

	assert_int_not_equal(at(m, 10)->file, at(m, 11)->file);
	assert_int_equal(at(m, 11)->file, at(m, 12)->file);
	vma_model_free(m);
}

/* ---------------------------------------------------------------- mm and provenance */

static void everything_locked_means_future_mappings_will_be(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 1, RW | VM_LOCKED, 1, "");
	add(f, 20, 1, RX | VM_LOCKED, 0, "");
	struct vma_model *m = rebuilt(f);
	assert_int_equal(m->mm->def_flags, VM_LOCKED);
	assert_int_equal(m->mm->locked_vm, 2);
	assert_string_equal(m->mm_fields[VMA_MM_FIELD_DEF_FLAGS].rule, "I10");
	vma_model_free(m);

	f = new_facts("6.12");
	add(f, 10, 1, RW | VM_LOCKED, 1, "");
	add(f, 20, 1, RX, 0, "");
	m = rebuilt(f);
	assert_int_equal(m->mm->def_flags, 0);
	vma_model_free(m);
}

static void rights_limits_and_keys_come_along(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	f->have_caps = true;
	f->cap_eff = 1 << 14 | 1 << 21;
	f->have_limits = true;
	f->rlimit[RLIMIT_MEMLOCK] = (struct vma_rlimit){ 65536, 131072 };
	add(f, 10, 1, VM_EXEC | VM_MAY_FLAGS | 3ULL << VMA_BIT_PKEY_BIT0, 0, "");
	struct vma_model *m = rebuilt(f);
	assert_int_equal(m->mm->caps, VMA_CAP_IPC_LOCK | VMA_CAP_SYS_ADMIN);
	assert_int_equal(m->mm->rlimit[RLIMIT_MEMLOCK].max, 131072);
	assert_int_equal(m->mm->pkeys, 1 | 1 << 3);
	assert_int_equal(m->mm->exec_only_pkey, 3);
	vma_model_free(m);
}

static void the_locked_count_of_the_kernel_may_have_drifted(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	f->status[VMA_ST_VMLCK] = 400;
	f->have_status = 1U << VMA_ST_VMLCK;
	add(f, 10, 1, RW | VM_LOCKED, 1, "");
	add(f, 20, 1, RW, 1, "");
	struct vma_model *m = rebuilt(f);
	assert_int_equal(m->mm->locked_vm, 100);
	vma_model_free(m);
}

static void names_and_policies_are_told_apart(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 1, RW, 1, "[anon:a]");
	add(f, 11, 1, RW, 1, "[anon:b]");
	add(f, 12, 1, RW, 1, "[anon:]x]");
	add(f, 20, 1, RW, 1, "")->policy = "bind:0";
	struct vma_model *m = rebuilt(f);
	assert_string_equal(vma_name_text(m->world, at(m, 10)->name), "a");
	assert_string_equal(vma_name_text(m->world, at(m, 11)->name), "b");
	assert_string_equal(vma_name_text(m->world, at(m, 12)->name), "]x");
	assert_string_equal(vma_policy_text(m->world, at(m, 20)->policy), "bind:0");
	assert_int_equal(at(m, 10)->policy, 0);
	assert_true(vma_world_system(m->world)->anon_vma_names);
	assert_known(m, 20, VMA_FIELD_POLICY, VMA_EXACT, "");
	vma_model_free(m);
}

static void flags_nobody_could_read_are_inferred(void **state)
{
	struct vma_facts *f = new_facts("6.12");
	struct vma_fact_map *map = add(f, 10, 1, RW, 0, "");

	(void)state;
	map->has_flags = false;
	map->flags = 0;
	map->have = 0;
	struct vma_model *m = rebuilt(f);
	assert_int_equal(at(m, 10)->vm_flags, RW);
	assert_known(m, 10, VMA_FIELD_FLAGS, VMA_INFERRED, "I1");
	assert_known(m, 10, VMA_FIELD_ANON_VMA, VMA_UNKNOWN, "");
	vma_model_free(m);
}

static void what_an_operation_changes_is_simulated_from_then_on(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 1, "");
	add(f, 20, 2, RW, 1, "");
	struct vma_model *m = rebuilt(f);
	struct vma *vma = vma_lookup(m->mm, 10 * P);
	const struct vma made = { .vm_start = 40 * P, .vm_end = 41 * P, .vm_flags = RW,
				  .vm_pgoff = 40 };

	assert_known(m, 10, VMA_FIELD_FLAGS, VMA_EXACT, "");
	assert_ptr_equal(vma_model_map(m, vma), &m->facts->maps[0]);
	vma->vm_flags &= ~VM_WRITE;
	assert_known(m, 10, VMA_FIELD_FLAGS, VMA_DERIVED, "simulated");
	assert_known(m, 10, VMA_FIELD_RANGE, VMA_EXACT, "");
	assert_known(m, 20, VMA_FIELD_FLAGS, VMA_EXACT, "");
	vma_mm_add(m->mm, &made);
	assert_known(m, 40, VMA_FIELD_RANGE, VMA_DERIVED, "simulated");
	assert_null(vma_model_map(m, at(m, 40)));
	vma_model_free(m);
}

/* It has no page of shmem, and RssFile counts it. */
static void secret_memory_is_a_file_system_of_its_own(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, SHARED_RW | VM_LOCKED | VM_DONTDUMP, 0, "/secretmem (deleted)")->inode = 5;
	assert_int_equal(facts_add_run(f, 10 * P, 11 * P, VMA_PAGE_FILE), 0);
	struct vma_model *m = rebuilt(f);
	assert_int_equal(vma_kind_of(m->world, at(m, 10)), VMA_KIND_SECRET);
	assert_string_equal(vma_kind_ops(VMA_KIND_SECRET)->name, "secretmem_vm_ops");
	assert_int_equal(vma_pages_state(m->mm, 10 * P), VMA_PAGE_FILE);
	assert_int_equal(m->mm->rss_file, 1);
	assert_int_equal(m->mm->rss_shmem, 0);
	vma_model_free(m);
}

static void pages_go_to_their_mappings(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 10, 2, RW, 0, "");
	add(f, 12, 2, SHARED_RW, 0, "/dev/zero (deleted)")->inode = 5;
	assert_int_equal(facts_add_run(f, 11 * P, 12 * P, VMA_PAGE_ANON), 0);
	assert_int_equal(facts_add_run(f, 12 * P, 20 * P, VMA_PAGE_FILE), 0);
	struct vma_model *m = rebuilt(f);
	assert_int_equal(vma_pages_state(m->mm, 10 * P), VMA_PAGE_NONE);
	assert_int_equal(vma_pages_state(m->mm, 11 * P), VMA_PAGE_ANON);
	assert_int_equal(vma_pages_state(m->mm, 13 * P), VMA_PAGE_SHMEM);
	assert_int_equal(vma_pages_state(m->mm, 14 * P), VMA_PAGE_NONE); /* behind the mapping */
	assert_true(at(m, 10)->anon_vma); /* smaps was older than pagemap */
	assert_int_equal(m->mm->rss_shmem, 2);
	vma_model_free(m);
}

/* Of VM_PFNMAP nobody says which frames are there. */
static void pages_of_the_kernel_and_huge_ones_count_nowhere(void **state)
{
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	add(f, 512, 512, SHARED_RW | VM_HUGETLB, 0, "/anon_hugepage (deleted)")->inode = 6;
	add(f, 1030, 1, VM_READ | VM_MAYREAD | VM_IO | VM_PFNMAP, 0, "[vvar]");
	add(f, 1031, 1, VM_READ | VM_EXEC | VM_MAY_FLAGS, 0, "[vdso]");
	add(f, 1032, 1, VM_READ | VM_MAYREAD | VM_IO | VM_MIXEDMAP, 0, "[vvar]");
	assert_int_equal(facts_add_run(f, 512 * P, 1024 * P, VMA_PAGE_FILE), 0);
	assert_int_equal(facts_add_run(f, 1030 * P, 1031 * P, VMA_PAGE_SPECIAL), 0);
	assert_int_equal(facts_add_run(f, 1031 * P, 1032 * P, VMA_PAGE_FILE), 0);
	assert_int_equal(facts_add_run(f, 1032 * P, 1033 * P, VMA_PAGE_SPECIAL), 0);
	struct vma_model *m = rebuilt(f);
	assert_int_equal(vma_pages_state(m->mm, 600 * P), VMA_PAGE_SHMEM | VMA_PAGE_UNCOUNTED);
	assert_int_equal(vma_pages_state(m->mm, 1030 * P), VMA_PAGE_NONE);
	assert_int_equal(vma_pages_state(m->mm, 1032 * P), VMA_PAGE_FILE | VMA_PAGE_UNCOUNTED);
	assert_int_equal(m->mm->rss_anon, 0);
	assert_int_equal(m->mm->rss_shmem, 0);
	assert_int_equal(m->mm->rss_file, 1); /* of [vdso] */
	vma_model_free(m);
}

static void what_is_no_address_space_is_refused(void **state)
{
	struct vma_model *m;
	struct vma_err err;
	struct vma_facts *f = new_facts("6.12");

	(void)state;
	assert_int_equal(vma_rebuild(f, NULL, &m, &err), -EINVAL);
	f->kernel_thread = true;
	assert_int_equal(vma_rebuild(f, NULL, &m, &err), -EINVAL);
	assert_string_equal(err.msg, "test: a kernel thread has no address space");
	add(f, 10, 4, RW, 0, "");
	add(f, 12, 4, RW, 0, "");
	assert_int_equal(vma_rebuild(f, NULL, &m, &err), -EINVAL);
	assert_string_equal(err.msg, "test: mappings overlap at c000");
	vma_facts_free(f);
	f = new_facts("2.6.32");
	add(f, 10, 4, RW, 0, "");
	assert_int_equal(vma_rebuild(f, NULL, &m, &err), -ENOTSUP);
	vma_facts_free(f);
}

static void an_unnamed_kernel_is_taken_for_the_newest_verified(void **state)
{
	struct vma_facts *f = new_facts("x");

	(void)state;
	f->release = NULL;
	add(f, 10, 4, RW, 0, "");
	struct vma_model *m = rebuilt(f);
	assert_true(vma_world_kernel(m->world)->verified);
	vma_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counters_are_those_the_kernel_recorded),
		cmocka_unit_test(so_are_those_of_every_other_recording),
		cmocka_unit_test(mmap_base_is_inferred_from_the_mapping_below_the_stack),
		cmocka_unit_test(without_evidence_mmap_base_is_not_believed),
		cmocka_unit_test(the_stack_keeps_the_offset_it_was_built_with),
		cmocka_unit_test(only_private_memory_with_anonymous_pages_has_an_anon_vma),
		cmocka_unit_test(pieces_that_mprotect_cut_share_one),
		cmocka_unit_test(a_charge_that_was_kept_tells_of_an_anon_vma),
		cmocka_unit_test(
			a_writable_piece_beside_a_written_read_only_one_has_its_anon_vma),
		cmocka_unit_test(equal_neighbours_that_did_not_merge_have_two),
		cmocka_unit_test(the_heap_shares_with_bss_below_it),
		cmocka_unit_test(stacks_with_a_guard_between_may_share),
		cmocka_unit_test(a_forked_process_shares_none_and_hangs_below_its_parent),
		cmocka_unit_test(a_forked_process_knows_what_is_below_something),
		cmocka_unit_test(the_chains_of_an_orphan_are_unknown),
		cmocka_unit_test(a_process_that_exec_made_is_no_guess),
		cmocka_unit_test(the_kernels_own_chains_are_kept),
		cmocka_unit_test(an_anon_vma_of_another_process_is_not_reused),
		cmocka_unit_test(kinds_follow_names_flags_and_devices),
		cmocka_unit_test(the_file_system_decides_when_mountinfo_named_it),
		cmocka_unit_test(segments_of_one_file_are_one_open_file),
		cmocka_unit_test(neighbours_that_would_have_merged_are_two_opens),
		cmocka_unit_test(everything_locked_means_future_mappings_will_be),
		cmocka_unit_test(rights_limits_and_keys_come_along),
		cmocka_unit_test(the_locked_count_of_the_kernel_may_have_drifted),
		cmocka_unit_test(names_and_policies_are_told_apart),
		cmocka_unit_test(flags_nobody_could_read_are_inferred),
		cmocka_unit_test(what_an_operation_changes_is_simulated_from_then_on),
		cmocka_unit_test(secret_memory_is_a_file_system_of_its_own),
		cmocka_unit_test(pages_go_to_their_mappings),
		cmocka_unit_test(pages_of_the_kernel_and_huge_ones_count_nowhere),
		cmocka_unit_test(what_is_no_address_space_is_refused),
		cmocka_unit_test(an_unnamed_kernel_is_taken_for_the_newest_verified),
	};

	return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
