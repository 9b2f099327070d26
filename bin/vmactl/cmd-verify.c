// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl verify: is what we say true on the kernel that runs here? */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"
#include "libvmactl/report.h"
#include "verify.h"

#define DEFAULT_OPS 20000

struct verify_options {
	const char *profiles, *kernel, *dir;
	u64 ops, seconds, seed, jobs, episode, findings;
	int source; /* position in proc|bpf */
	bool demos, aslr, no_shrink, list, quiet;
};

#define FIELD(f) offsetof(struct verify_options, f)
const struct cli_option cmd_verify_options[] = {
	{ .name = "profile", .letter = 'p', .kind = CLI_STRING, .offset = FIELD(profiles),
	  .arg = "NAME[,NAME]", .help = "which mixture of operations (--list-profiles), default basic" },
	{ .name = "ops", .letter = 'n', .kind = CLI_NUMBER, .offset = FIELD(ops), .arg = "N",
	  .help = "stop after N operations, default 20000" },
	{ .name = "seconds", .letter = 't', .kind = CLI_NUMBER, .offset = FIELD(seconds), .arg = "S",
	  .help = "stop after S seconds" },
	{ .name = "seed", .kind = CLI_NUMBER, .offset = FIELD(seed), .arg = "N",
	  .help = "where the random numbers start; the same seed does the same calls" },
	{ .name = "jobs", .letter = 'j', .kind = CLI_NUMBER, .offset = FIELD(jobs), .arg = "N",
	  .help = "that many test processes side by side" },
	{ .name = "demos", .kind = CLI_FLAG, .offset = FIELD(demos),
	  .help = "the demonstration of each kernel property instead of random calls" },
	{ .name = "source", .kind = CLI_CHOICE, .offset = FIELD(source), .arg = "WHICH",
	  .help = "bpf: compare anon_vmas and real page offsets too (privileged)",
	  .choices = "proc|bpf" },
	{ .name = "kernel", .kind = CLI_STRING, .offset = FIELD(kernel), .arg = "RELEASE",
	  .help = "predict for another kernel than the running one" },
	{ .name = "episode", .kind = CLI_NUMBER, .offset = FIELD(episode), .arg = "N",
	  .help = "operations before a fresh process is started" },
	{ .name = "findings", .kind = CLI_NUMBER, .offset = FIELD(findings), .arg = "N",
	  .help = "go on until N different divergences are found, default 1" },
	{ .name = "aslr", .kind = CLI_FLAG, .offset = FIELD(aslr),
	  .help = "with address space randomisation; a seed then repeats less exactly" },
	{ .name = "no-shrink", .kind = CLI_FLAG, .offset = FIELD(no_shrink),
	  .help = "report a divergence with all the calls that led to it" },
	{ .name = "directory", .kind = CLI_STRING, .offset = FIELD(dir), .arg = "DIR",
	  .help = "where the test files live (without names), default $TMPDIR or /tmp" },
	{ .name = "list-profiles", .kind = CLI_FLAG, .offset = FIELD(list),
	  .help = "list the profiles" },
	{ .name = "quiet", .letter = 'q', .kind = CLI_FLAG, .offset = FIELD(quiet),
	  .help = "no progress on the terminal" },
	CLI_END
};

