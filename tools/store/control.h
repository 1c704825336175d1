/* SPDX-License-Identifier: ISC */
/* The control request: commands of an administrator to the daemon itself (xenstore-control). */
#ifndef PLINTH_STORE_CONTROL_H
#define PLINTH_STORE_CONTROL_H

#include "store.h"

/*
 * The data are strings: a command and its arguments. Writes the answer, at most
 * XENSTORE_PAYLOAD_MAX bytes, and its length. Returns 0, a negative errno, or CONTROL_LATER if the
 * answer follows when the command is done.
 */
#define CONTROL_LATER 1
int control_run(struct store *store, const char *data, size_t len, char *answer, size_t *used);

#endif
