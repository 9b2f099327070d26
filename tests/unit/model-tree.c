// SPDX-License-Identifier: GPL-2.0-or-later
/* The index against a sorted array that does the same by brute force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "model/tree.h"

struct range {
	u64 start, end;
	u32 val;
};

/* Both, and a repeatable source of numbers. */
struct twin {
	struct vma_tree tree;
	struct range r[1200];
	size_t nr;
	u64 space, seed;
};

static u64 draw(struct twin *t, u64 n)
{
	t->seed = t->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->seed >> 33) % n;
}

/* Some ranges keep a gap below themselves, as a stack does. */
static u64 lower(const void *ctx, u32 val, u64 start)
{
	(void)ctx;
	return val % 7 ? start : start > 3 ? start - 3 : 0;
}

static void make_room(struct twin *t, size_t at, size_t nr)
{
	memmove(t->r + at + nr, t->r + at, (t->nr - at) * sizeof(*t->r));
	t->nr += nr;
}

static void remove_some(struct twin *t, size_t at, size_t nr)
{
	memmove(t->r + at, t->r + at + nr, (t->nr - at - nr) * sizeof(*t->r));
	t->nr -= nr;
}

static u64 low_bound(const struct twin *t, size_t i)
{
	return i ? t->r[i - 1].end : 0;
}

static u64 high_bound(const struct twin *t, size_t i)
{
	return i + 1 < t->nr ? t->r[i + 1].start : t->space + 10;
}

static void do_insert(struct twin *t)
{
	u64 start = draw(t, t->space), end = start + 1 + draw(t, 6);
	size_t at = 0;

	if (t->nr == ARRAY_SIZE(t->r))
		return;
	while (at < t->nr && t->r[at].end <= start)
		at++;
	if (at < t->nr && t->r[at].start < end)
		return;
	make_room(t, at, 1);
	t->r[at] = (struct range){ start, end, (u32)draw(t, 99) + 1 };
	assert_int_equal(tree_insert(&t->tree, start, end, t->r[at].val), 0);
}

static void do_erase(struct twin *t)
{
	size_t i = draw(t, t->nr);

	tree_erase(&t->tree, t->r[i].start);
	remove_some(t, i, 1);
}

static void do_resize(struct twin *t)
{
	size_t i = draw(t, t->nr);
	u64 low = low_bound(t, i), high = high_bound(t, i);
	u64 start = low + draw(t, high - low), end = start + 1 + draw(t, high - start);

	tree_resize(&t->tree, t->r[i].start, start, end);
	t->r[i].start = start;
	t->r[i].end = end;
}

static void do_split(struct twin *t)
{
	size_t i = draw(t, t->nr);
	struct range *r = &t->r[i];
	u64 at;

	if (r->end - r->start < 2 || t->nr == ARRAY_SIZE(t->r))
		return;
	at = r->start + 1 + draw(t, r->end - r->start - 1);
	assert_int_equal(tree_split(&t->tree, r->start, at, 41, 42), 0);
	make_room(t, i, 1);
	t->r[i].end = t->r[i + 1].start = at;
	t->r[i].val = 41;
	t->r[i + 1].val = 42;
}

static void do_cut(struct twin *t)
{
	size_t i = draw(t, t->nr);
	struct range *r = &t->r[i];
	u64 from, to, val = r->val;

	if (r->end - r->start < 3 || t->nr + 2 > ARRAY_SIZE(t->r))
		return;
	from = r->start + 1 + draw(t, r->end - r->start - 2);
	to = from + 1 + draw(t, r->end - from - 1);
	if (!tree_cut(&t->tree, r->start, from, to, 43, 44))
		return; /* then nothing has changed, which the comparison sees */
	make_room(t, i, 2);
	t->r[i + 2].end = t->r[i].end;
	t->r[i].end = t->r[i + 1].start = from;
	t->r[i + 1].end = t->r[i + 2].start = to;
	t->r[i].val = 43;
	t->r[i + 1].val = (u32)val;
	t->r[i + 2].val = 44;
}

static void do_cover(struct twin *t)
{
	size_t i = draw(t, t->nr), n = 1 + draw(t, 60), last;
	u64 from, to;

	if (n > t->nr - i)
		n = t->nr - i;
	last = i + n - 1;
	from = t->r[i].start - draw(t, t->r[i].start - low_bound(t, i) + 1);
	to = t->r[last].end + draw(t, high_bound(t, last) - t->r[last].end + 1);
	tree_cover(&t->tree, from, to, 43);
	remove_some(t, i + 1, n - 1);
	t->r[i] = (struct range){ from, to, 43 };
}

