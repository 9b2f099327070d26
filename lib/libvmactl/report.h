/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_REPORT_H
#define LIBVMACTL_REPORT_H
/*
 * Words: rows and columns, tables, JSON, filters, and events as sentences.
 *
 * Nothing here prints by itself: everything goes to a struct vma_out that the caller made.
 */
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/known.h"
#include "libvmactl/model.h"
#include "libvmactl/read.h"
#include "libvmactl/types.h"

/* ---------------------------------------------------------------- numbers and words */

/** vma_parse_number() - "12", "0x1000", "010"; false when it is none or does not fit. */
bool vma_parse_number(const char *text, u64 *out);
/** vma_parse_size() - a number with an optional suffix: 4K, 2MiB, 1GB (always powers of 1024). */
bool vma_parse_size(const char *text, u64 *out);

/** vma_put_hex(), vma_put_dec() - digits at @p (at most 16 or 20), no NUL. Return the end. */
char *vma_put_hex(char *p, u64 v);
char *vma_put_dec(char *p, u64 v);
/** vma_put_size() - a size for people at @p (at most 8): 132K, 1.5G. Returns the end. */
char *vma_put_size(char *p, u64 v);
/** vma_size_text() - the same as a string. Returns @out. */
#define VMA_SIZE_TEXT 16
char *vma_size_text(u64 v, char out[VMA_SIZE_TEXT]);

/**
 * vma_nearest() - the word that a misspelt one was probably meant to be
 * @at: gives candidate @i of @count; "" is skipped
 *
 * Returns NULL when none is near.
 */
const char *vma_nearest(const char *word, const char *(*at)(const void *ctx, size_t i),
			const void *ctx, size_t count);

/* ---------------------------------------------------------------- output */

/**
 * struct vma_out - where text goes: a descriptor through a buffer of 64 KiB, or memory
 * @fd:    -1: memory, which grows; the text is @buf, @len, not NUL-terminated
 * @gone:  bytes that left the buffer
 * @error: errno of the first failed write, ENOMEM; later output is dropped
 */
struct vma_out {
	int fd;
	char *buf;
	size_t len, cap;
	u64 gone;
	int error;
};

/** vma_out_init() - @fd -1 collects in memory. -ENOMEM. Ended by vma_out_fini(), which does not
 *  flush. */
int vma_out_init(struct vma_out *o, int fd);
void vma_out_fini(struct vma_out *o);
/** vma_out_flush() - write what is buffered. Returns 0 or -errno of the first failure so far. */
int vma_out_flush(struct vma_out *o);
/** vma_out_room() - a place for @n (at most VMA_OUT_ROOM) bytes; put them there and call
 *  vma_out_end() with the end. NULL after an error. */
