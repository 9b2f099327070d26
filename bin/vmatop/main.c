// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmatop: the viewer. This file is the event loop; the rest, from the ground up:
 *
 *   theme.c term.c    styles, and the one file that knows curses
 *   keys.c            THE table of keys: help, function bar and actions
 *   list.c table.c prompt.c   a cursor in a list; columns on the screen; a line that is typed
 *   sample.c listing.c procs.c   what is read, by the worker alone
 *   worker.c reader.c  the thread; what it is asked, and when
 *   history.c sim.c   samples kept; operations tried on a copy of the model
 *   panel.c           the stack of views, what they have in common; panel-NAME.c one view each
 *   config.c options.c   settings
 *
 * Reading and drawing share no function: a reading ends as a sample or a list of processes in
 * struct app, and drawing looks at nothing else. A key is answered while a reading runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app.h"
#include "report/process-columns.h"
#include "base/check.h"
#include "figures.h"
#include "options.h"

/* Where the handlers put the number of a signal; the loop does the rest. */
static int signal_pipe[2] = { -1, -1 };

static void on_signal(int sig)
{
	int saved = errno;
	unsigned char c = (unsigned char)sig;

	if (write(signal_pipe[1], &c, 1) < 0)
		errno = saved; /* full: the loop has enough to do */
	errno = saved;
}

static bool catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	return true;
}

static void fit(struct app *a)
{
	term_fit();
	for (size_t i = 0; i < a->depth; i++)
		if (a->stack[i]->resize)
			a->stack[i]->resize(a, panel_state(a, a->stack[i]), term_area());
}

/* Returns the signal to end with, 0 for none. */
static int take_signals(struct app *a)
{
	unsigned char c;
	int end = 0;

	while (read(signal_pipe[0], &c, 1) == 1) {
		if (c == SIGWINCH)
			fit(a);
		else if (c == SIGCONT)
			term_redraw();
		else
			end = c;
	}
	return end;
}

static void arrange(struct app *a)
{
	struct procs_ask ask = { .filter = a->q_procs.filter, .order = a->q_procs.order,
				 .tree = a->tree };

	if (a->procs && !procs_arrange(a->procs, &ask))
		a->quit = true;
	a->want_arrange = true;
}

static void apply(struct app *a, u32 result)
{
	if (result & KEY_QUIT)
		a->quit = true;
	if (result & KEY_CLOSE && !panel_close(a))
		a->quit = true;
	if (result & KEY_ARRANGE)
		arrange(a);
	if (result & KEY_REREAD)
		a->want_read = true;
}

/* False: the terminal is gone. */
static bool take_keys(struct app *a, bool *dirty)
{
	struct term_event ev;
	bool any = false;
	int waiting = 0;

	while (!a->quit && term_read(&ev)) {
		any = true;
		*dirty = true;
		if (ev.key == TK_RESIZE || ev.key == KEY_NONE_)
			continue;
		apply(a, panel_key(a, &ev));
	}
	return any || (!ioctl(STDIN_FILENO, FIONREAD, &waiting) && waiting > 0);
}

/* Returns the signal that ended it, 0 when the user did. */
static int loop(struct app *a)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = worker_fd(a->worker), .events = POLLIN },
				{ .fd = signal_pipe[0], .events = POLLIN } };
	u64 woke = clock_ns(), cpu = figures_cpu();
	bool dirty = true;

	while (!a->quit) {
		reader_due(a);
		if (dirty)
			panel_draw(a);
		dirty = false;
		if (a->iterations && a->readings >= a->iterations)
			break;
		figures_turn(clock_ns() - woke, figures_cpu() - cpu);
		int rc = poll(fds, ARRAY_SIZE(fds), reader_timeout(a));
		woke = clock_ns();
		cpu = figures_cpu();
		if (rc < 0 && errno != EINTR)
			return SIGHUP;
		if (fds[2].revents) {
			int sig = take_signals(a);

			if (sig)
				return sig;
			dirty = true;
		}
		if (fds[0].revents && !take_keys(a, &dirty))
			return SIGHUP;
		if (fds[1].revents)
			dirty |= reader_done(a);
	}
	return 0;
}

