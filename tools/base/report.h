/* SPDX-License-Identifier: ISC */
/*
 * One sentence that describes an error. It is passed from the function that detects the error to
 * the code that prints it.
 *
 * This is the only kind of error in the tools. A function that can fail returns 0 or a negative
 * errno, and takes a struct report if a user may read the reason. The function that knows the
 * reason sets the report. Callers pass it on, and at most add a prefix. The report may be NULL.
 * libctrl, which other programs use too, keeps its message per thread (ctrl_error()). report_ctrl()
 * in report_ctrl.h copies it into a report. A frame on a daemon's socket carries the first 511
 * bytes.
 */
#ifndef TOOLS_COMMON_REPORT_H
#define TOOLS_COMMON_REPORT_H

#include <stdarg.h>

#define REPORT_MAX 1024 /* bytes with the NUL; a longer message is cut */

struct report {
	char text[REPORT_MAX];
};

/*
 * Sets the message and returns err, so that a failing function can end with `return
 * report_set(...)`.
 */
int report_set(struct report *report, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int report_set_v(struct report *report, int err, const char *format, va_list args);

/* Adds a prefix to the message. */
void report_prefix(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
