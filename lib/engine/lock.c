// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The locks of an operation (rule K14). What the engine reports of its changes says which locks the
 * kernel holds for them; they are put before the event that needs them. So an operation that nobody
 * asks about costs nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "libvmactl/lock.h"

enum mode { UNLOCKED, READING, WRITING, BY_VMA };

/* What is unlinked from a VMA that goes: address_space and anon_vma root, 0 none. */
struct gone {
	u32 mapping, root;
};

struct vma_locks {
	vma_listener *fn;
	void *ctx;
	const struct vma_mm *mm;
	const struct vma_kernel *k;
	const struct vma_call *call;
	enum mode mode, first;   /* how mmap_lock is held now, and was in the beginning */
	u32 child;               /* fork: mm whose mmap_lock is held too */
	bool grows;              /* touch: a stack has to grow */
	bool in_fault;           /* touch: the locks of a fault are held */
	bool fault_by_vma;
	u64 fault_start, fault_end; /* of its VMA */
	struct vma_lock_range *written;
	size_t nr_written, cap_written;
	struct gone *gone;
	size_t nr_gone, cap_gone;
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
		bool write, u64 object, u64 start, u64 end, u32 mm)
{
	l->fn(l->ctx, &(const struct vma_event){
		.kind = VMA_EV_LOCK, .rule = "K14", .start = start, .end = end, .at = object,
		.id = (u32)cls | (u32)action << 8 | (u32)write << 16, .mm = mm });
}

/* ---------------------------------------------------------------- single locks */

static void mmap_take(struct vma_locks *l, enum mode mode)
{
	say(l, VMA_LOCK_MMAP, VMA_LOCK_ACQUIRE, mode == WRITING, l->mm->id, 0, 0, l->mm->id);
	l->mode = mode;
}

static void mmap_give(struct vma_locks *l)
{
	if (l->mode == READING || l->mode == WRITING)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_RELEASE, l->mode == WRITING, l->mm->id, 0, 0,
		    l->mm->id);
	l->mode = UNLOCKED;
}

static void mmap_need(struct vma_locks *l, enum mode mode)
{
	if (l->mode == mode)
		return;
	mmap_give(l);
	mmap_take(l, mode);
}

static void remember(struct vma_locks *l, u64 start, u64 end)
{
	for (size_t i = l->nr_written, n = 0; i-- && n < 8; n++)
		if (l->written[i].start == start)
			return;
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

/* vma_start_write(); before 6.4 mmap_lock is all there is. */
static void write_vma(struct vma_locks *l, u64 start, u64 end)
{
	mmap_need(l, WRITING);
	remember(l, start, end);
	if (l->k->vma_locks)
		say(l, VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, true, start, start, end, l->mm->id);
}

static void with_pte(struct vma_locks *l, u64 start, u64 end)
{
	say(l, VMA_LOCK_PTE, VMA_LOCK_ACQUIRE, true, start, start, end, l->mm->id);
	say(l, VMA_LOCK_PTE, VMA_LOCK_RELEASE, true, start, start, end, l->mm->id);
}

static void one_lock(struct vma_locks *l, enum vma_lock_class cls, u64 object, bool take)
{
	if (object)
		say(l, cls, take ? VMA_LOCK_ACQUIRE : VMA_LOCK_RELEASE, true, object, 0, 0, 0);
}

/* The reverse maps in which a VMA stands. */
static struct gone maps_of(const struct vma_locks *l, const struct vma *vma)
{
	const struct vma_world *w = l->mm->world;
	const struct vma_file *f = vma ? vma_file_at(w, vma->file) : NULL;
	const struct vma_anon *av = vma ? vma_anon_at(w, vma->anon_vma) : NULL;

	return (struct gone){ f && vma_has_vm_file(w, vma) ? f->mapping : 0, av ? av->root : 0 };
}

/* vma_prepare() and vma_complete(): file before anon, while the VMA's place changes. */
static void with_rmap(struct vma_locks *l, u64 addr, bool pte)
{
	struct gone g = maps_of(l, vma_lookup(l->mm, addr));

	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, true);
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	if (pte)
		with_pte(l, addr, addr + VMA_PAGE_SIZE);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g.mapping, false);
}

