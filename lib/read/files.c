// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "read/lines.h"
#include "read/text.h"

struct mounts {
	struct mount_info *list;
	size_t nr;
};

static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; *p && *p != ' '; p += *p == ',') {
		size_t n = strcspn(p, ", ");

		if (n == len && !memcmp(p, word, len))
			return true;
		p += n;
	}
	return false;
}

/* "36 35 98:0 /sub /mnt rw,noexec shared:1 - ext4 /dev/sda1 rw": blanks in names are escaped. */
bool mountinfo_line(const char *line, struct mount_info *out)
{
	const char *p = line, *options;
	u64 id, major, minor;

	for (int i = 0; i < 2; i++)
		if (!text_dec(&p, &id) || !text_char(&p, ' '))
			return false;
	if (!text_dec(&p, &major) || !text_char(&p, ':') || !text_dec(&p, &minor) ||
	    !text_char(&p, ' '))
		return false;
	for (int i = 0; i < 2; i++) { /* root, mount point */
		p += strcspn(p, " ");
		if (!text_char(&p, ' '))
			return false;
	}
	options = p;
	p = strstr(options, " - ");
	if (!p)
		return false;
	p += 3;
	size_t len = strcspn(p, " ");
	if (!len || len >= sizeof(out->fs))
		return false;
	memcpy(out->fs, p, len);
	out->fs[len] = '\0';
	out->major = (u32)major;
	out->minor = (u32)minor;
	out->noexec = has_option(options, "noexec");
	return true;
}

static struct mount_info *find_mount(const struct mounts *m, u32 major, u32 minor)
{
	for (size_t i = 0; i < m->nr; i++)
		if (m->list[i].major == major && m->list[i].minor == minor)
			return &m->list[i];
	return NULL;
}

static int add_mount(struct mounts *m, const struct mount_info *info)
{
	struct mount_info *same = find_mount(m, info->major, info->minor);

	if (same) {
		same->noexec = same->noexec && info->noexec;
		return 0;
	}
	if (!(m->nr & (m->nr - 1))) {
		void *list = reallocarray(m->list, m->nr ? m->nr * 2 : 1, sizeof(*m->list));

		if (!list)
			return -ENOMEM;
		m->list = list;
	}
	m->list[m->nr++] = *info;
	return 0;
}

static int read_mounts(const struct source *s, struct vma_facts *f, struct mounts *m)
{
	AUTO(undo_close) int fd = source_open_file(s->pid_dir, "mountinfo");
	struct mount_info info;
	struct lines l;
	char *line;
	int rc;

	if (fd < 0) /* recordings seldom have it, and say nothing wrong by that */
		return s->live ? facts_missing(f, "mountinfo", -fd, source_remedy(-fd)) : 0;
	lines_init_fd(&l, "mountinfo", fd);
	while ((line = lines_next(&l, &rc, NULL)))
		if (mountinfo_line(line, &info) && add_mount(m, &info))
			break;
	lines_fini(&l);
	if (line)
		return -ENOMEM;
	return rc ? facts_missing(f, "mountinfo", -rc, NULL) : 0;
}

/* File systems whose stat() waits for no server; "" stands for the kernel's own, never mounted. */
static bool is_local(const char *fs)
{
	static const char *const local[] = {
		"", "btrfs", "devtmpfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "hugetlbfs",
		"iso9660", "overlay", "ramfs", "squashfs", "tmpfs", "vfat", "xfs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (!strcmp(fs, local[i]))
			return true;
	return false;
}

/* The link in map_files works for deleted files too, but asks for CAP_CHECKPOINT_RESTORE. */
static void stat_file(const struct source *s, const struct vma_fact_map *m,
		      struct vma_fact_file *file)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)m->start,
		 (unsigned long long)m->end);
	if (fstatat(s->pid_dir, path, &st, 0) < 0) {
		if (m->path[0] != '/' ||
		    (size_t)snprintf(path, sizeof(path), "root%s", m->path) >= sizeof(path) ||
		    fstatat(s->pid_dir, path, &st, AT_NO_AUTOMOUNT) < 0)
			return;
	}
	/* st_dev differs from what maps prints on btrfs and overlayfs (rule T6). */
	if (st.st_ino != m->inode || !S_ISREG(st.st_mode))
		return;
	file->size = (u64)st.st_size;
	file->has_size = true;
}

static int add_file(const struct source *s, struct vma_facts *f, const struct mounts *mounts,
		    const struct vma_fact_map *m)
{
	const struct mount_info *mount = find_mount(mounts, m->dev_major, m->dev_minor);
	struct vma_fact_file *file = facts_find_file(f, m->dev_major, m->dev_minor, m->inode);

	if (file && file->fs)
		return 0;
	if (!file)
		file = facts_add_file(f);
	if (!file)
		return -ENOMEM;
	file->dev_major = m->dev_major;
	file->dev_minor = m->dev_minor;
	file->inode = m->inode;
	file->fs = mount ? facts_str(f, mount->fs) : "";
	if (!file->fs)
		return -ENOMEM;
	file->noexec = mount && mount->noexec;
	if (s->live && is_local(file->fs))
		stat_file(s, m, file);
	if (!mount)
		file->fs = s->live ? "" : NULL;
	return 0;
}

int files_read(const struct source *s, struct vma_facts *f)
{
	struct mounts mounts = { 0 };
	u64 began = source_clock();
	int rc = read_mounts(s, f, &mounts);

	for (size_t i = 0; i < f->nr_maps && !rc; i++)
		if (f->maps[i].inode)
			rc = add_file(s, f, &mounts, &f->maps[i]);
	free(mounts.list);
	if (!rc)
		rc = facts_cost(f, "files", 0, (u32)f->nr_files, source_clock() - began,
				0);
	return rc;
}
