/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_MODEL_H
#define LIBVMACTL_MODEL_H
/*
 * The model: the kernel's own objects, rebuilt.
 *
 *   world ── kernel profile, system settings
 *     ├── file ── what a mapping maps (one per open description), and its vm_ops
 *     ├── anon_vma ── root, parent, counts
 *     └── mm ── one address space
 *           ├── vma (ordered by address, in a range B-tree with gap tracking)
 *           │     └── anon_vma_chain (newest first, root last)
 *           └── pages (run-length states)
 *
 * Everything belongs to the world and is freed with it. Records are addressed by small numbers
 * (ids) so that a world can be copied whole; id 0 means none. A pointer to a record is borrowed
 * and stays valid until that record is removed by an operation.
 *
 * Nothing here does I/O, prints, or keeps global state. A world may be used by one thread at a time.
 */
#include "libvmactl/error.h"
#include "libvmactl/types.h"

/* ---------------------------------------------------------------- vm_flags (rules F1-F10) */

enum {
#define FLAG(name, bit, code, help) VMA_BIT_##name = bit,
#include "libvmactl/flags.def"
#undef FLAG
};

#define FLAG(name, bit, code, help) static const u64 VM_##name = 1ULL << (bit);
#include "libvmactl/flags.def"
#undef FLAG

#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_MAY_FLAGS (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_PKEY_FLAGS (VM_PKEY_BIT0 | VM_PKEY_BIT1 | VM_PKEY_BIT2 | VM_PKEY_BIT3)
#define VM_UFFD_FLAGS (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)

struct vma_kernel;

/** struct vma_flag - a row of the flag table */
struct vma_flag {
	const char *name; /* without VM_ */
	u8 bit;           /* ours */
	const char *code; /* smaps, "" when none */
	const char *help;
};

/** vma_flag_at() - row @i of the flag table in ascending bit order, NULL past the end. */
const struct vma_flag *vma_flag_at(size_t i);

/** vma_flag_by_code() - the flag of an smaps code ("rd"), NULL when unknown. @k may be NULL. */
const struct vma_flag *vma_flag_by_code(const struct vma_kernel *k, const char code[2]);

/** vma_flag_code() - what @k prints for a flag: "??" for LOCKONFAULT on 5.10; "" for nothing. */
const char *vma_flag_code(const struct vma_kernel *k, const struct vma_flag *f);

/** vma_flags_to_kernel() - our flag word as the number that kernel @k holds (bits moved). */
u64 vma_flags_to_kernel(const struct vma_kernel *k, u64 flags);

/** vma_flags_from_kernel() - the reverse; bits without a name are dropped. */
u64 vma_flags_from_kernel(const struct vma_kernel *k, u64 raw);

/** vma_flags_codes() - "rd wr mr mw me ac" into @out (VMA_FLAGS_TEXT bytes), kernel's order. */
#define VMA_FLAGS_TEXT 192
char *vma_flags_codes(const struct vma_kernel *k, u64 flags, char sep, char *out);

/** vma_flags_perms() - "rw-p" into @out (5 bytes), as /proc/PID/maps prints it. */
char *vma_flags_perms(u64 flags, char *out);

/** vma_pkey() - the protection key of a flag word, 0..15. */
static inline unsigned int vma_pkey(u64 flags)
{
	return (unsigned int)((flags & VM_PKEY_FLAGS) >> VMA_BIT_PKEY_BIT0);
}

/**
 * vma_page_prot() - vm_page_prot (x86-64) of a flag word (rules T1-T5)
 * @flags:        vm_flags
 * @write_notify: the mapping wants to hear of first writes (T4)
 */
u64 vma_page_prot(u64 flags, bool write_notify);

/* ---------------------------------------------------------------- kernel profiles */

/** KV() - a release as a number. */
#define KV(major, minor) ((major) << 8 | (minor))

/**
 * struct vma_kernel - what one kernel does, as named properties
 * @release:  as uname -r prints it
 * @version:  KV(major, minor)
 * @update:   of the stable series: 176 of 6.1.176. Where the release does not tell, the one that
 *            was verified, 0 in other series
 * @verified: the differential tests ran against this release
 *
 * The rest is one bool a row of kernel.def.
 */
struct vma_kernel {
	char release[65];
	u32 version, update;
	bool verified;
#define PROP(name, since, until, help) bool name;
#include "libvmactl/kernel.def"
#undef PROP
};

