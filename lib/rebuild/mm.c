// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fields of the mm: counters, addresses, limits, rights (rules I9, I10, section 11). */
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/range.h"
#include "rebuild/build.h"

#define ADDR_NO_RANDOMIZE 0x0040000
#define ADDR_COMPAT_LAYOUT 0x0200000

static bool stat_value(const struct vma_facts *f, enum vma_stat_key key, u64 *out)
{
	if (!(f->have_stat & 1U << key))
		return false;
	*out = f->stat[key];
	return true;
}

static u64 status_pages(const struct vma_facts *f, enum vma_status_key key, u64 otherwise)
{
	return f->have_status & 1U << key ? f->status[key] / 4 : otherwise;
}

static u64 locked_pages(const struct build *b)
{
	u64 locked = 0;

	for (size_t i = 0; i < b->f->nr_maps; i++)
		if (b->vmas[i] && (b->vmas[i]->vm_flags & VM_LOCKED))
			locked += vma_pages(b->vmas[i]);
	return locked;
}

static void build_counters(struct build *b)
{
	struct vma_mm *mm = b->mm;

	/* The kernel's own count may have drifted (rule R11): it is what limits are checked with. */
	if (b->f->have_status & 1U << VMA_ST_VMLCK)
		mm->locked_vm = status_pages(b->f, VMA_ST_VMLCK, 0);
	else
		mm->locked_vm = locked_pages(b);
	mm->pinned_vm = status_pages(b->f, VMA_ST_VMPIN, 0);
	mm->hiwater_vm = status_pages(b->f, VMA_ST_VMPEAK, mm->total_vm);
	if (b->f->have_status & 1U << VMA_ST_VMPTE)
		mm->pgtables_bytes = b->f->status[VMA_ST_VMPTE] * 1024;
	known_mm(b, VMA_MM_FIELD_COUNTERS, HOW_STATUS);
}

static void build_addresses(struct build *b)
{
	struct vma_mm *mm = b->mm;
	const struct vma_facts *f = b->f;
	bool code = stat_value(f, VMA_STAT_START_CODE, &mm->start_code) &&
		    stat_value(f, VMA_STAT_END_CODE, &mm->end_code) &&
		    stat_value(f, VMA_STAT_START_DATA, &mm->start_data) &&
		    stat_value(f, VMA_STAT_END_DATA, &mm->end_data);
	bool args = stat_value(f, VMA_STAT_ARG_START, &mm->arg_start) &&
		    stat_value(f, VMA_STAT_ARG_END, &mm->arg_end) &&
		    stat_value(f, VMA_STAT_ENV_START, &mm->env_start) &&
		    stat_value(f, VMA_STAT_ENV_END, &mm->env_end);
	bool stack = stat_value(f, VMA_STAT_START_STACK, &mm->start_stack);

	known_mm(b, VMA_MM_FIELD_CODE, code ? HOW_EXACT : HOW_UNKNOWN);
	known_mm(b, VMA_MM_FIELD_ARGS, args ? HOW_EXACT : HOW_UNKNOWN);
	known_mm(b, VMA_MM_FIELD_STACK, stack ? HOW_EXACT : HOW_UNKNOWN);
	for (size_t i = 0; !stack && i < f->nr_maps; i++)
		if (is_label(&f->maps[i], "[stack]")) {
			mm->start_stack = f->maps[i].end - 1;
			known_mm(b, VMA_MM_FIELD_STACK, HOW_STACK);
		}
}

/* The byte-exact end of the heap is nowhere to be seen: the end of its last page stands in. */
static void build_brk(struct build *b)
{
	struct vma_mm *mm = b->mm;
	const struct vma_fact_mm_bpf *k = b->f->mm_bpf;
	enum how how = HOW_NO_HEAP;
	u64 first = b->heap_start, last = b->heap_end;

	if (k) {
		mm->start_brk = k->start_brk;
		mm->brk = k->brk;
		how = HOW_EXACT;
	} else {
		if (!stat_value(b->f, VMA_STAT_START_BRK, &mm->start_brk)) {
			mm->start_brk = first;
			how = first ? HOW_HEAP_END : HOW_UNKNOWN;
		}
		mm->brk = mm->start_brk;
		/* Up to 6.5 a mapping that only touches the heap's start is called so too. */
		if (last > mm->start_brk) {
			mm->brk = last;
			how = HOW_HEAP_END;
		}
	}
	known_mm(b, VMA_MM_FIELD_BRK, how);
}

/* The gap above mmap_base that exec left for the stack (rule A7), with today's limit. */
static u64 stack_gap(const struct build *b)
{
	u64 gap = b->mm->rlimit[RLIMIT_STACK].cur;
	u64 pad = (b->mm->randomize ? 0x3fffffULL << VMA_PAGE_SHIFT : 0) + (256 << VMA_PAGE_SHIFT);

	if (gap + pad > gap)
		gap += pad;
	return min_u64(max_u64(gap, 128ULL << 20), b->mm->task_size / 6 * 5);
}

/*
 * The first mapping below the stack ends at mmap_base, since ld.so or the vdso was put there
 * (rule I9). A static program on an old kernel has none: then nothing is in the window where
 * exec may have put the base, and only its upper end is known.
 */
