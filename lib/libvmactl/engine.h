/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_ENGINE_H
#define LIBVMACTL_ENGINE_H
/*
 * The engine: what the kernel would do.
 *
 * One call, one result. An operation either happens wholly as the kernel would leave it, or is
 * refused with the kernel's errno and the reason; where the kernel stops half-way, so do we.
 */
#include "libvmactl/model.h"

/** enum vma_op_id - the operations; op.c has a row for each */
enum vma_op_id {
	VMA_OP_NONE,
	VMA_OP_MMAP,             /* addr len prot flags fd offset; vma_call.file */
	VMA_OP_MUNMAP,           /* addr len */
	VMA_OP_MPROTECT,         /* addr len prot */
	VMA_OP_PKEY_MPROTECT,    /* addr len prot pkey */
	VMA_OP_MREMAP,           /* addr old_len new_len flags new_addr */
	VMA_OP_MADVISE,          /* addr len advice */
	VMA_OP_PROCESS_MADVISE,  /* addr len advice flags; vma_call.iov, target_mm */
	VMA_OP_MLOCK,            /* addr len */
	VMA_OP_MLOCK2,           /* addr len flags */
	VMA_OP_MUNLOCK,          /* addr len */
	VMA_OP_MLOCKALL,         /* flags */
	VMA_OP_MUNLOCKALL,
	VMA_OP_BRK,              /* addr */
	VMA_OP_MSEAL,            /* addr len flags */
	VMA_OP_MBIND,            /* addr len mode nodemask maxnode flags */
	VMA_OP_SET_MEMPOLICY,    /* mode nodemask maxnode */
	VMA_OP_SET_VMA_NAME,     /* addr len; vma_call.name, NULL removes: prctl(PR_SET_VMA) */
	VMA_OP_SET_MEMORY_MERGE, /* on: prctl(PR_SET_MEMORY_MERGE) */
	VMA_OP_SET_THP_DISABLE,  /* on: prctl(PR_SET_THP_DISABLE) */
	VMA_OP_SET_MDWE,         /* flags: prctl(PR_SET_MDWE) */
	VMA_OP_REMAP_FILE_PAGES, /* addr size prot pgoff flags */
	VMA_OP_SHMAT,            /* shmid addr flags; vma_call.file the segment */
	VMA_OP_SHMDT,            /* addr */
	VMA_OP_UFFD_API,         /* ctx features */
	VMA_OP_UFFD_REGISTER,    /* ctx addr len mode */
	VMA_OP_UFFD_UNREGISTER,  /* ctx addr len */
	VMA_OP_UFFD_CLOSE,       /* ctx */
	VMA_OP_SETRLIMIT,        /* resource cur max: sets, no permission check beyond the hard limit */
	VMA_OP_PKEY_ALLOC,       /* flags rights */
	VMA_OP_PKEY_FREE,        /* pkey */
	VMA_OP_TOUCH,            /* addr len access(PROT_READ|PROT_WRITE|PROT_EXEC) */
	VMA_OP_FORK,             /* pid for the child (0: choose) flags */
	VMA_OP_EXIT,
	VMA_OP_NR
};

/** enum vma_arg - kinds of argument: how to parse, print, complete and edit one */
enum vma_arg {
	VMA_ARG_NONE,
	VMA_ARG_ADDR,
	VMA_ARG_LEN,
	VMA_ARG_PROT,
	VMA_ARG_MMAP_FLAGS,
	VMA_ARG_FD,
	VMA_ARG_OFFSET,
	VMA_ARG_PKEY,
	VMA_ARG_MREMAP_FLAGS,
	VMA_ARG_ADVICE,
	VMA_ARG_MLOCK2_FLAGS,
	VMA_ARG_MLOCKALL_FLAGS,
	VMA_ARG_NUMBER,
	VMA_ARG_MPOL,
	VMA_ARG_NODEMASK,
	VMA_ARG_MBIND_FLAGS,
	VMA_ARG_NAME,
	VMA_ARG_PGOFF,
	VMA_ARG_SHMID,
	VMA_ARG_SHM_FLAGS,
	VMA_ARG_UFFD,
	VMA_ARG_UFFD_MODE,
	VMA_ARG_RESOURCE,
	VMA_ARG_LIMIT,
	VMA_ARG_ACCESS,
	VMA_ARG_PID,
	VMA_ARG_PKEY_RIGHTS,
	VMA_ARG_NR
};

