// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/anon.h"

#include "base/check.h"

struct vma_anon *anon_new_root(struct vma_world *w)
{
	u32 id;
	struct vma_anon *av = pool_get(&w->anons, &id);

	if (!av) {
		w->oom = true;
		return NULL;
	}
	av->id = av->root = av->parent = id;
	av->refcount = 1;
	av->num_children = 1; /* its own self link */
	return av;
}

struct vma_anon *anon_new_child(struct vma_world *w, u32 parent)
{
	struct vma_anon *av = anon_new_root(w), *up;

	if (!av)
		return NULL;
	up = world_anon(w, parent);
	av->root = up->root;
	av->parent = parent;
	av->num_children = 0;
	up->num_children++;
	world_anon(w, up->root)->refcount++;
	return av;
}

/* A new link; at the head of the VMA's list, or behind tail. */
static struct vma_avc *link_avc(struct vma_world *w, struct vma *vma, u32 anon, struct vma_avc *tail)
{
	u32 id;
	struct vma_avc *avc = pool_get(&w->avcs, &id);

	if (!avc) {
		w->oom = true;
		return NULL;
	}
	avc->id = id;
	avc->vma = vma->id;
	avc->anon_vma = anon;
	if (tail) {
		avc->next = tail->next;
		tail->next = id;
	} else {
		avc->next = vma->avc;
		vma->avc = id;
	}
	world_anon(w, anon)->nr_avcs++;
	return avc;
}

void anon_attach(struct vma_world *w, struct vma *vma, u32 anon)
{
	CHECK(!vma->anon_vma);
	if (!link_avc(w, vma, anon, NULL))
		return;
	vma->anon_vma = anon;
	world_anon(w, anon)->num_active_vmas++;
}

/* Since 7.0 each link goes to the head: every copy turns the list round. */
static void clone_links(struct vma_world *w, struct vma *dst, const struct vma *src)
{
	struct vma_avc *link, *tail = NULL;

	CHECK(!dst->avc);
	for (u32 id = src->avc; id; id = world_avc(w, id)->next) {
		link = link_avc(w, dst, world_avc(w, id)->anon_vma, tail);
		if (!link)
			return;
		if (!w->kernel.clone_turns_chain)
			tail = link;
	}
}

void anon_clone_links(struct vma_world *w, struct vma *dst, const struct vma *src)
{
	clone_links(w, dst, src);
	dst->anon_vma = src->anon_vma;
	if (dst->anon_vma)
		world_anon(w, dst->anon_vma)->num_active_vmas++;
}

/* The last link to an anon_vma is gone: it leaves its parent, and the root's count falls. */
static void anon_drop(struct vma_world *w, struct vma_anon *av)
{
	struct vma_anon *root = world_anon(w, av->root);

	world_anon(w, av->parent)->num_children--;
	root->refcount--;
	if (root != av) {
		av->refcount--;
		pool_put(&w->anons, av->id);
	}
	if (!root->refcount)
		pool_put(&w->anons, root->id);
}

void anon_drop_links(struct vma_world *w, struct vma *vma)
{
	u32 id = vma->avc;

	if (vma->anon_vma)
		world_anon(w, vma->anon_vma)->num_active_vmas--;
	vma->anon_vma = 0;
	vma->avc = 0;
	while (id) {
		struct vma_avc *avc = world_avc(w, id);
		struct vma_anon *av = world_anon(w, avc->anon_vma);
		u32 next = avc->next;

		pool_put(&w->avcs, id);
		if (!--av->nr_avcs && !av->elsewhere)
			anon_drop(w, av);
		id = next;
	}
}

/* Rule A9: an anon_vma of the chain that no VMA uses any more and that has at most one child is
 * taken again, the last of the list: it keeps a line of forking parents from growing for ever.
 * Since 7.0 it is the first: the search walks the copied list as before, and that is turned. */
static u32 reusable(const struct vma_world *w, const struct vma *parent)
{
	u32 found = 0;

	for (u32 id = parent->avc; id; id = world_avc(w, id)->next) {
		const struct vma_anon *av = world_anon(w, world_avc(w, id)->anon_vma);

		if (av->num_active_vmas || av->num_children >= 2)
			continue;
		found = av->id;
		if (w->kernel.clone_turns_chain)
			break;
	}
	return found;
}

void anon_fork(struct vma_world *w, struct vma *child, const struct vma *parent)
{
	struct vma_anon *av;
	u32 reuse;

	if (!parent->anon_vma)
		return;
	reuse = reusable(w, parent);
	clone_links(w, child, parent);
	if (reuse) {
		child->anon_vma = reuse;
		world_anon(w, reuse)->num_active_vmas++;
		return;
	}
	av = anon_new_child(w, parent->anon_vma);
	if (!av)
		return;
	anon_attach(w, child, av->id);
}

struct vma_anon *vma_anon_new_root(struct vma_world *w)
{
	return anon_new_root(w);
}

struct vma_anon *vma_anon_new_child(struct vma_world *w, u32 parent)
{
	return anon_new_child(w, parent);
}

void vma_anon_attach(struct vma_world *w, struct vma *vma, u32 anon)
{
	anon_attach(w, vma, anon);
}

void vma_anon_link(struct vma_world *w, struct vma *vma, u32 anon)
{
	u32 id = vma->avc;
	struct vma_avc *tail = NULL;

	for (; id; id = world_avc(w, id)->next)
		tail = world_avc(w, id);
	link_avc(w, vma, anon, tail);
}

struct vma_anon *vma_anon_at(const struct vma_world *w, u32 id)
{
	return id && id < w->anons.nr ? world_anon(w, id) : NULL;
}

struct vma_avc *vma_avc_at(const struct vma_world *w, u32 id)
{
	return id && id < w->avcs.nr ? world_avc(w, id) : NULL;
}

bool vma_chain_is_singular(const struct vma_world *w, const struct vma *vma)
{
	return vma->avc && !world_avc(w, vma->avc)->next;
}
