/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files a puppet may map: they have a purpose each, and no name that stays. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "live/live.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

static const unsigned char image[] = {
#include "live/puppet-image.h"
};

/* Above the numbers the puppet uses; the lower one is closed. */
static int park(int fd)
{
	int high;

	if (fd < 0)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, VMA_LIVE_PARKED_FD);
	close(fd);
	return high;
}

/* A file without a name; @mode as for open(2). */
static int open_nameless(const char *dir, mode_t mode)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	/* The file system cannot: a name for a moment. */
	if ((size_t)snprintf(path, sizeof(path), "%s/vmactl-XXXXXX", dir) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && (unlink(path) < 0 || fchmod(fd, mode) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Another open description of the same file. */
static int reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static bool write_all(int fd, const unsigned char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static int open_image(const char *dir, struct vma_err *err)
{
	AUTO(undo_close) int disk = -1;
	int fd = memfd_create("vmactl-puppet", MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* before 6.3 they could always be executed */
		fd = memfd_create("vmactl-puppet", MFD_CLOEXEC);
	if (fd >= 0 && write_all(fd, image, sizeof(image)))
		return park(fd);
	if (fd >= 0)
		close(fd);
	disk = open_nameless(dir, 0700);
	if (disk < 0 || !write_all(disk, image, sizeof(image)))
		return vma_fail(err, errno, "%s: cannot write the test program: %m", dir);
	return park(reopen(disk, O_RDONLY)); /* nobody may hold it open for writing at exec */
}

/* The image has a handful of program headers, well formed: it is ours. */
static u64 image_end(void)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	u64 end = 0;

	memcpy(&eh, image, sizeof(eh));
	for (size_t i = 0; i < eh.e_phnum; i++) {
		memcpy(&ph, image + eh.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD)
			end = max_u64(end, page_up(ph.p_vaddr + ph.p_memsz));
	}
	return end;
}

/* What the model has to know about the file system of a regular file. */
static int describe_fs(int fd, struct vma_file *init, struct vma_err *err)
{
	struct statfs fs;
	struct statvfs vfs;

	if (fstatfs(fd, &fs) < 0 || fstatvfs(fd, &vfs) < 0)
		return vma_fail(err, errno, "cannot ask for the file system: %m");
	init->noexec = vfs.f_flag & ST_NOEXEC;
	init->kind = VMA_KIND_REGULAR;
	switch ((unsigned long)fs.f_type) {
	case TMPFS_MAGIC:
		init->kind = VMA_KIND_SHMEM;
		break;
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
		init->fs_thp = 1;
		init->writeback = true;
		break;
	case OVERLAYFS_SUPER_MAGIC:
		init->uses_generic_gua = true;
		break;
	default:
		init->writeback = true;
		break;
	}
	return 0;
}

static int add(struct vma_live_files *files, int fd, const struct vma_file *init, const char *text,
	       struct vma_err *err)
{
	struct vma_live_file *f = &files->file[files->nr];
	struct stat st;
	int mode;

	CHECK(files->nr < VMA_LIVE_FILES_MAX);
	f->fd = park(fd);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return vma_fail(err, errno, "cannot open a test file: %m");
	files->nr++;
	f->seals = -1;
	mode = fcntl(f->fd, F_GETFL) & O_ACCMODE;
	f->init = *init;
	f->init.dev_major = major(st.st_dev);
	f->init.dev_minor = minor(st.st_dev);
	f->init.inode = st.st_ino;
	f->init.size = (u64)st.st_size;
	f->init.readable = mode != O_WRONLY;
	f->init.writable = mode != O_RDONLY;
	snprintf(f->text, sizeof(f->text), "%s", text);
	return 0;
}

/* One file of @nr_bytes, opened once for each row of @how. */
struct how {
	int flags;
	const char *word;
};

static int add_regular(struct vma_live_files *files, const char *dir, const char *name,
		       off_t nr_bytes, const struct how *how, struct vma_err *err)
{
	struct vma_file init = { 0 };
	AUTO(undo_close) int fd = open_nameless(dir, 0600);
	char text[80];
	int rc;

	if (fd < 0 || ftruncate(fd, nr_bytes) < 0)
		return vma_fail(err, errno, "%s: cannot make a test file: %m", dir);
	rc = describe_fs(fd, &init, err);
	for (; !rc && how->word; how++) {
		snprintf(text, sizeof(text), "openat(AT_FDCWD, \"%s\", %s)", name, how->word);
		rc = add(files, reopen(fd, how->flags), &init, text, err);
	}
	return rc;
}

static int open_memfd(int seals)
{
	int fd = memfd_create("m", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, 24 * 4096) < 0 ||
			(seals && fcntl(fd, F_ADD_SEALS, seals) < 0))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int add_memfd(struct vma_live_files *files, int seals, struct vma_err *err)
{
	const struct vma_file init = {
		.kind = VMA_KIND_SHMEM,
		.seal_write = seals == F_SEAL_WRITE,
		.seal_future_write = seals == F_SEAL_FUTURE_WRITE,
	};
	int rc = add(files, open_memfd(seals), &init, "memfd_create(\"m\", MFD_ALLOW_SEALING)", err);

	if (!rc)
		files->file[files->nr - 1].seals = seals;
	return rc;
}

int vma_live_file_fill(const struct vma_live_file *f, u64 from, u64 to, struct vma_err *err)
{
	static const unsigned char zeros[4096];
	unsigned char page[sizeof(zeros)];
	AUTO(undo_close) int fd = reopen(f->fd, O_RDWR);

	to = min_u64(to, f->init.size);
	for (u64 at = from; fd >= 0 && at < to; at += sizeof(zeros)) {
		const size_t n = min_u64(sizeof(zeros), to - at);

		/* Where blocks are smaller, a page that was written in part is up to date only when
		 * all of it is read. */
		if (pwrite(fd, zeros, n, (off_t)at) <= 0 ||
		    (n < sizeof(page) && pread(fd, page, sizeof(page), (off_t)at) <= 0))
			return vma_fail(err, errno, "cannot write a test file: %m");
	}
	return fd < 0 ? vma_fail(err, errno, "cannot open a test file again: %m") : 0;
}

/*
 * What an episode punched (MADV_REMOVE) stays a hole, and so does what was never written. On tmpfs a
 * userfaultfd tells the difference, elsewhere fault-around does. The model takes every page of a
 * named file to be there, and none under writeback or marked for it by reclaim: the kernel passes
 * such pages over.
 */
static int renew_named(const struct vma_live_file *f, struct vma_err *err)
{
	int rc = vma_live_file_fill(f, 0, f->init.size, err);

	if (!rc && f->init.kind == VMA_KIND_REGULAR && fdatasync(f->fd) < 0)
		rc = vma_fail(err, errno, "cannot write a test file: %m");
	return rc;
}

static int renew_memfd(struct vma_live_file *f, struct vma_err *err)
{
	struct stat st;
	int fd = park(open_memfd(f->seals));

	if (fd < 0 || fstat(fd, &st) < 0)
		return vma_fail(err, errno, "cannot make a memory file: %m");
	close(f->fd);
	f->fd = fd;
	f->init.inode = st.st_ino;
	return 0;
}

int vma_live_files_renew(struct vma_live_files *files, struct vma_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < files->nr; i++) {
		struct vma_live_file *f = &files->file[i];
		/* One file that is open more than once follows itself. */
		const bool again = i && files->file[i - 1].init.inode == f->init.inode;

		if (f->seals >= 0)
			rc = renew_memfd(f, err);
		else if (!again && (f->init.kind == VMA_KIND_REGULAR || f->init.kind == VMA_KIND_SHMEM))
			rc = renew_named(f, err);
	}
	return rc;
}

static int add_special(struct vma_live_files *files, struct vma_err *err)
{
	const struct vma_file zero = { .kind = VMA_KIND_ZERO };
	const struct vma_file pipe_end = { .no_mmap = true };
	int ends[2];
	int rc = add(files, open("/dev/zero", O_RDWR | O_CLOEXEC), &zero,
		     "openat(AT_FDCWD, \"/dev/zero\", O_RDWR)", err);

	if (rc)
		return rc;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return vma_fail(err, errno, "cannot make a pipe: %m");
	close(ends[0]);
	return add(files, ends[1], &pipe_end, "pipe()", err);
}

/* A kernel without SysV shared memory, or a limit that is reached, is no failure. */
static void add_segments(struct vma_live_files *files)
{
	static const size_t sizes[VMA_LIVE_SEGMENTS_MAX] = { 3 * 4096, 7 * 4096 + 100 };

	for (size_t i = 0; i < VMA_LIVE_SEGMENTS_MAX; i++) {
		struct vma_live_segment *s = &files->segment[files->nr_segments];
		const int id = shmget(IPC_PRIVATE, sizes[i], IPC_CREAT | 0700);

		if (id < 0)
			return;
		s->at = shmat(id, NULL, 0);
		shmctl(id, IPC_RMID, NULL); /* lives on while we are attached */
		if (s->at == (void *)-1)
			return;
		s->id = id;
		s->init = (struct vma_file){
			.kind = VMA_KIND_SYSV, .internal = true, .readable = true, .writable = true,
			.size = page_up(sizes[i]), .seq = (u64)id, .inode = (u64)id,
		};
		files->nr_segments++;
	}
}

int vma_live_files_open(struct vma_live_files *files, const char *dir, struct vma_err *err)
{
	static const struct how f0[] = { { O_RDONLY, "O_RDONLY" }, { O_RDWR, "O_RDWR" }, { 0, NULL } };
	static const struct how f1[] = { { O_RDWR, "O_RDWR" },
					 { O_WRONLY, "O_WRONLY" },
					 { O_RDWR | O_APPEND, "O_RDWR|O_APPEND" },
					 { 0, NULL } };
	static const struct how f2[] = { { O_RDONLY, "O_RDONLY" }, { 0, NULL } };
	const char *tmp = getenv("TMPDIR");
	int rc;

	if (!dir)
		dir = tmp && *tmp ? tmp : "/tmp";
	*files = (struct vma_live_files){ .image = open_image(dir, err),
					   .image_end = image_end() };
	rc = files->image < 0 ? files->image : 0;
	if (!rc)
		rc = add_regular(files, dir, "f0", 16 * 4096, f0, err);
	if (!rc)
		rc = add_regular(files, dir, "f1", 8 * 4096 + 100, f1, err);
	if (!rc)
		rc = add_regular(files, dir, "f2", 64 * 4096, f2, err);
	if (!rc)
		rc = add_memfd(files, 0, err);
	if (!rc)
		rc = add_memfd(files, F_SEAL_WRITE, err);
	if (!rc)
		rc = add_memfd(files, F_SEAL_FUTURE_WRITE, err);
	if (!rc)
		rc = add_special(files, err);
	if (!rc)
		add_segments(files);
	else
		vma_live_files_close(files);
	return rc;
}

void vma_live_files_close(struct vma_live_files *files)
{
	for (size_t i = 0; i < files->nr; i++)
		if (files->file[i].fd >= 0)
			close(files->file[i].fd);
	files->nr = 0;
	for (size_t i = 0; i < files->nr_segments; i++)
		shmdt(files->segment[i].at);
	files->nr_segments = 0;
	if (files->image >= 0)
		close(files->image);
	files->image = -1;
}
