// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/engine.h"

static const struct vma_why_row rows[] = {
#define WHY(id, errno_, rule, text) { #id, rule, text },
#include "libvmactl/why.def"
#undef WHY
};

const struct vma_why_row *vma_why_at(enum vma_why why)
{
	return why < VMA_WHY_NR ? &rows[why] : &rows[VMA_WHY_NONE];
}

static const char *const event_names[VMA_EV_NR] = {
	[VMA_EV_CHECK] = "check",
	[VMA_EV_PLACED] = "placed",
	[VMA_EV_SPLIT] = "split",
	[VMA_EV_MERGE_PREV] = "merge_prev",
	[VMA_EV_MERGE_NEXT] = "merge_next",
	[VMA_EV_MERGE_BOTH] = "merge_both",
	[VMA_EV_NO_MERGE] = "no_merge",
	[VMA_EV_INSERT] = "insert",
	[VMA_EV_REMOVE] = "remove",
	[VMA_EV_GROW] = "grow",
	[VMA_EV_SHRINK] = "shrink",
	[VMA_EV_FLAGS] = "flags",
	[VMA_EV_MOVE] = "move",
	[VMA_EV_ANON_NEW] = "anon_new",
	[VMA_EV_ANON_REUSE] = "anon_reuse",
	[VMA_EV_ANON_CLONE] = "anon_clone",
	[VMA_EV_ANON_DROP] = "anon_drop",
	[VMA_EV_CHARGE] = "charge",
	[VMA_EV_UNCHARGE] = "uncharge",
	[VMA_EV_LOCK] = "lock",
	[VMA_EV_FAULT] = "fault",
	[VMA_EV_COPY] = "copy",
	[VMA_EV_POPULATE] = "populate",
	[VMA_EV_PAGES] = "pages",
	[VMA_EV_FORK] = "fork",
	[VMA_EV_PKEY] = "pkey",
};

const char *vma_event_name(enum vma_event_kind kind)
{
	return kind < VMA_EV_NR ? event_names[kind] : "?";
}

void vma_world_listen(struct vma_world *w, vma_listener *fn, void *ctx)
{
	w->listen = fn;
	w->listen_ctx = ctx;
}
