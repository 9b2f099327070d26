// SPDX-License-Identifier: GPL-2.0-or-later
#include "picture.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"

#define P VMA_PAGE_SIZE

u64 picture_addr(u64 page)
{
	return PICTURE_BASE + page * P;
}

/* ---------------------------------------------------------------- kinds of mapping */

static const struct file_kind {
	const char *name;
	u8 kind;
	u64 inode;
	bool writable, unreadable, noexec, no_mmap, internal, append_only, thp;
	bool seal_write, seal_future;
	u32 huge;
	u64 pages; /* 0: eight */
	const char *path;
} files[] = {
	{ "f1", VMA_KIND_REGULAR, 11, .writable = true, .path = "/data" },
	{ "f2", VMA_KIND_REGULAR, 11, .writable = true, .path = "/data" },
	{ "ro", VMA_KIND_REGULAR, 11, .path = "/data" },
	{ "wo", VMA_KIND_REGULAR, 11, .writable = true, .unreadable = true, .path = "/data" },
	{ "noexec", VMA_KIND_REGULAR, 12, .writable = true, .noexec = true, .path = "/mnt/x" },
	{ "append", VMA_KIND_REGULAR, 13, .writable = true, .append_only = true, .path = "/log" },
	{ "pipe", VMA_KIND_REGULAR, 14, .writable = true, .no_mmap = true, .path = "pipe:[1]" },
	{ "shm", VMA_KIND_SHMEM, 15, .writable = true, .path = "/memfd:s (deleted)" },
	{ "sealed", VMA_KIND_SHMEM, 16, .writable = true, .seal_write = true,
	  .path = "/memfd:w (deleted)" },
	{ "future", VMA_KIND_SHMEM, 17, .writable = true, .seal_future = true,
	  .path = "/memfd:f (deleted)" },
	{ "zero", VMA_KIND_ZERO, 5, .writable = true, .path = "/dev/zero" },
	{ "seg", VMA_KIND_SYSV, 18, .writable = true, .internal = true,
	  .path = "/SYSV00000000 (deleted)" },
	{ "huge", VMA_KIND_HUGETLB, 19, .writable = true, .huge = 21,
	  .path = "/anon_hugepage (deleted)" },
	{ "vdso", VMA_KIND_SPECIAL, 0, .path = "[vdso]" },
	{ "shm2", VMA_KIND_SHMEM, 20, .writable = true, .path = "/memfd:t (deleted)" },
	{ "ext4", VMA_KIND_REGULAR, 21, .writable = true, .thp = true, .path = "/data" },
	{ "big", VMA_KIND_REGULAR, 22, .writable = true, .pages = 64, .path = "/big" },
	{ "tmpfs", VMA_KIND_SHMEM, 23, .writable = true, .pages = 64, .path = "/dev/shm/big" },
};

static u32 file_named(struct picture *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct file_kind *k = &files[i];
		struct vma_file init = {
			.dev_minor = 1, .inode = k->inode, .kind = k->kind, .size = 8 * P,
			.readable = !k->unreadable, .writable = k->writable, .noexec = k->noexec,
			.no_mmap = k->no_mmap, .internal = k->internal,
			.append_only = k->append_only, .seal_write = k->seal_write,
			.seal_future_write = k->seal_future, .hugetlb_shift = k->huge,
			.fs_thp = k->thp,
		};

		if (strcmp(k->name, name))
			continue;
		if (k->pages)
			init.size = k->pages * P;
		if (k->huge)
			init.size = 64 << 20;
		if (k->kind == VMA_KIND_SPECIAL)
			init.size = 0;
		if (!p->file[i])
			p->file[i] = vma_file_new(p->w, &init, k->path)->id;
		return p->file[i];
	}
	if (!strcmp(name, "bad"))
		return VMA_FILE_BAD;
	fail_msg("%s: no file %s", p->what, name);
	return 0;
}

#define MAY (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define RW (VM_READ | VM_WRITE)
#define AC VM_ACCOUNT
#define ANON_RW (RW | MAY | AC)
#define SH (VM_SHARED | VM_MAYSHARE | MAY)

