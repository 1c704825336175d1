/* SPDX-License-Identifier: ISC */
/* One sentence that says what went wrong, carried from where it is known to where it is printed. */
#include "common/report.h"

#include <stdio.h>
#include <string.h>

/* What a sentence quotes can come from anywhere: it stays one line and cannot steer a terminal. */
static void hide_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int report_set_v(struct report *report, int err, const char *format, va_list args)
{
	if (!report)
		return err;
	vsnprintf(report->text, sizeof(report->text), format, args);
	hide_controls(report->text);
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
