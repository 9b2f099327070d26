// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the objects behind mappings hold: who maps one next finds it there, and its neighbours. */
#include <string.h>

#include "engine/engine.h"

/* tmpfs files come with their contents; memfd and the kernel's own objects start empty. */
static bool starts_empty(const struct vma_file *f)
{
	return f->internal || !strncmp(f->path, "/memfd:", 7);
}

u64 object_end(const struct op *o, const struct vma *vma)
{
	const struct vma_file *f = vma_file_at(o->w, vma->file);
	u64 size_pages;

	if (!f || vma_is_anonymous(o->w, vma) ||
	    (f->kind != VMA_KIND_REGULAR && f->kind != VMA_KIND_SHMEM && f->kind != VMA_KIND_SYSV &&
	     f->kind != VMA_KIND_SECRET))
		return vma->vm_end;
	if (f->size == ~0ULL)
		return vma->vm_end; /* nobody told us the size */
	size_pages = pages(page_up(f->size));
	if (size_pages <= vma->vm_pgoff)
		return vma->vm_start;
	return min_u64(vma->vm_end, vma->vm_start + ((size_pages - vma->vm_pgoff) << VMA_PAGE_SHIFT));
}

bool object_holds(const struct op *o, const struct vma *vma, u64 addr, u64 *stop)
{
	const struct vma_file *f = world_file(o->w, vma->file);
	bool empty, listed;
	u64 key, edge;
	struct tree_pos pos;

	if (!vma_maps_shmem(o->w, vma))
		return true;
	empty = starts_empty(f);
	key = object_key(f, vma->vm_pgoff + pages(addr - vma->vm_start));
	if (!tree_seek(&o->w->object_pages, key, &pos))
		return !empty;
	listed = tree_start(&o->w->object_pages, pos) <= key;
	edge = listed ? tree_end(&o->w->object_pages, pos) : tree_start(&o->w->object_pages, pos);
	*stop = min_u64(*stop, addr + ((edge - key) << VMA_PAGE_SHIFT));
	return listed == empty;
}

void object_fill(struct op *o, const struct vma *vma, u64 start, u64 end, bool present)
{
	const struct vma_file *f;
	u64 key, nr = pages(end - start);

	if (start >= end || !vma_maps_shmem(o->w, vma))
		return;
	f = world_file(o->w, vma->file);
	key = object_key(f, vma->vm_pgoff + pages(start - vma->vm_start));
	world_set_object(o->w, key, key + nr, starts_empty(f) == present);
}

/* ---------------------------------------------------------------- fault-around (PF3) */

bool faults_around(const struct op *o, const struct vma *vma)
{
	const struct vma_ops *ops = vma_ops_of(o->w, vma);

	return ops && ops->map_pages && !(vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR)) &&
	       o->w->sys.fault_around_bytes > VMA_PAGE_SIZE;
}

static u64 window_start(const struct op *o, const struct vma *vma, u64 addr)
{
	return max_u64(round_down_to(addr, o->w->sys.fault_around_bytes), vma->vm_start);
}

/* A window that the mapping cuts off below reaches as much further up; the page table ends it. */
static u64 window_end(const struct op *o, const struct vma *vma, u64 addr)
{
	u64 end = window_start(o, vma, addr) + o->w->sys.fault_around_bytes;

	return min_u64(end, round_down_to(addr, VMA_PMD_SIZE) + VMA_PMD_SIZE);
}

/* filemap_map_pages(): what is in the object comes into the entries that are empty. */
static void map_pages(struct op *o, const struct vma *vma, u64 at, u64 start, u64 end)
{
	const u32 state = filled_state(o, vma, VMA_PAGE_NONE, false);
	u64 first = end, past = end;

	while (start < end) {
		struct vma_page_run run = { end, end, VMA_PAGE_NONE };
		u64 stop;

		vma_pages_run(o->mm, start, &run);
		if (run.start <= start) {
			start = run.end;
			continue;
		}
		stop = min_u64(end, run.start);
		if (object_holds(o, vma, start, &stop)) {
			vma_pages_set(o->mm, start, stop, state);
			first = min_u64(first, start);
			past = stop;
		}
		start = stop;
	}
	if (first < end)
		EMIT(o, .kind = VMA_EV_FAULT, .rule = "PF3", .at = at, .start = first, .end = past,
		     .value = state);
}

void fault_around(struct op *o, const struct vma *vma, u64 first, u64 last, u64 eof)
{
	map_pages(o, vma, first, window_start(o, vma, first),
		  min_u64(window_end(o, vma, last), eof));
}

bool fault_in_object(struct op *o, const struct vma *vma, u64 start, u64 eof, u64 *stop)
{
	u64 first_end = window_end(o, vma, start), last = start;
	bool held = false;

	if (start < eof) {
		*stop = min_u64(*stop, eof);
		held = object_holds(o, vma, start, stop);
		/* One fault after the other, each at the first page that the last left out. */
		if (held && *stop > first_end)
			last = *stop - VMA_PAGE_SIZE;
	}
	fault_around(o, vma, start, last, eof);
	return held;
}
