// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a sample: the worker's part.
 *
 * A live process with many mappings is kept packed. Once that is known, smaps streams into the next
 * pack and no other copy is made; whatever needs the whole records or the model is made from a full
 * reading, which is then packed. The model is kept only for those who asked for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "sample.h"

/* Above this many mappings nothing but the facts themselves tells the category. */
#define ATTRIB_MAPS 4096
/* Above this many records are packed. */
#define PACK_MAPS 8192
/* A process that changes while it is read is read so many times more. */
#define RETRIES 2

static void undo_sample(struct sample **s)
{
	sample_unref(*s);
}

/* A number is always a process; of other targets only vma_open() knows what they are. */
static bool is_number(const char *target)
{
	return *target && !target[strspn(target, "0123456789")];
}

/* ---------------------------------------------------------------- streaming */

struct stream {
	struct sample *s;
	size_t at; /* in the second walk */
	bool differs;
};

static int take_record(void *ctx, const struct vma_fact_map *m)
{
	struct stream *st = ctx;
	const struct pack *p = st->s->pack;

	if (p->nr && m->start < p->map[p->nr - 1].end)
		st->differs = true; /* it changed between two pieces */
	return pack_add(st->s->pack, m) ? 0 : -ENOMEM;
}

static int compare_record(void *ctx, const struct vma_fact_map *m)
{
	struct stream *st = ctx;
	const struct pack *p = st->s->pack;
	size_t i = st->at++;

	if (i < p->nr && p->map[i].start == m->start && p->map[i].end == m->end &&
	    !memcmp(p->map[i].perms, m->perms, sizeof(p->map[i].perms)))
		return 0;
	st->differs = true;
	return 1;
}

/* smaps, or maps where smaps cannot be had, into a new pack. */
static int stream_once(const struct sample_ask *ask, struct sample *s, struct stream *st)
{
	struct vma_read_opts ro = { .procfs = ask->procfs, .levels = ask->levels };
	u32 got = VMA_READ_SMAPS | VMA_READ_MAPS;
	int rc;

	*st = (struct stream){ .s = s };
	pack_free(s->pack);
	s->pack = pack_new(sample_nr(ask->old) + sample_nr(ask->old) / 16);
	if (!s->pack)
		return vma_fail(&s->err, ENOMEM, "out of memory");
	rc = vma_maps_stream(ask->target, &ro, take_record, st, &s->err);
	if ((rc == -EACCES || rc == -EPERM) && ro.levels & VMA_READ_SMAPS) {
		ro.levels = got = VMA_READ_MAPS;
		rc = vma_maps_stream(ask->target, &ro, take_record, st, &s->err);
	}
	s->facts->levels |= got;
	if (rc || !(got & VMA_READ_SMAPS) || st->differs)
		return rc;
	ro.levels = VMA_READ_MAPS;
	rc = vma_maps_stream(ask->target, &ro, compare_record, st, &s->err);
	st->differs |= st->at != s->pack->nr;
	return rc;
}

static int stream(const struct sample_ask *ask, struct sample *s)
{
	struct vma_read_opts ro = { .procfs = ask->procfs,
				    .levels = ask->levels & ~(u32)(VMA_READ_MAPS | VMA_READ_SMAPS) };
	struct stream st;
	int rc = vma_facts_read(ask->target, &ro, &s->facts, &s->err);

	for (int i = 0; !rc && i <= RETRIES; i++) {
		rc = stream_once(ask, s, &st);
		if (rc || !st.differs)
			break;
		s->facts->retries = (u32)i + 1;
	}
	if (!rc && !s->pack->nr)
		rc = vma_fail(&s->err, ESRCH, "%s: the process has exited", ask->target);
	if (rc) {
		vma_facts_free(s->facts);
		s->facts = NULL;
		return rc;
	}
	s->facts->changed = st.differs;
	pack_trim(s->pack);
	return 0;
}

/* ---------------------------------------------------------------- reading in full */

static int read_full(const struct sample_ask *ask, struct sample *s)
{
	struct vma_open_opts opts = { .procfs = ask->procfs, .kernel = ask->kernel,
				      .levels = ask->levels };
	struct vma_read_opts ro = { .procfs = ask->procfs, .levels = ask->levels };
	bool model = ask->wants & (WANTS_MODEL | WANTS_DETAIL | WANTS_FOREST);
	int rc;

	if (is_number(ask->target) && !model)
		return vma_facts_read(ask->target, &ro, &s->facts, &s->err);
	rc = vma_open(ask->target, &opts, &s->model, &s->err);
	s->facts = rc ? NULL : s->model->facts;
	if (rc && model) {
		s->why_no_model = s->err;
		rc = vma_facts_read(ask->target, &ro, &s->facts, &s->err);
	}
	return rc;
}

static bool room_for_rows(struct sample *s)
{
	size_t nr = sample_nr(s) + 1;

	s->cat = calloc(nr, 1);
	s->mark = calloc(nr, 1);
	s->age = calloc(nr, 1);
	s->pos = calloc(nr, sizeof(*s->pos));
	return s->cat && s->mark && s->age && s->pos;
}

