// SPDX-License-Identifier: LGPL-2.1-or-later
/* fork, and exit of an address space (section 6 of part B). */
#include "engine/engine.h"

/* Page tables of a VMA are copied, or the child starts with none (F4). */
bool vma_fork_copies(const struct vma_kernel *k, const struct vma *vma)
{
	u64 always = VM_PFNMAP | VM_MIXEDMAP;

	if (vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK))
		return false;
	if (k->guard_flag)
		always |= VM_MAYBE_GUARD;
	/* Since 5.19 VM_UFFD_WP instead, but of the child: it has lost it (F2). */
	if (!k->fork_copies_by_wp)
		always |= VM_HUGETLB;
	return vma->vm_flags & always || vma->anon_vma;
}

/* Anonymous pages are shared until somebody writes; the parent's are too. */
static void share_pages(struct op *o, struct vma_mm *child, const struct vma *vma)
{
	struct vma_page_run run;
	u64 at = vma->vm_start;

	while (at < vma->vm_end && vma_pages_run(o->mm, at, &run) &&
	       run.start < vma->vm_end) {
		u64 from = max_u64(run.start, at), to = min_u64(run.end, vma->vm_end);
		u32 state = run.state;

		if ((state & 0xf) == VMA_PAGE_ANON) {
			state = (state & ~0xfU) | VMA_PAGE_ANON_SHARED;
			vma_pages_set(o->mm, from, to, state);
		}
		vma_pages_set(child, from, to, state);
		at = to;
	}
}

/* VM_DONTCOPY: the child has neither the mapping nor its pages in the counters (F1). */
static void leave_out(struct op *o, struct vma_mm *child)
{
	struct vma *vma;

	vma_for_each(o->mm, vma) {
		if (!(vma->vm_flags & VM_DONTCOPY))
			continue;
		tree_erase(child->vmas, vma->vm_start);
		child->map_count--;
		mm_stat_account(child, vma->vm_flags, -(s64)vma_pages(vma));
		EMIT(o, .kind = VMA_EV_FORK, .rule = "F1", .start = vma->vm_start,
		     .end = vma->vm_end, .value = VMA_FORK_SKIPPED);
	}
}

/* One VMA of the child: everything but locks and userfaultfd comes along (F2). */
static struct vma *copy_vma(struct op *o, struct op *child, const struct vma *vma)
{
	bool wipe = vma->vm_flags & VM_WIPEONFORK;
	struct vma *copy;
	u32 id;

	copy = pool_take(&o->w->vmas, &id);
	if (!copy) {
		o->w->oom = true;
		return NULL;
	}
	__builtin_prefetch(copy + 8, 1); /* new records follow each other */
	*copy = *vma;
	copy->id = id;
	copy->mm = child->mm->id;
	copy->anon_vma = copy->avc = 0;
	if (copy->file)
		file_use(o->w, copy->file);
	copy->vm_lock_seq = VMA_NEVER_LOCKED;
	start_write(child, copy); /* by vm_flags_clear() */
	copy->vm_flags &= ~VM_LOCKED_MASK;
	/* Without UFFD_FEATURE_EVENT_FORK the child's mapping is not registered. */
	if (unlikely(copy->uffd)) {
		copy->vm_flags &= ~VM_UFFD_FLAGS;
		copy->uffd = 0;
	}
	if (!wipe && vma->anon_vma)
		anon_fork(o->w, copy, vma);
	if (!wipe && o->mm->page_runs->count && vma_fork_copies(o->k, vma))
		share_pages(o, child->mm, vma);
	EMIT(o, .kind = VMA_EV_FORK, .rule = "F2", .start = vma->vm_start, .end = vma->vm_end,
	     .value = wipe ? VMA_FORK_WIPED : VMA_FORK_COPIED, .id = copy->anon_vma);
	return copy;
}

