/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRIPT_WORDS_H
#define SCRIPT_WORDS_H
/* Names to numbers, fast: the constants strace writes, errno and signal names, and the calls. */
#include "libvmactl/types.h"

struct words;

enum word_kind { WORD_CONSTANT, WORD_CALL, WORD_ERRNO, WORD_SIGNAL };

/* NULL when out of memory. */
struct words *words_new(void);
void words_free(struct words *w);

/* Adds a name; the first definition stays. The name must live as long as @w. False: no memory. */
bool words_add(struct words *w, enum word_kind kind, const char *name, u64 value);

/* The value of a name of one kind. For WORD_CALL: the index of its row in syscall.c's table. */
bool words_find(const struct words *w, enum word_kind kind, const char *s, size_t len, u64 *value);

/*
 * The constant or the call whose name is at p, found without a look at each of its bytes: where it
 * ends. NULL says nothing: the name is very short or long, or near the end, or unknown.
 */
const char *words_guess_constant(const struct words *w, const char *p, const char *end, u64 *value);
const char *words_guess_call(const struct words *w, const char *p, const char *end, u64 *row);

static inline void undo_words(struct words **w)
{
	words_free(*w);
}

#endif
