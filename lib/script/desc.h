/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_DESC_H
#define SCRIPT_DESC_H
/*
 * What the descriptors of the recorded processes stand for.
 *
 *   fd table (per process, shared by CLONE_FILES) ── fd ──> description ──> inode
 *
 * A description is the kernel's struct file: dup and fork share it, a second open makes another
 * one, and only equal descriptions merge (rule G1.3). Its vma_file is made when it is first
 * mapped, so that a log of a million opens costs little.
 */
#include "libvmactl/model.h"

/* What is known of a file, once per path (or per memfd, segment, unknown descriptor). */
struct inode {
	char *path;        /* "" unknown */
	u32 dev_major, dev_minor;
	u64 ino;           /* 0 unknown */
	u64 size;
	u32 next;          /* hash chain */
	u32 fs;            /* index + 1 into descs.fs: properties of its file system; 0 unknown */
	u32 mapping;       /* address_space in the world, 0 not mapped yet */
	u32 *files;        /* vma_files made for it */
	u32 nr_files, cap_files;
	u8 kind;           /* enum vma_kind */
	bool no_mmap, seal_write, seal_future_write;
	bool no_write, no_exec; /* SysV: its mode refuses these */
	u32 hugetlb_shift;
	u64 shmid;         /* SysV segment */
	u64 shm_pages;     /* charged for it, 0 with SHM_NORESERVE */
	bool removed;      /* IPC_RMID: goes with its last mapping */
};

struct desc {
	u32 refs;
	u32 inode;
	u32 file;          /* vma_file, 0 not made yet */
	u32 pidfd;         /* process of a pidfd */
	u16 uffd;          /* userfaultfd context, 0 none */
	bool writable, readable, append, path_only;
	u32 uffd_mm;
	u32 next_free;
};

/* A file system: what it does to mappings, learned from files of it that a process has mapped. */
#define DESC_FS 32
struct desc_fs {
	u32 dev_major, dev_minor;
	u8 kind, fs_thp;
	bool noexec, writeback, uses_generic_gua;
};

/* A slot: FD_UNKNOWN (never seen), FD_CLOSED, or description << 1 | close-on-exec. */
enum { FD_UNKNOWN, FD_CLOSED };

struct fdtab {
	u32 refs;
	u32 *slot;
	u32 cap;
	bool rest_closed; /* descriptors above cap are known to be closed */
};

struct descs {
	struct inode *inodes;
	u32 nr_inodes, cap_inodes;
	u32 *buckets;      /* by path; a power of two */
	u32 nr_buckets;
	struct desc *descs;
	u32 nr_descs, cap_descs, free_desc;
	u32 closed_uffd[16]; /* descriptions of contexts whose last descriptor went away */
	u32 nr_closed_uffd;
	u16 next_uffd;
	struct desc_fs fs[DESC_FS];
	u32 nr_fs;
	u32 usual_fs;       /* index + 1: where files are whose device nobody knows */
	u32 nr_start_files; /* vma_files of the starting TARGET: ids up to this */
	bool failed;        /* out of memory */
};

bool descs_init(struct descs *d, const struct vma_world *w);
void descs_fini(struct descs *d);
/* Learns the file systems of the files of a world; the last is the usual one when @usual. */
void descs_learn_fs(struct descs *d, const struct vma_world *w, bool usual);

/* The inode of a path, made when new (its facts from the world where they match). 0: no memory. */
u32 inode_of_path(struct descs *d, const struct vma_world *w, const char *path, size_t len);
/* A nameless one. */
u32 inode_new(struct descs *d, const char *path, size_t len);
/* Its identity, and with the device the properties of its file system. */
void inode_set_dev(struct descs *d, u32 inode, u32 major, u32 minor, u64 ino);
void inode_set_size(struct descs *d, struct vma_world *w, u32 inode, u64 size);
/* A SysV segment by its id, 0 unknown. */
u32 inode_of_shmid(const struct descs *d, u64 shmid);

/* A description with one reference; 0: no memory. @flags as open(2). */
u32 desc_new(struct descs *d, u32 inode, u64 flags);
/* Its vma_file; VMA_FILE_BAD for O_PATH; 0: no memory. */
u32 desc_file(struct descs *d, struct vma_world *w, u32 desc);
u32 inode_file(struct descs *d, struct vma_world *w, u32 inode);

struct fdtab *fdtab_new(void);
struct fdtab *fdtab_copy(struct descs *d, const struct fdtab *t);
void fdtab_put(struct descs *d, struct fdtab *t);
/* The description of fd, or FD_UNKNOWN, FD_CLOSED. */
u32 fd_desc(const struct fdtab *t, u64 fd);
/* Puts a description there (its reference moves), closing what was there. */
void fd_set_desc(struct descs *d, struct fdtab *t, u64 fd, u32 desc, bool cloexec);
void fd_dup(struct descs *d, struct fdtab *t, u64 from, u64 to, bool cloexec);
void fd_close(struct descs *d, struct fdtab *t, u64 fd);
void fd_close_range(struct descs *d, struct fdtab *t, u64 first, u64 last, bool cloexec_only);
void fd_set_cloexec(struct fdtab *t, u64 fd, bool on);
/* execve: everything marked close-on-exec goes. */
void fdtab_exec(struct descs *d, struct fdtab *t);

static inline struct inode *inode_at(const struct descs *d, u32 id)
{
	return &d->inodes[id];
}

static inline struct desc *desc_at(const struct descs *d, u32 id)
{
	return &d->descs[id];
}

#endif
