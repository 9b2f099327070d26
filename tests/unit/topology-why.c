// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why neighbours are two: on made-up facts, and on a live process that makes random calls, where
 * the verdict from /proc is held against the one from the kernel's own values.
 * VMACTL_WHY_SEQUENCES=N makes N sequences instead of a few.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/range.h"
#include "libvmactl/topology.h"
#include "live/live.h"
#include "read/facts.h"

#define P VMA_PAGE_SIZE
#define RW (VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT)

/* ---------------------------------------------------------------- made-up facts */

static struct vma_fact_map *add(struct vma_facts *f, u64 page, u64 nr, u64 flags, u64 anon,
				const char *path, const char *policy)
{
	const u64 kb[VMA_SMAPS_NR] = { [VMA_SMAPS_ANONYMOUS] = anon * 4 };
	struct vma_fact_map m = {
		.start = page * P, .end = (page + nr) * P, .flags = flags, .has_flags = true,
		.path = path, .have = 1U << VMA_SMAPS_ANONYMOUS, .policy = policy, .kb = kb,
	};

	vma_flags_perms(flags, m.perms);
	assert_int_equal(facts_add_map(f, &m), 0);
	return &f->maps[f->nr_maps - 1];
}

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

struct verdict {
	size_t nr;
	struct vma_pair pair;
};

static int keep(void *ctx, const struct vma_pair *p)
{
	struct verdict *v = ctx;

	v->nr++;
	v->pair = *p;
	return 0;
}

/* The one pair that looks alike. The model is left to the caller. */
static struct verdict judge(struct vma_facts *f, struct vma_model **m)
{
	struct verdict v = { 0 };
	struct vma_err err = { 0 };

	if (vma_rebuild(f, NULL, m, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(vma_pairs_each(*m, keep, &v), 0);
	return v;
}

static void assert_why(struct vma_facts *f, enum vma_why why, enum vma_known known)
{
	struct vma_model *m;
	struct verdict v = judge(f, &m);

	assert_int_equal(v.nr, 1);
	assert_string_equal(vma_why_at(v.pair.why)->id, vma_why_at(why)->id);
	assert_int_equal(v.pair.how.known, known);
	assert_true(v.pair.evidence[0]);
	vma_model_free(m);
}

static void two_written_neighbours_have_two_anon_vmas(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	add(f, 100, 4, RW, 4, "", "default");
	add(f, 104, 4, RW, 4, "", "default");
	assert_why(f, VMA_WHY_MERGE_ANON, VMA_INFERRED);
}

static void a_flag_that_maps_does_not_show_is_named(void **state)
{
	struct vma_facts *f = new_facts("6.18");
	struct vma_model *m;

	(void)state;
	add(f, 100, 4, RW, 0, "", "default");
	add(f, 104, 4, RW | VM_DONTCOPY, 0, "", "default");
	struct verdict v = judge(f, &m);
	assert_int_equal(v.pair.why, VMA_WHY_MERGE_FLAGS);
	assert_int_equal(v.pair.how.known, VMA_EXACT);
	assert_string_equal(v.pair.evidence, "VM_DONTCOPY only above");
	vma_model_free(m);
}

static void a_policy_is_named(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	add(f, 100, 4, RW, 0, "", "default");
	add(f, 104, 4, RW, 0, "", "bind:0");
	assert_why(f, VMA_WHY_MERGE_POLICY, VMA_INFERRED);
}

static void a_name_is_named(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	add(f, 100, 4, RW, 0, "[anon:a]", "default");
	add(f, 104, 4, RW, 0, "[anon:b]", "default");
	assert_why(f, VMA_WHY_MERGE_NAME, VMA_EXACT);
}

static void what_cannot_be_seen_is_unknown(void **state)
{
	struct vma_facts *f = new_facts("6.18");

	(void)state;
	add(f, 100, 4, RW, 0, "", "default");
	add(f, 104, 4, RW, 0, "", "default");
	assert_why(f, VMA_WHY_NONE, VMA_UNKNOWN);
}

/* Its chain may have come over the fork, or it was written to later. */
static void a_forked_process_does_not_know_whose_chain_is_longer(void **state)
{
	struct vma_facts *f = new_facts("6.18");
	struct vma_model *m;

	(void)state;
	f->forked = 1;
	add(f, 100, 4, RW, 4, "", "default");
	add(f, 104, 4, RW, 0, "", "default");
	struct verdict v = judge(f, &m);
	assert_int_equal(v.pair.why, VMA_WHY_NONE);
	assert_int_equal(v.pair.how.known, VMA_UNKNOWN);
	assert_int_equal(v.pair.or_why[0], VMA_WHY_MERGE_ANON_FORK);
	assert_int_equal(v.pair.or_why[1], VMA_WHY_MERGE_ANON);
	vma_model_free(m);
}

static void mappings_of_other_perms_do_not_look_alike(void **state)
{
	struct vma_facts *f = new_facts("6.18");
	struct vma_model *m;

	(void)state;
	add(f, 100, 4, RW, 0, "", "default");
	add(f, 104, 4, RW & ~VM_WRITE, 0, "", "default");
	add(f, 120, 4, RW & ~VM_WRITE, 0, "", "default");
	assert_int_equal(judge(f, &m).nr, 0);
	vma_model_free(m);
}

/* ---------------------------------------------------------------- live, against the kernel */

#define WINDOW 0x200000000000ULL
#define WINDOW_PAGES 24

struct live {
	struct vma_live_files files;
	struct vma_live *l;
	struct vma_bpf *bpf;
	u64 seed;
};

struct score {
	u64 pairs, right, or_right, unknown, wrong;
	u64 by[VMA_WHY_NR];
};

static u64 rnd(struct live *v, u64 below)
{
	v->seed = v->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (v->seed >> 33) % below;
}

static u64 page(struct live *v, u64 *len)
{
	u64 at = rnd(v, WINDOW_PAGES - 1);

	*len = (1 + rnd(v, min_u64(8, WINDOW_PAGES - at))) * P;
	return WINDOW + at * P;
}

static void do_call(struct live *v, unsigned int who, u64 nr, const u64 arg[6])
{
	struct vma_live_reply reply;
	struct vma_err err;

	if (vma_live_call(v->l, who, nr, arg, &reply, &err))
		fail_msg("%s", err.msg);
}

static void do_touch(struct live *v, unsigned int who, u64 addr, u64 len, bool write)
{
	struct vma_live_reply reply;
	struct vma_err err;

	if (vma_live_touch(v->l, who, addr, len, write ? PROT_WRITE : PROT_READ, &reply,
			   &err))
		fail_msg("%s", err.msg);
}

static void random_call(struct live *v, unsigned int who)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, 0 };
	static const int advice[] = { MADV_DONTFORK, MADV_DOFORK, MADV_DONTNEED, MADV_DONTDUMP,
				      MADV_DODUMP };
	u64 len, addr = page(v, &len), prot = (u64)prots[rnd(v, ARRAY_SIZE(prots))];

