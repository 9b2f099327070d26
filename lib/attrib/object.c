/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ELF object a mapping belongs to, and which of its segments.
 *
 * An object is a file at one load address. A mapping fits when its address and its file offset
 * agree with one PT_LOAD; the first mapping of a file that fits decides the load address.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attrib/attrib.h"
#include "base/cleanup.h"
#include "base/range.h"

#define MAX_INSTANCES 64 /* of one file; beyond that its mappings count as plain files */

static const char deleted[] = " (deleted)";

static bool is_deleted(const char *path)
{
	size_t len = strlen(path), n = sizeof(deleted) - 1;

	return len > n && !strcmp(path + len - n, deleted);
}

/* ---------------------------------------------------------------- opening */

static bool same_file(const struct vma_fact_map *m, const struct stat *st)
{
	return m->inode && st->st_ino == m->inode && major(st->st_dev) == m->dev_major &&
	       minor(st->st_dev) == m->dev_minor;
}

static int open_map_files(const struct vma_attrib *a, const struct vma_fact_map *m)
{
	char name[64];

	if (a->dir < 0)
		return -ENODATA;
	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)m->start,
		 (unsigned long long)m->end);
	return vma_file_open_safely(a->dir, name, false);
}

/* Below the target's own root; overlayfs shows another device in maps, so the inode decides. */
static int open_root(const struct vma_attrib *a, const struct vma_fact_map *m, bool *other)
{
	AUTO(undo_close) int root = -1;
	struct stat st;

	if (a->dir < 0)
		return -ENODATA;
	root = openat(a->dir, "root", O_PATH | O_CLOEXEC | O_DIRECTORY);
	if (root < 0)
		return -errno;
	int fd = vma_file_open_safely(root, m->path, true);
	if (fd < 0)
		return fd;
	if (!fstat(fd, &st) && st.st_ino == m->inode)
		return fd;
	*other = true;
	close(fd);
	return -ESTALE;
}

static int open_path(const char *path)
{
	char bare[4200];
	size_t len = strlen(path);

	if (is_deleted(path))
		len -= sizeof(deleted) - 1;
	if (len >= sizeof(bare))
		return -ENAMETOOLONG;
	memcpy(bare, path, len);
	bare[len] = '\0';
	return vma_file_open_safely(AT_FDCWD, bare, false);
}

/* The build-id that the headers in the target's memory name. */
static bool memory_build_id(const struct vma_attrib *a, const struct vma_fact_map *m,
			    struct vma_elf *elf)
{
	struct vma_memory_window w = { a->memory, m->start };
	struct vma_bytes src = vma_memory_bytes(&w);

	return a->memory && !m->offset && !vma_elf_read(&src, true, VMA_ELF_NOTES, elf, NULL);
}

/* A file found by its path alone: is it the one that is mapped? */
static enum vma_object_from judge_path(const struct vma_attrib *a, const struct vma_fact_map *m,
				       int fd, const struct vma_elf *elf, char *why, size_t size)
{
	enum vma_object_from from = VMA_FROM_PATH_UNCHECKED;
	struct vma_elf seen;
	struct stat st;

	if (!fstat(fd, &st) && same_file(m, &st))
		return VMA_FROM_ROOT;
	if (!memory_build_id(a, m, &seen)) {
		snprintf(why, size, "the file at this path was not compared with the one mapped");
		return from;
	}
	if (seen.build_id_len && seen.build_id_len == elf->build_id_len &&
	    !memcmp(seen.build_id, elf->build_id, elf->build_id_len)) {
		from = VMA_FROM_PATH;
	} else if (seen.build_id_len) {
		snprintf(why, size,
			 "the file at this path has another build-id than the one mapped");
		from = VMA_FROM_NOTHING;
	} else {
		snprintf(why, size, "the mapped file has no build-id to compare with");
	}
	vma_elf_fini(&seen);
	return from;
}

static bool read_fd(int fd, struct vma_object *o)
{
	struct vma_bytes src = vma_bytes_fd(fd);
	struct vma_err err = { .code = 0 };
	int rc = vma_elf_read(&src, false, VMA_ELF_ALL, &o->elf, &err);

	o->is_elf = rc == 0;
	if (rc && rc != -ENOEXEC)
		snprintf(o->why, sizeof(o->why), "%.120s", err.msg);
	return !rc;
}

static void read_memory(const struct vma_attrib *a, const struct vma_fact_map *m,
			struct vma_object *o)
{
	struct vma_memory_window w = { a->memory, m->start };
	struct vma_bytes src = vma_memory_bytes(&w);
	bool vdso = *m->path == '[';

	if (!a->memory || m->offset)
		return;
	if (vdso) /* the whole file is mapped, section headers too */
		src.size = m->end - m->start;
	if (!vma_elf_read(&src, !vdso, VMA_ELF_ALL, &o->elf, NULL)) {
		o->is_elf = true;
		o->from = VMA_FROM_MEMORY;
	}
}

