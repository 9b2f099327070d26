// SPDX-License-Identifier: LGPL-2.1-or-later
/* SysV segments, resource limits, personality and userfaultfd. */
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "base/check.h"
#include "base/range.h"
#include "script/bind.h"

/* ---------------------------------------------------------------- limits, personality */

void after_personality(struct vma_replay *r, struct task *t, const struct line *l)
{
	struct vma_mm *mm = vma_mm_by_id(r->world, t->mm);
	u64 persona = arg_or_zero(l, 0);

	if (mm && l->nr_args && (u32)persona != 0xffffffff)
		mm->personality = (u32)persona;
}

static struct vma_mm *mm_of_pid(struct vma_replay *r, const struct task *t, u64 pid)
{
	struct task *other = pid ? task_find(&r->tasks, (u32)pid) : NULL;

	if (pid && !other)
		return NULL;
	return vma_mm_by_id(r->world, other ? other->mm : t->mm);
}

static enum bound bind_limit(struct vma_replay *r, const struct line *l, u32 resource, u32 limit)
{
	r->call.op = VMA_OP_SETRLIMIT;
	if (!arg_number(r, l, resource, &r->call.arg[0]))
		return BOUND_BAD;
	if (!arg_field(r, l, limit, "rlim_cur", &r->call.arg[1]) ||
	    !arg_field(r, l, limit, "rlim_max", &r->call.arg[2]))
		return BOUND_NONE; /* NULL: only asks; raw: a pointer */
	return BOUND_CALL;
}

enum bound bind_prlimit(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 pid;

	if (!arg_number(r, l, 0, &pid))
		return BOUND_BAD;
	r->mm = mm_of_pid(r, t, pid);
	return r->mm ? bind_limit(r, l, 1, 2) : BOUND_NONE;
}

enum bound bind_setrlimit(struct vma_replay *r, struct task *t, const struct line *l)
{
	(void)t;
	return bind_limit(r, l, 0, 1);
}

/* A call that asked for a limit tells it: good to know where there is no TARGET. */
static void learn_limit(struct vma_replay *r, struct vma_mm *mm, const struct line *l, u32 resource,
			u32 limit)
{
	u64 which = arg_or_zero(l, resource);
	struct vma_rlimit now;

	if (!mm || r->started_known || which >= VMA_NR_RLIMITS ||
	    !arg_field(r, l, limit, "rlim_cur", &now.cur) ||
	    !arg_field(r, l, limit, "rlim_max", &now.max))
		return;
	mm->rlimit[which] = now;
}

void after_prlimit(struct vma_replay *r, struct task *t, const struct line *l)
{
	if (arg_is_null(l, 2))
		learn_limit(r, mm_of_pid(r, t, arg_or_zero(l, 0)), l, 1, 3);
}

void after_getrlimit(struct vma_replay *r, struct task *t, const struct line *l)
{
	learn_limit(r, mm_of_pid(r, t, 0), l, 0, 1);
}

/* ---------------------------------------------------------------- SysV segments */

static bool is_mapped(const struct vma_replay *r, const struct inode *n)
{
	const struct vma *vma;
	const struct vma_mm *mm;

	for (size_t i = 0; n->mapping && (mm = vma_mm_at(r->world, i)); i++) {
		if (mm->dead)
			continue;
		vma_for_each (mm, vma)
			if (vma->file && vma_file_at(r->world, vma->file)->mapping == n->mapping)
				return true;
	}
	return false;
}

/* Removed segments go with their last mapping, and their charge with them. */
static void reap_segments(struct vma_replay *r)
{
	struct vma_system *sys = vma_world_system(r->world);

	for (u32 i = 1; i < r->descs.nr_inodes; i++) {
		struct inode *n = inode_at(&r->descs, i);

		if (n->kind != VMA_KIND_SYSV || !n->removed || n->shmid == ~0ULL || is_mapped(r, n))
			continue;
		sys->committed_pages -= min_u64(sys->committed_pages, n->shm_pages);
		n->shmid = ~0ULL;
	}
}

#define CAP_IPC_OWNER_BIT 15

/* May the owner do this with the segment: mode bits as 4 2 1, or the capability (ipcperms()). */
static bool segment_allows(const struct vma_replay *r, u64 mode, u64 what)
{
	const struct vma_facts *f = r->model ? r->model->facts : NULL;

	return (mode >> 6 & what) == what ||
	       (f && f->have_caps && f->cap_eff >> CAP_IPC_OWNER_BIT & 1);
}

void after_shmget(struct vma_replay *r, struct task *t, const struct line *l)
{
	static const char name[] = "/SYSV00000000 (deleted)";
	u64 size = arg_or_zero(l, 1), flags = arg_or_zero(l, 2);
	u32 inode = inode_of_shmid(&r->descs, (u64)l->ret);
	struct inode *n;

	(void)t;
	if (inode && !inode_at(&r->descs, inode)->removed)
		return; /* an existing key */
	inode = inode_new(&r->descs, name, sizeof(name) - 1);
	if (!inode)
		return;
	n = inode_at(&r->descs, inode);
	n->shmid = (u64)l->ret;
	n->ino = n->shmid;
	n->dev_minor = 1;
	n->size = page_up(size);
	n->no_exec = !segment_allows(r, flags, 1);
	n->no_write = !segment_allows(r, flags, 2);
	if (flags & SHM_HUGETLB)
		n->hugetlb_shift = flags >> 26 & 0x3f ? (u32)(flags >> 26 & 0x3f) : 21;
	if (flags & SHM_NORESERVE)
		return;
	n->shm_pages = pages(n->size);
	vma_world_system(r->world)->committed_pages += n->shm_pages;
}

