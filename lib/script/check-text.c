// SPDX-License-Identifier: LGPL-2.1-or-later
/* A difference for people: the VMAs of both sides near it. */
#include <string.h>

#include "base/escape.h"
#include "script/check.h"

#define NEAR 2     /* neighbours shown on each side */
#define MOST 12    /* lines of one side */

static bool has_code(const char *codes, size_t len, const char *code, size_t code_len)
{
	const char *p = codes, *end = codes + len;

	while (p < end) {
		const char *q = memchr(p, ',', (size_t)(end - p));

		q = q ? q : end;
		if ((size_t)(q - p) == code_len && !memcmp(p, code, code_len))
			return true;
		p = q < end ? q + 1 : q;
	}
	return false;
}

void check_missing_codes(const char *have, size_t len, const char *other, size_t other_len,
			 char *out, size_t size)
{
	const char *p = have, *end = have + len;
	size_t n = 0;

	out[0] = '\0';
	while (p < end) {
		const char *q = memchr(p, ',', (size_t)(end - p));
		size_t code = (size_t)((q ? q : end) - p);

		if (!has_code(other, other_len, p, code) && n + code + 2 < size) {
			if (n)
				out[n++] = ',';
			memcpy(out + n, p, code);
			n += code;
			out[n] = '\0';
		}
		p = q ? q + 1 : end;
	}
}

static void add_kernel(struct strbuf *out, const struct kvma *v)
{
	char text[512];

	vma_escape_terminal(v->text, text, sizeof(text));
	strbuf_addf(out, "kernel     %s\n", text);
}

static void add_model(struct strbuf *out, const struct vma_mm *mm, const struct vma *v)
{
	const struct vma_world *w = mm->world;
	const struct vma_file *f = vma_file_at(w, v->file);
	const struct vma_anon *a = vma_anon_at(w, v->anon_vma);
	char perms[5], codes[VMA_FLAGS_TEXT], label[VMA_LABEL_MAX], text[512];

	strbuf_addf(out, "simulator  %llx-%llx %s %llx %02x:%02x %llu %s pgoff=%llx",
		    (unsigned long long)v->vm_start, (unsigned long long)v->vm_end,
		    vma_flags_perms(v->vm_flags, perms),
		    (unsigned long long)(f ? v->vm_pgoff << VMA_PAGE_SHIFT : 0),
		    f ? f->dev_major : 0, f ? f->dev_minor : 0,
		    (unsigned long long)(f ? f->inode : 0),
		    vma_flags_codes(vma_world_kernel(w), v->vm_flags, ',', codes),
		    (unsigned long long)v->vm_pgoff);
	if (a)
		strbuf_addf(out, " av=%u root=%u parent=%u", a->id, a->root, a->parent);
	for (u32 i = v->avc; i; i = vma_avc_at(w, i)->next)
		strbuf_addf(out, "%s%u", i == v->avc ? " chain=" : ",", vma_avc_at(w, i)->anon_vma);
	vma_escape_terminal(vma_label(mm, v, label, sizeof(label)), text, sizeof(text));
	strbuf_addf(out, "%s%s\n", *text ? " " : "", text);
}

void check_context(struct strbuf *out, const struct kstate *k, const struct vma_mm *mm, u64 start,
		   u64 end)
{
	const struct vma *v, *prev;
	size_t i = 0, shown = 0;
	int after = 0;

	while (i < k->nr && k->vmas[i].end <= start)
		i++;
	for (i = i < NEAR ? 0 : i - NEAR; i < k->nr && after < NEAR && shown < MOST; i++) {
		after += k->vmas[i].start >= end;
		add_kernel(out, &k->vmas[i]);
		shown++;
	}
	v = vma_find_prev(mm, start, (struct vma **)&prev);
	for (int back = 0; back < NEAR && prev; back++) {
		v = prev;
		prev = vma_prev(mm, prev);
	}
	for (after = 0, shown = 0; v && after < NEAR && shown < MOST; v = vma_next(mm, v), shown++) {
		after += v->vm_start >= end;
		add_model(out, mm, v);
	}
}
