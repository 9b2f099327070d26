// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl why: for each two neighbours that look alike, why the kernel keeps them apart.
 *
 * With an address: the mapping there and its two neighbours, whatever they look like.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "commands.h"
#include "libvmactl/topology.h"
#include "listing.h"
#include "target.h"

struct why_options {
	int source;
};

#define FIELD(name) .offset = offsetof(struct why_options, name)
const struct cli_option cmd_why_options[] = {
	{ "source", 0, CLI_CHOICE, FIELD(source), "WORD",
	  "what to believe: /proc, or the kernel's own values (needs root)", "proc|bpf" },
	CLI_END,
};

struct session {
	struct cli *cli;
	struct why_options opt;
	struct listing l;
	struct vma_model *model;
	struct vma_pair *pair;
	const void **order;
	size_t nr, cap;
	u64 alike;               /* pairs that look alike */
	u64 by[VMA_WHY_NR];      /* of these: by reason */
	u64 joinable, unknown;   /* nothing in the way; nothing to be seen */
};

static void undo_session(struct session *s)
{
	free(s->pair);
	free(s->order);
	vma_model_free(s->model);
	listing_fini(&s->l);
}

/* ---------------------------------------------------------------- columns */

enum why_column { COL_START, COL_AT, COL_END, COL_PERMS, COL_ALIKE, COL_REASON, COL_OR, COL_RULE,
		  COL_KNOWN, COL_TEXT, COL_EVIDENCE, COL_PATH };

/* Columns that are about the model need it; the listing has no place for it but the row. */
struct row {
	const struct vma_pair *pair;
	const struct vma_mm *mm;
};

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct vma_pair *p = ((const struct row *)row)->pair;

	cell->state = VMA_CELL_HAS;
	cell->num = col->arg == COL_START ? p->left->vm_start :
		    col->arg == COL_AT    ? p->right->vm_start :
		    col->arg == COL_END   ? p->right->vm_end :
					    p->alike;
}

/* "pgoff", "anon_fork": the reason's id without what they all begin with. Returns the end. */
static char *put_short(enum vma_why why, char *out)
{
	const char *p = vma_why_at(why)->id;

	if (!strncmp(p, "MERGE_", 6))
		p += 6;
	for (; *p; p++)
		*out++ = *p == '_' ? '_' : (char)(*p | 0x20);
	*out = '\0';
	return out;
}

static const char *short_name(enum vma_why why, char *buf)
{
	put_short(why, buf);
	return buf;
}

static void get_reason(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct vma_pair *p = ((const struct row *)row)->pair;

	(void)col;
	cell->how = p->how;
	cell->state = VMA_CELL_HAS;
	if (p->why != VMA_WHY_NONE)
		cell->text = short_name(p->why, cell->buf);
	else
		cell->state = p->how.known == VMA_UNKNOWN ? VMA_CELL_UNKNOWN : VMA_CELL_NONE;
}

static void get_others(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct vma_pair *p = ((const struct row *)row)->pair;
	char *out = cell->buf;

	(void)col;
	for (size_t i = 0; i < VMA_PAIR_OTHERS && p->or_why[i] != VMA_WHY_NONE; i++) {
		if (i)
			*out++ = ' ';
		out = put_short(p->or_why[i], out);
	}
	cell->text = cell->buf;
	cell->state = out == cell->buf ? VMA_CELL_NONE : VMA_CELL_HAS;
}

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct row *r = row;
	const struct vma_pair *p = r->pair;

	cell->state = VMA_CELL_HAS;
	if (col->arg == COL_PERMS)
		cell->text = vma_flags_perms(p->right->vm_flags, cell->buf);
	else if (col->arg == COL_RULE)
		cell->text = vma_why_at(p->why)->rule;
	else if (col->arg == COL_KNOWN)
		cell->text = vma_known_name((enum vma_known)p->how.known);
	else if (col->arg == COL_TEXT)
		cell->text = vma_why_at(p->why)->text;
	else if (col->arg == COL_EVIDENCE)
		cell->text = p->evidence;
	else
		cell->text = vma_label(r->mm, p->right, cell->buf, VMA_CELL_BUF);
	if (!*cell->text)
		cell->state = VMA_CELL_NONE;
}

static const struct vma_column columns[] = {
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_number, COL_START,
	  "start of the mapping below" },
	{ "AT", "at", VMA_CELL_ADDR, false, 0, get_number, COL_AT, "start of the mapping above" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get_number, COL_END, "end of the mapping above" },
	{ "PERMS", "perms", VMA_CELL_TEXT, false, 0, get_text, COL_PERMS,
	  "permissions, as maps prints them (above)" },
	{ "ALIKE", "alike", VMA_CELL_BOOL, false, 0, get_number, COL_ALIKE,
	  "nothing that maps prints tells them apart" },
	{ "REASON", "reason", VMA_CELL_TEXT, false, 0, get_reason, COL_REASON,
	  "the first merge rule that fails; - nothing is in the way" },
	{ "OR", "or", VMA_CELL_WORDS, false, 0, get_others, COL_OR,
	  "what else it may be, as far as /proc can tell" },
	{ "RULE", "rule", VMA_CELL_TEXT, false, 0, get_text, COL_RULE, "the rule's number" },
	{ "KNOWN", "known", VMA_CELL_TEXT, false, 0, get_text, COL_KNOWN, "how certain it is" },
	{ "TEXT", "text", VMA_CELL_TEXT, false, 0, get_text, COL_TEXT, "the reason in words" },
	{ "EVIDENCE", "evidence", VMA_CELL_TEXT, false, 0, get_text, COL_EVIDENCE,
	  "what it rests on" },
	{ "PATH", "path", VMA_CELL_TEXT, false, 0, get_text, COL_PATH, "what is mapped (above)" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- pairs */

static int add_pair(void *ctx, const struct vma_pair *p)
{
	struct session *s = ctx;

	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct vma_pair *more = realloc(s->pair, cap * sizeof(*more));

		if (!more)
			return -1;
		s->pair = more;
		s->cap = cap;
	}
	s->pair[s->nr++] = *p;
	if (!p->alike)
		return 0;
	s->alike++;
	if (p->why != VMA_WHY_NONE)
		s->by[p->why]++;
	else if (p->how.known == VMA_UNKNOWN)
		s->unknown++;
	else
		s->joinable++;
	return 0;
}

