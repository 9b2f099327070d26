// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Five fixed pieces of work whose instructions are counted: tests/bench/callgrind.sh. Each takes no
 * input from the machine, so that the counts differ only when the code does.
 *
 *   work NAME     does it once; the counted part is the function work_NAME()
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvmactl/engine.h"
#include "libvmactl/read.h"
#include "libvmactl/report.h"
#include "libvmactl/script.h"

#define PAGE 4096ULL
#define BASE 0x100000000000ULL
#define STEP (8 * PAGE)
#define VMAS 4000
#define PAIRS 4000

/* Callgrind counts between these by name: they must stay functions. */
#define WORK __attribute__((noinline, noclone)) static void

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "work: %s\n", what);
	exit(1);
}

struct text {
	char *s;
	size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	if (t->cap - t->len < 2048) {
		t->cap = t->cap ? 2 * t->cap : 1 << 16;
		t->s = realloc(t->s, t->cap);
		if (!t->s)
			die("out of memory");
	}
	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->s + t->len, 2048, fmt, ap);
	va_end(ap);
}

static u64 place(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return BASE + (u64)(*seed >> 4) % VMAS * STEP + PAGE;
}

/* ---------------------------------------------------------------- engine */

static struct vma_mm *make_mm(void)
{
	struct vma init = { .vm_flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT };
	struct vma_kernel k;
	struct vma_world *w;
	struct vma_mm *mm;

	if (vma_kernel_init(&k, "6.18", NULL) || !(w = vma_world_new(&k)) ||
	    !(mm = vma_mm_new(w, 1)))
		die("no model");
	vma_world_system(w)->overcommit_memory = 1;
	for (u64 i = 0; i < VMAS; i++) {
		init.vm_start = BASE + i * STEP;
		init.vm_end = init.vm_start + 6 * PAGE;
		init.vm_pgoff = init.vm_start / PAGE;
		if (!vma_mm_add(mm, &init))
			die("no model");
	}
	return mm;
}

static u64 op(struct vma_mm *mm, enum vma_op_id id, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct vma_call c = { .op = id, .arg = { a0, a1, a2, a3, ~0ULL, 0 } };
	struct vma_result r;

	if (vma_op_run(mm, &c, &r) || r.err)
		die("a call was refused");
	return (u64)r.ret;
}

WORK work_engine(struct vma_mm *mm)
{
	u32 seed = 1;

	for (int i = 0; i < PAIRS; i++) {
		u64 at = place(&seed);

		op(mm, VMA_OP_MPROTECT, at, 2 * PAGE, 1, 0);
		op(mm, VMA_OP_MPROTECT, at, 2 * PAGE, 3, 0);
		at = op(mm, VMA_OP_MMAP, 0, 4 * PAGE, 1, 0x22);
		op(mm, VMA_OP_MUNMAP, at, 4 * PAGE, 0, 0);
	}
}

static void engine(void)
{
	work_engine(make_mm());
}

/* Building, finding, walking and copying. */
WORK work_model(void)
{
	struct vma_mm *mm = make_mm();
	const struct vma *v;
	u64 sum = 0;
	u32 seed = 1;

	for (int i = 0; i < 4 * VMAS; i++)
		sum += vma_find(mm, place(&seed))->vm_end;
	vma_for_each(mm, v)
		sum += v->vm_end;
	op(mm, VMA_OP_FORK, 0, 0, 0, 0);
	struct vma_world *copy = vma_world_clone(mm->world);
	if (!sum || !copy)
		die("no copy");
	vma_world_free(copy);
}

/* ---------------------------------------------------------------- replay of text */

WORK work_replay(struct vma_replay *r, const struct text *t)
{
	if (vma_replay_feed(r, t->s, t->len, NULL) || vma_replay_finish(r, NULL))
		die("replay failed");
}

static void replay(void)
{
	struct vma_replay_opts opts = { .strict = false };
	struct vma_replay *r;
	struct text t = { 0 };
	u32 seed = 1;

	put(&t, "1 mmap(%#llx, %llu, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
		" = %#llx\n", BASE, VMAS * STEP, BASE);
	for (int i = 0; i < PAIRS; i++) {
		unsigned long long at = place(&seed);

		put(&t, "1 mprotect(%#llx, 8192, PROT_READ) = 0\n"
			"1 openat(AT_FDCWD, \"/lib/x86_64-linux-gnu/libc.so.6\", O_RDONLY|O_CLOEXEC) = 3\n"
			"1 close(3) = 0\n"
			"1 mprotect(%#llx, 8192, PROT_READ|PROT_WRITE) = 0\n", at, at);
	}
	if (vma_replay_new(&opts, NULL, "6.18", &r, NULL))
		die("no replay");
	work_replay(r, &t);
	if (vma_replay_summary(r)->complaints)
		die("replay complained");
	vma_replay_free(r);
	free(t.s);
}

