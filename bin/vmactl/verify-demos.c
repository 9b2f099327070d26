// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl verify --demos: the calls that show a kernel property (vmactl kernels --diff), predicted
 * and then made. The log of a demonstration is read by a replay that nobody listens to but us.
 */
#include "verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/report.h"
#include "libvmactl/script.h"
#include "script/demo.h"

#define MAX_CALLS 16
#define MAX_DEMOS 256
#define MAX_NAME 96

/* @why_not: these calls are not made at all. */
struct show {
	const struct vma_kernel_prop *prop;
	const char *why_not;
	struct vma_replay *replay; /* while it is read */
	struct vma_verify_call call[MAX_CALLS];
	char name[MAX_NAME];       /* of the one call that has one */
	size_t nr;
	u64 heap;
	bool bad;
	const struct vma_verify_answer *answer;
};

struct shows {
	struct show v[MAX_DEMOS];
	size_t nr;
};

/* ---------------------------------------------------------------- reading */

static void keep_call(struct show *show, const struct vma_step *s)
{
	struct vma_verify_call *c = &show->call[show->nr];
	const struct vma_file *f = NULL;

	if (show->nr == MAX_CALLS || (s->call->name && show->name[0])) {
		show->bad = true;
		return;
	}
	show->nr++;
	c->call = *s->call;
	if (s->call->name) {
		snprintf(show->name, sizeof(show->name), "%s", s->call->name);
		c->call.name = show->name;
	}
	if (s->call->file && s->call->file != VMA_FILE_BAD)
		f = vma_file_at(vma_replay_world(show->replay), s->call->file);
	if (f)
		c->is_like = *f;
	c->is_like.path = NULL; /* the world's */
}

/* What has a result already is the setting; of that only what changes an address space counts. */
static int on_step(void *ctx, const struct vma_step *s)
{
	struct show *show = ctx;

	if (s->op == VMA_OP_BRK && s->has_recorded && !s->call->arg[0])
		show->heap = (u64)s->recorded;
	else if (s->op != VMA_OP_NONE)
		keep_call(show, s);
	else
		show->bad |= !s->has_recorded;
	return 0;
}

static void on_complaint(void *ctx, const struct vma_complaint *c)
{
	struct show *show = ctx;

	(void)c;
	show->bad = true;
}

static inline void undo_replay(struct vma_replay **r)
{
	vma_replay_free(*r);
}

static int read_script(struct show *show, const char *script, struct vma_err *err)
{
	const struct vma_replay_opts opts = {
		.strict = true, .step = on_step, .complain = on_complaint, .ctx = show,
	};
	AUTO(undo_replay) struct vma_replay *r = NULL;
	int rc = vma_replay_new(&opts, NULL, NULL, &r, err);

	if (rc)
		return rc;
	show->replay = r;
	rc = vma_replay_feed(r, script, strlen(script), err);
	if (!rc)
		rc = vma_replay_finish(r, err);
	show->replay = NULL;
	if (!rc && show->bad)
		rc = vma_fail(err, EINVAL, "%s: the demonstration cannot be made as calls",
			      show->prop->name);
	return rc;
}

static int read_all(struct shows *s, struct vma_err *err)
{
	const struct vma_kernel_prop *p;
	int rc = 0;

	for (size_t i = 0; !rc && i < MAX_DEMOS && (p = vma_kernel_prop_at(i)); i++) {
		const struct demo *d = demo_of(p->name);
		struct show *show = &s->v[s->nr++];

		show->prop = p;
		if (!d || !d->script)
			show->why_not = d ? d->why_not : "no calls known";
		else
			rc = read_script(show, d->script, err);
	}
	return rc;
}

/* ---------------------------------------------------------------- making */

/* Answers come in the order of the lists: those of the demonstrations that can be made. */
static int make_all(struct shows *s, const struct vma_verify_opts *opts,
		    struct vma_verify_answer **answers, size_t *nr, struct vma_err *err)
{
	AUTO(undo_free) struct vma_verify_list *lists = calloc(s->nr + 1, sizeof(*lists));
	int rc;

	*nr = 0;
	if (!lists)
		return vma_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->nr; i++)
		if (!s->v[i].why_not)
			lists[(*nr)++] = (struct vma_verify_list){
				s->v[i].prop->name, s->v[i].call, s->v[i].nr, s->v[i].heap,
			};
	rc = vma_verify_calls(opts, lists, *nr, answers, err);
	for (size_t i = 0, k = 0; !rc && i < s->nr; i++)
		if (!s->v[i].why_not)
			s->v[i].answer = &(*answers)[k++];
	return rc;
}

