/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's virtual addresses in Hyp mode (4 GiB, one table base of level 1):
 *
 *   0x0020_0000              the image: text RX, rodata R, data and bss RW
 *   0x0030_0000              the first tables that the image has no room for
 *   0x003f_c000              the boot CPU's stack, above an unmapped guard page
 *   0x0040_0000              the device tree, read-only
 *   0x0080_0000              the other CPUs' stacks, each above an unmapped guard page
 *   physical address = VA    RAM below 4 GiB, Normal write-back, and devices, mapped as asked for
 *
 * No board known here has RAM, or a device that the hypervisor uses, at 0x0020_0000 - 0x01ff_ffff.
 */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define HYP_START_LEVEL 1
#define HYP_VA_BITS     32

#define HYP_VA_IMAGE  0x00200000
#define HYP_VA_STACKS 0x00800000
#define HYP_VA_DEVICE 0
#define HYP_VA_RAM    0

/* Reported to tools by XENVER_platform_parameters; nobody uses it on ARM. */
#define HYP_VIRT_START HYP_VA_IMAGE

#define BLOCK_SIZE 0x200000 /* 2 MiB: what one entry of level 2 maps */

/*
 * What is needed before there are tables to be had is near the image: its level 3 table has an
 * entry for each page of HYP_VA_IMAGE to HYP_VA_TREE, its level 2 table has entries for blocks
 * behind that.
 */
#define IMAGE_MAX_SIZE    0x100000
#define HYP_VA_TABLES     (HYP_VA_IMAGE + IMAGE_MAX_SIZE)
#define HYP_VA_BOOT_STACK (HYP_VA_TREE - STACK_SIZE)
#define HYP_VA_TREE       (HYP_VA_IMAGE + BLOCK_SIZE)

#define STACK_SHIFT  14
#define STACK_SIZE   (1 << STACK_SHIFT) /* a CPU's area: guard page, stack, struct cpu at the top */
#define GUARD_SIZE   4096
#define STACK_STRIDE (2 * STACK_SIZE)
#define CPU_AREA     512 /* room for struct cpu */

#endif
