/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_APP_H
#define VMATOP_APP_H
/* What the viewer knows: owned by the main thread; the worker borrows it through jobs. */
#include <limits.h>

#include "config.h"
#include "detail.h"
#include "history.h"
#include "panel.h"
#include "procs.h"
#include "prompt.h"
#include "sample.h"
#include "text.h"
#include "worker.h"

#define TAGS_MAX 256
#define EXPR_MAX 512

/** struct tags - addresses or PIDs that the user marked */
struct tags {
	u64 key[TAGS_MAX];
	size_t nr;
};
bool tags_has(const struct tags *t, u64 key);
void tags_toggle(struct tags *t, u64 key);
void tags_add(struct tags *t, u64 key);

/** struct query - filter and order of one list */
struct query {
	char filter[EXPR_MAX], order[64];
	struct vma_pick pick;
	char columns[EXPR_MAX]; /* of @pick, as in the configuration */
	struct tags tags;
	bool whole_path, follow;
};

struct app {
	struct config config;
	const char *procfs, *kernel;
	char *const *targets; /* of the command line, when they are several */
	size_t nr_targets;

	const struct panel *stack[PANELS_MAX];
	size_t depth;
	void *state[PANELS_MAX];
	bool hide_header, paused, quit;

	struct worker *worker;
	bool want_read, want_arrange; /* as soon as the worker is free */
	u64 next_read_ns;
	u64 cost_ns, interval_ns;     /* of the last reading, and what follows from it */

	struct procs *procs;
	struct query q_procs, q_space;
	bool tree;

	char target[PATH_MAX];
	struct sample *live;    /* the newest */
	struct sample *shown;   /* that or an older one of the history */
	struct listing *listing; /* of @shown */
	struct detail *detail;  /* of a mapping of @detail_of; see app_detail() */
	const struct sample *detail_of;
	bool read_failed;       /* the last reading did */
	bool figures;           /* --figures: read twice, to compare */
	unsigned long readings, iterations; /* end after so many, 0: never */
	struct history history;
	size_t back;            /* how many samples back @shown is */
	bool ended;             /* the process is gone: @live is the last there will be */
	u64 addr;               /* start of the selected mapping */
	bool gaps;

	struct text *text;      /* of the screen of lines; NULL: being read */
	enum text_kind text_kind;
	bool want_text;
	char text_target[PATH_MAX], text_name[160];

	struct prompt prompt;
	char found[PROMPT_MAX]; /* what was searched for last */
	size_t search_from;     /* where the cursor was */
	char message[VMA_ERR_MSG + 64];
	enum style message_style;
};

/** app_say() - a line above the bar until the next key. */
void app_say(struct app *a, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** app_open() - look at another process, file or directory. */
void app_open(struct app *a, const char *target);
/** app_show() - show the sample @back samples before the newest. */
void app_show(struct app *a, size_t back);
/** app_set_shown() - show @s; what was made of another sample is dropped. */
void app_set_shown(struct app *a, struct sample *s);
/** app_detail() - the selected mapping of @shown in full; NULL: not made yet. */
const struct detail *app_detail(const struct app *a);
/** app_selected() - index of the selected mapping in @shown; false when there is none. */
bool app_selected(const struct app *a, size_t *i);
/** app_wants() - what the open panels and columns want read. */
u32 app_wants(const struct app *a);
/** app_set_filter() - what was typed: an expression, or a word for one in the name. False: neither,
 * nothing changed. */
bool app_set_filter(struct query *q, const struct vma_columns *t, const char *typed,
		    const char *name_column, struct vma_err *err);
/** app_say_order() - when the column that @q sorts by is not shown. */
void app_say_order(struct app *a, const struct query *q);
/** app_columns() - choose the columns of a list; false: @list is none, nothing changed. */
bool app_columns(struct query *q, const struct vma_columns *t, const char *list,
		 struct vma_err *err);

/** text_of() - the screen that an action opens. */
enum text_kind text_of(enum action act);
/** text_open() - the screen of lines: @kind of @target, which the heading calls @name. */
void text_open(struct app *a, enum text_kind kind, const char *target, const char *name);
/** text_show() - lines that are there already; takes them over. */
void text_show(struct app *a, struct text *t, const char *name);

/* The reading side, reader.c. */

/** reader_due() - starts what is due when the worker is free. */
void reader_due(struct app *a);
/** reader_done() - takes over what the worker has made; true when the screen changed. */
bool reader_done(struct app *a);
/** reader_timeout() - milliseconds until something is due, -1 never. */
int reader_timeout(const struct app *a);

#endif
