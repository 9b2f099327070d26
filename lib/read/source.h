/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_SOURCE_H
#define READ_SOURCE_H
/*
 * Where the files of one process are: a live /proc, another procfs, or a captured directory that
 * is laid out alike (PID/maps, sys/vm/..., version, meminfo; beside proc a sys/kernel/mm).
 */
#include <sys/types.h>

#include "base/strbuf.h"
#include "libvmactl/read.h"

struct source {
	char label[256];  /* "/proc/12", for messages */
	int pid_dir;      /* holds maps */
	int proc_dir;     /* holds sys/, version, meminfo; -1 none */
	int sys_dir;      /* holds kernel/mm; -1 none */
	int top_dir;      /* captured: holds meta.txt and mm.txt; -1 none */
	bool live;        /* a real procfs */
	u32 pid, tid;     /* 0 unknown */
};

int source_open(struct source *s, const char *target, const char *procfs, struct vma_err *err);
void source_close(struct source *s);

static inline void undo_source(struct source *s)
{
	source_close(s);
}

/* Opens a file below @dir for reading; a descriptor or -errno. -ENOENT when @dir is -1. */
int source_open_file(int dir, const char *path);

/*
 * The whole of a small file, ended with a NUL. 0 or -errno; -EFBIG past 4 MiB.
 */
int source_slurp(int dir, const char *path, struct strbuf *out);

/* One number out of a one-line file: 0 or -errno, -EBADMSG when it is no number. */
int source_number(int dir, const char *path, u64 *out);

/* A thread of a process that lives on after its first one has ended: "12/task/14". */
bool source_other_thread(int proc_dir, u32 pid, char *out, size_t size);

/*
 * Opens another thread of the same process, for where nothing was found through the first, which has
 * let go of the address space if it has ended. false: @s is of a thread of the user's choice, or no
 * other lives; it may be closed then.
 */
bool source_open_other(struct source *s, const char *procfs);

/* What would help against @err, NULL when nothing would. */
const char *source_remedy(int err);

/* Monotonic time, ns. */
u64 source_clock(void);

#endif
