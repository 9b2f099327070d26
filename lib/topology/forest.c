// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The anon_vmas of several processes as one forest: from the kernel's own pointers, or as
 * forest-infer.c has it from /proc.
 */
#include "topology/forest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"

static const struct vma_provenance exact = { VMA_EXACT, 100, "" };

/* ---------------------------------------------------------------- arrays */

static void *grow(struct vma_forest *f, void *array, size_t nr, size_t *cap, size_t size)
{
	void *more;

	if (nr < *cap)
		return array;
	more = realloc(array, (*cap ? 2 * *cap : 64) * size);
	if (!more) {
		f->failed = true;
		return NULL;
	}
	*cap = *cap ? 2 * *cap : 64;
	return more;
}

struct vma_forest_anon *forest_add_anon(struct vma_forest *f, u64 key, struct vma_provenance how)
{
	struct vma_forest_anon *a = grow(f, f->anon, f->nr_anons, &f->cap_anons, sizeof(*a));

	if (!a)
		return NULL;
	f->anon = a;
	a += f->nr_anons++;
	*a = (struct vma_forest_anon){ .id = (u32)f->nr_anons, .key = key, .how = how,
				       .parent_how = how };
	a->root = a->parent = a->tree = a->id;
	return a;
}

void forest_add_link(struct vma_forest *f, u32 anon)
{
	u32 *link = grow(f, f->link, f->nr_links, &f->cap_links, sizeof(*link));

	if (!link)
		return;
	f->link = link;
	f->link[f->nr_links++] = anon;
	f->anon[anon - 1].links++;
	f->vma[f->nr_vmas - 1].nr_chain++;
}

struct vma_forest_vma *forest_add_vma(struct vma_forest *f, size_t process, const struct vma *vma,
				      u32 anon)
{
	struct vma_forest_vma *v = grow(f, f->vma, f->nr_vmas, &f->cap_vmas, sizeof(*v));

	if (!v)
		return NULL;
	f->vma = v;
	v += f->nr_vmas++;
	*v = (struct vma_forest_vma){ .process = process, .vma = vma, .anon = anon,
				      .chain = f->nr_links };
	f->anon[anon - 1].owned = true;
	return v;
}

/* ---------------------------------------------------------------- exact */

/* Where a key stands, or the free place for it: slots hold ids, a power of two of them. */
static u32 *slot_of(const struct vma_forest *f, u64 key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 20) & (f->nr_slots - 1);

	while (f->slot[i] && f->anon[f->slot[i] - 1].key != key)
		i = (i + 1) & (f->nr_slots - 1);
	return &f->slot[i];
}

/* Never more than half of the slots are taken. */
static bool make_slots(struct vma_forest *f)
{
	size_t nr = f->nr_slots ? 2 * f->nr_slots : 256;
	u32 *slot;

	if (f->slot && f->nr_anons < f->nr_slots / 2)
		return true;
	slot = calloc(nr, sizeof(*slot));
	if (!slot) {
		f->failed = true;
		return false;
	}
	free(f->slot);
	f->slot = slot;
	f->nr_slots = nr;
	for (size_t i = 0; i < f->nr_anons; i++)
		*slot_of(f, f->anon[i].key) = f->anon[i].id;
	return true;
}

static u32 anon_of_key(struct vma_forest *f, u64 key)
{
	struct vma_forest_anon *a;
	u32 *slot;

	if (!make_slots(f))
		return 0;
	slot = slot_of(f, key);
	if (*slot)
		return *slot;
	a = forest_add_anon(f, key, exact);
	if (a)
		a->root = a->parent = 0; /* until somebody says */
	*slot = a ? a->id : 0;
	return *slot;
}

