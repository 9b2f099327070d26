// SPDX-License-Identifier: LGPL-2.1-or-later
/* mbind(2), set_mempolicy(2) (section 4.2 of part B). */
#include <stdio.h>

#include "engine/engine.h"

enum {
	POL_DEFAULT,
	POL_PREFERRED,
	POL_BIND,
	POL_INTERLEAVE,
	POL_LOCAL,
	POL_PREFERRED_MANY,
	POL_WEIGHTED,

	POL_BALANCING = 1 << 13,
	POL_RELATIVE = 1 << 14,
	POL_STATIC = 1 << 15,
	POL_FLAGS = POL_BALANCING | POL_RELATIVE | POL_STATIC,
};

#define MASK_BITS_MOST (8 * VMA_PAGE_SIZE) /* get_nodes(): a page of bits */

static const char *const mode_names[] = {
	"default", "prefer", "bind", "interleave", "local", "prefer (many)", "weighted interleave",
};

static int bad_mode(struct op *o)
{
	return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
}

static u64 last_mode(const struct op *o)
{
	if (o->k->mbind_weighted)
		return POL_WEIGHTED;
	return o->k->mbind_preferred_many ? POL_PREFERRED_MANY : POL_LOCAL;
}

/* The nodes of a mask that exist; relative masks are folded onto them. */
static u64 effective_nodes(const struct op *o, u64 mask, u64 flags)
{
	u32 nr = o->w->sys.nr_nodes ? o->w->sys.nr_nodes : 1;
	u64 have = nr >= 64 ? ~0ULL : (1ULL << nr) - 1, nodes = 0;

	if (!(flags & POL_RELATIVE))
		return mask & have;
	for (u32 i = 0; i < 64; i++)
		if (mask & 1ULL << i)
			nodes |= 1ULL << i % nr;
	return nodes;
}

/* numa_maps' words, with the user's mask behind where the kernel compares that too. */
static u16 intern_policy(const struct op *o, u64 mode, u64 flags, u64 nodes, u64 user)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "%s%s%s", mode_names[mode],
			 flags & POL_STATIC ? "=static" : "", flags & POL_RELATIVE ? "=relative" : "");

	if (flags & POL_BALANCING)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%cbalancing",
			      flags & (POL_STATIC | POL_RELATIVE) ? '|' : '=');

	if (mode != POL_LOCAL) {
		char sep = ':';

		for (u32 i = 0; i < 64 && n < 120; i++)
			if (nodes & 1ULL << i) {
				n += snprintf(text + n, sizeof(text) - (size_t)n, "%c%u", sep, i);
				sep = ',';
			}
	}
	if (flags & (POL_STATIC | POL_RELATIVE) && user != nodes)
		snprintf(text + n, sizeof(text) - (size_t)n, " of 0x%llx", (unsigned long long)user);
	return vma_policy_intern(o->w, text);
}

/* sanitize_mpol_flags() */
static int check_mode(struct op *o, u64 word)
{
	u64 flags = word & POL_FLAGS, mode = word & 0xffffffffULL & ~(u64)POL_FLAGS;

	if (mode > last_mode(o) || (flags & POL_STATIC && flags & POL_RELATIVE))
		return bad_mode(o);
	if (!(flags & POL_BALANCING) || (o->k->mpol_balancing && mode == POL_BIND) ||
	    (o->k->mpol_balancing_many && mode == POL_PREFERRED_MANY))
		return 0;
	return bad_mode(o);
}

/* What the caller asks for. */
struct wanted {
	u64 mode, flags, mask;
};

