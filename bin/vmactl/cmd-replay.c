// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmactl replay: a log of strace run on the model, call by call, and compared with what the
 * kernel answered. With --check the state records of a recording are compared too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "commands.h"
#include "replay.h"
#include "target.h"

#define FIELD(name) .offset = offsetof(struct replay_options, name)
const struct cli_option cmd_replay_options[] = {
	{ "from", 'f', CLI_STRING, FIELD(from), .arg = "TARGET",
	  .help = "the address space the log starts with: a PID, a captured directory, a core" },
	{ "follow", 0, CLI_FLAG, FIELD(follow),
	  .help = "where they differ go on with what was recorded (the default)" },
	{ "strict", 0, CLI_FLAG, FIELD(strict), .help = "where they differ go on with the prediction" },
	{ "states", 0, CLI_FLAG, FIELD(states), .help = "with --json: all mappings after each call" },
	{ "final", 0, CLI_FLAG, FIELD(final),
	  .help = "the mappings each address space had at its end, as /proc/PID/maps writes them" },
	{ "check", 0, CLI_FLAG, FIELD(check),
	  .help = "compare with the state records of a recording (@ + - lines)" },
	{ "show", 's', CLI_NUMBER, FIELD(show), .arg = "N",
	  .help = "tell the first N differences, default 10" },
	{ "top", 't', CLI_NUMBER, FIELD(top), .arg = "N", .help = "list N call sites, default 10" },
	{ "limit", 'n', CLI_NUMBER, FIELD(limit), .arg = "N", .help = "stop after N calls" },
	{ "quiet", 'q', CLI_FLAG, FIELD(quiet), .help = "only the summary (with --json: one object)" },
	CLI_END,
};

#define CHUNK (256 << 10)

/* ---------------------------------------------------------------- the log */

/* Where the text comes from: a file, standard input, or gzip's output. */
struct source {
	int fd;
	pid_t gzip;
};

static int source_close(struct source *s, const char *name)
{
	int status = 0;

	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
	if (!s->gzip)
		return CLI_OK;
	while (waitpid(s->gzip, &status, 0) < 0 && errno == EINTR)
		;
	s->gzip = 0;
	/* we may stop reading early: then gzip dies of the closed pipe */
	if (WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGPIPE)
		return cli_error(CLI_FAILURE, "%s: gzip could not unpack it", name);
	return CLI_OK;
}

