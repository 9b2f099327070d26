// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl rmap: the VMAs that the kernel visits to find every mapping of one page, in its order.
 *
 * An anonymous page leads to its anon_vma and the VMAs linked there; a page of a file to the
 * file's address_space and all that map it, whoever they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "commands.h"
#include "family.h"
#include "listing.h"
#include "target.h"

struct rmap_options {
	int source;
};

#define FIELD(name) .offset = offsetof(struct rmap_options, name)
const struct cli_option cmd_rmap_options[] = {
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	CLI_END,
};

enum maps_it { MAPS_UNKNOWN, MAPS_NO, MAPS_YES };

/* A VMA that is visited. */
struct visit {
	u32 pid;
	u64 order, start, end, addr, pgoff;
	u64 flags;
	enum maps_it maps;
	char comm[20];
};

struct session {
	struct cli *cli;
	struct rmap_options opt;
	struct listing l;
	struct vma_model *model;
	struct family fam;
	const struct vma *vma;
	u64 addr, index; /* of the page */
	u64 pfn;         /* 0 unknown */
	u32 mapped;      /* 0 unknown */
	bool is_file;
	u32 anon, root;
	struct vma_provenance how;
	struct visit *visit;
	const void **order;
	size_t nr, cap;
	const struct vma_fact_map *file; /* what is looked for in others */
	u32 pid;                         /* whose maps are streamed */
	int status;
};

static void undo_session(struct session *s)
{
	free(s->visit);
	free(s->order);
	family_fini(&s->fam);
	vma_model_free(s->model);
	listing_fini(&s->l);
}

/* ---------------------------------------------------------------- columns */

enum rmap_column { COL_ORDER, COL_PID, COL_START, COL_END, COL_ADDR, COL_PGOFF, COL_COMM, COL_PERMS,
		   COL_MAPS };

static void get_cell(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct visit *v = row;
	const u64 num[] = { v->order, v->pid, v->start, v->end, v->addr, v->pgoff };

	cell->state = VMA_CELL_HAS;
	if (col->arg <= COL_PGOFF) {
		cell->num = num[col->arg];
	} else if (col->arg == COL_MAPS) {
		cell->num = v->maps == MAPS_YES;
		cell->state = v->maps == MAPS_UNKNOWN ? VMA_CELL_UNKNOWN : VMA_CELL_HAS;
	} else if (col->arg == COL_PERMS) {
		cell->text = vma_flags_perms(v->flags, cell->buf);
	} else {
		cell->text = v->comm;
		cell->state = *v->comm ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
	}
}

static const struct vma_column columns[] = {
	{ "ORDER", "order", VMA_CELL_NUMBER, false, 0, get_cell, COL_ORDER, "visited as number" },
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_cell, COL_PID, "process" },
	{ "COMM", "comm", VMA_CELL_TEXT, false, 0, get_cell, COL_COMM, "its name" },
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_cell, COL_START, "start of the mapping" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get_cell, COL_END, "end" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, 0, get_cell, COL_PERMS, "permissions" },
	{ "ADDR", "addr", VMA_CELL_ADDR, false, 0, get_cell, COL_ADDR,
	  "where the page would be there" },
	{ "PGOFF", "pgoff", VMA_CELL_ADDR, false, 0, get_cell, COL_PGOFF, "vm_pgoff of the mapping" },
	{ "MAPS_IT", "maps_it", VMA_CELL_BOOL, false, 0, get_cell, COL_MAPS,
	  "it really has this page (needs root)" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- visits */

static struct visit *add_visit(struct session *s)
{
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 32;
		struct visit *more = realloc(s->visit, cap * sizeof(*more));

		if (!more)
			return NULL;
		s->visit = more;
		s->cap = cap;
	}
	s->visit[s->nr] = (struct visit){ .order = s->nr + 1 };
	return &s->visit[s->nr++];
}

static int keep_frame(void *ctx, const struct vma_pfn *frame)
{
	*(struct vma_pfn *)ctx = *frame;
	return 1;
}

/* The frame at an address of a process; pfn 0 when none is there; false when it cannot be seen. */
static bool frame_at(const struct session *s, u32 pid, u64 addr, struct vma_pfn *frame)
{
	char target[16];

	snprintf(target, sizeof(target), "%u", pid);
	*frame = (struct vma_pfn){ .pfn = 0 };
	return vma_pfns_each(target, s->cli->shared.procfs, addr, addr + VMA_PAGE_SIZE, keep_frame,
			     frame, NULL) >= 0;
}

