// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments of an operation as text: what the form offers, and what was typed. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/attrib.h"
#include "sim.h"

static u64 prot_of(const struct vma *vma)
{
	return vma ? vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC) : VM_READ | VM_WRITE;
}

/* Words that make a sensible first try. */
static const struct {
	enum vma_arg kind;
	const char *text;
} first_tries[] = {
	{ VMA_ARG_MMAP_FLAGS, "MAP_PRIVATE|MAP_ANONYMOUS" },
	{ VMA_ARG_FD, "-1" },
	{ VMA_ARG_MREMAP_FLAGS, "MREMAP_MAYMOVE" },
	{ VMA_ARG_ADVICE, "MADV_DONTNEED" },
	{ VMA_ARG_MLOCKALL_FLAGS, "MCL_CURRENT" },
	{ VMA_ARG_MPOL, "MPOL_BIND" },
	{ VMA_ARG_NODEMASK, "1" },
	{ VMA_ARG_NAME, "name" },
	{ VMA_ARG_ACCESS, "PROT_READ|PROT_WRITE" },
	{ VMA_ARG_RESOURCE, "RLIMIT_AS" },
	{ VMA_ARG_UFFD, "1" },
	{ VMA_ARG_UFFD_MODE, "1" },
};

char *sim_default(const struct vma_op *op, size_t i, const struct vma *vma, const struct vma_mm *mm,
		  char *out, size_t size)
{
	enum vma_arg kind = op->arg[i];
	const char *name = op->argname[i];
	u64 len = vma ? vma->vm_end - vma->vm_start : VMA_PAGE_SIZE;

	snprintf(out, size, "0");
	for (size_t k = 0; k < ARRAY_SIZE(first_tries); k++)
		if (first_tries[k].kind == kind)
			snprintf(out, size, "%s", first_tries[k].text);
	if (kind == VMA_ARG_ADDR && !strcmp(op->name, "mmap"))
		snprintf(out, size, "NULL");
	else if (kind == VMA_ARG_ADDR && !strcmp(op->name, "brk"))
		snprintf(out, size, "0x%llx", (unsigned long long)mm->brk + 16 * VMA_PAGE_SIZE);
	else if (kind == VMA_ARG_ADDR && i == 0 && vma)
		snprintf(out, size, "0x%llx", (unsigned long long)vma->vm_start);
	else if (kind == VMA_ARG_ADDR)
		snprintf(out, size, "%s", i ? "NULL" : "0");
	else if (kind == VMA_ARG_LEN)
		snprintf(out, size, "0x%llx",
			 (unsigned long long)(strstr(name, "new") ? 2 * len : len));
	else if (kind == VMA_ARG_PROT)
		vma_explain_arg(kind, prot_of(vma), out, size);
	else if (kind == VMA_ARG_LIMIT)
		snprintf(out, size, "%s", i == 2 ? "RLIM_INFINITY" : "64M");
	else if (!strcmp(name, "maxnode"))
		snprintf(out, size, "65");
	return out;
}

/* ---------------------------------------------------------------- what was typed */

static bool names(const char *name, const char *word, size_t n)
{
	size_t len = strlen(name);

	if (n > len || strncasecmp(name + len - n, word, n) != 0)
		return false;
	return n == len || name[len - n - 1] == '_';
}

static int parse_words(const struct vma_word *w, const char *text, const char *arg, u64 *out,
		       struct vma_err *err)
{
	char word[80];
	u64 v = 0, number;

	do {
		size_t n = strcspn(text, "|,");
		const struct vma_word *k = w;

		while (k->name && !names(k->name, text, n))
			k++;
		snprintf(word, sizeof(word), "%.*s", (int)(n < 79 ? n : 79), text);
		if (k->name)
			v |= k->value;
		else if (vma_parse_size(word, &number))
			v |= number;
		else
			return vma_fail(err, EINVAL, "%s: '%s' is none of its words (such as %s)",
					arg, word, w->name);
		text += n;
	} while (*text++);
	*out = v;
	return 0;
}

