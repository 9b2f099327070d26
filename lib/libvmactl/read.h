/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_READ_H
#define LIBVMACTL_READ_H
/*
 * Readers: facts about a process, as they were found. No judgement, no model.
 *
 * What a source did not say is spelt out: a bit in a `have` word is clear, a pointer is NULL.
 */
#include "libvmactl/error.h"
#include "libvmactl/model.h"
#include "libvmactl/types.h"

/** Reading levels, from harmless to costly (bits). */
enum {
	VMA_READ_MAPS = 1 << 0,    /* maps */
	VMA_READ_STATUS = 1 << 1,  /* status, statm, stat, limits, auxv, comm, cmdline, personality */
	VMA_READ_SMAPS = 1 << 2,   /* smaps instead of maps: flags and page counts */
	VMA_READ_NUMA = 1 << 3,    /* numa_maps: policies */
	VMA_READ_SYSTEM = 1 << 4,  /* sysctls, meminfo, version */
	VMA_READ_PAGES = 1 << 5,   /* pagemap */
	VMA_READ_BPF = 1 << 6,     /* the kernel's own values */
	VMA_READ_FILES = 1 << 7,   /* what is mapped: file system, mount options, size */
	VMA_READ_SOFT_DIRTY = 1 << 8, /* with PAGES: runs end where soft-dirty pages begin */
};
#define VMA_READ_DEFAULT                                                                    \
	(VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SMAPS | VMA_READ_NUMA |                 \
	 VMA_READ_SYSTEM | VMA_READ_FILES)

/** enum vma_smaps_key - the counters of smaps, in kB as printed */
enum vma_smaps_key {
	VMA_SMAPS_SIZE, VMA_SMAPS_KERNELPAGESIZE, VMA_SMAPS_MMUPAGESIZE, VMA_SMAPS_RSS,
	VMA_SMAPS_PSS, VMA_SMAPS_PSS_DIRTY, VMA_SMAPS_SHARED_CLEAN, VMA_SMAPS_SHARED_DIRTY,
	VMA_SMAPS_PRIVATE_CLEAN, VMA_SMAPS_PRIVATE_DIRTY, VMA_SMAPS_REFERENCED,
	VMA_SMAPS_ANONYMOUS, VMA_SMAPS_KSM, VMA_SMAPS_LAZYFREE, VMA_SMAPS_ANONHUGEPAGES,
	VMA_SMAPS_SHMEMPMDMAPPED, VMA_SMAPS_FILEPMDMAPPED, VMA_SMAPS_SHARED_HUGETLB,
	VMA_SMAPS_PRIVATE_HUGETLB, VMA_SMAPS_SWAP, VMA_SMAPS_SWAPPSS, VMA_SMAPS_LOCKED,
	VMA_SMAPS_THPELIGIBLE, VMA_SMAPS_PROTECTIONKEY,
	VMA_SMAPS_NR
};
/** vma_smaps_key_name() - "Rss", as the kernel spells it. */
const char *vma_smaps_key_name(enum vma_smaps_key key);

/**
 * struct vma_fact_map - a line of maps, with its smaps record when that was read
 * @have:      bit per enum vma_smaps_key that was printed
 * @flags:     VmFlags and ProtectionKey in our bits; valid when @has_flags
 * @unknown:   flag codes without a name and "??", separated by blanks; NULL
 * @kb:        VMA_SMAPS_NR counters, 0 where @have has no bit; never NULL
 * @policy:    numa_maps word ("default", "bind:0"), NULL when not read
 * @path:      as printed, with \012 turned back into a newline; "" when none. Hostile text.
 * @body:      records of one reading with the same number, other than 0, have the same @have,
 *             @flags, @unknown and @kb
 * Strings and counters are borrowed from the facts; records share them where they are the same.
 */
struct vma_fact_map {
	u64 start, end;
	u64 offset;   /* bytes */
	u64 inode;
	u32 dev_major, dev_minor;
	char perms[5];
	bool has_flags;
	bool gate;    /* [vsyscall]: not a VMA */
	u64 flags;
	u32 have;
	u32 body;
	const char *unknown;
	const char *path;
	const char *policy;
	const u64 *kb;
	u64 held; /* from a core: bytes of it that the file holds */
};

