// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rebuild/filearg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/engine.h"

#define XFS_MAGIC 0x58465342
#define FUSE_MAGIC 0x65735546

/* What file systems do when they are mapped; one that is not here is taken for a plain disk's. */
static const struct {
	long magic;
	enum vma_kind kind;
	bool thp, writeback;
} file_systems[] = {
	{ EXT4_SUPER_MAGIC, VMA_KIND_REGULAR, true, true },
	{ BTRFS_SUPER_MAGIC, VMA_KIND_REGULAR, true, true },
	{ XFS_MAGIC, VMA_KIND_REGULAR, true, true },
	{ FUSE_MAGIC, VMA_KIND_REGULAR, true, true },
	{ TMPFS_MAGIC, VMA_KIND_SHMEM, false, false },
	{ HUGETLBFS_MAGIC, VMA_KIND_HUGETLB, false, false },
	{ OVERLAYFS_SUPER_MAGIC, VMA_KIND_REGULAR, false, false },
	{ RAMFS_MAGIC, VMA_KIND_REGULAR, false, false },
	{ PROC_SUPER_MAGIC, VMA_KIND_REGULAR, false, false },
	{ SYSFS_MAGIC, VMA_KIND_REGULAR, false, false },
	{ SQUASHFS_MAGIC, VMA_KIND_REGULAR, false, false },
	{ 0, VMA_KIND_REGULAR, false, true },
};

static void fill_fs(const struct statfs *fs, struct vma_file *f)
{
	size_t i = 0;

	while (file_systems[i].magic && file_systems[i].magic != fs->f_type)
		i++;
	f->kind = (u8)file_systems[i].kind;
	f->fs_thp = file_systems[i].thp;
	f->writeback = file_systems[i].writeback;
	f->uses_generic_gua = f->kind == VMA_KIND_REGULAR && !f->fs_thp;
	if (f->kind == VMA_KIND_HUGETLB)
		f->hugetlb_shift = (u32)__builtin_ctzl((unsigned long)fs->f_bsize);
}

/* null, port, full, random, urandom, kmsg and terminals have no mmap. */
static bool no_mmap_device(dev_t dev)
{
	unsigned int ma = major(dev), mi = minor(dev);

	return (ma == 1 && (mi == 3 || mi == 4 || mi >= 7)) || ma == 4 || ma == 5 ||
	       (ma >= 136 && ma <= 143);
}

static void fill_type(const struct stat *st, struct vma_file *f)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 5))
		f->kind = VMA_KIND_ZERO;
	else if (S_ISCHR(st->st_mode) && no_mmap_device(st->st_rdev))
		f->no_mmap = true;
	else if (S_ISCHR(st->st_mode))
		f->kind = VMA_KIND_DEVICE;
	else if (S_ISBLK(st->st_mode))
		f->kind = VMA_KIND_REGULAR; /* its pages are page cache like a file's */
	else if (!S_ISREG(st->st_mode))
		f->no_mmap = true; /* a directory, pipe or socket: ENODEV */
}

/* Identity of what @path (perhaps /proc/PID/fd/N) leads to. */
static int identify(const char *path, struct vma_file *f, struct vma_err *err)
{
	struct statfs fs;
	struct statvfs vfs;
	struct stat st;

	if (stat(path, &st) || statfs(path, &fs) || statvfs(path, &vfs))
		return vma_fail(err, errno, "%s: cannot look at the file: %m", path);
	f->dev_major = major(st.st_dev);
	f->dev_minor = minor(st.st_dev);
	f->inode = st.st_ino;
	f->size = (u64)st.st_size;
	f->noexec = vfs.f_flag & ST_NOEXEC;
	fill_fs(&fs, f);
	fill_type(&st, f);
	return 0;
}

/* A mapping of the process tells more about its file system than a magic number does. */
static void learn(const struct vma_world *w, struct vma_file *f)
{
	const struct vma_file *like;

	for (u32 id = 1; (like = vma_file_at(w, id)); id++) {
		if (like->dev_major != f->dev_major || like->dev_minor != f->dev_minor ||
		    like->kind != f->kind)
			continue;
		f->fs_thp = like->fs_thp;
		f->writeback = like->writeback;
		f->uses_generic_gua = like->uses_generic_gua;
		return;
	}
}

int filearg_add(struct vma_world *w, const struct filearg *a, u32 *id, struct vma_err *err)
{
	struct vma_file *f = a->is_file ? vma_file_new(w, &a->file, a->path) : NULL;

	if (a->is_file && !f)
		return vma_fail(err, ENOMEM, "out of memory");
	*id = f ? f->id : a->id;
	return 0;
}

