/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit: THE table of rules. A new rule is a check and a row at the end of this file; --help,
 * SARIF and suppressions read the row.
 *
 * A check looks at facts and attribution only. It finds nothing where the facts are missing: what
 * could not be read is said elsewhere, a finding is never a guess.
 */
#include "attrib/audit.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/escape.h"
#include "base/range.h"

#define PERSONALITY_READ_IMPLIES_EXEC 0x400000
#define NEAR_PERCENT 90

static const struct vma_fact_map *maps_of(const struct audit *x)
{
	return x->a->facts->maps;
}

static enum vma_category category_of(const struct audit *x, size_t i)
{
	return x->a->places[i].category;
}

static bool is_vma(const struct vma_fact_map *m)
{
	return !m->gate;
}

/* ---------------------------------------------------------------- access */

static void check_wx(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	if (is_vma(m) && m->perms[1] == 'w' && m->perms[2] == 'x')
		audit_map(x, i, "%s %s, writable and executable", m->perms,
			  vma_category_name(category_of(x, i)));
}

static void check_anon_exec(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	bool inside = x->a->places[i].segment >= 0;

	if (is_vma(m) && m->perms[2] == 'x' && m->perms[1] != 'w' && *m->path != '/' &&
	    *m->path != '[')
		audit_map(x, i, inside ? "anonymous memory in the place of an object's file pages"
				       : "executable memory without a file");
}

static void check_exec_stack(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	enum vma_category c = category_of(x, i);

	if (m->perms[2] == 'x' && (c == VMA_CAT_STACK || c == VMA_CAT_THREAD_STACK))
		audit_map(x, i, "%s of a stack", m->perms);
}

static void check_exec_heap(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	enum vma_category c = category_of(x, i);

	if (m->perms[2] == 'x' && (c == VMA_CAT_HEAP || c == VMA_CAT_ARENA))
		audit_map(x, i, "%s of a heap", m->perms);
}

static void check_alias(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	if (m->perms[2] != 'x' || !m->inode)
		return;
	for (size_t k = 0; k < x->a->facts->nr_maps; k++) {
		const struct vma_fact_map *o = &maps_of(x)[k];
		if (o->inode != m->inode || o->dev_major != m->dev_major ||
		    o->dev_minor != m->dev_minor || o->perms[1] != 'w' || o->perms[3] != 's' ||
		    o->offset >= m->offset + (m->end - m->start) ||
		    m->offset >= o->offset + (o->end - o->start) || k == i)
			continue;
		audit_map(x, i, "the same bytes are writable at 0x%llx",
			  (unsigned long long)(o->start + (m->offset > o->offset
								   ? m->offset - o->offset
								   : 0)));
		return;
	}
}

static void check_guard(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	const struct vma_fact_map *below = i ? &m[-1] : NULL;

	if (category_of(x, i) != VMA_CAT_THREAD_STACK || !x->a->places[i].tid || !below ||
	    below->end != m->start || below->perms[0] == '?')
		return;
	if (below->perms[0] == '-' && below->perms[1] == '-' && below->perms[2] == '-')
		return;
	if (m->has_flags && m->flags & (VM_MAYBE_GUARD | VM_GROWSDOWN))
		return;
	audit_map(x, i, "stack of thread %u lies directly above a %s mapping", x->a->places[i].tid,
		  below->perms);
}

/* ---------------------------------------------------------------- secrets */

static void check_core_leak(struct audit *x, size_t i, const struct vma_fact_map *m)
{
	enum vma_category c = category_of(x, i);
	u64 secret = VM_LOCKED | VM_WIPEONFORK;

	if (!m->has_flags || !(m->flags & secret) || m->flags & (VM_DONTDUMP | VM_DROPPABLE) ||
	    x->all_locked || (c != VMA_CAT_ANON && c != VMA_CAT_NAMED && c != VMA_CAT_SHM))
		return;
	audit_map(x, i, "%s, but not left out of core dumps",
		  m->flags & VM_LOCKED ? "locked in memory" : "wiped on fork");
}

/* ---------------------------------------------------------------- objects */

static s64 map_at_bias(const struct audit *x, const struct vma_object *o, u64 vaddr)
{
	return vma_attrib_map_at(x->a, o->bias + vaddr);
}

static void check_relro(struct audit *x, const struct vma_object *o)
{
	bool writable = false;

	for (u32 i = 0; i < o->elf.nr_segments; i++)
		writable |= o->elf.segments[i].type == PT_LOAD && o->elf.segments[i].flags & PF_W;
	if (writable && !o->elf.relro.memsz && *o->path == '/')
		audit_map(x, o->first, "no PT_GNU_RELRO in an object with writable data");
}

