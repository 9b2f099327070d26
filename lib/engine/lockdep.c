// SPDX-License-Identifier: LGPL-2.1-or-later
/* The order of locks, checked as lockdep does: outer before inner, and nothing left behind. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "libvmactl/lock.h"

static void complain(struct vma_lockdep *d, const char *what, const struct vma_lock_event *e)
{
	char text[120];

	if (!*d->wrong)
		snprintf(d->wrong, sizeof(d->wrong), "%s: %s", what,
			 vma_lock_text(e, text, sizeof(text)));
}

static struct vma_lock_event *find_held(struct vma_lockdep *d, const struct vma_lock_event *e)
{
	for (size_t i = d->nr; i--;)
		if (d->held[i].cls == e->cls && d->held[i].object == e->object &&
		    d->held[i].mm == e->mm)
			return &d->held[i];
	return NULL;
}

static bool holds_mmap(const struct vma_lockdep *d, bool write)
{
	for (size_t i = 0; i < d->nr; i++)
		if (d->held[i].cls == VMA_LOCK_MMAP && (d->held[i].write || !write))
			return true;
	return false;
}

static void acquire(struct vma_lockdep *d, const struct vma_lock_event *e)
{
	const struct vma_lock_event *held = find_held(d, e);

	/* Locking a VMA for writing twice is what the kernel does all the time. */
	if (held && e->cls == VMA_LOCK_VMA && held->write && e->write)
		return;
	if (held)
		complain(d, "taken twice", e);
	if (e->cls == VMA_LOCK_VMA && e->write && !holds_mmap(d, true))
		complain(d, "mmap_lock is not held for writing", e);
	if (e->cls == VMA_LOCK_VMA && !e->write && holds_mmap(d, true))
		complain(d, "waits for a reader's lock with mmap_lock held for writing", e);
	for (size_t i = 0; i < d->nr && e->action != VMA_LOCK_TRY; i++) {
		/* fork takes the child's mmap_lock inside its parent's */
		if (e->cls == VMA_LOCK_MMAP && d->held[i].mm != e->mm)
			continue;
		if (d->held[i].cls > e->cls)
			complain(d, "an inner lock is held", e);
	}
	if (d->nr >= VMA_LOCKDEP_MAX - 8 && e->cls == VMA_LOCK_VMA && e->write)
		return; /* of very many VMAs the first ones stand for all */
	if (d->nr == VMA_LOCKDEP_MAX) {
		complain(d, "too many locks", e);
		return;
	}
	d->held[d->nr++] = *e;
}

/* All VMA write locks end with the mmap_lock that they belong to. */
static void end_write_all(struct vma_lockdep *d, u32 mm)
{
	size_t nr = 0;

	for (size_t i = 0; i < d->nr; i++)
		if (d->held[i].cls != VMA_LOCK_VMA || !d->held[i].write || d->held[i].mm != mm)
			d->held[nr++] = d->held[i];
	d->nr = nr;
}

static void release(struct vma_lockdep *d, const struct vma_lock_event *e)
{
	struct vma_lock_event *held = find_held(d, e);

	if (!held) {
		complain(d, "not held", e);
		return;
	}
	if (held->write != e->write)
		complain(d, "held in another mode", e);
	if (e->cls == VMA_LOCK_VMA && e->write)
		complain(d, "a VMA's write lock has no end of its own", e);
	memmove(held, held + 1, (size_t)(d->held + d->nr - held - 1) * sizeof(*held));
	d->nr--;
	if (e->cls == VMA_LOCK_MMAP && e->write)
		end_write_all(d, e->mm);
}

void vma_lockdep_hear(void *lockdep, const struct vma_event *ev)
{
	struct vma_lockdep *d = lockdep;
	struct vma_lock_event e, *held;

	if (!vma_lock_event_of(ev, &e))
		return;
	switch (e.action) {
	case VMA_LOCK_ACQUIRE:
	case VMA_LOCK_TRY:
		acquire(d, &e);
		break;
	case VMA_LOCK_RELEASE:
		release(d, &e);
		break;
	case VMA_LOCK_DOWNGRADE:
		held = find_held(d, &e);
		if (!held || !held->write)
			complain(d, "not held for writing", &e);
		else
			held->write = false;
		end_write_all(d, e.mm);
		break;
	}
}

bool vma_lockdep_done(struct vma_lockdep *d)
{
	if (d->nr)
		complain(d, "still held", &d->held[d->nr - 1]);
	d->nr = 0;
	return !*d->wrong;
}
