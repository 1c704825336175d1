/* SPDX-License-Identifier: ISC */
/*
 * What libctrl stands on when its hypercalls go to the hypervisor in the same process: the kernel
 * of whole.h's dom0.
 */
#ifndef TESTS_UNIT_HYPERVISOR_DOM0_BACKEND_H
#define TESTS_UNIT_HYPERVISOR_DOM0_BACKEND_H

#include <backend.h>
#include <stdbool.h>

extern const struct ctrl_backend_ops dom0_backend;

struct dom0_backend {
	unsigned calls, fail_at; /* the n-th operation fails; 0: none */
	bool no_plinth;          /* the hypervisor's own hypercall is not there */
};

/* Pages of buffers and mappings that are not given back. */
unsigned dom0_backend_left(void);

#endif
