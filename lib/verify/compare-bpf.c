/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What /proc does not show, read from the kernel by BPF: which VMAs share an anon_vma, how the
 * anon_vmas hang together, which VMAs map the same struct file, the real page offsets, and what was
 * write-locked.
 *
 * Identities are addresses there and ids here; the two sides agree when there is a one-to-one
 * relation between them over all processes of the troupe at this moment.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "verify/compare.h"

/* ---------------------------------------------------------------- one-to-one */

#define SLOTS 8192 /* a power of two, far more than there are objects */

struct entry {
	u64 key, value;
	u32 generation; /* entries of older generations are empty */
};

struct relation {
	struct entry there[SLOTS], back[SLOTS];
	u32 generation;
};

struct vma_bpf_compare {
	struct vma_bpf *reader;
	struct vma_bpf_image image[STAGE_PUPPETS];
	struct relation anon, file;
};

static struct entry *slot_of(struct entry *table, u32 generation, u64 key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ULL) >> 51; /* 13 bits */

	while (table[i].generation == generation && table[i].key != key)
		i = (i + 1) % SLOTS;
	return &table[i];
}

static bool agrees(struct entry *table, u32 generation, u64 key, u64 value)
{
	struct entry *e = slot_of(table, generation, key);

	if (e->generation == generation)
		return e->value == value;
	*e = (struct entry){ key, value, generation };
	return true;
}

/* Does it fit what was related before? Zero goes with zero only. */
static bool relate(struct relation *r, u64 ours, u64 kernel)
{
	if (!ours || !kernel)
		return ours == kernel;
	return agrees(r->there, r->generation, ours, kernel) &&
	       agrees(r->back, r->generation, kernel, ours);
}

