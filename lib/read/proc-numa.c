// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-numa.h"

#include <errno.h>
#include <string.h>

#include "read/text.h"

/* A policy is one word, but for two names with a blank in them. */
static size_t policy_length(const char *p)
{
	static const char *const with_blank[] = { "prefer (many)", "weighted interleave" };
	size_t head = 0;

	for (size_t i = 0; i < 2; i++)
		if (text_starts(p, with_blank[i]))
			head = strlen(with_blank[i]);
	return head + strcspn(p + head, " ");
}

/* Both are ordered by address, so the search goes on where it stopped. */
static struct vma_fact_map *next_at(struct vma_facts *f, size_t *at, u64 start)
{
	while (*at < f->nr_maps && f->maps[*at].start < start)
		++*at;
	return *at < f->nr_maps && f->maps[*at].start == start ? &f->maps[*at] : NULL;
}

int numa_run(struct lines *l, struct vma_facts *f, size_t *strangers, struct vma_err *err)
{
	const char *last = "default";
	size_t at = 0;
	char *line;
	int rc;

	while ((line = lines_next(l, &rc, err))) {
		const char *p = line;
		u64 start;

		l->nr--; /* the line being judged */
		if (!text_hex(&p, &start) || !text_char(&p, ' '))
			return lines_bad(l, line, p, "not an address", err);
		size_t len = policy_length(p);
		if (!len)
			return lines_bad(l, line, p, "no policy", err);
		l->nr++;
		struct vma_fact_map *m = next_at(f, &at, start);
		if (!m) {
			++*strangers;
			continue;
		}
		if (strlen(last) != len || memcmp(last, p, len)) {
			last = facts_text(f, p, len);
			if (!last)
				return vma_fail(err, ENOMEM, "%s: out of memory", l->name);
		}
		m->policy = last;
	}
	return rc;
}