	switch (rnd(v, 12)) {
	case 0:
	case 1:
		do_call(v, who, SYS_mmap, (u64[6]){ addr, len, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ULL, 0 });
		break;
	case 2: /* a private file: of two descriptions of the same one */
		do_call(v, who, SYS_mmap, (u64[6]){ addr, len, prot, MAP_PRIVATE | MAP_FIXED,
			VMA_LIVE_FILE_FD + rnd(v, 4), addr - WINDOW });
		break;
	case 3:
	case 4:
	case 5:
		do_call(v, who, SYS_mprotect, (u64[6]){ addr, len, prot });
		break;
	case 6:
	case 7:
	case 8:
		do_touch(v, who, addr, rnd(v, 2) ? len : P, rnd(v, 4));
		break;
	case 9:
		do_call(v, who, SYS_madvise, (u64[6]){ addr, len,
			(u64)advice[rnd(v, ARRAY_SIZE(advice))] });
		break;
	case 10: {
		u64 dummy, to = page(v, &dummy);

		do_call(v, who, SYS_mremap, (u64[6]){ addr, len, len,
			MREMAP_MAYMOVE | MREMAP_FIXED, min_u64(to, WINDOW + WINDOW_PAGES * P - len) });
		break;
	}
	default:
		do_call(v, who, SYS_munmap, (u64[6]){ addr, len });
		break;
	}
}

/* @bpf: NULL to read without the kernel's help; else where the reader is kept. */
static void open_model(const char *target, struct vma_bpf **bpf, struct vma_model **m)
{
	struct vma_read_opts opts = { .levels = VMA_READ_DEFAULT | (bpf ? VMA_READ_BPF : 0),
				      .bpf = bpf };
	struct vma_facts *f;
	struct vma_err err;

	if (vma_facts_read(target, &opts, &f, &err) || vma_rebuild(f, NULL, m, &err))
		fail_msg("%s", err.msg);
}

struct compare {
	const struct vma_model *truth;
	struct score *score;
	u64 sequence;
};

static int compare_pair(void *ctx, const struct vma_pair *p)
{
	struct compare *c = ctx;
	const struct vma *left = vma_lookup(c->truth->mm, p->left->vm_start);
	const struct vma *right = vma_lookup(c->truth->mm, p->right->vm_start);
	struct vma_pair t;

	if (p->left->vm_start < WINDOW || p->right->vm_end > WINDOW + WINDOW_PAGES * P)
		return 0;
	assert_non_null(left);
	assert_non_null(right);
	vma_pair_of(c->truth, left, right, &t);
	assert_int_equal(t.how.known, VMA_EXACT);
	c->score->pairs++;
	c->score->by[t.why]++;
	if (p->how.known == VMA_UNKNOWN)
		c->score->unknown++;
	else if (p->why == t.why)
		c->score->right++;
	else if (p->or_why[0] == t.why || (p->or_why[0] && p->or_why[1] == t.why))
		c->score->or_right++;
	else {
		c->score->wrong++;
		print_message("sequence %llu: %llx-%llx-%llx: said %s (%s), the kernel: %s (%s)\n",
			      (unsigned long long)c->sequence,
			      (unsigned long long)p->left->vm_start,
			      (unsigned long long)p->right->vm_start,
			      (unsigned long long)p->right->vm_end, vma_why_at(p->why)->id,
			      p->evidence, vma_why_at(t.why)->id, t.evidence);
	}
	return 0;
}

