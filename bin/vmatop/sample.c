// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"

/* A mapping keeps its mark for so many samples. */
#define MARK_SAMPLES 4
/* Above this many mappings nothing but the facts themselves tells the category. */
#define ATTRIB_MAPS 4096

static const struct {
	char letter;
	enum style style;
	const char *help;
} marks[MARK_NR] = {
	[MARK_NONE] = { ' ', ST_NORMAL, "unchanged" },
	[MARK_NEW] = { '+', ST_ADDED, "new" },
	[MARK_GREW] = { '>', ST_ADDED, "grew" },
	[MARK_SHRANK] = { '<', ST_REMOVED, "shrank" },
	[MARK_SPLIT] = { '/', ST_CHANGED, "was split off" },
	[MARK_MERGED] = { '&', ST_CHANGED, "was merged" },
	[MARK_CHANGED] = { '~', ST_CHANGED, "changed" },
};

char mark_letter(enum mark m)
{
	return marks[m].letter;
}

enum style mark_style(enum mark m)
{
	return marks[m].style;
}

const char *mark_help(enum mark m)
{
	return marks[m].help;
}

static const struct {
	char letter;
	enum style style;
} categories[VMA_CAT_NR] = {
	[VMA_CAT_UNKNOWN] = { '?', ST_DIM },	   [VMA_CAT_TEXT] = { 't', ST_TEXT },
	[VMA_CAT_RODATA] = { 'r', ST_RODATA },	   [VMA_CAT_RELRO] = { 'l', ST_RODATA },
	[VMA_CAT_DATA] = { 'd', ST_DATA },	   [VMA_CAT_BSS] = { 'b', ST_DATA },
	[VMA_CAT_FILE] = { 'f', ST_FILE },	   [VMA_CAT_HEAP] = { 'h', ST_HEAP },
	[VMA_CAT_ARENA] = { 'm', ST_HEAP },	   [VMA_CAT_ARENA_RESERVE] = { 'M', ST_GUARD },
	[VMA_CAT_STACK] = { 's', ST_STACK },	   [VMA_CAT_THREAD_STACK] = { 'T', ST_STACK },
	[VMA_CAT_GUARD] = { 'g', ST_GUARD },	   [VMA_CAT_TLS] = { 'L', ST_DATA },
	[VMA_CAT_VDSO] = { 'v', ST_KERNEL },	   [VMA_CAT_VVAR] = { 'v', ST_KERNEL },
	[VMA_CAT_VSYSCALL] = { 'v', ST_KERNEL },   [VMA_CAT_UPROBES] = { 'u', ST_KERNEL },
	[VMA_CAT_SHM] = { 'S', ST_SHARED },	   [VMA_CAT_HUGETLB] = { 'H', ST_SHARED },
	[VMA_CAT_DEVICE] = { 'D', ST_KERNEL },	   [VMA_CAT_RESERVE] = { '-', ST_GUARD },
	[VMA_CAT_ANON_EXEC] = { 'x', ST_ERROR },   [VMA_CAT_NAMED] = { 'n', ST_ANON },
	[VMA_CAT_ANON] = { 'a', ST_ANON },
};

char category_letter(u32 cat)
{
	return categories[cat < VMA_CAT_NR ? cat : 0].letter;
}

enum style category_style(u32 cat)
{
	return categories[cat < VMA_CAT_NR ? cat : 0].style;
}

u64 clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

/* ---------------------------------------------------------------- since the sample before */

static bool overlap(const struct vma_fact_map *a, const struct vma_fact_map *b)
{
	return a->start < b->end && b->start < a->end;
}

/* What became of mapping @n, when it overlaps @first and perhaps those behind it. */
static enum mark compare(const struct vma_facts *old, size_t first, const struct vma_facts *new,
			 size_t n)
{
	const struct vma_fact_map *m = &new->maps[n], *o;

	if (first == old->nr_maps || !overlap(&old->maps[first], m))
		return MARK_NEW;
	o = &old->maps[first];
	if (o->start == m->start && o->end == m->end) {
		bool same = !strcmp(o->perms, m->perms) && !strcmp(o->path, m->path) &&
			    (!o->has_flags || !m->has_flags || o->flags == m->flags);
		return same ? MARK_NONE : MARK_CHANGED;
	}
	if (first + 1 < old->nr_maps && overlap(&old->maps[first + 1], m))
		return MARK_MERGED;
	if ((n && overlap(o, &new->maps[n - 1])) ||
	    (n + 1 < new->nr_maps && overlap(o, &new->maps[n + 1])))
		return MARK_SPLIT;
	return m->end - m->start > o->end - o->start ? MARK_GREW : MARK_SHRANK;
}

