// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl anon: the anon_vmas of processes, and who is linked to them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anon-check.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/range.h"
#include "commands.h"
#include "family.h"
#include "listing.h"
#include "target.h"

struct anon_options {
	bool tree, vmas, dot;
	int source, check;
};

#define FIELD(name) .offset = offsetof(struct anon_options, name)
const struct cli_option cmd_anon_options[] = {
	{ "tree", 't', CLI_FLAG, FIELD(tree), .help = "all descendants of each PID too" },
	{ "vmas", 'm', CLI_FLAG, FIELD(vmas), .help = "one row a mapping, with its chain" },
	{ "dot", 0, CLI_FLAG, FIELD(dot), .help = "a graph for dot(1)" },
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	{ "check-inference", 0, CLI_CHOICE, FIELD(check), "WORD",
	  "how often what was inferred is what the kernel has (needs root)",
	  "no|summary|differences", true, "summary" },
	CLI_END,
};

/* A row: an anon_vma, or a mapping. */
struct row {
	const struct vma_forest *f;
	const struct vma_forest_anon *anon;
	const struct vma_forest_vma *vma;
	u64 own, shared; /* pages */
};

struct session {
	struct cli *cli;
	struct anon_options opt;
	struct listing l;
	struct family fam;
	struct row *row;
	const void **order;
	size_t nr;
};

static void undo_session(struct session *s)
{
	free(s->row);
	free(s->order);
	family_fini(&s->fam);
	listing_fini(&s->l);
}

/* ---------------------------------------------------------------- columns */

enum anon_column { COL_ANON, COL_ROOT, COL_PARENT, COL_CHILDREN, COL_ACTIVE, COL_REFS, COL_LINKS,
		   COL_DEPTH, COL_START, COL_END, COL_PID, COL_OWN, COL_SHARED, COL_CHAIN_LENGTH };

/* Forks below the root; false when a parent on the way is not known. */
static bool depth_of(const struct vma_forest *f, const struct vma_forest_anon *a, u64 *depth)
{
	for (*depth = 0; a && a->parent != a->id && *depth < f->nr_anons; ++*depth)
		a = vma_forest_at(f, a->parent);
	return a;
}

static const struct vma_provenance exact = { VMA_EXACT, 100, "" };

/* How a column of an anon_vma is known: by its tree, its parent, or what hangs below. */
static struct vma_provenance how_of_anon(const struct vma_forest_anon *a, enum anon_column col)
{
	if (col >= COL_CHILDREN && col <= COL_REFS) {
		if (a->counted)
			return exact;
		if (a->open)
			return (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
		/* of those who were read */
		return vma_weaker(a->how, (struct vma_provenance){ VMA_INFERRED, 90, "A9" });
	}
	return col == COL_PARENT || col == COL_DEPTH ? a->parent_how : a->how;
}

static struct vma_provenance how_of(const struct row *r, enum anon_column col)
{
	static const enum vma_forest_fact facts[] = {
		[COL_ANON] = VMA_FOREST_SAME,     [COL_ROOT] = VMA_FOREST_ROOT,
		[COL_PARENT] = VMA_FOREST_PARENT, [COL_CHAIN_LENGTH] = VMA_FOREST_CHAIN,
	};

