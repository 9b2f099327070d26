// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The model and the log disagree: the log is right. What was recorded is applied as far as it can
 * be, so that one difference does not make a hundred.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "base/check.h"
#include "base/range.h"
#include "script/replay.h"

/* ---------------------------------------------------------------- going back */

/* Copies are paid for by the text read: 16 bytes a byte of log, and 64 MiB to begin with. */
#define CLONE_CREDIT (64ULL << 20)
#define CLONE_PER_BYTE 16

void follow_snapshot(struct vma_replay *r)
{
	u64 bytes;

	if (r->opts.strict || r->cloned_bytes > CLONE_CREDIT + CLONE_PER_BYTE * r->log_bytes)
		return;
	bytes = vma_world_bytes(r->world);
	r->snapshot = vma_world_clone(r->world);
	r->cloned_bytes += bytes;
}

void follow_forget(struct vma_replay *r)
{
	if (r->snapshot)
		vma_world_free(r->snapshot);
	r->snapshot = NULL;
}

static enum vma_follow go_back(struct vma_replay *r)
{
	u32 id = r->model ? r->model->mm->id : 0;

	if (!r->snapshot)
		return VMA_FOLLOW_KEPT;
	vma_world_free(r->world);
	r->world = r->snapshot;
	r->snapshot = NULL;
	if (r->model) {
		r->model->world = r->world;
		r->model->mm = vma_mm_by_id(r->world, id);
	}
	return VMA_FOLLOW_UNDONE;
}

/* ---------------------------------------------------------------- forcing */

int follow_run_lifted(struct vma_replay *r, const struct vma_call *call, struct vma_result *res)
{
	struct vma_system *sys = vma_world_system(r->world), saved = *sys;
	struct vma_mm *mm = r->mm;
	struct vma_rlimit rlimit[VMA_NR_RLIMITS];
	u32 caps = mm->caps;

	memcpy(rlimit, mm->rlimit, sizeof(rlimit));
	for (size_t i = 0; i < VMA_NR_RLIMITS; i++)
		mm->rlimit[i] = (struct vma_rlimit){ VMA_RLIM_INFINITY, VMA_RLIM_INFINITY };
	mm->caps = ~0U;
	sys->max_map_count = INT32_MAX;
	/* no limit, but the mode stays: MAP_NORESERVE depends on it */
	sys->totalram_pages = sys->overcommit_kbytes = 1ULL << 50;
	sys->mmap_min_addr = sys->lsm_mmap_min_addr = 0;
	replay_run(r, mm, call, res);
	if (call->op != VMA_OP_SETRLIMIT)
		memcpy(mm->rlimit, rlimit, sizeof(rlimit));
	mm->caps = caps;
	sys->max_map_count = saved.max_map_count;
	sys->totalram_pages = saved.totalram_pages;
	sys->overcommit_kbytes = saved.overcommit_kbytes;
	sys->mmap_min_addr = saved.mmap_min_addr;
	sys->lsm_mmap_min_addr = saved.lsm_mmap_min_addr;
	return res->err;
}

static void unmap(struct vma_replay *r, u64 addr, u64 len)
{
	struct vma_call call = { .op = VMA_OP_MUNMAP, .arg = { addr, page_up(len) } };
	struct vma_result res;

	if (len)
		follow_run_lifted(r, &call, &res);
}

/* Something is mapped in [addr, addr+len) that the model has not seen: private memory is the best
 * guess. True when there was a hole to fill. */
static bool learn_holes(struct vma_replay *r, u64 addr, u64 len)
{
	u64 at = page_down(addr), end = page_up(addr + len);
	bool learned = false;

	while (at < end) {
		const struct vma *next = vma_find(r->mm, at);
		u64 until = next ? min_u64(next->vm_start, end) : end;

		if (at < until) {
			struct vma init = {
				.vm_start = at, .vm_end = until, .vm_pgoff = at >> VMA_PAGE_SHIFT,
				.vm_flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT,
			};

			if (!vma_mm_add(r->mm, &init))
				return learned;
			learned = true;
		}
		at = next ? max_u64(next->vm_end, until) : end;
	}
	return learned;
}

static bool is_unmapped(enum vma_why why)
{
	return why == VMA_WHY_UNMAPPED || why == VMA_WHY_UNMAPPED_FAULT ||
	       why == VMA_WHY_CROSSES_VMA;
}

