// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/check.h"
#include "script/bind.h"

#define NO_NUMBER 0xffffffffU

/*
 * THE table of the calls that mean something to an address space, directly or through a
 * descriptor or a process. A new call is a row here; one whose arguments are those of its
 * operation needs no function of its own (bind_plain).
 */
const struct syscall syscall_rows[] = {
	/* memory */
	{ "mmap", 9, VMA_OP_MMAP, bind_mmap, NULL },
	{ "mprotect", 10, VMA_OP_MPROTECT, bind_plain, NULL },
	{ "munmap", 11, VMA_OP_MUNMAP, bind_plain, NULL },
	{ "brk", 12, VMA_OP_BRK, bind_plain, NULL },
	{ "mremap", 25, VMA_OP_MREMAP, bind_plain, NULL },
	{ "madvise", 28, VMA_OP_MADVISE, bind_plain, NULL },
	{ "process_madvise", 440, VMA_OP_PROCESS_MADVISE, bind_process_madvise, NULL },
	{ "mlock", 149, VMA_OP_MLOCK, bind_plain, NULL },
	{ "mlock2", 325, VMA_OP_MLOCK2, bind_plain, NULL },
	{ "munlock", 150, VMA_OP_MUNLOCK, bind_plain, NULL },
	{ "mlockall", 151, VMA_OP_MLOCKALL, bind_plain, NULL },
	{ "munlockall", 152, VMA_OP_MUNLOCKALL, bind_plain, NULL },
	{ "mseal", 462, VMA_OP_MSEAL, bind_plain, NULL },
	{ "pkey_mprotect", 329, VMA_OP_PKEY_MPROTECT, bind_plain, NULL },
	{ "pkey_alloc", 330, VMA_OP_PKEY_ALLOC, bind_plain, NULL },
	{ "pkey_free", 331, VMA_OP_PKEY_FREE, bind_plain, NULL },
	{ "remap_file_pages", 216, VMA_OP_REMAP_FILE_PAGES, bind_plain, NULL },
	{ "mbind", 237, VMA_OP_MBIND, bind_mbind, NULL },
	{ "set_mempolicy", 238, VMA_OP_SET_MEMPOLICY, bind_set_mempolicy, NULL },
	{ "touch", NO_NUMBER, VMA_OP_TOUCH, bind_touch, NULL },
	{ "prctl", 157, VMA_OP_NONE, bind_prctl, NULL },
	{ "personality", 135, VMA_OP_NONE, NULL, after_personality },
	{ "prlimit64", 302, VMA_OP_SETRLIMIT, bind_prlimit, after_prlimit },
	{ "setrlimit", 160, VMA_OP_SETRLIMIT, bind_setrlimit, NULL },
	{ "getrlimit", 97, VMA_OP_NONE, NULL, after_getrlimit },
	{ "shmget", 29, VMA_OP_NONE, NULL, after_shmget },
	{ "shmat", 30, VMA_OP_SHMAT, bind_shmat, NULL },
	{ "shmdt", 67, VMA_OP_SHMDT, bind_plain, NULL },
	{ "shmctl", 31, VMA_OP_NONE, NULL, after_shmctl },
	{ "userfaultfd", 323, VMA_OP_NONE, NULL, after_userfaultfd },
	{ "ioctl", 16, VMA_OP_UFFD_REGISTER, bind_ioctl, NULL },
	/* descriptors */
	{ "openat", 257, VMA_OP_NONE, NULL, after_openat },
	{ "openat2", 437, VMA_OP_NONE, NULL, after_openat2 },
	{ "open", 2, VMA_OP_NONE, NULL, after_open },
	{ "creat", 85, VMA_OP_NONE, NULL, after_creat },
	{ "memfd_create", 319, VMA_OP_NONE, NULL, after_memfd_create },
	{ "memfd_secret", 447, VMA_OP_NONE, NULL, after_other_fd },
	{ "close", 3, VMA_OP_NONE, NULL, after_close },
	{ "close_range", 436, VMA_OP_NONE, NULL, after_close_range },
	{ "dup", 32, VMA_OP_NONE, NULL, after_dup },
	{ "dup2", 33, VMA_OP_NONE, NULL, after_dup },
	{ "dup3", 292, VMA_OP_NONE, NULL, after_dup },
	{ "fcntl", 72, VMA_OP_NONE, NULL, after_fcntl },
	{ "ftruncate", 77, VMA_OP_NONE, NULL, after_ftruncate },
	{ "fallocate", 285, VMA_OP_NONE, NULL, after_fallocate },
	{ "fstat", 5, VMA_OP_NONE, NULL, after_fstat },
	{ "newfstatat", 262, VMA_OP_NONE, NULL, after_newfstatat },
	{ "pipe", 22, VMA_OP_NONE, NULL, after_fd_pair },
	{ "pipe2", 293, VMA_OP_NONE, NULL, after_fd_pair },
	{ "socketpair", 53, VMA_OP_NONE, NULL, after_fd_pair },
	{ "socket", 41, VMA_OP_NONE, NULL, after_other_fd },
	{ "accept", 43, VMA_OP_NONE, NULL, after_other_fd },
	{ "accept4", 288, VMA_OP_NONE, NULL, after_other_fd },
	{ "eventfd", 284, VMA_OP_NONE, NULL, after_other_fd },
	{ "eventfd2", 290, VMA_OP_NONE, NULL, after_other_fd },
	{ "epoll_create", 213, VMA_OP_NONE, NULL, after_other_fd },
	{ "epoll_create1", 291, VMA_OP_NONE, NULL, after_other_fd },
	{ "timerfd_create", 283, VMA_OP_NONE, NULL, after_other_fd },
	{ "signalfd", 282, VMA_OP_NONE, NULL, after_other_fd },
	{ "signalfd4", 289, VMA_OP_NONE, NULL, after_other_fd },
	{ "inotify_init", 253, VMA_OP_NONE, NULL, after_other_fd },
	{ "inotify_init1", 294, VMA_OP_NONE, NULL, after_other_fd },
	{ "fanotify_init", 300, VMA_OP_NONE, NULL, after_other_fd },
	{ "pidfd_open", 434, VMA_OP_NONE, NULL, after_pidfd_open },
	{ "pidfd_getfd", 438, VMA_OP_NONE, NULL, after_unknown_fd },
	{ "perf_event_open", 298, VMA_OP_NONE, NULL, after_unknown_fd },
	{ "io_uring_setup", 425, VMA_OP_NONE, NULL, after_unknown_fd },
	{ "bpf", 321, VMA_OP_NONE, NULL, NULL },
	/* processes */
	{ "fork", 57, VMA_OP_FORK, bind_fork, after_fork },
	{ "vfork", 58, VMA_OP_NONE, bind_fork, after_fork },
	{ "clone", 56, VMA_OP_NONE, bind_fork, after_fork },
	{ "clone3", 435, VMA_OP_NONE, bind_fork, after_fork },
	{ "unshare", 272, VMA_OP_NONE, NULL, after_unshare },
	{ "execve", 59, VMA_OP_NONE, NULL, after_execve },
	{ "execveat", 322, VMA_OP_NONE, NULL, after_execve },
	{ "exit", 60, VMA_OP_NONE, bind_exit, NULL },
	{ "exit_group", 231, VMA_OP_NONE, bind_exit, NULL },
};

