// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/fetch.h"

const u64 no_counters[VMA_SMAPS_NR];

/* Strings and counters: chunks in a list, never moved, freed together. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	char text[];
};

#define CHUNK_FIRST ((size_t)16 << 10)
#define CHUNK_LAST ((size_t)1 << 20)
#define FETCH ((size_t)1 << 20)

/* What is kept beside the facts: callers see @f only. */
struct building {
	struct vma_facts f;
	size_t maps_cap;
	size_t maps_here; /* so many have their memory already, in a large array */
	struct {
		u32 body;
		const u64 *kb;
	} shared[32];     /* by vma_fact_map.body: the counters that records share */
};

struct vma_facts *facts_new(void)
{
	struct building *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->f.randomize_va_space = -1;
	b->f.forked = -1;
	b->f.forks = b->f.copied = -1;
	return &b->f;
}

void vma_facts_free(struct vma_facts *f)
{
	struct chunk *c, *next;

	if (!f)
		return;
	for (c = f->arena; c; c = next) {
		next = c->next;
		free(c);
	}
	free(f->maps);
	free(f->bpf);
	free(f->mm_bpf);
	free(f->anon_bpf);
	free(f->runs);
	free(f->files);
	free(f->aux);
	free(f->missing);
	free(f->cost);
	free((struct building *)f);
}

/* Chunks grow, so that much is fetched at once when there is much. */
static struct chunk *new_chunk(struct vma_facts *f, size_t least)
{
	struct chunk *last = f->arena, *c;
	size_t size = !last ? CHUNK_FIRST : last->size < CHUNK_LAST ? last->size * 2 : last->size;

	if (size < least)
		size = least;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	*c = (struct chunk){ .next = last, .size = size };
	f->arena = c;
	if (size >= FETCH / 4)
		fetch(c->text, c->text + size);
	return c;
}

/* @align: a power of two, of at most 8. */
static void *arena_take(struct vma_facts *f, size_t len, size_t align)
{
	struct chunk *c = f->arena;
	size_t at = c ? (c->used + align - 1) & ~(align - 1) : 0;

	if (!c || c->size < at || c->size - at < len) {
		c = new_chunk(f, len);
		at = 0;
	}
	if (!c)
		return NULL;
	c->used = at + len;
	return c->text + at;
}

char *facts_text(struct vma_facts *f, const char *text, size_t len)
{
	char *s = arena_take(f, len + 1, 1);

	if (!s)
		return NULL;
	memcpy(s, text, len);
	s[len] = '\0';
	return s;
}

char *facts_str(struct vma_facts *f, const char *text)
{
	return facts_text(f, text, strlen(text));
}

/*
 * Room for one more in an array of @nr items that grows by doubling: its capacity is the power
 * of two at or above @nr (at least 16), so none has to be kept. The new item is zeroed.
 */
static void *grow(void *array, size_t nr, size_t size)
{
	if (!(nr & (nr - 1)) && (nr == 0 || nr >= 16)) {
		array = reallocarray(array, nr ? nr * 2 : 16, size);
		if (!array)
			return NULL;
	}
	memset((char *)array + nr * size, 0, size);
	return array;
}

/* A pointer to a new last item of the array member @list, counted by @nr; NULL without memory. */
#define APPEND(list, nr)                                         \
	({                                                       \
		void *grown_ = grow((list), (nr), sizeof(*(list))); \
		if (grown_)                                      \
			(list) = grown_;                         \
		grown_ ? &(list)[(nr)++] : NULL;                 \
	})

/* Text that is most likely the same as the record before has. */
static const char *keep(struct vma_facts *f, const char *text, const char *before)
{
	if (!text)
		return NULL;
	if (!*text)
		return "";
	return before && !strcmp(text, before) ? before : facts_str(f, text);
}

/* Few different counters take turns: those that records share are kept once. */
static const u64 *keep_counters(struct building *b, const struct vma_fact_map *m)
{
	u32 at = m->body % ARRAY_SIZE(b->shared);
	u64 *kb;

	if (!m->kb || m->kb == no_counters)
		return no_counters;
	if (m->body && b->shared[at].body == m->body)
		return b->shared[at].kb;
	kb = arena_take(&b->f, sizeof(no_counters), sizeof(u64));
	if (!kb)
		return NULL;
	memcpy(kb, m->kb, sizeof(no_counters));
	b->shared[at].body = m->body;
	b->shared[at].kb = kb;
	return kb;
}

