// SPDX-License-Identifier: GPL-2.0-or-later
/* The small files of a process and of the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/check.h"
#include "read/captured.h"
#include "read/files.h"
#include "read/proc-status.h"
#include "read/system.h"

static int new_facts(void **state)
{
	*state = facts_new();
	return *state ? 0 : -1;
}

static int free_facts(void **state)
{
	vma_facts_free(*state);
	return 0;
}

static void status_gives_sizes_capabilities_and_the_effective_user(void **state)
{
	struct vma_facts *f = *state;

	assert_true(status_parse(f, "Name:\tVmSize:\t9 kB\nState:\tS (sleeping)\nTgid:\t42\nPPid:\t7\n"
				    "Uid:\t1000\t1001\t1002\t1003\nKthread:\t0\n"
				    "VmPeak:\t     324 kB\nVmLck:\t       8 kB\nNewKey:\t1\n"
				    "CapEff:\t000001fffeffffff\nTHP_enabled:\t1\n"));
	assert_int_equal(f->status[VMA_ST_TGID], 42);
	assert_int_equal(f->status[VMA_ST_PPID], 7);
	assert_int_equal(f->status[VMA_ST_UID], 1001);
	assert_int_equal(f->status[VMA_ST_VMPEAK], 324);
	assert_int_equal(f->status[VMA_ST_VMLCK], 8);
	assert_int_equal(f->status[VMA_ST_THP_ENABLED], 1);
	assert_false(f->have_status & 1U << VMA_ST_VMSIZE);
	assert_true(f->have_caps);
	assert_int_equal(f->cap_eff, 0x1fffeffffff);
	assert_int_equal(f->state, 'S');
	assert_false(f->kernel_thread);
}

static void a_kernel_thread_says_so(void **state)
{
	struct vma_facts *f = *state;

	assert_true(status_parse(f, "Tgid:\t2\nKthread:\t1\n"));
	assert_true(f->kernel_thread);
}

static void text_that_is_no_status_is_refused(void **state)
{
	struct vma_facts *f = *state;

	assert_false(status_parse(f, ""));
	assert_false(status_parse(f, "hello\nTgid: x\nVmPeak: kB\n:\n"));
	assert_int_equal(f->have_status, 0);
}

#define STAT_HEAD "15279 (a) b) (c) S 15278 15023 15023 0 -1 4194304 34 0 0 0 0 0 0 0 20 0 1 0 " \
		  "392517 331776 0 18446744073709551615 "

static void a_name_with_parentheses_does_not_shift_the_fields_of_stat(void **state)
{
	struct vma_facts *f = *state;

	assert_true(stat_parse(f, STAT_HEAD "4198400 4199420 140736080662800 0 0 0 0 65543 1088 1 0 0 "
					    "17 0 0 0 0 0 0 4206592 4239360 1042268160 "
					    "140736080666586 140736080666593 1 2 0\n"));
	assert_int_equal(f->stat[VMA_STAT_STARTTIME], 392517);
	assert_int_equal(f->stat[VMA_STAT_START_CODE], 4198400);
	assert_int_equal(f->stat[VMA_STAT_END_CODE], 4199420);
	assert_int_equal(f->stat[VMA_STAT_START_STACK], 140736080662800);
	assert_int_equal(f->stat[VMA_STAT_START_DATA], 4206592);
	assert_int_equal(f->stat[VMA_STAT_END_DATA], 4239360);
	assert_int_equal(f->stat[VMA_STAT_START_BRK], 1042268160);
	assert_int_equal(f->stat[VMA_STAT_ARG_END], 140736080666593);
	assert_int_equal(f->stat[VMA_STAT_ENV_END], 2);
	assert_int_equal(f->have_stat, (1U << VMA_STAT_NR) - 1);
}

/* Without ptrace access the kernel prints 1 and 0: that is not knowing, not an address. */
static void hidden_addresses_stay_unknown(void **state)
{
	struct vma_facts *f = *state;

	assert_true(stat_parse(f, STAT_HEAD "1 1 0 0 0 0 0 65543 1088 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 "
					    "0 0\n"));
	assert_int_equal(f->have_stat, 1U << VMA_STAT_STARTTIME);
}

static void broken_stat_and_statm_are_refused(void **state)
{
	struct vma_facts *f = *state;

	assert_false(stat_parse(f, ""));
	assert_false(stat_parse(f, "1 (x)"));
	assert_false(stat_parse(f, "1 (x) "));
	assert_false(statm_parse(f, "1 2 3"));
	assert_false(f->have_statm);
	assert_true(statm_parse(f, "81 23 1 1 0 70 0\n"));
	assert_int_equal(f->statm[5], 70);
}

static void limits_are_found_by_name_not_by_line(void **state)
{
	static const char text[] =
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max stack size            8388608              unlimited            bytes     \n"
		"Max locked memory         65536                8388608              bytes     \n"
		"Max address space         unlimited            unlimited            bytes     \n"
		"Max cpu time              unlimited            unlimited            seconds   \n"
		"Max file size             unlimited            unlimited            bytes     \n"
		"Max data size             4096                 unlimited            bytes     \n"
		"Max core file size        0                    unlimited            bytes     \n"
		"Max resident set          unlimited            unlimited            bytes     \n"
		"Max processes             96365                96365                processes \n"
		"Max open files            20000                20000                files     \n"
		"Max file locks            unlimited            unlimited            locks     \n"
		"Max pending signals       96365                96365                signals   \n"
		"Max msgqueue size         819200               819200               bytes     \n"
		"Max nice priority         0                    0                    \n"
		"Max realtime priority     0                    0                    \n";
	struct vma_facts *f = *state;
	char full[sizeof(text) + 100];

	assert_false(limits_parse(f, text)); /* one is missing */
	assert_false(f->have_limits);
	strcpy(full, text);
	strcat(full, "Max realtime timeout      unlimited            unlimited            us\n");
	assert_true(limits_parse(f, full));
	assert_int_equal(f->rlimit[RLIMIT_STACK].cur, 8388608);
	assert_int_equal(f->rlimit[RLIMIT_STACK].max, VMA_RLIM_INFINITY);
	assert_int_equal(f->rlimit[RLIMIT_MEMLOCK].cur, 65536);
	assert_int_equal(f->rlimit[RLIMIT_MEMLOCK].max, 8388608);
	assert_int_equal(f->rlimit[RLIMIT_DATA].cur, 4096);
	assert_int_equal(f->rlimit[RLIMIT_AS].cur, VMA_RLIM_INFINITY);
}

