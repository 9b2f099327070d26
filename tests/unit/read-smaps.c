// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/smaps: rules T9, T10 and I1, and that the learnt template changes no result. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/strbuf.h"
#include "libvmactl/read.h"

#define HEAD "7f0000000000-7f0000003000 rw-p 00000000 00:00 0 \n"

struct seen {
	struct vma_fact_map rec[64];
	u64 kb[64][VMA_SMAPS_NR];
	char unknown[64][64];
	size_t nr;
};

static int see(void *ctx, const struct vma_fact_map *m)
{
	struct seen *s = ctx;

	assert_true(s->nr < ARRAY_SIZE(s->rec));
	s->rec[s->nr] = *m;
	s->rec[s->nr].kb = memcpy(s->kb[s->nr], m->kb, sizeof(s->kb[0]));
	snprintf(s->unknown[s->nr], sizeof(s->unknown[0]), "%s", m->unknown ? m->unknown : "");
	s->nr++;
	return 0;
}

static int parse(const char *text, struct seen *s, struct vma_err *err)
{
	memset(s, 0, sizeof(*s));
	return vma_smaps_parse(text, strlen(text), see, s, err);
}

static void counters_keys_and_flags_of_a_record_are_read(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(HEAD "Size:                 12 kB\nRss:                   8 kB\n"
			       "THPeligible:           1\nProtectionKey:         5\n"
			       "VmFlags: rd wr mr mw me ac sd \n", &s, NULL), 0);
	assert_int_equal(s.nr, 1);
	assert_int_equal(s.rec[0].kb[VMA_SMAPS_SIZE], 12);
	assert_int_equal(s.rec[0].kb[VMA_SMAPS_RSS], 8);
	assert_int_equal(s.rec[0].kb[VMA_SMAPS_THPELIGIBLE], 1);
	assert_int_equal(s.rec[0].have, 1U << VMA_SMAPS_SIZE | 1U << VMA_SMAPS_RSS |
						1U << VMA_SMAPS_THPELIGIBLE |
						1U << VMA_SMAPS_PROTECTIONKEY);
	assert_true(s.rec[0].has_flags);
	assert_int_equal(s.rec[0].flags, VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
						 VM_MAYEXEC | VM_ACCOUNT | VM_SOFTDIRTY |
						 5ULL << VMA_BIT_PKEY_BIT0);
}

static void every_key_of_the_table_is_found_by_its_name(void **state)
{
	(void)state;
	for (int key = 0; key < VMA_SMAPS_NR; key++) {
		char text[256];
		struct seen s;

		snprintf(text, sizeof(text), HEAD "%s: %d kB\n",
			 vma_smaps_key_name((enum vma_smaps_key)key), key + 1);
		assert_int_equal(parse(text, &s, NULL), 0);
		assert_int_equal(s.rec[0].have, 1U << key);
		assert_int_equal(s.rec[0].kb[key], key + 1);
	}
	assert_string_equal(vma_smaps_key_name(VMA_SMAPS_NR), "");
}

static void every_flag_code_is_found(void **state)
{
	const struct vma_flag *f;

	(void)state;
	for (size_t i = 0; (f = vma_flag_at(i)); i++) {
		char text[256];
		struct seen s;

		if (!f->code[0])
			continue;
		snprintf(text, sizeof(text), HEAD "VmFlags: %s \n", f->code);
		assert_int_equal(parse(text, &s, NULL), 0);
		assert_int_equal(s.rec[0].flags, 1ULL << f->bit);
		assert_null(s.rec[0].unknown);
	}
}

/* Rule I1: kernels before "lf" print MLOCK_ONFAULT as "??", between "de" (18) and "ac" (20). */
static void question_marks_are_lockonfault_only_at_its_place(void **state)
{
	static const struct {
		const char *codes;
		bool onfault;
		const char *unknown;
	} cases[] = {
		{ "rd wr mr mw me lo ?? ac sd", true, "" },
		{ "rd mr mw me lo ??", true, "" },
		{ "rd mr mw me dw ?? ac", true, "" }, /* dw is bit 11 in the kernel */
		{ "rd ac ??", false, "??" },
		{ "rd ?? lo ac", false, "??" },       /* bit 7-12: nobody knows what it was */
		{ "rd ?? zz lo ac", false, "zz ??" },
		{ "rd lo lf ?? ac", false, "??" },
		{ "rd lo ?? ?? ac", true, "??" },
		{ "rd zz mr", false, "zz" },
		{ "rd zz q ??? mr", false, "zz q ???" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct seen s;

		/* Twice: the second time the line is known. */
		snprintf(text, sizeof(text), HEAD "VmFlags: %s \n" HEAD "VmFlags: %s \n",
			 cases[i].codes, cases[i].codes);
		assert_int_equal(parse(text, &s, NULL), 0);
		for (int r = 0; r < 2; r++) {
			bool lf = strstr(cases[i].codes, "lf");

			assert_int_equal(!!(s.rec[r].flags & VM_LOCKONFAULT),
					 cases[i].onfault || lf);
			assert_string_equal(s.unknown[r], cases[i].unknown);
		}
	}
}

static void keys_nobody_knows_are_skipped(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(HEAD "Size: 4 kB\nNewThing: lots of it\nRss: 4 kB\nVmFlags: rd \n"
			       HEAD "Size: 8 kB\nNewThing: 12 kB\nRss: 8 kB\nVmFlags: rd \n",
			       &s, NULL), 0);
	assert_int_equal(s.nr, 2);
	assert_int_equal(s.rec[1].kb[VMA_SMAPS_RSS], 8);
	assert_int_equal(s.rec[1].have, 1U << VMA_SMAPS_SIZE | 1U << VMA_SMAPS_RSS);
}