/* unlink_anon_vmas() and unlink_file_vma(): one after the other. */
static void unlink_rmap(struct vma_locks *l, const struct gone *g)
{
	one_lock(l, VMA_LOCK_ANON, g->root, true);
	one_lock(l, VMA_LOCK_ANON, g->root, false);
	one_lock(l, VMA_LOCK_I_MMAP, g->mapping, true);
	one_lock(l, VMA_LOCK_I_MMAP, g->mapping, false);
}

/* ---------------------------------------------------------------- how mmap_lock is held */

/* Advice that changes flags needs it for writing; what only drops pages may do with a VMA lock. */
static enum mode advice_mode(const struct vma_locks *l)
{
	const u64 *a = l->call->arg;
	const struct vma *vma = vma_lookup(l->mm, a[0]);
	bool one = vma && a[0] + a[1] <= vma->vm_end && !(vma->vm_flags & VM_UFFD_FLAGS);

	switch (a[2]) {
	case 4:   /* DONTNEED */
	case 8:   /* FREE */
	case 24:  /* DONTNEED_LOCKED */
	case 102: /* GUARD_INSTALL */
	case 103: /* GUARD_REMOVE */
		return l->k->madvise_vma_lock && one ? BY_VMA : READING;
	case 3:  /* WILLNEED */
	case 9:  /* REMOVE */
	case 20: /* COLD */
	case 21: /* PAGEOUT */
	case 22: /* POPULATE_READ */
	case 23: /* POPULATE_WRITE */
	case 25: /* COLLAPSE */
		return READING;
	default:
		return WRITING;
	}
}

static enum mode mode_of(const struct vma_locks *l)
{
	switch (l->call->op) {
	case VMA_OP_TOUCH:
	case VMA_OP_SET_MEMPOLICY:
	case VMA_OP_SET_MDWE:
	case VMA_OP_UFFD_API:
	case VMA_OP_SETRLIMIT:
		return UNLOCKED;
	case VMA_OP_MADVISE:
	case VMA_OP_PROCESS_MADVISE:
		return advice_mode(l);
	default:
		return WRITING;
	}
}

/* ---------------------------------------------------------------- faults */

static void fault_end(struct vma_locks *l)
{
	if (!l->in_fault)
		return;
	if (l->fault_by_vma)
		say(l, VMA_LOCK_VMA, VMA_LOCK_RELEASE, false, l->fault_start, l->fault_start,
		    l->fault_end, l->mm->id);
	else
		mmap_give(l);
	l->in_fault = false;
}

/* A fault at addr; makes_anon: its anon_vma was made for it just now. */
static void fault_begin(struct vma_locks *l, u64 addr, bool makes_anon)
{
	const struct vma *vma = vma_lookup(l->mm, addr);
	enum vma_fallback why = vma_fault_path(l->mm, addr, false, NULL);

	if (l->in_fault && addr >= l->fault_start && addr < l->fault_end)
		return;
	fault_end(l);
	if (makes_anon && !l->k->vma_lock_anon_inline)
		why = VMA_FALLBACK_ANON_VMA;
	l->fault_by_vma = why == VMA_FALLBACK_NONE && !l->grows && vma;
	l->fault_start = vma ? vma->vm_start : addr;
	l->fault_end = vma ? vma->vm_end : addr + VMA_PAGE_SIZE;
	l->in_fault = true;
	if (l->fault_by_vma)
		say(l, VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, false, l->fault_start, l->fault_start,
		    l->fault_end, l->mm->id);
	else
		mmap_take(l, l->grows && l->k->version >= KV(6, 5) ? WRITING : READING);
}

