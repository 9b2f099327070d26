// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls on descriptors. Each runs only after a recorded success: the log says what happened. */
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <sys/stat.h>

#include "base/range.h"
#include "script/bind.h"

#define SEAL_WRITE 8
#define SEAL_FUTURE_WRITE 16

/* ---------------------------------------------------------------- opening */

static void set_new(struct vma_replay *r, struct task *t, u64 fd, u32 inode, u64 flags, bool cloexec)
{
	u32 desc = inode ? desc_new(&r->descs, inode, flags) : 0;

	if (desc)
		fd_set_desc(&r->descs, t->fds, fd, desc, cloexec);
}

/* -y prints the file that was really opened behind the result; without it the argument must do. */
static u32 inode_of_call(struct vma_replay *r, const struct line *l, u32 path)
{
	if (l->path_len)
		return inode_of_path(&r->descs, r->world, l->path, l->path_len);
	if (path >= l->nr_args || !lex_string(&l->arg[path], r->name, sizeof(r->name)))
		return inode_new(&r->descs, "", 0);
	return inode_of_path(&r->descs, r->world, r->name, strlen(r->name));
}

static void opened(struct vma_replay *r, struct task *t, const struct line *l, u32 path, u64 flags)
{
	u32 inode = inode_of_call(r, l, path);

	if (inode && flags & O_DIRECTORY)
		inode_at(&r->descs, inode)->no_mmap = true;
	if (inode && flags & O_TRUNC)
		inode_set_size(&r->descs, r->world, inode, 0);
	set_new(r, t, (u64)l->ret, inode, flags, flags & O_CLOEXEC);
}

void after_openat(struct vma_replay *r, struct task *t, const struct line *l)
{
	opened(r, t, l, 1, arg_or_zero(l, 2));
}

void after_openat2(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 flags = 0;

	arg_field(r, l, 2, "flags", &flags);
	opened(r, t, l, 1, flags);
}

void after_open(struct vma_replay *r, struct task *t, const struct line *l)
{
	opened(r, t, l, 0, arg_or_zero(l, 1));
}

void after_creat(struct vma_replay *r, struct task *t, const struct line *l)
{
	opened(r, t, l, 0, O_WRONLY | O_CREAT | O_TRUNC);
}

#define MEMFD_CLOEXEC 1
#define MEMFD_HUGETLB 4

void after_memfd_create(struct vma_replay *r, struct task *t, const struct line *l)
{
	char name[VMA_LABEL_MAX] = "/memfd:";
	u64 flags = arg_or_zero(l, 1);
	struct inode *n;
	u32 inode;

	if (l->nr_args)
		lex_string(&l->arg[0], name + 7, 256);
	strcat(name, " (deleted)");
	inode = inode_new(&r->descs, name, strlen(name));
	if (!inode)
		return;
	n = inode_at(&r->descs, inode);
	n->size = 0;
	/* on the kernel's own tmpfs; the real number is not in the log, so one that no other has */
	n->dev_minor = 1;
	n->ino = (1ULL << 33) + inode;
	if (flags & MEMFD_HUGETLB) {
		n->kind = VMA_KIND_HUGETLB;
		n->hugetlb_shift = flags >> 26 & 0x3f ? (u32)(flags >> 26 & 0x3f) : 21;
	}
	set_new(r, t, (u64)l->ret, inode, O_RDWR, flags & MEMFD_CLOEXEC);
}

static u32 other_inode(struct vma_replay *r)
{
	static const char name[] = "anon_inode:[other]";

	return inode_of_path(&r->descs, r->world, name, sizeof(name) - 1);
}

static bool wants_cloexec(const struct line *l)
{
	for (u32 i = 0; i < l->nr_args; i++)
		if (arg_has(l, i, "CLOEXEC"))
			return true;
	return false;
}

void after_other_fd(struct vma_replay *r, struct task *t, const struct line *l)
{
	set_new(r, t, (u64)l->ret, other_inode(r), O_RDWR, wants_cloexec(l));
}

/* Might be anything: the next call that uses it tells. */
void after_unknown_fd(struct vma_replay *r, struct task *t, const struct line *l)
{
	set_new(r, t, (u64)l->ret, inode_new(&r->descs, "", 0), O_RDWR, wants_cloexec(l));
}

/* pipe([3, 4]), socketpair(..., [5<...>, 6]) */
void after_fd_pair(struct vma_replay *r, struct task *t, const struct line *l)
{
	for (u32 i = 0; i < l->nr_args; i++) {
		const char *p = l->arg[i].s, *end = p + l->arg[i].len;
		u64 fd;

		if (l->arg[i].kind != ARG_ARRAY)
			continue;
		while (p < end && (*p == '[' || *p == ',')) {
			for (p++; p < end && *p == ' ';)
				p++;
			p = lex_value(r->words, p, end, &fd);
			if (!p)
				return;
			set_new(r, t, fd, other_inode(r), O_RDWR, wants_cloexec(l));
			while (p < end && *p != ',')
				p++;
		}
		return;
	}
}

void after_pidfd_open(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = other_inode(r);
	u32 desc = inode ? desc_new(&r->descs, inode, O_RDWR) : 0;

	if (!desc)
		return;
	desc_at(&r->descs, desc)->pidfd = (u32)arg_or_zero(l, 0);
	fd_set_desc(&r->descs, t->fds, (u64)l->ret, desc, true);
}