/** What vm_operations_struct has (bits of vma_fact_bpf.callbacks). */
enum {
	VMA_BPF_OPS_OPEN = 1 << 0,
	VMA_BPF_OPS_CLOSE = 1 << 1,
	VMA_BPF_OPS_MAY_SPLIT = 1 << 2,
	VMA_BPF_OPS_MREMAP = 1 << 3,
	VMA_BPF_OPS_MPROTECT = 1 << 4,
	VMA_BPF_OPS_FAULT = 1 << 5,
	VMA_BPF_OPS_HUGE_FAULT = 1 << 6,
	VMA_BPF_OPS_MAP_PAGES = 1 << 7,
	VMA_BPF_OPS_PAGESIZE = 1 << 8,
	VMA_BPF_OPS_PAGE_MKWRITE = 1 << 9,
	VMA_BPF_OPS_PFN_MKWRITE = 1 << 10,
	VMA_BPF_OPS_ACCESS = 1 << 11,
	VMA_BPF_OPS_NAME = 1 << 12,
	VMA_BPF_OPS_SET_POLICY = 1 << 13,
};

/** What the running kernel has at all (bits of vma_fact_mm_bpf.have); else the field is 0. */
enum {
	VMA_BPF_NUM_CHILDREN = 1 << 0, /* num_children and num_active_vmas */
	VMA_BPF_DEGREE = 1 << 1,       /* older: num_children holds anon_vma->degree instead */
	VMA_BPF_LOCK_SEQ = 1 << 2,     /* lock_seq: per-VMA locks, 6.4 */
	VMA_BPF_MM_SEQ = 1 << 3,       /* mm_seq */
	VMA_BPF_REFCNT = 1 << 4,       /* vm_refcnt, 6.15 */
	VMA_BPF_POLICY = 1 << 5,       /* policy: CONFIG_NUMA */
	VMA_BPF_UFFD = 1 << 6,         /* uffd: CONFIG_USERFAULTFD */
};

/**
 * struct vma_fact_bpf - what the kernel itself holds for one VMA (optional reader)
 *
 * Addresses of kernel objects are good for telling whether two are the same one, nothing else.
 * Arrays and strings are borrowed from the facts. The two symbols are "" when the kernel keeps
 * none: names of data, such as vm_ops, need CONFIG_KALLSYMS_ALL, that of ->fault does not.
 */
struct vma_fact_bpf {
	u64 start, end, vm_flags, vm_pgoff, page_prot; /* vm_flags: the kernel's bits */
	u64 anon_vma, root, parent;                    /* opaque identities, 0 none */
	u64 vm_file, mapping, inode;                   /* mapping: the address_space */
	u64 vm_policy, uffd_ctx, vm_ops;
	u32 dev;                                       /* of the inode, the kernel's encoding */
	u32 num_children, num_active_vmas, refcount;   /* of anon_vma */
	u32 lock_seq, vm_refcnt, mm_seq;
	u32 callbacks;                                 /* VMA_BPF_OPS_* */
	u32 nr_chain;
	bool chain_cut;                                /* there are more links than nr_chain */
	const u64 *chain;                              /* anon_vmas, newest first */
	const char *ops;                               /* symbol of vm_ops */
	const char *fault;                             /* symbol of vm_ops->fault */
};

/** struct vma_fact_anon - an anon_vma that stands in a chain with others */
struct vma_fact_anon {
	u64 anon_vma, root, parent; /* opaque identities */
	u32 refcount, num_children, num_active_vmas;
};

/**
 * struct vma_fact_mm_bpf - mm_struct fields that no file shows, and those to check files against
 *
 * Counters are in pages, pgtables_bytes in bytes. @mm is equal for processes that share one.
 */
struct vma_fact_mm_bpf {
	u64 mm;
	u64 mmap_base, mmap_legacy_base, task_size, def_flags, brk, start_brk, start_stack;
	u64 total_vm, locked_vm, pinned_vm, data_vm, exec_vm, stack_vm, hiwater_vm, map_count;
	u64 pgtables_bytes;
	u32 have; /* VMA_BPF_* */
};

