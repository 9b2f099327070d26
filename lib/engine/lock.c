// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The locks of an operation (rule K14). The engine tells of mmap_lock and of the VMAs it locks, as
 * it keeps mm_lock_seq and vm_lock_seq. What is held inside those, and what a fault takes, follows
 * from its other events: such locks are put before the event that needs them, so an operation that
 * nobody asks about does not pay for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "libvmactl/lock.h"

enum mode { UNLOCKED, READING, WRITING };

/* The reverse maps in which a VMA stands: address_space and anon_vma root, 0 none. */
struct rmaps {
	u32 mapping, root;
};

struct vma_locks {
	vma_listener *fn;
	void *ctx;
	const struct vma_mm *mm;
	const struct vma_kernel *k;
	const struct vma_call *call;
	enum mode mode, most;    /* how mmap_lock is held now, and was at most */
	bool joined;             /* mremap: the copy merged with a neighbour */
	bool in_fault;           /* touch: the locks of a fault are held, taken here */
	bool fault_by_vma;
	u64 fault_start, fault_end; /* of its VMA */
	struct vma_lock_range *written;
	size_t nr_written, cap_written;
	bool failed;
};

/* ---------------------------------------------------------------- events */

static const char *const classes[VMA_LOCK_NR] = { "mmap_lock", "vma_lock", "i_mmap_rwsem",
						  "anon_vma", "page_table_lock" };
static const char *const actions[] = { "acquire", "release", "downgrade", "try" };

const char *vma_lock_class_name(enum vma_lock_class cls)
{
	return (size_t)cls < ARRAY_SIZE(classes) ? classes[cls] : "";
}

const char *vma_lock_action_name(enum vma_lock_action action)
{
	return (size_t)action < ARRAY_SIZE(actions) ? actions[action] : "";
}

bool vma_lock_event_of(const struct vma_event *ev, struct vma_lock_event *out)
{
	if (ev->kind != VMA_EV_LOCK)
		return false;
	*out = (struct vma_lock_event){
		.cls = (enum vma_lock_class)(ev->id & 0xff),
		.action = (enum vma_lock_action)(ev->id >> 8 & 0xff),
		.write = ev->id >> 16 & 1,
		.object = ev->at,
		.start = ev->start,
		.end = ev->end,
		.mm = ev->mm,
	};
	return true;
}

char *vma_lock_text(const struct vma_lock_event *e, char *out, size_t size)
{
	char what[64] = "";

	if (e->cls == VMA_LOCK_VMA || e->cls == VMA_LOCK_PTE)
		snprintf(what, sizeof(what), " of [0x%llx,0x%llx)", (unsigned long long)e->start,
			 (unsigned long long)e->end);
	else if (e->cls != VMA_LOCK_MMAP)
		snprintf(what, sizeof(what), " %llu", (unsigned long long)e->object);
	snprintf(out, size, "%s %s%s%s", vma_lock_action_name(e->action), vma_lock_class_name(e->cls),
		 what, e->cls == VMA_LOCK_PTE ? "" : e->write ? " for writing" : " for reading");
	return out;
}

static void say(struct vma_locks *l, enum vma_lock_class cls, enum vma_lock_action action,
		bool write, u64 object, u64 start, u64 end)
{
	const struct vma_event ev = lock_event(&(const struct vma_lock_event){
		.cls = cls, .action = action, .write = write, .object = object, .start = start,
		.end = end, .mm = cls == VMA_LOCK_I_MMAP || cls == VMA_LOCK_ANON ? 0 : l->mm->id });

	l->fn(l->ctx, &ev);
}

/* ---------------------------------------------------------------- single locks */

static void remember(struct vma_locks *l, u64 start, u64 end)
{
	if (l->nr_written == l->cap_written) {
		size_t cap = l->cap_written ? 2 * l->cap_written : 16;
		struct vma_lock_range *more = realloc(l->written, cap * sizeof(*more));

		if (!more) {
			l->failed = true;
			return;
		}
		l->written = more;
		l->cap_written = cap;
	}
	l->written[l->nr_written++] = (struct vma_lock_range){ start, end };
}

static void with_pte(struct vma_locks *l, u64 start, u64 end)
{
	say(l, VMA_LOCK_PTE, VMA_LOCK_ACQUIRE, true, start, start, end);
	say(l, VMA_LOCK_PTE, VMA_LOCK_RELEASE, true, start, start, end);
}

static void one_lock(struct vma_locks *l, enum vma_lock_class cls, u64 object, bool take)
{
	if (object)
		say(l, cls, take ? VMA_LOCK_ACQUIRE : VMA_LOCK_RELEASE, true, object, 0, 0);
}

