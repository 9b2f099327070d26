/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_PICTURE_H
#define TESTS_PICTURE_H
/*
 * Address spaces as pictures, and rules of the kernel as rows of a table: a picture, calls, the
 * picture after them.
 *
 *     "aaa.ar"   one letter a page, a letter a kind of mapping, a dot a hole
 *     "aa|aa"    a border between mappings that are alike
 *     "AA"       upper case: it has an anon_vma
 *     "a{300}"   300 pages
 *     "@100:aa"  goes on at page 100
 *
 *   a r n x w   private anonymous rw- r-- --- r-x rwx      e q z     r-- --- r-x, yet charged
 *   t           rw-, MAP_NORESERVE                         k         rw-, grows down
 *   l o         rw-, locked; locked on fault               p         rw- with protection key 1
 *   c u h m b   rw-, DONTFORK WIPEONFORK HUGEPAGE MERGEABLE sealed
 *   v           rw-, may hold guard pages                  i         rw-, droppable
 *   f g         a file, private rw-, r--                   d j       a file, shared rw-, r--
 *   s y         shared anonymous rw-, r--                  1 2       SysV segment rw-, r--
 *   3           hugetlb, shared rw-                        4         the vdso
 *   ?           none of these
 *
 * Calls stand one behind the other with ; between them, in pages from the picture's first:
 *
 *     mprotect 2 1 r; munmap 0 2+1        2+1: two pages and a byte; #4096: bytes, as it is
 *     map 2 1 rw f1 3                     mmap fixed private; anonymous without a file
 *     maps 2 1 rw f1 3                    the same, shared
 *     mmap 0 4 rw private|anonymous       as the operations table has it; constants may be cut
 *
 * ! before a call: it must fail, and the next goes on. The last call's result is the row's.
 * Words that are no calls set the scene or ask (see picture.c): slots 2, has 3 dc, lacks 3 ac,
 * same 0 4, differ 0 4, pgoff 0 7, is locked 4, wrote .##. or @8:.##. (the pages of VMAs that the
 * last call write-locked).
 */
#include "libvmactl/engine.h"

#define PICTURE_BASE 0x10000000ULL

/*
 * @kernels: "6.1", "-6.12", "6.18-", "6.1-6.12", NULL all that are verified; "6.1.149" that
 *           stable update, "=6.6" a release that need not be verified
 * @err, @why: of the last call, 0 when it succeeds
 * @ret:     what it returns, as page + 1 (0: not asked)
 */
struct picture_case {
	const char *rule, *kernels, *before, *calls, *after;
	int err;
	enum vma_why why;
	u64 ret;
};

#define AT_PAGE(n) ((n) + 1)

/* Runs every row on every kernel it names; fails with row, kernel and both pictures. */
void picture_run(const struct picture_case *cases, size_t nr);
#define PICTURES(cases) picture_run((cases), sizeof(cases) / sizeof((cases)[0]))

/* The pieces, for tests that need more. */
struct picture {
	struct vma_world *w;
	struct vma_mm *mm;
	struct vma_result res;
	u32 child;      /* mm of the last fork */
	u32 file[18];   /* by place in the table of files; made when first named */
	const char *what; /* for messages */
	bool asked_sig;   /* "is sig": a signal is no surprise */
	u32 lock_seq;     /* mm_lock_seq before the last call */
};

void picture_begin(struct picture *p, const struct vma_kernel *k, const char *picture);
void picture_end(struct picture *p);
/* One call or question; false with a message when a question's answer is no. */
void picture_call(struct picture *p, const char *call);
void picture_calls(struct picture *p, const char *calls);
/* The address space as it is. */
char *picture_of(const struct vma_mm *mm, char *out, size_t size);
struct vma *picture_vma(const struct picture *p, u64 page);
u64 picture_addr(u64 page);

#endif
