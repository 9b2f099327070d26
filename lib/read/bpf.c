// SPDX-License-Identifier: LGPL-2.1-or-later
/* The one file that knows libbpf: loads the programs in read/bpf and reads their iterators. */
#include "read/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifdef HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "read/bpf/task-vma.skel.h"
#include "read/bpf/walk.lskel.h"
#include "read/source.h"

#define BUFFER (64 * 1024) /* the kernel hands out 32 KiB at a time */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct vma_bpf {
	struct task_vma_bpf *skel;
	int prog;
	_Alignas(u64) char buf[BUFFER];
};

static inline void undo_skel(struct task_vma_bpf **skel)
{
	task_vma_bpf__destroy(*skel);
}

/* Why loading failed, and what would help. */
static int load_failed(int rc, struct vma_err *err)
{
	if (rc == -EPERM || rc == -EACCES)
		return vma_fail(err, EPERM,
				"BPF reader: the kernel refuses to load the program "
				"(run as root or with CAP_BPF and CAP_PERFMON)");
	if (rc == -ENOMEM)
		return vma_fail(err, ENOMEM, "out of memory");
	if (access(KERNEL_BTF, F_OK) != 0)
		return vma_fail(err, ENOTSUP,
				"BPF reader: the kernel has no %s (needs CONFIG_DEBUG_INFO_BTF)",
				KERNEL_BTF);
	return vma_fail(err, ENOTSUP,
			"BPF reader: the kernel does not take the program: %s "
			"(needs Linux 5.15 or later)", strerror(-rc));
}

/* libbpf prints, and the library must not. */
static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

int vma_bpf_open(struct vma_bpf **out, struct vma_err *err)
{
	libbpf_print_fn_t print = libbpf_set_print(silent);
	AUTO(undo_skel) struct task_vma_bpf *skel = task_vma_bpf__open();
	int rc = skel ? task_vma_bpf__load(skel) : -errno;

	libbpf_set_print(print);
	if (rc)
		return load_failed(rc, err);
	struct vma_bpf *b = calloc(1, sizeof(*b));
	if (!b)
		return vma_fail(err, ENOMEM, "out of memory");
	b->skel = TAKE(skel);
	b->prog = bpf_program__fd(b->skel->progs.task_vma);
	*out = b;
	return 0;
}

void vma_bpf_close(struct vma_bpf *b)
{
	if (!b)
		return;
	task_vma_bpf__destroy(b->skel);
	free(b);
}

/*
 * An iterator of @prog over the VMAs of one task; the descriptor or -errno. Kernels before 6.1 take
 * the task for nothing and walk all.
 */
static int iterate(int prog, u32 tid)
{
	union bpf_iter_link_info task = { .task = { .tid = tid } };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &task, .iter_info_len = sizeof(task));
	AUTO(undo_close) int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, &opts);

	return link < 0 ? link : bpf_iter_create(link);
}

/* Before 6.1 tasks are told apart by their numbers in the first PID namespace, so ours must be
 * that one: its inode is PROC_PID_INIT_INO. */
static bool numbers_mean_others(const struct vma_bpf *b)
{
	struct stat st;

	return b->skel->bss->walks_all &&
	       (stat("/proc/self/ns/pid", &st) != 0 || st.st_ino != 0xEFFFFFFC);
}

static int read_all(struct vma_bpf *b, int fd, struct vma_bpf_image *img, struct vma_err *err)
{
	size_t have = 0, used;

	while (!img->ended) {
		u64 began = source_clock();
		ssize_t n = read(fd, b->buf + have, sizeof(b->buf) - have);
		u64 took = source_clock() - began;

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) /* EAGAIN: a million skipped */
			continue;
		if (n < 0)
			return vma_fail(err, errno, "BPF reader: cannot read: %m");
		if (n == 0)
			return vma_fail(err, EBADMSG, "BPF reader: the stream is cut off");
		img->bytes += (size_t)n;
		img->longest = took > img->longest ? took : img->longest;
		img->reads++;
		have += (size_t)n;
		int rc = vma_bpf_image_add(img, b->buf, have, &used, err);
		if (rc)
			return rc;
		have -= used;
		memmove(b->buf, b->buf + used, have);
	}
	return 0;
}

int vma_bpf_read(struct vma_bpf *b, u32 tid, u32 what, struct vma_bpf_image *img,
		 struct vma_err *err)
{
	vma_bpf_image_reset(img);
	b->skel->bss->want_anon = !!(what & VMA_BPF_READ_ANON);
	b->skel->bss->mm_sent = 0;
	memset(b->skel->bss->ops_sent, 0, sizeof(b->skel->bss->ops_sent));
	b->skel->bss->target = tid; /* where the iterator does not keep to one task */
	AUTO(undo_close) int fd = iterate(b->prog, tid);
	if (fd < 0)
		return vma_fail(err, -fd, "BPF reader: cannot start the iterator: %m");
	int rc = read_all(b, fd, img, err);
	if (rc)
		return rc;
	if (numbers_mean_others(b))
		return vma_fail(err, ENOTSUP, "BPF reader: inside a PID namespace this kernel "
				"cannot name a task (needs Linux 6.1 or later)");
	if (!img->have_mm)
		return vma_fail(err, ESRCH, "BPF reader: no address space of task %u", tid);
	vma_bpf_image_finish(img);
	return 0;
}

/* ---------------------------------------------------------------- the walk */

static inline void undo_walk(struct walk_bpf **skel)
{
	walk_bpf__destroy(*skel);
}

int bpf_walk_open(u32 tid)
{
	AUTO(undo_walk) struct walk_bpf *skel = walk_bpf__open();
	int rc = skel ? walk_bpf__load(skel) : -ENOMEM;

	if (!rc)
		return iterate(skel->progs.walk.prog_fd, tid);
	if (rc == -EACCES)
		return -EPERM;
	return rc == -EPERM || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE ? rc : -ENOTSUP;
}

#else /* !HAVE_BPF */

static int not_built(struct vma_err *err)
{
	return vma_fail(err, ENOTSUP,
			"BPF reader: not built into this vmactl "
			"(configure it with clang, bpftool and libbpf installed)");
}

int vma_bpf_open(struct vma_bpf **out, struct vma_err *err)
{
	(void)out;
	return not_built(err);
}

void vma_bpf_close(struct vma_bpf *b)
{
	(void)b;
}

int vma_bpf_read(struct vma_bpf *b, u32 tid, u32 what, struct vma_bpf_image *img,
		 struct vma_err *err)
{
	(void)b, (void)tid, (void)what, (void)img;
	return not_built(err);
}

int bpf_walk_open(u32 tid)
{
	(void)tid;
	return -ENOTSUP;
}

#endif
