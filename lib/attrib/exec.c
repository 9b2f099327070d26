/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * execve: the address space a program starts with.
 *
 *   program            ELF_ET_DYN_BASE, or where it was linked
 *   ...
 *   [vvar] [vdso]      below the interpreter
 *   interpreter        ends at mmap_base
 *   (gap)              RLIMIT_STACK, at least 128 MiB
 *   [stack]            ends at the top
 *
 * Laid out with randomisation off; by how much each part may move otherwise is said as ranges.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attrib/attrib.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/range.h"
#include "read/facts.h"

#define TASK_SIZE 0x7ffffffff000ULL
#define ET_DYN_BASE (TASK_SIZE / 3 * 2) /* ELF_ET_DYN_BASE: 0x555555554aaa */
#define GAP_MIN (128ULL << 20)
#define GAP_MAX (TASK_SIZE / 6 * 5)
#define STACK_EXTRA (128ULL << 10)
#define GUARD_GAP (256 * VMA_PAGE_SIZE)
#define MMAP_RND (1ULL << (28 + VMA_PAGE_SHIFT)) /* vm.mmap_rnd_bits of x86-64 by default */
#define STACK_RND (0x3fffffULL << VMA_PAGE_SHIFT)
#define VVAR_PAGES 4
#define VCLOCK_PAGES 2
#define VDSO_PAGES 2
#define MAX_SCRIPTS 4
#define COMPAT_LAYOUT 0x200000
#define READ_IMPLIES_EXEC 0x400000

/* An image to be mapped. */
struct image {
	struct vma_elf elf;
	char path[4096]; /* as maps will print it */
	u64 inode;
	u32 dev_major, dev_minor;
	u64 bias;
	u64 brk_end; /* end of its last segment, not rounded */
};

struct layout {
	const struct vma_exec_opts *o;
	struct vma_exec *out;
	struct vma_facts *f;
	struct image program, interp;
	bool has_interp;
	int root;         /* another root directory than ours, -1 */
	u64 next;         /* mmap: the next mapping ends here (top-down) or starts here */
	u64 base;         /* mmap_base, or where bottom-up begins */
	bool legacy;      /* bottom-up */
	u64 stack_limit;
	u32 personality;
	u64 arg_bytes;    /* strings on the stack */
	u64 vvar, vclock, vdso;
};

static void fini(struct layout *l)
{
	vma_elf_fini(&l->program.elf);
	vma_elf_fini(&l->interp.elf);
	vma_facts_free(l->f);
	if (l->root >= 0)
		close(l->root);
}

/* ---------------------------------------------------------------- files */

/* The descriptor is our own: what it leads to is what maps would print. */
static void path_of(int fd, char *out, size_t size)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(self, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
}

static int open_program(const struct layout *l, const char *path, struct vma_err *err)
{
	char shown[512];
	struct stat st;
	int fd = vma_file_open_safely(l->root >= 0 ? l->root : AT_FDCWD, path, l->root >= 0);

	vma_escape_terminal(path, shown, sizeof(shown));
	if (fd < 0)
		return vma_fail(err, -fd, "%s: cannot open: %s", shown, strerror(-fd));
	if (!fstat(fd, &st) && !(st.st_mode & 0111)) {
		close(fd);
		return vma_fail(err, EACCES, "%s: not executable", shown);
	}
	return fd;
}

/* The "#!" line: *path becomes the interpreter. The strings execve pushes are counted. */
static bool follow_script(struct layout *l, int fd, char *path, size_t size, u64 *pushed)
{
	char line[256] = "";
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[strcspn(line, "\n")] = '\0';
	char *word = line + 2 + strspn(line + 2, " \t");
	size_t len = strcspn(word, " \t");
	char *rest = word + len + strspn(word + len, " \t");
	size_t rest_len = strlen(rest);
	while (rest_len && strchr(" \t", rest[rest_len - 1]))
		rest_len--;
	if (!len || len >= size)
		return false;
	/* argv[0] gives way to: interpreter, its argument, the script's path */
	*pushed += len + 1 + (rest_len ? rest_len + 1 : 0) + strlen(path) + 1;
	*pushed -= l->o->argv && l->o->argv[0] ? strlen(l->o->argv[0]) + 1
					       : strlen(l->o->program) + 1;
	memcpy(path, word, len);
	path[len] = '\0';
	return true;
}

