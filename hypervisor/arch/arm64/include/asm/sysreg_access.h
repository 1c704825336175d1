/* SPDX-License-Identifier: ISC */
/* Emulated system registers, by the names that syndromes give them. */
#ifndef ASM_SYSREG_ACCESS_H
#define ASM_SYSREG_ACCESS_H

#include <lib/types.h>

struct vcpu;

/*
 * ISS of a trapped MSR/MRS (Arm ARM D19.2.37): the register's name as one number, with Rt and
 * direction cleared. That of a trapped MCR/MRC is the same, with the condition in place of op0.
 */
#define SYSREG(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_SYSREG(iss) ((uint32_t)(iss)&0x3ffc1eU)
#define ISS_RT(iss)     (((iss) >> 5) & 0x1f)
#define ISS_READ        BIT(0)

/*
 * Reads a register into *value, or writes *value to it, for the current vCPU. false: the register
 * does not exist for guests, or not in this direction, and nothing has changed.
 */
bool sysreg_access(struct vcpu *v, uint32_t reg, uint64_t *value, bool read);

#endif
