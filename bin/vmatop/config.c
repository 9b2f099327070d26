// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/cleanup.h"

enum kind { TEXT, BOOL, DELAY, THEME };

/* THE table of settings: a new one is a row. */
static const struct {
	const char *key;
	enum kind kind;
	size_t offset, size;
} settings[] = {
#define SETTING(key, kind, member) \
	{ key, kind, offsetof(struct config, member), sizeof(((struct config *)0)->member) }
	SETTING("process_columns", TEXT, proc_columns),
	SETTING("process_sort", TEXT, proc_sort),
	SETTING("columns", TEXT, columns),
	SETTING("sort", TEXT, sort),
	SETTING("theme", THEME, theme),
	SETTING("delay", DELAY, delay),
	SETTING("ascii", BOOL, ascii),
	SETTING("mouse", BOOL, mouse),
	SETTING("tree", BOOL, tree),
	SETTING("follow", BOOL, follow),
	SETTING("whole_path", BOOL, whole_path),
};

void config_init(struct config *c)
{
	*c = (struct config){
		.proc_columns = "PID,USER,VMAS,SHARE,GROWTH,RSS,PSS,SWAP,COMMAND",
		.columns = "START,SIZE,PERMS,RSS,PSS,SWAP,PATH",
		.proc_sort = "-VMAS",
		.theme = theme_at(0),
		.delay = 2,
		.mouse = true,
	};
}

static bool put_path(char *out, size_t size, bool directory)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (xdg && *xdg == '/')
		n = snprintf(out, size, "%s/vmactl%s", xdg, directory ? "" : "/vmatop.conf");
	else if (home && *home)
		n = snprintf(out, size, "%s/.config/vmactl%s", home,
			     directory ? "" : "/vmatop.conf");
	else
		return false;
	return n > 0 && (size_t)n < size;
}

static bool set(struct config *c, size_t i, const char *value)
{
	void *at = (char *)c + settings[i].offset;
	char *end;

	switch (settings[i].kind) {
	case TEXT:
		return (size_t)snprintf(at, settings[i].size, "%s", value) < settings[i].size;
	case BOOL:
		*(bool *)at = !strcmp(value, "yes");
		return *(bool *)at || !strcmp(value, "no");
	case DELAY:
		*(double *)at = strtod(value, &end);
		return !*end && *(double *)at >= 0.1 && *(double *)at <= 3600;
	case THEME:
		if (!theme_by_name(value))
			return false;
		*(const struct theme **)at = theme_by_name(value);
		return true;
	}
	return false;
}

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

static bool take_line(struct config *c, char *line)
{
	char *eq;

	line = trim(line);
	if (!*line || *line == '#')
		return true;
	eq = strchr(line, '=');
	if (!eq)
		return false;
	*eq = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].key, trim(line)))
			return set(c, i, trim(eq + 1));
	return false;
}

static int load_file(struct config *c, const char *path, struct vma_err *err)
{
	char line[2 * CONFIG_TEXT];
	int rc = 0;

	AUTO(undo_fclose) FILE *f = fopen(path, "re");
	if (!f)
		return vma_fail(err, errno, "%s: cannot open: %m", path);
	for (int n = 1; fgets(line, sizeof(line), f); n++)
		if (!take_line(c, line) && !rc)
			rc = vma_fail(err, EINVAL, "%s: line %d is no setting", path, n);
	return rc;
}

int config_load(struct config *c, struct vma_err *err)
{
	const char *dirs = getenv("XDG_CONFIG_DIRS");
	char path[PATH_MAX];
	int rc = -ENOENT;

	if (put_path(path, sizeof(path), false))
		rc = load_file(c, path, err);
	/* without a file of the user that of the machine, the first that there is */
	dirs = dirs && *dirs ? dirs : "/etc/xdg";
	while (rc == -ENOENT && *dirs) {
		size_t n = strcspn(dirs, ":");

		snprintf(path, sizeof(path), "%.*s/vmactl/vmatop.conf", (int)n, dirs);
		if (*path == '/')
			rc = load_file(c, path, err);
		dirs += n + (dirs[n] == ':');
	}
	return rc == -ENOENT ? 0 : rc;
}

static void make_directories(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0755);
			*p = '/';
		}
	mkdir(path, 0755);
}

int config_save(const struct config *c, struct vma_err *err)
{
	char path[PATH_MAX], dir[PATH_MAX];

	if (!put_path(path, sizeof(path), false) || !put_path(dir, sizeof(dir), true))
		return vma_fail(err, ENOENT, "HOME is not set");
	make_directories(dir);
	AUTO(undo_fclose) FILE *f = fopen(path, "we");
	if (!f)
		return vma_fail(err, errno, "%s: cannot write: %m", path);
	fputs("# vmatop writes this file when the setup is left.\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const void *at = (const char *)c + settings[i].offset;

		fprintf(f, "%s = ", settings[i].key);
		if (settings[i].kind == TEXT)
			fprintf(f, "%s\n", (const char *)at);
		else if (settings[i].kind == BOOL)
			fprintf(f, "%s\n", *(const bool *)at ? "yes" : "no");
		else if (settings[i].kind == DELAY)
			fprintf(f, "%g\n", *(const double *)at);
		else
			fprintf(f, "%s\n", (*(const struct theme *const *)at)->name);
	}
	return fflush(f) ? vma_fail(err, errno, "%s: cannot write: %m", path) : 0;
}
