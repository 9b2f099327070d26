// SPDX-License-Identifier: GPL-2.0-or-later
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

/* An object is looked for among so many of the last ones: libraries have five mappings in a row,
 * heaps and guards alternate. */
#define LOOK_BACK 4
/* A number of 64 bits in groups of 7, for each counter, behind the mask. */
#define COUNTERS_MAX (sizeof(u32) + 10 * VMA_SMAPS_NR)

/* The array, perhaps elsewhere, with room for @more; NULL without memory: the old one stays. */
static void *grown(void *array, size_t *cap, size_t nr, size_t more, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *bigger;

	while (want < nr + more)
		want *= 2;
	if (want == *cap)
		return array;
	bigger = reallocarray(array, want, size);
	if (bigger)
		*cap = want;
	return bigger;
}
#define ROOM(p, member, nr, cap, more)                                              \
	({                                                                          \
		void *grown_ = grown((p)->member, &(p)->cap, (p)->nr, more,         \
				     sizeof(*(p)->member));                         \
		if (grown_)                                                         \
			(p)->member = grown_;                                       \
		grown_ != NULL;                                                     \
	})

static void undo_pack(struct pack **p)
{
	pack_free(*p);
}

struct pack *pack_new(size_t nr_maps)
{
	AUTO(undo_pack) struct pack *p = calloc(1, sizeof(*p));

	if (!p || !ROOM(p, map, nr, cap, nr_maps + 1) || !ROOM(p, text, nr_text, cap_text, 1))
		return NULL;
	p->nr_text = 1;
	return TAKE(p);
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	free(p->map);
	free(p->object);
	free(p->bytes);
	free(p->text);
	free(p);
}

/* ---------------------------------------------------------------- what is mapped */

static bool same_text(const struct pack *p, u32 at, const char *text)
{
	return at && text ? !strcmp(p->text + at, text) : !at && !text;
}

static bool same_object(const struct pack *p, const struct pack_object *o,
			const struct vma_fact_map *m)
{
	return o->inode == m->inode && o->dev_minor == m->dev_minor &&
	       o->dev_major == m->dev_major && same_text(p, o->path, m->path) &&
	       same_text(p, o->policy, m->policy) && same_text(p, o->unknown, m->unknown);
}

static bool add_text(struct pack *p, const char *text, u32 *at)
{
	size_t n = text ? strlen(text) + 1 : 0;

	*at = 0;
	if (!text)
		return true;
	if (!ROOM(p, text, nr_text, cap_text, n))
		return false;
	*at = (u32)p->nr_text;
	memcpy(p->text + p->nr_text, text, n);
	p->nr_text += n;
	return true;
}

static bool find_object(struct pack *p, const struct vma_fact_map *m, u32 *at)
{
	size_t nr = p->nr_objects;

	for (size_t k = 1; k <= LOOK_BACK && k <= nr; k++)
		if (same_object(p, &p->object[nr - k], m)) {
			*at = (u32)(nr - k);
			return true;
		}
	if (!ROOM(p, object, nr_objects, cap_objects, 1))
		return false;
	struct pack_object *o = &p->object[nr];
	*o = (struct pack_object){ m->inode, m->dev_major, m->dev_minor, 0, 0, 0 };
	if (!add_text(p, m->path ? m->path : "", &o->path) || !add_text(p, m->policy, &o->policy) ||
	    !add_text(p, m->unknown, &o->unknown))
		return false;
	*at = (u32)p->nr_objects++;
	return true;
}

/* ---------------------------------------------------------------- counters */

/* What nearly every record says, and what is then not kept. */
static u64 usual(const struct vma_fact_map *m, u32 key)
{
	if (key == VMA_SMAPS_SIZE)
		return (m->end - m->start) >> 10;
	return key == VMA_SMAPS_KERNELPAGESIZE || key == VMA_SMAPS_MMUPAGESIZE ? 4 : 0;
}

static u8 *put(u8 *at, u64 v)
{
	for (; v > 0x7f; v >>= 7)
		*at++ = (u8)(v | 0x80);
	*at++ = (u8)v;
	return at;
}

static const u8 *get(const u8 *at, u64 *v)
{
	*v = 0;
	for (u32 shift = 0;; shift += 7) {
		*v |= (u64)(*at & 0x7f) << shift;
		if (!(*at++ & 0x80))
			return at;
	}
}

