/* SPDX-License-Identifier: ISC */
/* PSCI (Arm DEN 0022) and SMCCC (Arm DEN 0028) by hvc #0: function ids, results and the call. */
#ifndef GUEST_PSCI_H
#define GUEST_PSCI_H

#include "guest.h"

#define PSCI_VERSION           0x84000000
#define PSCI_CPU_SUSPEND_32    0x84000001
#define PSCI_CPU_SUSPEND       0xc4000001
#define PSCI_CPU_OFF           0x84000002
#define PSCI_CPU_ON_32         0x84000003
#define PSCI_CPU_ON            0xc4000003
#define PSCI_AFFINITY_INFO_32  0x84000004
#define PSCI_AFFINITY_INFO     0xc4000004
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF        0x84000008
#define PSCI_SYSTEM_RESET      0x84000009
#define PSCI_FEATURES          0x8400000a

#define SMCCC_VERSION        0x80000000
#define SMCCC_ARCH_FEATURES  0x80000001
#define SMCCC_VENDOR_HYP_UID 0x8600ff01

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED             (-3)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INTERNAL_FAILURE   (-6)
#define PSCI_NOT_PRESENT        (-7)
#define PSCI_DISABLED           (-8)
#define PSCI_INVALID_ADDRESS    (-9)

struct smccc_result {
	u64 x[4];
};

static inline struct smccc_result smccc_call(u64 function, u64 a1, u64 a2, u64 a3)
{
	register u64 x0 asm("x0") = function;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;

	asm volatile("hvc #0"
		     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"x4", "x5", "x6", "x7", "x8", "x9",
		       "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return (struct smccc_result){{x0, x1, x2, x3}};
}

/* Results are 32-bit signed in both calling conventions' error range. */
static inline long psci_call(u64 function, u64 a1, u64 a2, u64 a3)
{
	return (int)smccc_call(function, a1, a2, a3).x[0];
}

#endif
