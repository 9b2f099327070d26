// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * THE table of columns of a mapping. A new column is a getter and a row at the end of this file;
 * --list-columns, -o, -Q, -s, JSON keys and the completion read the row.
 *
 * A getter works from the record (row->map) where it can, so that rows can be streamed, and from
 * the model (row->vma) where it must; `needs` says which.
 */
#include "libvmactl/report.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/range.h"

#define GET(name)                                                                      \
	static void get_##name(const struct vma_column *col __attribute__((unused)),   \
			       const void *row_, struct vma_cell *cell)                \
	{                                                                              \
		const struct vma_row *row = row_;                                      \
		name(row, cell);                                                       \
	}

static void set(struct vma_cell *cell, u64 num)
{
	cell->state = VMA_CELL_HAS;
	cell->num = num;
}

/* No text is no value. */
static void set_text(struct vma_cell *cell, const char *text)
{
	cell->state = text && *text ? VMA_CELL_HAS : VMA_CELL_NONE;
	cell->text = text;
}

static void set_unknown(struct vma_cell *cell)
{
	cell->state = VMA_CELL_UNKNOWN;
	cell->how.known = VMA_UNKNOWN;
}

/* How the field is known; a field that nobody knows has no value. */
static bool known(const struct vma_row *row, struct vma_cell *cell, enum vma_field field)
{
	if (!row->vma) {
		if (!row->map || !row->map->gate) /* [vsyscall] is no mapping: there is nothing to know */
			set_unknown(cell);
		return false;
	}
	if (row->view->known) {
		cell->how = row->view->known(row->view->known_ctx, row->vma, field);
		if (cell->how.known == VMA_UNKNOWN) {
			set_unknown(cell);
			return false;
		}
	}
	return true;
}

static const struct vma_world *world_of(const struct vma_row *row)
{
	return row->view->mm->world;
}

static const struct vma_file *file_of(const struct vma_row *row)
{
	return vma_has_vm_file(world_of(row), row->vma)
		       ? vma_file_at(world_of(row), row->vma->file)
		       : NULL;
}

/* ---------------------------------------------------------------- where */

static void pid(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->view->pid)
		set(cell, row->view->pid);
}
GET(pid)

static void start(const struct vma_row *row, struct vma_cell *cell)
{
	set(cell, row->start);
}
GET(start)

static void end(const struct vma_row *row, struct vma_cell *cell)
{
	set(cell, row->end);
}
GET(end)

static void size(const struct vma_row *row, struct vma_cell *cell)
{
	set(cell, row->end - row->start);
}
GET(size)

static void nr_pages(const struct vma_row *row, struct vma_cell *cell)
{
	set(cell, pages(row->end - row->start));
}
GET(nr_pages)

static void gap(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->next)
		set(cell, row->next - row->end);
}
GET(gap)

/* ---------------------------------------------------------------- what may be done */

static void perms(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->vma || row->bpf)
		set_text(cell, vma_flags_perms(row->flags, cell->buf));
	else
		set_text(cell, row->map->perms);
}
GET(perms)

static size_t slot_of(u64 flags)
{
	return (size_t)(flags * 0x9e3779b97f4a7c15ULL >> 60) % VMA_VIEW_WORDS;
}

/* To put the words together costs more than all else of a row, so those of the last flags are kept. */
static const char *flag_words(struct vma_view *v, u64 fl)
{
	size_t at = slot_of(fl);

	if (!v->words[at].used || v->words[at].flags != fl) {
		vma_flags_codes(v->kernel, fl, ' ', v->words[at].words);
		v->words[at].flags = fl;
		v->words[at].used = true;
	}
	return v->words[at].words;
}

static void flags(const struct vma_row *row, struct vma_cell *cell)
{
	if (!row->has_flags) {
		set_unknown(cell);
		return;
	}
	if (row->vma && !known(row, cell, VMA_FIELD_FLAGS))
		return;
	set_text(cell, flag_words(row->view, row->flags));
	if (row->map && row->map->unknown && *row->map->unknown) {
		snprintf(cell->buf, VMA_CELL_BUF, "%s %s", cell->text, row->map->unknown);
		set_text(cell, cell->buf);
	}
}
GET(flags)

