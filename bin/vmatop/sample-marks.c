// SPDX-License-Identifier: GPL-2.0-or-later
/* What became of each mapping since the sample before, and where it lies on the bar. */
#include <string.h>

#include "sample.h"

/* A mapping keeps its mark for so many samples. */
#define MARK_SAMPLES 4

static bool overlap(const struct sample *a, size_t i, const struct sample *b, size_t k)
{
	return sample_start(a, i) < sample_end(b, k) && sample_start(b, k) < sample_end(a, i);
}

struct looks {
	const char *perms, *path;
	bool has_flags;
	u64 flags;
};

static struct looks looks_of(const struct sample *s, size_t i)
{
	if (s->pack) {
		const struct pack_map *m = &s->pack->map[i];

		return (struct looks){ m->perms, pack_path(s->pack, i), m->has_flags, m->flags };
	}
	const struct vma_fact_map *m = &s->facts->maps[i];
	return (struct looks){ m->perms, m->path, m->has_flags, m->flags };
}

static bool same(const struct sample *old, size_t o, const struct sample *new, size_t n)
{
	struct looks x = looks_of(old, o), y = looks_of(new, n);

	return !memcmp(x.perms, y.perms, 4) && !strcmp(x.path, y.path) &&
	       (!x.has_flags || !y.has_flags || x.flags == y.flags);
}

/* What became of mapping @n, when it overlaps @first and perhaps those behind it. */
static enum mark compare(const struct sample *old, size_t first, const struct sample *new, size_t n)
{
	u64 start = sample_start(new, n), end = sample_end(new, n);

	if (first == sample_nr(old) || !overlap(old, first, new, n))
		return MARK_NEW;
	u64 was = sample_start(old, first), was_end = sample_end(old, first);
	if (was == start && was_end == end)
		return same(old, first, new, n) ? MARK_NONE : MARK_CHANGED;
	if (first + 1 < sample_nr(old) && overlap(old, first + 1, new, n))
		return MARK_MERGED;
	if ((n && overlap(old, first, new, n - 1)) ||
	    (n + 1 < sample_nr(new) && overlap(old, first, new, n + 1)))
		return MARK_SPLIT;
	return end - start > was_end - was ? MARK_GREW : MARK_SHRANK;
}

void sample_mark(struct sample *s, const struct sample *old)
{
	size_t nr = sample_nr(s), nr_old = sample_nr(old), o = 0;

	for (size_t i = 0; i < nr; i++) {
		while (o < nr_old && sample_end(old, o) <= sample_start(s, i)) {
			if (i == 0 || !overlap(old, o, s, i - 1))
				s->vanished++;
			o++;
		}
		enum mark m = compare(old, o, s, i);
		if (m != MARK_NONE) {
			s->mark[i] = (u8)m;
			s->marked[m]++;
			continue;
		}
		s->cat[i] = old->cat[o];
		if (old->mark[o] && old->age[o] + 1 < MARK_SAMPLES) {
			s->mark[i] = old->mark[o];
			s->age[i] = (u8)(old->age[o] + 1);
		}
	}
	for (; o < nr_old; o++)
		if (!nr || !overlap(old, o, s, nr - 1))
			s->vanished++;
}

bool sample_changed(const struct sample *s)
{
	for (int m = MARK_NONE + 1; m < MARK_NR; m++)
		if (s->marked[m])
			return true;
	return s->vanished;
}

/* ---------------------------------------------------------------- the bar */

u64 bar_units(u64 bytes)
{
	u64 kb = bytes >> 10, root = 0;

	if (kb == 4)
		return 2; /* most are a page */
	for (u64 bit = 1ULL << ((64 - (u64)__builtin_clzll(kb | 1)) / 2); bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= kb)
			root += bit;
	return root;
}

/* A gap takes no more of the bar than a 24th of all mappings. */
void sample_lay_out(struct sample *s)
{
	size_t nr = sample_nr(s);
	u64 at = 0, widest = 0;

	for (size_t i = 0; i < nr; i++)
		widest += bar_units(sample_end(s, i) - sample_start(s, i));
	widest = widest / 24 + 1;
	for (size_t i = 0; i < nr; i++) {
		s->pos[i] = at;
		at += bar_units(sample_end(s, i) - sample_start(s, i)) + 1;
		if (i + 1 < nr && sample_start(s, i + 1) > sample_end(s, i)) {
			u64 gap = bar_units(sample_start(s, i + 1) - sample_end(s, i));

			at += gap < widest ? gap : widest;
		}
	}
	s->pos[nr] = at;
}
