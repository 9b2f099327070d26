/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_SAMPLE_H
#define VMATOP_SAMPLE_H
/*
 * A sample: an address space as it was read at one moment. Made by the worker, never changed
 * afterwards, so both threads may look at it.
 */
#include "libvmactl/attrib.h"
#include "libvmactl/rebuild.h"
#include "libvmactl/report.h"
#include "pack.h"
#include "theme.h"

/** enum mark - what happened to a mapping since the sample before, shown as a letter */
enum mark {
	MARK_NONE, MARK_NEW, MARK_GREW, MARK_SHRANK, MARK_SPLIT, MARK_MERGED, MARK_CHANGED, MARK_NR
};
char mark_letter(enum mark m);
enum style mark_style(enum mark m);
const char *mark_help(enum mark m);

/** Letter and style of a category (enum vma_category). */
char category_letter(u32 cat);
enum style category_style(u32 cat);

/** What the screen wants to have read (bits). */
enum {
	WANTS_MODEL = 1 << 0,   /* the model, to be kept */
	WANTS_ATTRIB = 1 << 1,  /* what every mapping is for, to be kept */
	WANTS_PAGES = 1 << 2,
	WANTS_DETAIL = 1 << 3,  /* one mapping in full */
	WANTS_FOREST = 1 << 4,  /* the anon_vmas of the process and its relatives */
	WANTS_NOTHING = 1 << 5, /* it works on what it has: do not read meanwhile */
};

struct forest;

/** struct sample_ask - what to read */
struct sample_ask {
	const char *target, *procfs, *kernel;
	u32 levels;               /* VMA_READ_* */
	u32 wants;
	const struct sample *old; /* to compare with, NULL */
};

/**
 * struct sample
 * @err:   why there is nothing: @facts is NULL then
 * @pack:  the mappings when they are many: facts->maps is empty then; otherwise NULL
 * @model: NULL unless asked for; it owns the facts then
 * @why_no_model: when it was asked for and could not be made
 * @cat, @mark, @age: one a mapping; @age: samples since the mark was set
 * @pos:   where each mapping begins on the map bar, in units of the bar; one more than mappings
 * @at_ms: CLOCK_REALTIME
 * @streamed: smaps went into @pack without a copy
 * @forest: NULL unless asked for
 * @total_ns: reading and all that was made of it
 */
struct sample {
	struct vma_err err, why_no_model;
	struct vma_facts *facts;
	struct pack *pack;
	struct vma_model *model;
	struct vma_attrib *attrib;
	struct forest *forest;
	u8 *cat, *mark, *age;
	u64 *pos;
	u64 at_ms, read_ns, total_ns;
	u64 rss_kb, pss_kb, swap_kb;
	u32 marked[MARK_NR], vanished;
	u64 max_map_count;
	bool streamed;
	u32 refs;
};

/** sample_read() - NULL only without memory. One reference is the caller's. */
struct sample *sample_read(const struct sample_ask *ask);
/** sample_pack() - the records of a large one; what borrows from them must be gone by then. */
void sample_pack(struct sample *s);
/** sample_drop_model() - of a large one: what is shown of it was taken out. */
void sample_drop_model(struct sample *s);
/** sample_read_bare() - reads the same files as sample_read() and keeps nothing: to compare. */
void sample_read_bare(const struct sample_ask *ask, bool streamed);
struct sample *sample_ref(struct sample *s);
void sample_unref(struct sample *s);
/** sample_bytes() - memory held, near enough for a budget. */
size_t sample_bytes(const struct sample *s);

static inline size_t sample_nr(const struct sample *s)
{
	return !s || !s->facts ? 0 : s->pack ? s->pack->nr : s->facts->nr_maps;
}
/** sample_vmas() - how many of the mappings are VMAs: [vsyscall] is none. */
size_t sample_vmas(const struct sample *s);
static inline u64 sample_start(const struct sample *s, size_t i)
{
	return s->pack ? s->pack->map[i].start : s->facts->maps[i].start;
}
static inline u64 sample_end(const struct sample *s, size_t i)
{
	return s->pack ? s->pack->map[i].end : s->facts->maps[i].end;
}
/** sample_map() - a whole record: the sample's own, or @buf filled. */
const struct vma_fact_map *sample_map(const struct sample *s, size_t i, struct pack_record *buf);
/** sample_whole_facts() - @out: the facts with all records, which are *@maps when they had to be
 *  unpacked (to be freed). False: no memory. */
bool sample_whole_facts(const struct sample *s, struct vma_facts *out, struct vma_fact_map **maps);
/** sample_view(), sample_row() - a mapping as a row of the library. @buf: room for its record. */
void sample_view(const struct sample *s, struct vma_view *view);
void sample_row(const struct sample *s, struct vma_view *view, size_t i, struct vma_row *row,
		struct pack_record *buf);
/** sample_vma() - the rebuilt VMA of a mapping, NULL when there is no model. */
struct vma *sample_vma(const struct sample *s, size_t i);
/** sample_find() - the first mapping with end > @addr; nr when there is none. */
size_t sample_find(const struct sample *s, u64 addr);
/** sample_same_process() - false when the PID was given to another process meanwhile. */
bool sample_same_process(const struct sample *a, const struct sample *b);
/** sample_mark() - what became of each mapping since @old; sample_changed() - of any. */
void sample_mark(struct sample *s, const struct sample *old);
bool sample_changed(const struct sample *s);
/** sample_lay_out() - fills @pos. */
void sample_lay_out(struct sample *s);

/**
 * struct listing - which lines are shown, in which order
 * @row: index of a mapping, with LISTING_GAP: the gap above that mapping
 */
#define LISTING_GAP 0x80000000U
struct listing {
	u32 *row;
	size_t nr;
	struct vma_err err; /* a filter that is none: everything is shown */
};

struct listing_ask {
	const struct sample *sample;
	const char *filter, *order; /* "" none */
	bool gaps;
};
/** listing_make() - NULL only without memory. */
struct listing *listing_make(const struct listing_ask *ask);
void listing_free(struct listing *l);

/** bar_units() - the width of so many bytes on the map bar: the root, or one large reservation
 *  would hide all else. */
u64 bar_units(u64 bytes);
u64 clock_ns(void);

#endif
