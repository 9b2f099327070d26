// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/captured.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "read/text.h"

/* THE table of fields in mm.txt. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "mmap_base", offsetof(struct vma_fact_mm_bpf, mmap_base) },
	{ "mmap_legacy_base", offsetof(struct vma_fact_mm_bpf, mmap_legacy_base) },
	{ "task_size", offsetof(struct vma_fact_mm_bpf, task_size) },
	{ "def_flags", offsetof(struct vma_fact_mm_bpf, def_flags) },
	{ "brk", offsetof(struct vma_fact_mm_bpf, brk) },
	{ "start_brk", offsetof(struct vma_fact_mm_bpf, start_brk) },
	{ "start_stack", offsetof(struct vma_fact_mm_bpf, start_stack) },
	{ "total_vm", offsetof(struct vma_fact_mm_bpf, total_vm) },
	{ "locked_vm", offsetof(struct vma_fact_mm_bpf, locked_vm) },
	{ "data_vm", offsetof(struct vma_fact_mm_bpf, data_vm) },
	{ "exec_vm", offsetof(struct vma_fact_mm_bpf, exec_vm) },
	{ "stack_vm", offsetof(struct vma_fact_mm_bpf, stack_vm) },
	{ "map_count", offsetof(struct vma_fact_mm_bpf, map_count) },
};

/* "NAME=..." of a text of lines: what follows the sign, NULL when there is no such line. */
static const char *value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; *line; line = strchrnul(line, '\n'), line += *line == '\n')
		if (!strncmp(line, name, len) && line[len] == '=')
			return line + len + 1;
	return NULL;
}

bool captured_mm_parse(struct vma_fact_mm_bpf *mm, const char *text)
{
	memset(mm, 0, sizeof(*mm));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *p = value_of(text, fields[i].name);
		u64 value;

		if (!p || !text_char(&p, '0') || !text_char(&p, 'x') || !text_hex(&p, &value))
			return false;
		memcpy((char *)mm + fields[i].offset, &value, sizeof(value));
	}
	return true;
}

static int read_mm(struct vma_facts *f, const char *text)
{
	struct vma_fact_mm_bpf mm;

	if (!captured_mm_parse(&mm, text))
		return facts_missing(f, "mm.txt", EBADMSG, NULL);
	f->mm_bpf = malloc(sizeof(mm));
	if (!f->mm_bpf)
		return -ENOMEM;
	*f->mm_bpf = mm;
	return 0;
}

static void read_meta(struct vma_facts *f, const char *text)
{
	const char *p = value_of(text, "cpu_pku");

	if (!p || (*p != '0' && *p != '1'))
		return;
	f->system.pkeys = *p == '1';
	f->have_sysctl |= VMA_SYS_PKEYS;
}

/* The path may hold blanks, so a line is read from its right end. */
static bool file_line(const char *line, struct vma_fact_file *file)
{
	const char *at = NULL;
	u64 major, minor;

	for (const char *p = line; (p = strstr(p, " dev=")) && p < strchrnul(line, '\n'); p++)
		at = p;
	if (!at)
		return false;
	at += strlen(" dev=");
	if (!text_hex(&at, &major) || !text_char(&at, ':') || !text_hex(&at, &minor) ||
	    !text_starts(at, " ino="))
		return false;
	at += strlen(" ino=");
	if (!text_dec(&at, &file->inode) || !text_starts(at, " size="))
		return false;
	at += strlen(" size=");
	file->dev_major = (u32)major;
	file->dev_minor = (u32)minor;
	file->has_size = text_dec(&at, &file->size);
	return file->has_size;
}

static int read_files(struct vma_facts *f, const char *text)
{
	for (const char *line = text; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		struct vma_fact_file file = { 0 }, *slot;

		if (!file_line(line, &file))
			continue;
		slot = facts_add_file(f);
		if (!slot)
			return -ENOMEM;
		*slot = file;
	}
	return 0;
}

int captured_read(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 };
	int rc = 0;

	if (source_slurp(s->top_dir, "meta.txt", &b) == 0)
		read_meta(f, strbuf_str(&b));
	if (source_slurp(s->top_dir, "mm.txt", &b) == 0)
		rc = read_mm(f, strbuf_str(&b));
	if (!rc && source_slurp(s->top_dir, "files.txt", &b) == 0)
		rc = read_files(f, strbuf_str(&b));
	strbuf_fini(&b);
	return rc;
}