static void compare(struct live *v, unsigned int who, struct score *score, u64 sequence)
{
	struct vma_model *guess, *truth;
	char target[20];

	snprintf(target, sizeof(target), "%d", (int)vma_live_pid(v->l, who));
	open_model(target, NULL, &guess);
	open_model(target, &v->bpf, &truth);
	struct compare c = { truth, score, sequence };
	vma_pairs_each(guess, compare_pair, &c);
	vma_model_free(guess);
	vma_model_free(truth);
}

static void sequence(struct live *v, struct score *score, u64 nr)
{
	struct vma_err err;
	struct vma_live_reply reply;
	bool fork = !rnd(v, 3);
	u64 calls = 6 + rnd(v, 14);

	do_call(v, 0, SYS_munmap, (u64[6]){ WINDOW, WINDOW_PAGES * P });
	do_call(v, 0, SYS_mmap, (u64[6]){ WINDOW, WINDOW_PAGES * P, rnd(v, 2) ? 3 : 0,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ULL, 0 });
	for (u64 i = 0; i < calls; i++)
		random_call(v, 0);
	if (fork) {
		if (vma_live_fork(v->l, 0, 1, &reply, &err))
			fail_msg("%s", err.msg);
		for (u64 i = 0; i < calls / 2; i++)
			random_call(v, (unsigned int)rnd(v, 2));
		compare(v, 1, score, nr);
	}
	compare(v, 0, score, nr);
	if (fork && vma_live_exit(v->l, 1, &err))
		fail_msg("%s", err.msg);
}

static bool can_bpf(struct vma_bpf **bpf)
{
	struct vma_model *m;
	bool can;

	open_model("self", bpf, &m);
	can = m->facts->bpf != NULL;
	vma_model_free(m);
	return can;
}

static void it_names_nothing_false_after_random_calls(void **state)
{
	const char *nr = getenv("VMACTL_WHY_SEQUENCES"), *seed = getenv("VMACTL_WHY_SEED");
	u64 sequences = nr ? strtoull(nr, NULL, 0) : 40;
	struct live v = { .seed = seed ? strtoull(seed, NULL, 0) : 1 };
	struct vma_live_opts opts = { 0 };
	struct score score = { 0 };
	struct vma_err err;

	(void)state;
	if (!can_bpf(&v.bpf)) {
		vma_bpf_close(v.bpf);
		skip();
	}
	if (vma_live_files_open(&v.files, NULL, &err))
		fail_msg("%s", err.msg);
	for (u64 i = 0; i < sequences; i++) {
		if (i % 100 == 0) {
			vma_live_free(v.l);
			if (vma_live_start(&v.files, &opts, &v.l, &err))
				fail_msg("%s", err.msg);
		}
		sequence(&v, &score, i);
	}
	vma_live_free(v.l);
	vma_live_files_close(&v.files);
	vma_bpf_close(v.bpf);
	print_message("%llu sequences: %llu pairs, %llu right, %llu right as the other reason, %llu "
		      "unknown, %llu wrong\n", (unsigned long long)sequences,
		      (unsigned long long)score.pairs, (unsigned long long)score.right,
		      (unsigned long long)score.or_right, (unsigned long long)score.unknown,
		      (unsigned long long)score.wrong);
	for (int i = 0; i < VMA_WHY_NR; i++)
		if (score.by[i])
			print_message("  kernel: %s %llu\n", i ? vma_why_at((enum vma_why)i)->id : "none",
				      (unsigned long long)score.by[i]);
	assert_true(score.pairs > 0);
	if (sequences >= 500) /* what nothing in /proc shows was among them */
		assert_true(score.by[VMA_WHY_MERGE_ANON] > 0 && score.by[VMA_WHY_MERGE_ANON_FORK] > 0);
	assert_int_equal(score.wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_written_neighbours_have_two_anon_vmas),
		cmocka_unit_test(a_flag_that_maps_does_not_show_is_named),
		cmocka_unit_test(a_policy_is_named),
		cmocka_unit_test(a_name_is_named),
		cmocka_unit_test(what_cannot_be_seen_is_unknown),
		cmocka_unit_test(a_forked_process_does_not_know_whose_chain_is_longer),
		cmocka_unit_test(mappings_of_other_perms_do_not_look_alike),
		cmocka_unit_test(it_names_nothing_false_after_random_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
