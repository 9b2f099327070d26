/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting puppets, talking to them, ending them. */
#include "live/live.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "live/proto.h"
#include "live/spawn.h"

/* Spinning bridges the short calls; a sleep costs the puppet's reply a wake-up. */
#define SPINS 300
#define PATIENCE_SECONDS 60

struct vma_live {
	struct puppet_slot *slots; /* PUPPET_SLOTS of them, shared with the puppets */
	pid_t pid[PUPPET_SLOTS];
	u64 image_end;
};

static int futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return (int)syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

unsigned int vma_live_max(void)
{
	return PUPPET_SLOTS;
}

pid_t vma_live_pid(const struct vma_live *l, unsigned int who)
{
	return who < PUPPET_SLOTS ? l->pid[who] : 0;
}

void *vma_live_data(struct vma_live *l, unsigned int who, size_t *size)
{
	if (size)
		*size = PUPPET_DATA_SIZE;
	return l->slots[who].data;
}

u64 vma_live_data_addr(unsigned int who)
{
	return PUPPET_CTL + who * PUPPET_SLOT_SIZE + PUPPET_DATA_OFFSET;
}

bool vma_live_is_ours(const struct vma_live *l, u64 start, u64 end)
{
	if (end < start) /* wraps: take it for everything above */
		end = ~0ULL;
	return (start < PUPPET_CTL + PUPPET_CTL_SIZE && end > PUPPET_CTL) ||
	       (start < l->image_end && end > PUPPET_IMAGE);
}

/* Did the puppet die? Then it is reaped here and *status says how. */
static bool has_died(struct vma_live *l, unsigned int who, int *status)
{
	pid_t pid = l->pid[who];

	if (pid <= 0 || waitpid(pid, status, WNOHANG) != pid)
		return false;
	l->pid[who] = 0;
	return true;
}

static int report_death(int status, struct vma_err *err)
{
	if (WIFSIGNALED(status))
		return vma_fail(err, EIO, "the test process was killed by signal %d",
				WTERMSIG(status));
	return vma_fail(err, EIO, "the test process ended with status %d", WEXITSTATUS(status));
}

/* Wait until slot @who says REPLY. @who may be a puppet whose pid we do not know yet. */
static int wait_reply(struct vma_live *l, unsigned int who, struct vma_err *err)
{
	struct puppet_slot *s = &l->slots[who];
	const struct timespec second = { .tv_sec = 1 };

	for (int i = 0; i < SPINS; i++) {
		if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == PUPPET_REPLY)
			return 0;
		__builtin_ia32_pause();
	}
	for (int seconds = 0; seconds < PATIENCE_SECONDS;) {
		uint32_t now = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
		int status;

		if (now == PUPPET_REPLY)
			return 0;
		if (futex(&s->state, FUTEX_WAIT, now, &second) == 0 || errno != ETIMEDOUT)
			continue;
		if (has_died(l, who, &status))
			return report_death(status, err);
		seconds++;
	}
	return vma_fail(err, EIO, "the test process does not answer");
}

static void send_request(struct puppet_slot *s)
{
	__atomic_store_n(&s->state, PUPPET_REQUEST, __ATOMIC_SEQ_CST);
	futex(&s->state, FUTEX_WAKE, 1, NULL);
}

int vma_live_call(struct vma_live *l, unsigned int who, u64 nr, const u64 arg[6],
		  struct vma_live_reply *out, struct vma_err *err)
{
	struct puppet_slot *s = &l->slots[who];
	int rc;

	s->nr = nr;
	for (int i = 0; i < 6; i++)
		s->arg[i] = arg[i];
	send_request(s);
	rc = wait_reply(l, who, err);
	if (rc)
		return rc;
	*out = (struct vma_live_reply){ .ret = s->ret };
	return 0;
}

int vma_live_touch(struct vma_live *l, unsigned int who, u64 addr, u64 len, u64 access,
		   struct vma_live_reply *out, struct vma_err *err)
{
	const struct puppet_slot *s = &l->slots[who];
	const u64 how = access & PROT_EXEC ? PUPPET_EXEC : access & PROT_WRITE ? PUPPET_WRITE :
								 PUPPET_READ;
	const u64 arg[6] = { addr, len, how };
	int rc = vma_live_call(l, who, PUPPET_TOUCH, arg, out, err);

	if (rc)
		return rc;
	out->sig = s->sig;
	out->si_code = s->si_code;
	out->at = s->at;
	out->pages = s->pages;
	return 0;
}