static struct rmaps rmaps_of(const struct vma_locks *l, u64 addr)
{
	const struct vma_world *w = l->mm->world;
	const struct vma *vma = vma_lookup(l->mm, addr);
	const struct vma_file *f = vma ? vma_file_at(w, vma->file) : NULL;
	const struct vma_anon *av = vma ? vma_anon_at(w, vma->anon_vma) : NULL;

	return (struct rmaps){ f && vma_has_vm_file(w, vma) ? f->mapping : 0, av ? av->root : 0 };
}

/* vma_prepare() and vma_complete(): file before anon, while the VMA's place changes. */
static void with_rmap(struct vma_locks *l, u64 addr)
{
	struct rmaps g = rmaps_of(l, addr);

	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
}

/* unlink_anon_vmas() and unlink_file_vma(): one after the other. */
static void unlink_rmap(struct vma_locks *l, const struct vma_event *ev)
{
	struct rmaps g = rmaps_of(l, ev->start);

	one_lock(l, VMA_LOCK_ANON, g.root, true);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
}

/* ---------------------------------------------------------------- faults */

static void fault_end(struct vma_locks *l)
{
	if (!l->in_fault)
		return;
	if (l->fault_by_vma)
		say(l, VMA_LOCK_VMA, VMA_LOCK_RELEASE, false, l->fault_start, l->fault_start,
		    l->fault_end);
	else
		say(l, VMA_LOCK_MMAP, VMA_LOCK_RELEASE, false, l->mm->id, 0, 0);
	l->in_fault = false;
}

/* A fault at addr; makes_anon: its anon_vma was made for it just now. */
static void fault_begin(struct vma_locks *l, u64 addr, bool makes_anon)
{
	const struct vma *vma = vma_lookup(l->mm, addr);
	enum vma_fallback why = vma_fault_path(l->mm, addr, l->call->arg[2] & P_WRITE, NULL);

	if (l->mode != UNLOCKED) /* a stack that had to grow for it */
		return;
	if (l->in_fault && addr >= l->fault_start && addr < l->fault_end)
		return;
	fault_end(l);
	if (makes_anon && !l->k->vma_lock_anon_inline)
		why = VMA_FALLBACK_ANON_VMA;
	l->fault_by_vma = why == VMA_FALLBACK_NONE && vma;
	l->fault_start = vma ? vma->vm_start : addr;
	l->fault_end = vma ? vma->vm_end : addr + VMA_PAGE_SIZE;
	l->in_fault = true;
	if (l->fault_by_vma)
		say(l, VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, false, l->fault_start, l->fault_start,
		    l->fault_end);
	else
		say(l, VMA_LOCK_MMAP, VMA_LOCK_ACQUIRE, false, l->mm->id, 0, 0);
}

/* anon_vma_prepare(): under mmap_lock, which a fault by VMA lock has to try for. */
static void make_anon(struct vma_locks *l, const struct vma_event *ev)
{
	const struct vma_anon *av = vma_anon_at(l->mm->world, ev->id);
	bool tries;

	if (l->call->op == VMA_OP_TOUCH)
		fault_begin(l, ev->start, true);
	tries = l->in_fault && l->fault_by_vma;
	if (tries)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_TRY, false, l->mm->id, 0, 0);
	one_lock(l, VMA_LOCK_ANON, av ? av->root : 0, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, av ? av->root : 0, false);
	if (tries)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_RELEASE, false, l->mm->id, 0, 0);
}

/* The engine takes or gives up a lock itself. */
static void of_engine(struct vma_locks *l, const struct vma_event *ev)
{
	struct vma_lock_event e;

	if (!vma_lock_event_of(ev, &e))
		return;
	if (e.mm != l->mm->id) /* a child's */
		return;
	if (e.cls == VMA_LOCK_VMA && e.write)
		remember(l, e.start, e.end);
	if (e.cls != VMA_LOCK_MMAP)
		return;
	fault_end(l);
	if (e.action == VMA_LOCK_RELEASE)
		l->mode = UNLOCKED;
	else
		l->mode = e.write && e.action == VMA_LOCK_ACQUIRE ? WRITING : READING;
	if (l->mode > l->most)
		l->most = l->mode;
}

/* ---------------------------------------------------------------- changes */

/* anon_vma_fork(), then the file's tree, then copy_page_range(). */
static void forked(struct vma_locks *l, const struct vma_event *ev)
{
	struct rmaps g = rmaps_of(l, ev->start);

	if (ev->value == VMA_FORK_SKIPPED)
		return;
	if (ev->value == VMA_FORK_COPIED) {
		one_lock(l, VMA_LOCK_ANON, g.root, true);
		one_lock(l, VMA_LOCK_ANON, g.root, false);
	}
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
	if (ev->value == VMA_FORK_COPIED && ev->id)
		with_pte(l, ev->start, ev->end);
}

