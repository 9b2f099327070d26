/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H
/*
 * Processes under our control: the puppet of puppet.c, its forks, and the files it may map.
 *
 * A troupe is one puppet and all its forks. Nothing is left behind, however we end: the files
 * never have a name that stays, and every puppet is a direct child that dies with the thread
 * that started it. So a troupe belongs to the thread that started it.
 */
#include <sys/types.h>

#include "libvmactl/error.h"
#include "libvmactl/model.h"
#include "libvmactl/types.h"

/* ---------------------------------------------------------------- files */

/* Descriptors in the puppet: file i is VMA_LIVE_FILE_FD + i. */
#define VMA_LIVE_FILE_FD 10
#define VMA_LIVE_FILES_MAX 16
/* Ours are parked above, so that no dup2() in the child hits one still needed. */
#define VMA_LIVE_PARKED_FD 100

/**
 * struct vma_live_file - one open description that the puppet holds
 * @text: how it comes about, as a call in a script ("openat(AT_FDCWD, \"f0\", O_RDWR)")
 * @init: what the model has to know of it
 * @seals: of a memfd, -1 for other files
 */
struct vma_live_file {
	int fd, seals;
	char text[80];
	struct vma_file init;
};

#define VMA_LIVE_SEGMENTS_MAX 2

/** struct vma_live_segment - SysV shared memory; removed already, held by our own attachment */
struct vma_live_segment {
	int id;
	void *at;
	struct vma_file init;
};

/** struct vma_live_files - the files of a run; they have no name that stays */
struct vma_live_files {
	struct vma_live_file file[VMA_LIVE_FILES_MAX];
	size_t nr;
	struct vma_live_segment segment[VMA_LIVE_SEGMENTS_MAX];
	size_t nr_segments; /* 0 where the kernel has none */
	int image;     /* the puppet's program */
	u64 image_end; /* where it ends in memory: the heap may begin here */
};

/**
 * vma_live_files_open() - make the program and the files
 * @dir: where, NULL for $TMPDIR or /tmp
 *
 * Regular files (read-only, read-write, write-only, two descriptions of one), memfds (plain and
 * sealed), /dev/zero, and a pipe, which cannot be mapped.
 */
int vma_live_files_open(struct vma_live_files *files, const char *dir, struct vma_err *err);
/**
 * vma_live_files_renew() - as new: memfds without any page, other files with all of them
 *
 * To be called before a puppet is started.
 */
int vma_live_files_renew(struct vma_live_files *files, struct vma_err *err);
/** vma_live_file_fill() - write zeros to [from, to) of a file, as far as it goes. */
int vma_live_file_fill(const struct vma_live_file *f, u64 from, u64 to, struct vma_err *err);
void vma_live_files_close(struct vma_live_files *files);

/* ---------------------------------------------------------------- puppets */

struct vma_live;

/**
 * struct vma_live_opts - how to start a puppet
 * @randomize: leave address space randomisation on
 * @no_caps:   drop every capability
 * @bottom_up: the layout of old, ADDR_COMPAT_LAYOUT
 * @read_implies_exec: the personality of programs without PT_GNU_STACK
 * @unlimited_stack: RLIMIT_STACK, which decides where exec puts the rest
 */
struct vma_live_opts {
	bool randomize, no_caps, bottom_up, read_implies_exec, unlimited_stack;
};

/** struct vma_live_reply - what the kernel answered */
struct vma_live_reply {
	s64 ret;          /* raw: -errno when refused; an address or a count otherwise */
	int sig, si_code; /* touch */
	u64 at, pages;    /* touch: si_addr, pages touched before */
};

/**
 * vma_live_start() - start the first puppet (number 0) of a troupe
 * @files: what it may map; must outlive the troupe
 *
 * -EIO when it does not come up.
 */
int vma_live_start(const struct vma_live_files *files, const struct vma_live_opts *opts,
		   struct vma_live **out, struct vma_err *err);
/** vma_live_free() - kill and reap every puppet. */
void vma_live_free(struct vma_live *l);

static inline void undo_live(struct vma_live **l)
{
	vma_live_free(*l);
}

/** vma_live_pid() - the process of puppet @who, 0 when there is none. */
pid_t vma_live_pid(const struct vma_live *l, unsigned int who);

/** vma_live_data() - memory that both see, for pointer arguments; @size when not NULL. */
void *vma_live_data(struct vma_live *l, unsigned int who, size_t *size);
/** vma_live_data_addr() - where puppet @who sees vma_live_data(). */
u64 vma_live_data_addr(unsigned int who);

/**
 * vma_live_call() - let puppet @who do a system call
 *
 * -EIO when it died or does not answer; the troupe is then only fit to be freed. A refusal of
 * the kernel is no failure.
 */
int vma_live_call(struct vma_live *l, unsigned int who, u64 nr, const u64 arg[6],
		  struct vma_live_reply *out, struct vma_err *err);

/**
 * vma_live_touch() - let puppet @who access one byte in each page of a range
 * @access: PROT_READ, PROT_WRITE or PROT_EXEC
 *
 * What is executed must hold no code: zeros, and ones where it was written to.
 */
int vma_live_touch(struct vma_live *l, unsigned int who, u64 addr, u64 len, u64 access,
		   struct vma_live_reply *out, struct vma_err *err);

/** vma_live_fill() - let puppet @who make @nr mappings of one page each, from @addr on. */
int vma_live_fill(struct vma_live *l, unsigned int who, u64 addr, u64 nr, struct vma_err *err);

/** vma_live_fork() - let puppet @who fork; the child is puppet @child, which must be free. */
int vma_live_fork(struct vma_live *l, unsigned int who, unsigned int child,
		  struct vma_live_reply *out, struct vma_err *err);

/** vma_live_exit() - let puppet @who exit, and reap it. */
int vma_live_exit(struct vma_live *l, unsigned int who, struct vma_err *err);

/** vma_live_is_ours() - does [start, end) touch what the puppet itself needs? */
bool vma_live_is_ours(const struct vma_live *l, u64 start, u64 end);

/** Puppets a troupe can have. */
unsigned int vma_live_max(void);

#endif
