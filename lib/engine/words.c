// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * THE tables of named constants, one an argument kind: how strace prints them, how a command line
 * may give them. A new constant is one row.
 */
#include "engine/engine.h"

#define W(name, value) { name, value, 0 }

static const struct vma_word prot[] = {
	W("PROT_NONE", 0),
	W("PROT_READ", 1),
	W("PROT_WRITE", 2),
	W("PROT_EXEC", 4),
	W("PROT_SEM", 8),
	W("PROT_GROWSDOWN", 0x01000000),
	W("PROT_GROWSUP", 0x02000000),
	{ NULL, 0, 0 },
};

static const struct vma_word mmap_flags[] = {
	{ "MAP_SHARED_VALIDATE", 3, 0xf },
	{ "MAP_SHARED", 1, 0xf },
	{ "MAP_PRIVATE", 2, 0xf },
	{ "MAP_DROPPABLE", 8, 0xf },
	W("MAP_FIXED", 0x10),
	W("MAP_ANONYMOUS", 0x20),
	W("MAP_32BIT", 0x40),
	W("MAP_ABOVE4G", 0x80),
	W("MAP_GROWSDOWN", 0x100),
	W("MAP_DENYWRITE", 0x800),
	W("MAP_EXECUTABLE", 0x1000),
	W("MAP_LOCKED", 0x2000),
	W("MAP_NORESERVE", 0x4000),
	W("MAP_POPULATE", 0x8000),
	W("MAP_NONBLOCK", 0x10000),
	W("MAP_STACK", 0x20000),
	W("MAP_HUGETLB", 0x40000),
	W("MAP_SYNC", 0x80000),
	W("MAP_FIXED_NOREPLACE", 0x100000),
	W("MAP_UNINITIALIZED", 0x4000000),
	W("MAP_FILE", 0),
	{ "MAP_HUGE_2MB", 21ULL << 26, 0x3fULL << 26 },
	{ "MAP_HUGE_1GB", 30ULL << 26, 0x3fULL << 26 },
	{ NULL, 0, 0 },
};

static const struct vma_word mremap_flags[] = {
	W("MREMAP_MAYMOVE", 1), W("MREMAP_FIXED", 2), W("MREMAP_DONTUNMAP", 4), { NULL, 0, 0 },
};

static const struct vma_word advice[] = {
	W("MADV_NORMAL", 0), W("MADV_RANDOM", 1), W("MADV_SEQUENTIAL", 2), W("MADV_WILLNEED", 3),
	W("MADV_DONTNEED", 4), W("MADV_FREE", 8), W("MADV_REMOVE", 9), W("MADV_DONTFORK", 10),
	W("MADV_DOFORK", 11), W("MADV_MERGEABLE", 12), W("MADV_UNMERGEABLE", 13),
	W("MADV_HUGEPAGE", 14), W("MADV_NOHUGEPAGE", 15), W("MADV_DONTDUMP", 16),
	W("MADV_DODUMP", 17), W("MADV_WIPEONFORK", 18), W("MADV_KEEPONFORK", 19),
	W("MADV_COLD", 20), W("MADV_PAGEOUT", 21), W("MADV_POPULATE_READ", 22),
	W("MADV_POPULATE_WRITE", 23), W("MADV_DONTNEED_LOCKED", 24), W("MADV_COLLAPSE", 25),
	W("MADV_HWPOISON", 100), W("MADV_SOFT_OFFLINE", 101), W("MADV_GUARD_INSTALL", 102),
	W("MADV_GUARD_REMOVE", 103), { NULL, 0, 0 },
};

static const struct vma_word mlock2_flags[] = { W("MLOCK_ONFAULT", 1), { NULL, 0, 0 } };

static const struct vma_word mlockall_flags[] = {
	W("MCL_CURRENT", 1), W("MCL_FUTURE", 2), W("MCL_ONFAULT", 4), { NULL, 0, 0 },
};

