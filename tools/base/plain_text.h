/* SPDX-License-Identifier: ISC */
/* Makes untrusted text safe to print as one line on a terminal. */
#ifndef TOOLS_COMMON_PLAIN_TEXT_H
#define TOOLS_COMMON_PLAIN_TEXT_H

/*
 * Replaces all characters that could control a terminal with '?'. These are the control characters,
 * including the newline, and the second set of controls, 0x80 to 0x9f, as bytes and as UTF-8. Other
 * UTF-8 stays.
 */
void plain_text_make(char *text);

/*
 * Returns a copy, which the caller frees, with U+FFFD in place of each byte that is not UTF-8 and
 * of control characters of the second set. Paths can have any encoding, but JSON must be UTF-8.
 * NULL: no memory.
 */
char *plain_text_to_utf8(const char *text);

#endif
