/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbols and lines through libdwfl: the only file that knows it.
 *
 * Modules are reported one by one as they are asked for, from descriptors the caller opened, so
 * that a container's libraries and deleted files are the right ones.
 */
#include "libvmactl/unwind.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

struct vma_symbols {
	Dwfl *dwfl;
	char *debug_path; /* libdwfl keeps a pointer to it */
	Dwfl_Callbacks callbacks;
	Dwfl_Module **modules;
	size_t nr_modules;
};

static int no_other_elf(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base,
			char **file, Elf **elf)
{
	(void)mod, (void)data, (void)name, (void)base, (void)file, (void)elf;
	return -1; /* every module was given its file */
}

struct vma_symbols *vma_symbols_new(void)
{
	struct vma_symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->callbacks = (Dwfl_Callbacks){ .find_elf = no_other_elf,
					 .find_debuginfo = dwfl_standard_find_debuginfo,
					 .debuginfo_path = &s->debug_path };
	s->dwfl = dwfl_begin(&s->callbacks);
	if (!s->dwfl) {
		free(s);
		return NULL;
	}
	return s;
}

void vma_symbols_free(struct vma_symbols *s)
{
	if (!s)
		return;
	dwfl_end(s->dwfl);
	free(s->modules);
	free(s);
}

int vma_symbols_add(struct vma_symbols *s, const char *path, int fd, u64 bias)
{
	char name[32];

	if (!(s->nr_modules & (s->nr_modules - 1))) {
		size_t cap = s->nr_modules ? s->nr_modules * 2 : 1;
		void *p = reallocarray(s->modules, cap, sizeof(*s->modules));
		if (!p) {
			close(fd);
			return -ENOMEM;
		}
		s->modules = p;
	}
	/* A name of its own: libdwfl takes two modules of one name and place for the same. */
	snprintf(name, sizeof(name), "%zu", s->nr_modules);
	dwfl_report_begin_add(s->dwfl);
	Dwfl_Module *mod = dwfl_report_elf(s->dwfl, name, path, fd, bias, true);
	dwfl_report_end(s->dwfl, NULL, NULL);
	if (!mod) {
		close(fd);
		return -ENOEXEC;
	}
	s->modules[s->nr_modules] = mod;
	return (int)s->nr_modules++;
}

static Dwfl_Module *module_at(const struct vma_symbols *s, int module)
{
	return module >= 0 && (size_t)module < s->nr_modules ? s->modules[module] : NULL;
}

static bool is_global(const GElf_Sym *sym)
{
	int bind = GELF_ST_BIND(sym->st_info);

	return bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE;
}

bool vma_symbol_at(struct vma_symbols *s, int module, u64 addr, struct vma_symbol *out)
{
	Dwfl_Module *mod = module_at(s, module);
	GElf_Off offset;
	GElf_Sym sym;
	const char *name;

	if (!mod)
		return false;
	name = dwfl_module_addrinfo(mod, addr, &offset, &sym, NULL, NULL, NULL);
	if (!name)
		return false;
	*out = (struct vma_symbol){ name, addr - offset, sym.st_size, is_global(&sym) };
	return true;
}

/* "malloc" is "malloc@@GLIBC_2.2.5" too. */
static bool same_name(const char *have, const char *want)
{
	size_t n = strlen(want);

	return !strncmp(have, want, n) && (!have[n] || have[n] == '@');
}

bool vma_symbol_find(struct vma_symbols *s, int module, const char *name, struct vma_symbol *out,
		     u32 *nr_local)
{
	Dwfl_Module *mod = module_at(s, module);
	int n = mod ? dwfl_module_getsymtab(mod) : 0;
	bool found = false;

	*nr_local = 0;
	for (int i = 1; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		GElf_Word shndx;
		const char *have = dwfl_module_getsym_info(mod, i, &sym, &addr, &shndx, NULL, NULL);
		int type = GELF_ST_TYPE(sym.st_info);
		if (!have || shndx == SHN_UNDEF || type == STT_TLS || type == STT_FILE ||
		    type == STT_SECTION || !same_name(have, name))
			continue;
		if (!is_global(&sym) && (++*nr_local, found))
			continue;
		*out = (struct vma_symbol){ have, addr, sym.st_size, is_global(&sym) };
		found = true;
		if (out->global)
			return true;
	}
	return found;
}

/* ---------------------------------------------------------------- lines */

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));

	return name ? name : dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));
}

/* Where an inlined function was called: the line of the next frame outwards. */
static void call_site(Dwarf_Die *die, Dwarf_Files *files, struct vma_source_line *line)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &value))
		line->file = dwarf_filesrc(files, value, NULL, NULL);
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &value))
		line->line = (s32)value;
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_column, &attr), &value))
		line->column = (s32)value;
}

/* Functions around the innermost scope, outwards: each inlined one adds a frame. */
static size_t walk_scopes(Dwarf_Die *cu, Dwarf_Die *scopes, int nr, struct vma_source_line *out,
			  size_t max)
{
	Dwarf_Files *files;
	size_t n = 0, nr_files;

	if (dwarf_getsrcfiles(cu, &files, &nr_files))
		return 1;
	for (int i = 0; i < nr && n < max; i++) {
		int tag = dwarf_tag(&scopes[i]);
		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		out[n].function = die_name(&scopes[i]);
		out[n].inlined = tag == DW_TAG_inlined_subroutine;
		if (!out[n++].inlined)
			break;
		if (n < max) {
			out[n] = (struct vma_source_line){ .function = NULL };
			call_site(&scopes[i], files, &out[n]);
		}
	}
	return n ? n : 1;
}

size_t vma_symbol_lines(struct vma_symbols *s, int module, u64 addr, struct vma_source_line *out,
			size_t max)
{
	Dwfl_Module *mod = module_at(s, module);
	Dwfl_Line *line = mod ? dwfl_module_getsrc(mod, addr) : NULL;
	AUTO(undo_free) Dwarf_Die *scopes = NULL;
	AUTO(undo_free) Dwarf_Die *around = NULL;
	Dwarf_Addr bias;

	if (!line || !max)
		return 0;
	out[0] = (struct vma_source_line){ .function = NULL };
	out[0].file = dwfl_lineinfo(line, NULL, &out[0].line, &out[0].column, NULL, NULL);
	Dwarf_Die *cu = dwfl_module_addrdie(mod, addr, &bias);
	int nr = cu ? dwarf_getscopes(cu, addr - bias, &scopes) : 0;
	if (nr <= 0)
		return 1;
	/* The list goes on through the abstract function; the frames need the concrete one. */
	nr = dwarf_getscopes_die(&scopes[0], &around);
	return nr > 0 ? walk_scopes(cu, around, nr, out, max) : 1;
}
