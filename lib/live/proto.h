/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIVE_PROTO_H
#define LIVE_PROTO_H
/*
 * What passes between us and the puppet: one shared page area at a fixed address, cut into
 * slots, one a live puppet (a forked puppet gets the next). No libc on the puppet's side.
 *
 *   us:      fill nr, arg, data;  state = REQUEST, wake
 *   puppet:  does it, fills ret ... at;  state = REPLY, wake
 */
#include <stdint.h>

/* Below the puppet's image at 0x400000, so that the heap may grow freely above it. */
#define PUPPET_CTL 0x300000UL
#define PUPPET_SLOTS 16
#define PUPPET_SLOT_SIZE 1024UL
#define PUPPET_DATA_OFFSET 96UL
#define PUPPET_DATA_SIZE (PUPPET_SLOT_SIZE - PUPPET_DATA_OFFSET)
#define PUPPET_CTL_SIZE (PUPPET_SLOTS * PUPPET_SLOT_SIZE)
#define PUPPET_IMAGE 0x400000UL

#define PUPPET_CTL_FD 3

enum {
	PUPPET_IDLE,
	PUPPET_REQUEST,
	PUPPET_REPLY,
};

/* Requests that are no system calls. */
#define PUPPET_TOUCH 0x10000UL /* arg: addr, len, PUPPET_READ... */
#define PUPPET_FORK 0x10001UL  /* arg: slot of the child */
#define PUPPET_FILL 0x10002UL  /* arg: addr, how many mappings of one page each */

enum {
	PUPPET_READ,
	PUPPET_WRITE,
	PUPPET_EXEC,
};

struct puppet_slot {
	uint32_t state;
	uint32_t pid;    /* of the process that serves this slot */
	uint64_t nr;
	uint64_t arg[6];
	int64_t ret;
	int32_t sig;     /* touch: the signal that stopped it, 0 */
	int32_t si_code;
	uint64_t at;     /* si_addr */
	uint64_t pages;  /* touched before the signal */
	uint8_t data[PUPPET_DATA_SIZE]; /* what pointer arguments point to */
};

#endif
