/* SPDX-License-Identifier: ISC */
/* vsnprintf: the conversions that lib/lib.h promises. */
#include <lib/lib.h>

struct out {
	char *buf;
	size_t size; /* of buf, with the terminator */
	size_t len;  /* of what should be in it */
};

/* A conversion, taken apart. */
struct spec {
	bool left, zero, upper;
	int width, precision; /* precision -1: none */
	int longs;            /* -2 hh, -1 h, 0, 1 l, 2 ll */
	char conversion;
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void out_fill(struct out *o, char c, int n)
{
	for (; n > 0; n--)
		out_char(o, c);
}

static void out_chars(struct out *o, const char *s, size_t n)
{
	while (n--)
		out_char(o, *s++);
}

static void out_padded(struct out *o, const struct spec *sp, const char *s, size_t n)
{
	int pad = sp->width - (int)n;

	if (!sp->left)
		out_fill(o, ' ', pad);
	out_chars(o, s, n);
	if (sp->left)
		out_fill(o, ' ', pad);
}

/* prefix: "-", "0x" or "": zeros go between it and the digits. */
static void out_number(struct out *o, const struct spec *sp, uint64_t n, unsigned base,
		       const char *prefix)
{
	const char *digits = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24 + 2];
	size_t at = sizeof(text), len = strlen(prefix);

	do {
		text[--at] = digits[n % base];
		n /= base;
	} while (n);
	if (sp->zero && !sp->left) {
		out_chars(o, prefix, len);
		out_fill(o, '0', sp->width - (int)(len + sizeof(text) - at));
		out_chars(o, text + at, sizeof(text) - at);
		return;
	}
	at -= len;
	memcpy(text + at, prefix, len);
	out_padded(o, sp, text + at, sizeof(text) - at);
}

static void out_string(struct out *o, const struct spec *sp, const char *s)
{
	if (!s)
		s = "(null)";
	out_padded(o, sp, s, sp->precision < 0 ? strlen(s) : strnlen(s, (size_t)sp->precision));
}

static int read_number(const char **fmt, int limit)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = MIN(n * 10 + (**fmt - '0'), limit);
	return n;
}

static int read_length(const char **fmt)
{
	int longs = 0;

	for (;; (*fmt)++) {
		if (**fmt == 'l')
			longs++;
		else if (**fmt == 'h')
			longs--;
		else if (**fmt == 'z')
			longs = sizeof(size_t) == 8 ? 2 : 0;
		else
			return longs;
	}
}

#define MAX_WIDTH 4096

static void read_spec(const char **fmt, struct spec *sp)
{
	*sp = (struct spec){.precision = -1};
	for (;; (*fmt)++) {
		if (**fmt == '-')
			sp->left = true;
		else if (**fmt == '0')
			sp->zero = true;
		else
			break;
	}
	sp->width = read_number(fmt, MAX_WIDTH);
	if (**fmt == '.') {
		(*fmt)++;
		sp->precision = read_number(fmt, MAX_WIDTH);
	}
	sp->longs = read_length(fmt);
	sp->conversion = **fmt;
	if (sp->conversion)
		(*fmt)++;
}

/* va_list is an array type on some machines: pass it inside a structure. */
struct args {
	va_list ap;
};

static uint64_t arg_unsigned(struct args *a, int longs)
{
	if (longs >= 2)
		return va_arg(a->ap, unsigned long long);
	if (longs == 1)
		return va_arg(a->ap, unsigned long);
	if (longs == -1)
		return (unsigned short)va_arg(a->ap, unsigned);
	if (longs <= -2)
		return (unsigned char)va_arg(a->ap, unsigned);
	return va_arg(a->ap, unsigned);
}

static int64_t arg_signed(struct args *a, int longs)
{
	if (longs >= 2)
		return va_arg(a->ap, long long);
	if (longs == 1)
		return va_arg(a->ap, long);
	if (longs == -1)
		return (short)va_arg(a->ap, int);
	if (longs <= -2)
		return (signed char)va_arg(a->ap, int);
	return va_arg(a->ap, int);
}

static void convert_signed(struct out *o, const struct spec *sp, int64_t n)
{
	out_number(o, sp, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, n < 0 ? "-" : "");
}

static void convert_one(struct out *o, struct spec *sp, struct args *a)
{
	char c;

	switch (sp->conversion) {
	case 'd':
	case 'i':
		convert_signed(o, sp, arg_signed(a, sp->longs));
		break;
	case 'u':
		out_number(o, sp, arg_unsigned(a, sp->longs), 10, "");
		break;
	case 'X':
		sp->upper = true;
		/* fall through */
	case 'x':
		out_number(o, sp, arg_unsigned(a, sp->longs), 16, "");
		break;
	case 'p':
		out_number(o, sp, (uintptr_t)va_arg(a->ap, void *), 16, "0x");
		break;
	case 's':
		out_string(o, sp, va_arg(a->ap, const char *));
		break;
	case 'c':
		c = (char)va_arg(a->ap, int);
		out_padded(o, sp, &c, 1);
		break;
	default: /* "%%", and whatever nobody promised stands for itself */
		if (sp->conversion)
			out_char(o, sp->conversion);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, size, 0};
	struct spec sp;
	struct args a;

	va_copy(a.ap, ap);
	while (*fmt) {
		if (*fmt != '%') {
			out_char(&o, *fmt++);
			continue;
		}
		fmt++;
		read_spec(&fmt, &sp);
		convert_one(&o, &sp, &a);
	}
	va_end(a.ap);
	if (size)
		buf[MIN(o.len, size - 1)] = 0;
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