int vma_bpf_compare_new(struct vma_bpf_compare **out, struct vma_err *err)
{
	struct vma_bpf_compare *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return vma_fail(err, ENOMEM, "out of memory");
	rc = vma_bpf_open(&c->reader, err);
	if (rc) {
		free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void vma_bpf_compare_free(struct vma_bpf_compare *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		vma_bpf_image_fini(&c->image[i]);
	vma_bpf_close(c->reader);
	free(c);
}

/* ---------------------------------------------------------------- one mapping */

static bool is_same_chain(const struct stage *st, const struct vma *vma,
			  const struct vma_fact_bpf *k)
{
	const struct vma_avc *avc = vma_avc_at(st->world, vma->avc);
	u32 n = 0;

	for (; avc && n < k->nr_chain; avc = vma_avc_at(st->world, avc->next), n++)
		if (!relate(&st->bpf->anon, avc->anon_vma, k->chain[n]))
			return false;
	return k->chain_cut || (!avc && n == k->nr_chain);
}

static bool is_same_anon(const struct stage *st, const struct vma *vma,
			 const struct vma_fact_bpf *k, u32 have)
{
	struct relation *r = &st->bpf->anon;
	const struct vma_anon *a = vma_anon_at(st->world, vma->anon_vma);

	if (!relate(r, vma->anon_vma, k->anon_vma))
		return false;
	if (a && (!relate(r, a->root, k->root) || !relate(r, a->parent, k->parent)))
		return false;
	if (a && have & VMA_BPF_NUM_CHILDREN &&
	    (a->num_children != k->num_children || a->num_active_vmas != k->num_active_vmas))
		return false;
	return is_same_chain(st, vma, k);
}

/* An anon_vma that stands in chains, whoever else uses it: all there was related before. */
static bool is_same_link(const struct stage *st, const struct vma_fact_anon *k, u32 have)
{
	struct relation *r = &st->bpf->anon;
	const struct entry *e = slot_of(r->back, r->generation, k->anon_vma);
	const struct vma_anon *a = e->generation == r->generation ?
				   vma_anon_at(st->world, (u32)e->value) : NULL;

	if (!a || !relate(r, a->root, k->root) || !relate(r, a->parent, k->parent))
		return false;
	return !(have & VMA_BPF_NUM_CHILDREN) || (a->num_children == k->num_children &&
						  a->num_active_vmas == k->num_active_vmas);
}

static enum what compare_vma(const struct stage *st, const struct vma *vma,
			     const struct vma_fact_bpf *k, u32 have)
{
	const u64 flags = vma_flags_from_kernel(vma_world_kernel(st->world), k->vm_flags);
	const u64 ignored = vma_world_system(st->world)->soft_dirty ? 0 : VM_SOFTDIRTY;

	if (!vma || vma->vm_start != k->start || vma->vm_end != k->end)
		return WHAT_RANGES;
	if ((vma->vm_flags ^ flags) & ~ignored)
		return WHAT_FLAGS;
	if (vma->vm_pgoff != k->vm_pgoff)
		return WHAT_PGOFF;
	if (!relate(&st->bpf->file, vma_has_vm_file(st->world, vma) ? vma->file : 0, k->vm_file))
		return WHAT_FILE;
	return is_same_anon(st, vma, k, have) ? WHAT_NONE : WHAT_ANON;
}

static enum what compare_mm(const struct stage *st, const struct vma_mm *mm,
			    const struct vma_fact_mm_bpf *k)
{
	const u64 def = vma_flags_from_kernel(vma_world_kernel(st->world), k->def_flags);

	return mm->map_count == k->map_count && mm->brk == k->brk && mm->start_brk == k->start_brk &&
	       mm->def_flags == def ? WHAT_NONE : WHAT_COUNTERS;
}

static enum what compare_image(const struct stage *st, unsigned int who)
{
	const struct vma_bpf_image *img = &st->bpf->image[who];
	struct vma_mm *mm = vma_stage_mm(st, who);
	struct vma_iter it = vma_iter_at(mm, 0);
	enum what what = compare_mm(st, mm, &img->mm);

	for (size_t i = 0; !what && i < img->nr_vmas; i++)
		what = compare_vma(st, vma_iter_next(&it), &img->vmas[i], img->mm.have);
	if (!what && vma_iter_next(&it))
		what = WHAT_RANGES;
	for (size_t i = 0; !what && i < img->nr_anons; i++)
		if (!is_same_link(st, &img->anons[i], img->mm.have))
			what = WHAT_ANON;
	if (!what && st->locks && !vma_locks_agree(mm, img))
		what = WHAT_LOCKS;
	return what;
}

/* ---------------------------------------------------------------- telling the difference */

/* Names by order of appearance: two sides that agree read alike. */
struct namer {
	u64 seen[512];
	size_t nr;
};

static size_t name(struct namer *n, u64 id)
{
	size_t i;

	if (!id)
		return 0;
	for (i = 0; i < n->nr && n->seen[i] != id; i++)
		;
	if (i == n->nr && n->nr < ARRAY_SIZE(n->seen))
		n->seen[n->nr++] = id;
	return i + 1;
}

/* An anon_vma of a chain, its relatives by their names. */
static void link_line(struct strbuf *b, struct namer *n, const struct vma_fact_anon *k)
{
	strbuf_addf(b, "anon_vma %zu in a chain: root %zu parent %zu children %u active %u\n",
		    name(n, k->anon_vma), name(n, k->root), name(n, k->parent), k->num_children,
		    k->num_active_vmas);
}

static void anon_line(struct strbuf *b, struct namer *n, u32 pid, const struct vma_fact_bpf *k,
		      u64 flags)
{
	strbuf_addf(b, "%u: %" PRIx64 "-%" PRIx64 " flags %" PRIx64 " pgoff %" PRIx64
		    " anon_vma %zu root %zu parent %zu children %u active %u chain",
		    pid, k->start, k->end, flags, k->vm_pgoff, name(n, k->anon_vma),
		    name(n, k->root), name(n, k->parent), k->num_children, k->num_active_vmas);
	for (u32 i = 0; i < k->nr_chain; i++)
		strbuf_addf(b, " %zu", name(n, k->chain[i]));
	strbuf_addc(b, '\n');
}

/* A VMA of the model in the reader's form. */
static struct vma_fact_bpf as_fact(const struct stage *st, const struct vma *vma, u64 *chain,
				   u32 max)
{
	const struct vma_anon *a = vma_anon_at(st->world, vma->anon_vma);
	const struct vma_avc *avc = vma_avc_at(st->world, vma->avc);
	struct vma_fact_bpf f = {
		.start = vma->vm_start, .end = vma->vm_end, .vm_pgoff = vma->vm_pgoff,
		.anon_vma = vma->anon_vma, .chain = chain,
	};

	if (a) {
		f.root = a->root;
		f.parent = a->parent;
		f.num_children = a->num_children;
		f.num_active_vmas = a->num_active_vmas;
	}
	for (; avc && f.nr_chain < max; avc = vma_avc_at(st->world, avc->next))
		chain[f.nr_chain++] = avc->anon_vma;
	return f;
}

/* What the chain of a VMA of the model holds besides its own. */
static void tell_links(struct strbuf *b, struct namer *n, const struct stage *st,
		       const struct vma *vma)
{
	const struct vma_avc *avc = vma_avc_at(st->world, vma->avc);

	for (; avc; avc = vma_avc_at(st->world, avc->next)) {
		const struct vma_anon *a = vma_anon_at(st->world, avc->anon_vma);

		if (a->id != vma->anon_vma)
			link_line(b, n, &(struct vma_fact_anon){ a->id, a->root, a->parent, 0,
								 a->num_children,
								 a->num_active_vmas });
	}
}

static void tell_ours(struct strbuf *a, struct namer *n, const struct stage *st,
		      const struct vma_mm *mm)
{
	const struct vma *vma;
	u64 chain[64];

	vma_for_each(mm, vma) {
		const struct vma_fact_bpf f = as_fact(st, vma, chain, ARRAY_SIZE(chain));

		anon_line(a, n, mm->pid, &f, vma->vm_flags);
		tell_links(a, n, st, vma);
	}
}

static void tell_kernels(struct strbuf *b, struct namer *n, const struct stage *st, u32 pid,
			 const struct vma_bpf_image *img)
{
	const struct vma_kernel *k = vma_world_kernel(st->world);

	for (size_t i = 0; i < img->nr_vmas; i++)
		anon_line(b, n, pid, &img->vmas[i], vma_flags_from_kernel(k, img->vmas[i].vm_flags));
	for (size_t i = 0; i < img->nr_anons; i++)
		link_line(b, n, &img->anons[i]);
}

static void tell(struct stage *st, struct difference *diff)
{
	struct namer ours = { .nr = 0 }, kernels = { .nr = 0 };
	struct strbuf a, b;

	strbuf_init(&a);
	strbuf_init(&b);
	strbuf_addc(&a, '\n');
	strbuf_addc(&b, '\n');
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++) {
		const struct vma_bpf_image *img = &st->bpf->image[i];
		const struct vma_mm *mm = vma_stage_mm(st, i);

		if (!mm)
			continue;
		if (diff->what == WHAT_LOCKS) {
			vma_locks_tell(mm, img, &a, &b);
			continue;
		}
		tell_ours(&a, &ours, st, mm);
		tell_kernels(&b, &kernels, st, mm->pid, img);
	}
	vma_tell_lines(&diff->detail, strbuf_str(&a), strbuf_str(&b));
	strbuf_fini(&a);
	strbuf_fini(&b);
}

#define MOST_READS 100

/* A puppet waits, but may fault once more on its way there: then a reader holds a VMA. */
static int read_puppet(struct stage *st, unsigned int who, struct vma_err *err)
{
	struct vma_bpf_compare *c = st->bpf;
	int rc = 0;

	for (int i = 0; !rc && i < MOST_READS; i++) {
		rc = vma_bpf_read(c->reader, (u32)vma_live_pid(st->live, who), VMA_BPF_READ_ANON,
				  &c->image[who], err);
		if (!rc && vma_locks_at_rest(&c->image[who]))
			break;
	}
	return rc;
}

static void learn_locks(struct stage *st)
{
	for (unsigned int i = 0; i < STAGE_PUPPETS; i++)
		if (vma_stage_mm(st, i))
			vma_locks_learn(vma_stage_mm(st, i), &st->bpf->image[i]);
}

int vma_learn_bpf(struct stage *st, struct vma_err *err)
{
	int rc = read_puppet(st, 0, err);

	if (!rc)
		learn_locks(st);
	return rc;
}

/* khugepaged is a writer, too, who comes when he likes: then go on with the kernel's numbers. */
static bool go_on_with_locks(struct stage *st)
{
	if (!vma_stage_was_collapsed(st))
		return false;
	learn_locks(st);
	return true;
}

int vma_compare_bpf(struct stage *st, struct difference *diff, struct vma_err *err)
{
	struct vma_bpf_compare *c = st->bpf;
	const u32 generation = c->anon.generation + 1;
	int rc = 0;

	c->anon.generation = c->file.generation = generation;
	for (unsigned int i = 0; !rc && i < STAGE_PUPPETS; i++)
		if (vma_stage_mm(st, i))
			rc = read_puppet(st, i, err);
	for (unsigned int i = 0; !rc && !diff->what && i < STAGE_PUPPETS; i++)
		if (vma_stage_mm(st, i))
			diff->what = compare_image(st, i);
	if (diff->what == WHAT_LOCKS && go_on_with_locks(st))
		diff->what = WHAT_NONE;
	if (!rc && diff->what)
		tell(st, diff);
	return rc;
}
