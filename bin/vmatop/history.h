/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_HISTORY_H
#define VMATOP_HISTORY_H
/* The samples taken: the last ones whole, as far as memory goes, and the figures of all. */
#include "sample.h"

#define HISTORY_POINTS 1024
#define HISTORY_SAMPLES 256
/* Whole samples besides the newest hold no more than this. */
#define HISTORY_BYTES (12UL << 20)

/** struct point - the figures of one sample */
struct point {
	u64 at_ms;
	u64 rss_kb, pss_kb, swap_kb;
	u32 nr_maps, vanished;
	u32 marked[MARK_NR];
};

/** struct history - @point and @sample: oldest first; the last are the newest */
struct history {
	struct point point[HISTORY_POINTS];
	size_t nr_points;
	struct sample *sample[HISTORY_SAMPLES];
	size_t nr_samples;
};

void history_fini(struct history *h);
/** history_add() - takes a reference. */
void history_add(struct history *h, struct sample *s);
/** history_back() - the sample so many before the newest, NULL. */
struct sample *history_back(const struct history *h, size_t back);

#endif
