/* SPDX-License-Identifier: ISC */
/* What we are and what we claim to be. */
#ifndef HYP_VERSION_H
#define HYP_VERSION_H

#define PLINTH_VERSION "0.1"

/* The ABI that guests and tools find. */
#define XEN_ABI_MAJOR 4
#define XEN_ABI_MINOR 17

#endif
