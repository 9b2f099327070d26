/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H
/* Text of other processes (paths, names) is hostile: these make it harmless. */
#include <stddef.h>

/*
 * Copies text for a terminal: control characters, DEL, C1 controls, invalid UTF-8 and the Unicode
 * bidirectional overrides become \xNN. Always ends out with a NUL; truncates between characters.
 * Returns the length written.
 */
size_t vma_escape_terminal(const char *text, char *out, size_t size);

/*
 * Length in bytes of the valid UTF-8 character at p (at most n bytes there), 0 when it is not one.
 * Overlong forms, surrogates and values past U+10FFFF are not valid.
 */
size_t vma_utf8_char(const char *p, size_t n);

#endif
