/* SPDX-License-Identifier: ISC */
/* Checks that the tree of nodes is whole. */
#ifndef PLINTH_STORE_CHECK_H
#define PLINTH_STORE_CHECK_H

#include "store.h"

/* Checks every node, its lists and its owner. Logs each fault and returns their number. */
unsigned check_store(struct store *store);

#endif
