/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_KNOWN_H
#define LIBVMACTL_KNOWN_H
/*
 * How a field is known: the words that rebuild.h gives and report.h shows.
 */
#include "libvmactl/types.h"

/** enum vma_known - how a field is known */
enum vma_known {
	VMA_UNKNOWN,  /* no source says it */
	VMA_INFERRED, /* best evidence; the rule says which */
	VMA_DERIVED,  /* follows from exact facts by a rule */
	VMA_EXACT,    /* the kernel said so */
};
/** vma_known_name() - "exact", "derived", "inferred", "unknown". */
const char *vma_known_name(enum vma_known known);

/**
 * enum vma_field - the fields of a VMA whose provenance is kept
 * @VMA_FIELD_ANON_VMA: that it has one, or none
 * @VMA_FIELD_SHARING:  which others of its process share it
 * @VMA_FIELD_ROOT:     that it is a root, or below one
 * @VMA_FIELD_CHAIN:    how many links there are, and to what
 */
enum vma_field {
	VMA_FIELD_RANGE, VMA_FIELD_FLAGS, VMA_FIELD_PAGE_PROT, VMA_FIELD_PGOFF, VMA_FIELD_FILE,
	VMA_FIELD_OPS, VMA_FIELD_POLICY, VMA_FIELD_UFFD, VMA_FIELD_NAME, VMA_FIELD_ANON_VMA,
	VMA_FIELD_CHAIN, VMA_FIELD_SHARING, VMA_FIELD_ROOT,
	VMA_FIELD_NR
};
const char *vma_field_name(enum vma_field field);

/** enum vma_mm_field - the fields of an mm whose provenance is kept */
enum vma_mm_field {
	VMA_MM_FIELD_COUNTERS, VMA_MM_FIELD_CODE, VMA_MM_FIELD_BRK, VMA_MM_FIELD_STACK,
	VMA_MM_FIELD_ARGS, VMA_MM_FIELD_MMAP_BASE, VMA_MM_FIELD_DEF_FLAGS, VMA_MM_FIELD_RLIMITS,
	VMA_MM_FIELD_CAPS,
	VMA_MM_FIELD_NR
};
const char *vma_mm_field_name(enum vma_mm_field field);

/** enum vma_attrib_field - what attribution says of a mapping, as text */
enum vma_attrib_field {
	VMA_ATTRIB_OBJECT,   /* soname or file name */
	VMA_ATTRIB_SEGMENT,  /* "03 rw- relro" */
	VMA_ATTRIB_SECTIONS, /* words */
	VMA_ATTRIB_BUILD_ID, /* hex */
	VMA_ATTRIB_CATEGORY, /* "thread-stack" */
	VMA_ATTRIB_RULE,     /* which rule found the category */
	VMA_ATTRIB_SOURCE,   /* how the file was opened: "map_files" */
	VMA_ATTRIB_THREAD,   /* of a stack: thread id */
};

/** struct vma_provenance - how one field is known, and by which rule ("I5", "" when exact) */
struct vma_provenance {
	u8 known;       /* enum vma_known */
	u8 confidence;  /* percent, of inferred fields */
	const char *rule;
};

/** vma_weaker() - of two, the one that is less certain */
static inline struct vma_provenance vma_weaker(struct vma_provenance a, struct vma_provenance b)
{
	if (a.known != b.known)
		return a.known < b.known ? a : b;
	return a.confidence <= b.confidence ? a : b;
}

#endif