static void flag_names(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_flag *f;
	char *p = cell->buf;

	if (!row->has_flags) {
		set_unknown(cell);
		return;
	}
	*p = '\0';
	for (size_t i = 0; (f = vma_flag_at(i)); i++)
		if (row->flags & 1ULL << f->bit)
			p += sprintf(p, "%s%s", p == cell->buf ? "" : " ", f->name);
	set_text(cell, cell->buf);
}
GET(flag_names)

static void pkey(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->has_flags)
		set(cell, vma_pkey(row->flags));
	else
		set_unknown(cell);
}
GET(pkey)

/* Rule T4: does the kernel want to hear of the first write to each page of a shared mapping? */
static bool wants_write_notify(const struct vma_row *row)
{
	struct vma_world *w = row->view->mm->world;
	const struct vma_ops *ops = vma_ops_of(w, row->vma);
	const struct vma_file *f = vma_file_at(w, row->vma->file);
	u64 fl = row->flags;

	if ((fl & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (ops && (ops->page_mkwrite || ops->pfn_mkwrite))
		return true;
	if (vma_world_system(w)->soft_dirty && !(fl & (VM_SOFTDIRTY | VM_HUGETLB)))
		return true;
	if (fl & VM_UFFD_WP)
		return true;
	return !(fl & VM_PFNMAP) && f && f->writeback;
}

static void page_prot(const struct vma_row *row, struct vma_cell *cell)
{
	if (known(row, cell, VMA_FIELD_PAGE_PROT))
		set(cell, vma_page_prot(row->flags, wants_write_notify(row)));
}
GET(page_prot)

/* ---------------------------------------------------------------- what is mapped */

static void offset(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->bpf)
		set(cell, row->bpf->vm_file ? row->bpf->vm_pgoff << VMA_PAGE_SHIFT : 0);
	else if (!row->vma)
		set(cell, row->map->offset);
	else
		set(cell, file_of(row) ? row->vma->vm_pgoff << VMA_PAGE_SHIFT : 0);
}
GET(offset)

static void pgoff(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->bpf)
		set(cell, row->bpf->vm_pgoff);
	else if (known(row, cell, VMA_FIELD_PGOFF))
		set(cell, row->vma->vm_pgoff);
}
GET(pgoff)

static char *put_hex2(char *p, u32 v)
{
	if (v < 16)
		*p++ = '0';
	return vma_put_hex(p, v);
}

static void dev(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_file *f = row->map ? NULL : file_of(row);
	u32 major = row->map ? row->map->dev_major : f ? f->dev_major : 0;
	u32 minor = row->map ? row->map->dev_minor : f ? f->dev_minor : 0;
	char *p = put_hex2(cell->buf, major);

	*p++ = ':';
	*put_hex2(p, minor) = '\0';
	set_text(cell, cell->buf);
}
GET(dev)

static void inode(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_file *f = row->map ? NULL : file_of(row);

	set(cell, row->map ? row->map->inode : f ? f->inode : 0);
}
GET(inode)

static void path(const struct vma_row *row, struct vma_cell *cell)
{
	if (row->map)
		set_text(cell, row->map->path);
	else
		set_text(cell, vma_label(row->view->mm, row->vma, cell->buf, VMA_CELL_BUF));
}
GET(path)

static void kind(const struct vma_row *row, struct vma_cell *cell)
{
	if (known(row, cell, VMA_FIELD_OPS))
		set_text(cell, vma_kind_name(vma_kind_of(world_of(row), row->vma)));
}
GET(kind)

static void ops(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_ops *o;

	if (!known(row, cell, VMA_FIELD_OPS))
		return;
	o = vma_ops_of(world_of(row), row->vma);
	set_text(cell, o ? o->name : NULL);
}
GET(ops)

