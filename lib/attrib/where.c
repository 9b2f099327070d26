/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses to names and names to addresses. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "attrib/attrib.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/range.h"
#include "read/proc-pagemap.h"

/* ---------------------------------------------------------------- modules */

/* The vdso is no file: its image becomes one. */
static int image_fd(const struct vma_attrib *a, const struct vma_object *o)
{
	const struct vma_fact_map *m = &a->facts->maps[o->first];
	char page[VMA_PAGE_SIZE];
	int fd;

	if (*m->path != '[' || !a->memory || m->end - m->start > 1 << 20)
		return -ENODATA;
	fd = memfd_create("image", MFD_CLOEXEC);
	for (u64 at = m->start; fd >= 0 && at < m->end; at += sizeof(page)) {
		if (vma_memory_read(a->memory, at, page, sizeof(page)) != (s64)sizeof(page) ||
		    write(fd, page, sizeof(page)) != (ssize_t)sizeof(page)) {
			close(fd);
			return -EIO;
		}
	}
	return fd < 0 ? -errno : fd;
}

/* The module of an object, -1 when its symbols cannot be had. */
static int module_of(struct vma_attrib *a, const struct vma_object *o)
{
	size_t i = (size_t)(o - a->objects);

	if (!o->is_elf)
		return -1;
	if (!a->symbols)
		a->symbols = vma_symbols_new();
	if (!a->modules)
		a->modules = calloc(a->nr_objects + 1, sizeof(*a->modules));
	if (!a->symbols || !a->modules)
		return -1;
	if (!a->modules[i]) {
		int fd = o->from == VMA_FROM_MEMORY ? image_fd(a, o) : vma_object_open(a, o);
		int module = fd < 0 ? -1 : vma_symbols_add(a->symbols, o->path, fd, o->bias);
		a->modules[i] = module < 0 ? 1 : module + 2;
	}
	return a->modules[i] - 2;
}

/* ---------------------------------------------------------------- address to name */

static s32 section_at(const struct vma_object *o, u64 vaddr)
{
	for (u32 i = 0; i < o->elf.nr_sections; i++) {
		const struct vma_section *s = &o->elf.sections[i];
		if (s->flags & SHF_ALLOC && !(s->type == SHT_NOBITS && s->flags & SHF_TLS) &&
		    vaddr >= s->addr && vaddr - s->addr < s->size)
			return (s32)i;
	}
	return -1;
}

void vma_where(struct vma_attrib *a, u64 addr, bool lines, struct vma_where *out)
{
	const struct vma_fact_map *maps = a->facts->maps;
	s64 nr = (s64)a->facts->nr_maps, next = 0;

	*out = (struct vma_where){ .addr = addr, .segment = -1, .section = -1 };
	out->map = vma_attrib_map_at(a, addr);
	if (out->map >= 0) {
		next = out->map + 1;
		out->below = out->map - 1;
	} else {
		while (next < nr && maps[next].start <= addr)
			next++;
		out->below = next - 1;
	}
	out->above = next < nr ? next : -1;
	if (out->map < 0 || a->places[out->map].object < 0)
		return;
	const struct vma_object *o = &a->objects[a->places[out->map].object];
	out->object = o;
	out->segment = a->places[out->map].segment;
	if (out->segment < 0)
		return;
	out->section = section_at(o, addr - o->bias);
	int module = module_of(a, o);
	if (module < 0)
		return;
	out->has_symbol = vma_symbol_at(a->symbols, module, addr, &out->symbol);
	if (lines)
		out->nr_lines = vma_symbol_lines(a->symbols, module, addr, out->lines,
						 VMA_WHERE_LINES);
}

/* Bits of /proc/PID/pagemap. */
#define PM_PRESENT (1ULL << 63)
#define PM_SWAP (1ULL << 62)
#define PM_FILE (1ULL << 61)
#define PM_GUARD (1ULL << 58)
#define PM_UFFD_WP (1ULL << 57)
#define PM_EXCLUSIVE (1ULL << 56)