static const struct letter {
	char letter;
	u64 flags;
	const char *file;
	u8 kind; /* as vma_kind_of() says */
} letters[] = {
	{ 'a', ANON_RW, NULL, VMA_KIND_ANON },
	{ 'r', VM_READ | MAY, NULL, VMA_KIND_ANON },
	{ 'n', MAY, NULL, VMA_KIND_ANON },
	{ 'x', VM_READ | VM_EXEC | MAY, NULL, VMA_KIND_ANON },
	{ 'w', ANON_RW | VM_EXEC, NULL, VMA_KIND_ANON },
	{ 'e', VM_READ | MAY | AC, NULL, VMA_KIND_ANON },
	{ 'q', MAY | AC, NULL, VMA_KIND_ANON },
	{ 'z', VM_READ | VM_EXEC | MAY | AC, NULL, VMA_KIND_ANON },
	{ 't', RW | MAY | VM_NORESERVE, NULL, VMA_KIND_ANON },
	{ 'k', ANON_RW | VM_GROWSDOWN, NULL, VMA_KIND_ANON },
	{ 'l', ANON_RW | VM_LOCKED, NULL, VMA_KIND_ANON },
	{ 'o', ANON_RW | VM_LOCKED | VM_LOCKONFAULT, NULL, VMA_KIND_ANON },
	{ 'p', ANON_RW | VM_PKEY_BIT0, NULL, VMA_KIND_ANON },
	{ 'c', ANON_RW | VM_DONTCOPY, NULL, VMA_KIND_ANON },
	{ 'u', ANON_RW | VM_WIPEONFORK, NULL, VMA_KIND_ANON },
	{ 'h', ANON_RW | VM_HUGEPAGE, NULL, VMA_KIND_ANON },
	{ 'm', ANON_RW | VM_MERGEABLE, NULL, VMA_KIND_ANON },
	{ 'b', ANON_RW | VM_SEALED, NULL, VMA_KIND_ANON },
	{ 'v', ANON_RW | VM_MAYBE_GUARD, NULL, VMA_KIND_ANON },
	{ 'i', RW | MAY | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP, NULL,
	  VMA_KIND_ANON },
	{ 'f', ANON_RW, "f1", VMA_KIND_REGULAR },
	{ 'g', VM_READ | MAY, "f1", VMA_KIND_REGULAR },
	{ 'd', RW | SH, "f1", VMA_KIND_REGULAR },
	{ 'j', VM_READ | SH, "f1", VMA_KIND_REGULAR },
	{ 's', RW | SH, "shm", VMA_KIND_SHMEM },
	{ 'y', VM_READ | SH, "shm", VMA_KIND_SHMEM },
	{ '1', RW | SH, "seg", VMA_KIND_SYSV },
	{ '2', VM_READ | SH, "seg", VMA_KIND_SYSV },
	{ '3', RW | SH | VM_HUGETLB | VM_DONTEXPAND, "huge", VMA_KIND_HUGETLB },
	{ '4', VM_READ | VM_EXEC | MAY | VM_DONTEXPAND, "vdso", VMA_KIND_SPECIAL },
};

static const struct letter *letter_at(const struct picture *p, char c)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].letter == (isupper(c) ? tolower(c) : c))
			return &letters[i];
	fail_msg("%s: no kind '%c'", p->what, c);
	return NULL;
}

static char letter_of(const struct vma_world *w, const struct vma *vma)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].flags == (vma->vm_flags & ~VM_SOFTDIRTY) &&
		    letters[i].kind == vma_kind_of(w, vma))
			return vma->anon_vma ? (char)toupper(letters[i].letter) :
					       letters[i].letter;
	return '?';
}

/* ---------------------------------------------------------------- pictures */

