/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's virtual addresses in Hyp mode (4 GiB, one table base):
 *
 *   0x0020_0000              the image, tables, stacks and the device tree. No board known here has
 *                            RAM or a device that the hypervisor uses at 0x0020_0000 - 0x01ff_ffff
 *   physical address = VA    RAM below 4 GiB, Normal write-back, and devices, mapped as asked for
 */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define HYP_VA_IMAGE 0x00200000

/* Reported to tools by XENVER_platform_parameters; nobody uses it on ARM. */
#define HYP_VIRT_START HYP_VA_IMAGE

#define STACK_SHIFT 14
#define STACK_SIZE  (1 << STACK_SHIFT) /* a CPU's area: guard page, stack, struct cpu at the top */
#define GUARD_SIZE  4096
#define CPU_AREA    512 /* room for struct cpu */

#endif
