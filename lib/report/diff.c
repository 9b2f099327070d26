// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two address spaces side by side:
 *
 *   before   [aaaaaaaaaaaa)      [bbbb)[cc)
 *   after    [aaaa)[rr)[aa)      [bbbb)      [dd)
 *             - + + +             =     -     +
 *
 * Mappings with the same bounds are the same one, perhaps changed; any other went or came.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

struct sides {
	const struct vma_mm *before, *after;
	bool same_world;
};

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* Two numbers of objects: equal in one world; elsewhere only there or not there. */
static bool same_id(const struct sides *s, u32 a, u32 b)
{
	return s->same_world ? a == b : !a == !b;
}

static bool same_file(const struct sides *s, const struct vma *a, const struct vma *b)
{
	const struct vma_file *x = vma_file_at(s->before->world, a->file);
	const struct vma_file *y = vma_file_at(s->after->world, b->file);

	if (s->same_world)
		return a->file == b->file;
	if (!x || !y)
		return x == y;
	return x->dev_major == y->dev_major && x->dev_minor == y->dev_minor &&
	       x->inode == y->inode && !strcmp(x->path, y->path);
}

static u32 differences(const struct sides *s, const struct vma *a, const struct vma *b)
{
	const struct vma_world *x = s->before->world, *y = s->after->world;
	u32 d = 0;

	if (a->vm_flags != b->vm_flags)
		d |= VMA_DIFF_FLAGS;
	if (a->vm_pgoff != b->vm_pgoff)
		d |= VMA_DIFF_PGOFF;
	if (!same_file(s, a, b))
		d |= VMA_DIFF_FILE;
	if (!same_id(s, a->anon_vma, b->anon_vma))
		d |= VMA_DIFF_ANON_VMA;
	if (!same_text(vma_name_text(x, a->name), vma_name_text(y, b->name)))
		d |= VMA_DIFF_NAME;
	if (!same_text(vma_policy_text(x, a->policy), vma_policy_text(y, b->policy)))
		d |= VMA_DIFF_POLICY;
	if (!same_id(s, a->uffd, b->uffd))
		d |= VMA_DIFF_UFFD;
	return d;
}

int vma_diff_run(const struct vma_mm *before, const struct vma_mm *after, bool same_world,
		 int (*fn)(void *ctx, const struct vma_diff *d), void *ctx)
{
	struct sides s = { before, after, same_world };
	struct vma_iter bi = vma_iter_at(before, 0), ai = vma_iter_at(after, 0);
	const struct vma *b = vma_iter_next(&bi), *a = vma_iter_next(&ai);
	int rc = 0;

	while (!rc && (a || b)) {
		struct vma_diff d = { .before = b, .after = a };

		if (a && b && a->vm_start == b->vm_start && a->vm_end == b->vm_end) {
			d.fields = differences(&s, b, a);
			d.kind = d.fields ? VMA_DIFF_CHANGED : VMA_DIFF_SAME;
		} else if (b && (!a || b->vm_start <= a->vm_start)) {
			d.kind = VMA_DIFF_REMOVED;
			d.after = NULL;
		} else {
			d.kind = VMA_DIFF_ADDED;
			d.before = NULL;
		}
		rc = fn(ctx, &d);
		if (d.before)
			b = vma_iter_next(&bi);
		if (d.after)
			a = vma_iter_next(&ai);
	}
	return rc;
}

const char *vma_diff_kind_name(enum vma_diff_kind kind)
{
	static const char *const names[] = { "same", "removed", "added", "changed" };

	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

char *vma_diff_names(u32 fields, char *out, size_t size)
{
	static const char *const names[] = { "flags", "pgoff", "file", "anon_vma", "name", "policy",
					     "uffd" };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names) && len < size; i++)
		if (fields & 1U << i)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len ? "," : "",
						names[i]);
	return out;
}