/* sanitize_mpol_flags(), get_nodes() and mpol_new(). */
static int new_policy(struct op *o, u64 word, u64 mask, u64 maxnode, struct wanted *p)
{
	int rc = check_mode(o, word);

	*p = (struct wanted){ word & 0xffffffffULL & ~(u64)POL_FLAGS, word & POL_FLAGS, mask };
	if (rc)
		return rc;
	if (mask && maxnode - 1 > MASK_BITS_MOST) /* 0 is too many as well */
		return bad_mode(o);
	if (maxnode == 1)
		p->mask = 0;
	else if (maxnode && maxnode < 65)
		p->mask &= (1ULL << (maxnode - 1)) - 1;
	if (p->mode == POL_DEFAULT)
		return p->mask ? bad_mode(o) : 0;
	if (p->mode == POL_PREFERRED && !p->mask && !(p->flags & (POL_STATIC | POL_RELATIVE)))
		p->mode = POL_LOCAL;
	if (p->mode == POL_LOCAL)
		return p->mask || p->flags & (POL_STATIC | POL_RELATIVE) ? bad_mode(o) : 0;
	return p->mask ? 0 : bad_mode(o);
}

/* mpol_set_nodemask(): those of the nodes that exist. */
static int set_nodes(struct op *o, const struct wanted *p, u16 *policy)
{
	u64 nodes = effective_nodes(o, p->mask, p->flags);

	*policy = 0;
	if (p->mode == POL_DEFAULT)
		return 0;
	if (p->mode != POL_LOCAL && !nodes)
		return bad_mode(o);
	if (p->mode == POL_PREFERRED)
		nodes &= -nodes; /* the first node */
	*policy = intern_policy(o, p->mode, p->flags, nodes, p->mask);
	return 0;
}

/* queue_pages_range(): write-locks all that it looks at. A policy may not be set over holes; the
 * default may. */
static int queue_range(struct op *o, u64 start, u64 end, bool discontiguous)
{
	struct vma_iter it = vma_iter_at(o->mm, start);
	struct vma *vma = vma_iter_next(&it), *next;

	if (!vma || vma->vm_start >= end)
		return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, start);
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_iter_next(&it);
		start_write(o, vma);
		if (discontiguous)
			continue;
		if (vma->vm_start > start)
			return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, start);
		start = vma->vm_end;
		if (start < end && (!next || next->vm_start > start))
			return refuse_at(o, EFAULT, VMA_WHY_UNMAPPED_FAULT, start);
	}
	return 0;
}

static int bind_range(struct op *o, u64 start, u64 end, u16 policy)
{
	struct vma *vma = vma_find_intersection(o->mm, start, end), *result;

	while (vma && vma->vm_start < end) {
		u64 from = max_u64(start, vma->vm_start), to = min_u64(end, vma->vm_end);
		struct modify m = { .flags = vma->vm_flags, .name = vma->name, .policy = policy,
				    .uffd = vma->uffd };

		result = vma;
		if (vma->policy != policy) {
			int rc = modify(o, vma, from, to, &m, &result);

			if (rc)
				return rc;
			result->policy = policy;
		}
		vma = vma_next(o->mm, result);
	}
	return 0;
}

int run_mbind(struct op *o)
{
	const u64 *a = o->call->arg;
	u64 start = a[0], end = start + page_up(a[1]);
	struct wanted want;
	u16 policy;
	int rc;

	/* Order: mode and mask words, flags, address, then the policy itself. */
	rc = check_mode(o, a[2]);
	if (rc)
		return rc;
	if (a[5] & ~7ULL)
		return refuse(o, EINVAL, VMA_WHY_BAD_FLAGS);
	if (a[5] & 4 && !has_cap(o, VMA_CAP_SYS_NICE))
		return refuse(o, EPERM, VMA_WHY_NO_CAP);
	if (!page_aligned(start))
		return refuse_at(o, EINVAL, VMA_WHY_UNALIGNED, start);
	if (end < start)
		return refuse_at(o, EINVAL, VMA_WHY_RANGE_WRAPS, start);
	if (end == start)
		return 0;
	rc = new_policy(o, a[2], a[3], a[4], &want);
	if (rc)
		return rc;
	mmap_write_lock(o);
	rc = set_nodes(o, &want, &policy);
	if (!rc)
		rc = queue_range(o, start, end, !policy);
	return rc ? rc : bind_range(o, start, end, policy);
}

int run_set_mempolicy(struct op *o)
{
	const u64 *a = o->call->arg;
	struct wanted want;
	u16 policy;
	int rc = new_policy(o, a[0], a[1], a[2], &want);

	return rc ? rc : set_nodes(o, &want, &policy);
}
