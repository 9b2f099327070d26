/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_LOCK_H
#define LIBVMACTL_LOCK_H
/*
 * Locks: what an operation takes, in which order and mode, and whether page faults of other
 * threads run beside it.
 *
 * The order, outer to inner (rule K14): mmap_lock, VMA lock, i_mmap_rwsem, anon_vma, page tables.
 * Since 6.4 a fault may take the lock of its VMA alone; a VMA is write-locked when its sequence
 * number is that of the mm, and all end together when mmap_lock is given up (rules K10-K13).
 */
#include "libvmactl/engine.h"

/** enum vma_lock_class - what is locked, outer to inner */
enum vma_lock_class {
	VMA_LOCK_MMAP,   /* mm->mmap_lock */
	VMA_LOCK_VMA,    /* the lock of one VMA */
	VMA_LOCK_I_MMAP, /* mapping->i_mmap_rwsem */
	VMA_LOCK_ANON,   /* anon_vma->root->rwsem */
	VMA_LOCK_PTE,    /* page_table_lock, and those of single tables */
	VMA_LOCK_NR
};

enum vma_lock_action { VMA_LOCK_ACQUIRE, VMA_LOCK_RELEASE, VMA_LOCK_DOWNGRADE, VMA_LOCK_TRY };

/**
 * struct vma_lock_event - a VMA_EV_LOCK, taken apart
 * @object: which one: mm id, start of the VMA, address_space number, anon_vma root id
 * @start, @end: of the VMA that it is about; 0 for mmap_lock
 */
struct vma_lock_event {
	enum vma_lock_class cls;
	enum vma_lock_action action;
	bool write;
	u64 object, start, end;
	u32 mm;
};

/** vma_lock_event_of() - false when @ev is not a VMA_EV_LOCK. */
bool vma_lock_event_of(const struct vma_event *ev, struct vma_lock_event *out);
/** vma_lock_class_name() - "mmap_lock", "vma_lock"... */
const char *vma_lock_class_name(enum vma_lock_class cls);
/** vma_lock_action_name() - "acquire", "release", "downgrade", "try". */
const char *vma_lock_action_name(enum vma_lock_action action);
/** vma_lock_text() - "acquire vma_lock [0x..,0x..) for writing" into @out. Returns @out. */
char *vma_lock_text(const struct vma_lock_event *e, char *out, size_t size);

/* ---------------------------------------------------------------- the lock of one VMA */

/*
 * The kernel's functions, under its names and contracts, on the model that operations keep: what
 * vma_op_run() write-locks has its @vm_lock_seq and @mm_lock_seq as in the kernel. None sleeps:
 * where the kernel would, they return false. Before 6.4 there are no VMA locks: the tries fail, the
 * rest does nothing.
 *
 * mm_lock_seq moves when mmap_lock is taken for writing and when that ends (so it is odd
 * meanwhile), before 6.13 only when it ends. At rest, what the last writer locked has
 * @vm_lock_seq == @mm_lock_seq - 1.
 */

/** vma_lock_init() - of a VMA that is new: detached, and write-locked by nobody. */
void vma_lock_init(struct vma *vma);
/** vma_is_attached(), vma_is_detached() - in the tree, or not (yet, or any more). */
bool vma_is_attached(const struct vma *vma);
bool vma_is_detached(const struct vma *vma);
/** vma_mark_attached(), vma_mark_detached() - in and out of the tree. Detaching needs a write
 *  lock, and fails while there are readers. */
void vma_mark_attached(struct vma *vma);
bool vma_mark_detached(const struct vma_mm *mm, struct vma *vma);

/**
 * vma_start_read() - the try itself
 *
 * Returns 1, and the caller has a reader's lock. 0: write-locked, or now of another mm. -EAGAIN:
 * detached, another may stand in its place: look up again. Before 6.15 the kernel's says yes or no
 * (1 or 0), and for what is detached its caller decides, who takes it for 0 as well.
 */
int vma_start_read(const struct vma_mm *mm, struct vma *vma);
/** vma_start_read_locked() - with mmap_lock read-held: cannot fail for a writer. */
bool vma_start_read_locked(const struct vma_mm *mm, struct vma *vma);
void vma_end_read(struct vma *vma);
/** vma_start_write() - mmap_lock must be write-held. False: it would wait for readers. There is no
 *  vma_end_write(). */
bool vma_start_write(const struct vma_mm *mm, struct vma *vma);
/** vma_is_write_locked() - its sequence number is the mm's, and mmap_lock is write-held. */
bool vma_is_write_locked(const struct vma_mm *mm, const struct vma *vma);
/** vma_end_write_all() - all write locks of an mm end at once. */
void vma_end_write_all(struct vma_mm *mm);

/**
 * vma_lock_vma_under_rcu() - lock_vma_under_rcu(): look up, and lock for reading
 * @found:  what the walk has found; NULL: it is done here. Between the two it may have been
 *          write-locked, cut, or detached.
 * @misses: how often the walk was done again, because what it found was detached (NULL)
 *
 * NULL: abort, the caller has to take mmap_lock.
 */