/* Tries one way after the other; what the file is not is no error. */
static void load(const struct vma_attrib *a, const struct vma_fact_map *m, struct vma_object *o)
{
	int fd = -1;

	o->deleted = is_deleted(m->path);
	if (*m->path == '[') {
		read_memory(a, m, o);
		return;
	}
	int rc = fd = open_map_files(a, m);
	o->from = VMA_FROM_MAP_FILES;
	if (fd < 0) {
		fd = open_root(a, m, &o->replaced);
		o->from = VMA_FROM_ROOT;
	}
	if (fd < 0) {
		rc = fd = open_path(m->path);
		o->from = VMA_FROM_PATH;
	}
	if (fd < 0) {
		o->from = VMA_FROM_NOTHING;
		errno = -rc;
		snprintf(o->why, sizeof(o->why), "cannot open the file: %m");
	} else {
		read_fd(fd, o);
		if (o->is_elf && o->from == VMA_FROM_PATH)
			o->from = judge_path(a, m, fd, &o->elf, o->why, sizeof(o->why));
		close(fd);
	}
	if (o->from == VMA_FROM_NOTHING) {
		if (o->is_elf)
			vma_elf_fini(&o->elf);
		o->is_elf = false;
		read_memory(a, m, o);
	}
}

int vma_object_open(const struct vma_attrib *a, const struct vma_object *o)
{
	const struct vma_fact_map *m = &a->facts->maps[o->first];
	bool other = false;

	switch (o->from) {
	case VMA_FROM_MAP_FILES: return open_map_files(a, m);
	case VMA_FROM_ROOT: {
		int fd = open_root(a, m, &other);
		return fd < 0 ? open_path(m->path) : fd;
	}
	case VMA_FROM_PATH:
	case VMA_FROM_PATH_UNCHECKED: return open_path(m->path);
	default: return -ENODATA;
	}
}

/* ---------------------------------------------------------------- fitting */

/* The PT_LOAD whose file part covers the page at @vaddr with file offset @off, -1. */
static s32 file_segment(const struct vma_elf *elf, u64 vaddr, u64 off)
{
	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type != PT_LOAD || !s->filesz || s->filesz > ~0ULL - s->vaddr)
			continue;
		u64 from = page_down(s->vaddr), to = page_up(s->vaddr + s->filesz);
		if (vaddr >= from && vaddr < to && off - page_down(s->offset) == vaddr - from)
			return (s32)i;
	}
	return -1;
}

/* The PT_LOAD that covers @vaddr in memory, -1. */
static s32 memory_segment(const struct vma_elf *elf, u64 vaddr)
{
	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type == PT_LOAD && s->memsz <= ~0ULL - s->vaddr &&
		    vaddr >= page_down(s->vaddr) && vaddr < page_up(s->vaddr + s->memsz))
			return (s32)i;
	}
	return -1;
}

static bool fits(const struct vma_elf *elf, u64 bias, const struct vma_fact_map *m)
{
	u64 last = m->end - VMA_PAGE_SIZE;

	return file_segment(elf, m->start - bias, m->offset) >= 0 &&
	       file_segment(elf, last - bias, m->offset + (last - m->start)) >= 0;
}

/* Access of the mapping against that of the segment: equal, made read-only, or another. */
static int likeness(const struct vma_segment *s, const struct vma_fact_map *m)
{
	u32 pf = (m->perms[0] == 'r' ? PF_R : 0u) | (m->perms[1] == 'w' ? PF_W : 0u) |
		 (m->perms[2] == 'x' ? PF_X : 0u);

	return pf == (s->flags & 7) ? 2 : (pf | PF_W) == (s->flags & 7) ? 1 : 0;
}

static bool find_bias(const struct vma_elf *elf, const struct vma_fact_map *m, u64 *bias)
{
	int best = -1;

	for (u32 i = 0; i < elf->nr_segments && i < 64; i++) {
		const struct vma_segment *s = &elf->segments[i];
		u64 off = page_down(s->offset);
		if (s->type != PT_LOAD || m->offset < off)
			continue;
		u64 at = m->start - (page_down(s->vaddr) + (m->offset - off));
		if ((elf->type == ET_EXEC && at) || !fits(elf, at, m) || likeness(s, m) <= best)
			continue;
		best = likeness(s, m);
		*bias = at;
	}
	return best >= 0;
}

/* ---------------------------------------------------------------- the walk */

static size_t hash_of(const struct vma_fact_map *m)
{
	u64 h = m->inode * 0x9e3779b97f4a7c15ULL + m->dev_major * 31 + m->dev_minor;

	for (const char *p = m->path; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 29);
}

