// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl pages: what stands behind each page, as runs; totals, and a strip that shows where. */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "commands.h"
#include "listing.h"
#include "target.h"

struct pages_options {
	bool all, frames, soft_dirty, no_strip;
};

#define FIELD(name) .offset = offsetof(struct pages_options, name)
const struct cli_option cmd_pages_options[] = {
	{ "all", 'a', CLI_FLAG, FIELD(all), .help = "runs of pages that are not there, too" },
	{ "frames", 'f', CLI_FLAG, FIELD(frames),
	  .help = "ask how often each page is mapped by anybody (needs root)" },
	{ "soft-dirty", 0, CLI_FLAG, FIELD(soft_dirty),
	  .help = "tell pages apart that were written since clear_refs" },
	{ "no-strip", 0, CLI_FLAG, FIELD(no_strip), .help = "no heat strip below the table" },
	CLI_END,
};

#define NR_STATES VMA_PAGE_NR

/* THE table of states: name, and the letter and colour in the strip. */
static const struct {
	const char *name, *color;
	char letter;
} states[NR_STATES] = {
	[VMA_PAGE_NONE] = { "none", "", '.' },
	[VMA_PAGE_ZERO] = { "zero", "37", 'z' },
	[VMA_PAGE_ANON] = { "anon", "31", 'A' },
	[VMA_PAGE_ANON_SHARED] = { "anon_shared", "33", 'a' },
	[VMA_PAGE_FILE] = { "file", "34", 'F' },
	[VMA_PAGE_SHMEM] = { "shmem", "36", 'S' },
	[VMA_PAGE_SWAP] = { "swap", "35", 'W' },
	[VMA_PAGE_GUARD] = { "guard", "32", 'G' },
	[VMA_PAGE_SPECIAL] = { "special", "34", 'P' },
};

/* Part of a run that lies in one mapping. */
struct run {
	const struct vma_mm *mm;
	const struct vma *vma;
	u64 start, end;
	u32 state;
	u32 mapped;   /* the highest count of a page, 0 unknown */
	u64 shared;   /* pages that are mapped more than once */
	u64 ksm, thp; /* merged by KSM; parts of transparent huge pages */
	bool counted;
};

struct session {
	struct cli *cli;
	struct pages_options opt;
	struct listing l;
	struct vma_model *model;
	u64 low, high;
	struct run *run;
	const void **order;
	size_t nr, cap;
	u64 total[NR_STATES], huge, uffd_wp, soft_dirty;
	int status;
};

static void undo_session(struct session *s)
{
	free(s->run);
	free(s->order);
	vma_model_free(s->model);
	listing_fini(&s->l);
}

/* ---------------------------------------------------------------- columns */

enum page_column { COL_START, COL_END, COL_SIZE, COL_PAGES, COL_HUGE, COL_WP, COL_DIRTY,
		   COL_MAPPED, COL_SHARED, COL_KSM, COL_THP, COL_VMA };

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct run *r = row;
	const u64 value[] = {
		[COL_START] = r->start,
		[COL_END] = r->end,
		[COL_SIZE] = r->end - r->start,
		[COL_PAGES] = pages(r->end - r->start),
		[COL_HUGE] = (r->state & VMA_PAGE_HUGE) != 0,
		[COL_WP] = (r->state & VMA_PAGE_UFFD_WP) != 0,
		[COL_DIRTY] = (r->state & VMA_PAGE_SOFT_DIRTY) != 0,
		[COL_MAPPED] = r->mapped,
		[COL_SHARED] = r->shared,
		[COL_KSM] = r->ksm,
		[COL_THP] = r->thp,
		[COL_VMA] = r->vma->vm_start,
	};

	cell->state = VMA_CELL_HAS;
	cell->num = value[col->arg];
	if (col->arg >= COL_MAPPED && col->arg <= COL_THP && !r->counted)
		cell->state = VMA_CELL_UNKNOWN;
}

static void get_state(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct run *r = row;

	(void)col;
	cell->state = VMA_CELL_HAS;
	cell->text = states[r->state & 0xf].name;
}

static void get_path(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct run *r = row;

	(void)col;
	cell->text = vma_label(r->mm, r->vma, cell->buf, VMA_CELL_BUF);
	cell->state = *cell->text ? VMA_CELL_HAS : VMA_CELL_NONE;
}

