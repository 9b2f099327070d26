// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "config.h"
#include "keys.h"
#include "report/process-columns.h"

enum { OPT_PROCFS = 256, OPT_KERNEL, OPT_THEME, OPT_READONLY, OPT_LIST_KEYS, OPT_LIST_THEMES,
       OPT_LIST_OPTIONS,
       OPT_FIGURES };

/* THE table of options: getopt's, the help and the completion's. */
static const struct {
	const char *name, *arg, *help;
	int letter;
} options[] = {
	{ "delay", "SECONDS", "between two readings, at least (2)", 'd' },
	{ "columns", "LIST", "columns of the list of mappings; +LIST: more of them", 'o' },
	{ "sort", "COLUMN", "sort by it; -COLUMN: largest first; help: print all columns", 's' },
	{ "filter", "EXPR", "show only what it holds for, as vmactl -Q", 'F' },
	{ "pid", "PID,..", "only these processes, as TARGETs", 'p' },
	{ "iterations", "NUMBER", "end after so many readings", 'n' },
	{ "user", "NAME", "only processes of this user", 'u' },
	{ "tree", NULL, "processes as a tree", 't' },
	{ "no-color", NULL, "the theme mono", 'C' },
	{ "theme", "NAME", "default, colorblind or mono", OPT_THEME },
	{ "no-mouse", NULL, "leave the mouse to the terminal", 'M' },
	{ "no-unicode", NULL, "ASCII only", 'U' },
	{ "readonly", NULL, "accepted; there is no other mode", OPT_READONLY },
	{ "procfs", "DIR", "instead of /proc", OPT_PROCFS },
	{ "kernel", "RELEASE", "simulate with the rules of this kernel", OPT_KERNEL },
	{ "figures", NULL, "at the end print what it cost; each reading is done twice", OPT_FIGURES },
	{ "list-keys", NULL, "print the keys and end", OPT_LIST_KEYS },
	{ "list-themes", NULL, "print the themes and end", OPT_LIST_THEMES },
	{ "list-options", NULL, "print the options and end", OPT_LIST_OPTIONS },
	{ "help", NULL, "print this and end", 'h' },
	{ "version", NULL, "print the version and end", 'V' },
};

static int print_help(void)
{
	printf("Usage: vmatop [options] [TARGET...]\n\n"
	       "Look into address spaces, and try what would become of them.\n\n"
	       "TARGET is a PID, a captured directory or a core; several: a list of these.\n"
	       "Without one all processes are listed.\n\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		char left[40], letter[8] = "    ";

		if (options[i].letter < 256)
			snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, options[i].name,
			 options[i].arg ? " " : "", options[i].arg ? options[i].arg : "");
		printf(" %-26s %s\n", left, options[i].help);
	}
	printf("\nKeys: F1. Manual: vmatop(1).\n");
	return 0;
}

static const char *const places[] = {
	"procs", "space", "vma", "pages", "anon", "history", "sim", "sim-pick", "sim-form", "help",
	"setup", "sort", "text",
};

static int print_keys(void)
{
	const struct key_row *k;

	for (size_t i = 0; (k = keys_at(i)); i++) {
		const char *comma = "";

		printf("%s\t%s\t", k->label, k->bar ? k->bar : "-");
		for (size_t p = 0; p < ARRAY_SIZE(places); p++)
			if (k->where & 1U << p) {
				printf("%s%s", comma, places[p]);
				comma = ",";
			}
		printf("\t%s\n", k->help);
	}
	return 0;
}

static int print_themes(void)
{
	for (size_t i = 0; theme_at(i); i++)
		printf("%s\t%s\n", theme_at(i)->name, theme_at(i)->help);
	return 0;
}

static int print_options(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		char letter[2] = { options[i].letter < 256 ? (char)options[i].letter : '-', '\0' };

		printf("--%s\t%s\t%s\n", options[i].name, letter,
		       options[i].arg ? options[i].arg : "-");
	}
	return 0;
}

/* What a list may be sorted by, and have as columns. */
static int print_columns(void)
{
	static const struct {
		const char *title;
		const struct vma_columns *columns;
	} lists[] = { { "processes", &process_columns_live }, { "mappings", &vma_mapping_columns } };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t k = 0; k < lists[i].columns->nr; k++)
			printf("%s\t%s\t%s\n", lists[i].title, lists[i].columns->col[k].name,
			       lists[i].columns->col[k].help);
	return 0;
}

static int wrong(const char *what, const char *value, const char *remedy)
{
	fprintf(stderr, "vmatop: %s: %s: %s\n", what, value, remedy);
	return 2;
}