_Static_assert(ARRAY_SIZE(syscall_rows) <= SYSCALLS, "who counts calls by row counts to SYSCALLS");

const struct syscall *syscall_at(size_t i)
{
	return i < ARRAY_SIZE(syscall_rows) ? &syscall_rows[i] : NULL;
}

bool syscall_words(struct words *w)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(syscall_rows); i++)
		ok = ok && words_add(w, WORD_CALL, syscall_rows[i].name, i);
	return ok;
}

/* syscall_0x1ce(...): strace knows the number only. */
static const struct syscall *find_number(const struct words *w, const char *name, size_t len)
{
	static const char prefix[] = "syscall_";
	u64 number;

	if (len <= sizeof(prefix) - 1 || memcmp(name, prefix, sizeof(prefix) - 1) != 0 ||
	    lex_value(w, name + sizeof(prefix) - 1, name + len, &number) != name + len)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(syscall_rows); i++)
		if (syscall_rows[i].number == number && number != NO_NUMBER)
			return &syscall_rows[i];
	return NULL;
}

const struct syscall *syscall_search(const struct words *w, const struct line *l)
{
	u64 i;

	if (words_find(w, WORD_CALL, l->name, l->name_len, &i))
		return &syscall_rows[i];
	return *l->name == 's' ? find_number(w, l->name, l->name_len) : NULL;
}
