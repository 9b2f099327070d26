// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls on memory: arguments to operations. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/check.h"
#include "script/bind.h"

/* Arguments that are int in the kernel: strace's raw form prints them unsigned. */
static bool is_int(enum vma_arg kind)
{
	return kind == VMA_ARG_PKEY || kind == VMA_ARG_FD || kind == VMA_ARG_SHMID ||
	       kind == VMA_ARG_ADVICE;
}

enum bound bind_plain(struct vma_replay *r, struct task *t, const struct line *l)
{
	const struct vma_op *op = vma_op_at(r->row->op);

	(void)t;
	r->call.op = r->row->op;
	for (u32 i = 0; i < VMA_OP_ARGS && op->arg[i] != VMA_ARG_NONE; i++) {
		if (!arg_number(r, l, i, &r->call.arg[i]))
			return BOUND_BAD;
		if (is_int(op->arg[i]))
			r->call.arg[i] = (u64)(s64)(s32)r->call.arg[i];
	}
	return BOUND_CALL;
}

/* A descriptor nobody saw being opened (strace -p, strace -e memory): it is open, as the call
 * did not say otherwise. */
static u32 unseen_file(struct vma_replay *r, struct task *t, const struct line *l, u32 arg)
{
	const struct line_arg *a = &l->arg[arg];
	u32 inode, desc;

	if (l->err == EBADF)
		return VMA_FILE_BAD;
	inode = a->path_len ? inode_of_path(&r->descs, r->world, a->path, a->path_len) :
			      inode_new(&r->descs, "", 0);
	/* refused before the descriptor was looked at: it may be closed all the same */
	if (l->err == EINVAL)
		return inode ? inode_file(&r->descs, r->world, inode) : VMA_FILE_BAD;
	desc = inode ? desc_new(&r->descs, inode, O_RDWR) : 0;
	if (!desc)
		return VMA_FILE_BAD;
	fd_set_desc(&r->descs, t->fds, a->value, desc, false);
	return desc_file(&r->descs, r->world, desc);
}

enum bound bind_mmap(struct vma_replay *r, struct task *t, const struct line *l)
{
	enum bound bound = bind_plain(r, t, l);
	u64 fd = r->call.arg[4];
	u32 desc;

	if (bound != BOUND_CALL || (r->call.arg[3] & MAP_ANONYMOUS))
		return bound;
	desc = fd_desc(t->fds, fd);
	if (desc == FD_CLOSED || l->nr_args < 5)
		r->call.file = VMA_FILE_BAD;
	else if (desc == FD_UNKNOWN)
		r->call.file = unseen_file(r, t, l, 4);
	else
		r->call.file = desc_file(&r->descs, r->world, desc);
	return bound;
}

enum bound bind_touch(struct vma_replay *r, struct task *t, const struct line *l)
{
	r->sum.has_touches = true;
	return bind_plain(r, t, l);
}

/* [0x0000000000000001], NULL; in raw form only a pointer, then node 0 is the best guess. */
static u64 nodemask(const struct vma_replay *r, const struct line *l, u32 i)
{
	const struct line_arg *a = &l->arg[i];
	u64 mask = 0;

	if (i >= l->nr_args)
		return 0;
	if (a->kind == ARG_NUMBER)
		return a->value ? 1 : 0;
	if (a->kind == ARG_ARRAY)
		lex_value(r->words, a->s + 1, a->s + a->len, &mask);
	return mask;
}

enum bound bind_mbind(struct vma_replay *r, struct task *t, const struct line *l)
{
	static const u8 numbers[] = { 0, 1, 2, 4, 5 };

	(void)t;
	r->call.op = VMA_OP_MBIND;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!arg_number(r, l, numbers[i], &r->call.arg[numbers[i]]))
			return BOUND_BAD;
	r->call.arg[3] = nodemask(r, l, 3);
	return BOUND_CALL;
}

enum bound bind_set_mempolicy(struct vma_replay *r, struct task *t, const struct line *l)
{
	(void)t;
	r->call.op = VMA_OP_SET_MEMPOLICY;
	if (!arg_number(r, l, 0, &r->call.arg[0]) || !arg_number(r, l, 2, &r->call.arg[2]))
		return BOUND_BAD;
	r->call.arg[1] = nodemask(r, l, 1);
	return BOUND_CALL;
}

/* ---------------------------------------------------------------- process_madvise */

