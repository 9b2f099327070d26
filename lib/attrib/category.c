/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a mapping is for: THE table of rules, first match wins, and the rule that matched is kept.
 *
 * Rules look at the record, at its object, at its neighbours, and at a few words of memory that
 * glibc keeps at fixed places: a thread's control block at the top of its stack, a malloc arena's
 * heap_info at a 64 MiB boundary. Memory is only looked at where a page is already there.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "attrib/attrib.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"

#define ARENA_SIZE (64ULL << 20)  /* HEAP_MAX_SIZE of glibc on 64 bit */
#define MAX_GUARD (16ULL << 20)
#define TCB_TID 0x2d0             /* struct pthread.tid, glibc on x86-64 */
#define TCB_SCAN (16 * VMA_PAGE_SIZE)

/* A stack pointer, sorted by value. */
struct sp {
	u64 sp;
	u32 tid;
};

struct ctx {
	struct vma_attrib *a;
	struct sp *sp;
	size_t nr_sp;
};

static void say(struct vma_place *p, enum vma_category cat, enum vma_known known,
		unsigned int confidence, const char *rule)
{
	p->category = cat;
	p->how = (struct vma_provenance){ .known = (u8)known, .confidence = (u8)confidence,
					  .rule = rule };
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Private, without a file and without a name: only these are worth guessing about. */
static bool plain(const struct vma_fact_map *m)
{
	return !*m->path && !map_shared(m);
}

static const struct vma_fact_map *below(const struct ctx *c, size_t i)
{
	const struct vma_fact_map *m = c->a->facts->maps;

	return i && m[i - 1].end == m[i].start ? &m[i - 1] : NULL;
}

static const struct vma_fact_map *above(const struct ctx *c, size_t i)
{
	const struct vma_fact_map *m = c->a->facts->maps;

	return i + 1 < c->a->facts->nr_maps && m[i + 1].start == m[i].end ? &m[i + 1] : NULL;
}

/* ---------------------------------------------------------------- rules */

typedef bool rule_fn(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		     struct vma_place *p);

static bool by_kernel_name(const struct ctx *c, size_t i, const struct vma_fact_map *m,
			   struct vma_place *p)
{
	static const struct {
		const char *name;
		enum vma_category cat;
	} names[] = {
		{ "[heap]", VMA_CAT_HEAP },	{ "[stack]", VMA_CAT_STACK },
		{ "[vdso]", VMA_CAT_VDSO },	{ "[vvar]", VMA_CAT_VVAR },
		{ "[vvar_vclock]", VMA_CAT_VVAR }, { "[vsyscall]", VMA_CAT_VSYSCALL },
		{ "[uprobes]", VMA_CAT_UPROBES },
	};

	(void)i;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		if (strcmp(m->path, names[k].name))
			continue;
		if (c->a->facts->is_core)
			say(p, names[k].cat, VMA_INFERRED, 95, "told by the layout of the core");
		else
			say(p, names[k].cat, VMA_EXACT, 0, "name given by the kernel");
		return true;
	}
	return false;
}

static bool by_hugetlb(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		       struct vma_place *p)
{
	(void)c;
	(void)i;
	if (!(m->has_flags && m->flags & VM_HUGETLB) && !starts(m->path, "/anon_hugepage"))
		return false;
	say(p, VMA_CAT_HUGETLB, VMA_EXACT, 0, "flag ht or name /anon_hugepage");
	return true;
}

static bool by_shared_memory(const struct ctx *c, size_t i, const struct vma_fact_map *m,
			     struct vma_place *p)
{
	(void)c;
	(void)i;
	if (!starts(m->path, "/dev/zero") && !starts(m->path, "/SYSV") &&
	    !starts(m->path, "/dev/shm/") && !starts(m->path, "/memfd:") &&
	    !starts(m->path, "[anon_shmem:") && !(map_shared(m) && !*m->path))
		return false;
	if (p->segment >= 0) /* code in a memfd is code */
		return false;
	say(p, VMA_CAT_SHM, VMA_EXACT, 0, "name of a shared memory object");
	return true;
}