bool vma_where_page(const struct vma_attrib *a, u64 addr, u32 *state)
{
	s64 i = vma_attrib_map_at(a, addr);
	const struct vma_fact_map *map = i < 0 ? NULL : &a->facts->maps[i];
	u64 e;

	if (a->pagemap < 0 ||
	    pread(a->pagemap, &e, 8, (off_t)((addr >> VMA_PAGE_SHIFT) * 8)) != 8)
		return false;
	if (e & PM_PRESENT && e & PM_FILE)
		*state = VMA_PAGE_FILE;
	else if (map && (pagemap_is_hidden(map) ||
			 (e & PM_PRESENT && !(e & PM_EXCLUSIVE) && pagemap_is_mixed(map))))
		*state = VMA_PAGE_SPECIAL;
	else if (e & PM_PRESENT)
		*state = e & PM_EXCLUSIVE ? VMA_PAGE_ANON : VMA_PAGE_ANON_SHARED;
	else
		*state = e & PM_GUARD  ? VMA_PAGE_GUARD
			 : e & PM_SWAP ? VMA_PAGE_SWAP
				       : VMA_PAGE_NONE;
	if (e & PM_UFFD_WP)
		*state |= VMA_PAGE_UFFD_WP;
	return true;
}

/* ---------------------------------------------------------------- name to address */

/* "+0x10" or "-8" at the end of @text is cut off into *@delta. A name may hold + and - itself
 * (libstdc++.so.6, ld-linux-x86-64.so.2), so only a sign with a number behind it counts. */
static void split_delta(char *text, u64 *delta)
{
	char *sign = NULL, *end;

	for (char *p = text + strlen(text); p > text; p--)
		if (p[-1] == '+' || p[-1] == '-') {
			sign = p - 1;
			break;
		}
	if (!sign || sign == text || sign[1] < '0' || sign[1] > '9')
		return;
	u64 value = strtoull(sign + 1, &end, 0);
	if (*end)
		return;
	*delta = *sign == '-' ? -value : value;
	*sign = '\0';
}

static bool is_exe(const struct vma_attrib *a, const struct vma_object *o)
{
	return a->facts->exe && !strcmp(a->facts->exe, o->path);
}

static bool object_named(const struct vma_attrib *a, const struct vma_object *o, const char *name)
{
	const char *slash = strrchr(o->path, '/');

	return !strcmp(vma_object_name(o), name) || !strcmp(o->path, name) ||
	       (slash && !strcmp(slash + 1, name)) || (!strcmp(name, "exe") && is_exe(a, o));
}

static struct vma_object *find_object(const struct vma_attrib *a, const char *name)
{
	for (int elf = 1; elf >= 0; elf--)
		for (size_t i = 0; i < a->nr_objects; i++)
			if (a->objects[i].is_elf == (elf == 1) &&
			    object_named(a, &a->objects[i], name))
				return &a->objects[i];
	return NULL;
}

static bool in_label(const struct vma_attrib *a, const char *text, u64 *addr)
{
	for (size_t i = 0; i < a->facts->nr_maps; i++) {
		if (!strcmp(a->facts->maps[i].path, text)) {
			*addr = a->facts->maps[i].start;
			return true;
		}
	}
	return false;
}

static bool in_section(const struct vma_object *o, const char *name, u64 *addr)
{
	for (u32 i = 0; i < o->elf.nr_sections; i++) {
		if (o->elf.sections[i].flags & SHF_ALLOC &&
		    !strcmp(o->elf.sections[i].name, name)) {
			*addr = o->bias + o->elf.sections[i].addr;
			return true;
		}
	}
	return false;
}

