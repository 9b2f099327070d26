/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_ATTRIB_H
#define LIBVMACTL_ATTRIB_H
/*
 * Attribution: what each mapping is for.
 *
 * A mapping of an ELF file is tied to the object, its program header and the sections in it; one
 * without a file gets a category with the rule that found it. Works on facts, so a live process, a
 * captured directory and a core answer alike.
 */
#include "libvmactl/elf.h"
#include "libvmactl/error.h"
#include "libvmactl/known.h"
#include "libvmactl/read.h"
#include "libvmactl/types.h"
#include "libvmactl/unwind.h"

/* ---------------------------------------------------------------- objects and categories */

/** enum vma_object_from - through what the headers of an object were read */
enum vma_object_from {
	VMA_FROM_NOTHING,   /* not at all: @why says why */
	VMA_FROM_MAP_FILES, /* /proc/PID/map_files: the very file, also when deleted */
	VMA_FROM_ROOT,      /* /proc/PID/root/PATH with the same inode */
	VMA_FROM_PATH,      /* the path on this machine; its build-id equals that in memory */
	VMA_FROM_PATH_UNCHECKED, /* the path on this machine; there was no memory to compare with */
	VMA_FROM_MEMORY,    /* the headers in the target's memory: no section names */
	VMA_FROM_NR
};
/** vma_object_from_name() - "map_files", "root", "path", "path unchecked", "memory". */
const char *vma_object_from_name(enum vma_object_from from);

/**
 * struct vma_object - an ELF image at one place in the address space
 * @first:    index of its first mapping in facts->maps
 * @bias:     run-time address minus p_vaddr
 * @path:     as maps prints it; borrowed from the facts
 * @deleted:  its file is gone from where it was
 * @replaced: another file stands at its path now (only known of a live process)
 * @why:      what kept the file from being read, "" when nothing did
 */
struct vma_object {
	size_t first;
	u64 bias;
	enum vma_object_from from;
	struct vma_elf elf;
	const char *path;
	bool is_elf, deleted, replaced;
	char why[128];
};

/** enum vma_category - what a mapping is for; category.def has a row for each */
enum vma_category {
#define CATEGORY(id, name, help) VMA_CAT_##id,
#include "libvmactl/category.def"
#undef CATEGORY
	VMA_CAT_NR
};
/** vma_category_name() - "thread-stack"; vma_category_help() - a sentence. */
const char *vma_category_name(enum vma_category cat);
const char *vma_category_help(enum vma_category cat);

/**
 * struct vma_place - what one mapping is
 * @object:  index into the objects, -1
 * @segment: index of its program header, -1
 * @bss:     the part of the segment that the file does not hold
 * @relro:   the part that PT_GNU_RELRO makes read-only
 * @tid:     of a stack or a TLS block: the thread, 0 unknown
 * @how:     how the category is known; the rule is a clause for people
 */
struct vma_place {
	s32 object, segment;
	bool bss, relro;
	enum vma_category category;
	u32 tid;
	struct vma_provenance how;
};

struct vma_attrib;

/** What to look at (bits). */
enum {
	VMA_ATTRIB_ELF = 1 << 0, /* open the mapped files */
	VMA_ATTRIB_MEMORY =
		1 << 1, /* read a few words of the target to recognise stacks and arenas */
	VMA_ATTRIB_ALL = 3,
};

/**
 * vma_attrib_new() - attribute every mapping of the facts
 * @facts: borrowed as long as the result lives
 * @what:  VMA_ATTRIB_*; without a bit the answers are fewer, not wrong
 *
 * -ENOMEM only: what cannot be read makes an answer unknown and is said in vma_object.why.
 */
int vma_attrib_new(const struct vma_facts *facts, u32 what, struct vma_attrib **out,
		   struct vma_err *err);
void vma_attrib_free(struct vma_attrib *a);

/** vma_attrib_place() - of mapping @i of facts->maps; never NULL for a valid index. */
const struct vma_place *vma_attrib_place(const struct vma_attrib *a, size_t i);
/** vma_attrib_object() - object @i, NULL past the end. */
const struct vma_object *vma_attrib_object(const struct vma_attrib *a, size_t i);
/** vma_attrib_map_at() - index of the mapping that holds @addr, -1. */
s64 vma_attrib_map_at(const struct vma_attrib *a, u64 addr);
const struct vma_facts *vma_attrib_facts(const struct vma_attrib *a);
/** vma_attrib_memory() - the target's memory when it could be opened, NULL. */
const struct vma_memory *vma_attrib_memory(const struct vma_attrib *a);

/** vma_object_open() - the file of an object once more, through what @from says; a descriptor or
 *  -errno (-ENODATA: it was read from memory). */
int vma_object_open(const struct vma_attrib *a, const struct vma_object *o);

/** vma_place_segment() - "03 rw- relro": number and flags of the program header as `readelf -l`
 *  counts them; "" for none. Returns @out. */
