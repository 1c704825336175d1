/* SPDX-License-Identifier: ISC */
/*
 * PSCI and SMCCC numbers (Arm DEN0022, DEN0028), and the firmware's services as the hypervisor uses
 * them.
 */
#ifndef ARM_PSCI_H
#define ARM_PSCI_H

#include <lib/types.h>

/* Function identifiers: fast calls of the standard service owner; bit 30 set: 64-bit arguments. */
#define PSCI_VERSION           0x84000000
#define PSCI_CPU_SUSPEND_32    0x84000001
#define PSCI_CPU_SUSPEND_64    0xc4000001
#define PSCI_CPU_OFF           0x84000002
#define PSCI_CPU_ON_32         0x84000003
#define PSCI_CPU_ON_64         0xc4000003
#define PSCI_AFFINITY_INFO_32  0x84000004
#define PSCI_AFFINITY_INFO_64  0xc4000004
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF        0x84000008
#define PSCI_SYSTEM_RESET      0x84000009
#define PSCI_FEATURES          0x8400000a

#define SMCCC_VERSION           0x80000000
#define SMCCC_ARCH_FEATURES     0x80000001
#define SMCCC_ARCH_WORKAROUND_1 0x80008000
#define SMCCC_ARCH_WORKAROUND_2 0x80007fff
#define SMCCC_ARCH_WORKAROUND_3 0x80003fff
#define SMCCC_HYP_CALL_COUNT    0x8600ff00
#define SMCCC_HYP_UID           0x8600ff01
#define SMCCC_HYP_REVISION      0x8600ff03
#define SMCCC_STD_CALL_COUNT    0x8400ff00
#define SMCCC_STD_UID           0x8400ff01
#define SMCCC_STD_REVISION      0x8400ff03

#define SMCCC_NOT_SUPPORTED (-1)
#define SMCCC_NOT_REQUIRED  (-2)

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED             (-3)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INTERNAL_FAILURE   (-6)
#define PSCI_INVALID_ADDRESS    (-9)

#define PSCI_AFFINITY_ON  0
#define PSCI_AFFINITY_OFF 1

#define PSCI_VERSION_1_0  0x10000
#define PSCI_VERSION_1_1  0x10001
#define SMCCC_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_2 0x10002

/* The firmware. 0 or a PSCI error. */
void psci_init(bool present, bool use_hvc);
int psci_cpu_on(uint64_t hwid, paddr_t entry, uint64_t context);
void psci_system_off(void);
void psci_system_reset(void);

#endif