/* The child's index is the parent's with other records behind it; what is not copied goes after. */
static void copy_vmas(struct op *o, struct op *child)
{
	struct vma_tree *t = child->mm->vmas;
	struct tree_pos pos;
	u64 charged = 0;
	u32 skipped = 0;

	if (tree_copy(t, o->mm->vmas)) {
		o->w->oom = true;
		return;
	}
	child->mm->map_count = o->mm->map_count;
	for (bool more = tree_first(t, &pos); more; more = tree_next(t, &pos)) {
		struct vma *vma = world_vma(o->w, tree_val(t, pos)), *copy;

		if (!pos.slot)
			world_fetch_records(o->w, t, t->leaf[pos.leaf].next);
		start_write(o, vma);
		if (unlikely(vma->vm_flags & VM_DONTCOPY)) {
			skipped++;
			continue;
		}
		if (vma->vm_flags & VM_ACCOUNT)
			charged += vma_pages(vma);
		copy = copy_vma(o, child, vma);
		if (!copy)
			return;
		tree_set_val(t, pos, copy->id);
	}
	if (charged)
		charge(o, charged); /* check_copies() knew that it may */
	if (skipped)
		leave_out(o, child->mm);
}

static struct vma_mm *new_child(struct op *o)
{
	struct vma_mm *mm = o->mm, *child;
	u32 pid = (u32)o->call->arg[0];

	if (!pid)
		for (size_t i = 0; (child = vma_mm_at(o->w, i)); i++)
			pid = (u32)max_u64(pid, child->pid + 1);
	child = vma_mm_new(o->w, pid);
	if (!child) {
		o->w->oom = true;
		return NULL;
	}
	struct vma_mm fresh = *child;

	*child = *mm;
	child->id = fresh.id;
	child->pid = pid;
	child->parent_mm = mm->id;
	child->vmas = fresh.vmas;
	child->page_runs = fresh.page_runs;
	child->mm_lock_seq = 0;
	child->mmap_writer = false;
	child->map_count = 0;
	child->locked_vm = child->pinned_vm = 0;
	child->rss_anon = child->rss_file = child->rss_shmem = child->swap = 0;
	child->def_flags = mm->def_flags & VM_NOHUGEPAGE;
	child->hiwater_vm = 0;
	if (mm->mdwe & 2) /* PR_MDWE_NO_INHERIT */
		child->mdwe = 0;
	return child;
}

/* Charges of the copies come VMA by VMA; one refusal undoes the fork. */
static int check_copies(struct op *o)
{
	struct vma_result keep = *o->res;
	struct vma *vma;
	u64 charged = 0;

	/* Where all of it at once is not too much, no part is. */
	if (!check_charge(o, o->mm->total_vm, 0))
		return 0;
	*o->res = keep;
	vma_for_each(o->mm, vma) {
		start_write(o, vma); /* those up to the one that is refused */
		if (vma->vm_flags & VM_DONTCOPY || !(vma->vm_flags & VM_ACCOUNT))
			continue;
		if (check_charge(o, vma_pages(vma), charged))
			return -ENOMEM;
		charged += vma_pages(vma);
	}
	return 0;
}

int run_fork(struct op *o)
{
	struct vma_mm *child;
	struct op of_child = *o;
	int rc;

	mmap_write_lock(o);
	rc = check_copies(o);
	if (rc)
		return rc;
	child = new_child(o);
	if (!child)
		return -ENOMEM;
	of_child.mm = child;
	mmap_write_lock(&of_child);
	copy_vmas(o, &of_child);
	mmap_unlock(&of_child);
	if (o->w->oom)
		return -ENOMEM;
	child->hiwater_vm = child->total_vm;
	o->res->ret = child->pid;
	o->res->mm = child->id;
	return 0;
}

/* exit_mmap(): pages go while others may still read, the mappings under a writer's lock. */
int run_exit(struct op *o)
{
	struct vma *vma;

	mmap_read_lock(o);
	mmap_unlock(o);
	mmap_write_lock(o);
	if (o->w->listen)
		vma_for_each(o->mm, vma)
			start_write(o, vma);
	unmap_commit(o, 0, ~0ULL, 0);
	o->mm->locked_vm = 0;
	o->mm->dead = true;
	return 0;
}