#define VMA_OP_ARGS 6

/** struct vma_op - a row of the operations table */
struct vma_op {
	const char *name;              /* as strace prints the call, or the script's word */
	const char *help;
	enum vma_arg arg[VMA_OP_ARGS]; /* in the system call's order */
	const char *argname[VMA_OP_ARGS];
	u8 nr_required;                /* for a command line: arguments that have no default */
	bool returns_address;
};

/** vma_op_at() - the row of an operation. */
const struct vma_op *vma_op_at(enum vma_op_id id);
/** vma_op_by_name() - the operation of a name, VMA_OP_NONE when unknown. */
enum vma_op_id vma_op_by_name(const char *name);

/** struct vma_word - a named constant: "PROT_READ" 1 */
struct vma_word {
	const char *name;
	u64 value;
	u64 mask; /* flag words: the bits it stands for; 0: plain value */
};

/**
 * vma_arg_words() - the constants an argument may be written with, ended by a NULL name
 *
 * Returns NULL for arguments that are plain numbers. *@is_flags: they may be joined by |.
 */
const struct vma_word *vma_arg_words(enum vma_arg kind, bool *is_flags);

/** struct vma_iovec - a range that process_madvise is told of */
struct vma_iovec {
	u64 base, len;
};

#define VMA_FILE_BAD 0xffffffffU /* vma_call.file: the descriptor is not open (EBADF) */

/**
 * struct vma_call - one operation with its arguments
 * @arg:       the system call's, raw (nothing rounded, nothing checked)
 * @file:      for a call with a descriptor: the vma_file id it stands for, 0 when the call takes
 *             none, VMA_FILE_BAD
 * @name:      for VMA_OP_SET_VMA_NAME
 * @target_mm: process_madvise: the mm it works on, 0 itself
 * @iov, @nr_iov: process_madvise: the ranges after the first, which is addr and len
 */
struct vma_call {
	enum vma_op_id op;
	u64 arg[VMA_OP_ARGS];
	u32 file;
	u32 target_mm, nr_iov;
	const char *name;
	const struct vma_iovec *iov;
};

/** enum vma_why - the reasons of a refusal; why.def has a row for each */
enum vma_why {
#define WHY(id, errno_, rule, text) VMA_WHY_##id,
#include "libvmactl/why.def"
#undef WHY
	VMA_WHY_NR
};

/** struct vma_why_row - a reason */
struct vma_why_row {
	const char *id;    /* "MAP_COUNT" */
	const char *rule;  /* "S1" */
	const char *text;  /* "the process is at vm.max_map_count" */
};
const struct vma_why_row *vma_why_at(enum vma_why why);

/**
 * struct vma_result - what came back
 * @ret:    the return value (an address, a count); -1 when refused
 * @err:    errno, 0 when it succeeded
 * @sig:    touch: SIGSEGV or SIGBUS; then @si_code, @at (si_addr) and @pages (touched before)
 * @why:    the reason when refused
 * @at:     the address the reason speaks of, 0 when none
 * @value, @limit: the figures the reason compares, when it has any
 * @mm:     fork: id of the child's mm
 */
struct vma_result {
	s64 ret;
	int err;
	int sig, si_code;
	enum vma_why why;
	u64 at;
	u64 value, limit;
	u64 pages;
	u32 mm;
};