static void check_relro_undone(struct audit *x, const struct vma_object *o)
{
	u64 from = page_down(o->elf.relro.vaddr);
	u64 to = page_down(o->elf.relro.vaddr + o->elf.relro.memsz);

	if (!o->elf.relro.memsz || from >= to || *o->path != '/')
		return;
	s64 i = map_at_bias(x, o, from);
	/* ld.so relocates itself last and a program that still starts is not judged. */
	if (i >= 0 && maps_of(x)[i].perms[1] == 'w')
		audit_map(x, (size_t)i, "PT_GNU_RELRO at 0x%llx is writable",
			  (unsigned long long)(o->bias + from));
}

static void check_stack_flag(struct audit *x, const struct vma_object *o)
{
	if (*o->path == '/' && o->elf.stack_flags >= 0 && o->elf.stack_flags & PF_X)
		audit_map(x, o->first, "PT_GNU_STACK asks for an executable stack");
}

static void check_textrel(struct audit *x, const struct vma_object *o)
{
	if (o->elf.textrel)
		audit_map(x, o->first, "DT_TEXTREL: its code is relocated, so it was written to");
}

static void check_deleted(struct audit *x, const struct vma_object *o)
{
	if (o->deleted && !strncmp(o->path, "/memfd:", 7))
		return; /* never had a name: check_memfd */
	if (o->deleted)
		audit_map(x, o->first, "the file is gone from its path");
	else if (o->replaced)
		audit_map(x, o->first, "another file stands at its path now");
}

static void check_memfd(struct audit *x, const struct vma_object *o)
{
	if (!strncmp(o->path, "/memfd:", 7))
		audit_map(x, o->first, "an ELF image in a memfd");
}

/* ---------------------------------------------------------------- the process */

static void near(struct audit *x, const char *what, u64 value, u64 limit, const char *unit)
{
	if (limit && limit != VMA_RLIM_INFINITY && value >= limit / 100 * NEAR_PERCENT)
		audit_process(x, "%s: %llu of %llu %s (%llu%%)", what, (unsigned long long)value,
			      (unsigned long long)limit, unit,
			      (unsigned long long)(value / (limit / 100 + !(limit / 100))));
}

static void near_rlimit(struct audit *x, const char *what, enum vma_status_key key, int limit)
{
	const struct vma_facts *f = x->a->facts;

	if (f->have_limits && f->have_status & 1u << key && f->status[key] &&
	    f->rlimit[limit].cur != VMA_RLIM_INFINITY)
		near(x, what, f->status[key], f->rlimit[limit].cur >> 10, "KiB");
}

static void check_limits(struct audit *x)
{
	const struct vma_facts *f = x->a->facts;
	u64 nr = 0;

	for (size_t i = 0; i < f->nr_maps; i++)
		nr += is_vma(&f->maps[i]);
	if (f->have_sysctl & VMA_SYS_MAX_MAP_COUNT)
		near(x, "vm.max_map_count", nr, f->system.max_map_count, "mappings");
	near_rlimit(x, "RLIMIT_AS", VMA_ST_VMSIZE, RLIMIT_AS);
	near_rlimit(x, "RLIMIT_DATA", VMA_ST_VMDATA, RLIMIT_DATA);
	near_rlimit(x, "RLIMIT_STACK", VMA_ST_VMSTK, RLIMIT_STACK);
	near_rlimit(x, "RLIMIT_MEMLOCK", VMA_ST_VMLCK, RLIMIT_MEMLOCK);
}

static void check_personality(struct audit *x)
{
	if (x->a->facts->have_personality &&
	    x->a->facts->personality & PERSONALITY_READ_IMPLIES_EXEC)
		audit_process(x, "personality 0x%x: every readable mapping becomes executable",
			      x->a->facts->personality);
}

/* ---------------------------------------------------------------- the table */

#define ERROR VMA_SEVERITY_ERROR
#define WARNING VMA_SEVERITY_WARNING
#define NOTE VMA_SEVERITY_NOTE

