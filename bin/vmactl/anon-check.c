// SPDX-License-Identifier: GPL-2.0-or-later
#include "anon-check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

static const char *const names[ANON_NR] = { "present", "same", "root", "parent", "chain" };

const char *anon_field_name(enum anon_field field)
{
	return names[field];
}

void anon_check_fini(struct anon_check *c)
{
	tally_fini(&c->tally);
	free(c->miss);
}

/* ---------------------------------------------------------------- witnesses */

/*
 * The numbers of the two forests mean nothing to each other, so a statement is put in terms of
 * another mapping: this one has the same anon_vma as that, is of the same tree, is below it. Then
 * the kernel's forest says whether it is so. Where the inference names no other mapping, the kernel
 * must not have one either.
 */
struct pair {
	struct anon_check *c;
	const struct vma_forest *inferred, *kernel;
	size_t process;
	const struct vma *vma;
	const struct vma_forest_vma *a, *b; /* the same mapping in both; NULL: has no anon_vma */
};

typedef bool match_fn(const struct vma_forest *f, const struct vma_forest_anon *own,
		      const struct vma_forest_anon *other);

static bool is_same(const struct vma_forest *f, const struct vma_forest_anon *own,
		    const struct vma_forest_anon *other)
{
	(void)f;
	return own == other;
}

static bool is_same_tree(const struct vma_forest *f, const struct vma_forest_anon *own,
			 const struct vma_forest_anon *other)
{
	(void)f;
	return own->tree == other->tree;
}

static bool is_below(const struct vma_forest *f, const struct vma_forest_anon *own,
		     const struct vma_forest_anon *other)
{
	return own->parent != own->id && vma_forest_at(f, own->parent) == other;
}

static const struct vma_forest_anon *anon_of(const struct vma_forest *f,
					     const struct vma_forest_vma *v)
{
	return vma_forest_at(f, v->anon);
}

/* Another mapping of @process for which this holds: the one at the same place, else the first. For
 * the process of @v itself only those below it. */
static const struct vma_forest_vma *find_witness(const struct vma_forest *f,
						 const struct vma_forest_vma *v, size_t process,
						 match_fn *match)
{
	const struct vma_forest_vma *first = NULL;

	for (size_t i = 0; i < f->nr_vmas; i++) {
		const struct vma_forest_vma *o = &f->vma[i];

		if (o->process != process || !match(f, anon_of(f, v), anon_of(f, o)))
			continue;
		if (o->process == v->process) {
			if (o->vma->vm_start >= v->vma->vm_start)
				return first;
		} else if (o->vma->vm_start < v->vma->vm_end && v->vma->vm_start < o->vma->vm_end) {
			return o;
		}
		first = first ? first : o;
	}
	return first;
}

/* What the inference rests on: a mapping of its own process, or that of another it came from. */
static const struct vma_forest_vma *named(const struct pair *p, size_t process, match_fn *match)
{
	if (process == p->process)
		return find_witness(p->inferred, p->a, process, match);
	return p->a->from ? &p->inferred->vma[p->a->from - 1] : NULL;
}

/* Is what the inference says of @p->a so? *@said and *@is: for a difference, the mapping that each
 * names. */
static bool holds(const struct pair *p, size_t process, match_fn *match,
		  const struct vma_forest_vma **said, const struct vma_forest_vma **is)
{
	const struct vma_forest_vma *o, *k;

	*said = o = named(p, process, match);
	*is = find_witness(p->kernel, p->b, o ? o->process : process, match);
	if (!o)
		return !*is;
	k = vma_forest_find(p->kernel, o->process, o->vma);
	return k && match(p->kernel, anon_of(p->kernel, p->b), anon_of(p->kernel, k));
}

/* ---------------------------------------------------------------- comparing */

static struct anon_miss *add_miss(struct pair *p, enum anon_field field, struct vma_provenance how)
{
	struct anon_check *c = p->c;
	struct anon_miss *m = tally_more(&c->tally, c->miss, c->nr_misses, sizeof(*m));

	if (!m)
		return NULL;
	c->miss = m;
	m += c->nr_misses++;
	*m = (struct anon_miss){ .field = field, .how = how, .start = p->vma->vm_start,
				 .pid = p->inferred->model[p->process]->facts->pid };
	return m;
}

static void conclude(struct pair *p, enum anon_field field, struct vma_provenance how,
		     enum verdict verdict, const char *said, const char *is)
{
	struct anon_miss *m;

	tally_count(&p->c->tally, (int)field, p->inferred->parent[p->process] >= 0, how, verdict,
		    p->b);
	if (verdict != DIFFER || !(m = add_miss(p, field, how)))
		return;
	snprintf(m->inferred, sizeof(m->inferred), "%s", said);
	snprintf(m->kernel, sizeof(m->kernel), "%s", is);
}

