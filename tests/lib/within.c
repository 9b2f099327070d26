// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * within COMMAND...: runs a test to its end, for automake's TAP driver.
 *
 * A test that hangs fails, with its name, after VMACTL_TEST_SECONDS; nothing waits for input. What
 * the test leaves behind ends with it, whatever session it is in: the driver reads until the last
 * process has closed the pipe, so one forgotten child of a failed test would hold up the whole run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 900

/* The children of this process, each in turn; those of the dead are ours too. */
static pid_t first_child(void)
{
	char path[40];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	FILE *f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%d", &child) != 1)
			child = 0;
		fclose(f);
	}
	return child;
}

static void name_process(const char *why, pid_t pid)
{
	char path[32], line[160] = "";

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
	for (ssize_t i = 0; i + 1 < n; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = ' ';
	if (fd >= 0)
		close(fd);
	printf("# %s: process %d %s\n", why, pid, line);
}

/* Ends one child after the other until none is left; the children of each become ours. */
static void end_all(const char *why)
{
	for (pid_t pid; (pid = first_child());) {
		if (why)
			name_process(why, pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* 0 and its status, or -1 at the deadline. */
static int wait_for(pid_t test, time_t seconds, int *status)
{
	struct timespec now, end;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (;;) {
		for (pid_t pid; (pid = waitpid(-1, status, WNOHANG)) > 0;)
			if (pid == test)
				return 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end.tv_sec)
			return -1;
		struct timespec left = { .tv_sec = end.tv_sec - now.tv_sec };
		sigtimedwait(&child, NULL, &left);
	}
}

static void run(char **command, const sigset_t *signals)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(command[0], command);
	fprintf(stderr, "within: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *limit = getenv("VMACTL_TEST_SECONDS");
	const time_t seconds = limit && atol(limit) > 0 ? atol(limit) : SECONDS;
	sigset_t child, before;
	int status = 0;

	if (argc < 2) {
		fprintf(stderr, "Usage: within COMMAND...\n");
		return 2;
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t test = fork();
	if (test < 0) {
		perror("within: fork");
		return 2;
	}
	if (!test)
		run(argv + 1, &before);
	if (wait_for(test, seconds, &status)) {
		end_all("still there");
		printf("Bail out! %s: no end after %ld s\n", argv[argc - 1], (long)seconds);
		return 1;
	}
	end_all(NULL);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