/* The i-th {iov_base=.., iov_len=..} of argument 1. */
static bool iovec_at(const struct vma_replay *r, const struct line *l, u32 i, u64 *base, u64 *len)
{
	struct line_arg a = l->arg[1];
	const char *end = a.s + a.len;

	for (;; i--) {
		const char *p = lex_field(&a, "iov_base"), *q;

		p = p ? lex_value(r->words, p, end, base) : NULL;
		if (!p)
			return false;
		a.len = (u32)(end - p);
		a.s = p;
		q = lex_field(&a, "iov_len");
		p = q ? lex_value(r->words, q, end, len) : NULL;
		if (!p)
			return false;
		if (!i)
			return true;
		a.len = (u32)(end - p);
		a.s = p;
	}
}

/* The iovecs after the first. */
static bool more_iovecs(struct vma_replay *r, const struct line *l)
{
	struct vma_iovec v;

	r->call.nr_iov = 0;
	while (iovec_at(r, l, r->call.nr_iov + 1, &v.base, &v.len)) {
		if (r->call.nr_iov == r->cap_iov) {
			u32 cap = r->cap_iov ? 2 * r->cap_iov : 8;
			struct vma_iovec *iov = realloc(r->iov, cap * sizeof(*iov));

			if (!iov) {
				r->oom = true;
				return false;
			}
			r->iov = iov;
			r->cap_iov = cap;
		}
		r->iov[r->call.nr_iov++] = v;
	}
	r->call.iov = r->iov;
	return true;
}

enum bound bind_process_madvise(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 pidfd, advice, flags;
	u32 desc;

	if (!arg_number(r, l, 0, &pidfd) || !arg_number(r, l, 3, &advice) ||
	    !arg_number(r, l, 4, &flags))
		return BOUND_BAD;
	desc = fd_desc(t->fds, pidfd);
	if (l->nr_args < 2 || !iovec_at(r, l, 0, &r->call.arg[0], &r->call.arg[1]) ||
	    !more_iovecs(r, l))
		return BOUND_NONE;
	r->call.op = VMA_OP_PROCESS_MADVISE;
	r->call.arg[2] = (u64)(s64)(s32)advice;
	r->call.arg[3] = flags;
	if (desc != FD_UNKNOWN && desc != FD_CLOSED && desc_at(&r->descs, desc)->pidfd) {
		struct task *other = task_find(&r->tasks, desc_at(&r->descs, desc)->pidfd);

		if (other && other->mm != t->mm)
			r->call.target_mm = other->mm;
	} else if (desc == FD_CLOSED) {
		return BOUND_NONE;
	}
	return BOUND_CALL;
}

/* ---------------------------------------------------------------- prctl */

#define PR_SET_VMA_OPTION 0x53564d41
#define PR_SET_THP_DISABLE_OPTION 41
#define PR_SET_MDWE_OPTION 65
#define PR_SET_MEMORY_MERGE_OPTION 67

static enum bound bind_vma_name(struct vma_replay *r, const struct line *l)
{
	r->call.op = VMA_OP_SET_VMA_NAME;
	if (!arg_number(r, l, 2, &r->call.arg[0]) || !arg_number(r, l, 3, &r->call.arg[1]))
		return BOUND_BAD;
	if (l->nr_args > 4 && l->arg[4].kind == ARG_STRING) {
		lex_string(&l->arg[4], r->name, sizeof(r->name));
		r->call.name = r->name;
	}
	return BOUND_CALL;
}

enum bound bind_prctl(struct vma_replay *r, struct task *t, const struct line *l)
{
	static const struct {
		u32 option;
		enum vma_op_id op;
	} switches[] = {
		{ PR_SET_THP_DISABLE_OPTION, VMA_OP_SET_THP_DISABLE },
		{ PR_SET_MDWE_OPTION, VMA_OP_SET_MDWE },
		{ PR_SET_MEMORY_MERGE_OPTION, VMA_OP_SET_MEMORY_MERGE },
	};
	u64 option = arg_or_zero(l, 0);

	(void)t;
	if (option == PR_SET_VMA_OPTION && !arg_or_zero(l, 1))
		return bind_vma_name(r, l);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (option != switches[i].option)
			continue;
		/* further arguments must be 0: newer kernels give them a meaning */
		if (arg_or_zero(l, 2) | arg_or_zero(l, 3) | arg_or_zero(l, 4))
			return BOUND_NONE;
		r->call.op = switches[i].op;
		return arg_number(r, l, 1, &r->call.arg[0]) ? BOUND_CALL : BOUND_BAD;
	}
	return BOUND_NONE;
}
