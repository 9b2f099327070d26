/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a process or a core, behind one function. */
#include "libvmactl/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

struct vma_memory {
	struct vma_core *core; /* NULL: a process */
	int fd;                /* its mem file, -1 */
};

static void undo_memory(struct vma_memory **m)
{
	vma_memory_close(*m);
}

int vma_memory_open(const struct vma_facts *facts, struct vma_memory **out, struct vma_err *err)
{
	char path[4200];
	AUTO(undo_memory) struct vma_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return vma_fail(err, ENOMEM, "out of memory");
	m->fd = -1;
	if (facts->is_core) {
		int rc = vma_core_open(facts->source, &m->core, err);
		if (rc)
			return rc;
	} else if (facts->live && facts->source) {
		snprintf(path, sizeof(path), "%s/mem", facts->source);
		m->fd = open(path, O_RDONLY | O_CLOEXEC);
		if (m->fd < 0)
			return vma_fail(err, errno, "%s: cannot open: %m", path);
	} else {
		return vma_fail(err, ENODATA, "the source holds no memory");
	}
	*out = TAKE(m);
	return 0;
}

void vma_memory_close(struct vma_memory *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	vma_core_close(m->core);
	free(m);
}

const struct vma_core *vma_memory_core(const struct vma_memory *m)
{
	return m->core;
}

s64 vma_memory_read(const struct vma_memory *m, u64 addr, void *buf, size_t len)
{
	size_t got = 0;

	if (m->core)
		return vma_core_memory(m->core, addr, buf, len);
	while (got < len && addr + got <= INT64_MAX) {
		ssize_t n = pread(m->fd, (char *)buf + got, len - got, (off_t)(addr + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return (s64)got;
}

static s64 read_window(void *ctx, u64 off, void *buf, size_t len)
{
	const struct vma_memory_window *w = ctx;

	return off > ~0ULL - w->base ? 0 : vma_memory_read(w->memory, w->base + off, buf, len);
}

struct vma_bytes vma_memory_bytes(struct vma_memory_window *window)
{
	return (struct vma_bytes){ .read = read_window, .ctx = window, .size = ~0ULL };
}

/* O_PATH opens nothing: only a regular file is opened for real, through its descriptor. */
int vma_file_open_safely(int dirfd, const char *path, bool in_root)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char self[64];
	struct stat st;
	AUTO(undo_close) int at = -1;

	if (in_root) {
		at = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (at < 0 && errno != ENOSYS)
			return -errno;
		while (at < 0 && *path == '/') /* before 5.6: links lead where they lead */
			path++;
	}
	if (at < 0)
		at = openat(dirfd, path, O_PATH | O_CLOEXEC);
	if (at < 0)
		return -errno;
	if (fstat(at, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOEXEC;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	int fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}
