/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a core dump would take: the kernel's vma_dump_size() and elf_core_dump(), asked of the
 * model. The bits of coredump_filter are those of core(5).
 */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "attrib/attrib.h"
#include "base/cleanup.h"
#include "base/range.h"

enum {
	ANON_PRIVATE = 1 << 0,
	ANON_SHARED = 1 << 1,
	MAPPED_PRIVATE = 1 << 2,
	MAPPED_SHARED = 1 << 3,
	ELF_HEADERS = 1 << 4,
	HUGETLB_PRIVATE = 1 << 5,
	HUGETLB_SHARED = 1 << 6,
};
#define DEFAULT_FILTER (ANON_PRIVATE | ANON_SHARED | ELF_HEADERS | HUGETLB_PRIVATE)

struct dump {
	const struct vma_attrib *a;
	const struct vma_mm *mm;
	struct vma_core_preview *out;
	u64 names; /* bytes of NT_FILE's names */
	u64 nr_files;
};

/* ---------------------------------------------------------------- one mapping */

static void take(struct vma_core_part *p, bool yes, const char *because, const char *why_not)
{
	p->bytes = yes ? p->end - p->start : 0;
	p->rule = yes ? because : why_not;
}

/* The first page of a readable file that is a program, or looks like one. */
static bool dumps_header(const struct dump *d, const struct vma *vma)
{
	s64 i = vma_attrib_map_at(d->a, vma->vm_start);
	const struct vma_object *o = i < 0 || d->a->places[i].object < 0
					     ? NULL
					     : &d->a->objects[d->a->places[i].object];
	struct stat st;

	if (!(d->out->filter & ELF_HEADERS) || vma->vm_pgoff || !(vma->vm_flags & VM_READ))
		return false;
	if (o && o->is_elf)
		return true;
	AUTO(undo_close) int fd = o ? vma_object_open(d->a, o) : -1;
	return fd >= 0 && !fstat(fd, &st) && st.st_mode & 0111;
}

static bool is_special(const struct dump *d, const struct vma *vma)
{
	const struct vma_ops *ops = vma_ops_of(d->mm->world, vma);

	return ops && ops->has_name;
}

static void shared_part(const struct dump *d, const struct vma *vma, struct vma_core_part *p)
{
	const struct vma_file *file = vma_file_at(d->mm->world, vma->file);
	bool nameless = !file || file->internal || strstr(file->path, "(deleted)");

	if (nameless)
		take(p, d->out->filter & ANON_SHARED, "shared anonymous memory (filter bit 1)",
		     "filter bit 1 is clear: no shared anonymous memory");
	else
		take(p, d->out->filter & MAPPED_SHARED, "shared file mapping (filter bit 3)",
		     "filter bit 3 is clear: no shared file mappings");
}

static void private_part(const struct dump *d, const struct vma *vma, struct vma_core_part *p)
{
	if (vma->anon_vma && d->out->filter & ANON_PRIVATE) {
		take(p, true, "private memory that was written to (filter bit 0)", NULL);
	} else if (!vma_has_vm_file(d->mm->world, vma)) {
		take(p, false, NULL, vma->anon_vma ? "filter bit 0 is clear: no private memory"
						   : "never written to");
	} else if (d->out->filter & MAPPED_PRIVATE) {
		take(p, true, "private file mapping (filter bit 2)", NULL);
	} else if (dumps_header(d, vma)) {
		p->bytes = VMA_PAGE_SIZE;
		p->rule = "first page of a program or library (filter bit 4)";
	} else {
		take(p, false, NULL,
		     "private file mapping never written to (filter bit 2 is clear)");
	}
	if (vma_has_vm_file(d->mm->world, vma))
		p->how = (struct vma_provenance){ VMA_INFERRED, 90, "whether it has an anon_vma" };
}

static void judge(const struct dump *d, const struct vma *vma, struct vma_core_part *p)
{
	bool shared = vma->vm_flags & VM_SHARED;

	p->start = vma->vm_start;
	p->end = vma->vm_end;
	p->how = (struct vma_provenance){ VMA_DERIVED, 0, "flags and filter" };
	if (is_special(d, vma))
		take(p, true, "the kernel's own mappings are always dumped", NULL);
	else if (vma->vm_flags & VM_DONTDUMP)
		take(p, false, NULL, "VM_DONTDUMP (madvise)");
	else if (vma->vm_flags & VM_HUGETLB)
		take(p, d->out->filter & (shared ? HUGETLB_SHARED : HUGETLB_PRIVATE),
		     "huge pages (filter bit 5 or 6)", "filter bit 5 or 6 is clear: no huge pages");
	else if (vma->vm_flags & VM_IO)
		take(p, false, NULL, "device memory (VM_IO)");
	else if (shared)
		shared_part(d, vma, p);
	else
		private_part(d, vma, p);
}