static void compare_presence(struct pair *p)
{
	const struct vma_provenance how = p->a ? p->a->how[VMA_FOREST_PRESENT] :
		vma_model_known(p->inferred->model[p->process], p->vma, VMA_FIELD_ANON_VMA);
	enum verdict v = how.known == VMA_UNKNOWN ? UNKNOWN : !p->a == !p->b ? AGREE : DIFFER;

	conclude(p, ANON_PRESENT, how, v, p->a ? "present" : "absent",
		 p->b ? "present" : "absent");
}

static const char *witness_text(const struct pair *p, const struct vma_forest_vma *v, char *out,
				size_t size)
{
	if (!v)
		return "none";
	snprintf(out, size, "%u %llx", p->inferred->model[v->process]->facts->pid,
		 (unsigned long long)v->vma->vm_start);
	return out;
}

static struct vma_provenance how_of(const struct pair *p, enum vma_forest_fact fact)
{
	return p->a ? p->a->how[fact] : (struct vma_provenance){ VMA_UNKNOWN, 0, "" };
}

/* One statement, about mappings of @process. */
static void compare_match(struct pair *p, enum anon_field field, enum vma_forest_fact fact,
			  size_t process, match_fn *match)
{
	const struct vma_provenance how = how_of(p, fact);
	const struct vma_forest_vma *said = NULL, *is = NULL;
	enum verdict v = UNKNOWN;
	char a[48], b[48];

	if (how.known != VMA_UNKNOWN)
		v = p->b && holds(p, process, match, &said, &is) ? AGREE : DIFFER;
	conclude(p, field, how, v, witness_text(p, said, a, sizeof(a)),
		 p->b ? witness_text(p, is, b, sizeof(b)) : "absent");
}

/* In a process whose parent was not read only this can be asked: is it a root? */
static void compare_is_root(struct pair *p, enum anon_field field, enum vma_forest_fact fact)
{
	const struct vma_provenance how = how_of(p, fact);
	const struct vma_forest_anon *a = p->a ? anon_of(p->inferred, p->a) : NULL;
	const struct vma_forest_anon *b = p->b ? anon_of(p->kernel, p->b) : NULL;
	enum verdict v = how.known == VMA_UNKNOWN ? UNKNOWN :
			 b && (a->root == a->id) == (b->root == b->id) ? AGREE : DIFFER;

	conclude(p, field, how, v, a && a->root == a->id ? "a root" : "below one",
		 !b ? "absent" : b->root == b->id ? "a root" : "below one");
}

static bool is_same_chain(const struct pair *p)
{
	if (!p->b || p->a->nr_chain != p->b->nr_chain)
		return false;
	for (size_t i = 0; i < p->a->nr_chain; i++) {
		u32 x = p->inferred->link[p->a->chain + i], y = p->kernel->link[p->b->chain + i];

		if ((x == p->a->anon) != (y == p->b->anon) ||
		    (x == anon_of(p->inferred, p->a)->root) != (y == anon_of(p->kernel, p->b)->root))
			return false;
	}
	return true;
}

static void compare_chain(struct pair *p)
{
	const struct vma_provenance how = how_of(p, VMA_FOREST_CHAIN);
	enum verdict v = how.known == VMA_UNKNOWN ? UNKNOWN : is_same_chain(p) ? AGREE : DIFFER;
	char a[24], b[24];

	snprintf(a, sizeof(a), "%zu links", p->a ? p->a->nr_chain : 0);
	snprintf(b, sizeof(b), "%zu links", p->b ? p->b->nr_chain : 0);
	conclude(p, ANON_CHAIN, how, v, a, b);
}

static void compare_vma(struct pair *p)
{
	ptrdiff_t parent = p->inferred->parent[p->process];

	compare_presence(p);
	compare_match(p, ANON_SAME, VMA_FOREST_SAME, p->process, is_same);
	if (parent >= 0 || (p->a && p->a->from))
		compare_match(p, ANON_ROOT, VMA_FOREST_ROOT, (size_t)parent, is_same_tree);
	else
		compare_is_root(p, ANON_ROOT, VMA_FOREST_ROOT);
	if (parent >= 0)
		compare_match(p, ANON_PARENT, VMA_FOREST_PARENT, (size_t)parent, is_below);
	else
		compare_is_root(p, ANON_PARENT, VMA_FOREST_PARENT);
	compare_chain(p);
}

void anon_check_forests(struct anon_check *c, const struct vma_forest *inferred,
			const struct vma_forest *kernel)
{
	struct pair p = { .c = c, .inferred = inferred, .kernel = kernel };

	for (p.process = 0; p.process < inferred->nr_models; p.process++) {
		const struct vma_model *m = inferred->model[p.process];

		vma_for_each(m->mm, p.vma) {
			p.a = vma_forest_find(inferred, p.process, p.vma);
			p.b = vma_forest_find(kernel, p.process, p.vma);
			if (p.a || p.b)
				compare_vma(&p);
		}
	}
}
