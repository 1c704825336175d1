/* SPDX-License-Identifier: ISC */
/*
 * Exceptions from guests: the syndrome's fields, which both widths share (Arm ARM D19.2.37 ESR_EL2,
 * G8.2.69 HSR).
 */
#ifndef ARM_TRAP_H
#define ARM_TRAP_H

#include <hyp/types.h>

struct vcpu;

#define ESR_EC(esr)  ((unsigned)((esr) >> 26) & 0x3f)
#define ESR_IL_32BIT BIT(25)

/* Data aborts. */
#define ESR_ISV         BIT(24)
#define ESR_SAS(e)      (((e) >> 22) & 3) /* access size: log2 of bytes */
#define ESR_SSE         BIT(21)
#define ESR_SRT(e)      (((e) >> 16) & 0x1f)
#define ESR_SF          BIT(15)
#define ESR_CM          BIT(8) /* cache maintenance */
#define ESR_S1PTW       BIT(7)
#define ESR_WNR         BIT(6)
#define ESR_FSC(e)      ((e)&0x3f)
#define FSC_TRANSLATION 0x04 /* + level */
#define FSC_ACCESS_FLAG 0x08
#define FSC_PERMISSION  0x0c
#define FSC_CLASS(e)    ((e)&0x3c)

typedef void trap_fn(struct vcpu *v, uint64_t esr);

/* PSCI and SMCCC: function id in x0 (r0), results there. */
void smccc_call(struct vcpu *v);

/* Trapped system registers (arch/arm64/sysreg.c). */
trap_fn trap_sysreg;

#endif
