// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/range.h"
#include "model/anon.h"

/* ---------------------------------------------------------------- words */

static u32 intern(struct intern *in, const char *text)
{
	if (!text || !text[0])
		return 0;
	for (u32 i = 1; i < in->nr; i++)
		if (!strcmp(in->text[i], text))
			return i;
	if (in->nr + 1 >= in->cap) {
		u32 cap = in->cap ? in->cap * 2 : 8;
		char **t = realloc(in->text, sizeof(*t) * cap);

		if (!t)
			return 0;
		in->text = t;
		in->cap = cap;
	}
	if (!in->nr)
		in->text[in->nr++] = NULL;
	in->text[in->nr] = strdup(text);
	return in->text[in->nr] ? in->nr++ : 0;
}

static void intern_fini(struct intern *in)
{
	for (u32 i = 1; i < in->nr; i++)
		free(in->text[i]);
	free(in->text);
}

static bool intern_copy(struct intern *in, const struct intern *src)
{
	memset(in, 0, sizeof(*in));
	for (u32 i = 1; i < src->nr; i++)
		if (intern(in, src->text[i]) != i)
			return false;
	return true;
}

u32 vma_name_intern(struct vma_world *w, const char *name)
{
	return intern(&w->names, name);
}

const char *vma_name_text(const struct vma_world *w, u32 id)
{
	return id && id < w->names.nr ? w->names.text[id] : NULL;
}

u16 vma_policy_intern(struct vma_world *w, const char *text)
{
	if (text && !strcmp(text, "default"))
		return 0;
	return (u16)intern(&w->policies, text);
}

const char *vma_policy_text(const struct vma_world *w, u16 id)
{
	return id && id < w->policies.nr ? w->policies.text[id] : NULL;
}

/* ---------------------------------------------------------------- world */

static const struct vma_system default_system = {
	.max_map_count = 65530,
	.overcommit_ratio = 50,
	.totalram_pages = 4 << 18, /* 4 GiB */
	.admin_reserve_kbytes = 8192,
	.user_reserve_kbytes = 131072,
	.mmap_min_addr = 65536,
	.lsm_mmap_min_addr = 65536,
	.stack_guard_gap = 256,
	.fault_around_bytes = 65536,
	.soft_dirty = true,
	.anon_vma_names = true,
	.thp_built_in = true,
	.thp_enabled = 1,
	.nr_nodes = 1,
};

struct vma_world *vma_world_new(const struct vma_kernel *k)
{
	struct vma_world *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->kernel = *k;
	w->sys = default_system;
	tree_init(&w->object_pages);
	pool_init(&w->vmas, sizeof(struct vma));
	pool_init(&w->avcs, sizeof(struct vma_avc));
	pool_init(&w->anons, sizeof(struct vma_anon));
	w->next_shmem_inode = 1;
	w->nr_mappings = 1;
	return w;
}

static void mm_free(struct vma_mm *mm)
{
	if (!mm)
		return;
	if (mm->vmas)
		tree_fini(mm->vmas);
	if (mm->page_runs)
		tree_fini(mm->page_runs);
	free(mm->vmas);
	free(mm->page_runs);
	free(mm);
}

void vma_world_free(struct vma_world *w)
{
	if (!w)
		return;
	for (u32 i = 0; i < w->nr_mms; i++)
		mm_free(w->mms[i]);
	files_fini(w);
	free(w->mms);
	intern_fini(&w->names);
	intern_fini(&w->policies);
	tree_fini(&w->object_pages);
	pool_fini(&w->vmas);
	pool_fini(&w->avcs);
	pool_fini(&w->anons);
	free(w);
}

const struct vma_kernel *vma_world_kernel(const struct vma_world *w)
{
	return &w->kernel;
}

void vma_world_set_kernel(struct vma_world *w, const struct vma_kernel *k)
{
	w->kernel = *k;
}

struct vma_system *vma_world_system(struct vma_world *w)
{
	return &w->sys;
}

bool vma_world_oom(const struct vma_world *w)
{
	return w->oom;
}

/* ---------------------------------------------------------------- mm */

static struct vma_mm *mm_alloc(struct vma_world *w)
{
	struct vma_mm *mm;