/* ---------------------------------------------------------------- closing, copying */

void after_close(struct vma_replay *r, struct task *t, const struct line *l)
{
	fd_close(&r->descs, t->fds, arg_or_zero(l, 0));
}

void after_close_range(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 flags = arg_or_zero(l, 2);

	if (flags & CLOSE_RANGE_UNSHARE)
		after_unshare(r, t, l);
	fd_close_range(&r->descs, t->fds, arg_or_zero(l, 0), (u32)arg_or_zero(l, 1),
		       flags & CLOSE_RANGE_CLOEXEC);
}

void after_dup(struct vma_replay *r, struct task *t, const struct line *l)
{
	fd_dup(&r->descs, t->fds, arg_or_zero(l, 0), (u64)l->ret, arg_or_zero(l, 2) & O_CLOEXEC);
}

/* The inode behind a descriptor argument, 0 when it is not known. */
static u32 inode_of_fd(const struct vma_replay *r, const struct task *t, u64 fd)
{
	u32 desc = fd_desc(t->fds, fd);

	return desc == FD_UNKNOWN || desc == FD_CLOSED ? 0 : desc_at(&r->descs, desc)->inode;
}

/* Seals belong to the inode: the files that map it already see them too. */
static void add_seals(struct vma_replay *r, u32 inode, u64 seals)
{
	struct inode *n = inode_at(&r->descs, inode);

	n->seal_write |= !!(seals & SEAL_WRITE);
	n->seal_future_write |= !!(seals & SEAL_FUTURE_WRITE);
	for (u32 i = 0; i < n->nr_files; i++) {
		vma_file_at(r->world, n->files[i])->seal_write = n->seal_write;
		vma_file_at(r->world, n->files[i])->seal_future_write = n->seal_future_write;
	}
}

#define ADD_SEALS 1033

void after_fcntl(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 fd = arg_or_zero(l, 0), value = arg_or_zero(l, 2);
	u32 inode;

	if (l->nr_args < 2 || l->arg[1].kind != ARG_NUMBER)
		return;
	switch (l->arg[1].value) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		fd_dup(&r->descs, t->fds, fd, (u64)l->ret, l->arg[1].value == F_DUPFD_CLOEXEC);
		break;
	case F_SETFD:
		fd_set_cloexec(t->fds, fd, value & FD_CLOEXEC);
		break;
	case ADD_SEALS:
		inode = inode_of_fd(r, t, fd);
		if (inode)
			add_seals(r, inode, value);
		break;
	default:
		break;
	}
}

/* ---------------------------------------------------------------- sizes */

void after_ftruncate(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = inode_of_fd(r, t, arg_or_zero(l, 0));

	if (inode && l->nr_args > 1 && l->arg[1].kind == ARG_NUMBER)
		inode_set_size(&r->descs, r->world, inode, l->arg[1].value);
}

void after_fallocate(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = inode_of_fd(r, t, arg_or_zero(l, 0));
	u64 end = arg_or_zero(l, 2) + arg_or_zero(l, 3);

	if (!inode || (l->nr_args > 1 && arg_or_zero(l, 1) & FALLOC_FL_KEEP_SIZE))
		return;
	if (inode_at(&r->descs, inode)->size == ~0ULL || inode_at(&r->descs, inode)->size < end)
		inode_set_size(&r->descs, r->world, inode, end);
}

/* st_dev=makedev(0xfe, 0): printed with -v only. */
static bool stat_dev(const struct vma_replay *r, const struct line_arg *a, u64 *major, u64 *minor)
{
	const char *p = lex_field(a, "st_dev"), *end = a->s + a->len;

	if (!p || (size_t)(end - p) < 8 || memcmp(p, "makedev(", 8) != 0)
		return false;
	p = lex_value(r->words, p + 8, end, major);
	return p && end - p > 2 && *p == ',' && lex_value(r->words, p + 2, end, minor);
}

static void learn_stat(struct vma_replay *r, u32 inode, const struct line *l, u32 arg)
{
	struct inode *n = inode_at(&r->descs, inode);
	u64 mode, size, ino, major, minor;

	if (!arg_field(r, l, arg, "st_mode", &mode))
		return;
	if (!S_ISREG(mode)) {
		n->no_mmap |= S_ISDIR(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
		return;
	}
	if (arg_field(r, l, arg, "st_size", &size) && n->size != size)
		inode_set_size(&r->descs, r->world, inode, size);
	if (!n->ino && arg_field(r, l, arg, "st_ino", &ino) &&
	    stat_dev(r, &l->arg[arg], &major, &minor) && !n->nr_files)
		inode_set_dev(&r->descs, inode, (u32)major, (u32)minor, ino);
}

void after_fstat(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = inode_of_fd(r, t, arg_or_zero(l, 0));

	if (inode)
		learn_stat(r, inode, l, 1);
}

void after_newfstatat(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = inode_of_fd(r, t, arg_or_zero(l, 0));

	if (inode && arg_or_zero(l, 3) & AT_EMPTY_PATH)
		learn_stat(r, inode, l, 2);
}