/* The slot of a file: of its newest object, or the free one where that belongs. */
static u32 *slot_of(struct vma_attrib *a, const struct vma_fact_map *m)
{
	for (size_t i = hash_of(m);; i++) {
		u32 *slot = &a->hash[i & (a->nr_hash - 1)];
		if (!*slot)
			return slot;
		const struct vma_fact_map *x = &a->facts->maps[a->objects[*slot - 1].first];
		if (x->inode == m->inode && x->dev_major == m->dev_major &&
		    x->dev_minor == m->dev_minor && !strcmp(x->path, m->path))
			return slot;
	}
}

static struct vma_object *add_object(struct vma_attrib *a, size_t first)
{
	if (!(a->nr_objects & (a->nr_objects - 1))) {
		size_t cap = a->nr_objects ? a->nr_objects * 2 : 1;
		struct vma_object *p = reallocarray(a->objects, cap, sizeof(*p));
		if (!p)
			return NULL;
		a->objects = p;
	}
	struct vma_object *o = &a->objects[a->nr_objects++];
	memset(o, 0, sizeof(*o));
	o->first = first;
	o->path = a->facts->maps[first].path;
	return o;
}

static int instances(const struct vma_attrib *a, const struct vma_object *o)
{
	int n = 0;

	for (size_t i = 0; i < a->nr_objects; i++)
		n += !strcmp(a->objects[i].path, o->path);
	return n;
}

static bool inside(const struct vma_object *o, const struct vma_fact_map *m)
{
	return m->start - o->bias >= o->elf.min_vaddr && m->start - o->bias < o->elf.max_vaddr;
}

/* The object of a mapping with a file: the newest of that file, or a new one. -1: no memory. */
static s32 object_of(struct vma_attrib *a, size_t i)
{
	const struct vma_fact_map *m = &a->facts->maps[i];
	u32 *slot = slot_of(a, m);
	struct vma_object *o = *slot ? &a->objects[*slot - 1] : NULL;
	u64 bias;

	if (o && (!o->is_elf || fits(&o->elf, o->bias, m) || inside(o, m) ||
		  !find_bias(&o->elf, m, &bias) || instances(a, o) >= MAX_INSTANCES))
		return (s32)(*slot - 1);
	o = add_object(a, i);
	if (!o)
		return -1;
	load(a, m, o);
	if (o->is_elf) {
		if (o->from == VMA_FROM_MEMORY)
			o->bias = m->start - o->elf.min_vaddr;
		else if (find_bias(&o->elf, m, &bias))
			o->bias = bias;
		else
			o->is_elf = false; /* an ELF file mapped as plain data */
		if (!o->is_elf)
			vma_elf_fini(&o->elf);
	}
	*slot = (u32)a->nr_objects;
	return (s32)a->nr_objects - 1;
}

static void place_in(const struct vma_attrib *a, s32 object, const struct vma_fact_map *m,
		     struct vma_place *p)
{
	const struct vma_object *o = &a->objects[object];
	u64 at = m->start - o->bias;

	p->object = object;
	p->segment = -1;
	if (!o->is_elf || !inside(o, m))
		return;
	p->segment = *m->path == '/' ? file_segment(&o->elf, at, m->offset) : -1;
	if (p->segment < 0)
		p->segment = memory_segment(&o->elf, at);
	if (p->segment < 0)
		return;
	const struct vma_segment *s = &o->elf.segments[p->segment];
	p->bss = *m->path != '/' && *m->path != '[' && at >= page_up(s->vaddr + s->filesz);
	u64 from = page_down(o->elf.relro.vaddr);
	u64 to = page_down(o->elf.relro.vaddr + o->elf.relro.memsz);
	p->relro = o->elf.relro.memsz && at >= from && m->end - o->bias <= to;
}

static bool has_image(const struct vma_fact_map *m)
{
	return !m->gate && (*m->path == '/' || !strcmp(m->path, "[vdso]"));
}

int attrib_objects(struct vma_attrib *a)
{
	const struct vma_facts *f = a->facts;
	s32 last = -1; /* the object below, for its bss */

	for (a->nr_hash = 64; a->nr_hash < 2 * f->nr_maps; a->nr_hash *= 2)
		;
	a->hash = calloc(a->nr_hash, sizeof(*a->hash));
	if (!a->hash)
		return -ENOMEM;
	for (size_t i = 0; i < f->nr_maps; i++) {
		const struct vma_fact_map *m = &f->maps[i];
		struct vma_place *p = &a->places[i];
		p->object = p->segment = -1;
		if (has_image(m)) {
			s32 object = object_of(a, i);
			if (object < 0)
				return -ENOMEM;
			place_in(a, object, m, p);
			last = p->segment >= 0 ? object : last;
		} else if (last >= 0 && !*m->path && inside(&a->objects[last], m)) {
			place_in(a, last, m, p);
		}
	}
	return 0;
}