static enum maps_it maps_it(const struct session *s, u32 pid, u64 addr)
{
	struct vma_pfn frame;

	if (!s->pfn || !frame_at(s, pid, addr, &frame))
		return MAPS_UNKNOWN;
	return frame.pfn == s->pfn ? MAPS_YES : MAPS_NO;
}

static void fill(struct session *s, struct visit *v, u32 pid, const char *comm, u64 start, u64 end,
		 u64 pgoff)
{
	v->pid = pid;
	snprintf(v->comm, sizeof(v->comm), "%s", comm ? comm : "");
	v->start = start;
	v->end = end;
	v->pgoff = pgoff;
	v->addr = start + ((s->index - pgoff) << VMA_PAGE_SHIFT);
	v->maps = maps_it(s, pid, v->addr);
}

/* ---------------------------------------------------------------- anonymous pages */

/* Of the processes that have the page, how many does this walk reach? */
static size_t reached(const struct session *s, const struct vma_forest_vma **list, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct vma *v = list[i]->vma;
		u64 addr = v->vm_start + ((s->index - v->vm_pgoff) << VMA_PAGE_SHIFT);

		n += maps_it(s, s->fam.model[list[i]->process]->facts->pid, addr) == MAPS_YES;
	}
	return n;
}

/* The newest of the chain from which all are reached that the topmost reaches. */
static u32 newest_that_reaches(const struct session *s, const struct vma_forest_vma *fv, u32 top,
			       const struct vma_forest_vma **list)
{
	const struct vma_forest *f = s->fam.forest;
	size_t all = reached(s, list, vma_forest_visit(f, top, s->index, list));

	for (size_t i = 0; i < fv->nr_chain; i++) {
		u32 id = f->link[fv->chain + i];

		if (reached(s, list, vma_forest_visit(f, id, s->index, list)) >= all)
			return id;
	}
	return top;
}

/*
 * Which anon_vma a page belongs to is not to be seen. It is that of the mapping which wrote it
 * first: the newest of the chain from which everybody who has the page is reached; one that is
 * ours alone is in our own. When frames cannot be seen a shared page is taken for the root's, or
 * the topmost that is known.
 */