static int read_image(const struct layout *l, int fd, const char *path, struct image *im,
		      struct vma_err *err)
{
	struct vma_bytes src = vma_bytes_fd(fd);
	struct vma_err why = { .code = 0 };
	char shown[512];
	struct stat st;

	vma_escape_terminal(path, shown, sizeof(shown));
	if (vma_elf_read(&src, false, VMA_ELF_DYNAMIC, &im->elf, &why))
		return vma_fail(err, ENOEXEC, "%s: %s", shown, why.msg);
	if (!im->elf.is64 || im->elf.machine != EM_X86_64 ||
	    (im->elf.type != ET_EXEC && im->elf.type != ET_DYN) || !im->elf.max_vaddr)
		return vma_fail(err, ENOEXEC, "%s: not a program for x86-64", shown);
	path_of(fd, im->path, sizeof(im->path));
	if (!fstat(fd, &st)) {
		if (st.st_mode & (S_ISUID | S_ISGID))
			snprintf(l->out->doubt, sizeof(l->out->doubt),
				 "a set-user-ID program is randomised whatever the caller wants");
		im->inode = st.st_ino;
		im->dev_major = major(st.st_dev);
		im->dev_minor = minor(st.st_dev);
	}
	return 0;
}

static int load(struct layout *l, const char *path, struct image *im, struct vma_err *err)
{
	AUTO(undo_close) int fd = open_program(l, path, err);

	return fd < 0 ? fd : read_image(l, fd, path, im, err);
}

static int load_program(struct layout *l, struct vma_err *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", l->o->program);
	for (int i = 0; i <= MAX_SCRIPTS; i++) {
		AUTO(undo_close) int fd = open_program(l, path, err);
		if (fd < 0)
			return fd;
		if (i < MAX_SCRIPTS && follow_script(l, fd, path, sizeof(path), &l->arg_bytes))
			continue;
		return read_image(l, fd, path, &l->program, err);
	}
	return vma_fail(err, ELOOP, "%s: scripts that run scripts", l->o->program);
}

/* ---------------------------------------------------------------- the caller */

static u64 text_bytes(const struct vma_exec_opts *o)
{
	u64 n = strlen(o->program) + 1 + o->env_bytes; /* the path stands there once more */

	if (!o->argv)
		return n + strlen(o->program) + 1;
	for (size_t i = 0; o->argv[i]; i++)
		n += strlen(o->argv[i]) + 1;
	return n;
}

static u64 own_stack_limit(void)
{
	struct rlimit lim;

	return getrlimit(RLIMIT_STACK, &lim) || lim.rlim_cur == RLIM_INFINITY ? VMA_RLIM_INFINITY
									      : lim.rlim_cur;
}

/* Pages of the kernel's own mappings: the caller's are as large as ours would be. */
static void kernel_pages(struct layout *l)
{
	const struct vma_facts *like = l->o->like;

	l->vvar = VVAR_PAGES * VMA_PAGE_SIZE;
	l->vclock = l->o->kernel->vvar_vclock ? VCLOCK_PAGES * VMA_PAGE_SIZE : 0;
	l->vdso = VDSO_PAGES * VMA_PAGE_SIZE;
	for (size_t i = 0; like && i < like->nr_maps; i++) {
		const struct vma_fact_map *m = &like->maps[i];
		u64 len = m->end - m->start;
		if (!strcmp(m->path, "[vvar]"))
			l->vvar = len;
		else if (!strcmp(m->path, "[vvar_vclock]") && l->vclock)
			l->vclock = len;
		else if (!strcmp(m->path, "[vdso]"))
			l->vdso = len;
	}
}