/* A mask of those that are not as usual, then these. */
static bool add_counters(struct pack *p, const struct vma_fact_map *m, u32 *offset)
{
	u32 mask = 0;

	if (!ROOM(p, bytes, nr_bytes, cap_bytes, COUNTERS_MAX))
		return false;
	u8 *first = p->bytes + p->nr_bytes, *at = first + sizeof(mask);
	for (u32 k = 0; k < VMA_SMAPS_NR; k++)
		if (m->have & 1U << k && m->kb[k] != usual(m, k)) {
			mask |= 1U << k;
			at = put(at, m->kb[k]);
			p->sum[k] += m->kb[k];
		}
	memcpy(first, &mask, sizeof(mask));
	*offset = (u32)p->nr_bytes;
	p->nr_bytes += (size_t)(at - first);
	return true;
}

static void get_counters(const struct pack *p, u32 offset, const struct vma_fact_map *m, u64 *kb)
{
	const u8 *at = p->bytes + offset + sizeof(u32);
	u32 mask;

	memcpy(&mask, p->bytes + offset, sizeof(mask));
	for (u32 k = 0; k < VMA_SMAPS_NR; k++)
		if (mask & 1U << k)
			at = get(at, &kb[k]);
		else
			kb[k] = m->have & 1U << k ? usual(m, k) : 0;
}

/* ---------------------------------------------------------------- records */

bool pack_add(struct pack *p, const struct vma_fact_map *m)
{
	struct pack_map *q;

	if (!ROOM(p, map, nr, cap, 1))
		return false;
	q = &p->map[p->nr];
	*q = (struct pack_map){ .start = m->start, .end = m->end, .offset = m->offset,
				.flags = m->flags, .have = m->have, .has_flags = m->has_flags,
				.gate = m->gate };
	memcpy(q->perms, m->perms, sizeof(q->perms));
	if (!find_object(p, m, &q->object) || !add_counters(p, m, &q->counters))
		return false;
	p->nr++;
	return true;
}

#define TRIM(p, member, nr, cap)                                                        \
	do {                                                                            \
		void *less_ = reallocarray((p)->member, (p)->nr + 1, sizeof(*(p)->member)); \
		if (less_) {                                                            \
			(p)->member = less_;                                            \
			(p)->cap = (p)->nr + 1;                                         \
		}                                                                       \
	} while (0)

void pack_trim(struct pack *p)
{
	TRIM(p, map, nr, cap);
	TRIM(p, object, nr_objects, cap_objects);
	TRIM(p, bytes, nr_bytes, cap_bytes);
	TRIM(p, text, nr_text, cap_text);
}

const char *pack_path(const struct pack *p, size_t i)
{
	return p->text + p->object[p->map[i].object].path;
}

static void unpack(const struct pack *p, size_t i, struct vma_fact_map *out, u64 *kb)
{
	const struct pack_map *q = &p->map[i];
	const struct pack_object *o = &p->object[q->object];

	*out = (struct vma_fact_map){
		.start = q->start, .end = q->end, .offset = q->offset, .flags = q->flags,
		.have = q->have, .has_flags = q->has_flags, .gate = q->gate,
		.inode = o->inode, .dev_major = o->dev_major, .dev_minor = o->dev_minor,
		.path = p->text + o->path,
		.policy = o->policy ? p->text + o->policy : NULL,
		.unknown = o->unknown ? p->text + o->unknown : NULL, .kb = kb,
	};
	memcpy(out->perms, q->perms, sizeof(q->perms));
	get_counters(p, q->counters, out, kb);
}

const struct vma_fact_map *pack_get(const struct pack *p, size_t i, struct pack_record *out)
{
	unpack(p, i, &out->map, out->kb);
	return &out->map;
}

struct vma_fact_map *pack_all(const struct pack *p)
{
	struct vma_fact_map *all = calloc(p->nr + 1, sizeof(struct pack_record));
	u64 *kb = (u64 *)(all + p->nr); /* of all, behind them */

	for (size_t i = 0; all && i < p->nr; i++)
		unpack(p, i, &all[i], kb + i * VMA_SMAPS_NR);
	return all;
}

size_t pack_bytes(const struct pack *p)
{
	return sizeof(*p) + p->cap * sizeof(*p->map) + p->cap_objects * sizeof(*p->object) +
	       p->cap_bytes + p->cap_text;
}
