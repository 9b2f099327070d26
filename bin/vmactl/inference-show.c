// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl inspect --check-inference: the targets in, a table or JSON out. */
#include <stdlib.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "inference.h"
#include "listing.h"
#include "target.h"
#include "truth.h"

/* ---------------------------------------------------------------- rows: how often */

static void get_field(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct tally_row *r = row;

	(void)col;
	tally_put_text(cell, inference_field_name((enum inference_field)r->field));
}

static const struct vma_column row_columns[] = {
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_field, 0, "what was inferred" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, tally_get_known, 0,
	  "how it is said to be known; none: the sum of the field" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, tally_get_rule, 0, "by which rule" },
	{ "CONFIDENCE", "confidence", VMA_CELL_SHARE, false, 0, tally_get_number, TALLY_CONFIDENCE,
	  "how often the rule is said to be right" },
	{ "CHECKED", "checked", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_CHECKED,
	  "values compared" },
	{ "AGREE", "agree", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_AGREE,
	  "as the kernel has it" },
	{ "DIFFER", "differ", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_DIFFER,
	  "not as the kernel has it" },
	{ "UNKNOWN", "unknown", VMA_CELL_NUMBER, true, 0, tally_get_number, TALLY_UNKNOWN,
	  "nothing was said" },
	{ "RIGHT", "right", VMA_CELL_SHARE, false, 0, tally_get_number, TALLY_PRECISION,
	  "AGREE of AGREE and DIFFER" },
};
static const struct vma_columns row_table = { row_columns, ARRAY_SIZE(row_columns) };

/* ---------------------------------------------------------------- rows: each disagreement */

enum { MISS_PID, MISS_START, MISS_INFERRED, MISS_KERNEL };

static void get_miss(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct inference_miss *m = row;
	const u64 nums[] = { m->pid, m->start, m->inferred, m->truth };

	cell->num = nums[col->arg];
	cell->state = col->arg == MISS_START && !m->start ? VMA_CELL_NONE : VMA_CELL_HAS;
}

static void get_miss_field(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	tally_put_text(cell, inference_field_name(((const struct inference_miss *)row)->field));
}

static void get_miss_rule(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	tally_put_text(cell, ((const struct inference_miss *)row)->how.rule);
}

static void get_miss_known(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	tally_put_text(cell, vma_known_name((enum vma_known)((const struct inference_miss *)row)->how.known));
}

static const struct vma_column miss_columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_miss, MISS_PID, "process" },
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_miss, MISS_START,
	  "first address of the mapping; none: the mm" },
	{ "FIELD", "field", VMA_CELL_TEXT, false, 0, get_miss_field, 0, "what was inferred" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_miss_known, 0,
	  "how it is said to be known" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get_miss_rule, 0, "by which rule" },
	{ "INFERRED", "inferred", VMA_CELL_ADDR, false, 0, get_miss, MISS_INFERRED,
	  "from /proc; 0 and 1: no and yes" },
	{ "KERNEL", "kernel", VMA_CELL_ADDR, false, 0, get_miss, MISS_KERNEL,
	  "what the kernel has" },
};
static const struct vma_columns miss_table = { miss_columns, ARRAY_SIZE(miss_columns) };

/* ---------------------------------------------------------------- reading */

static inline void undo_bpf(struct vma_bpf **b)
{
	vma_bpf_close(*b);
}

/* Reads a process once, takes the kernel's answers away, rebuilds it, and compares. */
static int check_target(const struct cli *cli, const char *target, struct vma_bpf **bpf,
			struct inference *inf)
{
	AUTO(undo_truth) struct truth t = { .nr_bpf = 0 };
	AUTO(undo_model) struct vma_model *m = NULL;
	int status = truth_read(cli, target, VMA_READ_DEFAULT, false, bpf, &t, &m);

	if (status != CLI_OK)
		return status;
	inference_add(inf, m, t.bpf, t.mm);
	return target_report(cli, m->facts, VMA_READ_DEFAULT);
}

/* ---------------------------------------------------------------- JSON beside the rows */

static void json_share(struct vma_json *j, const char *key, u64 part, u64 all)
{
	if (all)
		vma_json_real(j, key, (double)part / (double)all);
	else
		vma_json_null(j, key);
}