static enum vma_follow how(const struct vma_replay *r, int err)
{
	if (err)
		return VMA_FOLLOW_KEPT;
	return r->tasks.mms[r->mm->id].known ? VMA_FOLLOW_FORCED : VMA_FOLLOW_LEARNED;
}

/* The address that the kernel chose tells where it searches. */
static void learn_base(struct vma_replay *r, u64 addr, u64 len)
{
	struct mm_info *info = &r->tasks.mms[r->mm->id];

	if (info->known)
		return;
	if (!info->based || addr + page_up(len) > r->mm->mmap_base)
		r->mm->mmap_base = addr + page_up(len);
	info->based = true;
}

static int force_mmap_at(struct vma_replay *r, u64 addr)
{
	struct vma_call call = r->call;
	struct vma_result res;

	call.arg[0] = addr;
	call.arg[3] = (call.arg[3] & ~(u64)MAP_FIXED_NOREPLACE) | MAP_FIXED;
	return follow_run_lifted(r, &call, &res);
}

static enum vma_follow force_mmap(struct vma_replay *r, u64 addr)
{
	if (!r->res.err)
		unmap(r, (u64)r->res.ret, r->call.arg[1]);
	if (!(r->call.arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		learn_base(r, addr, r->call.arg[1]);
	return how(r, force_mmap_at(r, addr));
}

/*
 * MAP_32BIT with address randomisation: the search starts at a page drawn anew for each call,
 * within 32 MiB above 1 GiB (rule A8), so that nothing can foretell the result. It must be free,
 * and either lie in that range or follow a mapping.
 */
#define LOW_BASE 0x40000000ULL
#define LOW_RANDOM 0x02000000ULL
#define LOW_END 0x80000000ULL

bool follow_random(struct vma_replay *r, const struct line *l)
{
	u64 addr = (u64)l->ret, len = page_up(r->call.arg[1]);
	const struct vma *below, *above;

	if (r->call.op != VMA_OP_MMAP || l->err || !l->has_ret || r->res.err || !r->mm->randomize ||
	    (r->call.arg[3] & (MAP_32BIT | MAP_FIXED | MAP_FIXED_NOREPLACE)) != MAP_32BIT ||
	    (u64)r->res.ret < LOW_BASE || (u64)r->res.ret >= LOW_END ||
	    addr < LOW_BASE || addr + len > LOW_END)
		return false;
	unmap(r, (u64)r->res.ret, len);
	above = vma_find_prev(r->mm, addr, (struct vma **)&below);
	if ((above && above->vm_start < addr + len) ||
	    (addr >= LOW_BASE + LOW_RANDOM && !(below && below->vm_end == addr))) {
		replay_run(r, r->mm, &r->call, &r->res); /* as it was: it is a difference */
		return false;
	}
	force_mmap_at(r, addr);
	r->res.ret = l->ret;
	return true;
}

static enum vma_follow force_shmat(struct vma_replay *r, u64 addr)
{
	struct vma_call call = r->call;
	struct vma_result res;

	if (!r->res.err) {
		struct vma_call detach = { .op = VMA_OP_SHMDT, .arg = { (u64)r->res.ret } };

		follow_run_lifted(r, &detach, &res);
	}
	call.arg[1] = addr;
	call.arg[2] |= SHM_REMAP;
	return how(r, follow_run_lifted(r, &call, &res));
}

static enum vma_follow force_mremap(struct vma_replay *r, u64 addr)
{
	struct vma_call call = r->call;
	struct vma_result res;
	bool learned = false;

	if (!r->res.err) { /* it went elsewhere: once more */
		call.arg[0] = (u64)r->res.ret;
		call.arg[1] = call.arg[2];
		call.arg[3] = 0;
	} else if (!r->tasks.mms[r->mm->id].known && is_unmapped(r->res.why)) {
		learned = learn_holes(r, call.arg[0], call.arg[1]);
	}
	if (addr != call.arg[0])
		call.arg[3] |= MREMAP_MAYMOVE | MREMAP_FIXED;
	else if (call.arg[2] > call.arg[1])
		unmap(r, addr + page_up(call.arg[1]), page_up(call.arg[2]) - page_up(call.arg[1]));
	call.arg[4] = addr;
	if (follow_run_lifted(r, &call, &res))
		return VMA_FOLLOW_KEPT;
	return learned ? VMA_FOLLOW_LEARNED : how(r, 0);
}

/* The first brk of a program whose start nobody saw tells where its heap begins. */
static enum vma_follow force_brk(struct vma_replay *r, u64 addr)
{
	struct mm_info *info = &r->tasks.mms[r->mm->id];
	struct vma_call call = r->call;
	struct vma_result res;

	if (!info->heap) {
		r->mm->start_brk = r->mm->brk = addr;
		info->heap = true;
		return VMA_FOLLOW_LEARNED;
	}
	call.arg[0] = addr;
	follow_run_lifted(r, &call, &res);
	return how(r, (u64)res.ret == addr ? 0 : ENOMEM);
}

/* Where the range of an operation is among its arguments; false when it has none. */
static bool range_of(const struct vma_call *call, u64 *addr, u64 *len)
{
	const struct vma_op *op = vma_op_at(call->op);

	for (size_t i = 0; i + 1 < VMA_OP_ARGS; i++) {
		if (op->arg[i] != VMA_ARG_ADDR || op->arg[i + 1] != VMA_ARG_LEN)
			continue;
		*addr = call->arg[i];
		*len = call->arg[i + 1];
		return *addr + *len > *addr && *len < 1ULL << 46;
	}
	return false;
}

static enum vma_follow force_other(struct vma_replay *r)
{
	struct vma_result res;
	u64 addr, len;

	if (r->call.op == VMA_OP_TOUCH)
		return VMA_FOLLOW_KEPT;
	if (!follow_run_lifted(r, &r->call, &res)) {
		r->child_mm = res.mm;
		if (r->tasks.mms[r->mm->id].known || r->res.why != VMA_WHY_NO_CAP)
			return VMA_FOLLOW_FORCED;
		r->mm->caps = ~0U; /* nobody knew: it runs with privilege */
		return VMA_FOLLOW_LEARNED;
	}
	if (r->tasks.mms[r->mm->id].known || !is_unmapped(res.why) ||
	    !range_of(&r->call, &addr, &len) ||
	    !learn_holes(r, addr, len))
		return VMA_FOLLOW_KEPT;
	return how(r, follow_run_lifted(r, &r->call, &res));
}

/* ---------------------------------------------------------------- unfinished calls */

/* Calls whose effect decides where the next mapping goes. */
static bool moves_memory(const struct vma_replay *r, const struct task *t)
{
	struct line l;
	const struct syscall *row;

	if (line_lex(r->words, t->text.s, t->text.len, &l) != LINE_UNFINISHED)
		return false;
	row = syscall_find(r->words, &l);
	return row && (row->op == VMA_OP_MMAP || row->op == VMA_OP_MUNMAP ||
		       row->op == VMA_OP_MREMAP || row->op == VMA_OP_SHMDT ||
		       row->op == VMA_OP_SHMAT || row->op == VMA_OP_BRK);
}

/*
 * Calls of other threads that had begun but not returned may have been carried out before this
 * one. They are tried in the order they began, until the address comes out that was recorded.
 */
static bool reorder(struct vma_replay *r, const struct task *t, const struct line *l)
{
	struct vma_call call = r->call;
	const struct syscall *row = r->row;
	struct vma_mm *mm = r->mm;
	struct task *next;

	if (call.op != VMA_OP_MMAP || t->early || (call.arg[3] & MAP_FIXED))
		return false;
	for (struct task *p = r->tasks.first_pending; p; p = next) {
		struct vma_result res = r->res;
		bool ran;

		next = p->next_pending;
		if (p == t || p->mm != t->mm || p->early || !moves_memory(r, p))
			continue;
		if (!res.err)
			unmap(r, (u64)res.ret, call.arg[1]);
		ran = replay_run_early(r, p);
		r->call = call;
		r->row = row;
		r->mm = mm;
		replay_run(r, mm, &call, &r->res);
		if (ran && replay_agrees(l, call.op, &r->res))
			return true;
	}
	return false;
}

enum vma_follow follow(struct vma_replay *r, struct task *t, const struct line *l)
{
	if (l->err || l->sig)
		return go_back(r);
	if (r->tasks.first_pending && reorder(r, t, l))
		return VMA_FOLLOW_MODEL;
	switch (r->call.op) {
	case VMA_OP_MMAP:
		return force_mmap(r, (u64)l->ret);
	case VMA_OP_SHMAT:
		return force_shmat(r, (u64)l->ret);
	case VMA_OP_MREMAP:
		return force_mremap(r, (u64)l->ret);
	case VMA_OP_BRK:
		return force_brk(r, (u64)l->ret);
	default:
		return force_other(r);
	}
}