static const struct {
	struct vma_audit_rule rule;
	void (*map)(struct audit *x, size_t i, const struct vma_fact_map *m);
	void (*object)(struct audit *x, const struct vma_object *o);
	void (*process)(struct audit *x);
} rules[] = {
	{ { "wx-mapping", ERROR, "memory that is writable and executable",
	    "map it writable, then mprotect it executable; or map the object twice" },
	  .map = check_wx },
	{ { "exec-stack", ERROR, "an executable stack",
	    "link with -z noexecstack; find the object file without .note.GNU-stack" },
	  .map = check_exec_stack },
	{ { "exec-heap", ERROR, "an executable heap", "do not mprotect malloc'ed memory" },
	  .map = check_exec_heap },
	{ { "anon-exec", WARNING, "executable memory that no file stands behind",
	    "expected of just-in-time compilers: accept it by a suppression; otherwise find "
	    "out who made it" },
	  .map = check_anon_exec },
	{ { "wx-alias", ERROR, "one object is mapped writable and executable at once",
	    "unmap the writable view when the code is written" },
	  .map = check_alias },
	{ { "text-differs", ERROR, "code in memory is not the code in the file",
	    "a debugger's breakpoint, a live patch, or an intrusion: compare the bytes" },
	  .map = audit_text_differs },
	{ { "text-dirty", WARNING, "private copies of code pages",
	    "somebody wrote to them: text relocations, a debugger, a patch taken back" },
	  .map = audit_text_dirty },
	{ { "relro-undone", ERROR, "relocation data is writable although the object has RELRO",
	    "find the mprotect that undid it" },
	  .object = check_relro_undone },
	{ { "relro-missing", WARNING, "an object without RELRO", "link with -z relro -z now" },
	  .object = check_relro },
	{ { "exec-stack-wanted", WARNING, "an object that asks for an executable stack",
	    "link it with -z noexecstack" },
	  .object = check_stack_flag },
	{ { "text-relocations", WARNING, "an object with text relocations",
	    "compile it with -fPIC" },
	  .object = check_textrel },
	{ { "stack-guard", WARNING, "a thread's stack without a guard",
	    "let pthread_attr_setguardsize() be; leave a PROT_NONE page below your own stacks" },
	  .map = check_guard },
	{ { "core-leak", WARNING, "memory that looks secret and would be in a core dump",
	    "madvise(MADV_DONTDUMP)" },
	  .map = check_core_leak },
	{ { "deleted-object", WARNING, "a program or library that is no longer on disk",
	    "restart the process: it was upgraded under it" },
	  .object = check_deleted },
	{ { "memfd-object", WARNING, "a program or library that was loaded from memory",
	    "expected of few programs: find out who loaded it" },
	  .object = check_memfd },
	{ { "near-limit", WARNING, "a limit is nearly reached", "see vmactl limits" },
	  .process = check_limits },
	{ { "read-implies-exec", WARNING, "readable memory is executable too",
	    "link the program with a PT_GNU_STACK header (-z noexecstack)" },
	  .process = check_personality },
};

const struct vma_audit_rule *vma_audit_rule_at(size_t i)
{
	return i < ARRAY_SIZE(rules) ? &rules[i].rule : NULL;
}

const char *vma_severity_name(enum vma_severity s)
{
	static const char *const names[] = { "note", "warning", "error" };

	return (unsigned int)s < ARRAY_SIZE(names) ? names[s] : "";
}

static bool everything_locked(const struct vma_facts *f)
{
	size_t locked = 0, all = 0;

	for (size_t i = 0; i < f->nr_maps; i++) {
		if (!f->maps[i].has_flags || *f->maps[i].path == '[')
			continue;
		all++;
		locked += (f->maps[i].flags & VM_LOCKED) != 0;
	}
	return all && locked * 2 > all; /* mlockall says nothing about secrets */
}

static void run_rule(struct audit *x, size_t r)
{
	x->rule = &rules[r].rule;
	for (size_t i = 0; rules[r].map && i < x->a->facts->nr_maps; i++)
		rules[r].map(x, i, &maps_of(x)[i]);
	for (size_t i = 0; rules[r].object && i < x->a->nr_objects; i++)
		if (x->a->objects[i].is_elf)
			rules[r].object(x, &x->a->objects[i]);
	if (rules[r].process)
		rules[r].process(x);
}

int vma_audit(struct vma_attrib *a, enum vma_severity level, const struct vma_suppressions *accept,
	      struct vma_findings *out, struct vma_err *err)
{
	struct audit x = { .a = a, .out = out, .accept = accept };

	memset(out, 0, sizeof(*out));
	x.all_locked = everything_locked(a->facts);
	for (size_t r = 0; r < ARRAY_SIZE(rules); r++)
		if (rules[r].rule.severity >= level)
			run_rule(&x, r);
	if (!x.failed)
		return 0;
	vma_findings_fini(out);
	return vma_fail(err, ENOMEM, "out of memory");
}