/* anon_vma_prepare(): under mmap_lock, which a fault by VMA lock has to try for. */
static void make_anon(struct vma_locks *l, const struct vma_event *ev)
{
	bool touch = l->call->op == VMA_OP_TOUCH, tries;
	const struct vma_anon *av = vma_anon_at(l->mm->world, ev->id);

	if (touch)
		fault_begin(l, ev->start, true);
	tries = touch && l->fault_by_vma;
	if (tries)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_TRY, false, l->mm->id, 0, 0, l->mm->id);
	one_lock(l, VMA_LOCK_ANON, av ? av->root : 0, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, av ? av->root : 0, false);
	if (tries)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_RELEASE, false, l->mm->id, 0, 0, l->mm->id);
}

static void grow_stack_locks(struct vma_locks *l, const struct vma_event *ev)
{
	const struct vma *vma = vma_lookup(l->mm, ev->start);
	struct gone g = maps_of(l, vma);

	fault_begin(l, ev->start, false);
	if (l->mode == WRITING)
		write_vma(l, ev->at, ev->value);
	one_lock(l, VMA_LOCK_ANON, g.root, true);
	with_pte(l, ev->start, ev->end);
	one_lock(l, VMA_LOCK_ANON, g.root, false);
	fault_end(l);
	l->grows = false;
}

/* ---------------------------------------------------------------- changes */

static void removed(struct vma_locks *l, const struct vma_event *ev)
{
	struct gone g = maps_of(l, vma_lookup(l->mm, ev->start));

	write_vma(l, ev->start, ev->end);
	if (l->call->op != VMA_OP_MUNMAP) {
		unlink_rmap(l, &g);
		return;
	}
	if (l->nr_gone == l->cap_gone) {
		size_t cap = l->cap_gone ? 2 * l->cap_gone : 16;
		struct gone *more = realloc(l->gone, cap * sizeof(*more));

		if (!more) {
			l->failed = true;
			return;
		}
		l->gone = more;
		l->cap_gone = cap;
	}
	l->gone[l->nr_gone++] = g;
}

static void merged(struct vma_locks *l, const struct vma_event *ev)
{
	write_vma(l, ev->at, ev->value);
	if (ev->start != ev->at)
		write_vma(l, ev->start, ev->end);
	if (ev->kind != VMA_EV_MERGE_PREV && ev->end < ev->value)
		write_vma(l, ev->end, ev->value);
	with_rmap(l, ev->at, false);
}

static void forked(struct vma_locks *l, const struct vma_event *ev)
{
	if (!l->child) {
		l->child = ~0U; /* the child has no number yet */
		say(l, VMA_LOCK_MMAP, VMA_LOCK_ACQUIRE, true, l->child, 0, 0, l->child);
	}
	write_vma(l, ev->start, ev->end);
	if (ev->value == VMA_FORK_COPIED)
		with_rmap(l, ev->start, false);
	if (ev->value == VMA_FORK_COPIED && ev->id)
		with_pte(l, ev->start, ev->end);
}

static void dropped_pages(struct vma_locks *l, const struct vma_event *ev)
{
	if (l->first == BY_VMA)
		say(l, VMA_LOCK_VMA, VMA_LOCK_ACQUIRE, false, ev->start, ev->start, ev->end,
		    l->mm->id);
	with_pte(l, ev->start, ev->end);
	if (l->first == BY_VMA)
		say(l, VMA_LOCK_VMA, VMA_LOCK_RELEASE, false, ev->start, ev->start, ev->end,
		    l->mm->id);
}

static bool is_mprotect(const struct vma_locks *l)
{
	return l->call->op == VMA_OP_MPROTECT || l->call->op == VMA_OP_PKEY_MPROTECT;
}

