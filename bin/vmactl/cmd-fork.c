// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl fork: the bill of the next fork, before it happens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "fields.h"
#include "libvmactl/topology.h"
#include "listing.h"
#include "target.h"

struct fork_options {
	int source;
	bool no_time;
};

#define FIELD(name) .offset = offsetof(struct fork_options, name)
const struct cli_option cmd_fork_options[] = {
	{ "no-time", 0, CLI_FLAG, FIELD(no_time),
	  .help = "do not fork processes to learn what it takes here" },
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	CLI_END,
};

static const struct vma_provenance exact = { VMA_EXACT, 100, "" };

static struct vma_provenance derived(const char *rule)
{
	return (struct vma_provenance){ VMA_DERIVED, 100, rule };
}

static struct vma_provenance inferred(u8 confidence, const char *rule)
{
	return (struct vma_provenance){ VMA_INFERRED, confidence, rule };
}

static void add_objects(const struct vma_fork_bill *b, struct fields *f)
{
	fields_num(f, "vmas_copied", FIELD_NUMBER, b->copied, derived("F2"));
	fields_num(f, "vmas_skipped", FIELD_NUMBER, b->skipped, derived("F1"));
	fields_num(f, "vmas_wiped", FIELD_NUMBER, b->wiped, derived("F2"));
	fields_num(f, "anon_vmas_new", FIELD_NUMBER, b->anon_vmas, b->anon_how);
	fields_num(f, "anon_vmas_reused", FIELD_NUMBER, b->reused, b->anon_how);
	fields_num(f, "chain_links", FIELD_NUMBER, b->links, b->link_how);
	fields_num(f, "object_bytes", FIELD_BYTES, b->kernel,
		   inferred(b->link_how.known == VMA_UNKNOWN ? 70 : 90, "D3"));
}

static void add_pages(const struct vma_model *m, const struct vma_fork_bill *b, struct fields *f)
{
	struct vma_provenance pages = b->table_how;
	u64 tables = b->tables[0] + b->tables[1] + b->tables[2];

	if (pages.known != VMA_UNKNOWN)
		pages = m->facts->bpf ? derived("F5") : inferred(95, "F5");
	fields_num(f, "page_table_bytes", FIELD_BYTES, tables << VMA_PAGE_SHIFT, b->table_how);
	fields_num(f, "page_tables_pte", FIELD_NUMBER, b->tables[0], b->table_how);
	fields_num(f, "page_tables_pmd", FIELD_NUMBER, b->tables[1], b->table_how);
	fields_num(f, "page_tables_pud", FIELD_NUMBER, b->tables[2], b->table_how);
	fields_num(f, "page_tables_hidden", FIELD_NUMBER, b->hidden, b->table_how);
	fields_num(f, "pages_copied", FIELD_NUMBER, b->pages, pages);
	fields_num(f, "huge_pages_copied", FIELD_NUMBER, b->huge, pages);
	fields_num(f, "cow_worst_bytes", FIELD_BYTES, b->cow, pages);
	fields_num(f, "cow_worst_bytes_thp", FIELD_BYTES, b->cow_huge, pages);
	fields_num(f, "cow_worst_bytes_small", FIELD_BYTES, b->cow - b->cow_huge, pages);
	fields_num(f, "cow_step_thp", FIELD_BYTES, b->cow_step, derived("F6"));
}

static const char *const modes[] = { "0 heuristic", "1 always", "2 strict" };