static bool by_device(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		      struct vma_place *p)
{
	(void)c;
	(void)i;
	if (!starts(m->path, "/dev/") && !(m->has_flags && m->flags & (VM_IO | VM_PFNMAP)))
		return false;
	say(p, VMA_CAT_DEVICE, VMA_EXACT, 0, "path below /dev or flag io, pf");
	return true;
}

static bool by_segment(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		       struct vma_place *p)
{
	const char *rule = "address and offset fit a program header";

	(void)i;
	if (p->object < 0 || !c->a->objects[p->object].is_elf)
		return false;
	if (p->segment < 0) {
		say(p, map_is(m, "---") ? VMA_CAT_RESERVE : VMA_CAT_RODATA, VMA_DERIVED, 0,
		    "between the segments of an object");
		return true;
	}
	const struct vma_segment *s = &c->a->objects[p->object].elf.segments[p->segment];
	if (p->bss)
		say(p, VMA_CAT_BSS, VMA_DERIVED, 0, "behind the file part of a writable segment");
	else if (s->flags & PF_X)
		say(p, VMA_CAT_TEXT, VMA_DERIVED, 0, rule);
	else if (p->relro && m->perms[1] != 'w')
		say(p, VMA_CAT_RELRO, VMA_DERIVED, 0, "inside PT_GNU_RELRO and read-only");
	else if (s->flags & PF_W)
		say(p, VMA_CAT_DATA, VMA_DERIVED, 0, rule);
	else
		say(p, VMA_CAT_RODATA, VMA_DERIVED, 0, rule);
	return true;
}

static bool by_file(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		    struct vma_place *p)
{
	(void)i;
	if (*m->path != '/')
		return false;
	const struct vma_object *o = p->object >= 0 ? &c->a->objects[p->object] : NULL;
	if (m->perms[2] == 'x' && (!o || *o->why || !(c->a->what & VMA_ATTRIB_ELF)))
		say(p, VMA_CAT_TEXT, VMA_INFERRED, 90,
		    "executable mapping of a file that was not read");
	else
		say(p, VMA_CAT_FILE, VMA_EXACT, 0, "a file that is no ELF image");
	return true;
}

/* glibc: 64 MiB-aligned, the used part writable, the rest of the 64 MiB without access. */
static bool by_arena(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		     struct vma_place *p)
{
	u64 info[4]; /* struct heap_info: ar_ptr, prev, size, mprotect_size */
	const struct vma_fact_map *rest = above(c, i);
	bool whole = m->end - m->start == ARENA_SIZE;

	if (!plain(m) || !map_is(m, "rw-") || m->start % ARENA_SIZE ||
	    m->end - m->start > ARENA_SIZE)
		return false;
	if (!whole && !(rest && plain(rest) &&
			rest->perms[1] == '-' && rest->perms[2] == '-' &&
			rest->end == m->start + ARENA_SIZE))
		return false;
	if (attrib_peek(c->a, m->start, info, sizeof(info))) {
		if (info[2] > ARENA_SIZE || info[2] > info[3] || page_up(info[3]) > ARENA_SIZE ||
		    info[3] > m->end - m->start || !info[0] || info[0] % 16)
			return false;
		say(p, VMA_CAT_ARENA, VMA_DERIVED, 0,
		    "64 MiB-aligned and starts with a glibc heap_info");
	} else if (!whole) {
		say(p, VMA_CAT_ARENA, VMA_INFERRED, 80,
		    "64 MiB-aligned, the rest of the 64 MiB inaccessible");
	} else {
		return false;
	}
	return true;
}

static bool by_arena_below(const struct ctx *c, size_t i, const struct vma_fact_map *m,
			   struct vma_place *p)
{
	if (!plain(m) || m->perms[1] != '-' || m->perms[2] != '-' || !below(c, i) ||
	    c->a->places[i - 1].category != VMA_CAT_ARENA || m->end % ARENA_SIZE)
		return false;
	say(p, VMA_CAT_ARENA_RESERVE, VMA_DERIVED, 0,
	    "from a glibc arena to the next 64 MiB boundary");
	return true;
}

