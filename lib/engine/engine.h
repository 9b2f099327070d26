/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
/*
 * What the files of the engine share: the operation under way, refusals and events.
 *
 * Every operation keeps the kernel's beat: check (all refusals, through refuse()), gather,
 * commit. Where the kernel itself stops half-way the code stops at the same place.
 */
#include <errno.h>

#include "base/check.h"
#include "base/range.h"
#include "libvmactl/lock.h"
#include "model/anon.h"
#include "model/world.h"

/* One operation under way; lent down to every helper. */
struct op {
	struct vma_world *w;
	struct vma_mm *mm;
	const struct vma_kernel *k;
	const struct vma_call *call;
	struct vma_result *res;
};

/* A refusal without its reason is a bug: every -errno of the engine is born here. */
static inline int refuse(struct op *o, int err, enum vma_why why)
{
	o->res->err = err;
	o->res->why = why;
	return -err;
}

static inline int refuse_at(struct op *o, int err, enum vma_why why, u64 at)
{
	o->res->at = at;
	return refuse(o, err, why);
}

/* The figures that a limit compares. */
static inline int refuse_limit(struct op *o, int err, enum vma_why why, u64 value, u64 limit)
{
	o->res->value = value;
	o->res->limit = limit;
	return refuse(o, err, why);
}

/* Without a listener an event costs one test. */
#define EMIT(o, ...)                                                                        \
	do {                                                                                \
		if (unlikely((o)->w->listen != NULL))                                       \
			(o)->w->listen((o)->w->listen_ctx,                                  \
				       &(const struct vma_event){ .mm = (o)->mm->id,        \
								  __VA_ARGS__ });           \
	} while (0)

/* Constants of the system calls, as x86-64 has them. */
enum {
	P_READ = 1,
	P_WRITE = 2,
	P_EXEC = 4,
	P_SEM = 8,
	P_GROWSDOWN = 0x01000000,
	P_GROWSUP = 0x02000000,

	M_SHARED = 0x01,
	M_PRIVATE = 0x02,
	M_SHARED_VALIDATE = 0x03,
	M_DROPPABLE = 0x08,
	M_TYPE = 0x0f,
	M_FIXED = 0x10,
	M_ANONYMOUS = 0x20,
	M_32BIT = 0x40,
	M_ABOVE4G = 0x80,
	M_GROWSDOWN = 0x100,
	M_DENYWRITE = 0x800,
	M_EXECUTABLE = 0x1000,
	M_LOCKED = 0x2000,
	M_NORESERVE = 0x4000,
	M_POPULATE = 0x8000,
	M_NONBLOCK = 0x10000,
	M_STACK = 0x20000,
	M_HUGETLB = 0x40000,
	M_SYNC = 0x80000,
	M_FIXED_NOREPLACE = 0x100000,
	M_UNINITIALIZED = 0x4000000,

	PERS_READ_IMPLIES_EXEC = 0x0400000,

	RES_DATA = 2,
	RES_STACK = 3,
	RES_MEMLOCK = 8,
	RES_AS = 9,
};

/* Plain anonymous memory, the commonest, has no vm_ops to look for. */
static inline bool has_close(const struct op *o, const struct vma *vma)
{
	const struct vma_ops *ops = vma_ops_of(o->w, vma);

	return ops && ops->close;
}

static inline bool is_hugetlb(const struct vma *vma)
{
	return vma->vm_flags & VM_HUGETLB;
}

