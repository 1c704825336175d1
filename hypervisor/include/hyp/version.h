/* SPDX-License-Identifier: ISC */
/* Plinth's version, and the Xen ABI version that it reports. */
#ifndef HYP_VERSION_H
#define HYP_VERSION_H

#include <plinth/version.h>

/* The ABI version reported to guests and tools. */
#define XEN_ABI_MAJOR 4
#define XEN_ABI_MINOR 17

/* The options that dom0 may read (XENVER_commandline); cmdline stays valid. */
void version_set_options(const char *cmdline);

#endif
