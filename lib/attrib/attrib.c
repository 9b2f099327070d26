/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attribution as callers see it: made once of facts, asked by mapping. */
#include "attrib/attrib.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"

static void undo_attrib(struct vma_attrib **a)
{
	vma_attrib_free(*a);
}

int vma_attrib_new(const struct vma_facts *facts, u32 what, struct vma_attrib **out,
		   struct vma_err *err)
{
	AUTO(undo_attrib) struct vma_attrib *a = calloc(1, sizeof(*a));

	if (!a)
		return vma_fail(err, ENOMEM, "out of memory");
	a->facts = facts;
	a->what = what;
	a->dir = a->pagemap = -1;
	if (facts->live && facts->source)
		a->dir = open(facts->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if ((what & VMA_ATTRIB_MEMORY || facts->is_core) &&
	    vma_memory_open(facts, &a->memory, NULL))
		a->memory = NULL;
	if (a->memory && a->dir >= 0)
		a->pagemap = openat(a->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	a->places = calloc(facts->nr_maps + 1, sizeof(*a->places));
	if (!a->places)
		return vma_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < facts->nr_maps; i++)
		a->places[i].object = a->places[i].segment = -1;
	if ((what & VMA_ATTRIB_ELF && attrib_objects(a)) || attrib_categories(a))
		return vma_fail(err, ENOMEM, "out of memory");
	*out = TAKE(a);
	return 0;
}

void vma_attrib_free(struct vma_attrib *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->nr_objects; i++)
		vma_elf_fini(&a->objects[i].elf);
	for (size_t i = 0; a->fds && i < a->nr_objects; i++)
		if (a->fds[i] > 1)
			close(a->fds[i] - 2);
	free(a->fds);
	vma_memory_close(a->memory);
	if (a->dir >= 0)
		close(a->dir);
	if (a->pagemap >= 0)
		close(a->pagemap);
	free(a->places);
	free(a->objects);
	free(a->hash);
	free(a->modules);
	vma_symbols_free(a->symbols);
	free(a);
}

bool attrib_peek(const struct vma_attrib *a, u64 addr, void *buf, size_t len)
{
	u64 entry, last = (addr + len - 1) >> VMA_PAGE_SHIFT;

	if (!a->memory || (!vma_memory_core(a->memory) && a->pagemap < 0))
		return false;
	for (u64 page = addr >> VMA_PAGE_SHIFT; a->pagemap >= 0 && page <= last; page++)
		if (pread(a->pagemap, &entry, 8, (off_t)(page * 8)) != 8 || !(entry >> 62))
			return false;
	return vma_memory_read(a->memory, addr, buf, len) == (s64)len;
}

const struct vma_place *vma_attrib_place(const struct vma_attrib *a, size_t i)
{
	return i < a->facts->nr_maps ? &a->places[i] : NULL;
}

const struct vma_object *vma_attrib_object(const struct vma_attrib *a, size_t i)
{
	return i < a->nr_objects ? &a->objects[i] : NULL;
}