static void auxv_ends_with_its_null_entry(void **state)
{
	static const u64 pairs[] = { 3, 0x400040, 33, 0x7fff00000000, 0, 0, 9, 9 };
	struct vma_facts *f = *state;

	assert_true(auxv_parse(f, (const char *)pairs, sizeof(pairs)));
	assert_int_equal(f->nr_aux, 2);
	assert_int_equal(f->aux[1].type, 33);
	assert_int_equal(f->aux[1].value, 0x7fff00000000);
	assert_false(auxv_parse(f, (const char *)pairs, 32));
	assert_false(auxv_parse(f, (const char *)pairs, 39));
	assert_false(auxv_parse(f, "", 0));
}

static void meminfo_counts_all_sizes_of_huge_pages(void **state)
{
	struct vma_facts *f = *state;

	assert_true(meminfo_parse(f, "MemTotal:       4096 kB\nSwapTotal:      400 kB\n"
				     "Committed_AS:   800 kB\nHugePages_Total:       2\n"
				     "Hugepagesize:       2048 kB\n"));
	assert_int_equal(f->system.totalram_pages, 1024);
	assert_int_equal(f->system.totalswap_pages, 100);
	assert_int_equal(f->system.committed_pages, 200);
	assert_int_equal(f->system.hugetlb_pages, 1024);
	assert_true(meminfo_parse(f, "MemTotal: 8 kB\nHugetlb: 4194304 kB\nHugePages_Total: 2\n"
				     "Hugepagesize: 2048 kB\n"));
	assert_int_equal(f->system.hugetlb_pages, 1048576);
	assert_false(meminfo_parse(f, "NotMemTotal: 8 kB\n"));
}

static void mountinfo_tells_the_file_system_of_a_device(void **state)
{
	static const char *const broken[] = {
		"", "1 2 3:4 /", "1 2 3:4 / / rw", "1 2 3 / / rw - ext4 /dev/x rw", "a b c",
		"1 2 3:4 / / rw - ",
		"1 2 3:4 / / rw - a-name-of-a-file-system-that-no-kernel-ever-had x rw",
	};
	struct mount_info m;

	(void)state;
	assert_true(mountinfo_line("36 35 254:3 /sub /mnt\\040x rw,nosuid,noexec,relatime shared:1 "
				   "master:2 - ext4 /dev/sda1 rw,errors=continue", &m));
	assert_int_equal(m.major, 254);
	assert_int_equal(m.minor, 3);
	assert_string_equal(m.fs, "ext4");
	assert_true(m.noexec);
	assert_true(mountinfo_line("36 35 0:21 / /noexec rw - tmpfs tmpfs rw,noexec", &m));
	assert_string_equal(m.fs, "tmpfs");
	assert_false(m.noexec); /* a directory and an option of the file system, not of the mount */
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_false(mountinfo_line(broken[i], &m));
}

#define MM "mmap_base=0x7f8a9f12c000\nmmap_legacy_base=0x2b1c0b07f000\ntask_size=0x7ffffffff000\n" \
	   "def_flags=0x2000\nbrk=0x1001\nstart_brk=0x1000\nstart_stack=0x7ff0\ntotal_vm=0x51\n" \
	   "locked_vm=0x1\ndata_vm=0x25\nexec_vm=0x3\nstack_vm=0x21\n"

static void the_fields_of_a_recorded_mm_are_all_needed(void **state)
{
	struct vma_fact_mm_bpf mm;

	(void)state;
	assert_true(captured_mm_parse(&mm, MM "map_count=0x9\n"));
	assert_int_equal(mm.mmap_base, 0x7f8a9f12c000);
	assert_int_equal(mm.brk, 0x1001);
	assert_int_equal(mm.def_flags, 0x2000);
	assert_int_equal(mm.map_count, 9);
	assert_false(captured_mm_parse(&mm, MM));
	assert_false(captured_mm_parse(&mm, MM "map_count=9\n"));
	assert_false(captured_mm_parse(&mm, ""));
}

#define WITH_FACTS(test) cmocka_unit_test_setup_teardown(test, new_facts, free_facts)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FACTS(status_gives_sizes_capabilities_and_the_effective_user),
		WITH_FACTS(a_kernel_thread_says_so),
		WITH_FACTS(text_that_is_no_status_is_refused),
		WITH_FACTS(a_name_with_parentheses_does_not_shift_the_fields_of_stat),
		WITH_FACTS(hidden_addresses_stay_unknown),
		WITH_FACTS(broken_stat_and_statm_are_refused),
		WITH_FACTS(limits_are_found_by_name_not_by_line),
		WITH_FACTS(auxv_ends_with_its_null_entry),
		WITH_FACTS(meminfo_counts_all_sizes_of_huge_pages),
		cmocka_unit_test(mountinfo_tells_the_file_system_of_a_device),
		cmocka_unit_test(the_fields_of_a_recorded_mm_are_all_needed),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
