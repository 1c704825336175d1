/* SPDX-License-Identifier: ISC */
/*
 * Device registers: one access each, of the stated width, neither repeated nor left out by the
 * compiler.
 */
#ifndef HYP_IO_H
#define HYP_IO_H

#include <lib/types.h>

#define DEFINE_IO(bits)                                                \
	static inline uint##bits##_t io_read##bits(const char *reg)    \
	{                                                              \
		return *(const volatile uint##bits##_t *)reg;          \
	}                                                              \
	static inline void io_write##bits(char *reg, uint##bits##_t v) \
	{                                                              \
		*(volatile uint##bits##_t *)reg = v;                   \
	}

DEFINE_IO(8)
DEFINE_IO(32)
DEFINE_IO(64)
#undef DEFINE_IO

#endif
