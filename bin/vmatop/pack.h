/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_PACK_H
#define VMATOP_PACK_H
/*
 * Records of mappings in a fifth of their size: a process with 65,000 of them is kept several times
 * over (the sample before, the history). What repeats is kept once, counters that are 0 not at all.
 */
#include "libvmactl/read.h"

/** struct pack_map - what is compared and looked up often; the rest through pack_get() */
struct pack_map {
	u64 start, end, offset, flags;
	u32 have, object, counters;
	char perms[4];
	bool has_flags, gate;
};

/** struct pack_object - what is mapped; offsets into the text, 0 for NULL */
struct pack_object {
	u64 inode;
	u32 dev_major, dev_minor;
	u32 path, policy, unknown;
};

struct pack {
	struct pack_map *map;
	struct pack_object *object;
	u8 *bytes;  /* counters */
	char *text; /* strings, each with its NUL; the first byte is not used */
	u64 sum[VMA_SMAPS_NR]; /* of those that are not as usual: not of sizes */
	size_t nr, cap, nr_objects, cap_objects, nr_bytes, cap_bytes, nr_text, cap_text;
};

/** pack_new() - with room for @nr_maps at first. NULL: no memory. */
struct pack *pack_new(size_t nr_maps);
void pack_free(struct pack *p);
/** pack_add() - one more record. False: no memory. */
bool pack_add(struct pack *p, const struct vma_fact_map *m);
/** pack_trim() - give back what the last doubling took too much. */
void pack_trim(struct pack *p);
/** struct pack_record - one again, with its counters */
struct pack_record {
	struct vma_fact_map map;
	u64 kb[VMA_SMAPS_NR];
};

/** pack_get() - record @i into @out; its strings are borrowed. Returns @out->map. */
const struct vma_fact_map *pack_get(const struct pack *p, size_t i, struct pack_record *out);
const char *pack_path(const struct pack *p, size_t i);
/** pack_all() - all records as an array to be freed; NULL: no memory. */
struct vma_fact_map *pack_all(const struct pack *p);
size_t pack_bytes(const struct pack *p);

#endif