static void do_move_edge(struct twin *t)
{
	size_t i = draw(t, t->nr);
	u64 to;

	if (i + 1 >= t->nr || t->r[i].end != t->r[i + 1].start ||
	    t->r[i + 1].end - t->r[i].start < 3)
		return;
	to = t->r[i].start + 1 + draw(t, t->r[i + 1].end - t->r[i].start - 2);
	tree_move_edge(&t->tree, t->r[i].end, to);
	t->r[i].end = t->r[i + 1].start = to;
}

/* Highest or lowest place by looking at every hole. */
static bool brute_gap(const struct twin *t, u64 low, u64 high, u64 len, bool down, u64 *addr)
{
	bool found = false;

	for (size_t i = 0; i <= t->nr; i++) {
		u64 from = low_bound(t, i), to = ~0ULL;

		if (i < t->nr)
			to = lower(NULL, t->r[i].val, t->r[i].start);
		from = from > low ? from : low;
		to = to < high ? to : high;
		if (to <= from || to - from < len)
			continue;
		*addr = down ? to - len : from;
		found = true;
		if (!down)
			break;
	}
	return found;
}

static void ask(struct twin *t)
{
	u64 addr = draw(t, t->space + 10), low = draw(t, t->space), len = 1 + draw(t, 9);
	u64 high = low + draw(t, t->space), have = 0, want = 0;
	struct tree_pos pos;
	size_t i = 0;
	bool found;

	while (i < t->nr && t->r[i].end <= addr)
		i++;
	found = tree_seek(&t->tree, addr, &pos);
	assert_int_equal(found, i < t->nr);
	if (found) {
		assert_int_equal(tree_start(&t->tree, pos), t->r[i].start);
		assert_int_equal(tree_end(&t->tree, pos), t->r[i].end);
		assert_int_equal(tree_val(&t->tree, pos), t->r[i].val);
	}
	found = brute_gap(t, low, high, len, true, &want);
	assert_int_equal(tree_gap_down(&t->tree, low, high, len, lower, NULL, &have), found);
	assert_int_equal(have, want);
	have = want = 0;
	found = brute_gap(t, low, high, len, false, &want);
	assert_int_equal(tree_gap_up(&t->tree, low, high, len, lower, NULL, &have), found);
	assert_int_equal(have, want);
}

/* The whole, forwards and backwards. */
static void compare(const struct vma_tree *tree, const struct twin *t)
{
	struct tree_pos pos;
	size_t i = 0;

	assert_int_equal(tree->count, t->nr);
	for (bool more = tree_first(tree, &pos); more; more = tree_next(tree, &pos), i++) {
		assert_int_equal(tree_start(tree, pos), t->r[i].start);
		assert_int_equal(tree_end(tree, pos), t->r[i].end);
		assert_int_equal(tree_val(tree, pos), t->r[i].val);
	}
	assert_int_equal(i, t->nr);
	for (bool more = tree_last(tree, &pos); more; more = tree_prev(tree, &pos))
		assert_int_equal(tree_start(tree, pos), t->r[--i].start);
	assert_int_equal(i, 0);
}

static void step(struct twin *t)
{
	switch (draw(t, 13)) {
	case 0:
		do_erase(t);
		break;
	case 1:
		do_resize(t);
		break;
	case 2:
	case 3:
		do_split(t);
		break;
	case 4:
		if (!draw(t, 10))
			do_cover(t);
		break;
	case 5:
		do_move_edge(t);
		break;
	case 6:
		do_cut(t);
		break;
	default:
		do_insert(t);
	}
}

static void random_changes_agree_with_brute_force(void **state)
{
	static const u64 spaces[] = { 60, 800, 3000, 20000 };
	struct twin *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	for (u64 seed = 0; seed < 12; seed++) {
		tree_init(&t->tree);
		t->nr = 0;
		t->seed = seed;
		t->space = spaces[seed % ARRAY_SIZE(spaces)];
		for (int i = 0; i < 4000; i++) {
			if (t->nr)
				step(t);
			else
				do_insert(t);
			if (i % 16 == 0)
				assert_null(tree_check(&t->tree));
			ask(t);
		}
		compare(&t->tree, t);
		tree_fini(&t->tree);
	}
	free(t);
}

static void a_copy_is_the_same_and_its_own(void **state)
{
	struct twin *t = calloc(1, sizeof(*t));
	struct vma_tree copy;

	(void)state;
	assert_non_null(t);
	tree_init(&t->tree);
	t->space = 20000;
	for (int i = 0; i < 3000; i++)
		do_insert(t);
	assert_in_range(t->nr, 1000, ARRAY_SIZE(t->r));
	tree_init(&copy);
	assert_int_equal(tree_copy(&copy, &t->tree), 0);
	while (t->tree.count)
		do_erase(t);
	assert_null(tree_check(&copy));
	assert_in_range(copy.count, 1000, ARRAY_SIZE(t->r));
	tree_fini(&copy);
	tree_fini(&t->tree);
	free(t);
}

