// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/exec.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "libvmactl/elf.h"
#include "script/bind.h"

#define STACK_TOP 0x7ffffffff000ULL  /* without randomisation */
#define STACK_SIZE (33 * VMA_PAGE_SIZE)
#define PIE_BASE 0x555555554000ULL   /* without randomisation */

/* ---------------------------------------------------------------- special mappings */

static bool is_special(const struct vma_world *w, const struct vma *vma)
{
	return vma->file && vma_file_at(w, vma->file)->kind == VMA_KIND_SPECIAL;
}

/* Their names, which outlive the model they are learned from; NULL for one of another kind. */
static const char *special_name(const char *path)
{
	static const char *const names[] = { "[vvar]", "[vvar_vclock]", "[vdso]" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(path, names[i]))
			return names[i];
	return NULL;
}

void exec_learn_specials(struct vma_replay *r, const struct vma_mm *mm)
{
	struct exec_specials *s = &r->specials;
	const struct vma *vma;
	u64 stack = 0, first = 0;
	const char *name;

	vma_for_each(mm, vma) {
		if (vma->vm_flags & VM_GROWSDOWN && vma->vm_start <= mm->start_stack &&
		    vma->vm_end > mm->start_stack)
			stack = vma->vm_start;
		if (!is_special(mm->world, vma) || s->nr == EXEC_SPECIALS)
			continue;
		name = special_name(vma_file_at(mm->world, vma->file)->path);
		if (!name)
			continue; /* [uprobes] comes later */
		if (!s->nr)
			first = vma->vm_start;
		s->vma[s->nr].size = vma->vm_end - vma->vm_start;
		s->vma[s->nr].flags = vma->vm_flags;
		s->vma[s->nr++].path = name;
	}
	s->above_stack = stack && first > stack;
}

static u64 specials_size(const struct exec_specials *s)
{
	u64 size = 0;

	for (u32 i = 0; i < s->nr; i++)
		size += s->vma[i].size;
	return size;
}

static void place_specials(struct vma_replay *r, struct vma_mm *mm, u64 at)
{
	const struct exec_specials *s = &r->specials;

	for (u32 i = 0; i < s->nr; i++) {
		struct vma_file init = { .kind = VMA_KIND_SPECIAL };
		struct vma vma = { .vm_start = at, .vm_end = at + s->vma[i].size,
				   .vm_flags = s->vma[i].flags };
		struct vma_file *f = vma_file_new(r->world, &init, s->vma[i].path);

		if (!f) {
			r->oom = true;
			return;
		}
		vma.file = f->id;
		vma_mm_add(mm, &vma);
		at = vma.vm_end;
	}
}

/* ---------------------------------------------------------------- reading headers */

/*
 * A relative path is relative to a directory that the log does not name. Of the program the log
 * begins with it is most likely the one we run in: strace -o log ./program, vmactl replay log.
 */
static int open_program(const char *path, bool first)
{
	if (path[0] != '/' && !first)
		return -1;
	return vma_file_open_safely(AT_FDCWD, path, false);
}

/* "#!/bin/sh -e": the program that is really run; false when it is no script. */
static bool script_interpreter(int fd, char *path, size_t size)
{
	char line[256] = "";
	size_t len;
	char *p = line + 2;

	if (pread(fd, line, sizeof(line) - 1, 0) < 3 || line[0] != '#' || line[1] != '!')
		return false;
	p += strspn(p, " \t");
	len = strcspn(p, " \t\n");
	if (!len || len >= size)
		return false;
	memcpy(path, p, len);
	path[len] = '\0';
	return true;
}

static void take_segments(struct exec_object *o, const struct vma_elf *elf)
{
	o->start = elf->min_vaddr;
	o->end = elf->max_vaddr;
	o->fixed = elf->type == ET_EXEC;
	o->relro = page_down(elf->relro.vaddr);
	o->relro_len = page_down(elf->relro.vaddr + elf->relro.memsz) - o->relro;
	for (u32 i = 0; i < elf->nr_segments && o->nr < ARRAY_SIZE(o->segment); i++) {
		const struct vma_segment *s = &elf->segments[i];

		if (s->type == PT_LOAD && s->memsz)
			o->segment[o->nr++] = (struct exec_segment){
				s->vaddr, s->offset, s->filesz, s->memsz, s->flags };
	}
}