int vma_live_fill(struct vma_live *l, unsigned int who, u64 addr, u64 nr, struct vma_err *err)
{
	const u64 arg[6] = { addr, nr };
	struct vma_live_reply reply;
	int rc = vma_live_call(l, who, PUPPET_FILL, arg, &reply, err);

	if (!rc && reply.ret < 0)
		rc = vma_fail(err, (int)-reply.ret, "cannot fill the test process");
	return rc;
}

int vma_live_fork(struct vma_live *l, unsigned int who, unsigned int child,
		  struct vma_live_reply *out, struct vma_err *err)
{
	const u64 arg[6] = { child };
	int rc;

	CHECK(child < PUPPET_SLOTS && !l->pid[child]);
	l->slots[child].state = PUPPET_IDLE;
	rc = vma_live_call(l, who, PUPPET_FORK, arg, out, err);
	if (rc || out->ret < 0)
		return rc;
	l->pid[child] = (pid_t)out->ret;
	return wait_reply(l, child, err);
}

static void reap(struct vma_live *l, unsigned int who)
{
	while (l->pid[who] > 0 && waitpid(l->pid[who], NULL, 0) < 0 && errno == EINTR)
		;
	l->pid[who] = 0;
}

int vma_live_exit(struct vma_live *l, unsigned int who, struct vma_err *err)
{
	struct puppet_slot *s = &l->slots[who];

	if (!l->pid[who])
		return vma_fail(err, ESRCH, "no such test process");
	s->nr = SYS_exit_group;
	s->arg[0] = 0;
	send_request(s);
	reap(l, who);
	return 0;
}

void vma_live_free(struct vma_live *l)
{
	if (!l)
		return;
	for (unsigned int i = 0; i < PUPPET_SLOTS; i++)
		if (l->pid[i] > 0)
			kill(l->pid[i], SIGKILL);
	for (unsigned int i = 0; i < PUPPET_SLOTS; i++)
		reap(l, i);
	if (l->slots)
		munmap(l->slots, PUPPET_CTL_SIZE);
	free(l);
}

/* Without capabilities the limits bite that root does not feel. */
static int drop_caps(struct vma_live *l, struct vma_err *err)
{
	u32 *data = vma_live_data(l, 0, NULL);
	const u64 at = vma_live_data_addr(0);
	const u64 arg[6] = { at, at + 8 };
	struct vma_live_reply reply;
	int rc;

	data[0] = 0x20080522; /* _LINUX_CAPABILITY_VERSION_3, pid 0, three sets of nothing */
	for (int i = 1; i < 8; i++)
		data[i] = 0;
	rc = vma_live_call(l, 0, SYS_capset, arg, &reply, err);
	if (!rc && reply.ret)
		rc = vma_fail(err, (int)-reply.ret, "cannot drop capabilities");
	return rc;
}

/* exec takes it away, so it has to be set afterwards. */
static int imply_exec(struct vma_live *l, const struct vma_live_opts *opts, struct vma_err *err)
{
	const u64 arg[6] = { vma_live_personality(opts) | READ_IMPLIES_EXEC };
	struct vma_live_reply reply;
	int rc = vma_live_call(l, 0, SYS_personality, arg, &reply, err);

	if (!rc && reply.ret < 0)
		rc = vma_fail(err, (int)-reply.ret, "cannot set the personality");
	return rc;
}

int vma_live_start(const struct vma_live_files *files, const struct vma_live_opts *opts,
		   struct vma_live **out, struct vma_err *err)
{
	AUTO(undo_live) struct vma_live *l = calloc(1, sizeof(*l));
	AUTO(undo_close) int ctl = memfd_create("vmactl-control", MFD_CLOEXEC);
	void *mem;
	int rc;

	if (!l)
		return vma_fail(err, ENOMEM, "out of memory");
	if (ctl < 0 || ftruncate(ctl, PUPPET_CTL_SIZE) < 0)
		return vma_fail(err, errno, "cannot make shared memory: %m");
	mem = mmap(NULL, PUPPET_CTL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ctl, 0);
	if (mem == MAP_FAILED)
		return vma_fail(err, errno, "cannot map shared memory: %m");
	l->slots = mem;
	l->image_end = files->image_end;
	l->slots[0].arg[0] = (u64)getpid();
	rc = vma_live_spawn(files, opts, ctl, &l->pid[0], err);
	if (!rc)
		rc = wait_reply(l, 0, err);
	if (!rc && opts->read_implies_exec)
		rc = imply_exec(l, opts, err);
	if (!rc)
		rc = vma_live_confine(l, err);
	if (!rc && opts->no_caps)
		rc = drop_caps(l, err);
	if (rc)
		return rc;
	*out = TAKE(l);
	return 0;
}
