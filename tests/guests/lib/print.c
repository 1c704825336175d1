/* SPDX-License-Identifier: ISC */
/* A small printf: %s %c %d %u %x %p %% with l, ll and z, a width, and zero padding. */

#include <stdarg.h>
#include "guest.h"

struct sink {
	char *out;
	size_t size;
	size_t used;
};

static void sink_put(struct sink *sink, char c)
{
	if (sink->used + 1 < sink->size)
		sink->out[sink->used++] = c;
}

static void sink_text(struct sink *sink, const char *text, unsigned width)
{
	size_t length = strlen(text);

	for (size_t n = length; n < width; n++)
		sink_put(sink, ' ');
	while (*text)
		sink_put(sink, *text++);
}

static void sink_number(struct sink *sink, u64 value, unsigned base, unsigned width, char pad)
{
	char digits[24];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (width > n) {
		sink_put(sink, pad);
		width--;
	}
	while (n)
		sink_put(sink, digits[--n]);
}

static void sink_signed(struct sink *sink, int64_t value, unsigned width, char pad)
{
	if (value < 0) {
		sink_put(sink, '-');
		sink_number(sink, -(u64)value, 10, width, pad);
	} else {
		sink_number(sink, (u64)value, 10, width, pad);
	}
}

int guest_vsnprintf(char *out, size_t size, const char *format, va_list args)
{
	struct sink sink = {out, size, 0};

	for (; *format; format++) {
		unsigned width = 0;
		bool wide = false;
		char pad = ' ';

		if (*format != '%') {
			sink_put(&sink, *format);
			continue;
		}
		if (*++format == '0')
			pad = '0';
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (unsigned)(*format - '0');
		for (; *format == 'l' || *format == 'z'; format++)
			wide = true;
		switch (*format) {
		case 's':
			sink_text(&sink, va_arg(args, const char *), width);
			break;
		case 'c':
			sink_put(&sink, (char)va_arg(args, int));
			break;
		case 'd':
			sink_signed(&sink, wide ? va_arg(args, long) : va_arg(args, int), width,
				    pad);
			break;
		case 'u':
			sink_number(&sink, wide ? va_arg(args, u64) : va_arg(args, u32), 10, width,
				    pad);
			break;
		case 'p':
			wide = true; /* fallthrough */
		case 'x':
			sink_number(&sink, wide ? va_arg(args, u64) : va_arg(args, u32), 16, width,
				    pad);
			break;
		default:
			sink_put(&sink, *format);
		}
	}
	if (size)
		out[sink.used] = '\0';
	return (int)sink.used;
}

int guest_snprintf(char *out, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = guest_vsnprintf(out, size, format, args);
	va_end(args);
	return n;
}

void guest_printf(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = guest_vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	console_write(line, (size_t)n);
}
