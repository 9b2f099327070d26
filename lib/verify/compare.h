/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H
/* Reading a puppet's state and holding it against the model. */
#include "verify/stage.h"

/* Which flags this kernel prints. */
void vma_compare_init(struct stage *st);

/* Lines of @ours that @theirs lacks as "predicted ...", the reverse as "kernel ...". Both begin
 * with a newline. */
void vma_tell_lines(struct strbuf *b, const char *ours, const char *theirs);

/* compare-bpf.c: the reader, loaded once for many stages. */
struct vma_bpf_compare;
int vma_bpf_compare_new(struct vma_bpf_compare **out, struct vma_err *err);
void vma_bpf_compare_free(struct vma_bpf_compare *c);
/* Every puppet of the stage. */
int vma_compare_bpf(struct stage *st, struct difference *diff, struct vma_err *err);

#endif
