// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Why two neighbours are two mappings.
 *
 * The engine names the first merge rule that fails on the model. How far that can be believed is
 * decided here: a rule is as certain as the fields it compares, and a kernel that did not merge
 * what looks mergeable knows something that we do not.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/topology.h"

#define NO_FIELD VMA_FIELD_NR

/* THE table of merge rules: the field a rule compares (two, when one says what the other means). */
static const struct {
	enum vma_why why;
	enum vma_field field, field2;
} rules[] = {
	{ VMA_WHY_MERGE_HOLE, VMA_FIELD_RANGE, NO_FIELD },
	{ VMA_WHY_MERGE_FLAGS, VMA_FIELD_FLAGS, NO_FIELD },
	{ VMA_WHY_MERGE_SPECIAL, VMA_FIELD_FLAGS, NO_FIELD },
	{ VMA_WHY_MERGE_FILE, VMA_FIELD_FILE, NO_FIELD },
	{ VMA_WHY_MERGE_PGOFF, VMA_FIELD_PGOFF, NO_FIELD },
	{ VMA_WHY_MERGE_POLICY, VMA_FIELD_POLICY, NO_FIELD },
	{ VMA_WHY_MERGE_UFFD, VMA_FIELD_UFFD, NO_FIELD },
	{ VMA_WHY_MERGE_NAME, VMA_FIELD_NAME, NO_FIELD },
	{ VMA_WHY_MERGE_CLOSE, VMA_FIELD_OPS, NO_FIELD },
	{ VMA_WHY_MERGE_ANON, VMA_FIELD_ANON_VMA, VMA_FIELD_SHARING },
	{ VMA_WHY_MERGE_ANON_FORK, VMA_FIELD_ANON_VMA, VMA_FIELD_ROOT },
	{ VMA_WHY_MERGE_ANON_ONE_SIDED, VMA_FIELD_ANON_VMA, NO_FIELD },
};

/* ---------------------------------------------------------------- certainty */

/* A field of both sides: as certain as the weaker one. */
static struct vma_provenance both(const struct vma_model *m, const struct vma_pair *p,
				  enum vma_field field)
{
	return vma_weaker(vma_model_known(m, p->left, field), vma_model_known(m, p->right, field));
}

static struct vma_provenance how_of(const struct vma_model *m, const struct vma_pair *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].why != p->why)
			continue;
		if (rules[i].field2 == NO_FIELD)
			return both(m, p, rules[i].field);
		return vma_weaker(both(m, p, rules[i].field), both(m, p, rules[i].field2));
	}
	return (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
}

static bool is_anon_rule(enum vma_why why)
{
	return why == VMA_WHY_MERGE_ANON || why == VMA_WHY_MERGE_ANON_FORK ||
	       why == VMA_WHY_MERGE_ANON_ONE_SIDED;
}

/* Can mremap have left this mapping with an offset that is not its address? */
static bool may_have_moved(const struct vma_model *m, const struct vma_pair *p)
{
	return vma_is_anonymous(m->world, p->right) &&
	       both(m, p, VMA_FIELD_PGOFF).known == VMA_INFERRED;
}

/*
 * Where brk and stacks meet another mapping no call ever asked for a merge: the kernel grows them
 * by rules of their own.
 */
static bool never_asked(const struct vma_model *m, const struct vma_pair *p)
{
	const struct vma_kernel *k = vma_world_kernel(m->world);

	return (p->right->vm_start == m->mm->start_brk && k->brk_merges_prev_only) ||
	       (p->left->vm_flags & p->right->vm_flags & VM_GROWSDOWN);
}

/* What is said of a pair that the model would join although the kernel did not. */
static void judge_none(const struct vma_model *m, struct vma_pair *p)
{
	bool exact = m->facts->bpf != NULL;

	if (exact || never_asked(m, p)) {
		p->how = exact ? (struct vma_provenance){ VMA_EXACT, 100, "" } :
				 (struct vma_provenance){ VMA_INFERRED, 90, "B4" };
		return;
	}
	/* Something is in the way that /proc does not show: pages that went away leave an anon_vma
	 * behind, and a move leaves an offset. */
	p->how = (struct vma_provenance){ VMA_UNKNOWN, 0, "I6" };
}

