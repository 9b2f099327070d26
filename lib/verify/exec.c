/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step as the system call that a puppet makes. */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/check.h"
#include "verify/stage.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define PRCTL_SET_VMA 0x53564d41
#define PRCTL_SET_MEMORY_MERGE 67
#define PRCTL_SET_THP_DISABLE 41
#define PRCTL_SET_MDWE 65

/*
 * @lead: constants before the operation's own arguments (prctl's command), @nr_lead of them
 * @special: arguments that are no plain numbers
 */
struct row {
	u64 nr;
	unsigned int nr_lead;
	u64 lead[2];
	void (*special)(struct stage *st, const struct step *step, u64 *arg);
};

static u64 step_fd(const struct step *step)
{
	if (step->file == STEP_BAD_FILE)
		return STAGE_NO_FD;
	return step->file == STEP_NO_FILE ? (u64)-1 : VMA_LIVE_FILE_FD + step->file - 1U;
}

static void mmap_args(struct stage *st, const struct step *step, u64 *arg)
{
	(void)st;
	arg[4] = step_fd(step);
}

/* Copies to the puppet's data area and returns where it sees it. */
static u64 lend(struct stage *st, const struct step *step, size_t offset, const void *p, size_t n)
{
	u8 *data = vma_live_data(st->live, step->who, NULL);

	memcpy(data + offset, p, n);
	return vma_live_data_addr(step->who) + offset;
}

/* addr len mode nodemask maxnode flags; mode nodemask maxnode */
static void nodemask_args(struct stage *st, const struct step *step, u64 *arg)
{
	u64 *mask = &arg[step->op == VMA_OP_MBIND ? 3 : 1];

	if (*mask)
		*mask = lend(st, step, 0, mask, sizeof(*mask));
}

static void name_args(struct stage *st, const struct step *step, u64 *arg)
{
	arg[4] = step->name ? lend(st, step, 0, step->name, strlen(step->name) + 1) : 0;
}

/* resource cur max -> 0 resource &new NULL */
static void rlimit_args(struct stage *st, const struct step *step, u64 *arg)
{
	const u64 limit[2] = { arg[1], arg[2] };

	arg[1] = arg[0];
	arg[0] = 0;
	arg[2] = lend(st, step, 0, limit, sizeof(limit));
	arg[3] = 0;
}

static void uffd_api_args(struct stage *st, const struct step *step, u64 *arg)
{
	const struct uffdio_api api = { .api = UFFD_API, .features = arg[1] };

	arg[1] = UFFDIO_API;
	arg[2] = lend(st, step, 0, &api, sizeof(api));
}

static void uffd_register_args(struct stage *st, const struct step *step, u64 *arg)
{
	const struct uffdio_register reg = { .range = { arg[1], arg[2] }, .mode = arg[3] };

	arg[1] = UFFDIO_REGISTER;
	arg[2] = lend(st, step, 0, &reg, sizeof(reg));
}

static void uffd_unregister_args(struct stage *st, const struct step *step, u64 *arg)
{
	const struct uffdio_range range = { arg[1], arg[2] };

	arg[1] = UFFDIO_UNREGISTER;
	arg[2] = lend(st, step, 0, &range, sizeof(range));
}

/* addr len advice flags [addr len] -> pidfd iovec nr advice flags */
static void process_madvise_args(struct stage *st, const struct step *step, u64 *arg)
{
	const u64 iov[4] = { arg[0], arg[1], arg[4], arg[5] };
	const u64 advice = arg[2], flags = arg[3];

	arg[0] = STAGE_PIDFD;
	arg[1] = lend(st, step, 0, iov, sizeof(iov));
	arg[2] = step->second ? 2 : 1;
	arg[3] = advice;
	arg[4] = flags;
	arg[5] = 0;
}

