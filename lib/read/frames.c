// SPDX-License-Identifier: LGPL-2.1-or-later
/* Page frames: which physical page is where, and how often it is mapped (rules T13, T16). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "read/source.h"

#define ENTRY_PFN ((1ULL << 55) - 1)
#define ENTRY_FILE (1ULL << 61)
#define ENTRY_PRESENT (1ULL << 63)
#define WINDOW 4096 /* pages read at once */

/* Bits of kpageflags. */
#define FLAG_KSM (1ULL << 21)
#define FLAG_THP (1ULL << 22)
#define FLAG_ZERO_PAGE (1ULL << 24)

struct frames {
	int pagemap, counts, flags; /* descriptors; -1: not permitted */
	vma_pfn_fn *fn;
	void *ctx;
	bool hidden; /* a page is present, but its number is not shown */
	u64 entry[WINDOW];
	u64 count[WINDOW];
	u64 flag[WINDOW];
};

static void undo_frames(struct frames **fr)
{
	if (*fr) {
		undo_close(&(*fr)->pagemap);
		undo_close(&(*fr)->counts);
		undo_close(&(*fr)->flags);
	}
	free(*fr);
}

static ssize_t read_words(int fd, u64 first, u64 *out, size_t nr)
{
	ssize_t n;

	do
		n = pread(fd, out, nr * 8, (off_t)(first * 8));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n / 8;
}

/* A word for each frame of the window. Frames that follow each other take one read. */
static void ask_frames(struct frames *fr, int fd, u64 *word, size_t nr)
{
	for (size_t i = 0, j; i < nr; i = j) {
		u64 pfn = fr->entry[i] & ENTRY_PFN;

		for (j = i + 1; j < nr && (fr->entry[j] & ENTRY_PFN) == pfn + (j - i) &&
		     fr->entry[j] & ENTRY_PRESENT;)
			j++;
		for (size_t k = i; k < j; k++)
			word[k] = 0;
		if (fr->entry[i] & ENTRY_PRESENT && pfn && fd >= 0)
			read_words(fd, pfn, &word[i], j - i);
	}
}

static int give_window(struct frames *fr, u64 start, size_t nr)
{
	ask_frames(fr, fr->counts, fr->count, nr);
	ask_frames(fr, fr->flags, fr->flag, nr);
	for (size_t i = 0; i < nr; i++) {
		struct vma_pfn f = { .addr = start + i * VMA_PAGE_SIZE,
				       .pfn = fr->entry[i] & ENTRY_PFN,
				       .mapped = (u32)min_u64(fr->count[i], ~0U),
				       .anon = fr->flags >= 0 && !(fr->entry[i] & ENTRY_FILE) &&
					       !(fr->flag[i] & (FLAG_KSM | FLAG_ZERO_PAGE)),
				       .ksm = fr->flag[i] & FLAG_KSM,
				       .thp = fr->flag[i] & FLAG_THP };

		if (!(fr->entry[i] & ENTRY_PRESENT))
			continue;
		if (!f.pfn) {
			fr->hidden = true;
			continue;
		}
		int rc = fr->fn(fr->ctx, &f);
		if (rc)
			return rc;
	}
	return 0;
}

/* *any: the file says something, so there is an address space. */
static int each_page(struct frames *fr, u64 start, u64 end, bool *any, const char *label,
		     struct vma_err *err)
{
	for (u64 at = start; at < end;) {
		ssize_t n = read_words(fr->pagemap, pages(at), fr->entry,
				       min_u64(pages(end - at), WINDOW));

		if (n <= 0)
			return n ? vma_fail(err, (int)-n, "%s/pagemap: %m", label) : 0;
		*any = true;
		int rc = give_window(fr, at, (size_t)n);
		if (rc)
			return rc;
		at += (u64)n * VMA_PAGE_SIZE;
	}
	return 0;
}

static int each_of_source(struct frames *fr, const struct source *s, u64 start, u64 end, bool *any,
			  struct vma_err *err)
{
	undo_close(&fr->pagemap);
	fr->pagemap = source_open_file(s->pid_dir, "pagemap");
	if (fr->pagemap < 0)
		return vma_fail(err, -fr->pagemap, "%s/pagemap: cannot be read: %m", s->label);
	return each_page(fr, start, end, any, s->label, err);
}

int vma_pfns_each(const char *target, const char *procfs, u64 start, u64 end, vma_pfn_fn *fn,
		    void *ctx, struct vma_err *err)
{
	AUTO(undo_frames) struct frames *fr = calloc(1, sizeof(*fr));
	AUTO(undo_source) struct source s = { .pid_dir = -1, .proc_dir = -1, .sys_dir = -1,
					      .top_dir = -1 };
	bool any = false;
	int rc;

	if (!fr)
		return vma_fail(err, ENOMEM, "out of memory");
	fr->pagemap = fr->counts = fr->flags = -1;
	rc = source_open(&s, target, procfs, err);
	if (rc)
		return rc;
	fr->counts = source_open_file(s.proc_dir, "kpagecount");
	fr->flags = source_open_file(s.proc_dir, "kpageflags");
	fr->fn = fn;
	fr->ctx = ctx;
	rc = each_of_source(fr, &s, start, end, &any, err);
	/* Without an address space the file is empty, or cannot be opened. */
	if ((!rc || rc == -ESRCH) && !any && start < end && source_open_other(&s, procfs))
		rc = each_of_source(fr, &s, start, end, &any, err);
	if (rc)
		return rc;
	if (fr->hidden)
		return vma_fail(err, EPERM, "%s/pagemap: frame numbers are not shown (run as root or "
				"with CAP_SYS_ADMIN)", s.label);
	return 0;
}
