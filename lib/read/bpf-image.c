// SPDX-License-Identifier: LGPL-2.1-or-later
/* The stream of the BPF program, taken apart. Knows nothing of libbpf and is always built. */
#include "read/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read/bpf/record.h"

void vma_bpf_image_fini(struct vma_bpf_image *img)
{
	free(img->vmas);
	free(img->anons);
	free(img->chains);
	free(img->ops);
	memset(img, 0, sizeof(*img));
}

void vma_bpf_image_reset(struct vma_bpf_image *img)
{
	img->nr_vmas = img->nr_anons = img->nr_chains = img->nr_ops = 0;
	img->bytes = img->reads = 0;
	img->longest = 0;
	img->changed = img->have_mm = img->ended = false;
	memset(&img->mm, 0, sizeof(img->mm));
}

/* Room for @more items behind the @nr that there are; false when out of memory. */
static bool reserve(void *array, size_t nr, size_t *cap, size_t more, size_t size)
{
	void **p = array;
	size_t want = *cap ? *cap : 64;

	if (nr + more <= *cap)
		return true;
	while (want < nr + more)
		want *= 2;
	void *bigger = realloc(*p, want * size);
	if (!bigger)
		return false;
	*p = bigger;
	*cap = want;
	return true;
}

static void take_mm(struct vma_bpf_image *img, const struct bpf_rec_mm *r)
{
	img->have_mm = true;
	img->mm = (struct vma_fact_mm_bpf){
		.mm = r->mm,
		.mmap_base = r->mmap_base,
		.mmap_legacy_base = r->mmap_legacy_base,
		.task_size = r->task_size,
		.def_flags = r->def_flags,
		.brk = r->brk,
		.start_brk = r->start_brk,
		.start_stack = r->start_stack,
		.total_vm = r->total_vm,
		.locked_vm = r->locked_vm,
		.pinned_vm = r->pinned_vm,
		.data_vm = r->data_vm,
		.exec_vm = r->exec_vm,
		.stack_vm = r->stack_vm,
		.hiwater_vm = r->hiwater_vm,
		.map_count = r->map_count,
		.pgtables_bytes = r->pgtables_bytes,
		.have = (u32)r->have,
	};
}

/* A symbol as %ps prints it, without the module; nothing when there is only a number. */
static void take_symbol(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, BPF_SYM_MAX);
	const char *blank = memchr(text, ' ', len);

	if (blank)
		len = (size_t)(blank - text);
	if (len >= size)
		len = size - 1;
	if (len >= 2 && text[0] == '0' && text[1] == 'x')
		len = 0;
	memcpy(out, text, len);
	out[len] = '\0';
}

static struct vma_bpf_ops *find_ops(const struct vma_bpf_image *img, u64 addr)
{
	for (size_t i = 0; i < img->nr_ops; i++)
		if (img->ops[i].addr == addr)
			return &img->ops[i];
	return NULL;
}

static bool take_ops(struct vma_bpf_image *img, const struct bpf_rec_ops *r)
{
	struct vma_bpf_ops *o = find_ops(img, r->ops);

	if (!o) {
		if (!reserve(&img->ops, img->nr_ops, &img->cap_ops, 1, sizeof(*img->ops)))
			return false;
		o = &img->ops[img->nr_ops++];
	}
	o->addr = r->ops;
	o->callbacks = (u32)r->callbacks;
	take_symbol(o->name, sizeof(o->name), r->name);
	take_symbol(o->fault, sizeof(o->fault), r->fault);
	return true;
}

/*
 * The kernel lets go of mmap_lock between two buffers, and looks for its place again. So what comes
 * may overlap what came: that is a change. What lies wholly before was sent twice.
 */
static bool seen(struct vma_bpf_image *img, const struct bpf_rec_vma *r)
{
	const struct vma_fact_bpf *last = img->nr_vmas ? &img->vmas[img->nr_vmas - 1] : NULL;

	if (!last || r->start >= last->end)
		return false;
	if (r->end > last->end)
		img->changed = true;
	return true;
}