static void add_other(struct vma_pair *p, enum vma_why why)
{
	for (size_t i = 0; i < VMA_PAIR_OTHERS - 1; i++) {
		if (p->or_why[i] != VMA_WHY_NONE)
			continue;
		p->or_why[i] = why;
		return;
	}
}

/* What the model says is a guess: it is one of those that may be. */
static void name_none(struct vma_pair *p)
{
	for (size_t i = VMA_PAIR_OTHERS - 2; i > 0; i--)
		p->or_why[i] = p->or_why[i - 1];
	p->or_why[0] = p->why;
	p->why = VMA_WHY_NONE;
}

/* Which other rules may fail, and may have been the first: values that are inferred count. */
static void judge_reason(const struct vma_model *m, struct vma_pair *p)
{
	bool anon = is_anon_rule(p->why), other_file = p->right->file && p->left->file &&
		    both(m, p, VMA_FIELD_FILE).known == VMA_INFERRED;

	p->how = how_of(m, p);
	if (m->facts->bpf)
		return;
	if (p->why == VMA_WHY_MERGE_FILE && p->how.known < VMA_EXACT) {
		add_other(p, VMA_WHY_MERGE_ANON);
		if (m->facts->forked)
			add_other(p, VMA_WHY_MERGE_ANON_FORK);
	}
	if (p->why == VMA_WHY_MERGE_ANON_FORK) /* the other side's may have lost its pages */
		add_other(p, VMA_WHY_MERGE_ANON);
	/* one of the two may have none, and the other one's chain is what is in the way */
	if (p->why == VMA_WHY_MERGE_ANON && m->facts->forked == 1 &&
	    both(m, p, VMA_FIELD_ANON_VMA).known <= VMA_INFERRED)
		add_other(p, VMA_WHY_MERGE_ANON_FORK);
	if (anon && may_have_moved(m, p))
		add_other(p, VMA_WHY_MERGE_PGOFF);
	if ((anon || p->why == VMA_WHY_MERGE_PGOFF || p->why == VMA_WHY_MERGE_UFFD) && other_file)
		add_other(p, VMA_WHY_MERGE_FILE);
	if (anon && p->or_why[0] != VMA_WHY_NONE && p->how.known > VMA_INFERRED)
		p->how.known = VMA_INFERRED;
	if (anon && p->how.known == VMA_UNKNOWN)
		name_none(p);
}

/* ---------------------------------------------------------------- evidence */

static size_t add_flags(char *out, size_t size, size_t at, const char *side, u64 flags)
{
	const struct vma_flag *f;

	for (size_t i = 0; flags && (f = vma_flag_at(i)); i++)
		if (flags & 1ULL << f->bit && at < size)
			at += (size_t)snprintf(out + at, size - at, "%sVM_%s only %s",
					       at ? ", " : "", f->name, side);
	return at;
}

static void say_flags(const struct vma_model *m, const struct vma_pair *p, char *out, size_t size)
{
	u64 ignore = VM_SOFTDIRTY | (vma_world_kernel(m->world)->sticky_flags ? VM_MAYBE_GUARD : 0);
	u64 left = p->left->vm_flags & ~ignore, right = p->right->vm_flags & ~ignore;
	size_t at = add_flags(out, size, 0, "below", left & ~right);

	add_flags(out, size, at, "above", right & ~left);
}

static const char *or_none(const char *text)
{
	return text && *text ? text : "none";
}

static void say_anon(const struct vma_model *m, const struct vma_pair *p, char *out, size_t size)
{
	const struct vma *l = p->left, *r = p->right;
	const struct vma *forked = vma_chain_is_singular(m->world, l) || !l->anon_vma ? r : l;

	if (p->why == VMA_WHY_MERGE_ANON_ONE_SIDED)
		snprintf(out, size, "%s was written to, %s was not", l->anon_vma ? "below" : "above",
			 l->anon_vma ? "above" : "below");
	else if (p->why == VMA_WHY_MERGE_ANON_FORK)
		snprintf(out, size, "%s came over a fork: its chain has more than one anon_vma",
			 forked == l ? "below" : "above");
	else
		snprintf(out, size, "anon_vma %u below, %u above: both %s before they became alike",
			 l->anon_vma, r->anon_vma,
			 m->facts->forked == 1 ? "were there at a fork or were written to" :
						 "were written to");
}

