// SPDX-License-Identifier: LGPL-2.1-or-later
/* A TARGET to a model: the only place that knows where an address space may come from. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/elf.h"
#include "libvmactl/rebuild.h"

/* The front of a regular file, to tell kinds of file apart. Bytes read, 0 when it is none. */
static size_t read_head(const char *target, unsigned char *head, size_t size)
{
	AUTO(undo_close) int fd = open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	ssize_t n = read(fd, head, size);
	return n > 0 ? (size_t)n : 0;
}

static bool is_elf(const char *target)
{
	unsigned char head[SELFMAG];

	return read_head(target, head, sizeof(head)) == SELFMAG && !memcmp(head, ELFMAG, SELFMAG);
}

static int read_core(const char *target, const struct vma_read_opts *opts, struct vma_facts **out,
		     struct vma_err *err)
{
	(void)opts; /* a core says what it says, at no cost to anybody */
	return vma_core_read(target, out, err);
}

static bool is_anything(const char *target)
{
	(void)target;
	return true;
}

/*
 * THE table of sources, tried in this order. A new kind of file is a row: a test that reads no
 * more than the front of it, and a reader that yields facts.
 */
static const struct {
	const char *name;
	bool (*probe)(const char *target);
	int (*read)(const char *target, const struct vma_read_opts *opts, struct vma_facts **out,
		    struct vma_err *err);
} sources[] = {
	{ "core", is_elf, read_core },
	{ "process", is_anything, vma_facts_read }, /* the last: what is none of the others */
};

/* A number is a process, whatever files there are in the directory we happen to be in. */
static bool names_process(const char *target)
{
	return (target[0] >= '0' && target[0] <= '9' &&
		strspn(target, "0123456789") == strlen(target)) ||
	       !strcmp(target, "self");
}

int vma_open(const char *target, const struct vma_open_opts *opts, struct vma_model **out,
	     struct vma_err *err)
{
	struct vma_read_opts read_opts = {
		.procfs = opts ? opts->procfs : NULL,
		.levels = opts && opts->levels ? opts->levels : VMA_READ_DEFAULT,
	};
	struct vma_facts *facts = NULL;
	struct vma_kernel kernel;
	size_t i = ARRAY_SIZE(sources) - 1;
	int rc;

	if (opts && opts->kernel) {
		rc = vma_kernel_init(&kernel, opts->kernel, err);
		if (rc)
			return rc;
	}
	if (!names_process(target))
		for (i = 0; !sources[i].probe(target);)
			i++;
	rc = sources[i].read(target, &read_opts, &facts, err);
	if (rc)
		return rc;
	rc = vma_rebuild(facts, opts && opts->kernel ? &kernel : NULL, out, err);
	if (rc)
		vma_facts_free(facts);
	return rc;
}