static const struct vma_column columns[] = {
	{ "START", "start", VMA_CELL_ADDR, false, 0, get_number, COL_START, "first address" },
	{ "END", "end", VMA_CELL_ADDR, false, 0, get_number, COL_END, "end" },
	{ "SIZE", "size", VMA_CELL_BYTES, true, 0, get_number, COL_SIZE, "length" },
	{ "PAGES", "pages", VMA_CELL_NUMBER, true, 0, get_number, COL_PAGES, "pages of 4 KiB" },
	{ "STATE", "state", VMA_CELL_TEXT, false, 0, get_state, 0, "what stands behind them" },
	{ "HUGE", "huge", VMA_CELL_BOOL, false, 0, get_number, COL_HUGE, "in huge pages" },
	{ "UFFD_WP", "uffd_wp", VMA_CELL_BOOL, false, 0, get_number, COL_WP,
	  "write protected by a userfaultfd" },
	{ "SOFT_DIRTY", "soft_dirty", VMA_CELL_BOOL, false, 0, get_number, COL_DIRTY,
	  "written since clear_refs (--soft-dirty)" },
	{ "MAPPED", "mapped", VMA_CELL_NUMBER, false, 0, get_number, COL_MAPPED,
	  "how often the most mapped of them is mapped (--frames)" },
	{ "SHARED", "shared", VMA_CELL_NUMBER, true, 0, get_number, COL_SHARED,
	  "pages mapped more than once (--frames)" },
	{ "KSM", "ksm", VMA_CELL_NUMBER, true, 0, get_number, COL_KSM,
	  "pages that KSM merged with others (--frames)" },
	{ "THP", "thp", VMA_CELL_NUMBER, true, 0, get_number, COL_THP,
	  "pages that are part of a transparent huge page (--frames)" },
	{ "VMA", "vma", VMA_CELL_ADDR, false, 0, get_number, COL_VMA, "start of their mapping" },
	{ "PATH", "path", VMA_CELL_TEXT, false, 0, get_path, 0, "what is mapped" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

/* ---------------------------------------------------------------- runs */

static bool add_run(struct session *s, const struct vma *vma, u64 start, u64 end, u32 state)
{
	u64 nr;

	start = max_u64(start, s->low);
	end = min_u64(end, s->high);
	if (start >= end)
		return true;
	nr = pages(end - start);
	s->total[state & 0xf] += nr;
	s->huge += state & VMA_PAGE_HUGE ? nr : 0;
	s->uffd_wp += state & VMA_PAGE_UFFD_WP ? nr : 0;
	s->soft_dirty += state & VMA_PAGE_SOFT_DIRTY ? nr : 0;
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct run *more = realloc(s->run, cap * sizeof(*more));

		if (!more)
			return false;
		s->run = more;
		s->cap = cap;
	}
	s->run[s->nr++] = (struct run){ .mm = s->model->mm, .vma = vma, .start = start, .end = end,
					.state = state };
	return true;
}

/* pagemap knows no shmem: it is what the mapping says. */
static u32 refine(const struct vma_model *m, const struct vma *vma, u32 state)
{
	if ((state & 0xf) == VMA_PAGE_FILE &&
	    (vma_maps_shmem(m->world, vma) || vma_kind_of(m->world, vma) == VMA_KIND_HUGETLB))
		return (state & ~0xfU) | VMA_PAGE_SHMEM;
	return state;
}

/* The runs of one mapping, and what is between them. *next: the first run that may touch it. */
static bool add_mapping(struct session *s, const struct vma *vma, size_t *next)
{
	const struct vma_facts *f = s->model->facts;
	u64 at = vma->vm_start;

	while (*next < f->nr_runs && f->runs[*next].end <= at)
		(*next)++;
	for (size_t i = *next; i < f->nr_runs && f->runs[i].start < vma->vm_end; i++) {
		u64 start = max_u64(f->runs[i].start, at), end = min_u64(f->runs[i].end, vma->vm_end);

		if (start > at && !add_run(s, vma, at, start, VMA_PAGE_NONE))
			return false;
		if (!add_run(s, vma, start, end, refine(s->model, vma, f->runs[i].state)))
			return false;
		at = end;
	}
	return at >= vma->vm_end || add_run(s, vma, at, vma->vm_end, VMA_PAGE_NONE);
}

static bool gather(struct session *s)
{
	const struct vma *vma;
	size_t next = 0;

	vma_for_each(s->model->mm, vma)
		if (!add_mapping(s, vma, &next))
			return false;
	s->order = calloc(s->nr ? s->nr : 1, sizeof(*s->order));
	return s->order != NULL;
}

static int count_frame(void *ctx, const struct vma_pfn *f)
{
	struct run *r = ctx;

	if (!f->mapped)
		return 0;
	r->counted = true;
	r->shared += f->mapped > 1;
	r->ksm += f->ksm;
	r->thp += f->thp;
	r->mapped = f->mapped > r->mapped ? f->mapped : r->mapped;
	return 0;
}

static int count_frames(struct session *s)
{
	struct vma_err err;

	for (size_t i = 0; i < s->nr; i++) {
		struct run *r = &s->run[i];

		if ((r->state & 0xf) == VMA_PAGE_NONE || (r->state & 0xf) == VMA_PAGE_SWAP ||
		    (r->state & 0xf) == VMA_PAGE_GUARD)
			continue;
		if (vma_pfns_each(s->cli->argv[0], s->cli->shared.procfs, r->start, r->end,
				    count_frame, r, &err))
			return cli_error(CLI_PARTIAL, "%s", err.msg);
	}
	return CLI_OK;
}

/* ---------------------------------------------------------------- the strip */

#define STRIP_MAX 512

/* The state that most present pages of a cell have, and how full it is (0..8). */
struct heat {
	u64 pages[NR_STATES], of;
};

static void fill_strip(const struct session *s, struct heat *cell, size_t width, u64 total)
{
	u64 at = 0; /* pages of mappings so far: free space takes no room */

	for (size_t i = 0; i < s->nr; i++) {
		const struct run *r = &s->run[i];
		u64 nr = pages(r->end - r->start);

		while (nr) {
			size_t c = (size_t)((unsigned __int128)at * width / total);
			u64 stop = (u64)(((unsigned __int128)(c + 1) * total + width - 1) / width);
			u64 part = min_u64(nr, stop > at ? stop - at : 1);

			cell[c].pages[r->state & 0xf] += part;
			cell[c].of += part;
			at += part;
			nr -= part;
		}
	}
}

static void put_cell(struct session *s, const struct heat *h, bool utf8, bool colors)
{
	static const char *const blocks[] = { "·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	u64 present = h->of - h->pages[VMA_PAGE_NONE];
	int most = VMA_PAGE_NONE;
	size_t level = h->of ? (size_t)((present * 8 + h->of - 1) / h->of) : 0;

	for (int i = VMA_PAGE_NONE + 1; i < NR_STATES; i++)
		if (h->pages[i] && (most == VMA_PAGE_NONE || h->pages[i] > h->pages[most]))
			most = i;
	if (utf8 && colors)
		vma_out_addf(&s->l.out, "\033[%sm%s\033[m", states[most].color, blocks[level]);
	else if (colors)
		vma_out_addf(&s->l.out, "\033[%sm%c\033[m", states[most].color, states[most].letter);
	else
		vma_out_addf(&s->l.out, "%c", states[most].letter);
}

static void write_strip(struct session *s)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"), colors = cli_colors(s->cli);
	unsigned int width = cli_width();
	AUTO(undo_free) struct heat *cell = calloc(STRIP_MAX, sizeof(*cell));
	u64 total = 0;

	width = width ? (unsigned int)min_u64(width, STRIP_MAX) : 72;
	for (int i = 0; i < NR_STATES; i++)
		total += s->total[i];
	if (!cell || !total)
		return;
	width = (unsigned int)min_u64(width, total);
	fill_strip(s, cell, width, total);
	vma_out_adds(&s->l.out, "\n");
	for (size_t i = 0; i < width; i++)
		put_cell(s, &cell[i], utf8, colors);
	vma_out_adds(&s->l.out, "\n");
}

/* ---------------------------------------------------------------- output */

static void write_totals(struct session *s)
{
	struct vma_out *o = &s->l.out;
	char size[VMA_SIZE_TEXT];

	vma_out_adds(o, "\n");
	for (int i = 0; i < NR_STATES; i++)
		if (s->total[i])
			vma_out_addf(o, "%c %s %s  ", states[i].letter, states[i].name,
				     vma_size_text(s->total[i] << VMA_PAGE_SHIFT, size));
	if (s->huge)
		vma_out_addf(o, "huge %s  ", vma_size_text(s->huge << VMA_PAGE_SHIFT, size));
	if (s->uffd_wp)
		vma_out_addf(o, "uffd_wp %s  ", vma_size_text(s->uffd_wp << VMA_PAGE_SHIFT, size));
	if (s->opt.soft_dirty)
		vma_out_addf(o, "soft_dirty %s",
			     vma_size_text(s->soft_dirty << VMA_PAGE_SHIFT, size));
	vma_out_adds(o, "\n");
}

static void json_totals(struct session *s)
{
	struct vma_json *j = &s->l.json;

	vma_json_object(j, "process");
	target_json(j, s->cli->argv[0], s->model);
	vma_json_end(j);
	vma_json_object(j, "states");
	for (int i = 0; i < NR_STATES; i++)
		vma_json_number(j, states[i].name, s->total[i] << VMA_PAGE_SHIFT);
	vma_json_number(j, "huge", s->huge << VMA_PAGE_SHIFT);
	vma_json_number(j, "uffd_wp", s->uffd_wp << VMA_PAGE_SHIFT);
	if (s->opt.soft_dirty)
		vma_json_number(j, "soft_dirty", s->soft_dirty << VMA_PAGE_SHIFT);
	else
		vma_json_null(j, "soft_dirty");
	vma_json_end(j);
}

static int show(struct session *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++)
		if (s->opt.all || (s->run[i].state & 0xf) != VMA_PAGE_NONE)
			s->order[nr++] = &s->run[i];
	if (!listing_begin(&s->l, "runs") || !listing_rows(&s->l, s->order, nr) ||
	    !listing_end(&s->l))
		return s->l.status;
	if (listing_is_json(&s->l))
		json_totals(s);
	if (s->l.opts.format == VMA_FORMAT_TABLE && !s->l.groups) {
		if (!s->opt.no_strip)
			write_strip(s);
		write_totals(s);
	}
	return listing_close(&s->l) ? CLI_OK : s->l.status;
}

