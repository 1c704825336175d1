/* SPDX-License-Identifier: ISC */
/* Emulated devices: regions of guest physical addresses whose accesses are answered by the hypervisor. */
#ifndef HYP_MMIO_H
#define HYP_MMIO_H

#include <hyp/types.h>

struct vcpu;
struct domain;

struct mmio_access {
	gpaddr_t addr;
	uint64_t offset; /* within the region */
	uint64_t value;	 /* read: filled in; write: what was written, zero-extended */
	uint8_t size;	 /* bytes: 1, 2, 4, 8 */
	bool write;
};

struct mmio_region {
	gpaddr_t base;
	uint64_t size;
	/* true: done. false: the device refuses, the guest gets an external abort. */
	bool (*access)(struct vcpu *v, struct mmio_access *a, void *data);
	void *data;
};

#define MMIO_MAX_REGIONS 8

struct mmio_map {
	struct mmio_region region[MMIO_MAX_REGIONS];
	unsigned nr;
};

int mmio_register(struct domain *d, gpaddr_t base, uint64_t size,
		  bool (*access)(struct vcpu *v, struct mmio_access *a, void *data), void *data);
/* false: no device there, or it refused. */
bool mmio_dispatch(struct vcpu *v, struct mmio_access *a);

/* Register tables: rows sorted by offset, one handler pair for a bank of registers. */
#endif
