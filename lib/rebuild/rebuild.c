// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fetch.h"
#include "rebuild/build.h"

/* The working arrays, one entry a map. */
struct work {
	struct vma **vmas;
	const struct vma_fact_bpf **bpf;
	u32 *file;
};

static void undo_work(struct work *w)
{
	free(w->vmas);
	free((void *)w->bpf);
	free(w->file);
}

static void undo_half_model(struct vma_model **m)
{
	if (*m)
		(*m)->facts = NULL; /* stays the caller's */
	vma_model_free(*m);
}

void vma_model_free(struct vma_model *m)
{
	if (!m)
		return;
	vma_world_free(m->world);
	vma_facts_free(m->facts);
	free(m->map_of);
	free(m->was);
	free(m->fields);
	free(m);
}

/* A kernel that nobody named is taken for the newest that was verified. */
static int choose_kernel(const struct vma_facts *f, const struct vma_kernel *given,
			 struct vma_kernel *out, struct vma_err *err)
{
	const char *newest = NULL, *release;

	if (given) {
		*out = *given;
		return 0;
	}
	if (f->release)
		return vma_kernel_init(out, f->release, err);
	for (size_t i = 0; (release = vma_kernel_verified_at(i)); i++)
		newest = release;
	return vma_kernel_init(out, newest ? newest : "", err);
}

static struct vma_model *model_new(const struct vma_facts *f, const struct vma_kernel *k)
{
	AUTO(undo_half_model) struct vma_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->was = fetch_calloc(f->nr_maps, sizeof(*m->was));
	m->fields = fetch_calloc(f->nr_maps, VMA_FIELD_NR);
	m->world = vma_world_new(k);
	if (!m->was || !m->fields || !m->world)
		return NULL;
	m->mm = vma_mm_new(m->world, f->pid);
	if (!m->mm)
		return NULL;
	return TAKE(m);
}

/* The kernel's records come in the order of the maps, without the gate. */
static void match_bpf(const struct vma_facts *f, const struct vma_fact_bpf **bpf)
{
	size_t next = 0;

	for (size_t i = 0; f->bpf && i < f->nr_maps; i++)
		if (!f->maps[i].gate && next < f->nr_bpf)
			bpf[i] = &f->bpf[next++];
}

static bool bpf_fits(const struct vma_facts *f, const struct vma_fact_bpf *const *bpf)
{
	for (size_t i = 0; f->bpf && i < f->nr_maps; i++)
		if (!f->maps[i].gate && (!bpf[i] || bpf[i]->start != f->maps[i].start ||
					 bpf[i]->end != f->maps[i].end))
			return false;
	return true;
}

/* What the VMAs are now, so that later changes can be told from what was read. */
static int remember(struct build *b)
{
	struct vma_model *m = b->m;
	u32 highest = 0;

	for (size_t i = 0; i < b->f->nr_maps; i++)
		if (b->vmas[i] && b->vmas[i]->id > highest)
			highest = b->vmas[i]->id;
	m->nr_map_of = (size_t)highest + 1;
	m->map_of = fetch_calloc(m->nr_map_of, sizeof(*m->map_of));
	if (!m->map_of)
		return -ENOMEM;
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		if (!b->vmas[i])
			continue;
		m->map_of[b->vmas[i]->id] = (u32)i + 1;
		m->was[i] = was_of(b->vmas[i]);
	}
	return 0;
}

static int build_all(struct build *b, struct work *work, struct vma_err *err)
{
	int rc;

	build_survey(b);
	build_system(b);
	rc = build_files(b, work->file);
	if (rc)
		return vma_fail(err, -rc, "%s: %m", b->name);
	rc = build_vmas(b, work->file, err);
	if (rc)
		return rc;
	build_mm(b);
	rc = build_anon(b);
	if (!rc)
		build_pages(b);
	if (!rc && vma_world_oom(b->w))
		rc = -ENOMEM;
	if (!rc)
		rc = remember(b);
	return rc ? vma_fail(err, -rc, "%s: %m", b->name) : 0;
}

int vma_rebuild(struct vma_facts *f, const struct vma_kernel *given, struct vma_model **out,
		struct vma_err *err)
{
	AUTO(undo_half_model) struct vma_model *m = NULL;
	AUTO(undo_work) struct work work = { 0 };
	const char *name = f->source ? f->source : "process";
	struct vma_kernel k;
	int rc;

	if (!f->nr_maps)
		return vma_fail(err, EINVAL, "%s: %s", name,
				f->kernel_thread ? "a kernel thread has no address space"
						 : "its mappings were not read");
	rc = choose_kernel(f, given, &k, err);
	if (rc)
		return rc;
	m = model_new(f, &k);
	work.vmas = fetch_calloc(f->nr_maps, sizeof(*work.vmas));
	work.bpf = calloc(f->nr_maps, sizeof(*work.bpf));
	work.file = fetch_calloc(f->nr_maps, sizeof(*work.file));
	if (!m || !work.vmas || !work.bpf || !work.file)
		return vma_fail(err, ENOMEM, "%s: out of memory", name);
	match_bpf(f, work.bpf);
	if (!bpf_fits(f, work.bpf))
		return vma_fail(err, EINVAL, "%s: the kernel's records are of other mappings", name);
	struct build b = {
		.f = f, .name = name, .m = m, .w = m->world, .mm = m->mm, .vmas = work.vmas, .bpf = work.bpf,
		.k = vma_world_kernel(m->world),
	};
	rc = build_all(&b, &work, err);
	if (rc)
		return rc;
	m->facts = f;
	*out = TAKE(m);
	return 0;
}
