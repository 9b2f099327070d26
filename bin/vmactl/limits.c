// SPDX-License-Identifier: GPL-2.0-or-later
#include "limits.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "libvmactl/report.h"

/* THE table of limits: a new one is a row, and a case in limits_gather(). */
static const struct {
	const char *name, *help;
	const char *prlimit; /* option of prlimit(1) that raises it, NULL */
} rows[LIMIT_NR] = {
	[LIMIT_MAP_COUNT] = { "map_count", "mappings; above it every call that would make one more "
					   "fails with ENOMEM", NULL },
	[LIMIT_AS] = { "address_space", "bytes mapped (total_vm)", "as" },
	[LIMIT_DATA] = { "data", "private writable bytes mapped (data_vm)", "data" },
	[LIMIT_STACK] = { "stack", "bytes of the main stack, which grows", "stack" },
	[LIMIT_MEMLOCK] = { "locked", "bytes locked (locked_vm)", "memlock" },
	[LIMIT_COMMIT] = { "commit", "bytes that all processes together may be charged", NULL },
	[LIMIT_CGROUP] = { "cgroup", "bytes that the control group may use", NULL },
	[LIMIT_CGROUP_SWAP] = { "cgroup_swap", "bytes that the control group may swap", NULL },
};

const char *limit_name(enum limit_id id)
{
	return rows[id].name;
}

const char *limit_help(enum limit_id id)
{
	return rows[id].help;
}

u64 limit_used(const struct limit *l)
{
	if (!l->has_value || l->max == VMA_RLIM_INFINITY)
		return 0;
	if (!l->max)
		return l->value ? 1000 : 0;
	return (u64)((double)l->value * 1000 / (double)l->max);
}

/* ---------------------------------------------------------------- gathering */

static void rlimit(const struct vma_model *m, struct limit *l, int resource, u64 value,
		   const char *name)
{
	l->value = value;
	l->max = m->mm->rlimit[resource].cur;
	l->has_value = m->facts->have_limits;
	snprintf(l->knob, sizeof(l->knob), "%s", name);
}

static u64 stack_bytes(const struct vma_mm *mm)
{
	const struct vma *vma = vma_lookup(mm, mm->start_stack);

	return vma ? vma->vm_end - vma->vm_start : 0;
}

/* Rule M24: what may be promised to all processes together. */
static void commit(const struct vma_model *m, struct limit *l)
{
	const struct vma_system *s = vma_world_system(m->world);
	u64 ram = s->totalram_pages - s->hugetlb_pages;
	u64 pages = s->overcommit_kbytes ? s->overcommit_kbytes >> (VMA_PAGE_SHIFT - 10)
					 : ram * s->overcommit_ratio / 100;

	l->has_value = m->facts->have_system;
	l->value = s->committed_pages << VMA_PAGE_SHIFT;
	snprintf(l->knob, sizeof(l->knob), "vm.overcommit_memory");
	if (s->overcommit_memory == 2) {
		l->max = (pages + s->totalswap_pages) << VMA_PAGE_SHIFT;
		snprintf(l->note, sizeof(l->note), "mode 2: never more than this");
	} else if (s->overcommit_memory == 0) {
		char text[VMA_SIZE_TEXT];

		snprintf(l->note, sizeof(l->note),
			 "mode 0: only one request above %s is refused",
			 vma_size_text((s->totalram_pages + s->totalswap_pages) << VMA_PAGE_SHIFT,
				       text));
	} else {
		snprintf(l->note, sizeof(l->note), "mode 1: nothing is refused");
	}
}

void limits_gather(const struct vma_model *m, struct limit out[LIMIT_NR])
{
	const struct vma_mm *mm = m->mm;

	for (int i = 0; i < LIMIT_NR; i++)
		out[i] = (struct limit){ .id = (enum limit_id)i, .max = VMA_RLIM_INFINITY };
	out[LIMIT_MAP_COUNT].has_value = out[LIMIT_MAP_COUNT].is_count = true;
	out[LIMIT_MAP_COUNT].value = mm->map_count;
	out[LIMIT_MAP_COUNT].max = vma_world_system(m->world)->max_map_count;
	snprintf(out[LIMIT_MAP_COUNT].knob, sizeof(out[0].knob), "vm.max_map_count");
	rlimit(m, &out[LIMIT_AS], RLIMIT_AS, mm->total_vm << VMA_PAGE_SHIFT, "RLIMIT_AS");
	rlimit(m, &out[LIMIT_DATA], RLIMIT_DATA, mm->data_vm << VMA_PAGE_SHIFT, "RLIMIT_DATA");
	rlimit(m, &out[LIMIT_STACK], RLIMIT_STACK, stack_bytes(mm), "RLIMIT_STACK");
	rlimit(m, &out[LIMIT_MEMLOCK], RLIMIT_MEMLOCK, mm->locked_vm << VMA_PAGE_SHIFT,
	       "RLIMIT_MEMLOCK");
	if (mm->caps & VMA_CAP_IPC_LOCK)
		snprintf(out[LIMIT_MEMLOCK].note, sizeof(out[0].note),
			 "not asked: the process has CAP_IPC_LOCK");
	commit(m, &out[LIMIT_COMMIT]);
	if (m->facts->live) {
		limits_cgroup(m->facts->pid, false, &out[LIMIT_CGROUP]);
		limits_cgroup(m->facts->pid, true, &out[LIMIT_CGROUP_SWAP]);
	}
}

/* ---------------------------------------------------------------- advice */

/* Twice what is used now, and at least twice the limit that was too small. */
static u64 enough(const struct limit *l)
{
	return 2 * (l->value > l->max ? l->value : l->max);
}

char *limit_advice(const struct limit *l, const struct vma_model *m, char *out, size_t size)
{
	unsigned long long more = (unsigned long long)enough(l);

	if (rows[l->id].prlimit)
		snprintf(out, size, "prlimit --pid %u --%s=%llu: until it ends; for good raise "
			 "%s where it is started", m->facts->pid, rows[l->id].prlimit, more,
			 l->knob);
	else if (l->id == LIMIT_MAP_COUNT)
		snprintf(out, size, "sysctl -w %s=%llu: until the next boot; for good put "
			 "\"%s = %llu\" into /etc/sysctl.d/", l->knob, more, l->knob, more);
	else if (l->id == LIMIT_COMMIT)
		snprintf(out, size, "raise vm.overcommit_ratio (now %llu), or "
			 "sysctl -w vm.overcommit_memory=0",
			 (unsigned long long)vma_world_system(m->world)->overcommit_ratio);
	else
		snprintf(out, size, "echo %llu > %s", more, l->knob);
	return out;
}
