/* SPDX-License-Identifier: ISC */
/* The test host's part of a vCPU and of a domain: what pure code touches. */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <vdev/mmio.h>
#include <lib/types.h>

struct arch_vcpu {
	uint64_t x[31];
	uint64_t pc, pstate;
	uint64_t vmpidr;
	uint64_t sctlr, tcr, ttbr0, ttbr1, sp_el0, sp_el1, elr_el1, spsr_el1;
	struct {
		bool on; /* enabled and not masked */
		uint64_t cval;
	} vtimer;
	struct {
		uint32_t ctl;
		uint64_t cval;
	} ptimer;
	uint64_t loads; /* how often it was switched in */
};

struct arch_domain {
	struct mmio_map mmio;
	uint64_t vttbr_base;
	bool aarch32;
};

#endif
