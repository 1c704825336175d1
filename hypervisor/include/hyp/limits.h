/* SPDX-License-Identifier: ISC */
/* Limits of the hypervisor. */
#ifndef HYP_LIMITS_H
#define HYP_LIMITS_H

#define MAX_CPUS    64   /* per machine: one 64-bit mask */
#define MAX_VCPUS   128  /* per domain, with GICv3 */
#define MAX_DOMAINS 1023 /* alive or dying; page descriptors have 10 bits for the owner */

#endif
