/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The puppet: a process with next to nothing in its address space that does what it is told.
 *
 * Freestanding: no libc, no heap, no thread; two mappings of its own (text; stack and variables)
 * beside the control area, so that reading its smaps costs little. It runs on a stack inside its
 * image: the [stack] mapping that exec made is fair game like everything else.
 */
#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "live/proto.h"

_Static_assert(sizeof(struct puppet_slot) == PUPPET_SLOT_SIZE, "slots are packed");

#define STACK_SIZE 16384
#define SPINS 100 /* longer would only be spent while we are being read */
#define PAGE 4096UL

static unsigned char sigstack[STACK_SIZE] __attribute__((aligned(64), used));
unsigned char puppet_stack[STACK_SIZE] __attribute__((aligned(64)));
static struct puppet_slot *slot;
static volatile int fault_sig, fault_code;
static volatile uint64_t fault_at, exec_at;

void puppet_main(void);
long touch_read(uint64_t addr);
long touch_write(uint64_t addr);
long touch_exec(uint64_t addr);
void touch_fixup(void);
void touch_done(void);
void restorer(void);

/*
 * A fault inside touch_*() continues at touch_fixup, which returns 1 to the caller.
 *
 * To execute is to jump there. What is found is zeros and ones that a touch has written, which
 * means "add to what rax or rcx points to": not canonical, so it cannot be done, and the fault
 * tells that the instruction was fetched. Nobody has to place code.
 */
__asm__(".text\n"
	".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	lea puppet_stack+16384(%rip), %rsp\n"
	"	call puppet_main\n"
	"	ud2\n"
	"touch_read:\n"
	"	movb (%rdi), %al\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"touch_write:\n"
	"	movb $1, (%rdi)\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"touch_exec:\n"
	"	movabs $0x8000000000000000, %rax\n"
	"	mov %rax, %rcx\n"
	"	jmp *%rdi\n"
	"touch_done:\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"touch_fixup:\n"
	"	mov $1, %eax\n"
	"	ret\n"
	"restorer:\n"
	"	mov $15, %eax\n" /* rt_sigreturn */
	"	syscall\n");

