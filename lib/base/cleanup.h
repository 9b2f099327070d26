/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H
/*
 * Scope guards: AUTO(undo_free) char *p = ...; frees p when the scope ends, TAKE(p) moves it out.
 * A type's own guard stands beside its _free/_close: static inline void undo_TYPE(TYPE **p).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(undo) __attribute__((cleanup(undo)))

/* The value, and the variable is cleared so that its guard does nothing. */
#define TAKE(p)                      \
	({                           \
		__typeof__(p) t_ = (p); \
		(p) = NULL;          \
		t_;                  \
	})

static inline void undo_free(void *p)
{
	free(*(void **)p);
}

static inline void undo_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void undo_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void undo_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#endif
