// SPDX-License-Identifier: LGPL-2.1-or-later
/* Page faults: touch, populate, and the anon_vma they make (sections 5.2 and 7 of part B). */
#include <string.h>

#include "engine/engine.h"

/* ---------------------------------------------------------------- anon_vma */

/* anon_vma_compatible() plus reusable_anon_vma() for one neighbour (A2, R7). */
static u32 reusable(const struct op *o, const struct vma *lower, const struct vma *upper,
		    const struct vma *neighbour)
{
	u64 ignore = VM_ACCESS_FLAGS | VM_SOFTDIRTY | sticky(o->k);

	if (!lower || !upper || lower->vm_end != upper->vm_start)
		return 0;
	if (lower->policy != upper->policy || lower->file != upper->file ||
	    (lower->vm_flags ^ upper->vm_flags) & ~ignore ||
	    upper->vm_pgoff != lower->vm_pgoff + vma_pages(lower))
		return 0;
	if (!neighbour->anon_vma || !vma_chain_is_singular(o->w, neighbour))
		return 0;
	return neighbour->anon_vma;
}

void prepare_anon(struct op *o, struct vma *vma)
{
	const struct vma *next, *prev;
	u32 id;

	if (vma->anon_vma)
		return;
	next = vma_next(o->mm, vma);
	id = next ? reusable(o, vma, next, next) : 0;
	if (!id) {
		prev = vma_prev(o->mm, vma);
		id = prev ? reusable(o, prev, vma, prev) : 0;
	}
	if (id) {
		anon_attach(o->w, vma, id);
		EMIT(o, .kind = VMA_EV_ANON_REUSE, .rule = "A2", .start = vma->vm_start,
		     .end = vma->vm_end, .id = id);
	} else {
		struct vma_anon *av = anon_new_root(o->w);

		if (!av)
			return;
		anon_attach(o->w, vma, av->id);
		EMIT(o, .kind = VMA_EV_ANON_NEW, .rule = "A1", .start = vma->vm_start,
		     .end = vma->vm_end, .id = av->id);
	}
}

/* ---------------------------------------------------------------- one VMA's pages */

/* THP: the first fault in an aligned 2 MiB block that holds no page yet (A1.2). */
static bool thp_block(const struct op *o, const struct vma *vma, u64 addr, u64 *block)
{
	const struct vma_system *sys = &o->w->sys;
	struct vma_page_run run;
	u64 at = round_down_to(addr, VMA_PMD_SIZE);

	if (!sys->thp_built_in || !sys->thp_enabled || o->mm->thp_disable ||
	    vma->vm_flags & (VM_NOHUGEPAGE | VM_UFFD_FLAGS) || !vma_is_anonymous(o->w, vma))
		return false;
	if (sys->thp_enabled == 1 && !(vma->vm_flags & VM_HUGEPAGE))
		return false;
	if (at < vma->vm_start || at + VMA_PMD_SIZE > vma->vm_end)
		return false;
	/* A page table below the block is enough to rule a huge page out. */
	if (vma_pages_run(o->mm, at, &run) && run.start < at + VMA_PMD_SIZE)
		return false;
	*block = at;
	return true;
}

#define HUGE_ZERO (VMA_PAGE_ZERO | VMA_PAGE_HUGE)

/* Is the huge zero page mapped as one, whatever madvise says by now? Then a write replaces it. */
static bool huge_zero_block(const struct op *o, const struct vma *vma, u64 addr, u64 *block)
{
	struct vma_page_run run;
	u64 at = round_down_to(addr, VMA_PMD_SIZE);

	*block = at;
	return o->k->thp_zero_write && at >= vma->vm_start && at + VMA_PMD_SIZE <= vma->vm_end &&
	       vma_pages_run(o->mm, at, &run) && run.state == HUGE_ZERO && run.start <= at &&
	       run.end >= at + VMA_PMD_SIZE;
}

void split_huge_page(struct op *o, u64 addr)
{
	u64 at = round_down_to(addr, VMA_PMD_SIZE), end = at + VMA_PMD_SIZE;
	struct vma_page_run run;

	while (at < end && vma_pages_run(o->mm, at, &run) && run.start < end) {
		u64 from = max_u64(run.start, at);

		at = min_u64(run.end, end);
		if (run.state & VMA_PAGE_HUGE)
			vma_pages_set(o->mm, from, at, run.state & ~(u32)VMA_PAGE_HUGE);
	}
}

