// SPDX-License-Identifier: GPL-2.0-or-later
#include "inference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"
#include "target.h"

static const char *const field_names[INFER_NR] = {
	[INFER_FLAGS] = "flags",         [INFER_PAGE_PROT] = "page_prot",
	[INFER_PGOFF] = "pgoff",         [INFER_OPS] = "ops",
	[INFER_FILE] = "file",           [INFER_ANON_VMA] = "anon_vma",
	[INFER_SHARING] = "sharing",     [INFER_ROOT] = "root",
	[INFER_CHAIN] = "chain",         [INFER_MMAP_BASE] = "mmap_base",
	[INFER_BRK] = "brk",             [INFER_DEF_FLAGS] = "def_flags",
	[INFER_COUNTERS] = "counters",
};

const char *inference_field_name(enum inference_field field)
{
	return field_names[field];
}

void inference_fini(struct inference *inf)
{
	tally_fini(&inf->tally);
	free(inf->miss);
	free(inf->process);
}

/* ---------------------------------------------------------------- counting */

static void add_miss(struct inference *inf, const struct inference_miss *m)
{
	struct inference_miss *misses = tally_more(&inf->tally, inf->miss, inf->nr_misses, sizeof(*misses));

	if (!misses)
		return;
	inf->miss = misses;
	misses[inf->nr_misses++] = *m;
}

static void count(struct inference *inf, const struct inference_miss *m)
{
	enum verdict v = m->how.known == VMA_UNKNOWN ? UNKNOWN :
			 m->inferred == m->truth ? AGREE : DIFFER;

	tally_count(&inf->tally, (int)m->field, false, m->how, v, false);
	if (v == DIFFER)
		add_miss(inf, m);
}

/* ---------------------------------------------------------------- one process */

struct check {
	struct inference *inf;
	const struct vma_model *m;
	const struct vma_kernel *k;
	const struct vma *vma, *left; /* left: the one below, when they touch; else NULL */
	const struct vma_fact_bpf *truth, *truth_left;
	struct vma_view view;
	struct inference_presence *presence;
	char buf[VMA_CELL_BUF];
};

static void check_vma(struct check *c, enum inference_field field, enum vma_field known,
		      u64 inferred, u64 truth)
{
	count(c->inf, &(struct inference_miss){
		.field = field,
		.how = vma_model_known(c->m, c->vma, known),
		.pid = c->m->facts->pid,
		.start = c->vma->vm_start,
		.inferred = inferred,
		.truth = truth,
	});
}

static void check_mm(struct check *c, enum inference_field field, enum vma_mm_field known,
		     u64 inferred, u64 truth)
{
	count(c->inf, &(struct inference_miss){
		.field = field,
		.how = c->m->mm_fields[known],
		.pid = c->m->facts->pid,
		.inferred = inferred,
		.truth = truth,
	});
}

/* vm_page_prot as inspect shows it. */
static u64 page_prot(struct check *c)
{
	struct vma_cell cell = { .buf = c->buf };
	struct vma_row row;

	vma_row_of_vma(&row, &c->view, c->vma, vma_model_map(c->m, c->vma));
	vma_column_get(vma_column_by_name(&vma_mapping_columns, "PROT"), &row, &cell);
	return cell.num;
}

/* The callbacks that decide about merging, splitting and moving. */
#define DECIDING (VMA_BPF_OPS_CLOSE | VMA_BPF_OPS_MAY_SPLIT | VMA_BPF_OPS_MREMAP | \
		  VMA_BPF_OPS_FAULT)

static u64 deciding(const struct vma_ops *o)
{
	if (!o)
		return 0;
	return (o->close ? VMA_BPF_OPS_CLOSE : 0) | (o->may_split ? VMA_BPF_OPS_MAY_SPLIT : 0) |
	       (o->mremap ? VMA_BPF_OPS_MREMAP : 0) | (o->fault ? VMA_BPF_OPS_FAULT : 0);
}

static void check_presence(struct check *c)
{
	struct inference_presence *p = c->presence;
	bool unknown = vma_model_known(c->m, c->vma, VMA_FIELD_ANON_VMA).known == VMA_UNKNOWN;
	bool said = c->vma->anon_vma, is = c->truth->anon_vma;

	check_vma(c, INFER_ANON_VMA, VMA_FIELD_ANON_VMA, said, is);
	if (unknown)
		*(is ? &p->unknown_present : &p->unknown_absent) += 1;
	else if (said)
		*(is ? &p->present_right : &p->present_wrong) += 1;
	else
		*(is ? &p->absent_wrong : &p->absent_right) += 1;
}

/* Rule A2: may the one use the other's anon_vma? By what the kernel has, so that a wrong offset
 * is not counted a second time. */
static bool compatible(const struct vma_fact_bpf *l, const struct vma_fact_bpf *r, u64 differ)
{
	return l->vm_file == r->vm_file && l->vm_policy == r->vm_policy &&
	       r->vm_pgoff - l->vm_pgoff == (l->end - l->start) >> VMA_PAGE_SHIFT &&
	       !(differ & ~(VM_ACCESS_FLAGS | VM_SOFTDIRTY | VM_MAYBE_GUARD));
}