/** Numbers of status, kB. */
enum vma_status_key {
	VMA_ST_VMPEAK, VMA_ST_VMSIZE, VMA_ST_VMLCK, VMA_ST_VMPIN, VMA_ST_VMHWM, VMA_ST_VMRSS,
	VMA_ST_RSSANON, VMA_ST_RSSFILE, VMA_ST_RSSSHMEM, VMA_ST_VMDATA, VMA_ST_VMSTK, VMA_ST_VMEXE,
	VMA_ST_VMLIB, VMA_ST_VMPTE, VMA_ST_VMSWAP, VMA_ST_HUGETLBPAGES, VMA_ST_THREADS,
	VMA_ST_TGID, VMA_ST_PPID, VMA_ST_UID, VMA_ST_THP_ENABLED,
	VMA_ST_NR
};

/** Address fields of stat and of prctl(PR_SET_MM). */
enum vma_stat_key {
	VMA_STAT_START_CODE, VMA_STAT_END_CODE, VMA_STAT_START_STACK, VMA_STAT_START_DATA,
	VMA_STAT_END_DATA, VMA_STAT_START_BRK, VMA_STAT_ARG_START, VMA_STAT_ARG_END,
	VMA_STAT_ENV_START, VMA_STAT_ENV_END, VMA_STAT_STARTTIME,
	VMA_STAT_NR
};

#define VMA_FORKS_MAX 64

struct vma_fact_aux {
	u64 type, value;
};

/**
 * struct vma_fact_file - what is known of a mapped file, by the device and inode maps prints
 * @fs:   type of the file system, as mountinfo spells it ("ext4", "tmpfs"); NULL unknown
 * @size: bytes; valid when @has_size
 */
struct vma_fact_file {
	u32 dev_major, dev_minor;
	u64 inode;
	const char *fs;
	bool noexec;
	bool has_size;
	u64 size;
};

/** Bits of vma_facts.have_sysctl: which settings a source named. */
enum {
	VMA_SYS_MAX_MAP_COUNT = 1 << 0,
	VMA_SYS_OVERCOMMIT_MEMORY = 1 << 1,
	VMA_SYS_OVERCOMMIT_RATIO = 1 << 2,
	VMA_SYS_OVERCOMMIT_KBYTES = 1 << 3,
	VMA_SYS_ADMIN_RESERVE = 1 << 4,
	VMA_SYS_USER_RESERVE = 1 << 5,
	VMA_SYS_MMAP_MIN_ADDR = 1 << 6,
	VMA_SYS_LEGACY_VA_LAYOUT = 1 << 7,
	VMA_SYS_USERFAULTFD = 1 << 8,
	VMA_SYS_RANDOMIZE = 1 << 9,
	VMA_SYS_TOTALRAM = 1 << 10,
	VMA_SYS_TOTALSWAP = 1 << 11,
	VMA_SYS_COMMITTED = 1 << 12,
	VMA_SYS_HUGETLB = 1 << 13,
	VMA_SYS_THP = 1 << 14,        /* thp_built_in is known; when it is, thp_enabled too */
	VMA_SYS_SHMEM_HUGE = 1 << 15,
	VMA_SYS_NODES = 1 << 16,
	VMA_SYS_PKEYS = 1 << 17,
	VMA_SYS_SOFT_DIRTY = 1 << 18,
	VMA_SYS_ANON_NAMES = 1 << 19,
	VMA_SYS_IGNORE_RLIMIT_DATA = 1 << 20,
	VMA_SYS_GUARD_GAP = 1 << 21,
	VMA_SYS_FAULT_AROUND = 1 << 22,
};

/**
 * struct vma_fact_core - what is known of a core file as a whole
 * @nr_filtered:  mappings of which it holds nothing (coredump_filter, VM_DONTDUMP, devices)
 * @nr_unsegmented: of these, mappings only NT_FILE names: their perms are "????"
 * @truncated:    bytes that it claims and lacks
 * @nr_bad:       segments and notes that made no sense and were left out
 */
struct vma_fact_core {
	u64 held, truncated;
	u32 nr_filtered, nr_unsegmented, nr_threads, nr_bad;
	bool has_siginfo;
	s32 si_signo, si_code;
	u64 fault_addr;
};

