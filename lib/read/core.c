/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Core files: the segments, the notes and the memory they hold. */
#include "libvmactl/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/range.h"

#define MAX_NOTES (1u << 20)
#define MAX_NOTE_SEGMENTS 16
#define MAX_AUX 256

static void undo_core(struct vma_core **core)
{
	vma_core_close(*core);
}

/* ---------------------------------------------------------------- notes */

/* The layouts of x86-64 (struct elf_prstatus, elf_prpsinfo, siginfo): offsets in bytes. */
enum {
	PRSTATUS_CURSIG = 12,
	PRSTATUS_PID = 32,
	PRSTATUS_REGS = 112,
	PRSTATUS_SIZE = 336,
	PRPSINFO_UID = 16,
	PRPSINFO_PID = 24,
	PRPSINFO_PPID = 28,
	PRPSINFO_FNAME = 40,
	PRPSINFO_ARGS = 56,
	PRPSINFO_SIZE = 136,
	SIGINFO_ADDR = 16,
};

static u32 get_u32(const char *p)
{
	u32 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get_u64(const char *p)
{
	u64 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get_word(const char *p, bool is64)
{
	return is64 ? get_u64(p) : get_u32(p);
}

/* Makes room for one more, doubling; false when out of memory. */
static bool room(void **array, size_t count, size_t size)
{
	if (count & (count - 1) && count)
		return true;
	void *p = reallocarray(*array, count ? count * 2 : 1, size);
	if (!p)
		return false;
	*array = p;
	return true;
}

static int note_prstatus(struct vma_core *core, const char *d, size_t len)
{
	if (!core->elf.is64 || core->elf.machine != EM_X86_64 || len < PRSTATUS_SIZE)
		return -EBADMSG;
	if (!room((void **)&core->threads, core->nr_threads, sizeof(*core->threads)))
		return -ENOMEM;
	struct vma_core_thread *t = &core->threads[core->nr_threads++];
	*t = (struct vma_core_thread){ .tid = get_u32(d + PRSTATUS_PID), .has_regs = true };
	t->signo = (s32)(get_u32(d + PRSTATUS_CURSIG) & 0xffff);
	for (size_t i = 0; i < ARRAY_SIZE(t->regs); i++)
		t->regs[i] = get_u64(d + PRSTATUS_REGS + 8 * i);
	return 0;
}

static int note_prpsinfo(struct vma_core *core, const char *d, size_t len)
{
	if (!core->elf.is64 || len < PRPSINFO_SIZE)
		return -EBADMSG;
	core->has_psinfo = true;
	core->uid = get_u32(d + PRPSINFO_UID);
	core->pid = get_u32(d + PRPSINFO_PID);
	core->ppid = get_u32(d + PRPSINFO_PPID);
	memcpy(core->comm, d + PRPSINFO_FNAME, 16);
	memcpy(core->args, d + PRPSINFO_ARGS, 80);
	for (size_t n = strlen(core->args); n && core->args[n - 1] == ' ';)
		core->args[--n] = '\0';
	return 0;
}

static int note_auxv(struct vma_core *core, const char *d, size_t len)
{
	size_t word = core->elf.is64 ? 8 : 4;
	size_t n = len / (2 * word);

	if (core->aux || n > MAX_AUX)
		return -EBADMSG;
	core->aux = calloc(n + 1, sizeof(*core->aux));
	if (!core->aux)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		u64 type = get_word(d + 2 * i * word, core->elf.is64);
		if (type == AT_NULL)
			break;
		core->aux[core->nr_aux++] = (struct vma_fact_aux){
			type, get_word(d + (2 * i + 1) * word, core->elf.is64) };
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct vma_core_file *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* count, page size, count x (start, end, offset in pages), then as many strings */
static int note_file(struct vma_core *core, const char *d, size_t len)
{
	bool is64 = core->elf.is64;
	size_t word = is64 ? 8 : 4;

	if (core->files || len < 2 * word)
		return -EBADMSG;
	u64 count = get_word(d, is64), page = get_word(d + word, is64);
	if (count > (len - 2 * word) / (3 * word + 1) || !page || page & (page - 1) ||
	    page > 1 << 30)
		return -EBADMSG;
	const char *range = d + 2 * word;
	size_t left = len - 2 * word - count * 3 * word;
	core->strings = malloc(left + 1);
	core->files = calloc(count + 1, sizeof(*core->files));
	if (!core->strings || !core->files)
		return -ENOMEM;
	memcpy(core->strings, range + count * 3 * word, left);
	core->strings[left] = '\0';
	for (size_t i = 0, at = 0; i < count && at < left; i++, range += 3 * word) {
		struct vma_core_file *f = &core->files[core->nr_files];
		*f = (struct vma_core_file){ get_word(range, is64), get_word(range + word, is64),
					     get_word(range + 2 * word, is64) * page,
					     core->strings + at };
		at += strlen(core->strings + at) + 1;
		if (f->start < f->end && page_aligned(f->start) && page_aligned(f->end))
			core->nr_files++;
		else
			core->bad_notes++;
	}
	if (core->nr_files < count)
		core->bad_notes++;
	qsort(core->files, core->nr_files, sizeof(*core->files), by_start);
	return 0;
}

static int note_siginfo(struct vma_core *core, const char *d, size_t len)
{
	if (!core->elf.is64 || len < SIGINFO_ADDR + 8)
		return -EBADMSG;
	if (core->has_siginfo) /* gdb writes one a thread; the first is the one that mattered */
		return 0;
	core->has_siginfo = true;
	core->si_signo = (s32)get_u32(d);
	core->si_code = (s32)get_u32(d + 8);
	core->fault_addr = get_u64(d + SIGINFO_ADDR);
	return 0;
}

/* THE table of notes: what is not here is skipped unread. */
static const struct note_kind {
	u32 type;
	int (*take)(struct vma_core *core, const char *desc, size_t len);
} note_kinds[] = {
	{ NT_PRSTATUS, note_prstatus }, { NT_PRPSINFO, note_prpsinfo }, { NT_AUXV, note_auxv },
	{ NT_FILE, note_file },		{ NT_SIGINFO, note_siginfo },
};

static int take_note(struct vma_core *core, const struct vma_bytes *src, const Elf64_Nhdr *h,
		     u64 name_at, u64 desc_at)
{
	char name[5] = "";

	if (h->n_namesz < 4 || h->n_namesz > 5 || vma_bytes_get(src, name_at, name, 4) ||
	    strcmp(name, "CORE"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(note_kinds); i++) {
		if (note_kinds[i].type != h->n_type)
			continue;
		if (h->n_descsz > VMA_ELF_MAX_NOTE)
			return -EBADMSG;
		AUTO(undo_free) char *desc = malloc(h->n_descsz + 1);
		if (!desc)
			return -ENOMEM;
		if (vma_bytes_get(src, desc_at, desc, h->n_descsz))
			return -EBADMSG;
		return note_kinds[i].take(core, desc, h->n_descsz);
	}
	return 0;
}

static int read_notes(struct vma_core *core, const struct vma_bytes *src,
		      const struct vma_segment *seg, u32 *budget)
{
	u64 at = seg->offset, left = seg->filesz;

	if (at > src->size)
		left = 0;
	else if (left > src->size - at)
		left = src->size - at;
	if (left < seg->filesz)
		core->bad_notes++;
	while (left >= sizeof(Elf64_Nhdr) && *budget) {
		Elf64_Nhdr h;
		if (vma_bytes_get(src, at, &h, sizeof(h)))
			break;
		--*budget;
		u64 desc = round_up_to(sizeof(h) + (u64)h.n_namesz, 4);
		u64 next = round_up_to(desc + h.n_descsz, 4);
		if ((!h.n_namesz && !h.n_descsz) || desc + h.n_descsz > left) {
			core->bad_notes++;
			break;
		}
		int rc = take_note(core, src, &h, at + sizeof(h), at + desc);
		if (rc == -ENOMEM)
			return rc;
		core->bad_notes += rc != 0;
		if (next >= left)
			break;
		at += next;
		left -= next;
	}
	return 0;
}

/* ---------------------------------------------------------------- opening */

static int by_address(const void *a, const void *b)
{
	const struct vma_segment *x = a, *y = b;

	if ((x->type == PT_LOAD) != (y->type == PT_LOAD))
		return x->type == PT_LOAD ? -1 : 1;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

static int read_core(struct vma_core *core, struct vma_err *err)
{
	struct vma_bytes src = vma_bytes_fd(core->fd);
	u32 budget = MAX_NOTES, nr_notes = 0;
	int rc = vma_elf_read(&src, false, 0, &core->elf, err);

	if (rc)
		return rc;
	core->size = src.size;
	if (core->elf.type != ET_CORE)
		return vma_fail(err, ENOEXEC, "an ELF file, but not a core");
	for (u32 i = 0; i < core->elf.nr_segments && nr_notes < MAX_NOTE_SEGMENTS; i++) {
		if (core->elf.segments[i].type != PT_NOTE)
			continue;
		nr_notes++;
		if (read_notes(core, &src, &core->elf.segments[i], &budget))
			return vma_fail(err, ENOMEM, "out of memory");
	}
	/* Only now: which notes come first depends on the order in the file. */
	if (core->elf.nr_segments)
		qsort(core->elf.segments, core->elf.nr_segments, sizeof(*core->elf.segments),
		      by_address);
	while (core->nr_loads < core->elf.nr_segments &&
	       core->elf.segments[core->nr_loads].type == PT_LOAD) {
		const struct vma_segment *s = &core->elf.segments[core->nr_loads++];
		u64 have = s->offset < src.size ? src.size - s->offset : 0;
		if (s->filesz > have && core->truncated <= ~0ULL - (s->filesz - have))
			core->truncated += s->filesz - have;
	}
	if (!core->nr_loads)
		return vma_fail(err, EBADMSG, "a core without memory segments");
	return 0;
}

int vma_core_open(const char *path, struct vma_core **out, struct vma_err *err)
{
	struct vma_err why = { .code = 0 };
	struct stat st;
	char shown[256];
	AUTO(undo_core) struct vma_core *core = calloc(1, sizeof(*core));

	if (!core)
		return vma_fail(err, ENOMEM, "out of memory");
	core->fd = -1;
	vma_escape_terminal(path, shown, sizeof(shown));
	core->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (core->fd < 0)
		return vma_fail(err, errno, "%s: cannot open: %m", shown);
	if (fstat(core->fd, &st) || !S_ISREG(st.st_mode))
		return vma_fail(err, ENOEXEC, "%s: not a regular file", shown);
	core->path = strdup(path);
	if (!core->path)
		return vma_fail(err, ENOMEM, "out of memory");
	int rc = read_core(core, &why);
	if (rc)
		return vma_fail(err, -rc, "%s: %s", shown, why.msg);
	*out = TAKE(core);
	return 0;
}

void vma_core_close(struct vma_core *core)
{
	if (!core)
		return;
	if (core->fd >= 0)
		close(core->fd);
	vma_elf_fini(&core->elf);
	free(core->path);
	free(core->files);
	free(core->threads);
	free(core->aux);
	free(core->strings);
	free(core);
}

bool vma_core_probe(const char *path)
{
	unsigned char head[18];
	struct stat st;
	AUTO(undo_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return false;
	return !memcmp(head, ELFMAG, SELFMAG) &&
	       (head[EI_DATA] == ELFDATA2MSB ? head[17] : head[16]) == ET_CORE;
}

/* ---------------------------------------------------------------- memory */

/* The last PT_LOAD that starts at or below @addr, -1. */
static s64 load_below(const struct vma_core *core, u64 addr)
{
	u32 low = 0, high = core->nr_loads;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		if (core->elf.segments[mid].vaddr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return (s64)low - 1;
}

/* Bytes of a segment that are really in the file. */
static u64 held_of(const struct vma_core *core, const struct vma_segment *s)
{
	return s->offset < core->size ? min_u64(s->filesz, core->size - s->offset) : 0;
}

s64 vma_core_memory(const struct vma_core *core, u64 addr, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len && addr <= ~0ULL - got) {
		s64 i = load_below(core, addr + got);
		if (i < 0)
			break;
		const struct vma_segment *s = &core->elf.segments[i];
		u64 in = addr + got - s->vaddr, held = held_of(core, s);
		if (in >= held)
			break;
		size_t n = (size_t)min_u64(len - got, held - in);
		struct vma_bytes src = vma_bytes_fd(core->fd);
		s64 rc = src.read(src.ctx, s->offset + in, (char *)buf + got, n);
		if (rc <= 0)
			break;
		got += (size_t)rc;
	}
	return (s64)got;
}

u64 vma_core_held(const struct vma_core *core, u64 start, u64 end)
{
	u64 sum = 0;
	s64 i = load_below(core, start);

	for (u32 k = i < 0 ? 0 : (u32)i; k < core->nr_loads; k++) {
		const struct vma_segment *s = &core->elf.segments[k];
		if (s->vaddr >= end)
			break;
		u64 held = held_of(core, s);
		if (held > ~0ULL - s->vaddr)
			continue;
		u64 from = max_u64(s->vaddr, start), to = min_u64(s->vaddr + held, end);
		if (from < to)
			sum += to - from;
	}
	return sum;
}