/* The file under its real name, as maps prints it, with the identity it has on this machine. */
static u32 file_of(struct vma_replay *r, int fd, const char *path)
{
	char proc[64], real[VMA_LABEL_MAX];
	struct stat st;
	ssize_t len;
	u32 inode, desc;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	len = readlink(proc, real, sizeof(real));
	if (len > 0 && len < (ssize_t)sizeof(real))
		inode = inode_of_path(&r->descs, r->world, real, (size_t)len);
	else
		inode = inode_of_path(&r->descs, r->world, path, strlen(path));
	if (!inode)
		return 0;
	if (!fstat(fd, &st) && !inode_at(&r->descs, inode)->nr_files) {
		inode_set_dev(&r->descs, inode, major(st.st_dev), minor(st.st_dev),
			      st.st_ino);
		inode_set_size(&r->descs, r->world, inode, (u64)st.st_size);
	}
	desc = desc_new(&r->descs, inode, O_RDONLY);
	return desc ? desc_file(&r->descs, r->world, desc) : 0;
}

/* Reads an object; its interpreter's path goes to interp ("" none). False: there is nothing. */
static bool read_object(struct vma_replay *r, const char *path, struct exec_object *o, char *interp,
			size_t size)
{
	AUTO(undo_close) int fd = open_program(path, r->n == 1);
	struct vma_bytes src;
	struct vma_elf elf;

	interp[0] = '\0';
	for (int depth = 0; fd >= 0 && depth < 4 && script_interpreter(fd, interp, size); depth++) {
		close(fd);
		fd = open_program(interp, false);
		path = strcpy(r->name, interp);
	}
	if (fd < 0)
		return false;
	src = vma_bytes_fd(fd);
	if (vma_elf_read(&src, false, VMA_ELF_DYNAMIC, &elf, NULL))
		return false;
	take_segments(o, &elf);
	interp[0] = '\0';
	if (elf.interp && strlen(elf.interp) < size)
		strcpy(interp, elf.interp);
	vma_elf_fini(&elf);
	o->file = file_of(r, fd, path);
	return o->nr && o->file;
}

/* ---------------------------------------------------------------- mapping */

static void map(struct vma_replay *r, struct vma_mm *mm, const struct vma_call *call)
{
	struct vma_mm *saved = r->mm;
	struct vma_result res;

	r->mm = mm;
	follow_run_lifted(r, call, &res);
	r->mm = saved;
}

static u64 prot_of(u32 pf)
{
	return (pf & PF_R ? PROT_READ : 0) | (pf & PF_W ? PROT_WRITE : 0) |
	       (pf & PF_X ? PROT_EXEC : 0);
}

static void map_segment(struct vma_replay *r, struct vma_mm *mm, const struct exec_object *o,
			const struct exec_segment *s, u64 base)
{
	u64 start = page_down(base + s->vaddr), file_end = base + s->vaddr + s->filesz;
	u64 zero_end = page_up(base + s->vaddr + s->memsz);
	struct vma_call call = {
		.op = VMA_OP_MMAP, .file = o->file,
		.arg = { start, page_up(file_end) - start, prot_of(s->flags),
			 MAP_PRIVATE | MAP_FIXED, 3, page_down(s->offset) },
	};
	struct vma_call zero = {
		.op = VMA_OP_MMAP,
		.arg = { page_up(file_end), zero_end - page_up(file_end),
			 prot_of(s->flags) | PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, ~0ULL, 0 },
	};
	/* the kernel clears what the last page of the file has too much */
	struct vma_call pad = { .op = VMA_OP_TOUCH, .arg = { file_end, 1, PROT_WRITE } };

	if (s->filesz)
		map(r, mm, &call);
	if (s->memsz > s->filesz && !page_aligned(file_end) && s->flags & PF_W)
		map(r, mm, &pad);
	if (zero.arg[1])
		map(r, mm, &zero);
	if (vma_world_kernel(r->world)->denywrite && s->filesz && vma_lookup(mm, start))
		vma_lookup(mm, start)->vm_flags |= VM_DENYWRITE;
}

static void place(struct vma_replay *r, struct vma_mm *mm, struct exec_object *o, u64 base)
{
	for (u32 i = 0; i < o->nr; i++)
		map_segment(r, mm, o, &o->segment[i], base);
	o->placed = true;
}

/*
 * The stack's address shows nowhere in a log: without randomisation it is known, with it only that
 * there is one. It has been written to: the arguments are there.
 */
