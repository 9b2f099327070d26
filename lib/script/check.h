/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_CHECK_H
#define SCRIPT_CHECK_H
/*
 * The states of a recording (@full, @state, @same, + and -): what the kernel's VMAs were after
 * each call. record.c reads them, check.c compares them with the model.
 */
#include "base/strbuf.h"
#include "libvmactl/script.h"

enum { COUNT_MAP, COUNT_SIZE, COUNT_LCK, COUNT_DATA, COUNT_STK, COUNT_EXE, COUNT_LIB, COUNT_NR };

#define KVMA_CHAIN 32

/* A VMA as the kernel had it. */
struct kvma {
	u64 start, end, offset, ino, pgoff;
	u32 dev_major, dev_minor;
	char perms[5];
	bool has_pgoff, special; /* special: [vdso], [vvar] */
	u32 av, root, parent;    /* 0 none */
	u32 nr_chain, chain[KVMA_CHAIN];
	char *text;              /* the record, owned */
	const char *flags;       /* inside text */
	u32 flags_len;
};

/* The address space of one process as the kernel had it. @fresh: given after the last call. */
struct kstate {
	u32 pid;
	bool fresh, gone;
	u64 count[COUNT_NR]; /* map_count, and kB */
	struct kvma *vmas;
	size_t nr, cap;
};

struct check {
	struct kstate *states;
	size_t nr, cap;
	struct kstate *target;  /* that + and - belong to */
	u32 first_pid;
	u32 call_pid;
	/* the call the states belong to */
	u64 n, line;
	struct strbuf call;
	bool have_call, agree;
	struct strbuf message, result, context;
	/* equal ids of both sides, for one comparison */
	struct pairs {
		u32 *to;
		u32 *stamp;
		u32 cap;
	} k2s, s2k;
	u32 stamp;
	u64 told;               /* divergences with context so far */
	struct vma_check_total total[VMA_CHECK_NR];
	u64 compared, agreed;
};

/* record.c: takes one record; false: it is not one (reported by the caller). */
bool record_line(struct check *c, const char *text, size_t len);
struct kstate *record_state(struct check *c, u32 pid);
void record_free(struct check *c);

/* check-text.c: what both sides hold in [start, end), with two neighbours, as lines. */
void check_context(struct strbuf *out, const struct kstate *k, const struct vma_mm *mm, u64 start,
		   u64 end);
/* The smaps codes of one side that the other has not, "ac,sd". */
void check_missing_codes(const char *have, size_t len, const char *other, size_t other_len,
			 char *out, size_t size);

#endif
