// SPDX-License-Identifier: GPL-2.0-or-later
/* What only the kernel itself knows of a mapping (inspect --vma ADDR --source bpf). */
#include <stdio.h>

#include "base/check.h"
#include "inspect.h"

const struct vma_fact_bpf *inspect_bpf_of(const struct vma_model *m, const struct vma *vma)
{
	const struct vma_facts *f = m->facts;
	size_t low = 0, high = f->bpf ? f->nr_bpf : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->bpf[mid].start == vma->vm_start)
			return &f->bpf[mid];
		if (f->bpf[mid].start < vma->vm_start)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* THE table of callbacks, in the order of vm_operations_struct. */
static const struct {
	u32 bit;
	const char *name;
} callbacks[] = {
	{ VMA_BPF_OPS_OPEN, "open" },
	{ VMA_BPF_OPS_CLOSE, "close" },
	{ VMA_BPF_OPS_MAY_SPLIT, "may_split" },
	{ VMA_BPF_OPS_MREMAP, "mremap" },
	{ VMA_BPF_OPS_MPROTECT, "mprotect" },
	{ VMA_BPF_OPS_FAULT, "fault" },
	{ VMA_BPF_OPS_HUGE_FAULT, "huge_fault" },
	{ VMA_BPF_OPS_MAP_PAGES, "map_pages" },
	{ VMA_BPF_OPS_PAGESIZE, "pagesize" },
	{ VMA_BPF_OPS_PAGE_MKWRITE, "page_mkwrite" },
	{ VMA_BPF_OPS_PFN_MKWRITE, "pfn_mkwrite" },
	{ VMA_BPF_OPS_ACCESS, "access" },
	{ VMA_BPF_OPS_NAME, "name" },
	{ VMA_BPF_OPS_SET_POLICY, "set_policy" },
};

void inspect_bpf_ops(const struct vma_fact_bpf *t, struct fields *f)
{
	char text[160] = "", *p = text;

	if (!t->vm_ops)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
		if (t->callbacks & callbacks[i].bit)
			p += sprintf(p, "%s%s", p == text ? "" : " ", callbacks[i].name);
	fields_text(f, "vm_ops_callbacks", FIELD_WORDS, text, field_exact);
	fields_text(f, "vm_ops_symbol", FIELD_TEXT, *t->ops ? t->ops : NULL, field_exact);
	fields_text(f, "vm_ops_fault_symbol", FIELD_TEXT, *t->fault ? t->fault : NULL, field_exact);
}

/* A number that the running kernel may not have. */
static void add_had(struct fields *f, const char *name, bool had, u64 value)
{
	const struct vma_provenance unknown = { .known = VMA_UNKNOWN, .rule = "" };

	fields_num(f, name, FIELD_NUMBER, value, had ? field_exact : unknown);
}

void inspect_bpf_anon(const struct vma_fact_bpf *t, u32 have, struct fields *f)
{
	bool counts = have & VMA_BPF_NUM_CHILDREN;

	if (!t->anon_vma)
		return;
	fields_num(f, "anon_vma_refcount", FIELD_NUMBER, t->refcount, field_exact);
	add_had(f, "anon_vma_num_children", counts, t->num_children);
	add_had(f, "anon_vma_num_active_vmas", counts, t->num_active_vmas);
	if (have & VMA_BPF_DEGREE)
		fields_num(f, "anon_vma_degree", FIELD_NUMBER, t->num_children, field_exact);
	fields_num(f, "anon_vma_chain_length", FIELD_NUMBER, t->nr_chain, field_exact);
	if (t->chain_cut)
		fields_text(f, "anon_vma_chain_more", FIELD_TEXT, "yes", field_exact);
}

void inspect_bpf_locks(const struct vma_fact_bpf *t, u32 have, struct fields *f)
{
	add_had(f, "vm_lock_seq", have & VMA_BPF_LOCK_SEQ, t->lock_seq);
	add_had(f, "mm_lock_seq", have & VMA_BPF_MM_SEQ, t->mm_seq);
	add_had(f, "vm_refcnt", have & VMA_BPF_REFCNT, t->vm_refcnt);
}
