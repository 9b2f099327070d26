// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who made how many VMAs: per process over time, and per call site. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "script/replay.h"

#define FRAMES 3 /* frames of a stack that make a call site */

struct site {
	struct vma_replay_site pub;
	char *name;
	u32 hash;
};

struct blame {
	struct site *sites;
	size_t nr, cap;
	u32 *slot; /* hash of sites: index + 1; a power of two */
	size_t nr_slots;
	struct strbuf key;   /* of the last call: its frames so far */
	u32 nr_frames;
	bool open;           /* the last call is not booked yet */
	const struct syscall *row;
	u32 row_site[SYSCALLS]; /* of each row's calls without a stack: index + 1 */
	s32 delta;
	struct vma_replay_process *procs;
	size_t nr_procs, cap_procs;
	struct vma_replay_site *out;
};

struct blame *blame_new(void)
{
	struct blame *b = calloc(1, sizeof(*b));

	if (b)
		strbuf_init(&b->key);
	return b;
}

void blame_free(struct blame *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->nr; i++)
		free(b->sites[i].name);
	free(b->sites);
	free(b->slot);
	free(b->procs);
	free(b->out);
	strbuf_fini(&b->key);
	free(b);
}

/* ---------------------------------------------------------------- call sites */

static bool grow_slots(struct blame *b)
{
	size_t nr = b->nr_slots ? 2 * b->nr_slots : 128;
	u32 *slot = calloc(nr, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < b->nr; i++) {
		size_t k = b->sites[i].hash & (nr - 1);

		while (slot[k])
			k = (k + 1) & (nr - 1);
		slot[k] = (u32)i + 1;
	}
	free(b->slot);
	b->slot = slot;
	b->nr_slots = nr;
	return true;
}

static struct site *add_site(struct blame *b, const char *key, size_t len, u32 hash, size_t slot)
{
	struct site *s;

	if (b->nr == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 64;

		s = reallocarray(b->sites, cap, sizeof(*s));
		if (!s)
			return NULL;
		b->sites = s;
		b->cap = cap;
	}
	s = &b->sites[b->nr];
	*s = (struct site){ .name = strndup(key, len), .hash = hash };
	if (!s->name)
		return NULL;
	b->slot[slot] = (u32)++b->nr;
	return s;
}

static struct site *site_of(struct blame *b, const char *key, size_t len)
{
	u32 hash;
	size_t i;

	len = strnlen(key, len); /* a log may hold NULs */
	hash = hash_text(key, len);
	if (2 * b->nr >= b->nr_slots && !grow_slots(b))
		return NULL;
	for (i = hash & (b->nr_slots - 1); b->slot[i]; i = (i + 1) & (b->nr_slots - 1)) {
		struct site *s = &b->sites[b->slot[i] - 1];

		if (s->hash == hash && !strncmp(s->name, key, len) && !s->name[len])
			return s;
	}
	return add_site(b, key, len, hash, i);
}

/* A log without stacks has no other sites than the names of the calls. */
static struct site *site_of_row(struct blame *b)
{
	u32 *known = &b->row_site[b->row - syscall_rows];
	struct site *s;

	if (*known)
		return &b->sites[*known - 1];
	s = site_of(b, b->row->name, strlen(b->row->name));
	if (s)
		*known = (u32)(s - b->sites) + 1;
	return s;
}

void blame_flush(struct blame *b)
{
	struct site *s;

	if (!b->open)
		return;
	b->open = false;
	s = b->key.len ? site_of(b, b->key.s, b->key.len) : site_of_row(b);
	if (!s)
		return;
	s->pub.calls++;
	s->pub.vmas += b->delta;
	if (b->delta > 0)
		s->pub.added += (u64)b->delta;
}

/* The C library and the loader are in every stack; who called them is the question. */
static bool is_library_frame(const char *file, size_t len)
{
	const char *slash = memrchr(file, '/', len);

	if (slash) {
		len -= (size_t)(slash + 1 - file);
		file = slash + 1;
	}
	return (len > 5 && (!memcmp(file, "libc.", 5) || !memcmp(file, "libc-", 5))) ||
	       (len > 9 && !memcmp(file, "ld-linux-", 9)) ||
	       (len > 10 && !memcmp(file, "libpthread", 10));
}

/* " > file(symbol+0x12) [0x34]": the file's name, symbol and offset become part of the site. */
void blame_stack(struct blame *b, const char *text, size_t len)
{
	const char *end = text + len, *file = text + 2, *paren, *slash, *stop;

	if (!b->open || b->nr_frames == FRAMES || len < 3)
		return;
	paren = memchr(file, '(', (size_t)(end - file));
	if (!paren || (!b->nr_frames && is_library_frame(file, (size_t)(paren - file))))
		return;
	stop = memchr(paren, ')', (size_t)(end - paren));
	stop = stop && stop > paren + 1 ? stop + 1 : end; /* without a symbol: the address */
	slash = memrchr(file, '/', (size_t)(paren - file));
	if (slash)
		file = slash + 1;
	if (b->nr_frames++)
		strbuf_adds(&b->key, " < ");
	strbuf_add(&b->key, file, (size_t)(stop - file));
}

