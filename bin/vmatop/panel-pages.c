// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages of a mapping as a map: a cell stands for one page or many. */
#include <stdio.h>

#include "app.h"
#include "base/check.h"

struct state {
	struct list list; /* lines of cells */
	u32 zoom;         /* pages a cell: all that is needed to show it whole, over 2^zoom */
	u64 per_cell;
};

static const struct {
	char letter;
	enum style style;
	const char *help;
} states[VMA_PAGE_NR] = {
	[VMA_PAGE_NONE] = { '.', ST_DIM, "none" },
	[VMA_PAGE_ZERO] = { 'z', ST_KERNEL, "zero page" },
	[VMA_PAGE_ANON] = { 'a', ST_ANON, "anonymous" },
	[VMA_PAGE_ANON_SHARED] = { 'c', ST_SHARED, "shared since fork" },
	[VMA_PAGE_FILE] = { 'f', ST_FILE, "file" },
	[VMA_PAGE_SHMEM] = { 's', ST_SHARED, "shmem" },
	[VMA_PAGE_SWAP] = { 'w', ST_ERROR, "swapped" },
	[VMA_PAGE_GUARD] = { 'g', ST_GUARD, "guard" },
	[VMA_PAGE_SPECIAL] = { 'p', ST_KERNEL, "of kernel or device" },
};

