/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Episodes, handed out to workers one after the other. Episode k uses profile k modulo their
 * number and seed + k, so a run does not depend on how many workers there are, and a divergence
 * is found again by its own seed at once.
 */
#include "libvmactl/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "verify/compare.h"
#include "verify/episode.h"

#define MAX_PROFILES 16
#define MAX_JOBS 64
#define PROGRESS_NS 200000000L

struct pool {
	const struct vma_verify_opts *opts;
	const struct profile *profiles[MAX_PROFILES];
	size_t nr_profiles;
	struct timespec start;
	struct tally tally;
	volatile bool shrinking;

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	u64 next, handed_out; /* episode; operations */
	u64 episodes;
	unsigned int working;
	struct vma_verify_finding *findings;
	size_t nr_findings;
	struct vma_err err;
	int rc;
};

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static bool is_stopped(const struct pool *p)
{
	return p->opts->stop && *p->opts->stop;
}

/* Asked after each step: the clock only now and then. */
static bool is_over(void *ctx)
{
	const struct pool *p = ctx;

	if (is_stopped(p))
		return true;
	if (p->opts->seconds <= 0 || p->shrinking ||
	    __atomic_load_n(&p->tally.ops, __ATOMIC_RELAXED) % 16)
		return false;
	return seconds_since(&p->start) >= p->opts->seconds;
}

static u32 max_findings(const struct pool *p)
{
	return p->opts->max_findings ? p->opts->max_findings : 1;
}

static struct vma_verify_finding *find_known(struct pool *p, const char *signature)
{
	for (size_t i = 0; i < p->nr_findings; i++)
		if (!strcmp(p->findings[i].signature, signature))
			return &p->findings[i];
	return NULL;
}

static bool is_known(void *ctx, const char *signature)
{
	struct pool *p = ctx;
	bool known;

	pthread_mutex_lock(&p->lock);
	known = find_known(p, signature);
	pthread_mutex_unlock(&p->lock);
	return known;
}

/* The next episode, false when there is none. */
static bool hand_out(struct pool *p, struct episode *ep)
{
	const struct vma_verify_opts *o = p->opts;
	const struct profile *profile;
	u64 nr;

	if (p->rc || is_stopped(p) || p->nr_findings >= max_findings(p) ||
	    (o->ops && p->handed_out >= o->ops) ||
	    (o->seconds > 0 && seconds_since(&p->start) >= o->seconds))
		return false;
	profile = p->profiles[p->next % p->nr_profiles];
	nr = o->episode ? o->episode : profile->episode;
	if (o->ops && o->ops - p->handed_out < nr)
		nr = o->ops - p->handed_out;
	*ep = (struct episode){
		.stage = { .profile = profile, .kernel = o->kernel, .randomize = o->randomize },
		.seed = o->seed + p->next,
		.nr_ops = (u32)nr,
		.no_shrink = o->no_shrink,
		.is_over = is_over,
		.is_known = is_known,
		.ctx = p,
		.tally = &p->tally,
	};
	p->next++;
	p->handed_out += nr;
	return true;
}

static void finding_fini(struct vma_verify_finding *f)
{
	free(f->call);
	free(f->detail);
	free(f->script);
}

static void keep_finding(struct pool *p, struct vma_verify_finding *f)
{
	struct vma_verify_finding *v = find_known(p, f->signature);

	if (v) {
		v->nr_seen++;
		finding_fini(f);
		return;
	}
	v = p->nr_findings < max_findings(p) ?
		    realloc(p->findings, (p->nr_findings + 1) * sizeof(*v)) : NULL;
	if (!v) {
		finding_fini(f);
		return;
	}
	p->findings = v;
	f->nr_seen = 1;
	v[p->nr_findings++] = *f;
}

static void work_through(struct pool *p, struct vma_live_files *files,
			 struct vma_bpf_compare *bpf)
{
	struct vma_verify_finding finding;
	struct episode ep;
	struct vma_err err;
	bool found, more;
	int rc;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		more = hand_out(p, &ep);
		pthread_mutex_unlock(&p->lock);
		if (!more)
			return;
		ep.stage.files = files;
		ep.stage.bpf = bpf;
		memset(&finding, 0, sizeof(finding));
		rc = vma_episode_run(&ep, &finding, &found, &p->shrinking, &err);
		pthread_mutex_lock(&p->lock);
		p->episodes++;
		if (rc && !p->rc)
			p->rc = vma_fail(&p->err, -rc, "profile %s, seed %" PRIu64 ": %s",
					 ep.stage.profile->pub.name, ep.seed, err.msg);
		if (!rc && found)
			keep_finding(p, &finding);
		else
			finding_fini(&finding);
		pthread_mutex_unlock(&p->lock);
	}
}

