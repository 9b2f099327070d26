/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_UNWIND_H
#define LIBVMACTL_UNWIND_H
/*
 * Symbols and source lines of addresses, and the stacks of threads.
 *
 * Symbols come from the mapped file, from its separate debug file (by build-id, then by debug
 * link) and, only when the user has set DEBUGINFOD_URLS, from the servers named there.
 */
#include "libvmactl/elf.h"
#include "libvmactl/error.h"
#include "libvmactl/types.h"

/* ---------------------------------------------------------------- symbols */

struct vma_symbols;

/** vma_symbols_new() - an empty set of modules. NULL when out of memory. */
struct vma_symbols *vma_symbols_new(void);
void vma_symbols_free(struct vma_symbols *s);

/**
 * vma_symbols_add() - add an ELF file at its load address
 * @path: its name; the debug link is looked for beside it
 * @fd:   the file, taken over in every case
 * @bias: run-time address minus p_vaddr
 *
 * Returns a module number for the functions below, or -errno.
 */
int vma_symbols_add(struct vma_symbols *s, const char *path, int fd, u64 bias);

/**
 * struct vma_symbol - the symbol an address belongs to
 * @name:   as in the symbol table, not demangled; hostile text, valid as long as the set
 * @addr:   where it starts
 * @global: STB_GLOBAL or STB_WEAK
 */
struct vma_symbol {
	const char *name;
	u64 addr, size;
	bool global;
};

/** vma_symbol_at() - the symbol at or nearest below @addr; false when the module has none. */
bool vma_symbol_at(struct vma_symbols *s, int module, u64 addr, struct vma_symbol *out);
/** vma_symbol_find() - by name; version suffixes (@GLIBC_2.2.5) need not be written. Prefers a
 *  global symbol. *@nr_local: how many local ones bear the name. */
bool vma_symbol_find(struct vma_symbols *s, int module, const char *name, struct vma_symbol *out,
		     u32 *nr_local);

/** struct vma_source_line - a function and where in its source; parts may be NULL and 0 */
struct vma_source_line {
	const char *function; /* of the innermost frames: inlined ones */
	const char *file;
	s32 line, column;
	bool inlined;
};

/**
 * vma_symbol_lines() - source lines of an address, innermost inlined frame first
 *
 * Returns how many were filled of @max; 0 when there is no line table.
 */
size_t vma_symbol_lines(struct vma_symbols *s, int module, u64 addr, struct vma_source_line *out,
			size_t max);

#endif
