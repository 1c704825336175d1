/* SPDX-License-Identifier: ISC */
/* For the vGIC's tests: the least that an architecture has in a vCPU and a domain. */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <vdev/mmio.h>

struct arch_vcpu {
	int unused;
};

struct arch_domain {
	struct mmio_map mmio;
};

#endif
