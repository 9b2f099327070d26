// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events and results as sentences. A new kind of event is a row of the table; its sentence may
 * hold
 *
 *   %R  start-end            %L  its length          %A  at, an address
 *   %O  at-value, a range    %N  value, in pages     %I  id of the anon_vma
 *   %W  the reason           %F  flags: what came and went (at, value)
 *   %P  state of a page      %K  value, a number     %C  what fork did
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

static const char *const sentences[VMA_EV_NR] = {
	[VMA_EV_CHECK] = "refused: %W",
	[VMA_EV_PLACED] = "the kernel chose %R (%L)",
	[VMA_EV_SPLIT] = "split %R at %A",
	[VMA_EV_MERGE_PREV] = "merged %R with the mapping below: now one mapping %O",
	[VMA_EV_MERGE_NEXT] = "merged %R with the mapping above: now one mapping %O",
	[VMA_EV_MERGE_BOTH] = "merged %R with both neighbours: now one mapping %O",
	[VMA_EV_NO_MERGE] = "%R stays apart from its neighbour %O: %W",
	[VMA_EV_INSERT] = "new mapping %R (%L)",
	[VMA_EV_REMOVE] = "unmapped %R (%L)",
	[VMA_EV_GROW] = "the mapping %O grew to %R",
	[VMA_EV_SHRINK] = "the mapping %O shrank to %R",
	[VMA_EV_FLAGS] = "flags of %R: %F",
	[VMA_EV_MOVE] = "moved %R to %A",
	[VMA_EV_ANON_NEW] = "%R gets a fresh anon_vma %I, so it no longer merges with memory that "
			    "has another",
	[VMA_EV_ANON_REUSE] = "%R shares the anon_vma %I of a neighbour, so the two can still merge",
	[VMA_EV_ANON_CLONE] = "%R takes over the chain of anon_vma %I",
	[VMA_EV_ANON_DROP] = "anon_vma %I is gone",
	[VMA_EV_CHARGE] = "%N charged against the commit limit",
	[VMA_EV_UNCHARGE] = "%N given back to the commit limit",
	[VMA_EV_FAULT] = "pages of %R (%L) faulted in: %P",
	[VMA_EV_COPY] = "pages of %R (%L) copied on write",
	[VMA_EV_POPULATE] = "%R (%L) is populated",
	[VMA_EV_PAGES] = "pages of %R (%L) are now: %P",
	[VMA_EV_FORK] = "%R: the child %C",
	[VMA_EV_PKEY] = "protection key %K is allocated for execute-only memory",
};

static const char *const page_states[VMA_PAGE_NR] = {
	[VMA_PAGE_NONE] = "none",
	[VMA_PAGE_ZERO] = "the zero page",
	[VMA_PAGE_ANON] = "anonymous pages",
	[VMA_PAGE_ANON_SHARED] = "anonymous pages shared since a fork",
	[VMA_PAGE_FILE] = "page cache",
	[VMA_PAGE_SHMEM] = "shared memory",
	[VMA_PAGE_SWAP] = "swapped out",
	[VMA_PAGE_GUARD] = "guard pages",
	[VMA_PAGE_SPECIAL] = "frames of the kernel or a device",
};

/* A text that is cut at its end rather than overrun. */
struct sink {
	char *out;
	size_t size, len;
};