static void *worker(void *ctx)
{
	struct pool *p = ctx;
	struct vma_live_files files;
	struct vma_bpf_compare *bpf = NULL;
	struct vma_err err;
	int rc = vma_live_files_open(&files, p->opts->dir, &err);

	if (!rc) {
		if (p->opts->bpf)
			rc = vma_bpf_compare_new(&bpf, &err);
		if (!rc)
			work_through(p, &files, bpf);
		vma_bpf_compare_free(bpf);
		vma_live_files_close(&files);
	}
	pthread_mutex_lock(&p->lock);
	if (rc && !p->rc) {
		p->rc = rc;
		p->err = err;
	}
	p->working--;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---------------------------------------------------------------- from outside */

static int parse_profiles(struct pool *p, const char *names, struct vma_err *err)
{
	if (!names)
		names = "basic";
	while (*names) {
		size_t n = strcspn(names, ",");
		const struct profile *profile = vma_profile_by_name(names, n);

		if (!profile)
			return vma_fail(err, EINVAL, "%.*s: no such profile", (int)n, names);
		if (p->nr_profiles == MAX_PROFILES)
			return vma_fail(err, EINVAL, "too many profiles");
		p->profiles[p->nr_profiles++] = profile;
		names += n;
		names += *names == ',';
	}
	return p->nr_profiles ? 0 : vma_fail(err, EINVAL, "no profile named");
}

static void tell_progress(struct pool *p)
{
	struct vma_verify_progress now = {
		.ops = __atomic_load_n(&p->tally.ops, __ATOMIC_RELAXED),
		.episodes = p->episodes,
		.findings = p->nr_findings,
		.seconds = seconds_since(&p->start),
		.shrinking = p->shrinking,
	};

	pthread_mutex_unlock(&p->lock);
	p->opts->progress(p->opts->ctx, &now);
	pthread_mutex_lock(&p->lock);
}

/* Start the workers and wait for them. */
static int run_workers(struct pool *p, struct vma_err *err)
{
	const u32 wanted = p->opts->jobs ? p->opts->jobs : 1;
	pthread_t thread[MAX_JOBS];
	u32 nr = 0;
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	for (; nr < wanted && nr < MAX_JOBS && !rc; nr++) {
		rc = pthread_create(&thread[nr], NULL, worker, p);
		if (rc)
			break;
		p->working++;
	}
	if (rc && !p->rc)
		p->rc = vma_fail(&p->err, rc, "cannot start a thread: %s", strerror(rc));
	while (p->working) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_NS;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&p->changed, &p->lock, &until);
		if (p->opts->progress && p->working)
			tell_progress(p);
	}
	pthread_mutex_unlock(&p->lock);
	for (u32 i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	if (p->rc && err)
		*err = p->err;
	return p->rc;
}

static int kernel_name(const struct vma_verify_opts *opts, char out[65], struct vma_err *err)
{
	struct vma_kernel k;
	int rc = vma_kernel_choose(&k, opts->kernel, err);

	if (!rc)
		memcpy(out, k.release, sizeof(k.release));
	return rc;
}

static int count_ops(const struct tally *tally, struct vma_verify_report *r)
{
	r->counts = calloc(VMA_OP_NR, sizeof(*r->counts));
	if (!r->counts)
		return -ENOMEM;
	for (int op = 0; op < VMA_OP_NR; op++) {
		if (!tally->done[op])
			continue;
		r->counts[r->nr_counts++] = (struct vma_verify_count){
			vma_op_at((enum vma_op_id)op)->name, tally->done[op], tally->refused[op],
		};
	}
	return 0;
}

static void undo_report(struct vma_verify_report **r)
{
	vma_verify_report_free(*r);
}

int vma_verify_run(const struct vma_verify_opts *opts, struct vma_verify_report **out,
		   struct vma_err *err)
{
	AUTO(undo_report) struct vma_verify_report *r = calloc(1, sizeof(*r));
	struct pool p = {
		.opts = opts,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	int rc;

	if (!r)
		return vma_fail(err, ENOMEM, "out of memory");
	rc = parse_profiles(&p, opts->profiles, err);
	if (!rc)
		rc = kernel_name(opts, r->kernel, err);
	if (rc)
		return rc;
	clock_gettime(CLOCK_MONOTONIC, &p.start);
	rc = run_workers(&p, err);
	r->findings = p.findings;
	r->nr_findings = p.nr_findings;
	if (rc)
		return rc;
	r->seed = opts->seed;
	r->ops = p.tally.ops;
	r->episodes = p.episodes;
	_Static_assert(STAGE_PUPPETS == VMA_VERIFY_ALIVE, "as many as there may be");
	memcpy(r->alive, p.tally.alive, sizeof(r->alive));
	r->disturbed = p.tally.disturbed;
	r->seconds = seconds_since(&p.start);
	r->stopped = is_stopped(&p);
	if (count_ops(&p.tally, r))
		return vma_fail(err, ENOMEM, "out of memory");
	*out = TAKE(r);
	return 0;
}

void vma_verify_report_free(struct vma_verify_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_findings; i++)
		finding_fini(&r->findings[i]);
	free(r->findings);
	free(r->counts);
	free(r);
}
