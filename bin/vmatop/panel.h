/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PANEL_H
#define VMATOP_PANEL_H
/*
 * A panel: one view, a const struct of functions. A new view is a file panel-NAME.c, a line below
 * and a row in panel.c; its keys are rows in keys.c.
 *
 * draw() only draws: what is shown was read by the worker and lies in the app. key() changes what
 * is to be shown and answers with bits; the loop does the rest.
 */
#include "list.h"
#include "term.h"

struct app;

/** What a key handler answers (bits). */
enum {
	KEY_HANDLED = 1 << 0,
	KEY_REDRAW = 1 << 1,
	KEY_REREAD = 1 << 2,  /* read at once */
	KEY_ARRANGE = 1 << 3, /* filter or order changed: arrange what was read */
	KEY_CLOSE = 1 << 4,   /* back to the panel below */
	KEY_QUIT = 1 << 5,
};

/**
 * struct panel
 * @name:   in the line of views, NULL: not there
 * @wants:  WANTS_*
 * @where:  IN_* bit of its keys; @where_now: when it changes with the panel's state
 * @enter:  it comes on top; may be NULL, as all below
 * @sample: a new sample, or a new arrangement of it, is in the app
 * @list:   its lines, for keys and the mouse wheel; @text: what a search looks at in line @i;
 * @moved:  the cursor went elsewhere
 */
struct panel {
	const char *name;
	u32 where, wants;
	size_t state_size;
	const char *help;
	void (*draw)(struct app *a, void *state, struct area area);
	u32 (*key)(struct app *a, void *state, enum action act, const struct term_event *ev);
	void (*resize)(struct app *a, void *state, struct area area);
	void (*enter)(struct app *a, void *state);
	void (*sample)(struct app *a, void *state);
	void (*fini)(void *state);
	u32 (*where_now)(const void *state);
	struct list *(*list)(void *state);
	const char *(*text)(struct app *a, void *state, size_t i, char *buf, size_t size);
	void (*moved)(struct app *a, void *state);
};

extern const struct panel panel_procs, panel_space, panel_vma, panel_pages, panel_anon,
	panel_history, panel_sim, panel_help, panel_setup, panel_sort, panel_text;

/** panel_at() - row @i of the table, NULL past the end. */
const struct panel *panel_at(size_t i);
#define PANELS_MAX 12

/** panel_state() - a panel's own state, zeroed at first. */
void *panel_state(struct app *a, const struct panel *p);
const struct panel *panel_top(const struct app *a);
u32 panel_where(struct app *a);
void panel_open(struct app *a, const struct panel *p);
/** panel_swap() - put @p in the place of the one on top. */
void panel_swap(struct app *a, const struct panel *p);
/** panel_close() - false when it was the last. */
bool panel_close(struct app *a);
/** panel_tab() - the next or the previous view of the process. */
void panel_tab(struct app *a, bool next);
/** panel_tell() - all that are open hear of a new sample. */
void panel_tell(struct app *a);
/** panel_draw() - header, panel, bar. */
void panel_draw(struct app *a);
/** search_open() - asks what to search for; search_again() - the next or previous match. */
void search_open(struct app *a);
u32 search_again(struct app *a, bool forward);
u32 panel_key(struct app *a, const struct term_event *ev);
void panel_fini(struct app *a);

#endif
