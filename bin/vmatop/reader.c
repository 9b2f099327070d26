// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the worker is asked, and when. A reading costs the target something: the pause after it
 * grows with what it took, so that the viewer stays below one percent of a processor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "figures.h"
#include "forest.h"

#define COST_FACTOR 100
#define INTERVAL_MAX_NS 60000000000ULL
#define PSS_LEVELS (VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SMAPS)

enum what { READ_PROCS, READ_SAMPLE, READ_TEXT, MAKE_LISTING, MAKE_DETAIL };

/* All that the thread looks at is in here or referenced from here. */
struct reading {
	struct job job;
	enum what what;
	char target[PATH_MAX], filter[EXPR_MAX], order[64];
	struct sample_ask sample_ask;
	struct listing_ask listing_ask;
	struct procs_ask procs_ask;
	struct sample *old, *sample;
	struct listing *listing;
	struct detail *detail;
	struct procs *procs;
	struct text *text;
	enum text_kind text_kind;
	u64 addr;
	u64 cpu_ns, bare_cpu_ns; /* what it took, and the reading alone (--figures) */
	bool figures;
};

/* What is shown of a sample is made here, so that what it was made of need not be kept. */
static void finish_sample(struct reading *r)
{
	struct sample *s = r->sample;

	r->listing_ask.sample = s;
	r->listing = listing_make(&r->listing_ask);
	if (r->sample_ask.wants & WANTS_DETAIL)
		r->detail = detail_make(s, r->addr);
	sample_pack(s);
	if (r->sample_ask.wants & WANTS_FOREST && s->model)
		s->forest = forest_make(s, &r->sample_ask);
	if (!(r->sample_ask.wants & WANTS_MODEL))
		sample_drop_model(s);
}

static void run(struct job *job)
{
	struct reading *r = (struct reading *)job;
	u64 t = clock_ns(), cpu = figures_cpu();

	switch (r->what) {
	case READ_PROCS:
		r->procs = procs_read(&r->procs_ask);
		break;
	case READ_SAMPLE:
		r->sample = sample_read(&r->sample_ask);
		if (r->sample && r->sample->facts)
			finish_sample(r);
		if (r->sample)
			r->sample->total_ns = clock_ns() - t;
		break;
	case READ_TEXT:
		r->text = text_read(r->text_kind, r->target, r->sample_ask.procfs);
		break;
	case MAKE_LISTING:
		r->listing_ask.sample = r->sample;
		r->listing = listing_make(&r->listing_ask);
		break;
	case MAKE_DETAIL:
		r->detail = detail_make(r->sample, r->addr);
		break;
	}
	r->cpu_ns = figures_cpu() - cpu;
	if (r->figures && r->what == READ_SAMPLE && r->sample && r->sample->facts) {
		cpu = figures_cpu();
		sample_read_bare(&r->sample_ask, r->sample->streamed);
		r->bare_cpu_ns = figures_cpu() - cpu;
	}
}

static struct reading *reading_new(struct app *a, enum what what)
{
	const struct query *q = what == READ_PROCS ? &a->q_procs : &a->q_space;
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->job.run = run;
	r->what = what;
	memcpy(r->target, a->target, sizeof(r->target));
	memcpy(r->filter, q->filter, sizeof(r->filter));
	memcpy(r->order, q->order, sizeof(r->order));
	r->addr = a->addr;
	r->figures = a->figures;
	r->listing_ask = (struct listing_ask){ .filter = r->filter, .order = r->order,
					       .gaps = a->gaps };
	return r;
}

static void read_procs(struct app *a)
{
	struct reading *r = reading_new(a, READ_PROCS);

	if (!r)
		return;
	r->procs_ask = (struct procs_ask){ .procfs = a->procfs, .kernel = a->kernel,
					   .targets = a->targets,
					   .nr_targets = a->nr_targets, .filter = r->filter,
					   .order = r->order, .tree = a->tree, .old = a->procs };
	worker_start(a->worker, &r->job);
}

