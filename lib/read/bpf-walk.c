// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the small BPF program says, record by record. Knows nothing of libbpf and is always built. */
#include "read/bpf-walk.h"

#include <errno.h>
#include <unistd.h>

#include "read/bpf/record.h"

/* The kernel hands out 32 KiB at a time, for which it holds mmap_lock. */
#define WINDOW (32 * 1024 / sizeof(struct bpf_rec_walk))

struct stream {
	vma_bpf_fn *fn;
	void *ctx;
	struct vma_fact_bpf vma;
	u64 nr;
	u32 map_count, mm_seq; /* of the first record */
	bool ended, changed;
};

/*
 * Between two buffers the kernel lets go of mmap_lock and looks for its place again: what it sends
 * may overlap what it sent, and then something was changed.
 */
static int give(struct stream *s, const struct bpf_rec_walk *r)
{
	u64 last = s->vma.end;

	s->ended = !r->end;
	if (s->ended)
		return 0;
	if (!s->nr) {
		s->map_count = r->map_count;
		s->mm_seq = r->mm_seq;
	}
	s->changed |= r->map_count != s->map_count || r->mm_seq != s->mm_seq;
	if (r->start < last) {
		s->changed |= r->end > last;
		return 0;
	}
	s->nr++;
	s->vma.start = r->start;
	s->vma.end = r->end;
	s->vma.vm_flags = r->vm_flags;
	s->vma.vm_pgoff = r->vm_pgoff;
	s->vma.anon_vma = r->anon_vma;
	s->vma.vm_file = r->vm_file;
	return s->fn(s->ctx, &s->vma);
}

static int read_all(int fd, struct stream *s)
{
	struct bpf_rec_walk record[WINDOW];
	int rc = 0;

	while (!s->ended && !rc) {
		ssize_t n = read(fd, record, sizeof(record));

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) /* EAGAIN: a million skipped */
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if ((size_t)n % sizeof(*record))
			return -EBADMSG;
		for (size_t i = 0; i < (size_t)n / sizeof(*record) && !s->ended && !rc; i++)
			rc = give(s, &record[i]);
	}
	return rc;
}

int bpf_walk_each(int fd, vma_bpf_fn *fn, void *ctx, bool *changed)
{
	struct stream s = { .fn = fn, .ctx = ctx };

	s.vma.ops = s.vma.fault = "";
	int rc = read_all(fd, &s);
	*changed = s.changed || (!rc && s.nr && s.map_count != s.nr);
	return rc;
}
