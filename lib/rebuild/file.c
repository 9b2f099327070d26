// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is mapped: the kind of mapping from names, flags and file systems, and which mappings come
 * from one open file. Only an address_space (device and inode) can be seen; a struct file cannot,
 * but two neighbours that would have merged and did not are two of them (rule G1.3).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "read/facts.h"
#include "rebuild/build.h"

/* THE table of file systems we know something of. Others are taken for a plain disk's. */
static const struct fs {
	const char *name;
	enum vma_kind kind;
	bool thp;       /* its get_unmapped_area aligns for huge pages (A2) */
	bool writeback; /* its device counts dirty pages (T4) */
} file_systems[] = {
	{ "btrfs", VMA_KIND_REGULAR, true, true },
	{ "devtmpfs", VMA_KIND_SHMEM, false, false },
	{ "erofs", VMA_KIND_REGULAR, true, false },
	{ "ext2", VMA_KIND_REGULAR, true, true },
	{ "ext3", VMA_KIND_REGULAR, true, true },
	{ "ext4", VMA_KIND_REGULAR, true, true },
	{ "f2fs", VMA_KIND_REGULAR, false, true },
	{ "fuse", VMA_KIND_REGULAR, true, true },
	{ "fuseblk", VMA_KIND_REGULAR, true, true },
	{ "hugetlbfs", VMA_KIND_HUGETLB, false, false },
	{ "overlay", VMA_KIND_REGULAR, false, false },
	{ "proc", VMA_KIND_REGULAR, false, false },
	{ "ramfs", VMA_KIND_REGULAR, false, false },
	{ "squashfs", VMA_KIND_REGULAR, false, false },
	{ "sysfs", VMA_KIND_REGULAR, false, false },
	{ "tmpfs", VMA_KIND_SHMEM, false, false },
	{ "vfat", VMA_KIND_REGULAR, false, true },
	{ "xfs", VMA_KIND_REGULAR, true, true },
};

static const struct fs other_fs = { "", VMA_KIND_REGULAR, false, true };

static bool starts(const char *text, const char *head)
{
	return !strncmp(text, head, strlen(head));
}

static const struct fs *find_fs(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_systems); i++)
		if (!strcmp(file_systems[i].name, name))
			return &file_systems[i];
	return &other_fs;
}

/* ---------------------------------------------------------------- kinds */

/* Names without a file behind them. */
static bool is_anonymous(const struct vma_fact_map *m)
{
	const char *p = m->path;

	if (m->inode || m->dev_major || m->dev_minor)
		return false;
	return !*p || !strcmp(p, "[heap]") || starts(p, "[stack") || starts(p, "[anon:");
}

/* THE table of names the kernel gives to files of its own. */
static const struct {
	const char *head;
	enum vma_kind kind;
	bool internal;
} own_files[] = {
	{ "/SYSV", VMA_KIND_SYSV, true },
	{ "/anon_hugepage", VMA_KIND_HUGETLB, true },
	{ "/dev/zero (deleted)", VMA_KIND_SHMEM, true },
	{ "[anon_shmem:", VMA_KIND_SHMEM, true },
	{ "/memfd:", VMA_KIND_SHMEM, false },
	{ "/secretmem (deleted)", VMA_KIND_SECRET, false },
	{ "/i915", VMA_KIND_SHMEM, false },
	{ "anon_inode:", VMA_KIND_DEVICE, false },
	{ "socket:", VMA_KIND_DEVICE, false },
	{ "/[aio]", VMA_KIND_DEVICE, false },
};

/* True when the name decides. Those files live on devices without a number of their own. */
static bool kind_by_name(const struct vma_fact_map *m, struct vma_file *file)
{
	if (!strcmp(m->path, "/dev/zero")) {
		file->kind = VMA_KIND_ZERO;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own_files) && !m->dev_major; i++) {
		if (!starts(m->path, own_files[i].head))
			continue;
		file->kind = (u8)own_files[i].kind;
		file->internal = own_files[i].internal;
		if (file->kind == VMA_KIND_SYSV)
			file->seq = m->inode; /* the inode of a segment is its id */
		return true;
	}
	if (!m->inode && m->path[0] == '[') { /* [vdso], [vvar], [uprobes]... */
		file->kind = VMA_KIND_SPECIAL;
		return true;
	}
	return false;
}