static u32 levels_for(u32 wants, bool first)
{
	bool model = wants & (WANTS_MODEL | WANTS_DETAIL | WANTS_FOREST);
	u32 levels = model ? VMA_READ_DEFAULT : PSS_LEVELS;

	if (first)
		levels |= VMA_READ_SYSTEM; /* settings do not change with every sample */
	if (wants & WANTS_PAGES)
		levels |= VMA_READ_PAGES;
	return levels;
}

static void read_sample(struct app *a)
{
	struct reading *r = reading_new(a, READ_SAMPLE);
	u32 wants = app_wants(a);

	if (!r)
		return;
	r->old = sample_ref(a->live);
	r->sample_ask = (struct sample_ask){
		.target = r->target, .procfs = a->procfs, .kernel = a->kernel,
		.levels = levels_for(wants, !a->live), .wants = wants, .old = r->old,
	};
	worker_start(a->worker, &r->job);
}

static void make_of_shown(struct app *a, enum what what)
{
	struct reading *r = reading_new(a, what);

	if (!r)
		return;
	r->sample = sample_ref(a->shown);
	worker_start(a->worker, &r->job);
}

static void read_text(struct app *a)
{
	struct reading *r = reading_new(a, READ_TEXT);

	a->want_text = false;
	if (!r)
		return;
	r->text_kind = a->text_kind;
	r->sample_ask.procfs = a->procfs;
	memcpy(r->target, a->text_target, sizeof(r->target));
	worker_start(a->worker, &r->job);
}

static bool in_process(const struct app *a)
{
	for (size_t i = 0; i < a->depth; i++)
		if (a->stack[i]->where & IN_PROCESS)
			return true;
	return false;
}

static bool resting(const struct app *a)
{
	return a->paused || panel_top(a)->wants & WANTS_NOTHING;
}

/* The newest sample of what can still change lacks nothing that is wanted. */
static bool complete(const struct app *a)
{
	u32 wants = app_wants(a);
	bool model = wants & (WANTS_MODEL | WANTS_DETAIL | WANTS_FOREST);

	if (!a->live || !a->live->facts)
		return false;
	return (!model || a->live->model || a->live->why_no_model.code) &&
	       (!(wants & WANTS_ATTRIB) || a->live->attrib) &&
	       (!(wants & WANTS_FOREST) || a->live->forest || a->live->why_no_model.code) &&
	       (!(wants & WANTS_PAGES) || a->live->facts->levels & VMA_READ_PAGES ||
		a->live->facts->nr_missing);
}

/* Something is to be made of what was read: of the present sample only when it has a model. */
static bool make_due(struct app *a)
{
	bool shown = in_process(a) && a->shown && a->shown->facts;
	bool has_model;

	if (shown && a->want_arrange) {
		a->want_arrange = false;
		make_of_shown(a, MAKE_LISTING);
		return true;
	}
	if (!shown || !(app_wants(a) & WANTS_DETAIL) || app_detail(a))
		return false;
	has_model = a->shown->model || a->shown->why_no_model.code;
	if (!has_model && a->shown == a->live && !a->ended && !a->read_failed) {
		a->want_read = true;
		return false;
	}
	make_of_shown(a, MAKE_DETAIL);
	return true;
}

void reader_due(struct app *a)
{
	bool process = in_process(a);

	if (worker_busy(a->worker))
		return;
	if (a->want_text) {
		read_text(a);
		return;
	}
	if (make_due(a))
		return;
	if (process && a->ended)
		return;
	if (!a->want_read && (resting(a) || clock_ns() < a->next_read_ns))
		return;
	if (!a->want_read && process && a->live && a->live->facts && !a->live->facts->live &&
	    complete(a)) {
		/* a file does not change */
		a->next_read_ns = clock_ns() + INTERVAL_MAX_NS;
		return;
	}
	a->want_read = false;
	if (process)
		read_sample(a);
	else
		read_procs(a);
}

static void set_pace(struct app *a, u64 cost)
{
	u64 delay = (u64)(a->config.delay * 1e9);

	a->cost_ns = cost;
	a->readings++;
	a->interval_ns = cost * COST_FACTOR > delay ? cost * COST_FACTOR : delay;
	if (a->interval_ns > INTERVAL_MAX_NS)
		a->interval_ns = delay > INTERVAL_MAX_NS ? delay : INTERVAL_MAX_NS;
	a->next_read_ns = clock_ns() + a->interval_ns;
}

