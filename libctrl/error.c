/* SPDX-License-Identifier: ISC */
/* Keeps the sentence that explains the last error of each thread. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define ERROR_SIZE 1024

static _Thread_local char sentence[ERROR_SIZE];

const char *ctrl_error(void)
{
	return sentence;
}

/* "ENOENT", or "errno 4711" for what libc does not know. */
static const char *errno_name(int err, char *buf, size_t size)
{
	const char *name = strerrorname_np(-err);

	if (name)
		return name;
	snprintf(buf, size, "errno %d", -err);
	return buf;
}

void ctrl_append(const char *fmt, ...)
{
	size_t len = strlen(sentence);
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence + len, sizeof(sentence) - len, fmt, args);
	va_end(args);
}

int ctrl_fail(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	return err;
}

void ctrl_append_errno(int err, const char *words)
{
	char buf[32];
	const char *descr = words ? words : strerrordesc_np(-err);

	ctrl_append(": %s (%s)", descr ? descr : "unknown error",
		    errno_name(err, buf, sizeof(buf)));
}

void ctrl_say_cannot(const char *fmt, va_list args)
{
	snprintf(sentence, sizeof(sentence), "cannot ");
	vsnprintf(sentence + 7, sizeof(sentence) - 7, fmt, args);
}

int ctrl_fail_file(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ctrl_say_cannot(fmt, args);
	va_end(args);
	ctrl_append_errno(err, NULL);
	return err;
}

int ctrl_fail_in(int err, const char *fmt, ...)
{
	char old[ERROR_SIZE];
	va_list args;

	memcpy(old, sentence, sizeof(old));
	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	ctrl_append(": %s", old);
	return err;
}