static void add_commit(const struct vma_model *m, const struct vma_fork_bill *b, struct fields *f)
{
	const struct vma_system *sys = vma_world_system(m->world);
	char text[VMA_SENTENCE];
	struct vma_result res = { .err = ENOMEM, .why = b->why, .value = b->value,
				  .limit = b->limit };

	fields_num(f, "commit_charge_bytes", FIELD_BYTES, b->charge, derived("M22"));
	fields_num(f, "committed_bytes", FIELD_BYTES, sys->committed_pages << VMA_PAGE_SHIFT, exact);
	fields_text(f, "overcommit_memory", FIELD_TEXT,
		    sys->overcommit_memory < 3 ? modes[sys->overcommit_memory] : "?", exact);
	fields_text(f, "verdict", FIELD_TEXT, b->refused ? "refused: ENOMEM" : "granted",
		    derived("M24"));
	fields_text(f, "because", FIELD_TEXT,
		    b->refused ? vma_explain_why(&res, text, sizeof(text)) : NULL, derived("M24"));
}

static int add_time(const struct vma_fork_bill *b, struct fields *f)
{
	struct vma_fork_costs costs;
	struct vma_err err;

	if (vma_fork_calibrate(b, &costs, &err))
		return cli_fail(&err);
	fields_num(f, "time_us", FIELD_NUMBER, (u64)(vma_fork_time(b, &costs) / 1000 + 0.5),
		   inferred(80, "calibrated"));
	fields_num(f, "time_ns_base", FIELD_NUMBER, (u64)(costs.base + 0.5), exact);
	fields_num(f, "time_ns_vma", FIELD_NUMBER, (u64)(costs.vma + 0.5), exact);
	fields_num(f, "time_ns_anon_vma", FIELD_NUMBER, (u64)(costs.anon_vma + 0.5), exact);
	fields_num(f, "time_ns_table", FIELD_NUMBER, (u64)(costs.table + 0.5), exact);
	fields_num(f, "time_ns_page", FIELD_NUMBER, (u64)(costs.page + 0.5), exact);
	if (b->huge)
		fields_num(f, "time_ns_huge", FIELD_NUMBER, (u64)(costs.huge + 0.5), exact);
	return CLI_OK;
}

static int show(struct listing *l, const struct fields *f, const char *target,
		const struct vma_model *m)
{
	if (!listing_begin(l, NULL))
		return l->status;
	if (listing_is_json(l)) {
		vma_json_object(&l->json, "process");
		target_json(&l->json, target, m);
		vma_json_end(&l->json);
		vma_json_object(&l->json, "fork");
		fields_json(f, &l->json);
		vma_json_end(&l->json);
		return listing_close(l) ? CLI_OK : l->status;
	}
	for (size_t i = 0; i < f->nr; i++)
		if (!listing_row(l, &f->field[i]))
			return l->status;
	return listing_end(l) && listing_close(l) ? CLI_OK : l->status;
}

int cmd_fork(struct cli *cli)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	AUTO(undo_fields) struct fields f = { .nr = 0 };
	AUTO(listing_fini) struct listing l = { .status = CLI_OK };
	struct fork_options opt = { .source = 0 };
	u32 levels = VMA_READ_DEFAULT | VMA_READ_PAGES;
	struct vma_fork_bill bill;
	struct vma_err err;
	int status, partial;

	if (!cli_parse(cli, &opt))
		return cli->status;
	if (!listing_init(&l, cli, &fields_columns, "FIELD,VALUE,KNOWN,RULE"))
		return l.status;
	if (cli->argc != 1)
		return cli_usage(cli, cli->argc ? "one TARGET at a time" : "no TARGET is given");
	levels |= opt.source ? VMA_READ_BPF : 0;
	status = target_open(cli, cli->argv[0], levels, &m);
	if (status != CLI_OK)
		return status;
	partial = target_report(cli, m->facts, levels);
	if (vma_fork_bill(m, &bill, &err))
		return cli_fail(&err);
	add_objects(&bill, &f);
	add_pages(m, &bill, &f);
	add_commit(m, &bill, &f);
	if (!opt.no_time)
		status = add_time(&bill, &f);
	if (status == CLI_OK && f.failed)
		status = cli_error(CLI_FAILURE, "out of memory");
	if (status == CLI_OK)
		status = show(&l, &f, cli->argv[0], m);
	if (status != CLI_OK)
		return status;
	return bill.refused ? CLI_FINDING : partial;
}