static void fetch_ahead(struct building *b)
{
	struct vma_fact_map *from = b->f.maps + b->f.nr_maps, *to = b->f.maps + b->maps_cap;

	if (to > from + FETCH / sizeof(*from))
		to = from + FETCH / sizeof(*from);
	b->maps_here = fetch(from, to) ? b->f.nr_maps + (size_t)(to - from) : b->maps_cap;
}

static struct vma_fact_map *add_map(struct vma_facts *f)
{
	struct building *b = (struct building *)f;

	if (f->nr_maps == b->maps_cap) {
		size_t cap = b->maps_cap ? b->maps_cap * 2 : 64;
		void *maps = reallocarray(f->maps, cap, sizeof(*f->maps));

		if (!maps)
			return NULL;
		f->maps = maps;
		b->maps_cap = cap;
	}
	if (f->nr_maps >= b->maps_here && f->nr_maps >= FETCH / sizeof(*f->maps))
		fetch_ahead(b);
	return &f->maps[f->nr_maps++];
}

int facts_add_map(struct vma_facts *f, const struct vma_fact_map *m)
{
	const struct vma_fact_map *before = f->nr_maps ? &f->maps[f->nr_maps - 1] : NULL;
	const char *path = keep(f, m->path ? m->path : "", before ? before->path : NULL);
	const char *unknown = keep(f, m->unknown, before ? before->unknown : NULL);
	const char *policy = keep(f, m->policy, before ? before->policy : NULL);
	const u64 *kb = keep_counters((struct building *)f, m);

	if (!path || (m->unknown && !unknown) || (m->policy && !policy) || !kb)
		return -ENOMEM;
	struct vma_fact_map *slot = add_map(f);
	if (!slot)
		return -ENOMEM;
	*slot = *m;
	slot->path = path;
	slot->unknown = unknown;
	slot->policy = policy;
	slot->kb = kb;
	return 0;
}

void facts_drop_maps(struct vma_facts *f)
{
	struct building *b = (struct building *)f;

	f->nr_maps = 0;
	memset(b->shared, 0, sizeof(b->shared)); /* another reading has other numbers */
}

struct vma_fact_map *facts_map_at(struct vma_facts *f, u64 start)
{
	size_t low = 0, high = f->nr_maps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->maps[mid].start == start)
			return &f->maps[mid];
		if (f->maps[mid].start < start)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

int facts_add_run(struct vma_facts *f, u64 start, u64 end, u32 state)
{
	struct vma_page_run *last = f->nr_runs ? &f->runs[f->nr_runs - 1] : NULL;

	if (last && last->end == start && last->state == state) {
		last->end = end;
		return 0;
	}
	struct vma_page_run *run = APPEND(f->runs, f->nr_runs);
	if (!run)
		return -ENOMEM;
	*run = (struct vma_page_run){ .start = start, .end = end, .state = state };
	return 0;
}

int facts_add_aux(struct vma_facts *f, u64 type, u64 value)
{
	struct vma_fact_aux *aux = APPEND(f->aux, f->nr_aux);

	if (!aux)
		return -ENOMEM;
	*aux = (struct vma_fact_aux){ type, value };
	return 0;
}

struct vma_fact_file *facts_add_file(struct vma_facts *f)
{
	return APPEND(f->files, f->nr_files);
}

struct vma_fact_file *facts_find_file(const struct vma_facts *f, u32 major, u32 minor, u64 inode)
{
	for (size_t i = f->nr_files; i--;) {
		struct vma_fact_file *file = &f->files[i];

		if (file->inode == inode && file->dev_major == major && file->dev_minor == minor)
			return file;
	}
	return NULL;
}

bool facts_is_missing(const struct vma_facts *f, const char *what)
{
	for (size_t i = 0; i < f->nr_missing; i++)
		if (!strcmp(f->missing[i].what, what))
			return true;
	return false;
}

int facts_missing(struct vma_facts *f, const char *what, int err, const char *remedy)
{
	if (facts_is_missing(f, what))
		return 0;
	struct vma_missing *m = APPEND(f->missing, f->nr_missing);
	if (!m)
		return -ENOMEM;
	*m = (struct vma_missing){ what, err, remedy };
	return 0;
}

int facts_cost(struct vma_facts *f, const char *what, u64 bytes, u32 reads, u64 ns, u64 longest)
{
	struct vma_read_cost *c = NULL;

	for (size_t i = 0; i < f->nr_cost; i++)
		if (!strcmp(f->cost[i].what, what))
			c = &f->cost[i];
	if (!c) {
		c = APPEND(f->cost, f->nr_cost);
		if (!c)
			return -ENOMEM;
		c->what = what;
	}
	c->bytes += bytes;
	c->reads += reads;
	c->ns += ns;
	if (longest > c->longest)
		c->longest = longest;
	return 0;
}
