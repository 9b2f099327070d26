// SPDX-License-Identifier: GPL-2.0-or-later
/* userfaultfd (rules U1-U4 of the second part). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/picture.h"

static void registering(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "U2", NULL, "aaaa",
		  "uffdio_api 1 0; uffdio_register 1 1 2 missing; has 1 um; has 2 um; lacks 0 um; "
		  "uffd 1 1; is count 3", "a??a" },
		{ .rule = "U2 replaces", NULL, "aa",
		  "uffdio_api 1 0; uffdio_register 1 0 2 missing; uffdio_register 1 0 2 wp; "
		  "has 0 uw; lacks 0 um", "??" },
		{ .rule = "U2 heals", NULL, "aaa",
		  "uffdio_api 1 0; uffdio_register 1 1 1 missing; uffdio_register 1 0 3 missing; "
		  "is count 1", "???" },
		{ .rule = "U1 busy", NULL, "aa",
		  "uffdio_api 1 0; uffdio_api 2 0; uffdio_register 1 0 1 missing; "
		  "uffdio_register 2 0 2 missing; is count 2", "?a", EBUSY, VMA_WHY_UFFD_BUSY },
		{ .rule = "U1 kind", NULL, "ff", "uffdio_api 1 0; uffdio_register 1 0 2 missing",
		  "ff", EINVAL, VMA_WHY_UFFD_KIND },
		{ .rule = "U1 wp of shmem", "5.10", "ss",
		  "uffdio_api 1 0; uffdio_register 1 0 2 wp", "ss", EINVAL, VMA_WHY_UFFD_KIND },
		{ .rule = "U1 wp of shmem", "6.1-", "ss",
		  "uffdio_api 1 0; uffdio_register 1 0 2 wp", "??" },
		{ .rule = "U1 features", NULL, "aa", "uffdio_api 1 #0x1ff", "aa" },
		{ .rule = "U1 feature to come", NULL, "aa", "uffdio_api 1 #0x8000000000000", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 WP_ASYNC", "-6.1", "aa", "uffdio_api 1 #0x8000", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 WP_ASYNC", "6.12-", "aa", "uffdio_api 1 #0x8000", "aa" },
		{ .rule = "U1 WP_SHMEM", "6.1-", "aa", "uffdio_api 1 #0x1000", "aa" },
		{ .rule = "U1 minor", "5.10", "ss", "uffdio_api 1 0; uffdio_register 1 0 2 minor",
		  "ss", EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 minor of anon", "6.1-", "aa",
		  "uffdio_api 1 0; uffdio_register 1 0 2 minor", "aa", EINVAL, VMA_WHY_UFFD_KIND },
		{ .rule = "U1 no api", NULL, "aa", "uffdio_register 1 0 2 missing", "aa", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 unaligned", NULL, "aa",
		  "uffdio_api 1 0; uffdio_register 1 0+1 1 missing", "aa", EINVAL,
		  VMA_WHY_UNALIGNED },
		{ .rule = "U1 empty", NULL, "aa", "uffdio_api 1 0; uffdio_register 1 0 0 missing",
		  "aa", EINVAL, VMA_WHY_ZERO_LEN },
		{ .rule = "U1 nothing", "-6.1", "aa",
		  "uffdio_api 1 0; uffdio_register 1 2 1 missing", "aa", ENOMEM,
		  VMA_WHY_UNMAPPED },
		{ .rule = "U1 nothing", "6.12-", "aa",
		  "uffdio_api 1 0; uffdio_register 1 2 1 missing", "aa", EINVAL,
		  VMA_WHY_UNMAPPED },
		{ .rule = "U1 no MAYWRITE", NULL, "",
		  "maps 0 1 r future; uffdio_api 1 0; uffdio_register 1 0 1 missing", "?", EPERM,
		  VMA_WHY_MAY_ACCESS },
		{ .rule = "U1 below mmap_min_addr", "6.1-", "",
		  "caps 2; uffdio_api 1 0; mmap #0x8000 3 rw private|anonymous|fixed; "
		  "uffdio_register 1 #0x8000 1 missing; uffdio_unregister 1 #0x8000 2", "<below>aaa" },
		{ .rule = "U1 below mmap_min_addr", "5.10", "",
		  "caps 2; uffdio_api 1 0; mmap #0x8000 3 rw private|anonymous|fixed; "
		  "uffdio_register 1 #0x8000 1 missing", "<below>aaa", EINVAL,
		  VMA_WHY_OUT_OF_SPACE },
		{ .rule = "U1 droppable", "6.12", "",
		  "uffdio_api 1 0; mmap 0 2 rw droppable|anonymous|fixed; "
		  "uffdio_register 1 0 2 missing; has 0 um", "??" },
		{ .rule = "U1 droppable", "6.18-", "",
		  "uffdio_api 1 0; mmap 0 2 rw droppable|anonymous|fixed; "
		  "uffdio_register 1 0 2 missing", "ii", EINVAL, VMA_WHY_UFFD_KIND },
		{ .rule = "U1 any mapping, asynchronously", "6.12-", "ffgg",
		  "uffdio_api 1 #32768; uffdio_register 1 1 2 wp; has 1 uw; has 2 uw; is count 4; "
		  "!uffdio_register 1 0 4 missing; !uffdio_register 1 0 4 #3; "
		  "uffdio_unregister 1 1 2", "ffgg" },
		{ .rule = "U1 special", "6.12", "44",
		  "uffdio_api 1 #32768; uffdio_register 1 0 2 wp; has 0 uw", "??" },
		{ .rule = "U1 special", "6.18-", "44",
		  "uffdio_api 1 #32768; uffdio_register 1 0 2 wp", "44", EINVAL,
		  VMA_WHY_UFFD_KIND },
		{ .rule = "U1 unregister kind", NULL, "aaff",
		  "uffdio_api 1 0; uffdio_register 1 0 2 missing; uffdio_unregister 1 0 4; ",
		  "?\?ff", EINVAL, VMA_WHY_UFFD_KIND },
		{ .rule = "U1 unregister unaligned", NULL, "aa",
		  "uffdio_api 1 0; uffdio_unregister 1 0+1 1", "aa", EINVAL, VMA_WHY_UNALIGNED },
		{ .rule = "U1 split at the limit", NULL, "aaa",
		  "uffdio_api 1 0; slots 0; uffdio_register 1 0 1 missing", "aaa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "U1 second split at the limit", NULL, "aaa",
		  "uffdio_api 1 0; slots 1; uffdio_register 1 1 1 missing", "a|aa", ENOMEM,
		  VMA_WHY_MAP_COUNT },
		{ .rule = "U1 unregister at the limit", NULL, "aaa",
		  "uffdio_api 1 0; uffdio_register 1 0 3 missing; slots 0; "
		  "uffdio_unregister 1 0 1; has 0 um", "???", ENOMEM, VMA_WHY_MAP_COUNT },
		{ .rule = "U1 no such descriptor", NULL, "aa", "uffdio_register 0 0 1 missing", "aa",
		  EBADF, VMA_WHY_BAD_FD },
		{ .rule = "U1 no api to unregister", NULL, "aa", "uffdio_unregister 1 0 1", "aa",
		  EINVAL, VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 api twice", NULL, "", "uffdio_api 1 0; uffdio_api 1 0", "", EINVAL,
		  VMA_WHY_BAD_FLAGS },
		{ .rule = "U1 closed", NULL, "", "uffdio_api 1 0; uffd_close 1; uffdio_api 1 0", "",
		  EBADF, VMA_WHY_BAD_FD },
		{ .rule = "U1 closed and unregistered", NULL, "aa",
		  "uffdio_api 1 0; uffd_close 1; uffdio_unregister 1 0 1", "aa", EBADF,
		  VMA_WHY_BAD_FD },
		{ .rule = "U1 closed twice", NULL, "", "uffd_close 1; uffd_close 1", "", EBADF,
		  VMA_WHY_BAD_FD },
		{ .rule = "U1 beyond", NULL, "",
		  "uffdio_api 1 0; uffdio_register 1 #0x7ffffffff000 1 missing", "", EINVAL,
		  VMA_WHY_OUT_OF_SPACE },
		{ .rule = "U1 holes", NULL, "aa.aa",
		  "uffdio_api 1 0; uffdio_register 1 0 5 missing; has 4 um", "??.??" },
		{ .rule = "5.5 tail", "6.12-", "aaaa",
		  "uffdio_api 1 0; uffdio_register 1 3 1 missing; uffdio_register 1 1 2 missing; "
		  "is count 2", "a???" },
		{ .rule = "5.5 tail", "-6.1", "aaaa",
		  "uffdio_api 1 0; uffdio_register 1 3 1 missing; uffdio_register 1 1 2 missing; "
		  "is count 3", "a??|?" },
	};

	(void)state;
	PICTURES(cases);
}

static void giving_it_back(void **state)
{
	static const struct picture_case cases[] = {
		{ .rule = "U3", NULL, "aaa",
		  "uffdio_api 1 0; uffdio_register 1 0 3 missing; uffdio_unregister 1 1 1",
		  "?a?" },
		{ .rule = "U3 not registered", NULL, "aaa",
		  "uffdio_api 1 0; uffdio_unregister 1 0 3", "aaa" },
		{ .rule = "U3 of another", "6.18-", "aa",
		  "uffdio_api 1 0; uffdio_api 2 0; uffdio_register 1 0 2 missing; "
		  "uffdio_unregister 2 0 2; has 0 um", "??", EINVAL, VMA_WHY_UFFD_BUSY },
		{ .rule = "U3 of another", "-6.12", "aa",
		  "uffdio_api 1 0; uffdio_api 2 0; uffdio_register 1 0 2 missing; "
		  "uffdio_unregister 2 0 2", "aa" },
		{ .rule = "U3 close", NULL, "aaa",
		  "uffdio_api 1 0; uffdio_register 1 1 1 missing; uffd_close 1", "aaa" },
		{ .rule = "R14", NULL, "aa",
		  "uffdio_api 1 0; uffdio_register 1 0 2 missing; mremap 0 2 2 maymove|fixed 100",
		  "@100:aa" },
		{ .rule = "G20", NULL, "aa",
		  "uffdio_api 1 0; uffdio_register 1 0 2 missing; map 2 1 rw", "??a" },
	};

	(void)state;
	PICTURES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registering),
		cmocka_unit_test(giving_it_back),
	};

	return cmocka_run_group_tests_name("engine-uffd", tests, NULL, NULL);
}