static void name(const struct vma_row *row, struct vma_cell *cell)
{
	if (known(row, cell, VMA_FIELD_NAME) && row->vma->name)
		set_text(cell, vma_name_text(world_of(row), row->vma->name));
}
GET(name)

static void policy(const struct vma_row *row, struct vma_cell *cell)
{
	if (known(row, cell, VMA_FIELD_POLICY))
		set_text(cell, row->vma->policy ? vma_policy_text(world_of(row), row->vma->policy)
						: "default");
}
GET(policy)

static void uffd(const struct vma_row *row, struct vma_cell *cell)
{
	static const struct {
		u64 bit;
		const char *word;
	} modes[] = {
		{ 1ULL << VMA_BIT_UFFD_MISSING, "missing" },
		{ 1ULL << VMA_BIT_UFFD_WP, "wp" },
		{ 1ULL << VMA_BIT_UFFD_MINOR, "minor" },
	};
	char *p = cell->buf;

	if (!row->has_flags) {
		set_unknown(cell);
		return;
	}
	*p = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (row->flags & modes[i].bit)
			p += sprintf(p, "%s%s", p == cell->buf ? "" : " ", modes[i].word);
	set_text(cell, cell->buf);
}
GET(uffd)

/* ---------------------------------------------------------------- anonymous memory */

static void anon_vma(const struct vma_row *row, struct vma_cell *cell)
{
	u32 id = row->anon_vma;

	if (!row->bpf)
		id = known(row, cell, VMA_FIELD_ANON_VMA) ? row->vma->anon_vma : 0;
	if (id)
		set(cell, id);
}
GET(anon_vma)

static void root(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_anon *a;

	if (!known(row, cell, VMA_FIELD_ROOT))
		return;
	a = vma_anon_at(world_of(row), row->vma->anon_vma);
	if (a)
		set(cell, a->root);
}
GET(root)

static void chain(const struct vma_row *row, struct vma_cell *cell)
{
	const struct vma_avc *avc;
	char *p = cell->buf;

	if (!known(row, cell, VMA_FIELD_CHAIN))
		return;
	*p = '\0';
	for (u32 id = row->vma->avc; (avc = vma_avc_at(world_of(row), id)); id = avc->next) {
		if (p - cell->buf > VMA_CELL_BUF - 32)
			break;
		if (p != cell->buf)
			*p++ = ' ';
		p = vma_put_dec(p, avc->anon_vma);
		*p = '\0';
	}
	set_text(cell, cell->buf);
}
GET(chain)

/* ---------------------------------------------------------------- counters of smaps */

static void get_smaps(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct vma_row *row = row_;
	u32 key = col->arg;

	if (!row->map || !(row->map->have & 1U << key))
		set_unknown(cell);
	else
		set(cell, row->map->kb[key] * (col->kind == VMA_CELL_BYTES ? 1024 : 1));
}

static void dirty(const struct vma_row *row, struct vma_cell *cell)
{
	static const u32 both = 1U << VMA_SMAPS_SHARED_DIRTY | 1U << VMA_SMAPS_PRIVATE_DIRTY;

	if (!row->map || (row->map->have & both) != both)
		set_unknown(cell);
	else
		set(cell, (row->map->kb[VMA_SMAPS_SHARED_DIRTY] +
			   row->map->kb[VMA_SMAPS_PRIVATE_DIRTY]) << 10);
}
GET(dirty)

/* The fields of this row that are not exact, each with how it is known. */
static void doubts(const struct vma_row *row, struct vma_cell *cell)
{
	char *p = cell->buf;

	*p = '\0';
	if (!row->vma || !row->view->known)
		return;
	for (int f = 0; f < VMA_FIELD_NR; f++) {
		struct vma_provenance how =
			row->view->known(row->view->known_ctx, row->vma, (enum vma_field)f);

		if (how.known == VMA_EXACT)
			continue;
		p += snprintf(p, 128, "%s%.40s:%s", p == cell->buf ? "" : " ",
			      vma_field_name((enum vma_field)f), vma_known_name(how.known));
		if (how.rule && *how.rule)
			p += snprintf(p, 40, ":%.32s", how.rule);
	}
	set_text(cell, cell->buf);
}
GET(doubts)