/** struct vma_kernel_prop - a row of the property table */
struct vma_kernel_prop {
	const char *name;
	u32 since, until;
	const char *help;
	size_t offset; /* of the bool in struct vma_kernel */
};

/** vma_kernel_init() - the profile of a release ("6.12", "6.12.107", "6.1.0-49-amd64", or as
 *  vma_kernel_name() wrote it). -EINVAL when there is no number in it; releases before 4.18 are
 *  refused with -ENOTSUP. */
int vma_kernel_init(struct vma_kernel *k, const char *release, struct vma_err *err);

/**
 * vma_kernel_name() - a release with the stable update that it hides
 * @release: as uname -r prints it
 * @build:   as uname -v prints it, or all of /proc/version
 * @out:     VMA_KERNEL_NAME bytes
 *
 * Debian's "6.1.0-49-amd64" becomes "6.1.0-49-amd64 (6.1.174)"; what tells by itself stays as it is.
 */
#define VMA_KERNEL_NAME 65
char *vma_kernel_name(const char *release, const char *build, char *out);

/** vma_kernel_prop_at() - row @i of the property table, NULL past the end. */
const struct vma_kernel_prop *vma_kernel_prop_at(size_t i);

/** vma_kernel_has() - the value of a property row for a kernel. */
bool vma_kernel_has(const struct vma_kernel *k, const struct vma_kernel_prop *p);

/** vma_kernel_verified_at() - release @i of the kernels verified against, NULL past the end. */
const char *vma_kernel_verified_at(size_t i);

/* ---------------------------------------------------------------- what is mapped */

/** enum vma_kind - kinds of mapping, one vm_operations_struct each (rule O3) */
enum vma_kind {
	VMA_KIND_ANON,    /* private anonymous: no vm_ops at all */
	VMA_KIND_REGULAR, /* a file of a disk file system */
	VMA_KIND_SHMEM,   /* tmpfs, memfd, shared anonymous */
	VMA_KIND_ZERO,    /* /dev/zero: private is anonymous with a vm_file, shared makes a shmem */
	VMA_KIND_HUGETLB,
	VMA_KIND_SYSV,    /* SysV shared memory */
	VMA_KIND_SPECIAL, /* [vdso], [vvar], [uprobes]: ops but no vm_file */
	VMA_KIND_DEVICE,  /* device memory and everything else with a driver's own ops */
	VMA_KIND_SECRET,  /* memfd_secret: a file system of its own, page cache that stays locked */
	VMA_KIND_NR
};

/**
 * struct vma_ops - vm_operations_struct: which callbacks a kind of mapping has, and so how it
 * merges, splits and faults
 */
struct vma_ops {
	const char *name;
	bool open, close, may_split, mremap, mprotect, fault, huge_fault, map_pages, page_mkwrite,
		pfn_mkwrite, access, pagesize, set_policy, has_name;
};

/** vma_kind_ops() - the ops of a kind, NULL for anonymous. */
const struct vma_ops *vma_kind_ops(enum vma_kind kind);

/** vma_kind_name() - "anon", "regular", "shmem"... */
const char *vma_kind_name(enum vma_kind kind);

/**
 * struct vma_file - an open description (the kernel's struct file) or a special mapping
 *
 * Two open() calls of one path are two files with one @mapping; dup() and fork share the file.
 * Only equality of ids decides about merging (rule G1.3).
 */
struct vma_file {
	u32 id;
	u32 mapping;   /* address_space: same number for the same inode */
	u32 dev_major, dev_minor;
	u64 inode;
	u64 size;      /* bytes when last known */
	u64 seq;       /* SysV: the segment id; special: unused */
	char *path;    /* as /proc/PID/maps prints it; belongs to the world; never NULL */
	u8 kind;       /* enum vma_kind */
	u8 fs_thp;     /* the file system aligns for huge pages (A2): 0 no, 1 yes */
	bool readable, writable, append, noexec; /* of the description and its mount */
	bool append_only;                        /* the inode is (chattr +a), not O_APPEND */
	bool no_mmap;                            /* pipe, directory: ENODEV */
	bool seal_write, seal_future_write;      /* memfd seals */
	bool internal; /* made by the kernel itself: shared anonymous, SysV, hugetlb */
	bool writeback; /* its device accounts dirty pages (write notify, T4) */
	bool noreserve; /* shmem made without commit charge */
	u32 hugetlb_shift; /* hugetlb: log2 of the page size */
	bool uses_generic_gua; /* no get_unmapped_area of its own (overlayfs, proc) */
	bool transient; /* made by an operation for its own mapping: gone with the last VMA */
	u32 users;      /* VMAs that map it; kept by the model */
};

