// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/range.h"
#include "model/world.h"

/*
 * THE table of vm_operations_struct, one row a kind of mapping (rule O3). A new kind is a row here
 * and in enum vma_kind.
 */
static const struct {
	const char *name;
	bool has_ops;
	struct vma_ops ops;
} kinds[VMA_KIND_NR] = {
	[VMA_KIND_ANON] = { .name = "anon" },
	[VMA_KIND_REGULAR] = { "regular", true,
			       { .name = "generic_file_vm_ops", .fault = true, .map_pages = true,
				 .page_mkwrite = true } },
	[VMA_KIND_SHMEM] = { "shmem", true,
			     { .name = "shmem_vm_ops", .fault = true, .map_pages = true,
			       .set_policy = true } },
	[VMA_KIND_ZERO] = { "zero", true,
			    { .name = "shmem_vm_ops", .fault = true, .map_pages = true,
			      .set_policy = true } },
	[VMA_KIND_HUGETLB] = { "hugetlb", true,
			       { .name = "hugetlb_vm_ops", .open = true, .close = true,
				 .may_split = true, .fault = true, .pagesize = true } },
	[VMA_KIND_SYSV] = { "sysv", true,
			    { .name = "shm_vm_ops", .open = true, .close = true, .may_split = true,
			      .fault = true, .pagesize = true, .set_policy = true } },
	[VMA_KIND_SPECIAL] = { "special", true,
			       { .name = "special_mapping_vmops", .close = true, .may_split = true,
				 .mremap = true, .fault = true, .has_name = true } },
	[VMA_KIND_DEVICE] = { "device", true, { .name = "driver", .close = true, .access = true } },
};

const struct vma_ops *vma_kind_ops(enum vma_kind kind)
{
	return kind < VMA_KIND_NR && kinds[kind].has_ops ? &kinds[kind].ops : NULL;
}

const char *vma_kind_name(enum vma_kind kind)
{
	return kind < VMA_KIND_NR ? kinds[kind].name : "?";
}

static u32 mapping_of(struct vma_world *w, const struct vma_file *init)
{
	if (init->inode)
		for (u32 i = 1; i < w->nr_files; i++) {
			const struct vma_file *f = w->files[i];

			if (f->inode == init->inode && f->dev_major == init->dev_major &&
			    f->dev_minor == init->dev_minor)
				return f->mapping;
		}
	return w->nr_mappings++;
}

struct vma_file *vma_file_new(struct vma_world *w, const struct vma_file *init, const char *path)
{
	struct vma_file *f;

	if (w->nr_files + 1 >= w->cap_files) {
		u32 cap = w->cap_files ? w->cap_files * 2 : 16;
		struct vma_file **files = realloc(w->files, sizeof(*files) * cap);

		if (!files)
			return NULL;
		w->files = files;
		w->cap_files = cap;
	}
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	*f = *init;
	f->path = strdup(path ? path : "");
	if (!f->path) {
		free(f);
		return NULL;
	}
	if (!w->nr_files)
		w->files[w->nr_files++] = NULL;
	if (!f->mapping)
		f->mapping = mapping_of(w, init);
	f->id = w->nr_files;
	w->files[w->nr_files++] = f;
	return f;
}

struct vma_file *vma_file_at(const struct vma_world *w, u32 id)
{
	return id && id < w->nr_files ? w->files[id] : NULL;
}

enum vma_kind vma_kind_of(const struct vma_world *w, const struct vma *vma)
{
	enum vma_kind kind;

	if (!vma->file)
		return VMA_KIND_ANON;
	kind = world_file(w, vma->file)->kind;
	if (kind == VMA_KIND_ZERO && !(vma->vm_flags & VM_MAYSHARE))
		return VMA_KIND_ANON;
	return kind;
}

const struct vma_ops *vma_ops_of(const struct vma_world *w, const struct vma *vma)
{
	return vma->file ? vma_kind_ops(vma_kind_of(w, vma)) : NULL;
}

bool vma_has_vm_file(const struct vma_world *w, const struct vma *vma)
{
	return vma->file && world_file(w, vma->file)->kind != VMA_KIND_SPECIAL;
}

/* Rule T4: by position alone. */
static bool is_heap(const struct vma_mm *mm, const struct vma *vma)
{
	if (mm->world->kernel.heap_label_strict)
		return vma->vm_start < mm->brk && vma->vm_end > mm->start_brk;
	return vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk;
}

char *vma_label(const struct vma_mm *mm, const struct vma *vma, char *out, size_t size)
{
	const struct vma_world *w = mm->world;

	if (vma->file)
		snprintf(out, size, "%s", world_file(w, vma->file)->path);
	else if (is_heap(mm, vma))
		snprintf(out, size, "[heap]");
	else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		snprintf(out, size, "[stack]");
	else if (vma->name)
		snprintf(out, size, "[anon:%s]", vma_name_text(w, vma->name));
	else
		out[0] = '\0';
	return out;
}
