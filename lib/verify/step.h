/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_STEP_H
#define VERIFY_STEP_H
/* One operation of a run: who does it, with which arguments, and what came of it. */
#include "base/strbuf.h"
#include "libvmactl/engine.h"
#include "live/live.h"

/* What an address argument is relative to, so that it keeps its meaning when calls before it are
 * left out or the address space moves. */
enum ref_kind {
	REF_NONE,   /* absolute */
	REF_RESULT, /* what step @step returned */
	REF_BRK,    /* the initial break */
	REF_STACK,  /* the end of the initial stack */
};

struct ref {
	u8 kind;
	u32 step;
};

#define STEP_NO_FILE 0
#define STEP_BAD_FILE 0xff
#define STEP_SEGMENT 0xf0

/*
 * @arg:  of the call as the engine takes it; what has a ref is an offset
 * @file: live file + 1, STEP_SEGMENT + live segment, STEP_NO_FILE, STEP_BAD_FILE
 * @child: fork: the puppet it makes
 * @second: process_madvise: arg[4] and arg[5] are a second range
 */
struct step {
	enum vma_op_id op;
	u8 who, child, file;
	bool second;
	u64 arg[VMA_OP_ARGS];
	struct ref ref[VMA_OP_ARGS];
	const char *name; /* a literal */
};

/* What happened, predicted or real, in one form. */
struct outcome {
	s64 ret; /* -1 when refused */
	int err;
	int sig, si_code;
	u64 at, pages;
};

struct steps {
	struct step *v;
	size_t nr, cap;
	bool failed; /* out of memory */
};

void vma_steps_fini(struct steps *s);
void vma_steps_add(struct steps *s, const struct step *step);

/* Is argument @i of @op an address? */
bool vma_step_is_addr(enum vma_op_id op, unsigned int i);

/*
 * The call as strace prints it, without newline: "munmap(0x100000003000, 4096) = 0". @arg: the
 * arguments with every ref resolved. @out NULL: without the result.
 */
void vma_step_text(struct strbuf *b, const struct step *step, const u64 *arg,
		   const struct outcome *out);
/* " = 0x7f..", " = -1 ENOMEM (Cannot allocate memory)", " = -1 SIGSEGV (SEGV_MAPERR)" */
void vma_outcome_text(struct strbuf *b, const struct step *step, const struct outcome *out);

#endif
