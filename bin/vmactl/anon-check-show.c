// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl anon --check-inference: the processes in, a table or JSON out. */
#include <stdio.h>
#include <stdlib.h>

#include "anon-check.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "listing.h"
#include "target.h"
#include "truth.h"

/* ---------------------------------------------------------------- rows: how often */

static void get_scope(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;

	(void)col;
	tally_put_text(cell, r->forked ? "forked" : "all");
}

static void get_field(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;

	(void)col;
	tally_put_text(cell, anon_field_name((enum anon_field)r->field));
}

static const struct vma_column row_columns[] = {
	{ "SCOPE", "scope", VMA_CELL_TEXT, false, 0, get_scope, 0,
	  "all mappings, or those of processes forked from another one here" },
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_field, 0, "what was inferred" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, tally_get_known, 0,
	  "how it is said to be known; none: the sum of the field" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, tally_get_rule, 0, "by which rule" },
	{ "CONFIDENCE", "confidence", VMA_CELL_SHARE, false, 0, tally_get_number, TALLY_CONFIDENCE,
	  "how often the rule is said to be right" },
	{ "CHECKED", "checked", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_CHECKED,
	  "mappings compared" },
	{ "AGREE", "agree", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_AGREE,
	  "as the kernel has it" },
	{ "DIFFER", "differ", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_DIFFER,
	  "not as the kernel has it" },
	{ "UNKNOWN", "unknown", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_UNKNOWN,
	  "nothing was said" },
	{ "TRUTH", "truth", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_TRUTH,
	  "mappings that have an anon_vma in the kernel" },
	{ "PRECISION", "precision", VMA_CELL_SHARE, false, 0, tally_get_number, TALLY_PRECISION,
	  "AGREE of AGREE and DIFFER" },
	{ "RECALL", "recall", VMA_CELL_SHARE, false, 0, tally_get_number, TALLY_RECALL, "AGREE of TRUTH" },
};
static const struct vma_columns row_table = { row_columns, ARRAY_SIZE(row_columns) };

/* ---------------------------------------------------------------- rows: each difference */

static void get_miss(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_miss *m = row;

	cell->num = col->arg ? m->start : m->pid;
	cell->state = VMA_CELL_HAS;
}

enum { TEXT_FIELD, TEXT_KNOWN, TEXT_RULE, TEXT_INFERRED, TEXT_KERNEL };

static void get_miss_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct anon_miss *m = row;
	const char *const texts[] = {
		anon_field_name(m->field), vma_known_name((enum vma_known)m->how.known),
		m->how.rule, m->inferred, m->kernel,
	};

	tally_put_text(cell, texts[col->arg]);
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

struct session {
	struct cli *cli;
	struct family fam;
	struct truth *truth; /* what the kernel said, by place in the family */
	struct vma_bpf *bpf;
	struct vma_forest *exact;
	struct anon_check check;
	struct listing l;
};

static void undo_session(struct session *s)
{
	vma_forest_free(s->exact);
	for (size_t i = 0; i < s->fam.nr && s->truth; i++) /* those that were not given back */
		truth_fini(&s->truth[i]);
	free(s->truth);
	family_fini(&s->fam);
	vma_bpf_close(s->bpf);
	anon_check_fini(&s->check);
	listing_fini(&s->l);
}

/* One process, once; what the kernel says is put aside. One that ended meanwhile is left out when
 * @gone_ok. */
static int read_one(struct session *s, const char *target, bool gone_ok)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	AUTO(undo_truth) struct truth t = { .nr_bpf = 0 };
	struct truth *more;
	int status = truth_read(s->cli, target, VMA_READ_DEFAULT | VMA_READ_PAGES, gone_ok, &s->bpf,
				&t, &m);

	if (status != CLI_OK || !m)
		return status;
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

/* As the family is: parents before children. */
static bool sort_truth(struct session *s)
{
	AUTO(undo_free) size_t *from = family_sort(&s->fam);
	struct truth *sorted = from ? calloc(s->fam.nr, sizeof(*sorted)) : NULL;

	for (size_t i = 0; sorted && i < s->fam.nr; i++)
		sorted[i] = s->truth[from[i]];
	if (!sorted)
		return false;
	free(s->truth);
	s->truth = sorted;
	return true;
}

static int compare(struct session *s)
{
	struct vma_err err;
	int status;

	if (!sort_truth(s))
		return cli_error(CLI_FAILURE, "out of memory");
	status = family_join(&s->fam, s->cli);
	if (status != CLI_OK)
		return status;
	for (size_t i = 0; i < s->fam.nr; i++)
		truth_give_back(&s->truth[i], s->fam.model[i]->facts);
	if (vma_forest_new(s->fam.model, s->fam.nr, s->cli->shared.procfs, &s->exact, &err))
		return cli_fail(&err);
	anon_check_forests(&s->check, s->fam.forest, s->exact);
	return s->check.tally.failed ? cli_error(CLI_FAILURE, "out of memory") : CLI_OK;
}

/* ---------------------------------------------------------------- the view */

static int show(struct session *s, bool misses, int status)
{
	struct anon_check *c = &s->check;
	size_t nr = misses ? c->nr_misses : c->tally.nr, forked = 0;
	AUTO(undo_free) const void **order = calloc(nr ? nr : 1, sizeof(*order));

	if (!order)
		return cli_error(CLI_FAILURE, "out of memory");
	tally_sort(&c->tally);
	for (size_t i = 0; i < nr; i++)
		order[i] = misses ? (const void *)&c->miss[i] : (const void *)&c->tally.row[i];
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
				   "RECALL,CONFIDENCE"))
		return s.l.status;
	for (char **t = cli->argv; *t; t++)
		status = cli_worse(status, tree ? read_tree(&s, *t) : read_one(&s, *t, false));
	if (!s.fam.nr)
		return status;
	status = cli_worse(status, compare(&s));
	if (!s.exact || s.check.tally.failed)
		return status;
	if (s.check.tally.contradiction)
		status = cli_worse(status, CLI_FINDING);
	return show(&s, misses, status);
}