static void json_presence(struct vma_json *j, const struct inference_presence *p)
{
	u64 present = p->present_right + p->absent_wrong + p->unknown_present;

	vma_json_object(j, "anon_vma");
	vma_json_number(j, "present_right", p->present_right);
	vma_json_number(j, "present_wrong", p->present_wrong);
	vma_json_number(j, "absent_right", p->absent_right);
	vma_json_number(j, "absent_wrong", p->absent_wrong);
	vma_json_number(j, "unknown_present", p->unknown_present);
	vma_json_number(j, "unknown_absent", p->unknown_absent);
	json_share(j, "precision", p->present_right, p->present_right + p->present_wrong);
	json_share(j, "recall", p->present_right, present);
	vma_json_end(j);
}

static void json_rest(struct vma_json *j, const struct inference *inf)
{
	json_presence(j, &inf->anon_vma);
	vma_json_array(j, "processes");
	for (size_t i = 0; i < inf->nr_processes; i++) {
		const struct inference_process *p = &inf->process[i];

		vma_json_object(j, NULL);
		vma_json_number(j, "pid", p->pid);
		vma_json_text(j, "comm", p->comm);
		vma_json_number(j, "vmas", p->vmas);
		json_presence(j, &p->anon_vma);
		vma_json_end(j);
	}
	vma_json_end(j);
}

/* The two figures that the table of rules cannot hold. */
static void say_presence(struct listing *l, const struct inference_presence *p)
{
	u64 said = p->present_right + p->present_wrong, precision = 0, recall = 0;
	u64 present = p->present_right + p->absent_wrong + p->unknown_present;

	if (!tally_share(p->present_right, said, &precision) ||
	    !tally_share(p->present_right, present, &recall))
		return;
	vma_out_addf(&l->out, "\nanon_vma present: precision %u.%u %% of %llu, "
		     "recall %u.%u %% of %llu\n", (unsigned int)(precision / 10),
		     (unsigned int)(precision % 10), (unsigned long long)said,
		     (unsigned int)(recall / 10), (unsigned int)(recall % 10),
		     (unsigned long long)present);
}

/* ---------------------------------------------------------------- the view */

static int show(struct listing *l, const struct inference *inf, bool misses, int status)
{
	size_t nr = misses ? inf->nr_misses : inf->tally.nr;
	AUTO(undo_free) const void **order = calloc(nr ? nr : 1, sizeof(*order));

	if (!order)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < nr; i++)
		order[i] = misses ? (const void *)&inf->miss[i] : (const void *)&inf->tally.row[i];
	if (!listing_begin(l, misses ? "differences" : "fields") || !listing_rows(l, order, nr) ||
	    !listing_end(l))
		return l->status;
	if (listing_is_json(l))
		json_rest(&l->json, inf);
	else if (!misses && l->opts.format == VMA_FORMAT_TABLE)
		say_presence(l, &inf->anon_vma);
	return listing_close(l) ? status : l->status;
}

int inspect_inference(struct cli *cli, bool misses)
{
	AUTO(listing_fini) struct listing l = { .status = CLI_OK };
	AUTO(undo_inference) struct inference inf = { .nr_misses = 0 };
	AUTO(undo_bpf) struct vma_bpf *bpf = NULL;
	int status = CLI_OK;

	if (!listing_init(&l, cli, misses ? &miss_table : &row_table,
			  misses ? "PID,START,FIELD,KNOWN,RULE,INFERRED,KERNEL"
				 : "FIELD,KNOWN,RULE,CHECKED,AGREE,DIFFER,UNKNOWN,RIGHT,CONFIDENCE"))
		return l.status;
	if (!cli->argc)
		return cli_usage(cli, "no TARGET is given");
	for (char **t = cli->argv; *t; t++)
		status = cli_worse(status, check_target(cli, *t, &bpf, &inf));
	if (inf.tally.failed)
		return cli_error(CLI_FAILURE, "out of memory");
	if (!inf.nr_processes)
		return status;
	if (inf.tally.contradiction)
		status = cli_worse(status, CLI_FINDING);
	tally_sort(&inf.tally);
	return show(&l, &inf, misses, status);
}
