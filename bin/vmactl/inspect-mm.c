// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl inspect --mm: the mm_struct, field by field. */
#include "inspect.h"

#include <stddef.h>
#include <stdio.h>

#include "base/check.h"

/* How a number of struct vma_mm is shown; pages become bytes. */
enum unit { UNIT_PAGES, UNIT_BYTES, UNIT_COUNT, UNIT_ADDRESS };

#define FIELD(name, unit, group) { #name, offsetof(struct vma_mm, name), unit, group }
static const struct {
	const char *name;
	size_t offset;
	enum unit unit;
	enum vma_mm_field group;
} numbers[] = {
	FIELD(total_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(hiwater_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(locked_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(pinned_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(data_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(exec_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(stack_vm, UNIT_PAGES, VMA_MM_FIELD_COUNTERS),
	FIELD(pgtables_bytes, UNIT_BYTES, VMA_MM_FIELD_COUNTERS),
	FIELD(start_code, UNIT_ADDRESS, VMA_MM_FIELD_CODE),
	FIELD(end_code, UNIT_ADDRESS, VMA_MM_FIELD_CODE),
	FIELD(start_data, UNIT_ADDRESS, VMA_MM_FIELD_CODE),
	FIELD(end_data, UNIT_ADDRESS, VMA_MM_FIELD_CODE),
	FIELD(start_brk, UNIT_ADDRESS, VMA_MM_FIELD_BRK),
	FIELD(brk, UNIT_ADDRESS, VMA_MM_FIELD_BRK),
	FIELD(start_stack, UNIT_ADDRESS, VMA_MM_FIELD_STACK),
	FIELD(arg_start, UNIT_ADDRESS, VMA_MM_FIELD_ARGS),
	FIELD(arg_end, UNIT_ADDRESS, VMA_MM_FIELD_ARGS),
	FIELD(env_start, UNIT_ADDRESS, VMA_MM_FIELD_ARGS),
	FIELD(env_end, UNIT_ADDRESS, VMA_MM_FIELD_ARGS),
	FIELD(mmap_base, UNIT_ADDRESS, VMA_MM_FIELD_MMAP_BASE),
	FIELD(mmap_legacy_base, UNIT_ADDRESS, VMA_MM_FIELD_MMAP_BASE),
	FIELD(task_size, UNIT_ADDRESS, VMA_MM_FIELD_MMAP_BASE),
};

static void add_number(const struct vma_model *m, size_t i, struct fields *f)
{
	u64 v = *(const u64 *)((const char *)m->mm + numbers[i].offset);
	struct vma_provenance how = m->mm_fields[numbers[i].group];

	switch (numbers[i].unit) {
	case UNIT_PAGES:
		fields_num(f, numbers[i].name, FIELD_BYTES, v << VMA_PAGE_SHIFT, how);
		break;
	case UNIT_BYTES:
		fields_num(f, numbers[i].name, FIELD_BYTES, v, how);
		break;
	case UNIT_COUNT:
		fields_num(f, numbers[i].name, FIELD_NUMBER, v, how);
		break;
	case UNIT_ADDRESS:
		fields_num(f, numbers[i].name, FIELD_HEX, v, how);
		break;
	}
}

/* Present pages as status counts them; the model knows only pages that were read one by one. */
static void add_present(const struct vma_model *m, struct fields *f)
{
	static const struct {
		const char *name;
		enum vma_status_key key;
	} rows[] = { { "rss_anon", VMA_ST_RSSANON }, { "rss_file", VMA_ST_RSSFILE },
		     { "rss_shmem", VMA_ST_RSSSHMEM }, { "swap", VMA_ST_VMSWAP } };
	struct vma_provenance unknown = { .known = VMA_UNKNOWN };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool have = m->facts->have_status & 1U << rows[i].key;

		fields_num(f, rows[i].name, FIELD_BYTES, m->facts->status[rows[i].key] << 10,
			   have ? field_exact : unknown);
	}
}

static void add_limits(const struct vma_model *m, struct fields *f)
{
	static const struct {
		const char *name;
		int at;
	} limits[] = { { "rlimit_data", 2 }, { "rlimit_stack", 3 }, { "rlimit_memlock", 8 },
		       { "rlimit_as", 9 } };
	struct vma_provenance how = m->mm_fields[VMA_MM_FIELD_RLIMITS];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		u64 cur = m->mm->rlimit[limits[i].at].cur;

		if (cur == VMA_RLIM_INFINITY)
			fields_text(f, limits[i].name, FIELD_TEXT, "unlimited", how);
		else
			fields_num(f, limits[i].name, FIELD_BYTES, cur, how);
	}
}

static void add_caps(const struct vma_model *m, struct fields *f)
{
	static const struct {
		u32 bit;
		const char *name;
	} caps[] = { { VMA_CAP_IPC_LOCK, "ipc_lock" },	     { VMA_CAP_SYS_RAWIO, "sys_rawio" },
		     { VMA_CAP_SYS_ADMIN, "sys_admin" },     { VMA_CAP_SYS_NICE, "sys_nice" },
		     { VMA_CAP_SYS_RESOURCE, "sys_resource" }, { VMA_CAP_SYS_PTRACE, "sys_ptrace" } };
	char text[120] = "", *p = text;

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (m->mm->caps & caps[i].bit)
			p += sprintf(p, "%s%s", p == text ? "" : " ", caps[i].name);
	fields_text(f, "caps", FIELD_WORDS, text, m->mm_fields[VMA_MM_FIELD_CAPS]);
}

void inspect_mm_fields(const struct vma_model *m, struct fields *f)
{
	char codes[VMA_FLAGS_TEXT];
	const struct vma_mm *mm = m->mm;

	fields_num(f, "map_count", FIELD_NUMBER, mm->map_count, field_exact);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		add_number(m, i, f);
	add_present(m, f);
	fields_text(f, "def_flags", FIELD_WORDS,
		    vma_flags_codes(vma_world_kernel(m->world), mm->def_flags, ' ', codes),
		    m->mm_fields[VMA_MM_FIELD_DEF_FLAGS]);
	fields_num(f, "legacy_layout", FIELD_BOOL, mm->legacy_layout,
		   m->mm_fields[VMA_MM_FIELD_MMAP_BASE]);
	add_limits(m, f);
	add_caps(m, f);
}
