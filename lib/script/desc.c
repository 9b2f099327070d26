// SPDX-License-Identifier: LGPL-2.1-or-later
/* Inodes and descriptions; the tables that point at them are fdtab.c. */
#include "script/desc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "libvmactl/engine.h"

/* ---------------------------------------------------------------- inodes */

static bool grow_buckets(struct descs *d)
{
	u32 nr = d->nr_buckets ? 2 * d->nr_buckets : 256;
	u32 *buckets = calloc(nr, sizeof(*buckets));

	if (!buckets)
		return false;
	for (u32 i = 1; i < d->nr_inodes; i++) {
		struct inode *n = &d->inodes[i];
		u32 *head = &buckets[hash_text(n->path, strlen(n->path)) & (nr - 1)];

		if (!n->path[0])
			continue;
		n->next = *head;
		*head = i;
	}
	free(d->buckets);
	d->buckets = buckets;
	d->nr_buckets = nr;
	return true;
}

/*
 * What a path says about its file system. Where dev and inode are known the files of the starting
 * TARGET say it better.
 */
static const struct {
	const char *prefix;
	u8 kind;
	bool no_mmap;
} kinds[] = {
	{ "/dev/zero", VMA_KIND_ZERO, false },
	{ "/dev/shm/", VMA_KIND_SHMEM, false },
	{ "/dev/hugepages/", VMA_KIND_HUGETLB, false },
	{ "/dev/", VMA_KIND_DEVICE, false },
	{ "/memfd:", VMA_KIND_SHMEM, false },
	{ "/SYSV", VMA_KIND_SYSV, false },
	{ "/proc/", VMA_KIND_REGULAR, true },
	{ "pipe:[", VMA_KIND_REGULAR, true },
	{ "anon_inode:", VMA_KIND_REGULAR, true },
	{ "socket:[", VMA_KIND_REGULAR, true },
	{ "", VMA_KIND_REGULAR, false },
};

static void guess_kind(struct inode *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(n->path, kinds[i].prefix, strlen(kinds[i].prefix))) {
			n->kind = kinds[i].kind;
			n->no_mmap = kinds[i].no_mmap;
			break;
		}
	if (n->kind == VMA_KIND_HUGETLB)
		n->hugetlb_shift = 21;
}

u32 inode_new(struct descs *d, const char *path, size_t len)
{
	struct inode *n;

	if (d->nr_inodes == d->cap_inodes) {
		u32 cap = 2 * d->cap_inodes;

		n = reallocarray(d->inodes, cap, sizeof(*n));
		if (!n) {
			d->failed = true;
			return 0;
		}
		d->inodes = n;
		d->cap_inodes = cap;
	}
	n = &d->inodes[d->nr_inodes];
	*n = (struct inode){ .path = strndup(path, len), .size = ~0ULL };
	if (!n->path) {
		d->failed = true;
		return 0;
	}
	guess_kind(n);
	return d->nr_inodes++;
}

/* The files that the starting TARGET has mapped tell what their path and device are. */
static void learn_from_world(struct descs *d, const struct vma_world *w, u32 inode)
{
	const char *path = inode_at(d, inode)->path;

	for (u32 i = 1; i <= d->nr_start_files; i++) {
		const struct vma_file *f = vma_file_at(w, i);

		if (f->internal || f->kind == VMA_KIND_SPECIAL || strcmp(f->path, path) != 0)
			continue;
		inode_set_dev(d, inode, f->dev_major, f->dev_minor, f->inode);
		inode_at(d, inode)->size = f->size;
		return;
	}
}

u32 inode_of_path(struct descs *d, const struct vma_world *w, const char *path, size_t len)
{
	u32 h, id;

	len = strnlen(path, len); /* a log may hold NULs */
	h = hash_text(path, len);
	for (id = d->buckets[h & (d->nr_buckets - 1)]; id; id = d->inodes[id].next)
		if (!strncmp(d->inodes[id].path, path, len) && !d->inodes[id].path[len])
			return id;
	if (d->nr_inodes > d->nr_buckets && !grow_buckets(d)) {
		d->failed = true;
		return 0;
	}
	id = inode_new(d, path, len);
	if (id && len) {
		u32 *head = &d->buckets[h & (d->nr_buckets - 1)];

		d->inodes[id].next = *head;
		*head = id;
		learn_from_world(d, w, id);
	}
	return id;
}

void inode_set_dev(struct descs *d, u32 inode, u32 major, u32 minor, u64 ino)
{
	struct inode *n = inode_at(d, inode);

	n->dev_major = major;
	n->dev_minor = minor;
	n->ino = ino;
	for (u32 i = 0; i < d->nr_fs; i++)
		if (d->fs[i].dev_major == major && d->fs[i].dev_minor == minor) {
			n->fs = i + 1;
			n->kind = d->fs[i].kind;
		}
}

void descs_learn_fs(struct descs *d, const struct vma_world *w, bool usual)
{
	const struct vma_file *f;

	for (u32 i = 1; (f = vma_file_at(w, i)) && d->nr_fs < DESC_FS; i++) {
		u32 k = 0;

		if (!f->inode || f->internal ||
		    (f->kind != VMA_KIND_REGULAR && f->kind != VMA_KIND_SHMEM))
			continue;
		while (k < d->nr_fs && (d->fs[k].dev_major != f->dev_major ||
					d->fs[k].dev_minor != f->dev_minor))
			k++;
		if (k == d->nr_fs)
			d->fs[d->nr_fs++] = (struct desc_fs){
				f->dev_major, f->dev_minor, f->kind, f->fs_thp, f->noexec,
				f->writeback, f->uses_generic_gua };
		if (usual && f->kind == VMA_KIND_REGULAR)
			d->usual_fs = k + 1;
	}
}

