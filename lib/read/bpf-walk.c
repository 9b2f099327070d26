// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A BPF program that copies a few fields, put together here. It is a list of loads and stores with
 * a call at the end, and the offsets come from the kernel's own type information: to have it
 * compiled and relocated by libbpf costs 40 ms a start, this 4.
 */
#include "read/bpf-walk.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "read/btf.h"
#include "read/source.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define CODE_MAX 64
/* The kernel hands out 32 KiB at a time, for which it holds mmap_lock. */
#define WINDOW (32 * 1024 / sizeof(struct walk_record) * sizeof(struct walk_record))

/* ---------------------------------------------------------------- what is read */

enum { TYPE_VMA, TYPE_MM, TYPE_CTX, TYPE_META, TYPE_LINK, TYPE_FUNC, NR_TYPES };

static const struct btf_wanted types[NR_TYPES] = {
	[TYPE_VMA] = { "vm_area_struct", BTF_KIND_STRUCT, 0 },
	[TYPE_MM] = { "mm_struct", BTF_KIND_STRUCT, 0 },
	[TYPE_CTX] = { "bpf_iter__task_vma", BTF_KIND_STRUCT, 0 },
	[TYPE_META] = { "bpf_iter_meta", BTF_KIND_STRUCT, 0 },
	[TYPE_LINK] = { "bpf_iter_link_info", BTF_KIND_UNION, 0 },
	[TYPE_FUNC] = { "bpf_iter_task_vma", BTF_KIND_FUNC, 0 },
};

/*
 * THE table of fields: where one is found, under one of two names, and where it goes. Since 6.19
 * the flags are a bitmap as well, and one day perhaps only that. mm_lock_seq came with 6.4.
 */
static const struct field {
	int type;
	const char *name, *other;
	u8 to;
	bool word, optional; /* word: 32 bits */
} fields[] = {
#define TO(member) offsetof(struct walk_record, member)
	{ TYPE_VMA, "vm_start", NULL, TO(start), false, false },
	{ TYPE_VMA, "vm_end", NULL, TO(end), false, false },
	{ TYPE_VMA, "vm_flags", "flags", TO(vm_flags), false, false },
	{ TYPE_VMA, "vm_pgoff", NULL, TO(vm_pgoff), false, false },
	{ TYPE_VMA, "anon_vma", NULL, TO(anon_vma), false, false },
	{ TYPE_VMA, "vm_file", NULL, TO(vm_file), false, false },
	{ TYPE_MM, "map_count", NULL, TO(map_count), true, false },
	{ TYPE_MM, "mm_lock_seq", NULL, TO(mm_seq), true, true },
};

/* ---------------------------------------------------------------- the program */

enum { R_RESULT, R_ARG1, R_ARG2, R_ARG3, R_MM = 5, R_SEQ, R_VMA, R_STACK = 10 };

struct code {
	struct bpf_insn at[CODE_MAX];
	u32 nr;
	bool failed; /* a field is not there */
};

static void emit(struct code *c, u32 op, u32 dst, u32 src, int off, int imm)
{
	CHECK(c->nr < CODE_MAX);
	c->at[c->nr++] = (struct bpf_insn){ .code = (u8)op, .dst_reg = (u8)(dst & 0xf),
					    .src_reg = (u8)(src & 0xf), .off = (int16_t)off,
					    .imm = imm };
}

static void load(struct code *c, u32 size, u32 dst, u32 src, int off)
{
	c->failed |= off < 0 || off > INT16_MAX;
	emit(c, BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static int offset_of(const struct kernel_btf *b, u32 id, const struct field *f)
{
	int off = btf_offset(b, id, f->name);

	return off < 0 && f->other ? btf_offset(b, id, f->other) : off;
}

/* The place of a member of the record, which is built on the stack. */
static int slot(size_t member)
{
	return (int)member - (int)sizeof(struct walk_record);
}

static void copy_fields(struct code *c, const struct kernel_btf *b, const struct btf_wanted *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		u32 size = f->word ? BPF_W : BPF_DW;
		int off = offset_of(b, t[f->type].id, f);

		if (off < 0 && f->optional)
			emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, 0);
		else
			load(c, size, R_RESULT, f->type == TYPE_MM ? R_MM : R_VMA, off);
		emit(c, BPF_STX | BPF_MEM | size, R_STACK, R_RESULT, slot(f->to), 0);
	}
}

static void write_record(struct code *c)
{
	const int size = sizeof(struct walk_record);

	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_ARG1, R_SEQ, 0, 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_ARG2, R_STACK, 0, 0);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, R_ARG2, 0, 0, -size);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_ARG3, 0, 0, size);
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_seq_write);
	/* What does not fit into the kernel's buffer is thrown away there and comes again. */
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/*
 * Called once for each VMA, and once more without one: then it writes a record of zeros, as on
 * some kernels (6.18) the end of the file never comes for walks of more than one buffer.
 */