static void infer_mmap_base(struct build *b)
{
	struct vma_mm *mm = b->mm;
	u64 highest = mm->task_size - stack_gap(b), below = 0;
	u64 lowest = highest - (mm->randomize ? 1ULL << 40 : 0);
	bool limit_may_differ = mm->rlimit[RLIMIT_STACK].cur != 8ULL << 20;

	for (size_t i = 0; i < b->f->nr_maps; i++) {
		const struct vma *vma = b->vmas[i];

		if (!vma || vma->vm_start > mm->start_stack || vma->vm_end > b->stack_start)
			break;
		if ((has_label(&b->f->maps[i], "[vdso]") || has_label(&b->f->maps[i], "[vvar")) &&
		    vma->vm_start > highest)
			continue;
		below = vma->vm_end;
	}
	if (below >= lowest && (below <= highest || limit_may_differ)) {
		mm->mmap_base = below;
		known_mm(b, VMA_MM_FIELD_MMAP_BASE, HOW_MMAP_BASE);
	} else {
		mm->mmap_base = highest;
		known_mm(b, VMA_MM_FIELD_MMAP_BASE, HOW_MMAP_TOP);
	}
	/* Both bases hold the same random offset. */
	mm->mmap_legacy_base = page_up(mm->task_size / 3);
	if (mm->mmap_base <= highest && mm->randomize)
		mm->mmap_legacy_base += highest - mm->mmap_base;
}

/* Bottom-up: the lowest mapping at or above a third of the address space. */
static void infer_legacy_base(struct build *b)
{
	struct vma_mm *mm = b->mm;
	u64 third = page_up(mm->task_size / 3);
	const struct vma *vma = vma_find(mm, third);

	mm->mmap_legacy_base = third;
	known_mm(b, VMA_MM_FIELD_MMAP_BASE, HOW_MMAP_TOP);
	if (vma && vma->vm_start < third + (1ULL << 40) && vma->vm_start >= third) {
		mm->mmap_legacy_base = vma->vm_start;
		known_mm(b, VMA_MM_FIELD_MMAP_BASE, HOW_MMAP_BASE);
	}
	mm->mmap_base = mm->mmap_legacy_base;
}

static void build_bases(struct build *b)
{
	struct vma_mm *mm = b->mm;
	const struct vma_facts *f = b->f;

	mm->randomize = !(f->personality & ADDR_NO_RANDOMIZE) && f->randomize_va_space != 0;
	mm->legacy_layout = (f->personality & ADDR_COMPAT_LAYOUT) || f->legacy_va_layout;
	if (f->mm_bpf) {
		mm->mmap_base = f->mm_bpf->mmap_base;
		mm->mmap_legacy_base = f->mm_bpf->mmap_legacy_base;
		mm->legacy_layout = mm->mmap_base == mm->mmap_legacy_base;
		known_mm(b, VMA_MM_FIELD_MMAP_BASE, HOW_EXACT);
	} else if (mm->legacy_layout) {
		infer_legacy_base(b);
	} else {
		infer_mmap_base(b);
	}
}

/* mlockall(MCL_FUTURE) shows in nothing but its effect: everything that can be locked is. */
static bool all_locked(const struct build *b, u64 *flags)
{
	size_t nr = 0;

	*flags = VM_LOCKED_MASK;
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		const struct vma *vma = b->vmas[i];

		if (!vma || (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)))
			continue;
		if (!(vma->vm_flags & VM_LOCKED))
			return false;
		*flags &= vma->vm_flags;
		nr++;
	}
	return nr > 1;
}

static void build_def_flags(struct build *b)
{
	u64 flags;

	if (b->f->mm_bpf) {
		b->mm->def_flags = vma_flags_from_kernel(b->k, b->f->mm_bpf->def_flags);
		known_mm(b, VMA_MM_FIELD_DEF_FLAGS, HOW_EXACT);
	} else if (all_locked(b, &flags)) {
		b->mm->def_flags = flags;
		known_mm(b, VMA_MM_FIELD_DEF_FLAGS, HOW_DEF_LOCKED);
	} else {
		known_mm(b, VMA_MM_FIELD_DEF_FLAGS, HOW_DEF_FLAGS);
	}
}

/* THE table of capabilities that memory calls ask for: ours, and the bit of CapEff. */
static const struct {
	u32 cap;
	u8 bit;
} caps[] = {
	{ VMA_CAP_IPC_LOCK, 14 },  { VMA_CAP_SYS_RAWIO, 17 },    { VMA_CAP_SYS_PTRACE, 19 },
	{ VMA_CAP_SYS_ADMIN, 21 }, { VMA_CAP_SYS_NICE, 23 }, { VMA_CAP_SYS_RESOURCE, 24 },
};

static void build_rights(struct build *b)
{
	struct vma_mm *mm = b->mm;
	const struct vma_facts *f = b->f;

	for (size_t i = 0; f->have_caps && i < ARRAY_SIZE(caps); i++)
		if (f->cap_eff >> caps[i].bit & 1)
			mm->caps |= caps[i].cap;
	known_mm(b, VMA_MM_FIELD_CAPS, f->have_caps ? HOW_EXACT : HOW_UNKNOWN);
	if (f->have_limits)
		memcpy(mm->rlimit, f->rlimit, sizeof(mm->rlimit));
	known_mm(b, VMA_MM_FIELD_RLIMITS, f->have_limits ? HOW_EXACT : HOW_UNKNOWN);
	if (f->have_status & 1U << VMA_ST_UID)
		mm->uid = (u32)f->status[VMA_ST_UID];
	mm->personality = f->personality;
	if (f->have_status & 1U << VMA_ST_THP_ENABLED)
		mm->thp_disable = !f->status[VMA_ST_THP_ENABLED] &&
				  vma_world_system(b->w)->thp_built_in;
}

void build_mm(struct build *b)
{
	build_rights(b); /* first: mmap_base looks at the stack limit */
	build_counters(b);
	build_addresses(b);
	build_brk(b);
	build_bases(b);
	build_def_flags(b);
}