/* Looks for a thread control block: words 0 and 2 point to the block itself. */
static bool find_tcb(const struct ctx *c, const struct vma_fact_map *m, u64 reach, u32 *tid)
{
	u64 len = min_u64(reach, m->end - m->start);
	char page[VMA_PAGE_SIZE];

	for (u64 at = m->end - VMA_PAGE_SIZE; at >= m->end - len; at -= VMA_PAGE_SIZE) {
		if (!attrib_peek(c->a, at, page, sizeof(page)))
			continue;
		for (size_t k = 0; k + 24 <= sizeof(page); k += 64) {
			u64 word[3];
			memcpy(word, page + k, sizeof(word));
			if (word[0] != at + k || word[2] != at + k)
				continue;
			if (!attrib_peek(c->a, at + k + TCB_TID, tid, sizeof(*tid)))
				*tid = 0;
			return true;
		}
	}
	return false;
}

static const struct sp *sp_in(const struct ctx *c, const struct vma_fact_map *m)
{
	size_t low = 0, high = c->nr_sp;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->sp[mid].sp < m->start)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->nr_sp && c->sp[low].sp < m->end ? &c->sp[low] : NULL;
}

static bool by_thread(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		      struct vma_place *p)
{
	u32 tid = 0;

	(void)i;
	if (!plain(m) || m->perms[1] != 'w')
		return false;
	const struct sp *sp = sp_in(c, m);
	if (sp) {
		say(p, VMA_CAT_THREAD_STACK, VMA_DERIVED, 0, "a thread's stack pointer is in it");
		p->tid = sp->tid;
		return true;
	}
	if (!find_tcb(c, m, TCB_SCAN, &tid))
		return false;
	if (tid && tid == c->a->facts->pid)
		say(p, VMA_CAT_TLS, VMA_DERIVED, 0, "holds the main thread's control block");
	else if (tid)
		say(p, VMA_CAT_THREAD_STACK, VMA_DERIVED, 0,
		    "a thread's control block stands at its top");
	else
		say(p, VMA_CAT_THREAD_STACK, VMA_DERIVED, 0,
		    "the control block of a thread that ended stands at its top");
	p->tid = tid;
	return true;
}

static bool by_growth(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		      struct vma_place *p)
{
	(void)c;
	(void)i;
	if (!plain(m) || !m->has_flags || !(m->flags & VM_GROWSDOWN))
		return false;
	say(p, VMA_CAT_THREAD_STACK, VMA_INFERRED, 90, "grows down (flag gd)");
	return true;
}

static bool by_guard_below(const struct ctx *c, size_t i, const struct vma_fact_map *m,
			   struct vma_place *p)
{
	const struct vma_fact_map *g = below(c, i);
	u64 len = m->end - m->start;

	if (!plain(m) || !map_is(m, "rw-") || !g || !plain(g) || !map_is(g, "---") ||
	    g->end - g->start > (1 << 20) || len < 16 << 10 || len > ARENA_SIZE)
		return false;
	say(p, VMA_CAT_THREAD_STACK, VMA_INFERRED, 60,
	    "a small inaccessible mapping lies below it");
	return true;
}

static bool by_name(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		    struct vma_place *p)
{
	(void)c;
	(void)i;
	if (!starts(m->path, "[anon:"))
		return false;
	say(p, VMA_CAT_NAMED, VMA_EXACT, 0, "named by prctl(PR_SET_VMA)");
	return true;
}

static bool by_no_access(const struct ctx *c, size_t i, const struct vma_fact_map *m,
			 struct vma_place *p)
{
	(void)c;
	(void)i;
	if (*m->path || !map_is(m, "---"))
		return false;
	say(p, VMA_CAT_RESERVE, VMA_EXACT, 0, "anonymous without access");
	return true;
}

static bool by_exec(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		    struct vma_place *p)
{
	(void)c;
	(void)i;
	if (*m->path || m->perms[2] != 'x')
		return false;
	say(p, VMA_CAT_ANON_EXEC, VMA_EXACT, 0, "anonymous and executable");
	return true;
}

static bool by_rest(const struct ctx *c, size_t i, const struct vma_fact_map *m,
		    struct vma_place *p)
{
	(void)c;
	(void)i;
	if (m->perms[0] == '?' && m->perms[1] == '?')
		say(p, VMA_CAT_UNKNOWN, VMA_UNKNOWN, 0, "the core does not hold it");
	else
		say(p, VMA_CAT_ANON, VMA_EXACT, 0, "anonymous");
	return true;
}