/* "rw-", "r", "---". */
static bool parse_rwx(const char *text, u64 *out)
{
	u64 v = 0;

	if (!*text || strspn(text, "rwx-") != strlen(text) || strlen(text) > 3)
		return false;
	for (; *text; text++)
		v |= *text == 'r' ? 1 : *text == 'w' ? 2 : *text == 'x' ? 4 : 0;
	*out = v;
	return true;
}

/* A label of the present model, with +OFFSET: what operations made is found too. */
static bool parse_label(const struct vma_mm *mm, const char *text, u64 *out)
{
	const char *plus = strrchr(text, '+');
	char label[VMA_LABEL_MAX];
	const struct vma *vma;
	u64 offset = 0;

	if (plus && !vma_parse_size(plus + 1, &offset))
		plus = NULL;
	size_t n = plus ? (size_t)(plus - text) : strlen(text);
	vma_for_each(mm, vma) {
		vma_label(mm, vma, label, sizeof(label));
		const char *slash = strrchr(label, '/'), *base = slash ? slash + 1 : label;

		if ((strlen(label) == n && !memcmp(label, text, n)) ||
		    (n && strlen(base) == n && !memcmp(base, text, n))) {
			*out = vma->vm_start + offset;
			return true;
		}
	}
	return false;
}

static int parse_address(const struct sim *m, const char *text, u64 *out, struct vma_err *err)
{
	AUTO(undo_free) struct vma_fact_map *maps = NULL;
	struct vma_facts facts;

	*out = 0;
	if (!strcasecmp(text, "NULL") || vma_parse_size(text, out) ||
	    parse_label(sim_mm(m), text, out))
		return 0;
	if (!sample_whole_facts(m->base, &facts, &maps))
		return vma_fail(err, ENOMEM, "out of memory");
	return vma_resolve_address(&facts, text, out, err);
}

/* -1, or the end of a path that the process has mapped. */
static int parse_file(const struct sim *m, const char *text, struct vma_call *call, size_t i,
		      struct vma_err *err)
{
	const struct vma_file *f;
	size_t n = strlen(text);

	call->arg[i] = ~0ULL;
	call->file = 0;
	if (!strcmp(text, "-1") || !n)
		return 0;
	for (u32 id = 1; (f = vma_file_at(sim_world(m), id)); id++) {
		size_t len = strlen(f->path);

		if (len < n || strcmp(f->path + len - n, text) != 0)
			continue;
		call->arg[i] = 3;
		call->file = id;
		return 0;
	}
	return vma_fail(err, EINVAL, "%s: -1, or the path of a file that the process has mapped",
			text);
}

int sim_parse(const struct sim *m, const struct vma_op *op, size_t i, const char *text,
	      struct vma_call *call, char *name, size_t name_size, struct vma_err *err)
{
	bool flags, negative = *text == '-';
	const struct vma_word *w = vma_arg_words(op->arg[i], &flags);
	u64 *out = &call->arg[i];

	switch (op->arg[i]) {
	case VMA_ARG_ADDR:
		return parse_address(m, text, out, err);
	case VMA_ARG_FD:
		return parse_file(m, text, call, i, err);
	case VMA_ARG_NAME:
		snprintf(name, name_size, "%s", text);
		call->name = *text && strcasecmp(text, "NULL") != 0 ? name : NULL;
		return 0;
	case VMA_ARG_PROT:
	case VMA_ARG_ACCESS:
		if (parse_rwx(text, out))
			return 0;
		break;
	default:
		break;
	}
	if (w && !isdigit((unsigned char)*text))
		return parse_words(w, text, op->argname[i], out, err);
	if (!vma_parse_size(text + negative, out))
		return vma_fail(err, EINVAL, "%s: '%s' is not a number", op->argname[i], text);
	if (negative)
		*out = -*out;
	return 0;
}
