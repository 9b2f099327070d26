/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_ELF_H
#define LIBVMACTL_ELF_H
/*
 * ELF images, core files and memory: facts read with every offset checked.
 *
 * Whatever a file says about itself is a claim. Nothing is mapped, nothing is trusted: all reads go
 * through one bounded function, counts have ceilings, and a file that lies gives -EBADMSG and a
 * sentence, never a crash. Memory is bounded by the ceilings below, not by the file.
 *
 * 32 and 64 bit little-endian images are understood.
 */
#include "libvmactl/error.h"
#include "libvmactl/read.h"
#include "libvmactl/types.h"

#define VMA_ELF_MAX_SEGMENTS (1u << 20)
#define VMA_ELF_MAX_SECTIONS (1u << 16)
#define VMA_ELF_MAX_STRINGS (4u << 20) /* bytes of section names */
#define VMA_ELF_MAX_NOTE (4u << 20)    /* bytes of one note; the kernel's own limit of NT_FILE */
#define VMA_BUILD_ID_MAX 64
#define VMA_BUILD_ID_TEXT (2 * VMA_BUILD_ID_MAX + 1)

/**
 * struct vma_bytes - where bytes come from
 * @read: up to @len bytes at @off into @buf; returns how many (short at an end or a hole), or
 *        -errno
 * @size: reads at or past it are refused; ~0 when there is no end (memory)
 */
struct vma_bytes {
	s64 (*read)(void *ctx, u64 off, void *buf, size_t len);
	void *ctx;
	u64 size;
};

/** vma_bytes_fd() - a file's bytes; the descriptor is borrowed. */
struct vma_bytes vma_bytes_fd(int fd);
/** vma_bytes_get() - exactly @len bytes, or -EBADMSG when they are not all there. */
int vma_bytes_get(const struct vma_bytes *src, u64 off, void *buf, size_t len);

/** struct vma_segment - a program header */
struct vma_segment {
	u32 type, flags; /* PT_*, PF_* */
	u64 offset, vaddr, filesz, memsz, align;
};

/** struct vma_section - a section header; @name is borrowed from the image */
struct vma_section {
	const char *name;
	u32 type;
	u64 flags, addr, offset, size;
};

/** What to read of an image (bits). */
enum {
	VMA_ELF_SECTIONS = 1 << 0, /* section headers and their names */
	VMA_ELF_DYNAMIC = 1 << 1,  /* soname, flags; PT_INTERP */
	VMA_ELF_NOTES = 1 << 2,    /* build-id */
	VMA_ELF_ALL = 7,
};

/**
 * struct vma_elf - an ELF image
 * @stack_flags: PF_* of PT_GNU_STACK, -1 when there is none
 * @relro:       PT_GNU_RELRO, memsz 0 when there is none
 * @tls:         PT_TLS, memsz 0 when there is none
 * @min_vaddr, @max_vaddr: extent of the PT_LOADs, rounded to pages
 */
struct vma_elf {
	bool is64;
	u16 type, machine; /* ET_*, EM_* */
	u64 entry, phoff;
	u16 phentsize;
	struct vma_segment *segments;
	u32 nr_segments;
	struct vma_section *sections;
	u32 nr_sections;
	char *strings;
	char *soname, *interp; /* NULL when there is none */
	u8 build_id[VMA_BUILD_ID_MAX];
	u32 build_id_len;
	s32 stack_flags;
	bool has_section_headers; /* claimed, not necessarily read */
	bool has_dynamic, bind_now, textrel;
	struct vma_segment relro, tls;
	u64 min_vaddr, max_vaddr;
};

/**
 * vma_elf_read() - read an image
 * @src:    a file, or memory from the ELF header on (then without VMA_ELF_SECTIONS)
 * @memory: @src is memory laid out by the PT_LOADs rather than a file
 * @what:   VMA_ELF_*
 * @out:    filled on success; vma_elf_fini() releases what it holds
 *
 * -ENOEXEC it is not an ELF image; -EBADMSG it is one and says something impossible (in @err);
 * -ENOTSUP big-endian. A file whose section headers are damaged still gives its segments.
 */
int vma_elf_read(const struct vma_bytes *src, bool memory, u32 what, struct vma_elf *out,
		 struct vma_err *err);
void vma_elf_fini(struct vma_elf *elf);

/** vma_build_id_text() - hex into @out (VMA_BUILD_ID_TEXT bytes), "" when there is none. */
char *vma_build_id_text(const u8 *id, u32 len, char *out);