/* LOW,HIGH or LOW-HIGH, or an address: its mapping. */
static int parse_range(struct session *s, const char *text)
{
	char low[80];
	size_t n = strcspn(text, ",-");
	const struct vma *vma;
	struct vma_err err;

	if (text[n] && n < sizeof(low)) {
		snprintf(low, sizeof(low), "%.*s", (int)n, text);
		if (vma_parse_size(low, &s->low) && vma_parse_size(text + n + 1, &s->high) &&
		    s->low < s->high) {
			s->low = page_down(s->low);
			s->high = page_up(s->high);
			return CLI_OK;
		}
	}
	if (!target_address(s->model, text, &s->low, &err))
		return cli_error(err.code == EINVAL ? CLI_USAGE : CLI_FAILURE, "%s", err.msg);
	vma = vma_lookup(s->model->mm, s->low);
	if (!vma)
		return cli_error(CLI_FAILURE, "%s: nothing is mapped there", text);
	s->low = vma->vm_start;
	s->high = vma->vm_end;
	return CLI_OK;
}

int cmd_pages(struct cli *cli)
{
	AUTO(undo_session) struct session s = { .cli = cli, .high = ~0ULL };
	u32 levels = VMA_READ_MAPS | VMA_READ_SMAPS | VMA_READ_STATUS | VMA_READ_SYSTEM |
		     VMA_READ_PAGES | VMA_READ_FILES;
	int status, partial;

	if (!cli_parse(cli, &s.opt))
		return cli->status;
	if (!listing_init(&s.l, cli, &table,
			  s.opt.frames ? "START,END,SIZE,PAGES,STATE,HUGE,MAPPED,SHARED,KSM,THP,PATH" :
					 "START,END,SIZE,PAGES,STATE,HUGE,PATH"))
		return s.l.status;
	if (cli->argc < 1 || cli->argc > 2)
		return cli_usage(cli, cli->argc ? "one TARGET and one RANGE at most" :
						  "no TARGET is given");
	levels |= s.opt.soft_dirty ? VMA_READ_SOFT_DIRTY : 0;
	status = target_open(cli, cli->argv[0], levels, &s.model);
	if (status != CLI_OK)
		return status;
	partial = target_report(cli, s.model->facts, levels);
	if (cli->argc == 2 && (status = parse_range(&s, cli->argv[1])) != CLI_OK)
		return status;
	if (!gather(&s))
		return cli_error(CLI_FAILURE, "out of memory");
	if (!s.nr && cli->argc == 2)
		return cli_error(CLI_FAILURE, "%s: nothing is mapped there", cli->argv[1]);
	if (s.opt.frames)
		partial = cli_worse(partial, count_frames(&s));
	status = show(&s);
	return status == CLI_OK ? partial : status;
}
