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
static void with_rmap(struct vma_locks *l, u64 addr, bool pte)
{
	struct rmaps g = rmaps_of(l, addr);

	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	if (pte)
		with_pte(l, addr, addr + VMA_PAGE_SIZE);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
}

/* unlink_anon_vmas() and unlink_file_vma(): one after the other. */
static void unlink_rmap(struct vma_locks *l, u64 addr)
{
	struct rmaps g = rmaps_of(l, addr);

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
	enum vma_fallback why = vma_fault_path(l->mm, addr, false, NULL);

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

/* expand_downwards(): mmap_lock is held already, as the kernel does. */
static void grow_stack_locks(struct vma_locks *l, const struct vma_event *ev)
{
	struct rmaps g = rmaps_of(l, ev->at);

	one_lock(l, VMA_LOCK_ANON, g.root, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
}

/* The engine takes or gives up a lock itself. */
static void of_engine(struct vma_locks *l, const struct vma_event *ev)
{
	struct vma_lock_event e;

	vma_lock_event_of(ev, &e);
	if (e.cls == VMA_LOCK_VMA && e.write)
		remember(l, e.start, e.end);
	if (e.cls != VMA_LOCK_MMAP || e.mm != l->mm->id)
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

static void forked(struct vma_locks *l, const struct vma_event *ev)
{
	if (ev->value != VMA_FORK_COPIED)
		return;
	with_rmap(l, ev->start, false);
	if (ev->id)
		with_pte(l, ev->start, ev->end);
}

static bool is_mprotect(const struct vma_locks *l)
{
	return l->call->op == VMA_OP_MPROTECT || l->call->op == VMA_OP_PKEY_MPROTECT;
}

static void before(struct vma_locks *l, const struct vma_event *ev)
{
	bool touch = l->call->op == VMA_OP_TOUCH;

	switch (ev->kind) {
	case VMA_EV_LOCK:
		of_engine(l, ev);
		break;
	case VMA_EV_MERGE_PREV:
	case VMA_EV_MERGE_NEXT:
	case VMA_EV_MERGE_BOTH:
		with_rmap(l, ev->at, false);
		break;
	case VMA_EV_INSERT:
		one_lock(l, VMA_LOCK_I_MMAP, rmaps_of(l, ev->start).mapping, true);
		one_lock(l, VMA_LOCK_I_MMAP, rmaps_of(l, ev->start).mapping, false);
		break;
	case VMA_EV_REMOVE:
		unlink_rmap(l, ev->start);
		break;
	case VMA_EV_GROW:
		if (touch) {
			grow_stack_locks(l, ev);
			break;
		}
		/* fall through */
	case VMA_EV_SPLIT:
	case VMA_EV_SHRINK:
		with_rmap(l, ev->start, false);
		break;
	case VMA_EV_FLAGS:
		if (is_mprotect(l))
			with_pte(l, ev->start, ev->end);
		break;
	case VMA_EV_MOVE:
		with_rmap(l, ev->start, true);
		break;
	case VMA_EV_ANON_NEW:
	case VMA_EV_ANON_REUSE:
		make_anon(l, ev);
		break;
	case VMA_EV_FAULT:
		if (touch)
			fault_begin(l, ev->start, false);
		/* fall through */
	case VMA_EV_PAGES:
		with_pte(l, ev->start, ev->end);
		break;
	case VMA_EV_FORK:
		forked(l, ev);
		break;
	default:
		break;
	}
}

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
	l->in_fault = false;
	l->mode = l->most = UNLOCKED;
}

void vma_locks_hear(void *locks, const struct vma_event *ev)
{
	struct vma_locks *l = locks;

	before(l, ev);
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
