// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl anon --check-inference: the processes in, a table or JSON out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anon-check.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "listing.h"
#include "target.h"

/* ---------------------------------------------------------------- rows: how often */

enum { COL_CHECKED, COL_AGREE, COL_DIFFER, COL_UNKNOWN, COL_TRUTH, COL_PRECISION, COL_RECALL };

/* Tenths of a percent; false: of nothing. */
static bool share(u64 part, u64 all, u64 *out)
{
	*out = all ? (part * 1000 + all / 2) / all : 0;
	return all;
}

static void get_count(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_row *r = row;
	const u64 counts[] = { r->agree + r->differ + r->unknown, r->agree, r->differ, r->unknown,
			       r->truth };
	bool has = true;

	if (col->arg == COL_PRECISION)
		has = share(r->agree, r->agree + r->differ, &cell->num);
	else if (col->arg == COL_RECALL)
		has = r->sum && share(r->agree, r->truth, &cell->num);
	else
		cell->num = counts[col->arg];
	cell->state = has ? VMA_CELL_HAS : VMA_CELL_NONE;
}

enum { TEXT_SCOPE, TEXT_FIELD, TEXT_KNOWN, TEXT_RULE, TEXT_INFERRED, TEXT_KERNEL };

static void put_text(struct vma_cell *cell, const char *text)
{
	cell->text = text;
	cell->state = *text ? VMA_CELL_HAS : VMA_CELL_NONE;
}

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_row *r = row;
	const char *const texts[] = {
		r->forked ? "forked" : "all", anon_field_name(r->field),
		r->sum ? "" : vma_known_name((enum vma_known)r->how.known),
		r->sum ? "" : r->how.rule,
	};

	put_text(cell, texts[col->arg]);
}

static const struct vma_column row_columns[] = {
	{ "SCOPE", "scope", VMA_CELL_TEXT, false, 0, get_text, TEXT_SCOPE,
	  "all mappings, or those of processes forked from another one here" },
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_text, TEXT_FIELD, "what was inferred" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_text, TEXT_KNOWN,
	  "how it is said to be known; none: the sum of the field" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get_text, TEXT_RULE, "by which rule" },
	{ "CHECKED", "checked", VMA_CELL_NUMBER, true, 0, get_count, COL_CHECKED,
	  "mappings compared" },
	{ "AGREE", "agree", VMA_CELL_NUMBER, true, 0, get_count, COL_AGREE,
	  "as the kernel has it" },
	{ "DIFFER", "differ", VMA_CELL_NUMBER, true, 0, get_count, COL_DIFFER,
	  "not as the kernel has it" },
	{ "UNKNOWN", "unknown", VMA_CELL_NUMBER, true, 0, get_count, COL_UNKNOWN,
	  "nothing was said" },
	{ "TRUTH", "truth", VMA_CELL_NUMBER, true, 0, get_count, COL_TRUTH,
	  "mappings that have an anon_vma in the kernel" },
	{ "PRECISION", "precision", VMA_CELL_SHARE, false, 0, get_count, COL_PRECISION,
	  "AGREE of AGREE and DIFFER" },
	{ "RECALL", "recall", VMA_CELL_SHARE, false, 0, get_count, COL_RECALL, "AGREE of TRUTH" },
};
static const struct vma_columns row_table = { row_columns, ARRAY_SIZE(row_columns) };

/* ---------------------------------------------------------------- rows: each difference */

static void get_miss(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_miss *m = row;

	cell->num = col->arg ? m->start : m->pid;
	cell->state = VMA_CELL_HAS;
}

static void get_miss_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_miss *m = row;
	const char *const texts[] = {
		"", anon_field_name(m->field), vma_known_name((enum vma_known)m->how.known),
		m->how.rule, m->inferred, m->kernel,
	};

	put_text(cell, texts[col->arg]);
}