/* Lines that come, go and change places must not be taken for what stood there before. */
static void records_need_not_look_alike(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(HEAD "Size:                  4 kB\nRss:                   1 kB\n"
			       "Pss:                   2 kB\nVmFlags: rd \n"
			       HEAD "Size:                  4 kB\nPss:                   3 kB\n"
			       "VmFlags: wr \n"
			       HEAD "Pss:                   5 kB\nRss:                   6 kB\n"
			       "Size:          123456789 kB\nVmFlags: rd wr \n"
			       HEAD "Pss: 5 kB\nRss:                   0 kB\n"
			       "Size:                  4 kB\nVmFlags: rd \n", &s, NULL), 0);
	assert_int_equal(s.nr, 4);
	assert_int_equal(s.rec[1].have, 1U << VMA_SMAPS_SIZE | 1U << VMA_SMAPS_PSS);
	assert_int_equal(s.rec[1].kb[VMA_SMAPS_RSS], 0);
	assert_int_equal(s.rec[1].kb[VMA_SMAPS_PSS], 3);
	assert_int_equal(s.rec[1].flags, VM_WRITE);
	assert_int_equal(s.rec[2].kb[VMA_SMAPS_SIZE], 123456789);
	assert_int_equal(s.rec[2].kb[VMA_SMAPS_PSS], 5);
	assert_int_equal(s.rec[2].kb[VMA_SMAPS_RSS], 6);
	assert_int_equal(s.rec[3].kb[VMA_SMAPS_PSS], 5);
	assert_int_equal(s.rec[3].kb[VMA_SMAPS_RSS], 0);
	assert_int_equal(s.rec[3].kb[VMA_SMAPS_SIZE], 4);
}

static void bad_numbers_are_refused_also_in_a_known_line(void **state)
{
	static const char *const bad[] = {
		"Rss:                   x kB\n", "Rss:               1 2  kB\n",
		"Rss:                1 2 kB\n", "Rss:                     kB\n",
		"Rss:                  -1 kB\n", "Rss: 99999999999999999999 kB\n",
		"Rss:                   1 MB\n", "Rss:                   :kB\n",
		"Rss:                  ;1 kB\n", "Rss 1 kB\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[512];
		struct vma_err err;
		struct seen s;

		snprintf(text, sizeof(text), HEAD "Rss:                   1 kB\n" HEAD "%s", bad[i]);
		assert_int_equal(parse(text, &s, &err), -EBADMSG);
		assert_non_null(strstr(err.msg, "smaps: line 4"));
	}
}

static void a_file_that_ends_within_a_record_is_refused(void **state)
{
	struct vma_err err;
	struct seen s;

	(void)state;
	assert_int_equal(parse(HEAD "Rss: 1 kB\nVmFlags: rd \n" HEAD "Rss: 1 kB\n", &s, &err),
			 -EBADMSG);
	assert_string_equal(err.msg, "smaps: line 6: the record before ends too early");
	assert_int_equal(parse(HEAD "Rss: 1 kB\nVmFlags: rd", &s, &err), -EBADMSG);
	assert_string_equal(err.msg, "smaps: line 3 is cut off");
	assert_int_equal(parse("Rss: 1 kB\n" HEAD, &s, &err), -EBADMSG);
}

/* ---------------------------------------------------------------- against a plain reader */

static u64 next(u64 *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed >> 33;
}

/* What a record should be read as. */
struct wanted {
	u32 have;
	u64 kb[VMA_SMAPS_NR];
	u64 flags;
};

struct checking {
	const struct wanted *want;
	size_t nr, again;
	size_t last[4096]; /* record, counted from 1, that had a body's number */
};

static int check_record(void *ctx, const struct vma_fact_map *m)
{
	struct checking *c = ctx;
	const struct wanted *w = &c->want[c->nr++];

	assert_int_equal(m->have, w->have);
	for (int key = 0; key < VMA_SMAPS_NR; key++)
		assert_int_equal(m->kb[key], w->kb[key]);
	assert_int_equal(m->flags, w->flags);
	assert_true(m->body < ARRAY_SIZE(c->last));
	if (m->body && c->last[m->body]) {
		assert_memory_equal(&c->want[c->last[m->body] - 1], w, sizeof(*w));
		c->again++;
	}
	c->last[m->body] = c->nr;
	return 0;
}