/* ---------------------------------------------------------------- processes over time */

static struct vma_replay_process *process_of(struct vma_replay *r, struct mm_info *info,
					     const struct vma_mm *mm)
{
	struct blame *b = r->blame;
	struct vma_replay_process *p;

	if (info->process)
		return &b->procs[info->process - 1];
	if (b->nr_procs == b->cap_procs) {
		size_t cap = b->cap_procs ? 2 * b->cap_procs : 8;

		p = reallocarray(b->procs, cap, sizeof(*p));
		if (!p)
			return NULL;
		b->procs = p;
		b->cap_procs = cap;
	}
	p = &b->procs[b->nr_procs++];
	*p = (struct vma_replay_process){
		.pid = mm->pid, .mm = mm->id, .known = info->known, .stride = 1,
		.start = info->seen_count, .peak = info->seen_count,
	};
	info->process = (u32)b->nr_procs;
	return p;
}

/* Every stride-th value is kept; when there is no room, every second of those. */
static void sample(struct vma_replay_process *p, struct mm_info *info, u32 count)
{
	if (++info->since_sample < p->stride)
		return;
	info->since_sample = 0;
	if (p->nr_samples == VMA_REPLAY_SAMPLES) {
		for (u32 i = 0; i < VMA_REPLAY_SAMPLES / 2; i++)
			p->sample[i] = p->sample[2 * i + 1];
		p->nr_samples = VMA_REPLAY_SAMPLES / 2;
		p->stride *= 2;
	}
	p->sample[p->nr_samples++] = count;
}

static void watch_limit(const struct vma_replay *r, struct vma_replay_process *p,
			struct mm_info *info, u32 count)
{
	u64 limit = vma_world_system(r->world)->max_map_count;
	bool refused = r->res.why == VMA_WHY_MAP_COUNT || r->res.why == VMA_WHY_MAP_COUNT_EAGAIN;

	if (2ULL * count >= limit && 2ULL * info->seen_count < limit)
		info->crossed_n = r->n;
	if (!p->limit_n && (count >= limit || (refused && r->call.op != VMA_OP_NONE))) {
		p->limit_n = r->n;
		p->inevitable_n = info->crossed_n;
	}
}

static void watch(struct vma_replay *r, struct mm_info *info, const struct vma_mm *mm)
{
	struct vma_replay_process *p = process_of(r, info, mm);

	if (!p)
		return;
	p->calls++;
	p->last = mm->map_count;
	if (p->last > p->peak) {
		p->peak = p->last;
		p->peak_n = r->n;
	}
	watch_limit(r, p, info, p->last);
	sample(p, info, p->last);
	info->seen_count = p->last;
}

void blame_call(struct vma_replay *r, const struct line *l, struct vma_mm *mm)
{
	struct blame *b = r->blame;
	struct mm_info *info;
	u32 before;

	(void)l;
	if (!mm || r->call.op == VMA_OP_NONE)
		return;
	info = mm_info(&r->tasks, mm->id);
	if (!info)
		return;
	before = info->seen_count;
	watch(r, info, mm);
	b->open = true;
	b->row = r->row;
	b->delta = (s32)(mm->map_count - before);
	b->nr_frames = 0;
	if (b->key.len)
		strbuf_reset(&b->key);
}

/* ---------------------------------------------------------------- the summary */

static int by_vmas(const void *a, const void *b)
{
	const struct vma_replay_site *x = a, *y = b;

	if (x->vmas != y->vmas)
		return x->vmas < y->vmas ? 1 : -1;
	if (x->added != y->added)
		return x->added < y->added ? 1 : -1;
	return strcmp(x->name, y->name);
}

void blame_summary(struct vma_replay *r)
{
	struct blame *b = r->blame;

	for (size_t i = 0; i < b->nr_procs; i++) {
		const struct vma_mm *mm = vma_mm_by_id(r->world, b->procs[i].mm);

		b->procs[i].exited = !mm || mm->dead;
		if (mm && !b->procs[i].pid)
			b->procs[i].pid = mm->pid; /* the log told it later */
	}
	r->sum.processes = b->procs;
	r->sum.nr_processes = b->nr_procs;
	free(b->out);
	b->out = calloc(b->nr ? b->nr : 1, sizeof(*b->out));
	if (!b->out)
		return;
	for (size_t i = 0; i < b->nr; i++) {
		b->out[i] = b->sites[i].pub;
		b->out[i].name = b->sites[i].name;
	}
	qsort(b->out, b->nr, sizeof(*b->out), by_vmas);
	r->sum.sites = b->out;
	r->sum.nr_sites = b->nr;
}
