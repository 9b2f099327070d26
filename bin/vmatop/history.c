// SPDX-License-Identifier: GPL-2.0-or-later
#include "history.h"

#include <string.h>

void history_fini(struct history *h)
{
	for (size_t i = 0; i < h->nr_samples; i++)
		sample_unref(h->sample[i]);
	h->nr_samples = h->nr_points = 0;
}

static void drop_oldest(struct history *h)
{
	sample_unref(h->sample[0]);
	h->nr_samples--;
	memmove(h->sample, h->sample + 1, h->nr_samples * sizeof(*h->sample));
}

static void keep_within_budget(struct history *h)
{
	size_t bytes = 0;

	for (size_t i = 0; i + 1 < h->nr_samples; i++)
		bytes += sample_bytes(h->sample[i]);
	while (h->nr_samples > 1 && (bytes > HISTORY_BYTES || h->nr_samples == HISTORY_SAMPLES)) {
		bytes -= sample_bytes(h->sample[0]);
		drop_oldest(h);
	}
}

void history_add(struct history *h, struct sample *s)
{
	struct point *p;

	if (h->nr_points == HISTORY_POINTS)
		memmove(h->point, h->point + 1, --h->nr_points * sizeof(*h->point));
	p = &h->point[h->nr_points++];
	*p = (struct point){ .at_ms = s->at_ms, .rss_kb = s->rss_kb, .pss_kb = s->pss_kb,
			     .swap_kb = s->swap_kb, .nr_maps = (u32)sample_vmas(s),
			     .vanished = s->vanished };
	memcpy(p->marked, s->marked, sizeof(p->marked));
	if (h->nr_samples == HISTORY_SAMPLES)
		drop_oldest(h);
	h->sample[h->nr_samples++] = sample_ref(s);
	keep_within_budget(h);
}

struct sample *history_back(const struct history *h, size_t back)
{
	return back < h->nr_samples ? h->sample[h->nr_samples - 1 - back] : NULL;
}