static const struct row rows[VMA_OP_NR] = {
	[VMA_OP_MMAP] = { .nr = SYS_mmap, .special = mmap_args },
	[VMA_OP_MUNMAP] = { .nr = SYS_munmap },
	[VMA_OP_MPROTECT] = { .nr = SYS_mprotect },
	[VMA_OP_PKEY_MPROTECT] = { .nr = SYS_pkey_mprotect },
	[VMA_OP_MREMAP] = { .nr = SYS_mremap },
	[VMA_OP_MADVISE] = { .nr = SYS_madvise },
	[VMA_OP_PROCESS_MADVISE] = { .nr = SYS_process_madvise, .special = process_madvise_args },
	[VMA_OP_MLOCK] = { .nr = SYS_mlock },
	[VMA_OP_MLOCK2] = { .nr = SYS_mlock2 },
	[VMA_OP_MUNLOCK] = { .nr = SYS_munlock },
	[VMA_OP_MLOCKALL] = { .nr = SYS_mlockall },
	[VMA_OP_MUNLOCKALL] = { .nr = SYS_munlockall },
	[VMA_OP_BRK] = { .nr = SYS_brk },
	[VMA_OP_MSEAL] = { .nr = SYS_mseal },
	[VMA_OP_MBIND] = { .nr = SYS_mbind, .special = nodemask_args },
	[VMA_OP_SET_MEMPOLICY] = { .nr = SYS_set_mempolicy, .special = nodemask_args },
	[VMA_OP_SET_VMA_NAME] = { .nr = SYS_prctl, .nr_lead = 2, .lead = { PRCTL_SET_VMA, 0 },
				  .special = name_args },
	[VMA_OP_SET_MEMORY_MERGE] = { .nr = SYS_prctl, .nr_lead = 1,
				      .lead = { PRCTL_SET_MEMORY_MERGE } },
	[VMA_OP_SET_THP_DISABLE] = { .nr = SYS_prctl, .nr_lead = 1,
				     .lead = { PRCTL_SET_THP_DISABLE } },
	[VMA_OP_SET_MDWE] = { .nr = SYS_prctl, .nr_lead = 1, .lead = { PRCTL_SET_MDWE } },
	[VMA_OP_REMAP_FILE_PAGES] = { .nr = SYS_remap_file_pages },
	[VMA_OP_SHMAT] = { .nr = SYS_shmat },
	[VMA_OP_SHMDT] = { .nr = SYS_shmdt },
	[VMA_OP_UFFD_API] = { .nr = SYS_ioctl, .special = uffd_api_args },
	[VMA_OP_UFFD_REGISTER] = { .nr = SYS_ioctl, .special = uffd_register_args },
	[VMA_OP_UFFD_UNREGISTER] = { .nr = SYS_ioctl, .special = uffd_unregister_args },
	[VMA_OP_UFFD_CLOSE] = { .nr = SYS_close },
	[VMA_OP_SETRLIMIT] = { .nr = SYS_prlimit64, .special = rlimit_args },
	[VMA_OP_PKEY_ALLOC] = { .nr = SYS_pkey_alloc },
	[VMA_OP_PKEY_FREE] = { .nr = SYS_pkey_free },
};

static void set_outcome(struct outcome *out, const struct vma_live_reply *r)
{
	*out = (struct outcome){
		.ret = r->ret, .sig = r->sig, .si_code = r->si_code, .at = r->at, .pages = r->pages,
	};
	if (r->ret < 0 && r->ret > -4096 && !r->sig) {
		out->ret = -1;
		out->err = (int)-r->ret;
	}
}

static int do_syscall(struct stage *st, const struct step *step, const u64 *arg,
		      struct vma_live_reply *reply, struct vma_err *err)
{
	const struct row *row = &rows[step->op];
	u64 a[VMA_OP_ARGS + 2] = { 0 };

	CHECK(row->nr || step->op == VMA_OP_NONE);
	for (unsigned int i = 0; i < row->nr_lead; i++)
		a[i] = row->lead[i];
	for (unsigned int i = 0; i < VMA_OP_ARGS; i++)
		a[row->nr_lead + i] = arg[i];
	if (row->special)
		row->special(st, step, a);
	return vma_live_call(st->live, step->who, row->nr, a, reply, err);
}

int vma_stage_do(struct stage *st, const struct step *step, const u64 *arg, struct outcome *out,
		 struct vma_err *err)
{
	struct vma_live_reply reply = { 0 };
	int rc;

	switch (step->op) {
	case VMA_OP_TOUCH:
		rc = vma_live_touch(st->live, step->who, arg[0], arg[1], arg[2], &reply, err);
		break;
	case VMA_OP_FORK:
		rc = vma_live_fork(st->live, step->who, step->child, &reply, err);
		break;
	case VMA_OP_EXIT:
		rc = vma_live_exit(st->live, step->who, err);
		break;
	default:
		rc = do_syscall(st, step, arg, &reply, err);
	}
	if (!rc)
		set_outcome(out, &reply);
	return rc;
}