static void choose_anon(struct session *s, const struct vma_forest_vma *fv,
			const struct vma_forest_vma **list)
{
	const struct vma_forest *f = s->fam.forest;
	bool shared = (vma_pages_state(s->model->mm, s->addr) & 0xf) == VMA_PAGE_ANON_SHARED;
	u32 top = f->link[fv->chain + fv->nr_chain - 1];

	s->root = f->anon[fv->anon - 1].root;
	s->anon = !shared ? fv->anon : s->pfn ? newest_that_reaches(s, fv, top, list) : top;
	s->how = fv->how[VMA_FOREST_ROOT];
	/* Alone, it may yet be of an ancestor who has let go of it. */
	if ((fv->more || fv->nr_chain > 1) && s->how.known > VMA_INFERRED)
		s->how = (struct vma_provenance){ VMA_INFERRED, 90, "A15" };
	/* Through a link that is not known others may be visited too. */
	if (shared && fv->more)
		s->how = (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
}

static size_t my_process(const struct session *s)
{
	for (size_t i = 0; i < s->fam.nr; i++)
		if (s->fam.model[i]->facts->pid == s->model->facts->pid)
			return i;
	return 0;
}

static int visit_anon(struct session *s, u32 levels)
{
	AUTO(undo_free) const struct vma_forest_vma **list = NULL;
	const struct vma_forest_vma *fv;
	size_t me, nr;
	int status = s->model->facts->live ?
			     family_open_tree(&s->fam, s->cli, s->model->facts->pid, true, levels) :
			     family_open(&s->fam, s->cli, s->cli->argv[0], levels, false);

	if (status == CLI_OK)
		status = family_join(&s->fam, s->cli);
	if (status != CLI_OK)
		return status;
	me = my_process(s);
	const struct vma *vma = vma_lookup(s->fam.model[me]->mm, s->addr);
	fv = vma ? vma_forest_find(s->fam.forest, me, vma) : NULL;
	list = calloc(s->fam.forest->nr_vmas + 1, sizeof(*list));
	if (!list)
		return cli_error(CLI_FAILURE, "out of memory");
	if (!fv)
		return CLI_OK; /* never written to: there is nothing to visit */
	choose_anon(s, fv, list);
	nr = vma_forest_visit(s->fam.forest, s->anon, s->index, list);
	for (size_t i = 0; i < nr; i++) {
		const struct vma_facts *facts = s->fam.model[list[i]->process]->facts;
		const struct vma *v = list[i]->vma;
		struct visit *row = add_visit(s);

		if (!row)
			return cli_error(CLI_FAILURE, "out of memory");
		row->flags = v->vm_flags;
		fill(s, row, facts->pid, facts->comm, v->vm_start, v->vm_end, v->vm_pgoff);
	}
	return s->fam.status;
}

/* ---------------------------------------------------------------- pages of files */

static int match_map(void *ctx, const struct vma_fact_map *m)
{
	struct session *s = ctx;
	u64 pgoff = m->offset >> VMA_PAGE_SHIFT;
	struct visit *v;
	size_t at;

	if (m->inode != s->file->inode || m->dev_major != s->file->dev_major ||
	    m->dev_minor != s->file->dev_minor || s->index < pgoff ||
	    s->index >= pgoff + pages(m->end - m->start))
		return 0;
	v = add_visit(s);
	if (!v)
		return -ENOMEM;
	v->flags = (m->perms[0] == 'r' ? VM_READ : 0) | (m->perms[1] == 'w' ? VM_WRITE : 0) |
		   (m->perms[2] == 'x' ? VM_EXEC : 0) |
		   (m->perms[3] == 's' ? VM_SHARED | VM_MAYSHARE : 0);
	fill(s, v, s->pid, NULL, m->start, m->end, pgoff);
	struct visit moved = *v;
	for (at = s->nr - 1; at && s->visit[at - 1].pgoff > pgoff; at--)
		s->visit[at] = s->visit[at - 1];
	s->visit[at] = moved;
	return 0;
}

static void find_comm(const struct session *s, struct visit *v)
{
	struct vma_read_opts opts = { .procfs = s->cli->shared.procfs, .levels = VMA_READ_STATUS |
				      VMA_READ_MAPS };
	char target[16];
	struct vma_facts *f;

	snprintf(target, sizeof(target), "%u", v->pid);
	if (vma_facts_read(target, &opts, &f, NULL))
		return;
	snprintf(v->comm, sizeof(v->comm), "%s", f->comm ? f->comm : "");
	vma_facts_free(f);
}

static int visit_file(struct session *s)
{
	struct vma_read_opts opts = { .procfs = s->cli->shared.procfs, .levels = VMA_READ_MAPS };
	AUTO(undo_free) u32 *pids = NULL;
	struct vma_err err;
	size_t nr = 0, unread = 0;

	if (s->model->facts->live && vma_family(1, false, s->cli->shared.procfs, &pids, &nr, &err))
		return cli_fail(&err);
	for (size_t i = 0; i < nr; i++) {
		char target[16];

		snprintf(target, sizeof(target), "%u", pids[i]);
		s->pid = pids[i];
		int rc = vma_maps_stream(target, &opts, match_map, s, &err);

		if (rc == -ENOMEM)
			return cli_error(CLI_FAILURE, "out of memory");
		unread += rc == -EACCES || rc == -EPERM;
	}
	for (size_t i = 0; i < s->nr; i++) {
		s->visit[i].order = i + 1;
		find_comm(s, &s->visit[i]);
	}
	if (unread)
		return cli_error(CLI_PARTIAL, "the maps of %zu process%s may not be read (run as "
				 "root to see those of others)", unread, unread == 1 ? "" : "es");
	return CLI_OK;
}

/* ---------------------------------------------------------------- the page */

static int find_page(struct session *s)
{
	struct vma_pfn frame;
	struct vma_err err;
	u32 state;

	if (!target_address(s->model, s->cli->argv[1], &s->addr, &err))
		return cli_error(err.code == EINVAL ? CLI_USAGE : CLI_FAILURE, "%s", err.msg);
	s->addr = page_down(s->addr);
	s->vma = vma_lookup(s->model->mm, s->addr);
	if (!s->vma)
		return cli_error(CLI_FAILURE, "%s: nothing is mapped there", s->cli->argv[1]);
	s->index = s->vma->vm_pgoff + pages(s->addr - s->vma->vm_start);
	s->file = vma_model_map(s->model, s->vma);
	state = vma_pages_state(s->model->mm, s->addr) & 0xf;
	/* A private page of a file that was written to is anonymous. */
	s->is_file = s->file && s->file->inode && vma_ops_of(s->model->world, s->vma) &&
		     state != VMA_PAGE_ANON && state != VMA_PAGE_ANON_SHARED &&
		     state != VMA_PAGE_SWAP;
	if (s->model->facts->live && frame_at(s, s->model->facts->pid, s->addr, &frame)) {
		s->pfn = frame.pfn;
		s->mapped = frame.mapped;
	}
	return CLI_OK;
}

static void write_anon(const struct session *s, struct vma_out *o)
{
	vma_out_addf(o, "\nindex 0x%llx of anon_vma %u, root ", (unsigned long long)s->index, s->anon);
	if (s->root)
		vma_out_addf(o, "%u", s->root);
	else
		vma_out_adds(o, "?");
	vma_out_addf(o, " (%s%s)", vma_known_name((enum vma_known)s->how.known),
		     s->how.known == VMA_UNKNOWN ? ": others may be linked through relatives that have "
						   "ended; --source bpf would say" : "");
}

static void write_page(struct session *s)
{
	struct vma_json *j = &s->l.json;
	struct vma_out *o = &s->l.out;
	const char *tree = s->is_file ? "i_mmap" : s->anon ? "anon_vma" : "none";

	if (listing_is_json(&s->l)) {
		vma_json_object(j, "process");
		target_json(j, s->cli->argv[0], s->model);
		vma_json_end(j);
		vma_json_object(j, "page");
		vma_json_hex(j, "addr", s->addr);
		vma_json_text(j, "tree", tree);
		vma_json_number(j, "index", s->index);
		vma_json_number(j, "anon_vma", s->anon);
		if (s->root || !s->anon)
			vma_json_number(j, "root", s->root);
		else
			vma_json_null(j, "root");
		vma_json_text(j, "known", s->is_file ? "exact" :
				  vma_known_name((enum vma_known)s->how.known));
		if (s->mapped)
			vma_json_number(j, "mapped", s->mapped);
		else
			vma_json_null(j, "mapped");
		vma_json_end(j);
	} else if (s->l.opts.format == VMA_FORMAT_TABLE) {
		if (s->is_file)
			vma_out_addf(o, "\npage 0x%llx of the file, through i_mmap",
				     (unsigned long long)s->index);
		else if (s->anon)
			write_anon(s, o);
		else
			vma_out_adds(o, "no anonymous page: there is nothing to visit");
		if (s->mapped)
			vma_out_addf(o, ", mapped %u time%s", s->mapped, s->mapped == 1 ? "" : "s");
		vma_out_adds(o, "\n");
	}
}

static int show(struct session *s)
{
	s->order = calloc(s->nr ? s->nr : 1, sizeof(*s->order));
	if (!s->order)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr; i++)
		s->order[i] = &s->visit[i];
	if (!listing_begin(&s->l, "visits") || !listing_rows(&s->l, s->order, s->nr) ||
	    !listing_end(&s->l))
		return s->l.status;
	write_page(s);
	return listing_close(&s->l) ? CLI_OK : s->l.status;
}

int cmd_rmap(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	u32 levels = VMA_READ_DEFAULT | VMA_READ_PAGES;
	int status, partial;

	if (!cli_parse(cli, &s.opt))
		return cli->status;
	if (!listing_init(&s.l, cli, &table, "ORDER,PID,COMM,START,END,PERMS,ADDR,MAPS_IT"))
		return s.l.status;
	if (cli->argc != 2)
		return cli_usage(cli, "a TARGET and an ADDR are needed");
	levels |= s.opt.source ? VMA_READ_BPF : 0;
	status = target_open(cli, cli->argv[0], levels, &s.model);
	if (status == CLI_OK)
		status = find_page(&s);
	if (status != CLI_OK)
		return status;
	partial = s.is_file ? visit_file(&s) : visit_anon(&s, levels);
	if (partial != CLI_OK && partial != CLI_PARTIAL)
		return partial;
	status = show(&s);
	return status == CLI_OK ? partial : status;
}
