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
	[VMA_KIND_SECRET] = { "secretmem", true, { .name = "secretmem_vm_ops", .fault = true } },
};

const struct vma_ops *vma_kind_ops(enum vma_kind kind)
{
	return kind < VMA_KIND_NR && kinds[kind].has_ops ? &kinds[kind].ops : NULL;
}

const char *vma_kind_name(enum vma_kind kind)
{
	return kind < VMA_KIND_NR ? kinds[kind].name : "?";
}

/* ---------------------------------------------------------------- inodes */

static u32 inode_slot(const struct vma_world *w, const struct vma_file *key)
{
	u64 h = (key->inode ^ (u64)key->dev_major << 44 ^ (u64)key->dev_minor << 24) *
		0x9e3779b97f4a7c15ULL;
	u32 mask = w->cap_inodes - 1, i = (u32)(h >> 32) & mask;

	for (; w->inodes[i]; i = (i + 1) & mask) {
		const struct vma_file *f = w->files[w->inodes[i]];

		if (f->inode == key->inode && f->dev_major == key->dev_major &&
		    f->dev_minor == key->dev_minor)
			break;
	}
	return i;
}

static bool grow_inodes(struct vma_world *w)
{
	u32 *old = w->inodes, cap = w->cap_inodes;

	if (w->nr_inodes * 2 < cap)
		return true;
	w->cap_inodes = cap ? cap * 2 : 64;
	w->inodes = calloc(w->cap_inodes, sizeof(*w->inodes));
	if (!w->inodes) {
		w->inodes = old;
		w->cap_inodes = cap;
		return false;
	}
	for (u32 i = 0; i < cap; i++)
		if (old[i])
			w->inodes[inode_slot(w, w->files[old[i]])] = old[i];
	free(old);
	return true;
}

/* The address_space of a file: one for each inode; a transient object has one of its own. */
static bool set_mapping(struct vma_world *w, struct vma_file *f)
{
	u32 slot;

	if (!f->inode || f->transient) {
		if (!f->mapping)
			f->mapping = w->nr_mappings++;
		return true;
	}
	if (!grow_inodes(w))
		return false;
	slot = inode_slot(w, f);
	if (!f->mapping)
		f->mapping = w->inodes[slot] ? w->files[w->inodes[slot]]->mapping :
					       w->nr_mappings++;
	if (!w->inodes[slot]) {
		w->inodes[slot] = f->id;
		w->nr_inodes++;
	}
	return true;
}

/* ---------------------------------------------------------------- files */

static struct vma_file *new_record(struct vma_world *w)
{
	struct vma_file *f;

	if (w->free_file) {
		f = w->files[w->free_file];
		u32 id = w->free_file;

		w->free_file = f->id;
		f->id = id;
		free(f->path);
		return f;
	}
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
	if (!w->nr_files)
		w->files[w->nr_files++] = NULL;
	f->id = w->nr_files;
	w->files[w->nr_files++] = f;
	return f;
}

struct vma_file *vma_file_new(struct vma_world *w, const struct vma_file *init, const char *path)
{
	char *copy = strdup(path ? path : "");
	struct vma_file *f = copy ? new_record(w) : NULL;
	u32 id;

	if (!f) {
		free(copy);
		return NULL;
	}
	id = f->id;
	*f = *init;
	f->id = id;
	f->path = copy;
	f->users = 0;
	return set_mapping(w, f) ? f : NULL;
}

void file_drop_unused(struct vma_world *w, u32 id)
{
	struct vma_file *f = w->files[id];

	if (!f->transient || f->users)
		return;
	/* A SysV segment outlives its attaches; other objects go with their pages. */
	if (f->kind != VMA_KIND_SYSV)
		world_set_object(w, object_key(f, 0), object_key(f, ~0ULL) + 1, false);
	f->id = w->free_file;
	f->inode = 0;
	w->free_file = id;
}

bool files_copy(struct vma_world *w, const struct vma_world *src)
{
	w->files = calloc(src->nr_files + 1, sizeof(*w->files));
	w->inodes = malloc(sizeof(*w->inodes) * (src->cap_inodes + 1));
	if (!w->files || !w->inodes)
		return false;
	w->cap_files = src->nr_files + 1;
	if (src->nr_files)
		w->nr_files = 1;
	for (u32 i = 1; i < src->nr_files; i++) {
		struct vma_file *f = malloc(sizeof(*f));

		if (!f)
			return false;
		*f = *src->files[i];
		f->path = strdup(f->path);
		w->files[w->nr_files++] = f;
		if (!f->path)
			return false;
	}
	if (src->cap_inodes)
		memcpy(w->inodes, src->inodes, sizeof(*w->inodes) * src->cap_inodes);
	w->cap_inodes = src->cap_inodes;
	w->nr_inodes = src->nr_inodes;
	w->free_file = src->free_file;
	return true;
}

void files_fini(struct vma_world *w)
{
	for (u32 i = 1; i < w->nr_files; i++) {
		free(w->files[i]->path);
		free(w->files[i]);
	}
	free(w->files);
	free(w->inodes);
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