	if (w->nr_mms == w->cap_mms) {
		u32 cap = w->cap_mms ? w->cap_mms * 2 : 8;
		struct vma_mm **mms = realloc(w->mms, sizeof(*mms) * cap);

		if (!mms)
			return NULL;
		w->mms = mms;
		w->cap_mms = cap;
	}
	mm = calloc(1, sizeof(*mm));
	if (!mm)
		return NULL;
	mm->vmas = malloc(sizeof(*mm->vmas));
	mm->page_runs = malloc(sizeof(*mm->page_runs));
	if (!mm->vmas || !mm->page_runs) {
		free(mm->vmas);
		free(mm->page_runs);
		free(mm);
		return NULL;
	}
	tree_init(mm->vmas);
	tree_init(mm->page_runs);
	return mm;
}

struct vma_mm *vma_mm_new(struct vma_world *w, u32 pid)
{
	struct vma_mm *mm = mm_alloc(w);

	if (!mm)
		return NULL;
	mm->world = w;
	mm->pid = pid;
	mm->task_size = 0x7ffffffff000;
	mm->mmap_base = 0x7ffff7fff000;
	mm->mmap_legacy_base = page_up(mm->task_size / 3);
	for (size_t i = 0; i < VMA_NR_RLIMITS; i++)
		mm->rlimit[i] = (struct vma_rlimit){ VMA_RLIM_INFINITY, VMA_RLIM_INFINITY };
	mm->pkeys = 1;
	mm->exec_only_pkey = -1;
	mm->pkru = 0x55555554; /* what the kernel gives a new program */
	w->mms[w->nr_mms++] = mm;
	mm->id = w->nr_mms;
	return mm;
}

struct vma_mm *vma_mm_by_id(const struct vma_world *w, u32 id)
{
	return id && id <= w->nr_mms ? w->mms[id - 1] : NULL;
}

struct vma_mm *vma_mm_at(const struct vma_world *w, size_t i)
{
	return i < w->nr_mms ? w->mms[i] : NULL;
}

struct vma_mm *vma_mm_by_pid(const struct vma_world *w, u32 pid)
{
	for (u32 i = w->nr_mms; i-- > 0;)
		if (w->mms[i]->pid == pid && !w->mms[i]->dead)
			return w->mms[i];
	return NULL;
}

/* ---------------------------------------------------------------- copies */

static bool copy_mms(struct vma_world *w, const struct vma_world *src)
{
	for (u32 i = 0; i < src->nr_mms; i++) {
		struct vma_mm *mm = mm_alloc(w);
		struct vma_tree *vmas, *runs;

		if (!mm)
			return false;
		vmas = mm->vmas;
		runs = mm->page_runs;
		*mm = *src->mms[i];
		mm->world = w;
		mm->vmas = vmas;
		mm->page_runs = runs;
		w->mms[w->nr_mms++] = mm;
		if (tree_copy(vmas, src->mms[i]->vmas) || tree_copy(runs, src->mms[i]->page_runs))
			return false;
	}
	return true;
}

struct vma_world *vma_world_clone(const struct vma_world *src)
{
	struct vma_world *w = vma_world_new(&src->kernel);

	if (!w)
		return NULL;
	w->sys = src->sys;
	memcpy(w->uffd_features, src->uffd_features, sizeof(w->uffd_features));
	w->oom = src->oom;
	if (tree_copy(&w->object_pages, &src->object_pages) ||
	    pool_copy(&w->vmas, &src->vmas) || pool_copy(&w->avcs, &src->avcs) ||
	    pool_copy(&w->anons, &src->anons) || !intern_copy(&w->names, &src->names) ||
	    !intern_copy(&w->policies, &src->policies) || !files_copy(w, src) ||
	    !copy_mms(w, src)) {
		vma_world_free(w);
		return NULL;
	}
	w->nr_mappings = src->nr_mappings;
	w->next_shmem_inode = src->next_shmem_inode;
	return w;
}

void world_set_object(struct vma_world *w, u64 from, u64 to, bool listed)
{
	struct vma_tree *t = &w->object_pages;
	struct tree_pos pos;

	while (tree_seek(t, from, &pos) && tree_start(t, pos) < to) {
		u64 start = tree_start(t, pos), end = tree_end(t, pos);

		if (start < from)
			tree_resize(t, start, start, from);
		else
			tree_erase(t, start);
		if (end > to && tree_insert(t, to, end, 1))
			w->oom = true;
	}
	if (listed && tree_insert(t, from, to, 1))
		w->oom = true;
}