/* ---------------------------------------------------------------- what it is for */

static void get_attrib(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct vma_row *row = row_;
	const char *text;

	if (!row->view->attrib || !row->map) {
		set_unknown(cell);
		return;
	}
	text = row->view->attrib(row->view->attrib_ctx, row->map, col->arg, cell->buf, VMA_CELL_BUF,
				 &cell->how);
	if (text)
		set_text(cell, text);
	else
		set_unknown(cell);
}

/* ---------------------------------------------------------------- the table */

#define MAPS VMA_READ_MAPS
#define PERMS (VMA_READ_MAPS | VMA_PART_PERMS)
#define FILE_OF (VMA_READ_MAPS | VMA_PART_FILE)
#define SMAPS (VMA_READ_SMAPS | VMA_PART_BODY)
#define FROM_PROC(levels) ((levels) | VMA_NEEDS_PROC)
#define MODEL (VMA_READ_MAPS | VMA_READ_SMAPS | VMA_READ_STATUS | VMA_NEEDS_MODEL)

static const struct vma_column columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_pid, 0, "process" },
	{ "START", "start", VMA_CELL_ADDR, false, MAPS, get_start, 0, "first address (vm_start)" },
	{ "END", "end", VMA_CELL_ADDR, false, MAPS, get_end, 0,
	  "first address behind it (vm_end)" },
	{ "SIZE", "size", VMA_CELL_BYTES, true, MAPS, get_size, 0, "length" },
	{ "PAGES", "pages", VMA_CELL_NUMBER, true, MAPS, get_nr_pages, 0, "length in pages" },
	{ "GAP", "gap", VMA_CELL_BYTES, true, MAPS | VMA_NEEDS_NEXT, get_gap, 0,
	  "free space up to the next mapping" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, PERMS, get_perms, 0,
	  "read, write, execute; private or shared" },
	{ "FLAGS", "flags", VMA_CELL_WORDS, false, SMAPS, get_flags, 0,
	  "vm_flags as the codes of smaps" },
	{ "FLAG_NAMES", "flag_names", VMA_CELL_WORDS, false, SMAPS, get_flag_names, 0,
	  "vm_flags by name" },
	{ "PKEY", "pkey", VMA_CELL_NUMBER, false, SMAPS, get_pkey, 0, "protection key" },
	{ "PROT", "page_prot", VMA_CELL_ADDR, false, FROM_PROC(MODEL), get_page_prot, 0,
	  "vm_page_prot: the bits of a page table entry" },
	{ "OFFSET", "offset", VMA_CELL_ADDR, false, FILE_OF, get_offset, 0,
	  "offset in the file, bytes" },
	{ "PGOFF", "pgoff", VMA_CELL_ADDR, false, MODEL, get_pgoff, 0,
	  "vm_pgoff, pages; of anonymous memory too" },
	{ "DEV", "dev", VMA_CELL_TEXT, false, FROM_PROC(FILE_OF), get_dev, 0, "device of the file" },
	{ "INODE", "inode", VMA_CELL_NUMBER, false, FROM_PROC(FILE_OF), get_inode, 0,
	  "inode of the file" },
	{ "PATH", "path", VMA_CELL_TEXT, false, FROM_PROC(FILE_OF), get_path, 0,
	  "file or [label], as maps prints it" },
	{ "KIND", "kind", VMA_CELL_TEXT, false, FROM_PROC(MODEL), get_kind, 0, "kind of mapping" },
	{ "OPS", "ops", VMA_CELL_TEXT, false, FROM_PROC(MODEL), get_ops, 0,
	  "vm_operations_struct; none: anonymous" },
	{ "NAME", "name", VMA_CELL_TEXT, false, FROM_PROC(MODEL), get_name, 0,
	  "name given by prctl(PR_SET_VMA)" },
	{ "POLICY", "policy", VMA_CELL_TEXT, false, FROM_PROC(MODEL | VMA_READ_NUMA), get_policy,
	  0, "memory policy" },
	{ "UFFD", "uffd", VMA_CELL_WORDS, false, SMAPS, get_uffd, 0, "modes of userfaultfd" },
	{ "ANON_VMA", "anon_vma", VMA_CELL_NUMBER, false, MODEL, get_anon_vma, 0,
	  "anon_vma, a number of ours; none: never faulted" },
	{ "ROOT", "anon_root", VMA_CELL_NUMBER, false, FROM_PROC(MODEL), get_root, 0,
	  "root of the anon_vma's tree" },
	{ "CHAIN", "chain", VMA_CELL_IDS, false, FROM_PROC(MODEL), get_chain, 0,
	  "anon_vma_chain: anon_vmas, newest first" },
	{ "DOUBTS", "doubts", VMA_CELL_WORDS, false, FROM_PROC(MODEL), get_doubts, 0,
	  "fields that are not exact: how they are known, by which rule" },