static enum how kind_by_place(struct build *b, const struct vma_fact_map *m, struct vma_file *file)
{
	const struct vma_fact_file *known =
		facts_find_file(b->f, m->dev_major, m->dev_minor, m->inode);
	const struct fs *fs = known && known->fs && *known->fs ? find_fs(known->fs) : NULL;
	enum how how = HOW_KIND;

	if (!fs) {
		/* No list of mounts: a device without a driver is a tmpfs, most of the time. A
		 * core names no device at all. */
		fs = find_fs(m->dev_major || !m->inode ? "ext4" : "tmpfs");
		how = HOW_KIND_GUESS;
	}
	file->kind = (u8)fs->kind;
	file->fs_thp = fs->thp;
	file->writeback = fs->writeback;
	file->uses_generic_gua = fs->kind == VMA_KIND_REGULAR && !fs->thp;
	return how;
}

static enum how find_kind(struct build *b, const struct vma_fact_map *m, struct vma_file *file)
{
	enum how how = HOW_KIND;

	if (!kind_by_name(m, file))
		how = kind_by_place(b, m, file);
	if (m->has_flags && (m->flags & VM_HUGETLB) && file->kind != VMA_KIND_SYSV)
		file->kind = VMA_KIND_HUGETLB;
	else if (m->has_flags && (m->flags & (VM_PFNMAP | VM_MIXEDMAP | VM_IO)) &&
		 file->kind != VMA_KIND_SPECIAL)
		file->kind = VMA_KIND_DEVICE;
	if (file->kind == VMA_KIND_HUGETLB)
		file->hugetlb_shift = 21;
	if (file->kind == VMA_KIND_HUGETLB && m->kb[VMA_SMAPS_KERNELPAGESIZE] >= 2048)
		file->hugetlb_shift =
			(u32)__builtin_ctzll(m->kb[VMA_SMAPS_KERNELPAGESIZE]) + 10;
	return how;
}

/* ---------------------------------------------------------------- identities */

/* How a file was opened, as far as a mapping shows it. */
enum opened { OPEN_PRIVATE, OPEN_SHARED_RO, OPEN_SHARED_RW, OPEN_NR };

static enum opened how_opened(const struct vma_fact_map *m)
{
	if (m->perms[3] != 's') /* a core does not say: private is the usual case */
		return OPEN_PRIVATE;
	/* A shared mapping of a file that is not open for writing loses VM_SHARED (rule M12). */
	return !m->has_flags || (m->flags & VM_SHARED) ? OPEN_SHARED_RW : OPEN_SHARED_RO;
}

/* The files made so far, hashed by what tells them apart; a later one hides earlier ones. */
struct seen {
	u32 file;      /* id, 0: free */
	size_t map;    /* one that has it */
	size_t last;   /* the last map that has it */
};

struct seen_table {
	struct seen *slot;
	size_t mask;
};

static bool same_object(const struct vma_fact_map *a, const struct vma_fact_map *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && how_opened(a) == how_opened(b) &&
	       (a->inode || !strcmp(a->path, b->path));
}

static size_t hash_map(const struct vma_fact_map *m)
{
	u64 h = m->inode * 0x9e3779b97f4a7c15 + ((u64)m->dev_major << 32 | m->dev_minor);

	if (!m->inode)
		for (const char *p = m->path; *p; p++)
			h = h * 31 + (u8)*p;
	h += (u64)how_opened(m) << 60;
	return (size_t)(h * 0x9e3779b97f4a7c15 >> 24);
}

static struct seen *find_seen(struct build *b, struct seen_table *t, const struct vma_fact_map *m)
{
	size_t i = hash_map(m) & t->mask;

	while (t->slot[i].file && !same_object(&b->f->maps[t->slot[i].map], m))
		i = (i + 1) & t->mask;
	return &t->slot[i];
}

/*
 * Neighbours of one file with linear offsets and equal flags would be one VMA if they came from
 * one struct file. Anonymous pages in both are another possible reason: two anon_vmas.
 */
static bool must_be_another(const struct vma_fact_map *left, const struct vma_fact_map *right)
{
	u64 ignored = VM_SOFTDIRTY | VM_MAYBE_GUARD;

	if (left->end != right->start || !left->has_flags || !right->has_flags)
		return false;
	if (left->offset + (left->end - left->start) != right->offset)
		return false;
	if ((left->flags ^ right->flags) & ~ignored || (left->flags & VM_SPECIAL))
		return false;
	if (left->policy && right->policy && strcmp(left->policy, right->policy))
		return false;
	return !left->kb[VMA_SMAPS_ANONYMOUS] || !right->kb[VMA_SMAPS_ANONYMOUS];
}

