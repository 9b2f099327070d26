// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/range.h"

/* An entry of pagemap (rule T13). */
#define ENTRY_PFN ((1ULL << 55) - 1)
#define ENTRY_SOFT_DIRTY (1ULL << 55)
#define ENTRY_EXCLUSIVE (1ULL << 56)
#define ENTRY_UFFD_WP (1ULL << 57)
#define ENTRY_GUARD (1ULL << 58)
#define ENTRY_FILE (1ULL << 61)
#define ENTRY_SWAP (1ULL << 62)
#define ENTRY_PRESENT (1ULL << 63)

/* PAGEMAP_SCAN of 6.7 (rule T14); the headers we build with may be older. */
struct scan_region {
	u64 start, end, categories;
};

struct scan_arg {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_FILE (1U << 2)
#define SCAN_PRESENT (1U << 3)
#define SCAN_SWAPPED (1U << 4)
#define SCAN_ZERO (1U << 5)
#define SCAN_HUGE (1U << 6)

#define WINDOW_PAGES 8192 /* 64 KiB of entries: 16 MiB buffers are 40 % slower */
#define LOOK_AHEAD 64     /* pages worth reading on, in the hope of the next region */
#define REGIONS 512
#define SCAN_PAGES 16384  /* present pages of one scan: it holds mmap_lock for half a millisecond */
#define HUNT_PAGES 64     /* present pages that are enough to know where to read */
#define HUNT_WINDOW 256   /* pages first read from there; twice as many while they are there */
#define HUNT_GAP 512      /* missing pages after which hunting is cheaper than reading on */

/* A reservation that only its smaps record could tell to be empty. */
#define HUGE_RESERVATION (1ULL << 30)

struct pagemap {
	struct vma_facts *f;
	int fd;
	bool can_scan, soft_dirty;
	bool mixed;             /* what is read next is of mappings that may hold bare frames */
	u64 zero_pfn;           /* 0 unknown */
	u64 window_start;       /* address of entry[0] */
	size_t window_nr;
	u64 bytes, longest;
	u32 reads;
	u64 entry[WINDOW_PAGES];
	struct scan_region region[REGIONS];
};

static void note_call(struct pagemap *pm, u64 began)
{
	pm->longest = max_u64(pm->longest, source_clock() - began);
	pm->reads++;
}

/* Entries from @addr on, at most @want; how many are there: 0 at the end, -errno. */
static ssize_t read_window(struct pagemap *pm, u64 addr, size_t want)
{
	ssize_t n;

	if (want > WINDOW_PAGES)
		want = WINDOW_PAGES;
	u64 began = source_clock();
	do
		n = pread(pm->fd, pm->entry, want * 8, (off_t)(addr >> VMA_PAGE_SHIFT) * 8);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	note_call(pm, began);
	pm->bytes += (u64)n;
	pm->window_start = addr;
	pm->window_nr = (size_t)n / 8;
	return (ssize_t)pm->window_nr;
}

static u32 page_state(const struct pagemap *pm, u64 e, u64 categories)
{
	u32 more = (e & ENTRY_UFFD_WP ? VMA_PAGE_UFFD_WP : 0) |
		   (categories & SCAN_HUGE ? VMA_PAGE_HUGE : 0) |
		   (pm->soft_dirty && e & ENTRY_SOFT_DIRTY ? VMA_PAGE_SOFT_DIRTY : 0);

	if (e & ENTRY_GUARD)
		return VMA_PAGE_GUARD;
	if (e & ENTRY_SWAP)
		return VMA_PAGE_SWAP | more;
	if (!(e & ENTRY_PRESENT))
		return VMA_PAGE_NONE;
	if (e & ENTRY_FILE)
		return VMA_PAGE_FILE | more;
	if ((categories & SCAN_ZERO) || (pm->zero_pfn && (e & ENTRY_PFN) == pm->zero_pfn))
		return VMA_PAGE_ZERO | more;
	if (e & ENTRY_EXCLUSIVE)
		return VMA_PAGE_ANON | more;
	return (pm->mixed ? VMA_PAGE_SPECIAL : VMA_PAGE_ANON_SHARED) | more;
}

/* The bits of an entry that its state depends on, but for the frame of the zero page. */
static u64 state_bits(const struct pagemap *pm)
{
	return ENTRY_GUARD | ENTRY_SWAP | ENTRY_PRESENT | ENTRY_FILE | ENTRY_EXCLUSIVE |
	       ENTRY_UFFD_WP | (pm->soft_dirty ? ENTRY_SOFT_DIRTY : 0);
}

/* How many entries from @i on, before @end, have the state of the first. */
static size_t run_length(const struct pagemap *pm, size_t i, size_t end, u64 categories)
{
	const u64 *e = pm->entry, first = e[i], bits = state_bits(pm);
	/* The zero page looks like a shared anonymous one. */
	bool zeroes = pm->zero_pfn && (first & ENTRY_PRESENT) &&
		      !(first & (ENTRY_FILE | ENTRY_EXCLUSIVE)) && !(categories & SCAN_ZERO);
	size_t at = i + 1;

	if (zeroes) {
		bool zero = (first & ENTRY_PFN) == pm->zero_pfn;

		while (at < end && !((e[at] ^ first) & bits) &&
		       ((e[at] & ENTRY_PFN) == pm->zero_pfn) == zero)
			at++;
		return at - i;
	}
	for (; at + 4 <= end; at += 4)
		if (((e[at] ^ first) | (e[at + 1] ^ first) | (e[at + 2] ^ first) |
		     (e[at + 3] ^ first)) & bits)
			break;
	while (at < end && !((e[at] ^ first) & bits))
		at++;
	return at - i;
}

/* The pages of [start, end) one by one; @limit: how far reading ahead may go. */
static int read_pages(struct pagemap *pm, u64 start, u64 end, u64 limit, u64 categories)
{
	for (u64 addr = start; addr < end;) {
		if (addr < pm->window_start ||
		    addr >= pm->window_start + pm->window_nr * VMA_PAGE_SIZE) {
			u64 want = min_u64(max_u64(pages(end - addr), LOOK_AHEAD),
					   pages(limit - addr));
			ssize_t n = read_window(pm, addr, want);

			if (n <= 0)
				return n ? (int)n : -ESRCH;
		}
		size_t i = pages(addr - pm->window_start);
		size_t stop = (size_t)min_u64(pm->window_nr, pages(end - pm->window_start));
		u32 state = page_state(pm, pm->entry[i], categories);
		u64 from = addr;

		addr += run_length(pm, i, stop, categories) * VMA_PAGE_SIZE;
		if (state != VMA_PAGE_NONE && facts_add_run(pm->f, from, addr, state))
			return -ENOMEM;
	}
	return 0;
}

/* Asks for the regions of [start, end) that hold anything, up to so many pages; -errno, or how many
 * regions. */
static int scan(struct pagemap *pm, u64 start, u64 end, u64 max_pages, u64 *walk_end)
{
	u64 began = source_clock();
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)pm->region,
		.vec_len = REGIONS,
		.max_pages = max_pages,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | SCAN_HUGE,
	};
	int n;

	do
		n = ioctl(pm->fd, SCAN_IOCTL, &arg);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	note_call(pm, began);
	*walk_end = arg.walk_end;
	return n;
}