u32 filled_state(const struct op *o, const struct vma *vma, u32 state, bool write)
{
	u32 uncounted;

	if (vma_is_anonymous(o->w, vma))
		return write || (state & 0xf) == VMA_PAGE_SWAP ? VMA_PAGE_ANON : VMA_PAGE_ZERO;
	uncounted = vma->vm_flags & (VM_PFNMAP | VM_HUGETLB) ? VMA_PAGE_UNCOUNTED : 0;
	if ((write && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE))) || (state & 0xf) == VMA_PAGE_SWAP)
		return VMA_PAGE_ANON | uncounted;
	if (vma_maps_shmem(o->w, vma) || is_hugetlb(vma))
		return VMA_PAGE_SHMEM | uncounted;
	return VMA_PAGE_FILE | uncounted;
}

/* Is a page in this state enough for the access as it is? */
static bool satisfied(const struct vma *vma, u32 state, bool write)
{
	switch (state & 0xf) {
	case VMA_PAGE_ANON:
		return true;
	case VMA_PAGE_ZERO:
	case VMA_PAGE_ANON_SHARED:
		return !write;
	case VMA_PAGE_FILE:
	case VMA_PAGE_SHMEM:
		return !write || vma->vm_flags & VM_SHARED;
	default:
		return false;
	}
}

/* Does a userfaultfd get this fault? Missing: nothing in the object either; minor: it is. */
static bool uffd_wants(const struct op *o, const struct vma *vma, u64 addr, u64 *stop)
{
	if (!vma_maps_shmem(o->w, vma))
		return vma->vm_flags & VM_UFFD_MISSING;
	if (!(vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR)))
		return false;
	return vma->vm_flags & (object_holds(o, vma, addr, stop) ? VM_UFFD_MINOR : VM_UFFD_MISSING);
}

/* [vvar]: the clock page, and since 6.13 the random generator's; the rest belongs to hypervisors
 * and time namespaces. */
static bool vvar_absent(const struct op *o, const struct vma *vma, u64 addr)
{
	u64 page = pages(addr - vma->vm_start) + vma->vm_pgoff;
	const struct vma_file *f = vma_file_at(o->w, vma->file);

	if (!f || f->kind != VMA_KIND_SPECIAL || !(vma->vm_flags & VM_IO))
		return false;
	if (strcmp(f->path, "[vvar]"))
		return true;
	return page != 0 && !(page == 2 && o->k->vvar_random);
}

/* A huge page that nobody reserved is there no more: a SIGBUS, not an OOM kill. */
static bool pool_is_empty(const struct op *o, const struct vma *vma)
{
	return is_hugetlb(vma) && vma->vm_flags & VM_NORESERVE &&
	       o->w->sys.hugetlb_free_pages < pages(VMA_PMD_SIZE);
}

/* Does a write that this page is not enough for copy it? */
static bool is_copied(u32 state)
{
	state &= 0xf;
	return state == VMA_PAGE_ANON_SHARED || state == VMA_PAGE_FILE || state == VMA_PAGE_SHMEM;
}

/* Nothing is mapped at start: is there a page for it? *stop: how far that holds. */
static enum fault_result find_page(const struct op *o, const struct vma *vma, u64 start, u64 eof,
				   u64 *stop)
{
	if (vvar_absent(o, vma, start))
		return FAULT_EOF;
	if (vma->vm_flags & VM_IO)
		*stop = min_u64(*stop, start + VMA_PAGE_SIZE); /* each page has its own answer */
	if (start >= eof)
		return FAULT_EOF;
	*stop = min_u64(*stop, eof);
	if (uffd_wants(o, vma, start, stop))
		return FAULT_UFFD;
	return pool_is_empty(o, vma) ? FAULT_POOL : FAULT_OK;
}

/* The anon_vma comes before the page is looked for (rc: what that finds), with a write. A private
 * huge page is one of its own also when it is read, and comes after the userfaultfd was asked. */
static bool makes_anon(const struct op *o, const struct vma *vma, bool missing, bool write,
		       enum fault_result rc)
{
	if (vma->vm_flags & VM_MAYSHARE)
		return false;
	if (!missing || !is_hugetlb(vma))
		return write;
	return rc == FAULT_OK || (rc == FAULT_POOL && o->k->hugetlb_anon_first);
}

/* A fault that brings a huge page. */
static bool fault_huge(struct op *o, struct vma *vma, u64 start, u32 state, bool write, u64 *past)
{
	u64 block;

	if (state == VMA_PAGE_NONE && thp_block(o, vma, start, &block)) {
		prepare_anon(o, vma);
		vma_pages_set(o->mm, block, block + VMA_PMD_SIZE,
			      (write ? VMA_PAGE_ANON : VMA_PAGE_ZERO) | VMA_PAGE_HUGE);
	} else if (state == HUGE_ZERO && huge_zero_block(o, vma, start, &block)) {
		vma_pages_set(o->mm, block, block + VMA_PMD_SIZE, VMA_PAGE_ANON | VMA_PAGE_HUGE);
	} else {
		return false;
	}
	*past = block + VMA_PMD_SIZE;
	return true;
}

