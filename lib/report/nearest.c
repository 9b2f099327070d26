// SPDX-License-Identifier: LGPL-2.1-or-later
/* The word that was probably meant: Damerau-Levenshtein distance, letters' case ignored. */
#include "libvmactl/report.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 40

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int d[LONGEST + 1][LONGEST + 1];

	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++)
		for (size_t j = 1; j <= nb; j++) {
			unsigned int v = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
					      d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));

			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				v = min3(v, d[i - 2][j - 2] + 1, v);
			d[i][j] = v;
		}
	return d[na][nb];
}

const char *vma_nearest(const char *word, const char *(*at)(const void *ctx, size_t i),
			const void *ctx, size_t count)
{
	size_t len = strlen(word);
	const char *best = NULL;
	unsigned int least = len <= 3 ? 2 : len <= 7 ? 3 : 4; /* below this a word is near */

	if (!len || len > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *s = at(ctx, i);
		size_t n = strlen(s);

		if (!n || n > LONGEST)
			continue;
		unsigned int d = distance(word, len, s, n);
		if (d < least) {
			least = d;
			best = s;
		}
	}
	return best;
}
