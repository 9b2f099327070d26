// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said to the user beside the answer: messages, exit status, the terminal. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/escape.h"
#include "commands.h"

const char *cli_version(void)
{
	return VMACTL_VERSION;
}

/* Operands come from anywhere: nothing of them may move the cursor. */
static void say(const char *fmt, va_list ap)
{
	char raw[1024], text[4 * sizeof(raw)];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	vma_escape_terminal(raw, text, sizeof(text));
	fflush(stdout);
	fprintf(stderr, "vmactl: %s\n", text);
}

int cli_error(enum cli_exit status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return status;
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (cli->command)
		return cli_error(CLI_USAGE, "%s: %s (see vmactl %s --help)", cli->command->name,
				 text, cli->command->name);
	return cli_error(CLI_USAGE, "%s (see vmactl --help)", text);
}

int cli_fail(const struct vma_err *err)
{
	bool gone = err->code == ENOENT || err->code == ESRCH;

	return cli_error(gone ? CLI_NOT_FOUND : CLI_FAILURE, "%s", err->msg);
}

int cli_worse(int a, int b)
{
	static const int order[] = { CLI_OK, CLI_FINDING, CLI_PARTIAL, CLI_NOT_FOUND,
				     CLI_FAILURE, CLI_USAGE };
	int worst = CLI_OK;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == a || order[i] == b)
			worst = order[i];
	return worst;
}

bool cli_colors(const struct cli *cli)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cli->shared.color != CLI_COLOR_AUTO)
		return cli->shared.color == CLI_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

unsigned int cli_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns && atoi(columns) > 0)
		return (unsigned int)atoi(columns);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return ws.ws_col;
}

int cli_finish(int status)
{
	if (fflush(stdout) && errno != EPIPE)
		return cli_error(CLI_FAILURE, "standard output: cannot write: %s", strerror(errno));
	return status;
}
