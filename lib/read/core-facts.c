/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A core as facts. Its segments are the VMAs (the kernel writes one a VMA, whatever it filtered),
 * NT_FILE names what they map; gdb leaves filtered mappings out, so NT_FILE adds those. A core
 * with section headers was made by gdb: the kernel writes none (one, past 65534 segments).
 *
 * The names in brackets are not recorded. [vdso] and [stack] follow from the auxiliary vector,
 * [vvar] from standing below the vdso, [heap] from the program's own headers; without those they
 * are left out rather than guessed.
 */
#include "libvmactl/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "read/facts.h"

#define GATE_START 0xffffffffff600000ULL
#define BRK_WINDOW (1ULL << 30) /* the heap starts at most so far behind the program (rule B10) */

static bool core_aux(const struct vma_core *core, u64 type, u64 *value)
{
	for (size_t i = 0; i < core->nr_aux; i++) {
		if (core->aux[i].type == type) {
			*value = core->aux[i].value;
			return true;
		}
	}
	return false;
}

/* The NT_FILE line that holds @addr: lines are ascending; NULL. */
static const struct vma_core_file *file_at(const struct vma_core *core, u64 addr)
{
	size_t low = 0, high = core->nr_files;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (core->files[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low && addr < core->files[low - 1].end ? &core->files[low - 1] : NULL;
}

static struct vma_fact_map map_of_segment(const struct vma_core *core, const struct vma_segment *s)
{
	struct vma_fact_map m = { .start = page_down(s->vaddr),
				  .end = page_up(s->vaddr + s->memsz),
				  .path = "" };
	const struct vma_core_file *f = file_at(core, m.start);

	m.perms[0] = s->flags & PF_R ? 'r' : '-';
	m.perms[1] = s->flags & PF_W ? 'w' : '-';
	m.perms[2] = s->flags & PF_X ? 'x' : '-';
	m.perms[3] = '?';
	m.held = vma_core_held(core, m.start, m.end);
	if (f) {
		m.path = f->path;
		m.offset = f->offset + (m.start - f->start);
	}
	/* gdb writes "readable" for everything that is not a file, PROT_NONE too. */
	if (!f && core->elf.has_section_headers && !(s->flags & PF_W))
		m.perms[0] = '?';
	if (m.start == GATE_START) {
		m.gate = true;
		m.perms[3] = 'p';
		m.path = "[vsyscall]";
	}
	return m;
}

static bool sane(const struct vma_segment *s, u64 end_of_last)
{
	return s->memsz && s->memsz <= ~0ULL - VMA_PAGE_SIZE &&
	       s->vaddr <= ~0ULL - VMA_PAGE_SIZE - s->memsz && page_down(s->vaddr) >= end_of_last;
}

static int add_named(struct vma_facts *f, const struct vma_core_file *file)
{
	struct vma_fact_map m = { .start = file->start, .end = file->end, .offset = file->offset,
				  .path = file->path };

	memcpy(m.perms, "????", 5);
	f->core.nr_unsegmented++;
	f->core.nr_filtered++;
	return facts_add_map(f, &m);
}

/* Segments and NT_FILE, both ascending, in one pass. What overlaps what is there already is
 * damage and left out. */
static int add_maps(const struct vma_core *core, struct vma_facts *f)
{
	u64 end = 0;
	size_t next = 0;

	for (u32 i = 0; i <= core->nr_loads; i++) {
		const struct vma_segment *s = i < core->nr_loads ? &core->elf.segments[i] : NULL;
		if (s && !sane(s, end)) {
			f->core.nr_bad++;
			continue;
		}
		u64 start = s ? page_down(s->vaddr) : ~0ULL;
		for (; next < core->nr_files && core->files[next].start < start; next++) {
			const struct vma_core_file *file = &core->files[next];
			if (file->start < end || file->end > start)
				continue;
			if (add_named(f, file))
				return -ENOMEM;
			end = file->end;
		}
		if (!s)
			break;
		struct vma_fact_map m = map_of_segment(core, s);
		f->core.held += m.held;
		f->core.nr_filtered += !m.held;
		if (facts_add_map(f, &m))
			return -ENOMEM;
		end = m.end;
	}
	return 0;
}

static struct vma_fact_map *map_holding(struct vma_facts *f, u64 addr)
{
	size_t low = 0, high = f->nr_maps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (f->maps[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low && addr < f->maps[low - 1].end ? &f->maps[low - 1] : NULL;
}

static void name_kernel_maps(const struct vma_core *core, struct vma_facts *f)
{
	static const char *const below[] = { "[vvar]", "[vvar_vclock]" };
	struct vma_fact_map *m;
	u64 addr;

	if (core_aux(core, AT_RANDOM, &addr) && (m = map_holding(f, addr)) && !*m->path)
		m->path = "[stack]";
	if (!core_aux(core, AT_SYSINFO_EHDR, &addr) || !(m = map_holding(f, addr)) ||
	    m->start != addr || *m->path)
		return;
	m->path = "[vdso]";
	m->perms[0] = 'r';
	size_t n = 0;
	while (n < 2 && m - n > f->maps && m[-1 - (s64)n].end == m[-(s64)n].start &&
	       !*m[-1 - (s64)n].path && !memcmp(m[-1 - (s64)n].perms + 1, "--", 2))
		n++;
	for (size_t i = 0; i < n; i++)
		m[(s64)i - (s64)n].path = below[i];
}

/* End of the program's last segment, from the headers it carries in memory. */
static u64 program_end(const struct vma_core *core)
{
	u64 phdr, phnum = 0, base = 0, end = 0;
	Elf64_Phdr ph[64];
	size_t len;

	if (!core->elf.is64 || !core_aux(core, AT_PHDR, &phdr) ||
	    !core_aux(core, AT_PHNUM, &phnum) || !phnum || phnum > 64)
		return 0;
	len = (size_t)phnum * sizeof(ph[0]);
	if (vma_core_memory(core, phdr, ph, len) != (s64)len)
		return 0;
	for (size_t i = 0; i < phnum; i++)
		if (ph[i].p_type == PT_PHDR)
			base = phdr - ph[i].p_vaddr;
	for (size_t i = 0; i < phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_memsz < ~0ULL - ph[i].p_vaddr)
			end = max_u64(end, base + ph[i].p_vaddr + ph[i].p_memsz);
	return page_up(end);
}

static void name_heap(const struct vma_core *core, struct vma_facts *f)
{
	u64 end = program_end(core);

	for (size_t i = 0; end && i < f->nr_maps; i++) {
		struct vma_fact_map *m = &f->maps[i];
		if (m->start < end)
			continue;
		if (m->start - end > BRK_WINDOW || *m->path || memcmp(m->perms, "rw-", 3))
			return;
		m->path = "[heap]";
		return;
	}
}

static void add_process(const struct vma_core *core, struct vma_facts *f)
{
	const struct vma_fact_map *m;
	u64 entry;

	f->core.nr_threads = (u32)core->nr_threads;
	f->core.truncated = core->truncated;
	f->core.nr_bad += core->bad_notes;
	f->core.has_siginfo = core->has_siginfo;
	f->core.si_signo = core->si_signo;
	f->core.si_code = core->si_code;
	f->core.fault_addr = core->fault_addr;
	f->status[VMA_ST_THREADS] = core->nr_threads;
	if (core->nr_threads)
		f->have_status |= 1u << VMA_ST_THREADS;
	if (core->has_psinfo) {
		f->pid = f->tid = core->pid;
		f->status[VMA_ST_TGID] = core->pid;
		f->status[VMA_ST_PPID] = core->ppid;
		f->status[VMA_ST_UID] = core->uid;
		f->have_status |= 1u << VMA_ST_TGID | 1u << VMA_ST_PPID | 1u << VMA_ST_UID;
		f->comm = facts_str(f, core->comm);
		f->cmdline = facts_str(f, core->args);
	} else if (core->nr_threads) {
		f->pid = f->tid = core->threads[0].tid;
	}
	if (core_aux(core, AT_ENTRY, &entry) && (m = map_holding(f, entry)) && *m->path == '/')
		f->exe = facts_str(f, m->path);
}

static int add_missing(const struct vma_core *core, struct vma_facts *f)
{
	int rc = facts_missing(f, "smaps", ENODATA, "a core holds no flags and no page counts");

	rc |= facts_missing(f, "limits", ENODATA, "a core holds no limits and no settings");
	if (!core->nr_files)
		rc |= facts_missing(f, "NT_FILE", ENODATA, "the core does not name mapped files");
	if (!core->nr_aux)
		rc |= facts_missing(f, "NT_AUXV", ENODATA,
				    "without it stack, heap and vdso are not told apart");
	if (!core->nr_threads)
		rc |= facts_missing(f, "NT_PRSTATUS", ENODATA, "the core names no thread");
	if (f->core.nr_filtered)
		rc |= facts_missing(f, "memory of filtered mappings", ENODATA,
				    "set /proc/PID/coredump_filter before the dump (core(5))");
	if (core->truncated)
		rc |= facts_missing(f, "the end of the core", ENODATA,
				    "the file is truncated: RLIMIT_CORE or a full disk");
	if (f->core.nr_bad)
		rc |= facts_missing(f, "damaged parts of the core", EBADMSG, NULL);
	return rc;
}

int vma_core_facts(const struct vma_core *core, struct vma_facts **out, struct vma_err *err)
{
	AUTO(undo_facts) struct vma_facts *f = facts_new();

	if (!f)
		return vma_fail(err, ENOMEM, "out of memory");
	f->is_core = true;
	f->levels = VMA_READ_MAPS;
	if (add_maps(core, f))
		return vma_fail(err, ENOMEM, "out of memory");
	if (!f->nr_maps)
		return vma_fail(err, EBADMSG, "no memory segment of the core makes sense");
	name_kernel_maps(core, f);
	name_heap(core, f);
	add_process(core, f);
	for (size_t i = 0; i < core->nr_aux; i++)
		if (facts_add_aux(f, core->aux[i].type, core->aux[i].value))
			return vma_fail(err, ENOMEM, "out of memory");
	if (add_missing(core, f) || !(f->source = facts_str(f, core->path)))
		return vma_fail(err, ENOMEM, "out of memory");
	*out = TAKE(f);
	return 0;
}

int vma_core_read(const char *path, struct vma_facts **out, struct vma_err *err)
{
	struct vma_core *core;
	int rc = vma_core_open(path, &core, err);

	if (rc)
		return rc;
	rc = vma_core_facts(core, out, err);
	vma_core_close(core);
	return rc;
}
