// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz entry of the smaps parser. Read twice, the second time behind its own first half: what was
 * learnt from other records must not change what a record says.
 */
#include "libvmactl/read.h"
#include "fuzz.h"

struct sum {
	uint64_t start, value;
	size_t nr;
};

static int judge(void *ctx, const struct vma_fact_map *m)
{
	struct sum *sum = ctx;

	if (m->start >= m->end || m->have >> VMA_SMAPS_NR || !m->path)
		abort();
	sum->value = m->flags ^ m->have;
	for (int key = 0; key < VMA_SMAPS_NR; key++)
		sum->value = sum->value * 31 + m->kb[key];
	sum->start = m->start;
	sum->nr++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum once = { .nr = 0 }, twice = { .nr = 0 };
	struct vma_err err = { .code = 0 };
	int rc = vma_smaps_parse((const char *)data, size, judge, &once, &err);
	char *both;

	if ((rc != 0) != (err.code != 0))
		abort();
	if (rc || !size)
		return 0;
	both = malloc(size * 2);
	if (!both)
		return 0;
	memcpy(both, data, size);
	memcpy(both + size, data, size);
	rc = vma_smaps_parse(both, size * 2, judge, &twice, NULL);
	/* It may be refused: a first record without VmFlags is not one behind others that have it. */
	if (!rc && (twice.nr != once.nr * 2 || twice.value != once.value))
		abort();
	free(both);
	return 0;
}

FUZZ_MAIN("smaps")
