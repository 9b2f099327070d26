// SPDX-License-Identifier: LGPL-2.1-or-later
/* shmat(2), shmdt(2) (section 4.5 of part B). call->file is the segment. */
#include "engine/engine.h"

enum { SHM_EXEC_ = 0100000, SHM_RDONLY_ = 010000, SHM_RND_ = 020000, SHM_REMAP_ = 040000 };

/* Every attach opens the segment again: two attaches are two files of one mapping. */
static struct vma_file *open_segment(struct op *o, const struct vma_file *segment, bool writable)
{
	struct vma_file init = *segment, *f;

	init.readable = true;
	init.writable = writable;
	init.transient = true;
	init.noexec = false; /* of a segment it says what its mode permits, not its mount */
	f = vma_file_new(o->w, &init, segment->path);
	if (!f)
		o->w->oom = true;
	return f;
}

int run_shmat(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 addr = a[1], flags = a[2], ret;
	const struct vma_file *segment = vma_file_at(o->w, o->call->file);
	struct mmap_req r = { .flags = M_SHARED, .kernel_call = true };
	struct vma_file *f;
	int rc;

	if (!segment || o->call->file == VMA_FILE_BAD)
		return refuse(o, EINVAL, VMA_WHY_BAD_FD);
	if (addr) {
		if (!page_aligned(addr)) {
			if (!(flags & SHM_RND_))
				return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, addr);
			addr = page_down(addr);
			if (!addr && flags & SHM_REMAP_)
				return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
		}
		r.flags |= M_FIXED;
	} else if (flags & SHM_REMAP_) {
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	}
	r.addr = addr;
	r.len = segment->size;
	r.prot = P_READ | (flags & SHM_RDONLY_ ? 0 : P_WRITE) | (flags & SHM_EXEC_ ? P_EXEC : 0);
	if (flags & SHM_EXEC_ && segment->noexec)
		return refuse(o, EACCES, VMA_WHY_NOEXEC);
	mmap_write_lock(o);
	if (addr && !(flags & SHM_REMAP_)) {
		if (addr + r.len < addr)
			return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, addr);
		if (vma_find_intersection(o->mm, addr, addr + r.len))
			return refuse_at(o, EINVAL, VMA_WHY_EXISTS, addr);
	}
	f = open_segment(o, segment, !(flags & SHM_RDONLY_));
	if (!f)
		return -ENOMEM;
	r.file = f->id;
	rc = do_mmap(o, &r, &ret);
	if (!rc)
		o->res->ret = (s64)ret;
	else
		file_drop_unused(o->w, f->id);
	return rc;
}

static bool is_fragment(const struct op *o, const struct vma *vma, u64 addr)
{
	return vma_kind_of(o->w, vma) == VMA_KIND_SYSV &&
	       pages(vma->vm_start - addr) == vma->vm_pgoff;
}

int run_shmdt(struct op *o)
{
	u64 addr = o->call->arg[0], end = 0;
	struct vma *vma;
	u32 file = 0;

	if (!page_aligned(addr))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, addr);
	mmap_write_lock(o);
	for (vma = vma_find(o->mm, addr); vma;) {
		u64 from = vma->vm_start, to = vma->vm_end;

		/* After the first fragment the segment's size bounds the search. */
		if (file && to - addr > end)
			break;
		if (is_fragment(o, vma, addr) && (!file || vma->file == file)) {
			file = vma->file;
			end = page_up(world_file(o->w, file)->size);
			if (!unmap_gather(o, from, to))
				unmap_commit(o, from, to, 0);
			o->res->err = 0;
			o->res->why = VMA_WHY_NONE;
		}
		vma = vma_find(o->mm, to);
	}
	return file ? 0 : refuse_at(o, EINVAL, VMA_WHY_UNMAPPED, addr);
}
