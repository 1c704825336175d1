/* SPDX-License-Identifier: ISC */
/* The C library that a freestanding program has to bring, assertions and panic. */
#ifndef HYP_LIB_H
#define HYP_LIB_H

#include <lib/types.h>
#include <stdarg.h>

/* Between RAM and RAM of any alignment; memcpy() calls it where that is the faster way. */
void *copy_unaligned(void *dst, const void *src, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copy at most size-1 characters and always terminate. Returns the length of src. */
size_t str_copy(char *dst, const char *src, size_t size);

/*
 * Number with an optional 0x prefix and an optional K, M or G suffix. *end is set behind what was
 * read; no digits: returns 0 with *end == s.
 */
uint64_t str_to_size(const char *s, const char **end);

/*
 * Formatting: d i u x X p s c %, flags 0 and -, width, precision of strings, hh h l ll z. No
 * floating point.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * Stop the machine with a reason: only for the hypervisor's own broken invariants, never for what a
 * guest did.
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
/* What panic() calls to stop the other CPUs. Before, it stops only its own. */
void panic_init(void (*stop_other_cpus)(void));

#define ASSERT(cond)                                                                     \
	do {                                                                             \
		if (unlikely(!(cond)))                                                   \
			panic("%s:%d: broken invariant: %s", __FILE__, __LINE__, #cond); \
	} while (0)

#endif