/** enum vma_event_kind - what happened on the way, in the order it happened */
enum vma_event_kind {
	VMA_EV_CHECK,        /* a check failed: value, limit, why */
	VMA_EV_PLACED,       /* an address was chosen: start, end */
	VMA_EV_SPLIT,        /* [start,end) was cut at @at */
	VMA_EV_MERGE_PREV,   /* [start,end) joined the VMA below; the result is [at, value) */
	VMA_EV_MERGE_NEXT,   /* ... the VMA above */
	VMA_EV_MERGE_BOTH,   /* ... both */
	VMA_EV_NO_MERGE,     /* neighbour [at, value) was not joined because of @why */
	VMA_EV_INSERT,       /* a new VMA [start,end) */
	VMA_EV_REMOVE,       /* [start,end) was unmapped */
	VMA_EV_GROW,         /* a VMA became [start,end), before it was [at, value) */
	VMA_EV_SHRINK,
	VMA_EV_FLAGS,        /* flags of [start,end): @at before, @value after */
	VMA_EV_MOVE,         /* [start,end) went to @at */
	VMA_EV_ANON_NEW,     /* a fresh anon_vma @id for [start,end) */
	VMA_EV_ANON_REUSE,   /* a neighbour's anon_vma @id */
	VMA_EV_ANON_CLONE,   /* a chain was cloned: anon_vma @id */
	VMA_EV_ANON_DROP,    /* anon_vma @id is gone */
	VMA_EV_CHARGE,       /* @value pages charged to the commit limit */
	VMA_EV_UNCHARGE,
	VMA_EV_LOCK,         /* a lock was taken or released: see struct vma_lock_event */
	VMA_EV_FAULT,        /* a page fault at @at: @value is the new enum vma_page_state */
	VMA_EV_COPY,         /* copy on write at @at */
	VMA_EV_POPULATE,     /* [start,end) was faulted in */
	VMA_EV_PAGES,        /* pages of [start,end) were dropped or marked: state @value */
	VMA_EV_FORK,         /* VMA [start,end) was copied, skipped or wiped: @value */
	VMA_EV_PKEY,         /* execute-only key @value was allocated */
	VMA_EV_NR
};

struct vma_event {
	enum vma_event_kind kind;
	const char *rule; /* "G10", a rule of the manual's appendix */
	u64 start, end;
	u64 at, value;
	u32 id;
	enum vma_why why;
	u32 mm;
};

/** vma_event_name() - "split", "merge_prev"... for JSON. */
const char *vma_event_name(enum vma_event_kind kind);

/**
 * vma_world_listen() - hear the events of the operations that follow
 * @fn: NULL stops; without a listener events cost nothing
 */
typedef void vma_listener(void *ctx, const struct vma_event *ev);
void vma_world_listen(struct vma_world *w, vma_listener *fn, void *ctx);

/**
 * vma_op_run() - do one operation
 * @mm:   whose address space; nobody holds a lock of it
 * @call: what
 * @res:  filled always
 *
 * Returns 0 when the operation was carried out (also when the simulated kernel refused it: see
 * @res->err), -EINVAL for an operation without a row, -ENOMEM when *we* are out of memory; the
 * world is then no longer right and only fit to be freed.
 */
int vma_op_run(struct vma_mm *mm, const struct vma_call *call, struct vma_result *res);

/**
 * vma_mergeable() - would these two neighbours be one, and if not, why not
 * @left, @right: adjacent VMAs of one mm
 * @why:          the first merge rule that fails
 *
 * Asks what a modifying call that made both alike would ask (rules G1-G4); flags are compared as
 * they stand.
 */
bool vma_mergeable(const struct vma_mm *mm, const struct vma *left, const struct vma *right,
		   enum vma_why *why);

/** vma_fork_copies() - does fork copy the page tables of this mapping (rule F4)? A child starts
 *  with none where it does not: what is there can be had again. */
bool vma_fork_copies(const struct vma_kernel *k, const struct vma *vma);

/** What became of a mapping at fork: the value of a VMA_EV_FORK. */
enum { VMA_FORK_COPIED, VMA_FORK_SKIPPED, VMA_FORK_WIPED };

#endif