static void found(const struct vma_world *w, const struct vma_file *f, const char *path,
		  struct filearg *out)
{
	*out = (struct filearg){ .is_file = true, .file = *f };
	learn(w, &out->file);
	snprintf(out->path, sizeof(out->path), "%s", path);
}

/* "rw:PATH", "ro:PATH", "wo:PATH", or PATH, which is opened for reading. */
static int file_of_path(const struct vma_world *w, const char *word, struct filearg *out,
			struct vma_err *err)
{
	struct vma_file f = { .readable = true };
	char real[PATH_MAX];

	if (!strncmp(word, "rw:", 3) || !strncmp(word, "wo:", 3)) {
		f.writable = true;
		f.readable = *word == 'r';
		word += 3;
	} else if (!strncmp(word, "ro:", 3)) {
		word += 3;
	}
	int rc = identify(word, &f, err);
	if (rc)
		return rc;
	found(w, &f, realpath(word, real) ? real : word, out);
	return 0;
}

/* How a descriptor is open, from the flags line of fdinfo. */
static bool read_modes(const char *procfs, u32 pid, u64 fd, struct vma_file *f)
{
	char path[PATH_MAX], line[128];

	snprintf(path, sizeof(path), "%s/%u/fdinfo/%llu", procfs, pid, (unsigned long long)fd);
	AUTO(undo_fclose) FILE *in = fopen(path, "re");
	if (!in)
		return false;
	while (fgets(line, sizeof(line), in)) {
		unsigned long flags;

		if (sscanf(line, "flags: %lo", &flags) != 1)
			continue;
		f->readable = (flags & O_ACCMODE) != O_WRONLY;
		f->writable = (flags & O_ACCMODE) != O_RDONLY;
		f->append = flags & O_APPEND;
		return true;
	}
	return false;
}

/* A descriptor of the live process itself. */
static int file_of_fd(const struct vma_world *w, const struct vma_facts *facts, const char *procfs,
		      u64 fd, struct filearg *out, struct vma_err *err)
{
	struct vma_file f = { .readable = true };
	char link[PATH_MAX], path[PATH_MAX];

	if (!facts->live)
		return vma_fail(err, EINVAL, "%llu: descriptors are known of live processes only "
				"(give a path)", (unsigned long long)fd);
	snprintf(link, sizeof(link), "%s/%u/fd/%llu", procfs, facts->pid,
		 (unsigned long long)fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 && errno == ENOENT) {
		out->id = VMA_FILE_BAD;
		return 0;
	}
	if (n < 0)
		return vma_fail(err, errno, "%s: cannot look at the descriptor: %m", link);
	path[n] = '\0';
	int rc = identify(link, &f, err);
	if (rc)
		return rc;
	if (!read_modes(procfs, facts->pid, fd, &f))
		return vma_fail(err, EACCES, "%s: how it is open cannot be read", link);
	found(w, &f, path, out);
	return 0;
}

/* Digits, or hex behind 0x. */
static bool parse_number(const char *text, u64 *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

int filearg_segment(const struct vma_world *w, const char *procfs, const char *word,
		    struct filearg *out, struct vma_err *err)
{
	struct vma_file f = { .kind = VMA_KIND_SYSV, .readable = true, .writable = true,
			      .internal = true, .dev_minor = 1 };
	char path[PATH_MAX], line[512];
	u64 shmid;

	*out = (struct filearg){ .id = VMA_FILE_BAD };
	if (!parse_number(word, &shmid)) /* the engine refuses -1 */
		return 0;
	snprintf(path, sizeof(path), "%s/sysvipc/shm", procfs ? procfs : "/proc");
	AUTO(undo_fclose) FILE *in = fopen(path, "re");
	if (!in)
		return vma_fail(err, errno, "%s: cannot open: %m", path);
	while (fgets(line, sizeof(line), in)) {
		unsigned long long number, size;
		int key;

		if (sscanf(line, "%d %llu %*o %llu", &key, &number, &size) != 3 || number != shmid)
			continue;
		f.inode = f.seq = shmid;
		f.size = size;
		snprintf(path, sizeof(path), "/SYSV%08x (deleted)", (unsigned int)key);
		found(w, &f, path, out);
		return 0;
	}
	return 0;
}

int filearg_file(const struct vma_world *w, const struct vma_facts *facts, const char *procfs,
		 const char *word, struct filearg *out, struct vma_err *err)
{
	u64 fd;

	*out = (struct filearg){ .id = 0 };
	if (*word == '-') /* -1: none; the engine says EBADF where one is needed */
		return 0;
	if (parse_number(word, &fd))
		return file_of_fd(w, facts, procfs ? procfs : "/proc", fd, out, err);
	return file_of_path(w, word, out, err);
}