#define ATTRIB (VMA_READ_MAPS | VMA_READ_STATUS | VMA_NEEDS_ATTRIB)
	{ "OBJECT", "object", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_OBJECT,
	  "program or library it belongs to, .bss too" },
	{ "SEGMENT", "segment", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_SEGMENT,
	  "ELF program header: number, flags, relro, bss" },
	{ "SECTIONS", "sections", VMA_CELL_WORDS, false, ATTRIB, get_attrib, VMA_ATTRIB_SECTIONS,
	  "ELF sections in it" },
	{ "BUILD_ID", "build_id", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_BUILD_ID,
	  "build-id of the object" },
	{ "CATEGORY", "category", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_CATEGORY,
	  "what it is for: text, heap, arena, thread-stack, guard.." },
	{ "RULE", "category_rule", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_RULE,
	  "why it has this category" },
	{ "ELF_SOURCE", "elf_source", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_SOURCE,
	  "through what the object's headers were read" },
	{ "TID", "tid", VMA_CELL_TEXT, false, ATTRIB, get_attrib, VMA_ATTRIB_THREAD,
	  "thread whose stack it is" },
#define COUNTER(name, key_, smaps, help) \
	{ name, key_, VMA_CELL_BYTES, true, FROM_PROC(SMAPS), get_smaps, VMA_SMAPS_##smaps, help }
	COUNTER("RSS", "rss", RSS, "present pages"),
	COUNTER("PSS", "pss", PSS, "present pages, shared ones divided by their users"),
	COUNTER("PSS_DIRTY", "pss_dirty", PSS_DIRTY, "the dirty part of PSS"),
	COUNTER("SHARED_CLEAN", "shared_clean", SHARED_CLEAN, "present, mapped twice, clean"),
	COUNTER("SHARED_DIRTY", "shared_dirty", SHARED_DIRTY, "present, mapped twice, dirty"),
	COUNTER("PRIVATE_CLEAN", "private_clean", PRIVATE_CLEAN, "present, mapped once, clean"),
	COUNTER("PRIVATE_DIRTY", "private_dirty", PRIVATE_DIRTY, "present, mapped once, dirty"),
	{ "DIRTY", "dirty", VMA_CELL_BYTES, true, FROM_PROC(SMAPS), get_dirty, 0,
	  "present and dirty, as pmap -x" },
	COUNTER("REFERENCED", "referenced", REFERENCED, "touched since the marks were cleared"),
	COUNTER("ANONYMOUS", "anonymous", ANONYMOUS, "present pages without a file"),
	COUNTER("KSM", "ksm", KSM, "pages shared by KSM"),
	COUNTER("LAZYFREE", "lazyfree", LAZYFREE, "pages given up with MADV_FREE"),
	COUNTER("ANONHUGEPAGES", "anonhugepages", ANONHUGEPAGES, "anonymous huge pages"),
	COUNTER("SHMEMPMDMAPPED", "shmempmdmapped", SHMEMPMDMAPPED, "huge pages of shmem"),
	COUNTER("FILEPMDMAPPED", "filepmdmapped", FILEPMDMAPPED, "huge pages of files"),
	COUNTER("SHARED_HUGETLB", "shared_hugetlb", SHARED_HUGETLB, "hugetlb, mapped twice"),
	COUNTER("PRIVATE_HUGETLB", "private_hugetlb", PRIVATE_HUGETLB, "hugetlb, mapped once"),
	COUNTER("SWAP", "swap", SWAP, "swapped out"),
	COUNTER("SWAPPSS", "swappss", SWAPPSS, "swapped out, divided by users"),
	COUNTER("LOCKED", "locked", LOCKED, "locked by mlock, as PSS"),
	{ "KERNELPAGESIZE", "kernelpagesize", VMA_CELL_BYTES, false, FROM_PROC(SMAPS), get_smaps,
	  VMA_SMAPS_KERNELPAGESIZE, "page size the kernel allocates in" },
	{ "MMUPAGESIZE", "mmupagesize", VMA_CELL_BYTES, false, FROM_PROC(SMAPS), get_smaps,
	  VMA_SMAPS_MMUPAGESIZE, "page size the processor uses" },
	{ "THPELIGIBLE", "thpeligible", VMA_CELL_BOOL, false, FROM_PROC(SMAPS), get_smaps,
	  VMA_SMAPS_THPELIGIBLE, "may get transparent huge pages now" },
};