static const struct vma_column miss_columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_miss, 0, "process" },
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_miss, 1, "first address of the mapping" },
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_miss_text, TEXT_FIELD,
	  "what was inferred" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_miss_text, TEXT_KNOWN,
	  "how it is said to be known" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get_miss_text, TEXT_RULE, "by which rule" },
	{ "INFERRED", "inferred", VMA_CELL_TEXT, false, 0, get_miss_text, TEXT_INFERRED,
	  "from /proc: the process and address of the first mapping that has it" },
	{ "KERNEL", "kernel", VMA_CELL_TEXT, false, 0, get_miss_text, TEXT_KERNEL,
	  "what the kernel has" },
};
static const struct vma_columns miss_table = { miss_columns, ARRAY_SIZE(miss_columns) };

/* ---------------------------------------------------------------- reading */

/* What the kernel said of one process, kept aside until the inference is done. */
struct truth {
	struct vma_fact_bpf *bpf;
	struct vma_fact_mm_bpf *mm;
	struct vma_fact_anon *anon;
	size_t nr_bpf, nr_anon;
};

struct session {
	struct cli *cli;
	struct family fam;
	struct truth *truth; /* by place in the family */
	struct vma_bpf *bpf;
	struct vma_forest *exact;
	struct anon_check check;
	struct listing l;
};

static void undo_truth(struct truth *t)
{
	free(t->bpf);
	free(t->mm);
	free(t->anon);
}

static void undo_session(struct session *s)
{
	vma_forest_free(s->exact);
	for (size_t i = 0; i < s->fam.nr && s->truth; i++) /* those that were not given back */
		undo_truth(&s->truth[i]);
	free(s->truth);
	family_fini(&s->fam);
	vma_bpf_close(s->bpf);
	anon_check_fini(&s->check);
	listing_fini(&s->l);
}

static inline void undo_facts(struct vma_facts **f)
{
	vma_facts_free(*f);
}

static struct truth take_truth(struct vma_facts *f)
{
	struct truth t = { TAKE(f->bpf), TAKE(f->mm_bpf), TAKE(f->anon_bpf), f->nr_bpf,
			   f->nr_anon_bpf };

	f->nr_bpf = f->nr_anon_bpf = 0;
	f->levels &= ~(u32)VMA_READ_BPF;
	return t;
}

static void give_back(struct truth *t, struct vma_facts *f)
{
	f->bpf = TAKE(t->bpf);
	f->mm_bpf = TAKE(t->mm);
	f->anon_bpf = TAKE(t->anon);
	f->nr_bpf = t->nr_bpf;
	f->nr_anon_bpf = t->nr_anon;
	f->levels |= VMA_READ_BPF;
}

static int no_truth(const struct vma_facts *f)
{
	for (size_t i = 0; i < f->nr_missing; i++)
		if (!strcmp(f->missing[i].what, "bpf") && f->missing[i].remedy)
			return cli_error(CLI_FAILURE, "%s: bpf: not read: %s (%s)", f->source,
					 strerror(f->missing[i].err), f->missing[i].remedy);
	return cli_error(CLI_FAILURE, f->kernel_thread
			 ? "%s: a kernel thread has no address space"
			 : "%s: changed all the time (stop it first, or try again)", f->source);
}

/* One process, once; what the kernel says is put aside. One that ended meanwhile is left out when
 * @gone_ok. */
static int read_one(struct session *s, const char *target, bool gone_ok)
{
	struct vma_read_opts opts = {
		.procfs = s->cli->shared.procfs, .bpf = &s->bpf,
		.levels = target_levels(s->cli, VMA_READ_DEFAULT | VMA_READ_PAGES) | VMA_READ_BPF,
	};
	AUTO(undo_facts) struct vma_facts *f = NULL;
	AUTO(undo_model) struct vma_model *m = NULL;
	AUTO(undo_truth) struct truth t = { .nr_bpf = 0 };
	struct truth *more;
	struct vma_err err;

	if (vma_facts_read(target, &opts, &f, &err)) {
		if (gone_ok && (err.code == ENOENT || err.code == ESRCH || err.code == EINVAL))
			return CLI_OK;
		return cli_fail(&err);
	}
	if (!f->bpf || !f->mm_bpf)
		return gone_ok && !f->nr_maps ? CLI_OK : no_truth(f);
	t = take_truth(f);
	if (vma_rebuild(f, NULL, &m, &err))
		return cli_fail(&err);
	f = NULL; /* the model has them */
	more = realloc(s->truth, (s->fam.nr + 1) * sizeof(*more));
	if (more)
		s->truth = more;
	if (!more || !family_add(&s->fam, m))
		return cli_error(CLI_FAILURE, "out of memory");
	m = NULL;
	s->truth[s->fam.nr - 1] = t;
	t = (struct truth){ .nr_bpf = 0 };
	return CLI_OK;
}