/* ---------------------------------------------------------------- progress */

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static void catch_signals(void)
{
	/* Once only: a second ^C ends us the hard way, which leaves nothing behind either. */
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static void show_progress(void *ctx, const struct vma_verify_progress *p)
{
	(void)ctx;
	fprintf(stderr, "\r\033[K%" PRIu64 " operations, %.0f a second%s", p->ops,
		p->seconds > 0 ? (double)p->ops / p->seconds : 0.0,
		p->shrinking ? "; a divergence: cutting it down" : "");
	fflush(stderr);
}

/* ---------------------------------------------------------------- the report */

static void put_findings_json(struct vma_json *j, const struct vma_verify_report *r)
{
	vma_json_array(j, "divergences");
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct vma_verify_finding *f = &r->findings[i];

		vma_json_object(j, NULL);
		vma_json_text(j, "profile", f->profile);
		vma_json_number(j, "seed", f->seed);
		vma_json_text(j, "what", f->what);
		vma_json_text(j, "call", f->call);
		vma_json_text(j, "detail", f->detail);
		vma_json_number(j, "calls", f->nr_calls);
		vma_json_number(j, "calls_before", f->nr_before);
		vma_json_number(j, "seen", f->nr_seen);
		vma_json_text(j, "script", f->script);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void put_json(struct vma_out *out, const struct vma_verify_report *r, const char *profiles)
{
	struct vma_json j;

	vma_json_init(&j, out, false);
	vma_json_object(&j, NULL);
	vma_json_schema(&j);
	vma_json_text(&j, "kernel", r->kernel);
	vma_json_text(&j, "profiles", profiles);
	vma_json_number(&j, "seed", r->seed);
	vma_json_number(&j, "ops", r->ops);
	vma_json_number(&j, "processes", r->episodes);
	vma_json_number(&j, "disturbed", r->disturbed);
	vma_json_array(&j, "alive");
	for (unsigned int i = 1; i <= VMA_VERIFY_ALIVE; i++)
		vma_json_number(&j, NULL, r->alive[i]);
	vma_json_end(&j);
	vma_json_real(&j, "seconds", r->seconds);
	vma_json_bool(&j, "stopped", r->stopped);
	vma_json_array(&j, "operations");
	for (size_t i = 0; i < r->nr_counts; i++) {
		vma_json_object(&j, NULL);
		vma_json_text(&j, "name", r->counts[i].op);
		vma_json_number(&j, "done", r->counts[i].done);
		vma_json_number(&j, "refused", r->counts[i].refused);
		vma_json_end(&j);
	}
	vma_json_end(&j);
	put_findings_json(&j, r);
	vma_json_end(&j);
}

/* How often how many processes were there, unless there was always one. */
static void put_alive(struct vma_out *out, const struct vma_verify_report *r)
{
	u64 forked = 0;

	for (unsigned int i = 2; i <= VMA_VERIFY_ALIVE; i++)
		forked += r->alive[i];
	if (!forked)
		return;
	vma_out_adds(out, "  alive at once:");
	for (unsigned int i = 1; i <= VMA_VERIFY_ALIVE; i++)
		if (r->alive[i])
			vma_out_addf(out, " %u: %" PRIu64, i, r->alive[i]);
	vma_out_adds(out, " (processes: operations)\n");
}

static void put_text(struct vma_out *out, const struct vma_verify_report *r, const char *profiles)
{
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct vma_verify_finding *f = &r->findings[i];

		vma_out_addf(out, "%s differs %s%s\n", f->what,
			     *f->call ? "after " : "before the first call", f->call);
		vma_out_add(out, f->detail, strlen(f->detail));
		vma_out_addf(out, "%" PRIu32 " of %" PRIu32 " calls show it (met %" PRIu32
			     " times):\n",
			     f->nr_calls, f->nr_before, f->nr_seen);
		/* A line at a time: a script may be longer than the room for one format. */
		vma_out_add(out, f->script, strlen(f->script));
		vma_out_adds(out, "\n");
	}
	vma_out_addf(out,
		     "%s: %" PRIu64 " operations (profile %s, seed %" PRIu64 ") in %" PRIu64
		     " processes, %.1f s, %.0f a second: %zu divergence%s%s\n",
		     r->kernel, r->ops, profiles, r->seed, r->episodes, r->seconds,
		     r->seconds > 0 ? (double)r->ops / r->seconds : 0.0, r->nr_findings,
		     r->nr_findings == 1 ? "" : "s", r->stopped ? ", stopped early" : "");
	vma_out_adds(out, " ");
	for (size_t i = 0; i < r->nr_counts; i++)
		vma_out_addf(out, " %s %" PRIu64 "/%" PRIu64, r->counts[i].op,
			     r->counts[i].done - r->counts[i].refused, r->counts[i].done);
	vma_out_adds(out, " (successful/done)\n");
	put_alive(out, r);
	if (r->disturbed)
		vma_out_addf(out, "  processes given up: %" PRIu64 " (khugepaged made huge pages)\n",
			     r->disturbed);
}

static int put_report(const struct cli *cli, const struct vma_verify_report *r,
		      const char *profiles)
{
	struct vma_out out;
	int rc;

	if (vma_out_init(&out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	if (cli->shared.json)
		put_json(&out, r, profiles);
	else
		put_text(&out, r, profiles);
	rc = vma_out_flush(&out);
	vma_out_fini(&out);
	if (rc && rc != -EPIPE)
		return cli_error(CLI_FAILURE, "cannot write: %s", strerror(-rc));
	return r->nr_findings ? CLI_FINDING : CLI_OK;
}

static int list_profiles(void)
{
	const struct vma_verify_profile *p;

	for (size_t i = 0; (p = vma_verify_profile_at(i)); i++)
		printf("%-8s %s\n", p->name, p->help);
	return cli_finish(CLI_OK);
}

static void undo_verify_report(struct vma_verify_report **r)
{
	vma_verify_report_free(*r);
}

int cmd_verify(struct cli *cli)
{
	struct verify_options o = { .seed = ~0ULL };
	AUTO(undo_verify_report) struct vma_verify_report *report = NULL;
	struct vma_verify_opts opts;
	struct vma_err err;
	const bool terminal = isatty(STDERR_FILENO);
	int rc;

	if (!cli_parse(cli, &o))
		return cli->status;
	if (cli->argc)
		return cli_usage(cli, "%s: verify takes no target", cli->argv[0]);
	if (o.list)
		return list_profiles();
	if (o.demos && (o.profiles || o.ops || o.seconds))
		return cli_usage(cli, "--demos makes no random calls: no --profile, --ops, --seconds");
	if (!o.profiles)
		o.profiles = "basic";
	if (o.seed == ~0ULL && getrandom(&o.seed, 4, 0) == 4)
		o.seed &= 0xffffffff;
	opts = (struct vma_verify_opts){
		.profiles = o.profiles, .kernel = o.kernel, .dir = o.dir,
		.ops = o.ops || o.seconds ? o.ops : DEFAULT_OPS, .seconds = (double)o.seconds,
		.seed = o.seed, .jobs = (u32)o.jobs, .episode = (u32)o.episode,
		.max_findings = (u32)o.findings, .randomize = o.aslr, .bpf = o.source == 1,
		.no_shrink = o.no_shrink, .stop = &stopped,
		.progress = terminal && !o.quiet ? show_progress : NULL,
	};
	catch_signals();
	if (o.demos)
		return verify_demos(cli, &opts);
	rc = vma_verify_run(&opts, &report, &err);
	if (opts.progress)
		fputs("\r\033[K", stderr);
	if (rc == -EINVAL)
		return cli_usage(cli, "%s", err.msg);
	if (rc)
		return cli_error(CLI_FAILURE, "%s", err.msg);
	return put_report(cli, report, o.profiles);
}