static void an_empty_tree_has_room_everywhere(void **state)
{
	struct vma_tree t;
	struct tree_pos pos;
	u64 addr;

	(void)state;
	tree_init(&t);
	assert_false(tree_first(&t, &pos));
	assert_false(tree_last(&t, &pos));
	assert_false(tree_seek(&t, 0, &pos));
	assert_true(tree_gap_down(&t, 10, 20, 4, NULL, NULL, &addr));
	assert_int_equal(addr, 16);
	assert_true(tree_gap_up(&t, 10, 20, 4, NULL, NULL, &addr));
	assert_int_equal(addr, 10);
	assert_false(tree_gap_up(&t, 10, 20, 11, NULL, NULL, &addr));
	tree_fini(&t);
}

/* The check is worth something only if it finds what is wrong. */
static void the_check_finds_what_is_wrong(void **state)
{
	struct vma_tree t;

	(void)state;
	tree_init(&t);
	for (u64 i = 0; i < 100; i++)
		assert_int_equal(tree_insert(&t, i * 10, i * 10 + 5, 1), 0);
	assert_null(tree_check(&t));
	t.leaf[0].end[0] = t.leaf[0].start[1] + 1;
	assert_non_null(tree_check(&t));
	t.leaf[0].end[0] = t.leaf[0].start[0] + 5;
	assert_null(tree_check(&t));
	t.inner[t.root].gap[0]--;
	assert_non_null(tree_check(&t));
	t.inner[t.root].gap[0] += 2; /* a bound may be too large */
	assert_null(tree_check(&t));
	t.top++;
	assert_non_null(tree_check(&t));
	t.top--;
	t.count++;
	assert_non_null(tree_check(&t));
	tree_fini(&t);
}

static void a_search_led_astray_makes_the_bound_exact(void **state)
{
	struct vma_tree t;
	u64 addr;

	(void)state;
	tree_init(&t);
	for (u64 i = 0; i < 100; i++)
		assert_int_equal(tree_insert(&t, i * 10, i * 10 + (i == 5 ? 1 : 5), 1), 0);
	assert_int_equal(t.inner[t.root].gap[0], 9);
	assert_int_equal(tree_insert(&t, 54, 57, 1), 0);
	assert_int_equal(t.inner[t.root].gap[0], 9); /* not looked at again yet */
	assert_false(tree_gap_down(&t, 0, 900, 6, NULL, NULL, &addr));
	assert_int_equal(t.inner[t.root].gap[0], 5);
	assert_true(tree_gap_down(&t, 0, 900, 5, NULL, NULL, &addr));
	assert_null(tree_check(&t));
	tree_fini(&t);
}

/* Three levels: what an inner node keeps must hold also while inner nodes are cut and joined. */
static void a_large_tree_stays_right(void **state)
{
	struct twin draws = { .seed = 5 };
	struct vma_tree t;

	(void)state;
	tree_init(&t);
	for (u32 op = 0; op < 60000; op++) {
		u64 start = draw(&draws, 4000000) * 7, end = start + 1 + draw(&draws, 6);
		struct tree_pos pos, next;
		bool some = tree_seek(&t, start, &pos);

		if (!some || (op % 4 && tree_start(&t, pos) >= end)) {
			if (!some || tree_start(&t, pos) >= end)
				assert_int_equal(tree_insert(&t, start, end, 1), 0);
		} else if (op % 3 == 0) {
			tree_erase(&t, tree_start(&t, pos));
		} else {
			next = pos;
			if (tree_next(&t, &next))
				tree_cover(&t, tree_start(&t, pos), tree_end(&t, next), 2);
		}
		if (op % 211 == 0)
			assert_null(tree_check(&t));
	}
	assert_true(t.height >= 2);
	assert_null(tree_check(&t));
	tree_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_agree_with_brute_force),
		cmocka_unit_test(a_copy_is_the_same_and_its_own),
		cmocka_unit_test(an_empty_tree_has_room_everywhere),
		cmocka_unit_test(the_check_finds_what_is_wrong),
		cmocka_unit_test(a_search_led_astray_makes_the_bound_exact),
		cmocka_unit_test(a_large_tree_stays_right),
	};

	return cmocka_run_group_tests_name("model-tree", tests, NULL, NULL);
}
