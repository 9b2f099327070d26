/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_WORKER_H
#define VMATOP_WORKER_H
/*
 * One thread that reads, so that a key never waits for a file of /proc.
 *
 * A job is lent to the thread from worker_start() until worker_take() hands it back; what it points
 * to must not change meanwhile. There is one job at a time.
 */
#include <stdbool.h>

struct worker;

/** struct job - what the thread does; the first member of a larger struct */
struct job {
	void (*run)(struct job *job);
};

/** worker_new() - NULL when there is no thread or no memory. */
struct worker *worker_new(void);
/** worker_fd() - readable when a job is done. */
int worker_fd(const struct worker *w);
bool worker_busy(const struct worker *w);
/** worker_start() - only when not busy. */
void worker_start(struct worker *w, struct job *job);
/** worker_take() - the job that is done, NULL when none is. */
struct job *worker_take(struct worker *w);

#endif