/** struct vma_missing - a source that could not be read, why, and what would help */
struct vma_missing {
	const char *what;   /* "smaps" */
	int err;            /* errno */
	const char *remedy; /* "run as root or with CAP_SYS_PTRACE", NULL */
};

/**
 * struct vma_read_cost - what was read and what it took
 * @longest: ns of the longest single call; no change of the address space (mmap(2)..) by the process
 *           can have waited for us longer than that. 0: the source holds none of its locks
 */
struct vma_read_cost {
	const char *what;
	u64 bytes;
	u64 ns, longest;
	u32 reads;
};

/**
 * struct vma_facts - everything known about one process
 *
 * Made by vma_facts_read() and friends, freed by vma_facts_free(). Arrays and strings belong to it.
 */
struct vma_facts {
	char *source;            /* what was read: "/proc/12", "core.12", ... */
	u32 pid, tid;
	u32 levels;              /* VMA_READ_* that were read in full */
	bool live;               /* the process may still change */
	bool changed;            /* it changed while being read; the retries did not settle it */
	bool kernel_thread;      /* has no address space */
	bool is_core;            /* read from a core file: @core is valid, and in the maps perms[3]
				    is '?' (a core does not tell shared from private) */
	struct vma_fact_core core;

	struct vma_fact_map *maps;
	size_t nr_maps;
	struct vma_fact_bpf *bpf; /* same order as the non-gate maps, NULL */
	size_t nr_bpf;
	struct vma_fact_mm_bpf *mm_bpf;
	struct vma_fact_anon *anon_bpf; /* some may be there more than once */
	size_t nr_anon_bpf;
	struct vma_page_run *runs; /* pagemap, NULL when not read; a page of a file is
				      VMA_PAGE_FILE, of shmem too; all of a VM_PFNMAP is
				      VMA_PAGE_SPECIAL, present or not */
	size_t nr_runs;
	struct vma_fact_file *files;
	size_t nr_files;

	u32 have_status;         /* bit per enum vma_status_key */
	u64 status[VMA_ST_NR];
	bool have_caps;
	u64 cap_eff;             /* CapEff as printed */
	u32 have_stat;           /* bit per enum vma_stat_key */
	u64 stat[VMA_STAT_NR];
	bool have_statm;
	u64 statm[7];            /* pages */
	struct vma_fact_aux *aux;
	size_t nr_aux;
	bool have_limits;
	struct vma_rlimit rlimit[VMA_NR_RLIMITS];
	bool have_personality;
	u32 personality;
	char *comm, *cmdline, *exe; /* NULL when unknown; cmdline with blanks between words */

	char *release;           /* kernel release, NULL */
	bool have_system;
	struct vma_system system;
	u32 have_sysctl;         /* VMA_SYS_*: which of @system and the next two were read */
	bool legacy_va_layout;
	s32 randomize_va_space;  /* -1 unknown */

	struct vma_missing *missing;
	size_t nr_missing;
	struct vma_read_cost *cost;
	size_t nr_cost;
	u32 retries;
	u32 unknown_keys;        /* smaps lines with a key we do not know */
	char state;              /* of stat: R S D Z ..., 0 unknown */
	s8 forked;               /* the address space is a copy that fork made, and no exec came
				    since: 1 yes, 0 no, -1 unknown */
	s32 forks;               /* how many forks since that exec, up to VMA_FORKS_MAX, when every
				    process between still lives; -1 unknown */
	bool forks_guessed;      /* its parent is gone, but it leads a session as daemon(3) leaves it:
				    taken for one fork */
	s8 copied;               /* a child that fork copied from it lives: 1 yes, 0 no, -1 unknown */
	u32 fork_parent;         /* the process it was copied from; 0 none, or it is gone */
	bool adopted;            /* fork_parent may have taken it over from one that it forked and
				    that is gone */
	u32 mm_of;               /* whose address space it is: its own pid, or that of an ancestor
				    that it shares it with (vfork, CLONE_VM); 0 unknown */
	void *arena;             /* owns the strings */
};

/**
 * struct vma_read_opts - how to read
 * @procfs: instead of "/proc"; NULL
 * @levels: VMA_READ_*
 * @bpf:    for VMA_READ_BPF: where an open reader is kept between two reads, since loading it takes
 *          longer than reading. *bpf is NULL at first; vma_bpf_close() it at the end. NULL: every
 *          read loads its own
 */