static void add(struct picture *p, char c, u64 page, u64 nr)
{
	const struct letter *l = letter_at(p, c);
	struct vma init = {
		.vm_start = picture_addr(page), .vm_end = picture_addr(page + nr),
		.vm_flags = l->flags, .vm_pgoff = l->file ? page : picture_addr(page) / P,
		.file = l->file ? file_named(p, l->file) : 0,
	};
	struct vma *vma;

	if (!strcmp(l->file ? l->file : "", "seg"))
		init.vm_pgoff = page;
	vma = vma_mm_add(p->mm, &init);
	assert_non_null(vma);
	if (l->flags & VM_LOCKED)
		p->mm->locked_vm += nr;
	if (l->flags & VM_ACCOUNT)
		vma_world_system(p->w)->committed_pages += nr;
	if (isupper(c)) {
		vma_anon_attach(p->w, vma, vma_anon_new_root(p->w)->id);
		vma_pages_set(p->mm, vma->vm_start, vma->vm_end, VMA_PAGE_ANON);
	}
}

void picture_begin(struct picture *p, const struct vma_kernel *k, const char *picture)
{
	u64 page = 0;

	p->w = vma_world_new(k);
	assert_non_null(p->w);
	memset(p->file, 0, sizeof(p->file));
	p->child = 0;
	vma_world_system(p->w)->soft_dirty = false;
	vma_world_system(p->w)->pkeys = true;
	vma_world_system(p->w)->committed_pages = 0;
	p->mm = vma_mm_new(p->w, 1);
	assert_non_null(p->mm);
	p->mm->rlimit[3].cur = 8 << 20; /* RLIMIT_STACK */
	p->mm->caps = VMA_CAP_IPC_LOCK | VMA_CAP_SYS_NICE | VMA_CAP_SYS_ADMIN;
	while (*picture) {
		char c = *picture;
		u64 nr = 1;

		if (c == '@') {
			page = strtoull(picture + 1, (char **)&picture, 10);
			assert_int_equal(*picture++, ':');
			continue;
		}
		if (c == '|') {
			picture++;
			continue;
		}
		while (picture[1] == c) {
			picture++;
			nr++;
		}
		picture++;
		if (*picture == '{') {
			nr = strtoull(picture + 1, (char **)&picture, 10);
			assert_int_equal(*picture++, '}');
		}
		if (c != '.')
			add(p, c, page, nr);
		page += nr;
	}
}

void picture_end(struct picture *p)
{
	vma_world_free(p->w);
}

char *picture_of(const struct vma_mm *mm, char *out, size_t size)
{
	u64 at = PICTURE_BASE;
	char last = '.', *o = out;
	struct vma *vma;

	*o = '\0';
	vma_for_each(mm, vma) {
		char c = letter_of(mm->world, vma);
		u64 nr = vma_pages(vma), hole = (vma->vm_start - at) / P;

		assert_true((size_t)(o - out) + 64 < size);
		if (vma->vm_start < at)
			o += sprintf(o, "<below>");
		else if (hole > 16)
			o += sprintf(o, "@%llu:", (unsigned long long)(vma->vm_start - PICTURE_BASE) / P);
		else
			while (hole--)
				*o++ = '.';
		if (vma->vm_start == at && c == last)
			*o++ = '|';
		if (nr > 16)
			o += sprintf(o, "%c{%llu}", c, (unsigned long long)nr);
		else
			while (nr--)
				*o++ = c;
		*o = '\0';
		last = c;
		at = vma->vm_end;
	}
	return out;
}

struct vma *picture_vma(const struct picture *p, u64 page)
{
	struct vma *vma = vma_lookup(p->mm, picture_addr(page));

	if (!vma)
		fail_msg("%s: nothing at page %llu", p->what, (unsigned long long)page);
	return vma;
}

/* ---------------------------------------------------------------- arguments */

/* "3", "3+1", "3-1", "#4096" (bytes, from nothing). */
static u64 parse_place(const char *word, u64 base)
{
	char *end;
	u64 v;

	if (*word == '#')
		return strtoull(word + 1, NULL, 0);
	v = base + strtoull(word, &end, 10) * P;
	if (*end == '+' || *end == '-')
		v += (u64)strtoll(end, NULL, 0);
	else
		assert_int_equal(*end, '\0');
	return v;
}

static u64 parse_rwx(const char *word)
{
	u64 v = 0;

	for (; *word; word++)
		v |= *word == 'r' ? 1 : *word == 'w' ? 2 : *word == 'x' ? 4 : 0;
	return v;
}