static inline bool is_accessible(const struct vma *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

static inline u64 sticky(const struct vma_kernel *k)
{
	return k->sticky_flags ? VM_SOFTDIRTY | VM_MAYBE_GUARD : 0;
}

static inline bool has_cap(const struct op *o, u32 cap)
{
	return o->mm->caps & cap;
}

/* ---- lock-vma.c: what an operation locks. vma_op_run() gives up what is held in the end. */
struct vma_event lock_event(const struct vma_lock_event *e);
void tell_mmap(const struct op *o, enum vma_lock_action action, bool write);
void tell_start_write(const struct op *o, const struct vma *vma);
void tell_read_lock(const struct op *o, const struct vma *vma, bool taken);

/* mm_lock_seqcount_begin(), and vma_end_write_all(): nothing before there were VMA locks. */
static inline void begin_write(struct vma_mm *mm)
{
	CHECK(!mm->mmap_writer && !mm->mmap_readers);
	mm->mmap_writer = true;
	mm->mm_lock_seq += mm->world->kernel.mm_lock_seqcount;
}

static inline void end_write(struct vma_mm *mm)
{
	CHECK(mm->mmap_writer);
	mm->mm_lock_seq += mm->world->kernel.vma_locks;
	mm->mmap_writer = false;
}

static inline void mmap_write_lock(struct op *o)
{
	begin_write(o->mm);
	if (unlikely(o->w->listen != NULL))
		tell_mmap(o, VMA_LOCK_ACQUIRE, true);
}

static inline void mmap_read_lock(struct op *o)
{
	CHECK(!o->mm->mmap_writer);
	o->mm->mmap_readers++;
	if (unlikely(o->w->listen != NULL))
		tell_mmap(o, VMA_LOCK_ACQUIRE, false);
}

static inline void mmap_downgrade(struct op *o)
{
	end_write(o->mm);
	o->mm->mmap_readers = 1;
	if (unlikely(o->w->listen != NULL))
		tell_mmap(o, VMA_LOCK_DOWNGRADE, true);
}

static inline void mmap_unlock(struct op *o)
{
	bool write = o->mm->mmap_writer;

	if (write)
		end_write(o->mm);
	else if (o->mm->mmap_readers)
		o->mm->mmap_readers--;
	else
		return;
	if (unlikely(o->w->listen != NULL))
		tell_mmap(o, VMA_LOCK_RELEASE, write);
}

/* vma_start_write(), where the kernel has it: before the VMA changes, and of a new one too. */
static inline void start_write(struct op *o, struct vma *vma)
{
	CHECK(o->mm->mmap_writer);
	if (unlikely(o->w->listen != NULL))
		tell_start_write(o, vma);
	vma->vm_lock_seq = o->mm->mm_lock_seq;
}

/* ---- account.c: limits and charges */
/* may_expand_vm(): 0, or -ENOMEM with the reason (M20). */
int may_expand(struct op *o, u64 flags, u64 nr_pages);
/* security_vm_enough_memory: charges, or -ENOMEM (M24, M25). */
int charge(struct op *o, u64 nr_pages);
/* Would charge() refuse, after `before` pages more? */
int check_charge(struct op *o, u64 nr_pages, u64 before);
void uncharge(struct op *o, u64 nr_pages);
/* mlock_future_check(): -EAGAIN when flags are locked and RLIMIT_MEMLOCK is used up. */
int mlock_future(struct op *o, u64 flags, u64 len);
bool can_do_mlock(const struct op *o);
/* Adds one more mapping allowed? (each split; S1). */
int check_map_count(struct op *o);

/* ---- merge.c */
/* A merge under consideration. new range: middle NULL; modified range: middle holds it. */
struct merge {
	struct op *o;
	struct vma *prev, *middle, *next;
	u64 start, end;
	u64 pgoff;
	u64 flags;
	u32 file, anon_vma, name;
	u16 policy;
	u8 uffd;
	const struct vma *src;   /* mremap: copied from here */
	bool prev_only;          /* brk */
	bool by_mmap;            /* mmap(2): some kernels have an order of their own */
};

/* Which merge rule keeps this neighbour out; VMA_WHY_NONE: it may merge. */
enum vma_why merge_why(const struct merge *m, const struct vma *neighbour, bool is_prev);
/* Three ways: prev and next may both join (G4). */
bool anon_compatible(const struct vma *a, const struct vma *b);
/* A new range that is free: joined to a neighbour, or NULL (5.1, 5.2, 5.3). */
struct vma *merge_new(struct merge *m);
/* Part of middle that gets new attributes: joined to a neighbour, or NULL (5.1, 5.4). The flags
 * to set on the result are in m->flags afterwards. */
struct vma *merge_modified(struct merge *m);
/* Survivor takes over the anon_vma and the chain of a VMA that gives up pages (G11). */
void dup_anon(struct op *o, struct vma *to, const struct vma *from);

/* ---- split.c */
/* Cut vma at addr; below: the new struct is the lower half (S3). No limit test. */
int split_nolimit(struct op *o, struct vma *vma, u64 addr, bool below);
/* The same with the map-count test first (S1). */
int split(struct op *o, struct vma *vma, u64 addr, bool below);
/* [start, end) of the VMA becomes one of its own, which @vma then is: split() where that takes it, first
 * at the start. */
int cut_out(struct op *o, struct vma *vma, u64 start, u64 end);

/* ---- modify.c: vma_modify*(): merge, else split. *out: the VMA that now covers [start, end) */
struct modify {
	u64 flags;
	u32 name;
	u16 policy;
	u8 uffd;
	bool own_pgoff; /* the old userfaultfd quirk: the VMA's own pgoff is offered (5.5) */
};
int modify(struct op *o, struct vma *vma, u64 start, u64 end, struct modify *m, struct vma **out);
/* modify() of flags alone; everything else stays as it is. *flags: what to store. */
int modify_flags(struct op *o, struct vma *vma, u64 start, u64 end, u64 *flags, struct vma **out);
void set_flags(struct op *o, struct vma *vma, u64 flags);
/* The same without a lock: a flag that may be set under the VMA's read lock. */
void set_flags_shared(struct op *o, struct vma *vma, u64 flags);

/* ---- unmap.c */
/* Check, split so that [start, end) holds whole VMAs only (U2), and write-lock those. Errors keep
 * earlier splits. */
int unmap_gather(struct op *o, u64 start, u64 end);
enum {
	UNMAP_HIDE_ACCOUNT = 1, /* mremap's source: nothing is uncharged */
	UNMAP_LAST = 2,         /* nothing follows: mmap_lock is downgraded before anything is freed */
};
/* Remove the VMAs of a gathered range. */
void unmap_commit(struct op *o, u64 start, u64 end, u32 how);
/* Both, with the checks of munmap(2). */
int do_munmap(struct op *o, u64 start, u64 len, u32 how);
/* One VMA leaves: chain, index, record. Counters are the caller's. */
void remove_vma(struct op *o, struct vma *vma);
/* The same for one that another has swallowed: the index knows already. */
void drop_vma(struct op *o, struct vma *vma);

/* ---- place.c */
struct place {
	u64 addr, len, pgoff, map_flags;
	const struct vma_file *file;
};
/* get_unmapped_area(): *addr, or a refusal (section 4). */
int place(struct op *o, const struct place *p, u64 *addr);
u64 round_hint_to_min(const struct op *o, u64 hint);

/* ---- mmap.c */
struct mmap_req {
	u64 addr, len, prot, flags, pgoff;
	u32 file;
	bool kernel_call; /* remap_file_pages, shmat: no descriptor checks */
};
/* do_mmap(): *ret is the address. Populates too. */
int do_mmap(struct op *o, const struct mmap_req *r, u64 *ret);
/* Pages that an accountable mapping charges (M22). */
bool accountable(const struct op *o, u32 file, u64 flags);
u64 calc_prot_bits(u64 prot, unsigned int pkey);
/* The lock flags of a fresh mapping: counted, or stripped where they make no sense (M29). */
void account_locked(struct op *o, struct vma *vma, u64 flags, u64 nr_pages);
bool supports_mlock(const struct op *o, const struct vma *vma);
/* May KSM be switched on for this mapping (M10)? */
bool ksm_eligible(const struct op *o, u64 flags);

/* ---- mprotect.c: protection keys */
int exec_only_pkey(struct op *o);

/* ---- stack.c */
/* expand_stack(): grow a VM_GROWSDOWN mapping to addr (K2). */
int grow_stack(struct op *o, struct vma *vma, u64 addr);

/* ---- object.c: what is behind a mapping. Regular files are held whole by the page cache. */
/* First byte of a file mapping that lies past the file's last page; vm_end when none does. */
u64 object_end(const struct op *o, const struct vma *vma);
/* Is the page at addr in its object? *stop: up to where that answer holds, at most. */
bool object_holds(const struct op *o, const struct vma *vma, u64 addr, u64 *stop);
/* Pages of a shmem mapping's object come into being, or are punched out. */
void object_fill(struct op *o, const struct vma *vma, u64 start, u64 end, bool present);
/* should_fault_around(): do read faults map the neighbours that the object holds? */
bool faults_around(const struct op *o, const struct vma *vma);
/* do_fault_around() for read faults from page first to page last. eof: object_end(). */
void fault_around(struct op *o, const struct vma *vma, u64 first, u64 last, u64 eof);
/* A read fault at start, with its neighbours. Where the object holds the page, all up to *stop are
 * mapped now; else *stop is how far it does not. */
bool fault_in_object(struct op *o, const struct vma *vma, u64 start, u64 eof, u64 *stop);

/* ---- fault.c */
/* What a fault leaves behind where the state of a page was `state`. */
u32 filled_state(const struct op *o, const struct vma *vma, u32 state, bool write);
/* vma_adjust_trans_huge(): a border comes to lie in a huge page, which is no longer one. */
void split_huge_page(struct op *o, u64 addr);

static inline void split_huge(struct op *o, u64 addr)
{
	if (o->mm->page_runs->count && addr & (VMA_PMD_SIZE - 1))
		split_huge_page(o, addr);
}
/* anon_vma_prepare(): a neighbour's, or a fresh one (R7, A2). */
void prepare_anon(struct op *o, struct vma *vma);
enum fault_result {
	FAULT_OK,
	FAULT_MAPERR,
	FAULT_ACCERR,
	FAULT_PKUERR,
	FAULT_GUARD,
	FAULT_EOF,
	FAULT_UFFD,
	FAULT_POOL,
};
/* populate_vma_page_range(): fault a range in, under mmap_lock as it is held. */
void populate_locked(struct op *o, u64 start, u64 end);
/* mm_populate(): the writer is done, mmap_lock is taken anew for reading. Nobody hears of errors:
 * the next VMA is tried. */
void populate(struct op *o, u64 start, u64 end);
/* __mm_populate() of mlock: the first failure is the result, -EFAULT with its reason. */
int populate_strict(struct op *o, u64 start, u64 end);
/* May the thread's protection-key rights reach this VMA? */
bool pkey_permits(const struct op *o, const struct vma *vma, bool write);
/* The pages of one VMA, write or read; stops at the first that fails: *bad. */
enum fault_result fault_range(struct op *o, struct vma *vma, u64 start, u64 end, bool write,
			      u64 *bad);

/* ---- the operations; each returns 0 or a refusal, and sets res->ret on success */
typedef int vma_op_fn(struct op *o);
vma_op_fn run_mmap, run_munmap, run_mprotect, run_pkey_mprotect, run_brk, run_touch, run_fork,
	run_exit, run_mremap, run_madvise, run_process_madvise, run_mlock, run_mlock2, run_munlock,
	run_mlockall, run_munlockall, run_mseal, run_mbind, run_set_mempolicy, run_set_vma_name,
	run_set_memory_merge, run_set_thp_disable, run_set_mdwe, run_remap_file_pages, run_shmat,
	run_shmdt, run_uffd_api, run_uffd_register, run_uffd_unregister, run_uffd_close,
	run_setrlimit, run_pkey_alloc, run_pkey_free;

#endif