static const struct vma_word mpol[] = {
	{ "MPOL_DEFAULT", 0, 0xff },
	{ "MPOL_PREFERRED", 1, 0xff },
	{ "MPOL_BIND", 2, 0xff },
	{ "MPOL_INTERLEAVE", 3, 0xff },
	{ "MPOL_LOCAL", 4, 0xff },
	{ "MPOL_PREFERRED_MANY", 5, 0xff },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6, 0xff },
	W("MPOL_F_NUMA_BALANCING", 1 << 13),
	W("MPOL_F_RELATIVE_NODES", 1 << 14),
	W("MPOL_F_STATIC_NODES", 1 << 15),
	{ NULL, 0, 0 },
};

static const struct vma_word mbind_flags[] = {
	W("MPOL_MF_STRICT", 1), W("MPOL_MF_MOVE", 2), W("MPOL_MF_MOVE_ALL", 4), { NULL, 0, 0 },
};

static const struct vma_word shm_flags[] = {
	W("SHM_EXEC", 0100000), W("SHM_RDONLY", 010000), W("SHM_RND", 020000),
	W("SHM_REMAP", 040000), { NULL, 0, 0 },
};

static const struct vma_word uffd_mode[] = {
	W("UFFDIO_REGISTER_MODE_MISSING", 1), W("UFFDIO_REGISTER_MODE_WP", 2),
	W("UFFDIO_REGISTER_MODE_MINOR", 4), { NULL, 0, 0 },
};

static const struct vma_word pkey_rights[] = {
	W("PKEY_DISABLE_ACCESS", 1), W("PKEY_DISABLE_WRITE", 2), { NULL, 0, 0 },
};

static const struct vma_word resource[] = {
	W("RLIMIT_CPU", 0), W("RLIMIT_FSIZE", 1), W("RLIMIT_DATA", 2), W("RLIMIT_STACK", 3),
	W("RLIMIT_CORE", 4), W("RLIMIT_RSS", 5), W("RLIMIT_NPROC", 6), W("RLIMIT_NOFILE", 7),
	W("RLIMIT_MEMLOCK", 8), W("RLIMIT_AS", 9), W("RLIMIT_LOCKS", 10),
	W("RLIMIT_SIGPENDING", 11), W("RLIMIT_MSGQUEUE", 12), W("RLIMIT_NICE", 13),
	W("RLIMIT_RTPRIO", 14), W("RLIMIT_RTTIME", 15), { NULL, 0, 0 },
};

static const struct vma_word limit[] = {
	W("RLIM_INFINITY", VMA_RLIM_INFINITY), W("RLIM64_INFINITY", VMA_RLIM_INFINITY),
	{ NULL, 0, 0 },
};

static const struct {
	const struct vma_word *words;
	bool is_flags;
} tables[VMA_ARG_NR] = {
	[VMA_ARG_PROT] = { prot, true },
	[VMA_ARG_ACCESS] = { prot, true },
	[VMA_ARG_MMAP_FLAGS] = { mmap_flags, true },
	[VMA_ARG_MREMAP_FLAGS] = { mremap_flags, true },
	[VMA_ARG_ADVICE] = { advice, false },
	[VMA_ARG_MLOCK2_FLAGS] = { mlock2_flags, true },
	[VMA_ARG_MLOCKALL_FLAGS] = { mlockall_flags, true },
	[VMA_ARG_MPOL] = { mpol, true },
	[VMA_ARG_MBIND_FLAGS] = { mbind_flags, true },
	[VMA_ARG_SHM_FLAGS] = { shm_flags, true },
	[VMA_ARG_UFFD_MODE] = { uffd_mode, true },
	[VMA_ARG_RESOURCE] = { resource, false },
	[VMA_ARG_PKEY_RIGHTS] = { pkey_rights, true },
	[VMA_ARG_LIMIT] = { limit, false },
};

const struct vma_word *vma_arg_words(enum vma_arg kind, bool *is_flags)
{
	if (kind >= VMA_ARG_NR || !tables[kind].words)
		return NULL;
	if (is_flags)
		*is_flags = tables[kind].is_flags;
	return tables[kind].words;
}