static int scan_pages(struct pagemap *pm, u64 start, u64 end)
{
	while (start < end) {
		u64 walk_end = end;
		int n = scan(pm, start, end, SCAN_PAGES, &walk_end);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++) {
			const struct scan_region *r = &pm->region[i];
			int rc = read_pages(pm, r->start, r->end, end, r->categories);

			if (rc)
				return rc;
		}
		if (walk_end <= start)
			return -EIO;
		start = walk_end;
	}
	return 0;
}

/*
 * Of a mapping that holds nothing but its own anonymous pages the scan tells all, and it needs not
 * look at each page's users, which is most of what reading pagemap costs.
 */
static int scan_own_pages(struct pagemap *pm, u64 start, u64 end)
{
	while (start < end) {
		u64 walk_end = end;
		int n = scan(pm, start, end, SCAN_PAGES, &walk_end);

		for (int i = 0; i < n; i++) {
			const struct scan_region *r = &pm->region[i];
			u32 state = r->categories & SCAN_ZERO ? VMA_PAGE_ZERO : VMA_PAGE_ANON;
			int rc = r->categories & (SCAN_SWAPPED | SCAN_HUGE)
					 ? read_pages(pm, r->start, r->end, end, r->categories)
					 : facts_add_run(pm->f, r->start, r->end, state);

			if (rc)
				return rc;
		}
		if (n < 0 || walk_end <= start)
			return n < 0 ? n : -EIO;
		start = walk_end;
	}
	return 0;
}