/* Do two neighbours share an anon_vma? Asked only where both have one and could share it. */
static void check_sharing(struct check *c, u64 flags)
{
	const struct vma_fact_bpf *l = c->truth_left, *r = c->truth;

	if (!c->left || !l->anon_vma || !r->anon_vma ||
	    !compatible(l, r, flags ^ vma_flags_from_kernel(c->k, l->vm_flags)))
		return;
	if (c->left->anon_vma && c->vma->anon_vma) {
		check_vma(c, INFER_SHARING, VMA_FIELD_SHARING, c->left->anon_vma == c->vma->anon_vma,
			  l->anon_vma == r->anon_vma);
		return;
	}
	/* who does not see both cannot say whether they are one */
	count(c->inf, &(struct inference_miss){ .field = INFER_SHARING, .how = { .rule = "" } });
}

static void check_file(struct check *c)
{
	const struct vma_fact_bpf *l = c->truth_left, *r = c->truth;

	if (c->left && l->vm_file && r->vm_file && l->inode == r->inode && l->dev == r->dev)
		check_vma(c, INFER_FILE, VMA_FIELD_FILE, c->left->file == c->vma->file,
			  l->vm_file == r->vm_file);
}

static u64 chain_length(const struct check *c)
{
	u64 n = 0;

	for (const struct vma_avc *avc = vma_avc_at(c->m->world, c->vma->avc); avc;
	     avc = vma_avc_at(c->m->world, avc->next))
		n++;
	return n;
}

static void check_one(struct check *c)
{
	const struct vma *vma = c->vma;
	const struct vma_fact_bpf *t = c->truth;
	u64 flags = vma_flags_from_kernel(c->k, t->vm_flags);

	check_vma(c, INFER_FLAGS, VMA_FIELD_FLAGS, vma->vm_flags, flags);
	check_vma(c, INFER_PAGE_PROT, VMA_FIELD_PAGE_PROT, page_prot(c), t->page_prot);
	check_vma(c, INFER_PGOFF, VMA_FIELD_PGOFF, vma->vm_pgoff, t->vm_pgoff);
	check_vma(c, INFER_OPS, VMA_FIELD_OPS, deciding(vma_ops_of(c->m->world, vma)),
		  t->callbacks & DECIDING);
	check_file(c);
	check_presence(c);
	check_sharing(c, flags);
	if (!vma->anon_vma || !t->anon_vma)
		return;
	check_vma(c, INFER_ROOT, VMA_FIELD_ROOT,
		  vma_anon_at(c->m->world, vma->anon_vma)->root == vma->anon_vma,
		  t->root == t->anon_vma);
	check_vma(c, INFER_CHAIN, VMA_FIELD_CHAIN, chain_length(c), t->nr_chain);
}

static void check_whole(struct check *c, const struct vma_fact_mm_bpf *t)
{
	const struct vma_mm *mm = c->m->mm;
	const u64 pairs[][2] = {
		{ mm->map_count, t->map_count }, { mm->total_vm, t->total_vm },
		{ mm->data_vm, t->data_vm },     { mm->exec_vm, t->exec_vm },
		{ mm->stack_vm, t->stack_vm },   { mm->locked_vm, t->locked_vm },
		{ mm->pinned_vm, t->pinned_vm },
	};

	check_mm(c, INFER_MMAP_BASE, VMA_MM_FIELD_MMAP_BASE, mm->mmap_base, t->mmap_base);
	check_mm(c, INFER_BRK, VMA_MM_FIELD_BRK, mm->brk, t->brk);
	check_mm(c, INFER_DEF_FLAGS, VMA_MM_FIELD_DEF_FLAGS, mm->def_flags,
		 vma_flags_from_kernel(c->k, t->def_flags));
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		check_mm(c, INFER_COUNTERS, VMA_MM_FIELD_COUNTERS, pairs[i][0], pairs[i][1]);
}

static void add_presence(struct inference_presence *sum, const struct inference_presence *p)
{
	sum->present_right += p->present_right;
	sum->present_wrong += p->present_wrong;
	sum->absent_right += p->absent_right;
	sum->absent_wrong += p->absent_wrong;
	sum->unknown_present += p->unknown_present;
	sum->unknown_absent += p->unknown_absent;
}

void inference_add(struct inference *inf, const struct vma_model *m,
		   const struct vma_fact_bpf *truth, const struct vma_fact_mm_bpf *mm)
{
	struct inference_process *all = tally_more(&inf->tally, inf->process, inf->nr_processes, sizeof(*all));
	struct check c = { .inf = inf, .m = m, .k = vma_world_kernel(m->world) };
	const struct vma *below = NULL;

	if (!all)
		return;
	inf->process = all;
	all += inf->nr_processes++;
	*all = (struct inference_process){ .pid = m->facts->pid };
	snprintf(all->comm, sizeof(all->comm), "%.15s", m->facts->comm ? m->facts->comm : "");
	c.presence = &all->anon_vma;
	target_view(&c.view, m);
	vma_for_each(m->mm, c.vma) {
		c.left = below && below->vm_end == c.vma->vm_start ? below : NULL;
		c.truth = truth++;
		c.truth_left = below ? c.truth - 1 : NULL;
		check_one(&c);
		below = c.vma;
		all->vmas++;
	}
	check_whole(&c, mm);
	add_presence(&inf->anon_vma, &all->anon_vma);
}