/* Pages of one state get what the fault brings. */
static void fill(struct op *o, struct vma *vma, u64 start, u64 end, u32 state, bool write)
{
	u32 filled = filled_state(o, vma, state, write);

	if (write && is_copied(state))
		EMIT(o, .kind = VMA_EV_COPY, .rule = "F6", .at = start, .start = start, .end = end);
	if (state == VMA_PAGE_NONE && vma->file)
		object_fill(o, vma, start, end, true);
	vma_pages_set(o->mm, start, end, filled);
	EMIT(o, .kind = VMA_EV_FAULT, .rule = "PF2", .at = start, .start = start, .end = end,
	     .value = filled);
}

/* Pages [start, end) of one state (run.state) are accessed. *bad: how far it went. */
static enum fault_result fault_run(struct op *o, struct vma *vma, u64 start, u64 end, u32 state,
				   bool write, u64 eof, u64 *bad)
{
	const bool missing = state == VMA_PAGE_NONE;
	const bool around = missing && !write && vma->file && faults_around(o, vma);
	enum fault_result rc;
	u64 stop = end;

	*bad = start;
	if ((state & 0xf) == VMA_PAGE_GUARD)
		return FAULT_GUARD;
	if (satisfied(vma, state, write))
		return FAULT_OK;
	if (around && fault_in_object(o, vma, start, eof, &stop)) {
		*bad = stop;
		return FAULT_OK;
	}
	rc = missing ? find_page(o, vma, start, eof, &stop) : FAULT_OK;
	if (makes_anon(o, vma, missing, write, rc))
		prepare_anon(o, vma);
	if (rc != FAULT_OK)
		return rc;
	if (fault_huge(o, vma, start, state, write, &stop)) {
		*bad = min_u64(end, stop);
		return FAULT_OK;
	}
	/* The next block of 2 MiB may become a huge page where this one cannot. */
	if (missing && o->w->sys.thp_enabled && vma_is_anonymous(o->w, vma))
		stop = min_u64(stop, round_down_to(start, VMA_PMD_SIZE) + VMA_PMD_SIZE);
	if (around)
		fault_around(o, vma, start, stop - VMA_PAGE_SIZE, eof);
	fill(o, vma, start, stop, state, write);
	*bad = stop;
	return FAULT_OK;
}

enum fault_result fault_range(struct op *o, struct vma *vma, u64 start, u64 end, bool write, u64 *bad)
{
	u64 eof = vma->file ? object_end(o, vma) : vma->vm_end;

	while (start < end) {
		struct vma_page_run run = { end, end, VMA_PAGE_NONE };
		u64 to = end;
		u32 state = VMA_PAGE_NONE;
		enum fault_result rc;

		vma_pages_run(o->mm, start, &run);
		if (run.start <= start) {
			state = run.state;
			to = min_u64(end, run.end);
		} else {
			to = min_u64(end, run.start);
		}
		rc = fault_run(o, vma, start, to, state, write, eof, bad);
		if (rc != FAULT_OK)
			return rc;
		start = satisfied(vma, state, write) ? to : max_u64(*bad, start + VMA_PAGE_SIZE);
	}
	return FAULT_OK;
}

/* ---------------------------------------------------------------- populate */

bool pkey_permits(const struct op *o, const struct vma *vma, bool write)
{
	u32 rights = o->w->sys.pkeys ? o->mm->pkru >> vma_pkey(vma->vm_flags) * 2 & 3 : 0;

	return !(rights & 1) && !(write && rights & 2);
}

static int populate_vma(struct op *o, struct vma *vma, u64 start, u64 end)
{
	bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	u64 bad;

	if (vma->vm_flags & VM_LOCKONFAULT && !o->k->onfault_populate_checks)
		return 0;
	if (!is_accessible(vma) || !pkey_permits(o, vma, write))
		return refuse_at(o, EFAULT, VMA_WHY_POPULATE_FAILED, start);
	if (vma->vm_flags & VM_LOCKONFAULT)
		return 0;
	/* The first writable fault makes the anon_vma whatever state the pages are in. */
	switch (fault_range(o, vma, start, end, write, &bad)) {
	case FAULT_OK:
		return 0;
	case FAULT_GUARD:
		return refuse_at(o, EFAULT, VMA_WHY_GUARD, bad);
	default:
		return refuse_at(o, EFAULT, VMA_WHY_POPULATE_FAILED, bad);
	}
}

static int populate_range(struct op *o, u64 start, u64 end, bool strict)
{
	struct vma *vma;
	int rc = 0;

	EMIT(o, .kind = VMA_EV_POPULATE, .rule = "M9", .start = start, .end = end);
	while (start < end && (vma = vma_find_intersection(o->mm, start, end))) {
		u64 to = min_u64(end, vma->vm_end);

		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			rc = populate_vma(o, vma, max_u64(start, vma->vm_start), to);
		if (rc && strict)
			return rc;
		start = to;
	}
	return 0;
}

