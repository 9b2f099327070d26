/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_EXEC_H
#define SCRIPT_EXEC_H
/*
 * The address space that execve makes, from the ELF headers of the program and its interpreter.
 * The headers say what is mapped but, with randomisation, not where. That shows in the calls that
 * follow:
 *
 *   the first mmap(NULL, ...) lands right below   [vvar] [vdso] INTERPRETER | mmap_base
 *   the interpreter's mprotect of the program's RELRO   gives the program's own base
 *   the first brk(NULL)                                 the heap
 */
#include "libvmactl/script.h"
#include "script/lex.h"

struct mm_info;
struct task;
struct vma_call;

#define EXEC_SPECIALS 8

/* How the kernel of the log lays out what comes from no file, learned from one process of it. */
struct exec_specials {
	struct {
		u64 size, flags;
		const char *path; /* "[vdso]"; a constant */
	} vma[EXEC_SPECIALS];
	u32 nr;
	bool above_stack; /* older kernels: not below the interpreter */
};

/* A program or interpreter, not yet placed or placed. */
struct exec_object {
	struct exec_segment {
		u64 vaddr, offset, filesz, memsz;
		u32 flags; /* PF_* */
	} segment[16];
	u32 nr;
	u64 start, end;  /* of the PT_LOADs, page-rounded */
	u64 relro, relro_len; /* as the interpreter will protect it, 0 none */
	u32 file;        /* vma_file, 0: there is no such object */
	bool fixed;      /* ET_EXEC: the addresses are the file's */
	bool placed;
};

struct exec_image {
	struct exec_object program, interpreter;
	bool specials_placed;
};

/* Notes the special mappings of a model; they are the same for all processes of that kernel. */
void exec_learn_specials(struct vma_replay *r, const struct vma_mm *mm);
/* After an execve on the task's new mm: reads the headers, places what has its address. */
void exec_begin(struct vma_replay *r, struct task *t, const struct line *l);
/* Before a call is run on an mm that has an image: when it shows where something is, that is
 * placed. */
void exec_anchor(struct vma_replay *r, struct vma_mm *mm, struct mm_info *info,
		 const struct vma_call *call, const struct line *l);

#endif
