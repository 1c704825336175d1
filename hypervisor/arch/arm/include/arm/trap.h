/* SPDX-License-Identifier: ISC */
/*
 * Exceptions from guests: the syndrome's fields, which both widths share (Arm ARM D19.2.37 ESR_EL2,
 * G8.2.69 HSR), and the handlers.
 */
#ifndef ARM_TRAP_H
#define ARM_TRAP_H

#include <lib/types.h>

struct vcpu;

#define ESR_EC(esr)  ((unsigned)((esr) >> 26) & 0x3f)
#define ESR_IL_32BIT BIT(25)

/* Exception classes. Those that only one width has say so. */
enum exception_class {
	EC_UNKNOWN = 0x00, /* undefined, or for no other class */
	EC_WFX = 0x01,
	EC_CP15_32 = 0x03, /* MCR, MRC */
	EC_CP15_64 = 0x04, /* MCRR, MRRC */
	EC_CP14_32 = 0x05,
	EC_CP14_LDC = 0x06,
	EC_FP = 0x07, /* FP and SIMD registers */
	EC_CP10_ID = 0x08,
	EC_CP14_64 = 0x0c,
	EC_HVC32 = 0x12,
	EC_SMC32 = 0x13,
	EC_HVC64 = 0x16,      /* arm64 */
	EC_SMC64 = 0x17,      /* arm64 */
	EC_SYSREG = 0x18,     /* arm64 */
	EC_IABT_GUEST = 0x20, /* instruction abort from the guest */
	EC_DABT_GUEST = 0x24, /* data abort from the guest */
	NR_EXCEPTION_CLASSES = 0x40,
};

#define ESR_HVC_IMM(e) ((unsigned)(e)&0xffff) /* HVC and SMC: the immediate */
#define ESR_WFX_WFE    BIT(0)                 /* it was a WFE, not a WFI */

/* Data aborts. */
#define ESR_ISV         BIT(24)
#define ESR_SAS(e)      (((e) >> 22) & 3) /* access size: log2 of bytes */
#define ESR_SSE         BIT(21)
#define ESR_SRT(e)      (((e) >> 16) & 0x1f)
#define ESR_SF          BIT(15)
#define ESR_CM          BIT(8) /* cache maintenance */
#define ESR_S1PTW       BIT(7)
#define ESR_WNR         BIT(6)
#define FSC_TRANSLATION 0x04 /* + level */
#define FSC_ACCESS_FLAG 0x08
#define FSC_PERMISSION  0x0c
#define FSC_CLASS_MASK  0x3c
#define FSC_CLASS(e)    ((e)&FSC_CLASS_MASK)

/* esr: the syndrome. v is the current vCPU. */
typedef void trap_fn(struct vcpu *v, uint64_t esr);

/*
 * Called by the vectors. For HVC the pc is after the instruction already; nr is what the register
 * holds that numbers hypercalls: x16, or r12.
 */
void trap_hvc(struct vcpu *v, uint64_t esr, uint64_t nr);
void trap_irq(struct vcpu *v);
/*
 * On the way back to a guest with something to do first. v is NULL on a CPU's first entry. Returns
 * the vCPU to enter, which is loaded.
 */
struct vcpu *trap_resched(struct vcpu *v);

/* By the table of exception classes. */
trap_fn trap_sync;

/* For the table of exception classes that each width has. */
trap_fn trap_undef, trap_wfx, trap_smc, trap_fp, trap_data_abort, trap_instruction_abort;

/* PSCI and SMCCC: the function id and the arguments are in registers 0 to 3, and so are results. */
void smccc_call(struct vcpu *v);

/*
 * The access of a data abort is not allowed: inject the abort, or return to let the guest try
 * again.
 */
void data_abort_refused(struct vcpu *v, gpaddr_t gpa, bool write);

#endif
