/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_PROFILE_H
#define VERIFY_PROFILE_H
/* The mixtures of operations, and the random numbers they are drawn with. */
#include "libvmactl/types.h"
#include "libvmactl/verify.h"

struct gen;
struct step;

/* How often a generator is drawn, relative to the other rows. */
struct weight {
	void (*make)(struct gen *g, struct step *step);
	unsigned int weight;
};

/*
 * @arena_pages: size of the small arena where most addresses lie
 * @elsewhere:   percent of the addresses in mappings outside the arena
 * @placed:      percent of the mmaps where the kernel chooses the address
 * @files:       percent of the mmaps that map a file
 * @wild:        percent of arguments that are nonsense
 */
struct profile {
	struct vma_verify_profile pub;
	const struct weight *ops; /* ended by a row without make */
	unsigned int arena_pages, elsewhere, placed, files, wild;
	unsigned int episode;     /* operations before a fresh start */
	unsigned int max_puppets;
	bool no_caps;             /* without capabilities, so that limits bite */
	bool limits;              /* resource limits a little above what is used at the start */
	bool grows;               /* grow-down mappings */
	bool never_fills;         /* no call that makes many pages present */
	bool old_layout;          /* bottom-up, and PROT_READ implies PROT_EXEC */
	bool unlimited_stack;
	unsigned int slots;       /* so many mappings below vm.max_map_count; 0: far from it */
};

const struct profile *vma_profile_at(size_t i);
const struct profile *vma_profile_by_name(const char *name, size_t len);

#endif