void inode_set_size(struct descs *d, struct vma_world *w, u32 inode, u64 size)
{
	struct inode *n = inode_at(d, inode);

	n->size = size;
	for (u32 i = 0; i < n->nr_files; i++)
		vma_file_at(w, n->files[i])->size = size;
}

u32 inode_of_shmid(const struct descs *d, u64 shmid)
{
	for (u32 i = d->nr_inodes; i-- > 1;)
		if (d->inodes[i].kind == VMA_KIND_SYSV && d->inodes[i].shmid == shmid)
			return i;
	return 0;
}

/* ---------------------------------------------------------------- descriptions */

u32 desc_new(struct descs *d, u32 inode, u64 flags)
{
	u32 id = d->free_desc;
	struct desc *f;

	if (id) {
		d->free_desc = d->descs[id].next_free;
	} else {
		if (d->nr_descs == d->cap_descs) {
			u32 cap = 2 * d->cap_descs;

			f = reallocarray(d->descs, cap, sizeof(*f));
			if (!f) {
				d->failed = true;
				return 0;
			}
			d->descs = f;
			d->cap_descs = cap;
		}
		id = d->nr_descs++;
	}
	f = desc_at(d, id);
	*f = (struct desc){ .refs = 1, .inode = inode };
	f->readable = (flags & O_ACCMODE) != O_WRONLY;
	f->writable = (flags & O_ACCMODE) != O_RDONLY;
	f->append = flags & O_APPEND;
	f->path_only = flags & O_PATH;
	return id;
}

static bool remember_file(struct inode *n, u32 file)
{
	if (n->nr_files == n->cap_files) {
		u32 cap = n->cap_files ? 2 * n->cap_files : 4;
		u32 *files = reallocarray(n->files, cap, sizeof(*files));

		if (!files)
			return false;
		n->files = files;
		n->cap_files = cap;
	}
	n->files[n->nr_files++] = file;
	return true;
}

static u32 make_file(struct descs *d, struct vma_world *w, u32 inode, const struct vma_file *mode)
{
	struct inode *n = inode_at(d, inode);
	u32 fs = n->fs || n->kind != VMA_KIND_REGULAR ? n->fs : d->usual_fs;
	struct vma_file init = *mode, *f;

	init.mapping = n->mapping;
	init.dev_major = n->dev_major;
	init.dev_minor = n->dev_minor;
	init.inode = n->ino;
	init.size = n->size;
	init.seq = n->shmid;
	init.kind = n->kind;
	init.no_mmap = n->no_mmap;
	init.seal_write = n->seal_write;
	init.seal_future_write = n->seal_future_write;
	init.hugetlb_shift = n->hugetlb_shift;
	init.noexec = n->no_exec;
	init.internal = n->kind == VMA_KIND_SYSV;
	init.writeback = n->kind == VMA_KIND_REGULAR;
	if (fs) {
		init.fs_thp = d->fs[fs - 1].fs_thp;
		init.noexec = d->fs[fs - 1].noexec;
		init.writeback = d->fs[fs - 1].writeback;
		init.uses_generic_gua = d->fs[fs - 1].uses_generic_gua;
	}
	f = vma_file_new(w, &init, n->path);
	if (!f || !remember_file(n, f->id)) {
		d->failed = true;
		return 0;
	}
	n->mapping = f->mapping;
	return f->id;
}

u32 desc_file(struct descs *d, struct vma_world *w, u32 desc)
{
	struct desc *f = desc_at(d, desc);
	struct vma_file mode = {
		.readable = f->readable, .writable = f->writable, .append = f->append,
	};

	if (f->path_only)
		return VMA_FILE_BAD;
	if (!f->file)
		f->file = make_file(d, w, f->inode, &mode);
	return f->file;
}

u32 inode_file(struct descs *d, struct vma_world *w, u32 inode)
{
	struct inode *n = inode_at(d, inode);
	struct vma_file mode = { .readable = true, .writable = !n->no_write };

	return n->nr_files ? n->files[0] : make_file(d, w, inode, &mode);
}

/* ---------------------------------------------------------------- all of them */

/* Contexts of the starting TARGET keep their numbers. */
static u16 first_free_uffd(const struct vma_world *w)
{
	u16 next = 1;
	const struct vma *vma;

	for (size_t i = 0; vma_mm_at(w, i); i++) {
		vma_for_each (vma_mm_at(w, i), vma)
			if (vma->uffd >= next)
				next = (u16)(vma->uffd + 1);
	}
	return next;
}

bool descs_init(struct descs *d, const struct vma_world *w)
{
	/* descriptions 0 and 1 would be FD_UNKNOWN and FD_CLOSED */
	*d = (struct descs){ .nr_inodes = 1, .cap_inodes = 64, .nr_descs = 2, .cap_descs = 64 };
	d->inodes = calloc(d->cap_inodes, sizeof(*d->inodes));
	d->descs = calloc(d->cap_descs, sizeof(*d->descs));
	if (!d->inodes || !d->descs || !grow_buckets(d))
		return false;
	while (vma_file_at(w, d->nr_start_files + 1))
		d->nr_start_files++;
	d->next_uffd = first_free_uffd(w);
	descs_learn_fs(d, w, true);
	return true;
}

void descs_fini(struct descs *d)
{
	for (u32 i = 1; i < d->nr_inodes; i++) {
		free(d->inodes[i].path);
		free(d->inodes[i].files);
	}
	free(d->inodes);
	free(d->buckets);
	free(d->descs);
}
