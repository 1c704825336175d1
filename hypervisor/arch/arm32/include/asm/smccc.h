/* SPDX-License-Identifier: ISC */
/* Calling the firmware (Arm DEN0028, SMC calling convention): 32-bit calls. */
#ifndef ASM_SMCCC_H
#define ASM_SMCCC_H

#include <lib/types.h>

/* Bit of function ids: none, arguments have 32 bits. */
#define SMCCC_WIDE 0

/* SMCCC 1.0 firmware keeps r4-r14. */
static inline int64_t smccc_firmware(bool use_hvc, uint32_t fn, uint64_t a1, uint64_t a2,
				     uint64_t a3)
{
	register uint32_t r0 asm("r0") = fn;
	register uint32_t r1 asm("r1") = (uint32_t)a1;
	register uint32_t r2 asm("r2") = (uint32_t)a2;
	register uint32_t r3 asm("r3") = (uint32_t)a3;

	if (use_hvc)
		asm volatile(".arch_extension virt\n hvc #0"
			     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)::"memory");
	else
		asm volatile(".arch_extension sec\n smc #0"
			     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)::"memory");
	return (int32_t)r0;
}

#endif
