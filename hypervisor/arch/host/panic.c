/* SPDX-License-Identifier: ISC */
/* The panic of the test host, for tests without core/panic.c. */
#include <host/host.h>
#include <lib/lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char host_panic_text[256];
__thread jmp_buf *host_panic_jump;

bool host_panicked_with(const char *part)
{
	host_locks_drop();
	return strstr(host_panic_text, part) != NULL;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(host_panic_text, sizeof(host_panic_text), fmt, ap);
	va_end(ap);
	if (host_panic_jump)
		longjmp(*host_panic_jump, 1);
	fprintf(stderr, "panic: %s\n", host_panic_text);
	abort();
}

void host_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "test host: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}