static int read_tree(struct session *s, const char *target)
{
	AUTO(undo_free) u32 *pids = NULL;
	struct vma_err err;
	size_t nr;
	u64 pid;
	int status = CLI_OK;

	if (!vma_parse_number(target, &pid) || pid > ~0U)
		return cli_usage(s->cli, "%s: --tree needs a PID", target);
	if (vma_family((u32)pid, false, s->cli->shared.procfs, &pids, &nr, &err))
		return cli_fail(&err);
	for (size_t i = 0; i < nr; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", pids[i]);
		status = cli_worse(status, read_one(s, text, i > 0));
	}
	return status;
}

static int compare(struct session *s)
{
	struct vma_err err;
	int status = family_join(&s->fam, s->cli);

	if (status != CLI_OK)
		return status;
	for (size_t i = 0; i < s->fam.nr; i++)
		give_back(&s->truth[i], s->fam.model[i]->facts);
	if (vma_forest_new(s->fam.model, s->fam.nr, s->cli->shared.procfs, &s->exact, &err))
		return cli_fail(&err);
	anon_check_forests(&s->check, s->fam.forest, s->exact);
	return s->check.failed ? cli_error(CLI_FAILURE, "out of memory") : CLI_OK;
}

/* ---------------------------------------------------------------- the view */

static int by_place(const void *a, const void *b)
{
	const struct anon_row *x = a, *y = b;

	if (x->forked != y->forked)
		return x->forked ? 1 : -1;
	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->sum != y->sum)
		return x->sum ? -1 : 1;
	if (x->how.known != y->how.known)
		return x->how.known > y->how.known ? -1 : 1;
	if (x->how.confidence != y->how.confidence)
		return x->how.confidence > y->how.confidence ? -1 : 1;
	return strcmp(x->how.rule, y->how.rule);
}

static int show(struct session *s, bool misses, int status)
{
	struct anon_check *c = &s->check;
	size_t nr = misses ? c->nr_misses : c->nr_rows, forked = 0;
	AUTO(undo_free) const void **order = calloc(nr ? nr : 1, sizeof(*order));

	if (!order)
		return cli_error(CLI_FAILURE, "out of memory");
	if (c->nr_rows)
		qsort(c->row, c->nr_rows, sizeof(*c->row), by_place);
	for (size_t i = 0; i < nr; i++)
		order[i] = misses ? (const void *)&c->miss[i] : (const void *)&c->row[i];
	for (size_t i = 0; i < s->fam.nr; i++)
		forked += s->fam.forest->parent[i] >= 0;
	if (!listing_begin(&s->l, misses ? "differences" : "fields") ||
	    !listing_rows(&s->l, order, nr) || !listing_end(&s->l))
		return s->l.status;
	if (listing_is_json(&s->l)) {
		vma_json_number(&s->l.json, "processes", s->fam.nr);
		vma_json_number(&s->l.json, "forked", forked);
	}
	return listing_close(&s->l) ? status : s->l.status;
}

int anon_check_show(struct cli *cli, bool tree, bool misses)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	int status = CLI_OK;

	if (!listing_init(&s.l, cli, misses ? &miss_table : &row_table,
			  misses ? "PID,START,FIELD,KNOWN,RULE,INFERRED,KERNEL" :
				   "SCOPE,FIELD,KNOWN,RULE,CHECKED,AGREE,DIFFER,UNKNOWN,PRECISION,"
				   "RECALL"))
		return s.l.status;
	for (char **t = cli->argv; *t; t++)
		status = cli_worse(status, tree ? read_tree(&s, *t) : read_one(&s, *t, false));
	if (!s.fam.nr)
		return status;
	status = cli_worse(status, compare(&s));
	if (!s.exact || s.check.failed)
		return status;
	if (s.check.contradiction)
		status = cli_worse(status, CLI_FINDING);
	return show(&s, misses, status);
}