struct vma_bpf;
struct vma_read_opts {
	const char *procfs;
	u32 levels;
	struct vma_bpf **bpf;
};
void vma_bpf_close(struct vma_bpf *b);

/**
 * vma_kernel_choose() - the profile to work with
 * @release: as the user named it; NULL: the running kernel's, stable update included
 *
 * Errors as of vma_kernel_init().
 */
int vma_kernel_choose(struct vma_kernel *k, const char *release, struct vma_err *err);

/**
 * vma_facts_read() - read a process
 * @target: "123", "self", "123/task/125", or a captured directory: either /proc/PID-like itself
 *          (holds maps or smaps; settings are looked for in ../sys, ../version, ../meminfo,
 *          ../../sys/kernel/mm as the recordings have them) or a directory whose proc/ holds one
 * @out:    the caller owns it on success
 *
 * -ENOENT no such process or directory; -ESRCH it exited meanwhile; -EACCES nothing could be
 * read; -EBADMSG what was read is not what it should be (file, line and column in @err).
 * A source that may not be read is listed in facts->missing instead, as long as maps can be had.
 */
int vma_facts_read(const char *target, const struct vma_read_opts *opts, struct vma_facts **out,
		   struct vma_err *err);
void vma_facts_free(struct vma_facts *f);

/**
 * vma_maps_stream() - one record at a time through @fn, nothing kept; for very large processes
 * @opts: VMA_READ_SMAPS in its levels chooses smaps instead of maps
 * @fn:   gets a record that is gone when it returns; non-zero ends the walk, and a negative
 *        number is what vma_maps_stream() then returns
 */
typedef int vma_map_fn(void *ctx, const struct vma_fact_map *map);
int vma_maps_stream(const char *target, const struct vma_read_opts *opts, vma_map_fn *fn, void *ctx,
		    struct vma_err *err);

/**
 * vma_bpf_stream() - the same of what the kernel itself holds, without /proc
 * @fn:      gets start, end, vm_flags, vm_pgoff, anon_vma and vm_file; the rest is 0 or ""
 * @gate:    gets [vsyscall], which is no VMA, at the end, with its smaps record; may be NULL
 * @changed: out: the process changed its address space meanwhile
 *
 * Starts many times faster than VMA_READ_BPF. -ENOTSUP: not a live process, a kernel that cannot
 * (before 6.1, or without type information), or a library without the BPF reader; -EPERM: without
 * CAP_BPF and CAP_PERFMON. Both come before the first record.
 */
typedef int vma_bpf_fn(void *ctx, const struct vma_fact_bpf *vma);
int vma_bpf_stream(const char *target, const struct vma_read_opts *opts, vma_bpf_fn *fn,
		   vma_map_fn *gate, void *ctx, bool *changed, struct vma_err *err);

/** Parsers on memory, for tests and fuzzing; every record goes to @fn. */
int vma_maps_parse(const char *text, size_t len, vma_map_fn *fn, void *ctx, struct vma_err *err);
int vma_smaps_parse(const char *text, size_t len, vma_map_fn *fn, void *ctx, struct vma_err *err);

/**
 * struct vma_pfn - a present page and the physical page behind it
 * @mapped: how many page table entries map it, 0: not known (kpagecount is root's)
 * @anon:   it is anonymous memory, and not one of those that have nothing to do with fork: merged
 *          by KSM, or the zero page; false where these cannot be told apart (by kpageflags, which
 *          is root's)
 * @ksm:    merged by KSM
 * @thp:    part of a transparent huge page, however it is mapped
 */
struct vma_pfn {
	u64 addr, pfn;
	u32 mapped;
	bool anon, ksm, thp;
};

/**
 * vma_pfns_each() - the present pages of [start, end) of a live process
 * @target, @procfs: as for vma_facts_read()
 * @fn:              non-zero stops, and is returned
 *
 * -EPERM: frame numbers are hidden from us.
 */
typedef int vma_pfn_fn(void *ctx, const struct vma_pfn *frame);
int vma_pfns_each(const char *target, const char *procfs, u64 start, u64 end, vma_pfn_fn *fn,
		    void *ctx, struct vma_err *err);

#endif