static bool word_is(const char *name, const char *word, size_t len)
{
	size_t n = strlen(name);

	return n >= len && !strncasecmp(name + n - len, word, len) &&
	       (n == len || name[n - len - 1] == '_');
}

static u64 parse_words(const struct picture *p, enum vma_arg kind, const char *word)
{
	const struct vma_word *w = vma_arg_words(kind, NULL);
	u64 v = 0;

	if (!w || isdigit(*word) || *word == '#')
		return strtoull(word + (*word == '#'), NULL, 0);
	for (;; word++) {
		size_t len = strcspn(word, "|"), i = 0;

		while (w[i].name && !word_is(w[i].name, word, len))
			i++;
		if (w[i].name)
			v |= w[i].value;
		else if (*word == '#')
			v |= strtoull(word + 1, NULL, 0);
		else
			fail_msg("%s: no constant '%s'", p->what, word);
		word += len;
		if (!*word)
			return v;
	}
}

static u64 parse_arg(struct picture *p, struct vma_call *call, enum vma_arg kind, const char *word)
{
	switch (kind) {
	case VMA_ARG_ADDR:
		return parse_place(word, PICTURE_BASE);
	case VMA_ARG_LEN:
	case VMA_ARG_OFFSET:
		return parse_place(word, 0);
	case VMA_ARG_LIMIT:
		return isdigit(*word) || *word == '#' ? parse_place(word, 0) : VMA_RLIM_INFINITY;
	case VMA_ARG_PROT:
	case VMA_ARG_ACCESS:
		if (strspn(word, "rwx-") == strlen(word))
			return parse_rwx(word);
		return parse_words(p, kind, word);
	case VMA_ARG_FD:
	case VMA_ARG_SHMID:
		call->file = strcmp(word, "-1") ? file_named(p, word) : 0;
		return 0;
	case VMA_ARG_NAME:
		call->name = strcmp(word, "-") ? word : NULL;
		return 0;
	case VMA_ARG_PKEY:
		return (u64)strtoll(word, NULL, 10);
	default:
		return parse_words(p, kind, word);
	}
}

#define MAX_WORDS 10

static size_t cut_words(char *text, char **word)
{
	size_t nr = 0;
	char *save = NULL;

	for (char *w = strtok_r(text, " ", &save); w && nr < MAX_WORDS; w = strtok_r(NULL, " ", &save))
		word[nr++] = w;
	return nr;
}

/* ---------------------------------------------------------------- questions and scenery */

static u64 number(char **word, size_t nr, size_t i)
{
	return i < nr ? strtoull(word[i], NULL, 0) : 0;
}

static void want(const struct picture *p, bool yes, const char *text, u64 have)
{
	if (!yes)
		fail_msg("%s: '%s' is not so: %lld", p->what, text, (long long)have);
}

static bool has_code(const struct picture *p, u64 page, const char *code)
{
	const struct vma_flag *f = vma_flag_by_code(NULL, code);

	assert_non_null(f);
	return picture_vma(p, page)->vm_flags & 1ULL << f->bit;
}