/* ---------------------------------------------------------------- anon_vma (rules A0-A17) */

/** struct vma_anon - the kernel's anon_vma */
struct vma_anon {
	u32 id;
	u32 root, parent;     /* ids; a root is its own parent */
	u32 refcount;         /* a root: 1 + descendants */
	u32 num_children;     /* a root counts itself */
	u32 num_active_vmas;  /* VMAs whose ->anon_vma this is */
	u32 elsewhere;        /* of these, in processes that are not in this world: they keep it */
	u32 nr_avcs;          /* chain links that point here (the interval tree's size) */
};

/** struct vma_avc - anon_vma_chain: one link between a VMA and an anon_vma */
struct vma_avc {
	u32 id;
	u32 vma, anon_vma;
	u32 next; /* on the VMA's list, newest first; 0 ends it */
};

/* ---------------------------------------------------------------- vma, mm, world */

#define VMA_NEVER_LOCKED (~0U)

/**
 * struct vma - vm_area_struct, 64 bytes
 *
 * @vm_pgoff is in pages. @vm_refcnt: 0 detached (not in the tree), 1 attached, and one more for each
 * reader; the kernel counts so since 6.15, before a flag and an rwsem told the same. @vm_lock_seq:
 * mm_lock_seq when it was write-locked last, VMA_NEVER_LOCKED (see libvmactl/lock.h).
 */
struct vma {
	u64 vm_start, vm_end;
	u64 vm_flags;
	u64 vm_pgoff;
	u32 id;
	u32 mm;
	u32 file;     /* what is mapped; 0 for plain anonymous memory */
	u32 anon_vma; /* 0: never faulted */
	u32 avc;      /* first link of anon_vma_chain */
	u32 name;     /* PR_SET_VMA_ANON_NAME */
	u16 policy;   /* mbind; 0: the task's */
	u8 uffd;      /* userfaultfd context; 0: none */
	u8 vm_refcnt;
	u32 vm_lock_seq;
};

/** struct vma_rlimit - one resource limit; VMA_RLIM_INFINITY means none */
#define VMA_RLIM_INFINITY (~0ULL)
#define VMA_NR_RLIMITS 16
struct vma_rlimit {
	u64 cur, max;
};

/** Capabilities that memory calls ask for, as bits of vma_mm.caps. */
enum {
	VMA_CAP_IPC_LOCK = 1 << 0,
	VMA_CAP_SYS_RAWIO = 1 << 1,
	VMA_CAP_SYS_ADMIN = 1 << 2,
	VMA_CAP_SYS_NICE = 1 << 3,
	VMA_CAP_SYS_RESOURCE = 1 << 4,
	VMA_CAP_SYS_PTRACE = 1 << 5,
};

struct vma_world;
struct vma_tree;

/**
 * struct vma_mm - mm_struct
 *
 * All *_vm counters are in pages, addresses in bytes. @brk is byte exact.
 */
struct vma_mm {
	struct vma_world *world;
	u32 id;
	u32 pid;               /* the process that owns it (thread group leader) */
	u32 parent_mm;         /* mm it was forked from, 0 */
	struct vma_tree *vmas; /* the index */
	struct vma_tree *page_runs; /* page states by address */
	u32 map_count;
	bool dead;             /* exited; kept so that ids stay valid */
	u64 total_vm, locked_vm, pinned_vm, data_vm, exec_vm, stack_vm, hiwater_vm;
	u64 start_code, end_code, start_data, end_data;
	u64 start_brk, brk, start_stack;
	u64 arg_start, arg_end, env_start, env_end;
	u64 mmap_base, mmap_legacy_base, task_size;
	u64 def_flags;
	struct vma_rlimit rlimit[VMA_NR_RLIMITS];
	u32 caps;
	u32 uid;
	u32 personality;       /* READ_IMPLIES_EXEC 0x400000, ADDR_COMPAT_LAYOUT 0x200000 */
	bool legacy_layout;    /* mmap searches bottom-up */
	bool randomize;        /* PF_RANDOMIZE */
	bool thp_disable, merge_any;
	u8 mdwe;               /* prctl(PR_SET_MDWE): 1 no new executable memory, 2 not for forks */
	u16 pkeys;             /* allocated protection keys, bit 0 always set */
	s32 exec_only_pkey;    /* -1: none yet */
	u32 pkru;              /* rights register: bit 2k denies access, 2k+1 denies writing */
	u64 rss_anon, rss_file, rss_shmem, swap; /* pages the model knows of */
	u64 pgtables_bytes;
	u32 mm_lock_seq;       /* moves with each writer of mmap_lock */
	u32 mmap_readers;      /* of mmap_lock */
	bool mmap_writer;
};