void populate_locked(struct op *o, u64 start, u64 end)
{
	struct vma_result keep = *o->res;

	populate_range(o, start, end, false);
	*o->res = keep;
}

/* The writer's work is done. */
static void read_lock_anew(struct op *o)
{
	mmap_unlock(o);
	mmap_read_lock(o);
}

void populate(struct op *o, u64 start, u64 end)
{
	read_lock_anew(o);
	populate_locked(o, start, end);
}

int populate_strict(struct op *o, u64 start, u64 end)
{
	read_lock_anew(o);
	return populate_range(o, start, end, true);
}

/* ---------------------------------------------------------------- touch */

/* access_error(): may this VMA be accessed so (G1.3)? */
static enum fault_result check_access(const struct op *o, const struct vma *vma, u64 access)
{
	if (access & P_EXEC)
		return vma->vm_flags & VM_EXEC ? FAULT_OK : FAULT_ACCERR;
	if (!pkey_permits(o, vma, access & P_WRITE))
		return FAULT_PKUERR;
	if (access & P_WRITE)
		return vma->vm_flags & VM_WRITE ? FAULT_OK : FAULT_ACCERR;
	return is_accessible(vma) ? FAULT_OK : FAULT_ACCERR;
}

/* An instruction fetch is a read until the page is there: only then does the CPU say NX. */
static enum fault_result fetch(struct op *o, struct vma *vma, u64 page)
{
	u64 bad;
	enum fault_result rc = fault_range(o, vma, page, page + VMA_PAGE_SIZE, false, &bad);

	return rc == FAULT_OK ? FAULT_ACCERR : rc;
}

static const struct {
	int sig, code;
	enum vma_why why;
} signals[] = {
	[FAULT_MAPERR] = { 11, 1, VMA_WHY_SEGV_MAPERR },
	[FAULT_ACCERR] = { 11, 2, VMA_WHY_SEGV_ACCERR },
	[FAULT_PKUERR] = { 11, 4, VMA_WHY_SEGV_PKUERR },
	[FAULT_GUARD] = { 11, 1, VMA_WHY_SEGV_GUARD },
	[FAULT_EOF] = { 7, 2, VMA_WHY_SIGBUS_EOF },
	[FAULT_UFFD] = { 7, 2, VMA_WHY_SIGBUS_UFFD },
	[FAULT_POOL] = { 7, 2, VMA_WHY_HUGETLB_POOL },
};

/* The signal of a failed access; keeps the reason a stack could not grow. */
static int deliver(struct op *o, enum fault_result rc, u64 start, u64 addr)
{
	struct vma_result *res = o->res;

	if (res->why == VMA_WHY_NONE)
		res->why = signals[rc].why;
	res->err = EFAULT;
	res->sig = signals[rc].sig;
	res->si_code = signals[rc].code;
	res->at = addr;
	res->pages = pages(page_down(addr) - page_down(start));
	return -EFAULT;
}

/* The VMA that an access at addr meets. A stack may grow for it; then mmap_lock stays read-held for
 * the fault itself. */
static struct vma *meet(struct op *o, u64 addr)
{
	struct vma *vma = addr < o->mm->task_size ? vma_find(o->mm, addr) : NULL;
	int rc;

	if (!vma || vma->vm_start <= addr)
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return NULL;
	mmap_read_lock(o);
	if (o->k->stack_grows_under_write) {
		mmap_unlock(o);
		mmap_write_lock(o);
	}
	rc = grow_stack(o, vma, addr);
	if (rc)
		return NULL;
	if (o->mm->mmap_writer)
		mmap_downgrade(o);
	return vma;
}

int run_touch(struct op *o)
{
	u64 start = o->call->arg[0], end = start + o->call->arg[1], access = o->call->arg[2];
	u64 addr = start, bad;

	while (addr < end) {
		struct vma *vma = meet(o, addr);
		enum fault_result rc;
		u64 from = page_down(addr), to;

		if (!vma)
			return deliver(o, FAULT_MAPERR, start, addr);
		rc = check_access(o, vma, access);
		if (rc == FAULT_ACCERR && access & P_EXEC && is_accessible(vma))
			rc = fetch(o, vma, from);
		if (rc != FAULT_OK)
			return deliver(o, rc, start, addr);
		to = min_u64(vma->vm_end, page_up(end));
		rc = fault_range(o, vma, from, to, access & P_WRITE, &bad);
		if (rc != FAULT_OK)
			return deliver(o, rc, start, max_u64(bad, start));
		mmap_unlock(o);
		addr = to;
	}
	return 0;
}
