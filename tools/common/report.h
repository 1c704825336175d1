/* SPDX-License-Identifier: ISC */
/* One sentence that says what went wrong, carried from where it is known to where it is printed. */
#ifndef TOOLS_COMMON_REPORT_H
#define TOOLS_COMMON_REPORT_H

#include <stdarg.h>

#define REPORT_MAX 1024 /* bytes with the final NUL; a longer sentence is cut */

struct report {
	char text[REPORT_MAX];
};

/* Sets the sentence and returns err, so that a failing function can end with `return
 * report_set(...)`. */
int report_set(struct report *report, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int report_set_v(struct report *report, int err, const char *format, va_list args);

/* Puts text in front of the sentence that is there. */
void report_prefix(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