/* The links go to the end of the pool; finish() makes pointers of them, as it may still move. */
static bool take_vma(struct vma_bpf_image *img, const struct bpf_rec_vma *r)
{
	if (seen(img, r))
		return true;
	if (!reserve(&img->vmas, img->nr_vmas, &img->cap_vmas, 1, sizeof(*img->vmas)) ||
	    !reserve(&img->chains, img->nr_chains, &img->cap_chains, r->nr_kept, sizeof(u64)))
		return false;
	img->vmas[img->nr_vmas++] = (struct vma_fact_bpf){
		.start = r->start,
		.end = r->end,
		.vm_flags = r->vm_flags,
		.vm_pgoff = r->vm_pgoff,
		.page_prot = r->page_prot,
		.anon_vma = r->anon_vma,
		.root = r->root,
		.parent = r->parent,
		.vm_file = r->file,
		.mapping = r->mapping,
		.inode = r->inode,
		.vm_policy = r->policy,
		.uffd_ctx = r->uffd,
		.vm_ops = r->ops,
		.dev = r->dev,
		.num_children = r->num_children,
		.num_active_vmas = r->num_active_vmas,
		.refcount = r->refcount,
		.lock_seq = r->lock_seq,
		.vm_refcnt = r->vm_refcnt,
		.mm_seq = r->mm_seq,
		.nr_chain = r->nr_kept,
		.chain_cut = r->cut,
	};
	if (r->nr_kept)
		memcpy(img->chains + img->nr_chains, r->chain, r->nr_kept * sizeof(u64));
	img->nr_chains += r->nr_kept;
	return true;
}

static bool take_links(struct vma_bpf_image *img, const struct bpf_rec_links *r)
{
	if (!reserve(&img->anons, img->nr_anons, &img->cap_anons, r->nr, sizeof(*img->anons)))
		return false;
	for (size_t i = 0; i < r->nr; i++)
		img->anons[img->nr_anons++] = (struct vma_fact_anon){
			.anon_vma = r->link[i].anon_vma,
			.root = r->link[i].root,
			.parent = r->link[i].parent,
			.refcount = r->link[i].refcount,
			.num_children = r->link[i].num_children,
			.num_active_vmas = r->link[i].num_active_vmas,
		};
	return true;
}

/* Is the record as long as its type wants? Its head was read; @size bytes of it are there. */
static bool well_formed(const struct vma_bpf_image *img, const struct bpf_head *h, const void *at)
{
	const struct bpf_rec_vma *v = at;
	const struct bpf_rec_links *l = at;
	const size_t fixed = offsetof(struct bpf_rec_vma, chain);
	const size_t before_links = offsetof(struct bpf_rec_links, link);

	switch (h->type) {
	case BPF_REC_MM:
		return h->size == sizeof(struct bpf_rec_mm);
	case BPF_REC_OPS:
		return h->size == sizeof(struct bpf_rec_ops);
	case BPF_REC_VMA:
		return img->have_mm && h->size >= fixed && v->nr_kept <= BPF_CHAIN_MAX &&
		       h->size == fixed + v->nr_kept * sizeof(u64);
	case BPF_REC_LINKS:
		return h->size >= before_links && l->nr <= BPF_CHAIN_MAX &&
		       h->size == before_links + l->nr * sizeof(struct bpf_link);
	case BPF_REC_END:
		return h->size == sizeof(*h);
	}
	return false;
}

int vma_bpf_image_add(struct vma_bpf_image *img, const void *data, size_t len, size_t *used,
		      struct vma_err *err)
{
	size_t at = 0;
	bool ok = true;

	while (!img->ended && len - at >= sizeof(struct bpf_head)) {
		const void *record = (const char *)data + at;
		const struct bpf_head *h = record;

		if (h->size < sizeof(*h) || h->size > sizeof(struct bpf_rec_links) || h->size % 8)
			return vma_fail(err, EBADMSG, "BPF reader: record of %u bytes", h->size);
		if (len - at < h->size)
			break;
		if (!well_formed(img, h, record))
			return vma_fail(err, EBADMSG, "BPF reader: bad record of type %u", h->type);
		if (h->type == BPF_REC_MM)
			take_mm(img, record);
		else if (h->type == BPF_REC_OPS)
			ok = take_ops(img, record);
		else if (h->type == BPF_REC_VMA)
			ok = take_vma(img, record);
		else if (h->type == BPF_REC_LINKS)
			ok = take_links(img, record);
		else
			img->ended = true;
		if (!ok)
			return vma_fail(err, ENOMEM, "out of memory");
		at += h->size;
	}
	*used = at;
	return 0;
}

void vma_bpf_image_finish(struct vma_bpf_image *img)
{
	const struct vma_bpf_ops *o = NULL;
	size_t link = 0;

	for (size_t i = 0; i < img->nr_vmas; i++) {
		struct vma_fact_bpf *v = &img->vmas[i];

		v->chain = img->chains ? img->chains + link : NULL;
		link += v->nr_chain;
		if (v->vm_ops && (!o || o->addr != v->vm_ops))
			o = find_ops(img, v->vm_ops);
		v->ops = v->vm_ops && o ? o->name : "";
		v->fault = v->vm_ops && o ? o->fault : "";
		v->callbacks = v->vm_ops && o ? o->callbacks : 0;
	}
	if (img->nr_vmas)
		img->changed |= img->vmas[0].mm_seq != img->vmas[img->nr_vmas - 1].mm_seq ||
				img->mm.map_count != img->nr_vmas;
}