/* @lacking: one in so many lines is left out. */
static void add_record(struct strbuf *b, struct wanted *w, u64 *seed, u64 lacking)
{
	static const char *const flags[] = { "rd mr mw me ", "rd wr mr mw me ac ", "mr mw me nr " };
	const u64 bits[] = { VM_READ | VM_MAY_FLAGS,
			     VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT,
			     VM_MAY_FLAGS | VM_NORESERVE };
	size_t kind = next(seed) % ARRAY_SIZE(flags);

	memset(w, 0, sizeof(*w));
	strbuf_adds(b, HEAD);
	for (int key = 0; key < VMA_SMAPS_PROTECTIONKEY; key++) {
		char name[32];

		if (next(seed) % lacking == 0)
			continue;
		w->have |= 1U << key;
		w->kb[key] = next(seed) % 3 ? 0 : next(seed) % (next(seed) % 5 ? 1000 : 1000000000);
		snprintf(name, sizeof(name), "%s:", vma_smaps_key_name((enum vma_smaps_key)key));
		strbuf_addf(b, "%-16s%8llu kB\n", name, (unsigned long long)w->kb[key]);
	}
	w->flags = bits[kind];
	strbuf_addf(b, "VmFlags: %s\n", flags[kind]);
}

static void what_was_learnt_never_shows_in_the_numbers(void **state)
{
	static struct wanted want[2000];
	struct checking c = { .want = want };
	struct strbuf b = { 0 };
	u64 seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		add_record(&b, &want[i], &seed, 50);
	assert_int_equal(vma_smaps_parse(strbuf_str(&b), b.len, check_record, &c, NULL), 0);
	assert_int_equal(c.nr, ARRAY_SIZE(want));
	strbuf_fini(&b);
}

/* Bodies that come again and again, and now and then one that is new or lacks a line. */
static void bodies_that_take_turns_are_told_apart(void **state)
{
	static struct wanted pool[9], want[2000];
	static char text[9][4096];
	struct checking c = { .want = want };
	struct strbuf b = { 0 };
	u64 seed = 2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		size_t from = b.len, k = next(&seed) % (i < 1000 ? 3 : ARRAY_SIZE(pool));

		if (pool[k].have && next(&seed) % 20) {
			want[i] = pool[k];
			strbuf_adds(&b, text[k]);
			continue;
		}
		add_record(&b, &want[i], &seed, 500);
		pool[k] = want[i];
		snprintf(text[k], sizeof(text[k]), "%s", strbuf_str(&b) + from);
	}
	assert_int_equal(vma_smaps_parse(strbuf_str(&b), b.len, check_record, &c, NULL), 0);
	assert_int_equal(c.nr, ARRAY_SIZE(want));
	assert_true(c.again > 300);
	strbuf_fini(&b);
}

/* A kernel may print a line of which nothing can be learnt; none of it stays for the next record. */
static void what_cannot_be_learnt_is_forgotten(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(HEAD "Rss:                   1 kB\nPss:                   1 kB\n"
			       "VmFlags: rd \n"
			       HEAD "Rss:                   1 kB\nPss:                   1 kB\n"
			       "VmFlags: rd zz \nSwap: 3 kB\n"
			       HEAD "Rss:                   2 kB\nRss:                   3 kB\n"
			       "VmFlags: wr \nPss: 9 kB\n"
			       HEAD "Rss:                   1 kB\nPss:                   1 kB\n"
			       "VmFlags: rd \n", &s, NULL), 0);
	assert_int_equal(s.nr, 4);
	assert_int_equal(s.rec[1].flags, VM_READ);
	assert_string_equal(s.unknown[1], "zz");
	assert_int_equal(s.rec[1].kb[VMA_SMAPS_SWAP], 3);
	assert_int_equal(s.rec[2].kb[VMA_SMAPS_RSS], 3);
	assert_int_equal(s.rec[2].kb[VMA_SMAPS_PSS], 9);
	assert_int_equal(s.rec[2].flags, VM_WRITE);
	assert_int_equal(s.rec[3].have, s.rec[0].have);
	assert_int_equal(s.rec[3].flags, VM_READ);
	assert_int_equal(s.rec[3].kb[VMA_SMAPS_PSS], 1);
	assert_null(s.rec[3].unknown);
	assert_true(!s.rec[1].body && !s.rec[2].body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_keys_and_flags_of_a_record_are_read),
		cmocka_unit_test(every_key_of_the_table_is_found_by_its_name),
		cmocka_unit_test(every_flag_code_is_found),
		cmocka_unit_test(question_marks_are_lockonfault_only_at_its_place),
		cmocka_unit_test(keys_nobody_knows_are_skipped),
		cmocka_unit_test(records_need_not_look_alike),
		cmocka_unit_test(bad_numbers_are_refused_also_in_a_known_line),
		cmocka_unit_test(a_file_that_ends_within_a_record_is_refused),
		cmocka_unit_test(what_was_learnt_never_shows_in_the_numbers),
		cmocka_unit_test(bodies_that_take_turns_are_told_apart),
		cmocka_unit_test(what_cannot_be_learnt_is_forgotten),
	};

	return cmocka_run_group_tests_name("smaps", tests, NULL, NULL);
}
