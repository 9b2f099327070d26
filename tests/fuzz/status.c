// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz entry of the parsers of small files; the first byte of the input chooses which. */
#include "read/captured.h"
#include "read/files.h"
#include "read/lines.h"
#include "read/proc-numa.h"
#include "read/proc-status.h"
#include "read/system.h"
#include "fuzz.h"

static void parse_numa(struct vma_facts *f, const char *text)
{
	struct vma_fact_map m = { .start = 0x400000, .end = 0x401000, .path = "" };
	size_t strangers = 0;
	struct lines l;

	if (facts_add_map(f, &m))
		abort();
	lines_init_mem(&l, "numa_maps", text, strlen(text));
	numa_run(&l, f, &strangers, NULL);
	lines_fini(&l);
}

static void parse(struct vma_facts *f, char kind, char *text, size_t size)
{
	struct vma_fact_mm_bpf mm;
	struct mount_info mount;

	switch (kind) {
	case 's':
		status_parse(f, text);
		break;
	case 't':
		stat_parse(f, text);
		break;
	case 'm':
		statm_parse(f, text);
		break;
	case 'l':
		limits_parse(f, text);
		break;
	case 'a':
		auxv_parse(f, text, size);
		break;
	case 'i':
		meminfo_parse(f, text);
		break;
	case 'o':
		mountinfo_line(text, &mount);
		break;
	case 'n':
		parse_numa(f, text);
		break;
	case 'k':
		captured_mm_parse(&mm, text);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vma_facts *f = facts_new();
	char *text = malloc(size + 1);

	if (!f || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (size)
		parse(f, text[0], text + 1, size - 1);
	free(text);
	vma_facts_free(f);
	return 0;
}

FUZZ_MAIN("status")
