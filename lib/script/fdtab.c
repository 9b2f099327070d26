// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tables of descriptors: which description each number stands for. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/range.h"
#include "script/desc.h"

#define FD_MAX (1U << 20) /* a hostile number must not cost memory */

static bool is_open(u32 slot)
{
	return slot > FD_CLOSED;
}

static void desc_put(struct descs *d, u32 id)
{
	struct desc *f = desc_at(d, id);

	if (--f->refs)
		return;
	if (f->uffd && d->nr_closed_uffd < ARRAY_SIZE(d->closed_uffd)) {
		d->closed_uffd[d->nr_closed_uffd++] = id; /* freed when its close was replayed */
		return;
	}
	f->next_free = d->free_desc;
	d->free_desc = id;
}

struct fdtab *fdtab_new(void)
{
	struct fdtab *t = calloc(1, sizeof(*t));

	if (t)
		t->refs = 1;
	return t;
}

struct fdtab *fdtab_copy(struct descs *d, const struct fdtab *from)
{
	struct fdtab *t = fdtab_new();

	if (!t || !from->cap)
		return t;
	t->slot = malloc(from->cap * sizeof(*t->slot));
	if (!t->slot) {
		free(t);
		return NULL;
	}
	memcpy(t->slot, from->slot, from->cap * sizeof(*t->slot));
	t->cap = from->cap;
	t->rest_closed = from->rest_closed;
	for (u32 i = 0; i < t->cap; i++)
		if (is_open(t->slot[i]))
			desc_at(d, t->slot[i] >> 1)->refs++;
	return t;
}

void fdtab_put(struct descs *d, struct fdtab *t)
{
	if (!t || --t->refs)
		return;
	for (u32 i = 0; i < t->cap; i++)
		if (is_open(t->slot[i]))
			desc_put(d, t->slot[i] >> 1);
	free(t->slot);
	free(t);
}

u32 fd_desc(const struct fdtab *t, u64 fd)
{
	if (fd >= t->cap)
		return t->rest_closed || fd > INT32_MAX ? FD_CLOSED : FD_UNKNOWN;
	return is_open(t->slot[fd]) ? t->slot[fd] >> 1 : t->slot[fd];
}

static u32 *slot_of(struct fdtab *t, u64 fd)
{
	if (fd >= FD_MAX)
		return NULL;
	if (fd >= t->cap) {
		u32 cap = t->cap ? t->cap : 32;
		u32 *slot;

		while (cap <= fd)
			cap *= 2;
		slot = reallocarray(t->slot, cap, sizeof(*slot));
		if (!slot)
			return NULL;
		for (u32 i = t->cap; i < cap; i++)
			slot[i] = t->rest_closed ? FD_CLOSED : FD_UNKNOWN;
		t->slot = slot;
		t->cap = cap;
	}
	return &t->slot[fd];
}

void fd_set_desc(struct descs *d, struct fdtab *t, u64 fd, u32 desc, bool cloexec)
{
	u32 *slot = slot_of(t, fd);
	u32 old;

	if (!slot) {
		desc_put(d, desc);
		return;
	}
	old = *slot;
	*slot = desc << 1 | cloexec;
	if (is_open(old))
		desc_put(d, old >> 1);
}

void fd_dup(struct descs *d, struct fdtab *t, u64 from, u64 to, bool cloexec)
{
	u32 desc = fd_desc(t, from);

	if (from == to)
		return;
	if (desc == FD_UNKNOWN || desc == FD_CLOSED) {
		u32 *slot = slot_of(t, to);

		fd_close(d, t, to);
		if (slot)
			*slot = FD_UNKNOWN;
		return;
	}
	desc_at(d, desc)->refs++;
	fd_set_desc(d, t, to, desc, cloexec);
}

void fd_close(struct descs *d, struct fdtab *t, u64 fd)
{
	u32 *slot = slot_of(t, fd);
	u32 old;

	if (!slot)
		return;
	old = *slot;
	*slot = FD_CLOSED;
	if (is_open(old))
		desc_put(d, old >> 1);
}

void fd_close_range(struct descs *d, struct fdtab *t, u64 first, u64 last, bool cloexec_only)
{
	for (u64 fd = first; fd <= last && fd < t->cap; fd++) {
		if (!cloexec_only)
			fd_close(d, t, fd);
		else if (is_open(t->slot[fd]))
			t->slot[fd] |= 1;
	}
	if (!cloexec_only && first <= t->cap && last >= INT32_MAX)
		t->rest_closed = true;
}

void fd_set_cloexec(struct fdtab *t, u64 fd, bool on)
{
	if (fd < t->cap && is_open(t->slot[fd]))
		t->slot[fd] = (t->slot[fd] & ~1U) | on;
}

void fdtab_exec(struct descs *d, struct fdtab *t)
{
	for (u32 fd = 0; fd < t->cap; fd++)
		if (is_open(t->slot[fd]) && (t->slot[fd] & 1))
			fd_close(d, t, fd);
}