/** struct vma_system - the machine and its settings, as far as memory calls depend on them */
struct vma_system {
	u64 max_map_count;
	u32 overcommit_memory;    /* 0 heuristic, 1 always, 2 strict */
	u64 overcommit_ratio, overcommit_kbytes;
	u64 totalram_pages, totalswap_pages, hugetlb_pages; /* pages of 4 KiB */
	u64 hugetlb_free_pages;   /* of hugetlb_pages, neither used nor reserved; 2 MiB pages only */
	u64 admin_reserve_kbytes, user_reserve_kbytes;
	u64 committed_pages;      /* Committed_AS; changes with the model */
	u64 mmap_min_addr;        /* sysctl vm.mmap_min_addr */
	u64 lsm_mmap_min_addr;    /* CONFIG_LSM_MMAP_MIN_ADDR, 0 when unknown */
	u64 stack_guard_gap;      /* pages, 256 */
	u64 fault_around_bytes;   /* that a read fault of a file maps at most: 64 KiB */
	bool soft_dirty;          /* CONFIG_MEM_SOFT_DIRTY */
	bool anon_vma_names;      /* CONFIG_ANON_VMA_NAME */
	bool thp_built_in;
	u8 thp_enabled;           /* 0 never, 1 madvise, 2 always */
	bool shmem_huge;          /* tmpfs may use huge pages: placement aligns (A9) */
	bool pkeys;               /* the CPU has protection keys */
	bool ignore_rlimit_data;
	bool unprivileged_userfaultfd;
	u32 nr_nodes;             /* NUMA nodes */
};

/**
 * vma_world_new() - an empty world on kernel @k (copied)
 *
 * Returns NULL when out of memory. The system starts with a Debian-like default; set
 * vma_world_system() fields before the first operation.
 */
struct vma_world *vma_world_new(const struct vma_kernel *k);
void vma_world_free(struct vma_world *w);

/** vma_world_clone() - a copy of everything; ids stay the same. NULL when out of memory. */
struct vma_world *vma_world_clone(const struct vma_world *w);

const struct vma_kernel *vma_world_kernel(const struct vma_world *w);
/** vma_world_set_kernel() - change the profile, e.g. after probes. Only before operations. */
void vma_world_set_kernel(struct vma_world *w, const struct vma_kernel *k);
struct vma_system *vma_world_system(struct vma_world *w);

/** vma_world_oom() - we ran out of memory in an operation: the world is no longer right. */
bool vma_world_oom(const struct vma_world *w);

/** vma_mm_new() - an empty address space of process @pid; NULL when out of memory. */
struct vma_mm *vma_mm_new(struct vma_world *w, u32 pid);
/** vma_mm_by_pid() - the newest living mm of a process, NULL. */
struct vma_mm *vma_mm_by_pid(const struct vma_world *w, u32 pid);
/** vma_mm_by_id() - any mm, dead ones too; NULL when there is none. */
struct vma_mm *vma_mm_by_id(const struct vma_world *w, u32 id);
/** vma_mm_at() - the mms of a world in order of creation, NULL past the end. */
struct vma_mm *vma_mm_at(const struct vma_world *w, size_t i);

/**
 * vma_file_new() - add a file; @init is copied (its id and mapping are chosen when 0), the path too.
 * Files with the same dev and inode (inode not 0) share a mapping. NULL when out of memory.
 * A file lives as long as the world; a transient one until no VMA maps it any more.
 */
struct vma_file *vma_file_new(struct vma_world *w, const struct vma_file *init, const char *path);
/** vma_file_at() - a file by id, NULL for 0 or an unknown id. Borrowed. */
struct vma_file *vma_file_at(const struct vma_world *w, u32 id);

/** vma_name_intern() - the id of an anon name; the same text has the same id. 0 for NULL. */
u32 vma_name_intern(struct vma_world *w, const char *name);
const char *vma_name_text(const struct vma_world *w, u32 id);

/** vma_policy_intern() - the id of a memory policy in numa_maps words ("bind:0"); 0 for NULL,
 *  "" and "default". */
u16 vma_policy_intern(struct vma_world *w, const char *text);
const char *vma_policy_text(const struct vma_world *w, u16 id);

