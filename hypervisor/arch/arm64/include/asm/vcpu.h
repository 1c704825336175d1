/* SPDX-License-Identifier: ISC */
/* The arm64 part of a vCPU and of a domain. */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <vdev/mmio.h>
#include <lib/types.h>

/*
 * EL1 and EL0 system registers of a vCPU that is switched out. While it is loaded they live in the
 * hardware. (Arm ARM D1.2; the list is complete for what the ID registers let a guest see.)
 */
struct el1_regs {
	uint64_t sp_el0, sp_el1, elr_el1, spsr_el1;
	uint64_t sctlr, actlr, cpacr, vbar;
	uint64_t ttbr0, ttbr1, tcr, mair, amair;
	uint64_t esr, far, par, afsr0, afsr1;
	uint64_t contextidr, csselr, cntkctl;
	uint64_t tpidr_el0, tpidrro_el0, tpidr_el1;
};

struct fp_regs {
	uint64_t v[64] __aligned(16); /* V0..V31, 128 bits each */
	uint64_t fpsr, fpcr;
	uint32_t aarch32; /* not 0: fpexc is part of it */
	uint32_t fpexc;
};

/* What only a vCPU of a 32-bit guest has. */
struct aarch32_regs {
	uint32_t spsr_abt, spsr_und, spsr_irq, spsr_fiq;
	uint32_t dacr, ifsr;
};

struct arch_vcpu {
	/*
	 * General registers. x0-x18 and x30 are saved at every entry, x19-x29 only when the vCPU is
	 * switched or the trap is one that may look at them (see vectors.S). pc and pstate are in
	 * ELR_EL2 and SPSR_EL2 while loaded.
	 */
	uint64_t x[31];
	uint64_t pc, pstate;
	struct el1_regs el1;
	struct aarch32_regs aarch32;
	uint64_t hcr; /* HCR_EL2; RW says how many bits the vCPU has */
	uint64_t vmpidr;
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
	bool aarch32;        /* its vCPUs have 32 bits at EL1; set while there is no memory yet */
};

#endif
