/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Code in memory against code in the file. Only pages that are no longer the file's own (a private
 * copy was made) can differ, so only those are read.
 */
#include <string.h>

#include "attrib/audit.h"
#include "base/cleanup.h"
#include "base/range.h"

#define MAX_COPIES 16384 /* pages compared in one mapping */
#define PM_PRESENT (1ULL << 63)
#define PM_SWAP (1ULL << 62)
#define PM_FILE (1ULL << 61)

/* What comparing one mapping gave. */
struct compared {
	u64 copies, differing, first; /* pages; first: address of the first byte that differs */
	bool known;
};

static bool is_code(const struct audit *x, size_t i, const struct vma_fact_map *m)
{
	return m->perms[2] == 'x' && *m->path == '/' && m->perms[3] != 's' &&
	       x->a->places[i].segment >= 0;
}

static bool compare_page(const struct audit *x, int fd, const struct vma_fact_map *m, u64 at,
			 struct compared *c)
{
	char mem[VMA_PAGE_SIZE], file[VMA_PAGE_SIZE] = "";
	struct vma_bytes src = vma_bytes_fd(fd);

	if (vma_memory_read(x->a->memory, at, mem, sizeof(mem)) != (s64)sizeof(mem) ||
	    src.read(src.ctx, m->offset + (at - m->start), file, sizeof(file)) < 0)
		return false;
	if (!memcmp(mem, file, sizeof(mem)))
		return true;
	for (size_t k = 0; !c->differing; k++) {
		if (mem[k] != file[k]) {
			c->first = at + k;
			break;
		}
	}
	c->differing++;
	return true;
}

static void compare_map(const struct audit *x, int fd, const struct vma_fact_map *m,
			struct compared *c)
{
	u64 entries[512];

	for (u64 at = m->start; at < m->end;) {
		size_t n = (size_t)min_u64((m->end - at) >> VMA_PAGE_SHIFT, 512);
		if (pread(x->a->pagemap, entries, n * 8, (off_t)((at >> VMA_PAGE_SHIFT) * 8)) !=
		    (ssize_t)(n * 8))
			return;
		for (size_t k = 0; k < n; k++, at += VMA_PAGE_SIZE) {
			if (!(entries[k] & (PM_PRESENT | PM_SWAP)) || entries[k] & PM_FILE)
				continue;
			if (c->copies++ < MAX_COPIES && !compare_page(x, fd, m, at, c))
				return;
		}
	}
	c->known = true;
}

/* A core holds a file's page when it was copied, or when its filter asked for file pages. */
static void compare_core(const struct audit *x, int fd, const struct vma_fact_map *m,
			 struct compared *c)
{
	u64 end = m->start + min_u64(m->held, (u64)MAX_COPIES << VMA_PAGE_SHIFT);

	for (u64 at = m->start; at < end; at += VMA_PAGE_SIZE)
		if (!compare_page(x, fd, m, at, c))
			return;
	c->known = true;
}

static struct compared compare(const struct audit *x, size_t i, const struct vma_fact_map *m)
{
	struct compared c = { .known = false };
	const struct vma_object *o = &x->a->objects[x->a->places[i].object];
	AUTO(undo_close) int fd = -1;

	/* Nothing was copied: nothing to open. */
	if (m->have & 1u << VMA_SMAPS_ANONYMOUS && !m->kb[VMA_SMAPS_ANONYMOUS] &&
	    !m->kb[VMA_SMAPS_SWAP])
		return c;
	if (!x->a->memory || (x->a->pagemap < 0 && !x->a->facts->is_core) ||
	    o->from == VMA_FROM_PATH_UNCHECKED)
		return c;
	fd = vma_object_open(x->a, o);
	if (fd < 0)
		return c;
	if (x->a->facts->is_core)
		compare_core(x, fd, m, &c);
	else
		compare_map(x, fd, m, &c);
	return c;
}

void audit_text_differs(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	if (!is_code(x, i, m))
		return;
	struct compared c = compare(x, i, m);
	if (c.differing)
		audit_map(x, i, "%llu page%s differ from the file, the first byte at 0x%llx",
			  (unsigned long long)c.differing, c.differing == 1 ? "" : "s",
			  (unsigned long long)c.first);
}

void audit_text_dirty(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	if (!is_code(x, i, m) || !(m->have & 1u << VMA_SMAPS_ANONYMOUS) ||
	    !m->kb[VMA_SMAPS_ANONYMOUS])
		return;
	struct compared c = compare(x, i, m);
	if (!c.differing)
		audit_map(x, i, "%llu KiB of private copies%s",
			  (unsigned long long)m->kb[VMA_SMAPS_ANONYMOUS],
			  c.known ? ", equal to the file" : "");
}
