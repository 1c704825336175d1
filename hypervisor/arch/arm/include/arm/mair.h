/* SPDX-License-Identifier: ISC */
/*
 * Memory types of the hypervisor's own mappings: indices into MAIR_EL2, or HMAIR0. For assembly
 * too.
 */
#ifndef ARM_MAIR_H
#define ARM_MAIR_H

#define MAIR_NORMAL 0 /* 0xff: write-back, read and write allocate */
#define MAIR_DEVICE 1 /* 0x04: Device-nGnRE */
#define MAIR_NC     2 /* 0x44: Normal, non-cacheable */
#define MAIR_VALUE  0x4404ff

#endif
