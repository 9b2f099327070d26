/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REBUILD_BUILD_H
#define REBUILD_BUILD_H
/*
 * The model while it is being built. One pass a file: survey, world (machine), file (what is
 * mapped), layout (VMAs), mm, topology (anon_vmas), pages; each says how it knows what it wrote.
 */
#include <string.h>

#include "libvmactl/rebuild.h"

/* How a field is known: a row of the table in known.c. */
enum how {
	HOW_UNKNOWN,
	HOW_EXACT,       /* the kernel said so */
	HOW_PERMS,       /* flags from rwxs alone */
	HOW_PROT,        /* T1: page_prot from the flags */
	HOW_PROT_NOTIFY, /* T4: ... where write notify decides */
	HOW_SPECIAL,     /* I3 */
	HOW_STACK,       /* I4 */
	HOW_ADDRESS,     /* I5, never faulted: nothing could have moved it away from its address */
	HOW_ADDRESS_MOVABLE, /* I5, faulted: wrong when it was moved by mremap */
	HOW_ODD_ADDRESS, /* I5, yet its neighbour did not merge with it */
	HOW_FILE,        /* the same inode is taken for the same open file */
	HOW_FILE_SPLIT,  /* two opens of one file, since the mappings did not merge */
	HOW_KIND,        /* vm_ops from the file system */
	HOW_KIND_GUESS,  /* vm_ops from the device number alone */
	HOW_ANON,        /* anonymous memory has no vm_ops and no file */
	HOW_POLICY_DEFAULT, /* numa_maps says "default", which the task's own policy may say too */
	HOW_UFFD,        /* registered for certain; with which userfaultfd is guessed */
	HOW_HIDDEN_NAME, /* heap and stack print their own name instead of a given one */
	HOW_SHARED,      /* shared memory never has an anon_vma */
	HOW_PAGES,       /* I6: it has anonymous pages, so it has an anon_vma */
	HOW_NO_PAGES,    /* I6: none, so most likely it has none */
	HOW_SPLIT_OFF,   /* I6: none, though it looks like a piece of a neighbour that has one */
	HOW_CUT_AFTER,   /* I6: cut from a neighbour that was written to before it lost PROT_WRITE */
	HOW_KEPT_CHARGE, /* P8: read-only, yet charged: only what has an anon_vma keeps its charge */
	HOW_SHARING,     /* I7: one with the neighbour that it was cut from, otherwise its own */
	HOW_SHARING_FORK, /* I7: fork gave each mapping its own */
	HOW_EXECED,      /* A9: no fork since exec, so each is a root and alone in its chain */
	HOW_PERHAPS_EXECED, /* the same, where nothing says whether it was forked */
	HOW_BELOW_OLD,   /* A9: exec made it and ld.so wrote to it, so fork found it there */
	HOW_BELOW_FILE,  /* A9: so most likely with any library */
	HOW_BELOW_SHARED, /* A9: others map its pages too, and none of them is a child's */
	HOW_FORKS,       /* A9: a link for each fork, since all who forked still live */
	HOW_FORKS_DAEMON, /* the same, where the first was daemon(3)'s, as far as can be seen */
	HOW_STATUS,      /* counters from status */
	HOW_HEAP_END,    /* the last byte of the break lies on the last heap page */
	HOW_NO_HEAP,     /* no heap: the break never moved */
	HOW_MMAP_BASE,   /* I9 */
	HOW_MMAP_TOP,    /* nothing is mapped top-down: the highest place there could be */
	HOW_DEF_FLAGS,   /* I10 */
	HOW_DEF_LOCKED,  /* I10: everything is locked */
	HOW_NR
};

#define MAX_UFFD 16

struct build {
	const struct vma_facts *f;
	const char *name;                 /* of the target, for messages */
	struct vma_model *m;
	struct vma_world *w;
	struct vma_mm *mm;
	const struct vma_kernel *k;
	u64 uffd[MAX_UFFD];               /* the kernel's addresses of userfaultfds seen */
	bool any_soft_dirty, any_name;    /* survey.c: a record has such a flag, such a label */
	u64 heap_start, heap_end;         /* what is labelled so; 0 nothing */
	size_t stack;                     /* the map that holds exec's stack; nr_maps: none */
	u64 stack_start, stack_end;       /* exec's stack, all pieces of it; 0 unknown */
	struct vma **vmas;                /* by map; NULL for the gate */
	const struct vma_fact_bpf **bpf;  /* by map; NULL entries where the kernel was not asked */
};

static inline void known_set(struct build *b, size_t map, enum vma_field field, enum how how)
{
	b->m->fields[map * VMA_FIELD_NR + field] = (u8)how;
}

static inline enum how known_get(const struct build *b, size_t map, enum vma_field field)
{
	return (enum how)b->m->fields[map * VMA_FIELD_NR + field];
}

/* Is the name of a map this label of the kernel's ("[heap]"), or does it begin so? Most have none. */
static inline bool is_label(const struct vma_fact_map *m, const char *label)
{
	return m->path[0] == '[' && !strcmp(m->path, label);
}

static inline bool has_label(const struct vma_fact_map *m, const char *head)
{
	return m->path[0] == '[' && !strncmp(m->path, head, strlen(head));
}

/* A VMA as it was rebuilt, of which the facts need not be kept: for one that stays as it is this
 * is all there is to keep of it. */
struct vma_was {
	u64 vm_start, vm_end, vm_flags, vm_pgoff;
	u32 file, name, anon_vma;
	u16 policy, uffd;
};

static inline struct vma_was was_of(const struct vma *vma)
{
	return (struct vma_was){ vma->vm_start, vma->vm_end, vma->vm_flags, vma->vm_pgoff,
				 vma->file, vma->name, vma->anon_vma, vma->policy, vma->uffd };
}

struct vma_provenance known_row(enum how how);

static inline void known_mm(struct build *b, enum vma_mm_field field, enum how how)
{
	b->m->mm_fields[field] = known_row(how);
}

/* survey.c: what the records tell together, first of all. */
void build_survey(struct build *b);

/* world.c: the machine's settings into the world. */
void build_system(struct build *b);

/* file.c: the vma_file of each map, its id into @file (0: anonymous). 0 or -ENOMEM. */
int build_files(struct build *b, u32 *file);

/* layout.c, mm.c */
int build_vmas(struct build *b, const u32 *file, struct vma_err *err);
void build_mm(struct build *b);

/* topology.c: anon_vmas and chains. 0 or -ENOMEM. */
int build_anon(struct build *b);

/* pages.c: the runs of pagemap. */
void build_pages(struct build *b);
/* Has [start, end) a page in one of these states (a mask of 1 << enum vma_page_state)? */
bool has_pages(const struct vma_facts *f, u64 start, u64 end, u32 states);

/* Do two neighbours agree in all that a merge asks for but flags and anon_vma: they touch, the
 * offsets are linear, and file, policy and name are the same? */
bool same_line(const struct vma *left, const struct vma *right);

#endif