#define VMA_OUT_ROOM 4096
char *vma_out_room_slow(struct vma_out *o, size_t n);
static inline char *vma_out_room(struct vma_out *o, size_t n)
{
	return o->cap - o->len >= n && !o->error ? o->buf + o->len : vma_out_room_slow(o, n);
}
static inline void vma_out_end(struct vma_out *o, const char *end)
{
	o->len = (size_t)(end - o->buf);
}
void vma_out_add(struct vma_out *o, const char *text, size_t len);
void vma_out_adds(struct vma_out *o, const char *text);
void vma_out_addf(struct vma_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---------------------------------------------------------------- JSON */

/**
 * struct vma_json - a streaming JSON writer; nothing is kept but the depth
 *
 * @key is NULL inside arrays and for the outermost value. What comes out is always valid UTF-8:
 * other bytes become U+FFFD, and vma_json_text() then adds KEY_hex with all bytes in hex.
 */
struct vma_json {
	struct vma_out *out;
	u32 depth;
	u64 comma;  /* bit per depth: something stands before */
	u64 array;  /* bit per depth: "]" ends it */
	bool lines; /* on one line; false: indented for people */
};

void vma_json_init(struct vma_json *j, struct vma_out *out, bool lines);
void vma_json_object(struct vma_json *j, const char *key);
void vma_json_array(struct vma_json *j, const char *key);
/** vma_json_end() - ends the innermost object or array; a newline after the outermost. */
void vma_json_end(struct vma_json *j);
/** vma_json_text() - a string, null for NULL. */
void vma_json_text(struct vma_json *j, const char *key, const char *text);
void vma_json_number(struct vma_json *j, const char *key, u64 v);
void vma_json_signed(struct vma_json *j, const char *key, s64 v);
void vma_json_real(struct vma_json *j, const char *key, double v); /* null when not finite */
/** vma_json_hex() - "0x7f.." as a string: addresses. */
void vma_json_hex(struct vma_json *j, const char *key, u64 v);
void vma_json_bool(struct vma_json *j, const char *key, bool v);
void vma_json_null(struct vma_json *j, const char *key);
/** vma_json_words() - an array of the words of @text, which blanks divide. */
void vma_json_words(struct vma_json *j, const char *key, const char *text);
/** vma_json_schema() - the first member of every document: "schema": "vmactl/1". */
#define VMA_JSON_SCHEMA "vmactl/1"
void vma_json_schema(struct vma_json *j);

/* ---------------------------------------------------------------- columns */

/** enum vma_cell_kind - what a cell holds, and so how each writer puts it */
enum vma_cell_kind {
	VMA_CELL_TEXT,   /* text */
	VMA_CELL_WORDS,  /* text: words divided by blanks; JSON: array of strings */
	VMA_CELL_IDS,    /* text: numbers divided by blanks; JSON: array of numbers */
	VMA_CELL_ADDR,   /* number in hex; JSON: string */
	VMA_CELL_BYTES,  /* number: a size */
	VMA_CELL_NUMBER, /* number */
	VMA_CELL_BOOL,   /* number: 0 or 1 */
	VMA_CELL_SHARE,  /* number: tenths of a percent; JSON: 0..1 */
	VMA_CELL_NR
};

/**
 * struct vma_cell - one value
 * @state: there is a value; there is none; nobody knows
 * @text:  valid until the row's next getter; may point to @buf
 * @how:   how it is known; @how.known is VMA_EXACT unless said otherwise
 */
enum vma_cell_state { VMA_CELL_NONE, VMA_CELL_HAS, VMA_CELL_UNKNOWN };
struct vma_cell {
	enum vma_cell_state state;
	u64 num;
	const char *text;
	struct vma_provenance how;
	bool count; /* in a column of sizes: this one counts things */
	char *buf;  /* VMA_CELL_BUF bytes for getters that must put text together */
};
#define VMA_CELL_BUF 8192

/** What a column needs besides VMA_READ_* levels. */
enum {
	VMA_NEEDS_MODEL = 1 << 16, /* the rebuilt model, not the record alone */
	VMA_NEEDS_NEXT = 1 << 17,  /* the row after it */
	VMA_NEEDS_ATTRIB = 1 << 18, /* what it is for: vma_view.attrib */
	VMA_NEEDS_PROC = 1 << 19,  /* not in the kernel's record (vma_bpf_stream()) */
	/* nothing but one part of a record that is streamed: see vma_writer_opts.same */
	VMA_PART_PERMS = 1 << 20,
	VMA_PART_FILE = 1 << 21,
	VMA_PART_BODY = 1 << 22,
	VMA_PARTS = VMA_PART_PERMS | VMA_PART_FILE | VMA_PART_BODY,
};

/**
 * struct vma_column - a row of a table of columns
 * @name:  as typed after -o
 * @key:   in JSON
 * @needs: VMA_READ_* and VMA_NEEDS_*: nothing is read that nobody shows
 * @sums:  adding it up over rows makes sense
 * @arg:   for getters that several columns share
 */
struct vma_column {
	const char *name, *key;
	enum vma_cell_kind kind;
	bool sums;
	u32 needs;
	void (*get)(const struct vma_column *col, const void *row, struct vma_cell *cell);
	u32 arg;
	const char *help;
};

/** struct vma_columns - a table of columns; every kind of row has one */
struct vma_columns {
	const struct vma_column *col;
	size_t nr;
};

const struct vma_column *vma_column_by_name(const struct vma_columns *t, const char *name);
/** vma_column_get() - fill @cell, whose @buf must be set. */
void vma_column_get(const struct vma_column *col, const void *row, struct vma_cell *cell);

/** struct vma_pick - the columns that are shown */
#define VMA_PICK_MAX 96
struct vma_pick {
	const struct vma_column *col[VMA_PICK_MAX];
	size_t nr;
	u32 needs;
};

/**
 * vma_pick() - choose columns
 * @defaults: "START,END,.."
 * @list:     what the user wrote: "A,B", "+A,B" adds to the defaults; NULL
 *
 * Names in any case. -EINVAL for an unknown one (with a suggestion), -E2BIG.
 */
int vma_pick(const struct vma_columns *t, const char *defaults, const char *list,
	     struct vma_pick *pick, struct vma_err *err);
void vma_pick_all(const struct vma_columns *t, struct vma_pick *pick);

/* ---------------------------------------------------------------- rows of an address space */

/**
 * struct vma_view - what the rows of one address space share
 * @mm:     NULL when records are streamed
 * @kernel: whose smaps codes are printed, NULL for the newest
 * @known:  how a field is known; NULL: all exact
 * @attrib: what a mapping is for (vma_attrib_text() of attrib.h), NULL: nobody asked
 * @reading: another number for each process whose records one writer gets
 */
#define VMA_VIEW_WORDS 16
struct vma_view {
	u32 pid, reading;
	const struct vma_mm *mm;
	const struct vma_kernel *kernel;
	struct vma_provenance (*known)(const void *ctx, const struct vma *vma, enum vma_field f);
	const void *known_ctx;
	const char *(*attrib)(const void *ctx, const struct vma_fact_map *map, u32 field, char *buf,
			      size_t size, struct vma_provenance *how);
	const void *attrib_ctx;
	struct {
		bool used;
		u64 flags;
		char words[VMA_FLAGS_TEXT];
	} words[VMA_VIEW_WORDS]; /* a process has few different flags: by hash, the last ones */
	struct {
		u64 raw, own;
	} kernel_flags[VMA_VIEW_WORDS]; /* the same for the kernel's bits turned into ours */
};

/**
 * struct vma_row - one mapping as a row; vma_mapping_columns says what can be shown of it
 * @map:  the record, NULL when there is none (an operation made the mapping)
 * @vma:  NULL when records are streamed
 * @bpf:  the kernel's own record, when those are streamed; NULL
 * @anon_vma: with @bpf: the number it is shown under
 * @next: start of the mapping above, 0 when this is the last
 */
struct vma_row {
	struct vma_view *view;
	const struct vma_fact_map *map;
	const struct vma *vma;
	const struct vma_fact_bpf *bpf;
	u32 anon_vma;
	u64 start, end, flags;
	u64 next;
	bool has_flags;
};

/** vma_mapping_columns - THE table of columns of a mapping */
extern const struct vma_columns vma_mapping_columns;

/** vma_row_of_map(), vma_row_of_vma(), vma_row_of_bpf() - fill a row. @anon_vma: a number for the
 *  kernel's anon_vma, 0 for none. */
void vma_row_of_map(struct vma_row *row, struct vma_view *view, const struct vma_fact_map *map);
void vma_row_of_vma(struct vma_row *row, struct vma_view *view, const struct vma *vma,
		    const struct vma_fact_map *map);
void vma_row_of_bpf(struct vma_row *row, struct vma_view *view, const struct vma_fact_bpf *bpf,
		    u32 anon_vma);
/** vma_row_same() - for vma_writer_opts.same, when no row is of vma_row_of_vma(). */
u64 vma_row_same(const void *row, u32 part);

/* ---------------------------------------------------------------- filter, sort, group */

struct vma_filter;

/**
 * vma_filter_parse() - an expression over columns
 *
 * COLUMN op VALUE with == != < <= > >= (eq ne lt le gt ge), =~ !~ (extended regular expression),
 * joined by AND OR NOT (&& || !) and parentheses; NOT binds closest, then AND, then OR. A column
 * alone holds when it has a value that is not 0. Values: 4K, 2MiB, 0x7f00.., "text", 'text', bare
 * words, true, false. -EINVAL: the message names the column of the text.
 */
int vma_filter_parse(const struct vma_columns *t, const char *text, struct vma_filter **out,
		     struct vma_err *err);
void vma_filter_free(struct vma_filter *f);
/** vma_filter_needs() - what its columns need. */
u32 vma_filter_needs(const struct vma_filter *f);
/** vma_filter_holds() - a missing value makes every comparison but != and !~ false. */
bool vma_filter_holds(const struct vma_filter *f, const void *row, struct vma_cell *cell);

/** struct vma_order - sort keys, most important first */
struct vma_order {
	struct {
		const struct vma_column *col;
		bool descending;
	} key[8];
	size_t nr;
	u32 needs;
};

/** vma_order_parse() - "RSS,-SIZE"; -COL is descending. */
int vma_order_parse(const struct vma_columns *t, const char *list, struct vma_order *out,
		    struct vma_err *err);
/** vma_order_sort() - sort @nr pointers to rows; rows without a value come last. Stable. */
int vma_order_sort(const struct vma_order *order, const void **rows, size_t nr,
		   struct vma_err *err);
/** vma_order_sort_by() - the same of rows that need not all exist at once: @row_at gives row @i,
 *  valid until its next call; @out takes the @nr numbers of the rows in their order. */
int vma_order_sort_by(const struct vma_order *order, const void *(*row_at)(void *ctx, size_t i),
		      void *ctx, u32 *out, size_t nr, struct vma_err *err);

struct vma_groups;

/** vma_groups_new() - rows are gathered by the value of @by; the columns of @pick that add up are
 *  summed. NULL: out of memory. */
struct vma_groups *vma_groups_new(const struct vma_column *by, const struct vma_pick *pick);
void vma_groups_free(struct vma_groups *g);
int vma_groups_add(struct vma_groups *g, const void *row, struct vma_cell *cell);
/** vma_groups_columns() - its table: the key, COUNT, the sums. Borrowed. */
const struct vma_columns *vma_groups_columns(const struct vma_groups *g);
/** vma_groups_rows() - rows for that table, in the order in which the values came. Borrowed. */
const void **vma_groups_rows(const struct vma_groups *g, size_t *nr);

/* ---------------------------------------------------------------- writers */

enum vma_format { VMA_FORMAT_TABLE, VMA_FORMAT_JSON, VMA_FORMAT_JSON_LINES, VMA_FORMAT_RAW };

/**
 * struct vma_writer_opts - how rows are written
 * @key:   JSON: the name of the array in the document; NULL when @json has one open
 * @width: of the terminal, 0 none: nothing is cut
 * @same:  a number for a part of the row (VMA_PART_*); rows with the same one, other than 0, have the
 *         same cells where a column needs that part alone, so that they are put together once. NULL
 */
struct vma_writer_opts {
	enum vma_format format;
	bool bytes, noheadings, totals, colors;
	unsigned int width;
	const char *key;
	u64 (*same)(const void *row, u32 part);
};

struct vma_writer;

/**
 * vma_writer_new() - something that takes rows
 * @pick: the columns, copied
 * @json: for VMA_FORMAT_JSON: the document, an object open in it; NULL otherwise
 *
 * Raw and JSON lines are written as rows come; a table is kept until vma_writer_end().
 */
int vma_writer_new(const struct vma_pick *pick, const struct vma_writer_opts *opts,
		   struct vma_out *out, struct vma_json *json, struct vma_writer **w,
		   struct vma_err *err);
/** vma_writer_row() - one row. Returns 0 or -errno (a failed write too). */
int vma_writer_row(struct vma_writer *w, const void *row);
/** vma_writer_end() - the table, the totals, the end of the array. */
int vma_writer_end(struct vma_writer *w);
void vma_writer_free(struct vma_writer *w);

/** vma_list_columns() - the rows of @t: name, kind, help. */
int vma_list_columns(const struct vma_columns *t, const struct vma_writer_opts *opts,
		     struct vma_out *out, struct vma_err *err);

/* ---------------------------------------------------------------- events, results, differences */

/** struct vma_events - a listener that keeps what it hears */
struct vma_events {
	struct vma_event *ev;
	size_t nr, cap;
	bool failed; /* out of memory: events are missing */
};
void vma_events_fini(struct vma_events *e);
/** vma_events_hear() - give it to vma_world_listen() with the struct as context. */
void vma_events_hear(void *events, const struct vma_event *ev);

/** vma_explain_event() - a sentence; "" for one that says nothing to people. Returns @out. */
#define VMA_SENTENCE 400
char *vma_explain_event(const struct vma_event *ev, char *out, size_t size);
/** vma_explain_result() - "mprotect(0x7f.., 4K, r--) = 0", or = -1 ENOMEM. Returns @out. */
char *vma_explain_result(const struct vma_call *call, const struct vma_result *res, char *out,
			 size_t size);
/** vma_explain_why() - why it was refused, with the figures; "" when it was not. Returns @out. */
char *vma_explain_why(const struct vma_result *res, char *out, size_t size);
/** vma_explain_arg() - an argument as strace writes it: "PROT_READ|PROT_WRITE", "0x1000". */
char *vma_explain_arg(enum vma_arg kind, u64 value, char *out, size_t size);

/** vma_json_event() - an element of the open array. vma_json_result() - members of the open
 *  object: result, errno, reason. */
void vma_json_event(struct vma_json *j, const struct vma_event *ev);
void vma_json_result(struct vma_json *j, const struct vma_call *call,
		     const struct vma_result *res);
/** vma_json_vma() - the stable object of a mapping: start end perms pgoff flags path dev inode
 *  anon_vma. */
void vma_json_vma(struct vma_json *j, const char *key, const struct vma_mm *mm,
		  const struct vma *vma);
/** vma_json_counters() - map_count and the *_vm counters in kB. */
void vma_json_counters(struct vma_json *j, const char *key, const struct vma_mm *mm);

/** Fields in which two mappings of one range differ (bits). */
enum {
	VMA_DIFF_FLAGS = 1 << 0,
	VMA_DIFF_PGOFF = 1 << 1,
	VMA_DIFF_FILE = 1 << 2,
	VMA_DIFF_ANON_VMA = 1 << 3,
	VMA_DIFF_NAME = 1 << 4,
	VMA_DIFF_POLICY = 1 << 5,
	VMA_DIFF_UFFD = 1 << 6,
};
/** vma_diff_names() - "flags,pgoff" into @out. */
char *vma_diff_names(u32 fields, char *out, size_t size);

enum vma_diff_kind { VMA_DIFF_SAME, VMA_DIFF_REMOVED, VMA_DIFF_ADDED, VMA_DIFF_CHANGED };
/** vma_diff_kind_name() - "same", "removed", "added", "changed". */
const char *vma_diff_kind_name(enum vma_diff_kind kind);

/**
 * struct vma_diff - one line of a difference
 * @before: NULL when added
 * @after:  NULL when removed
 * @fields: VMA_DIFF_*, of a changed one
 */
struct vma_diff {
	enum vma_diff_kind kind;
	const struct vma *before, *after;
	u32 fields;
};

/**
 * vma_diff_run() - compare two address spaces by range, in ascending order
 * @same_world: ids mean the same in both (one is a clone of the other); otherwise anon_vmas and
 *              userfaultfds are compared by presence alone
 * @fn:         non-zero stops, and is returned
 *
 * Mappings with the same bounds are same or changed; any other is removed or added.
 */
int vma_diff_run(const struct vma_mm *before, const struct vma_mm *after, bool same_world,
		 int (*fn)(void *ctx, const struct vma_diff *d), void *ctx);

#endif
