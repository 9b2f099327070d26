// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "base/check.h"
#include "rebuild/build.h"

/* THE table of settings: the bit that says a source named it, and where it stands. */
#define SET(bit_, member) \
	{ VMA_SYS_##bit_, offsetof(struct vma_system, member), \
	  sizeof(((struct vma_system *)0)->member) }

static const struct {
	u32 bit;
	size_t offset, size;
} settings[] = {
	SET(MAX_MAP_COUNT, max_map_count),
	SET(OVERCOMMIT_MEMORY, overcommit_memory),
	SET(OVERCOMMIT_RATIO, overcommit_ratio),
	SET(OVERCOMMIT_KBYTES, overcommit_kbytes),
	SET(ADMIN_RESERVE, admin_reserve_kbytes),
	SET(USER_RESERVE, user_reserve_kbytes),
	SET(MMAP_MIN_ADDR, mmap_min_addr),
	SET(USERFAULTFD, unprivileged_userfaultfd),
	SET(TOTALRAM, totalram_pages),
	SET(TOTALSWAP, totalswap_pages),
	SET(COMMITTED, committed_pages),
	SET(HUGETLB, hugetlb_pages),
	SET(HUGETLB, hugetlb_free_pages),
	SET(THP, thp_built_in),
	SET(THP, thp_enabled),
	SET(SHMEM_HUGE, shmem_huge),
	SET(NODES, nr_nodes),
	SET(PKEYS, pkeys),
	SET(IGNORE_RLIMIT_DATA, ignore_rlimit_data),
	SET(GUARD_GAP, stack_guard_gap),
	SET(FAULT_AROUND, fault_around_bytes),
};

/* What no file says shows in the mappings themselves. */
void build_system(struct build *b)
{
	struct vma_system *sys = vma_world_system(b->w);
	const struct vma_facts *f = b->f;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (f->have_sysctl & settings[i].bit)
			memcpy((char *)sys + settings[i].offset,
			       (const char *)&f->system + settings[i].offset, settings[i].size);
	sys->soft_dirty = (f->have_sysctl & VMA_SYS_SOFT_DIRTY) ? f->system.soft_dirty
								: b->any_soft_dirty;
	sys->anon_vma_names = (f->have_sysctl & VMA_SYS_ANON_NAMES) ? f->system.anon_vma_names
								    : b->any_name;
}