static void mark_changes(struct sample *s, const struct sample *old)
{
	const struct vma_facts *of = old->facts, *nf = s->facts;
	size_t o = 0;

	for (size_t i = 0; i < nf->nr_maps; i++) {
		while (o < of->nr_maps && of->maps[o].end <= nf->maps[i].start) {
			if (i == 0 || !overlap(&of->maps[o], &nf->maps[i - 1]))
				s->vanished++;
			o++;
		}
		enum mark m = compare(of, o, nf, i);
		if (m != MARK_NONE) {
			s->mark[i] = (u8)m;
			s->marked[m]++;
			continue;
		}
		s->cat[i] = old->cat[o];
		if (old->mark[o] && old->age[o] + 1 < MARK_SAMPLES) {
			s->mark[i] = old->mark[o];
			s->age[i] = (u8)(old->age[o] + 1);
		}
	}
	for (; o < of->nr_maps; o++)
		if (!nf->nr_maps || !overlap(&of->maps[o], &nf->maps[nf->nr_maps - 1]))
			s->vanished++;
}

static bool anything_marked(const struct sample *s)
{
	for (int m = MARK_NONE + 1; m < MARK_NR; m++)
		if (s->marked[m])
			return true;
	return s->vanished;
}

/* ---------------------------------------------------------------- what the bar and header show */

u64 bar_units(u64 bytes)
{
	u64 kb = bytes >> 10, root = 0;

	for (u64 bit = 1ULL << 26; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= kb)
			root += bit;
	return root;
}

/* A gap takes no more of the bar than a 24th of all mappings. */
static void lay_out(struct sample *s)
{
	const struct vma_facts *f = s->facts;
	u64 at = 0, widest = 0;

	for (size_t i = 0; i < f->nr_maps; i++)
		widest += bar_units(f->maps[i].end - f->maps[i].start);
	widest = widest / 24 + 1;
	for (size_t i = 0; i < f->nr_maps; i++) {
		s->pos[i] = at;
		at += bar_units(f->maps[i].end - f->maps[i].start) + 1;
		if (i + 1 < f->nr_maps) {
			u64 gap = bar_units(f->maps[i + 1].start - f->maps[i].end);

			at += gap < widest ? gap : widest;
		}
	}
	s->pos[f->nr_maps] = at;
}

static void add_up(struct sample *s)
{
	const struct vma_facts *f = s->facts;

	for (size_t i = 0; i < f->nr_maps; i++) {
		s->rss_kb += f->maps[i].kb[VMA_SMAPS_RSS];
		s->pss_kb += f->maps[i].kb[VMA_SMAPS_PSS];
		s->swap_kb += f->maps[i].kb[VMA_SMAPS_SWAP];
	}
	if (!(f->levels & VMA_READ_SMAPS) && f->have_status & 1U << VMA_ST_VMRSS)
		s->rss_kb = f->status[VMA_ST_VMRSS];
	s->max_map_count = f->have_sysctl & VMA_SYS_MAX_MAP_COUNT ? f->system.max_map_count : 65530;
}

static void categorise(struct sample *s, bool all)
{
	struct vma_attrib *a;
	u32 what = s->facts->nr_maps <= ATTRIB_MAPS || all ? VMA_ATTRIB_ALL : 0;

	if (vma_attrib_new(s->facts, what, &a, NULL))
		return;
	for (size_t i = 0; i < s->facts->nr_maps; i++)
		s->cat[i] = (u8)vma_attrib_place(a, i)->category;
	if (all)
		s->attrib = a;
	else
		vma_attrib_free(a);
}

/* ---------------------------------------------------------------- reading */

static int read_facts(const struct sample_ask *ask, struct sample *s)
{
	struct vma_open_opts opts = { .procfs = ask->procfs, .kernel = ask->kernel,
				      .levels = ask->levels };
	struct vma_read_opts ro = { .procfs = ask->procfs, .levels = ask->levels };
	u64 t = clock_ns();
	int rc;

	/* a number is always a process; of other targets only vma_open() knows what they are */
	if (strspn(ask->target, "0123456789") != strlen(ask->target) || ask->model) {
		rc = vma_open(ask->target, &opts, &s->model, &s->err);
		s->facts = rc ? NULL : s->model->facts;
		if (rc && ask->model) {
			s->why_no_model = s->err;
			rc = vma_facts_read(ask->target, &ro, &s->facts, &s->err);
		}
	} else {
		rc = vma_facts_read(ask->target, &ro, &s->facts, &s->err);
	}
	s->read_ns = clock_ns() - t;
	return rc;
}

