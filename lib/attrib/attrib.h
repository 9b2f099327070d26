/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ATTRIB_ATTRIB_H
#define ATTRIB_ATTRIB_H
/* Inside of the room: who attributes what. attrib.c calls objects, then categories. */
#include "libvmactl/attrib.h"

struct vma_attrib {
	const struct vma_facts *facts;
	u32 what;
	struct vma_memory *memory; /* NULL */
	int dir;                   /* of a live process, -1 */
	int pagemap;               /* -1 */
	struct vma_place *places;  /* one a mapping */
	struct vma_object *objects;
	size_t nr_objects;
	u32 *hash;                 /* object index + 1 by identity; nr_hash is a power of two */
	size_t nr_hash;
	struct vma_symbols *symbols; /* NULL until a symbol is asked for */
	int *fds;                  /* per object: its file + 2, 1: none, 0: not tried */
	int *modules;                /* per object: module + 2, 1: it has none, 0: not tried */
};

/* Ties mappings to objects. 0 or -ENOMEM. */
int attrib_objects(struct vma_attrib *a);
/* Gives every mapping its category. 0 or -ENOMEM. */
int attrib_categories(struct vma_attrib *a);

/* Words of the target at @addr, only when the page is there: asking must not make pages. */
bool attrib_peek(const struct vma_attrib *a, u64 addr, void *buf, size_t len);

/* Bytes of the target where unwinding wants them: constant parts of an object come from its file,
 * so that neither a core lacks them nor a process has to page them in. */
s64 attrib_read(struct vma_attrib *a, u64 addr, void *buf, size_t len);

static inline bool map_is(const struct vma_fact_map *m, const char *perms)
{
	return m->perms[0] == perms[0] && m->perms[1] == perms[1] && m->perms[2] == perms[2];
}

static inline bool map_shared(const struct vma_fact_map *m)
{
	return m->perms[3] == 's';
}

#endif