struct vma_anon *vma_anon_at(const struct vma_world *w, u32 id);
struct vma_avc *vma_avc_at(const struct vma_world *w, u32 id);
struct vma *vma_at(const struct vma_world *w, u32 id);

/** vma_anon_new_root() - a fresh root anon_vma, attached to nothing (for rebuilding). */
struct vma_anon *vma_anon_new_root(struct vma_world *w);
/** vma_anon_new_child() - a fork child's anon_vma below @parent (for rebuilding). */
struct vma_anon *vma_anon_new_child(struct vma_world *w, u32 parent);
/** vma_anon_attach() - give an unfaulted @vma the anon_vma @anon and one chain link. */
void vma_anon_attach(struct vma_world *w, struct vma *vma, u32 anon);
/** vma_anon_link() - add a further chain link of @vma at the root end (for rebuilding). */
void vma_anon_link(struct vma_world *w, struct vma *vma, u32 anon);

/**
 * vma_mm_add() - link a mapping while an address space is being rebuilt (insert_vm_struct
 * without limits and charges)
 * @init: start, end, flags, pgoff, file, name, policy, uffd are copied; the rest is ignored
 *
 * Counts it in map_count, total_vm and the class counters. Returns NULL when it overlaps, is
 * empty, or memory is out. Ascending order is fastest.
 */
struct vma *vma_mm_add(struct vma_mm *mm, const struct vma *init);
/**
 * vma_mm_expect() - before many vma_mm_add(): get the memory for so many mappings at once
 *
 * Only makes them faster; where memory is short it comes bit by bit, or vma_mm_add() says so.
 */
void vma_mm_expect(struct vma_mm *mm, u32 nr);

/* Look-ups under the kernel's names and contracts (rules L1, L2; O(log n), no allocation). */

/** find_vma: the lowest VMA with vm_end > @addr, may start above it; NULL. */
struct vma *vma_find(const struct vma_mm *mm, u64 addr);
/** find_vma_prev: vma_find(), and in *@prev the VMA below that result (the last one when the
 *  result is NULL). */
struct vma *vma_find_prev(const struct vma_mm *mm, u64 addr, struct vma **prev);
/** find_vma_intersection: the lowest VMA with vm_end > @start and vm_start < @end; NULL. */
struct vma *vma_find_intersection(const struct vma_mm *mm, u64 start, u64 end);
/** find_exact_vma: the VMA with exactly these bounds; NULL. */
struct vma *vma_find_exact(const struct vma_mm *mm, u64 start, u64 end);
/** vma_lookup: the VMA that contains @addr; NULL. */
struct vma *vma_lookup(const struct vma_mm *mm, u64 addr);
struct vma *vma_first(const struct vma_mm *mm);
struct vma *vma_last(const struct vma_mm *mm);
/** vma_next, vma_prev: neighbours by address; NULL at the ends. */
struct vma *vma_next(const struct vma_mm *mm, const struct vma *vma);
struct vma *vma_prev(const struct vma_mm *mm, const struct vma *vma);

/** struct vma_iter - a walk over all VMAs in order; the mm must not change meanwhile */
struct vma_iter {
	const struct vma_mm *mm;
	u32 leaf, slot;
};
struct vma_iter vma_iter_at(const struct vma_mm *mm, u64 addr);
/** vma_iter_next() - the next VMA (first the one vma_find(addr) gives), NULL at the end. */
struct vma *vma_iter_next(struct vma_iter *it);
#define vma_for_each(mm_, vma_) \
	for (struct vma_iter it_ = vma_iter_at((mm_), 0); ((vma_) = vma_iter_next(&it_));)

/**
 * vma_gap_topdown() - highest free place, as the kernel's unmapped_area_topdown (rules A3-A5)
 * @low, @high: window; the result lies in [low, high)
 * @len:        bytes
 *
 * A VMA that grows down counts as starting stack_guard_gap pages lower; since 6.1 its guard gap
 * hides every gap there, also those below other mappings. Returns the highest address such that
 * [addr, addr+len) is free and flush with the top of its gap, or 0 with *@found false.
 */
u64 vma_gap_topdown(const struct vma_mm *mm, u64 low, u64 high, u64 len, bool *found);
/** vma_gap_bottomup() - lowest free place. */
u64 vma_gap_bottomup(const struct vma_mm *mm, u64 low, u64 high, u64 len, bool *found);

static inline u64 vma_pages(const struct vma *vma)
{
	return (vma->vm_end - vma->vm_start) >> VMA_PAGE_SHIFT;
}

