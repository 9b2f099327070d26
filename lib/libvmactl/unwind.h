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

/* ---------------------------------------------------------------- threads */

/**
 * struct vma_thread - a thread as it was caught
 * @regs:       x86-64, struct user_regs_struct order (rbp 4, rip 16, rsp 19, fs_base 21)
 * @stack:      a copy of its stack from @stack_start, 128 bytes below the stack pointer, up to
 *              the end of the mapping or VMA_THREAD_COPY bytes; NULL for a core
 * @stopped_ns: how long it stood still for this
 * @err:        errno when it could not be caught, then nothing but @tid and @name is valid
 */
#define VMA_THREAD_COPY (8u << 20)
struct vma_thread {
	u32 tid;
	char name[64];
	char state;       /* of stat, before it was stopped; 0 unknown */
	bool has_regs;
	u64 regs[27];
	u8 *stack;
	u64 stack_start, stack_len;
	u64 stopped_ns;
	int err;
};
#define VMA_REG_IP 16
#define VMA_REG_SP 19

/**
 * vma_threads_catch() - registers and stacks of all threads
 * @facts:  maps are needed; a live process or a core
 * @memory: of the same target
 *
 * Each thread of a process is stopped on its own (PTRACE_SEIZE, PTRACE_INTERRUPT), its registers
 * and stack are copied, and it goes on; should the caller die, the kernel lets it go on. A call
 * that a stop interrupts is restarted, but for the few of signal(7) that then return EINTR.
 * The caller must not be a thread of the target. Ends with vma_threads_free().
 */
int vma_threads_catch(const struct vma_facts *facts, const struct vma_memory *memory,
		      struct vma_thread **out, size_t *nr, struct vma_err *err);
void vma_threads_free(struct vma_thread *threads, size_t nr);

/* ---------------------------------------------------------------- unwinding */

/**
 * struct vma_frame_table - the call frame information of the image an address is in
 * @start, @end: the image's extent in memory
 * @hdr:         its search table .eh_frame_hdr; @hdr_len 0: there is none (static programs)
 * @frame:       .eh_frame itself, used without a search table; @frame_len 0: unknown
 */
struct vma_frame_table {
	u64 start, end;
	u64 hdr, hdr_len;
	u64 frame, frame_len;
};

/**
 * struct vma_unwinder - what unwinding asks of its caller
 * @read:    bytes of the target; returns how many
 * @table:   the table that covers @ip; false: there is none, frame pointers are followed
 * @is_code: is @ip in something executable? Unwinding stops where it is not
 */
struct vma_unwinder {
	void *ctx;
	s64 (*read)(void *ctx, u64 addr, void *buf, size_t len);
	bool (*table)(void *ctx, u64 ip, struct vma_frame_table *out);
	bool (*is_code)(void *ctx, u64 ip);
};

/** struct vma_frame - @exact: @pc is where it stands, not where it returns to (take pc - 1 then) */
struct vma_frame {
	u64 pc, sp;
	bool exact;
};

/** vma_unwind() - frames of a thread, innermost first; returns how many of @max. */
size_t vma_unwind(const struct vma_unwinder *u, const struct vma_thread *thread,
		  struct vma_frame *out, size_t max);

#endif
