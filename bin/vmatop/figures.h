/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_FIGURES_H
#define VMATOP_FIGURES_H
/* What the viewer itself costs: counted always, printed at the end with --figures. */
#include "libvmactl/types.h"

/** figures_cpu() - processor time of the calling thread, ns. */
u64 figures_cpu(void);
/** figures_refresh() - one refresh took @cpu_ns; reading the same files alone @bare_ns, 0 unknown. */
void figures_refresh(u64 cpu_ns, u64 bare_ns);
/** figures_turn() - one turn of the event loop, from what woke it to the flushed screen: so long
 *  would a key have waited. */
void figures_turn(u64 wall_ns, u64 cpu_ns);
void figures_print(void);

#endif