/* First run that ends above @addr. */
static size_t run_at(const struct vma_facts *f, u64 addr)
{
	size_t low = 0, high = f->nr_runs;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (f->runs[mid].end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Bytes of each state in a range. */
static void count(const struct vma_facts *f, u64 start, u64 end, u64 bytes[VMA_PAGE_NR], u64 *huge)
{
	u64 left = end - start;

	for (size_t i = run_at(f, start); i < f->nr_runs && f->runs[i].start < end; i++) {
		u64 from = f->runs[i].start > start ? f->runs[i].start : start;
		u64 to = f->runs[i].end < end ? f->runs[i].end : end;
		u32 plain = f->runs[i].state & 0xf;

		bytes[plain < VMA_PAGE_NR ? plain : 0] += to - from;
		if (f->runs[i].state & VMA_PAGE_HUGE)
			*huge += to - from;
		left -= to - from;
	}
	bytes[VMA_PAGE_NONE] += left;
}

/* What most of a cell is; something present is shown before nothing. */
static u32 state_of(const u64 bytes[VMA_PAGE_NR])
{
	u32 best = VMA_PAGE_NONE;

	for (u32 i = 1; i < VMA_PAGE_NR; i++)
		if (bytes[i] && (best == VMA_PAGE_NONE || bytes[i] > bytes[best]))
			best = i;
	return best;
}

static void draw_cell(const struct vma_facts *f, int y, int x, u64 start, u64 end)
{
	u64 bytes[VMA_PAGE_NR] = { 0 }, huge = 0;
	char c[2] = "";

	count(f, start, end, bytes, &huge);
	u32 st = state_of(bytes);
	c[0] = states[st].letter;
	/* a capital: all of the cell, or a huge page */
	if (c[0] >= 'a' && (huge == end - start || (end - start > VMA_PAGE_SIZE &&
						    bytes[st] == end - start)))
		c[0] = (char)(c[0] - 'a' + 'A');
	term_put(y, x, 1, states[st].style, c);
}

static void draw_sums(const struct vma_facts *f, const struct vma_fact_map *m, int y, int cols)
{
	u64 bytes[VMA_PAGE_NR] = { 0 }, huge = 0;
	char size[VMA_SIZE_TEXT];
	int x = 0;

	count(f, m->start, m->end, bytes, &huge);
	for (u32 i = 0; i < VMA_PAGE_NR; i++)
		if (bytes[i])
			x += term_putf(y, x, cols - x, states[i].style, "%c %s %s  ",
				       states[i].letter, states[i].help,
				       vma_size_text(bytes[i], size));
	if (huge)
		term_putf(y, x, cols - x, ST_BOLD, "huge %s", vma_size_text(huge, size));
}

static u64 choose_scale(struct state *s, u64 pages, u64 cells)
{
	u64 per = 1;

	while (per * cells < pages)
		per *= 2;
	while (s->zoom && !(per >> s->zoom))
		s->zoom--;
	return per >> s->zoom;
}

static void draw_map(struct state *s, const struct sample *m, size_t i, struct area area)
{
	struct pack_record record;
	const struct vma_fact_map *map = sample_map(m, i, &record);
	int cols = (area.cols - 14) / 8 * 8;
	char size[VMA_SIZE_TEXT];

	if (cols < 8)
		return;
	s->per_cell = choose_scale(s, (map->end - map->start) >> VMA_PAGE_SHIFT,
				   (u64)cols * (u64)(area.rows - 3));
	u64 cell = s->per_cell << VMA_PAGE_SHIFT, line = cell * (u64)cols;
	list_fit(&s->list, (size_t)((map->end - map->start + line - 1) / line), area.rows - 3);
	term_putf(area.y + 1, 0, area.cols, ST_DIM, "a letter is %llu page%s (%s); + and - zoom",
		  (unsigned long long)s->per_cell, s->per_cell == 1 ? "" : "s",
		  vma_size_text(cell, size));
	draw_sums(m->facts, map, area.y + 2, area.cols);
	for (int y = 0; y < s->list.rows && s->list.top + (size_t)y < s->list.nr; y++) {
		u64 at = map->start + line * (s->list.top + (u64)y);
		bool cursor = s->list.top + (size_t)y == s->list.cursor;

		term_putf(area.y + 3 + y, 0, 13, cursor ? ST_CURSOR : ST_DIM, "%12llx",
			  (unsigned long long)at);
		for (int x = 0; x < cols && at < map->end; x++, at += cell)
			draw_cell(m->facts, area.y + 3 + y, 14 + x, at,
				  at + cell < map->end ? at + cell : map->end);
	}
}

static void draw(struct app *a, void *state, struct area area)
{
	const struct sample *m = a->shown;
	const struct vma_fact_map *map;
	struct pack_record record;
	size_t i;

	if (!app_selected(a, &i)) {
		term_put(area.y + 1, 2, area.cols - 2, ST_WARN, "no mapping is selected");
		return;
	}
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	map = sample_map(m, i, &record);
	term_putf(area.y, 0, area.cols, ST_HEAD, "pages of %llx-%llx %s %s",
		  (unsigned long long)map->start, (unsigned long long)map->end, map->perms,
		  map->path);
	if (m->facts->levels & VMA_READ_PAGES) {
		draw_map(state, m, i, area);
		return;
	}
	if (m == a->live && m->facts->live && !a->ended && !m->facts->nr_missing) {
		term_put(area.y + 2, 2, area.cols - 2, ST_DIM, "reading the page map ...");
		return;
	}
	term_put(area.y + 2, 2, area.cols - 2, ST_DIM, "the page map of this sample was not read");
	for (size_t k = 0; k < m->facts->nr_missing; k++)
		if (m->facts->missing[k].remedy)
			term_putf(area.y + 3 + (int)k, 2, area.cols - 2, ST_WARN, "%s: %s",
				  m->facts->missing[k].what, m->facts->missing[k].remedy);
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;

	(void)ev;
	if (act == ACT_OPEN) {
		panel_open(a, &panel_vma);
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act == ACT_ZOOM_IN)
		s->zoom += s->per_cell > 1;
	else if (act == ACT_ZOOM_OUT)
		s->zoom -= s->zoom > 0;
	else if (act == ACT_ZOOM_ALL)
		s->zoom = 0;
	else
		return 0;
	return KEY_HANDLED | KEY_REDRAW;
}

static void enter(struct app *a, void *state)
{
	(void)a;
	*(struct state *)state = (struct state){ .zoom = 0 };
}

static struct list *get_list(void *state)
{
	return &((struct state *)state)->list;
}

const struct panel panel_pages = {
	.name = "Pages",
	.where = IN_PAGES,
	.wants = WANTS_PAGES,
	.state_size = sizeof(struct state),
	.help = "What stands behind each page of the mapping, read from pagemap. A capital letter: "
		"the whole cell is like that, or it is a huge page. A small one: a part of it is.",
	.draw = draw,
	.key = key,
	.enter = enter,
	.list = get_list,
};
