/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stacks of threads: where they are, how deep they went, and who is on them. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "attrib/attrib.h"
#include "base/cleanup.h"
#include "base/range.h"

#define STACK_GUARD_GAP (256 * VMA_PAGE_SIZE)
#define MAX_SCAN (1ULL << 30) /* of page states; nobody's stack is larger */

static void undo_stacks(struct vma_stacks **s)
{
	vma_stacks_free(*s);
}

/* ---------------------------------------------------------------- bytes for the unwinder */

static int object_fd(struct vma_attrib *a, size_t i)
{
	if (!a->fds)
		a->fds = calloc(a->nr_objects + 1, sizeof(*a->fds));
	if (!a->fds)
		return -1;
	if (!a->fds[i]) {
		int fd = vma_object_open(a, &a->objects[i]);
		a->fds[i] = fd < 0 ? 1 : fd + 2;
	}
	return a->fds[i] - 2;
}

s64 attrib_read(struct vma_attrib *a, u64 addr, void *buf, size_t len)
{
	s64 i = vma_attrib_map_at(a, addr);
	const struct vma_fact_map *m = i < 0 ? NULL : &a->facts->maps[i];
	const struct vma_place *p = i < 0 ? NULL : &a->places[i];

	if (m && p->object >= 0 && p->segment >= 0 && *m->path == '/' && !p->relro &&
	    !(a->objects[p->object].elf.segments[p->segment].flags & PF_W) &&
	    len <= m->end - addr) {
		int fd = object_fd(a, (size_t)p->object);
		if (fd >= 0) {
			struct vma_bytes src = vma_bytes_fd(fd);
			return src.read(src.ctx, m->offset + (addr - m->start), buf, len);
		}
	}
	return a->memory ? vma_memory_read(a->memory, addr, buf, len) : 0;
}

static s64 read_for_unwind(void *ctx, u64 addr, void *buf, size_t len)
{
	s64 got = attrib_read(ctx, addr, buf, len);

	/* The last page of a file is shorter than a page: in memory zeros follow. */
	if (got > 0 && (size_t)got < len) {
		memset((char *)buf + got, 0, len - (size_t)got);
		got = (s64)len;
	}
	return got;
}

static bool frame_table(void *ctx, u64 ip, struct vma_frame_table *out)
{
	const struct vma_attrib *a = ctx;
	s64 i = vma_attrib_map_at(a, ip);

	if (i < 0 || a->places[i].segment < 0)
		return false;
	const struct vma_object *o = &a->objects[a->places[i].object];
	*out = (struct vma_frame_table){ .start = o->bias + o->elf.min_vaddr,
					 .end = o->bias + o->elf.max_vaddr };
	for (u32 k = 0; k < o->elf.nr_segments; k++) {
		const struct vma_segment *s = &o->elf.segments[k];
		if (s->type == PT_GNU_EH_FRAME) {
			out->hdr = o->bias + s->vaddr;
			out->hdr_len = s->memsz;
		}
	}
	for (u32 k = 0; k < o->elf.nr_sections && !out->hdr_len; k++) {
		const struct vma_section *s = &o->elf.sections[k];
		if (s->flags & SHF_ALLOC && !strcmp(s->name, ".eh_frame")) {
			out->frame = o->bias + s->addr;
			out->frame_len = s->size;
		}
	}
	return out->hdr_len || out->frame_len;
}

static bool is_code(void *ctx, u64 ip)
{
	const struct vma_attrib *a = ctx;
	s64 i = vma_attrib_map_at(a, ip);

	return i >= 0 && (a->facts->maps[i].perms[2] == 'x' || a->facts->maps[i].perms[2] == '?');
}

/* ---------------------------------------------------------------- measures */

