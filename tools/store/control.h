/* SPDX-License-Identifier: ISC */
/* The control request: what an administrator asks of the daemon itself (xenstore-control). */
#ifndef PLINTH_STORE_CONTROL_H
#define PLINTH_STORE_CONTROL_H

#include "store.h"

/*
 * The data are strings: a command and its arguments. Writes the answer, at most
 * XENSTORE_PAYLOAD_MAX bytes, and its length. 0 or a negative errno.
 */
int control_run(struct store *store, const char *data, size_t len, char *answer, size_t *used);

/* Looks at every node and client: how many faults there are, each logged. */
unsigned control_check(struct store *store);

#endif
