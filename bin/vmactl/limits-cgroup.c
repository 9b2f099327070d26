// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory limits of control groups. Each group on the way to the root may have one; the one with
 * the least room left decides.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "limits.h"

#define ROOT "/sys/fs/cgroup"

/* Version 1 and 2 call the same things by other names. */
struct names {
	const char *mount, *value, *max;
};
static const struct names v2[] = { { ROOT, "memory.current", "memory.max" },
				   { ROOT, "memory.swap.current", "memory.swap.max" } };
static const struct names v1[] = {
	{ ROOT "/memory", "memory.usage_in_bytes", "memory.limit_in_bytes" },
	{ ROOT "/memory", "memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes" },
};

/* A number, or "max". */
static bool read_value(const char *dir, const char *file, u64 *out)
{
	char path[PATH_MAX + 64], text[32] = "";

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	AUTO(undo_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	*out = strncmp(text, "max", 3) ? strtoull(text, NULL, 10) : VMA_RLIM_INFINITY;
	if (*out >= (1ULL << 62)) /* version 1 says so for none */
		*out = VMA_RLIM_INFINITY;
	return true;
}

/* Where the memory controller of a process is: "0::/path" or "5:memory:/path". */
static bool find_group(u32 pid, bool swap, char *dir, size_t size, const struct names **names)
{
	char path[64], line[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	AUTO(undo_fclose) FILE *in = fopen(path, "re");
	if (!in)
		return false;
	*names = NULL;
	while (fgets(line, sizeof(line), in)) {
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		bool one = strstr(controllers, "memory") != NULL;
		if (!one && (controllers[1] || *names))
			continue;
		*names = one ? &v1[swap] : &v2[swap];
		snprintf(dir, size, "%s%s", (*names)->mount, strcmp(group, "/") ? group : "");
	}
	return *names != NULL;
}

bool limits_cgroup(u32 pid, bool swap, struct limit *out)
{
	const struct names *names;
	char dir[PATH_MAX];
	bool found = false;

	if (!find_group(pid, swap, dir, sizeof(dir), &names))
		return false;
	for (;;) {
		u64 value, max;

		if (read_value(dir, names->value, &value) && read_value(dir, names->max, &max) &&
		    (!found || max - value < out->max - out->value)) {
			out->value = value;
			out->max = max;
			out->has_value = found = true;
			snprintf(out->knob, sizeof(out->knob), "%.200s/%s", dir, names->max);
		}
		char *slash = strrchr(dir, '/');
		if (!slash || strlen(dir) <= strlen(names->mount))
			return found;
		*slash = '\0';
	}
}
