// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "read/system.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGEMAP_SOFT_DIRTY (1ULL << 55)

static bool pagemap_entry(const void *page, u64 *entry)
{
	AUTO(undo_close) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && pread(fd, entry, sizeof(*entry),
				(off_t)((uintptr_t)page / VMA_PAGE_SIZE * sizeof(*entry))) ==
				  (ssize_t)sizeof(*entry);
}

void system_probe(struct vma_facts *f)
{
	u64 entry;
	volatile char *page = mmap(NULL, VMA_PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	*page = 1; /* a page that was just written is soft-dirty wherever that is tracked */
	if (pagemap_entry((const void *)page, &entry)) {
		f->system.soft_dirty = entry & PAGEMAP_SOFT_DIRTY;
		f->have_sysctl |= VMA_SYS_SOFT_DIRTY;
	}
	f->system.anon_vma_names = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, VMA_PAGE_SIZE,
					 "vmactl") == 0;
	f->have_sysctl |= VMA_SYS_ANON_NAMES;
	munmap((void *)page, VMA_PAGE_SIZE);
}