char *vma_place_segment(const struct vma_attrib *a, size_t i, char *out, size_t size);
/** vma_place_sections() - names of the sections in the mapping, divided by blanks. */
char *vma_place_sections(const struct vma_attrib *a, size_t i, char *out, size_t size);
/**
 * vma_attrib_text() - one thing about a mapping as text, in the form that struct vma_view takes
 * @attrib: a struct vma_attrib
 * @map:    one of the facts' maps
 * @field:  enum vma_attrib_field
 * @buf:    room for text that must be put together
 * @how:    how it is known
 *
 * Returns "" when there is nothing to say, NULL when nobody knows. Hostile text.
 */
const char *vma_attrib_text(const void *attrib, const struct vma_fact_map *map, u32 field,
			    char *buf, size_t size, struct vma_provenance *how);

/** vma_object_name() - soname, or the last part of the path; hostile text. */
const char *vma_object_name(const struct vma_object *o);

/* ---------------------------------------------------------------- addresses */

/**
 * struct vma_where - what is at an address
 * @map:     index into facts->maps, -1: nothing is mapped there
 * @below, @above: index of the nearest mapping on either side (of @map, or of the address), -1
 * @object:  NULL when it is in none
 * @section: index into the object's sections, -1
 * @has_symbol, @symbol: the nearest symbol at or below
 * @lines:   source, innermost inlined frame first
 */
#define VMA_WHERE_LINES 16
struct vma_where {
	u64 addr;
	s64 map, below, above;
	const struct vma_object *object;
	s32 segment, section;
	bool has_symbol;
	struct vma_symbol symbol;
	struct vma_source_line lines[VMA_WHERE_LINES];
	size_t nr_lines;
};

/**
 * vma_where() - look an address up
 * @a:     made with VMA_ATTRIB_ELF
 * @lines: look for source lines too (reads debug information)
 */
void vma_where(struct vma_attrib *a, u64 addr, bool lines, struct vma_where *out);

/** vma_where_page() - what stands behind the page of @addr: an enum vma_page_state word. false when
 *  that cannot be known (not permitted, a capture, a core that does not hold it). */
bool vma_where_page(const struct vma_attrib *a, u64 addr, u32 *state);

/**
 * vma_where_resolve() - text to an address
 * @text: a number; [heap], [stack], [vdso].. (the start of that mapping); OBJECT:SECTION,
 *        OBJECT:SYMBOL, OBJECT (its load address), SYMBOL; each with +N or -N behind it
 *
 * OBJECT is a soname, the last part of a path, a whole path, or exe. A symbol is looked for in the
 * program first, then by address; a global one wins. -ENOENT, -ENOTUNIQ (several local symbols
 * bear the name), -EINVAL.
 */
int vma_where_resolve(struct vma_attrib *a, const char *text, u64 *addr, struct vma_err *err);

/** vma_resolve_address() - vma_where_resolve() for a single address: attributes only when @text is
 *  not a number. For every place where a command takes an ADDR. */
int vma_resolve_address(const struct vma_facts *facts, const char *text, u64 *addr,
			struct vma_err *err);

/* ---------------------------------------------------------------- stacks */

/**
 * struct vma_stack - a thread's stack
 * @thread:     as it was caught; its copy of the stack is gone by now
 * @map:        index of the mapping its stack pointer is in, -1
 * @used:       bytes from the stack pointer to the end of that mapping
 * @deepest:    lowest address that ever held a page (present or swapped); 0 unknown
 * @guard:      bytes without access directly below, as a mapping or as guard pages at its bottom
 * @guard_kind: "mapping", "guard pages" (MADV_GUARD_INSTALL), "gap" (the kernel's below a stack
 *              that grows), "none", NULL unknown
 * @cut:        there may be more frames than max_frames
 */
struct vma_stack {
	struct vma_thread thread;
	s64 map;
	u64 used, deepest;
	u64 guard;
	const char *guard_kind;
	struct vma_frame *frames;
	size_t nr_frames;
	bool cut;
};

struct vma_stacks {
	struct vma_stack *stack;
	size_t nr;
	u64 stopped_ns, longest_ns; /* all threads together; the longest single stop */
};

/**
 * vma_stacks_new() - catch, measure and unwind every thread
 * @a:          made with VMA_ATTRIB_ALL
 * @max_frames: of one thread; 0: do not unwind
 *
 * Threads that could not be caught are listed with thread.err. Errors as vma_threads_catch().
 */
int vma_stacks_new(struct vma_attrib *a, size_t max_frames, struct vma_stacks **out,
		   struct vma_err *err);
void vma_stacks_free(struct vma_stacks *s);

/* ---------------------------------------------------------------- audit */

enum vma_severity { VMA_SEVERITY_NOTE, VMA_SEVERITY_WARNING, VMA_SEVERITY_ERROR };
/** vma_severity_name() - "note", "warning", "error": the words of SARIF. */
const char *vma_severity_name(enum vma_severity s);

