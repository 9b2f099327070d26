// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl inspect --vma ADDR: one vm_area_struct in full. */
#include "inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/engine.h"
#include "libvmactl/topology.h"
#include "target.h"

/* The columns of a mapping that are fields of the object, under the kernel's names. */
static const struct {
	const char *field, *column;
	enum field_kind kind;
} from_columns[] = {
	{ "vm_start", "START", FIELD_HEX },
	{ "vm_end", "END", FIELD_HEX },
	{ "size", "SIZE", FIELD_BYTES },
	{ "vm_flags", "FLAG_NAMES", FIELD_WORDS },
	{ "vm_flags_codes", "FLAGS", FIELD_WORDS },
	{ "perms", "PERMS", FIELD_TEXT },
	{ "pkey", "PKEY", FIELD_NUMBER },
	{ "vm_page_prot", "PROT", FIELD_HEX },
	{ "vm_pgoff", "PGOFF", FIELD_HEX },
	{ "offset", "OFFSET", FIELD_HEX },
	{ "label", "PATH", FIELD_TEXT },
	{ "dev", "DEV", FIELD_TEXT },
	{ "inode", "INODE", FIELD_NUMBER },
	{ "kind", "KIND", FIELD_TEXT },
	{ "vm_ops", "OPS", FIELD_TEXT },
	{ "anon_name", "NAME", FIELD_TEXT },
	{ "vm_policy", "POLICY", FIELD_TEXT },
	{ "vm_userfaultfd_ctx", "UFFD", FIELD_WORDS },
	{ "anon_vma", "ANON_VMA", FIELD_NUMBER },
	{ "anon_vma_chain", "CHAIN", FIELD_WORDS },
};

static void add_column(struct fields *f, const char *name, enum field_kind kind,
		       const struct vma_column *col, const struct vma_row *row)
{
	char buf[VMA_CELL_BUF];
	struct vma_cell cell = { .buf = buf };

	vma_column_get(col, row, &cell);
	if (cell.state != VMA_CELL_HAS)
		fields_text(f, name, FIELD_NONE, NULL, cell.how);
	else if (kind == FIELD_TEXT || kind == FIELD_WORDS)
		fields_text(f, name, kind, cell.text, cell.how);
	else
		fields_num(f, name, kind, cell.num, cell.how);
}

/* maps names mappings that have no file too; the kernel's vm_file is NULL there. */
static void add_file(const struct vma_model *m, const struct vma *vma, struct fields *f)
{
	const struct vma_file *file =
		vma_has_vm_file(m->world, vma) ? vma_file_at(m->world, vma->file) : NULL;
	struct vma_provenance how = vma_model_known(m, vma, VMA_FIELD_FILE);

	fields_text(f, "vm_file", file ? FIELD_TEXT : FIELD_NONE, file ? file->path : NULL, how);
}

