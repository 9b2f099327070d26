/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps as text: strace's syntax, so that vmactl replay reads them. */
#include "verify/step.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"

void vma_steps_fini(struct steps *s)
{
	free(s->v);
	*s = (struct steps){ 0 };
}

void vma_steps_add(struct steps *s, const struct step *step)
{
	if (s->nr == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct step *v = s->failed ? NULL : realloc(s->v, cap * sizeof(*v));

		if (!v) {
			s->failed = true;
			return;
		}
		s->v = v;
		s->cap = cap;
	}
	s->v[s->nr++] = *step;
}

bool vma_step_is_addr(enum vma_op_id op, unsigned int i)
{
	const struct vma_op *row = vma_op_at(op);

	return row && row->arg[i] == VMA_ARG_ADDR;
}

/* ---------------------------------------------------------------- arguments */

static void words_text(struct strbuf *b, const struct vma_word *w, bool is_flags, u64 value)
{
	u64 rest = value;
	bool any = false;

	for (; w->name; w++) {
		const u64 mask = !is_flags ? ~0ULL : w->mask ? w->mask : w->value;

		/* A word for zero (MAP_FILE, PROT_NONE) only when nothing else says it. */
		if (is_flags && !w->value ? value != 0 : (rest & mask) != w->value)
			continue;
		strbuf_addf(b, "%s%s", any ? "|" : "", w->name);
		any = true;
		rest &= ~mask;
		if (!is_flags || !value)
			return;
	}
	if (rest || !any)
		strbuf_addf(b, "%s%#" PRIx64, any ? "|" : "", rest);
}

static void arg_text(struct strbuf *b, const struct step *step, unsigned int i, u64 v)
{
	const enum vma_arg kind = vma_op_at(step->op)->arg[i];
	bool is_flags = false;
	const struct vma_word *words = vma_arg_words(kind, &is_flags);

	switch (kind) {
	case VMA_ARG_ADDR:
		if (v)
			strbuf_addf(b, "%#" PRIx64, v);
		else
			strbuf_adds(b, "NULL");
		return;
	case VMA_ARG_FD:
		strbuf_addf(b, "%d", step->file == STEP_NO_FILE ? -1 :
			    step->file == STEP_BAD_FILE ? 63 : VMA_LIVE_FILE_FD + step->file - 1);
		return;
	case VMA_ARG_NODEMASK:
		if (v)
			strbuf_addf(b, "[%#" PRIx64 "]", v);
		else
			strbuf_adds(b, "NULL");
		return;
	case VMA_ARG_OFFSET:
		strbuf_addf(b, v ? "%#" PRIx64 : "%" PRIu64, v);
		return;
	default:
		if (words)
			words_text(b, words, is_flags, v);
		else
			strbuf_addf(b, "%" PRIu64, v);
	}
}

static void plain_text(struct strbuf *b, const struct step *step, const u64 *arg)
{
	const struct vma_op *row = vma_op_at(step->op);
	unsigned int nr = 0;

	while (nr < VMA_OP_ARGS && row->arg[nr] != VMA_ARG_NONE)
		nr++;
	if (step->op == VMA_OP_MREMAP && !arg[4] && (arg[3] & 3) != 3)
		nr = 4; /* strace leaves the unused address out */
	strbuf_addf(b, "%s(", row->name);
	for (unsigned int i = 0; i < nr; i++) {
		if (i)
			strbuf_adds(b, ", ");
		arg_text(b, step, i, arg[i]);
	}
	strbuf_addc(b, ')');
}

static void prctl_text(struct strbuf *b, const struct step *step, const u64 *arg)
{
	switch (step->op) {
	case VMA_OP_SET_MEMORY_MERGE:
		strbuf_addf(b, "prctl(PR_SET_MEMORY_MERGE, %" PRIu64 ", 0, 0, 0)", arg[0]);
		break;
	case VMA_OP_SET_THP_DISABLE:
		strbuf_addf(b, "prctl(PR_SET_THP_DISABLE, %" PRIu64 ", 0, 0, 0)", arg[0]);
		break;
	case VMA_OP_SET_MDWE:
		strbuf_addf(b, "prctl(PR_SET_MDWE, %#" PRIx64 ", 0, 0, 0)", arg[0]);
		break;
	default:
		strbuf_addf(b, "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, %#" PRIx64 ", %" PRIu64 ", ",
			    arg[0], arg[1]);
		if (step->name)
			strbuf_addf(b, "\"%s\")", step->name);
		else
			strbuf_adds(b, "NULL)");
	}
}