struct vma *vma_lock_vma_under_rcu(struct vma_mm *mm, u64 addr, struct vma *found, u32 *misses);

/** vma_mmap_write_lock() and friends: mmap_lock. False: it would sleep. */
bool vma_mmap_write_lock(struct vma_mm *mm);
void vma_mmap_write_unlock(struct vma_mm *mm);
void vma_mmap_write_downgrade(struct vma_mm *mm);
bool vma_mmap_read_lock(struct vma_mm *mm);
void vma_mmap_read_unlock(struct vma_mm *mm);

/* ---------------------------------------------------------------- which way a fault goes */

/** enum vma_fallback - why a fault cannot do with the lock of its VMA */
enum vma_fallback {
	VMA_FALLBACK_NONE,
	VMA_FALLBACK_NO_VMA_LOCKS, /* before 6.4 */
	VMA_FALLBACK_NOT_MAPPED,   /* nothing there, or a stack that has to grow */
	VMA_FALLBACK_FILE,         /* 6.4, 6.5: anonymous memory only; 6.6: files only for reading */
	VMA_FALLBACK_UFFD,         /* before 6.6 */
	VMA_FALLBACK_HUGETLB,      /* before 6.9 */
	VMA_FALLBACK_ANON_VMA,     /* before 6.10: the anon_vma is not there yet */
	VMA_FALLBACK_TRYLOCK,      /* 6.10: it makes it in place, but mmap_lock is write-held */
	VMA_FALLBACK_WRITE_LOCKED, /* somebody changes the VMA just now */
	VMA_FALLBACK_NR
};
/** vma_fallback_text() - in words. */
const char *vma_fallback_text(enum vma_fallback why);

/**
 * vma_fault_path() - can a fault at @addr do with the lock of its VMA?
 * @write: a write
 *
 * VMA_FALLBACK_NONE: it can, as locks are held just now. *@trylock (NULL): it also tries
 * mmap_lock for reading, to make the anon_vma.
 */
enum vma_fallback vma_fault_path(const struct vma_mm *mm, u64 addr, bool write, bool *trylock);

/** enum vma_lock_stat - what the kernel counts in /proc/vmstat (CONFIG_PER_VMA_LOCK_STATS) */
enum vma_lock_stat {
	VMA_LOCK_STAT_NONE,    /* nothing: before 6.4 */
	VMA_LOCK_STAT_SUCCESS, /* handled under the VMA lock */
	VMA_LOCK_STAT_ABORT,   /* the VMA could not be locked: mmap_lock */
	VMA_LOCK_STAT_RETRY,   /* it was, but did not suffice: mmap_lock */
	VMA_LOCK_STAT_MISS,    /* what was found was detached: looked up again, see
				* vma_lock_vma_under_rcu() */
};
/** vma_lock_stat_name() - "vma_lock_success", ""... */
const char *vma_lock_stat_name(enum vma_lock_stat stat);
/** vma_fault_stat() - what a fault at @addr counts, besides misses. */
enum vma_lock_stat vma_fault_stat(const struct vma_mm *mm, u64 addr, bool write);

/* ---------------------------------------------------------------- the locks of an operation */

struct vma_locks;

/**
 * vma_locks_new() - something that adds the locks to the events of operations
 * @fn: hears the events and, in their places, VMA_EV_LOCK. NULL when out of memory.
 */
struct vma_locks *vma_locks_new(vma_listener *fn, void *ctx);
void vma_locks_free(struct vma_locks *l);
/** vma_locks_begin() - @mm is about to do @call; then give it all events by vma_locks_hear(), a
 *  vma_listener, and say vma_locks_end(). */
void vma_locks_begin(struct vma_locks *l, const struct vma_mm *mm, const struct vma_call *call);
void vma_locks_hear(void *locks, const struct vma_event *ev);
void vma_locks_end(struct vma_locks *l);

/** struct vma_lock_range - a VMA that the last operation write-locked */
struct vma_lock_range {
	u64 start, end;
};
/** vma_locks_written() - those of the last operation; borrowed until the next. */
const struct vma_lock_range *vma_locks_written(const struct vma_locks *l, size_t *nr);
/** vma_locks_mode() - how the last operation held mmap_lock at most: 0 not at all, 1 reading, 2
 *  writing. What page faults take does not count. */
int vma_locks_mode(const struct vma_locks *l);
/** vma_locks_failed() - out of memory: something is missing. */
bool vma_locks_failed(const struct vma_locks *l);

/* ---------------------------------------------------------------- the order */

#define VMA_LOCKDEP_MAX 64

/**
 * struct vma_lockdep - checks a sequence of lock events as it comes; all zero before the first
 * @wrong: the first violation, "" while there is none
 */
struct vma_lockdep {
	struct vma_lock_event held[VMA_LOCKDEP_MAX];
	size_t nr;
	char wrong[200];
};

/** vma_lockdep_hear() - a vma_listener; other events are ignored. */
void vma_lockdep_hear(void *lockdep, const struct vma_event *ev);
/** vma_lockdep_done() - the operation is over: nothing may be held. */
bool vma_lockdep_done(struct vma_lockdep *d);

#endif
