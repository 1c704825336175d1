/* SPDX-License-Identifier: ISC */
/*
 * One sentence that describes an error. It is passed from the function that detects the error to
 * the code that prints it.
 */
#include "report.h"
#include "plain_text.h"

#include <stdio.h>
#include <string.h>

int report_set_v(struct report *report, int err, const char *format, va_list args)
{
	if (!report)
		return err;
	vsnprintf(report->text, sizeof(report->text), format, args);
	plain_text_make(report->text); /* the message may quote untrusted text */
	return err;
}

int report_set(struct report *report, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_set_v(report, err, format, args);
	va_end(args);
	return err;
}

void report_prefix(struct report *report, const char *format, ...)
{
	struct report front;
	va_list args;
	size_t used;

	if (!report)
		return;
	va_start(args, format);
	report_set_v(&front, 0, format, args);
	va_end(args);
	used = strlen(front.text);
	snprintf(front.text + used, sizeof(front.text) - used, "%s", report->text);
	*report = front;
}
