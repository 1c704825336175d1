/* SPDX-License-Identifier: ISC */
/*
 * Coprocessor registers: access, and the names of those that the hypervisor uses (Arm ARM DDI 0406C
 * B4.1). A name expands to coprocessor, opc1, CRn, CRm, opc2, or for a register of 64 bits to
 * coprocessor, opc1, CRm.
 */
#ifndef ASM_CP15_H
#define ASM_CP15_H

#include <stdint.h>

#define read_cp(...) read_cp_(__VA_ARGS__)
#define read_cp_(cp, opc1, crn, crm, opc2)                                             \
	({                                                                             \
		uint32_t _v;                                                           \
		asm volatile("mrc p" #cp ", " #opc1 ", %0, " #crn ", " #crm ", " #opc2 \
			     : "=r"(_v));                                              \
		_v;                                                                    \
	})

/* The value comes last: write_cp(HCR, value). */
#define write_cp(...) write_cp_(__VA_ARGS__)
#define write_cp_(cp, opc1, crn, crm, opc2, v)                      \
	asm volatile("mcr p" #cp ", " #opc1 ", %0, " #crn ", " #crm \
		     ", " #opc2 ::"r"((uint32_t)(v))                \
		     : "memory")

#define read_cp64(...) read_cp64_(__VA_ARGS__)
#define read_cp64_(cp, opc1, crm)                                                     \
	({                                                                            \
		uint64_t _v;                                                          \
		asm volatile("mrrc p" #cp ", " #opc1 ", %Q0, %R0, " #crm : "=r"(_v)); \
		_v;                                                                   \
	})
#define write_cp64(...) write_cp64_(__VA_ARGS__)
#define write_cp64_(cp, opc1, crm, v) \
	asm volatile("mcrr p" #cp ", " #opc1 ", %Q0, %R0, " #crm ::"r"((uint64_t)(v)) : "memory")

/* Registers that are only reached by name (MRS, MSR): ELR_hyp, banked ones, Hyp mode's SPSR. */
#define read_banked(name)                                  \
	({                                                 \
		uint32_t _v;                               \
		asm volatile("mrs %0, " #name : "=r"(_v)); \
		_v;                                        \
	})
#define write_banked(name, v) asm volatile("msr " #name ", %0" ::"r"((uint32_t)(v)))

/* Identification */
#define MIDR    15, 0, c0, c0, 0
#define MPIDR   15, 0, c0, c0, 5
#define ID_PFR0 15, 0, c0, c1, 0
#define ISR     15, 0, c12, c1, 0
#define VPIDR   15, 4, c0, c0, 0
#define VMPIDR  15, 4, c0, c0, 5
/* Hyp mode */
#define HSCTLR 15, 4, c1, c0, 0
#define HCR    15, 4, c1, c1, 0
#define HDCR   15, 4, c1, c1, 1
#define HCPTR  15, 4, c1, c1, 2
#define HACR   15, 4, c1, c1, 7
#define HSTR   15, 4, c1, c1, 3
#define HTCR   15, 4, c2, c0, 2
#define VTCR   15, 4, c2, c1, 2
#define HSR    15, 4, c5, c2, 0
#define HDFAR  15, 4, c6, c0, 0
#define HIFAR  15, 4, c6, c0, 2
#define HPFAR  15, 4, c6, c0, 4
#define HMAIR0 15, 4, c10, c2, 0
#define HMAIR1 15, 4, c10, c2, 1
#define HVBAR  15, 4, c12, c0, 0
#define HTPIDR 15, 4, c13, c0, 2
#define HTTBR  15, 4, c2
#define VTTBR  15, 6, c2
/* The guest's */
#define SCTLR      15, 0, c1, c0, 0
#define ACTLR      15, 0, c1, c0, 1
#define CPACR      15, 0, c1, c0, 2
#define TTBCR      15, 0, c2, c0, 2
#define TTBR0      15, 0, c2
#define TTBR1      15, 1, c2
#define DACR       15, 0, c3, c0, 0
#define DFSR       15, 0, c5, c0, 0
#define IFSR       15, 0, c5, c0, 1
#define ADFSR      15, 0, c5, c1, 0
#define AIFSR      15, 0, c5, c1, 1
#define DFAR       15, 0, c6, c0, 0
#define IFAR       15, 0, c6, c0, 2
#define PAR        15, 0, c7
#define MAIR0      15, 0, c10, c2, 0
#define MAIR1      15, 0, c10, c2, 1
#define AMAIR0     15, 0, c10, c3, 0
#define AMAIR1     15, 0, c10, c3, 1
#define VBAR       15, 0, c12, c0, 0
#define CONTEXTIDR 15, 0, c13, c0, 1
#define TPIDRURW   15, 0, c13, c0, 2
#define TPIDRURO   15, 0, c13, c0, 3
#define TPIDRPRW   15, 0, c13, c0, 4
#define CSSELR     15, 2, c0, c0, 0
#define TEECR      14, 6, c0, c0, 0
#define TEEHBR     14, 6, c1, c0, 0
/* Generic timer */
#define CNTFRQ     15, 0, c14, c0, 0
#define CNTKCTL    15, 0, c14, c1, 0
#define CNTP_CTL   15, 0, c14, c2, 1
#define CNTV_CTL   15, 0, c14, c3, 1
#define CNTHCTL    15, 4, c14, c1, 0
#define CNTHP_CTL  15, 4, c14, c2, 1
#define CNTPCT     15, 0, c14
#define CNTVCT     15, 1, c14
#define CNTV_CVAL  15, 3, c14
#define CNTVOFF    15, 4, c14
#define CNTHP_CVAL 15, 6, c14
/* Address translation: stage 1 of the guest (CPR, CPW), both stages (NSOPR, NSOPW); see PAR */
#define ATS1CPR    15, 0, c7, c8, 0
#define ATS1CPW    15, 0, c7, c8, 1
#define ATS12NSOPR 15, 0, c7, c8, 4
#define ATS12NSOPW 15, 0, c7, c8, 5
/* Caches and branch predictors; IS: all CPUs */
#define ICIALLUIS 15, 0, c7, c1, 0
#define BPIALLIS  15, 0, c7, c1, 6
#define DCIMVAC   15, 0, c7, c6, 1
#define DCCMVAC   15, 0, c7, c10, 1
#define DCCMVAU   15, 0, c7, c11, 1
#define DCCIMVAC  15, 0, c7, c14, 1
/* TLBs: of the VMID in VTTBR (TLBIALL), of all guests (NSNH), of Hyp mode (H) */
#define TLBIALLIS     15, 0, c8, c3, 0
#define TLBIALL       15, 0, c8, c7, 0
#define TLBIALLHIS    15, 4, c8, c3, 0
#define TLBIMVAHIS    15, 4, c8, c3, 1
#define TLBIALLNSNHIS 15, 4, c8, c3, 4
#define TLBIALLNSNH   15, 4, c8, c7, 4

#define SCTLR_C (1U << 2)

/* SPSR, CPSR: mode (low five bits), Thumb state, the mask bits, and the IT state in two pieces. */
#define CPSR_MODE 0x1fU
#define CPSR_T    (1U << 5)
#define CPSR_AIF  (7U << 6)
#define CPSR_IT   0x0600fc00U
#define MODE_USR  0x10U
#define MODE_FIQ  0x11U
#define MODE_IRQ  0x12U
#define MODE_SVC  0x13U
#define MODE_ABT  0x17U
#define MODE_UND  0x1bU
#define MODE_SYS  0x1fU

#endif