const struct vma_columns vma_mapping_columns = { columns, ARRAY_SIZE(columns) };

u64 vma_row_same(const void *row_, u32 part)
{
	const struct vma_row *row = row_;
	const struct vma_fact_map *m = row->map;
	u32 perms;

	if (!m) /* the kernel's own record: flags are all of it that comes again */
		return part == VMA_PART_FILE ? 0 : row->flags + 1;
	if (m->gate)
		return 0;
	if (part == VMA_PART_BODY)
		return m->body ? (u64)row->view->reading << 40 | m->body : 0;
	if (part == VMA_PART_FILE) /* most have none, and no name */
		return !(m->offset | m->inode | m->dev_major | m->dev_minor) && !*m->path;
	memcpy(&perms, m->perms, sizeof(perms));
	return perms;
}

void vma_row_of_map(struct vma_row *row, struct vma_view *view, const struct vma_fact_map *map)
{
	*row = (struct vma_row){ .view = view, .map = map, .start = map->start, .end = map->end,
				 .flags = map->flags, .has_flags = map->has_flags };
}

void vma_row_of_vma(struct vma_row *row, struct vma_view *view, const struct vma *vma,
		    const struct vma_fact_map *map)
{
	*row = (struct vma_row){ .view = view, .map = map, .vma = vma, .start = vma->vm_start,
				 .end = vma->vm_end, .flags = vma->vm_flags,
				 .has_flags = !map || map->has_flags };
}

void vma_row_of_bpf(struct vma_row *row, struct vma_view *view, const struct vma_fact_bpf *bpf,
		    u32 anon_vma)
{
	size_t at = slot_of(bpf->vm_flags);

	if (view->kernel_flags[at].raw != bpf->vm_flags) { /* no flags are no flags of ours */
		view->kernel_flags[at].raw = bpf->vm_flags;
		view->kernel_flags[at].own = vma_flags_from_kernel(view->kernel, bpf->vm_flags);
	}
	*row = (struct vma_row){ .view = view, .bpf = bpf, .anon_vma = anon_vma,
				 .start = bpf->start, .end = bpf->end,
				 .flags = view->kernel_flags[at].own, .has_flags = true };
}
