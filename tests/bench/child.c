// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands and functions in children, measured from outside. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static pid_t child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		bench_die("cannot fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

/* ---------------------------------------------------------------- commands */

static void exec_to(const char *const argv[], int out)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
	dup2(null, 2);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static void drain(int fd, double began, struct run *r)
{
	static char buf[1 << 16];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!r->bytes)
			r->first = bench_now() - began;
		r->bytes += (u64)n;
	}
}

struct run bench_run(const char *const argv[], bool with_pipe)
{
	struct run r = { .wall = 0 };
	struct rusage u;
	int fd[2] = { -1, -1 };

	if (with_pipe && pipe2(fd, O_CLOEXEC))
		bench_die("cannot make a pipe: %s", strerror(errno));
	double began = bench_now();
	pid_t pid = child();
	if (!pid)
		exec_to(argv, fd[1]);
	if (with_pipe) {
		close(fd[1]);
		drain(fd[0], began, &r);
		close(fd[0]);
	}
	while (wait4(pid, &r.status, 0, &u) < 0 && errno == EINTR)
		;
	r.wall = bench_now() - began;
	r.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	r.rss_kb = u.ru_maxrss;
	return r;
}

bool bench_installed(const char *program)
{
	const char *path = getenv("PATH");
	char *copy = strdup(path ? path : "/usr/bin:/bin"), *save = NULL, name[4096];
	bool found = false;

	for (char *d = strtok_r(copy, ":", &save); d && !found; d = strtok_r(NULL, ":", &save)) {
		snprintf(name, sizeof(name), "%s/%s", d, program);
		found = !access(name, X_OK);
	}
	free(copy);
	return found;
}

/* ---------------------------------------------------------------- functions */

static bool read_all(int fd, void *p, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = read(fd, (char *)p + got, len - got);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

bool bench_in_child(bench_fn *fn, void *ctx, double *out, size_t nr)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		bench_die("cannot make a pipe: %s", strerror(errno));
	pid_t pid = child();
	if (!pid) {
		double *v = calloc(nr, sizeof(*v));

		fn(ctx, v);
		_exit(write(fd[1], v, nr * sizeof(*v)) != (ssize_t)(nr * sizeof(*v)));
	}
	close(fd[1]);
	bool good = read_all(fd[0], out, nr * sizeof(*out));
	close(fd[0]);
	waitpid(pid, NULL, 0);
	return good;
}

static void serve(int ask, int answer, void *ctx, void *(*begin)(void *),
		  void (*each)(void *, double *), size_t nr)
{
	double *v = calloc(nr + 1, sizeof(*v));
	void *state = begin(ctx);
	char c;

	if (!state || write(answer, "!", 1) != 1)
		_exit(1);
	while (read(ask, &c, 1) == 1) {
		each(state, v);
		if (write(answer, v, nr * sizeof(*v)) != (ssize_t)(nr * sizeof(*v)))
			break;
	}
	_exit(0);
}

bool worker_start(struct worker *w, void *(*begin)(void *), void (*each)(void *, double *),
		  void *ctx, size_t nr)
{
	int to[2], from[2];
	char c;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		bench_die("cannot make a pipe: %s", strerror(errno));
	w->dead = false;
	w->pid = child();
	if (!w->pid) {
		close(to[1]);
		close(from[0]);
		serve(to[0], from[1], ctx, begin, each, nr);
	}
	close(to[0]);
	close(from[1]);
	w->ask = to[1];
	w->answer = from[0];
	w->dead = !read_all(w->answer, &c, 1);
	if (w->dead)
		worker_stop(w);
	return !w->dead;
}

bool worker_ask(struct worker *w, double *out, size_t nr)
{
	if (w->dead || write(w->ask, "?", 1) != 1 || !read_all(w->answer, out, nr * sizeof(*out)))
		w->dead = true;
	return !w->dead;
}

void worker_stop(struct worker *w)
{
	if (!w->pid)
		return;
	close(w->ask);
	close(w->answer);
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	w->pid = 0;
	w->dead = true;
}

/* ---------------------------------------------------------------- the limit of VMAs */

static const char limit_file[] = "/proc/sys/vm/max_map_count";
static u64 limit_before;
static pid_t limit_owner; /* children leave it alone */

static bool set_limit(u64 v)
{
	char text[32];
	int fd = open(limit_file, O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	bool good = fd >= 0 && write(fd, text, (size_t)n) == n;

	if (fd >= 0)
		close(fd);
	return good;
}

static void restore_limit(void)
{
	if (limit_before && limit_owner == getpid())
		set_limit(limit_before);
	limit_before = 0;
}

static void restore_and_die(int sig)
{
	restore_limit();
	signal(sig, SIG_DFL);
	raise(sig);
}

void bench_map_count_back(struct bench *b)
{
	if (limit_before)
		b->max_map_count = limit_before;
	restore_limit();
}

u64 bench_map_count(struct bench *b, u64 wanted)
{
	if (b->max_map_count >= wanted)
		return b->max_map_count;
	if (!limit_before) {
		static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

		if (!set_limit(wanted))
			return 0;
		limit_before = b->max_map_count;
		if (!limit_owner) /* the first time */
			atexit(restore_limit);
		limit_owner = getpid();
		for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
			signal(fatal[i], restore_and_die);
	} else if (!set_limit(wanted)) {
		return 0;
	}
	b->max_map_count = wanted;
	return wanted;
}