/* The mapping at ADDR and its neighbours. */
static int pairs_at(struct session *s, const char *text)
{
	const struct vma_mm *mm = s->model->mm;
	const struct vma *vma, *other;
	struct vma_pair pair;
	struct vma_err err;
	u64 addr;

	if (!target_address(s->model, text, &addr, &err))
		return cli_error(err.code == EINVAL ? CLI_USAGE : CLI_FAILURE, "%s", err.msg);
	vma = vma_lookup(mm, addr);
	if (!vma)
		return cli_error(CLI_FAILURE, "%s: nothing is mapped there", text);
	for (int above = 0; above < 2; above++) {
		other = above ? vma_next(mm, vma) : vma_prev(mm, vma);
		if (!other)
			continue;
		vma_pair_of(s->model, above ? vma : other, above ? other : vma, &pair);
		if (add_pair(s, &pair))
			return cli_error(CLI_FAILURE, "out of memory");
	}
	return CLI_OK;
}

/* ---------------------------------------------------------------- output */

static void write_json_summary(struct session *s)
{
	struct vma_json *j = &s->l.json;
	char name[40];

	vma_json_object(j, "process");
	target_json(j, s->cli->argv[0], s->model);
	vma_json_end(j);
	vma_json_object(j, "summary");
	vma_json_number(j, "map_count", s->model->mm->map_count);
	vma_json_number(j, "could_be_saved", s->alike);
	vma_json_number(j, "nothing_in_the_way", s->joinable);
	vma_json_number(j, "unknown", s->unknown);
	vma_json_object(j, "reasons");
	for (int i = 0; i < VMA_WHY_NR; i++)
		if (s->by[i])
			vma_json_number(j, short_name((enum vma_why)i, name), s->by[i]);
	vma_json_end(j);
	vma_json_end(j);
}

static void write_text_summary(struct session *s)
{
	struct vma_out *o = &s->l.out;
	char name[40];

	if (!s->alike) {
		vma_out_adds(o, s->nr ? "" : "no neighbours look alike\n");
		return;
	}
	vma_out_addf(o, "\n%llu of %u mappings could be saved:", (unsigned long long)s->alike,
		     s->model->mm->map_count);
	for (int i = 0; i < VMA_WHY_NR; i++)
		if (s->by[i])
			vma_out_addf(o, " %s %llu", short_name((enum vma_why)i, name),
				     (unsigned long long)s->by[i]);
	if (s->joinable)
		vma_out_addf(o, " nothing in the way %llu", (unsigned long long)s->joinable);
	if (s->unknown)
		vma_out_addf(o, " unknown %llu", (unsigned long long)s->unknown);
	vma_out_adds(o, "\n");
}

static int show(struct session *s)
{
	AUTO(undo_free) struct row *rows = calloc(s->nr ? s->nr : 1, sizeof(*rows));

	s->order = calloc(s->nr ? s->nr : 1, sizeof(*s->order));
	if (!rows || !s->order)
		return cli_error(CLI_FAILURE, "out of memory");
	for (size_t i = 0; i < s->nr; i++) {
		rows[i] = (struct row){ &s->pair[i], s->model->mm };
		s->order[i] = &rows[i];
	}
	if (!listing_begin(&s->l, "pairs") || !listing_rows(&s->l, s->order, s->nr) ||
	    !listing_end(&s->l))
		return s->l.status;
	if (listing_is_json(&s->l))
		write_json_summary(s);
	else if (s->l.opts.format == VMA_FORMAT_TABLE)
		write_text_summary(s);
	return listing_close(&s->l) ? CLI_OK : s->l.status;
}

int cmd_why(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli };
	u32 levels = VMA_READ_DEFAULT;
	int status, partial;

	if (!cli_parse(cli, &s.opt))
		return cli->status;
	if (!listing_init(&s.l, cli, &table, "START,AT,END,PERMS,REASON,OR,KNOWN,EVIDENCE,PATH"))
		return s.l.status;
	if (cli->argc < 1 || cli->argc > 2)
		return cli_usage(cli, cli->argc ? "one TARGET and one ADDR at most" :
						  "no TARGET is given");
	levels |= s.opt.source ? VMA_READ_BPF : 0;
	status = target_open(cli, cli->argv[0], levels, &s.model);
	if (status != CLI_OK)
		return status;
	partial = target_report(cli, s.model->facts, levels);
	if (cli->argc == 2)
		status = pairs_at(&s, cli->argv[1]);
	else if (vma_pairs_each(s.model, add_pair, &s))
		status = cli_error(CLI_FAILURE, "out of memory");
	if (status != CLI_OK)
		return status;
	status = show(&s);
	return status == CLI_OK ? partial : status;
}
