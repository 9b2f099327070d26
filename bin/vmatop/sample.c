// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "forest.h"

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

/* ---------------------------------------------------------------- life */

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
	pack_free(s->pack);
	forest_free(s->forest);
	free(s->cat);
	free(s->mark);
	free(s->age);
	free(s->pos);
	free(s);
}

size_t sample_bytes(const struct sample *s)
{
	size_t bytes = sizeof(*s) + sample_nr(s) * 16;

	bytes += s->pack ? pack_bytes(s->pack) : sample_nr(s) * sizeof(struct pack_record);
	if (s->facts)
		bytes += s->facts->nr_runs * sizeof(*s->facts->runs);
	if (s->forest)
		bytes += s->forest->cap * sizeof(*s->forest->line);
	return s->model ? bytes + vma_world_bytes(s->model->world) : bytes;
}

/* ---------------------------------------------------------------- looking */

const struct vma_fact_map *sample_map(const struct sample *s, size_t i, struct pack_record *buf)
{
	return s->pack ? pack_get(s->pack, i, buf) : &s->facts->maps[i];
}

size_t sample_vmas(const struct sample *s)
{
	size_t nr = sample_nr(s);
	struct pack_record last;

	return nr && sample_map(s, nr - 1, &last)->gate ? nr - 1 : nr;
}

bool sample_whole_facts(const struct sample *s, struct vma_facts *out, struct vma_fact_map **maps)
{
	*out = *s->facts;
	*maps = NULL;
	if (!s->pack)
		return true;
	out->maps = *maps = pack_all(s->pack);
	out->nr_maps = *maps ? s->pack->nr : 0;
	return *maps;
}

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
	bool gate = s->pack ? s->pack->map[i].gate : s->facts->maps[i].gate;

	return s->model && !gate
		       ? vma_find_exact(s->model->mm, sample_start(s, i), sample_end(s, i)) : NULL;
}

void sample_row(const struct sample *s, struct vma_view *view, size_t i, struct vma_row *row,
		struct pack_record *buf)
{
	const struct vma_fact_map *m = sample_map(s, i, buf);
	struct vma *vma = sample_vma(s, i);

	if (vma)
		vma_row_of_vma(row, view, vma, m);
	else
		vma_row_of_map(row, view, m);
	row->next = i + 1 < sample_nr(s) ? sample_start(s, i + 1) : 0;
}

size_t sample_find(const struct sample *s, u64 addr)
{
	size_t low = 0, high = sample_nr(s);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sample_end(s, mid) > addr)
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