static void categorise(struct sample *s, bool keep)
{
	AUTO(undo_free) struct vma_fact_map *maps = NULL;
	u32 what = sample_nr(s) <= ATTRIB_MAPS || keep ? VMA_ATTRIB_ALL : 0;
	struct vma_facts whole;
	struct vma_attrib *a;

	/* what is kept borrows from the sample's own facts */
	if (s->pack && !sample_whole_facts(s, &whole, &maps))
		return;
	if (vma_attrib_new(s->pack ? &whole : s->facts, what, &a, NULL))
		return;
	for (size_t i = 0; i < sample_nr(s); i++)
		s->cat[i] = (u8)vma_attrib_place(a, i)->category;
	if (keep && !s->pack)
		s->attrib = a;
	else
		vma_attrib_free(a);
}

static void add_up(struct sample *s)
{
	const struct vma_facts *f = s->facts;

	for (size_t i = 0; !s->pack && i < f->nr_maps; i++) {
		s->rss_kb += f->maps[i].kb[VMA_SMAPS_RSS];
		s->pss_kb += f->maps[i].kb[VMA_SMAPS_PSS];
		s->swap_kb += f->maps[i].kb[VMA_SMAPS_SWAP];
	}
	if (s->pack) {
		s->rss_kb = s->pack->sum[VMA_SMAPS_RSS];
		s->pss_kb = s->pack->sum[VMA_SMAPS_PSS];
		s->swap_kb = s->pack->sum[VMA_SMAPS_SWAP];
	}
	if (!(f->levels & VMA_READ_SMAPS) && f->have_status & 1U << VMA_ST_VMRSS)
		s->rss_kb = f->status[VMA_ST_VMRSS];
	s->max_map_count = f->have_sysctl & VMA_SYS_MAX_MAP_COUNT ? f->system.max_map_count : 65530;
}

void sample_pack(struct sample *s)
{
	struct vma_facts *f = s->facts;
	struct pack *p;

	if (s->pack || s->attrib || !f->live || f->nr_maps <= PACK_MAPS)
		return;
	p = pack_new(f->nr_maps);
	for (size_t i = 0; p && i < f->nr_maps; i++)
		if (!pack_add(p, &f->maps[i])) {
			pack_free(p);
			p = NULL;
		}
	if (!p)
		return; /* it stays as it is */
	pack_trim(p);
	free(f->maps);
	f->maps = NULL;
	f->nr_maps = 0;
	s->pack = p;
}

void sample_drop_model(struct sample *s)
{
	if (!s->model || !s->pack)
		return;
	s->model->facts = NULL; /* they stay */
	vma_model_free(s->model);
	s->model = NULL;
}

static int read_sample(const struct sample_ask *ask, struct sample *s)
{
	const u32 whole = WANTS_MODEL | WANTS_ATTRIB | WANTS_PAGES | WANTS_DETAIL | WANTS_FOREST;
	u64 t = clock_ns();
	int rc;

	s->streamed = ask->old && ask->old->pack && !(ask->wants & whole);
	rc = s->streamed ? stream(ask, s) : read_full(ask, s);
	s->read_ns = clock_ns() - t;
	return rc;
}

struct sample *sample_read(const struct sample_ask *ask)
{
	AUTO(undo_sample) struct sample *s = calloc(1, sizeof(*s));
	struct timespec now;

	if (!s)
		return NULL;
	s->refs = 1;
	clock_gettime(CLOCK_REALTIME, &now);
	s->at_ms = (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
	if (read_sample(ask, s))
		return TAKE(s);
	if (!room_for_rows(s))
		return NULL;
	bool follow = ask->old && ask->old->facts && sample_same_process(ask->old, s);
	if (follow)
		sample_mark(s, ask->old);
	if (!follow || sample_changed(s) || ask->wants & WANTS_ATTRIB)
		categorise(s, ask->wants & WANTS_ATTRIB);
	sample_lay_out(s);
	add_up(s);
	return TAKE(s);
}

static int drop_record(void *ctx, const struct vma_fact_map *m)
{
	(void)ctx, (void)m;
	return 0;
}

void sample_read_bare(const struct sample_ask *ask, bool streamed)
{
	struct vma_read_opts ro = { .procfs = ask->procfs, .levels = ask->levels };
	struct vma_facts *f = NULL;

	if (streamed) {
		vma_maps_stream(ask->target, &ro, drop_record, NULL, NULL);
		ro.levels = VMA_READ_MAPS;
		vma_maps_stream(ask->target, &ro, drop_record, NULL, NULL);
		ro.levels = ask->levels & ~(u32)(VMA_READ_MAPS | VMA_READ_SMAPS);
	}
	if (!vma_facts_read(ask->target, &ro, &f, NULL))
		vma_facts_free(f);
}