static void put(struct sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct sink *s, const char *fmt, ...)
{
	va_list ap;

	if (s->len >= s->size)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(s->out + s->len, s->size - s->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		s->len += (size_t)n;
}

static void put_range(struct sink *s, u64 start, u64 end)
{
	put(s, "0x%" PRIx64 "-0x%" PRIx64, start, end);
}

/* "+WRITE -EXEC" */
static void put_flags(struct sink *s, u64 before, u64 after)
{
	const struct vma_flag *f;
	bool any = false;

	for (size_t i = 0; (f = vma_flag_at(i)); i++) {
		u64 bit = 1ULL << f->bit;

		if ((before ^ after) & bit) {
			put(s, "%s%c%s", any ? " " : "", after & bit ? '+' : '-', f->name);
			any = true;
		}
	}
	if (!any)
		put(s, "unchanged");
}

static void put_pages(struct sink *s, u64 nr)
{
	char text[VMA_SIZE_TEXT];

	put(s, "%" PRIu64 " page%s (%s)", nr, nr == 1 ? "" : "s",
	    vma_size_text(nr << VMA_PAGE_SHIFT, text));
}

static void put_page_state(struct sink *s, u64 state)
{
	u32 plain = state & 0xf;

	put(s, "%s%s%s", plain < VMA_PAGE_NR ? page_states[plain] : "?",
	    state & VMA_PAGE_HUGE ? ", huge" : "",
	    state & VMA_PAGE_UFFD_WP ? ", write-protected by userfaultfd" : "");
}

static void put_place(struct sink *s, char letter, const struct vma_event *ev)
{
	static const char *const forked[] = { "gets a copy", "does not get it (DONTCOPY)",
					      "sees it empty (WIPEONFORK)" };
	char text[VMA_SIZE_TEXT];

	switch (letter) {
	case 'R':
		put_range(s, ev->start, ev->end);
		break;
	case 'L':
		put(s, "%s", vma_size_text(ev->end - ev->start, text));
		break;
	case 'A':
		put(s, "0x%" PRIx64, ev->at);
		break;
	case 'O':
		put_range(s, ev->at, ev->value);
		break;
	case 'N':
		put_pages(s, ev->value);
		break;
	case 'I':
		put(s, "%u", ev->id);
		break;
	case 'W':
		put(s, "%s", vma_why_at(ev->why)->text);
		break;
	case 'F':
		put_flags(s, ev->at, ev->value);
		break;
	case 'P':
		put_page_state(s, ev->value);
		break;
	case 'K':
		put(s, "%" PRIu64, ev->value);
		break;
	case 'C':
		put(s, "%s", ev->value < ARRAY_SIZE(forked) ? forked[ev->value] : "gets it");
		break;
	}
}

char *vma_explain_event(const struct vma_event *ev, char *out, size_t size)
{
	const char *t = ev->kind < VMA_EV_NR ? sentences[ev->kind] : NULL;
	struct sink s = { out, size, 0 };

	out[0] = '\0';
	if (!t)
		return out;
	for (; *t; t++) {
		if (*t == '%')
			put_place(&s, *++t, ev);
		else
			put(&s, "%c", *t);
	}
	if (ev->rule && *ev->rule)
		put(&s, " [%s]", ev->rule);
	return out;
}

/* ---------------------------------------------------------------- arguments */

/* "PROT_READ|PROT_WRITE", and what has no name in hex. */
static void put_words(struct sink *s, const struct vma_word *w, bool flags, u64 value)
{
	u64 left = value;
	bool any = false;

	for (; w->name; w++) {
		u64 mask = w->mask ? w->mask : w->value;

		if (!flags || (!mask && !value)) {
			if (w->value == value) {
				put(s, "%s", w->name);
				return;
			}
			continue;
		}
		if (!mask || (left & mask) != w->value || (value & mask) != w->value)
			continue;
		put(s, "%s%s", any ? "|" : "", w->name);
		any = true;
		left &= ~mask;
	}
	if (left || !any)
		put(s, flags ? "%s0x%" PRIx64 : "%s%" PRIu64, any ? "|" : "", left);
}

static void put_arg(struct sink *s, enum vma_arg kind, u64 value)
{
	bool flags = false;
	const struct vma_word *w = vma_arg_words(kind, &flags);

	if (w && kind != VMA_ARG_LIMIT)
		put_words(s, w, flags, value);
	else if (kind == VMA_ARG_LIMIT && value == VMA_RLIM_INFINITY)
		put(s, "RLIM_INFINITY");
	else if (kind == VMA_ARG_ADDR && !value)
		put(s, "NULL");
	else if (kind == VMA_ARG_ADDR || kind == VMA_ARG_OFFSET || kind == VMA_ARG_NODEMASK ||
		 kind == VMA_ARG_PGOFF)
		put(s, "0x%" PRIx64, value);
	else if (kind == VMA_ARG_FD || kind == VMA_ARG_PKEY)
		put(s, "%d", (int)value);
	else
		put(s, "%" PRIu64, value);
}

char *vma_explain_arg(enum vma_arg kind, u64 value, char *out, size_t size)
{
	struct sink s = { out, size, 0 };

	out[0] = '\0';
	put_arg(&s, kind, value);
	return out;
}

/* ---------------------------------------------------------------- results */

static const char *signal_code(const struct vma_result *res)
{
	if (res->sig == SIGBUS)
		return "BUS_ADRERR";
	return res->si_code == SEGV_ACCERR ? "SEGV_ACCERR"
	       : res->si_code == SEGV_PKUERR ? "SEGV_PKUERR"
					     : "SEGV_MAPERR";
}

static void put_result(struct sink *s, const struct vma_op *op, const struct vma_result *res)
{
	const char *name = strerrorname_np(res->err);

	if (res->sig)
		put(s, "-1 %s (%s)", res->sig == SIGBUS ? "SIGBUS" : "SIGSEGV", signal_code(res));
	else if (res->err)
		put(s, "-1 %s (%s)", name ? name : "?", strerrordesc_np(res->err));
	else if (op->returns_address)
		put(s, "0x%" PRIx64, (u64)res->ret);
	else
		put(s, "%" PRId64, res->ret);
}

char *vma_explain_result(const struct vma_call *call, const struct vma_result *res, char *out,
			 size_t size)
{
	const struct vma_op *op = vma_op_at(call->op);
	struct sink s = { out, size, 0 };

	out[0] = '\0';
	if (!op)
		return out;
	put(&s, "%s(", op->name);
	for (size_t i = 0; i < VMA_OP_ARGS && op->arg[i] != VMA_ARG_NONE; i++) {
		put(&s, "%s", i ? ", " : "");
		if (op->arg[i] == VMA_ARG_NAME)
			put(&s, call->name ? "\"%.80s\"" : "NULL", call->name);
		else
			put_arg(&s, op->arg[i], call->arg[i]);
	}
	put(&s, ") = ");
	put_result(&s, op, res);
	return out;
}

char *vma_explain_why(const struct vma_result *res, char *out, size_t size)
{
	const struct vma_why_row *why = vma_why_at(res->why);
	struct sink s = { out, size, 0 };

	out[0] = '\0';
	if (res->why == VMA_WHY_NONE)
		return out;
	put(&s, "%s", why->text);
	if (res->at)
		put(&s, ", at 0x%" PRIx64, res->at);
	if (res->limit)
		put(&s, ": %" PRIu64 " of %" PRIu64, res->value, res->limit);
	put(&s, " [%s]", why->rule);
	return out;
}

/* ---------------------------------------------------------------- what was heard */

void vma_events_fini(struct vma_events *e)
{
	free(e->ev);
	*e = (struct vma_events){ .nr = 0 };
}

void vma_events_hear(void *events, const struct vma_event *ev)
{
	struct vma_events *e = events;

	if (e->nr == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 32;
		struct vma_event *all = realloc(e->ev, cap * sizeof(*all));

		if (!all) {
			e->failed = true;
			return;
		}
		e->ev = all;
		e->cap = cap;
	}
	e->ev[e->nr++] = *ev;
}
