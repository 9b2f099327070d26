// SPDX-License-Identifier: GPL-2.0-or-later
/* Demonstrations: every kernel property has one, and its outcomes differ where it came or went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "script/demo.h"

/* As it was first released: stable updates take over what came later. */
static struct vma_kernel profile(u32 version)
{
	struct vma_kernel k;
	char release[16];

	snprintf(release, sizeof(release), "%u.%u.0", version >> 8, version & 0xff);
	assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
	return k;
}

/* The releases before a change: the numbers went 4.20, 5.0 .. 5.19, 6.0 .. 6.19, 7.0. */
static u32 release_before(u32 version)
{
	if (version & 0xff)
		return version - 1;
	return version == KV(5, 0) ? KV(4, 20) : ((version >> 8) - 1) << 8 | 19;
}

static void run(const struct demo *d, const struct vma_kernel *k, struct demo_outcome *out)
{
	struct vma_err err = { .msg = "" };

	if (demo_run(d, k, out, &err))
		fail_msg("%s on %s: %s", d->prop, k->release, err.msg);
}

static void every_property_has_a_demonstration_or_says_why_not(void **state)
{
	const struct vma_kernel_prop *p;

	(void)state;
	for (size_t i = 0; (p = vma_kernel_prop_at(i)); i++) {
		const struct demo *d = demo_of(p->name);

		if (!d)
			fail_msg("%s has no row", p->name);
		assert_true(!d->script != !d->why_not);
	}
	assert_null(demo_of("banana"));
}

/* Each release where the property came or went. */
static void outcomes_differ_between_before_and_after(void **state)
{
	const struct vma_kernel_prop *p;
	size_t shown = 0;
	char same[1024] = "";

	(void)state;
	for (size_t i = 0; (p = vma_kernel_prop_at(i)); i++) {
		const struct demo *d = demo_of(p->name);
		u32 change[2] = { p->since, p->until };

		for (int n = 0; n < 2 && d && d->script; n++) {
			struct vma_kernel before, after;
			struct demo_outcome a, b;

			if (!change[n])
				continue;
			before = profile(release_before(change[n]));
			after = profile(change[n]);
			run(d, &before, &a);
			run(d, &after, &b);
			shown++;
			if (demo_differ(&a, &b) == DEMO_NR) {
				strncat(same, " ", sizeof(same) - strlen(same) - 1);
				strncat(same, p->name, sizeof(same) - strlen(same) - 1);
			}
		}
	}
	if (*same)
		fail_msg("no difference:%s", same);
	assert_true(shown >= 45);
}

/* Not by something else that changed in the same release: the property alone is switched. */
static void the_property_itself_makes_the_difference(void **state)
{
	const struct vma_kernel_prop *p;
	char same[1024] = "";

	(void)state;
	for (size_t i = 0; (p = vma_kernel_prop_at(i)); i++) {
		const struct demo *d = demo_of(p->name);
		struct vma_kernel with = profile(p->since ? p->since : release_before(p->until));
		struct vma_kernel without = with;
		struct demo_outcome a, b;

		/* one rewrite brought it and mremap_checks_first; the engine has one way for both */
		if (!d || !d->script || !strcmp(p->name, "mremap_moves_many"))
			continue;
		*(bool *)((char *)&without + p->offset) = false;
		run(d, &with, &a);
		run(d, &without, &b);
		if (demo_differ(&a, &b) == DEMO_NR) {
			strncat(same, " ", sizeof(same) - strlen(same) - 1);
			strncat(same, p->name, sizeof(same) - strlen(same) - 1);
		}
	}
	if (*same)
		fail_msg("no difference:%s", same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_property_has_a_demonstration_or_says_why_not),
		cmocka_unit_test(outcomes_differ_between_before_and_after),
		cmocka_unit_test(the_property_itself_makes_the_difference),
	};

	return cmocka_run_group_tests_name("script-demo", tests, NULL, NULL);
}
