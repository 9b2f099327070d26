/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting the puppet's program, and what it may do: no core, no growing file, first to go when
 * memory is short, no descriptor but those it maps, and (where the kernel has seccomp) no system
 * call that is not about memory.
 */
#include "live/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "live/proto.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

static bool place_fd(int from, int to)
{
	return dup2(from, to) == to;
}

static bool place_fds(const struct vma_live_files *files, int ctl, int image)
{
	for (size_t i = 0; i < files->nr; i++) {
		if (files->file[i].fd < 0) /* stands for a descriptor that is not open */
			close(VMA_LIVE_FILE_FD + (int)i);
		else if (!place_fd(files->file[i].fd, VMA_LIVE_FILE_FD + (int)i))
			return false;
	}
	return place_fd(ctl, PUPPET_CTL_FD) && place_fd(image, PUPPET_CTL_FD + 1) &&
	       fcntl(PUPPET_CTL_FD + 1, F_SETFD, FD_CLOEXEC) == 0;
}

static void lower_limits(void)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit file = { 1 << 20, 1 << 20 };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &file);
	if (fd >= 0 && write(fd, "1000", 4) > 0)
		close(fd);
}

u64 vma_live_personality(const struct vma_live_opts *opts)
{
	return (opts->randomize ? 0 : ADDR_NO_RANDOMIZE) | (opts->bottom_up ? ADDR_COMPAT_LAYOUT : 0);
}

/* In the child, until exec: only calls that are safe after fork in a program with threads. */
static void become_puppet(const struct vma_live_files *files, const struct vma_live_opts *opts,
			  int ctl)
{
	char name[] = "vmactl-puppet";
	char *const argv[] = { name, NULL }, *const envp[] = { NULL };
	const int last = VMA_LIVE_FILE_FD + VMA_LIVE_FILES_MAX;
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int keep_ctl = fcntl(ctl, F_DUPFD_CLOEXEC, VMA_LIVE_PARKED_FD);
	int keep_image = fcntl(files->image, F_DUPFD_CLOEXEC, VMA_LIVE_PARKED_FD);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* a ^C is for us; we then end it */
	lower_limits();
	if (!place_fds(files, keep_ctl, keep_image) || chdir("/"))
		_exit(3);
	for (int fd = 0; fd < VMA_LIVE_FILE_FD; fd++)
		if (fd != PUPPET_CTL_FD && fd != PUPPET_CTL_FD + 1)
			close(fd);
	for (int fd = VMA_LIVE_FILE_FD + (int)files->nr; fd < last; fd++)
		close(fd);
	/* Ours are all close-on-exec; a program that uses the library may have others. */
	syscall(SYS_close_range, last, ~0U, 0);
	if (vma_live_personality(opts) && personality(vma_live_personality(opts)) < 0)
		_exit(4);
	if (opts->unlimited_stack && setrlimit(RLIMIT_STACK, &unlimited) < 0)
		_exit(6);
	syscall(SYS_execveat, PUPPET_CTL_FD + 1, "", argv, envp, AT_EMPTY_PATH);
	_exit(5);
}

int vma_live_spawn(const struct vma_live_files *files, const struct vma_live_opts *opts, int ctl,
		   pid_t *pid, struct vma_err *err)
{
	for (size_t i = 0; i < files->nr; i++)
		CHECK(files->file[i].fd < 0 || files->file[i].fd >= VMA_LIVE_PARKED_FD);
	*pid = fork();
	if (*pid < 0)
		return vma_fail(err, errno, "cannot start a test process: %m");
	if (*pid == 0)
		become_puppet(files, opts, ctl);
	return 0;
}

/* ---------------------------------------------------------------- seccomp */

static const int allowed[] = {
	SYS_futex, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk,
	SYS_mlock, SYS_mlock2, SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_mseal, SYS_mbind,
	SYS_set_mempolicy, SYS_prctl, SYS_remap_file_pages, SYS_shmat, SYS_shmdt, SYS_userfaultfd,
	SYS_ioctl, SYS_close, SYS_prlimit64, SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect,
	SYS_process_madvise, SYS_pidfd_open, SYS_capset, SYS_rt_sigreturn, SYS_clone, SYS_getpid,
	SYS_getppid, SYS_msync, SYS_mincore, SYS_exit_group, SYS_dup2,
};

/* What else is called is answered with ENOSYS. */
static size_t build_filter(struct sock_filter *f)
{
	const size_t n = ARRAY_SIZE(allowed);
	size_t k = 0;

	f[k++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n; i++)
		f[k++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						      (u32)allowed[i], (u8)(n - i), 0);
	f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return k;
}

int vma_live_confine(struct vma_live *l, struct vma_err *err)
{
	size_t size;
	u8 *data = vma_live_data(l, 0, &size);
	const u64 at = vma_live_data_addr(0);
	struct sock_filter filter[ARRAY_SIZE(allowed) + 3];
	struct {
		u16 len;
		u64 filter;
	} prog = { .len = (u16)build_filter(filter), .filter = at + sizeof(prog) };
	const u64 no_new_privs[6] = { PR_SET_NO_NEW_PRIVS, 1 };
	const u64 install[6] = { PR_SET_SECCOMP, SECCOMP_MODE_FILTER, at };
	struct vma_live_reply reply;
	int rc;

	CHECK(sizeof(prog) + sizeof(filter) <= size);
	memcpy(data, &prog, sizeof(prog));
	memcpy(data + sizeof(prog), filter, sizeof(filter));
	rc = vma_live_call(l, 0, SYS_prctl, no_new_privs, &reply, err);
	if (rc)
		return rc;
	rc = vma_live_call(l, 0, SYS_prctl, install, &reply, err);
	/* A kernel without seccomp: the limits above have to do. */
	if (!rc && reply.ret && reply.ret != -EINVAL)
		return vma_fail(err, (int)-reply.ret, "cannot confine the test process");
	return rc;
}