/* OBJECT:SECTION or OBJECT:SYMBOL; the last colon divides, since paths may hold some. */
static int in_object(struct vma_attrib *a, char *text, u64 *addr, struct vma_err *err)
{
	char *colon = strrchr(text, ':');
	struct vma_symbol sym;
	u32 nr_local;

	*colon = '\0';
	struct vma_object *o = find_object(a, text);
	if (!o)
		return vma_fail(err, ENOENT, "no object of this name is mapped");
	if (in_section(o, colon + 1, addr))
		return 0;
	int module = module_of(a, o);
	if (module < 0 || !vma_symbol_find(a->symbols, module, colon + 1, &sym, &nr_local))
		return vma_fail(err, ENOENT, "the object has no section or symbol of this name%s%s",
				*o->why ? ": " : "", o->why);
	if (!sym.global && nr_local > 1)
		return vma_fail(err, ENOTUNIQ, "%u local symbols have this name", nr_local);
	*addr = sym.addr;
	return 0;
}

static int in_symbols(struct vma_attrib *a, const char *name, u64 *addr, struct vma_err *err)
{
	u32 nr_local, nr = 0;
	struct vma_symbol sym;

	for (int exe = 1; exe >= 0; exe--) {
		for (size_t i = 0; i < a->nr_objects; i++) {
			struct vma_object *o = &a->objects[i];
			int module = is_exe(a, o) == (exe == 1) ? module_of(a, o) : -1;
			if (module < 0 ||
			    !vma_symbol_find(a->symbols, module, name, &sym, &nr_local))
				continue;
			if (sym.global || !nr)
				*addr = sym.addr;
			nr += nr_local;
			if (sym.global)
				return 0;
		}
	}
	if (nr > 1)
		return vma_fail(err, ENOTUNIQ, "%u local symbols have this name: write OBJECT:NAME",
				nr);
	return nr ? 0
		  : vma_fail(err, ENOENT, "not a number, label, object or symbol of this process");
}

static int resolve(struct vma_attrib *a, char *text, u64 *addr, struct vma_err *err)
{
	if (*text == '[')
		return in_label(a, text, addr) ? 0
					       : vma_fail(err, ENOENT, "no mapping has this label");
	struct vma_object *o = find_object(a, text);
	if (o) {
		*addr = a->facts->maps[o->first].start;
		return 0;
	}
	return strchr(text, ':') ? in_object(a, text, addr, err) : in_symbols(a, text, addr, err);
}

static bool parse_address(const char *text, u64 *addr)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*addr = strtoull(text, &end, 0);
	return !*end && !errno;
}

int vma_where_resolve(struct vma_attrib *a, const char *text, u64 *addr, struct vma_err *err)
{
	struct vma_err why = { .code = 0 };
	char shown[128];
	u64 delta = 0, at = 0;

	if (parse_address(text, addr))
		return 0;
	vma_escape_terminal(text, shown, sizeof(shown));
	AUTO(undo_free) char *copy = strdup(text);
	if (!copy)
		return vma_fail(err, ENOMEM, "out of memory");
	int rc = vma_fail(&why, EINVAL, "not an address");
	if (*text && (*text < '0' || *text > '9'))
		rc = resolve(a, copy, &at, &why);
	if (rc) { /* not as it stands: perhaps with an offset behind it */
		strcpy(copy, text);
		split_delta(copy, &delta);
		if (strcmp(copy, text))
			rc = parse_address(copy, &at) ? 0 : resolve(a, copy, &at, &why);
	}
	if (rc)
		return vma_fail(err, -rc, "%s: %s", *text ? shown : "\"\"", why.msg);
	*addr = at + delta;
	return 0;
}

int vma_resolve_address(const struct vma_facts *facts, const char *text, u64 *addr,
			struct vma_err *err)
{
	struct vma_attrib *a;
	int rc;

	if (parse_address(text, addr))
		return 0;
	rc = vma_attrib_new(facts, VMA_ATTRIB_ALL, &a, err);
	if (rc)
		return rc;
	rc = vma_where_resolve(a, text, addr, err);
	vma_attrib_free(a);
	return rc;
}