/** vma_segment_at() - index of the PT_LOAD that maps file offset @off for @len bytes and has the
 *  access @pf (PF_*; 0: any), -1 when none does. */
int vma_segment_at(const struct vma_elf *elf, u64 off, u64 len, u32 pf);

/** vma_file_open_safely() - open @path below the directory @dirfd for reading, when it is a regular
 *  file; nothing else is opened (no device is woken, no FIFO waited for). @in_root: links are
 *  followed as if @dirfd were the root. Returns a descriptor or -errno. */
int vma_file_open_safely(int dirfd, const char *path, bool in_root);

/* ---------------------------------------------------------------- core files */

/** struct vma_core_thread - a thread of a core: NT_PRSTATUS */
struct vma_core_thread {
	u32 tid;
	s32 signo;        /* current signal, 0 */
	bool has_regs;
	u64 regs[27];     /* x86-64: struct user_regs_struct order (r15 first, ip 16, sp 19) */
};

/** struct vma_core_file - a line of NT_FILE */
struct vma_core_file {
	u64 start, end, offset; /* bytes */
	const char *path;       /* hostile text; belongs to the core */
};

/**
 * struct vma_core - an open core file
 * @elf:       its segments, the PT_LOADs first and ascending
 * @nr_loads:  how many PT_LOADs
 * @files:     NT_FILE, ascending
 * @truncated: bytes that the segments claim and the file lacks
 */
struct vma_core {
	int fd;
	char *path;
	u64 size;
	struct vma_elf elf;
	u32 nr_loads;
	struct vma_core_file *files;
	size_t nr_files;
	struct vma_core_thread *threads;
	size_t nr_threads;
	struct vma_fact_aux *aux;
	size_t nr_aux;
	bool has_psinfo;
	u32 pid, ppid, uid;
	char comm[17], args[81];
	bool has_siginfo;
	s32 si_signo, si_code;
	u64 fault_addr;
	u64 truncated;
	u32 bad_notes; /* notes that made no sense and were skipped */
	char *strings; /* of files */
};

/** vma_core_probe() - is @path an ELF core? Reads its first bytes only. */
bool vma_core_probe(const char *path);
/**
 * vma_core_open() - open and check a core file
 *
 * -ENOEXEC not a core; -EBADMSG damaged beyond use; -ENOTSUP another byte order or machine class
 * whose notes are not understood. A truncated core opens, with @truncated set.
 */
int vma_core_open(const char *path, struct vma_core **out, struct vma_err *err);
void vma_core_close(struct vma_core *core);
/** vma_core_memory() - memory as the core holds it; returns the bytes read, 0 when the address is
 *  in no segment or was filtered out. */
s64 vma_core_memory(const struct vma_core *core, u64 addr, void *buf, size_t len);
/** vma_core_held() - bytes of [start, end) that the core holds. */
u64 vma_core_held(const struct vma_core *core, u64 start, u64 end);

/**
 * vma_core_facts() - what a core says, in the form of a live process's facts
 *
 * A core does not tell shared from private (perms[3] is '?'), has no flags, counters, inodes or
 * limits: all that stays unknown. What it lacks is listed in facts->missing.
 */
int vma_core_facts(const struct vma_core *core, struct vma_facts **out, struct vma_err *err);
/** vma_core_read() - vma_core_open() and vma_core_facts() in one. */
int vma_core_read(const char *path, struct vma_facts **out, struct vma_err *err);

/* ---------------------------------------------------------------- the memory of a target */

struct vma_memory;

/**
 * vma_memory_open() - what is needed to read the memory the facts speak of
 *
 * A live process is read through its mem file, without stopping it; a core from its segments.
 * -EACCES not permitted; -ENODATA the source holds no memory (a captured directory).
 */
int vma_memory_open(const struct vma_facts *facts, struct vma_memory **out, struct vma_err *err);
void vma_memory_close(struct vma_memory *m);
/** vma_memory_read() - bytes read, short at the first page that cannot be had, 0 when none. */
s64 vma_memory_read(const struct vma_memory *m, u64 addr, void *buf, size_t len);
/** vma_memory_core() - the core it reads, NULL for a process. */
const struct vma_core *vma_memory_core(const struct vma_memory *m);
/** vma_memory_bytes() - memory from @base on, as a source of bytes; @window is borrowed. */
struct vma_memory_window {
	const struct vma_memory *memory;
	u64 base;
};
struct vma_bytes vma_memory_bytes(struct vma_memory_window *window);

#endif