/* ---------------------------------------------------------------- linking */

struct vma *mm_new_vma(struct vma_mm *mm)
{
	u32 id;
	struct vma *vma = pool_get(&mm->world->vmas, &id);

	if (!vma) {
		mm->world->oom = true;
		return NULL;
	}
	vma->id = id;
	vma->mm = mm->id;
	vma->vm_lock_seq = VMA_NEVER_LOCKED;
	return vma;
}

void mm_free_vma(struct vma_mm *mm, struct vma *vma)
{
	file_unuse(mm->world, vma->file);
	vma->vm_refcnt = 0;
	pool_put(&mm->world->vmas, vma->id);
}

bool mm_link(struct vma_mm *mm, struct vma *vma)
{
	if (tree_insert(mm->vmas, vma->vm_start, vma->vm_end, vma->id)) {
		mm->world->oom = true;
		return false;
	}
	vma->vm_refcnt = 1;
	mm->map_count++;
	return true;
}

void mm_unlink(struct vma_mm *mm, struct vma *vma)
{
	tree_erase(mm->vmas, vma->vm_start);
	mm->map_count--;
}

void mm_set_range(struct vma_mm *mm, struct vma *vma, u64 start, u64 end)
{
	tree_resize(mm->vmas, vma->vm_start, start, end);
	vma->vm_start = start;
	vma->vm_end = end;
}

void mm_split(struct vma_mm *mm, struct vma *vma, struct vma *half, u64 at, bool half_is_low)
{
	struct vma *low = half_is_low ? half : vma, *high = half_is_low ? vma : half;
	u64 cut = pages(at - vma->vm_start);

	if (tree_split(mm->vmas, vma->vm_start, at, low->id, high->id))
		mm->world->oom = true;
	high->vm_pgoff += cut;
	low->vm_end = at;
	high->vm_start = at;
	mm->map_count++;
}

void mm_swallow(struct vma_mm *mm, struct vma *vma, u64 start, u64 end)
{
	tree_cover(mm->vmas, start, end, vma->id);
	vma->vm_start = start;
	vma->vm_end = end;
}

void mm_move_border(struct vma_mm *mm, struct vma *low, struct vma *high, u64 to)
{
	tree_move_edge(mm->vmas, high->vm_start, to);
	low->vm_end = to;
	high->vm_start = to;
}

void vma_mm_expect(struct vma_mm *mm, u32 nr)
{
	pool_expect(&mm->world->vmas, nr);
	tree_expect(mm->vmas, nr);
}

struct vma *vma_mm_add(struct vma_mm *mm, const struct vma *init)
{
	struct vma *vma;

	if (init->vm_start >= init->vm_end ||
	    vma_find_intersection(mm, init->vm_start, init->vm_end))
		return NULL;
	vma = mm_new_vma(mm);
	if (!vma)
		return NULL;
	vma->vm_start = init->vm_start;
	vma->vm_end = init->vm_end;
	vma->vm_flags = init->vm_flags;
	vma->vm_pgoff = init->vm_pgoff;
	vma->file = init->file;
	vma->name = init->name;
	vma->policy = init->policy;
	vma->uffd = init->uffd;
	file_use(mm->world, vma->file);
	if (!mm_link(mm, vma)) {
		mm_free_vma(mm, vma);
		return NULL;
	}
	mm_stat_account(mm, vma->vm_flags, (s64)vma_pages(vma));
	return vma;
}

size_t vma_world_bytes(const struct vma_world *w)
{
	size_t n = sizeof(*w) + pool_bytes(&w->vmas) + pool_bytes(&w->avcs) + pool_bytes(&w->anons);

	for (u32 i = 0; i < w->nr_mms; i++)
		n += sizeof(struct vma_mm) + tree_bytes(w->mms[i]->vmas) +
		     tree_bytes(w->mms[i]->page_runs);
	for (u32 i = 1; i < w->nr_files; i++)
		n += sizeof(struct vma_file) + strlen(w->files[i]->path) + 1;
	return n;
}
