/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_EH_FRAME_H
#define READ_EH_FRAME_H
/*
 * A search table for .eh_frame where the linker made none (it leaves .eh_frame_hdr out of static
 * programs, which register their frames at start).
 */
#include "libvmactl/types.h"

/* As in .eh_frame_hdr: both count from the start of .eh_frame. */
struct eh_frame_entry {
	s32 start_ip, fde;
};

struct eh_frame {
	u64 start; /* of the .eh_frame it was made for, 0 none */
	struct eh_frame_entry *entry; /* ascending */
	size_t nr;
};

/* Makes the table, replacing the one in @out. 0, -ENOMEM, -EBADMSG when nothing could be read. */
int eh_frame_index(s64 (*read)(void *ctx, u64 addr, void *buf, size_t len), void *ctx, u64 start,
		   u64 len, struct eh_frame *out);
void eh_frame_fini(struct eh_frame *t);

#endif
