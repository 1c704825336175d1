/* SPDX-License-Identifier: ISC */
/* When long hypercalls stop, for tests without core/hypercall.c. */
#include <host/host.h>
#include <hyp/hypercall.h>

bool hypercall_should_yield(void)
{
	return host_yield_now();
}