/* A reading that failed: of a process that was there before, it ended. */
static void take_failure(struct app *a, struct sample *s)
{
	a->read_failed = true;
	if (a->live && a->live->facts &&
	    (s->facts || s->err.code == ESRCH || s->err.code == ENOENT)) {
		a->ended = true;
		return;
	}
	if (a->live && a->live->facts) {
		app_say(a, ST_ERROR, "%s", s->err.msg);
		return;
	}
	sample_unref(a->live);
	a->live = sample_ref(s);
}

static void take_detail(struct app *a, struct reading *r)
{
	if (!r->detail || r->sample != a->shown)
		return;
	detail_free(a->detail);
	a->detail = r->detail;
	a->detail_of = a->shown;
	r->detail = NULL;
}

static void take_listing(struct app *a, struct reading *r)
{
	if (!r->listing || r->sample != a->shown)
		return;
	listing_free(a->listing);
	a->listing = r->listing;
	r->listing = NULL;
}

static void take_sample(struct app *a, struct reading *r)
{
	struct sample *s = r->sample;

	if (strcmp(r->target, a->target) != 0)
		return; /* of a process that is no longer looked at */
	set_pace(a, s->total_ns);
	figures_refresh(r->cpu_ns, r->bare_cpu_ns);
	if (!s->facts || (a->live && a->live->facts && !sample_same_process(a->live, s)) ||
	    !sample_nr(s)) {
		take_failure(a, s);
		return;
	}
	if (a->live && a->live->facts && !(s->facts->have_sysctl & VMA_SYS_MAX_MAP_COUNT))
		s->max_map_count = a->live->max_map_count;
	a->read_failed = false;
	sample_unref(a->live);
	a->live = sample_ref(s);
	history_add(&a->history, s);
	if (a->back && a->shown) {
		a->back++;
		if (history_back(&a->history, a->back) != a->shown)
			app_show(a, a->back);
	} else {
		app_set_shown(a, s);
		take_listing(a, r);
		take_detail(a, r);
	}
	panel_tell(a);
}

static void reading_free(struct reading *r)
{
	sample_unref(r->sample);
	sample_unref(r->old);
	listing_free(r->listing);
	detail_free(r->detail);
	text_free(r->text);
	procs_free(r->procs);
	free(r);
}

/* The order may have been changed while it was read. */
static void arrange_procs(struct app *a, const struct reading *r)
{
	struct procs_ask ask = { .filter = a->q_procs.filter, .order = a->q_procs.order,
				 .tree = a->tree };

	if ((strcmp(r->order, ask.order) || strcmp(r->filter, ask.filter) ||
	     r->procs_ask.tree != ask.tree) && !procs_arrange(a->procs, &ask))
		a->quit = true;
}

bool reader_done(struct app *a)
{
	struct reading *r = (struct reading *)worker_take(a->worker);

	if (!r)
		return false;
	if (r->what == READ_SAMPLE && r->sample)
		take_sample(a, r);
	if (r->what == MAKE_LISTING || r->what == MAKE_DETAIL) {
		take_listing(a, r);
		take_detail(a, r);
		panel_tell(a);
	}
	if (r->text && r->text_kind == a->text_kind && !strcmp(r->target, a->text_target)) {
		text_free(a->text);
		a->text = r->text;
		r->text = NULL;
		panel_tell(a);
	}
	if (r->procs) {
		set_pace(a, r->procs->read_ns);
		procs_free(a->procs);
		a->procs = r->procs;
		r->procs = NULL;
		arrange_procs(a, r);
		panel_tell(a);
	}
	reading_free(r);
	return true;
}

int reader_timeout(const struct app *a)
{
	u64 now = clock_ns();

	if (worker_busy(a->worker) || a->ended)
		return -1;
	if (a->want_read || a->want_arrange || a->want_text)
		return 0;
	if (resting(a))
		return -1;
	return now >= a->next_read_ns ? 0 : (int)((a->next_read_ns - now) / 1000000) + 1;
}
