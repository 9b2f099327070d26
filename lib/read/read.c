// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "read/bpf-walk.h"
#include "read/bpf.h"
#include "read/captured.h"
#include "read/facts.h"
#include "read/files.h"
#include "read/lines.h"
#include "read/proc-maps.h"
#include "read/proc-numa.h"
#include "read/proc-pagemap.h"
#include "read/proc-smaps.h"
#include "read/proc-status.h"
#include "read/source.h"
#include "read/system.h"

/* How often a process that changes under our hands is read anew. */
#define RETRIES 4

/* ---------------------------------------------------------------- one big file */

struct job {
	const struct source *s;
	struct vma_facts *f;
	struct vma_bpf **bpf;
	u32 have;        /* counters that some record has */
	size_t cursor;   /* next map, while maps is compared with smaps */
	size_t differs;
};

static int keep_map(void *ctx, const struct vma_fact_map *m)
{
	struct job *job = ctx;

	job->have |= m->have;
	return facts_add_map(job->f, m);
}

static bool same_mapping(const struct vma_fact_map *a, const struct vma_fact_map *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode == b->inode && !memcmp(a->perms, b->perms, 4);
}

static int compare_map(void *ctx, const struct vma_fact_map *m)
{
	struct job *job = ctx;

	if (job->cursor >= job->f->nr_maps || !same_mapping(m, &job->f->maps[job->cursor]))
		job->differs++;
	job->cursor++;
	return job->differs; /* one is enough */
}

/* Reads one of the big files, line by line. Positive: what @fn returned. */
static int read_lines(struct job *job, const char *name, vma_map_fn *fn, struct vma_err *err)
{
	AUTO(undo_close) int fd = source_open_file(job->s->pid_dir, name);
	u64 began = source_clock();
	struct lines l;
	int rc;

	if (fd < 0)
		return vma_fail(err, -fd, "%s: %s: cannot open: %m", job->s->label, name);
	lines_init_fd(&l, name, fd);
	l.clock = source_clock;
	if (!strcmp(name, "smaps"))
		rc = smaps_run(&l, fn, job, &job->f->unknown_keys, err);
	else if (!strcmp(name, "numa_maps"))
		rc = numa_run(&l, job->f, &job->differs, err);
	else
		rc = maps_run(&l, fn, job, err);
	if (rc >= 0 && facts_cost(job->f, name, l.bytes, l.reads, source_clock() - began,
				  l.longest))
		rc = -ENOMEM;
	lines_fini(&l);
	return rc;
}

/* A file that may be absent: 0, or -ENOMEM, or a positive number when it does not fit the maps. */
static int read_optional(struct job *job, const char *name, vma_map_fn *fn)
{
	int rc = read_lines(job, name, fn, NULL);

	if (rc >= 0 || rc == -ENOMEM)
		return rc;
	return facts_missing(job->f, name, -rc, source_remedy(-rc));
}

/* ---------------------------------------------------------------- the mappings */

/* smaps, or maps where smaps cannot be had. */
static int read_mappings(struct job *job, u32 levels, struct vma_err *err)
{
	struct vma_facts *f = job->f;
	int rc = -ENOENT;

	facts_drop_maps(f);
	job->have = 0;
	f->levels &= ~(u32)(VMA_READ_MAPS | VMA_READ_SMAPS);
	f->unknown_keys = 0;
	if (levels & VMA_READ_SMAPS) {
		rc = read_lines(job, "smaps", keep_map, err);
		if (rc == -EBADMSG && job->s->live)
			facts_drop_maps(f);
		else if (rc == -EBADMSG || rc == -ENOMEM)
			return rc;
		if (!rc)
			f->levels |= VMA_READ_SMAPS | VMA_READ_MAPS;
		else if (facts_missing(f, "smaps", -rc, source_remedy(-rc)))
			return -ENOMEM;
	}
	if (rc) {
		facts_drop_maps(f);
		rc = read_lines(job, "maps", keep_map, err);
		if (!rc)
			f->levels |= VMA_READ_MAPS;
	}
	return rc;
}

/* Does what was read still hold? Also gives the maps their policies. 1: it does not. */
static int check_mappings(struct job *job, u32 levels)
{
	int rc;

	job->cursor = job->differs = 0;
	if (levels & VMA_READ_NUMA) {
		rc = read_optional(job, "numa_maps", NULL);
		if (rc < 0)
			return rc;
		if (!facts_is_missing(job->f, "numa_maps"))
			job->f->levels |= VMA_READ_NUMA;
	}
	if ((job->f->levels & VMA_READ_SMAPS) && (levels & VMA_READ_MAPS)) {
		rc = read_optional(job, "maps", compare_map);
		if (rc < 0)
			return rc;
		if (!facts_is_missing(job->f, "maps") && job->cursor != job->f->nr_maps)
			job->differs++;
	}
	if ((levels & VMA_READ_BPF) && !job->differs)
		return bpf_read(job->bpf, job->f);
	return job->differs != 0;
}