static int take_delay(struct config *c, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (*end || end == text || v < 0.1 || v > 3600)
		return wrong("--delay", text, "not a number of seconds (0.1 to 3600)");
	c->delay = v;
	return -1;
}

static int take_theme(struct config *c, const char *name)
{
	const struct theme *t = theme_by_name(name);

	if (!t)
		return wrong("--theme", name, "no such theme (--list-themes)");
	c->theme = t;
	return -1;
}

/* +COL,.. adds to those of the configuration. */
static int take_columns(struct config *c, const char *list)
{
	char now[CONFIG_TEXT];
	size_t n = (size_t)snprintf(now, sizeof(now), "%s", c->columns);
	bool path = n > 5 && !strcmp(now + n - 5, ",PATH"); /* it stays last: it takes what is left */
	int rc;

	if (*list == '+')
		rc = snprintf(c->columns, sizeof(c->columns), "%.*s,%s%s", (int)(path ? n - 5 : n), now,
			      list + 1, path ? ",PATH" : "");
	else
		rc = snprintf(c->columns, sizeof(c->columns), "%s", list);
	return (size_t)rc < sizeof(c->columns) ? -1 : wrong("--columns", list, "too long");
}

static int add_target(struct options *o, char *target)
{
	char **more = reallocarray(o->target, o->nr_targets + 1, sizeof(*more));

	if (!more)
		return 1;
	o->target = more;
	o->target[o->nr_targets++] = target;
	return -1;
}

/* The text is the program's own argument: it may be cut up. */
static int take_pids(struct options *o, char *list)
{
	for (char *word; (word = strsep(&list, ","));) {
		if (!*word || word[strspn(word, "0123456789")])
			return wrong("--pid", word, "not a PID");
		int rc = add_target(o, word);
		if (rc >= 0)
			return rc;
	}
	return -1;
}

static int take_iterations(struct options *o, const char *text)
{
	char *end;

	o->iterations = strtoul(text, &end, 10);
	return *end || !o->iterations || *text == '-' ? wrong("--iterations", text, "not a number")
						      : -1;
}

/* -1: go on. */
static int take(struct options *o, int letter, char *arg)
{
	switch (letter) {
	case 'd':
		return take_delay(&o->config, arg);
	case 'o':
		return take_columns(&o->config, arg);
	case 'p':
		return take_pids(o, arg);
	case 'n':
		return take_iterations(o, arg);
	case 's':
		if (!strcmp(arg, "help"))
			return print_columns();
		snprintf(o->config.sort, sizeof(o->config.sort), "%s", arg);
		snprintf(o->config.proc_sort, sizeof(o->config.proc_sort), "%s", arg);
		return -1;
	case 'F':
		snprintf(o->config.filter, sizeof(o->config.filter), "%s", arg);
		return -1;
	case 'u':
		o->user = arg;
		return -1;
	case 't':
		o->config.tree = true;
		return -1;
	case 'C':
		return take_theme(&o->config, "mono");
	case OPT_THEME:
		return take_theme(&o->config, arg);
	case 'M':
		o->config.mouse = false;
		return -1;
	case 'U':
		o->config.ascii = true;
		return -1;
	case OPT_PROCFS:
		o->procfs = arg;
		return -1;
	case OPT_KERNEL:
		o->kernel = arg;
		return -1;
	case OPT_FIGURES:
		o->figures = true;
		return -1;
	case OPT_LIST_KEYS:
		return print_keys();
	case OPT_LIST_THEMES:
		return print_themes();
	case OPT_LIST_OPTIONS:
		return print_options();
	case 'h':
		return print_help();
	case 'V':
		printf("vmatop (vmactl) %s\n", VMACTL_VERSION);
		return 0;
	default:
		return letter == OPT_READONLY ? -1 : 2;
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(options) + 1] = { 0 };
	char shorts[3 * ARRAY_SIZE(options)] = "";
	const char *no_color = getenv("NO_COLOR");
	struct vma_err err;
	size_t n = 0;
	int c;

	config_init(&o->config);
	if (config_load(&o->config, &err))
		fprintf(stderr, "vmatop: %s\n", err.msg);
	if (no_color && *no_color)
		take_theme(&o->config, "mono");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		longs[i] = (struct option){ options[i].name, options[i].arg != NULL, NULL,
					    options[i].letter };
		if (options[i].letter < 256) {
			shorts[n++] = (char)options[i].letter;
			if (options[i].arg)
				shorts[n++] = ':';
		}
	}
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int status = take(o, c, optarg);

		if (status == 2 && c == '?')
			fputs("Try 'vmatop --help'.\n", stderr);
		if (status >= 0)
			return status;
	}
	for (int i = optind; i < argc; i++)
		if (add_target(o, argv[i]) >= 0)
			return 1;
	return -1;
}