/* What the kernel holds for one of them; 0 among its relatives was not read. */
static void set_exact(struct vma_forest *f, u32 id, const struct vma_fact_anon *k, bool counted)
{
	u32 root = k->root ? anon_of_key(f, k->root) : 0;
	u32 parent = k->parent ? anon_of_key(f, k->parent) : 0;
	struct vma_forest_anon *a = &f->anon[id - 1];

	a->root = root;
	a->parent = parent;
	a->counted = counted && parent;
	a->num_children = k->num_children;
	a->num_active_vmas = k->num_active_vmas;
	a->refcount = k->refcount;
}

static void add_exact_vma(struct vma_forest *f, size_t process, const struct vma *vma,
			  const struct vma_fact_bpf *t, bool counted)
{
	const struct vma_fact_anon own = { t->anon_vma, t->root, t->parent, t->refcount,
					   t->num_children, t->num_active_vmas };
	u32 id = anon_of_key(f, t->anon_vma);
	struct vma_forest_vma *v = id ? forest_add_vma(f, process, vma, id) : NULL;

	if (!v)
		return;
	for (size_t i = 0; i < VMA_FOREST_NR; i++)
		v->how[i] = exact;
	v->more = t->chain_cut;
	if (v->more)
		v->how[VMA_FOREST_CHAIN] = (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
	set_exact(f, id, &own, counted);
	for (u32 i = 0; i < t->nr_chain && !f->failed; i++) {
		u32 link = anon_of_key(f, t->chain[i]);

		if (!link)
			return;
		forest_add_link(f, link);
		if (!f->anon[link - 1].root) /* all of a chain are of one tree */
			f->anon[link - 1].root = anon_of_key(f, t->root);
	}
}

static void add_exact(struct vma_forest *f, size_t process)
{
	const struct vma_facts *facts = f->model[process]->facts;
	const struct vma_mm *mm = f->model[process]->mm;
	bool counted = facts->mm_bpf && facts->mm_bpf->have & VMA_BPF_NUM_CHILDREN;

	for (size_t i = 0; i < facts->nr_bpf && !f->failed; i++) {
		const struct vma *vma = vma_find_exact(mm, facts->bpf[i].start, facts->bpf[i].end);

		if (vma && facts->bpf[i].anon_vma)
			add_exact_vma(f, process, vma, &facts->bpf[i], counted);
	}
	for (size_t i = 0; i < facts->nr_anon_bpf && !f->failed; i++) {
		u32 id = anon_of_key(f, facts->anon_bpf[i].anon_vma);

		if (id && !f->anon[id - 1].counted)
			set_exact(f, id, &facts->anon_bpf[i], counted);
	}
}

/* An anon_vma whose place is not known may hang anywhere in its tree; and of one that only chains
 * name the kernel's counts may not have been read. */
static void find_open(struct vma_forest *f)
{
	for (size_t i = 0; i < f->nr_anons; i++)
		if (f->anon[i].key && f->anon[i].root)
			f->anon[i].tree = f->anon[i].root;
	for (size_t i = 0; i < f->nr_vmas; i++)
		if (!f->anon[f->vma[i].anon - 1].parent)
			f->anon[f->anon[f->vma[i].anon - 1].tree - 1].open = true;
	for (size_t i = 0; i < f->nr_anons; i++) {
		struct vma_forest_anon *a = &f->anon[i];

		if (!a->key)
			a->open = f->anon[a->tree - 1].open;
		else
			a->open = !a->counted && !a->owned;
	}
}

/* What the kernel would have counted, from what is here. */
static void count(struct vma_forest *f)
{
	for (size_t i = 0; i < f->nr_anons; i++) {
		struct vma_forest_anon *a = &f->anon[i];

		if (a->counted)
			continue;
		a->refcount++;
		if (a->parent && !f->anon[a->parent - 1].counted)
			f->anon[a->parent - 1].num_children++;
		if (a->root && a->root != a->id && !f->anon[a->root - 1].counted)
			f->anon[a->root - 1].refcount++;
	}
	for (size_t i = 0; i < f->nr_vmas; i++) {
		const struct vma_forest_vma *v = &f->vma[i];

		if (!f->anon[v->anon - 1].counted && f->same_mm[v->process] == v->process)
			f->anon[v->anon - 1].num_active_vmas++;
	}
}

/* ---------------------------------------------------------------- public */

static u32 mm_of(const struct vma_facts *f)
{
	return f->mm_of ? f->mm_of : f->pid;
}

static ptrdiff_t parent_of(const struct vma_model *const *models, size_t i)
{
	const struct vma_facts *f = models[i]->facts;

	for (size_t j = 0; f->fork_parent && j < i; j++)
		if (mm_of(models[j]->facts) == f->fork_parent)
			return (ptrdiff_t)j;
	return -1;
}

static size_t first_with_mm(const struct vma_model *const *models, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (mm_of(models[j]->facts) == mm_of(models[i]->facts))
			return j;
	return i;
}

static void undo_forest(struct vma_forest **f)
{
	vma_forest_free(*f);
}

int vma_forest_new(const struct vma_model *const *models, size_t nr, const char *procfs,
		   struct vma_forest **out, struct vma_err *err)
{
	AUTO(undo_forest) struct vma_forest *f = calloc(1, sizeof(*f));
	bool known = true;

	if (f) {
		f->parent = calloc(nr ? nr : 1, sizeof(*f->parent));
		f->same_mm = calloc(nr ? nr : 1, sizeof(*f->same_mm));
	}
	if (!f || !f->parent || !f->same_mm)
		return vma_fail(err, ENOMEM, "out of memory");
	f->model = models;
	f->nr_models = nr;
	for (size_t i = 0; i < nr; i++) {
		known = known && models[i]->facts->bpf;
		f->parent[i] = parent_of(models, i);
		f->same_mm[i] = first_with_mm(models, i);
	}
	for (size_t i = 0; i < nr && !f->failed; i++) {
		if (known)
			add_exact(f, i);
		else
			forest_infer(f, i, procfs);
	}
	if (f->failed)
		return vma_fail(err, ENOMEM, "out of memory");
	find_open(f);
	count(f);
	*out = TAKE(f);
	return 0;
}

void vma_forest_free(struct vma_forest *f)
{
	if (!f)
		return;
	free(f->parent);
	free(f->same_mm);
	free(f->anon);
	free(f->vma);
	free(f->link);
	free(f->slot);
	free(f);
}

const struct vma_forest_vma *vma_forest_find(const struct vma_forest *f, size_t process,
					     const struct vma *vma)
{
	size_t low = 0, high = f->nr_vmas;

	while (low < high) { /* by process, then by address */
		size_t mid = low + (high - low) / 2;
		const struct vma_forest_vma *v = &f->vma[mid];

		if (v->process == process && v->vma == vma)
			return v;
		if (v->process < process ||
		    (v->process == process && v->vma->vm_start < vma->vm_start))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct vma_forest_anon *vma_forest_at(const struct vma_forest *f, u32 id)
{
	return id && id <= f->nr_anons ? &f->anon[id - 1] : NULL;
}

size_t vma_forest_visit(const struct vma_forest *f, u32 anon, u64 pgoff,
			const struct vma_forest_vma **out)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->nr_vmas; i++) {
		const struct vma_forest_vma *v = &f->vma[i];
		bool linked = false;

		for (size_t j = 0; j < v->nr_chain; j++)
			linked = linked || f->link[v->chain + j] == anon;
		if (!linked || pgoff < v->vma->vm_pgoff ||
		    pgoff >= v->vma->vm_pgoff + vma_pages(v->vma))
			continue;
		size_t at = nr++;
		/* stable: those of equal offset stay as they came */
		for (; at && out[at - 1]->vma->vm_pgoff > v->vma->vm_pgoff; at--)
			out[at] = out[at - 1];
		out[at] = v;
	}
	return nr;
}
