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

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xencons_interface, 3088);
XEN_ASSERT_OFFSET(struct xencons_interface, out, 1024);
XEN_ASSERT_OFFSET(struct xencons_interface, in_cons, 3072);
XEN_ASSERT_OFFSET(struct xencons_interface, in_prod, 3076);
XEN_ASSERT_OFFSET(struct xencons_interface, out_cons, 3080);
XEN_ASSERT_OFFSET(struct xencons_interface, out_prod, 3084);

#endif /* PUBLIC_IO_CONSOLE_H */
