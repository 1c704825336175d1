/* SPDX-License-Identifier: ISC */
/* The ARMv7 part of a vCPU and of a domain. */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <vdev/mmio.h>
#include <lib/types.h>

/* SP, LR and SPSR that a mode has of its own. */
struct banked_regs {
	uint32_t sp, lr, spsr;
};

/*
 * Registers of the guest's modes and of its CP15 and CP14 while the vCPU is switched out. While it
 * is loaded they live in the hardware. (DDI 0406C B1.3, B3.17)
 */
struct guest_regs {
	struct banked_regs svc, abt, und, irq, fiq;
	uint32_t fiq_r[5]; /* r8-r12 of FIQ mode */
	uint32_t sctlr, cpacr, ttbcr, dacr, vbar;
	uint64_t ttbr0, ttbr1, par;
	uint32_t dfsr, ifsr, adfsr, aifsr, dfar, ifar;
	uint32_t mair0, mair1, amair0, amair1;
	uint32_t contextidr, tpidrurw, tpidruro, tpidrprw, csselr, cntkctl;
	uint32_t teecr, teehbr;
};

struct fp_regs {
	uint64_t d[32] __aligned(8); /* D0-D31, or D0-D15 where there are no more */
	uint32_t fpexc, fpscr, fpinst, fpinst2;
};

struct arch_vcpu {
	/*
	 * r0-r12, then SP and LR of User mode. LR is not banked for Hyp mode, so it is saved at
	 * every entry; r4-r11 only when the vCPU is switched, or for a trap that may look at them.
	 * pc and cpsr are in ELR_hyp and SPSR_hyp while the vCPU is loaded.
	 */
	uint32_t r[13];
	uint32_t sp_usr, lr_usr;
	uint32_t pc, cpsr;
	struct guest_regs regs;
	uint32_t hcr;
	uint32_t vmpidr;
	uint16_t fp_cpu; /* the CPU whose FP registers last held fp */
	bool fp_live;    /* loaded and FP access is enabled: the hardware holds the truth */
	struct {
		uint64_t ctl; /* CNTV_CTL, or that it is loaded (arch/arm/timer.c) */
		uint64_t cval;
	} vtimer;
	struct {
		uint32_t ctl; /* CNTP_CTL as written: ENABLE, IMASK */
		uint64_t cval;
	} ptimer;
	struct fp_regs fp;
};

struct arch_domain {
	struct mmio_map mmio;
	uint64_t vttbr_base; /* root of stage 2, without the VMID */
};

#endif