static void uffd_text(struct strbuf *b, const struct step *step, const u64 *arg)
{
	switch (step->op) {
	case VMA_OP_UFFD_API:
		strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_API, {api=0xaa, features=%#" PRIx64 "})",
			    arg[0], arg[1]);
		break;
	case VMA_OP_UFFD_REGISTER:
		strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_REGISTER, {range={start=%#" PRIx64
			    ", len=%#" PRIx64 "}, mode=",
			    arg[0], arg[1], arg[2]);
		arg_text(b, step, 3, arg[3]);
		strbuf_adds(b, "})");
		break;
	case VMA_OP_UFFD_CLOSE:
		strbuf_addf(b, "close(%" PRIu64 ")", arg[0]);
		break;
	default:
		strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_UNREGISTER, {start=%#" PRIx64
			    ", len=%#" PRIx64 "})",
			    arg[0], arg[1], arg[2]);
	}
}

static void limit_text(struct strbuf *b, const char *name, u64 v)
{
	if (v == VMA_RLIM_INFINITY)
		strbuf_addf(b, "%s=RLIM64_INFINITY", name);
	else
		strbuf_addf(b, "%s=%" PRIu64, name, v);
}

static void rlimit_text(struct strbuf *b, const struct step *step, const u64 *arg)
{
	strbuf_adds(b, "prlimit64(0, ");
	arg_text(b, step, 0, arg[0]);
	strbuf_adds(b, ", {");
	limit_text(b, "rlim_cur", arg[1]);
	limit_text(b, ", rlim_max", arg[2]);
	strbuf_adds(b, "}, NULL)");
}

void vma_step_text(struct strbuf *b, const struct step *step, const u64 *arg,
		   const struct outcome *out)
{
	switch (step->op) {
	case VMA_OP_SET_VMA_NAME:
	case VMA_OP_SET_MEMORY_MERGE:
	case VMA_OP_SET_THP_DISABLE:
	case VMA_OP_SET_MDWE:
		prctl_text(b, step, arg);
		break;
	case VMA_OP_UFFD_API:
	case VMA_OP_UFFD_REGISTER:
	case VMA_OP_UFFD_UNREGISTER:
	case VMA_OP_UFFD_CLOSE:
		uffd_text(b, step, arg);
		break;
	case VMA_OP_SETRLIMIT:
		rlimit_text(b, step, arg);
		break;
	case VMA_OP_FORK:
		strbuf_adds(b, "fork()");
		break;
	case VMA_OP_EXIT:
		strbuf_adds(b, "exit_group(0)");
		break;
	case VMA_OP_PROCESS_MADVISE:
		strbuf_addf(b, "process_madvise(62, [{iov_base=%#" PRIx64 ", iov_len=%" PRIu64 "}",
			    arg[0], arg[1]);
		if (step->second)
			strbuf_addf(b, ", {iov_base=%#" PRIx64 ", iov_len=%" PRIu64 "}", arg[4],
				    arg[5]);
		strbuf_adds(b, step->second ? "], 2, " : "], 1, ");
		arg_text(b, step, 2, arg[2]);
		strbuf_addf(b, ", %#" PRIx64 ")", arg[3]);
		break;
	default:
		plain_text(b, step, arg);
	}
	if (out)
		vma_outcome_text(b, step, out);
}

/* ---------------------------------------------------------------- results */

static const char *fault_name(int sig, int code)
{
	if (sig == SIGBUS)
		return code == 2 ? "BUS_ADRERR" : "SI_KERNEL";
	switch (code) {
	case 1:
		return "SEGV_MAPERR";
	case 2:
		return "SEGV_ACCERR";
	case 4:
		return "SEGV_PKUERR";
	default:
		return "SI_KERNEL";
	}
}

void vma_outcome_text(struct strbuf *b, const struct step *step, const struct outcome *out)
{
	if (step->op == VMA_OP_EXIT)
		strbuf_adds(b, " = ?");
	else if (out->sig)
		strbuf_addf(b, " = -1 %s (%s)", out->sig == SIGBUS ? "SIGBUS" : "SIGSEGV",
			    fault_name(out->sig, out->si_code));
	else if (out->err)
		strbuf_addf(b, " = -1 %s (%s)", strerrorname_np(out->err), strerrordesc_np(out->err));
	else if (vma_op_at(step->op)->returns_address && out->ret)
		strbuf_addf(b, " = %#" PRIx64, (u64)out->ret);
	else
		strbuf_addf(b, " = %" PRId64, out->ret);
}