static void place_stack(struct vma_replay *r, struct vma_mm *mm)
{
	struct vma vma = {
		.vm_start = STACK_TOP - STACK_SIZE, .vm_end = STACK_TOP,
		.vm_pgoff = (STACK_TOP - STACK_SIZE) >> VMA_PAGE_SHIFT,
		.vm_flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_GROWSDOWN | VM_ACCOUNT,
	};
	struct vma_call touch = {
		.op = VMA_OP_TOUCH, .arg = { STACK_TOP - 2 * VMA_PAGE_SIZE, 2 * VMA_PAGE_SIZE,
					     PROT_WRITE },
	};

	if (!vma_mm_add(mm, &vma))
		return;
	mm->start_stack = STACK_TOP - VMA_PAGE_SIZE;
	map(r, mm, &touch);
}

/* Without randomisation the heap begins where the program ends. */
static void place_heap(struct vma_mm *mm, struct mm_info *info, const struct exec_object *o,
		       u64 base)
{
	if (!(mm->personality & ADDR_NO_RANDOMIZE))
		return;
	mm->start_brk = mm->brk = base + o->end;
	info->heap = true;
}

/* ---------------------------------------------------------------- execve, and what shows */

static void place_program(struct vma_replay *r, struct vma_mm *mm, struct mm_info *info,
			  bool has_interpreter)
{
	struct exec_image *image = info->image;
	u64 base = image->program.fixed ? 0 : PIE_BASE;

	if (!image->program.fixed && !has_interpreter) {
		/* a static PIE lies where an interpreter would */
		image->interpreter = image->program;
		image->program.placed = true;
	} else if (image->program.fixed || mm->personality & ADDR_NO_RANDOMIZE) {
		place(r, mm, &image->program, base);
		place_heap(mm, info, &image->program, base);
	}
}

void exec_begin(struct vma_replay *r, struct task *t, const struct line *l)
{
	struct vma_mm *mm = vma_mm_by_id(r->world, t->mm);
	struct mm_info *info = mm_info(&r->tasks, t->mm);
	struct exec_image *image;
	char path[VMA_LABEL_MAX], interp[VMA_LABEL_MAX];
	u32 arg = l->name_len == 8 ? 1 : 0; /* execveat */

	if (!mm || !info || arg >= l->nr_args || !lex_string(&l->arg[arg], path, sizeof(path)))
		return;
	image = calloc(1, sizeof(*image));
	if (!image) {
		r->oom = true;
		return;
	}
	if (!read_object(r, path, &image->program, interp, sizeof(interp)) ||
	    (*interp && !read_object(r, interp, &image->interpreter, path, sizeof(path)))) {
		free(image);
		return;
	}
	info->image = image;
	place_stack(r, mm);
	place_program(r, mm, info, *interp);
	info->seen_count = mm->map_count;
}

/* The first address that the kernel chose: everything above it is the new image. */
static void anchor_top(struct vma_replay *r, struct vma_mm *mm, struct mm_info *info, u64 above)
{
	struct exec_image *image = info->image;
	struct exec_object *o = &image->interpreter;
	u64 size = r->specials.above_stack ? 0 : specials_size(&r->specials);

	place_specials(r, mm, r->specials.above_stack ? STACK_TOP : above);
	if (o->file)
		place(r, mm, o, above + size - o->start);
	mm->mmap_base = above + size + (o->file ? o->end - o->start : 0);
	image->specials_placed = true;
	info->based = true;
}

void exec_anchor(struct vma_replay *r, struct vma_mm *mm, struct mm_info *info,
		 const struct vma_call *call, const struct line *l)
{
	struct exec_object *o;

	if (!l->has_ret || l->err)
		return;
	o = &info->image->program;
	if (call->op == VMA_OP_MMAP && !info->image->specials_placed && !call->arg[0] &&
	    !(call->arg[3] & (MAP_FIXED | MAP_32BIT)) && call->arg[1] < VMA_PMD_SIZE)
		anchor_top(r, mm, info, (u64)l->ret + page_up(call->arg[1]));
	else if (call->op == VMA_OP_MPROTECT && !o->placed && o->relro_len &&
		 call->arg[1] == o->relro_len && !vma_lookup(mm, call->arg[0]) &&
		 page_aligned(call->arg[0]) && call->arg[0] > o->relro)
		place(r, mm, o, call->arg[0] - o->relro);
	else
		return;
	info->seen_count = mm->map_count;
}