/* ---------------------------------------------------------------- readers and writers */

struct sink {
	struct vma_out out;
	struct vma_writer *w;
	struct vma_view view;
};

static int write_row(void *ctx, const struct vma_fact_map *map)
{
	struct sink *s = ctx;
	struct vma_row row;

	vma_row_of_map(&row, &s->view, map);
	return vma_writer_row(s->w, &row);
}

static void begin(struct sink *s, enum vma_format format, const char *columns)
{
	struct vma_writer_opts opts = { .format = format, .same = vma_row_same };
	struct vma_pick pick;

	memset(s, 0, sizeof(*s));
	if (vma_out_init(&s->out, -1) || vma_pick(&vma_mapping_columns, columns, NULL, &pick, NULL) ||
	    vma_writer_new(&pick, &opts, &s->out, NULL, &s->w, NULL))
		die("no writer");
}

static void end(struct sink *s)
{
	if (vma_writer_end(s->w) || !s->out.len)
		die("nothing was written");
	vma_writer_free(s->w);
	vma_out_fini(&s->out);
}

static void put_header(struct text *t, u64 i)
{
	unsigned long long at = 0x7f0000000000 + i * 3 * PAGE;

	put(t, "%llx-%llx %s ", at, at + 2 * PAGE, i % 2 ? "rw-p" : "r--p");
	if (i % 3)
		put(t, "00000000 00:00 0 \n");
	else
		put(t, "%08llx fe:01 %llu                     /usr/lib/x86_64-linux-gnu/libexample.so.1\n",
		    (unsigned long long)(i * PAGE), (unsigned long long)(130000 + i));
}

static void put_record(struct text *t, u64 i)
{
	for (int key = 0; key < VMA_SMAPS_THPELIGIBLE; key++) {
		char name[40];

		snprintf(name, sizeof(name), "%s:", vma_smaps_key_name(key));
		put(t, "%-15s %8llu kB\n", name,
		    key < 3 ? 8ULL : key < 12 ? (unsigned long long)(i * 7 + (u64)key) % 3 * 4 : 0ULL);
	}
	put(t, "THPeligible:           0\nVmFlags: rd %smr mw me ac sd \n", i % 2 ? "wr " : "");
}

WORK work_maps(struct sink *s, const struct text *t)
{
	if (vma_maps_parse(t->s, t->len, write_row, s, NULL))
		die("maps text was refused");
}

static void maps(void)
{
	struct text t = { 0 };
	struct sink s;

	for (u64 i = 0; i < VMAS; i++)
		put_header(&t, i);
	begin(&s, VMA_FORMAT_RAW, "START,END,SIZE,PERMS,OFFSET,DEV,INODE,PATH");
	work_maps(&s, &t);
	end(&s);
	free(t.s);
}

WORK work_smaps(struct sink *s, const struct text *t)
{
	if (vma_smaps_parse(t->s, t->len, write_row, s, NULL))
		die("smaps text was refused");
}

static void smaps(void)
{
	struct text t = { 0 };
	struct sink s;

	for (u64 i = 0; i < VMAS; i++) {
		put_header(&t, i);
		put_record(&t, i);
	}
	begin(&s, VMA_FORMAT_JSON_LINES, "START,END,SIZE,PERMS,OFFSET,DEV,INODE,RSS,PSS,ANONYMOUS,"
					 "SWAP,LOCKED,FLAGS,PATH");
	work_smaps(&s, &t);
	end(&s);
	free(t.s);
}

/* ---------------------------------------------------------------- which */

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} works[] = {
		{ "engine", engine }, { "model", work_model }, { "replay", replay },
		{ "maps", maps },     { "smaps", smaps },
	};

	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
		if (argc == 2 && !strcmp(argv[1], works[i].name)) {
			works[i].fn();
			return 0;
		}
	fputs("usage: work engine|model|replay|maps|smaps\n", stderr);
	return 2;
}