static u64 counter(const struct picture *p, const char *name)
{
	const struct vma_mm *mm = p->mm;
	const struct {
		const char *name;
		u64 value;
	} c[] = {
		{ "locked", mm->locked_vm }, { "total", mm->total_vm }, { "data", mm->data_vm },
		{ "exec", mm->exec_vm }, { "stack", mm->stack_vm }, { "count", mm->map_count },
		{ "committed", vma_world_system(p->w)->committed_pages },
		{ "pages", p->res.pages }, { "sig", (u64)p->res.sig }, { "ret", (u64)p->res.ret },
		{ "brk", (mm->brk - PICTURE_BASE) / P }, { "def_flags", mm->def_flags },
		{ "pkeys", mm->pkeys }, { "hiwater", mm->hiwater_vm },
		{ "start_brk", (mm->start_brk - PICTURE_BASE) / P }, { "rss", mm->rss_anon },
		{ "file", mm->rss_file }, { "shmem", mm->rss_shmem },
		{ "moved", mm->mm_lock_seq - p->lock_seq },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		if (!strcmp(c[i].name, name))
			return c[i].value;
	fail_msg("%s: no counter '%s'", p->what, name);
	return 0;
}

/* Page by page: # where the last call write-locked the VMA. */
static bool wrote(const struct picture *p, const char *pages)
{
	u64 at = 0;

	if (*pages == '@') {
		at = strtoull(pages + 1, (char **)&pages, 10);
		pages++;
	}
	for (; *pages; pages++, at++) {
		const struct vma *vma = vma_lookup(p->mm, picture_addr(at));
		bool locked = vma && p->mm->mm_lock_seq != p->lock_seq &&
			      vma->vm_lock_seq == p->mm->mm_lock_seq - 1;

		if (locked != (*pages == '#'))
			return false;
	}
	return true;
}

static bool ask(struct picture *p, char **w, size_t nr, const char *text)
{
	const char *q = w[0];
	u64 a = number(w, nr, 1), b = number(w, nr, 2), have;
	const struct vma *vma;

	if (!strcmp(q, "has") || !strcmp(q, "lacks")) {
		want(p, has_code(p, a, w[2]) == (*q == 'h'), text, picture_vma(p, a)->vm_flags);
	} else if (!strcmp(q, "same") || !strcmp(q, "differ")) {
		have = picture_vma(p, a)->anon_vma;
		want(p, (have == picture_vma(p, b)->anon_vma) == (*q == 's'), text, have);
	} else if (!strcmp(q, "pgoff")) { /* a file's, or that of anonymous memory by page */
		vma = picture_vma(p, a);
		have = vma->vm_pgoff - (vma->file ? 0 : PICTURE_BASE / P);
		want(p, have == b, text, have);
	} else if (!strcmp(q, "active")) { /* VMAs whose anon_vma is the one at this page */
		have = vma_anon_at(p->w, picture_vma(p, a)->anon_vma)->num_active_vmas;
		want(p, have == b, text, have);
	} else if (!strcmp(q, "children")) {
		have = vma_anon_at(p->w, picture_vma(p, a)->anon_vma)->num_children;
		want(p, have == b, text, have);
	} else if (!strcmp(q, "links")) {
		have = 0;
		for (u32 id = picture_vma(p, a)->avc; id; id = vma_avc_at(p->w, id)->next)
			have++;
		want(p, have == b, text, have);
	} else if (!strcmp(q, "state")) { /* enum vma_page_state of a page */
		have = vma_pages_state(p->mm, picture_addr(a));
		want(p, have == b, text, have);
	} else if (!strcmp(q, "name")) {
		const char *name = vma_name_text(p->w, picture_vma(p, a)->name);

		want(p, !strcmp(name ? name : "-", w[2]), text, 0);
	} else if (!strcmp(q, "policy")) {
		have = picture_vma(p, a)->policy;
		want(p, (have != 0) == (b != 0), text, have);
	} else if (!strcmp(q, "uffd")) {
		have = picture_vma(p, a)->uffd;
		want(p, have == b, text, have);
	} else if (!strcmp(q, "wrote")) {
		want(p, wrote(p, w[1]), text, 0);
	} else if (!strcmp(q, "is")) {
		have = counter(p, w[1]);
		p->asked_sig |= !strcmp(w[1], "sig");
		want(p, have == b, text, have);
	} else {
		return false;
	}
	return true;
}

static bool set_scene(struct picture *p, char **w, size_t nr)
{
	struct vma_system *sys = vma_world_system(p->w);
	u64 a = number(w, nr, 1);

	if (!strcmp(w[0], "slots")) /* so many mappings more and the limit is reached */
		sys->max_map_count = p->mm->map_count + a;
	else if (!strcmp(w[0], "caps"))
		p->mm->caps = (u32)a;
	else if (!strcmp(w[0], "overcommit"))
		sys->overcommit_memory = (u32)a;
	else if (!strcmp(w[0], "room")) /* strict overcommit: so many pages more */
		sys->overcommit_kbytes = (sys->committed_pages + a) * 4;
	else if (!strcmp(w[0], "reserves"))
		sys->admin_reserve_kbytes = sys->user_reserve_kbytes = a;
	else if (!strcmp(w[0], "ram"))
		sys->totalram_pages = a;
	else if (!strcmp(w[0], "pool")) /* free huge pages of 2 MiB */
		sys->hugetlb_pages = sys->hugetlb_free_pages = a * 512;
	else if (!strcmp(w[0], "around")) /* pages of fault-around */
		sys->fault_around_bytes = a * P;
	else if (!strcmp(w[0], "soft_dirty"))
		sys->soft_dirty = a;
	else if (!strcmp(w[0], "no_pkeys"))
		sys->pkeys = false;
	else if (!strcmp(w[0], "personality"))
		p->mm->personality = (u32)a;
	else if (!strcmp(w[0], "heap")) /* start_brk and brk */
		p->mm->start_brk = p->mm->brk = picture_addr(a);
	else if (!strcmp(w[0], "break"))
		p->mm->brk = picture_addr(a);
	else if (!strcmp(w[0], "base")) /* of mmap */
		p->mm->mmap_base = picture_addr(a);
	else if (!strcmp(w[0], "bottom_up")) {
		p->mm->legacy_layout = true;
		p->mm->mmap_legacy_base = picture_addr(a);
	} else if (!strcmp(w[0], "seal")) { /* a memfd that is mapped already */
		vma_file_at(p->w, file_named(p, w[1]))->seal_future_write = true;
	} else if (!strcmp(w[0], "child")) {
		p->mm = vma_mm_by_id(p->w, p->child);
		p->lock_seq = 0;
	} else if (!strcmp(w[0], "parent"))
		p->mm = vma_mm_by_id(p->w, p->mm->parent_mm);
	else
		return false;
	assert_non_null(p->mm);
	return true;
}

/* ---------------------------------------------------------------- calls */

/* map ADDR LEN PROT [FILE [PAGE]], maps the same shared. */
static bool shorthand(struct picture *p, struct vma_call *call, char **w, size_t nr)
{
	bool shared = !strcmp(w[0], "maps");

	if ((!shared && strcmp(w[0], "map")) || nr < 4)
		return false;
	call->op = VMA_OP_MMAP;
	call->arg[0] = parse_place(w[1], PICTURE_BASE);
	call->arg[1] = parse_place(w[2], 0);
	call->arg[2] = parse_rwx(w[3]);
	call->arg[3] = 0x10 | (shared ? 1 : 2) | (nr < 5 ? 0x20 : 0);
	if (nr > 4)
		call->file = file_named(p, w[4]);
	if (nr > 5)
		call->arg[5] = parse_place(w[5], 0);
	return true;
}

/* process_madvise ADDR LEN ADVICE FLAGS [ADDR LEN]..: the ranges after the first. */
static void more_ranges(struct vma_call *call, struct vma_iovec *iov, char **w, size_t nr)
{
	for (size_t i = 5; i + 1 < nr; i += 2)
		iov[call->nr_iov++] = (struct vma_iovec){ parse_place(w[i], PICTURE_BASE),
							  parse_place(w[i + 1], 0) };
	call->iov = iov;
}

void picture_call(struct picture *p, const char *text)
{
	struct vma_call call = { .op = VMA_OP_NONE };
	struct vma_iovec iov[MAX_WORDS];
	char copy[256], *w[MAX_WORDS];
	struct vma_err err;
	size_t nr;
	bool fails;

	text += strspn(text, " ");
	fails = *text == '!';
	snprintf(copy, sizeof(copy), "%s", text + fails);
	nr = cut_words(copy, w);
	if (!nr || ask(p, w, nr, text) || set_scene(p, w, nr))
		return;
	if (!shorthand(p, &call, w, nr)) {
		call.op = vma_op_by_name(w[0]);
		if (call.op == VMA_OP_NONE)
			fail_msg("%s: no call '%s'", p->what, text);
		if (call.op == VMA_OP_PROCESS_MADVISE) {
			more_ranges(&call, iov, w, nr);
			nr = nr < 5 ? nr : 5;
		}
		for (size_t i = 1; i < nr; i++)
			call.arg[i - 1] = parse_arg(p, &call, vma_op_at(call.op)->arg[i - 1], w[i]);
	}
	if (p->res.err || p->res.sig)
		fail_msg("%s: the call before '%s' failed: errno %d (%s), signal %d", p->what, text,
			 p->res.err, vma_why_at(p->res.why)->id, p->res.sig);
	p->asked_sig = false;
	p->lock_seq = p->mm->mm_lock_seq;
	if (vma_op_run(p->mm, &call, &p->res))
		fail_msg("%s: '%s' was not run", p->what, text);
	if (p->res.mm)
		p->child = p->res.mm;
	if (fails && !p->res.err && !p->res.sig)
		fail_msg("%s: '%s' should have failed", p->what, text);
	if (fails) {
		p->res.err = p->res.sig = 0;
		p->res.why = VMA_WHY_NONE;
	}
	if (vma_validate(p->w, &err))
		fail_msg("%s: after '%s': %s", p->what, text, err.msg);
}

void picture_calls(struct picture *p, const char *calls)
{
	char call[256];

	while (*calls) {
		size_t len = strcspn(calls, ";");
		bool last = !calls[len];

		snprintf(call, sizeof(call), "%.*s", (int)len, calls);
		picture_call(p, call);
		calls += len + !last;
	}
}

/* ---------------------------------------------------------------- rows */

static u32 version(const char *text, size_t len)
{
	u32 v = (u32)strtoul(text, NULL, 10) << 8;
	const char *dot = memchr(text, '.', len);

	return v | (u32)strtoul(dot + 1, NULL, 10);
}

static bool kernel_in(const struct vma_kernel *k, const char *list)
{
	const char *dash;

	if (!list)
		return true;
	dash = strchr(list, '-');
	if (!dash)
		return k->version == version(list, strlen(list));
	return (dash == list || k->version >= version(list, (size_t)(dash - list))) &&
	       (!dash[1] || k->version <= version(dash + 1, strlen(dash + 1)));
}

static void run_row(const struct picture_case *c, const struct vma_kernel *k)
{
	struct picture p = { .what = c->rule };
	char what[512], after[512];

	snprintf(what, sizeof(what), "%s on %s: %s, %s", c->rule, k->release, c->before, c->calls);
	p.what = what;
	picture_begin(&p, k, c->before);
	picture_calls(&p, c->calls);
	if (p.res.sig && p.asked_sig)
		p.res.err = 0; /* the row said so */
	if (p.res.err != c->err || (c->err && p.res.why != c->why))
		fail_msg("%s: errno %d (%s), not %d (%s)", what, p.res.err,
			 vma_why_at(p.res.why)->id, c->err, vma_why_at(c->why)->id);
	if (c->ret && (u64)p.res.ret != picture_addr(c->ret - 1))
		fail_msg("%s: returns 0x%llx, not 0x%llx", what, (unsigned long long)p.res.ret,
			 (unsigned long long)picture_addr(c->ret - 1));
	picture_of(p.mm, after, sizeof(after));
	if (strcmp(after, c->after))
		fail_msg("%s: '%s', not '%s'", what, after, c->after);
	picture_end(&p);
}

/* "6.1.149" names one stable update, whether the others know it or not. */
static bool is_update(const char *list)
{
	const char *dot = list ? strchr(list, '.') : NULL;

	return dot && strchr(dot + 1, '.') && !strchr(list, '-');
}

void picture_run(const struct picture_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const char *release;
		bool any = false;

		if (is_update(cases[i].kernels)) {
			struct vma_kernel k;

			assert_int_equal(vma_kernel_init(&k, cases[i].kernels, NULL), 0);
			run_row(&cases[i], &k);
			continue;
		}
		if (cases[i].kernels && *cases[i].kernels == '=') {
			struct vma_kernel k;

			assert_int_equal(vma_kernel_init(&k, cases[i].kernels + 1, NULL), 0);
			run_row(&cases[i], &k);
			continue;
		}
		for (size_t n = 0; (release = vma_kernel_verified_at(n)); n++) {
			struct vma_kernel k;

			assert_int_equal(vma_kernel_init(&k, release, NULL), 0);
			if (!kernel_in(&k, cases[i].kernels))
				continue;
			run_row(&cases[i], &k);
			any = true;
		}
		if (!any)
			fail_msg("%s: no kernel '%s'", cases[i].rule, cases[i].kernels);
	}
}
