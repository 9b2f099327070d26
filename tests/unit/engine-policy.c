// SPDX-License-Identifier: GPL-2.0-or-later
/* mbind (rule P1 of the second part). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void binding_a_range(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "V-O3", NULL, "aaaaaa", "mbind 2 2 bind 1 64; policy 2 1; policy 0 0",
		  "aa|aa|aa" },
		{ .rule = "V-O3 rest", NULL, "aaaa",
		  "mbind 1 2 bind 1 64; mbind 0 4 bind 1 64; is count 1", "aaaa" },
		{ .rule = "V-O3 hole", NULL, "aa.aa", "mbind 0 5 bind 1 64", "aa.aa", EFAULT,
		  VMA_WHY_UNMAPPED_FAULT },
		{ .rule = "V-O3 default over a hole", NULL, "aa.aa",
		  "mbind 0 1 bind 1 64; mbind 0 5 default 0 0", "aa.aa" },
		{ .rule = "P1 flags", NULL, "aa", "mbind 0 2 bind 1 64 8", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 mode", NULL, "aa", "mbind 0 2 99 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 no bits, said so wrongly", NULL, "aa", "mbind 0 2 bind 1 0", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 more bits than a page has", NULL, "aa", "mbind 0 2 bind 1 32770", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 a page of bits", NULL, "aa", "mbind 0 2 bind 1 32769; policy 0 1", "aa" },
		{ .rule = "P1 empty mask", NULL, "aa", "mbind 0 2 bind 0 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 cap", NULL, "aa", "caps 0; mbind 0 2 bind 1 64 4", "aa", EPERM,
		  VMA_WHY_NO_CAP },
		{ .rule = "P1 unaligned", NULL, "aa", "mbind 0+1 1 bind 1 64", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "P1 wraps", NULL, "aa", "mbind 0 #0xfffffffffffff000 bind 1 64", "aa",
		  EINVAL, VMA_WHY_RANGE_WRAPS },
		{ .rule = "P1 empty", NULL, "aa", "mbind 50 0 bind 1 64", "aa" },
		{ .rule = "P1 many", "5.10", "aa", "mbind 0 2 preferred_many 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 many", "6.1-", "aa", "mbind 0 2 preferred_many 1 64; policy 0 1",
		  "aa" },
		{ .rule = "P1 weighted", "-6.1", "aa", "mbind 0 2 weighted_interleave 1 64", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 weighted", "6.12-", "aa", "mbind 0 2 weighted_interleave 1 64",
		  "aa" },
		/* modes #0x2002, #0x2005, #0x2003: MPOL_F_NUMA_BALANCING with one of them */
		{ .rule = "P1 balancing", "6.1-", "aaa",
		  "mbind 0 1 bind 1 64; mbind 1 1 #0x2002 1 64; policy 1 1", "a|a|a" },
		{ .rule = "P1 balancing", "5.10", "aa", "mbind 0 1 #0x2002 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 balancing many", "6.1", "aa", "mbind 0 0 #0x2005 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 balancing many", "6.12-", "aa", "mbind 0 1 #0x2005 1 64", "a|a" },
		{ .rule = "P1 balancing interleave", NULL, "aa", "mbind 0 0 #0x2003 1 64", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 no mask and no bits", NULL, "aa", "mbind 0 2 default 0 0; policy 0 0", "aa" },
		{ .rule = "P1 one node too few", NULL, "aa", "mbind 0 2 bind 1 1", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 default of nodes", NULL, "aa", "mbind 0 2 default 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 default, no bits counted", NULL, "aa", "mbind 0 2 default 1 1", "aa" },
		{ .rule = "P1 local of nodes", NULL, "aa", "mbind 0 2 local 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 static and relative", NULL, "aa",
		  "mbind 0 2 bind|f_static_nodes|f_relative_nodes 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 preferred of none is local", NULL, "aaa",
		  "mbind 0 1 preferred 0 64; mbind 1 1 local 0 0; is count 2", "aa|a" },
		{ .rule = "P1 static preferred of none", NULL, "aa",
		  "mbind 0 2 preferred|f_static_nodes 0 64", "aa", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "P1 what was asked for differs", NULL, "aaa",
		  "mbind 0 1 bind|f_static_nodes 1 64; mbind 1 1 bind|f_static_nodes 3 64; is count 3",
		  "a|a|a" },
		{ .rule = "P1 what is not said does not differ", NULL, "aaa",
		  "mbind 0 1 bind 1 64; mbind 1 1 bind 3 64; is count 2", "aa|a" },
		{ .rule = "P3 the flags stay the neighbour's", NULL, ".a",
		  "soft_dirty 1; mbind 1 1 bind 1 64; mmap 0 1 rw private|anonymous|fixed; has 0 sd; "
		  "lacks 1 sd; mbind 0 2 default 0 0; is count 1; has 0 sd", "aa" },
		{ .rule = "P2 mode", NULL, "aa", "set_mempolicy 99 1 64", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "P2", NULL, "aa", "set_mempolicy bind 1 64; policy 0 0", "aa" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binding_a_range),
	};

	return cmocka_run_group_tests_name("engine-policy", tests, NULL, NULL);
}