/** vma_ops_of() - the vm_ops of a mapping; NULL when it is anonymous in the kernel's sense
 *  (plain private memory, private /dev/zero). */
const struct vma_ops *vma_ops_of(const struct vma_world *w, const struct vma *vma);
static inline bool vma_is_anonymous(const struct vma_world *w, const struct vma *vma)
{
	return !vma_ops_of(w, vma);
}
/** vma_kind_of() - the kind of mapping; private /dev/zero is VMA_KIND_ANON here. */
enum vma_kind vma_kind_of(const struct vma_world *w, const struct vma *vma);
/** vma_maps_shmem() - its page cache is swap-backed and counts as RssShmem, not as RssFile. */
static inline bool vma_maps_shmem(const struct vma_world *w, const struct vma *vma)
{
	const enum vma_kind kind = vma_kind_of(w, vma);

	return kind == VMA_KIND_SHMEM || kind == VMA_KIND_SYSV || kind == VMA_KIND_ZERO;
}
/** vma_has_vm_file() - vma->vm_file is set in the kernel (special mappings have none). */
bool vma_has_vm_file(const struct vma_world *w, const struct vma *vma);

/** vma_chain_is_singular() - anon_vma_chain has exactly one link. */
bool vma_chain_is_singular(const struct vma_world *w, const struct vma *vma);

/** Class of a mapping for the counters (rule C1). */
enum vma_class { VMA_CLASS_NONE, VMA_CLASS_EXEC, VMA_CLASS_STACK, VMA_CLASS_DATA };
enum vma_class vma_class_of(u64 flags);

/** vma_label() - the name maps would print ([heap], [stack], path, [anon:x], "") into @out.
 *  Returns @out. Rules T3-T5. */
#define VMA_LABEL_MAX 4400
char *vma_label(const struct vma_mm *mm, const struct vma *vma, char *out, size_t size);

/**
 * vma_validate() - check every invariant of a world
 *
 * Order and overlap, tree shape and gaps, counters against the VMAs, anon_vma counts against the
 * chains. locked_vm is not checked: real kernels let it drift (rule R11). Returns 0, or -EINVAL
 * with the first violation in @err.
 */
int vma_validate(const struct vma_world *w, struct vma_err *err);

/** vma_world_bytes() - memory held by the model, in bytes. */
size_t vma_world_bytes(const struct vma_world *w);

/* ---------------------------------------------------------------- pages */

/** enum vma_page_state - what stands behind a page; never one record a page */
enum vma_page_state {
	VMA_PAGE_NONE,        /* nothing: the next access faults */
	VMA_PAGE_ZERO,        /* the shared zero page */
	VMA_PAGE_ANON,        /* an anonymous page of this mm alone */
	VMA_PAGE_ANON_SHARED, /* anonymous, shared since a fork: the next write copies */
	VMA_PAGE_FILE,        /* page cache */
	VMA_PAGE_SHMEM,       /* shmem page */
	VMA_PAGE_SWAP,
	VMA_PAGE_GUARD,       /* MADV_GUARD_INSTALL: the next access is a SIGSEGV */
	VMA_PAGE_SPECIAL,     /* in facts alone: a frame without struct page, or what is not told
				 of VM_PFNMAP; a model has FILE with UNCOUNTED */
	VMA_PAGE_NR
};
#define VMA_PAGE_UFFD_WP 0x10 /* ORed into a state */
#define VMA_PAGE_HUGE 0x20    /* part of a 2 MiB page */
#define VMA_PAGE_SOFT_DIRTY 0x40 /* in facts alone: written since the marks were cleared */
#define VMA_PAGE_UNCOUNTED 0x80 /* no RSS counter holds it: hugetlb, device memory, [vvar] */

/** struct vma_page_run - pages of one state */
struct vma_page_run {
	u64 start, end; /* addresses */
	u32 state;      /* enum vma_page_state with the ORed bits */
};

/** vma_pages_run() - the run at or above @addr; false when there is none. Runs of state NONE are
 *  not stored. */
bool vma_pages_run(const struct vma_mm *mm, u64 addr, struct vma_page_run *run);
/** vma_pages_set() - give [start, end) a state (NONE forgets it); RSS counters follow. */
void vma_pages_set(struct vma_mm *mm, u64 start, u64 end, u32 state);
/** vma_pages_state() - the state of one page. */
u32 vma_pages_state(const struct vma_mm *mm, u64 addr);

#endif