void after_shmctl(struct vma_replay *r, struct task *t, const struct line *l)
{
	u32 inode = inode_of_shmid(&r->descs, arg_or_zero(l, 0));

	(void)t;
	if (inode && (arg_or_zero(l, 1) & 0xff) == IPC_RMID && l->nr_args > 1 &&
	    l->arg[1].kind == ARG_NUMBER) {
		inode_at(&r->descs, inode)->removed = true;
		reap_segments(r);
	}
}

enum bound bind_shmat(struct vma_replay *r, struct task *t, const struct line *l)
{
	enum bound bound = bind_plain(r, t, l);
	u32 inode;

	if (bound != BOUND_CALL)
		return bound;
	reap_segments(r);
	inode = inode_of_shmid(&r->descs, r->call.arg[0]);
	if (!inode && l->has_ret && !l->err && r->call.arg[0] <= INT32_MAX) {
		/* made before the log began */
		static const char name[] = "/SYSV00000000 (deleted)";

		inode = inode_new(&r->descs, name, sizeof(name) - 1);
		if (inode)
			inode_at(&r->descs, inode)->shmid = r->call.arg[0];
	}
	r->call.file = inode ? inode_file(&r->descs, r->world, inode) : VMA_FILE_BAD;
	return bound;
}

/* ---------------------------------------------------------------- userfaultfd */

static u32 new_context(struct vma_replay *r, struct task *t, u64 fd, bool cloexec)
{
	static const char name[] = "anon_inode:[userfaultfd]";
	u32 inode = inode_of_path(&r->descs, r->world, name, sizeof(name) - 1);
	u32 id = inode ? desc_new(&r->descs, inode, O_RDWR) : 0;

	if (!id)
		return 0;
	desc_at(&r->descs, id)->uffd = r->descs.next_uffd++;
	desc_at(&r->descs, id)->uffd_mm = t->mm;
	fd_set_desc(&r->descs, t->fds, fd, id, cloexec);
	return id;
}

void after_userfaultfd(struct vma_replay *r, struct task *t, const struct line *l)
{
	new_context(r, t, (u64)l->ret, arg_has(l, 0, "CLOEXEC") || arg_or_zero(l, 0) & O_CLOEXEC);
}

/* The last descriptor of a context went away. */
void run_closed_uffds(struct vma_replay *r)
{
	struct vma_result res;

	while (r->descs.nr_closed_uffd) {
		u32 id = r->descs.closed_uffd[--r->descs.nr_closed_uffd];
		struct desc *f = desc_at(&r->descs, id);
		struct vma_mm *mm = vma_mm_by_id(r->world, f->uffd_mm);
		struct vma_call call = { .op = VMA_OP_UFFD_CLOSE, .arg = { f->uffd } };

		if (mm && !mm->dead)
			replay_run(r, mm, &call, &res);
		f->uffd = 0;
		f->next_free = r->descs.free_desc;
		r->descs.free_desc = id;
	}
}

#define IOCTL_API 0xc018aa3f
#define IOCTL_REGISTER 0xc020aa00
#define IOCTL_UNREGISTER 0x8010aa01

static enum bound bind_range(struct vma_replay *r, const struct line *l, enum vma_op_id op)
{
	r->call.op = op;
	if (!arg_field(r, l, 2, "start", &r->call.arg[1]) ||
	    !arg_field(r, l, 2, "len", &r->call.arg[2]))
		return BOUND_NONE;
	if (op == VMA_OP_UFFD_REGISTER && !arg_field(r, l, 2, "mode", &r->call.arg[3]))
		return BOUND_NONE;
	return BOUND_CALL;
}

enum bound bind_ioctl(struct vma_replay *r, struct task *t, const struct line *l)
{
	u64 cmd = arg_or_zero(l, 1), fd = arg_or_zero(l, 0), api;
	u32 desc;

	if (cmd != IOCTL_API && cmd != IOCTL_REGISTER && cmd != IOCTL_UNREGISTER)
		return BOUND_NONE;
	desc = fd_desc(t->fds, fd);
	if (desc == FD_UNKNOWN && !l->err)
		desc = new_context(r, t, fd, false);
	if (desc == FD_UNKNOWN || desc == FD_CLOSED || !desc_at(&r->descs, desc)->uffd)
		return BOUND_NONE;
	r->mm = vma_mm_by_id(r->world, desc_at(&r->descs, desc)->uffd_mm);
	r->call.arg[0] = desc_at(&r->descs, desc)->uffd;
	if (cmd == IOCTL_REGISTER)
		return bind_range(r, l, VMA_OP_UFFD_REGISTER);
	if (cmd == IOCTL_UNREGISTER)
		return bind_range(r, l, VMA_OP_UFFD_UNREGISTER);
	r->call.op = VMA_OP_UFFD_API;
	if (!arg_field(r, l, 2, "api", &api) || api != 0xaa ||
	    !arg_field(r, l, 2, "features", &r->call.arg[1]))
		return BOUND_NONE;
	return BOUND_CALL;
}