static void look_at_caller(struct layout *l)
{
	const struct vma_facts *like = l->o->like;
	struct stat theirs, ours;

	l->stack_limit = like && like->have_limits ? like->rlimit[RLIMIT_STACK].cur
			 : like			   ? 8ULL << 20
						   : own_stack_limit();
	l->personality = like && like->have_personality ? like->personality : 0;
	l->root = -1;
	if (like && like->live && like->source) {
		AUTO(undo_close) int dir = open(like->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
		l->root = dir < 0 ? -1 : openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (l->root >= 0 && !fstat(l->root, &theirs) && !stat("/", &ours) &&
	    theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev) {
		close(l->root); /* the same root: links like /proc/self/exe may be followed */
		l->root = -1;
	}
	kernel_pages(l);
	l->arg_bytes += text_bytes(l->o);
}

/* ---------------------------------------------------------------- mapping */

/* Adds a mapping; one that continues the one below it is joined to it, as the kernel does. */
static int add(struct layout *l, const struct vma_fact_map *m)
{
	struct vma_fact_map *last = l->f->nr_maps ? &l->f->maps[l->f->nr_maps - 1] : NULL;

	if (m->start >= m->end)
		return 0;
	if (last && last->end == m->start && last->flags == m->flags && *m->path != '[' &&
	    !strcmp(last->path, m->path) && last->inode == m->inode &&
	    (!m->inode || last->offset + (last->end - last->start) == m->offset)) {
		last->end = m->end;
		return 0;
	}
	return facts_add_map(l->f, m);
}

static void set_access(const struct layout *l, struct vma_fact_map *m, bool r, bool w, bool x)
{
	if (l->personality & READ_IMPLIES_EXEC && r)
		x = true;
	m->flags |= (r ? VM_READ : 0) | (w ? VM_WRITE | VM_ACCOUNT : 0) | (x ? VM_EXEC : 0) |
		    VM_MAY_FLAGS;
	m->has_flags = true;
	vma_flags_perms(m->flags, m->perms);
}

static int map_segment(struct layout *l, const struct image *im, const struct vma_segment *s)
{
	struct vma_fact_map file = { .path = im->path, .inode = im->inode,
				     .dev_major = im->dev_major, .dev_minor = im->dev_minor };
	struct vma_fact_map bss = { .path = "" };
	u64 at = im->bias + s->vaddr;
	int rc = 0;

	file.start = page_down(at);
	file.end = s->filesz ? page_up(at + s->filesz) : file.start;
	file.offset = page_down(s->offset);
	set_access(l, &file, s->flags & PF_R, s->flags & PF_W, s->flags & PF_X);
	bss.start = file.end;
	bss.end = page_up(at + s->memsz);
	set_access(l, &bss, s->flags & PF_R, s->flags & PF_W, s->flags & PF_X);
	rc = add(l, &file);
	return rc ? rc : add(l, &bss);
}

static int map_image(struct layout *l, struct image *im)
{
	for (u32 i = 0; i < im->elf.nr_segments; i++) {
		const struct vma_segment *s = &im->elf.segments[i];
		if (s->type != PT_LOAD || !s->memsz)
			continue;
		if (map_segment(l, im, s))
			return -ENOMEM;
		im->brk_end = max_u64(im->brk_end, im->bias + s->vaddr + s->memsz);
	}
	return 0;
}

/* A place in the mmap area, next to what was placed before. */
static u64 place(struct layout *l, u64 len)
{
	u64 at;

	if (l->legacy) {
		at = l->next;
		l->next += len;
		return at;
	}
	l->next -= len;
	return l->next;
}

static int map_special(struct layout *l, u64 start, u64 len, const char *name, u64 flags)
{
	struct vma_fact_map m = { .start = start, .end = start + len, .path = name,
				  .flags = flags, .has_flags = true };

	vma_flags_perms(flags, m.perms);
	return add(l, &m);
}

static int map_kernel(struct layout *l)
{
	const u64 data = VM_READ | VM_MAYREAD | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_PFNMAP;
	const u64 code = VM_READ | VM_EXEC | VM_MAY_FLAGS | VM_DONTEXPAND;
	u64 at = place(l, l->vvar + l->vclock + l->vdso);

	if (map_special(l, at, l->vvar, "[vvar]", data) ||
	    map_special(l, at + l->vvar, l->vclock, "[vvar_vclock]", data))
		return -ENOMEM;
	return map_special(l, at + l->vvar + l->vclock, l->vdso, "[vdso]", code);
}

/* Rule K9: the strings, rounded to pages, and 128 KiB more. */
static int map_stack(struct layout *l)
{
	bool exec = l->program.elf.stack_flags > 0 && l->program.elf.stack_flags & PF_X;
	struct vma_fact_map m = { .end = TASK_SIZE, .path = "[stack]", .flags = VM_GROWSDOWN };
	u64 used = page_up(l->arg_bytes + 8);
	u64 limit = l->stack_limit == VMA_RLIM_INFINITY ? ~0ULL : page_down(l->stack_limit);

	m.start = TASK_SIZE - min_u64(limit, used + STACK_EXTRA);
	set_access(l, &m, true, true, exec);
	l->out->executable_stack = m.perms[2] == 'x';
	return add(l, &m);
}

/* ---------------------------------------------------------------- the layout */

static u64 alignment_of(const struct vma_elf *elf)
{
	u64 align = 0;

	for (u32 i = 0; i < elf->nr_segments; i++) {
		u64 a = elf->segments[i].align;
		if (elf->segments[i].type == PT_LOAD && a && !(a & (a - 1)))
			align = max_u64(align, a);
	}
	return max_u64(page_up(align), VMA_PAGE_SIZE);
}

/* What stays free for the stack above mmap_base; @pad: by how much the stack may move. */
static u64 stack_gap(const struct layout *l, u64 pad)
{
	u64 gap = l->stack_limit;

	pad += GUARD_GAP;
	if (gap + pad > gap)
		gap += pad;
	return gap < GAP_MIN ? GAP_MIN : gap > GAP_MAX ? GAP_MAX : gap;
}

static void set_base(struct layout *l)
{
	/* x86 does not ask for the stack limit here, unlike the generic code. */
	l->legacy = l->personality & COMPAT_LAYOUT ||
		    (l->o->like && l->o->like->legacy_va_layout);
	l->base = page_up(l->legacy ? TASK_SIZE / 3 : TASK_SIZE - stack_gap(l, 0));
	l->next = l->base;
}

static void place_program(struct layout *l)
{
	const struct vma_elf *elf = &l->program.elf;
	u64 align = alignment_of(elf), at;

	l->out->pie = elf->type == ET_DYN;
	if (elf->type == ET_EXEC)
		return;
	if (l->has_interp) {
		at = page_down(ET_DYN_BASE & ~(align - 1));
	} else {
		at = place(l, elf->max_vaddr - elf->min_vaddr);
		if (align > VMA_PAGE_SIZE || elf->max_vaddr - elf->min_vaddr >= VMA_PMD_SIZE)
			snprintf(l->out->doubt, sizeof(l->out->doubt),
				 "a static PIE program of 2 MiB or with large alignment may be "
				 "placed lower");
	}
	l->program.bias = at - elf->min_vaddr;
}

static int by_start(const void *a, const void *b)
{
	const struct vma_fact_map *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* In the kernel's order: program, interpreter, vdso, stack; sorted afterwards. */
static int map_all(struct layout *l)
{
	int rc;

	set_base(l);
	place_program(l);
	rc = map_image(l, &l->program);
	if (!rc && l->has_interp) {
		l->interp.bias = place(l, l->interp.elf.max_vaddr - l->interp.elf.min_vaddr) -
				 l->interp.elf.min_vaddr;
		rc = map_image(l, &l->interp);
	}
	if (!rc)
		rc = map_kernel(l);
	if (!rc)
		rc = map_stack(l);
	if (!rc && l->f->nr_maps)
		qsort(l->f->maps, l->f->nr_maps, sizeof(*l->f->maps), by_start);
	return rc;
}

static void set_stat(struct vma_facts *f, enum vma_stat_key key, u64 value)
{
	f->stat[key] = value;
	f->have_stat |= 1u << key;
}

/* Code is what is executable, data what comes last; both as the kernel takes them. */
static void set_ends(struct layout *l)
{
	u64 start_code = ~0ULL, end_code = 0, start_data = 0, end_data = 0;
	const struct vma_elf *elf = &l->program.elf;

	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type != PT_LOAD)
			continue;
		u64 at = l->program.bias + s->vaddr;
		if (s->flags & PF_X) {
			start_code = min_u64(start_code, at);
			end_code = max_u64(end_code, at + s->filesz);
		}
		start_data = max_u64(start_data, at);
		end_data = max_u64(end_data, at + s->filesz);
	}
	set_stat(l->f, VMA_STAT_START_CODE, start_code == ~0ULL ? 0 : start_code);
	set_stat(l->f, VMA_STAT_END_CODE, end_code);
	set_stat(l->f, VMA_STAT_START_DATA, start_data);
	set_stat(l->f, VMA_STAT_END_DATA, end_data);
	bool apart = elf->type == ET_DYN && !l->has_interp && l->o->kernel->static_pie_brk_apart;
	set_stat(l->f, VMA_STAT_START_BRK, page_up(apart ? ET_DYN_BASE : l->program.brk_end));
}

static void add_range(struct vma_exec *x, const char *what, u64 low, u64 high, const char *rule)
{
	x->range[x->nr_ranges++] = (struct vma_exec_range){ what, low, high, rule };
}

static void set_ranges(struct layout *l)
{
	const struct vma_kernel *k = l->o->kernel;
	struct vma_exec *x = l->out;
	u64 brk = l->f->stat[VMA_STAT_START_BRK];
	u64 at = l->program.bias + l->program.elf.min_vaddr;
	u64 window = k->version >= KV(6, 9) ? 1ULL << 30 : 32ULL << 20;
	u64 rnd = MMAP_RND - VMA_PAGE_SIZE;
	u64 base = page_up(TASK_SIZE - stack_gap(l, STACK_RND));
	bool moves = x->pie && l->has_interp; /* the heap moves with the program */

	if (moves)
		add_range(x, "program", at, at + rnd,
			  "ELF_ET_DYN_BASE + 28 random bits of pages");
	if (l->legacy)
		add_range(x, "mmap", l->base, l->base + rnd,
			  "TASK_UNMAPPED_BASE + 28 random bits of pages");
	else
		add_range(x, "mmap", base - rnd, base,
			  "mmap_base: below the stack's range, minus 28 random bits of pages");
	add_range(x, "stack", TASK_SIZE - STACK_RND - VMA_PAGE_SIZE, TASK_SIZE,
		  "the stack's end: the top minus up to 16 GiB");
	add_range(x, "heap", brk, brk + window + VMA_PAGE_SIZE + (moves ? rnd : 0),
		  "behind the program plus up to its window, when randomize_va_space is 2");
}

static int finish(struct layout *l)
{
	struct vma_facts *f = l->f;

	set_ends(l);
	set_ranges(l);
	f->source = facts_str(f, "execve");
	f->exe = facts_str(f, l->program.path);
	f->release = facts_str(f, l->o->kernel->release);
	f->levels = VMA_READ_MAPS | VMA_READ_SMAPS;
	f->have_personality = true;
	f->personality = l->personality | 0x40000; /* ADDR_NO_RANDOMIZE */
	if (l->o->like) {
		f->pid = l->o->like->pid;
		f->have_limits = l->o->like->have_limits;
		memcpy(f->rlimit, l->o->like->rlimit, sizeof(f->rlimit));
	}
	const char *slash = strrchr(l->o->program, '/'), *name = slash ? slash + 1 : l->o->program;
	f->comm = facts_text(f, name, strnlen(name, 15));
	return f->source && f->exe && f->release && f->comm ? 0 : -ENOMEM;
}

int vma_exec_simulate(const struct vma_exec_opts *opts, struct vma_exec *out, struct vma_err *err)
{
	AUTO(fini) struct layout l = { .o = opts, .out = out, .root = -1 };
	int rc;

	memset(out, 0, sizeof(*out));
	l.f = facts_new();
	if (!l.f)
		return vma_fail(err, ENOMEM, "out of memory");
	look_at_caller(&l);
	rc = load_program(&l, err);
	if (rc)
		return rc;
	l.has_interp = l.program.elf.interp != NULL;
	if (l.has_interp) {
		rc = load(&l, l.program.elf.interp, &l.interp, err);
		if (rc)
			return rc;
	}
	if (map_all(&l) || finish(&l))
		return vma_fail(err, ENOMEM, "out of memory");
	snprintf(out->program, sizeof(out->program), "%s", l.program.path);
	snprintf(out->interpreter, sizeof(out->interpreter), "%s", l.interp.path);
	out->bias = l.program.bias;
	out->interpreter_base = l.has_interp ? l.interp.bias + l.interp.elf.min_vaddr : 0;
	out->entry = (l.has_interp ? l.interp.bias + l.interp.elf.entry
				   : l.program.bias + l.program.elf.entry);
	out->facts = TAKE(l.f);
	return 0;
}

void vma_exec_fini(struct vma_exec *x)
{
	vma_facts_free(x->facts);
	x->facts = NULL;
}
