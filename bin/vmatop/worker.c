// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *todo, *done;
	bool busy; /* the main thread's own view: started and not taken back */
	int fd;
};

static void *work(void *ctx)
{
	struct worker *w = ctx;
	const uint64_t one = 1;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		while (!w->todo)
			pthread_cond_wait(&w->wake, &w->lock);
		struct job *job = TAKE(w->todo);
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		pthread_mutex_lock(&w->lock);
		w->done = job;
		pthread_mutex_unlock(&w->lock);
		if (write(w->fd, &one, sizeof(one)) < 0)
			abort(); /* an eventfd takes a 1 always */
	}
	return NULL;
}

/* It never ends: a read that hangs in the kernel must not keep the program from ending. */
struct worker *worker_new(void)
{
	struct worker *w = calloc(1, sizeof(*w));
	sigset_t all, old;

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* signals are for the thread that owns the terminal */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	int rc = w->fd < 0 ? -1 : pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		if (w->fd >= 0)
			close(w->fd);
		free(w);
		return NULL;
	}
	return w;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}

bool worker_busy(const struct worker *w)
{
	return w->busy;
}

void worker_start(struct worker *w, struct job *job)
{
	w->busy = true;
	pthread_mutex_lock(&w->lock);
	w->todo = job;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

struct job *worker_take(struct worker *w)
{
	uint64_t count;

	if (read(w->fd, &count, sizeof(count)) < 0)
		return NULL;
	pthread_mutex_lock(&w->lock);
	struct job *job = TAKE(w->done);
	pthread_mutex_unlock(&w->lock);
	if (job)
		w->busy = false;
	return job;
}