static void before(struct vma_locks *l, const struct vma_event *ev)
{
	bool touch = l->call->op == VMA_OP_TOUCH;

	switch (ev->kind) {
	case VMA_EV_SPLIT:
		write_vma(l, ev->start, ev->end);
		with_rmap(l, ev->start, false);
		break;
	case VMA_EV_MERGE_PREV:
	case VMA_EV_MERGE_NEXT:
	case VMA_EV_MERGE_BOTH:
		merged(l, ev);
		break;
	case VMA_EV_INSERT:
		write_vma(l, ev->start, ev->end);
		one_lock(l, VMA_LOCK_I_MMAP, maps_of(l, vma_lookup(l->mm, ev->start)).mapping, true);
		one_lock(l, VMA_LOCK_I_MMAP, maps_of(l, vma_lookup(l->mm, ev->start)).mapping, false);
		break;
	case VMA_EV_REMOVE:
		removed(l, ev);
		break;
	case VMA_EV_GROW:
		if (touch) {
			grow_stack_locks(l, ev);
			break;
		}
		/* fall through */
	case VMA_EV_SHRINK:
		write_vma(l, ev->start, ev->end);
		with_rmap(l, ev->start, false);
		break;
	case VMA_EV_FLAGS:
		write_vma(l, ev->start, ev->end);
		if (is_mprotect(l))
			with_pte(l, ev->start, ev->end);
		break;
	case VMA_EV_MOVE:
		write_vma(l, ev->start, ev->end);
		with_rmap(l, ev->start, true);
		break;
	case VMA_EV_ANON_NEW:
	case VMA_EV_ANON_REUSE:
		make_anon(l, ev);
		break;
	case VMA_EV_POPULATE: /* after mmap_lock was given up, but for mprotect of locked memory */
		if (!is_mprotect(l) && l->mode != READING)
			mmap_need(l, READING);
		break;
	case VMA_EV_FAULT:
		if (touch)
			fault_begin(l, ev->start, false);
		with_pte(l, ev->start, ev->end);
		break;
	case VMA_EV_PAGES:
		dropped_pages(l, ev);
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
	free(l->gone);
	free(l);
}

void vma_locks_begin(struct vma_locks *l, const struct vma_mm *mm, const struct vma_call *call)
{
	const struct vma_mm *target = call->target_mm ? vma_mm_by_id(mm->world, call->target_mm) : NULL;

	l->mm = target ? target : mm;
	l->k = &mm->world->kernel;
	l->call = call;
	l->nr_written = l->nr_gone = 0;
	l->child = 0;
	l->in_fault = false;
	l->mode = UNLOCKED;
	l->first = mode_of(l);
	l->grows = call->op == VMA_OP_TOUCH && !vma_lookup(l->mm, call->arg[0]);
	if (l->first == READING || l->first == WRITING)
		mmap_take(l, l->first);
}

void vma_locks_hear(void *locks, const struct vma_event *ev)
{
	struct vma_locks *l = locks;

	before(l, ev);
	l->fn(l->ctx, ev);
	if (l->call->op == VMA_OP_TOUCH && ev->kind == VMA_EV_FAULT)
		fault_end(l);
}

void vma_locks_end(struct vma_locks *l, const struct vma_result *res)
{
	fault_end(l);
	if (l->child)
		say(l, VMA_LOCK_MMAP, VMA_LOCK_RELEASE, true, l->child, 0, 0, l->child);
	if (l->call->op == VMA_OP_MUNMAP && !res->err && l->mode == WRITING) {
		say(l, VMA_LOCK_MMAP, VMA_LOCK_DOWNGRADE, true, l->mm->id, 0, 0, l->mm->id);
		l->mode = READING;
		for (size_t i = 0; i < l->nr_gone; i++)
			unlink_rmap(l, &l->gone[i]);
	}
	mmap_give(l);
}

const struct vma_lock_range *vma_locks_written(const struct vma_locks *l, size_t *nr)
{
	*nr = l->nr_written;
	return l->written;
}

int vma_locks_mode(const struct vma_locks *l)
{
	return l->first == WRITING ? 2 : l->first == READING;
}

bool vma_locks_failed(const struct vma_locks *l)
{
	return l->failed;
}