static int read_settled(struct job *job, u32 levels, struct vma_err *err)
{
	for (;;) {
		int rc = read_mappings(job, levels, err);

		if (rc)
			return rc;
		rc = check_mappings(job, levels);
		if (rc < 0)
			return vma_fail(err, -rc, "%s: %m", job->s->label);
		if (!rc)
			return 0;
		if (!job->s->live || job->f->retries == RETRIES) {
			job->f->changed = true;
			if ((levels & VMA_READ_BPF) && facts_missing(job->f, "bpf", EAGAIN, NULL))
				return vma_fail(err, ENOMEM, "%s: out of memory", job->s->label);
			return 0;
		}
		job->f->retries++;
	}
}

/* ---------------------------------------------------------------- the whole process */

/* Nothing is mapped: a kernel thread, a process that is gone, or a bad recording. */
static int judge_empty(const struct source *s, struct vma_facts *f, int rc, struct vma_err *err)
{
	if (f->kernel_thread)
		return 0;
	if (s->live && (f->state == 'Z' || f->state == 'X'))
		return vma_fail(err, ESRCH, "%s: the process has exited (a zombie)", s->label);
	if (s->live && !f->state)
		return vma_fail(err, ESRCH, "%s: the process exited while it was read", s->label);
	if (s->live && !(f->have_status & 1U << VMA_ST_VMSIZE) && (!rc || rc == -ESRCH)) {
		f->kernel_thread = true;
		return 0;
	}
	if (rc == -EACCES || rc == -EPERM)
		return vma_fail(err, -rc, "%s: not permitted (%s)", s->label,
				source_remedy(EACCES));
	if (rc == -ESRCH || (s->live && rc == -ENOENT))
		return vma_fail(err, ESRCH, "%s: the process exited while it was read", s->label);
	if (rc)
		return rc; /* @err says it already */
	if (s->live)
		return vma_fail(err, ESRCH, "%s: the process exited while it was read", s->label);
	return vma_fail(err, EBADMSG, "%s: maps is empty", s->label);
}

static void note_pkeys(const struct job *job)
{
	struct vma_facts *f = job->f;

	if (job->have & 1U << VMA_SMAPS_PROTECTIONKEY) {
		f->system.pkeys = true;
		f->have_sysctl |= VMA_SYS_PKEYS;
	} else if ((f->levels & VMA_READ_SMAPS) && f->live) {
		f->have_sysctl |= VMA_SYS_PKEYS;
	}
}

static int read_all(struct job *job, u32 levels, struct vma_err *err)
{
	const struct source *s = job->s;
	struct vma_facts *f = job->f;
	int rc = 0;

	if (levels & VMA_READ_STATUS) {
		rc = status_read(s, f);
		f->levels |= VMA_READ_STATUS;
	}
	if (!rc && (levels & VMA_READ_SYSTEM)) {
		rc = system_read(s, f);
		f->levels |= VMA_READ_SYSTEM;
	}
	if (!rc)
		rc = captured_read(s, f);
	if (rc)
		return vma_fail(err, -rc, "%s: %m", s->label);
	if (!(levels & (VMA_READ_MAPS | VMA_READ_SMAPS)))
		return f->state || !(levels & VMA_READ_STATUS) ? 0 : judge_empty(s, f, 0, err);
	rc = f->kernel_thread ? 0 : read_settled(job, levels, err);
	if (rc || !f->nr_maps)
		return judge_empty(s, f, rc, err);
	note_pkeys(job);
	if (levels & VMA_READ_FILES) {
		rc = files_read(s, f);
		f->levels |= VMA_READ_FILES;
	}
	if (!rc && (levels & VMA_READ_PAGES)) {
		f->levels |= levels & VMA_READ_SOFT_DIRTY;
		rc = pagemap_read(s, f);
		if (!facts_is_missing(f, "pagemap"))
			f->levels |= VMA_READ_PAGES;
	}
	return rc ? vma_fail(err, -rc, "%s: %m", s->label) : 0;
}

static int read_source(const struct source *s, const struct vma_read_opts *opts,
		       struct vma_facts **out, struct vma_err *err)
{
	AUTO(undo_facts) struct vma_facts *f = facts_new();
	AUTO(undo_bpf) struct vma_bpf *own = NULL;
	u32 levels = opts && opts->levels ? opts->levels : VMA_READ_DEFAULT;
	int rc;

	if (!f)
		return vma_fail(err, ENOMEM, "%s: out of memory", s->label);
	f->source = facts_str(f, s->label);
	f->pid = s->pid;
	f->tid = s->tid;
	f->live = s->live;
	struct job job = { .s = s, .f = f, .bpf = opts && opts->bpf ? opts->bpf : &own };
	rc = f->source ? read_all(&job, levels, err)
		       : vma_fail(err, ENOMEM, "%s: out of memory", s->label);
	if (rc)
		return rc;
	*out = TAKE(f);
	return 0;
}

