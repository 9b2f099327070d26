// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz entry of the maps parser: what comes out is a mapping that could be, whatever went in. */
#include "libvmactl/read.h"
#include "fuzz.h"

static int judge(void *ctx, const struct vma_fact_map *m)
{
	(void)ctx;
	if (m->start >= m->end || (m->start | m->end) % VMA_PAGE_SIZE || !m->path ||
	    strlen(m->perms) != 4)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vma_err err = { .code = 0 };
	int rc = vma_maps_parse((const char *)data, size, judge, NULL, &err);

	if ((rc != 0) != (err.code != 0) || strlen(err.msg) >= sizeof(err.msg))
		abort();
	return 0;
}

FUZZ_MAIN("maps")
