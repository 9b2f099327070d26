// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the BPF reader found, put beside the maps it belongs to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "read/bpf.h"
#include "read/facts.h"
#include "read/source.h"

/* Address spaces that somebody changes all the time are read this often. */
#define TRIES 4

static inline void undo_image(struct vma_bpf_image *img)
{
	vma_bpf_image_fini(img);
}

static bool fits_maps(const struct vma_bpf_image *img, const struct vma_facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nr_maps; i++) {
		const struct vma_fact_map *m = &f->maps[i];

		if (m->gate)
			continue;
		if (n == img->nr_vmas || img->vmas[n].start != m->start ||
		    img->vmas[n].end != m->end)
			return false;
		n++;
	}
	return n == img->nr_vmas;
}

/* The VMAs, the links and the names in one piece of memory, so that one free() frees all. */
static struct vma_fact_bpf *copy_vmas(const struct vma_bpf_image *img)
{
	size_t vmas = img->nr_vmas * sizeof(*img->vmas);
	size_t chains = img->nr_chains * sizeof(*img->chains);
	size_t ops = img->nr_ops * sizeof(*img->ops);
	char *all = malloc(vmas + chains + ops + 1);
	struct vma_fact_bpf *to = (struct vma_fact_bpf *)(void *)all;

	if (!all)
		return NULL;
	if (vmas)
		memcpy(all, img->vmas, vmas);
	if (chains)
		memcpy(all + vmas, img->chains, chains);
	if (ops)
		memcpy(all + vmas + chains, img->ops, ops);
	for (size_t i = 0; i < img->nr_vmas; i++) {
		struct vma_fact_bpf *v = &to[i];

		if (v->chain)
			v->chain = (const u64 *)(const void *)(all + vmas) +
				   (v->chain - img->chains);
		if (*v->ops)
			v->ops = all + vmas + chains + (v->ops - (const char *)img->ops);
		else
			v->ops = "";
		if (*v->fault)
			v->fault = all + vmas + chains + (v->fault - (const char *)img->ops);
		else
			v->fault = "";
	}
	return to;
}

int vma_bpf_to_facts(const struct vma_bpf_image *img, struct vma_facts *f, struct vma_err *err)
{
	free(f->bpf);
	free(f->mm_bpf);
	free(f->anon_bpf);
	f->bpf = NULL;
	f->mm_bpf = NULL;
	f->anon_bpf = NULL;
	f->nr_bpf = f->nr_anon_bpf = 0;
	if (!fits_maps(img, f))
		return vma_fail(err, EAGAIN, "%s: the process changed while it was read",
				f->source ? f->source : "BPF reader");
	f->mm_bpf = malloc(sizeof(*f->mm_bpf));
	f->anon_bpf = malloc((img->nr_anons + 1) * sizeof(*f->anon_bpf));
	f->bpf = copy_vmas(img);
	if (!f->bpf || !f->mm_bpf || !f->anon_bpf)
		return vma_fail(err, ENOMEM, "out of memory");
	*f->mm_bpf = img->mm;
	f->nr_bpf = img->nr_vmas;
	f->nr_anon_bpf = img->nr_anons;
	if (img->nr_anons)
		memcpy(f->anon_bpf, img->anons, img->nr_anons * sizeof(*f->anon_bpf));
	return 0;
}

static const char *remedy(int code)
{
	if (code == EPERM)
		return "run as root or with CAP_BPF and CAP_PERFMON";
	if (code == ENOTSUP)
		return "needs Linux 5.15 with BTF, and a vmactl built with libbpf";
	return NULL;
}

static int read_image(struct vma_bpf *b, const struct vma_facts *f, struct vma_bpf_image *img)
{
	for (int i = 0; i < TRIES; i++) {
		int rc = vma_bpf_read(b, f->tid ? f->tid : f->pid, VMA_BPF_READ_ANON, img, NULL);

		if (rc || !img->changed)
			return rc;
	}
	return -EAGAIN;
}

int bpf_read(struct vma_bpf **b, struct vma_facts *f)
{
	AUTO(undo_image) struct vma_bpf_image img = { 0 };
	u64 began = source_clock();
	struct vma_err err;
	int rc = 0;

	if (!f->live)
		return facts_missing(f, "bpf", ENOTSUP, "only a live process can be asked");
	if (!*b)
		rc = vma_bpf_open(b, &err);
	if (!rc)
		rc = read_image(*b, f, &img);
	if (!rc)
		rc = vma_bpf_to_facts(&img, f, NULL);
	if (rc == -EAGAIN)
		return 1;
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return facts_missing(f, "bpf", -rc, remedy(-rc));
	f->levels |= VMA_READ_BPF;
	return facts_cost(f, "bpf", img.bytes, img.reads, source_clock() - began,
			  img.longest);
}