	if (col == COL_ANON || col == COL_ROOT || col == COL_CHAIN_LENGTH)
		return r->vma ? r->vma->how[facts[col]] : how_of_anon(r->anon, col);
	return col < COL_START ? how_of_anon(r->anon, col) : exact;
}

static void get_number(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	const struct vma_forest_anon *a = r->anon;
	bool known = true;

	switch ((enum anon_column)col->arg) {
	case COL_ANON: cell->num = a->id; break;
	case COL_ROOT: cell->num = a->root; known = a->root; break;
	case COL_PARENT: cell->num = a->parent; known = a->parent; break;
	case COL_CHILDREN: cell->num = a->num_children; break;
	case COL_ACTIVE: cell->num = a->num_active_vmas; break;
	case COL_REFS: cell->num = a->refcount; break;
	case COL_LINKS: cell->num = a->links; break;
	case COL_DEPTH: known = depth_of(r->f, a, &cell->num); break;
	case COL_START: cell->num = r->vma->vma->vm_start; break;
	case COL_END: cell->num = r->vma->vma->vm_end; break;
	case COL_PID: cell->num = r->f->model[r->vma->process]->facts->pid; break;
	case COL_OWN: cell->num = r->own; break;
	case COL_SHARED: cell->num = r->shared; break;
	case COL_CHAIN_LENGTH: cell->num = r->vma->nr_chain; break;
	}
	cell->how = how_of(r, (enum anon_column)col->arg);
	/* It has one, and the number is ours; only that no other has it is not known. */
	if (col->arg == COL_ANON && cell->how.known == VMA_UNKNOWN)
		cell->how = (struct vma_provenance){ VMA_INFERRED, 50, "I7" };
	if (!known)
		cell->how = (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
	cell->state = cell->how.known != VMA_UNKNOWN ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
}

static size_t put_id(char *out, size_t at, u64 id)
{
	if (at + 24 > VMA_CELL_BUF)
		return at;
	return at + (size_t)sprintf(out + at, "%s%llu", at ? " " : "", (unsigned long long)id);
}

/* All links, or with arg those that are known, when some are not. */
static void get_chain(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	size_t at = 0;

	for (size_t i = 0; i < r->vma->nr_chain; i++)
		at = put_id(cell->buf, at, r->f->link[r->vma->chain + i]);
	cell->how = r->vma->how[col->arg ? VMA_FOREST_ROOT : VMA_FOREST_CHAIN];
	cell->text = cell->buf;
	cell->state = at ? VMA_CELL_HAS : VMA_CELL_NONE;
	if (!col->arg && cell->how.known == VMA_UNKNOWN)
		cell->state = VMA_CELL_UNKNOWN;
}

/* Processes of which a mapping has this anon_vma as its own. */
static void get_pids(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;
	size_t at = 0, last = (size_t)-1;

	(void)col;
	for (size_t i = 0; i < r->f->nr_vmas; i++) {
		const struct vma_forest_vma *v = &r->f->vma[i];

		if (v->anon != r->anon->id || v->process == last)
			continue;
		at = put_id(cell->buf, at, r->f->model[v->process]->facts->pid);
		last = v->process;
	}
	cell->text = cell->buf;
	cell->state = at ? VMA_CELL_HAS : VMA_CELL_NONE;
}

static void get_text(const struct vma_column *col, const void *row_, struct vma_cell *cell)
{
	const struct row *r = row_;

	cell->state = VMA_CELL_HAS;
	if (col->arg == 0)
		cell->text = vma_known_name((enum vma_known)(r->vma ? r->vma->how[VMA_FOREST_CHAIN] :
							     r->anon->parent_how).known);
	else if (col->arg == 1)
		cell->text = vma_flags_perms(r->vma->vma->vm_flags, cell->buf);
	else
		cell->text = vma_label(r->f->model[r->vma->process]->mm, r->vma->vma, cell->buf,
				       VMA_CELL_BUF);
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column anon_rows[] = {
	{ "ANON_VMA", "anon_vma", VMA_CELL_NUMBER, false, 0, get_number, COL_ANON, "its number here" },
	{ "ROOT", "root", VMA_CELL_NUMBER, false, 0, get_number, COL_ROOT, "root of its tree" },
	{ "PARENT", "parent", VMA_CELL_NUMBER, false, 0, get_number, COL_PARENT,
	  "its parent; a root is its own" },
	{ "DEPTH", "depth", VMA_CELL_NUMBER, false, 0, get_number, COL_DEPTH, "forks below the root" },
	{ "CHILDREN", "num_children", VMA_CELL_NUMBER, false, 0, get_number, COL_CHILDREN,
	  "num_children; a root counts itself" },
	{ "ACTIVE", "num_active_vmas", VMA_CELL_NUMBER, true, 0, get_number, COL_ACTIVE,
	  "num_active_vmas: mappings whose anon_vma it is" },
	{ "REFS", "refcount", VMA_CELL_NUMBER, false, 0, get_number, COL_REFS, "refcount" },
	{ "LINKS", "links", VMA_CELL_NUMBER, true, 0, get_number, COL_LINKS,
	  "chain links of the processes shown" },
	{ "PIDS", "pids", VMA_CELL_IDS, false, 0, get_pids, 0, "processes that use it" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_text, 0, "how its place is known" },
};
static const struct vma_columns anon_table = { anon_rows, ARRAY_SIZE(anon_rows) };

static const struct vma_column vma_rows[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_number, COL_PID, "process" },
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_number, COL_START, "start of the mapping" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get_number, COL_END, "end" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, 0, get_text, 1, "permissions" },
	{ "ANON_VMA", "anon_vma", VMA_CELL_NUMBER, false, 0, get_number, COL_ANON, "its anon_vma" },
	{ "ROOT", "root", VMA_CELL_NUMBER, false, 0, get_number, COL_ROOT, "root of that" },
	{ "CHAIN_LENGTH", "chain_length", VMA_CELL_NUMBER, true, 0, get_number, COL_CHAIN_LENGTH,
	  "links in anon_vma_chain" },
	{ "CHAIN", "chain", VMA_CELL_IDS, false, 0, get_chain, 0, "newest first, root last" },
	{ "KNOWN_LINKS", "known_links", VMA_CELL_IDS, false, 0, get_chain, 1,
	  "those of the chain that are known, when others are not" },
	{ "OWN", "own_pages", VMA_CELL_NUMBER, true, 0, get_number, COL_OWN,
	  "anonymous pages that nobody else maps" },
	{ "SHARED", "shared_pages", VMA_CELL_NUMBER, true, 0, get_number, COL_SHARED,
	  "anonymous pages still shared since a fork" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_text, 0, "how the chain is known" },
	{ "PATH", "path", VMA_CELL_TEXT, false, 0, get_text, 2, "what is mapped" },
};
static const struct vma_columns vma_table = { vma_rows, ARRAY_SIZE(vma_rows) };

/* ---------------------------------------------------------------- rows */

static void count_pages(struct row *r)
{
	const struct vma *vma = r->vma->vma;
	const struct vma_mm *mm = r->f->model[r->vma->process]->mm;
	struct vma_page_run run;

	for (u64 at = vma->vm_start;
	     at < vma->vm_end && vma_pages_run(mm, at, &run) && run.start < vma->vm_end;
	     at = run.end) {
		u64 nr = pages(min_u64(run.end, vma->vm_end) - max_u64(run.start, at));

		r->own += (run.state & 0xf) == VMA_PAGE_ANON ? nr : 0;
		r->shared += (run.state & 0xf) == VMA_PAGE_ANON_SHARED ? nr : 0;
	}
}

static bool make_rows(struct session *s)
{
	const struct vma_forest *f = s->fam.forest;

	s->nr = s->opt.vmas ? f->nr_vmas : f->nr_anons;
	s->row = calloc(s->nr ? s->nr : 1, sizeof(*s->row));
	s->order = calloc(s->nr ? s->nr : 1, sizeof(*s->order));
	if (!s->row || !s->order)
		return false;
	for (size_t i = 0; i < s->nr; i++) {
		struct row *r = &s->row[i];

		r->f = f;
		r->vma = s->opt.vmas ? &f->vma[i] : NULL;
		r->anon = s->opt.vmas ? vma_forest_at(f, f->vma[i].anon) : &f->anon[i];
		if (r->vma)
			count_pages(r);
		s->order[i] = r;
	}
	return true;
}

static void json_processes(struct session *s)
{
	struct vma_json *j = &s->l.json;

	vma_json_array(j, "processes");
	for (size_t i = 0; i < s->fam.nr; i++) {
		ptrdiff_t parent = s->fam.forest->parent[i];

		vma_json_object(j, NULL);
		target_json(j, s->fam.name[i], s->fam.model[i]);
		if (parent < 0 || s->fam.model[i]->facts->adopted)
			vma_json_null(j, "forked_from");
		else
			vma_json_number(j, "forked_from", s->fam.model[parent]->facts->pid);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static int show(struct session *s)
{
	if (!make_rows(s))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!listing_begin(&s->l, s->opt.vmas ? "vmas" : "anon_vmas") ||
	    !listing_rows(&s->l, s->order, s->nr) || !listing_end(&s->l))
		return s->l.status;
	if (listing_is_json(&s->l))
		json_processes(s);
	return listing_close(&s->l) ? CLI_OK : s->l.status;
}

/* ---------------------------------------------------------------- a graph */

/* Text of other processes, quoted for dot. */
static void put_quoted(struct vma_out *o, const char *text)
{
	char safe[400];

	vma_escape_terminal(text, safe, sizeof(safe));
	for (const char *p = safe; *p; p++)
		vma_out_addf(o, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
}

static void dot_process(struct session *s, size_t process)
{
	const struct vma_forest *f = s->fam.forest;
	const struct vma_model *m = s->fam.model[process];
	struct vma_out *o = &s->l.out;
	char label[VMA_LABEL_MAX], perms[5], name[100];

	vma_out_addf(o, "\tsubgraph cluster_%zu {\n\t\tlabel=\"", process);
	put_quoted(o, target_name(m, name, sizeof(name)));
	vma_out_adds(o, "\";\n");
	for (size_t i = 0; i < f->nr_vmas; i++) {
		const struct vma_forest_vma *v = &f->vma[i];

		if (v->process != process)
			continue;
		vma_out_addf(o, "\t\tv%zu [shape=ellipse, label=\"%llx-%llx %s\\n", i,
			     (unsigned long long)v->vma->vm_start, (unsigned long long)v->vma->vm_end,
			     vma_flags_perms(v->vma->vm_flags, perms));
		put_quoted(o, vma_label(m->mm, v->vma, label, sizeof(label)));
		vma_out_addf(o, "%s\"];\n", v->more ? "\\nand links that are not known" : "");
	}
	vma_out_adds(o, "\t}\n");
}

static void dot_anon(struct vma_out *o, const struct vma_forest_anon *a)
{
	vma_out_addf(o, "\ta%u [label=\"anon_vma %u\\n", a->id, a->id);
	if (a->open)
		vma_out_adds(o, "counts not known");
	else
		vma_out_addf(o, "children %u active %u refs %u", a->num_children,
			     a->num_active_vmas, a->refcount);
	vma_out_addf(o, "\"%s];\n", a->parent_how.known < VMA_DERIVED ? ", style=dashed" : "");
}

static int show_dot(struct session *s)
{
	const struct vma_forest *f = s->fam.forest;
	struct vma_out *o = &s->l.out;

	if (vma_out_init(o, 1))
		return cli_error(CLI_FAILURE, "out of memory");
	vma_out_adds(o, "digraph anon_vma {\n\trankdir=BT;\n\tnode [shape=box];\n");
	for (size_t i = 0; i < f->nr_anons; i++)
		dot_anon(o, &f->anon[i]);
	for (size_t i = 0; i < f->nr_anons; i++)
		if (f->anon[i].parent && f->anon[i].parent != f->anon[i].id)
			vma_out_addf(o, "\ta%u -> a%u [style=bold];\n", f->anon[i].id,
				     f->anon[i].parent);
	for (size_t i = 0; i < s->fam.nr; i++)
		dot_process(s, i);
	for (size_t i = 0; i < f->nr_vmas; i++)
		for (size_t j = 0; j < f->vma[i].nr_chain; j++)
			vma_out_addf(o, "\tv%zu -> a%u%s;\n", i, f->link[f->vma[i].chain + j],
				     f->link[f->vma[i].chain + j] == f->vma[i].anon ?
					     "" : " [style=dotted]");
	vma_out_adds(o, "}\n");
	if (vma_out_flush(o))
		return cli_error(CLI_FAILURE, "standard output: %s", strerror(o->error));
	return CLI_OK;
}

/* ---------------------------------------------------------------- the command */

static int open_all(struct session *s, u32 levels)
{
	for (char **t = s->cli->argv; *t; t++) {
		u64 pid;
		int status;

		if (!s->opt.tree)
			status = family_open(&s->fam, s->cli, *t, levels, false);
		else if (!vma_parse_number(*t, &pid) || pid > ~0U)
			return cli_usage(s->cli, "%s: --tree needs a PID", *t);
		else
			status = family_open_tree(&s->fam, s->cli, (u32)pid, false, levels);
		s->fam.status = cli_worse(s->fam.status, status);
	}
	return s->fam.nr ? CLI_OK : s->fam.status;
}

int cmd_anon(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	u32 levels = VMA_READ_DEFAULT | VMA_READ_PAGES;
	int status;

	if (!cli_parse(cli, &s.opt))
		return cli->status;
	if (s.opt.check) {
		if (s.opt.dot || s.opt.vmas || s.opt.source)
			return cli_usage(cli, "--check-inference is an output of its own");
		if (!cli->argc)
			return cli_usage(cli, "no PID is given");
		return anon_check_show(cli, s.opt.tree, s.opt.check == 2);
	}
	if (s.opt.dot && (s.opt.vmas || cli->shared.json))
		return cli_usage(cli, "--dot is an output of its own");
	if (!s.opt.dot &&
	    !listing_init(&s.l, cli, s.opt.vmas ? &vma_table : &anon_table,
			  s.opt.vmas ? "PID,START,END,PERMS,ANON_VMA,CHAIN,OWN,SHARED,KNOWN,PATH" :
				       "ANON_VMA,ROOT,PARENT,DEPTH,CHILDREN,ACTIVE,REFS,LINKS,PIDS,"
				       "KNOWN"))
		return s.l.status;
	if (!cli->argc)
		return cli_usage(cli, "no PID is given");
	levels |= s.opt.source ? VMA_READ_BPF : 0;
	status = open_all(&s, levels);
	if (status == CLI_OK)
		status = family_join(&s.fam, cli);
	if (status == CLI_OK)
		status = s.opt.dot ? show_dot(&s) : show(&s);
	return status == CLI_OK ? s.fam.status : status;
}
