// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/check.h"
#include "rebuild/build.h"

/*
 * THE table of how a field may be known. The percentages of the rules I4-I9 were measured against
 * the kernel's own values; the others are estimates.
 */
static const struct vma_provenance rows[HOW_NR] = {
	[HOW_UNKNOWN] = { VMA_UNKNOWN, 0, "" },
	[HOW_EXACT] = { VMA_EXACT, 100, "" },
	[HOW_PERMS] = { VMA_INFERRED, 50, "I1" },
	[HOW_PROT] = { VMA_DERIVED, 100, "T1" },
	[HOW_PROT_NOTIFY] = { VMA_INFERRED, 90, "T4" },
	[HOW_SPECIAL] = { VMA_DERIVED, 100, "I3" },
	[HOW_STACK] = { VMA_INFERRED, 99, "I4" },
	[HOW_ADDRESS] = { VMA_INFERRED, 99, "I5" },
	[HOW_ADDRESS_MOVABLE] = { VMA_INFERRED, 98, "I5" },
	[HOW_ODD_ADDRESS] = { VMA_INFERRED, 50, "I5" },
	[HOW_FILE] = { VMA_INFERRED, 90, "G1.3" },
	[HOW_FILE_SPLIT] = { VMA_INFERRED, 80, "G1.3" },
	[HOW_KIND] = { VMA_DERIVED, 100, "O3" },
	[HOW_KIND_GUESS] = { VMA_INFERRED, 70, "O3" },
	[HOW_ANON] = { VMA_DERIVED, 100, "O3" },
	[HOW_POLICY_DEFAULT] = { VMA_INFERRED, 98, "T12" },
	[HOW_UFFD] = { VMA_INFERRED, 90, "I1" },
	[HOW_HIDDEN_NAME] = { VMA_INFERRED, 95, "T3" },
	[HOW_SHARED] = { VMA_DERIVED, 100, "A1" },
	[HOW_PAGES] = { VMA_DERIVED, 100, "I6" },
	[HOW_NO_PAGES] = { VMA_INFERRED, 96, "I6" },
	[HOW_SPLIT_OFF] = { VMA_INFERRED, 85, "I6" },
	[HOW_CUT_AFTER] = { VMA_INFERRED, 85, "I6" },
	[HOW_KEPT_CHARGE] = { VMA_INFERRED, 95, "P8" },
	[HOW_SHARING] = { VMA_INFERRED, 99, "I7" },
	[HOW_SHARING_FORK] = { VMA_INFERRED, 98, "I7" },
	[HOW_EXECED] = { VMA_DERIVED, 100, "A9" },
	[HOW_PERHAPS_EXECED] = { VMA_INFERRED, 90, "I7" },
	[HOW_BELOW_OLD] = { VMA_INFERRED, 99, "A9" },
	[HOW_BELOW_FILE] = { VMA_INFERRED, 95, "A9" },
	[HOW_BELOW_SHARED] = { VMA_INFERRED, 98, "A9" },
	[HOW_FORKS] = { VMA_INFERRED, 97, "A9" },
	[HOW_FORKS_DAEMON] = { VMA_INFERRED, 90, "A9" },
	[HOW_STATUS] = { VMA_EXACT, 100, "" },
	[HOW_HEAP_END] = { VMA_INFERRED, 90, "B11" },
	[HOW_NO_HEAP] = { VMA_DERIVED, 100, "B11" },
	[HOW_MMAP_BASE] = { VMA_INFERRED, 95, "I9" },
	[HOW_MMAP_TOP] = { VMA_INFERRED, 5, "A7" },
	[HOW_DEF_FLAGS] = { VMA_INFERRED, 95, "I10" },
	[HOW_DEF_LOCKED] = { VMA_INFERRED, 70, "I10" },
};

static const char *const known_names[] = { "unknown", "inferred", "derived", "exact" };

static const char *const field_names[VMA_FIELD_NR] = {
	"range", "flags", "page_prot", "pgoff", "file", "ops", "policy", "uffd", "name",
	"anon_vma", "chain", "sharing", "root",
};

static const char *const mm_field_names[VMA_MM_FIELD_NR] = {
	"counters", "code", "brk", "stack", "args", "mmap_base", "def_flags", "rlimits", "caps",
};

const char *vma_known_name(enum vma_known known)
{
	return (size_t)known < ARRAY_SIZE(known_names) ? known_names[known] : "";
}

const char *vma_field_name(enum vma_field field)
{
	return (size_t)field < ARRAY_SIZE(field_names) ? field_names[field] : "";
}

const char *vma_mm_field_name(enum vma_mm_field field)
{
	return (size_t)field < ARRAY_SIZE(mm_field_names) ? mm_field_names[field] : "";
}

struct vma_provenance known_row(enum how how)
{
	return rows[how];
}

/* The map a VMA came from, by number; -1 for one that an operation made. */
static s64 map_index(const struct vma_model *m, const struct vma *vma)
{
	if (vma->mm != m->mm->id || vma->id >= m->nr_map_of || !m->map_of[vma->id])
		return -1;
	size_t map = m->map_of[vma->id] - 1;
	/* Ids are used again: an overlap tells a VMA that was changed from one that is new. */
	const struct vma_was *was = &m->was[map];
	return vma->vm_start < was->vm_end && vma->vm_end > was->vm_start ? (s64)map : -1;
}

const struct vma_fact_map *vma_model_map(const struct vma_model *m, const struct vma *vma)
{
	s64 map = map_index(m, vma);

	return map < 0 ? NULL : &m->facts->maps[map];
}

static bool still_same(const struct vma_was *a, const struct vma *b, enum vma_field field)
{
	switch (field) {
	case VMA_FIELD_RANGE:
		return a->vm_start == b->vm_start && a->vm_end == b->vm_end;
	case VMA_FIELD_FLAGS:
	case VMA_FIELD_PAGE_PROT:
		return a->vm_flags == b->vm_flags;
	case VMA_FIELD_PGOFF: /* a piece that was cut off keeps its line */
		return a->vm_pgoff - (a->vm_start >> VMA_PAGE_SHIFT) ==
		       b->vm_pgoff - (b->vm_start >> VMA_PAGE_SHIFT);
	case VMA_FIELD_FILE:
	case VMA_FIELD_OPS:
		return a->file == b->file;
	case VMA_FIELD_POLICY:
		return a->policy == b->policy;
	case VMA_FIELD_UFFD:
		return a->uffd == b->uffd;
	case VMA_FIELD_NAME:
		return a->name == b->name;
	case VMA_FIELD_ANON_VMA:
	case VMA_FIELD_CHAIN:
	case VMA_FIELD_SHARING:
	case VMA_FIELD_ROOT:
		return a->anon_vma == b->anon_vma;
	case VMA_FIELD_NR:
		break;
	}
	return false;
}

struct vma_provenance vma_model_known(const struct vma_model *m, const struct vma *vma,
				      enum vma_field field)
{
	s64 map = map_index(m, vma);

	if (map < 0 || !still_same(&m->was[map], vma, field))
		return (struct vma_provenance){ VMA_DERIVED, 100, "simulated" };
	return known_row((enum how)m->fields[(size_t)map * VMA_FIELD_NR + field]);
}
