// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What lies beside a captured /proc directory: files.txt (the files a program will open), mm.txt
 * (mm_struct fields that /proc does not show) and meta.txt (the machine).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "script/replay.h"

#define CAPTURE_MAX (16 << 20)

/* The whole of a small file, NUL-terminated; NULL with rc 0 when there is none. */
static char *slurp(const char *dir, const char *name, int *rc, struct vma_err *err)
{
	AUTO(undo_free) char *path = NULL;
	AUTO(undo_free) char *text = NULL;
	AUTO(undo_close) int fd = -1;
	size_t len = 0;
	struct stat st;

	*rc = 0;
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		*rc = vma_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > CAPTURE_MAX) {
		*rc = vma_fail(err, EINVAL, "%s: not a file of reasonable size", path);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	for (ssize_t n = 1; text && n > 0 && len < (size_t)st.st_size; len += (size_t)n) {
		n = read(fd, text + len, (size_t)st.st_size - len);
		if (n < 0) {
			*rc = vma_fail(err, errno, "%s: cannot read: %m", path);
			return NULL;
		}
	}
	if (!text) {
		*rc = vma_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	text[len] = '\0';
	return TAKE(text);
}

/* "PATH dev=MM:mm ino=N size=BYTES mode=OCTAL"; the path may contain blanks. */
static void file_line(struct vma_replay *r, char *line)
{
	char *dev = strstr(line, " dev="), *more;
	unsigned int major, minor;
	unsigned long long ino, size;
	u32 inode;

	while (dev && (more = strstr(dev + 1, " dev=")))
		dev = more;
	if (!dev || sscanf(dev, " dev=%x:%x ino=%llu size=%llu", &major, &minor, &ino, &size) != 4)
		return;
	inode = inode_of_path(&r->descs, r->world, line, (size_t)(dev - line));
	if (!inode)
		return;
	inode_set_dev(&r->descs, inode, major, minor, ino);
	inode_set_size(&r->descs, r->world, inode, size);
}

/* mm.txt: "mmap_base=0x7f..", as struct vma_mm has them. */
static void mm_line(struct vma_replay *r, char *line)
{
	struct vma_mm *mm = r->model->mm;
	const struct {
		const char *key;
		u64 *field;
	} rows[] = {
		{ "mmap_base", &mm->mmap_base },
		{ "mmap_legacy_base", &mm->mmap_legacy_base },
		{ "task_size", &mm->task_size },
		{ "start_brk", &mm->start_brk },
		{ "brk", &mm->brk },
		{ "start_stack", &mm->start_stack },
		{ "start_code", &mm->start_code },
		{ "end_code", &mm->end_code },
		{ "start_data", &mm->start_data },
		{ "end_data", &mm->end_data },
	};
	char *value = strchr(line, '=');
	u64 v;

	if (!value)
		return;
	*value++ = '\0';
	v = strtoull(value, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(line, rows[i].key))
			*rows[i].field = v;
	if (!strcmp(line, "def_flags"))
		mm->def_flags = vma_flags_from_kernel(vma_world_kernel(r->world), v);
}

static void meta_line(struct vma_replay *r, char *line)
{
	if (!strncmp(line, "cpu_pku=", 8))
		vma_world_system(r->world)->pkeys = line[8] == '1';
}

static int each_line(struct vma_replay *r, const char *dir, const char *name,
		     void (*fn)(struct vma_replay *, char *), struct vma_err *err)
{
	int rc;
	AUTO(undo_free) char *text = slurp(dir, name, &rc, err);
	char *save = NULL;

	if (!text)
		return rc;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fn(r, line);
	return 0;
}

int vma_replay_capture(struct vma_replay *r, const char *dir, struct vma_err *err)
{
	int rc = each_line(r, dir, "files.txt", file_line, err);

	if (!rc && r->model)
		rc = each_line(r, dir, "mm.txt", mm_line, err);
	if (!rc && r->model)
		rc = each_line(r, dir, "meta.txt", meta_line, err);
	return rc;
}
