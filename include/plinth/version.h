/* SPDX-License-Identifier: ISC */
/* The version of Plinth: of the hypervisor, libctrl, the tools and their man pages. */
#ifndef PLINTH_VERSION_H
#define PLINTH_VERSION_H

#define PLINTH_VERSION "0.1"

#endif