static void say_close(const struct vma_model *m, const struct vma_pair *p, char *out, size_t size)
{
	const struct vma_ops *ops = vma_ops_of(m->world, p->right);

	snprintf(out, size, "vm_ops of a %s mapping", ops ? ops->name : "driver's");
}

static void say_none(const struct vma_pair *p, char *out, size_t size)
{
	if (p->how.known == VMA_UNKNOWN)
		snprintf(out, size, "%s (--source bpf would say)",
			 p->or_why[0] == VMA_WHY_MERGE_ANON_FORK ?
			 "what a fork left, an anon_vma without pages, or an offset left by mremap" :
			 "an anon_vma without pages, or an offset left by mremap");
	else
		snprintf(out, size, "no call asked for a merge since they became alike");
}

static void say(const struct vma_model *m, struct vma_pair *p)
{
	const struct vma_world *w = m->world;
	const struct vma *l = p->left, *r = p->right;
	char *out = p->evidence;

	switch (p->why) {
	case VMA_WHY_NONE:
		say_none(p, out, VMA_EVIDENCE);
		break;
	case VMA_WHY_MERGE_HOLE:
		snprintf(out, VMA_EVIDENCE, "0x%llx bytes are free between them",
			 (unsigned long long)(r->vm_start - l->vm_end));
		break;
	case VMA_WHY_MERGE_FLAGS:
	case VMA_WHY_MERGE_SPECIAL:
		say_flags(m, p, out, VMA_EVIDENCE);
		break;
	case VMA_WHY_MERGE_FILE:
		snprintf(out, VMA_EVIDENCE, "file %u below, %u above", l->file, r->file);
		break;
	case VMA_WHY_MERGE_PGOFF:
		snprintf(out, VMA_EVIDENCE, "below ends at page offset 0x%llx, above begins at 0x%llx",
			 (unsigned long long)(l->vm_pgoff + vma_pages(l)),
			 (unsigned long long)r->vm_pgoff);
		break;
	case VMA_WHY_MERGE_POLICY:
		snprintf(out, VMA_EVIDENCE, "policy %s below, %s above",
			 or_none(vma_policy_text(w, l->policy)),
			 or_none(vma_policy_text(w, r->policy)));
		break;
	case VMA_WHY_MERGE_UFFD:
		snprintf(out, VMA_EVIDENCE, "userfaultfd %u below, %u above", l->uffd, r->uffd);
		break;
	case VMA_WHY_MERGE_NAME:
		snprintf(out, VMA_EVIDENCE, "name %.80s below, %.80s above",
			 or_none(vma_name_text(w, l->name)), or_none(vma_name_text(w, r->name)));
		break;
	case VMA_WHY_MERGE_CLOSE:
		say_close(m, p, out, VMA_EVIDENCE);
		break;
	default:
		say_anon(m, p, out, VMA_EVIDENCE);
		break;
	}
}

/* ---------------------------------------------------------------- pairs */

/* What maps prints of both is the same, and the addresses go on: people take them for one. */
static bool looks_alike(const struct vma_world *w, const struct vma *l, const struct vma *r)
{
	const u64 printed = VM_ACCESS_FLAGS | VM_MAYSHARE;
	const struct vma_file *lf = vma_file_at(w, l->file), *rf = vma_file_at(w, r->file);

	if (l->vm_end != r->vm_start || ((l->vm_flags ^ r->vm_flags) & printed))
		return false;
	if (!lf || !rf)
		return lf == rf;
	return lf == rf || (lf->mapping == rf->mapping && !strcmp(lf->path, rf->path));
}

void vma_pair_of(const struct vma_model *m, const struct vma *left, const struct vma *right,
		 struct vma_pair *out)
{
	*out = (struct vma_pair){ .left = left, .right = right,
				  .alike = looks_alike(m->world, left, right) };
	if (vma_mergeable(m->mm, left, right, &out->why))
		judge_none(m, out);
	else
		judge_reason(m, out);
	say(m, out);
}

int vma_pairs_each(const struct vma_model *m, vma_pair_fn *fn, void *ctx)
{
	const struct vma *left = NULL, *right;
	struct vma_pair pair;

	vma_for_each(m->mm, right) {
		if (left && looks_alike(m->world, left, right)) {
			vma_pair_of(m, left, right, &pair);
			int rc = fn(ctx, &pair);

			if (rc)
				return rc;
		}
		left = right;
	}
	return 0;
}