/* From the bottom up: guard pages, then the first page that is or was there. */
static void scan_pages(const struct vma_attrib *a, struct vma_stack *s)
{
	const struct vma_fact_map *m = &a->facts->maps[s->map];
	u64 entries[512], guard = 0;
	u64 sp_page = page_down(s->thread.regs[VMA_REG_SP]);

	if (a->pagemap < 0 || m->end - m->start > MAX_SCAN)
		return;
	for (u64 at = m->start; at < m->end && !s->deepest;) {
		size_t n = (size_t)min_u64((m->end - at) >> VMA_PAGE_SHIFT, 512);
		if (pread(a->pagemap, entries, n * 8, (off_t)((at >> VMA_PAGE_SHIFT) * 8)) !=
		    (ssize_t)(n * 8))
			return;
		for (size_t k = 0; k < n && !s->deepest; k++, at += VMA_PAGE_SIZE) {
			if (entries[k] >> 62)
				s->deepest = at;
			else if (entries[k] >> 58 & 1 && at < sp_page)
				guard += VMA_PAGE_SIZE;
		}
	}
	if (guard && !s->guard) {
		s->guard = guard;
		s->guard_kind = "guard pages";
	}
}

static void measure(const struct vma_attrib *a, struct vma_stack *s)
{
	s->map = s->thread.has_regs ? vma_attrib_map_at(a, s->thread.regs[VMA_REG_SP]) : -1;
	if (s->map < 0)
		return;
	const struct vma_fact_map *m = &a->facts->maps[s->map];
	s->used = m->end - s->thread.regs[VMA_REG_SP];
	s->guard_kind = "none";
	if (a->places[s->map].category == VMA_CAT_STACK) {
		s->guard = STACK_GUARD_GAP;
		s->guard_kind = "gap";
	} else if (s->map > 0 && m[-1].end == m->start && map_is(&m[-1], "---")) {
		s->guard = m[-1].end - m[-1].start;
		s->guard_kind = "mapping";
	} else if (s->map > 0 && m[-1].end == m->start && m[-1].perms[0] == '?') {
		s->guard_kind = NULL; /* a core that does not say what lies below */
	}
	scan_pages(a, s);
}

static int unwind(struct vma_attrib *a, struct vma_stack *s, size_t max)
{
	struct vma_unwinder u = { .ctx = a, .read = read_for_unwind, .table = frame_table,
				  .is_code = is_code };
	AUTO(undo_free) struct vma_frame *all = calloc(max, sizeof(*all));

	if (!all)
		return -ENOMEM;
	s->nr_frames = vma_unwind(&u, &s->thread, all, max);
	s->cut = s->nr_frames == max;
	s->frames = calloc(s->nr_frames + 1, sizeof(*s->frames));
	if (!s->frames)
		return -ENOMEM;
	memcpy(s->frames, all, s->nr_frames * sizeof(*all));
	return 0;
}

int vma_stacks_new(struct vma_attrib *a, size_t max_frames, struct vma_stacks **out,
		   struct vma_err *err)
{
	AUTO(undo_stacks) struct vma_stacks *all = calloc(1, sizeof(*all));
	struct vma_thread *threads;
	size_t nr;

	if (!all)
		return vma_fail(err, ENOMEM, "out of memory");
	int rc = vma_threads_catch(a->facts, a->memory, &threads, &nr, err);
	if (rc)
		return rc;
	all->stack = calloc(nr + 1, sizeof(*all->stack));
	for (size_t i = 0; all->stack && i < nr && !rc; i++) {
		struct vma_stack *s = &all->stack[all->nr++];
		s->thread = threads[i];
		measure(a, s);
		if (max_frames && s->thread.has_regs)
			rc = unwind(a, s, max_frames);
		s->thread.stack = NULL;
		s->thread.stack_len = 0;
		all->stopped_ns += s->thread.stopped_ns;
		all->longest_ns = max_u64(all->longest_ns, s->thread.stopped_ns);
	}
	vma_threads_free(threads, nr);
	if (!all->stack || rc)
		return vma_fail(err, ENOMEM, "out of memory");
	*out = TAKE(all);
	return 0;
}

void vma_stacks_free(struct vma_stacks *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr; i++)
		free(s->stack[i].frames);
	free(s->stack);
	free(s);
}