static void fill_size(struct build *b, const struct vma_fact_map *m, struct vma_file *file)
{
	const struct vma_fact_file *known =
		facts_find_file(b->f, m->dev_major, m->dev_minor, m->inode);

	file->size = known && known->has_size ? known->size : m->offset + (m->end - m->start);
	file->noexec = m->has_flags ? !(m->flags & VM_MAYEXEC) : known && known->noexec;
}

static u32 new_file(struct build *b, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];
	const struct vma_fact_bpf *bpf = b->bpf[map];
	struct vma_file init = {
		.dev_major = m->dev_major,
		.dev_minor = m->dev_minor,
		.inode = m->inode,
		.readable = true,
		.writable = how_opened(m) == OPEN_SHARED_RW,
	};
	enum how how = find_kind(b, m, &init);

	fill_size(b, m, &init);
	if (init.writable && m->has_flags && !(m->flags & VM_MAYWRITE))
		init.seal_future_write = true; /* the only way to lose it on a writable file */
	if (init.internal && m->has_flags)
		init.noreserve = m->flags & VM_NORESERVE;
	struct vma_file *file = vma_file_new(b->w, &init, m->path);
	known_set(b, map, VMA_FIELD_OPS, how);
	known_set(b, map, VMA_FIELD_FILE,
		  bpf || init.kind == VMA_KIND_SPECIAL ? HOW_EXACT : HOW_FILE);
	return file ? file->id : 0;
}

/* The highest end of all its mappings stands in for a size that nobody knows. */
static void widen(struct build *b, u32 id, const struct vma_fact_map *m)
{
	const struct vma_fact_file *known =
		facts_find_file(b->f, m->dev_major, m->dev_minor, m->inode);
	struct vma_file *file = vma_file_at(b->w, id);

	if (!known || !known->has_size)
		file->size = max_u64(file->size, m->offset + (m->end - m->start));
}

/* The file of one map: one that was seen already, or a new one. 0 without memory. */
static u32 infer_file(struct build *b, struct seen_table *t, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];
	struct seen *s = find_seen(b, t, m);
	bool another = s->file && must_be_another(&b->f->maps[s->last], m);

	if (s->file && !another) {
		widen(b, s->file, m);
		known_set(b, map, VMA_FIELD_OPS, known_get(b, s->map, VMA_FIELD_OPS));
		known_set(b, map, VMA_FIELD_FILE, HOW_FILE);
	} else {
		s->file = new_file(b, map);
		s->map = map;
		if (another)
			known_set(b, map, VMA_FIELD_FILE, HOW_FILE_SPLIT);
	}
	s->last = map;
	return s->file;
}

/* With the kernel's own pointers there is nothing to infer; lists of open files are short. */
static u32 exact_file(struct build *b, const u32 *file, size_t map)
{
	u64 vm_file = b->bpf[map]->vm_file;

	for (size_t i = map; vm_file && i--;) {
		if (!b->bpf[i] || b->bpf[i]->vm_file != vm_file)
			continue;
		widen(b, file[i], &b->f->maps[map]);
		known_set(b, map, VMA_FIELD_OPS, known_get(b, i, VMA_FIELD_OPS));
		known_set(b, map, VMA_FIELD_FILE, HOW_EXACT);
		return file[i];
	}
	return new_file(b, map);
}

int build_files(struct build *b, u32 *file)
{
	AUTO(undo_free) struct seen *slots = NULL;
	struct seen_table t = { .mask = 63 };

	while (t.mask < b->f->nr_maps * 2)
		t.mask = t.mask * 2 + 1;
	slots = t.slot = calloc(t.mask + 1, sizeof(*t.slot));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		const struct vma_fact_map *m = &b->f->maps[i];

		file[i] = 0;
		if (m->gate)
			continue;
		if (is_anonymous(m)) {
			known_set(b, i, VMA_FIELD_FILE, HOW_EXACT);
			known_set(b, i, VMA_FIELD_OPS, HOW_ANON);
			continue;
		}
		file[i] = b->bpf[i] && b->bpf[i]->vm_file ? exact_file(b, file, i)
							  : infer_file(b, &t, i);
		if (!file[i])
			return -ENOMEM;
	}
	return 0;
}