/** struct vma_audit_rule - a row of the table of rules */
struct vma_audit_rule {
	const char *id; /* "wx-mapping" */
	enum vma_severity severity;
	const char *title;
	const char *remedy;
};
/** vma_audit_rule_at() - row @i, NULL past the end. */
const struct vma_audit_rule *vma_audit_rule_at(size_t i);

/**
 * struct vma_finding - a rule that holds
 * @map:      index into facts->maps, -1: of the process as a whole
 * @object:   what the finding is about, for suppressions: soname, path, label, or a category
 * @evidence: a clause with the figures; hostile parts are escaped
 */
struct vma_finding {
	const struct vma_audit_rule *rule;
	s64 map;
	u64 addr;
	char object[256];
	char evidence[256];
};

struct vma_findings {
	struct vma_finding *finding;
	size_t nr, cap;
	size_t suppressed;
};

struct vma_suppressions;

/**
 * vma_suppressions_parse() - what is known and accepted
 * @text: lines of RULE [OBJECT [COMMAND]], the last two as shell patterns, * for all; # comments
 * @name: of the file, for messages
 *
 * -EINVAL: a line that is none, or an unknown rule; the message names the line.
 */
int vma_suppressions_parse(const char *text, const char *name, struct vma_suppressions **out,
			   struct vma_err *err);
void vma_suppressions_free(struct vma_suppressions *s);

/**
 * vma_audit() - run every rule
 * @a:    made with VMA_ATTRIB_ALL of facts that hold smaps, status, limits and settings as far as
 *        they can be had; a rule without its facts finds nothing
 * @level: rules below are not run
 * @accept: NULL
 * @out:  emptied by vma_findings_fini()
 */
int vma_audit(struct vma_attrib *a, enum vma_severity level, const struct vma_suppressions *accept,
	      struct vma_findings *out, struct vma_err *err);
void vma_findings_fini(struct vma_findings *f);

/* ---------------------------------------------------------------- execve */

/**
 * struct vma_exec_opts - what to execute, and where
 * @program: path; a script's interpreter is followed
 * @argv:    its arguments, argv[0] first, ended by NULL; NULL: the program's path alone
 * @env_bytes: the environment's strings, NULs included
 * @like:    the process that would call execve: its RLIMIT_STACK, personality, root directory
 *           and the size of its vdso; NULL: this one
 * @kernel:  whose rules
 */
struct vma_exec_opts {
	const char *program;
	const char *const *argv;
	u64 env_bytes;
	const struct vma_facts *like;
	const struct vma_kernel *kernel;
};

/** struct vma_exec_range - where randomisation may put a part: its start lies in [low, high] */
struct vma_exec_range {
	const char *what; /* "program", "mmap", "stack", "heap" */
	u64 low, high;
	const char *rule;
};

/**
 * struct vma_exec - the address space a fresh exec would have
 * @facts:   maps as they are before the program's first instruction, with randomisation off; the
 *           caller may take it (and set it to NULL)
 * @program, @interpreter: the files; @interpreter "" when there is none
 * @doubt:   what is not certain, "" when everything is
 */
struct vma_exec {
	struct vma_facts *facts;
	char program[4096], interpreter[4096];
	u64 entry, bias, interpreter_base;
	bool pie, executable_stack;
	struct vma_exec_range range[4];
	u32 nr_ranges;
	char doubt[256];
};

/**
 * vma_exec_simulate() - the layout of execve(2) (rules B10, K9)
 *
 * -ENOENT, -EACCES as execve itself; -ENOEXEC not a program for x86-64.
 */
int vma_exec_simulate(const struct vma_exec_opts *opts, struct vma_exec *out, struct vma_err *err);
void vma_exec_fini(struct vma_exec *x);

/* ---------------------------------------------------------------- what a core would hold */

/**
 * struct vma_core_part - what a core dump takes of one mapping
 * @bytes: that the file would hold: all of it, its first page, or nothing
 * @rule:  why, as a clause
 * @how:   how sure: an inferred anon_vma decides about private file mappings
 */
struct vma_core_part {
	u64 start, end;
	u64 bytes;
	const char *rule;
	struct vma_provenance how;
};

/**
 * struct vma_core_preview - what the kernel would write if the process dumped core now
 * @filter:       coredump_filter; @filter_known: read, not the default
 * @memory_bytes: of all parts; @header_bytes: headers and notes, as near as can be told
 * @size:         of the file: both, with padding
 * @limit:        RLIMIT_CORE, VMA_RLIM_INFINITY; 0 with a core_pattern that is a file: no core
 */
struct vma_core_preview {
	struct vma_core_part *part;
	size_t nr;
	u32 filter;
	bool filter_known, limit_known;
	u64 memory_bytes, header_bytes, size, limit;
};

/**
 * vma_core_preview() - coredump_filter and the flags applied to every mapping
 * @a: of the facts that @mm was rebuilt from, made with VMA_ATTRIB_ELF
 */
int vma_core_preview(const struct vma_attrib *a, const struct vma_mm *mm,
		     struct vma_core_preview *out, struct vma_err *err);
void vma_core_preview_fini(struct vma_core_preview *p);

#endif
