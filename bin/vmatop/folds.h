/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMATOP_FOLDS_H
#define VMATOP_FOLDS_H
/* Branches of a tree that are folded, by a key each: sorted, as many as there may be. */
#include "libvmactl/types.h"

struct folds {
	u64 *key;
	size_t nr, cap;
};

bool folds_has(const struct folds *f, u64 key);
/** folds_add() - without memory it stays open. */
void folds_add(struct folds *f, u64 key);
/** folds_set() - these alone; takes the array over. */
void folds_set(struct folds *f, u64 *keys, size_t nr);
void folds_drop(struct folds *f, u64 key);
void folds_clear(struct folds *f);

#endif