/* THE table: a new rule is a function and its row. */
static rule_fn *const rules[] = {
	by_kernel_name, by_hugetlb, by_shared_memory, by_device, by_segment, by_file,
	by_arena, by_arena_below, by_thread, by_growth, by_guard_below, by_name,
	by_no_access, by_exec, by_rest,
};

/* Guards are known by what stands above them, which comes later. */
static void mark_guards(const struct ctx *c)
{
	struct vma_place *p = c->a->places;

	for (size_t i = 0; i + 1 < c->a->facts->nr_maps; i++) {
		const struct vma_fact_map *m = &c->a->facts->maps[i];
		if (p[i].category != VMA_CAT_RESERVE || p[i].object >= 0 || !above(c, i) ||
		    m->end - m->start > MAX_GUARD ||
		    (p[i + 1].category != VMA_CAT_THREAD_STACK &&
		     p[i + 1].category != VMA_CAT_STACK))
			continue;
		u32 tid = p[i + 1].tid;
		say(&p[i], VMA_CAT_GUARD, (enum vma_known)p[i + 1].how.known,
		    p[i + 1].how.confidence, "inaccessible, directly below a stack");
		p[i].tid = tid;
	}
}

/* ---------------------------------------------------------------- stack pointers */

static int by_value(const void *a, const void *b)
{
	const struct sp *x = a, *y = b;

	return x->sp < y->sp ? -1 : x->sp > y->sp;
}

static bool add_sp(struct ctx *c, u64 sp, u32 tid)
{
	if (!(c->nr_sp & (c->nr_sp - 1))) {
		void *p = reallocarray(c->sp, c->nr_sp ? c->nr_sp * 2 : 1, sizeof(*c->sp));
		if (!p)
			return false;
		c->sp = p;
	}
	c->sp[c->nr_sp++] = (struct sp){ sp, tid };
	return true;
}

/* "nr a1..a6 SP PC", or "-1 SP PC" of a thread that is in no call; "running" has none. */
static bool sp_of_line(const char *line, u64 *sp)
{
	unsigned long long v[9];
	int nr, n;

	if (sscanf(line, "%d", &nr) != 1)
		return false;
	if (nr < 0) {
		if (sscanf(line, "%*d %llx", &v[0]) != 1)
			return false;
		*sp = v[0];
		return true;
	}
	n = sscanf(line, "%*d %llx %llx %llx %llx %llx %llx %llx", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6]);
	*sp = v[6];
	return n == 7;
}

static bool sps_of_process(struct ctx *c)
{
	int fd = c->a->dir < 0 ? -1 : openat(c->a->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(undo_closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		char name[300], line[256] = "";
		u64 sp;
		snprintf(name, sizeof(name), "%s/syscall", e->d_name);
		AUTO(undo_close) int file = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC);
		if (*e->d_name == '.' || file < 0 || read(file, line, sizeof(line) - 1) <= 0 ||
		    !sp_of_line(line, &sp))
			continue;
		if (!add_sp(c, sp, (u32)strtoul(e->d_name, NULL, 10)))
			return false;
	}
	return true;
}

static bool sps_of_core(struct ctx *c, const struct vma_core *core)
{
	for (size_t i = 0; i < core->nr_threads; i++)
		if (core->threads[i].has_regs &&
		    !add_sp(c, core->threads[i].regs[19], core->threads[i].tid))
			return false;
	return true;
}

int attrib_categories(struct vma_attrib *a)
{
	struct ctx c = { .a = a };
	bool ok = true;

	if (a->memory && vma_memory_core(a->memory))
		ok = sps_of_core(&c, vma_memory_core(a->memory));
	else if (a->what & VMA_ATTRIB_MEMORY)
		ok = sps_of_process(&c);
	if (c.nr_sp)
		qsort(c.sp, c.nr_sp, sizeof(*c.sp), by_value);
	for (size_t i = 0; ok && i < a->facts->nr_maps; i++)
		for (size_t r = 0; r < ARRAY_SIZE(rules); r++)
			if (rules[r](&c, i, &a->facts->maps[i], &a->places[i]))
				break;
	mark_guards(&c);
	free(c.sp);
	return ok ? 0 : -ENOMEM;
}
