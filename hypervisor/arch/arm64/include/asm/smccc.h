/* SPDX-License-Identifier: ISC */
/* Calling the firmware (Arm DEN0028, SMC calling convention). */
#ifndef ASM_SMCCC_H
#define ASM_SMCCC_H

#include <lib/types.h>

/* Bit of function ids: arguments have 64 bits. */
#define SMCCC_WIDE 0x40000000

static inline int64_t smccc_firmware(bool use_hvc, uint32_t fn, uint64_t a1, uint64_t a2,
				     uint64_t a3)
{
	register uint64_t x0 asm("x0") = fn;
	register uint64_t x1 asm("x1") = a1;
	register uint64_t x2 asm("x2") = a2;
	register uint64_t x3 asm("x3") = a3;

	if (use_hvc)
		asm volatile("hvc #0"
			     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"x4", "x5", "x6", "x7", "x8",
			       "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
			       "memory");
	else
		asm volatile("smc #0"
			     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"x4", "x5", "x6", "x7", "x8",
			       "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
			       "memory");
	return (int64_t)x0;
}

#endif
