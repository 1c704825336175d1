/* SPDX-License-Identifier: ISC */
/* The log of the test host, for tests without core/log.c. */
#include <host/host.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool host_log_verbose;

static char log_text[16384];
static size_t log_used;

static void log_line(const char *fmt, va_list ap)
{
	char line[256];
	size_t n;

	vsnprintf(line, sizeof(line), fmt, ap);
	n = strlen(line);
	if (host_log_verbose || getenv("HOST_LOG"))
		fprintf(stderr, "(hyp) %s\n", line);
	if (log_used + n + 2 > sizeof(log_text))
		log_used = 0;
	memcpy(log_text + log_used, line, n);
	log_used += n;
	log_text[log_used++] = '\n';
	log_text[log_used] = 0;
}

const char *host_log(void)
{
	return log_text;
}

void host_log_clear(void)
{
	log_used = 0;
	log_text[0] = 0;
}

void log_print(enum log_level level __unused, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}

void log_guest(struct domain *d __unused, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}