int vma_facts_read(const char *target, const struct vma_read_opts *opts, struct vma_facts **out,
		   struct vma_err *err)
{
	AUTO(undo_source) struct source s;
	const char *procfs = opts ? opts->procfs : NULL;
	int rc = source_open(&s, target, procfs, err);

	if (rc)
		return rc;
	rc = read_source(&s, opts, out, err);
	/* A process whose first thread has ended is read through another. */
	if (rc == -ESRCH && source_open_other(&s, procfs))
		return read_source(&s, opts, out, err);
	return rc;
}

/* ---------------------------------------------------------------- streaming */

struct stream {
	vma_map_fn *fn;
	void *ctx;
	bool any; /* a record has come */
};

static int pass_on(void *ctx, const struct vma_fact_map *map)
{
	struct stream *st = ctx;

	st->any = true;
	return st->fn(st->ctx, map);
}

static int stream_source(const struct source *s, bool smaps, struct stream *st, struct vma_err *err)
{
	const char *name = smaps ? "smaps" : "maps";
	AUTO(undo_close) int fd = source_open_file(s->pid_dir, name);
	struct lines l;
	int rc;

	if (fd == -EACCES || fd == -EPERM)
		return vma_fail(err, -fd, "%s: not permitted (%s)", s->label, source_remedy(-fd));
	if (fd < 0)
		return vma_fail(err, -fd, "%s: %s: cannot open: %m", s->label, name);
	lines_init_fd(&l, name, fd);
	rc = smaps ? smaps_run(&l, pass_on, st, NULL, err) : maps_run(&l, pass_on, st, err);
	lines_fini(&l);
	return rc < 0 ? rc : 0;
}

int vma_maps_stream(const char *target, const struct vma_read_opts *opts, vma_map_fn *fn, void *ctx,
		    struct vma_err *err)
{
	AUTO(undo_source) struct source s;
	const bool smaps = opts && (opts->levels & VMA_READ_SMAPS);
	const char *procfs = opts ? opts->procfs : NULL;
	struct stream st = { .fn = fn, .ctx = ctx };
	int rc = source_open(&s, target, procfs, err);

	if (rc)
		return rc;
	rc = stream_source(&s, smaps, &st, err);
	/* Without an address space the file is empty, or cannot be opened. */
	if ((!rc || rc == -ESRCH) && !st.any && source_open_other(&s, procfs))
		return stream_source(&s, smaps, &st, err);
	return rc;
}

/* What goes through between the kernel and the caller. */
struct relay {
	vma_bpf_fn *fn;
	vma_map_fn *gate;
	void *ctx;
	u64 end; /* of the last VMA */
	int rc;  /* what the caller's function returned */
};

static int relay_vma(void *ctx, const struct vma_fact_bpf *vma)
{
	struct relay *r = ctx;

	r->end = vma->end;
	r->rc = r->fn(r->ctx, vma);
	return r->rc;
}

static int relay_gate(void *ctx, const struct vma_fact_map *map)
{
	struct relay *r = ctx;

	return map->gate ? r->gate(r->ctx, map) : 0;
}

/* The gate is the same in every 64-bit process of a kernel, ours too. */
static int add_gate(struct relay *r, struct vma_err *err)
{
	const struct vma_read_opts own = { .levels = VMA_READ_SMAPS };

	if (!r->gate || r->end <= UINT32_MAX)
		return 0;
	return vma_maps_stream("self", &own, relay_gate, r, err);
}

int vma_bpf_stream(const char *target, const struct vma_read_opts *opts, vma_bpf_fn *fn,
		   vma_map_fn *gate, void *ctx, bool *changed, struct vma_err *err)
{
	AUTO(undo_source) struct source s;
	struct relay r = { .fn = fn, .gate = gate, .ctx = ctx };
	int rc = source_open(&s, target, opts ? opts->procfs : NULL, err);

	if (rc)
		return rc;
	if (!s.live || (opts && opts->procfs)) /* numbers of another /proc may mean others */
		return vma_fail(err, ENOTSUP, "%s: only a live process can be asked", s.label);
	AUTO(undo_close) int fd = bpf_walk_open(s.tid ? s.tid : s.pid);
	rc = fd < 0 ? fd : bpf_walk_each(fd, relay_vma, &r, changed);
	if (rc && rc == r.rc)
		return rc < 0 ? rc : 0;
	if (rc)
		return vma_fail(err, -rc, "%s: BPF: %m", s.label);
	return add_gate(&r, err);
}

int vma_maps_parse(const char *text, size_t len, vma_map_fn *fn, void *ctx, struct vma_err *err)
{
	struct lines l;

	lines_init_mem(&l, "maps", text, len);
	int rc = maps_run(&l, fn, ctx, err);
	lines_fini(&l);
	return rc < 0 ? rc : 0;
}

int vma_smaps_parse(const char *text, size_t len, vma_map_fn *fn, void *ctx, struct vma_err *err)
{
	struct lines l;

	lines_init_mem(&l, "smaps", text, len);
	int rc = smaps_run(&l, fn, ctx, NULL, err);
	lines_fini(&l);
	return rc < 0 ? rc : 0;
}