s64 vma_attrib_map_at(const struct vma_attrib *a, u64 addr)
{
	size_t low = 0, high = a->facts->nr_maps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (a->facts->maps[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low && addr < a->facts->maps[low - 1].end ? (s64)low - 1 : -1;
}

const struct vma_facts *vma_attrib_facts(const struct vma_attrib *a)
{
	return a->facts;
}

const struct vma_memory *vma_attrib_memory(const struct vma_attrib *a)
{
	return a->memory;
}

static const struct {
	const char *name, *help;
} categories[] = {
#define CATEGORY(id, name_, help_) [VMA_CAT_##id] = { name_, help_ },
#include "libvmactl/category.def"
#undef CATEGORY
};

const char *vma_category_name(enum vma_category cat)
{
	return (unsigned int)cat < VMA_CAT_NR ? categories[cat].name : "";
}

const char *vma_category_help(enum vma_category cat)
{
	return (unsigned int)cat < VMA_CAT_NR ? categories[cat].help : "";
}

const char *vma_object_from_name(enum vma_object_from from)
{
	static const char *const names[] = { "nothing", "map_files", "root", "path",
					     "path unchecked", "memory" };

	return (unsigned int)from < ARRAY_SIZE(names) ? names[from] : "";
}

const char *vma_object_name(const struct vma_object *o)
{
	const char *slash = strrchr(o->path, '/');

	return o->is_elf && o->elf.soname ? o->elf.soname : slash && slash[1] ? slash + 1 : o->path;
}

char *vma_place_segment(const struct vma_attrib *a, size_t i, char *out, size_t size)
{
	const struct vma_place *p = vma_attrib_place(a, i);

	out[0] = '\0';
	if (!p || p->segment < 0)
		return out;
	const struct vma_segment *s = &a->objects[p->object].elf.segments[p->segment];
	snprintf(out, size, "%02d %c%c%c%s%s", p->segment, s->flags & PF_R ? 'r' : '-',
		 s->flags & PF_W ? 'w' : '-', s->flags & PF_X ? 'x' : '-', p->relro ? " relro" : "",
		 p->bss ? " bss" : "");
	return out;
}

char *vma_place_sections(const struct vma_attrib *a, size_t i, char *out, size_t size)
{
	const struct vma_place *p = vma_attrib_place(a, i);
	size_t len = 0;

	out[0] = '\0';
	if (!p || p->segment < 0)
		return out;
	const struct vma_object *o = &a->objects[p->object];
	u64 start = a->facts->maps[i].start - o->bias, end = a->facts->maps[i].end - o->bias;
	for (u32 k = 0; k < o->elf.nr_sections; k++) {
		const struct vma_section *s = &o->elf.sections[k];
		bool tbss = s->type == SHT_NOBITS && s->flags & SHF_TLS;
		if (!(s->flags & SHF_ALLOC) || tbss || !s->size || s->addr >= end ||
		    s->size <= (s->addr < start ? start - s->addr : 0))
			continue;
		int n = snprintf(out + len, size - len, "%s%s", len ? " " : "", s->name);
		if (n < 0 || (size_t)n >= size - len) {
			out[len] = '\0'; /* whole names only */
			break;
		}
		len += (size_t)n;
	}
	return out;
}

static const char *object_text(const struct vma_attrib *a, const struct vma_object *o, size_t i,
			       u32 field, char *buf, size_t size)
{
	switch (field) {
	case VMA_ATTRIB_OBJECT: return vma_object_name(o);
	case VMA_ATTRIB_SEGMENT: return vma_place_segment(a, i, buf, size);
	case VMA_ATTRIB_SECTIONS: return vma_place_sections(a, i, buf, size);
	case VMA_ATTRIB_BUILD_ID:
		return size < VMA_BUILD_ID_TEXT
			       ? NULL
			       : vma_build_id_text(o->elf.build_id, o->elf.build_id_len, buf);
	default: return vma_object_from_name(o->from);
	}
}

const char *vma_attrib_text(const void *attrib, const struct vma_fact_map *map, u32 field,
			    char *buf, size_t size, struct vma_provenance *how)
{
	const struct vma_attrib *a = attrib;
	size_t i = (size_t)(map - a->facts->maps);
	const struct vma_place *p = vma_attrib_place(a, i);

	if (!p)
		return NULL;
	switch (field) {
	case VMA_ATTRIB_CATEGORY: *how = p->how; return vma_category_name(p->category);
	case VMA_ATTRIB_RULE: return p->how.rule;
	case VMA_ATTRIB_THREAD:
		buf[0] = '\0';
		if (p->tid)
			snprintf(buf, size, "%u", p->tid);
		return buf;
	default: break;
	}
	if (p->object < 0)
		return "";
	const struct vma_object *o = &a->objects[p->object];
	if (o->from == VMA_FROM_PATH_UNCHECKED)
		*how = (struct vma_provenance){ VMA_INFERRED, 70,
						"file at the path, not compared" };
	else if (o->is_elf)
		*how = (struct vma_provenance){ VMA_DERIVED, 0, "ELF headers" };
	return object_text(a, o, i, field, buf, size);
}
