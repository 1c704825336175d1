/* SPDX-License-Identifier: ISC */
/* The console ring, one page shared by a guest and the console daemon. */
#ifndef PUBLIC_IO_CONSOLE_H
#define PUBLIC_IO_CONSOLE_H

/*
 * Facts from xen/io/console.h. Indices run freely and wrap at 2^32; take them modulo the size of
 * the ring. The producer writes data, then prod; the consumer reads data, then moves cons.
 */
#include "../types.h"

typedef uint32_t XENCONS_RING_IDX;

struct xencons_interface {
	char in[1024];  /* to the guest */
	char out[2048]; /* from the guest */
	XENCONS_RING_IDX in_cons, in_prod;
	XENCONS_RING_IDX out_cons, out_prod;
};

#endif /* PUBLIC_IO_CONSOLE_H */