static void make_program(struct code *c, const struct kernel_btf *b, const struct btf_wanted *t)
{
	load(c, BPF_DW, R_SEQ, R_ARG1, btf_offset(b, t[TYPE_CTX].id, "meta"));
	load(c, BPF_DW, R_VMA, R_ARG1, btf_offset(b, t[TYPE_CTX].id, "vma"));
	load(c, BPF_DW, R_SEQ, R_SEQ, btf_offset(b, t[TYPE_META].id, "seq"));
	u32 jump = c->nr;
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_VMA, 0, 0, 0);
	load(c, BPF_DW, R_MM, R_VMA, btf_offset(b, t[TYPE_VMA].id, "vm_mm"));
	copy_fields(c, b, t);
	write_record(c);
	c->at[jump].off = (int16_t)(c->nr - jump - 1);
	for (size_t at = 0; at < sizeof(struct walk_record); at += 8)
		emit(c, BPF_ST | BPF_MEM | BPF_DW, R_STACK, 0, slot(at), 0);
	write_record(c);
}

/* ---------------------------------------------------------------- the kernel's side */

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

static int load_program(const struct code *c, u32 func)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_TRACING };

	attr.expected_attach_type = BPF_TRACE_ITER;
	attr.attach_btf_id = func;
	attr.insns = (uintptr_t)c->at;
	attr.insn_cnt = c->nr;
	attr.license = (uintptr_t)"GPL"; /* LGPL 2.1, section 3, allows its use under the GPL */
	memcpy(attr.prog_name, "vmactl_walk", sizeof("vmactl_walk"));
	return bpf(BPF_PROG_LOAD, &attr);
}

int bpf_walk_open(struct bpf_walk *w)
{
	struct btf_wanted t[NR_TYPES];
	struct code c = { .nr = 0 };
	struct kernel_btf b;
	int rc;

	w->prog = -1;
	memcpy(t, types, sizeof(t));
	rc = btf_open(&b, KERNEL_BTF, t, NR_TYPES);
	if (rc)
		return rc == -ENOMEM ? rc : -ENOTSUP;
	for (size_t i = 0; i < NR_TYPES; i++)
		c.failed |= !t[i].id;
	/* Before 6.1 the iterator walks all tasks. */
	c.failed |= btf_offset(&b, t[TYPE_LINK].id, "task") < 0;
	make_program(&c, &b, t);
	btf_close(&b);
	rc = c.failed ? -ENOTSUP : load_program(&c, t[TYPE_FUNC].id);
	if (rc < 0)
		return rc;
	w->prog = rc;
	return 0;
}

void bpf_walk_close(struct bpf_walk *w)
{
	if (w->prog >= 0)
		close(w->prog);
	w->prog = -1;
}

/* The descriptor of an iterator over one task. */
static int iterate(const struct bpf_walk *w, u32 tid)
{
	union bpf_iter_link_info info = { .task = { .tid = tid } };
	union bpf_attr attr = { .link_create = { .prog_fd = (u32)w->prog } };

	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = (uintptr_t)&info;
	attr.link_create.iter_info_len = sizeof(info);
	AUTO(undo_close) int link = bpf(BPF_LINK_CREATE, &attr);
	if (link < 0)
		return link;
	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (u32)link;
	return bpf(BPF_ITER_CREATE, &attr);
}

/* ---------------------------------------------------------------- the stream */

struct stream {
	vma_bpf_fn *fn;
	void *ctx;
	struct vma_fact_bpf vma;
	u64 nr;
	u32 map_count, mm_seq; /* of the first record */
	bool ended, changed;
};

/*
 * Between two buffers the kernel lets go of mmap_lock and looks for its place again: what it sends
 * may overlap what it sent, and then something was changed.
 */
static int give(struct stream *s, const struct walk_record *r)
{
	u64 last = s->vma.end;

	s->ended = !r->end;
	if (s->ended)
		return 0;
	if (!s->nr) {
		s->map_count = r->map_count;
		s->mm_seq = r->mm_seq;
	}
	s->changed |= r->map_count != s->map_count || r->mm_seq != s->mm_seq;
	if (r->start < last) {
		s->changed |= r->end > last;
		return 0;
	}
	s->nr++;
	s->vma.start = r->start;
	s->vma.end = r->end;
	s->vma.vm_flags = r->vm_flags;
	s->vma.vm_pgoff = r->vm_pgoff;
	s->vma.anon_vma = r->anon_vma;
	s->vma.vm_file = r->vm_file;
	return s->fn(s->ctx, &s->vma);
}

static int read_all(int fd, struct stream *s)
{
	struct walk_record record[WINDOW / sizeof(struct walk_record)];
	int rc = 0;

	while (!s->ended && !rc) {
		ssize_t n = read(fd, record, sizeof(record));

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) /* EAGAIN: a million skipped */
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if ((size_t)n % sizeof(*record))
			return -EBADMSG;
		for (size_t i = 0; i < (size_t)n / sizeof(*record) && !s->ended && !rc; i++)
			rc = give(s, &record[i]);
	}
	return rc;
}

int bpf_walk_each(const struct bpf_walk *w, u32 tid, vma_bpf_fn *fn, void *ctx, bool *changed)
{
	struct stream s = { .fn = fn, .ctx = ctx };
	AUTO(undo_close) int fd = iterate(w, tid);

	s.vma.ops = s.vma.fault = "";
	if (fd < 0)
		return fd;
	int rc = read_all(fd, &s);
	*changed = s.changed || (!rc && s.nr && s.map_count != s.nr);
	return rc;
}