static long sys(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	long ret;
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static void leave(int status)
{
	for (;;)
		sys(__NR_exit_group, (uint64_t)status, 0, 0, 0, 0, 0);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;
	uint64_t ip = uc->uc_mcontext.rip;

	if (exec_at && ip == exec_at && info->si_code == SI_KERNEL) {
		uc->uc_mcontext.rip = (uint64_t)touch_done;
		return;
	}
	if (ip != (uint64_t)touch_read && ip != (uint64_t)touch_write && ip != exec_at)
		leave(128 + sig);
	fault_sig = sig;
	fault_code = info->si_code;
	fault_at = (uint64_t)info->si_addr;
	uc->uc_mcontext.rip = (uint64_t)touch_fixup;
}

static void catch_faults(void)
{
	stack_t ss = { .ss_sp = sigstack, .ss_size = sizeof(sigstack) };
	struct sigaction sa = {
		.sa_handler = (__sighandler_t)(void *)on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
		.sa_restorer = restorer,
	};

	sys(__NR_sigaltstack, (uint64_t)&ss, 0, 0, 0, 0, 0);
	sys(__NR_rt_sigaction, SIGSEGV, (uint64_t)&sa, 0, sizeof(sa.sa_mask), 0, 0);
	sys(__NR_rt_sigaction, SIGBUS, (uint64_t)&sa, 0, sizeof(sa.sa_mask), 0, 0);
}

static long touch_one(uint64_t addr, uint64_t how)
{
	long failed;

	if (how == PUPPET_READ)
		return touch_read(addr);
	if (how == PUPPET_WRITE)
		return touch_write(addr);
	exec_at = addr;
	failed = touch_exec(addr);
	exec_at = 0;
	return failed;
}

/* One access in every page of the range, in ascending order, until one faults. */
static void touch(struct puppet_slot *s)
{
	uint64_t addr = s->arg[0], end = addr + s->arg[1], pages = 0;

	s->ret = 0;
	s->sig = 0;
	while (addr < end) {
		if (touch_one(addr, s->arg[2])) {
			s->ret = -1;
			s->sig = fault_sig;
			s->si_code = fault_code;
			s->at = fault_at;
			break;
		}
		pages++;
		addr = (addr & ~(PAGE - 1)) + PAGE;
	}
	s->pages = pages;
}

/* Nobody may outlive the one who pulls the strings; CLONE_PARENT makes us siblings. */
static void die_with_parent(uint64_t parent)
{
	sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if ((uint64_t)sys(__NR_getppid, 0, 0, 0, 0, 0, 0) != parent)
		leave(1);
}

static void reply(struct puppet_slot *s)
{
	__atomic_store_n(&s->state, PUPPET_REPLY, __ATOMIC_SEQ_CST);
	sys(__NR_futex, (uint64_t)&s->state, FUTEX_WAKE, 1, 0, 0, 0);
}

static void fork_puppet(struct puppet_slot *s)
{
	uint64_t parent = (uint64_t)sys(__NR_getppid, 0, 0, 0, 0, 0, 0);
	struct puppet_slot *child =
		(struct puppet_slot *)(PUPPET_CTL + s->arg[0] * PUPPET_SLOT_SIZE);
	long pid = sys(__NR_clone, 0x8000 /* CLONE_PARENT */ | SIGCHLD, 0, 0, 0, 0, 0);

	if (pid) {
		s->ret = pid;
		return;
	}
	die_with_parent(parent);
	slot = child;
	child->pid = (uint32_t)sys(__NR_getpid, 0, 0, 0, 0, 0, 0);
	reply(child);
}

static void wait_request(struct puppet_slot *s)
{
	for (;;) {
		uint32_t now;

		for (int i = 0; i < SPINS; i++) {
			if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == PUPPET_REQUEST)
				return;
			__asm__ volatile("pause");
		}
		now = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
		if (now != PUPPET_REQUEST)
			sys(__NR_futex, (uint64_t)&s->state, FUTEX_WAIT, now, 0, 0, 0);
	}
}

/* Neighbours that cannot merge: every other page may be read. */
static void fill(struct puppet_slot *s)
{
	const uint64_t addr = s->arg[0], nr = s->arg[1];

	s->ret = sys(__NR_mmap, addr, nr * PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1UL, 0);
	for (uint64_t i = 1; i < nr && s->ret >= 0; i += 2)
		s->ret = sys(__NR_mprotect, addr + i * PAGE, PAGE, PROT_READ, 0, 0, 0);
}

static void serve(struct puppet_slot *s)
{
	if (s->nr == PUPPET_TOUCH) {
		touch(s);
	} else if (s->nr == PUPPET_FILL) {
		fill(s);
	} else if (s->nr == PUPPET_FORK) {
		fork_puppet(s);
		if (slot != s) /* the child; the parent answers in its own slot */
			return;
	} else {
		s->ret = sys((long)s->nr, s->arg[0], s->arg[1], s->arg[2], s->arg[3], s->arg[4],
			     s->arg[5]);
	}
	reply(s);
}

void puppet_main(void)
{
	long ctl = sys(__NR_mmap, PUPPET_CTL, PUPPET_CTL_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, PUPPET_CTL_FD, 0);

	if (ctl != (long)PUPPET_CTL)
		leave(2);
	sys(__NR_close, PUPPET_CTL_FD, 0, 0, 0, 0, 0);
	slot = (struct puppet_slot *)PUPPET_CTL;
	die_with_parent(slot->arg[0]);
	catch_faults();
	slot->pid = (uint32_t)sys(__NR_getpid, 0, 0, 0, 0, 0, 0);
	reply(slot);
	for (;;) {
		wait_request(slot);
		serve(slot);
	}
}