static int open_gzip(struct source *s, const char *path)
{
	char *argv[] = { (char *)"gzip", (char *)"-dc", (char *)"--", (char *)path, NULL };
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], rc;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return cli_error(CLI_FAILURE, "cannot make a pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], STDOUT_FILENO);
	rc = posix_spawnp(&s->gzip, "gzip", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	s->fd = pipe_fd[0];
	if (!rc)
		return CLI_OK;
	s->gzip = 0;
	close(s->fd);
	return cli_error(CLI_FAILURE, "%s: cannot run gzip: %s (unpack it first)", path, strerror(rc));
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static int source_open(struct source *s, const char *path)
{
	struct stat st;

	*s = (struct source){ .fd = STDIN_FILENO };
	if (!strcmp(path, "-"))
		return CLI_OK;
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return cli_error(CLI_FAILURE, "%s: %s", path, strerror(errno));
	if (!fstat(s->fd, &st) && S_ISDIR(st.st_mode)) {
		close(s->fd);
		return cli_error(CLI_FAILURE, "%s: a directory without trace.txt", path);
	}
	if (!ends_with(path, ".gz"))
		return CLI_OK;
	close(s->fd);
	return open_gzip(s, path);
}

/* ---------------------------------------------------------------- one replay */

static int feed_all(struct replay_run *run, struct source *s)
{
	AUTO(undo_free) char *buf = malloc(CHUNK);
	struct vma_err err;
	int rc = 0;

	if (!buf)
		return cli_error(CLI_FAILURE, "out of memory");
	while (!rc) {
		ssize_t n = read(s->fd, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cli_error(CLI_FAILURE, "%s: cannot read: %s", run->name,
					 strerror(errno));
		if (!n)
			break;
		rc = vma_replay_feed(run->replay, buf, (size_t)n, &err);
	}
	if (rc >= 0)
		rc = vma_replay_finish(run->replay, &err);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

/* A process of the machine that the log is taken to be from: this one, when no TARGET says else. */
static void like_this_machine(const struct replay_run *run, struct vma_model **self)
{
	struct vma_open_opts how = { .levels = VMA_READ_DEFAULT, .kernel = run->cli->shared.kernel };
	struct vma_err err;

	if (vma_open("self", &how, self, &err))
		*self = NULL; /* then the defaults must do */
}

static int begin(struct replay_run *run, const char *from)
{
	AUTO(undo_model) struct vma_model *self = NULL;
	const struct replay_options *opt = run->opt;
	struct vma_replay_opts opts = {
		.strict = opt->strict, .check = opt->check, .limit = opt->limit, .ctx = run,
		.events = run->cli->shared.json && !opt->quiet,
		.complain = replay_complaint, .diverge = replay_divergence,
	};
	AUTO(undo_model) struct vma_model *model = NULL;
	struct vma_err err;
	int rc;

	if (!opt->quiet && !opt->check)
		opts.step = run->cli->shared.json ? replay_step_json : replay_step_text;
	if (opt->final)
		opts.leave = replay_leave;
	if (from) {
		rc = target_open(run->cli, from, VMA_READ_DEFAULT, &model);
		if (rc != CLI_OK)
			return rc;
	}
	if (!from)
		like_this_machine(run, &self);
	opts.like = self;
	if (vma_replay_new(&opts, model, self ? vma_world_kernel(self->world)->release :
			   run->cli->shared.kernel, &run->replay, &err))
		return cli_fail(&err);
	model = NULL; /* the replay's now */
	if (from && vma_replay_capture(run->replay, from, &err))
		return cli_fail(&err);
	return CLI_OK;
}

/* The status of a replay that went to its end. */
static int verdict(const struct replay_run *run, const struct vma_replay_summary *s)
{
	bool differs = s->disagreed || (run->opt->check && s->states_agree != s->states);

	if (differs)
		return CLI_FINDING;
	return s->complaints ? CLI_PARTIAL : CLI_OK;
}

static int replay_log(struct replay_run *run, const char *path, const char *from)
{
	const struct vma_replay_summary *sum;
	struct source source;
	int status = source_open(&source, path), closed;

	if (status != CLI_OK)
		return status;
	status = begin(run, from);
	if (status == CLI_OK)
		status = feed_all(run, &source);
	closed = source_close(&source, path);
	if (status == CLI_OK)
		status = closed;
	if (status == CLI_OK) {
		sum = vma_replay_summary(run->replay);
		if (!run->cli->shared.json)
			replay_summary_text(run, sum);
		else if (run->opt->quiet || run->opt->check)
			replay_summary_json(run, sum);
		status = verdict(run, sum);
	}
	vma_replay_free(run->replay);
	return status;
}

/* A directory is a recording: its trace, started from its own capture. */
static int replay_operand(struct replay_run *run, const char *operand)
{
	static const char *const names[] = { "trace.txt", "trace.txt.gz" };
	const char *from = run->opt->from;
	char path[4096];

	run->name = operand;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", operand, names[i]);
		if (!access(path, F_OK))
			return replay_log(run, path, from ? from : operand);
	}
	return replay_log(run, operand, from);
}

int cmd_replay(struct cli *cli)
{
	struct replay_options opt = { .top = 10, .show = 10 };
	struct vma_out out;
	int status = CLI_OK;

	if (!cli_parse(cli, &opt))
		return cli->status;
	if (!cli->argc)
		return cli_usage(cli, "a log is missing (- is standard input)");
	if (opt.states && !cli->shared.json)
		return cli_usage(cli, "--states needs --json");
	if (opt.strict && opt.follow)
		return cli_usage(cli, "--strict and --follow exclude each other");
	if (cli->argc > 1 && cli->shared.json && !opt.check && !opt.quiet)
		return cli_usage(cli, "one log at a time with --json");
	if (vma_out_init(&out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	for (int i = 0; i < cli->argc; i++) {
		struct replay_run run = { .cli = cli, .opt = &opt, .out = &out };

		vma_json_init(&run.json, &out, true);
		status = cli_worse(status, replay_operand(&run, cli->argv[i]));
	}
	if (vma_out_flush(&out) && out.error != EPIPE)
		status = cli_worse(status, cli_error(CLI_FAILURE, "cannot write: %s",
						     strerror(out.error)));
	vma_out_fini(&out);
	return status;
}