static void add_ops(const struct vma_model *m, const struct vma *vma, struct fields *f)
{
	const struct vma_fact_bpf *truth = inspect_bpf_of(m, vma);
	const struct vma_ops *o = vma_ops_of(m->world, vma);
	char text[160] = "", *p = text;

	if (truth)
		inspect_bpf_ops(truth, f);
	if (truth || !o)
		return;
	const struct {
		bool has;
		const char *name;
	} callbacks[] = {
		{ o->open, "open" }, { o->close, "close" }, { o->may_split, "may_split" },
		{ o->mremap, "mremap" }, { o->mprotect, "mprotect" }, { o->fault, "fault" },
		{ o->huge_fault, "huge_fault" }, { o->map_pages, "map_pages" },
		{ o->page_mkwrite, "page_mkwrite" }, { o->pfn_mkwrite, "pfn_mkwrite" },
		{ o->access, "access" }, { o->pagesize, "pagesize" },
		{ o->set_policy, "set_policy" }, { o->has_name, "name" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
		if (callbacks[i].has)
			p += sprintf(p, "%s%s", p == text ? "" : " ", callbacks[i].name);
	fields_text(f, "vm_ops_callbacks", FIELD_WORDS, text,
		    vma_model_known(m, vma, VMA_FIELD_OPS));
}

static void add_anon(const struct vma_model *m, const struct vma *vma, struct fields *f)
{
	const struct vma_anon *a = vma_anon_at(m->world, vma->anon_vma);
	const struct vma_fact_bpf *truth = inspect_bpf_of(m, vma);
	const struct vma_provenance unknown = { VMA_UNKNOWN, 0, "" };

	if (!a)
		return;
	fields_num(f, "anon_vma_root", FIELD_NUMBER, a->root,
		   vma_model_known(m, vma, VMA_FIELD_ROOT));
	fields_num(f, "anon_vma_parent", FIELD_NUMBER, a->parent,
		   vma_model_known(m, vma, VMA_FIELD_CHAIN));
	if (truth) {
		inspect_bpf_anon(truth, m->facts->mm_bpf->have, f);
		return;
	}
	/* What hangs below belongs to processes that were not read. */
	fields_num(f, "anon_vma_refcount", FIELD_NUMBER, a->refcount, unknown);
	fields_num(f, "anon_vma_num_children", FIELD_NUMBER, a->num_children, unknown);
	fields_num(f, "anon_vma_num_active_vmas", FIELD_NUMBER, a->num_active_vmas,
		   vma_model_known(m, vma, VMA_FIELD_SHARING));
}

/* A neighbour: where, how far, and what keeps the two apart, as why says it. */
static void add_neighbour(const struct vma_model *m, const struct vma *left,
			  const struct vma *right, bool next, struct fields *f)
{
	const struct vma *other = next ? right : left;
	const char *name = next ? "merges_with_next" : "merges_with_prev";
	struct vma_pair pair;
	char text[160];

	snprintf(text, sizeof(text), "0x%llx-0x%llx", (unsigned long long)other->vm_start,
		 (unsigned long long)other->vm_end);
	fields_text(f, next ? "next" : "prev", FIELD_TEXT, text, field_exact);
	fields_num(f, next ? "gap_to_next" : "gap_to_prev", FIELD_BYTES,
		   right->vm_start - left->vm_end, field_exact);
	if (left->vm_end != right->vm_start)
		return;
	vma_pair_of(m, left, right, &pair);
	if (pair.why == VMA_WHY_NONE)
		snprintf(text, sizeof(text), "would, in a call that covers both");
	else
		snprintf(text, sizeof(text), "no: %s (%s)", vma_why_at(pair.why)->text,
			 vma_why_at(pair.why)->rule);
	fields_text(f, name, FIELD_TEXT, text, pair.how);
}

static void add_counters(const struct vma_fact_map *map, struct fields *f)
{
	for (int key = VMA_SMAPS_RSS; key <= VMA_SMAPS_LOCKED; key++)
		if (map->have & 1U << key)
			fields_num(f, vma_smaps_key_name((enum vma_smaps_key)key), FIELD_BYTES,
				   map->kb[key] << 10, field_exact);
}

void inspect_vma_fields(const struct vma_model *m, const struct vma *vma, struct fields *f)
{
	const struct vma_fact_map *map = vma_model_map(m, vma);
	const struct vma *prev = vma_prev(m->mm, vma), *next = vma_next(m->mm, vma);
	struct vma_view view;
	struct vma_row row;

	target_view(&view, m);
	vma_row_of_vma(&row, &view, vma, map);
	for (size_t i = 0; i < ARRAY_SIZE(from_columns); i++)
		add_column(f, from_columns[i].field, from_columns[i].kind,
			   vma_column_by_name(&vma_mapping_columns, from_columns[i].column), &row);
	fields_num(f, "vm_flags_value", FIELD_HEX,
		   vma_flags_to_kernel(vma_world_kernel(m->world), vma->vm_flags),
		   vma_model_known(m, vma, VMA_FIELD_FLAGS));
	add_file(m, vma, f);
	add_ops(m, vma, f);
	add_anon(m, vma, f);
	if (inspect_bpf_of(m, vma))
		inspect_bpf_locks(inspect_bpf_of(m, vma), m->facts->mm_bpf->have, f);
	if (prev)
		add_neighbour(m, prev, vma, false, f);
	if (next)
		add_neighbour(m, vma, next, true, f);
	if (map)
		add_counters(map, f);
}
