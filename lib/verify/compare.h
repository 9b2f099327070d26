/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H
/* Reading a puppet's state and holding it against the model. */
#include "read/bpf.h"
#include "verify/stage.h"

/* Which flags and counters this kernel prints. */
void vma_compare_init(struct stage *st);

/* Lines of @ours that @theirs lacks as "predicted ...", the reverse as "kernel ...". Both begin
 * with a newline. */
void vma_tell_lines(struct strbuf *b, const char *ours, const char *theirs);

/* compare-pages.c: how much is mapped, by the counter that holds it. */
enum rss { RSS_ANON, RSS_FILE, RSS_SHMEM, RSS_NR };
struct pages_differ {
	const char *what;
	u64 predicted_kb, kernel_kb;
};
/* The pages of a mapping against its record in smaps. What the model cannot know, as of the puppet's
 * own image, is added to lacking[], in kB. */
bool vma_same_pages(const struct stage *st, const struct vma_mm *mm, const struct vma *vma,
		    const struct vma_fact_map *m, s64 lacking[RSS_NR], struct pages_differ *out);
/* After a call that takes pages from files: regular ones get them back, as the model has it, and what
 * reclaim may have taken is known no more. */
int vma_pages_after(struct stage *st, const struct step *step, const u64 *arg, struct vma_err *err);

/* compare-bpf.c: the reader, loaded once for many stages. */
struct vma_bpf_compare;
int vma_bpf_compare_new(struct vma_bpf_compare **out, struct vma_err *err);
void vma_bpf_compare_free(struct vma_bpf_compare *c);
/* Every puppet of the stage. */
int vma_compare_bpf(struct stage *st, struct difference *diff, struct vma_err *err);
/* The first puppet's sequence numbers, from which the model goes on. */
int vma_learn_bpf(struct stage *st, struct vma_err *err);

/* compare-locks.c: the locks of one puppet. */
void vma_locks_learn(struct vma_mm *mm, const struct vma_bpf_image *img);
/* Nobody reads just now, in a page fault. */
bool vma_locks_at_rest(const struct vma_bpf_image *img);
bool vma_locks_agree(const struct vma_mm *mm, const struct vma_bpf_image *img);
/* Both sides in lines. */
void vma_locks_tell(const struct vma_mm *mm, const struct vma_bpf_image *img, struct strbuf *ours,
		    struct strbuf *kernels);

#endif