/*
 * move_page_tables(): a walk through a reverse map meets a page in its old or in its new place. Only
 * where the copy joined a VMA that comes first there (copy_vma()) is it kept out meanwhile.
 */
static void moved(struct vma_locks *l, const struct vma_event *ev)
{
	const struct vma *from = vma_lookup(l->mm, ev->start), *to = vma_lookup(l->mm, ev->at);
	struct rmaps g = { 0, 0 };

	if (l->joined && from && to && to->vm_pgoff <= from->vm_pgoff)
		g = rmaps_of(l, ev->start);
	l->joined = false;
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
}

static void merged(struct vma_locks *l, const struct vma_event *ev)
{
	with_rmap(l, ev->at);
	l->joined = true;
}

static void resized(struct vma_locks *l, const struct vma_event *ev)
{
	with_rmap(l, ev->start);
}

static void inserted(struct vma_locks *l, const struct vma_event *ev)
{
	u32 mapping = rmaps_of(l, ev->start).mapping;

	one_lock(l, VMA_LOCK_I_MMAP, mapping, true);
	one_lock(l, VMA_LOCK_I_MMAP, mapping, false);
}

/* expand_downwards(): mmap_lock is held already. */
static void grew(struct vma_locks *l, const struct vma_event *ev)
{
	struct rmaps g = rmaps_of(l, ev->at);

	if (l->call->op != VMA_OP_TOUCH) {
		with_rmap(l, ev->start);
		return;
	}
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
}

static void new_flags(struct vma_locks *l, const struct vma_event *ev)
{
	if (l->call->op == VMA_OP_MPROTECT || l->call->op == VMA_OP_PKEY_MPROTECT)
		with_pte(l, ev->start, ev->end);
}

static void faulted(struct vma_locks *l, const struct vma_event *ev)
{
	if (l->call->op == VMA_OP_TOUCH)
		fault_begin(l, ev->start, false);
	with_pte(l, ev->start, ev->end);
}

static void of_pages(struct vma_locks *l, const struct vma_event *ev)
{
	with_pte(l, ev->start, ev->end);
}

/* What is held for an event, or is one itself. */
typedef void lock_fn(struct vma_locks *l, const struct vma_event *ev);
static lock_fn *const before[VMA_EV_NR] = {
	[VMA_EV_LOCK] = of_engine,       [VMA_EV_SPLIT] = resized,
	[VMA_EV_MERGE_PREV] = merged,    [VMA_EV_MERGE_NEXT] = merged,
	[VMA_EV_MERGE_BOTH] = merged,    [VMA_EV_INSERT] = inserted,
	[VMA_EV_REMOVE] = unlink_rmap,   [VMA_EV_GROW] = grew,
	[VMA_EV_SHRINK] = resized,       [VMA_EV_FLAGS] = new_flags,
	[VMA_EV_MOVE] = moved,           [VMA_EV_ANON_NEW] = make_anon,
	[VMA_EV_ANON_REUSE] = make_anon, [VMA_EV_FAULT] = faulted,
	[VMA_EV_PAGES] = of_pages,       [VMA_EV_FORK] = forked,
};

/* ---------------------------------------------------------------- public */

struct vma_locks *vma_locks_new(vma_listener *fn, void *ctx)
{
	struct vma_locks *l = calloc(1, sizeof(*l));

	if (l) {
		l->fn = fn;
		l->ctx = ctx;
	}
	return l;
}

void vma_locks_free(struct vma_locks *l)
{
	if (!l)
		return;
	free(l->written);
	free(l);
}

void vma_locks_begin(struct vma_locks *l, const struct vma_mm *mm, const struct vma_call *call)
{
	const struct vma_mm *target = call->target_mm ? vma_mm_by_id(mm->world, call->target_mm) : NULL;

	l->mm = target ? target : mm;
	l->k = &mm->world->kernel;
	l->call = call;
	l->nr_written = 0;
	l->in_fault = l->joined = false;
	l->mode = l->most = UNLOCKED;
}

void vma_locks_hear(void *locks, const struct vma_event *ev)
{
	struct vma_locks *l = locks;

	if (before[ev->kind])
		before[ev->kind](l, ev);
	l->fn(l->ctx, ev);
	if (l->call->op == VMA_OP_TOUCH && ev->kind == VMA_EV_FAULT)
		fault_end(l);
}

void vma_locks_end(struct vma_locks *l)
{
	fault_end(l);
}

const struct vma_lock_range *vma_locks_written(const struct vma_locks *l, size_t *nr)
{
	*nr = l->nr_written;
	return l->written;
}

int vma_locks_mode(const struct vma_locks *l)
{
	return l->most;
}

bool vma_locks_failed(const struct vma_locks *l)
{
	return l->failed;
}
