// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/facts.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Strings: chunks in a list, never moved, freed together. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	char text[];
};

#define CHUNK_SIZE (16 * 1024)
#define FETCH ((size_t)1 << 20)
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* What is kept beside the facts: callers see @f only. */
struct building {
	struct vma_facts f;
	size_t maps_cap;
	size_t maps_here; /* so many have their memory already, in a large array */
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

char *facts_text(struct vma_facts *f, const char *text, size_t len)
{
	struct chunk *c = f->arena;

	if (!c || c->size - c->used < len + 1) {
		size_t size = len + 1 > CHUNK_SIZE ? len + 1 : CHUNK_SIZE;

		c = malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		c->next = f->arena;
		c->used = 0;
		c->size = size;
		f->arena = c;
	}
	char *s = c->text + c->used;
	memcpy(s, text, len);
	s[len] = '\0';
	c->used += len + 1;
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

/* Of a large array each page is a fault of its own, which costs four times as much as to have the
 * next 256 of them filled in one call (Linux 5.14; elsewhere they come one by one as ever). */
static void fetch_ahead(struct building *b)
{
	struct vma_fact_map *from = b->f.maps + b->f.nr_maps;
	uintptr_t start = (uintptr_t)from & VMA_PAGE_MASK;
	uintptr_t end = (uintptr_t)(b->f.maps + b->maps_cap) & VMA_PAGE_MASK;

	if (end > start + FETCH)
		end = start + FETCH;
	b->maps_here = b->maps_cap;
	if (end > start && !madvise((void *)start, end - start, MADV_POPULATE_WRITE))
		b->maps_here = b->f.nr_maps + (end - (uintptr_t)from) / sizeof(*from);
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

	if (!path || (m->unknown && !unknown) || (m->policy && !policy))
		return -ENOMEM;
	struct vma_fact_map *slot = add_map(f);
	if (!slot)
		return -ENOMEM;
	*slot = *m;
	slot->path = path;
	slot->unknown = unknown;
	slot->policy = policy;
	return 0;
}

void facts_drop_maps(struct vma_facts *f)
{
	f->nr_maps = 0;
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