/* ---------------------------------------------------------------- telling */

enum { DEMO_AGREES, DEMO_DIVERGES, DEMO_SKIPPED, DEMO_VERDICTS };

static int verdict_of(const struct show *show)
{
	if (show->why_not || show->answer->verdict == VMA_VERIFY_UNABLE)
		return DEMO_SKIPPED;
	return show->answer->verdict == VMA_VERIFY_DIVERGES ? DEMO_DIVERGES : DEMO_AGREES;
}

static const char *const verdicts[] = { "agrees", "diverges", "skipped" };

static void put_text(struct vma_out *out, const struct shows *s, const char *kernel)
{
	size_t n[DEMO_VERDICTS] = { 0 };

	for (size_t i = 0; i < s->nr; i++) {
		const struct show *show = &s->v[i];
		const int verdict = verdict_of(show);

		n[verdict]++;
		vma_out_addf(out, "%-29s %s", show->prop->name, verdicts[verdict]);
		if (verdict == DEMO_SKIPPED)
			vma_out_addf(out, ": %s",
				     show->why_not ? show->why_not : show->answer->why);
		vma_out_adds(out, "\n");
		if (verdict == DEMO_DIVERGES)
			vma_out_adds(out, show->answer->finding.script);
	}
	vma_out_addf(out, "%s: of %zu demonstrations %zu agree, %zu diverge, %zu skipped\n", kernel,
		     s->nr, n[DEMO_AGREES], n[DEMO_DIVERGES], n[DEMO_SKIPPED]);
}

static void put_json(struct vma_out *out, const struct shows *s, const struct vma_kernel *kernel)
{
	struct vma_json j;

	vma_json_init(&j, out, false);
	vma_json_object(&j, NULL);
	vma_json_schema(&j);
	vma_json_text(&j, "kernel", kernel->release);
	vma_json_array(&j, "demonstrations");
	for (size_t i = 0; i < s->nr; i++) {
		const struct show *show = &s->v[i];
		const int verdict = verdict_of(show);

		vma_json_object(&j, NULL);
		vma_json_text(&j, "property", show->prop->name);
		vma_json_bool(&j, "has", vma_kernel_has(kernel, show->prop));
		vma_json_number(&j, "calls", show->nr);
		vma_json_text(&j, "verdict", verdicts[verdict]);
		if (verdict == DEMO_SKIPPED)
			vma_json_text(&j, "why",
				      show->why_not ? show->why_not : show->answer->why);
		if (verdict == DEMO_DIVERGES) {
			vma_json_text(&j, "what", show->answer->finding.what);
			vma_json_text(&j, "call", show->answer->finding.call);
			vma_json_text(&j, "detail", show->answer->finding.detail);
			vma_json_text(&j, "script", show->answer->finding.script);
		}
		vma_json_end(&j);
	}
	vma_json_end(&j);
	vma_json_end(&j);
}

static int put_answers(const struct cli *cli, const struct shows *s,
		       const struct vma_kernel *kernel)
{
	struct vma_out out;
	int rc;

	if (vma_out_init(&out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	if (cli->shared.json)
		put_json(&out, s, kernel);
	else
		put_text(&out, s, kernel->release);
	rc = vma_out_flush(&out);
	vma_out_fini(&out);
	if (rc && rc != -EPIPE)
		return cli_error(CLI_FAILURE, "cannot write: %s", strerror(-rc));
	for (size_t i = 0; i < s->nr; i++)
		if (verdict_of(&s->v[i]) == DEMO_DIVERGES)
			return CLI_FINDING;
	return CLI_OK;
}

int verify_demos(const struct cli *cli, const struct vma_verify_opts *opts)
{
	AUTO(undo_free) struct shows *shows = calloc(1, sizeof(*shows));
	struct vma_verify_answer *answers = NULL;
	struct vma_kernel kernel;
	struct vma_err err;
	size_t nr = 0;
	int rc;

	if (!shows)
		return cli_error(CLI_FAILURE, "out of memory");
	if (vma_kernel_choose(&kernel, opts->kernel, &err))
		return cli_usage(cli, "%s", err.msg);
	rc = read_all(shows, &err);
	if (!rc)
		rc = make_all(shows, opts, &answers, &nr, &err);
	if (rc)
		return cli_error(CLI_FAILURE, "%s", err.msg);
	rc = put_answers(cli, shows, &kernel);
	vma_verify_answers_free(answers, nr);
	return rc;
}
