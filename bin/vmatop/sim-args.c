// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments of an operation as text: what the form offers, and what was typed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/attrib.h"
#include "rebuild/filearg.h"
#include "report/callargs.h"
#include "sim.h"

/* The id of a segment that a simulation makes up: above any of a real one. */
#define NEW_SHMID 0x7fff0000

static u64 prot_of(const struct vma *vma)
{
	return vma ? vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC) : VM_READ | VM_WRITE;
}

/* Words that make a sensible first try. */
static const struct {
	enum vma_arg kind;
	const char *text;
} first_tries[] = {
	{ VMA_ARG_MMAP_FLAGS, "MAP_PRIVATE|MAP_ANONYMOUS" },
	{ VMA_ARG_FD, "-1" },
	{ VMA_ARG_SHMID, "new:64K" },
	{ VMA_ARG_MREMAP_FLAGS, "MREMAP_MAYMOVE" },
	{ VMA_ARG_ADVICE, "MADV_DONTNEED" },
	{ VMA_ARG_MLOCKALL_FLAGS, "MCL_CURRENT" },
	{ VMA_ARG_MPOL, "MPOL_BIND" },
	{ VMA_ARG_NODEMASK, "1" },
	{ VMA_ARG_NAME, "name" },
	{ VMA_ARG_ACCESS, "PROT_READ|PROT_WRITE" },
	{ VMA_ARG_RESOURCE, "RLIMIT_AS" },
	{ VMA_ARG_UFFD, "1" },
	{ VMA_ARG_UFFD_MODE, "1" },
};

char *sim_default(const struct vma_op *op, size_t i, const struct vma *vma, const struct vma_mm *mm,
		  char *out, size_t size)
{
	enum vma_arg kind = op->arg[i];
	const char *name = op->argname[i];
	u64 len = vma ? vma->vm_end - vma->vm_start : VMA_PAGE_SIZE;

	snprintf(out, size, "0");
	for (size_t k = 0; k < ARRAY_SIZE(first_tries); k++)
		if (first_tries[k].kind == kind)
			snprintf(out, size, "%s", first_tries[k].text);
	if (kind == VMA_ARG_ADDR && !strcmp(op->name, "mmap"))
		snprintf(out, size, "NULL");
	else if (kind == VMA_ARG_ADDR && !strcmp(op->name, "brk"))
		snprintf(out, size, "0x%llx", (unsigned long long)mm->brk + 16 * VMA_PAGE_SIZE);
	else if (kind == VMA_ARG_ADDR && i == 0 && vma)
		snprintf(out, size, "0x%llx", (unsigned long long)vma->vm_start);
	else if (kind == VMA_ARG_ADDR)
		snprintf(out, size, "%s", i ? "NULL" : "0");
	else if (kind == VMA_ARG_LEN)
		snprintf(out, size, "0x%llx",
			 (unsigned long long)(strstr(name, "new") ? 2 * len : len));
	else if (kind == VMA_ARG_PROT)
		vma_explain_arg(kind, prot_of(vma), out, size);
	else if (kind == VMA_ARG_LIMIT)
		snprintf(out, size, "%s", i == 2 ? "RLIM_INFINITY" : "64M");
	else if (!strcmp(name, "maxnode"))
		snprintf(out, size, "65");
	return out;
}

/* ---------------------------------------------------------------- what was typed */

struct parsing {
	const struct sim *m;
	struct sim_call *out;
};

/* A mapping by name as the present model has it, or what was there when the process was read. */
static int address(void *ctx, const char *text, u64 *out, struct vma_err *err)
{
	const struct sim *m = ((const struct parsing *)ctx)->m;
	AUTO(undo_free) struct vma_fact_map *maps = NULL;
	struct vma_facts facts;
	int rc = callargs_mapping(sim_mm(m), text, out, err);

	if (rc)
		return rc < 0 ? rc : 0;
	if (!sample_whole_facts(m->base, &facts, &maps))
		return vma_fail(err, ENOMEM, "out of memory");
	return vma_resolve_address(&facts, text, out, err);
}

/* The file that was mapped or opened under this path before, by its whole path or the end of it. */
static u32 known_file(const struct vma_world *w, const char *text)
{
	const struct vma_file *f;
	size_t n = strlen(text);

	for (u32 id = 1; (f = vma_file_at(w, id)); id++) {
		size_t len = strlen(f->path);

		if (len > n && f->path[len - n - 1] == '/' && !strcmp(f->path + len - n, text))
			return id;
	}
	return 0;
}

static int file(void *ctx, const char *text, u32 *id, struct vma_err *err)
{
	const struct parsing *p = ctx;

	/* a name without a slash is one of the mapped ones rather than a file beside vmatop */
	*id = *text && !strchr(text, '/') ? known_file(sim_world(p->m), text) : 0;
	if (*id)
		return 0;
	int rc = filearg_file(sim_world(p->m), p->m->base->facts, p->m->procfs, text, &p->out->file,
			      err);
	*id = p->out->file.id;
	return rc;
}

/* new:SIZE is a segment that nobody has made yet. */
static int new_segment(const char *size, struct filearg *out, u64 *shmid, struct vma_err *err)
{
	*out = (struct filearg){ .is_file = true,
				 .file = { .kind = VMA_KIND_SYSV, .readable = true, .writable = true,
					   .internal = true, .dev_minor = 1, .inode = NEW_SHMID,
					   .seq = NEW_SHMID } };
	*shmid = NEW_SHMID;
	snprintf(out->path, sizeof(out->path), "/SYSV00000000 (deleted)");
	if (!vma_parse_size(size, &out->file.size) || !out->file.size)
		return vma_fail(err, EINVAL, "new:%s: not a size", size);
	return 0;
}

static int segment(void *ctx, const char *text, u64 *shmid, u32 *id, struct vma_err *err)
{
	const struct parsing *p = ctx;
	int rc;

	if (!strncmp(text, "new:", 4))
		return new_segment(text + 4, &p->out->file, shmid, err);
	rc = callargs_number(text, "shmid", shmid, err);
	if (!rc)
		rc = filearg_segment(sim_world(p->m), p->m->procfs, text, &p->out->file, err);
	*id = p->out->file.id;
	return rc;
}

int sim_parse(const struct sim *m, const struct vma_op *op, size_t i, const char *text,
	      struct sim_call *out, struct vma_err *err)
{
	struct parsing p = { m, out };
	const struct callargs args = { &p, address, file, segment };
	int rc = callargs_one(&args, op, i, text, &out->call, err);

	if (rc || op->arg[i] != VMA_ARG_NAME || !out->call.name)
		return rc;
	snprintf(out->name, sizeof(out->name), "%s", text);
	out->call.name = out->name;
	return 0;
}