/* Missing pages at the end of the window, up to @end. */
static size_t missing_tail(const struct pagemap *pm, u64 end)
{
	size_t stop = (size_t)min_u64(pm->window_nr, pages(end - pm->window_start)), i = stop;

	while (i && !(pm->entry[i - 1] & (ENTRY_PRESENT | ENTRY_SWAP | ENTRY_GUARD)))
		i--;
	return stop - i;
}

/* Reads on from *addr as long as pages are there; *addr is then where to hunt again. */
static int read_herd(struct pagemap *pm, u64 *addr, u64 end)
{
	for (u64 want = HUNT_WINDOW; *addr < end; want *= 2) {
		u64 stop = *addr + min_u64(min_u64(want, WINDOW_PAGES), pages(end - *addr)) *
					   VMA_PAGE_SIZE;
		int rc = read_pages(pm, *addr, stop, stop, 0);

		if (rc)
			return rc;
		*addr = stop;
		if (missing_tail(pm, stop) >= min_u64(want / 2, HUNT_GAP))
			break;
	}
	return 0;
}

/*
 * Where nothing but the pages' own entries is asked for, scanning only looks for the next few pages;
 * what is there is then visited once.
 */
static int hunt_pages(struct pagemap *pm, u64 start, u64 end)
{
	while (start < end) {
		u64 walk_end = end, last = start;
		int n = scan(pm, start, end, HUNT_PAGES, &walk_end);
		int rc = 0;

		if (n < 0)
			return n;
		for (int i = 0; i < n && !rc; i++) {
			last = pm->region[i].end;
			rc = read_pages(pm, pm->region[i].start, last, end, 0);
		}
		if (walk_end <= start)
			return rc ? rc : -EIO;
		start = walk_end;
		if (!rc && n && last == walk_end)
			rc = read_herd(pm, &start, end);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- which way for which mapping */

enum way { SKIP, HIDDEN, READ, SCAN, SCAN_OWN, HUNT, EITHER };

/* Mappings up to this size go along with their neighbours: a call costs more than their pages. */
#define SMALL (64 * VMA_PAGE_SIZE)

bool pagemap_is_hidden(const struct vma_fact_map *m)
{
	return m->has_flags ? m->flags & VM_PFNMAP : !strncmp(m->path, "[vvar", 5);
}

bool pagemap_is_mixed(const struct vma_fact_map *m)
{
	return m->has_flags && m->flags & VM_MIXEDMAP &&
	       (m->flags & (VM_SHARED | VM_MAYWRITE)) != VM_MAYWRITE;
}

static bool has_huge(const struct vma_fact_map *m)
{
	return m->kb[VMA_SMAPS_ANONHUGEPAGES] || m->kb[VMA_SMAPS_SHMEMPMDMAPPED] ||
	       m->kb[VMA_SMAPS_FILEPMDMAPPED];
}

/* Are all its pages anonymous, present or swapped out, and mapped by nobody else? */
static bool has_only_own(const struct pagemap *pm, const struct vma_fact_map *m)
{
	return m->kb[VMA_SMAPS_RSS] && m->kb[VMA_SMAPS_RSS] == m->kb[VMA_SMAPS_ANONYMOUS] &&
	       m->have & 1U << VMA_SMAPS_SHARED_CLEAN && m->have & 1U << VMA_SMAPS_SHARED_DIRTY &&
	       !m->kb[VMA_SMAPS_SHARED_CLEAN] && !m->kb[VMA_SMAPS_SHARED_DIRTY] &&
	       m->has_flags && !(m->flags & (VM_UFFD_WP | VM_SPECIAL)) && !pm->soft_dirty;
}

/*
 * Scanning finds the few pages of a sparse mapping 27 times cheaper and knows the zero page and
 * huge pages; on dense memory, where nothing of that matters, it is dearer than reading. Where
 * nothing of that matters and memory is sparse, it only looks where to read.
 */
static enum way choose_way(const struct pagemap *pm, const struct vma_fact_map *m)
{
	bool counted = m->have & 1U << VMA_SMAPS_RSS;
	u64 size_kb = (m->end - m->start) / 1024;
	u64 kb = m->kb[VMA_SMAPS_RSS] + m->kb[VMA_SMAPS_SWAP];

	if (m->gate)
		return SKIP;
	if (pagemap_is_hidden(m))
		return HIDDEN;
	if (pagemap_is_mixed(m)) /* smaps counts no frames */
		return READ;
	if (pm->can_scan) {
		if (!counted || has_huge(m))
			return SCAN;
		if (m->end - m->start > SMALL && has_only_own(pm, m))
			return SCAN_OWN;
		if (!pm->zero_pfn)
			return SCAN;
		if (m->end - m->start <= SMALL)
			return EITHER;
		return kb * 4 >= size_kb ? READ : HUNT;
	}
	/* Kernels that cannot scan have no guard pages either: nothing counted, nothing there. */
	if (counted)
		return kb ? READ : SKIP;
	if (!memcmp(m->perms, "---p", 4) && m->end - m->start >= HUGE_RESERVATION)
		return SKIP;
	return READ;
}

static int read_span(struct pagemap *pm, enum way way, u64 start, u64 end)
{
	pm->window_nr = 0; /* what was read ahead may be old by now */
	switch (way) {
	case READ:
		return read_pages(pm, start, end, end, 0);
	case SCAN:
		return scan_pages(pm, start, end);
	case SCAN_OWN:
		return scan_own_pages(pm, start, end);
	case HUNT:
		return hunt_pages(pm, start, end);
	case HIDDEN: /* some of it, or all */
		return facts_add_run(pm->f, start, end, VMA_PAGE_SPECIAL);
	case SKIP:
	case EITHER:
		break;
	}
	return 0;
}

static bool takes_along(enum way way)
{
	return way != SKIP && way != HIDDEN && way != SCAN_OWN;
}

/* Adjacent mappings that go the same way are read in one go. */
static int read_maps(struct pagemap *pm)
{
	const struct vma_facts *f = pm->f;
	int rc = 0;

	for (size_t i = 0, next; i < f->nr_maps && !rc; i = next) {
		enum way way = choose_way(pm, &f->maps[i]);

		pm->mixed = pagemap_is_mixed(&f->maps[i]);
		for (next = i + 1; next < f->nr_maps; next++) {
			if (f->maps[next].start != f->maps[next - 1].end ||
			    pagemap_is_mixed(&f->maps[next]) != pm->mixed)
				break;
			enum way other = choose_way(pm, &f->maps[next]);
			if (way == EITHER && takes_along(other))
				way = other;
			else if (other != way && (other != EITHER || !takes_along(way)))
				break;
		}
		rc = read_span(pm, way == EITHER ? READ : way, f->maps[i].start, f->maps[next - 1].end);
	}
	return rc;
}

/* ---------------------------------------------------------------- what this kernel can do */

/* Who may see frame numbers learns the zero page's from a page of ours that was only read. */
static u64 find_zero_pfn(void)
{
	AUTO(undo_close) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char *page;
	u64 e = 0;

	if (fd < 0)
		return 0;
	page = mmap(NULL, VMA_PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 0;
	(void)*page;
	if (pread(fd, &e, sizeof(e), (off_t)((uintptr_t)page / VMA_PAGE_SIZE * sizeof(e))) !=
	    (ssize_t)sizeof(e))
		e = 0;
	munmap((void *)page, VMA_PAGE_SIZE);
	return e & ENTRY_PRESENT ? e & ENTRY_PFN : 0;
}

static bool can_scan(struct pagemap *pm)
{
	u64 walk_end;

	return scan(pm, 0, VMA_PAGE_SIZE, 1, &walk_end) >= 0;
}

int pagemap_read(const struct source *s, struct vma_facts *f)
{
	AUTO(undo_close) int fd = source_open_file(s->pid_dir, "pagemap");
	AUTO(undo_free) struct pagemap *pm = calloc(1, sizeof(*pm));
	u64 began = source_clock();

	if (!pm)
		return -ENOMEM;
	if (fd < 0)
		return facts_missing(f, "pagemap", -fd, source_remedy(-fd));
	pm->f = f;
	pm->fd = fd;
	pm->can_scan = s->live && can_scan(pm);
	pm->zero_pfn = s->live ? find_zero_pfn() : 0;
	pm->soft_dirty = f->levels & VMA_READ_SOFT_DIRTY;
	f->nr_runs = 0;
	int rc = read_maps(pm);
	if (!rc || rc == -ENOMEM)
		return rc ? rc : facts_cost(f, "pagemap", pm->bytes, pm->reads,
					    source_clock() - began, pm->longest);
	f->changed = f->changed || rc == -ESRCH;
	return facts_missing(f, "pagemap", -rc, source_remedy(-rc));
}