static bool room_for_rows(struct sample *s)
{
	size_t nr = s->facts->nr_maps + 1;

	s->cat = calloc(nr, 1);
	s->mark = calloc(nr, 1);
	s->age = calloc(nr, 1);
	s->pos = calloc(nr, sizeof(*s->pos));
	return s->cat && s->mark && s->age && s->pos;
}

struct sample *sample_read(const struct sample_ask *ask)
{
	struct sample *s = calloc(1, sizeof(*s));
	struct timespec now;
	u64 t = clock_ns();

	if (!s)
		return NULL;
	s->refs = 1;
	clock_gettime(CLOCK_REALTIME, &now);
	s->at_ms = (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
	if (read_facts(ask, s))
		return s;
	if (!room_for_rows(s)) {
		sample_unref(s);
		return NULL;
	}
	bool follow = ask->old && ask->old->facts && sample_same_process(ask->old, s);
	if (follow)
		mark_changes(s, ask->old);
	if (!follow || anything_marked(s) || ask->attrib)
		categorise(s, ask->attrib);
	lay_out(s);
	add_up(s);
	s->total_ns = clock_ns() - t;
	return s;
}

struct sample *sample_ref(struct sample *s)
{
	if (s)
		s->refs++;
	return s;
}

void sample_unref(struct sample *s)
{
	if (!s || --s->refs)
		return;
	vma_attrib_free(s->attrib);
	if (s->model)
		vma_model_free(s->model);
	else
		vma_facts_free(s->facts);
	free(s->cat);
	free(s->mark);
	free(s->age);
	free(s->pos);
	free(s);
}

size_t sample_bytes(const struct sample *s)
{
	size_t bytes = sizeof(*s) + sample_nr(s) * (sizeof(struct vma_fact_map) + 32);

	if (s->facts)
		bytes += s->facts->nr_runs * sizeof(*s->facts->runs);
	return s->model ? bytes + vma_world_bytes(s->model->world) : bytes;
}

/* ---------------------------------------------------------------- looking */

static struct vma_provenance known(const void *ctx, const struct vma *vma, enum vma_field f)
{
	return vma_model_known(ctx, vma, f);
}

void sample_view(const struct sample *s, struct vma_view *view)
{
	*view = (struct vma_view){ .pid = s->facts ? s->facts->pid : 0 };
	if (s->model) {
		view->mm = s->model->mm;
		view->kernel = vma_world_kernel(s->model->world);
		view->known = known;
		view->known_ctx = s->model;
	}
	if (s->attrib) {
		view->attrib = vma_attrib_text;
		view->attrib_ctx = s->attrib;
	}
}

struct vma *sample_vma(const struct sample *s, size_t i)
{
	const struct vma_fact_map *m = &s->facts->maps[i];

	return s->model && !m->gate ? vma_find_exact(s->model->mm, m->start, m->end) : NULL;
}

void sample_row(const struct sample *s, struct vma_view *view, size_t i, struct vma_row *row)
{
	const struct vma_facts *f = s->facts;
	struct vma *vma = sample_vma(s, i);

	if (vma)
		vma_row_of_vma(row, view, vma, &f->maps[i]);
	else
		vma_row_of_map(row, view, &f->maps[i]);
	row->next = i + 1 < f->nr_maps ? f->maps[i + 1].start : 0;
}

size_t sample_find(const struct sample *s, u64 addr)
{
	size_t low = 0, high = sample_nr(s);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->facts->maps[mid].end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool sample_same_process(const struct sample *a, const struct sample *b)
{
	const struct vma_facts *x = a->facts, *y = b->facts;
	const u32 bit = 1U << VMA_STAT_STARTTIME;

	if (!(x->have_stat & bit) || !(y->have_stat & bit))
		return x->pid == y->pid;
	return x->pid == y->pid && x->stat[VMA_STAT_STARTTIME] == y->stat[VMA_STAT_STARTTIME];
}
