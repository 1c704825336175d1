/* SPDX-License-Identifier: ISC */
/* The hypervisor below the store, by libctrl. */
#ifndef PLINTH_STORE_XEN_H
#define PLINTH_STORE_XEN_H

#include "store.h"

/* Opens what is needed and watches for events on the store's loop. 0, or a negative errno and a
 * sentence in ctrl_error(). */
int xen_open(struct store *store);
void xen_close(void);

#endif
