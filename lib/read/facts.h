/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_FACTS_H
#define READ_FACTS_H
/*
 * Building struct vma_facts: every reader (proc, core) adds through these. They return
 * 0 or -ENOMEM (or NULL) and fill nothing in.
 */
#include "libvmactl/read.h"

/* Empty facts: everything unknown. NULL when out of memory. Never made in any other way: there is
 * hidden state behind them. */
struct vma_facts *facts_new(void);

static inline void undo_facts(struct vma_facts **f)
{
	vma_facts_free(*f);
}

/* A copy of text that lives as long as the facts. */
char *facts_text(struct vma_facts *f, const char *text, size_t len);
char *facts_str(struct vma_facts *f, const char *text);

/* vma_fact_map.kb of a record without counters. */
extern const u64 no_counters[VMA_SMAPS_NR];

/* Appends a copy of @m, its strings and counters too; its @kb may be NULL. */
int facts_add_map(struct vma_facts *f, const struct vma_fact_map *m);
/* Forgets the maps (before reading them once more); their memory is kept for the next. */
void facts_drop_maps(struct vma_facts *f);
/* The non-gate or gate record that starts at @start, NULL. Binary search: records are ordered. */
struct vma_fact_map *facts_map_at(struct vma_facts *f, u64 start);

int facts_add_run(struct vma_facts *f, u64 start, u64 end, u32 state);
int facts_add_aux(struct vma_facts *f, u64 type, u64 value);
struct vma_fact_file *facts_add_file(struct vma_facts *f);
/* The file of a device and inode; NULL when it was not looked at. */
struct vma_fact_file *facts_find_file(const struct vma_facts *f, u32 major, u32 minor, u64 inode);

/* @what and @remedy: literals. One entry a source. */
int facts_missing(struct vma_facts *f, const char *what, int err, const char *remedy);
bool facts_is_missing(const struct vma_facts *f, const char *what);
/* Adds to the entry of @what. @longest: of its calls, where they may hold the process up. */
int facts_cost(struct vma_facts *f, const char *what, u64 bytes, u32 reads, u64 ns, u64 longest);

#endif