/* ---------------------------------------------------------------- start and end */

/* A word that leads nowhere is a mistake; a PID that is not there may come, or have been. */
static bool exists(const struct options *o, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", o->procfs ? o->procfs : "/proc", target);
	return target_is_pid(target) || !access(target, F_OK) || !access(path, F_OK);
}

static int take_targets(struct app *a, const struct options *o)
{
	for (size_t i = 0; i < o->nr_targets; i++)
		if (!exists(o, o->target[i])) {
			fprintf(stderr, "vmatop: %s: neither a process nor a file or directory\n",
				o->target[i]);
			return 2;
		}
	a->stack[0] = &panel_procs;
	a->depth = 1;
	if (o->nr_targets == 1) {
		a->stack[0] = &panel_space;
		app_open(a, o->target[0]);
		return -1;
	}
	a->targets = o->target;
	a->nr_targets = o->nr_targets;
	return -1;
}

static int take_query(struct query *q, const struct vma_columns *t, const char *columns,
		      const char *order, const char *name, const char *filter)
{
	struct vma_order parsed;
	struct vma_err err = { .code = 0 };

	if (!app_columns(q, t, columns, &err))
		goto wrong;
	if (*order && vma_order_parse(t, order, &parsed, &err))
		goto wrong;
	snprintf(q->order, sizeof(q->order), "%s", order);
	if (!app_set_filter(q, t, filter, name, &err))
		goto wrong;
	return -1;
wrong:
	fprintf(stderr, "vmatop: %s\n", err.msg);
	return 2;
}

static int take_options(struct app *a, const struct options *o)
{
	const struct config *c = &o->config;
	char filter[EXPR_MAX];
	bool one = o->nr_targets == 1;
	int status;

	a->config = *c;
	a->procfs = o->procfs;
	a->kernel = o->kernel;
	a->figures = o->figures;
	a->iterations = o->iterations;
	a->tree = c->tree;
	a->q_procs.follow = a->q_space.follow = c->follow;
	a->q_procs.whole_path = a->q_space.whole_path = c->whole_path;
	snprintf(filter, sizeof(filter), "%s", one ? "" : c->filter);
	if (o->user && !*filter)
		snprintf(filter, sizeof(filter), "USER == \"%s\"", o->user);
	/* a column that the other list does not have is no mistake */
	status = take_query(&a->q_procs, &process_columns_live, c->proc_columns,
			    one ? "-VMAS" : c->proc_sort, "COMMAND", filter);
	if (status < 0)
		status = take_query(&a->q_space, &vma_mapping_columns, c->columns,
				    one ? c->sort : "", "PATH", one ? c->filter : "");
	return status < 0 ? take_targets(a, o) : status;
}

/* Ends as the signal would have ended us, the terminal given back. */
static int end_with(int sig)
{
	if (!sig)
		return 0;
	signal(sig, SIG_DFL);
	raise(sig);
	return 128 + sig;
}

int main(int argc, char **argv)
{
	static struct app app;
	struct options o = { .nr_targets = 0 };
	int status;

	setlocale(LC_CTYPE, "");
	/* a sample of a large process goes back to the system when it is dropped */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	status = options_parse(&o, argc, argv);
	if (status < 0)
		status = take_options(&app, &o);
	if (status >= 0)
		return status;
	app.worker = worker_new();
	if (!app.worker) {
		fputs("vmatop: cannot start a thread\n", stderr);
		return 1;
	}
	struct term_options t = { .ascii = o.config.ascii, .mouse = o.config.mouse,
				  .theme = o.config.theme };
	if (!term_open(&t))
		return 1;
	if (!catch_signals())
		return 1;
	status = loop(&app);
	term_close();
	if (o.figures)
		figures_print();
	/* a worker that still reads uses what it was lent: the system takes all of it back */
	return end_with(status);
}
