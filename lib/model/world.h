/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H
/* The inside of a world, for the model and the engine. */
#include "libvmactl/model.h"
#include "model/pool.h"
#include "model/tree.h"

struct vma_event;

/* A word that is stored once: names and policies. */
struct intern {
	char **text; /* [0] is NULL */
	u32 nr, cap;
};

struct vma_world {
	struct vma_kernel kernel;
	struct vma_system sys;
	struct pool vmas, avcs, anons;
	struct vma_file **files; /* [0] is NULL */
	u32 nr_files, cap_files;
	u32 free_file;           /* first unused record, linked through its id; 0 none */
	u32 *inodes;             /* hash of dev and inode: ids of files, 0 free */
	u32 nr_inodes, cap_inodes;
	u32 nr_mappings;
	struct vma_mm **mms;
	u32 nr_mms, cap_mms;
	struct intern names, policies;
	struct vma_tree object_pages; /* shmem pages that differ from how their object began */
	u64 uffd_features[64];   /* by context id */
	u64 next_shmem_inode;    /* for files the kernel makes itself */
	bool oom;
	void (*listen)(void *ctx, const struct vma_event *ev);
	void *listen_ctx;
};

static inline struct vma *world_vma(const struct vma_world *w, u32 id)
{
	return POOL_AT(&w->vmas, struct vma, id);
}

/* Who walks all records asks, on entering a leaf, for those of the next: they come while these are
 * looked at. */
static inline void world_fetch_records(const struct vma_world *w, const struct vma_tree *t, u32 leaf)
{
	const struct tree_leaf *l;

	if (leaf == TREE_NIL)
		return;
	l = &t->leaf[leaf];
	for (u32 i = 0; i < l->n; i++)
		__builtin_prefetch(world_vma(w, l->val[i]));
}

static inline struct vma_anon *world_anon(const struct vma_world *w, u32 id)
{
	return POOL_AT(&w->anons, struct vma_anon, id);
}

static inline struct vma_avc *world_avc(const struct vma_world *w, u32 id)
{
	return POOL_AT(&w->avcs, struct vma_avc, id);
}

static inline const struct vma_file *world_file(const struct vma_world *w, u32 id)
{
	return w->files[id];
}

/* Index primitives: the VMA's own range and its place in the tree change together. They keep
 * map_count; the counters in pages are the caller's. */
struct vma *mm_new_vma(struct vma_mm *mm);             /* not linked; NULL sets oom */
bool mm_link(struct vma_mm *mm, struct vma *vma);      /* insert by its range */
void mm_unlink(struct vma_mm *mm, struct vma *vma);    /* out of the tree; the record stays */
void mm_free_vma(struct vma_mm *mm, struct vma *vma);  /* drop the record */
void mm_set_range(struct vma_mm *mm, struct vma *vma, u64 start, u64 end);
/* Cut vma at `at`: half, a copy of it, becomes the new lower or upper part. Ranges and pgoff of
 * both are set. */
void mm_split(struct vma_mm *mm, struct vma *vma, struct vma *half, u64 at, bool half_is_low);
/* vma takes [start, end), swallowing the VMAs in it; their records are the caller's to drop. */
void mm_swallow(struct vma_mm *mm, struct vma *vma, u64 start, u64 end);
/* The border between two VMAs that touch moves to `to`. pgoff is the caller's. */
void mm_move_border(struct vma_mm *mm, struct vma *low, struct vma *high, u64 to);

/* Class of a mapping for the counters (rule C1). */
static inline enum vma_class class_of(u64 flags)
{
	if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN | VM_SHADOW_STACK)) == VM_EXEC)
		return VMA_CLASS_EXEC;
	if (flags & (VM_GROWSDOWN | VM_SHADOW_STACK))
		return VMA_CLASS_STACK;
	return (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE ? VMA_CLASS_DATA : VMA_CLASS_NONE;
}

/* total_vm and the class counters of nr pages with these flags (rule C1). */
static inline void mm_stat_account(struct vma_mm *mm, u64 flags, s64 nr)
{
	mm->total_vm += (u64)nr;
	switch (class_of(flags)) {
	case VMA_CLASS_EXEC:
		mm->exec_vm += (u64)nr;
		break;
	case VMA_CLASS_STACK:
		mm->stack_vm += (u64)nr;
		break;
	case VMA_CLASS_DATA:
		mm->data_vm += (u64)nr;
		break;
	case VMA_CLASS_NONE:
		break;
	}
}

/* The place of an object's page in world->object_pages. */
static inline u64 object_key(const struct vma_file *f, u64 pgoff)
{
	return (u64)f->mapping << 40 | (pgoff & ((1ULL << 40) - 1));
}

void world_set_object(struct vma_world *w, u64 from, u64 to, bool listed);

/* A transient file that was made for a mapping which did not come about. */
void file_drop_unused(struct vma_world *w, u32 id);

/* A VMA more or less maps this file; 0 is no file. A transient file nobody maps is recycled. */
static inline void file_use(struct vma_world *w, u32 id)
{
	if (id)
		w->files[id]->users++;
}

static inline void file_unuse(struct vma_world *w, u32 id)
{
	if (id && !--w->files[id]->users)
		file_drop_unused(w, id);
}

bool files_copy(struct vma_world *w, const struct vma_world *src);
void files_fini(struct vma_world *w);

/* vma_find() by who is about to split or to merge: asks for all that takes, while the VMA itself is
 * on its way. */
struct vma *mm_find_to_change(const struct vma_mm *mm, u64 addr);
/* vma_prev() and vma_next() at once. */
void mm_sides(const struct vma_mm *mm, const struct vma *vma, struct vma **prev, struct vma **next);

/* Where a VMA begins for the gap search: vm_start_gap(). */
u64 vma_start_gap(const struct vma_world *w, const struct vma *vma);

#endif
