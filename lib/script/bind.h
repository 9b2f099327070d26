/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_BIND_H
#define SCRIPT_BIND_H
/* The functions of the table of calls, and what they share. */
#include <string.h>

#include "script/replay.h"

typedef enum bound bind_fn(struct vma_replay *r, struct task *t, const struct line *l);
typedef void after_fn(struct vma_replay *r, struct task *t, const struct line *l);

/* bind-mem.c */
bind_fn bind_plain, bind_mmap, bind_touch, bind_process_madvise, bind_mbind, bind_set_mempolicy;
bind_fn bind_prctl;
/* bind-sysv.c: segments, limits, userfaultfd */
bind_fn bind_prlimit, bind_setrlimit, bind_shmat, bind_ioctl;
after_fn after_personality, after_prlimit, after_getrlimit, after_shmget, after_shmctl;
after_fn after_userfaultfd;
/* bind-fd.c */
after_fn after_openat, after_openat2, after_open, after_creat, after_memfd_create, after_close;
after_fn after_close_range, after_dup, after_fcntl, after_ftruncate, after_fallocate, after_fstat;
after_fn after_newfstatat, after_fd_pair, after_other_fd, after_unknown_fd, after_pidfd_open;
/* bind-task.c */
bind_fn bind_fork, bind_exit;
after_fn after_fork, after_unshare, after_execve;

/* Argument i as a number; 0 when it is missing. False: it was not understood (bad_arg is set). */
static inline bool arg_number(struct vma_replay *r, const struct line *l, u32 i, u64 *value)
{
	*value = 0;
	if (i >= l->nr_args)
		return true;
	if (l->arg[i].kind != ARG_NUMBER) {
		r->bad_arg = i;
		return false;
	}
	*value = l->arg[i].value;
	return true;
}

/* The same where anything else counts as 0. */
static inline u64 arg_or_zero(const struct line *l, u32 i)
{
	return i < l->nr_args && l->arg[i].kind == ARG_NUMBER ? l->arg[i].value : 0;
}

/* A numeric field of a {...} argument. */
static inline bool arg_field(const struct vma_replay *r, const struct line *l, u32 i,
			     const char *name, u64 *value)
{
	const char *p = i < l->nr_args ? lex_field(&l->arg[i], name) : NULL;

	return p && lex_value(r->words, p, l->arg[i].s + l->arg[i].len, value);
}

static inline bool arg_is_null(const struct line *l, u32 i)
{
	return i >= l->nr_args || (l->arg[i].kind == ARG_NUMBER && !l->arg[i].value);
}

/* The written form contains a word: CLOEXEC in whatever flags. */
static inline bool arg_has(const struct line *l, u32 i, const char *word)
{
	return i < l->nr_args && memmem(l->arg[i].s, l->arg[i].len, word, strlen(word));
}

#endif
