/* SPDX-License-Identifier: ISC */
/* The device tree that a guest is started with; needs nothing of the hypervisor. */
#ifndef LIBCTRL_GUEST_DT_H
#define LIBCTRL_GUEST_DT_H

#include <stddef.h>
#include <stdint.h>

#include "guest_layout.h"

#define GUEST_DT_SEED_SIZE 128

struct guest_dt {
	const struct guest_layout *layout;
	uint8_t width; /* 64 or 32: of the kernel */
	unsigned int nr_cpus;
	uint8_t gic_version;       /* enum ctrl_gic, not HOST */
	uint32_t clock_frequency;  /* Hz, 0: the guest reads it from its timer */
	unsigned int major, minor; /* of the hypervisor's ABI */
	const char *cmdline;       /* or NULL */
	const uint8_t *seed;       /* GUEST_DT_SEED_SIZE random bytes, or NULL */
	bool vuart;                /* there is an emulated UART */
};

/* More than such a tree can take. */
size_t guest_dt_max_size(const struct guest_dt *dt);

/* *dtb is the caller's to free(). */
int guest_dt_make(const struct guest_dt *dt, void **dtb, size_t *size);

/* MPIDR affinity of a vCPU, which its CPU node names and PSCI CPU_ON is called with. */

#endif /* LIBCTRL_GUEST_DT_H */