/* ---------------------------------------------------------------- the file */

/* A note: header, "CORE" or "LINUX" padded to 8, contents padded to 4. */
static u64 note(u64 bytes)
{
	return 12 + 8 + round_up_to(bytes, 4);
}

/* What the kernel enabled (XCR0) of the processor's extended state; 0 when it has none. */
__attribute__((target("xsave"))) static u64 xfeatures(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE ? _xgetbv(0) : 0;
}

/* Size of the register state with all that is enabled. What the processor could do besides (ECX)
 * is not dumped. */
static u64 xstate_bytes(void)
{
	unsigned int a, b, c, d;

	return xfeatures() && __get_cpuid_count(0xd, 0, &a, &b, &c, &d) ? b : 0;
}

/* NT_X86_XSAVE_LAYOUT: 16 bytes for each feature beyond x87 and SSE. */
static u64 xsave_layout_bytes(void)
{
	return (u64)__builtin_popcountll(xfeatures() >> 2) * 16;
}

static u64 notes_bytes(const struct dump *d)
{
	const struct vma_facts *f = d->a->facts;
	u64 threads = f->have_status & 1u << VMA_ST_THREADS && f->status[VMA_ST_THREADS]
			      ? f->status[VMA_ST_THREADS]
			      : 1;
	u64 per_thread = note(336) + note(512) + (xstate_bytes() ? note(xstate_bytes()) : 0);
	u64 layout = vma_world_kernel(d->mm->world)->core_xsave_layout ? note(xsave_layout_bytes())
									: 0;

	return threads * per_thread + note(136) + note(128) + note((f->nr_aux + 1) * 16) +
	       note(16 + d->nr_files * 24 + d->names) + layout;
}

static void add_up(struct dump *d)
{
	struct vma_core_preview *p = d->out;
	u64 segments = p->nr + 1 + 1; /* the notes, and the gate page */

	p->header_bytes = 64 + segments * 56 + (segments > 65534 ? 64 : 0) + notes_bytes(d);
	for (size_t i = 0; i < p->nr; i++)
		p->memory_bytes += p->part[i].bytes;
	p->memory_bytes += VMA_PAGE_SIZE; /* [vsyscall], which is no VMA but dumped */
	p->size = page_up(p->header_bytes) + p->memory_bytes;
}

static void read_filter(const struct vma_attrib *a, struct vma_core_preview *p)
{
	AUTO(undo_close) int fd = a->dir < 0 ? -1
					     : openat(a->dir, "coredump_filter",
						      O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	p->filter = DEFAULT_FILTER;
	p->filter_known = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0;
	if (p->filter_known)
		p->filter = (u32)strtoul(text, NULL, 16);
}

int vma_core_preview(const struct vma_attrib *a, const struct vma_mm *mm,
		     struct vma_core_preview *out, struct vma_err *err)
{
	struct dump d = { .a = a, .mm = mm, .out = out };
	const struct vma *vma;

	memset(out, 0, sizeof(*out));
	out->limit_known = a->facts->have_limits;
	out->limit = out->limit_known ? a->facts->rlimit[RLIMIT_CORE].cur : VMA_RLIM_INFINITY;
	read_filter(a, out);
	out->part = calloc(mm->map_count + 1, sizeof(*out->part));
	if (!out->part)
		return vma_fail(err, ENOMEM, "out of memory");
	vma_for_each(mm, vma) {
		const struct vma_file *file = vma_file_at(mm->world, vma->file);
		judge(&d, vma, &out->part[out->nr++]);
		if (vma_has_vm_file(mm->world, vma) && file) {
			d.nr_files++;
			d.names += strlen(file->path) + 1;
		}
	}
	add_up(&d);
	return 0;
}

void vma_core_preview_fini(struct vma_core_preview *p)
{
	free(p->part);
	memset(p, 0, sizeof(*p));
}
