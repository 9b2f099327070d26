// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every invariant of a world; runs after each operation in debug builds and tests. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/range.h"
#include "model/world.h"

/* What the chains say about one anon_vma, to be compared with its own counts. */
struct tally {
	u32 avcs, active, children, descendants;
};

static int check_chain(const struct vma_world *w, const struct vma *vma, struct tally *tally,
		       struct vma_err *err)
{
	bool own = false;

	for (u32 id = vma->avc; id;) {
		const struct vma_avc *avc = world_avc(w, id);

		if (avc->vma != vma->id)
			return vma_fail(err, EINVAL, "vma %llx: chain link %u belongs to vma %u",
					(unsigned long long)vma->vm_start, id, avc->vma);
		own |= avc->anon_vma == vma->anon_vma;
		tally[avc->anon_vma].avcs++;
		id = avc->next;
	}
	if (vma->anon_vma && !own)
		return vma_fail(err, EINVAL, "vma %llx: its anon_vma is not on its chain",
				(unsigned long long)vma->vm_start);
	if (vma->avc && !vma->anon_vma)
		return vma_fail(err, EINVAL, "vma %llx: a chain without anon_vma",
				(unsigned long long)vma->vm_start);
	if (vma->anon_vma)
		tally[vma->anon_vma].active++;
	return 0;
}

static int check_vma(const struct vma_mm *mm, const struct vma *vma, u64 start, u64 end,
		     struct vma_err *err)
{
	const unsigned long long at = start;

	if (vma->vm_start != start || vma->vm_end != end)
		return vma_fail(err, EINVAL, "vma %llx: the index has another range", at);
	if (!page_aligned(start) || !page_aligned(end) || start >= end)
		return vma_fail(err, EINVAL, "vma %llx: bad range", at);
	if (vma->mm != mm->id)
		return vma_fail(err, EINVAL, "vma %llx: belongs to mm %u", at, vma->mm);
	if (vma->file >= mm->world->nr_files && vma->file)
		return vma_fail(err, EINVAL, "vma %llx: unknown file %u", at, vma->file);
	if (!vma->vm_refcnt)
		return vma_fail(err, EINVAL, "vma %llx: in the index, but detached", at);
	if (vma->vm_flags & VM_SHARED && !(vma->vm_flags & VM_MAYSHARE))
		return vma_fail(err, EINVAL, "vma %llx: VM_SHARED without VM_MAYSHARE", at);
	if (vma->vm_flags & VM_MAYSHARE && vma->anon_vma)
		return vma_fail(err, EINVAL, "vma %llx: a shared mapping with anon_vma", at);
	return 0;
}

static int check_counters(const struct vma_mm *mm, const struct vma_mm *sum, struct vma_err *err)
{
	const struct {
		const char *name;
		u64 have, want;
	} c[] = {
		{ "map_count", mm->map_count, sum->map_count },
		{ "total_vm", mm->total_vm, sum->total_vm },
		{ "data_vm", mm->data_vm, sum->data_vm },
		{ "exec_vm", mm->exec_vm, sum->exec_vm },
		{ "stack_vm", mm->stack_vm, sum->stack_vm },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		if (c[i].have != c[i].want)
			return vma_fail(err, EINVAL, "mm %u: %s is %llu, the VMAs add up to %llu",
					mm->id, c[i].name, (unsigned long long)c[i].have,
					(unsigned long long)c[i].want);
	return 0;
}

static int check_mm(const struct vma_mm *mm, struct tally *tally, struct vma_err *err)
{
	struct vma_mm sum = { .map_count = 0 };
	const char *bad = tree_check(mm->vmas);
	struct tree_pos pos;
	int rc;

	if (!bad)
		bad = tree_check(mm->page_runs);
	if (bad)
		return vma_fail(err, EINVAL, "mm %u: %s", mm->id, bad);
	for (bool more = tree_first(mm->vmas, &pos); more; more = tree_next(mm->vmas, &pos)) {
		const struct vma *vma = world_vma(mm->world, tree_val(mm->vmas, pos));

		rc = check_vma(mm, vma, tree_start(mm->vmas, pos), tree_end(mm->vmas, pos), err);
		if (!rc)
			rc = check_chain(mm->world, vma, tally, err);
		if (rc)
			return rc;
		sum.map_count++;
		mm_stat_account(&sum, vma->vm_flags, (s64)vma_pages(vma));
	}
	return check_counters(mm, &sum, err);
}

static int check_anon(const struct vma_world *w, const struct vma_anon *av, const struct tally *t,
		      struct vma_err *err)
{
	if (av->nr_avcs != t->avcs)
		return vma_fail(err, EINVAL, "anon_vma %u: nr_avcs %u, chains have %u", av->id,
				av->nr_avcs, t->avcs);
	if (av->num_active_vmas != t->active + av->elsewhere)
		return vma_fail(err, EINVAL, "anon_vma %u: num_active_vmas %u, VMAs have %u", av->id,
				av->num_active_vmas, t->active + av->elsewhere);
	if (av->root != av->id && world_anon(w, av->root)->root != av->root)
		return vma_fail(err, EINVAL, "anon_vma %u: root %u is no root", av->id, av->root);
	return 0;
}

static int check_users(const struct vma_world *w, struct vma_err *err)
{
	u32 *users = calloc(w->nr_files + 1, sizeof(*users));
	struct vma *vma;
	int rc = 0;

	if (!users)
		return vma_fail(err, ENOMEM, "out of memory");
	for (u32 i = 0; i < w->nr_mms; i++)
		vma_for_each(w->mms[i], vma)
			users[vma->file]++;
	for (u32 i = 1; i < w->nr_files && !rc; i++)
		if (w->files[i]->users != users[i])
			rc = vma_fail(err, EINVAL, "file %u: %u users, %u VMAs map it", i,
				      w->files[i]->users, users[i]);
	free(users);
	return rc;
}

int vma_validate(const struct vma_world *w, struct vma_err *err)
{
	struct tally *tally = calloc(w->anons.nr + 1, sizeof(*tally));
	int rc = 0;

	if (!tally)
		return vma_fail(err, ENOMEM, "out of memory");
	for (u32 i = 0; i < w->nr_mms && !rc; i++)
		if (!w->mms[i]->dead)
			rc = check_mm(w->mms[i], tally, err);
	for (u32 id = 1; id < w->anons.nr && !rc; id++) {
		const struct vma_anon *av = world_anon(w, id);

		if (av->id == id && av->root) /* a freed record starts with a free-list link */
			rc = check_anon(w, av, &tally[id], err);
	}
	free(tally);
	return rc ? rc : check_users(w, err);
}
